"""Statistical and utility functions: values against NumPy, PyTorch's spellings, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.core.dispatch.keys import OPERATIONS

INF, NAN = math.inf, math.nan

X = numpy.random.default_rng(7).integers(-3, 4, (2, 3, 4)) / 8

REDUCED = [None, -1, (0, 2), ()]


class TestReductions:
    @pytest.mark.parametrize("axis", REDUCED, ids=str)
    def test_products_and_counts(self, backend: str, axis: Any) -> None:
        x, keepdims = tp.tensor(X), axis == -1
        # Products of 24 eighths are exact.
        found = tp.prod(x, axis=axis, keepdims=keepdims)
        numpy.testing.assert_array_equal(found, numpy.prod(X, axis=axis, keepdims=keepdims))
        counted = tp.count_nonzero(x, axis=axis, keepdims=keepdims)
        numpy.testing.assert_array_equal(counted, numpy.count_nonzero(X, axis=axis, keepdims=keepdims))
        assert (found.dtype, counted.dtype) == (tp.float64, tp.int64)

    @pytest.mark.parametrize("axis", REDUCED, ids=str)
    @pytest.mark.parametrize("correction", [0, 1, 0.5])
    def test_variances(self, backend: str, axis: Any, correction: float) -> None:
        if axis == () and correction == 1:
            return
        wanted = numpy.var(X, axis=axis, ddof=correction, keepdims=True)
        found = tp.var(tp.tensor(X), axis=axis, correction=correction, keepdims=True)
        numpy.testing.assert_allclose(found, wanted, rtol=1e-15 * 24, atol=0)
        deviation = tp.std(tp.tensor(X), axis=axis, correction=correction, keepdims=True)
        numpy.testing.assert_allclose(deviation, numpy.sqrt(wanted), rtol=1e-15 * 24, atol=0)

    @pytest.mark.parametrize("correction", [0, 1])
    def test_deviations_of_the_greatest_numbers(self, backend: str, correction: int) -> None:
        x, t = tp.tensor([1e38, -1e38]), tp.tensor([1.0, -1.0])
        slope = (0.5, math.sqrt(0.5))[correction]

        def std(v: tp.Tensor) -> tp.Tensor:
            return tp.std(v, correction=correction)

        value, tangent = tp.func.jvp(std, (x,), (t,))
        numpy.testing.assert_allclose([value / 1e38, tangent], [2 * slope] * 2, rtol=1e-6)
        numpy.testing.assert_allclose(tp.func.grad(std)(x), [slope, -slope], rtol=1e-6)
        turned, tangent = tp.func.jvp(std, (x * 1j,), (t * 1j,))
        numpy.testing.assert_allclose([turned / 1e38, tangent], [2 * slope] * 2, rtol=1e-6)

    @pytest.mark.parametrize("name", ["std", "var"])
    def test_too_few_elements_have_no_variance(self, backend: str, name: str) -> None:
        function = getattr(tp, name)
        assert math.isnan(function(tp.tensor([1.0, 2.0]), correction=2).item())
        assert math.isnan(function(tp.tensor([1.0, 2.0]), correction=3).item())
        assert math.isnan(function(tp.tensor([1.0, 1.0]), correction=2.5).item())
        assert math.isnan(function(tp.zeros(0)).item())
        assert function(tp.zeros((0, 2)), axis=1).shape == (0,)
        assert math.isnan(function(tp.tensor([1.0, NAN])).item())

    def test_variances_of_complex_numbers_are_real(self, backend: str) -> None:
        x = tp.tensor([1 + 2j, 3 - 1j])
        assert tp.var(x).dtype is tp.float32
        assert tp.var(x, correction=1).item() == 6.5

    def test_integers_have_variances_of_the_default_float(self, backend: str) -> None:
        assert tp.var(tp.tensor([1, 3])).dtype is tp.float32
        assert tp.std(tp.tensor([1, 3])).item() == 1.0

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_types_accumulate_in_single(self, backend: str, dtype: str) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x = tp.ones(4096, dtype=dtype)
        assert tp.cumulative_sum(x)[-1].item() == 4096.0
        assert tp.var(x * 200).item() == 0.0
        assert tp.std(tp.tensor([-200.0, 200.0], dtype=dtype)).item() == 200.0
        assert tp.std(x).dtype is tp.cumulative_prod(x).dtype is x.dtype
        assert (tp.all(x).item(), tp.any(x - 1).item(), tp.all(x).dtype) == (True, False, tp.bool)

    def test_products_of_nothing(self, backend: str) -> None:
        assert tp.prod(tp.zeros((0, 2)), axis=0).tolist() == [1.0, 1.0]

    def test_the_parts_of_a_complex_mean_are_apart(self, backend: str) -> None:
        found = tp.mean(tp.tensor([[complex(NAN, 1), 2j], [complex(1, INF), 3.0]]), axis=1).tolist()
        assert [found[0].imag, found[1].real] == [1.5, 2.0]
        assert [math.isnan(found[0].real), math.isinf(found[1].imag)] == [True, True]

    def test_sums_and_means_of_negative_zeros_are_zero(self, backend: str) -> None:
        for values in ([-0.0], [-0.0, -0.0], [complex(-0.0, -0.0)]):
            for found in (tp.sum(tp.tensor(values)), tp.mean(tp.tensor(values))):
                assert "-" not in repr(found.item())

    def test_truth(self, backend: str) -> None:
        assert tp.all(tp.tensor([NAN, INF, -1.0])).item()
        assert tp.any(tp.tensor([0.0, 1j])).item()
        assert not tp.all(tp.tensor([0j, 1.0])).item()


CUMULATIVE: list[tuple[str, Callable[..., Any]]] = [
    ("cumulative_sum", numpy.cumulative_sum),
    ("cumulative_prod", numpy.cumulative_prod),
]


class TestCumulative:
    @pytest.mark.parametrize(("name", "reference"), CUMULATIVE)
    @pytest.mark.parametrize("axis", [0, -1])
    @pytest.mark.parametrize("include_initial", [False, True])
    def test_values(
        self, backend: str, name: str, reference: Callable[..., Any], axis: int, include_initial: bool
    ) -> None:
        found = getattr(tp, name)(tp.tensor(X), axis=axis, include_initial=include_initial)
        numpy.testing.assert_array_equal(found, reference(X, axis=axis, include_initial=include_initial))

    @pytest.mark.parametrize(("name", "reference"), CUMULATIVE)
    def test_special_values(self, backend: str, name: str, reference: Callable[..., Any]) -> None:
        for values in ([-0.0, -0.0, 1.0, INF, 0.0, -INF, 2.0], [2.0, NAN, 1.0], [], [complex(INF, 1), 2.0]):
            x = numpy.asarray(values)
            with numpy.errstate(all="ignore"):
                wanted = reference(x)
            found = numpy.asarray(getattr(tp, name)(tp.tensor(x)))
            numpy.testing.assert_array_equal(found, wanted)
            numpy.testing.assert_array_equal(numpy.signbit(found.real), numpy.signbit(wanted.real))

    @pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 7, 8, 41])
    def test_recurrences(self, backend: str, length: int) -> None:
        """Term by term, exact in whole numbers."""
        random = numpy.random.default_rng(length)
        factors, terms = random.integers(-1, 2, (length, 3)) + 0.0, random.integers(-9, 10, (length, 3)) + 0.0
        wanted = terms.copy()
        for i in range(1, length):
            wanted[i] += factors[i] * wanted[i - 1]
        for axis in (0, 1):
            x, y = (tp.asarray(one if axis == 0 else one.T) for one in (factors, terms))
            found = numpy.asarray(OPERATIONS["linear_recurrence"](x, y, axis=axis))
            numpy.testing.assert_array_equal(found, wanted if axis == 0 else wanted.T)
            numpy.testing.assert_array_equal(numpy.asarray(y), terms if axis == 0 else terms.T)

    @pytest.mark.parametrize("dtype", ["bool", "int8", "uint32"])
    def test_integers_are_widened(self, backend: str, dtype: str) -> None:
        x = tp.full((3,), 1 if dtype == "bool" else 100, dtype=dtype)
        wide = tp.uint64 if dtype.startswith("u") else tp.int64
        for found in (tp.cumulative_sum(x), tp.cumulative_prod(x, include_initial=True), tp.prod(x)):
            assert found.dtype is wide
        assert tp.cumulative_sum(x).tolist() == ([1, 2, 3] if dtype == "bool" else [100, 200, 300])
        assert tp.cumulative_sum(x, dtype="float32").dtype is tp.float32
        # Asked for fewer bits, they wrap around.
        for found in (tp.cumulative_sum(x, dtype="uint8")[-1], tp.sum(x, dtype="uint8")):
            assert found.dtype is tp.uint8
            assert numpy.asarray(found).dtype == "uint8"
            assert found.item() == x.sum().item() % 256
        assert tp.sum(x, dtype="bool").item() is True
        # PyTorch has one dtype for all of them.
        for found in (x.cumsum(0), tp.cumprod(x, 0), x.prod(), x.sum(), tp.sum(x, 0), tp.prod(x, dim=0)):
            assert found.dtype is tp.int64

    def test_the_axis_may_be_left_out_if_there_is_one(self, backend: str) -> None:
        with pytest.raises(ValueError, match=r"cumulative_sum: got shape \(2, 3, 4\) and no axis, wanted one axis"):
            tp.cumulative_sum(tp.tensor(X))
        with pytest.raises(ValueError, match=r"cumulative_prod: got shape \(\) and no axis"):
            tp.cumulative_prod(tp.tensor(1.0))


class TestPyTorchSpellings:
    def test_spread(self, backend: str) -> None:
        x = tp.tensor([[1.0, 3.0], [2.0, 6.0]], dtype="float64")
        # Functions follow the standard, methods and calls in PyTorch's spelling PyTorch.
        assert tp.var(x, axis=1).tolist() == [1.0, 4.0]
        corrected = [2.0, 8.0]
        assert x.var(1).tolist() == x.var(axis=1).tolist() == tp.var(x, 1).tolist() == corrected
        assert tp.var(x, dim=1).tolist() == tp.var(x, axis=1, unbiased=True).tolist() == corrected
        assert x.var(1, False).tolist() == x.var(1, correction=0).tolist() == [1.0, 4.0]
        assert tp.var(x, 1, False, True).tolist() == [[1.0], [4.0]]
        assert x.var(dim=1, keepdim=True).tolist() == [[2.0], [8.0]]
        assert x.var(False).item() == tp.var(x).item() == 3.5
        assert x.std().item() == tp.std(x, correction=1).item() == math.sqrt(14 / 3)

    def test_cumulative(self, backend: str) -> None:
        x = tp.tensor([[1.0, 2.0], [3.0, 4.0]])
        assert x.cumsum(1).tolist() == tp.cumsum(x, dim=-1).tolist() == [[1.0, 3.0], [3.0, 7.0]]
        assert x.cumprod(dim=0).tolist() == tp.cumprod(x, 0).tolist() == [[1.0, 2.0], [3.0, 8.0]]
        assert x.cumsum(0, dtype=tp.float64).dtype is tp.float64
        assert x.prod(1).tolist() == tp.prod(x, 1).tolist() == [2.0, 12.0]

    def test_differences(self, backend: str) -> None:
        x = tp.tensor([[1, 4], [9, 16]])
        assert x.diff().tolist() == tp.diff(x, 1, 1).tolist() == [[3], [7]]
        assert tp.diff(x, dim=0).tolist() == [[8, 12]]


class TestDifferences:
    @pytest.mark.parametrize("n", [0, 1, 2, 5])
    def test_values(self, backend: str, n: int) -> None:
        for axis in (0, -1):
            numpy.testing.assert_array_equal(tp.diff(tp.tensor(X), n=n, axis=axis), numpy.diff(X, n=n, axis=axis))

    def test_between_more(self, backend: str) -> None:
        before, after = X[:, :1] * 3, X[:, 1:] * 5
        found = tp.diff(tp.tensor(X), axis=1, prepend=tp.tensor(before), append=tp.tensor(after))
        numpy.testing.assert_array_equal(found, numpy.diff(X, axis=1, prepend=before, append=after))

    def test_of_what_does_not_subtract(self, backend: str) -> None:
        assert tp.diff(tp.tensor([True, False, False])).tolist() == [True, False]
        assert tp.diff(tp.tensor([3, 1], dtype="uint8")).tolist() == [254]

    def test_bad_input(self, backend: str) -> None:
        with pytest.raises(IndexError, match="diff: axis -1 is out of range for 0 axes"):
            tp.diff(tp.tensor(1.0))
        with pytest.raises(ValueError, match="diff: got n=-1, wanted none or more"):
            tp.diff(tp.ones(3), n=-1)
        with pytest.raises(ValueError, match=r"concat: shapes .* must be equal but for axis 1"):
            tp.diff(tp.ones(2, 3), prepend=tp.ones(1, 3))


REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (IndexError, "cumulative_sum: axis 2 is out of range", lambda: tp.cumulative_sum(tp.ones(2, 3), axis=2)),
    (IndexError, "cumulative_sum: axis 0 is out of range for 0 axes", lambda: tp.cumulative_sum(tp.ones(()), axis=0)),
    (IndexError, "std: axis 1 is out of range", lambda: tp.ones(2).std(1)),
    (ValueError, r"var: axis \(0, 0\) names an axis twice", lambda: tp.var(tp.ones(2), axis=(0, 0))),
    (TypeError, "var: a correction is a number, got str", lambda: tp.var(tp.ones(2), correction="1")),
    (TypeError, "prod: got list", lambda: tp.prod([1.0])),
    (TypeError, "std: got ndarray", lambda: tp.std(numpy.ones(2))),
    (TypeError, "cumprod: got list", lambda: tp.cumprod([1.0], 0)),
]


@pytest.mark.parametrize(("error", "message", "call"), REFUSED)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()


def test_gradients_of_products_with_zeros_to_the_third_order(backend: str) -> None:
    x = tp.tensor([0.0, 0.0, 3.0], dtype="float64", requires_grad=True)
    (first,) = tp.autograd.grad(x.prod(), x, create_graph=True)
    (second,) = tp.autograd.grad(first[0], x, create_graph=True)
    (third,) = tp.autograd.grad(second[1], x)
    assert (first.tolist(), second.tolist(), third.tolist()) == ([0.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 1.0])


def test_the_gradient_of_no_deviation_is_zero(backend: str) -> None:
    x = tp.tensor([[2.0, 2.0], [1.0, 3.0]], dtype="float64", requires_grad=True)
    x.std(1, correction=0).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [-0.5, 0.5]]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["max", "min"])
def test_the_extremes_along_an_axis_are_the_elements_at_their_positions(
    backend: str, name: str, dim: int, keepdim: bool, recorded: bool
) -> None:
    x = numpy.array([[-0.0, 0.0, -0.0, 2.0], [0.0, NAN, 2.0, NAN], [0.0, 1.0, -2.0, 2.0]], numpy.float32)
    found = getattr(tp.tensor(x, requires_grad=recorded), name)(dim, keepdim)
    wanted = getattr(numpy, f"arg{name}")(x, axis=dim, keepdims=True)
    values = numpy.take_along_axis(x, wanted, dim)
    shape = values.shape if keepdim else values.squeeze(dim).shape
    numpy.testing.assert_array_equal(found.indices, wanted.reshape(shape))
    assert found.values.detach().numpy().tobytes() == values.tobytes()
    assert (found.values.shape, found.values.requires_grad) == (shape, recorded)


def test_the_gradient_of_extremes_goes_to_the_first_of_equal_ones_whatever_becomes_of_the_positions(
    backend: str,
) -> None:
    x = tp.tensor([[1.0, 3.0, 3.0], [NAN, 2.0, NAN]], requires_grad=True)
    for largest in (True, False):
        found = x.max(1) if largest else x.min(1)
        found.indices.zero_()
        found.values.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0, 0.0], [2.0, 0.0, 0.0]]
