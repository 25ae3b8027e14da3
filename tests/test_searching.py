"""Searching: positions, the same on every backend."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp

INF, NAN = math.inf, math.nan


class TestNonzero:
    @pytest.mark.parametrize(
        "values",
        [
            [[0, 1, 2], [3, 0, 0]],
            [[0.0, -0.0, NAN], [INF, 0.5, 0.0]],
            [0j, 1j, complex(NAN, 0)],
            [True, False],
            numpy.zeros((0, 2)),
            numpy.zeros((2, 3)),
        ],
    )
    def test_positions(self, backend: str, values: Any) -> None:
        found = tp.nonzero(tp.tensor(values))
        wanted = numpy.nonzero(numpy.asarray(values))
        assert type(found) is tuple
        assert all(one.dtype is tp.int64 for one in found)
        assert [one.tolist() for one in found] == [one.tolist() for one in wanted]

    def test_counts(self, backend: str) -> None:
        x = tp.tensor([[0.0, -0.0, NAN], [INF, 0.5, 0.0]])
        assert tp.count_nonzero(x).item() == 3
        assert x.count_nonzero(dim=1).tolist() == tp.count_nonzero(x, axis=1).tolist() == [1, 2]
        assert tp.count_nonzero(tp.tensor([0j, 1j, 2.0])).item() == 2
        assert tp.count_nonzero(tp.tensor([True, False])).dtype is tp.int64

    def test_the_method_is_pytorchs(self, backend: str) -> None:
        x = tp.tensor([[0, 1], [2, 0]])
        assert x.nonzero().tolist() == tp.nonzero(x, as_tuple=False).tolist() == [[0, 1], [1, 0]]
        assert [one.tolist() for one in x.nonzero(as_tuple=True)] == [[0, 1], [1, 0]]
        assert tp.zeros((2, 3)).nonzero().shape == (0, 2)
        assert (tp.tensor(3).nonzero().shape, tp.tensor(0).nonzero().shape) == ((1, 0), (0, 0))
        assert [one.tolist() for one in tp.tensor(3).nonzero(as_tuple=True)] == [[0]]


ORDERED = [-INF, -1.0, -0.0, 0.0, 2.0, 2.0, 5.0, INF, NAN, NAN]

WANTED = [-INF, -3.0, 0.0, -0.0, 2.0, 3.0, INF, NAN]


class TestSearchsorted:
    @pytest.mark.parametrize("side", ["left", "right"])
    @pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
    def test_floats(self, backend: str, dtype: str, side: Any) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x1, x2 = tp.tensor(ORDERED, dtype=dtype), tp.tensor(WANTED, dtype=dtype)
        wanted = numpy.searchsorted(ORDERED, WANTED, side).tolist()
        found = tp.searchsorted(x1, x2, side=side)
        assert found.dtype is tp.int64
        assert found.tolist() == wanted
        assert tp.searchsorted(x1, x2.view(2, 4), side=side).view(-1).tolist() == wanted

    @pytest.mark.parametrize("dtype", ["uint8", "int64", "uint64"])
    def test_integers(self, backend: str, dtype: str) -> None:
        high = numpy.iinfo(dtype).max
        x1 = numpy.asarray([0, 1, high - 1, high], dtype=dtype)
        assert tp.searchsorted(tp.tensor(x1), tp.tensor(x1[::-1])).tolist() == [3, 2, 1, 0]

    def test_scalars_and_empty_tensors(self, backend: str) -> None:
        x1 = tp.tensor([1.0, 2.0, 2.0])
        assert tp.searchsorted(x1, 2).tolist() == 1
        assert tp.searchsorted(x1, 2.0, side="right").tolist() == 3
        assert tp.searchsorted(x1, tp.tensor(9, dtype="float64")).shape == ()
        assert tp.searchsorted(tp.zeros(0), tp.ones(2)).tolist() == [0, 0]
        assert tp.searchsorted(x1, tp.zeros((0, 2))).shape == (0, 2)

    def test_with_a_sorter(self, backend: str) -> None:
        x1 = tp.tensor([3, 1, 2])
        assert tp.searchsorted(x1, tp.tensor([0, 3]), sorter=tp.argsort(x1)).tolist() == [0, 2]

    def test_pytorchs_spelling(self, backend: str) -> None:
        x1 = tp.tensor([1, 2, 2])
        assert tp.searchsorted(x1, tp.tensor([2]), right=True).tolist() == [3]


REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, "nonzero: got a 0-d tensor, wanted at least one axis", lambda: tp.nonzero(tp.tensor(1.0))),
    (TypeError, "nonzero: got list", lambda: tp.nonzero([1])),
    (
        ValueError,
        r"searchsorted: got x1 of shape \(2, 2\) and x2 of shape \(\), wanted",
        lambda: tp.searchsorted(tp.ones(2, 2), 1),
    ),
    (ValueError, "searchsorted: got side 'up', wanted", lambda: tp.searchsorted(tp.ones(2), 1, side="up")),
    (TypeError, "searchsorted: got tensorplug.complex64", lambda: tp.searchsorted(tp.ones(2), 1j)),
    (TypeError, "searchsorted: got tensorplug.bool", lambda: tp.searchsorted(tp.ones(2) > 0, tp.ones(2) > 0)),
    (TypeError, "searchsorted: got int", lambda: tp.searchsorted(1, tp.ones(2))),
    (
        ValueError,
        r"searchsorted: got a sorter of shape \(1,\), wanted \(2,\)",
        lambda: tp.searchsorted(tp.ones(2), 1, sorter=tp.tensor([0])),
    ),
    (
        IndexError,
        "searchsorted: got a sorter of tensorplug.float32",
        lambda: tp.searchsorted(tp.ones(2), 1, sorter=tp.ones(2)),
    ),
    (IndexError, "index 2 is out of bounds", lambda: tp.searchsorted(tp.ones(2), 1, sorter=tp.tensor([0, 2]))),
    (IndexError, "count_nonzero: axis 1 is out of range", lambda: tp.count_nonzero(tp.ones(2), axis=1)),
]


@pytest.mark.parametrize(("error", "message", "call"), REFUSED)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_the_first_of_equal_extremes_wins_and_nan_over_all(backend: str, dtype: str) -> None:
    pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
    x = tp.tensor([[1.0, 3.0, 3.0], [NAN, INF, NAN], [-0.0, 0.0, -0.0]], dtype=dtype)
    assert tp.argmax(x, axis=1).tolist() == [1, 0, 0]
    assert tp.argmin(x, axis=1).tolist() == [0, 0, 0]
    assert tp.argmax(x, keepdims=True).tolist() == [[3]]


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("count", [6, 1200])
def test_a_flag_of_another_byte_than_one_is_true(count: int, dtype: str) -> None:
    """As NumPy has it of what was read as flags."""
    mask = numpy.zeros(count, "uint8")
    mask[::3], mask[1::3] = 255, 2
    flags = tp.from_numpy(mask.view(bool))
    sevens, ones = tp.full((count,), 7, dtype=dtype), tp.ones((count,), dtype=dtype)
    chosen = numpy.where(mask.view(bool), 7, 1)
    numpy.testing.assert_array_equal(tp.where(flags, sevens, ones).numpy(), chosen)
    numpy.testing.assert_array_equal(sevens.masked_fill(flags, 0).numpy(), numpy.where(mask.view(bool), 0, 7))
