"""How tangents go through operations in forward mode, where that is quicker than to transpose the gradient's formula.

An operation without a formula here needs none: see `tensorplug.autograd.forward`.
"""

from __future__ import annotations

from typing import Any

from ..rule import RULES, diagonal, tangent
from .statistical import Axes, behind, spread

Shape = tuple[int, ...]


def _real(ops: Any, x: Any) -> Any:
    return ops.real(x) if "complex" in str(x.dtype) else x


def _zeros(ops: Any, like: Any, shape: Shape) -> Any:
    """Zeros of an array's kind in another shape."""
    return ops.broadcast_to(ops.zeros_like(ops.sum(like)), shape)


def _parts(ops: Any, t: Any, shapes: tuple[Shape, ...]) -> list[Any]:
    """The tangents of a sequence, zeros for those that have none."""
    known = next(one for one in t if one is not None)
    return [_zeros(ops, known, shape) if one is None else one for one, shape in zip(t, shapes, strict=True)]


def _extreme(ops: Any, t: Any, x: Any, out: Any, x_shape: Shape, axis: Axes, keepdims: bool) -> Any:
    share = RULES["max"].gradients["x"](ops, ops.ones_like(out), x, out, x_shape, axis, keepdims)
    return ops.sum(share * t, axis=axis, keepdims=keepdims)


def _prod(ops: Any, t: Any, x: Any, x_shape: Shape, axis: Axes, keepdims: bool) -> Any:
    ones = ops.ones_like(ops.sum(x, axis=axis, keepdims=keepdims))
    others = RULES["prod"].gradients["x"](ops, ones, x, x_shape, axis, keepdims)
    return ops.sum(others * t, axis=axis, keepdims=keepdims)


def _logsumexp(ops: Any, t: Any, x: Any, out: Any, x_shape: Shape, axis: Axes, keepdims: bool) -> Any:
    return ops.sum(ops.exp(x - spread(ops, out, x_shape, axis, keepdims)) * t, axis=axis, keepdims=keepdims)


def _solve_x1(ops: Any, t: Any, x1: Any, out: Any, x2_shape: Shape) -> Any:
    solve = getattr(ops, "linalg.solve")
    if len(x2_shape) > 1:
        return -solve(x1, ops.matmul(t, out))
    found = solve(x1, ops.matmul(t, ops.reshape(out, (*out.shape, 1))))
    return -ops.reshape(found, found.shape[:-1])


def _det(ops: Any, t: Any, x: Any) -> Any:
    ones = ops.ones_like(ops.sum(x, axis=(-2, -1)))
    return ops.sum(RULES["linalg.det"].gradients["x"](ops, ones, x) * t, axis=(-2, -1))


def _cholesky(ops: Any, t: Any, out: Any) -> Any:
    """Of the Hermitian part, as the gradient is."""
    solve = getattr(ops, "linalg.solve")
    hermitian = (t + ops.matrix_transpose(ops.conj(t))) * 0.5
    inner = solve(out, ops.matrix_transpose(ops.conj(solve(out, hermitian))))
    return ops.matmul(out, (ops.tril(inner) + ops.tril(inner, k=-1)) * 0.5)


# Elementwise, or with a symmetric matrix of derivatives.
diagonal(
    *"acos acosh add asin asinh atan atan2 atanh ceil clip clone copy copysign cos cosh divide elu exp expm1 fft.fft "
    "fft.fftn fft.ifft fft.ifftn fill floor floor_divide hypot leaky_relu log log10 log1p log2 logaddexp logsigmoid "
    "masked_fill maximum minimum multiply negative nextafter positive pow reciprocal relu remainder round sigmoid silu "
    "sin sinh softmax softplus sqrt square subtract tan tanh trunc where".split()
)

tangent("abs", x=lambda ops, t, x: _real(ops, t * ops.conj(ops.sign(x))))
tangent("broadcast_to", x=lambda ops, t, out_shape: ops.broadcast_to(t, out_shape))
tangent("cast", x=lambda ops, t, out_dtype: ops.cast(t, out_dtype))
tangent(
    "complex",
    x1=lambda ops, t: ops.complex(t, ops.zeros_like(t)),
    x2=lambda ops, t: ops.complex(ops.zeros_like(t), t),
)
tangent("concat", arrays=lambda ops, t, shapes, axis: ops.concat(_parts(ops, t, shapes), axis=axis))
tangent("conj", x=lambda ops, t: ops.conj(t))
tangent(
    "cumulative_prod",
    x=lambda ops, t, x, out, axis: ops.linear_recurrence(x, t * behind(ops, ops.ones_like, out, axis), axis=axis),
)
tangent("cumulative_sum", x=lambda ops, t, axis: ops.cumulative_sum(t, axis=axis))
tangent("diagonal", x=lambda ops, t, offset: ops.diagonal(t, offset=offset))
tangent("diagonal_embed", x=lambda ops, t, offset, out_shape: ops.diagonal_embed(t, shape=out_shape, offset=offset))
tangent("embed", x=lambda ops, t, index, out_shape: ops.embed(t, out_shape, index))
tangent("fft.irfft", x=lambda ops, t, n, axis, norm: getattr(ops, "fft.irfft")(t, n=n, axis=axis, norm=norm))
tangent("fft.rfft", x=lambda ops, t, axis, norm: getattr(ops, "fft.rfft")(t, axis=axis, norm=norm))
tangent("flip", x=lambda ops, t, axis: ops.flip(t, axis=axis))
tangent("fold", x=lambda ops, t, window, out_shape: ops.fold(t, shape=out_shape, window=window))
tangent("getitem", x=lambda ops, t, index: ops.getitem(t, index))
tangent("imag", x=lambda ops, t: ops.imag(t))
tangent("index", x=lambda ops, t, index: ops.index(t, index))
tangent("linalg.cholesky", x=_cholesky)
tangent("linalg.det", x=_det)
tangent("linalg.inv", x=lambda ops, t, out: -ops.matmul(ops.matmul(out, t), out))
tangent("linalg.solve", x1=_solve_x1, x2=lambda ops, t, x1: getattr(ops, "linalg.solve")(x1, t))
tangent("log_softmax", x=lambda ops, t, out, axis: t - ops.sum(ops.exp(out) * t, axis=axis, keepdims=True))
tangent("logsumexp", x=_logsumexp)
tangent(
    "matmul",
    x1=lambda ops, t, x2: ops.matmul(t, x2),
    x2=lambda ops, t, x1: ops.matmul(x1, t),
)
tangent("matrix_transpose", x=lambda ops, t: ops.matrix_transpose(t))
tangent("max", x=_extreme)
tangent("mean", x=lambda ops, t, axis, keepdims: ops.mean(t, axis=axis, keepdims=keepdims))
tangent("min", x=_extreme)
tangent("permute_dims", x=lambda ops, t, axes: ops.permute_dims(t, axes))
tangent("prod", x=_prod)
tangent(
    "put",
    x=RULES["put"].gradients["x"],
    value=lambda ops, t, index, out_shape: ops.put(_zeros(ops, t, out_shape), t, index),
)
tangent("real", x=lambda ops, t: ops.real(t))
tangent("reshape", x=lambda ops, t, out_shape: ops.reshape(t, out_shape))
tangent("roll", x=lambda ops, t, shift, axis: ops.roll(t, shift=shift, axis=axis))
tangent("scatter_zeros", x=lambda ops, t, index, out_shape: ops.scatter_zeros(t, out_shape, index))
tangent("sort", x=lambda ops, t, x, axis: ops.take_along_axis(t, ops.argsort(x, axis=axis), axis=axis))
tangent("stack", arrays=lambda ops, t, shapes, axis: ops.stack(_parts(ops, t, shapes), axis=axis))
tangent("sum", x=lambda ops, t, axis, keepdims: ops.sum(t, axis=axis, keepdims=keepdims))
tangent("tril", x=lambda ops, t, k: ops.tril(t, k=k))
tangent("triu", x=lambda ops, t, k: ops.triu(t, k=k))
tangent("unfold", x=lambda ops, t, window: ops.unfold(t, window=window))
tangent("vecdot", x1=lambda ops, t, x2: ops.vecdot(t, x2), x2=lambda ops, t, x1: ops.vecdot(x1, t))
