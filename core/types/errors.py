"""Errors that stand for two of Python's at once, because the fields that meet here raise different ones."""

from __future__ import annotations

from typing import Any

import numpy


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit the operation: NumPy raises ValueError there, PyTorch RuntimeError; this is both."""


class AxesError(ValueError, RuntimeError):
    """Axes that don't go together, as one named twice: ValueError in NumPy, RuntimeError in PyTorch."""


class ArgumentError(ValueError, RuntimeError):
    """A number that makes no sense as that argument: ValueError in NumPy, RuntimeError in PyTorch."""


class DeviceError(ValueError, RuntimeError):
    """Operands on different devices or backends: ValueError in the array API's libraries, RuntimeError in PyTorch."""


class DTypeError(TypeError, RuntimeError):
    """A dtype that does not fit the operation: TypeError in NumPy and the standard, RuntimeError in PyTorch."""


class ClassIndexError(IndexError, RuntimeError):
    """A class index that is out of range: an IndexError to Python, a RuntimeError in PyTorch where classes are made."""


class PositionError(IndexError, RuntimeError):
    """A position out of range in a tensor of indices: IndexError to Python, RuntimeError in PyTorch's `gather`."""


class DivisionByZeroError(ZeroDivisionError, RuntimeError):
    """Integers were divided by zero: a ZeroDivisionError to Python, a RuntimeError to code written for PyTorch."""


class UnsupportedError(NotImplementedError):
    """What a backend declares that it cannot do."""


class UnsupportedDTypeError(TypeError):
    """A dtype that a backend declares that it does not have."""


class LinAlgError(numpy.linalg.LinAlgError, RuntimeError):
    """A matrix that has no such result: NumPy's error of that name, and PyTorch's, which is a RuntimeError."""


class CopyError(BufferError, ValueError):
    """A copy that `copy=False` forbids, in DLPack: BufferError in one place of the standard, ValueError in others."""


class ProtocolError(AttributeError, TypeError):
    """An object that lacks a protocol's methods: AttributeError in the standard, TypeError in most libraries."""


def unsupported(operation: str, *operands: Any) -> TypeError:
    """The error for operands of types that tensors don't work with."""
    types = [type(operand).__name__ for operand in operands]
    wanted = "tensors" if {"Tensor", "bool", "int", "float", "complex"}.issuperset(types) else "tensors or numbers"
    return TypeError(f"{operation}: got {' and '.join(types)}, wanted {wanted}; make a tensor with tensorplug.asarray")


def explain(operation: str, error: Exception, *tensors: Any) -> Exception:
    """What to raise in place of an error that a kernel raised: the same on every backend for shapes that don't fit."""
    shapes = [tensor.shape for tensor in tensors]
    try:
        numpy.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(map(str, shapes))
        return ShapeError(
            f"{operation}: shapes {listed} cannot be broadcast together; axes must be equal or 1, counted from the last"
        )
    return error
