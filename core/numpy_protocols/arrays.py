"""NumPy's functions that join, split, rearrange and index arrays."""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ..memory.structure import clone
from ..memory.tensor import Tensor
from ..memory.writes import copy_
from ..standard import (
    creation,
    data_types,
    manipulation,
    searching,
    sets,
)
from ..types.axes import normalize_axis
from ..types.dtypes import bool_
from ..types.errors import ShapeError
from .composed import composed
from .operands import Function, as_operand, cast_operand, flattened, on_host, tensor_pair


@composed("numpy.concatenate")
def concatenate(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    like = next(x for x in arrays if isinstance(x, Tensor))
    parts = [as_operand(x, like) for x in arrays]
    if dtype is not None:
        parts = [cast_operand("numpy.concatenate", x, dtype, like) for x in parts]
    if axis is None:
        parts, axis = [flattened(x) for x in parts], 0
    return manipulation.concat(parts, axis=axis)


@composed("numpy.append")
def _append(arr: Any, values: Any, axis: Any = None) -> Tensor:
    return concatenate(tensor_pair(arr, values), axis)


@composed("numpy.column_stack")
def _columns(tup: Any) -> Tensor:
    return concatenate([x if x.ndim > 1 else x.reshape((-1, 1)) for x in tup], 1)


@composed("numpy.array_split")
def _array_split(ary: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    axis = normalize_axis("array_split", axis, ary.ndim)
    length = ary.shape[axis]
    if isinstance(indices_or_sections, int):
        width, longer = divmod(length, indices_or_sections)
        ends = [width * i + min(i, longer) for i in range(1, indices_or_sections)]
    else:
        ends = list(indices_or_sections)
    bounds = zip([0, *ends], [*ends, length], strict=True)
    return [ary[(slice(None),) * axis + (slice(start, max(start, end)),)] for start, end in bounds]


@composed("numpy.split")
def _split(ary: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    if isinstance(indices_or_sections, int) and ary.shape[axis] % indices_or_sections:
        raise ShapeError(
            f"numpy.split: got {indices_or_sections} parts of {ary.shape[axis]} elements, wanted equally long parts"
        )
    return _array_split(ary, indices_or_sections, axis)


def _along(axis: int, split: Function = _split) -> Function:
    """A split along one axis; a vector is split along its only axis."""
    return lambda ary, indices_or_sections: split(ary, indices_or_sections, axis if ary.ndim > 1 else 0)


def atleast(ndim: int, *arys: Any) -> Any:
    found = tuple(x.reshape((*(1,) * (ndim - x.ndim), *x.shape)) if x.ndim < ndim else x for x in arys)
    return found[0] if len(found) == 1 else found


@composed("numpy.atleast_3d")
def _atleast_3d(*arys: Any) -> Any:
    """The axes of a matrix become the first two, as in NumPy, and that of a vector the middle one."""
    found = tuple(x.reshape((*atleast(2, x).shape, 1)) if x.ndim < 3 else x for x in arys)
    return found[0] if len(found) == 1 else found


@composed("numpy.broadcast_arrays")
def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    if any(not isinstance(x, Tensor | list | tuple | numpy.generic | bool | int | float | complex) for x in args):
        # None and strings, which matplotlib passes, become arrays of objects.
        return numpy.broadcast_arrays(*on_host(args), subok=subok)
    like = next(x for x in args if isinstance(x, Tensor))
    return manipulation.broadcast_arrays(*(tensor_pair(like, x)[1] for x in args))


@composed("numpy.diag")
def _diag(v: Tensor, k: int = 0) -> Tensor:
    if v.ndim != 1:
        return manipulation.diagonal(v, k)
    before, after = (creation.zeros(max(n, 0), dtype=v.dtype, device=v.device) for n in (k, -k))
    row = manipulation.concat([before, v, after])
    on_diagonal = creation.eye(row.shape[0], k=k, dtype=bool_, device=v.device)
    return searching.where(on_diagonal, row, 0)


@composed("numpy.transpose")
def _transpose(a: Tensor, axes: Any = None) -> Tensor:
    return manipulation.permute_dims(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


@composed("numpy.take")
def _take(a: Any, indices: Any, axis: Any = None) -> Tensor:
    a, indices = tensor_pair(a, indices)
    flat = flattened(a) if axis is None else a
    axis = normalize_axis("numpy.take", 0 if axis is None else axis, flat.ndim)
    found: Tensor = flat[(slice(None),) * axis + (indices,)]
    return found


@composed("numpy.unique")
def _unique(
    ar: Tensor,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    found = sets.unique_all(ar)
    wanted = (True, return_index, return_inverse, return_counts)
    parts = tuple(part for part, asked in zip(found, wanted, strict=True) if asked)
    return parts[0] if len(parts) == 1 else parts


@composed("numpy.where")
def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    branches = [one for one in (x, y) if one is not None]
    like = next(one for one in (condition, *branches) if isinstance(one, Tensor))
    condition = creation.asarray(condition, device=like.device)
    chosen = condition if condition.dtype is bool_ else condition != 0
    return searching.where(chosen, *(as_operand(one, like) for one in branches))


@composed("numpy.copyto")
def _copyto(dst: Any, src: Any) -> None:
    copy_(dst, tensor_pair(dst, src)[1])


composed("numpy.argwhere")(lambda a: searching.nonzero(a, as_tuple=False))
composed("numpy.atleast_1d")(functools.partial(atleast, 1))
composed("numpy.atleast_2d")(functools.partial(atleast, 2))
composed("numpy.can_cast")(lambda from_, to, casting="safe": numpy.can_cast(from_.dtype.dtype, to, casting))
composed("numpy.copy")(lambda a, order="K", subok=False: clone(a))
composed("numpy.diagonal")(lambda a, offset=0, axis1=0, axis2=1: manipulation.diagonal(a, offset, axis1, axis2))
composed("numpy.dsplit")(_along(2))
composed("numpy.dstack")(lambda tup: concatenate([_atleast_3d(x) for x in tup], 2))
composed("numpy.flatnonzero")(lambda a: searching.nonzero(flattened(a))[0])
composed("numpy.fliplr")(lambda m: manipulation.flip(m, axis=1))
composed("numpy.flipud")(lambda m: manipulation.flip(m, axis=0))
composed("numpy.hsplit")(_along(1))
composed("numpy.hstack")(lambda tup: concatenate([atleast(1, x) for x in tup], 0 if tup[0].ndim < 2 else 1))
composed("numpy.imag")(lambda val: val.imag)
composed("numpy.iscomplexobj")(lambda x: x.dtype.is_complex)
composed("numpy.isrealobj")(lambda x: not x.dtype.is_complex)
composed("numpy.matrix_transpose")(lambda x: manipulation.matrix_transpose(x))
composed("numpy.linalg.matrix_transpose")(lambda x: manipulation.matrix_transpose(x))
composed("numpy.ndim")(lambda a: a.ndim)
composed("numpy.ravel")(lambda a: flattened(a))
composed("numpy.real")(lambda val: val.real)
composed("numpy.result_type")(lambda *arrays_and_dtypes: data_types.result_type(*arrays_and_dtypes).dtype)
composed("numpy.shape")(lambda a: a.shape)
composed("numpy.size")(lambda a, axis=None: int(a.size) if axis is None else a.shape[axis])
composed("numpy.swapaxes")(lambda a, axis1, axis2: manipulation.transpose(a, axis1, axis2))
composed("numpy.vsplit")(_along(0))
composed("numpy.vstack")(lambda tup: concatenate([atleast(2, x) for x in tup]))
