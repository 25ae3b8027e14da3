"""Lowering of what networks are made of: operations, and functions that are one node in ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from .arrays import pad
from .graph import Graph, Name, Value


class FunctionNode(NamedTuple):
    """How a call of a function is lowered.

    Attributes
    ----------
    lower : callable
        ``lower(graph, out, **arguments)`` adds the node and returns its output, or several.
    fits : callable
        ``fits(**arguments)`` tells whether these arguments can be lowered so.
    """

    lower: Callable[..., Any]
    fits: Callable[..., bool] = lambda **arguments: True


# Operations


def _along(op: str) -> Callable[..., Name]:
    def lowered(g: Graph, out: Any, x: Any, axis: int) -> Name:
        return g.node(op, x, axis=axis)

    return lowered


def _standardize(g: Graph, out: Any, x: Any, axis: Sequence[int], eps: float) -> Name:
    rank = len(x.shape)
    if tuple(axis) == tuple(range(rank - len(axis), rank)):
        scale = numpy.ones([x.shape[i] for i in axis], x.dtype)
        return g.LayerNormalization(x, scale, axis=-len(axis), epsilon=float(eps))
    centered = g.Sub(x, g.ReduceMean(x, list(axis), keepdims=1))
    variance = g.ReduceMean(g.Mul(centered, centered), list(axis), keepdims=1)
    return g.Div(centered, g.Sqrt(g.Add(variance, g.cast(eps, x.dtype))))


def _convolution(g: Graph, out: Any, x: Any, w: Any, geometry: Any) -> Name:
    stride, padding, dilation, groups = geometry
    given: Any = x
    if any(margin < 0 for margins in padding for margin in margins):
        given = pad(g, x, [(axis, *margins) for axis, margins in enumerate(padding, 2)])
        padding = [(0, 0)] * len(padding)
    return g.Conv(
        given, w, strides=list(stride), pads=_pads(padding), dilations=list(dilation), group=groups,
        kernel_shape=list(w.shape[2:]),
    )  # fmt: skip


def _convolution_transpose(g: Graph, out: Any, x: Any, w: Any, geometry: Any) -> Name:
    stride, padding, dilation, groups = geometry
    # ONNX has no negative padding, which adds zeros here; behind, it may be what the result is longer by.
    more = [max(-behind, 0) if -behind < step else 0 for (_, behind), step in zip(padding, stride, strict=True)]
    rest = [(before, behind + n) for (before, behind), n in zip(padding, more, strict=True)]
    whole = any(margin < 0 for margins in rest for margin in margins)
    found = g.ConvTranspose(
        x, w, strides=list(stride), pads=[0] * (2 * len(stride)) if whole else _pads(rest), dilations=list(dilation),
        group=groups, output_padding=more, kernel_shape=list(w.shape[2:]),
    )  # fmt: skip
    if whole:
        found = pad(g, Value(found, out.shape, out.dtype), [(i, -a, -b) for i, (a, b) in enumerate(rest, 2)])
    return found


def _pads(padding: Any) -> list[int]:
    """ONNX's padding: the numbers in front along each axis, then those behind."""
    return [before for before, _ in padding] + [behind for _, behind in padding]


OPERATIONS: dict[str, Callable[..., Any]] = {
    "convolution": _convolution,
    "convolution_transpose": _convolution_transpose,
    "log_softmax": _along("LogSoftmax"),
    "softmax": _along("Softmax"),
    "standardize": _standardize,
}

# Functions


def _linear(g: Graph, out: Any, input: Any, weight: Any, bias: Any) -> Name:
    return g.Gemm(input, weight, bias, transB=1)


def _is_gemm(input: Any, weight: Any, bias: Any) -> bool:
    same = input.dtype == weight.dtype == (weight if bias is None else bias).dtype
    return same and input.dtype.kind == "f" and len(input.shape) == len(weight.shape) == 2


def _gelu(g: Graph, out: Any, input: Any, approximate: str) -> Name:
    return g.Gelu(input, approximate=approximate)


def _plain(op: str, **attributes: float) -> FunctionNode:
    """A function of one array, with attributes that ONNX needs."""

    def lowered(g: Graph, out: Any, input: Any, **arguments: Any) -> Name:
        return g.node(op, input, **attributes)

    return FunctionNode(lowered)


def _celu(g: Graph, out: Any, input: Any, alpha: float) -> Name:
    return g.Celu(input, alpha=float(alpha))


def _is_float32(input: Any, **arguments: Any) -> bool:
    return bool(input.dtype == numpy.float32)


def _prelu(g: Graph, out: Any, input: Any, weight: Any) -> Name:
    rank = len(input.shape)
    shape = weight.shape if math.prod(weight.shape) == 1 or rank < 2 else (*weight.shape, *(1,) * (rank - 2))
    return g.PRelu(input, g.reshape(weight, shape) if shape != weight.shape else weight)


def _batch_norm(
    g: Graph, out: Any, input: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any, training: bool,
    momentum: float, eps: float,
) -> Name:  # fmt: skip
    channels = running_mean.shape
    scale = numpy.ones(channels, input.dtype) if weight is None else weight
    offset = numpy.zeros(channels, input.dtype) if bias is None else bias
    return g.BatchNormalization(input, scale, offset, running_mean, running_var, epsilon=float(eps))


def _layer_norm(g: Graph, out: Any, input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Name:
    shape = _as_tuple(normalized_shape)
    scale = numpy.ones(shape, input.dtype) if weight is None else weight
    return g.LayerNormalization(input, scale, bias, axis=-len(shape), epsilon=float(eps))


def _as_tuple(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _per_axis(value: Any, count: int) -> list[int]:
    given = _as_tuple(value)
    return list(given * count if len(given) == 1 else given)


def _of_batch(g: Graph, op: str, count: int, input: Any, *operands: Any, **attributes: Any) -> Name:
    """A node on a batch with axes of space, to which one example is made and from which it is taken."""
    if len(input.shape) == count + 2:
        return g.node(op, input, *operands, **attributes)
    return g.Squeeze(g.node(op, g.Unsqueeze(input, [0]), *operands, **attributes), [0])


def _conv(count: int) -> FunctionNode:
    def lowered(
        g: Graph, out: Any, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Name:
        size, within = list(weight.shape[2:]), _per_axis(dilation, count)
        pads = [0] * (2 * count)
        if padding == "same":
            added = [step * (n - 1) for n, step in zip(size, within, strict=True)]
            pads = [*(n // 2 for n in added), *(n - n // 2 for n in added)]
        elif padding != "valid":
            pads = _per_axis(padding, count) * 2
        return _of_batch(
            g, "Conv", count, input, weight, bias, strides=_per_axis(stride, count), pads=pads, dilations=within,
            group=groups, kernel_shape=size,
        )  # fmt: skip

    return FunctionNode(lowered, _of_floats)


def _conv_transpose(count: int) -> FunctionNode:
    def lowered(
        g: Graph, out: Any, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any,
        groups: int, dilation: Any,
    ) -> Name:  # fmt: skip
        return _of_batch(
            g, "ConvTranspose", count, input, weight, bias, strides=_per_axis(stride, count),
            pads=_per_axis(padding, count) * 2, output_padding=_per_axis(output_padding, count),
            dilations=_per_axis(dilation, count), group=groups, kernel_shape=list(weight.shape[2:]),
        )  # fmt: skip

    return FunctionNode(lowered, _of_floats)


def _of_floats(input: Any, **arguments: Any) -> bool:
    return bool(input.dtype.kind == "f")


def _pool(op: str, count: int, fits: Callable[..., bool]) -> FunctionNode:
    def lowered(
        g: Graph, out: Any, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, dilation: Any = 1,
        count_include_pad: bool | None = None, **others: Any,
    ) -> Name:  # fmt: skip
        attributes: dict[str, Any] = {} if count_include_pad is None else {"count_include_pad": int(count_include_pad)}
        return _of_batch(
            g, op, count, input, kernel_shape=_per_axis(kernel_size, count),
            strides=_per_axis(kernel_size if stride in (None, (), []) else stride, count),
            pads=_per_axis(padding, count) * 2, dilations=_per_axis(dilation, count), ceil_mode=int(ceil_mode),
            **attributes,
        )  # fmt: skip

    return FunctionNode(lowered, fits)


def _without_indices(return_indices: bool, **arguments: Any) -> bool:
    return not return_indices


def _counts_windows(ceil_mode: bool, divisor_override: Any = None, **arguments: Any) -> bool:
    # A last window beyond the padding is divided by another number.
    return divisor_override is None and not ceil_mode


RESIZING: dict[str, dict[str, Any]] = {
    "nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    "linear": {"mode": "linear"},
    "bilinear": {"mode": "linear"},
    "bicubic": {"mode": "cubic", "cubic_coeff_a": -0.75},
}
"""The attributes of Resize by PyTorch's names of modes."""


def _interpolate(
    g: Graph, out: Any, input: Any, size: Any, scale_factor: Any, mode: str, align_corners: bool | None, **others: Any
) -> Name:
    attributes = dict(RESIZING[mode])
    if mode != "nearest":
        attributes["coordinate_transformation_mode"] = "align_corners" if align_corners else "half_pixel"
    if size is not None:
        return g.Resize(input, None, None, list(out.shape), **attributes)
    factors = _per_axis(scale_factor, len(out.shape) - 2)
    return g.Resize(input, None, numpy.asarray([1.0, 1.0, *factors], numpy.float32), **attributes)


def _is_resize(mode: str, recompute_scale_factor: Any, input: Any, **arguments: Any) -> bool:
    return mode in RESIZING and not recompute_scale_factor and input.dtype == numpy.float32


def _topk(g: Graph, out: Any, x: Any, k: int, dim: int, largest: bool, sorted: bool, **others: Any) -> list[Name]:
    return g.node_with_outputs("TopK", 2, x, [k], axis=dim, largest=int(bool(largest)))


def _has_rows(x: Any, **arguments: Any) -> bool:
    return bool(x.shape) and x.dtype != bool


FUNCTIONS: dict[str, FunctionNode] = {
    **{f"conv{n}d": _conv(n) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _conv_transpose(n) for n in (1, 2, 3)},
    **{f"max_pool{n}d": _pool("MaxPool", n, _without_indices) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _pool("AveragePool", n, _counts_windows) for n in (1, 2, 3)},
    "batch_norm": FunctionNode(_batch_norm, lambda training, **arguments: not training),
    "celu": FunctionNode(_celu, _is_float32),
    "gelu": FunctionNode(_gelu),
    "interpolate": FunctionNode(_interpolate, _is_resize),
    "hardsigmoid": _plain("HardSigmoid", alpha=1.0 / 6.0, beta=0.5),
    "hardswish": _plain("HardSwish"),
    "layer_norm": FunctionNode(_layer_norm),
    "linear": FunctionNode(_linear, _is_gemm),
    "mish": _plain("Mish"),
    "prelu": FunctionNode(_prelu),
    "selu": _plain("Selu", alpha=1.6732632423543772848170429916717, gamma=1.0507009873554804934193349852946),
    "softsign": _plain("Softsign"),
    "topk": FunctionNode(_topk, _has_rows),
}
