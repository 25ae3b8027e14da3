"""Functions that move elements around, and reading and writing by position, against NumPy's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorplug as tp

X = np.arange(12.0).reshape(2, 3, 2)


def same(found: tp.Tensor, wanted: Any) -> None:
    wanted = np.asarray(wanted)
    assert (found.shape, found.dtype.name, found.tolist()) == (wanted.shape, wanted.dtype.name, wanted.tolist())


def of(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(math.prod(shape)).reshape(shape)


class TestRepeat:
    @pytest.mark.parametrize("axis", [None, 0, 1, -1])
    @pytest.mark.parametrize("repeats", [0, 1, 3])
    def test_a_number_of_times(self, backend: str, repeats: int, axis: Any) -> None:
        x = tp.tensor(X)
        for given in (repeats, np.int8(repeats), tp.tensor(repeats), tp.tensor([repeats], dtype="uint8")):
            same(tp.repeat(x, given, axis=axis), np.repeat(X, repeats, axis))
        same(x.repeat_interleave(repeats, axis), np.repeat(X, repeats, axis))

    def test_each_a_number_of_times(self, backend: str) -> None:
        x = tp.tensor(X)
        same(tp.repeat(x, tp.tensor([2, 0, 1]), axis=1), np.repeat(X, [2, 0, 1], 1))
        same(tp.repeat(x, tp.arange(12)), np.repeat(X, np.arange(12)))
        same(tp.repeat(tp.zeros(0), tp.zeros(0, dtype="int64")), np.zeros(0, "float32"))
        same(tp.repeat(tp.tensor(5), 2), np.repeat(5, 2))

    def test_the_result_is_a_copy(self, backend: str) -> None:
        x = tp.ones(2)
        for y in (tp.repeat(x, 1), tp.tile(x, (1,)), tp.repeat(x, 1, axis=0)):
            y += 1
        assert x.tolist() == [1, 1]

    @pytest.mark.parametrize("counts", [(2,), (2, 1), (1, 2, 3), (2, 1, 1, 2), (0, 1, 1), ()], ids=str)
    def test_tile(self, backend: str, counts: tuple[int, ...]) -> None:
        for x in (X, X[0, 0], np.asarray(3)):
            same(tp.tile(tp.tensor(x), counts), np.tile(x, counts))
        same(tp.tensor(X).tile(*counts) if counts else tp.tensor(X), np.tile(X, counts))

    def test_pytorch_s_repeat_is_tile(self, backend: str) -> None:
        x = tp.tensor([1, 2])
        same(x.repeat(2, 2), np.tile([1, 2], (2, 2)))
        same(x.repeat((3,)), np.tile([1, 2], 3))
        with pytest.raises(RuntimeError, match="repeat: got 1 repetitions for 2 axes"):
            tp.ones(2, 2).repeat(2)


class TestRoll:
    @pytest.mark.parametrize(
        ("shift", "axis"),
        [(1, None), (-5, None), (1, 0), (4, 1), (-1, -1), ((1, 2), (0, 1)), (1, (0, 2)), ((1, 1), (1, 1)), ((), ())],
        ids=str,
    )
    def test_values(self, backend: str, shift: Any, axis: Any) -> None:
        same(tp.roll(tp.tensor(X), shift, axis=axis), np.roll(X, shift, axis))

    def test_pytorch_s_spelling(self, backend: str) -> None:
        x = tp.tensor(X)
        assert x.roll(1, 0).tolist() == x.roll(shifts=1, dims=0).tolist() == tp.roll(x, 1, 0).tolist()

    def test_of_nothing(self, backend: str) -> None:
        assert tp.roll(tp.zeros(0, 2), 3).shape == tp.roll(tp.zeros(0, 2), (1, 1), axis=(0, 1)).shape == (0, 2)
        assert tp.roll(tp.tensor(3), 10**20).item() == 3


class TestAxes:
    def test_moveaxis(self, backend: str) -> None:
        x = of((2, 3, 4, 5))
        for source, destination in ((0, -1), (-1, 0), ((0, 1), (-1, -2)), ((3, 0), (1, 2)), ((), ())):
            same(tp.moveaxis(tp.tensor(x), source, destination), np.moveaxis(x, source, destination))
        y = tp.zeros(2, 3)
        y.movedim(0, 1)[0] = 1.0
        assert y.tolist() == [[1, 0, 0], [1, 0, 0]]

    @pytest.mark.parametrize("axis", [0, -1, (0, 1), (-1, 0), (3, -3), [1]], ids=str)
    def test_expand_dims(self, backend: str, axis: Any) -> None:
        same(tp.expand_dims(tp.tensor(of((2, 3))), axis), np.expand_dims(of((2, 3)), axis))

    @pytest.mark.parametrize("axis", [0, -1, (0, 2), (-3, -1), ()], ids=str)
    def test_squeeze(self, backend: str, axis: Any) -> None:
        same(tp.squeeze(tp.tensor(of((1, 3, 1))), axis), np.squeeze(of((1, 3, 1)), axis))

    def test_unstack(self, backend: str) -> None:
        for axis in (0, 1, -1):
            for found, wanted in zip(tp.unstack(tp.tensor(X), axis=axis), np.unstack(X, axis=axis), strict=True):
                same(found, wanted)
        assert tp.unstack(tp.zeros(0, 2)) == ()
        assert [part.shape for part in tp.unstack(tp.zeros(0, 2), axis=1)] == [(0,), (0,)]

    def test_the_transpose_is_of_matrices(self, backend: str) -> None:
        same(tp.tensor(of((2, 3))).T, of((2, 3)).T)
        same(tp.tensor(X).mT, X.mT)
        with pytest.raises(ValueError, match=r"T: got shape .* wanted two axes"):
            _ = tp.zeros(2, 3, 4).T


class TestBroadcasting:
    @pytest.mark.parametrize(
        "shapes", [(), ((),), ((2, 1), (3,)), ((0,), (1,)), ((5, 1, 4), (3, 1), (1,)), ((1,), (), (0, 1))], ids=str
    )
    def test_together(self, backend: str, shapes: Any) -> None:
        wanted = np.broadcast_shapes(*shapes)
        assert tp.broadcast_shapes(*shapes) == wanted
        found = tp.broadcast_arrays(*(tp.tensor(of(shape)) for shape in shapes))
        assert isinstance(found, tuple)
        for x, y in zip(found, np.broadcast_arrays(*map(of, shapes)), strict=True):
            same(x, y)

    def test_dtypes_stay(self, backend: str) -> None:
        x, y = tp.broadcast_arrays(tp.ones(2, dtype="int8"), tp.ones(()))
        assert (x.dtype, y.dtype) == (tp.int8, tp.float32)


class TestJoining:
    def test_dtypes_are_promoted(self, backend: str) -> None:
        x, y = tp.ones(2, dtype="int8"), tp.zeros(1, dtype="float64")
        for joined in (tp.concat([x, y]), tp.concat((y, x), axis=-1), tp.concat([x, y], axis=None)):
            assert (joined.dtype, joined.shape) == (tp.float64, (3,))
        assert tp.stack([x, x.to("uint8")]).dtype is tp.int16

    def test_flattened(self, backend: str) -> None:
        same(tp.concat([tp.tensor(X), tp.tensor(9.0, dtype="float64")], axis=None), np.append(X, 9.0))

    def test_tensors_without_axes_join_the_others_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x, y = tp.ones(2, device="jax"), tp.tensor(3.0, device="numpy")
        for pair in ([x, y], [y, x]):
            joined = tp.concat(pair, axis=None)
            assert (joined.backend, sorted(joined.tolist())) == ("jax", [1, 1, 3])


class TestTake:
    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
    def test_values(self, backend: str, dtype: str) -> None:
        x = of((2, 300))
        positions = np.asarray([1, 0, 100, 1]).astype(dtype)
        same(tp.take(tp.tensor(x), tp.tensor(positions), axis=1), np.take(x, positions, 1))
        assert tp.take(tp.tensor(x), tp.tensor([], dtype=dtype), axis=-1).shape == (2, 0)

    @pytest.mark.parametrize("dtype", ["int8", "int16", "int64"])
    def test_positions_from_the_end_of_a_long_axis(self, backend: str, dtype: str) -> None:
        """JAX counts in the dtype of the positions, which may not hold the length."""
        x, positions = of((300,)), tp.tensor([-1, 5, -128], dtype=dtype)
        wanted = [299, 5, 172]
        y = tp.tensor(x)
        assert tp.take(y, positions).tolist() == y[positions].tolist() == wanted
        y[positions] = -1
        assert [y[i].item() for i in wanted] == [-1, -1, -1]
        z = tp.zeros(300, requires_grad=True)
        z[positions].sum().backward()
        assert z.grad is not None
        assert z.grad.nonzero().flatten().tolist() == sorted(wanted)

    def test_the_method_is_pytorch_s(self, backend: str) -> None:
        same(tp.tensor(X).take(tp.tensor([[0, -1], [5, 5]])), np.take(X, [[0, -1], [5, 5]]))

    def test_along_an_axis(self, backend: str) -> None:
        positions = np.asarray([[2, -1], [0, 1]])[:, None]
        same(
            tp.take_along_axis(tp.tensor(X), tp.tensor(positions % 3), axis=1), np.take_along_axis(X, positions % 3, 1)
        )
        same(tp.take_along_axis(tp.tensor(X[0]), tp.tensor([[-1]])), X[0][:, -1:])


class TestMasks:
    @pytest.mark.parametrize(("shape", "mask"), [((2, 3), (0, 3)), ((2, 3), (2, 0)), ((2, 3), (0,)), ((0, 3), (0, 0))])
    def test_an_axis_without_elements_selects_nothing(self, backend: str, shape: Any, mask: Any) -> None:
        x = tp.zeros(shape)
        selected = tp.zeros(mask, dtype="bool")
        assert x[selected].shape == (0, *shape[len(mask) :])
        x[selected] = 1.0
        assert not x.any()

    @pytest.mark.parametrize("mask", [(3,), (2, 2), (3, 0), (2, 3, 0)])
    def test_other_shapes(self, backend: str, mask: Any) -> None:
        with pytest.raises(IndexError):
            tp.zeros(2, 3)[tp.zeros(mask, dtype="bool")]


class TestIntegerArrays:
    @pytest.mark.parametrize(
        "index",
        [
            (0, np.asarray([0, 2]), 1),
            (np.asarray([[0], [1]]), np.asarray([0, -1]), -1),
            (np.asarray(1), 0, np.asarray([1, 1])),
            (np.asarray(1), np.asarray(-1), 0),
            (np.asarray([[0, 1], [1, 0]]), 2, np.asarray(0)),
        ],
        ids=str,
    )
    def test_with_integers(self, backend: str, index: tuple[Any, ...]) -> None:
        x, expected = tp.tensor(X), X.copy()
        given = tuple(tp.tensor(item) if isinstance(item, np.ndarray) else item for item in index)
        same(x[given], X[index])
        x[given], expected[index] = -1.0, -1.0
        same(x, expected)

    @pytest.mark.parametrize(
        "index",
        [
            (None, 1, ..., [0, 2], [0, 1]),
            (slice(1), 1, ..., [0, 1]),
            (slice(1), [0, 1], ..., np.asarray([False, True])),
            (slice(None), True, ..., [0, 1], [0, 1]),
            (slice(None), slice(1), None, 1, ...),
        ],
        ids=str,
    )
    def test_an_ellipsis_of_no_axes_separates(self, backend: str, index: tuple[Any, ...]) -> None:
        x, expected = tp.tensor(X, requires_grad=True), X.copy()
        read = x[index]
        same(read.detach(), X[index])
        weights = np.arange(1.0, 1.0 + X[index].size).reshape(X[index].shape)
        (read * tp.tensor(weights)).sum().backward()
        gradient = np.zeros_like(X)
        np.add.at(gradient, index, weights)
        assert x.grad is not None
        same(x.grad, gradient)
        value = tp.tensor(-weights, requires_grad=True)
        written = x * 1
        written[index], expected[index] = value, -weights
        same(written.detach(), expected)
        (written * tp.tensor(X)).sum().backward()
        assert value.grad is not None
        same(value.grad, X[index])

    def test_what_an_index_array_can_be_made_of(self, backend: str) -> None:
        x = tp.eye(3)
        assert x[(0, 1), (0, 2)].tolist() == x[range(2), range(0, 4, 2)].tolist() == [1.0, 0.0]
        assert x[((0, 1), (1, 2)), 1].tolist() == [[0.0, 1.0], [1.0, 0.0]]
        assert x[(True, False, True), :].tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        assert x[np.int64(1), (np.int8(1), tp.tensor(2))].tolist() == [1.0, 0.0]
        assert x[(), (0,)].shape == x[:0, 0].shape == x[[[]], 0].shape[1:] == x[range(0), 0].shape == (0,)
        x[(0, 1), (2, 2)] = 7.0
        x[range(2, 3)] = tp.tensor([4.0, 5.0, 6.0])
        assert x.tolist() == [[1.0, 0.0, 7.0], [0.0, 1.0, 7.0], [4.0, 5.0, 6.0]]
        with pytest.raises(IndexError, match=r"integer or boolean dtype, got .*float32"):
            x[(0.5, 1.0), 0]

    def test_a_failed_assignment_writes_nothing(self, backend: str) -> None:
        x = tp.zeros(3)
        wrong: list[tuple[Any, Any, type[Exception]]] = [
            (tp.tensor([0, 3]), 1.0, IndexError),
            (tp.tensor([0, -4]), 1.0, IndexError),
            ([0, 1], tp.ones(3), ValueError),
            (slice(None), [1.0, 2.0], ValueError),
            (slice(None), tp.ones(3, dtype="complex64"), TypeError),
            (tp.tensor([True, False]), 1.0, IndexError),
            (0, "a", TypeError),
        ]
        for index, value, error in wrong:
            with pytest.raises(error):
                x[index] = value
        assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize("index", [([0, 1], [0, 1, 1]), ([True, True], [0, 1, 1]), ([[0, 1]], [[0, 1, 1]])], ids=str)
def test_index_arrays_that_do_not_fit_each_other(backend: str, index: Any) -> None:
    x = tp.zeros(2, 2)
    for use in (lambda: x[index], lambda: x.__setitem__(index, 1.0)):
        with pytest.raises(
            IndexError, match=r"index arrays of shapes \(.*2.*\) and \(.*3,?\) cannot be broadcast together"
        ):
            use()
    assert x.tolist() == [[0, 0], [0, 0]]


def three() -> tp.Tensor:
    return tp.ones(3)


WRONG: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, "repeat: got -1 repetitions", lambda: tp.repeat(three(), -1)),
    (
        ValueError,
        r"repeat: got repetitions of shape \(2,\), wanted one, or",
        lambda: tp.repeat(three(), tp.ones(2).int()),
    ),
    (TypeError, "repeat: got float64 repetitions", lambda: tp.repeat(three(), 1.5)),
    (TypeError, "repeat: got float32 repetitions", lambda: tp.repeat(three(), three())),
    (IndexError, "repeat: axis 1 is out of range", lambda: tp.repeat(three(), 2, axis=1)),
    (ValueError, r"tile: got repetitions \(-1,\)", lambda: tp.tile(three(), (-1,))),
    (ValueError, "roll: got 2 shifts and 1 axes", lambda: tp.roll(three(), (1, 2), axis=0)),
    (ValueError, "roll: got 2 shifts and no axis", lambda: tp.roll(three(), (1, 2))),
    (IndexError, "roll: axis 1 is out of range", lambda: tp.roll(three(), 1, axis=1)),
    (IndexError, "moveaxis: axis 1 is out of range", lambda: tp.moveaxis(three(), 0, 1)),
    (ValueError, r"moveaxis: axis \(0, 0\) names an axis twice", lambda: tp.moveaxis(tp.ones(2, 2), (0, 0), (0, 1))),
    (ValueError, "moveaxis: got 1 axes and 2 places", lambda: tp.moveaxis(tp.ones(2, 2), 0, (0, 1))),
    (ValueError, r"expand_dims: axis \(0, -3\) names an axis twice", lambda: tp.expand_dims(three(), (0, -3))),
    (ValueError, r"broadcast_shapes: shapes \(2,\) and \(3,\) cannot", lambda: tp.broadcast_shapes((2,), (3,))),
    (ValueError, r"broadcast_arrays: shapes \(3,\) and \(2,\)", lambda: tp.broadcast_arrays(three(), tp.ones(2))),
    (ValueError, r"take: got indices of shape \(1, 1\)", lambda: tp.take(three(), tp.tensor([[0]]), axis=0)),
    (IndexError, "index 3 is out of bounds for axis 0 with size 3", lambda: tp.take(three(), tp.tensor([0, 3]))),
    (IndexError, "index -4 is out of bounds", lambda: tp.take_along_axis(three(), tp.tensor([-4]))),
    (IndexError, "integer or boolean dtype, got tensorplug.float32", lambda: tp.take(three(), three())),
    (IndexError, "take: got indices of tensorplug.bool", lambda: tp.take(three(), three() > 0)),
    (IndexError, "take: axis 0 is out of range for 0 axes", lambda: tp.take(tp.ones(()), tp.tensor([0]), axis=0)),
    (TypeError, "take: got list", lambda: tp.take([1], [0])),  # type: ignore[arg-type]
    (TypeError, "concat: got Tensor, wanted a sequence", lambda: tp.concat(three())),
    *[
        (TypeError, f"{name}: got list", lambda name=name, rest=rest: getattr(tp, name)([1.0], *rest))
        for name, *rest in (
            ("broadcast_to", (2,)),
            ("expand_dims", 0),
            ("flip",),
            ("matrix_transpose",),
            ("moveaxis", 0, 0),
            ("permute_dims", (0,)),
            ("repeat", 2),
            ("reshape", (1,)),
            ("roll", 1),
            ("squeeze", 0),
            ("tile", (2,)),
            ("unstack",),
            ("astype", "int8"),
        )
    ],
]


@pytest.mark.parametrize(("error", "message", "call"), WRONG)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()
