"""Views of parts: diagonals, windows, slices, real and imaginary parts."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from ...dispatch.operation import operation
from ...dispatch.registry import method, public
from ...families.function import function
from ...memory.steps import diagonal_index, unfold_index
from ...memory.structure import reshape
from ...memory.tensor import Tensor
from ...memory.views import (
    make_view,
)
from ...types.axes import as_integer, normalize_axes, normalize_axis
from ...types.errors import ArgumentError, ShapeError

__all__ = ["chunk", "diagonal", "imag", "narrow", "real", "split", "unbind", "unfold", "unstack"]


@operation(shares=True)
def _diagonal(ops: Any, x: Any, *, offset: int) -> Any:
    """A diagonal of the last two axes."""
    return ops.getitem(x, diagonal_index(x.shape, offset))


@operation()
def diagonal_embed(ops: Any, x: Any, *, shape: tuple[int, ...], offset: int) -> Any:
    """Zeros of a shape with `x` on a diagonal of the last two axes."""
    return ops.embed(x, shape, diagonal_index(shape, offset))


@operation(shares=True)
def _unfold(ops: Any, x: Any, *, window: tuple[int, int]) -> Any:
    """Sliding windows along the last axis."""
    return ops.getitem(x, unfold_index(x.shape, window))


@operation()
def _fold(ops: Any, x: Any, *, shape: tuple[int, ...], window: tuple[int, int]) -> Any:
    """Sum overlapping windows into zeros of a shape, the gradient of `unfold`."""
    return ops.scatter_zeros(x, shape, unfold_index(shape, window))


@operation(accepts="complex floating-point", result="real", shares=True)
def _real(x: Any) -> Any:
    """The real parts."""


@operation(accepts="complex floating-point", result="real", shares=True)
def _imag(x: Any) -> Any:
    """The imaginary parts."""


@public("diagonal")
def _view_of_diagonal(x: Tensor, offset: int) -> Tensor:
    return make_view(x, "diagonal", offset)


@public("unfold")
def _view_of_windows(x: Tensor, window: tuple[int, int]) -> Tensor:
    return make_view(x, "unfold", window)


@function(public=False, methods=("diagonal",))
def diagonal(x: Tensor, /, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes, as the last axis of the result; a view, as in PyTorch.

    Parameters
    ----------
    x : Tensor
    offset : int, default: 0
        Positive ones lie above the main diagonal.
    dim1, dim2 : int, default: 0, 1

    Raises
    ------
    ValueError
        If the two axes are the same.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.diagonal(tp.eye(2))
    tensor([1., 1.])
    """
    shape = x._array.shape
    ndim = len(shape)
    axes = first, second = normalize_axes("diagonal", (dim1, dim2), ndim) or (0, 1)
    number = min(max(as_integer("diagonal", "offset", offset), -shape[first]), shape[second])
    if axes != (ndim - 2, ndim - 1):
        x = make_view(x, "permute_dims", (*(i for i in range(ndim) if i not in axes), *axes))
    return make_view(x, "diagonal", number)


@function(public=False, methods=("unfold",))
def unfold(x: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Sliding windows along an axis, their elements along a new last axis; a view, as in PyTorch.

    Raises
    ------
    ValueError
        If the size is longer than the axis, or the step is not positive.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unfold(tp.arange(4), 0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    axis = normalize_axis("unfold", dimension, x.ndim, True)
    if not x._array.shape:
        return unfold(reshape(x, (1,)), axis, size, step)[0]
    size, step = as_integer("unfold", "size", size), as_integer("unfold", "step", step)
    if not 0 < size <= x.shape[axis]:
        raise ArgumentError(f"unfold: got size {size}, wanted 1 to {x.shape[axis]}, the length of axis {axis}")
    if step <= 0:
        raise ArgumentError(f"unfold: got step {step}, wanted a positive one")
    rest = [i for i in range(x.ndim) if i != axis]
    windows = make_view(make_view(x, "permute_dims", (*rest, axis)), "unfold", (size, step))
    order = list(range(x.ndim - 1))
    order.insert(axis, x.ndim - 1)
    return make_view(windows, "permute_dims", (*order, x.ndim))


@function()
def real(x: Tensor, /) -> Tensor:
    """The real part of each element; a view. A real tensor is returned itself.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.real(tp.tensor([1.0 + 2.0j]))
    tensor([1.])
    """
    return make_view(x, "real", None) if x.dtype.kind == "c" else x


@function()
def imag(x: Tensor, /) -> Tensor:
    """The imaginary part of each element; a view.

    Raises
    ------
    TypeError
        For a tensor that is not complex, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.imag(tp.tensor([1.0 + 2.0j]))
    tensor([2.])
    """
    if x.dtype.kind != "c":
        raise TypeError(f"imag: got {x.dtype}, wanted a complex dtype")
    return make_view(x, "imag", None)


@function(methods=("narrow",), axis="one", scalar_axis=False)
def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A slice of an axis, by start and length; a view, as in PyTorch.

    Raises
    ------
    IndexError
        If the start is beyond the axis.
    RuntimeError
        If the length is negative or reaches beyond it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.narrow(tp.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    size = x.shape[dim]
    start, length = as_integer("narrow", "start", start), as_integer("narrow", "length", length)
    begin = start + (size if start < 0 else 0)
    if not 0 <= begin <= size:
        raise IndexError(f"narrow: start {start} is out of range for axis {dim}, of length {size}")
    if length < 0:
        raise ArgumentError(f"narrow: got length {length}, wanted 0 to {size - begin}")
    if length > size - begin:
        raise ArgumentError(f"narrow: start {start} and length {length} reach beyond axis {dim}, of length {size}")
    return x[(*(slice(None),) * dim, slice(begin, begin + length))]


@function(axis="one", scalar_axis=False, keywords=("tensor",))
def split(x: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Split along an axis into parts of one length (the last may be shorter) or of given lengths; views, as in PyTorch.

    Raises
    ------
    ValueError
        If the lengths do not add up to the axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.split(tp.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    size = x.shape[dim]
    if type(split_size_or_sections) is not int and isinstance(split_size_or_sections, Sequence):
        lengths = [as_integer("split", "a length", length) for length in split_size_or_sections]
    else:
        each = as_integer("split", "a length", split_size_or_sections)
        if each <= 0:
            raise ArgumentError(f"split: got length {each}, wanted a positive one")
        return views_between(x, dim, (*range(0, size, each), size) if size else (0, 0))
    if sum(lengths) != size or min(lengths, default=0) < 0:
        raise ShapeError(f"split: lengths {lengths} do not add up to {size}, the length of axis {dim}")
    return views_between(x, dim, (0, *itertools.accumulate(lengths)))


def views_between(x: Tensor, axis: int, places: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Views of the slices of an axis between adjacent places."""
    return tuple([make_view(x, "getitem", index) for index in _slices(axis, places)])


@functools.lru_cache(maxsize=1024)
def _slices(axis: int, places: tuple[int, ...]) -> list[tuple[Any, ...]]:
    before = (slice(None),) * axis
    return [(*before, slice(begin, end)) for begin, end in itertools.pairwise(places)]


@method("split")
def split_method(x: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Split along an axis: the function `split`, whose second parameter PyTorch's method calls otherwise."""
    return split(x, split_size, dim)


@function(methods=("chunk",), axis="one", scalar_axis=False)
def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Split along an axis into at most `chunks` parts, of one length except for the last; views, as in PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [part.shape for part in tp.chunk(tp.zeros(5), 2)]
    [(3,), (2,)]
    """
    chunks = as_integer("chunk", "the number of chunks", chunks)
    if chunks <= 0:
        raise ArgumentError(f"chunk: got {chunks} chunks, wanted at least one")
    size = x.shape[dim]
    return split(x, max(-(-size // chunks), 1) if size else [0] * chunks, dim)


@function(methods=("unbind",), axis="one", scalar_axis=False)
def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """PyTorch's spelling of `unstack`."""
    return unstack(x, axis=dim)


@function(axis="one")
def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Views along an axis, with that axis removed.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unstack(tp.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    before = (slice(None),) * axis
    return tuple(make_view(x, "getitem", (*before, i)) for i in range(x._array.shape[axis]))
