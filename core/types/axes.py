"""Validation of arguments: integers, floats, flags, axes and shapes."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy

from ...autograd.modes import is_grad_enabled
from .errors import AxesError, ShapeError


def as_integer(operation: str, name: str, value: Any) -> int:
    """Convert an argument to an integer.

    Raises
    ------
    TypeError
        If it is not an integer.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{operation}: {name} is an integer, got {type(value).__name__}") from None


def as_float(operation: str, name: str, value: Any) -> float:
    """Convert an argument, a real number or a tensor or array of one element, to a float; too great ones to infinity.

    Raises
    ------
    TypeError
        If it is not a real number, or is a tensor whose gradient would be lost.
    """
    if type(value) is not float and getattr(value, "requires_grad", False) and is_grad_enabled():
        raise TypeError(
            f"{operation}: {name} is a number, got a tensor that requires grad, whose gradient would be lost; use "
            f"float({name}) or {name}.detach()"
        )
    try:
        # Unlike float(), it takes no strings.
        return math.ldexp(value, 0)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError, RuntimeError):
        found = describe(value) if getattr(value, "shape", ()) else type(value).__name__
        raise TypeError(f"{operation}: {name} is a number, got {found}") from None


def as_flag(operation: str, name: str, value: Any) -> bool:
    """Convert an argument to a bool.

    Raises
    ------
    TypeError
        If it is neither a bool nor an integer.
    """
    if type(value) is bool or isinstance(value, int | numpy.bool_):
        return bool(value)
    raise TypeError(f"{operation}: {name} is True or False, got {type(value).__name__}")


def describe(value: Any) -> str:
    """The text of an argument in an error message: tensors and arrays by type and shape, as backends print elements
    differently.
    """
    if isinstance(value, tuple | list):
        return f"({', '.join(map(describe, value))})"
    return f"{type(value).__name__} of shape {tuple(value.shape)}" if hasattr(value, "shape") else repr(value)


@functools.lru_cache(maxsize=1024)
def require_size(operation: str, shape: tuple[int, ...]) -> None:
    """Raise ShapeError if a shape has a negative length, or more elements than fit into any memory."""
    if shape and min(shape) < 0:
        raise ShapeError(f"{operation}: got shape {shape}, wanted no negative length")
    # Beside a length of zero the others are bounded too.
    if math.prod(shape) >> 59 or (0 in shape and max(shape) >> 59):
        raise ShapeError(f"{operation}: got shape {shape}, which holds more elements than memory has room for")


def normalize_axis(operation: str, axis: Any, ndim: int, scalars: bool = False) -> int:
    """Convert an axis to a non-negative integer.

    Parameters
    ----------
    scalars
        Whether 0 and -1 are accepted for a 0-d tensor, as in PyTorch.

    Raises
    ------
    IndexError
        If the tensor has no such axis.
    TypeError
        If it is not an integer.
    """
    if type(axis) is int and -ndim <= axis < ndim:
        return axis % ndim
    try:
        number = operator.index(axis)
    except TypeError:
        raise TypeError(f"{operation}: an axis is an integer, got {type(axis).__name__}") from None
    if not ndim and scalars:
        ndim = 1
    if not -ndim <= number < ndim:
        allowed = f"{-ndim} to {ndim - 1}" if ndim else "none, as the tensor is 0-d"
        raise IndexError(f"{operation}: axis {number} is out of range for {ndim} axes; allowed are {allowed}")
    return number % ndim


def normalize_axes(operation: str, axis: Any, ndim: int, scalars: bool = False) -> tuple[int, ...] | None:
    """Convert an axis or axes to a tuple of distinct non-negative integers; None, for all axes, stays None.

    Parameters
    ----------
    scalars
        Whether 0 and -1 are accepted for a 0-d tensor, as in PyTorch, and left out.

    Raises
    ------
    IndexError
        If the tensor has no such axis.
    AxesError
        If an axis is given twice.
    """
    if axis is None:
        return None
    if type(axis) is int or (
        type(axis) is not tuple and (not isinstance(axis, Iterable) or getattr(axis, "ndim", None) == 0)
    ):
        axes: tuple[int, ...] = (normalize_axis(operation, axis, ndim, scalars),)
        return axes if ndim else ()
    given = tuple(axis)
    try:
        numbers = tuple(map(operator.index, given))
    except TypeError:
        # It says which one is none.
        numbers = tuple(normalize_axis(operation, one, ndim, scalars) for one in given)
    return _distinct_axes(operation, numbers, ndim, scalars)


@functools.lru_cache(maxsize=1024)
def _distinct_axes(operation: str, given: tuple[int, ...], ndim: int, scalars: bool) -> tuple[int, ...]:
    axes = tuple(normalize_axis(operation, one, ndim, scalars) for one in given)
    if len(set(axes)) != len(axes):
        raise AxesError(f"{operation}: axis {given} names an axis twice")
    return axes if ndim else ()


def normalize_shape(operation: str, shape: Any) -> tuple[int, ...]:
    """Convert a shape, an integer or a sequence of integers, to a tuple.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if type(shape) is int:
        return (shape,)
    try:
        # Arrays without axes are numbers, though their class has an iterator.
        if type(shape) is tuple or (isinstance(shape, Iterable) and getattr(shape, "ndim", None) != 0):
            return tuple(map(operator.index, shape))
        return (operator.index(shape),)
    except TypeError:
        raise TypeError(
            f"{operation}: a shape is an integer or a sequence of integers, got {describe(shape)}"
        ) from None


@functools.lru_cache(maxsize=1024)
def broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether a tensor of one shape can be broadcast to another."""
    tail = target[len(target) - len(shape) :]
    return len(shape) <= len(target) and all(n in (1, m) for n, m in zip(shape, tail, strict=True))


@functools.lru_cache(maxsize=1024)
def infer_shape(operation: str, shape: tuple[int, ...], old: tuple[int, ...]) -> tuple[int, ...]:
    """Infer the length given as -1 in the new shape of a reshape.

    Raises
    ------
    ValueError
        If the shape does not hold the elements.
    """
    count = math.prod(old)
    if math.prod(shape) == count and min(shape, default=0) >= 0:
        return shape
    unknown = [i for i, n in enumerate(shape) if n == -1]
    known = math.prod(n for n in shape if n != -1)
    if len(unknown) > 1 or any(n < -1 for n in shape):
        raise ShapeError(f"{operation}: shape {shape} may have one -1 and no other negative length")
    if unknown and known and count % known == 0:
        shape = tuple(count // known if n == -1 else n for n in shape)
    if math.prod(shape) != count or -1 in shape:
        raise ShapeError(f"{operation}: shape {shape} does not hold the {count} elements of shape {tuple(old)}")
    return shape
