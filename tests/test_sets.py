"""Set functions: told apart by value, in one order on every backend."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp

INF, NAN = math.inf, math.nan

X = [[3.0, NAN, -0.0], [0.0, 3.0, NAN], [-INF, 3.0, 0.0]]


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_everything_about_unique_elements(backend: str, dtype: str) -> None:
    pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
    x = tp.tensor(X, dtype=dtype)
    values, indices, inverse_indices, counts = found = tp.unique_all(x)
    numpy.testing.assert_array_equal(values.tolist(), [-INF, 0.0, 3.0, NAN, NAN])
    # The first of the zeros is the negative one.
    assert math.copysign(1, values.tolist()[1]) == -1
    assert values.dtype is x.dtype
    assert indices.tolist() == [6, 2, 0, 1, 5]
    assert inverse_indices.tolist() == [[2, 3, 1], [1, 2, 4], [0, 2, 1]]
    assert counts.tolist() == [1, 3, 3, 1, 1]
    assert {one.dtype for one in found[1:]} == {tp.int64}
    numpy.testing.assert_array_equal(tp.unique_values(x).tolist(), values.tolist())
    assert tp.unique_counts(x).counts.tolist() == counts.tolist()
    assert tp.unique_inverse(x).inverse_indices.tolist() == inverse_indices.tolist()
    assert (tp.unique_counts(x)._fields, tp.unique_inverse(x)._fields) == (
        ("values", "counts"),
        ("values", "inverse_indices"),
    )
    assert found._fields == ("values", "indices", "inverse_indices", "counts")


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "int64"])
def test_unique_integers(backend: str, dtype: str) -> None:
    ends = [0, 1] if dtype == "bool" else [numpy.iinfo(dtype).min, numpy.iinfo(dtype).max]
    x = numpy.asarray([ends[1], ends[0], 1, ends[1], 1], dtype=dtype)
    found = tp.unique_all(tp.tensor(x))
    for one, wanted in zip(found, numpy.unique_all(x), strict=True):
        assert one.tolist() == wanted.tolist()
    assert found.values.dtype.name == dtype


def test_unique_complex_numbers(backend: str) -> None:
    x = tp.tensor([2 + 1j, 2.0, 1 + 5j, complex(-0.0, 1), complex(0.0, 1), 2.0, complex(NAN, 0), complex(NAN, 0)])
    found = tp.unique_all(x)
    numpy.testing.assert_array_equal(found.values.tolist()[:4], [1j, 1 + 5j, 2, 2 + 1j])
    assert found.counts.tolist() == [2, 1, 2, 1, 1, 1]
    assert found.indices.tolist() == [3, 2, 1, 0, 6, 7]


def test_unique_elements_of_few(backend: str) -> None:
    assert [one.tolist() for one in tp.unique_all(tp.tensor(5))] == [[5], [0], 0, [1]]
    assert [one.tolist() for one in tp.unique_all(tp.zeros((2, 0)))] == [[], [], [[], []], []]


def test_gradients_flow_through_the_values(backend: str) -> None:
    x = tp.tensor([3.0, 1.0, 3.0], requires_grad=True)
    found = tp.unique_all(x)
    gradient = found.values * tp.tensor([10.0, 100.0])
    found.indices.fill_(0)
    gradient.sum().backward()
    assert x.grad.tolist() == [100.0, 10.0, 0.0]


class TestMembership:
    @pytest.mark.parametrize("dtype", ["uint8", "int64", "uint64", "float32", "bfloat16", "complex64"])
    def test_values(self, backend: str, dtype: str) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x1, x2 = tp.tensor([[1, 2], [3, 0]], dtype=dtype), tp.tensor([[[3], [1], [7]]], dtype=dtype)
        found = tp.isin(x1, x2)
        assert found.dtype is tp.bool
        assert found.tolist() == [[True, False], [True, False]]
        assert tp.isin(x1, x2, invert=True).tolist() == [[False, True], [False, True]]

    def test_special_values(self, backend: str) -> None:
        x = tp.tensor([NAN, -0.0, INF, 1.0])
        assert tp.isin(x, tp.tensor([NAN, 0.0, INF])).tolist() == [False, True, True, False]
        assert tp.isin(x, x, invert=True).tolist() == [True, False, False, False]

    def test_scalars_and_other_dtypes(self, backend: str) -> None:
        x = tp.tensor([1, 2], dtype="int8")
        assert tp.isin(x, 2).tolist() == [False, True]
        assert tp.isin(2, x).tolist() is True
        assert [tp.isin(x, beyond).tolist() for beyond in (300, -129, 10**400)] == [[False, False]] * 3
        assert tp.isin(300, x).tolist() is False
        assert tp.isin(x, 300, invert=True).tolist() == [True, True]
        assert tp.isin(tp.tensor([INF, 1.0], dtype="float16"), 1e6).tolist() == [False, False]
        assert tp.isin(x, tp.tensor([2, 300])).tolist() == [False, True]
        assert tp.isin(tp.tensor([True, False]), tp.tensor([True])).tolist() == [True, False]
        assert tp.isin(tp.zeros((0, 2)), x).shape == (0, 2)
        assert tp.isin(x, tp.zeros(0)).tolist() == [False, False]
        assert tp.isin(x, x, assume_unique=True).tolist() == [True, True]

    def test_of_many(self, backend: str) -> None:
        x1, x2 = (numpy.random.default_rng(seed).integers(0, 5000, 2000) for seed in (0, 1))
        numpy.testing.assert_array_equal(tp.isin(tp.tensor(x1), tp.tensor(x2)), numpy.isin(x1, x2))


REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (TypeError, "unique_values: got list", lambda: tp.unique_values([1])),
    (TypeError, "unique_all: got ndarray", lambda: tp.unique_all(numpy.ones(2))),
    (TypeError, "isin: got int and int", lambda: tp.isin(1, 1)),
    (TypeError, "isin: got Tensor and list", lambda: tp.isin(tp.ones(2), [1])),
]


@pytest.mark.parametrize(("error", "message", "call"), REFUSED)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()
