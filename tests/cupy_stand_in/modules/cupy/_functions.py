"""CuPy's functions out of NumPy's: only those that CuPy has, with CuPy's parameters, of the stand-in's arrays alone."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy

from . import cuda
from ._array import ndarray, unwrap
from ._tables import DESCRIPTION

COUNTING = frozenset(
    "nonzero argwhere flatnonzero unique unique_values unique_counts unique_inverse unique_all".split()
)
"""Functions whose results have a length that depends on values, for which CuPy waits."""

ANSWERING = frozenset("array_equal allclose can_cast issubdtype isdtype result_type promote_types".split())
"""Functions that return what is no array."""


def tree_sum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """A sum in a tree of partial sums along any axis, as CuPy's, where NumPy adds row after row."""
    a = numpy.asarray(a)
    axes = tuple(range(a.ndim)) if axis is None else numpy.lib.array_utils.normalize_axis_tuple(axis, a.ndim)
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    rows = a.transpose(*kept, *axes).reshape(*(a.shape[i] for i in kept), math.prod(a.shape[i] for i in axes))
    total = numpy.sum(numpy.ascontiguousarray(rows), -1, dtype)
    return numpy.expand_dims(total, axes) if keepdims else total


WIDER = {"f": "f8", "d": "g", "F": "c16", "D": "G"}


def tree_cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sums with the error of a tree of partial sums, as CuPy's scan."""
    found = numpy.dtype(dtype) if dtype is not None else numpy.cumsum(a[:0], dtype=dtype).dtype
    return numpy.cumsum(a, axis, WIDER.get(found.char, found)).astype(found)


def blas_matmul(x1: Any, x2: Any, /, **keywords: Any) -> Any:
    """A product by BLAS in every layout, of some of which NumPy adds the terms one by one."""
    return numpy.matmul(numpy.ascontiguousarray(x1), numpy.ascontiguousarray(x2), **keywords)


def broadcast_arrays(*args: Any) -> list[numpy.ndarray]:
    """Arrays of one shape, which NumPy's function makes such that looking at them warns."""
    shape = numpy.broadcast_shapes(*(numpy.shape(one) for one in args))
    return [numpy.broadcast_to(one, shape) for one in args]


OWN = {"broadcast_arrays": broadcast_arrays, "cumsum": tree_cumsum, "matmul": blas_matmul, "sum": tree_sum}
"""Functions whose results NumPy's round or behave otherwise."""


def functions(module: str, namespace: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions of a module of CuPy, each made of NumPy's of that name."""
    described = DESCRIPTION["functions"][module]
    return {
        name: wrapped(name, OWN.get(name) or getattr(namespace, name), parameters)
        for name, parameters in described.items()
        if hasattr(namespace, name)
    }


def wrapped(name: str, function: Callable[..., Any], parameters: list[tuple[str, int, bool]] | None) -> Any:
    signature = None if parameters is None else signature_of(parameters)

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        if signature is not None:
            signature.bind(*arguments, **keywords)
        if name in COUNTING:
            cuda.wait(name)
        operands: list[ndarray] = []
        arguments, keywords = to_host((arguments, keywords), operands)
        with numpy.errstate(all="ignore"):
            result = function(*arguments, **keywords)
        if name in ANSWERING:
            return result
        return from_host(result, operands)

    return call


def signature_of(parameters: list[tuple[str, int, bool]]) -> inspect.Signature:
    kinds = list(inspect._ParameterKind)
    return inspect.Signature(
        [
            inspect.Parameter(name, kinds[kind], default=None if has_default else inspect.Parameter.empty)
            for name, kind, has_default in parameters
        ]
    )


def to_host(value: Any, operands: list[ndarray]) -> Any:
    """A tree of arguments with NumPy's arrays for the stand-in's, which are added to `operands`."""
    if isinstance(value, ndarray):
        operands.append(value)
    if type(value) in (list, tuple):
        return type(value)(to_host(part, operands) for part in value)
    if type(value) is dict:
        return {key: to_host(part, operands) for key, part in value.items()}
    return unwrap(value)


def from_host(value: Any, operands: list[ndarray]) -> Any:
    """A result with the stand-in's arrays for NumPy's; one that shares memory with an operand is a view of it."""
    if isinstance(value, numpy.ndarray | numpy.generic):
        host = numpy.asarray(value)
        for operand in operands:
            if host is operand.host:
                return operand
            if _shares(host, operand.host):
                return operand._view(host)
        return ndarray(host)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(from_host(part, operands) for part in value))
    if isinstance(value, list | tuple):
        return type(value)(from_host(part, operands) for part in value)
    return value


def _shares(one: numpy.ndarray, other: numpy.ndarray) -> bool:
    """Whether arrays share memory; of those without elements NumPy says no, and their bases tell."""
    if one.size == 0:
        return one.base is other or (one.base is not None and one.base is other.base)
    return numpy.may_share_memory(one, other)
