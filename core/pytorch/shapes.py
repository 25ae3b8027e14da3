"""PyTorch's reshapes after another tensor, and complex numbers seen as pairs of real ones."""

from __future__ import annotations

import math
from typing import Any

from ..families.function import function
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..memory.views import make_view
from ..standard.elementwise import complex
from ..standard.manipulation import imag, real, stack
from ..standard.manipulation.shapes import one_or_several
from ..standard.statistical import sum
from ..types.axes import broadcasts, normalize_shape
from ..types.errors import DTypeError, ShapeError

__all__ = ["ravel", "view_as_complex", "view_as_real"]


@function(public=False, methods=("reshape_as",))
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """Reshape the tensor to the shape of another one."""
    return reshape(self, other.shape)


@function()
def ravel(input: Tensor) -> Tensor:
    """All elements as a vector: a view of contiguous ones, else a copy.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ravel(tp.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return reshape(input, (math.prod(input._array.shape),))


@function(public=False, methods=("sum_to_size",))
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Sum the axes along which the given shape has length 1, the reverse of a broadcast.

    Raises
    ------
    ValueError
        If the shape does not broadcast to that of the tensor.
    """
    shape = normalize_shape("sum_to_size", one_or_several(size))
    if not broadcasts(shape, self.shape):
        raise ShapeError(f"sum_to_size: got size {shape}, wanted one that broadcasts to {self.shape}")
    ahead = self.ndim - len(shape)
    axes = [axis for axis, n in enumerate(self.shape) if axis < ahead or shape[axis - ahead] != n]
    return reshape(sum(self, axis=tuple(axes), dtype=self.dtype), shape) if axes else self


@function()
def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs of real and imaginary parts, along a new last axis; a copy.

    Raises
    ------
    TypeError
        If the tensor is not complex.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.view_as_real(tp.tensor([1.0 + 2.0j]))
    tensor([[1., 2.]])
    """
    if input.dtype.kind != "c":
        raise DTypeError(f"view_as_real: got {input.dtype}, wanted a complex dtype")
    return stack([real(input), imag(input)], axis=-1)


@function()
def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of real and imaginary parts along the last axis as complex numbers; a copy.

    Raises
    ------
    TypeError
        If the tensor is not of a real-valued floating-point dtype.
    ValueError
        If its last axis does not have length 2.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.view_as_complex(tp.tensor([[1.0, 2.0]]))
    tensor([1.+2.j], dtype=tensorplug.complex64)
    """
    if input.shape[-1:] != (2,):
        raise ShapeError(f"view_as_complex: got shape {input.shape}, wanted (..., 2)")
    return complex(make_view(input, "getitem", (..., 0)), make_view(input, "getitem", (..., 1)))
