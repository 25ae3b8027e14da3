"""How tangents go through operations in forward mode, where that is quicker than to transpose the gradient's formula.

An operation without a formula here needs none: see `tensorplug.autograd.forward`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..protocol import is_tensor
from ..rule import RULES, diagonal, tangent
from .elementwise import angle_rate
from .matrices import (
    conj,
    is_complex,
    real,
)
from .signs import abs_tangent, by_size, signs
from .statistical import (
    Axes,
    behind,
    count,
    spread,
    with_axes,
)

Shape = tuple[int, ...]

_FEW = 1 << 10
"""Up to so many numbers a formula for any of them takes less time than to ask whether a quicker one holds."""


def _zeros(ops: Any, like: Any, shape: Shape) -> Any:
    """Zeros of an array's kind in another shape."""
    return ops.broadcast_to(ops.zeros_like(ops.sum(like)), shape)


def _parts(ops: Any, t: Any, shapes: tuple[Shape, ...]) -> list[Any]:
    """The tangents of a sequence, zeros for those that have none."""
    known = next(one for one in t if one is not None)
    return [_zeros(ops, known, shape) if one is None else one for one, shape in zip(t, shapes, strict=True)]


def _clip(ops: Any, t: Any, x: Any, min: Any, max: Any, found: Any) -> Any:
    """Where the bounds are in order, what is within them is as it was."""
    of_x, of_min, of_max = t
    only_x = of_min is None and of_max is None
    # Equal bounds share what is beyond them.
    ordered = ops.less_equal if only_x else ops.less
    in_order = found is not None and bool(ops.all(ordered(min, max)))
    if not in_order or not (only_x or _is_known(ops, found)):
        pairs = zip(RULES["clip"].gradients.values(), t, strict=True)
        return functools.reduce(_sum, [None if one is None else pull(ops, one, x, min, max) for pull, one in pairs])
    changed = ops.not_equal(x, found)
    if only_x:
        return ops.masked_fill(_like(ops, of_x, changed), changed, 0.0)
    known = next(one for one in t if one is not None)
    zero = _zeros(ops, known, changed.shape)
    of_x, of_min, of_max = (zero if one is None else _like(ops, one, changed) for one in t)
    of_bound = of_min if of_max is of_min else ops.where(_like(ops, ops.less(x, min), changed), of_min, of_max)
    return ops.where(changed, of_bound, of_x)


def _is_known(ops: Any, x: Any) -> bool:
    """Whether no number is NaN."""
    return not math.prod(x.shape) or not bool(ops.isnan(ops.max(x)))


def _like(ops: Any, x: Any, other: Any) -> Any:
    """An array in the shape of another."""
    return x if x.shape == other.shape else ops.broadcast_to(x, other.shape)


def _competing(name: str, wins: str) -> Any:
    """The tangent of `maximum` or `minimum`: that of the operand which wins, by the gradient's shares at ties."""
    first, second = RULES[name].gradients.values()

    def together(ops: Any, t: Any, x1: Any, x2: Any) -> Any:
        t1, t2 = t
        if not is_tensor(x1):
            higher, lower = getattr(ops, wins)(x1, x2), getattr(ops, wins)(x2, x1)
            # Where neither wins there is a tie, or NaN.
            if bool(ops.all(ops.not_equal(higher, lower))):
                if t1 is not None and t2 is not None:
                    return ops.where(higher, _like(ops, t1, higher), _like(ops, t2, higher))
                if t2 is None:
                    return ops.masked_fill(_like(ops, t1, higher), lower, 0.0)
                return ops.masked_fill(_like(ops, t2, higher), higher, 0.0)
        return _sum(t1 if t1 is None else first(ops, t1, x1, x2), t2 if t2 is None else second(ops, t2, x1, x2))

    return together


def _copysign(ops: Any, t: Any, x1: Any, out: Any) -> Any:
    of_x1, of_x2 = t
    if of_x1 is None:
        return ops.zeros_like(of_x2)
    same = None if is_tensor(x1) else signs(ops, out, x1)
    return RULES["copysign"].gradients["x1"](ops, of_x1, x1, out) if same is None else of_x1 * same


def _sign(ops: Any, t: Any, x: Any, found: Any) -> Any:
    """Zero for real numbers; a complex sign turns by what is across its own direction."""
    if not is_complex(x):
        return ops.zeros_like(t)
    sign = ops.sign(x) if found is None else found
    product = t * ops.conj(sign)
    along = (product + ops.conj(product)) * 0.5
    return (t - along * sign) * by_size(ops, sign, x)


def _sum(first: Any, second: Any) -> Any:
    """The sum of two tangents of which one may be None."""
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _difference(t: Any) -> Any:
    t1, t2 = t
    if t2 is None:
        return t1
    return -t2 if t1 is None else t1 - t2


def _product(t: Any, x1: Any, x2: Any) -> Any:
    t1, t2 = t
    if t1 is None or t2 is None:
        return x1 * t2 if t1 is None else t1 * x2
    if t1 is t2 and x1 is x2:
        product = t1 * x1
        # Nothing else sees it.
        product += product
        return product
    # As one expression, in which NumPy adds in place.
    return t1 * x2 + x1 * t2


def _quotient(t: Any, x1: Any, x2: Any, found: Any) -> Any:
    t1, t2 = t
    if t2 is not None:
        t2 = t2 * (x1 / x2 if found is None else found)
    return _difference((t1, t2)) / x2


def _pow(ops: Any, t: Any, x1: Any, x2: Any, out: Any, found: Any) -> Any:
    """Of bases above zero the power itself says how it changes, if it has all of its digits."""
    t1, t2 = t
    if found is not None and t2 is None and not x2.shape and not is_complex(found):
        exponent = float(x2)
        if exponent in (2.0, 3.0):
            return (x1 if exponent == 2.0 else ops.square(x1)) * exponent * t1
    many = found is not None and math.prod(found.shape) > _FEW and not is_complex(found)
    if not (many and _are_normal(ops, x1) and _are_normal(ops, found)):
        of_x1, of_x2 = RULES["pow"].gradients.values()
        return _sum(t1 if t1 is None else of_x1(ops, t1, x1, x2), t2 if t2 is None else of_x2(ops, t2, x1, out))
    return _sum(
        t1 if t1 is None else found / x1 * x2 * t1,
        t2 if t2 is None else found * ops.log(x1) * t2,
    )


def _are_normal(ops: Any, x: Any) -> bool:
    """Whether all numbers are above zero, none of them infinite or so small that it has fewer digits."""
    least = ops.min(x)
    return bool(least > 0.0) and bool(ops.isfinite(ops.max(x))) and bool(ops.isfinite(ops.reciprocal(least * 0.25)))


def _atan2(ops: Any, t: Any, x1: Any, x2: Any) -> Any:
    t1, t2 = t
    return _difference(
        (
            t1 if t1 is None else t1 * angle_rate(ops, x2, x1),
            t2 if t2 is None else t2 * angle_rate(ops, x1, x2),
        )
    )


def _complex(ops: Any, t: Any) -> Any:
    t1, t2 = t
    known = t1 if t2 is None else t2
    return ops.complex(ops.zeros_like(known) if t1 is None else t1, ops.zeros_like(known) if t2 is None else t2)


def _where(ops: Any, t: Any, condition: Any) -> Any:
    """A choice, of the tangents as of the values."""
    t1, t2 = t
    if t2 is None:
        return ops.masked_fill(t1, ops.logical_not(condition), 0.0)
    return ops.masked_fill(t2, condition, 0.0) if t1 is None else ops.where(condition, t1, t2)


def _extreme(ops: Any, t: Any, x: Any, out: Any, x_shape: Shape, axis: Axes, keepdims: bool) -> Any:
    """That of the one element which is the extreme, or a share of each of several."""
    found = None if is_tensor(x) or not x_shape else _at_extremes(ops, t, x, out, x_shape, axis, keepdims)
    if found is not None:
        return ops.reshape(found, out.shape)
    share = RULES["max"].gradients["x"](ops, ops.ones_like(out), x, out, x_shape, axis, keepdims)
    return ops.sum(share * t, axis=axis, keepdims=keepdims)


def _at_extremes(ops: Any, t: Any, x: Any, out: Any, x_shape: Shape, axis: Axes, keepdims: bool) -> Any:
    """The elements where the extremes are, in order; None if one is in several places, or is NaN."""
    chosen = ops.equal(x, with_axes(ops, out, x_shape, axis, keepdims))
    axes = tuple(range(len(x_shape))) if axis is None else axis
    kept = tuple(i for i in range(len(x_shape)) if i not in axes)
    if not kept:
        chosen = ops.reshape(chosen, (-1,))
        first = int(ops.argmax(chosen))
        if not bool(ops.getitem(chosen, (first,))) or bool(ops.any(ops.getitem(chosen, (slice(first + 1, None),)))):
            return None
        return ops.getitem(t, tuple(int(i) for i in numpy.unravel_index(first, x_shape)))
    if axes != tuple(range(len(kept), len(x_shape))):
        t, chosen = ops.permute_dims(t, (*kept, *axes)), ops.permute_dims(chosen, (*kept, *axes))
    found = ops.index(t, (chosen,))
    # No extreme but NaN is without an element that equals it.
    return found if found.shape[0] == math.prod(out.shape) and _is_known(ops, out) else None


def _by_logarithm(ops: Any, product: Any, slope: Callable[[], Any]) -> Any:
    """A product's tangent by that of its logarithm, or None where a product is zero or a quotient overflows."""
    if not bool(ops.all(ops.isfinite(product + ops.reciprocal(product)))):
        return None
    tangent = product * slope()
    return tangent if bool(ops.all(ops.isfinite(tangent))) else None


def _prod(ops: Any, t: Any, x: Any, x_shape: Shape, axis: Axes, keepdims: bool, found: Any) -> Any:
    """By the derivative of the logarithm, where that is known."""
    out = ops.prod(x, axis=axis, keepdims=keepdims) if found is None else found
    tangent = _by_logarithm(ops, out, lambda: ops.sum(t / x, axis=axis, keepdims=keepdims))
    if tangent is not None:
        return tangent
    reduced = tuple(range(len(x_shape))) if axis is None else axis
    if len(reduced) == 1:
        return ops.reshape(_by_pairs(ops, t, x, reduced[0]), out.shape)
    kept = tuple(i for i in range(len(x_shape)) if i not in reduced)
    t, x = (ops.reshape(ops.permute_dims(one, (*reduced, *kept)), (-1, *(x_shape[i] for i in kept))) for one in (t, x))
    return ops.reshape(_by_pairs(ops, t, x, 0), out.shape)


def _by_pairs(ops: Any, t: Any, x: Any, axis: int) -> Any:
    """The tangent of a product along an axis: of the products of two neighbours each, and so on, without quotients.

    The axis remains, at length 1.
    """
    before = (slice(None),) * axis
    while x.shape[axis] > 1:
        paired = x.shape[axis] // 2 * 2
        parts = [(*before, part) for part in (slice(0, paired, 2), slice(1, paired, 2), slice(paired, None))]
        (x1, x2, last), (t1, t2, of_last) = ([ops.getitem(one, part) for part in parts] for one in (x, t))
        x, t = x1 * x2, t1 * x2 + x1 * t2
        if last.shape[axis]:
            x, t = ops.concat([x, last], axis=axis), ops.concat([t, of_last], axis=axis)
    return t


def _cumulative_prod(ops: Any, t: Any, x: Any, out: Any, axis: int) -> Any:
    """By the derivative of the logarithm, where that is known."""
    tangent = _by_logarithm(ops, out, lambda: ops.cumulative_sum(t / x, axis=axis))
    if tangent is not None:
        return tangent
    return ops.linear_recurrence(x, t * behind(ops, ops.ones_like, out, axis), axis=axis)


def _linear_recurrence(ops: Any, t: Any, factors: Any, out: Any, axis: int) -> Any:
    """The same recurrence: of what the factors add to each term, and what its own tangent is."""
    of_factors, of_terms = t
    if of_factors is not None:
        of_factors = of_factors * behind(ops, ops.zeros_like, out, axis)
    return ops.linear_recurrence(factors, _sum(of_factors, of_terms), axis=axis)


def _var(ops: Any, t: Any, x: Any, x_shape: Shape, axis: Axes, correction: float, keepdims: bool) -> Any:
    """Of the sum of squares: the mean itself contributes nothing."""
    freedom = count(x_shape, axis) - correction
    deviation = x - ops.mean(x, axis=axis, keepdims=True)
    total = ops.sum(real(ops, conj(ops, deviation) * t), axis=axis, keepdims=keepdims)
    return total * (2.0 / freedom if freedom > 0 else math.nan)


def _std(ops: Any, t: Any, x: Any, out: Any, x_shape: Shape, axis: Axes, correction: float, keepdims: bool) -> Any:
    unit = with_axes(ops, ops.masked_fill(out, out <= 0.0, 1.0), x_shape, axis, keepdims)
    return _var(ops, t, ops.divide(x, unit), x_shape, axis, correction, keepdims) * 0.5


def _sort(ops: Any, t: Any, x: Any, axis: int, found: Any) -> Any:
    """Equal elements, of which any may be first where the order is the quicker one, keep theirs."""
    if found is None:
        found = ops.sort(x, axis=axis)
    before = (slice(None),) * axis
    lower, higher = ops.getitem(found, (*before, slice(None, -1))), ops.getitem(found, (*before, slice(1, None)))
    if bool(ops.all(ops.less(lower, higher))):
        order = ops.argsort(x, axis=axis, stable=False)
    else:
        order = ops.argsort(x, axis=axis)
    return ops.take_along_axis(t, order, axis=axis)


def _put(ops: Any, t: Any, index: Any, out_shape: Shape) -> Any:
    of_x, of_value = t
    if of_value is None:
        of_value = ops.zeros_like(ops.index(of_x, index))
    return ops.put(_zeros(ops, of_value, out_shape) if of_x is None else of_x, of_value, index)


def _put_view(ops: Any, t: Any, steps: Any, out_shape: Shape, out_dtype: str) -> Any:
    of_x, of_value = t
    if of_x is None:
        of_x = _zeros(ops, ops.cast(of_value, out_dtype), out_shape)
    return ops.put_view(of_x, ops.zeros_like(ops.take_view(of_x, steps)) if of_value is None else of_value, steps)


def _logsumexp(ops: Any, t: Any, x: Any, out: Any, x_shape: Shape, axis: Axes, keepdims: bool) -> Any:
    return ops.sum(ops.exp(x - spread(ops, out, x_shape, axis, keepdims)) * t, axis=axis, keepdims=keepdims)


# Elementwise, or with a symmetric matrix of derivatives.
diagonal(
    *"acos acosh add asin asinh atan atanh ceil clone copy cos cosh direction elu exp expm1 fft.fft fft.fftn "
    "fft.ifft fft.ifftn fill floor floor_divide hypot leaky_relu log log10 log1p log2 logaddexp logistic "
    "logistic_density logsigmoid masked_fill "
    "negative nextafter positive reciprocal relu remainder round sigmoid silu sin sinh softmax softplus "
    "sqrt square tan tanh trunc".split()
)

tangent("abs", x=abs_tangent)
tangent("atan2", together=_atan2)
tangent("broadcast_to", x=lambda ops, t, out_shape: ops.broadcast_to(t, out_shape))
tangent("cast", x=lambda ops, t, out_dtype: ops.cast(t, out_dtype))
tangent("clip", together=_clip)
tangent("complex", together=_complex)
tangent("concat", arrays=lambda ops, t, shapes, axis: ops.concat(_parts(ops, t, shapes), axis=axis))
tangent("conj", x=lambda ops, t: ops.conj(t))
tangent("copysign", together=_copysign)
tangent("cumulative_prod", x=_cumulative_prod)
tangent("cumulative_sum", x=lambda ops, t, axis: ops.cumulative_sum(t, axis=axis))
tangent("diagonal", x=lambda ops, t, offset: ops.diagonal(t, offset=offset))
tangent("diagonal_embed", x=lambda ops, t, offset, out_shape: ops.diagonal_embed(t, shape=out_shape, offset=offset))
tangent("divide", together=_quotient)
tangent("embed", x=lambda ops, t, index, out_shape: ops.embed(t, out_shape, index))
tangent("fft.irfft", x=lambda ops, t, n, axis, norm: getattr(ops, "fft.irfft")(t, n=n, axis=axis, norm=norm))
tangent("fft.rfft", x=lambda ops, t, axis, norm: getattr(ops, "fft.rfft")(t, axis=axis, norm=norm))
tangent("flip", x=lambda ops, t, axis: ops.flip(t, axis=axis))
tangent("fold", x=lambda ops, t, window, out_shape: ops.fold(t, shape=out_shape, window=window))
tangent("getitem", x=lambda ops, t, index: ops.getitem(t, index))
tangent("imag", x=lambda ops, t: ops.imag(t))
tangent("index", x=lambda ops, t, index: ops.index(t, index))
tangent("linear_recurrence", together=_linear_recurrence)
tangent("log_softmax", x=lambda ops, t, out, axis: t - ops.sum(ops.exp(out) * t, axis=axis, keepdims=True))
tangent("logsumexp", x=_logsumexp)
tangent(
    "matmul",
    x1=lambda ops, t, x2: ops.matmul(t, x2),
    x2=lambda ops, t, x1: ops.matmul(x1, t),
)
tangent("matrix_transpose", x=lambda ops, t: ops.matrix_transpose(t))
tangent("max", x=_extreme)
tangent("maximum", together=_competing("maximum", "greater"))
tangent("mean", x=lambda ops, t, axis, keepdims: ops.mean(t, axis=axis, keepdims=keepdims))
tangent("min", x=_extreme)
tangent("minimum", together=_competing("minimum", "less"))
tangent("multiply", together=_product)
tangent("permute_dims", x=lambda ops, t, axes: ops.permute_dims(t, axes))
tangent("pow", together=_pow)
tangent("prod", x=_prod)
tangent("put", together=_put)
tangent("put_view", together=_put_view)
tangent("real", x=lambda ops, t: ops.real(t))
tangent("reshape", x=lambda ops, t, out_shape: ops.reshape(t, out_shape))
tangent("roll", x=lambda ops, t, shift, axis: ops.roll(t, shift=shift, axis=axis))
tangent("scatter_zeros", x=lambda ops, t, index, out_shape: ops.scatter_zeros(t, out_shape, index))
tangent("sign", x=_sign)
tangent("sort", x=_sort)
tangent("stack", arrays=lambda ops, t, shapes, axis: ops.stack(_parts(ops, t, shapes), axis=axis))
tangent("std", x=_std)
tangent("subtract", together=_difference)
tangent("sum", x=lambda ops, t, axis, keepdims: ops.sum(t, axis=axis, keepdims=keepdims))
tangent("to_device", x=lambda t, back: back.again(t))
tangent("tril", x=lambda ops, t, k: ops.tril(t, k=k))
tangent("triu", x=lambda ops, t, k: ops.triu(t, k=k))
tangent("unfold", x=lambda ops, t, window: ops.unfold(t, window=window))
tangent("var", x=_var)
tangent("vecdot", x1=lambda ops, t, x2: ops.vecdot(t, x2), x2=lambda ops, t, x1: ops.vecdot(x1, t))
tangent("where", together=_where)
