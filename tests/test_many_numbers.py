"""Elementwise functions of many numbers give what they give of few, whatever way a kernel takes for each."""

from __future__ import annotations

import math

import numpy
import pytest
import scipy.special

import tensorplug as tp

SPECIAL = numpy.asarray([0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 0.5, 7.0, 1e-30, -1e30, math.inf, -math.inf, math.nan])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["floor_divide", "fmod", "logaddexp", "pow", "remainder"])
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


def test_the_error_function_of_many_numbers() -> None:
    ordinary = numpy.linspace(-6, 6, 40_000), numpy.logspace(-38, 1, 30_000), -numpy.logspace(-38, 1, 30_000)
    x = numpy.concatenate([*ordinary, numpy.tile(SPECIAL, 100)]).astype("f4")
    wanted = scipy.special.erf(x.astype("f8"))
    for function in (tp.special.erf, tp.compile(lambda x: tp.special.erf(x) * 1.0)):
        for part in (x, x[::2]):
            found = function(tp.asarray(part)).numpy()
            assert_close("erf", found, wanted[:: len(x) // len(part)].astype("f4"), part, part)


_BOUND = numpy.resize([0.5, -1.0, -0.0, math.nan, -math.inf], 80_000)

PIECEWISE = {
    "hardsigmoid": tp.nn.functional.hardsigmoid,
    "hardswish": tp.nn.functional.hardswish,
    "hardtanh": tp.nn.functional.hardtanh,
    "relu6": tp.nn.functional.relu6,
    "silu": tp.nn.functional.silu,
    "softshrink": tp.nn.functional.softshrink,
    "clip": lambda x: tp.clip(x, tp.asarray(_BOUND, dtype=x.dtype)[: len(x)], 1.0),
    "fmod": lambda x: tp.fmod(x, tp.asarray(_BOUND, dtype=x.dtype)[: len(x)]),
    "fmod of finite numbers": lambda x: tp.fmod(tp.clip(tp.nan_to_num(x), -9.0, 9.0), 0.7),
    "copysign": lambda x: tp.copysign(x, tp.asarray(_BOUND, dtype=x.dtype)[: len(x)]),
    "copysign of rows": lambda x: tp.copysign(tp.stack([x, -x]), tp.asarray(_BOUND, dtype=x.dtype)[: len(x)])[0],
    "sign": tp.sign,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PIECEWISE)
def test_piecewise_functions_of_many_numbers(name: str, dtype: str) -> None:
    """Of ordinary and special numbers, subnormal ones too, at once and in blocks of a program."""
    tiny = numpy.finfo(dtype).smallest_subnormal
    ordinary = numpy.random.default_rng(5).normal(0, 4, 79_000)
    x = numpy.concatenate([ordinary, numpy.resize([*SPECIAL, 3.0, 6.0, tiny, -tiny], 1000)]).astype(dtype)
    function = PIECEWISE[name]
    for part in (x, x[::2]):
        few = [function(tp.asarray(part[start : start + 10_000])) for start in range(0, len(part), 10_000)]
        wanted = numpy.concatenate([*map(numpy.asarray, few)])
        for whole in (function, tp.compile(lambda x: function(x) * 1.0)):
            given = tp.from_numpy(part)
            found = whole(given).numpy()
            assert not numpy.may_share_memory(found, part)
            assert_close(name, found, wanted, part, part)


@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "huber_loss", "smooth_l1_loss"])
def test_losses_of_many_numbers(backend: str, name: str) -> None:
    """Their formulas hand over bounds that are numbers."""
    x, y = numpy.random.default_rng(5).uniform(-3, 3, (2, 20_000)).astype("float32")
    loss = getattr(tp.nn.functional, name)
    found = loss(tp.asarray(x), tp.asarray(y), reduction="none")
    few = [
        loss(tp.asarray(x[part]), tp.asarray(y[part]), reduction="none") for part in (slice(9000), slice(9000, None))
    ]
    numpy.testing.assert_allclose(found, numpy.concatenate([*map(numpy.asarray, few)]), 1e-6, 1e-6)


def assert_close(name: str, found: numpy.ndarray, wanted: numpy.ndarray, x1: numpy.ndarray, x2: numpy.ndarray) -> None:
    """Exact where the result is special, a remainder or whole; else within 4 ulp, of a logarithm of the operands."""
    assert found.dtype == wanted.dtype
    with numpy.errstate(all="ignore"):
        operands = numpy.abs(numpy.broadcast_arrays(x1, x2))
        operands[numpy.isinf(operands)] = 0
        scale = numpy.fmax(abs(wanted), operands.max(0) if name == "logaddexp" else 0)
        bound = 0.0 if name.startswith(("floor_divide", "fmod", "remainder")) else 4 * numpy.spacing(scale)
        near = abs(found - wanted) <= bound
    special = ~numpy.isfinite(wanted) | (wanted == 0)
    numpy.testing.assert_array_equal(found[special], wanted[special])
    zero = wanted == 0
    numpy.testing.assert_array_equal(numpy.signbit(found[zero]), numpy.signbit(wanted[zero]))
    assert (near | special).all(), (x1, x2)


@pytest.mark.parametrize("name", ["floor_divide", "fmod", "logaddexp", "pow", "remainder"])
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


DTYPES = ["bool", "int8", "uint16", "int32", "uint64", "float16", "bfloat16", "float32", "float64", "complex64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_choices_among_many_numbers(backend: str, dtype: str) -> None:
    """`where` with a 0-d operand on either side, and `masked_fill`, as NumPy's `where` of the same arrays."""
    random = numpy.random.default_rng(5)
    mask = random.random((150, 130)) < 0.5
    values = numpy.resize([0, -0.0, 1, 100, -math.inf, math.nan, 1.5], mask.shape)
    if not dtype.startswith(("float", "bfloat", "complex")):
        values = random.integers(0, 2 if dtype == "bool" else 127, mask.shape)
    x = tp.asarray(values).to(dtype)
    choices = [0, 1] if dtype == "bool" else [0, 1, 117] if dtype[0] in "iu" else [0.0, -0.0, 2.5, -math.inf, math.nan]
    for value in choices:
        one = tp.asarray(value).to(dtype)
        assert_bits(tp.where(tp.asarray(mask), x, one), numpy.where(mask, x.numpy(), one.numpy()))
        assert_bits(tp.where(tp.asarray(mask), one, x), numpy.where(mask, one.numpy(), x.numpy()))
        for filled in (mask, mask[:1], mask[:, :1], mask[0]):
            wanted = numpy.where(filled, one.numpy(), x.numpy())
            assert_bits(x.masked_fill(tp.asarray(filled), bool(value) if dtype == "bool" else value), wanted)
    row = x[:1]
    assert_bits(tp.where(tp.asarray(mask), x, row), numpy.where(mask, x.numpy(), row.numpy()))
    assert_bits(tp.where(tp.asarray(mask[0]), x, one), numpy.where(mask[0], x.numpy(), one.numpy()))
    assert_bits(tp.where(tp.asarray(mask.T), x.T, one), numpy.where(mask.T, x.numpy().T, one.numpy()))


def assert_bits(found: tp.Tensor, wanted: numpy.ndarray) -> None:
    """NaN is any NaN; all else is the wanted number, zeros with their signs."""
    array = found.numpy()
    assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape)
    if wanted.dtype.name == "bfloat16":
        array, wanted = array.astype("float32"), wanted.astype("float32")
    numpy.testing.assert_array_equal(array, wanted)
    for part in ("real", "imag") if wanted.dtype.kind == "c" else ("real",) if wanted.dtype.kind == "f" else ():
        number = ~numpy.isnan(getattr(wanted, part))
        signs = (numpy.signbit(getattr(one, part))[number] for one in (array, wanted))
        numpy.testing.assert_array_equal(*signs)


@pytest.mark.parametrize(
    "name", ["digamma", "entr", "erfc", "i0", "i1e", "logit", "trigamma", "xlog1py", "xlogy", "zeta"]
)
def test_special_functions_of_many_numbers(backend: str, name: str) -> None:
    """Few numbers go to SciPy on NumPy, many to vectorised passes, in single precision and in compiled programs."""
    two = name in ("xlog1py", "xlogy", "zeta")
    function = (lambda x: tp.polygamma(1, x)) if name == "trigamma" else getattr(tp.special, name)
    positive = numpy.random.default_rng(3).uniform(0.01, 9.0, 2400)
    ordinary = 0.1 * positive if name == "logit" else 1.0 + positive if two else positive
    for points in (ordinary, numpy.resize(SPECIAL, 2400)):
        x = points.astype("f4")
        operands = (x, numpy.roll(x, 7 * (x[0] == 0))) if two else (x,)
        rows = zip(*(one.reshape(-1, 40) for one in operands), strict=True)
        wanted = numpy.concatenate([numpy.asarray(function(*map(tp.asarray, few))) for few in rows])
        for called in (function, tp.compile(function)):
            found = numpy.asarray(called(*map(tp.asarray, operands)))
            assert found.dtype == "float32"
            # The digits that are lost near a zero are the operand's.
            numpy.testing.assert_allclose(found, wanted, rtol=3e-6, atol=3e-6)
