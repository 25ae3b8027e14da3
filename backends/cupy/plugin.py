"""The CuPy backend: NVIDIA GPUs, through array-api-compat."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import math
import operator
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, Literal

import numpy

from ...extras import install_command
from ..common import complex_functions, elementwise
from ..common.casts import dtype_name, to_integers
from ..common.special import kernels as special_kernels
from ..contract import (
    DTYPE_NAMES,
    Array,
    Backend,
    BackendUnavailable,
    ByKind,
    Kernel,
)
from ..hookspecs import hookimpl

DISTRIBUTIONS = ("cupy-cuda12x", "cupy-cuda13x", "cupy")
"""The names under which CuPy is distributed."""

CREATION = ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")
"""Creation functions whose ``device`` array-api-compat ignores."""

RAISING = ("cholesky", "eigh", "eigvalsh", "inv", "solve", "svd", "svdvals")
"""Functions of linear algebra that raise for singular matrices only under ``cupyx.errstate(linalg="raise")``."""


class CuPy(Backend):
    """Arrays of CuPy, on devices named ``"cuda:0"``, ``"cuda:1"``, ..."""

    name = "cupy"
    contract = 1
    install = f"{install_command('cuda12')} (or cuda13, to match the CUDA driver)"
    writable = True

    @property
    def distribution(self) -> str | None:  # type: ignore[override]
        """The distribution of CuPy that is installed."""
        for name in DISTRIBUTIONS:
            try:
                importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            return name
        return None

    def load(self) -> Any:
        if importlib.util.find_spec("cupy") is None:
            raise BackendUnavailable("CuPy is not installed")
        # CuPy warns while it looks for CUDA; the error below says what it found.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import cupy

            try:
                cupy.cuda.runtime.getDeviceCount()
                # Compiles a kernel: the compiler is a library of its own that may be missing.
                (cupy.zeros(1) + 1).sum().item()
            except Exception as error:
                raise BackendUnavailable(
                    f"CuPy {cupy.__version__} is installed but finds no CUDA device that works ({error})"
                ) from error
            import array_api_compat.cupy

        self.cupy, self._functions = cupy, array_api_compat.cupy
        if cupy.cuda.runtime.getDeviceCount() == 1:
            return array_api_compat.cupy
        return _Located(array_api_compat.cupy, self._on_operand_device)

    def kernels(self) -> Mapping[str, Kernel]:
        creation = {name: self._on_device(getattr(self._functions, name)) for name in CREATION}
        ufuncs = {name: value for name, value in vars(self._functions).items() if isinstance(value, self.cupy.ufunc)}
        in_place = {f"{name}_": _in_place(ufunc) for name, ufunc in ufuncs.items()}
        own: dict[str, Kernel] = {
            "astype": self._astype,
            "complex": self._complex,
            "diagonal": lambda x, offset: x.diagonal(offset, -2, -1),
            "embed": self._embed,
            "flip": lambda x, axis=None: self.cupy.flip(x, axis).copy(),
            "getitem": self.getitem,
            "mean": self._mean,
            "put": self.put,
            "scatter_zeros": self._scatter_zeros,
            "sum": self._sum,
            "as_strided": self._as_strided,
            "unfold": self._unfold,
        }
        own |= special_kernels("cupyx.scipy.special", operator.call, self.cupy.copysign)
        own |= {f"linalg.{name}": self._raising(name) for name in RAISING}
        for name in ("eig", "eigvals"):
            if hasattr(self.cupy.linalg, name):  # since CuPy 14
                own[f"linalg.{name}"] = _complex_results(getattr(self.cupy.linalg, name))
        own["linalg.slogdet"] = self._slogdet
        own |= self._corrected() | self._sorting()
        own |= {name: kernel for name, kernel in in_place.items() if name.removesuffix("_") not in own}
        if self.namespace is not self._functions:
            own = {name: self._on_operand_device(kernel) for name, kernel in own.items()}
        return creation | own

    def _on_operand_device(self, function: Callable[..., Array]) -> Kernel:
        """Wrap a function to run on the device of its first operand: CuPy computes on the current device."""
        if type(function) is ByKind:
            return function.wrapped(self._on_operand_device)

        @functools.wraps(function)
        def kernel(*arguments: Any, **keywords: Any) -> Array:
            first = arguments[0] if arguments else None
            first = first[0] if isinstance(first, list | tuple) and first else first
            if not isinstance(first, self.cupy.ndarray):
                return function(*arguments, **keywords)
            with first.device:
                return function(*arguments, **keywords)

        return kernel

    def _raising(self, name: str) -> Kernel:
        """A function of linear algebra that raises for singular matrices, where CuPy's returns NaN."""
        import cupyx

        function = getattr(self._functions.linalg, name)

        def kernel(*arrays: Array, **keywords: Any) -> Array:
            with cupyx.errstate(linalg="raise"):
                return function(*arrays, **keywords)

        return kernel

    def _slogdet(self, x: Array) -> tuple[Array, Array]:
        """Sign and log of the determinant, with a sign of NaN where the determinant is NaN."""
        sign, logabsdet = self.cupy.linalg.slogdet(x)
        return self.cupy.where(self.cupy.isnan(logabsdet), sign.dtype.type(numpy.nan), sign), logabsdet

    def _sum(self, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        return self.cupy.sum(x, axis, dtype=_accumulator(x), keepdims=keepdims).astype(x.dtype, copy=False)

    def _mean(self, x: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        """Mean, of complex numbers part by part: division makes both parts NaN where one is NaN or infinite."""
        total = self.cupy.sum(x, axis, dtype=_accumulator(x), keepdims=keepdims)
        count = x.size // total.size if total.size else 1
        if x.dtype.kind == "c":
            return self._complex(total.real / count, total.imag / count)
        return (total / count).astype(x.dtype, copy=False)

    def _sorting(self) -> dict[str, Kernel]:
        """Kernels of sorting, which compute bfloat16 in float32."""
        xp = self._functions

        def sort(x: Array, *, axis: int = -1) -> Array:
            return xp.sort(_comparable(x), axis=axis, stable=True).astype(x.dtype, copy=False)

        def argsort(x: Array, *, axis: int = -1, stable: bool = True) -> Array:
            return xp.argsort(_comparable(x), axis=axis, stable=True)

        def searchsorted(x1: Array, x2: Array, *, side: Literal["left", "right"] = "left") -> Array:
            return xp.searchsorted(_comparable(x1), _comparable(x2), side=side)

        return {"argsort": argsort, "searchsorted": searchsorted, "sort": sort}

    def _corrected(self) -> dict[str, Kernel]:
        """Elementwise kernels that correct CuPy's special values to those of the standard."""
        own: dict[str, Kernel] = {}
        xp = self._functions
        for name in ("floor_divide", "remainder"):
            ufunc, mend = getattr(xp, name), getattr(elementwise, name)
            floats = functools.partial(_corrected, self.cupy, mend, _DIVISIONS[name])
            own[name] = ByKind(floats, i=ufunc, u=ufunc)
        asinh, log = complex_functions.asinh(self._own("asinh")), self._own("log")
        of_complex: dict[str, Callable[..., complex_functions.Parts]] = {
            "acosh": complex_functions.acosh(self._own("acos")),
            "asin": complex_functions.rotated(asinh),
            "asinh": asinh,
            "divide": complex_functions.divide,
            "expm1": complex_functions.expm1,
            "log": complex_functions.log(log),
            "log10": complex_functions.log(log, math.log(10)),
            "log1p": complex_functions.log1p,
            "log2": complex_functions.log(log, math.log(2)),
            "pow": complex_functions.pow(self._own("pow")),
            "sign": complex_functions.sign,
            "sin": complex_functions.sin,
            "tan": complex_functions.tan,
            "tanh": complex_functions.tanh,
        }
        kernels: dict[str, Kernel] = {
            name: functools.partial(self._from_parts, function) for name, function in of_complex.items()
        }
        kernels["reciprocal"] = lambda x: kernels["divide"](self.cupy.ones_like(x), x)
        for name, kernel in kernels.items():
            ufunc = getattr(self.cupy, name)
            own[name] = ByKind(ufunc, c=kernel)
            own[f"{name}_"] = ByKind(_in_place(ufunc), c=_written(kernel))
        for name, shift in (("left", elementwise.left_shift), ("right", elementwise.right_shift)):
            own[f"bitwise_{name}_shift"] = functools.partial(shift, xp)
        maximum, minimum = xp.maximum, xp.minimum
        own["clip"] = lambda x, min, max: minimum(maximum(x, min), max)
        return own

    def _from_parts(self, function: Callable[..., complex_functions.Parts], *operands: Array) -> Array:
        operands = self.cupy.broadcast_arrays(*operands)
        return self._complex(*function(self.cupy, *(part for z in operands for part in (z.real, z.imag))))

    def _own(self, name: str) -> complex_functions.Function:
        """CuPy's own complex function as a function of real and imaginary parts."""

        def function(xp: Any, *parts: Array) -> complex_functions.Parts:
            out = getattr(xp, name)(*map(self._complex, parts[::2], parts[1::2]))
            return out.real, out.imag

        return function

    def _astype(self, x: Array, dtype: Any) -> Array:
        target = numpy.dtype(dtype)
        # Avoids CuPy's warning that a cast to real discards the imaginary part.
        if x.dtype.kind == "c" and target.kind not in "cb":
            x = x.real
        if target.kind not in "iu" or x.dtype.kind in "iub":
            return x.astype(target)
        return to_integers(self.cupy, x, target.name, lambda array, name: array.astype(name))

    def _complex(self, x1: Array, x2: Array) -> Array:
        shape = numpy.broadcast_shapes(x1.shape, x2.shape)
        out = self.cupy.empty(shape, numpy.result_type(x1.dtype, numpy.complex64))
        out.real, out.imag = x1, x2
        return out

    def _embed(self, x: Array, shape: tuple[int, ...], index: Any) -> Array:
        out = self.cupy.zeros(shape, x.dtype)
        out[index] = x
        return out

    def _scatter_zeros(self, x: Array, shape: tuple[int, ...], index: Any) -> Array:
        """Zeros of `shape` with `x` added at `index`, in a dtype for which CuPy has atomic addition."""
        if x.dtype.kind == "c":
            return self._complex(*(self._scatter_zeros(part, shape, index) for part in (x.real, x.imag)))
        # Integer sums have equal bits in every dtype of that size; half types accumulate in float32.
        dtype = "uint64" if x.dtype.itemsize == 8 else "int32"
        out = self.cupy.zeros(shape, {"f": "float32", "V": "float32"}.get(x.dtype.kind, dtype))
        if x.dtype == numpy.float64:
            out = self.cupy.zeros(shape, x.dtype)
        self.cupy.add.at(out, self.library_index(x, index), x.astype(out.dtype, copy=False))
        return out.astype(x.dtype, copy=False)

    def _unfold(self, x: Array, window: tuple[int, int]) -> Array:
        size, step = window
        count = (x.shape[-1] - size) // step + 1
        strides = (*x.strides[:-1], step * x.strides[-1], x.strides[-1])
        return self.cupy.lib.stride_tricks.as_strided(x, (*x.shape[:-1], count, size), strides)

    def _as_strided(self, x: Array, geometry: tuple[tuple[int, ...], tuple[int, ...], int]) -> Array:
        size, steps, first = geometry
        in_bytes = (*x.strides[:-1], *(step * x.strides[-1] for step in steps))
        return self.cupy.lib.stride_tricks.as_strided(x[..., first:], (*x.shape[:-1], *size), in_bytes)

    def _on_device(self, function: Callable[..., Array]) -> Kernel:
        @functools.wraps(function)
        def create(*arguments: Any, device: Any = None, **keywords: Any) -> Array:
            with self.cupy.cuda.Device(None if device is None else device.id):
                return function(*arguments, **keywords)

        return create

    def scope(self, device: Any = None) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext() if device is None or self.namespace is self._functions else device

    def write(self, array: Array, index: Any, value: Array) -> None:
        with self.scope(array.device):
            array[index] = value

    def dtypes(self) -> Mapping[str, Any]:
        found = {name: numpy.dtype(name) for name in DTYPE_NAMES if name != "bfloat16"}
        if int(self.cupy.__version__.split(".")[0]) >= 14 and importlib.util.find_spec("ml_dtypes"):
            import ml_dtypes

            found["bfloat16"] = numpy.dtype(ml_dtypes.bfloat16)
        return found

    def devices(self) -> Mapping[str, Any]:
        return {f"cuda:{i}": self.cupy.cuda.Device(i) for i in range(self.cupy.cuda.runtime.getDeviceCount())}

    def array_types(self) -> tuple[type, ...]:
        return (self.cupy.ndarray,)

    def dtype_name(self, array: Array) -> str:
        return dtype_name(array.dtype)

    def device_name(self, array: Array) -> str:
        return f"cuda:{array.device.id}"

    def from_numpy(self, array: numpy.ndarray, device: Any) -> Array:
        with contextlib.nullcontext() if device is None else self.cupy.cuda.Device(device.id):
            # CuPy has native byte order only.
            return self.cupy.array(array.astype(array.dtype.newbyteorder("="), copy=False), order="C")

    def from_dlpack(self, array: Any, device: Any, copy: bool) -> Array:
        with self.cupy.cuda.Device(device.id):
            shared = self.cupy.from_dlpack(array)
            return self.cupy.array(shared) if copy else shared

    def to_numpy(self, array: Array) -> numpy.ndarray:
        return numpy.asarray(self.cupy.asnumpy(array))

    def copy(self, array: Array) -> Array:
        with array.device:
            return array.copy(order="C")

    def is_view(self, array: Array) -> bool:
        return array.base is not None

    def memory_stats(self, device: Any) -> Mapping[str, int]:
        pool = self.cupy.get_default_memory_pool()
        with self.cupy.cuda.Device(device.id):
            return {"used": pool.used_bytes(), "held": pool.total_bytes()}

    def about(self) -> Mapping[str, str]:
        runtime = self.cupy.cuda.runtime
        return {
            "CUDA driver": str(runtime.driverGetVersion()),
            "CUDA runtime": str(runtime.runtimeGetVersion()),
            "kernel cache": os.environ.get("CUPY_CACHE_DIR") or "~/.cupy/kernel_cache",
        }

    def release_memory(self, device: Any) -> None:
        with self.cupy.cuda.Device(device.id):
            self.cupy.get_default_memory_pool().free_all_blocks()

    def synchronize(self, device: Any) -> None:
        device.synchronize()


def _complex_results(function: Callable[..., Any]) -> Kernel:
    """Make results complex, also those without elements, which CuPy returns as real."""

    def kernel(x: Array) -> Any:
        dtype = numpy.result_type(x.dtype, numpy.complex64)
        out = function(x)
        if isinstance(out, tuple):
            return tuple(part.astype(dtype, copy=False) for part in out)
        return out.astype(dtype, copy=False)

    return kernel


def _in_place(ufunc: Callable[..., Array]) -> Kernel:
    return lambda *operands: ufunc(*operands, out=operands[0])


def _written(kernel: Callable[..., Array]) -> Kernel:
    def written(x: Array, *operands: Array) -> Array:
        x[...] = kernel(x, *operands)
        return x

    return written


def _corrected(xp: Any, mend: Callable[..., Array], divide: Callable[..., Array], x1: Array, x2: Array) -> Array:
    if x1.dtype.itemsize > 2:
        return mend(xp, x1, x2, divide(xp, x1, x2))
    return _corrected(xp, mend, divide, x1.astype("float32"), x2.astype("float32")).astype(x1.dtype)


def _rest(xp: Any, x1: Array, x2: Array) -> Array:
    """Exact remainder: CuPy's subtracts the product with a rounded quotient."""
    rest = xp.fmod(x1, x2)
    return xp.where(xp.logical_and(rest != 0, (rest < 0) != (x2 < 0)), rest + x2, rest)


def _quotient(xp: Any, x1: Array, x2: Array) -> Array:
    """Exact floor division: CuPy's takes the floor of a quotient that may have been rounded up."""
    return xp.rint((x1 - _rest(xp, x1, x2)) / x2)


_DIVISIONS = {"floor_divide": _quotient, "remainder": _rest}


def _accumulator(x: Array) -> str | None:
    """The dtype to accumulate in: float32 for half types, else that of `x`; CuPy's default widens integers."""
    return "float32" if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x.dtype.name


def _comparable(x: Array) -> Array:
    return x.astype("float32") if x.dtype.kind == "V" else x


class _Located:
    """A namespace whose functions, and those of its extensions, are wrapped at their first use."""

    def __init__(self, namespace: ModuleType, wrap: Callable[[Callable[..., Array]], Kernel]) -> None:
        self._namespace = namespace
        self._wrap = wrap

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._namespace, name)
        if isinstance(value, ModuleType):
            value = _Located(value, self._wrap)
        elif callable(value) and not isinstance(value, type):
            value = self._wrap(value)
        setattr(self, name, value)
        return value


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """CuPy."""
    yield CuPy()
