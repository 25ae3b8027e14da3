"""Special functions: values against mpmath, special values against SciPy, PyTorch's names and forms."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy
import pytest
import scipy.special

import tensorplug as tp
from tensorplug.core import FUNCTIONS, OPERATIONS
from tensorplug.core.dispatch.keys import library_for

INF, NAN = math.inf, math.nan

COUNT = 32
"""Every function is computed at so many points, so that JAX compiles each once for each dtype."""


def spread(low: float, high: float) -> list[float]:
    """Numbers of all magnitudes and both signs between two powers of ten."""
    sizes = numpy.logspace(low, high, COUNT)
    return [float(size * (-1) ** k) for k, size in enumerate(sizes)]


def between(low: float, high: float) -> list[float]:
    return [float(x) for x in numpy.linspace(low, high, COUNT + 2)[1:-1] + 1e-3]


PROBABILITIES = [*numpy.logspace(-30, -1, 12), *numpy.linspace(0.11, 0.93, 12), *(1 - numpy.logspace(-7, -1.5, 8))]
POSITIVE = [abs(x) for x in spread(-4, 5)]


def log_normal(x: Any) -> Any:
    return mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)


def quantile(p: Any) -> Any:
    """By the tail that is smaller: mpmath's inverse needs digits beyond one."""
    with mpmath.workdps(60):
        return mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)


def scaled(n: int) -> Callable[[Any], Any]:
    return lambda x: mpmath.besseli(n, x) * mpmath.exp(-abs(x))


def incomplete(side: str, a: Any, x: Any) -> Any:
    return mpmath.gammainc(a, *((0, x) if side == "lower" else (x, mpmath.inf)), regularized=True)


SHAPES = [float(a) for a in numpy.logspace(-3, 5, COUNT)]
LIMITS = [float(a * (1 + (-1) ** k * min(0.7, 2 / math.sqrt(a)) * (k % 5) / 4)) for k, a in enumerate(SHAPES)]

VALUES: dict[str, tuple[Callable[..., Any], tuple[list[float], ...]]] = {
    "betaln": (lambda a, b: mpmath.log(mpmath.beta(a, b)), (POSITIVE, [abs(x) for x in spread(3, -3)])),
    "digamma": (mpmath.digamma, (between(-6.5, 10.0),)),
    "entr": (lambda x: -x * mpmath.log(x), (POSITIVE,)),
    "erf": (mpmath.erf, (spread(-8, 0.7),)),
    "erfc": (mpmath.erfc, (between(-4.0, 9.0),)),
    "erfcx": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), (between(-8.0, 30.0),)),
    "erfinv": (mpmath.erfinv, (spread(-10, -0.01),)),
    "exp2": (lambda x: mpmath.mpf(2) ** x, (between(-120.0, 120.0),)),
    "gammainc": (functools.partial(incomplete, "lower"), (SHAPES, LIMITS)),
    "gammaincc": (functools.partial(incomplete, "upper"), (SHAPES, LIMITS)),
    "gammaln": (lambda x: mpmath.log(abs(mpmath.gamma(x))), (between(-6.5, 12.0),)),
    "i0": (lambda x: mpmath.besseli(0, x), (spread(-3, 1.9),)),
    "i0e": (scaled(0), (spread(-3, 4),)),
    "i1": (lambda x: mpmath.besseli(1, x), (spread(-3, 1.9),)),
    "i1e": (scaled(1), (spread(-3, 4),)),
    "log_ndtr": (log_normal, (between(-60.0, 9.0),)),
    "logaddexp2": (lambda a, b: mpmath.log(2**a + 2**b, 2), (between(1.0, 60.0), between(50.0, 2.0))),
    "logit": (lambda p: mpmath.log(p / (1 - p)), (PROBABILITIES,)),
    "ndtr": (lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2, (between(-12.0, 8.0),)),
    "ndtri": (quantile, (PROBABILITIES,)),
    "sinc": (mpmath.sincpi, (between(-6.0, 9.0),)),
    "xlog1py": (lambda a, b: a * mpmath.log1p(b), (spread(-3, 3), POSITIVE)),
    "xlogy": (lambda a, b: a * mpmath.log(b), (spread(-3, 3), POSITIVE)),
    "zeta": (mpmath.zeta, ([1 + abs(x) for x in spread(-2, 1.5)], [abs(x) for x in spread(3, -0.5)])),
}
"""The functions of mpmath, and the points."""

ORDERS = (1, 2, 7)


def condition(function: Callable[..., Any], point: list[Any], value: Any) -> Any:
    """By how much the result changes if an operand changes by a unit in the last place, in such units."""
    total = mpmath.mpf(0)
    for k, x in enumerate(point):
        step = x * mpmath.mpf(10) ** -15
        total += abs(x * (function(*point[:k], x + step, *point[k + 1 :]) - value) / step / value)
    return total


@functools.cache
def wanted(name: str, dtype: str) -> tuple[tuple[numpy.ndarray, ...], list[tuple[Any, Any]]]:
    """The operands, and for each point the exact value and the condition number."""
    function, points = VALUES[name]
    arrays = tuple(numpy.asarray(column, dtype) for column in points)
    found = []
    with mpmath.workdps(40):
        for row in zip(*arrays, strict=True):
            point = [mpmath.mpf(float(x)) for x in row]
            value = function(*point)
            found.append((value, condition(function, point, value)))
    return arrays, found


def distances(found: numpy.ndarray, exact: list[tuple[Any, Any]]) -> list[float]:
    """In units in the last place, each divided by one more than the condition number."""
    eps = float(numpy.finfo(found.dtype).eps)
    return [
        float(abs(mpmath.mpf(float(one)) - value) / max(abs(value), numpy.finfo(found.dtype).tiny) / eps / (1 + slack))
        for one, (value, slack) in zip(found, exact, strict=True)
    ]


def decomposition(name: str) -> Callable[..., Any]:
    """What serves where a library has no such function, on NumPy's arrays."""
    library = library_for("numpy")
    return library._scoped(library._decomposition(OPERATIONS[f"special.{name}"]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", VALUES)
def test_values(backend: str, name: str, dtype: str) -> None:
    arrays, exact = wanted(name, dtype)
    found = getattr(tp.special, name)(*map(tp.tensor, arrays))
    assert found.dtype.name == dtype
    assert max(distances(numpy.asarray(found), exact)) < 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", VALUES)
def test_values_of_decompositions(name: str, dtype: str) -> None:
    arrays, exact = wanted(name, dtype)
    found = decomposition(name)(*arrays)
    assert found.dtype == dtype
    assert max(distances(found, exact)) < 4


@pytest.mark.parametrize("n", ORDERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_of_digamma(backend: str, n: int, dtype: str) -> None:
    x = numpy.asarray(between(-4.6, 20.0), dtype)
    found = numpy.asarray(tp.polygamma(n, tp.tensor(x)))
    function = functools.partial(mpmath.polygamma, n)
    with mpmath.workdps(40):
        points = [mpmath.mpf(float(one)) for one in x]
        exact = [(function(point), condition(function, [point], function(point))) for point in points]
        assert max(distances(found, exact)) < 4


SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e30, -1e30, 2.0, -0.5, -2.0, -2.5, 1e-30, 0.5, 8.0]

OWN: dict[str, Callable[..., Any]] = {"exp2": numpy.exp2, "logaddexp2": numpy.logaddexp2}
NOT_SCIPYS = {
    # NumPy's is not zero at integers.
    "sinc",
    # SciPy's is that of the absolute value, with exceptions.
    "betaln",
    # SciPy's adds up as many terms as a negative operand is long.
    "zeta",
}


@pytest.mark.parametrize("name", [name for name in VALUES if name not in NOT_SCIPYS])
def test_special_values_are_scipys(backend: str, name: str) -> None:
    operands = numpy.meshgrid(*[SPECIAL] * len(VALUES[name][1]))
    with numpy.errstate(all="ignore"):
        expected = (OWN.get(name) or getattr(scipy.special, name))(*operands)
        by_hand = decomposition(name)(*operands)
    for found in (numpy.asarray(getattr(tp.special, name)(*map(tp.tensor, operands))), by_hand):
        numpy.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ["i0", "i0e", "i1", "i1e"])
def test_settings_of_numpy_do_not_matter(backend: str, name: str) -> None:
    """Coefficients below the least number of float32 become zero, of which NumPy may be told to raise."""
    with numpy.errstate(all="raise"):
        assert getattr(tp.special, name)(tp.tensor([0.5, 20.0])).isfinite().all()


def test_zeta_of_infinities(backend: str) -> None:
    greatest = float(numpy.finfo("float32").max)
    found = tp.special.zeta(tp.tensor([math.inf, math.inf, 2.0]), tp.tensor([greatest, 3.0, math.inf]))
    assert found.tolist() == [0.0, 0.0, 0.0]


def test_other_special_values(backend: str) -> None:
    def double(*values: float) -> tp.Tensor:
        return tp.tensor(values, dtype="float64")

    assert tp.sinc(double(0.0, 1.0, -3.0, 1e30)).tolist() == [1.0, 0.0, 0.0, 0.0]
    found = tp.special.betaln(double(0.0, INF, -1.0, NAN, 1.0), double(2.0, 2.0, 2.0, 1.0, 1.0)).tolist()
    numpy.testing.assert_array_equal(found, [INF, -INF, NAN, NAN, 0.0])
    poles = double(0.0, -0.0, -3.0, INF)
    for n in (1, 2):
        numpy.testing.assert_array_equal(tp.polygamma(n, poles).tolist(), scipy.special.polygamma(n, poles.numpy()))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["erf", "gammaln", "i0", "xlogy"])
def test_half_precision_is_computed_in_single(backend: str, name: str, dtype: str) -> None:
    operands = [tp.tensor([0.3, 1.7, 2.9], dtype=dtype)] * len(VALUES[name][1])
    function = getattr(tp.special, name)
    wide = function(*(x.float() for x in operands))
    assert (function(*operands) == wide.to(dtype)).all()
    assert function(*operands).dtype.name == dtype


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "igamma": (0.5,),
    "igammac": (0.5,),
    "logaddexp2": (0.5,),
    "logit": (0.3,),
    "mvlgamma": (2,),
    "polygamma": (1,),
    "xlogy": (2.0,),
}
METHODS = (
    "digamma erf erfc erfinv exp2 i0 igamma igammac lgamma logaddexp2 logit mvlgamma polygamma sinc xlogy"
).split()


@pytest.mark.parametrize("name", METHODS)
def test_forms_as_in_pytorch(backend: str, name: str) -> None:
    """A function, a method, in place, and into ``out=``."""
    x, others = tp.tensor([0.6, 0.8]), ARGUMENTS.get(name, ())
    given = (*others, x) if name == "polygamma" else (x, *others)
    wanted = getattr(tp, name)(*given)
    assert getattr(x, name)(*others).tolist() == wanted.tolist()
    out = tp.zeros(2)
    assert getattr(tp, name)(*given, out=out) is out
    assert out.tolist() == wanted.tolist()
    assert getattr(x, f"{name}_")(*others) is x
    assert x.tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("name", "x", "wanted"),
    [
        ("erfcx", -7.170068208505138, 4.246746877746968e22),
        ("digamma", -1.9986103483061362, -718.677971822037),
        ("gammaln", -2.3e307, INF),
    ],
)
def test_where_libraries_lose_digits(backend: str, name: str, x: float, wanted: float) -> None:
    """By mpmath with 40 digits."""
    assert getattr(tp.special, name)(tp.tensor([x], dtype="float64")).item() == pytest.approx(wanted, rel=1e-15)


def test_names() -> None:
    assert tp.lgamma is tp.special.gammaln
    assert tp.mvlgamma is tp.special.multigammaln
    assert tp.special.psi is tp.special.digamma
    assert tp.special.expit is tp.sigmoid
    assert not {"i0e", "ndtr", "erfcx"} & set(tp.__all__)
    assert all(hasattr(tp.special, name) for name in tp.special.__all__)
    for name in FUNCTIONS:
        if name.startswith("special."):
            assert getattr(tp.special, name.removeprefix("special.")) is FUNCTIONS[name]


def test_multivariate_gamma_as_in_scipy(backend: str) -> None:
    x = tp.tensor([1.5, 2.75, 9.0], dtype="float64")
    numpy.testing.assert_allclose(
        tp.special.multigammaln(x, 3).tolist(), [scipy.special.multigammaln(one, 3) for one in x.tolist()], rtol=1e-14
    )


def test_what_is_refused(backend: str) -> None:
    x = tp.ones(2)
    with pytest.raises(ValueError, match="polygamma: got the order -1"):
        tp.polygamma(-1, x)
    with pytest.raises(TypeError, match="polygamma: n is an integer, got float"):
        tp.polygamma(1.0, x)
    with pytest.raises(ValueError, match="mvlgamma: got the dimension 0"):
        x.mvlgamma(0)
    with pytest.raises(TypeError, match=r"special.erf: got tensorplug.complex64"):
        tp.erf(x * 1j)
    with pytest.raises(TypeError, match=r"special.erf_: the result can't be cast to tensorplug.int64"):
        tp.ones(2, dtype="int64").erf_()
    assert tp.erf(tp.ones(2, dtype="int64")).dtype is tp.float32


def test_orders_of_derivatives_at_zero(backend: str) -> None:
    """Where the formula of the derivative divides by zero."""
    x = tp.tensor(0.0, dtype="float64", requires_grad=True)
    found, y = [], tp.sinc(x)
    for _ in range(4):
        (y,) = tp.autograd.grad(y, x, create_graph=True)
        found.append(y.item())
    numpy.testing.assert_allclose(found, [0.0, -(math.pi**2) / 3, 0.0, math.pi**4 / 5], atol=1e-14, rtol=1e-14)


def test_scipy_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorplug.backends.numpy import plugin

    assert "special.erf" in plugin.NumPy().kernels()
    monkeypatch.setattr(plugin, "HAS_SCIPY", False)
    assert "special.erf" not in plugin.NumPy().kernels()


def test_incomplete_gamma_functions_have_a_gradient_by_their_limit_only(backend: str) -> None:
    a, x = (tp.tensor([0.5, 3.0], dtype="float64", requires_grad=True) for _ in range(2))
    density = [0.48394144903828673, 0.22404180765538775]
    for function, sign in ((tp.igamma, 1.0), (tp.igammac, -1.0)):
        (slope,) = tp.autograd.grad(function(a.detach(), x).sum(), x, create_graph=True)
        numpy.testing.assert_allclose(slope.tolist(), [sign * one for one in density], rtol=1e-13)
        (curve,) = tp.autograd.grad(slope.sum(), x)
        numpy.testing.assert_allclose(curve.tolist(), [-sign * density[0] / 0.5, -sign * density[1] / 3.0], rtol=1e-13)
        _, change = tp.func.jvp(functools.partial(function, a.detach()), (x.detach(),), (tp.ones_like(x),))
        numpy.testing.assert_allclose(change.tolist(), slope.tolist(), rtol=1e-13)
        with pytest.raises(NotImplementedError, match="derivative by the first operand is not implemented"):
            function(a, x.detach()).sum().backward()


@pytest.mark.parametrize("name", [name for name, (_, points) in VALUES.items() if len(points) == 2])
def test_operands_broadcast(backend: str, name: str) -> None:
    function = getattr(tp.special, name)
    few, many = tp.tensor([[0.5], [3.0]]), tp.tensor([[[1.0, 2.0, 4.0]]])
    rows, columns = tp.broadcast_arrays(few, many)
    numpy.testing.assert_allclose(function(few, many).tolist(), function(rows, columns).tolist(), rtol=1e-6)
    numpy.testing.assert_allclose(function(many, few).tolist(), function(columns, rows).tolist(), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [0, 1, 2, 4, 7])
def test_derivatives_of_digamma_at_negative_half_integers(backend: str, n: int, dtype: str) -> None:
    """The reflection is exactly zero there in even orders, where the rest is small."""
    x = [-0.5, -3.5, -101.5, -1000.5]
    with mpmath.workdps(40):
        wanted = [float(mpmath.psi(n, one)) for one in x]
    numpy.testing.assert_allclose(tp.polygamma(n, tp.tensor(x, dtype=dtype)), wanted, rtol=8 * tp.finfo(dtype).eps)
