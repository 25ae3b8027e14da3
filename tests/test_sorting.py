"""Sorting: stable, NaN last in either order, on every backend."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp

INF, NAN = math.inf, math.nan

SPECIAL = [3.0, NAN, -0.0, 1.0, 0.0, -INF, NAN, 1.0, INF, -2.0]


def signs(x: Any) -> list[bool]:
    return numpy.signbit(numpy.asarray(x)).tolist()


def stable_order(values: list[Any], descending: bool) -> list[int]:
    """By Python's sort, NaN last."""
    sign = -1 if descending else 1
    return sorted(range(len(values)), key=lambda i: (values[i] != values[i], 0 if values[i] != values[i] else
                                                     sign * values[i]))  # fmt: skip


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_floats(backend: str, dtype: str, descending: bool) -> None:
    pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
    x = tp.tensor(SPECIAL, dtype=dtype)
    order = stable_order(SPECIAL, descending)
    wanted = numpy.asarray(SPECIAL)[order]
    found = tp.sort(x, descending=descending)
    assert found.dtype is x.dtype
    numpy.testing.assert_array_equal(found.tolist(), wanted)
    # NaN has no sign that counts.
    assert signs(found.double())[:-2] == signs(wanted)[:-2]
    positions = tp.argsort(x, descending=descending)
    assert positions.dtype is tp.int64
    assert positions.tolist() == order


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "int64"])
def test_integers(backend: str, dtype: str, descending: bool) -> None:
    ends = [0, 1] if dtype == "bool" else [numpy.iinfo(dtype).min, numpy.iinfo(dtype).max]
    values = [ends[1], 1, 0, ends[0], 1, ends[1]]
    order = stable_order(values, descending)
    x = tp.tensor(numpy.asarray(values, dtype=dtype))
    assert tp.sort(x, descending=descending).tolist() == [values[i] for i in order]
    assert tp.sort(x, descending=descending).dtype is x.dtype
    assert tp.argsort(x, descending=descending, stable=False).tolist() == order


@pytest.mark.parametrize("axis", [0, -2])
def test_axes(backend: str, axis: int) -> None:
    x = numpy.random.default_rng(3).integers(0, 4, (3, 40, 2))
    tensor = tp.tensor(x)
    numpy.testing.assert_array_equal(tp.sort(tensor, axis=axis), numpy.sort(x, axis=axis))
    numpy.testing.assert_array_equal(tp.argsort(tensor, axis=axis), numpy.argsort(x, axis=axis, kind="stable"))
    numpy.testing.assert_array_equal(
        tp.argsort(tensor, axis=axis, descending=True), numpy.argsort(-x, axis=axis, kind="stable")
    )
    assert tp.sort(tp.zeros((2, 0))).shape == tp.argsort(tp.zeros((0, 2))).shape[::-1] == (2, 0)


def many(dtype: str, shape: tuple[int, ...], spread: float) -> numpy.ndarray:
    """Numbers as far apart, of floating-point ones every third a special one."""
    random = numpy.random.default_rng(5)
    if dtype[0] != "f":
        ends = numpy.iinfo(dtype)
        low, high = max(ends.min, int(-spread)), min(ends.max, int(spread))
        return random.integers(low, high, shape, dtype, endpoint=True)
    found = (random.normal(size=shape) * min(spread, 1e4)).astype(dtype)
    found.reshape(-1)[::3] = numpy.resize(numpy.asarray([*SPECIAL, -NAN, 1e-7, -1e-7], dtype), -(-found.size // 3))
    return found


@pytest.mark.parametrize("spread", [1.0, 3e4, 2e9, 1e19], ids=str)
@pytest.mark.parametrize("dtype", "float16 float32 float64 int8 int16 int32 int64 uint8 uint32 uint64".split())
def test_equal_elements_keep_their_order_in_rows_of_any_length(backend: str, dtype: str, spread: float) -> None:
    """NumPy's own stable sort, of one element after the other, is the reference."""
    for shape, axis in [((5, 40), 1), ((110, 40), 1), ((5000,), 0), ((700, 6), 0)]:
        x = many(dtype, shape, spread)
        found = numpy.asarray(tp.argsort(tp.asarray(x), axis=axis))
        assert found.dtype == numpy.int64
        numpy.testing.assert_array_equal(found, numpy.argsort(x, axis, kind="stable"))


def test_what_is_in_order_stays_so(backend: str) -> None:
    x = tp.asarray(numpy.repeat(numpy.arange(1000.0), 6))
    assert tp.argsort(x).tolist() == list(range(6000))
    first = tp.argsort(tp.broadcast_to(x, (2, 6000)), axis=1)
    first[0] = 0
    assert first[1].tolist() == list(range(6000))


def test_the_tensor_itself_stays_as_it_was(backend: str) -> None:
    x = tp.tensor([2.0, 1.0])
    tp.sort(x)
    tp.sort(tp.tensor([1.0]))[0] = 5.0
    assert x.tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    "spell", [lambda x: tp.sort(x, 1), lambda x: tp.sort(x, dim=-1), lambda x: x.sort(), lambda x: x.sort(dim=1)]
)
def test_pairs_of_values_and_indices(backend: str, spell: Callable[[tp.Tensor], Any]) -> None:
    found = spell(tp.tensor([[2, 1, 3], [1, 1, 0]]))
    values, indices = found
    assert values.tolist() == found.values.tolist() == [[1, 2, 3], [0, 1, 1]]
    assert indices.tolist() == found.indices.tolist() == [[1, 0, 2], [2, 0, 1]]
    assert indices.dtype is tp.int64


def test_more_of_pytorch(backend: str) -> None:
    x = tp.tensor([[2, 1], [1, 3]])
    assert x.sort(0, True).values.tolist() == tp.sort(x, 0, True).values.tolist() == [[2, 3], [1, 1]]
    assert x.sort(stable=True, descending=True).indices.tolist() == [[0, 1], [1, 0]]
    assert x.argsort(0).tolist() == tp.argsort(x, dim=0).tolist() == [[1, 0], [0, 1]]


def test_gradients_go_where_the_elements_were(backend: str) -> None:
    weights = tp.tensor([1.0, 2.0, 3.0])
    for spell in (lambda x: tp.sort(x, descending=True), lambda x: x.sort(descending=True).values):
        x = tp.tensor([1.0, 1.0, 2.0], requires_grad=True)
        (spell(x) * weights).sum().backward()
        assert x.grad.tolist() == [2.0, 3.0, 1.0]


REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (TypeError, "sort: got tensorplug.complex64, wanted a real-valued dtype", lambda: tp.sort(tp.tensor([1j]))),
    (TypeError, "sort: got tensorplug.complex64", lambda: tp.sort(tp.tensor([1j]), descending=True)),
    (TypeError, "sort: got tensorplug.complex64", lambda: tp.tensor([1j]).sort()),
    (TypeError, "argsort: got tensorplug.complex64", lambda: tp.argsort(tp.tensor([1j]))),
    (TypeError, "sort: got list", lambda: tp.sort([1.0])),
    (IndexError, "sort: axis -1 is out of range for 0 axes", lambda: tp.sort(tp.tensor(1.0))),
    (IndexError, "argsort: axis 2 is out of range for 2 axes", lambda: tp.argsort(tp.ones(2, 2), axis=2)),
    (IndexError, "sort: axis 1 is out of range", lambda: tp.ones(2).sort(1)),
]


@pytest.mark.parametrize(("error", "message", "call"), REFUSED)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()


def test_sort_of_halves_with_infinities() -> None:
    numbers = numpy.random.default_rng(0).permutation(262202)[:131101] / 4 - 98325.75
    x = numpy.where(numbers <= -65520, -numpy.inf, numbers).astype("float16")
    found = tp.sort(tp.asarray(x)).numpy()
    assert numpy.array_equal(found, numpy.sort(x.astype("float64")))
