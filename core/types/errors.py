"""Exceptions of two of Python's types at once, where NumPy or the standard raises one and PyTorch the other."""

from __future__ import annotations

from typing import Any

import numpy


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit the operation: ValueError in NumPy, RuntimeError in PyTorch."""


class AxesError(ValueError, RuntimeError):
    """Invalid combinations of axes, such as a repeated one: ValueError in NumPy, RuntimeError in PyTorch."""


class ArgumentError(ValueError, RuntimeError):
    """An argument whose value is invalid: ValueError in NumPy, RuntimeError in PyTorch."""


class DeviceError(ValueError, RuntimeError):
    """Operands on different devices or backends: ValueError in the array API's libraries, RuntimeError in PyTorch."""


class DTypeError(TypeError, RuntimeError):
    """A dtype that does not fit the operation: TypeError in NumPy and the standard, RuntimeError in PyTorch."""


class ClassIndexError(IndexError, RuntimeError):
    """A class index out of range: IndexError in Python, RuntimeError in PyTorch's `one_hot`."""


class PositionError(IndexError, RuntimeError):
    """A tensor of indices with one out of range: IndexError in NumPy, RuntimeError in PyTorch's `gather`."""


class DivisionByZeroError(ZeroDivisionError, RuntimeError):
    """Integer division by zero: ZeroDivisionError in Python, RuntimeError in PyTorch."""


class KernelError(RuntimeError):
    """A kernel of a plugin returned something else than its operation's result."""


class UnsupportedError(NotImplementedError):
    """An operation that a backend declares unsupported."""


class UnsupportedDTypeError(TypeError):
    """A dtype that a backend does not support."""


class VmapError(ValueError, RuntimeError):
    """What `vmap` cannot do: ValueError to Python, RuntimeError in PyTorch's `torch.func`."""


class BatchedValueError(VmapError, TypeError):
    """A Python value was asked of a tensor that has another one in each example of a `vmap`."""


class EscapedTensorError(VmapError):
    """A tensor of one `vmap` was used in another one, or after its end."""


class CompileError(RuntimeError):
    """What `compile` cannot do."""


class LinAlgError(numpy.linalg.LinAlgError, RuntimeError):
    """A matrix without a result, as the inverse of a singular one: LinAlgError in NumPy, RuntimeError in PyTorch."""


class CopyError(BufferError, ValueError):
    """A copy needed despite ``copy=False``: BufferError in DLPack, ValueError elsewhere in the standard."""


class ProtocolError(AttributeError, TypeError):
    """An object without a protocol's methods: AttributeError in the standard, TypeError in most libraries."""


def unsupported(operation: str, *operands: Any) -> TypeError:
    """The TypeError for operands that are neither tensors nor numbers."""
    types = [type(operand).__name__ for operand in operands]
    wanted = "tensors" if {"Tensor", "bool", "int", "float", "complex"}.issuperset(types) else "tensors or numbers"
    return TypeError(f"{operation}: got {' and '.join(types)}, wanted {wanted}; make a tensor with tensorplug.asarray")


def explain(operation: str, error: Exception, *tensors: Any) -> Exception:
    """The exception to raise for an error of a kernel: a ShapeError if shapes cannot be broadcast, else the error."""
    shapes = [tensor.shape for tensor in tensors]
    try:
        numpy.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(map(str, shapes))
        return ShapeError(
            f"{operation}: shapes {listed} cannot be broadcast together; axes must be equal or 1, counted from the last"
        )
    return error


_OF_ARGUMENTS = (
    *(TypeError, ValueError, IndexError, ShapeError, AxesError, ArgumentError, DeviceError, DTypeError),
    *(ClassIndexError, PositionError, DivisionByZeroError, LinAlgError),
)
_PACKAGE = __name__.partition(".")[0] + "."


def say_function(error: Exception, name: str) -> None:
    """Begin an error about arguments, raised by a function that another one calls, with the name of the outermost.

    What a user's code raises, such as a hook or ``__index__``, and a library's, stays as it is.
    """
    if type(error) in _OF_ARGUMENTS and not str(error).startswith(f"{name}: ") and _is_ours(error):
        reason = error.__dict__.setdefault("reason", str(error))
        error.args = (reason if reason.startswith(f"{name}: ") else f"{name}: {reason}",)


def _is_ours(error: Exception) -> bool:
    """Whether a module of this package has raised the error."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and str(place.tb_frame.f_globals.get("__name__")).startswith(_PACKAGE)
