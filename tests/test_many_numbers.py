"""Elementwise functions of many numbers give what they give of few, whatever way a kernel takes for each."""

from __future__ import annotations

import math

import numpy
import pytest

import tensorplug as tp

SPECIAL = numpy.asarray([0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 0.5, 7.0, 1e-30, -1e30, math.inf, -math.inf, math.nan])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["floor_divide", "logaddexp", "pow", "remainder"])
def test_functions_of_two(backend: str, name: str, dtype: str) -> None:
    """Of ordinary numbers, of special ones, and of both."""
    function = getattr(tp, name)
    random = numpy.random.default_rng(11)
    ordinary = random.normal(size=(2, 40 * 40)) * numpy.exp(random.uniform(-9, 9, (2, 40 * 40)))
    special = numpy.stack([one.reshape(-1) for one in numpy.meshgrid(SPECIAL, SPECIAL)])
    special = numpy.tile(special, 10)[:, :1600]
    alone = numpy.stack([numpy.resize(SPECIAL, 1600), ordinary[0]])
    for points in (ordinary, special, alone, alone[::-1], numpy.round(ordinary)):
        x1, x2 = points.astype(dtype)
        found = numpy.asarray(function(tp.asarray(x1), tp.asarray(x2)))
        few = [function(*map(tp.asarray, pair)) for pair in zip(x1.reshape(-1, 40), x2.reshape(-1, 40), strict=True)]
        assert_close(name, found, numpy.concatenate([*map(numpy.asarray, few)]), x1, x2)
    for scalar in (0.5, 1.0, 2.0, 3.0, -1.0, 2.5, -3.0, math.inf, math.nan):
        x1 = numpy.concatenate([special[0], ordinary[0]]).astype(dtype)
        x2 = numpy.asarray(scalar, dtype)
        found = numpy.asarray(function(tp.asarray(x1), tp.asarray(x2)))
        same = numpy.asarray(function(tp.asarray(x1), tp.asarray(numpy.full_like(x1, scalar))))
        assert_close(name, found, same, x1, x2)


def assert_close(name: str, found: numpy.ndarray, wanted: numpy.ndarray, x1: numpy.ndarray, x2: numpy.ndarray) -> None:
    """Exact where the result is special, a remainder or whole; else within 4 ulp, of a logarithm of the operands."""
    assert found.dtype == wanted.dtype
    with numpy.errstate(all="ignore"):
        operands = numpy.abs(numpy.broadcast_arrays(x1, x2))
        operands[numpy.isinf(operands)] = 0
        scale = numpy.fmax(abs(wanted), operands.max(0) if name == "logaddexp" else 0)
        bound = 0.0 if name in ("floor_divide", "remainder") else 4 * numpy.spacing(scale)
        near = abs(found - wanted) <= bound
    special = ~numpy.isfinite(wanted) | (wanted == 0)
    numpy.testing.assert_array_equal(found[special], wanted[special])
    zero = wanted == 0
    numpy.testing.assert_array_equal(numpy.signbit(found[zero]), numpy.signbit(wanted[zero]))
    assert (near | special).all(), (x1, x2)


@pytest.mark.parametrize("name", ["floor_divide", "logaddexp", "pow", "remainder"])
def test_no_results_of_many_numbers(backend: str, name: str) -> None:
    for shapes in (((0, 2000), (2000,)), ((2000, 1), (1, 0))):
        assert getattr(tp, name)(*map(tp.ones, shapes)).shape == numpy.broadcast_shapes(*shapes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["max", "min"])
def test_one_nan_among_many_numbers(backend: str, name: str, dtype: str) -> None:
    numbers = numpy.full((22, 279), 0.5, dtype)
    numbers[3, 77] = math.nan
    for axis in (0, 1, None):
        found = getattr(tp, name)(tp.asarray(numbers), axis=axis)
        numpy.testing.assert_array_equal(found.numpy(), getattr(numpy, name)(numbers, axis))
