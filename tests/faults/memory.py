"""Faults of views, copies and writes: what shares memory, and what must not."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.numpy.plugin import NumPy

from .fault import Fault, bare_kernel, method
from .regions import forwards, is_mask, items_of


def _copied(sound: Kernel) -> Kernel:
    """A view's elements in memory of their own."""
    return lambda *operands, **parameters: sound(*operands, **parameters).copy()


def _copied_without(kind: type) -> Any:
    """The same where some item of the index is of a type."""

    def wrong(sound: Kernel) -> Kernel:
        def getitem(x: Any, index: Any) -> Any:
            found = sound(x, index)
            return found.copy() if any(isinstance(item, kind) for item in items_of(index)) else found

        return getitem

    return wrong


def _written(change: Any) -> type[NumPy]:
    """The plugin that writes ``change(array, index, value)`` in place of a value, and nothing where that is None."""

    def write(self: NumPy, array: Any, index: Any, value: Any) -> None:
        changed = change(array, index, value)
        if changed is not None:
            array[index] = changed

    return method("write", write)


def _resized(array: Any, index: Any, value: Any) -> Any:
    region = array[index].shape
    try:
        numpy.broadcast_to(value, region)
    except ValueError:
        return numpy.resize(value, region)
    return value


def _without_last(array: Any, index: Any, value: Any) -> Any:
    if array[index].ndim:
        value = numpy.array(numpy.broadcast_to(value, array[index].shape))
        value[-1:] = array[index][-1:]
    return value


def _forwards(self: NumPy, array: Any, index: Any, value: Any) -> None:
    """Elements for a slice with a negative step are put in the order of memory."""
    array[forwards(index, array.shape)] = value


def _everything(self: NumPy, array: Any, index: Any, value: Any) -> None:
    """A mask is ignored where a single value is written."""
    array[... if not value.ndim and any(map(is_mask, items_of(index))) else index] = value


WRITES = ("put", "fill", "copy")
"""Operations that write regions."""

FAULTS = (
    Fault("getitem_copies", "getitem", "a region read by slices is a copy", bare_kernel("getitem", _copied)),
    Fault(
        "getitem_of_new_axes_copies",
        "getitem",
        "a region read with None in the index is a copy",
        bare_kernel("getitem", _copied_without(type(None))),
    ),
    Fault("reshape_copies", "reshape", "another shape is a copy", bare_kernel("reshape", _copied)),
    Fault(
        "permute_dims_copies",
        "permute_dims",
        "permuted axes are a copy",
        bare_kernel("permute_dims", _copied),
    ),
    Fault("diagonal_copies", "diagonal", "a diagonal is a copy", bare_kernel("diagonal", _copied)),
    Fault(
        "broadcast_to_copies",
        "broadcast_to",
        "a stretched tensor does not follow writes to what it was made of",
        bare_kernel("broadcast_to", _copied),
    ),
    Fault("real_copies", "real", "the real part is a copy", bare_kernel("real", _copied)),
    Fault("unfold_copies", "unfold", "windows are a copy", bare_kernel("unfold", _copied)),
    Fault(
        "copy_shares_memory",
        "clone",
        "a copy is the array itself",
        method("copy", lambda self, array: array),
    ),
    Fault(
        "copy_keeps_strides",
        ("clone", "reshape"),
        "a copy of what is not in order in memory is not in order either",
        method("copy", lambda self, array: numpy.array(array, order="K")),
    ),
    Fault(
        "is_view_never",
        "reshape",
        "no array is known to be a view, so that what must be copied is not",
        method("is_view", lambda self, array: False),
    ),
    Fault(
        "put_writes_its_operand",
        "put",
        "the array is written in place of a copy",
        bare_kernel("put", lambda sound: _put_in_place),
    ),
    Fault(
        "view_dtype_copies",
        "view_dtype",
        "what is seen as another dtype is a copy",
        bare_kernel("view_dtype", _copied),
    ),
    Fault(
        "view_dtype_turns_bytes",
        "view_dtype",
        "the bytes of wider elements are in the other order",
        bare_kernel("view_dtype", lambda sound: lambda x, dtypes: sound(x.byteswap(), dtypes)),
    ),
    Fault(
        "write_does_nothing",
        WRITES,
        "x[...] = value leaves everything as it was",
        _written(lambda *_: None),
    ),
    Fault(
        "write_leaves_the_last",
        WRITES,
        "the last slice of a region is not written",
        _written(_without_last),
    ),
    Fault(
        "write_goes_forwards",
        WRITES,
        "a negative step is taken for a positive one",
        method("write", _forwards),
    ),
    Fault(
        "write_repeats_what_does_not_fit",
        WRITES,
        "a value of the wrong shape is repeated or cut off, without an error",
        _written(_resized),
    ),
    Fault(
        "write_ignores_masks",
        WRITES,
        "one value is written everywhere, not where a mask holds",
        method("write", _everything),
    ),
    Fault(
        "write_of_complex_drops_imaginary_parts",
        WRITES,
        "complex numbers are written without their imaginary parts",
        _written(lambda array, index, value: value.real),
    ),
)


def _put_in_place(x: Any, index: Any, value: Any) -> Any:
    if not (isinstance(x, numpy.ndarray) and x.flags.writeable):
        x = numpy.array(x)
    x[index] = value
    return x
