"""Errors that stand for two of Python's at once, because the fields that meet here raise different ones."""

from __future__ import annotations


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit the operation: NumPy raises ValueError there, PyTorch RuntimeError; this is both."""


class DeviceError(ValueError, RuntimeError):
    """Operands on different devices or backends: ValueError in the array API's libraries, RuntimeError in PyTorch."""


class DTypeError(TypeError, RuntimeError):
    """A dtype that does not fit the operation: TypeError in NumPy and the standard, RuntimeError in PyTorch."""
