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


def _pool(op: str, **fixed: int) -> Callable[..., Any]:
    """Pooling of a batch, whose example alone gets an axis in front."""

    def lowered(
        g: Graph, out: Any, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, dilation: Any = 1,
        count_include_pad: bool | None = None, **others: Any,
    ) -> Name:  # fmt: skip
        count = int(fixed["count"])
        size, step, margin, within = (
            _as_tuple(one) * (count if len(_as_tuple(one)) == 1 else 1)
            for one in (kernel_size, kernel_size if stride in (None, (), []) else stride, padding, dilation)
        )
        attributes: dict[str, Any] = {} if count_include_pad is None else {"count_include_pad": int(count_include_pad)}
        alone = len(input.shape) == count + 1
        x = g.Unsqueeze(input, [0]) if alone else input
        found = g.node(
            op, x, kernel_shape=list(size), strides=list(step), pads=[*margin, *margin], dilations=list(within),
            ceil_mode=int(ceil_mode), **attributes,
        )  # fmt: skip
        return g.Squeeze(found, [0]) if alone else found

    return lowered


def _without_indices(return_indices: bool, **arguments: Any) -> bool:
    return not return_indices


def _counts_windows(ceil_mode: bool, divisor_override: Any = None, **arguments: Any) -> bool:
    # A last window beyond the padding is divided by another number.
    return divisor_override is None and not ceil_mode


def _topk(g: Graph, out: Any, x: Any, k: int, dim: int, largest: bool, sorted: bool, **others: Any) -> list[Name]:
    return g.node_with_outputs("TopK", 2, x, [k], axis=dim, largest=int(bool(largest)))


def _has_rows(x: Any, **arguments: Any) -> bool:
    return bool(x.shape) and x.dtype != bool


FUNCTIONS: dict[str, FunctionNode] = {
    **{f"max_pool{n}d": FunctionNode(_pool("MaxPool", count=n), _without_indices) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": FunctionNode(_pool("AveragePool", count=n), _counts_windows) for n in (1, 2, 3)},
    "batch_norm": FunctionNode(_batch_norm, lambda training, **arguments: not training),
    "celu": FunctionNode(_celu, _is_float32),
    "gelu": FunctionNode(_gelu),
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
