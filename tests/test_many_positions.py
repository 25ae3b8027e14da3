"""Reading and writing at many positions gives what NumPy's own indexing gives, whatever way a kernel takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.backends.numpy import indexing
from tensorplug.core.autodiff.lifting import TENSOR_OPS

RANDOM = numpy.random.default_rng(5)


def positions(length: int, *shape: int, dtype: str = "int64", signed: bool = False) -> numpy.ndarray:
    return RANDOM.integers(-length if signed else 0, length, shape).astype(dtype)


def mask(*shape: int, share: float = 0.5) -> numpy.ndarray:
    return RANDOM.random(shape) < share


ALL = slice(None)

INDICES: dict[str, tuple[tuple[int, ...], tuple[Any, ...]]] = {
    "one axis": ((40,), (positions(40, 2800),)),
    "in several axes": ((40,), (positions(40, 60, 1, 60),)),
    "from the end": ((40,), (positions(40, 2800, signed=True),)),
    "int8": ((200,), (positions(100, 2400, dtype="int8", signed=True),)),
    "uint8": ((300, 5), (positions(256, 2400, dtype="uint8"), positions(5, 2400, dtype="uint8"))),
    "uint64": ((300, 5), (positions(300, 2400, dtype="uint64"), positions(5, 2400, dtype="uint64"))),
    "int16 of a large array": ((400, 400), (positions(400, 2400, dtype="int16"), positions(400, 2400, dtype="int16"))),
    "not contiguous": ((40, 7), (positions(40, 60, 40).T, positions(7, 80, 60)[::2])),
    "rows": ((30, 4), (positions(30, 2400),)),
    "long rows": ((6, 700), (positions(6, 5),)),
    "many rows": ((30, 9), (positions(30, 2400, signed=True),)),
    "many rows of a large array": ((1 << 18, 2), (positions(1 << 18, 9000, dtype="int32"),)),
    "rows of several axes": ((30, 2, 3), (positions(30, 5, 500, signed=True),)),
    "columns": ((7, 30), (ALL, positions(30, 2400))),
    "by an ellipsis": ((2, 3, 30), (..., positions(30, 60, 40))),
    "before an ellipsis": ((30, 2, 3), (positions(30, 2400), ...)),
    "in the middle": ((3, 20, 4), (ALL, positions(20, 2400, signed=True))),
    "of all axes": ((9, 8, 7), (positions(9, 2400), positions(8, 2400, signed=True), positions(7, 2400))),
    "of two axes out of four": ((2, 9, 8, 3), (ALL, positions(9, 60, 60), positions(8, 60, signed=True))),
    "open mesh": ((30, 40), (numpy.arange(30)[:, None], positions(40, 30, 80))),
    "of a length of 1": ((30, 20, 1), (positions(30, 2400), positions(20, 2400))),
    "with an integer": ((30, 20), (positions(30, 2400), 3)),
    "with an integer from the end": ((4, 30, 20), (-1, positions(30, 2400))),
    "with an axis between": ((30, 5, 20), (positions(30, 2400), ALL, positions(20, 2400))),
    "with a slice": ((30, 20), (positions(30, 2400), slice(2, 9))),
    "with a new axis": ((30, 20), (None, positions(30, 2400))),
    "no positions": ((30, 20), (positions(30, 0), positions(20, 2400, 0))),
    "of an empty array": ((0, 30), (ALL, positions(30, 2400))),
    "mask": ((80, 30), (mask(80, 30),)),
    "sparse mask": ((80, 30), (mask(80, 30, share=0.01),)),
    "mask in runs": ((80, 30), (numpy.tri(80, 30, dtype=bool),)),
    "mask of nothing": ((80, 30), (numpy.zeros((80, 30), bool),)),
    "mask of everything": ((80, 30), (numpy.ones((80, 30), bool),)),
    "mask that is not contiguous": ((80, 30), (mask(30, 80).T,)),
    "mask of rows": ((2900, 3), (mask(2900),)),
    "mask of columns": ((3, 80, 30), (ALL, mask(80, 30))),
    "mask and an ellipsis of nothing": ((50, 50, 5), (..., mask(50, 50), ALL)),
    "mask between": ((3, 80, 30, 2), (..., mask(80, 30), ALL)),
    "mask and positions": ((2900, 4), (numpy.arange(2900) < 2400, positions(4, 2400))),
}

DTYPES = ["bool", "uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]


def numbers(shape: tuple[int, ...], dtype: str, low: int = -9) -> numpy.ndarray:
    """Numbers of which sums are rounded, zeros of both signs among them."""
    native = numpy.asarray(tp.zeros(0, dtype=dtype)).dtype
    found = RANDOM.integers(low if dtype not in ("bool", "uint8") else 0, 9, shape) / (1 if native.kind in "iub" else 7)
    return (found * (1 + 2j) if native.kind == "c" else found * -1 if native.kind in "fV" else found).astype(native)


def given(index: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tp.tensor(item) if isinstance(item, numpy.ndarray) else item for item in index)


def assert_same(found: tp.Tensor, wanted: Any) -> None:
    """To the bit, so that zeros have the same signs."""
    array, wanted = numpy.asarray(found), numpy.ascontiguousarray(wanted).reshape(numpy.shape(wanted))
    assert (array.shape, array.dtype) == (wanted.shape, wanted.dtype)
    assert array.tobytes() == wanted.tobytes()


LAYOUTS: dict[str, Callable[[numpy.ndarray], tuple[tp.Tensor, numpy.ndarray]]] = {
    "contiguous": lambda x: (tp.tensor(x), x.copy()),
    "turned": lambda x: (tp.tensor(x.T.copy()).permute(*reversed(range(x.ndim))), x.copy()),
    "every second": lambda x: (tp.tensor(numpy.repeat(x, 2, -1))[..., ::2], x.copy()),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", INDICES)
def test_read_and_write(case: str, dtype: str, layout: str) -> None:
    shape, index = INDICES[case]
    x, expected = LAYOUTS[layout](numbers(shape, dtype))
    assert_same(x[given(index)], expected[index])
    # One value for each element, so that a place that is named twice gets the same value twice.
    values = numbers(shape, dtype)[index]
    x[given(index)] = tp.tensor(values)
    expected[index] = values
    assert_same(x, expected)
    x[given(index)] = True
    expected[index] = True
    assert_same(x, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", INDICES)
def test_add(case: str, dtype: str) -> None:
    """Each place gets what is added to it in the order of elements, half types in single precision."""
    shape, index = INDICES[case]
    native = numbers((), dtype).dtype
    expected = numpy.zeros(shape, "float32" if "float16" in dtype else native)
    added = numbers(expected[index].shape, dtype)
    with numpy.errstate(all="ignore"):
        numpy.add.at(expected, index, added.astype(expected.dtype))
    assert_same(TENSOR_OPS.scatter_zeros(tp.tensor(added), shape, index), expected.astype(native))


@pytest.mark.parametrize("with_scipy", [True, False])
@pytest.mark.parametrize("dtype", ["float16", "float64", "complex128", "int8", "bool"])
def test_add_rows(monkeypatch: pytest.MonkeyPatch, dtype: str, with_scipy: bool) -> None:
    """Sums of rows with infinite numbers, each part of a complex number apart, and of integers that overflow."""
    monkeypatch.setattr(indexing, "HAS_SCIPY", indexing.HAS_SCIPY and with_scipy)
    rows, added = positions(100, 4500, signed=True), numbers((4500, 4), dtype)
    if dtype == "complex128":
        added[7, 1], added[8, 2] = complex(numpy.inf, 1), complex(1, -numpy.inf)
    elif added.dtype.kind == "f":
        added[7, 1], added[8, 2] = numpy.inf, -numpy.inf
    for values in (added, numpy.asfortranarray(added), added[::-1, ::-1]):
        expected = numpy.zeros((100, 4), "float32" if dtype == "float16" else dtype)
        numpy.add.at(expected, rows, values)
        found = TENSOR_OPS.scatter_zeros(tp.from_numpy(values), (100, 4), (rows,))
        numpy.testing.assert_array_equal(numpy.asarray(found), expected.astype(dtype))


@pytest.mark.parametrize("case", INDICES)
def test_gradients(case: str) -> None:
    shape, index = INDICES[case]
    x = tp.tensor(numbers(shape, "float32"), requires_grad=True)
    read = x[given(index)]
    factors = numbers(read.shape, "float32")
    read.backward(tp.tensor(factors))
    expected = numpy.zeros(shape, "float32")
    numpy.add.at(expected, index, factors)
    assert x.grad is not None
    assert_same(x.grad, expected)


def test_what_is_recorded_is_not_written_with_the_index() -> None:
    x = tp.zeros(4, 700, requires_grad=True)
    for pick in (
        lambda index: x.gather(1, index),
        lambda index: tp.take_along_axis(x, index, axis=1),
        lambda index: x.scatter_add(1, index, x),
        lambda index: x.scatter(1, index, x),
        lambda index: x.index_select(1, index[0]),
        lambda index: x[:, index[0]],
    ):
        gradients = []
        for write in (lambda index: None, tp.Tensor.zero_):
            x.grad = None
            index = tp.tensor(numpy.arange(2800).reshape(4, 700) % 700)
            out = pick(index)
            write(index)
            out.backward(tp.arange(2800, dtype="float32").reshape(4, 700))
            assert x.grad is not None
            gradients.append(x.grad.tolist())
        assert gradients[0] == gradients[1]


@pytest.mark.parametrize("wrong", [-41, 40, 1 << 40, -(1 << 40)])
@pytest.mark.parametrize("count", [3, 2900])
def test_out_of_range(count: int, wrong: int) -> None:
    """However many there are, and though the place in memory may exist."""
    places = numpy.zeros(count, "int64")
    places[-2] = wrong
    x, index, message = tp.zeros(3, 40), tp.tensor(places), f"index {wrong} is out of bounds for axis 1 with size 40"
    uses = (
        lambda: x[:, index],
        lambda: x[index * 0, index],
        lambda: x.__setitem__((index * 0, index), 1.0),
        lambda: tp.take_along_axis(x, index[None], axis=1),
        lambda: x.gather(1, index[None]),
        lambda: x.scatter(1, index[None], 1.0),
        lambda: x.scatter_add(1, index[None], tp.ones(1, count)),
        lambda: x.index_add(1, index, tp.ones(3, count)),
    )
    for use in uses:
        with pytest.raises(IndexError, match=message):
            use()
    for kernel in (
        TENSOR_OPS.index,
        lambda x, i: TENSOR_OPS.scatter_zeros(x[0, :1], x.shape, i),
    ):
        with pytest.raises(IndexError):
            kernel(x, (places * 0, places))
    assert not x.any()


def test_sums_beyond_the_dtype_are_infinite_without_a_warning() -> None:
    for count in (3, 2900):
        added = tp.full((count,), 3e38, dtype="float32")
        assert tp.zeros(2).scatter_add(0, tp.zeros(count, dtype="int64"), added).tolist() == [float("inf"), 0]
