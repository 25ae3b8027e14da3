"""Checks of what the kernels of plugins return: a wrong array is told at once, with the plugin and the operation.

Kernels that come with Tensorplug are not checked, so they cost no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ...backends import ByKind
from ..types.dtypes import DTYPES
from ..types.errors import KernelError


def checked(kernel: Any, plugin: str, operation: Any, library: Any) -> Any:
    """The kernel, with an error for what is no array of the dtype and shape that the operation has.

    An exception of the kernel gets a note of the plugin and the operation.

    Parameters
    ----------
    kernel : callable or ByKind
    plugin : str
        Where it comes from.
    operation : Operation
    library : Library
    """
    if type(kernel) is ByKind:
        return kernel.wrapped(lambda one: checked(one, plugin, operation, library))
    where = f"kernel {operation.name!r} of plugin {plugin} for backend {library.name!r}"
    shape_of, count = _shape_of(operation), len(operation.operands)
    # Types and dtypes of operands and results that were found right: they are looked into once.
    sound: set[Any] = set()

    def checking(*arrays: Any, **parameters: Any) -> Any:
        try:
            found = kernel(*arrays, **parameters)
        except Exception as error:
            error.add_note(f"in {where}")
            raise
        operands = arrays[0] if operation.sequence else arrays[:count]
        several = isinstance(found, (tuple, list))
        results = found if several else (found,)
        kinds = (several, len(results), *[(type(one), getattr(one, "dtype", None)) for one in (*results, *operands)])
        if kinds not in sound:
            _require_dtypes(where, operation, library, found, operands, shape_of is None)
            sound.add(kinds)
        if shape_of is not None:
            shape = shape_of(operands, dict(zip(operation.parameters, arrays[count:], strict=False), **parameters))
            if tuple(found.shape) != shape:
                raise KernelError(f"{where}: returned an array of shape {tuple(found.shape)}, wanted {shape}")
        return found

    return checking


def _require_dtypes(
    where: str, operation: Any, library: Any, found: Any, operands: Sequence[Any], may_be_several: bool
) -> None:
    """Refuse what is no array of the library, or none of the dtype that one of the operands gives."""
    # A formula may hand Python numbers, such as bounds of clip.
    dtypes = dict.fromkeys(
        DTYPES[library.backend.dtype_name(operand)] for operand in operands if hasattr(operand, "dtype")
    )
    # The operation does not tell which operand gives the dtype, as x of masked_fill does, and x2 of where.
    wanted = list(zip(*map(operation.result_dtypes, dtypes), strict=True))
    given: Any = found if operation.outputs is not None else (found,)
    if may_be_several and operation.outputs is None and isinstance(found, tuple):
        # As nonzero, which has a result for each axis.
        given, wanted = found, wanted * len(found)
    if not isinstance(given, (tuple, list)) or len(given) != len(wanted):
        raise KernelError(f"{where}: returned {_described(found)}, wanted a tuple of {len(wanted)} arrays")
    for one, choices in zip(given, wanted, strict=True):
        natives = [library.dtypes.get(dtype.name) for dtype in choices]
        if not isinstance(one, library.array_types):
            raise KernelError(f"{where}: returned {_described(one)}, wanted an array of the backend's library")
        if all(native is not None and one.dtype != native for native in natives):
            names = " or ".join(dtype.name for dtype in choices)
            raise KernelError(f"{where}: returned an array of {library.backend.dtype_name(one)}, wanted {names}")


def _shape_of(operation: Any) -> Callable[[Any, Any], tuple[int, ...]] | None:
    """What tells the shape of an operation's result from its operands and parameters, if that is simple."""
    if operation.elementwise:
        return _broadcast
    if {"axis", "keepdims"}.issubset(operation.parameters) and operation.outputs is None:
        return _reduced
    found: Callable[[Any, Any], tuple[int, ...]] | None = operation.shape
    return found


def _broadcast(arrays: Any, parameters: Any) -> tuple[int, ...]:
    shapes = {tuple(getattr(x, "shape", ())) for x in arrays}
    return shapes.pop() if len(shapes) == 1 else numpy.broadcast_shapes(*shapes)


def _reduced(arrays: Any, parameters: Any) -> tuple[int, ...]:
    shape, axis = tuple(arrays[0].shape), parameters.get("axis")
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    gone = {i % len(shape) for i in axes}
    kept = [1 if i in gone else length for i, length in enumerate(shape) if i not in gone or parameters.get("keepdims")]
    return tuple(kept)


def _described(found: Any) -> str:
    return "None" if found is None else f"{found!r:.60} of type {type(found).__name__}"
