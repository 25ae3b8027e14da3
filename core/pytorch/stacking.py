"""PyTorch's ways to stack tensors by rows, columns or depth, and to split them likewise."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ..dispatch.registry import public
from ..families.function import function
from ..memory.structure import embed, reshape
from ..memory.tensor import Tensor
from ..standard.creation import asarray, meshgrid, zeros
from ..standard.manipulation import broadcast_arrays, concat, split, stack
from ..standard.manipulation.parts import views_between
from ..types.axes import as_integer, require_size
from ..types.dtypes import int64
from ..types.errors import ArgumentError, ShapeError, unsupported

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_tensors",
    "cartesian_prod",
    "column_stack",
    "combinations",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "row_stack",
    "split_with_sizes",
    "tensor_split",
    "vsplit",
    "vstack",
]


def _each(operation: str, convert: Callable[[Tensor], Tensor], tensors: tuple[Any, ...]) -> Any:
    """Convert one tensor, several, or a sequence of them."""
    several = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    for tensor in several:
        if not isinstance(tensor, Tensor):
            raise unsupported(operation, tensor)
    found = tuple(map(convert, several))
    return found[0] if len(found) == 1 and several is tensors else found


def _with_1_axis(x: Tensor) -> Tensor:
    return x if x.ndim else reshape(x, (1,))


def _with_2_axes(x: Tensor) -> Tensor:
    return x if x.ndim > 1 else reshape(x, (1, *_with_1_axis(x).shape))


def _with_3_axes(x: Tensor) -> Tensor:
    return x if x.ndim > 2 else reshape(x, (*_with_2_axes(x).shape, 1))


@public("atleast_1d")
def atleast_1d(*tensors: Any) -> Any:
    """Views with at least one axis: a 0-d tensor gets shape (1,).

    Parameters
    ----------
    *tensors : Tensor
        Or one sequence of them.

    Returns
    -------
    Tensor or tuple of Tensor
        A tuple for several, or a sequence.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.atleast_1d(tp.tensor(2.0))
    tensor([2.])
    """
    return _each("atleast_1d", _with_1_axis, tensors)


@public("atleast_2d")
def atleast_2d(*tensors: Any) -> Any:
    """Views with at least two axes: shape (n,) becomes (1, n). The parameters are those of `atleast_1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.atleast_2d(tp.tensor([1, 2]))
    tensor([[1, 2]])
    """
    return _each("atleast_2d", _with_2_axes, tensors)


@public("atleast_3d")
def atleast_3d(*tensors: Any) -> Any:
    """Views with at least three axes: shapes (n,) and (m, n) become (1, n, 1) and (m, n, 1).

    The parameters are those of `atleast_1d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.atleast_3d(tp.tensor([1, 2])).shape
    (1, 2, 1)
    """
    return _each("atleast_3d", _with_3_axes, tensors)


@function()
def hstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Concatenate along the second axis, vectors along their only one.

    Parameters
    ----------
    tensors : sequence of Tensor
        0-d ones count as vectors.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If the lengths of the other axes differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.hstack([tp.tensor([1, 2]), tp.tensor([3])])
    tensor([1, 2, 3])
    """
    parts = _sequence("hstack", tensors, _with_1_axis)
    return concat(parts, axis=0 if parts and parts[0].ndim == 1 else 1)


@function()
def vstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Stack rows: concatenate along the first axis, vectors as matrices of one row.

    The parameters are those of `hstack`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.vstack([tp.tensor([1, 2]), tp.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return concat(_sequence("vstack", tensors, _with_2_axes), axis=0)


row_stack = vstack


@function()
def dstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Concatenate along the third axis, as `atleast_3d` gives it.

    The parameters are those of `hstack`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.dstack([tp.tensor([1, 2]), tp.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return concat(_sequence("dstack", tensors, _with_3_axes), axis=2)


@function()
def column_stack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Stack columns: concatenate along the second axis, vectors as matrices of one column.

    The parameters are those of `hstack`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.column_stack([tp.tensor([1, 2]), tp.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    return concat(_sequence("column_stack", tensors, lambda x: x if x.ndim > 1 else reshape(x, (-1, 1))), axis=1)


def _sequence(operation: str, tensors: Any, convert: Callable[[Tensor], Tensor]) -> list[Tensor]:
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"{operation}: got {type(tensors).__name__}, wanted a list or tuple of tensors")
    return list(_each(operation, convert, (tuple(tensors),)))


@public("broadcast_tensors")
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """PyTorch's spelling of `broadcast_arrays`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [x.shape for x in tp.broadcast_tensors(tp.zeros(2, 1), tp.zeros(3))]
    [(2, 3), (2, 3)]
    """
    return broadcast_arrays(*tensors)


@public("block_diag")
def block_diag(*tensors: Any) -> Tensor:
    """A matrix with the given ones on its diagonal, and zeros elsewhere.

    Parameters
    ----------
    *tensors : Tensor
        Of at most two axes: a 0-d one is a matrix of one element, a vector one row. Promoted to a common dtype.

    Raises
    ------
    ValueError
        If one has more axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.block_diag(tp.tensor([[1, 2]]), tp.tensor([[3]]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    matrices = _each("block_diag", _with_2_axes, (tensors,))
    if not matrices:
        return zeros(1, 0)
    for matrix in matrices:
        if matrix.ndim > 2:
            raise ShapeError(f"block_diag: got shape {matrix.shape}, wanted at most two axes")
    ends = list(itertools.accumulate(matrix.shape[1] for matrix in matrices))
    places = [slice(end - matrix.shape[1], end) for matrix, end in zip(matrices, ends, strict=True)]
    return concat(
        [embed(x, (x.shape[0], ends[-1]), (slice(None), place)) for x, place in zip(matrices, places, strict=True)],
        axis=0,
    )


@public("cartesian_prod")
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of elements, one of each vector, as the rows of a matrix; of a single vector itself.

    Raises
    ------
    ValueError
        If a tensor is not a vector.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.cartesian_prod(tp.tensor([1, 2]), tp.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    vectors = _each("cartesian_prod", _vector("cartesian_prod"), (tensors,))
    if not vectors:
        raise TypeError("cartesian_prod: got no tensors, wanted at least one")
    if len(vectors) == 1:
        return vectors[0]
    return stack([reshape(grid, (-1,)) for grid in meshgrid(*vectors, indexing="ij")], axis=1)


@function()
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of `r` elements of a vector, as rows, in the order of `itertools.combinations`.

    Parameters
    ----------
    input : Tensor, shape (N,)
    r : int, default: 2
    with_replacement : bool, default: False
        Whether an element may be taken several times.

    Raises
    ------
    ValueError
        If the tensor is not a vector, or `r` is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.combinations(tp.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    x, r = _vector("combinations")(input), as_integer("combinations", "r", r)
    if r < 0:
        raise ArgumentError(f"combinations: got r={r}, wanted no negative number")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(choose(range(x.shape[0]), r)) if r else []
    return x[asarray(places, dtype=int64, device=x.device).reshape(len(places), *[r] * bool(r))]


def _vector(operation: str) -> Callable[[Tensor], Tensor]:
    """A check that a tensor is a vector."""

    def require_vector(x: Tensor) -> Tensor:
        if x.ndim != 1:
            raise ShapeError(f"{operation}: got shape {x.shape}, wanted a vector")
        return x

    return require_vector


@function(methods=("split_with_sizes",), axis="one", scalar_axis=False)
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Split along an axis into parts of given lengths; views, as by `split`.

    Raises
    ------
    ValueError
        If the lengths do not add up to the axis.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.split_with_sizes(tp.arange(5), [2, 3])
    (tensor([0, 1]), tensor([2, 3, 4]))
    """
    return split(input, list(split_sizes), dim)


@function(methods=("tensor_split",), axis="one", scalar_axis=False)
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Split along an axis into a number of parts, or before each of given indices; views, as in `numpy.array_split`.

    Parameters
    ----------
    input : Tensor
    indices_or_sections : int or sequence of int
        The number of parts, whose lengths differ by at most one, the longer ones first; or the indices, counted from
        the end if negative, at which parts begin. A tensor of either is read.
    dim : int, default: 0

    Raises
    ------
    ValueError
        If the number of parts is not positive, or the tensor is 0-d.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.tensor_split(tp.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    >>> tp.tensor_split(tp.arange(5), (1, 3))
    (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
    return _tensor_split("tensor_split", input, indices_or_sections, dim)


def _tensor_split(operation: str, x: Tensor, indices_or_sections: Any, axis: int) -> tuple[Tensor, ...]:
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    length = x.shape[axis]
    if isinstance(indices_or_sections, list | tuple):
        places = [as_integer(operation, "an index", place) for place in indices_or_sections]
    else:
        count = as_integer(operation, "the number of parts", indices_or_sections)
        if count <= 0:
            raise ArgumentError(f"{operation}: got {count} parts, wanted at least one")
        require_size(operation, (count,))
        each, longer = divmod(length, count)
        places = [each * i + min(i, longer) for i in range(1, count)]
    return views_between(x, axis, (0, *places, length))


def _even_split(operation: str, x: Tensor, parts: Any, axis: int, least: int) -> tuple[Tensor, ...]:
    """Split by indices, or into a number of parts that must divide the axis."""
    if x.ndim < least:
        raise ShapeError(f"{operation}: got shape {x.shape}, wanted at least {least} axes")
    if isinstance(parts, int) and parts > 0 and x.shape[axis] % parts:
        raise ArgumentError(
            f"{operation}: axis {axis} of length {x.shape[axis]} cannot be split into {parts} equal parts"
        )
    return _tensor_split(operation, x, parts, axis)


@function(methods=("hsplit",))
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Split columns: along the second axis, a vector along its only one; views.

    Parameters
    ----------
    input : Tensor
    indices_or_sections : int or sequence of int
        The number of parts, which must divide the axis, or the indices at which parts begin.

    Raises
    ------
    ValueError
        If the parts would differ in length, or the tensor has too few axes.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.hsplit(tp.arange(4), 2)
    (tensor([0, 1]), tensor([2, 3]))
    """
    return _even_split("hsplit", input, indices_or_sections, int(input.ndim > 1), 1)


@function(methods=("vsplit",))
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Split rows: along the first of at least two axes; views. The parameters are those of `hsplit`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [part.shape for part in tp.vsplit(tp.zeros(4, 3), 2)]
    [(2, 3), (2, 3)]
    """
    return _even_split("vsplit", input, indices_or_sections, 0, 2)


@function(methods=("dsplit",))
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Split along the third of at least three axes; views. The parameters are those of `hsplit`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [part.shape for part in tp.dsplit(tp.zeros(1, 2, 4), [1])]
    [(1, 2, 1), (1, 2, 3)]
    """
    return _even_split("dsplit", input, indices_or_sections, 2, 3)
