"""How tangents go through operations in forward mode, where that is quicker than to transpose the gradient's formula.

An operation without a formula here needs none: see `tensorplug.autograd.forward`.
"""

from __future__ import annotations

from ..rule import diagonal, tangent

diagonal(
    *"acos acosh add asin asinh atan atan2 atanh clone copy cos cosh divide exp expm1 log log10 log1p log2 "
    "masked_fill maximum minimum multiply negative pow reciprocal relu sigmoid sin sinh sqrt square subtract tan tanh "
    "where".split()
)

tangent("broadcast_to", x=lambda ops, t, out_shape: ops.broadcast_to(t, out_shape))
tangent("cast", x=lambda ops, t, out_dtype: ops.cast(t, out_dtype))
tangent("diagonal", x=lambda ops, t, offset: ops.diagonal(t, offset=offset))
tangent("flip", x=lambda ops, t, axis: ops.flip(t, axis=axis))
tangent("getitem", x=lambda ops, t, index: ops.getitem(t, index))
tangent("index", x=lambda ops, t, index: ops.index(t, index))
tangent(
    "matmul",
    x1=lambda ops, t, x2: ops.matmul(t, x2),
    x2=lambda ops, t, x1: ops.matmul(x1, t),
)
tangent("matrix_transpose", x=lambda ops, t: ops.matrix_transpose(t))
tangent("mean", x=lambda ops, t, axis, keepdims: ops.mean(t, axis=axis, keepdims=keepdims))
tangent("permute_dims", x=lambda ops, t, axes: ops.permute_dims(t, axes))
tangent("reshape", x=lambda ops, t, out_shape: ops.reshape(t, out_shape))
tangent("sum", x=lambda ops, t, axis, keepdims: ops.sum(t, axis=axis, keepdims=keepdims))
