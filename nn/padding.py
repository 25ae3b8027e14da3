"""Padding layers."""

from __future__ import annotations

from typing import Any, ClassVar

from ..core import Tensor
from ..core.pytorch.windows import per_axis
from . import functional
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Padding(Module):
    """Elements added at both ends of the last axes.

    Parameters
    ----------
    padding : int or tuple of int
        How many on every side; or in front and behind, of the last axis first.
    """

    axes: ClassVar[int]
    mode: ClassVar[str]

    def __init_subclass__(cls, axes: int = 0, mode: str = "constant") -> None:
        cls.axes, cls.mode = axes or getattr(cls, "axes", 0), mode

    def __init__(self, padding: Any, value: float = 0.0) -> None:
        self.padding = per_axis(type(self).__name__, "padding", padding, 2 * self.axes, -(2**31))
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Add the elements."""
        return functional.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"


class _ConstantPadding(_Padding):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding, value)

    def extra_repr(self) -> str:
        """The padding and the value."""
        return f"padding={self.padding}, value={self.value}"


class CircularPad1d(_Padding, axes=1, mode="circular"):
    """The elements from the other end added at both ends of the last axis: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.CircularPad1d(1)(tp.tensor([[1.0, 2.0]]))
    tensor([[2., 1., 2., 1.]])
    """


class CircularPad2d(_Padding, axes=2, mode="circular"):
    """The elements from the other end added at both ends of the last two axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.CircularPad2d(1)(tp.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """


class CircularPad3d(_Padding, axes=3, mode="circular"):
    """The elements from the other end added at both ends of the last three axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.CircularPad3d(1)(tp.zeros(1, 1, 2, 2, 2)).shape
    (1, 1, 4, 4, 4)
    """


class ConstantPad1d(_ConstantPadding, axes=1):
    """A constant added at both ends of the last axis: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ConstantPad1d(1, 5.0)(tp.tensor([[1.0, 2.0]]))
    tensor([[5., 1., 2., 5.]])
    """


class ConstantPad2d(_ConstantPadding, axes=2):
    """A constant added at both ends of the last two axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ConstantPad2d(1, 5.0)(tp.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """


class ConstantPad3d(_ConstantPadding, axes=3):
    """A constant added at both ends of the last three axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ConstantPad3d(1, 5.0)(tp.zeros(1, 1, 2, 2, 2)).shape
    (1, 1, 4, 4, 4)
    """


class ReflectionPad1d(_Padding, axes=1, mode="reflect"):
    """The elements mirrored at both ends of the last axis: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReflectionPad1d(1)(tp.tensor([[1.0, 2.0]]))
    tensor([[2., 1., 2., 1.]])
    """


class ReflectionPad2d(_Padding, axes=2, mode="reflect"):
    """The elements mirrored at both ends of the last two axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReflectionPad2d(1)(tp.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """


class ReflectionPad3d(_Padding, axes=3, mode="reflect"):
    """The elements mirrored at both ends of the last three axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReflectionPad3d(1)(tp.zeros(1, 1, 2, 2, 2)).shape
    (1, 1, 4, 4, 4)
    """


class ReplicationPad1d(_Padding, axes=1, mode="replicate"):
    """The first and last elements repeated at both ends of the last axis: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReplicationPad1d(1)(tp.tensor([[1.0, 2.0]]))
    tensor([[1., 1., 2., 2.]])
    """


class ReplicationPad2d(_Padding, axes=2, mode="replicate"):
    """The first and last elements repeated at both ends of the last two axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReplicationPad2d(1)(tp.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """


class ReplicationPad3d(_Padding, axes=3, mode="replicate"):
    """The first and last elements repeated at both ends of the last three axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ReplicationPad3d(1)(tp.zeros(1, 1, 2, 2, 2)).shape
    (1, 1, 4, 4, 4)
    """


class ZeroPad1d(_Padding, axes=1):
    """Zeros added at both ends of the last axis: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ZeroPad1d(1)(tp.tensor([[1.0, 2.0]]))
    tensor([[0., 1., 2., 0.]])
    """


class ZeroPad2d(_Padding, axes=2):
    """Zeros added at both ends of the last two axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ZeroPad2d(1)(tp.zeros(1, 1, 2, 2)).shape
    (1, 1, 4, 4)
    """


class ZeroPad3d(_Padding, axes=3):
    """Zeros added at both ends of the last three axes: see `nn.functional.pad`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.ZeroPad3d(1)(tp.zeros(1, 1, 2, 2, 2)).shape
    (1, 1, 4, 4, 4)
    """
