"""Convolutions as in PyTorch: `conv1d` to `conv3d` and their transposes.

All are made of three operations, each of which is the gradient of the other two: they multiply matrices whose columns
are the sliding windows of the input (Chellapilla, Puri and Simard, "High performance convolutional neural networks for
document processing", 2006).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..dispatch.operation import Operation, operation
from ..families.function import function
from ..memory.coercion import same_device
from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..types.axes import as_integer
from ..types.errors import ArgumentError, DTypeError, ShapeError
from .windows import Window, as_given, channels_first, counts, per_axis, span

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


class Geometry(NamedTuple):
    """How the kernel of a convolution moves.

    Attributes
    ----------
    stride, dilation : tuple of int
        The step between windows and the step within them, along each axis.
    padding : tuple of tuple of int
        The zeros that are added in front and behind; negative ones crop, so that the windows fit exactly.
    groups : int
    """

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    def window(self, size: tuple[int, ...]) -> Window:
        """The windows of a kernel of a size."""
        return tuple(zip(size, self.stride, self.dilation, strict=True))


@operation(accepts="numeric")
def _convolution(ops: Any, x: Any, w: Any, *, geometry: Geometry) -> Any:
    """Cross-correlation of (N, C, ...) with kernels of shape (F, C / groups, ...)."""
    geometry = Geometry(*geometry)
    columns, counted = _columns(ops, x, w.shape[2:], geometry)
    found = ops.matmul(_rows(ops, w, geometry), columns)
    return ops.reshape(found, (x.shape[0], w.shape[0], *counted))


@operation(accepts="numeric")
def _convolution_transpose(ops: Any, x: Any, w: Any, *, geometry: Geometry) -> Any:
    """The gradient of a convolution by its input, given the gradient `x` of its result."""
    geometry = Geometry(*geometry)
    examples, groups = x.shape[0], geometry.groups
    inner = ops.reshape(x, (examples, groups, x.shape[1] // groups, math.prod(x.shape[2:])))
    columns = ops.matmul(ops.matrix_transpose(_rows(ops, w, geometry)), inner)
    channels, size = w.shape[1] * groups, w.shape[2:]
    window = geometry.window(size)
    whole = tuple((n - 1) * step + span(k, within) for n, (k, step, within) in zip(x.shape[2:], window, strict=True))
    blocks = ops.reshape(columns, (examples, channels, *size, *x.shape[2:]))
    found = ops.overlap_add(blocks, shape=(examples, channels, *whole), window=window)
    cropped = tuple((-before, -behind) for before, behind in geometry.padding)
    return ops.constant_pad(found, padding=cropped, value=0)


@operation(accepts="numeric")
def _convolution_weight(ops: Any, x: Any, y: Any, *, size: tuple[int, ...], geometry: Geometry) -> Any:
    """The gradient of a convolution of `x` by its kernels of a size, given the gradient `y` of its result."""
    geometry = Geometry(*geometry)
    columns, _ = _columns(ops, x, size, geometry)
    examples, groups = x.shape[0], geometry.groups
    inner = ops.reshape(y, (examples, groups, y.shape[1] // groups, math.prod(y.shape[2:])))
    found = ops.sum(ops.matmul(inner, ops.matrix_transpose(columns)), axis=0)
    return ops.reshape(found, (y.shape[1], x.shape[1] // groups, *size))


def _columns(ops: Any, x: Any, size: tuple[int, ...], geometry: Geometry) -> tuple[Any, tuple[int, ...]]:
    """The windows as columns of matrices, one for each example and group, and their number along each axis."""
    padded = ops.constant_pad(x, padding=geometry.padding, value=0)
    windows = ops.windows(padded, window=geometry.window(size))
    counted = tuple(windows.shape[2 + len(size) :])
    rows = x.shape[1] // geometry.groups * math.prod(size)
    return ops.reshape(windows, (x.shape[0], geometry.groups, rows, math.prod(counted))), counted


def _rows(ops: Any, w: Any, geometry: Geometry) -> Any:
    """The kernels as rows of matrices, one for each group."""
    return ops.reshape(w, (geometry.groups, w.shape[0] // geometry.groups, math.prod(w.shape[1:])))


def _convolve(
    operation: str, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    groups: Any,
) -> Tensor:  # fmt: skip
    count = int(operation[4])
    x, weight, bias, groups = _operands(operation, input, weight, bias, groups, count)
    wanted = weight.shape[1] * groups
    if x.shape[1] != wanted or weight.shape[0] % groups:
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape} and a weight of shape {weight.shape} with {groups} "
            f"groups, wanted an input with {wanted} channels and a multiple of {groups} kernels"
        )
    strides, dilations = per_axis(operation, "stride", stride, count), per_axis(operation, "dilation", dilation, count)
    window = tuple(zip(weight.shape[2:], strides, dilations, strict=True))
    margins = _margins(operation, padding, window)
    whole = tuple(n + before + behind for n, (before, behind) in zip(x.shape[2:], margins, strict=True))
    number = counts(whole, window)
    if not all(number):
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape} with padding {padding}, wanted one not smaller than the "
            f"kernel of shape {weight.shape[2:]} with dilation {dilation}"
        )
    exact = tuple(
        (before, (counted - 1) * step + span(size, within) - length - before)
        for (before, _), counted, (size, step, within), length in zip(margins, number, window, x.shape[2:], strict=True)
    )
    return as_given(input, _biased(_convolution, x, weight, bias, Geometry(strides, exact, dilations, groups)), count)


def _convolve_transposed(
    operation: str, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, output_padding: Any,
    groups: Any, dilation: Any,
) -> Tensor:  # fmt: skip
    count = int(operation[14])
    x, weight, bias, groups = _operands(operation, input, weight, bias, groups, count)
    if x.shape[1] != weight.shape[0] or x.shape[1] % groups:
        raise ShapeError(
            f"{operation}: got an input of shape {input.shape} and a weight of shape {weight.shape} with {groups} "
            f"groups, wanted an input with {weight.shape[0]} channels, a multiple of the groups"
        )
    strides, dilations = per_axis(operation, "stride", stride, count), per_axis(operation, "dilation", dilation, count)
    margins = per_axis(operation, "padding", padding, count, 0)
    more = per_axis(operation, "output_padding", output_padding, count, 0)
    if any(n >= max(step, within) for n, step, within in zip(more, strides, dilations, strict=True)):
        raise ArgumentError(
            f"{operation}: got output_padding {output_padding}, wanted less than the stride {stride} or the dilation "
            f"{dilation}"
        )
    exact = tuple((margin, margin - n) for margin, n in zip(margins, more, strict=True))
    found = _biased(_convolution_transpose, x, weight, bias, Geometry(strides, exact, dilations, groups))
    return as_given(input, found, count)


def _operands(
    operation: str, input: Tensor, weight: Tensor, bias: Tensor | None, groups: Any, count: int
) -> tuple[Tensor, Tensor, Tensor | None, int]:
    """The operands on one device, checked as far as all convolutions want the same of them."""
    input, weight = same_device(operation, input, weight)
    if bias is not None:
        _, bias = same_device(operation, input, bias)
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.dtype is not input.dtype:
            found = f"an input of {input.dtype} and a {name} of {other.dtype}"
            raise DTypeError(f"{operation}: got {found}, wanted one dtype")
    if weight.ndim != count + 2 or 0 in weight.shape[2:]:
        raise ShapeError(
            f"{operation}: got a weight of shape {weight.shape}, wanted {count + 2} axes and no empty kernel"
        )
    groups = as_integer(operation, "groups", groups)
    if groups < 1:
        raise ArgumentError(f"{operation}: got {groups} groups, wanted 1 or more")
    channels = weight.shape[1] * groups if "transpose" in operation else weight.shape[0]
    if bias is not None and bias.shape != (channels,):
        raise ShapeError(f"{operation}: got a bias of shape {bias.shape}, wanted ({channels},), one for each channel")
    return channels_first(operation, input, count), weight, bias, groups


def _biased(made: Operation, x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    found: Tensor = made(x, weight, geometry=geometry)
    return found if bias is None else found + reshape(bias, (-1, *(1,) * len(geometry.stride)))


def _margins(operation: str, padding: Any, window: Window) -> tuple[tuple[int, int], ...]:
    """The padding in front and behind along each axis."""
    if not isinstance(padding, str):
        return tuple((n, n) for n in per_axis(operation, "padding", padding, len(window), 0))
    if padding == "valid":
        return ((0, 0),) * len(window)
    if padding != "same":
        raise ArgumentError(f"{operation}: got padding {padding!r}, wanted numbers, 'same' or 'valid'")
    if any(step != 1 for _, step, _ in window):
        raise ArgumentError(f"{operation}: got padding 'same' with a stride, wanted stride 1")
    added = [span(size, within) - 1 for size, _, within in window]
    return tuple((n // 2, n - n // 2) for n in added)


@function(widens_half=True, accepts="numeric")
def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolution over one axis; the parameters are those of `conv2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.conv1d(tp.arange(4.0).reshape(1, 4), tp.tensor([[[1.0, -1.0]]]))
    tensor([[-1., -1., -1.]])
    """
    return _convolve("conv1d", input, weight, bias, stride, padding, dilation, groups)


@function(widens_half=True, accepts="numeric")
def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolution of images, more precisely cross-correlation, as in PyTorch.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a numeric dtype; half-precision types are computed in float32.
    weight : Tensor, shape (F, C / groups, h, w)
        The kernels, of the dtype of `input`.
    bias : Tensor, shape (F,), optional
        What is added to each channel.
    stride, dilation : int or tuple of int, default: 1
        The step between windows, and the step within them.
    padding : int, tuple of int, "valid" or "same", default: 0
        The zeros added at both ends of each axis; "same" adds as many as keep the size.
    groups : int, default: 1
        The number of groups of channels that are convolved separately.

    Returns
    -------
    Tensor, shape (N, F, ...)

    Raises
    ------
    ShapeError
        If the shapes do not fit, or the kernel is larger than the input.
    TypeError
        If the dtypes differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> image = tp.arange(9.0).reshape(1, 3, 3)
    >>> tp.nn.functional.conv2d(image, tp.ones(1, 1, 2, 2))
    tensor([[[ 8., 12.],
             [20., 24.]]])
    """
    return _convolve("conv2d", input, weight, bias, stride, padding, dilation, groups)


@function(widens_half=True, accepts="numeric")
def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolution over three axes; the parameters are those of `conv2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.conv3d(tp.ones(1, 1, 2, 2, 2), tp.ones(3, 1, 2, 2, 2)).flatten()
    tensor([8., 8., 8.])
    """
    return _convolve("conv3d", input, weight, bias, stride, padding, dilation, groups)


@function(widens_half=True, accepts="numeric")
def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution over one axis; the parameters are those of `conv_transpose2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.conv_transpose1d(tp.tensor([[1.0, 2.0]]), tp.ones(1, 1, 3), stride=2)
    tensor([[1., 1., 3., 2., 2.]])
    """
    return _convolve_transposed(
        "conv_transpose1d", input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function(widens_half=True, accepts="numeric")
def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution of images: the gradient of `conv2d` by its input, also called deconvolution.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W)
        Of a numeric dtype; half-precision types are computed in float32.
    weight : Tensor, shape (C, F / groups, h, w)
        The kernels, of the dtype of `input`.
    bias : Tensor, shape (F,), optional
        What is added to each channel.
    stride, padding, dilation : int or tuple of int
        Those of the convolution whose gradient this is: the padding is taken off the result.
    output_padding : int or tuple of int, default: 0
        What is added to one end of the result, whose size the convolution's does not determine.
    groups : int, default: 1
        The number of groups of channels that are convolved separately.

    Returns
    -------
    Tensor, shape (N, F, ...)

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    TypeError
        If the dtypes differ.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.conv_transpose2d(tp.ones(1, 2, 2), tp.ones(1, 1, 2, 2))
    tensor([[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]])
    """
    return _convolve_transposed(
        "conv_transpose2d", input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function(widens_half=True, accepts="numeric")
def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """Transposed convolution over three axes; the parameters are those of `conv_transpose2d`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.functional.conv_transpose3d(tp.ones(1, 1, 1, 1, 1), tp.ones(1, 1, 2, 1, 2)).flatten()
    tensor([1., 1., 1., 1.])
    """
    return _convolve_transposed(
        "conv_transpose3d", input, weight, bias, stride, padding, output_padding, groups, dilation
    )
