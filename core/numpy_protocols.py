"""NumPy's ufuncs and functions on tensors: ``np.exp(t)``, ``np.add(array, t)``, ``np.concatenate([t, t])``.

They compute what Tensorplug's functions of the same meaning compute, on the tensor's backend and as recorded
operations. One that has no counterpart raises TypeError; one that writes into a NumPy array is done by NumPy.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy

from .dispatch.registry import FUNCTIONS, OPERATORS
from .families.in_place import into
from .interchange.interop import numpy_array
from .memory.structure import broadcast_to, cast, clone, reshape
from .memory.tensor import Tensor
from .memory.writes import copy_
from .pytorch import comparison
from .pytorch.einsum import einsum
from .standard import (
    creation,
    data_types,
    elementwise,
    fft,
    indexing,
    linalg,
    linear_algebra,
    manipulation,
    searching,
    sets,
    sorting,
    statistical,
    utility,
)
from .types.axes import normalize_axis
from .types.dtypes import KIND_ORDER, as_dtype, bool_
from .types.errors import DTypeError, ShapeError, unsupported

Function = Callable[..., Any]

_DEFAULTS: dict[str, Any] = {"where": True, "casting": "same_kind", "order": "K", "subok": True}
"""Options of ufuncs at the values that mean nothing."""

REDUCTIONS = {
    "add": "sum",
    "logical_and": "all",
    "logical_or": "any",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
}
"""The functions that are ``ufunc.reduce``."""

CUMULATIONS = {"add": "cumulative_sum", "multiply": "cumulative_prod"}
"""The functions that are ``ufunc.accumulate``."""


@functools.cache
def _ufuncs() -> dict[Any, Any]:
    """Tensorplug's elementwise functions and products by NumPy's ufunc, which NumPy has under the same names."""
    named = {getattr(numpy, name, None): operator for name, operator in OPERATORS.items()}
    named |= {
        numpy.vecdot: linear_algebra.vecdot,
        numpy.rint: elementwise.round,
        numpy.fabs: elementwise.abs,
    }
    named[numpy.divmod] = elementwise.arithmetic.quotient_and_remainder
    return {ufunc: function for ufunc, function in named.items() if isinstance(ufunc, numpy.ufunc)}


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """What NumPy calls for a ufunc of which an input or ``out=`` is a tensor.

    Raises
    ------
    TypeError
        If Tensorplug has no such function, or it does not take an option.
    """
    if not options and method == "__call__":
        function = _ufuncs().get(ufunc)
        if function is not None and all(type(x) in _PLAIN for x in inputs):
            return _result(ufunc, function(*inputs), inputs)
    foreign = [x for x in inputs if _is_foreign(x)]
    if foreign:
        return _of_others(foreign, ufunc, method, inputs, options)
    outs = options.pop("out", ())
    if any(isinstance(out, numpy.ndarray) for out in outs) or (method == "at" and type(inputs[0]) is not Tensor):
        hosts = _on_host(inputs)
        return getattr(ufunc, method)(*hosts, **_on_host(options), **({"out": outs} if outs else {}))
    name = _name_of(ufunc) if method == "__call__" else f"{_name_of(ufunc)}.{method}"
    function = _of_method(ufunc, method)
    if function is None:
        raise _no_counterpart(name)
    operands = [_operand(x, self) for x in inputs]
    wanted = _checked(name, options, method)
    dtype = wanted.pop("dtype", None)
    if dtype is not None:
        operands = [_computed_in(name, x, dtype, self) for x in operands]
    found = _result(ufunc, function(*operands, **wanted), inputs)
    if not outs or outs[0] is None:
        return found
    if len(outs) > 1:
        raise TypeError(f"{name}: out= takes one tensor, got {len(outs)}")
    return into(name, outs[0], found)


def _of_others(foreign: list[Any], ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What other types make of a ufunc with tensors; those that refuse them, such as pandas', get NumPy's arrays."""
    for other in foreign:
        ask = getattr(other, "__array_ufunc__", None)
        found = NotImplemented if ask is None else ask(ufunc, method, *inputs, **options)
        if found is not NotImplemented:
            return found
    return getattr(ufunc, method)(*_on_host(inputs), **_on_host(options))


_PLAIN = (Tensor, numpy.ndarray, bool, int, float, complex)


def _result(ufunc: Any, found: Any, inputs: tuple[Any, ...]) -> Any:
    if found is NotImplemented:
        raise unsupported(_name_of(ufunc), *inputs)
    return found


def _name_of(ufunc: Any) -> str:
    """The ufunc's name, with `numpy` before it if it is NumPy's own, and not SciPy's or another library's."""
    name: str = ufunc.__name__
    return f"numpy.{name}" if getattr(numpy, name, None) is ufunc else name


def _of_method(ufunc: Any, method: str) -> Function | None:
    """The function that a ufunc's method is."""
    if method == "__call__":
        found: Function | None = _ufuncs().get(ufunc)
        return found
    if method == "outer" and ufunc.nin == 2 and ufunc.nout == 1 and ufunc.signature is None:
        return functools.partial(_outer, _ufuncs()[ufunc]) if ufunc in _ufuncs() else None
    name = {"reduce": REDUCTIONS, "accumulate": CUMULATIONS}.get(method, {}).get(ufunc.__name__)
    if name is None:
        return None
    # NumPy's functions go over all axes by default, and the methods of its ufuncs over the first.
    return functools.partial(FUNCTIONS[name], axis=0)


def _outer(function: Function, x1: Tensor, x2: Tensor) -> Any:
    return function(x1.reshape((*x1.shape, *(1,) * x2.ndim)), x2)


def _checked(name: str, options: dict[str, Any], method: str) -> dict[str, Any]:
    """The options that Tensorplug's function takes; those that say what is so anyway are left out."""
    kept = {key: value for key, value in options.items() if not _says_nothing(value, _DEFAULTS.get(key))}
    taken = {"reduce": ("axis", "dtype", "keepdims"), "accumulate": ("axis", "dtype")}.get(method, ("dtype",))
    if name == "numpy.vecdot":
        taken = ("axis", "dtype")
    for key in kept:
        if key not in taken:
            raise _no_option(name, key)
    if method == "reduce" and "axis" in options:
        kept["axis"] = options["axis"]
    return kept


def _says_nothing(value: Any, default: Any) -> bool:
    return value is None or value is numpy._NoValue or (type(value) is type(default) and value == default)


def _computed_in(name: str, x: Any, dtype: Any, like: Tensor) -> Tensor:
    """An operand in the dtype in which a ufunc is asked to compute, if it is not of a higher kind."""
    x, target = x if type(x) is Tensor else creation.asarray(x, device=like.device), as_dtype(dtype)
    if KIND_ORDER[x.dtype.kind] > KIND_ORDER[target.kind]:
        raise DTypeError(f"{name}: got {x.dtype} with dtype={target}, which is of a lower kind; convert with astype")
    return cast(x, target)


def _no_counterpart(name: str) -> TypeError:
    return TypeError(
        f"{name}: Tensorplug has no function that computes it of tensors; leave the graph, with x.detach().numpy()"
    )


def _no_option(name: str, option: str) -> TypeError:
    return TypeError(f"{name}: {option}= is not supported for tensors; leave it away, or use x.detach().numpy()")


def _is_foreign(x: Any) -> bool:
    """Whether an operand's own type has a say in what NumPy's ufuncs do with it."""
    protocol = getattr(type(x), "__array_ufunc__", None)
    known = (None, numpy.ndarray.__array_ufunc__, array_ufunc, numpy.generic.__dict__.get("__array_ufunc__"))
    return protocol not in known or isinstance(x, numpy.ma.MaskedArray)


def _operand(x: Any, like: Tensor) -> Any:
    """An array or nested sequence as a tensor beside another."""
    if isinstance(x, numpy.ndarray | list | tuple):
        return creation.asarray(x, device=like.device)
    return x


def _on_host(value: Any) -> Any:
    """Arguments with NumPy's arrays in place of tensors.

    Raises
    ------
    RuntimeError
        If a tensor requires a gradient, which would be lost.
    """
    if type(value) is Tensor:
        return numpy_array(value)
    if type(value) in (list, tuple):
        return type(value)(map(_on_host, value))
    return {key: _on_host(one) for key, one in value.items()} if type(value) is dict else value


def array_function(self: Tensor, func: Function, types: Any, args: Any, kwargs: Any) -> Any:
    """What NumPy calls for one of its functions of which an argument is a tensor.

    Raises
    ------
    TypeError
        If Tensorplug has no such function, or it does not take an argument.
    """
    if not all(issubclass(one, Tensor | numpy.ndarray) and not issubclass(one, numpy.ma.MaskedArray) for one in types):
        return NotImplemented
    name, own = f"{func.__module__}.{func.__name__}", func.__name__
    if own in LIKE and not any(type(one) is Tensor for one in args):
        return LIKE[own](*args, **kwargs, device=self.device)
    writes = own in WRITERS and isinstance(args[0], numpy.ndarray)
    if own in ON_HOST or writes or isinstance(kwargs.get("out"), numpy.ndarray):
        return func(*_on_host(args), **_on_host(kwargs))
    if name in COMPOSED:
        return _composed(name, func, self, args, kwargs)
    function = _counterpart(name)
    if function is None:
        raise _no_counterpart(name)
    return _called(name, func, function, self, args, kwargs)


def _composed(name: str, func: Function, like: Tensor, args: Any, kwargs: Any) -> Any:
    """The result of a function made of Tensorplug's, which need not name each of NumPy's arguments."""
    function = COMPOSED[name]
    args, kwargs = _tensors(args, like), _tensors(kwargs, like)
    signature, _, names = _signatures(func, function)
    if signature is None:
        return function(*args, **kwargs)
    bound, out = signature.bind(*args, **kwargs), None
    for key, value in list(bound.arguments.items()):
        if key in ("arrays", "arys", "tup"):
            bound.arguments[key] = tuple(_operand(one, like) for one in value)
        elif key == "out" and key not in names:
            out = bound.arguments.pop(key)
        elif value is numpy._NoValue or key not in names:
            if not _says_nothing(value, signature.parameters[key].default):
                raise _no_option(name, key)
            del bound.arguments[key]
    found = function(*bound.args, **bound.kwargs)
    return found if out is None else into(name, out, found)


def _tensors(values: Any, like: Tensor) -> Any:
    """Arguments with tensors in place of NumPy's arrays, in sequences too."""
    if isinstance(values, numpy.ndarray):
        return _operand(values, like)
    if type(values) in (list, tuple):
        return type(values)(_tensors(one, like) for one in values)
    return {key: _tensors(one, like) for key, one in values.items()} if type(values) is dict else values


LIKE: dict[str, Function] = {
    name: getattr(creation, name) for name in ("arange", "asarray", "empty", "eye", "full", "ones", "zeros")
} | {"array": creation.tensor}
"""Functions that make an array ``like=`` a tensor: on its device."""

ON_HOST = frozenset(
    "array2string array_repr array_str bincount common_type digitize histogram histogram2d histogram_bin_edges "
    "histogramdd may_share_memory min_scalar_type save savetxt savez savez_compressed shares_memory".split()
)
"""Functions that describe, count or write to files; NumPy does them, and their results are NumPy's."""

WRITERS = frozenset("copyto fill_diagonal place put put_along_axis putmask".split())
"""Functions that write into their first argument."""

CHAPTERS: dict[str, tuple[ModuleType, ...]] = {
    "numpy.linalg": (linalg, linear_algebra),
    "numpy.fft": (fft,),
    "numpy": (
        *(comparison, creation, data_types, elementwise, indexing, linear_algebra, manipulation, searching, sets),
        *(sorting, statistical, utility),
    ),
}
"""The modules in which the counterparts stand of what NumPy has in a module."""

COUNTERPARTS: dict[str, str] = {
    "numpy": "all allclose any argmax argmin argsort astype broadcast_to clip count_nonzero "
    "cumulative_prod cumulative_sum diagonal empty_like expand_dims flip full_like isclose isin linspace "
    "max mean meshgrid min moveaxis nonzero ones_like prod repeat reshape roll round searchsorted sort squeeze stack "
    "std sum take_along_axis tensordot tile tril triu unique_all unique_counts unique_inverse unique_values unstack "
    "var zeros_like",
    "numpy.linalg": "cholesky cross det diagonal eig eigh eigvals eigvalsh inv matmul matrix_norm matrix_power "
    "matrix_rank outer pinv qr slogdet solve svd svdvals tensordot trace vecdot vector_norm",
    "numpy.fft": "fft fftn fftshift hfft ifft ifftn ifftshift ihfft irfft irfftn rfft rfftn",
}
"""NumPy's functions that mean what Tensorplug's of the same name mean."""

ALIASES = {"numpy.amax": "max", "numpy.amin": "min", "numpy.around": "round", "numpy.fix": "trunc"}
"""Tensorplug's names of functions that NumPy has under another one only."""

RENAMED = {"a_max": "max", "a_min": "min", "axis1": "dim1", "axis2": "dim2"}
"""Tensorplug's names of NumPy's arguments."""

HINTS = frozenset(["kind"])
"""Arguments that say how NumPy is to do it, and change no result."""

FLATTENED = frozenset(["numpy.argsort", "numpy.sort", "numpy.take_along_axis"])
"""Functions for which `axis=None` means the flattened tensor."""

NO_OPERANDS = frozenset("axes axis destination dtype n reps repeats s shape shift source".split())
"""Arguments that stay the numbers they are."""


@functools.cache
def _counterpart(name: str) -> Function | None:
    module, _, own = name.rpartition(".")
    if name in ALIASES:
        own = ALIASES[name]
    elif own not in COUNTERPARTS.get(module, "").split():
        return None
    return next(getattr(chapter, own) for chapter in CHAPTERS[module] if hasattr(chapter, own))


@functools.cache
def _signatures(func: Function, function: Function) -> tuple[inspect.Signature | None, int, frozenset[str]]:
    """NumPy's signature, how many of its arguments go by position, and the names that Tensorplug's function takes.

    Before NumPy 2.4 functions written in C have no signature.
    """
    own = inspect.signature(function).parameters
    try:
        signature = inspect.signature(func)
    except ValueError:
        signature = None
    by_position = [
        parameter
        for name, parameter in own.items()
        if parameter.kind is parameter.POSITIONAL_ONLY
        or (parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty)
    ]
    return signature, len(by_position), frozenset(own)


def _called(name: str, func: Function, function: Function, like: Tensor, args: Any, kwargs: Any) -> Any:
    """The result of Tensorplug's function for arguments as NumPy's takes them."""
    signature, count, names = _signatures(func, function)
    if signature is None:
        return function(*_tensors(args, like), **_tensors(kwargs, like))
    operands: list[Any] = []
    options: dict[str, Any] = {}
    given = signature.bind(*args, **kwargs).arguments
    if name in FLATTENED and given.get("axis", 0) is None:
        first = next(iter(given))
        given |= {first: _flat(_operand(given[first], like)), "axis": -1}
    for key, value in given.items():
        parameter, own = signature.parameters[key], RENAMED.get(key, key)
        variable = parameter.kind is parameter.VAR_POSITIONAL
        if variable or key == "arrays":
            value = [_operand(one, like) for one in value]
        elif key not in NO_OPERANDS:
            value = _operand(value, like)
        if variable:
            operands += value
        elif len(operands) < count:
            operands.append(value)
        elif value is parameter.default or value is numpy._NoValue or key in HINTS:
            continue
        elif own in names:
            options[own] = value
        elif not _says_nothing(value, parameter.default):
            raise _no_option(name, key)
    return function(*operands, **options)


def _beside(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Two operands, of which one may be a sequence or a number, as tensors."""
    device = (x1 if type(x1) is Tensor else x2).device
    x1, x2 = (x if type(x) is Tensor else creation.asarray(x, device=device) for x in (x1, x2))
    return x1, x2


def _flat(x: Tensor) -> Tensor:
    return reshape(x, (-1,))


def _append(arr: Any, values: Any, axis: Any = None) -> Tensor:
    return _concatenate(_beside(arr, values), axis)


def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    x1, x2 = _beside(a1, a2)
    if x1.shape != x2.shape:
        return False
    same = elementwise.equal(x1, x2)
    if equal_nan:
        same = elementwise.logical_or(same, elementwise.logical_and(x1 != x1, x2 != x2))
    return bool(utility.all(same))


def _array_split(ary: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    axis = normalize_axis("array_split", axis, ary.ndim)
    length = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        width, longer = divmod(length, indices_or_sections)
        ends = [width * i + min(i, longer) for i in range(1, indices_or_sections)]
    else:
        ends = list(indices_or_sections)
    bounds = zip([0, *ends], [*ends, length], strict=True)
    return [ary[(slice(None),) * axis + (slice(start, max(start, end)),)] for start, end in bounds]


def _piecewise(x: Tensor, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tensor:
    """As NumPy's, but that each function gets all elements, which it must take one by one."""
    conditions = [_beside(x, one)[1] for one in (condlist if isinstance(condlist, list | tuple) else [condlist])]
    if len(funclist) == len(conditions) + 1:
        *funclist, rest = funclist
        conditions = [functools.reduce(elementwise.logical_or, conditions).logical_not(), *conditions]
        funclist = [rest, *funclist]
    found = creation.zeros_like(x)
    for condition, branch in zip(conditions, funclist, strict=True):
        value = branch(x, *args, **kw) if callable(branch) else branch
        found = searching.where(condition, value, found)
    return found


def _polyval(p: Any, x: Any) -> Tensor:
    p, x = _beside(p, x)
    found = x * 0
    for i in range(p.numel()):
        found = found * x + p[i]
    return found


def _split(ary: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    if isinstance(indices_or_sections, int) and ary.shape[axis] % indices_or_sections:
        raise ShapeError(
            f"numpy.split: got {indices_or_sections} parts of {ary.shape[axis]} elements, wanted equally long parts"
        )
    return _array_split(ary, indices_or_sections, axis)


def _atleast(ndim: int, *arys: Any) -> Any:
    found = tuple(x.reshape((*(1,) * (ndim - x.ndim), *x.shape)) if x.ndim < ndim else x for x in arys)
    return found[0] if len(found) == 1 else found


def _atleast_3d(*arys: Any) -> Any:
    """NumPy puts the axes of a matrix first, and that of a vector in the middle."""
    found = tuple(x.reshape((*_atleast(2, x).shape, 1)) if x.ndim < 3 else x for x in arys)
    return found[0] if len(found) == 1 else found


def _average(a: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Tensor:
    if weights is None:
        return statistical.mean(a, axis=axis, keepdims=keepdims)
    a, weights = _beside(a, weights)
    if isinstance(axis, int) and weights.ndim == 1:
        shape = [1] * a.ndim
        shape[normalize_axis("numpy.average", axis, a.ndim)] = -1
        weights = weights.reshape(shape)
    elif a.shape != weights.shape:
        raise ShapeError(
            f"numpy.average: got weights of shape {weights.shape}, wanted {a.shape}, or one axis and axis= an integer"
        )
    total = statistical.sum(a * weights, axis=axis, keepdims=keepdims)
    return total / statistical.sum(broadcast_to(weights, a.shape), axis=axis, keepdims=keepdims)


def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    if any(not isinstance(x, Tensor | list | tuple | numpy.generic | bool | int | float | complex) for x in args):
        # None and strings, as matplotlib has among them, make arrays of objects.
        return numpy.broadcast_arrays(*_on_host(args), subok=subok)
    like = next(x for x in args if type(x) is Tensor)
    return manipulation.broadcast_arrays(*(_beside(like, x)[1] for x in args))


def _columns(tup: Any) -> Tensor:
    return _concatenate([x if x.ndim > 1 else x.reshape((-1, 1)) for x in tup], 1)


def _concatenate(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    like = next(x for x in arrays if type(x) is Tensor)
    parts = [_operand(x, like) for x in arrays]
    if dtype is not None:
        parts = [_computed_in("numpy.concatenate", x, dtype, like) for x in parts]
    if axis is None:
        parts, axis = [_flat(x) for x in parts], 0
    return manipulation.concat(parts, axis=axis)


def _convolve(a: Any, v: Any, mode: str = "full") -> Tensor:
    a, v = _beside(a, v)
    longer, shorter = (_atleast(1, x) for x in ((v, a) if v.numel() > a.numel() else (a, v)))
    length, width = longer.numel(), shorter.numel()
    begin, count = {"full": (0, length + width - 1), "same": ((width - 1) // 2, length), "valid": (width - 1, -1)}[mode]
    zeros = creation.zeros(width - 1, dtype=longer.dtype, device=longer.device)
    windows = manipulation.unfold(manipulation.concat([zeros, longer, zeros]), 0, width, 1)
    found = linear_algebra.matmul(windows, manipulation.flip(shorter))
    return found[begin : begin + (length - width + 1 if mode == "valid" else count)]


def _corrcoef(x: Tensor, y: Any = None, rowvar: bool = True) -> Tensor:
    rows = _atleast(2, x) if rowvar or x.ndim < 2 else x.mT
    if y is not None:
        y = _beside(x, y)[1]
        rows = _concatenate([rows, _atleast(2, y) if rowvar or y.ndim < 2 else y.mT])
    centred = rows - rows.mean(-1, keepdim=True)
    unit = centred / linalg.vector_norm(centred, axis=-1, keepdims=True)
    found = linear_algebra.matmul(unit, unit.conj().mT)
    return found[0, 0] if found.shape == (1, 1) else found


def _cumulative(function: Function, fill: Any = None) -> Function:
    """A cumulation of the flattened tensor if no axis is named, with `fill` in place of NaN."""

    def cumulation(a: Tensor, axis: Any = None, dtype: Any = None) -> Tensor:
        x = _flat(a) if axis is None else a
        if fill is not None:
            x = searching.where(elementwise.isnan(x), fill, x)
        found: Tensor = function(x, axis=0 if axis is None else axis, dtype=dtype)
        return found

    return cumulation


def _diag(v: Tensor, k: int = 0) -> Tensor:
    if v.ndim != 1:
        return manipulation.diagonal(v, k)
    before, after = (creation.zeros(max(n, 0), dtype=v.dtype, device=v.device) for n in (k, -k))
    row = manipulation.concat([before, v, after])
    on_diagonal = creation.eye(row.shape[0], k=k, dtype=bool_, device=v.device)
    return searching.where(on_diagonal, row, 0)


def _diff(a: Tensor, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    shape = list(a.shape)
    shape[normalize_axis("numpy.diff", axis, a.ndim)] = 1
    ends = [None if one is None else _beside(a, one)[1] for one in (prepend, append)]
    first, last = (broadcast_to(x, tuple(shape)) if x is not None and not x.ndim else x for x in ends)
    return utility.diff(a, n, prepend=first, append=last, axis=axis)


def _dot(a: Any, b: Any) -> Tensor:
    a, b = _beside(a, b)
    if not a.ndim or not b.ndim:
        found: Tensor = a * b
        return found
    if b.ndim == 1 or (a.ndim <= 2 and b.ndim <= 2):
        return linear_algebra.matmul(a, b)
    return linear_algebra.tensordot(a, b, axes=((-1,), (-2,)))


def _einsum(*operands: Any, optimize: Any = False) -> Any:
    if isinstance(operands[0], str):
        like = next(x for x in operands if type(x) is Tensor)
        operands = (operands[0], *(_operand(x, like) for x in operands[1:]))
    return einsum(*operands)


def _inner(a: Any, b: Any) -> Tensor:
    a, b = _beside(a, b)
    return linear_algebra.tensordot(a, b, axes=((-1,), (-1,))) if a.ndim and b.ndim else a * b


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Tensor:
    like = next(one for one in (x, xp, fp) if type(one) is Tensor)
    x, xp, fp = (one if type(one) is Tensor else _operand(numpy.asarray(one), like) for one in (x, xp, fp))
    x, xp = _computed_in("numpy.interp", x, "float64", like), _computed_in("numpy.interp", xp, "float64", like)
    last = xp.numel() - 1
    above = elementwise.clip(searching.searchsorted(xp, x, side="right"), min(1, last), last)
    below = elementwise.clip(above - 1, 0, last)
    width = xp[above] - xp[below]
    part = searching.where(width > 0, (x - xp[below]) / searching.where(width > 0, width, 1.0), 0.0)
    found = fp[below] + (fp[above] - fp[below]) * part
    found = searching.where(x < xp[0], fp[0] if left is None else left, found)
    return searching.where(x > xp[-1], fp[-1] if right is None else right, found)


def _kron(a: Any, b: Any) -> Tensor:
    a, b = _beside(a, b)
    ndim = max(a.ndim, b.ndim)
    a, b = _atleast(ndim, a), _atleast(ndim, b)
    pairs = [
        [one for n in shape for one in ((n, 1) if first else (1, n))]
        for shape, first in ((a.shape, True), (b.shape, False))
    ]
    product: Tensor = a.reshape(pairs[0]) * b.reshape(pairs[1])
    return reshape(product, tuple(n * m for n, m in zip(a.shape, b.shape, strict=True)))


def _median(ignores_nan: bool) -> Function:
    def median(a: Tensor, axis: Any = None, keepdims: bool = False, overwrite_input: bool = False) -> Tensor:
        axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = [normalize_axis("numpy.median", one, a.ndim) for one in axes]
        rest = [i for i in range(a.ndim) if i not in axes]
        flat = manipulation.permute_dims(a, (*rest, *axes))
        rows = sorting.sort(reshape(flat, (*(a.shape[i] for i in rest), math.prod(a.shape[i] for i in axes))))
        length = rows.shape[-1]
        count = statistical.sum(elementwise.isnan(rows).logical_not(), axis=-1, keepdims=True)
        # NaN comes last.
        below, above = (
            indexing.take_along_axis(rows, elementwise.clip(position, 0, length - 1), axis=-1)
            for position in ((count - 1) // 2, count // 2)
        )
        found = (below + above) / 2
        if not ignores_nan:
            found = searching.where(count < length, math.nan, found)
        return reshape(found, tuple(1 if i in axes else a.shape[i] for i in (range(a.ndim) if keepdims else rest)))

    return median


def _ignoring_nan(function: Function, fill: float) -> Function:
    """A reduction with `fill` in place of NaN; an infinite one where all are NaN means NaN."""

    def reduction(a: Tensor, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
        options: dict[str, Any] = {"axis": axis, "keepdims": keepdims} | ({} if dtype is None else {"dtype": dtype})
        if a.dtype.kind not in "fc":
            whole: Tensor = function(a, **options)
            return whole
        nan = elementwise.isnan(a)
        found: Tensor = function(searching.where(nan, fill, a), **options)
        if math.isinf(fill) and found.dtype.kind != "i":
            found = searching.where(utility.all(nan, axis=axis, keepdims=keepdims), math.nan, found)
        return found

    return reduction


def _nan_mean(a: Tensor, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    x = a if dtype is None else _computed_in("numpy.nanmean", a, dtype, a)
    nan = elementwise.isnan(x)
    count = statistical.sum(nan.logical_not(), axis=axis, keepdims=keepdims)
    return statistical.sum(searching.where(nan, 0, x), axis=axis, keepdims=keepdims) / count


def _nan_spread(is_root: bool) -> Function:
    def spread(a: Tensor, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        x = a if dtype is None else _computed_in("numpy.nanvar", a, dtype, a)
        nan = elementwise.isnan(x)
        centred = searching.where(nan, 0, x - _nan_mean(x, axis, keepdims=True))
        count = statistical.sum(nan.logical_not(), axis=axis, keepdims=keepdims) - ddof
        count = cast(count, centred.real.dtype)
        count = searching.where(count > 0, count, math.nan)
        if is_root:
            # The norm has a gradient where all are equal.
            return linalg.vector_norm(centred, axis=axis, keepdims=keepdims) / elementwise.sqrt(count)
        squares = (centred * centred.conj()).real
        return statistical.sum(squares, axis=axis, keepdims=keepdims) / count

    return spread


def _nan_to_num(x: Tensor, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    if x.dtype.kind not in "fc":
        return clone(x)
    if x.dtype.kind == "c":
        return elementwise.complex(*(_nan_to_num(part, nan, posinf, neginf) for part in (x.real, x.imag)))
    limits = data_types.finfo(x.dtype)
    found = searching.where(elementwise.isnan(x), nan, x)
    found = searching.where(x == math.inf, limits.max if posinf is None else posinf, found)
    return searching.where(x == -math.inf, limits.min if neginf is None else neginf, found)


def _norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Of matrices where two axes are meant, else of vectors."""
    if axis is None and (ord is None or x.ndim == 1):
        return linalg.vector_norm(x, 2 if ord is None else ord, axis=None, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis
    if isinstance(axes, int) or len(axes) == 1:
        return linalg.vector_norm(x, 2 if ord is None else ord, axis=axes, keepdims=keepdims)
    last = manipulation.moveaxis(x, axes, (-2, -1))
    found = linalg.matrix_norm(last, ord="fro" if ord is None else ord, keepdims=keepdims)
    return manipulation.moveaxis(found, (-2, -1), axes) if keepdims else found


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Tensor:
    a, b = _beside(a, b)
    if axis is None:
        a, b = manipulation.moveaxis(a, axisa, -1), manipulation.moveaxis(b, axisb, -1)
        return manipulation.moveaxis(linalg.cross(a, b), -1, axisc)
    return linalg.cross(a, b, axis=axis)


def _take(a: Any, indices: Any, axis: Any = None) -> Tensor:
    a, indices = _beside(a, indices)
    flat = _flat(a) if axis is None else a
    axis = normalize_axis("numpy.take", 0 if axis is None else axis, flat.ndim)
    found: Tensor = flat[(slice(None),) * axis + (indices,)]
    return found


def _trace(a: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return statistical.sum(manipulation.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def _transpose(a: Tensor, axes: Any = None) -> Tensor:
    return manipulation.permute_dims(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


def _unique(
    ar: Tensor,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    found = sets.unique_all(ar)
    wanted = (True, return_index, return_inverse, return_counts)
    parts = tuple(part for part, asked in zip(found, wanted, strict=True) if asked)
    return parts[0] if len(parts) == 1 else parts


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    branches = [one for one in (x, y) if one is not None]
    like = next(one for one in (condition, *branches) if type(one) is Tensor)
    condition = creation.asarray(condition, device=like.device)
    chosen = condition if condition.dtype is bool_ else condition != 0
    return searching.where(chosen, *(_operand(one, like) for one in branches))


def _copyto(dst: Any, src: Any) -> None:
    copy_(dst, _beside(dst, src)[1])


def _along(axis: int, split: Function = _split) -> Function:
    """A split along one axis, of a vector along its only one."""
    return lambda ary, indices_or_sections: split(ary, indices_or_sections, axis if ary.ndim > 1 else 0)


def _in_two_axes(function: Function) -> Function:
    def transform(a: Tensor, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Tensor:
        found: Tensor = function(a, s=s, axes=axes, norm=norm)
        return found

    return transform


COMPOSED: dict[str, Function] = {
    "numpy.append": _append,
    "numpy.argwhere": lambda a: searching.nonzero(a, as_tuple=False),
    "numpy.array_equal": _array_equal,
    "numpy.array_split": _array_split,
    "numpy.atleast_1d": functools.partial(_atleast, 1),
    "numpy.atleast_2d": functools.partial(_atleast, 2),
    "numpy.atleast_3d": _atleast_3d,
    "numpy.average": _average,
    "numpy.broadcast_arrays": _broadcast_arrays,
    "numpy.can_cast": lambda from_, to, casting="safe": numpy.can_cast(from_.dtype.dtype, to, casting),
    "numpy.column_stack": _columns,
    "numpy.concatenate": _concatenate,
    "numpy.convolve": _convolve,
    "numpy.copy": lambda a, order="K", subok=False: clone(a),
    "numpy.copyto": _copyto,
    "numpy.corrcoef": _corrcoef,
    "numpy.cross": _cross,
    "numpy.cumprod": _cumulative(statistical.cumulative_prod),
    "numpy.cumsum": _cumulative(statistical.cumulative_sum),
    "numpy.diag": _diag,
    "numpy.diff": _diff,
    "numpy.dot": _dot,
    "numpy.dsplit": _along(2),
    "numpy.dstack": lambda tup: _concatenate([_atleast_3d(x) for x in tup], 2),
    "numpy.einsum": _einsum,
    "numpy.fft.fft2": _in_two_axes(fft.fftn),
    "numpy.fft.ifft2": _in_two_axes(fft.ifftn),
    "numpy.fft.irfft2": _in_two_axes(fft.irfftn),
    "numpy.fft.rfft2": _in_two_axes(fft.rfftn),
    "numpy.flatnonzero": lambda a: searching.nonzero(_flat(a))[0],
    "numpy.fliplr": lambda m: manipulation.flip(m, axis=1),
    "numpy.flipud": lambda m: manipulation.flip(m, axis=0),
    "numpy.hsplit": _along(1),
    "numpy.hstack": lambda tup: _concatenate([_atleast(1, x) for x in tup], 0 if tup[0].ndim < 2 else 1),
    "numpy.imag": lambda val: val.imag,
    "numpy.inner": _inner,
    "numpy.interp": _interp,
    "numpy.iscomplexobj": lambda x: x.dtype.is_complex,
    "numpy.isrealobj": lambda x: not x.dtype.is_complex,
    "numpy.kron": _kron,
    "numpy.linalg.multi_dot": lambda arrays: functools.reduce(linear_algebra.matmul, arrays),
    "numpy.linalg.norm": _norm,
    "numpy.matrix_transpose": lambda x: manipulation.matrix_transpose(x),
    "numpy.linalg.matrix_transpose": lambda x: manipulation.matrix_transpose(x),
    "numpy.median": _median(ignores_nan=False),
    "numpy.nan_to_num": _nan_to_num,
    "numpy.nanargmax": _ignoring_nan(searching.argmax, -math.inf),
    "numpy.nanargmin": _ignoring_nan(searching.argmin, math.inf),
    "numpy.nancumprod": _cumulative(statistical.cumulative_prod, 1),
    "numpy.nancumsum": _cumulative(statistical.cumulative_sum, 0),
    "numpy.nanmax": _ignoring_nan(statistical.max, -math.inf),
    "numpy.nanmean": _nan_mean,
    "numpy.nanmedian": _median(ignores_nan=True),
    "numpy.nanmin": _ignoring_nan(statistical.min, math.inf),
    "numpy.nanprod": _ignoring_nan(statistical.prod, 1),
    "numpy.nanstd": _nan_spread(is_root=True),
    "numpy.nansum": _ignoring_nan(statistical.sum, 0),
    "numpy.nanvar": _nan_spread(is_root=False),
    "numpy.ndim": lambda a: a.ndim,
    "numpy.outer": lambda a, b: linear_algebra.outer(*map(_flat, _beside(a, b))),
    "numpy.piecewise": _piecewise,
    "numpy.polyval": _polyval,
    "numpy.ptp": lambda a, axis=None, keepdims=False: (
        statistical.max(a, axis=axis, keepdims=keepdims) - statistical.min(a, axis=axis, keepdims=keepdims)
    ),
    "numpy.ravel": lambda a: _flat(a),
    "numpy.real": lambda val: val.real,
    "numpy.result_type": lambda *arrays_and_dtypes: data_types.result_type(*arrays_and_dtypes).dtype,
    "numpy.shape": lambda a: a.shape,
    "numpy.size": lambda a, axis=None: int(a.size) if axis is None else a.shape[axis],
    "numpy.split": _split,
    "numpy.swapaxes": lambda a, axis1, axis2: manipulation.transpose(a, axis1, axis2),
    "numpy.take": _take,
    "numpy.trace": _trace,
    "numpy.transpose": _transpose,
    "numpy.unique": _unique,
    "numpy.vdot": lambda a, b: linear_algebra.vecdot(*map(_flat, _beside(a, b))),
    "numpy.vsplit": _along(0),
    "numpy.vstack": lambda tup: _concatenate([_atleast(2, x) for x in tup]),
    "numpy.where": _where,
}
"""NumPy's functions made of Tensorplug's, with NumPy's arguments."""

for _name, _function in COMPOSED.items():
    if _function.__module__ == __name__:
        # What Python's own errors about arguments call it.
        _function.__qualname__ = _name

METHODS = {"__array_ufunc__": array_ufunc, "__array_function__": array_function}
"""Methods of Tensor."""
