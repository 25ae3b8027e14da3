"""The NumPy backend."""

from __future__ import annotations

import functools
import importlib.util
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from ..common import philox
from ..common.casts import dtype_name
from ..common.quiet import Quiet, quiet, quietly, run, run_anyway
from ..common.sizes import FEW_ELEMENTS, MANY_ELEMENTS
from ..common.special import kernels as special_kernels
from ..contract import DTYPE_NAMES, Backend, Kernel, PartialKernel
from ..hookspecs import hookimpl
from ..program import Executable, Program
from . import special, ufuncs
from .activations import FORMS as ACTIVATION_FORMS
from .activations import KERNELS as ACTIVATIONS
from .convolution import KERNELS as CONVOLUTIONS
from .ctc import KERNELS as CTC
from .distances import KERNELS as DISTANCES
from .elementwise import corrected
from .fft import KERNELS as FFT
from .indexing import KERNELS as INDEXING
from .indexing import add_at, embed, put, put_into, write
from .linalg import KERNELS as LINALG
from .loops import scan
from .losses import KERNELS as LOSSES
from .losses import pointwise
from .moments import KERNELS as MOMENTS
from .networks import KERNELS as NETWORKS
from .optional import HAS_SCIPY
from .products import is_dot, matmul, product, products_of_others, vecdot
from .programs import executable
from .softmax import KERNELS as SOFTMAX
from .sorting import KERNELS as SORTING
from .steps import Form, Forms
from .sums import is_short, logcumsumexp, stable_cumsum, stable_sum
from .threads import THREADS

ndarray, asarray = numpy.ndarray, numpy.asarray


def _to_half(x: Any, dtype: Any) -> Any:
    """Cast to a half type without an overflow warning."""
    return run_anyway(asarray(x).astype, dtype)


def _reduce(ufunc: Any, accumulates: bool = True) -> Kernel:
    """Reduction by a ufunc; half types accumulate in float32."""
    reduce = ufunc.reduce

    def kernel(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        if accumulates and x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
            return _to_half(run_anyway(reduce, x, axis, numpy.float32, None, keepdims), x.dtype)
        try:
            out = run(reduce, x, axis, None, None, keepdims)
        except RuntimeError:
            out = run_anyway(reduce, x, axis, None, None, keepdims)
        return out if type(out) is ndarray else asarray(out)

    return kernel


@quiet
def _linear_recurrence(factors: Any, terms: Any, *, axis: int) -> Any:
    """The recurrence ``y[i] = factors[i] * y[i - 1] + terms[i]`` along an axis, by recursive doubling."""
    found = numpy.array(terms)
    _recurrence_(factors.swapaxes(0, axis), found.swapaxes(0, axis))
    return found


def _recurrence_(factors: Any, terms: Any) -> None:
    """Solve the recurrence along the first axis, writing to `terms`."""
    length = len(terms)
    if length < 2:
        return
    terms[1::2] += factors[1::2] * terms[: length - 1 : 2]
    _recurrence_(factors[1::2] * factors[: length - 1 : 2], terms[1::2])
    terms[2::2] += factors[2::2] * terms[1 : length - 1 : 2]


def _mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean; half types in float32, as their sum may overflow, and complex numbers part by part.

    Complex division would make both parts NaN where one is NaN or infinite.
    """
    half = x.dtype.itemsize == 2
    found = stable_sum(x, axis, numpy.float32 if half else None, keepdims)
    count = x.size // found.size if found.size else 1
    if x.dtype.kind == "c":
        return _complex(run_anyway(numpy.divide, found.real, count), run_anyway(numpy.divide, found.imag, count))
    out = asarray(quietly(numpy.divide, found, found.dtype.type(count)))
    return _to_half(out, x.dtype) if half else out


def _relu(x: Any) -> Any:
    """``maximum(x, 0)``; large arrays by `clip`, which is quicker."""
    clips = x.size >= MANY_ELEMENTS and x.dtype.char in "fd"
    found = quietly(numpy.clip, x, 0.0, math.inf) if clips else asarray(quietly(numpy.maximum, x, x.dtype.type(0)))
    if clips or x.dtype.char == "e":
        # Makes -0.0 of these functions 0.0.
        found += x.dtype.type(0)
    return found


def _sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum; half types accumulate in float32."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return _to_half(stable_sum(x, axis, numpy.float32, keepdims), x.dtype)
    out = stable_sum(x, axis, None, keepdims)
    return out if type(out) is ndarray else asarray(out)


def _as_arrays(function: Callable[..., Any]) -> Kernel:
    """Wrap a function that may return a scalar, so that it returns arrays."""

    def kernel(*arguments: Any, **keywords: Any) -> Any:
        return asarray(function(*arguments, **keywords))

    return kernel


def _broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """`numpy.broadcast_to` as a writable view; for contiguous arrays in half of its time or less."""
    if x.size and x.dtype.kind != "V":
        if not any(x.strides):
            # One number, which may be a scalar.
            return ndarray(shape, x.dtype, asarray(x)[(0,) * x.ndim + (...,)], 0, (0,) * len(shape))
        if x.flags.c_contiguous:
            return ndarray(shape, x.dtype, x, 0, _broadcast_strides(x.shape, x.strides, len(shape)))
    out = numpy.broadcast_to(x, shape)
    # NumPy marks the view read-only.
    out.flags.writeable = x.flags.writeable
    return out


@functools.lru_cache(maxsize=1024)
def _broadcast_strides(shape: tuple[int, ...], strides: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    own = (stride if length != 1 else 0 for stride, length in zip(strides, shape, strict=True))
    return (0,) * (ndim - len(shape)) + tuple(own)


_BITS = {2: numpy.int16, 4: numpy.int32, 8: numpy.int64}


def _masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """`x` with `value` where the mask is true; zeros by multiplying bits: see `_where`."""
    alike = x.shape == mask.shape
    if alike and x.size < MANY_ELEMENTS and x.dtype.char in "fd":
        return _masked_fill_into(x, mask, value)
    bits = _BITS.get(x.dtype.itemsize) if alike and x.size >= MANY_ELEMENTS else None
    if bits is None or x.dtype.kind == "c" or value != 0 or math.copysign(1.0, value) < 0:
        return _where(mask, asarray(value, x.dtype), x)
    return (x.view(bits) * ~mask).view(x.dtype)


def _fill_(x: Any, value: Any) -> Any:
    x[...] = value
    return x


def _complex(x1: Any, x2: Any) -> Any:
    out = numpy.empty(numpy.broadcast_shapes(x1.shape, x2.shape), numpy.result_type(x1.dtype, numpy.complex64))
    out.real, out.imag = x1, x2
    return out


def _diagonal(x: Any, offset: int) -> Any:
    out = x.diagonal(offset, -2, -1)
    # NumPy marks the view read-only.
    out.flags.writeable = x.flags.writeable
    return out


def _diagonal_embed(x: Any, shape: tuple[int, ...], offset: int) -> Any:
    out = numpy.zeros(shape, x.dtype)
    _diagonal(out, offset)[...] = x
    return out


def _flip(x: Any, *, axis: tuple[int, ...] | int | None = None) -> Any:
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    index: list[Any] = [slice(None)] * x.ndim
    for one in axes:
        index[one] = slice(None, None, -1)
    return numpy.array(x[(*index, ...)], order="C")


_triangle = functools.lru_cache(maxsize=64)(functools.partial(numpy.tri, dtype=numpy.bool_))
"""The mask of the lower triangle of a small matrix."""


def _below(shape: tuple[int, ...], k: int) -> Any:
    rows, columns = shape[-2:]
    return (_triangle if rows * columns < FEW_ELEMENTS else _triangle.__wrapped__)(rows, columns, k)


def _tril(x: Any, *, k: int = 0) -> Any:
    return _zero_unless(_below(x.shape, k), x)


def _triu(x: Any, *, k: int = 0) -> Any:
    return _zero_unless(~_below(x.shape, k - 1), x)


def _zero_unless(mask: Any, x: Any) -> Any:
    """`x` with zeros where the mask is false, for large arrays by multiplying bits: see `_where`."""
    bits = _BITS.get(x.dtype.itemsize) if x.size >= MANY_ELEMENTS and x.dtype.kind != "c" else None
    if bits is None:
        return numpy.where(mask, x, x.dtype.type(0))
    return (x.view(bits) * mask).view(x.dtype)


def _zeros_like(x: Any, *, dtype: Any = None, device: Any = None) -> Any:
    return numpy.zeros(x.shape, x.dtype if dtype is None else dtype)


def _ones_like(x: Any, *, dtype: Any = None, device: Any = None) -> Any:
    out = numpy.empty(x.shape, x.dtype if dtype is None else dtype)
    out.fill(1)
    return out


def _stack(arrays: Any, *, axis: int) -> Any:
    """`numpy.stack`; of few small arrays in half of its time."""
    index = (*(slice(None),) * (axis % (arrays[0].ndim + 1)), None)
    return numpy.concatenate([x[index] for x in arrays], axis)


def _roll(x: Any, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    """`numpy.roll`; of small arrays by joining two parts along each axis, in a third of its time."""
    if not x.size or (len(axis) > 1 and x.size >= MANY_ELEMENTS):
        return numpy.roll(x, shift, axis)
    for along, places in zip(axis, shift, strict=True):
        lead, cut = (slice(None),) * along, -places % x.shape[along]
        x = numpy.concatenate((x[(*lead, slice(cut, None))], x[(*lead, slice(cut))]), along)
    return x


def _unfold(x: Any, window: tuple[int, int]) -> Any:
    size, step = window
    return numpy.lib.stride_tricks.sliding_window_view(x, size, axis=-1, writeable=x.flags.writeable)[..., ::step, :]


def _as_strided(x: Any, geometry: tuple[tuple[int, ...], tuple[int, ...], int]) -> Any:
    size, steps, first = geometry
    in_bytes = (*x.strides[:-1], *(step * x.strides[-1] for step in steps))
    shape = (*x.shape[:-1], *size)
    return numpy.lib.stride_tricks.as_strided(x[..., first:], shape, in_bytes, writeable=x.flags.writeable)


def _where(condition: Any, x1: Any, x2: Any) -> Any:
    """`numpy.where`; large arrays by xor of their bits, without branches that are mispredicted."""
    bits = _BITS.get(x1.dtype.itemsize) if condition.size >= MANY_ELEMENTS and x1.dtype.kind != "c" else None
    if bits is None or {x1.shape, x2.shape} - {()} != {condition.shape}:
        return asarray(numpy.where(condition, x1, x2))
    other = x2.view(bits)
    chosen = x1.view(bits) ^ other
    chosen *= condition
    chosen ^= other
    return chosen.view(x1.dtype)


def _sigmoid(x: Any) -> Any:
    out = asarray(ufuncs.negative(x))
    quietly(numpy.exp, out, out)
    numpy.add(out, out.dtype.type(1), out)
    return numpy.reciprocal(out, out)


def _sigmoid_into(x: Any, out: Any = None) -> Any:
    """`_sigmoid` where NumPy emits no warnings."""
    out = asarray(ufuncs.negative(x, out))
    return numpy.reciprocal(numpy.add(numpy.exp(out, out), out.dtype.type(1), out), out)


_ZERO = asarray(0.0, numpy.float32)


def _relu_into(x: Any, out: Any = None) -> Any:
    """`_relu` of a small array."""
    return numpy.maximum(x, _ZERO, out=out)


def _masked_fill_into(x: Any, mask: Any, value: float, out: Any = None) -> Any:
    """`_masked_fill` of a small array."""
    if out is None:
        out = numpy.array(x)
    elif out is not x:
        numpy.copyto(out, x)
    numpy.putmask(out, mask, value)
    return out


def _is_small(x: Any, mask: Any = None, value: Any = None) -> bool:
    """Whether an array of this shape and dtype is one of few floats, and the mask is of its shape."""
    size = math.prod(x.shape)
    return size < MANY_ELEMENTS and x.dtype.char in "fd" and (mask is None or mask.shape == x.shape)


FORMS: Forms = {
    **ufuncs.FORMS,
    **special.FORMS,
    **ACTIVATION_FORMS,
    matmul: (Form(numpy.dot, fits=is_dot), Form(matmul)),
    add_at: (Form(add_at, overwrites=True),),
    embed: (Form(embed),),
    put: (Form(put_into, overwrites=True),),
    _masked_fill: (Form(_masked_fill_into, is_elementwise=True, fits=_is_small),),
    _relu: (Form(_relu_into, is_elementwise=True, fits=_is_small),),
    _sigmoid: (Form(_sigmoid_into, is_elementwise=True),),
    _sum: (Form(numpy.add.reduce, fits=is_short),),
}
"""What computes into given memory what a kernel does, for compiled programs."""


class NumPy(Backend):
    """Arrays of NumPy, in the memory of the CPU."""

    name = "numpy"
    contract = 1
    distribution = "numpy"
    install = "pip install numpy"
    writable = True

    def load(self) -> Any:
        return numpy

    def kernels(self) -> Mapping[str, Kernel]:
        kernels: dict[str, Any] = dict(ufuncs.KERNELS)
        kernels |= {name: _as_arrays(getattr(numpy, name)) for name in ("argmax", "argmin", "sign", "round")}
        kernels |= {"matmul": matmul, "vecdot": vecdot}
        kernels |= corrected(kernels)
        if HAS_SCIPY:
            kernels |= special_kernels("scipy.special", special.array_of, kernels["copysign"])
            kernels |= {f"special.{name}": kernel for name, kernel in special.KERNELS.items()}
            for name in ("special.i0", "special.i0e", "special.i1", "special.i1e"):
                kernels[name] = PartialKernel(kernels[name], special.suits_bessel)
        return (
            kernels
            | FFT
            | ACTIVATIONS
            | SOFTMAX
            | CONVOLUTIONS
            | CTC
            | DISTANCES
            | LOSSES
            | SORTING
            | LINALG
            | INDEXING
            | MOMENTS
            | NETWORKS
            | {
                "sum": _sum,
                "prod": product,
                "products_of_others": products_of_others,
                "cumulative_sum": lambda x, axis: stable_cumsum(x, axis),
                "cumulative_max": lambda x, axis: quietly(numpy.maximum.accumulate, x, axis),
                "cumulative_prod": lambda x, axis: quietly(numpy.multiply.accumulate, x, axis, x.dtype),
                "linear_recurrence": _linear_recurrence,
                "logcumsumexp": logcumsumexp,
                "max": _reduce(numpy.maximum),
                "min": _reduce(numpy.minimum),
                "all": _reduce(numpy.logical_and, accumulates=False),
                "any": _reduce(numpy.logical_or, accumulates=False),
                "mean": _mean,
                "relu": _relu,
                "complex": _complex,
                "diagonal": _diagonal,
                "diagonal_embed": _diagonal_embed,
                "fill_": _fill_,
                "flip": _flip,
                "roll": _roll,
                "stack": _stack,
                "imag": lambda x: x.imag,
                "real": lambda x: x.real,
                "as_strided": _as_strided,
                "unfold": _unfold,
                "broadcast_to": _broadcast_to,
                "masked_fill": _masked_fill,
                "matrix_transpose": lambda x: x.mT,
                "ones_like": _ones_like,
                "permute_dims": lambda x, axes: x.transpose(axes),
                "reshape": lambda x, shape: x.reshape(shape),
                "tril": _tril,
                "triu": _triu,
                "where": _where,
                "logistic": _sigmoid,
                "sigmoid": _sigmoid,
                "zeros_like": _zeros_like,
            }
        )

    def dtypes(self) -> Mapping[str, Any]:
        found = {name: numpy.dtype(name) for name in DTYPE_NAMES if hasattr(numpy, name)}
        if importlib.util.find_spec("ml_dtypes") is not None:
            import ml_dtypes

            found["bfloat16"] = numpy.dtype(ml_dtypes.bfloat16)
        return found

    def devices(self) -> Mapping[str, Any]:
        return {"cpu": "cpu"}

    def dtype_name(self, array: Any) -> str:
        return dtype_name(array.dtype)

    def device_name(self, array: Any) -> str:
        return "cpu"

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Any:
        native = array.dtype if array.dtype.isnative else array.dtype.newbyteorder("=")
        return numpy.array(array, dtype=native, order="C")

    def to_numpy(self, array: Any) -> numpy.ndarray:
        result: numpy.ndarray = array
        return result

    # Arrays are NumPy's already, and `operator.call` costs no Python frame.
    inspect: Any = operator.call

    @staticmethod
    def known(predicate: Callable[..., Any], otherwise: bool, *arrays: Any, **parameters: Any) -> Any:
        return predicate(*arrays, **parameters)

    def copy(self, array: Any) -> Any:
        return numpy.array(array, order="C")

    write = staticmethod(write)

    def is_view(self, array: Any) -> bool:
        return array.base is not None or not array.flags.writeable

    def overlapping(self, written: Sequence[Any], arrays: Sequence[Any]) -> Any:
        # Arrays that own their memory share it with views alone.
        views = [one for one in arrays if one.base is not None]
        for one in written if views else ():
            for other in views if one.base is None else arrays:
                if other is not one and numpy.may_share_memory(one, other) and numpy.shares_memory(one, other):
                    return one
        return None

    def pointwise(
        self, formula: Callable[..., Any], ops: Any, arrays: tuple[Any, ...], options: tuple[Any, ...], summed: bool
    ) -> Any:
        return pointwise(formula, ops, arrays, options, summed)

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Any:
        return philox.random_words(seed, offset, count)

    def scan(
        self, step: Any, ops: Any, carried: Any, sequences: Any, constants: Any, reverse: bool
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return scan(step, ops, carried, sequences, constants, reverse)

    def scope(self, device: Any = None) -> Any:
        return Quiet()

    def about(self) -> Mapping[str, str]:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return {"BLAS": f"{blas['name']} {blas['version']}", "threads of kernels": str(THREADS)}

    def executable(self, program: Program) -> Executable:
        return executable(program, FORMS, self.apart)


@hookimpl
def tensorplug_backends() -> list[Backend]:
    """The NumPy backend."""
    return [NumPy()]
