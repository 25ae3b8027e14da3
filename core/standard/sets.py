"""Set functions (array API standard 2025.12, "Set Functions").

Elements are compared by value: every NaN differs from any other, and zeros of both signs are equal. Unique elements
are in ascending order, complex ones by their real and then their imaginary parts, NaN last; of equal elements the first
is returned.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...backends.common.uniques import is_member, unique_indices
from ..dispatch.operation import operation
from ..families.function import function
from ..memory.coercion import pair
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor, wrap
from ..memory.views import array_of
from ..types.dtypes import bool_, uint8
from ..types.errors import unsupported
from .indexing import getitem

__all__ = ["isin", "unique_all", "unique_counts", "unique_inverse", "unique_values"]


@operation(result="int64")
def _unique_indices(ops: Any, x: Any, *, is_complex: bool, inverse: bool) -> Any:
    """First indices, counts and inverse indices of the unique elements."""
    return unique_indices(ops, x, is_complex=is_complex, inverse=inverse)


@operation(result="bool", takes_scalars=True, compares=True)
def _isin(ops: Any, x1: Any, x2: Any, *, invert: bool) -> Any:
    """Whether each element of `x1` is in `x2`."""
    return is_member(ops, x1, x2, invert=invert)


class UniqueAll(NamedTuple):
    """The result of `unique_all`."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The result of `unique_counts`."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The result of `unique_inverse`."""

    values: Tensor
    inverse_indices: Tensor


def _unique(x: Tensor, inverse: bool) -> UniqueAll:
    """The results of all four functions; inverse indices only on request."""
    flat = reshape(x, (x.numel(),))
    keys = cast(flat, uint8) if x.dtype is bool_ else flat
    kernel, key = keys._key.table["unique_indices"]
    arrays = kernel(array_of(keys), is_complex=x.dtype.kind == "c", inverse=inverse)
    indices, counts, inverses = (wrap(array, key) for array in arrays)
    values = getitem(flat, indices)
    return UniqueAll(values, indices, reshape(inverses, x.shape) if inverse else inverses, counts)


@function()
def unique_all(x: Tensor, /) -> UniqueAll:
    """The unique elements with their first indices, inverse indices and counts.

    Parameters
    ----------
    x : Tensor
        Of any dtype; taken as if it were flat.

    Returns
    -------
    values : Tensor, shape (K,)
        The unique elements, in the dtype of `x`.
    indices : Tensor, shape (K,), dtype int64
        Where in the flat `x` each first occurs.
    inverse_indices : Tensor, dtype int64
        Of the shape of `x`: where in `values` its elements are found.
    counts : Tensor, shape (K,), dtype int64
        How often each occurs.

    Notes
    -----
    Every NaN is unlike any other, and zeros of both signs are one. The values come in ascending order, complex ones by
    their real and then their imaginary parts, NaN last; equal ones are represented by the first. Gradients flow through
    the values.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unique_all(tp.tensor([3, 1, 3])).indices
    tensor([1, 0])
    """
    return _unique(x, True)


@function()
def unique_counts(x: Tensor, /) -> UniqueCounts:
    """The unique elements with their counts.

    Parameters
    ----------
    x : Tensor
        Of any dtype; taken as if it were flat.

    Returns
    -------
    values : Tensor, shape (K,)
        The unique elements, in the dtype of `x`.
    counts : Tensor, shape (K,), dtype int64
        How often each occurs.

    Notes
    -----
    Every NaN is unlike any other, and zeros of both signs are one. The values come in ascending order, complex ones by
    their real and then their imaginary parts, NaN last; equal ones are represented by the first. Gradients flow through
    the values.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unique_counts(tp.tensor([3, 1, 3]))
    UniqueCounts(values=tensor([1, 3]), counts=tensor([1, 2]))
    """
    found = _unique(x, False)
    return UniqueCounts(found.values, found.counts)


@function()
def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """The unique elements with the inverse indices.

    Parameters
    ----------
    x : Tensor
        Of any dtype; taken as if it were flat.

    Returns
    -------
    values : Tensor, shape (K,)
        The unique elements, in the dtype of `x`.
    inverse_indices : Tensor, dtype int64
        Of the shape of `x`: where in `values` its elements are found.

    Notes
    -----
    Every NaN is unlike any other, and zeros of both signs are one. The values come in ascending order, complex ones by
    their real and then their imaginary parts, NaN last; equal ones are represented by the first. Gradients flow through
    the values.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unique_inverse(tp.tensor([3, 1, 3])).inverse_indices
    tensor([1, 0, 1])
    """
    found = _unique(x, True)
    return UniqueInverse(found.values, found.inverse_indices)


@function()
def unique_values(x: Tensor, /) -> Tensor:
    """The unique elements.

    Parameters
    ----------
    x : Tensor
        Of any dtype; taken as if it were flat.

    Returns
    -------
    Tensor, shape (K,)
        The unique elements, in the dtype of `x`.

    Notes
    -----
    Every NaN is unlike any other, and zeros of both signs are one. The values come in ascending order, complex ones by
    their real and then their imaginary parts, NaN last; equal ones are represented by the first. Gradients flow through
    the values.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.unique_values(tp.tensor([0.0, tp.nan, -0.0, tp.nan]))
    tensor([0., nan, nan])
    """
    return _unique(x, False).values


@function(keywords=("elements", "test_elements"))
def isin(x1: Any, x2: Any, /, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element of `x1` is in `x2`; NaN is not.

    Parameters
    ----------
    x1, x2 : Tensor or Python scalar
        Of any dtype, at least one of them a tensor; they are promoted to a common dtype.
    assume_unique : bool, default: False
        PyTorch's hint, which changes nothing.
    invert : bool, default: False
        Whether to ask the opposite.

    Returns
    -------
    Tensor, dtype bool
        The shape of `x1`; 0-d for a scalar.

    Raises
    ------
    DeviceError
        If the tensors are on different devices.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.isin(tp.tensor([[1, 2], [3, 4]]), tp.tensor([2, 4, 6]))
    tensor([[False,  True],
            [False,  True]])
    """
    operands = pair(_isin, x1, x2) if isinstance(x1, Tensor) or isinstance(x2, Tensor) else None
    if operands is None:
        raise unsupported("isin", x1, x2)
    first, second = operands
    if first.dtype is bool_:
        first, second = cast(first, uint8), cast(second, uint8)
    found: Tensor = _isin(first, second, invert=bool(invert))
    return found
