"""Convolutions of NumPy arrays as one matrix product each, with the batch as the last axis where that pays.

With the batch last, the windows of small images are copied and added in runs as long as the batch, and one product
takes the place of one for each example: half the time for 64 images of 16 x 4 x 4.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..common.quiet import quiet
from ..contract import Kernel
from .networks import constant_pad, overlap_add, windows
from .products import matmul

MANY_EXAMPLES = 8
"""Examples from which the batch may be the last axis."""


def _is_batch_last(x_shape: tuple[int, ...], w_shape: tuple[int, ...]) -> bool:
    """Whether windows are large beside the images, so that moving the axes of these costs little."""
    return x_shape[0] >= MANY_EXAMPLES and math.prod(w_shape[1:]) > 2 * w_shape[0]


@quiet
def _convolution(x: Any, w: Any, *, geometry: Any) -> Any:
    is_last = _is_batch_last(x.shape, w.shape)
    columns, counted = _columns(x, w.shape[2:], geometry, is_last)
    return _as_images(matmul(_rows(w, geometry), columns), (x.shape[0], w.shape[0], *counted), is_last)


@quiet
def _convolution_transpose(x: Any, w: Any, *, geometry: Any) -> Any:
    stride, padding, dilation, groups = geometry
    size, channels = w.shape[2:], w.shape[1] * groups
    window = tuple(zip(size, stride, dilation, strict=True))
    whole = [(n - 1) * step + within * (k - 1) + 1 for n, (k, step, within) in zip(x.shape[2:], window, strict=True)]
    is_last = _is_batch_last(x.shape, w.shape)
    columns = matmul(_rows(w, geometry).mT, _as_matrices(x, groups, is_last))
    lead, behind = ((), x.shape[:1]) if is_last else (x.shape[:1], ())
    blocks = columns.reshape(*lead, channels, *size, *x.shape[2:], *behind)
    found = overlap_add(blocks, (*lead, channels, *whole, *behind), window, len(behind))
    cropped = tuple((-before, -after) for before, after in padding)
    found = constant_pad(found, (*cropped, (0, 0)) if is_last else cropped, 0)
    return numpy.ascontiguousarray(numpy.moveaxis(found, -1, 0) if is_last else found)


@quiet
def _convolution_weight(x: Any, y: Any, *, size: tuple[int, ...], geometry: Any) -> Any:
    groups = geometry[3]
    shape = y.shape[1], x.shape[1] // groups, *size
    is_last = _is_batch_last(x.shape, shape)
    columns, _ = _columns(x, size, geometry, is_last)
    found = matmul(_as_matrices(y, groups, is_last), columns.mT)
    return (found if is_last else found.sum(0)).reshape(shape)


def _columns(x: Any, size: tuple[int, ...], geometry: Any, is_last: bool) -> tuple[Any, tuple[int, ...]]:
    """The windows as columns of a matrix for each example and group, or for each group, and their number."""
    stride, padding, dilation, groups = geometry
    behind = int(is_last)
    x = constant_pad(numpy.moveaxis(x, 0, -1), (*padding, (0, 0))) if is_last else constant_pad(x, padding)
    if is_last:
        x = numpy.ascontiguousarray(x)
    found = windows(x, tuple(zip(size, stride, dilation, strict=True)), behind)
    counted = found.shape[1 + len(size) : -1] if is_last else found.shape[2 + len(size) :]
    lead = () if is_last else x.shape[:1]
    rows = x.shape[0 if is_last else 1] // groups * math.prod(size)
    columns = math.prod(counted) * (x.shape[-1] if is_last else 1)
    return found.reshape(*lead, groups, rows, columns), counted


def _rows(w: Any, geometry: Any) -> Any:
    """The kernels as rows of a matrix for each group."""
    groups = geometry[3]
    return w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:]))


def _as_matrices(x: Any, groups: int, is_last: bool) -> Any:
    """Images with their channels as rows of a matrix for each example and group, or for each group."""
    channels = x.shape[1] // groups
    if is_last:
        return numpy.moveaxis(x, 0, -1).reshape(groups, channels, x.shape[0] * math.prod(x.shape[2:]))
    return x.reshape(x.shape[0], groups, channels, math.prod(x.shape[2:]))


def _as_images(x: Any, shape: tuple[int, ...], is_last: bool) -> Any:
    if not is_last:
        return x.reshape(shape)
    return numpy.ascontiguousarray(numpy.moveaxis(x.reshape(*shape[1:], shape[0]), -1, 0))


KERNELS: dict[str, Kernel] = {
    "convolution": _convolution,
    "convolution_transpose": _convolution_transpose,
    "convolution_weight": _convolution_weight,
}
"""By the name of the operation."""
