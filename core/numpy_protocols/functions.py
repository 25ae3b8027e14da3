"""``__array_function__``: NumPy's functions on tensors, by their counterparts in Tensorplug."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy

from ..dispatch.registry import FUNCTIONS, method
from ..families.in_place import write_out
from ..memory.tensor import Tensor
from ..standard import creation
from .composed import COMPOSED
from .operands import Function, as_operand, as_tensors, flattened, is_default, no_counterpart, no_option, on_host

LIKE: dict[str, Function] = {
    name: getattr(creation, name) for name in ("arange", "asarray", "empty", "eye", "full", "ones", "zeros")
} | {"array": creation.tensor}
"""Functions that create an array on the device of the tensor given as ``like=``."""

ON_HOST = frozenset(
    "array2string array_repr array_str bincount common_type digitize histogram histogram2d histogram_bin_edges "
    "histogramdd may_share_memory min_scalar_type save savetxt savez savez_compressed shares_memory".split()
)
"""Functions that describe, count or write to files, which are left to NumPy."""

WRITERS = frozenset("copyto fill_diagonal place put put_along_axis putmask".split())
"""Functions that write into their first argument."""

COUNTERPARTS: dict[str, str] = {
    "numpy": "all allclose any argmax argmin argsort astype broadcast_to clip count_nonzero "
    "cumulative_prod cumulative_sum empty_like expand_dims flip full_like isclose isin linspace "
    "max mean meshgrid min moveaxis nonzero ones_like prod repeat reshape roll round searchsorted sort squeeze stack "
    "std sum take_along_axis tensordot tile tril triu unique_all unique_counts unique_inverse unique_values unstack "
    "var zeros_like",
    "numpy.linalg": "cholesky cross det diagonal eig eigh eigvals eigvalsh inv matmul matrix_norm matrix_power "
    "matrix_rank outer pinv qr slogdet solve svd svdvals tensordot trace vecdot vector_norm",
    "numpy.fft": "fft fftn fftshift hfft ifft ifftn ifftshift ihfft irfft irfftn rfft rfftn",
}
"""Functions that mean the same in NumPy and in Tensorplug, by NumPy's module."""

ALIASES = {"numpy.amax": "max", "numpy.amin": "min", "numpy.around": "round", "numpy.fix": "trunc"}
"""Tensorplug's names of NumPy functions that are called otherwise."""

RENAMED = {"a_max": "max", "a_min": "min"}
"""Tensorplug's names of NumPy's parameters."""

HINTS = frozenset(["kind"])
"""Parameters that choose an algorithm and change no result."""

FLATTENED = frozenset(["numpy.argsort", "numpy.sort", "numpy.take_along_axis"])
"""Functions for which `axis=None` means the flattened tensor."""

NO_OPERANDS = frozenset("axes axis destination dtype n reps repeats s shape shift source".split())
"""Parameters that are not converted to tensors."""


@method("__array_function__")
def array_function(self: Tensor, func: Function, types: Any, args: Any, kwargs: Any) -> Any:
    """The protocol by which NumPy's functions call Tensorplug's, if an argument is a tensor.

    Raises
    ------
    TypeError
        If Tensorplug has no such function, or does not support an argument.
    """
    if not all(issubclass(one, Tensor | numpy.ndarray) and not issubclass(one, numpy.ma.MaskedArray) for one in types):
        return NotImplemented
    name, own = f"{func.__module__}.{func.__name__}", func.__name__
    if own in LIKE and not any(isinstance(one, Tensor) for one in args):
        return LIKE[own](*args, **kwargs, device=self.device)
    writes = own in WRITERS and isinstance(args[0], numpy.ndarray)
    if own in ON_HOST or writes or isinstance(kwargs.get("out"), numpy.ndarray):
        return func(*on_host(args), **on_host(kwargs))
    if name in COMPOSED:
        return _call_composed(name, func, self, args, kwargs)
    function = _counterpart(name)
    if function is None:
        raise no_counterpart(name)
    return _call_counterpart(name, func, function, self, args, kwargs)


@functools.cache
def _counterpart(name: str) -> Function | None:
    module, _, own = name.rpartition(".")
    if name in ALIASES:
        return FUNCTIONS[ALIASES[name]]
    if own not in COUNTERPARTS.get(module, "").split():
        return None
    return FUNCTIONS.get(name.removeprefix("numpy.")) or FUNCTIONS[own]


@functools.cache
def _signatures(func: Function, function: Function) -> tuple[inspect.Signature | None, int, frozenset[str]]:
    """NumPy's signature, and the number of required parameters and the names of all of Tensorplug's function.

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


def _call_counterpart(name: str, func: Function, function: Function, like: Tensor, args: Any, kwargs: Any) -> Any:
    """Call Tensorplug's function with NumPy's arguments."""
    signature, count, names = _signatures(func, function)
    if signature is None:
        return function(*as_tensors(args, like), **as_tensors(kwargs, like))
    operands: list[Any] = []
    options: dict[str, Any] = {}
    given = signature.bind(*args, **kwargs).arguments
    if name in FLATTENED and given.get("axis", 0) is None:
        first = next(iter(given))
        given |= {first: flattened(as_operand(given[first], like)), "axis": -1}
    for key, value in given.items():
        parameter, own = signature.parameters[key], RENAMED.get(key, key)
        variable = parameter.kind is parameter.VAR_POSITIONAL
        if variable or key == "arrays":
            value = [as_operand(one, like) for one in value]
        elif key not in NO_OPERANDS:
            value = as_operand(value, like)
        if variable:
            operands += value
        elif len(operands) < count:
            operands.append(value)
        elif value is parameter.default or value is numpy._NoValue or key in HINTS:
            continue
        elif own in names:
            options[own] = value
        elif not is_default(value, parameter.default):
            raise no_option(name, key)
    return function(*operands, **options)


def _call_composed(name: str, func: Function, like: Tensor, args: Any, kwargs: Any) -> Any:
    """Call a composed function, which need not have every parameter of NumPy's."""
    function = COMPOSED[name]
    args, kwargs = as_tensors(args, like), as_tensors(kwargs, like)
    signature, _, names = _signatures(func, function)
    if signature is None:
        return function(*args, **kwargs)
    bound, out = signature.bind(*args, **kwargs), None
    for key, value in list(bound.arguments.items()):
        if key in ("arrays", "arys", "tup"):
            bound.arguments[key] = tuple(as_operand(one, like) for one in value)
        elif key == "out" and key not in names:
            out = bound.arguments.pop(key)
        elif value is numpy._NoValue or key not in names:
            if not is_default(value, signature.parameters[key].default):
                raise no_option(name, key)
            del bound.arguments[key]
    found = function(*bound.args, **bound.kwargs)
    return found if out is None else write_out(name, found, out)
