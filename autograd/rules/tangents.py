"""JVP formulas of the operations that networks use, for which transposing the VJP would take too long.

All other operations need none: see `tensorplug.autograd.forward`.
"""

from __future__ import annotations

from typing import Any

from ..rule import RULES, linear, reduction, self_adjoint, tangent
from .matrices import adjoint_of, as_columns, conj, linalg, real

Shape = tuple[int, ...]

SMALL = 64
"""The size up to which a Cholesky factor is differentiated in one block."""


def _zeros(ops: Any, like: Any, shape: Shape) -> Any:
    """Zeros of a shape and an array's dtype."""
    return ops.broadcast_to(ops.zeros_like(ops.sum(like)), shape)


def _parts(ops: Any, t: Any, shapes: tuple[Shape, ...]) -> list[Any]:
    """The tangents of a sequence, with zeros for None."""
    known = next(one for one in t if one is not None)
    return [_zeros(ops, known, shape) if one is None else one for one, shape in zip(t, shapes, strict=True)]


def _cholesky(ops: Any, t: Any, out: Any) -> Any:
    return _factor(ops, (t + adjoint_of(ops, t)) * 0.5, out, inverted=False)[0]


def _factor(ops: Any, t: Any, factor: Any, inverted: bool) -> tuple[Any, Any]:
    """JVP of the Cholesky factor from the tangent of the Hermitian matrix, and the factor's inverse if `inverted`.

    It recurses by halves, which makes nearly all of the work matrix products.
    """
    n = factor.shape[-1]
    if n <= SMALL:
        inverse = linalg(ops, "inv")(factor)
        inner = ops.matmul(ops.matmul(inverse, t), adjoint_of(ops, inverse))
        return ops.matmul(factor, (ops.tril(inner) + ops.tril(inner, k=-1)) * 0.5), inverse
    first, second = slice(None, n // 2), slice(n // 2, None)
    below = ops.getitem(factor, (..., second, first))
    of_corner, corner = _factor(
        ops, ops.getitem(t, (..., first, first)), ops.getitem(factor, (..., first, first)), inverted=True
    )
    rest = ops.getitem(t, (..., second, first)) - ops.matmul(below, adjoint_of(ops, of_corner))
    of_below = ops.matmul(rest, adjoint_of(ops, corner))
    taken = ops.matmul(of_below, adjoint_of(ops, below))
    of_last, last = _factor(
        ops,
        ops.getitem(t, (..., second, second)) - (taken + adjoint_of(ops, taken)),
        ops.getitem(factor, (..., second, second)),
        inverted,
    )
    inverse = _triangular(ops, corner, -ops.matmul(last, ops.matmul(below, corner)), last) if inverted else None
    return _triangular(ops, of_corner, of_below, of_last), inverse


def _triangular(ops: Any, corner: Any, below: Any, last: Any) -> Any:
    """Assemble a lower triangular block matrix."""
    upper = ops.concat([corner, ops.zeros_like(adjoint_of(ops, below))], axis=-1)
    return ops.concat([upper, ops.concat([below, last], axis=-1)], axis=-2)


def _solve_x1(ops: Any, t: Any, x1: Any, out: Any, x2_shape: Shape) -> Any:
    solve = linalg(ops, "solve")
    if len(x2_shape) > 1:
        return -solve(x1, ops.matmul(t, out))
    found = solve(x1, ops.matmul(t, as_columns(ops, out)))
    return -ops.reshape(found, found.shape[:-1])


self_adjoint(
    *"acos acosh add asin asinh atan atan2 atanh ceil celu clip clone conj copy copysign cos cosh direction divide elu "
    "exp expm1 fft.fft fft.fftn fft.ifft fft.ifftn fill flip floor floor_divide hardsigmoid hardswish hardtanh hypot "
    "leaky_relu log log10 log1p log2 logaddexp logistic logistic_density logsigmoid masked_fill matrix_transpose "
    "maximum minimum mish multiply negative nextafter positive pow reciprocal relu remainder round sigmoid silu sin "
    "sinh softmax softplus softshrink sqrt square subtract tan tanh tril triu trunc where".split()
)

linear(
    *"convolution convolution_transpose cumulative_sum diagonal fft.irfft fft.rfft getitem imag "
    "index matmul mean permute_dims real roll sum unfold vecdot windows".split()
)

reduction("linalg.vector_norm", "logsumexp", "max", "min", "prod", "std", "var")
reduction("linalg.det", axis="(-2, -1)", keepdims="False")

tangent("abs", x=lambda ops, t, x: real(ops, conj(ops, ops.sign(x)) * t))
tangent("broadcast_to", x=lambda ops, t, out_shape: ops.broadcast_to(t, out_shape))
tangent("cast", x=lambda ops, t, out_dtype: ops.cast(t, out_dtype))
tangent(
    "complex",
    x1=lambda ops, t: ops.complex(t, ops.zeros_like(t)),
    x2=lambda ops, t: ops.complex(ops.zeros_like(t), t),
)
tangent("concat", arrays=lambda ops, t, shapes, axis: ops.concat(_parts(ops, t, shapes), axis=axis))
tangent("embed", x=lambda ops, t, index, out_shape: ops.embed(t, out_shape, index))
tangent("linalg.cholesky", x=_cholesky)
tangent("linalg.inv", x=lambda ops, t, out: -ops.matmul(ops.matmul(out, t), out))
tangent("linalg.solve", x1=_solve_x1, x2=lambda ops, t, x1: linalg(ops, "solve")(x1, t))
tangent("log_softmax", x=lambda ops, t, out, axis: t - ops.sum(ops.exp(out) * t, axis=axis, keepdims=True))
tangent("constant_pad", x=lambda ops, t, padding: ops.constant_pad(t, padding=padding, value=0))
tangent("overlap_add", x=lambda ops, t, window, out_shape: ops.overlap_add(t, shape=out_shape, window=window))
tangent(
    "put",
    x=RULES["put"].gradients["x"],
    value=lambda ops, t, index, out_shape: ops.put(_zeros(ops, t, out_shape), t, index),
)
tangent(
    "put_view",
    x=RULES["put_view"].gradients["x"],
    # A real tangent may be written into a part of complex numbers.
    value=lambda ops, t, steps, out_shape, out_dtype: ops.put_view(
        _zeros(ops, ops.cast(t, out_dtype), out_shape), t, steps
    ),
)
tangent("reshape", x=lambda ops, t, out_shape: ops.reshape(t, out_shape))
tangent("scatter_zeros", x=lambda ops, t, index, out_shape: ops.scatter_zeros(t, out_shape, index))
tangent("sign", x=lambda ops, t, x: conj(ops, RULES["sign"].gradients["x"](ops, conj(ops, t), x)))
tangent("sort", x=lambda ops, t, x, axis: ops.take_along_axis(t, ops.argsort(x, axis=axis), axis=axis))
tangent("stack", arrays=lambda ops, t, shapes, axis: ops.stack(_parts(ops, t, shapes), axis=axis))
