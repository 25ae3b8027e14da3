"""Sums of many terms: their errors grow as the logarithm of the number, along any axis and in any layout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug import Tensor

N = 40_000
VALUE = numpy.float32(0.6145)
"""Added one by one in float32, so many of these are wrong in the fourth digit."""

TOTAL = float(VALUE) * N
CLOSE = 1e-5

F = tp.nn.functional

LAYOUTS: dict[str, Callable[[], Tensor]] = {
    "rows": lambda: _full(N, 3).sum(0),
    "columns": lambda: _full(3, N).sum(1),
    "transposed": lambda: _full(N, 3).T.sum(1),
    "in the middle": lambda: _full(2, N, 3).sum(1),
    "axes apart": lambda: _full(N // 2, 3, 2).sum((0, 2)),
    "long axes apart": lambda: _full(200, 3, 200).sum((0, 2)),
    "every second": lambda: _full(N * 2, 6)[::2, ::2].sum(0),
    "all of every second": lambda: _full(N // 3 + 1, 6)[:, ::2].sum() * (N / (N // 3 + 1) / 3),
    "reversed": lambda: tp.flip(_full(N, 3), axis=0)[:, ::-1].sum(0, keepdim=True),
    "broadcast": lambda: tp.broadcast_to(_full(1, 3), (N, 3)).sum(0),
    "permuted": lambda: tp.permute_dims(_full(3, N, 2), (2, 0, 1)).sum(2),
    "rows of a thousand": lambda: _full(40, 1000).sum(1, keepdim=True) * 40.0,
    "wide rows": lambda: _full(N, 40).sum(0),
}


def _full(*shape: int, dtype: Any = None) -> Tensor:
    return tp.full(shape, float(VALUE), dtype=tp.float32 if dtype is None else dtype)


def _close(found: Any, wanted: float) -> None:
    values = numpy.asarray(found.detach().cpu().numpy() if isinstance(found, Tensor) else found)
    numpy.testing.assert_allclose(values, numpy.full(values.shape, wanted), rtol=CLOSE)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sums_in_every_layout(backend: str, layout: str) -> None:
    _close(LAYOUTS[layout](), TOTAL)


def test_what_sums_are_made_of(backend: str) -> None:
    x = _full(N, 2)
    _close(tp.mean(x, axis=0), VALUE)
    _close(tp.linalg.vector_norm(x, axis=0), math.sqrt(N) * VALUE)
    _close(tp.linalg.vector_norm(x, axis=0, ord=1), TOTAL)
    _close(tp.einsum("ij->j", x), TOTAL)
    _close(tp.logsumexp(x, axis=0) - math.log(N), VALUE)
    _close(tp.softmax(x, axis=0) * N, 1.0)
    _close(tp.log_softmax(x, axis=0), -math.log(N))
    apart = tp.concat([x, -x])
    _close(tp.var(apart, axis=0), VALUE * VALUE)
    _close(tp.std(apart, axis=0), VALUE)
    _close(F.mse_loss(x, tp.zeros_like(x)), VALUE * VALUE)
    _close(F.cross_entropy(_full(2, N), tp.tensor([0, 1])), math.log(N))
    _close(F.cosine_similarity(x, x, 0), 1.0)


def test_complex_numbers(backend: str) -> None:
    x = _full(N, 2, dtype=tp.complex64) * (1 - 1j)
    for found, wanted in ((x.sum(0), TOTAL), (x.mean(0), VALUE), (x.cumsum(0)[-1], TOTAL)):
        _close(tp.real(found), wanted)
        _close(tp.imag(found), -wanted)


@pytest.mark.parametrize("dtype", [tp.float16, tp.bfloat16], ids=str)
def test_half_types(backend: str, dtype: tp.dtype) -> None:
    x = tp.full((1 << 19, 2), 2.0**-5, dtype=dtype)
    _close(x.sum(0).float(), 2.0**14)
    _close(tp.cumulative_sum(x, axis=0)[-1].float(), 2.0**14)
    _close(tp.vecdot(x, x, axis=0).float(), 2.0**9)
    weight = tp.ones(1, dtype=dtype).requires_grad_()
    weight[tp.zeros(5000, dtype=tp.int64)].sum().backward()
    # PyTorch adds one by one in the half type, and stops at 2048 or 256.
    _close(weight.grad.float(), 5000.0 if dtype is tp.float16 else 4992.0)


@pytest.mark.parametrize("dtype", [tp.float16, tp.bfloat16], ids=str)
def test_numpy_converts_half_types_in_parts(dtype: tp.dtype) -> None:
    with tp.backend("numpy"):
        x = tp.full((1 << 22,), 2.0**-9 * 3, dtype=dtype)
        _close(tp.sum(x, dtype=tp.float32), 3 * 2.0**13)


def test_double_precision(backend: str) -> None:
    found = tp.full((N, 2), 0.1, dtype=tp.float64)
    for total in (found.sum(0), found.cumsum(0)[-1]):
        numpy.testing.assert_allclose(total.cpu().numpy(), math.fsum([0.1] * N), rtol=2e-14)


@pytest.mark.parametrize("axis", [0, 1])
def test_running_sums(backend: str, axis: int) -> None:
    shape = (N, 2) if axis == 0 else (2, N)
    wanted = numpy.cumsum(numpy.full(shape, VALUE, numpy.float64), axis)
    x = _full(*shape).requires_grad_()
    found = tp.cumulative_sum(x, axis=axis)
    numpy.testing.assert_allclose(found.detach().cpu().numpy(), wanted, rtol=CLOSE)
    (found * float(VALUE)).sum().backward()
    gradient = numpy.flip(wanted, axis)
    numpy.testing.assert_allclose(x.grad.cpu().numpy(), gradient, rtol=CLOSE)


def test_running_sums_of_special_values(backend: str) -> None:
    x = numpy.zeros((2000, 3), numpy.float32)
    x[700, 0], x[900:902, 1], x[:, 2] = numpy.nan, (numpy.inf, -numpy.inf), -0.0
    found = tp.cumulative_sum(tp.asarray(x), axis=0).cpu().numpy()
    with numpy.errstate(invalid="ignore"):
        numpy.testing.assert_array_equal(found, numpy.cumsum(x, axis=0))
    assert numpy.signbit(found[:, 2]).all()


def test_gradients_that_are_sums(backend: str) -> None:
    bias = tp.ones(2).requires_grad_()
    ((tp.zeros(N, 2) + bias) * float(VALUE)).sum().backward()
    _close(bias.grad, TOTAL)
    x = _full(N, 2)
    _, tangent = tp.func.jvp(lambda x: x.sum(0), (x,), (x,))
    _close(tangent, TOTAL)
    weight = tp.ones(2, 1).requires_grad_()
    # The gradient of the product is one number for all rows.
    (_between_great(2) @ weight).sum().backward()
    numpy.testing.assert_allclose(weight.grad.cpu().numpy(), GREAT_TOTAL, rtol=1e-4)


GREAT_TOTAL = 2.0**25 + N - 2


def _between_great(*columns: int) -> Tensor:
    """Ones, of which the first and the last are great: added to the first one by one, those between are lost."""
    x = tp.ones(N, *columns)
    x[0] = x[-1] = 2.0**24
    return x


@pytest.mark.parametrize("shape", [(3000, 4), (4, 3000), (3000, 2, 2), (3, 2)])
def test_sums_of_negative_zeros_are_zero(backend: str, shape: tuple[int, ...]) -> None:
    x = tp.full(shape, -0.0)
    for axis in range(len(shape)):
        assert not tp.signbit(x.sum(axis)).any()


def test_standardized_rows_of_many_terms(backend: str) -> None:
    x = numpy.random.default_rng(0).normal(3, 1, (2, 1 << 19)).astype("float32")
    wide = x.astype("float64")
    wanted = (wide - wide.mean(1, keepdims=True)) / wide.std(1, keepdims=True)
    numpy.testing.assert_allclose(F.layer_norm(tp.asarray(x), (1 << 19,), eps=0.0), wanted, 0.0, 1.5e-6)


def test_products_with_vectors_in_every_layout(backend: str) -> None:
    x, v = _between_great(2), _between_great()
    apart = tp.zeros(2 * N)
    apart[::2] = v
    for one in (tp.ones(N), tp.ones(2 * N)[::2], tp.ones(N)[::-1], tp.broadcast_to(tp.ones(1), (N,))):
        for found in (one @ x, x.T @ one, one @ x[::-1], tp.vecdot(one, apart[::2]), v[::-1] @ one):
            numpy.testing.assert_allclose(found.cpu().numpy(), GREAT_TOTAL, rtol=1e-4)


def test_few_and_many_terms_of_integers_are_exact(backend: str) -> None:
    x = tp.arange(30_000).reshape(10_000, 3)
    numpy.testing.assert_array_equal(x.sum(0).cpu().numpy(), numpy.arange(30_000).reshape(10_000, 3).sum(0))
    assert x.cumsum(0)[-1, -1].item() == sum(range(2, 30_000, 3))


def test_shapes_and_axes_beside_numpy() -> None:
    rng = numpy.random.default_rng(0)
    with tp.backend("numpy"):
        for shape in ((600, 5), (3, 1200, 4), (600, 1, 600), (2, 700, 3, 5), (1, 3000), (3000, 1)):
            x = rng.integers(-4, 5, shape).astype(numpy.float32)
            views = [x, x[::-1], x[..., ::-1], numpy.asfortranarray(x), x.swapaxes(0, -1), x[::2]]
            for view in views:
                for axes in (
                    None,
                    (-1, -2),
                    (-1, 0),
                    *((i,) for i in range(x.ndim)),
                    (0, x.ndim - 1),
                    (x.ndim - 1, 0),
                    (0, 1),
                ):
                    for keepdims in (False, True):
                        found = tp.sum(
                            tp.from_numpy(view) if view.base is None else tp.asarray(view), axis=axes, keepdims=keepdims
                        )
                        numpy.testing.assert_array_equal(found.numpy(), view.sum(axes, keepdims=keepdims), strict=True)
                for axis in range(x.ndim):
                    found = tp.cumulative_sum(tp.asarray(view), axis=axis)
                    numpy.testing.assert_array_equal(found.numpy(), view.cumsum(axis), strict=True)
