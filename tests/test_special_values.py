"""Special values: the lines of docs/special-values.md, and complex functions at infinities, NaN and branch cuts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy
import pytest

import tensorplug as tp

INF, NAN = math.inf, math.nan

LEAST = -(2**63)

ZERO_NAN = complex(0, NAN)


def whole(values: Any, dtype: str = "int64") -> tp.Tensor:
    return tp.tensor(values, dtype=dtype)


def number(*values: complex) -> tp.Tensor:
    return tp.tensor([*values], dtype="complex128")


CHOICES: list[tuple[str, Callable[[], tp.Tensor], list[Any]]] = [
    ("floor_divide of the least", lambda: whole([LEAST, 7]) // -1, [LEAST, -7]),
    ("floor_divide of the least int8", lambda: whole([-128], "int8") // whole([-1], "int8"), [-128]),
    ("remainder of the least", lambda: whole([LEAST, 7]) % -1, [0, 0]),
    ("abs of the least", lambda: abs(whole([LEAST])), [LEAST]),
    ("negative of the least", lambda: -whole([-128], "int8"), [-128]),
    ("sums wrap", lambda: whole([127], "int8") + whole([1], "int8"), [-128]),
    ("products wrap", lambda: whole([2**62]) * 4, [0]),
    ("powers wrap", lambda: whole([3, 2], "uint8") ** whole([6, 8], "uint8"), [217, 0]),
    ("left by a negative number", lambda: whole([1, -1]) << whole(-1), [0, 0]),
    ("left by too many", lambda: whole([1, -1], "int8") << whole([8, 100], "int8"), [0, 0]),
    ("left by all but one", lambda: whole([1, 3], "int8") << 7, [-128, -128]),
    ("left of unsigned numbers", lambda: whole([1, 255], "uint8") << whole([8, 9], "uint8"), [0, 0]),
    ("right by a negative number", lambda: whole([5, -5]) >> whole(-1), [0, -1]),
    ("right by too many", lambda: whole([5, -5]) >> whole([64, 100]), [0, -1]),
    ("right of unsigned numbers", lambda: whole([5, 255], "uint8") >> whole([8, 255], "uint8"), [0, 0]),
    ("to a narrower integer", lambda: whole([300, -1]).to("uint8"), [44, 255]),
    ("to a wider unsigned integer", lambda: whole([-1], "int8").to("uint64"), [2**64 - 1]),
    ("NaN to bool", lambda: tp.tensor([NAN, -0.0, INF]).to("bool"), [True, False, True]),
    ("complex to real", lambda: number(1.5 + 2j).to("int32"), [1]),
    ("clip to crossed bounds", lambda: tp.clip(tp.tensor([1.0, 5.0]), 3.0, 2.0), [2.0, 2.0]),
    ("clip without bounds", lambda: tp.clip(tp.tensor([1, 5])), [1, 5]),
    ("clip of integers to a float", lambda: tp.clip(tp.tensor([1, 5]), 1.5), [1.5, 5.0]),
    ("divide by zero", lambda: number(1 + 2j, -1) / number(0, -0.0), [complex(INF, INF), complex(-INF, NAN)]),
    ("divide by infinity", lambda: number(1 + 1j) / number(complex(INF, INF)), [complex(NAN, NAN)]),
    ("divide by a real infinity", lambda: number(1 + 1j) / number(complex(INF, 0)), [0j]),
    ("reciprocal of zero", lambda: tp.reciprocal(number(0)), [complex(INF, NAN)]),
    ("pow of exponent zero", lambda: number(complex(NAN, 1), 0) ** number(0), [1 + 0j, 1 + 0j]),
    ("pow of zero", lambda: number(0) ** number(2 + 1j, 1j), [complex(0, -0.0), complex(NAN, NAN)]),
    ("pow of infinity", lambda: number(complex(INF, 0)) ** number(2), [complex(INF, NAN)]),
    ("sign of infinity", lambda: tp.sign(number(complex(INF, -2), complex(3, INF))), [complex(NAN, -0.0), ZERO_NAN]),
    ("sign of large numbers", lambda: tp.sign(number(1.5e308 + 1.5e308j)), [complex(math.sqrt(0.5), math.sqrt(0.5))]),
    ("abs of infinity and NaN", lambda: tp.abs(number(complex(-INF, NAN), complex(NAN, INF))), [INF, INF]),
]  # fmt: skip
"""What is done, how, and PyTorch's answer where it has one."""


def same(found: Any, wanted: Any) -> None:
    """Equal within a few ulps, NaN and signs of zeros exactly."""
    found, wanted = numpy.asarray(found), numpy.asarray(wanted)
    if wanted.dtype.kind == "c":
        same(found.real, wanted.real)
        same(found.imag, wanted.imag)
        return
    numpy.testing.assert_allclose(found, wanted, rtol=1e-15)
    if wanted.dtype.kind == "f":
        numpy.testing.assert_array_equal(numpy.signbit(found[wanted == 0]), numpy.signbit(wanted[wanted == 0]))


@pytest.mark.parametrize(("call", "wanted"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES])
def test_one_answer_everywhere(backend: str, call: Callable[[], tp.Tensor], wanted: list[Any]) -> None:
    found = call()
    if numpy.asarray(wanted).dtype.kind in "iub":
        assert found.tolist() == wanted
    else:
        same(found, wanted)


POWERS = [2.0**31, 2.0**32, 2.0**63, 2.0**64, -(2.0**31)]
VALUES = [NAN, INF, -INF, 1e10, -1e10, 300.7, -300.7, -1.5, 0.9, 1e19, -1e19, 3e9, *POWERS]
HIGH32, HIGH64 = 2**31, 2**63
AFTER = [LEAST, LEAST, 3 * 10**9, 2**31, 2**32, LEAST, LEAST, -(2**31)]
AFTER32 = [0, HIGH32, 3 * 10**9, HIGH32, 0, 0, 0, HIGH32]
CASTS = {
    "int8": [0, 0, 0, 0, 0, 44, -44, -1, *[0] * 9],
    "uint8": [0, 0, 0, 0, 0, 44, 212, 255, *[0] * 9],
    "int16": [0, 0, 0, 0, 0, 300, -300, -1, *[0] * 9],
    "uint16": [0, 0, 0, 0, 0, 300, 2**16 - 300, 2**16 - 1, *[0] * 9],
    "int32": [*[-HIGH32] * 5, 300, -300, -1, 0, *[-HIGH32] * 8],
    "int64": [*[LEAST] * 3, 10**10, -(10**10), 300, -300, -1, 0, *AFTER],
    "uint32": [HIGH32, 0, HIGH32, 0, HIGH32, 300, 2**32 - 300, 2**32 - 1, 0, *AFTER32],
    "uint64": [
        *[HIGH64, 0, HIGH64, 10**10, 2**64 - 10**10, 300, 2**64 - 300, 2**64 - 1, 0, 10**19, HIGH64, 3 * 10**9],
        *[2**31, 2**32, HIGH64, 0, 2**64 - 2**31],
    ],
}  # fmt: skip
"""PyTorch's conversions of the values on x86; of uint32, by the rule of uint64."""


@pytest.mark.parametrize("dtype", CASTS)
def test_floats_as_integers(backend: str, dtype: str) -> None:
    x = numpy.asarray(VALUES)
    assert tp.tensor(x).to(dtype).tolist() == CASTS[dtype]
    assert tp.tensor(x, dtype=dtype).tolist() == CASTS[dtype]
    assert tp.tensor(x + 0j).to(dtype).tolist() == CASTS[dtype]
    assert [tp.tensor(one, dtype="float64").to(dtype).item() for one in VALUES[:3]] == CASTS[dtype][:3]
    for half in ("float16", "bfloat16"):
        odd = tp.tensor([NAN, INF, -INF, -1.5, 257.0]).to(half).to(dtype).tolist()
        assert odd[:4] == [*CASTS[dtype][:3], CASTS[dtype][7]]
        assert odd[4] in {257, 256, 1, 0}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64"])
def test_integers_divided_by_zero(backend: str, dtype: str) -> None:
    x, zero = tp.tensor([1, 0], dtype=dtype), tp.tensor([1, 0], dtype=dtype)
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("floor_divide", lambda: x // zero),
        ("floor_divide", lambda: x // 0),
        ("floor_divide", lambda: 1 // zero),
        ("floor_divide", lambda: x.floor_divide_(zero)),
        ("remainder", lambda: x % zero),
        ("remainder", lambda: x.remainder_(0)),
    ]
    for name, call in calls:
        with pytest.raises(ZeroDivisionError, match=f"{name}: integers have no result of a division by zero") as caught:
            call()
        assert isinstance(caught.value, RuntimeError)
    assert x.tolist() == [1, 0]
    assert (tp.zeros(0, dtype=dtype) // tp.zeros(0, dtype=dtype)).shape == (0,)


class TestClip:
    def test_bounds(self, backend: str) -> None:
        x = tp.tensor([[-2.0, 0.5, 3.0], [NAN, -0.0, INF]])
        assert tp.clip(x, -1, 2).tolist()[0] == x.clamp(min=-1, max=2).tolist()[0] == [-1.0, 0.5, 2.0]
        assert tp.clip(x, max=1)[1].tolist()[1:] == [-0.0, 1.0]
        assert math.isnan(tp.clip(x, 0, 1)[1, 0].item())
        assert tp.clip(x, tp.tensor([[0.0], [1.0]]), tp.tensor(2.0)).tolist()[0] == [0.0, 0.5, 2.0]
        assert tp.clip(tp.tensor(1.0), tp.zeros(2, 1), tp.ones(3)).shape == (2, 3)
        for bounds in ((NAN, None), (None, NAN), (tp.tensor(NAN), 1.0)):
            assert numpy.isnan(numpy.asarray(tp.clip(x, *bounds))).all()

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float16", "bfloat16", "float64"])
    def test_dtypes(self, backend: str, dtype: str) -> None:
        x = tp.tensor([0, 5, 100]).to(dtype)
        for bounds in ((2, 50), (tp.tensor(2), tp.tensor([50])), (x[1:2] - 3, None)):
            found = tp.clip(x, *bounds)
            assert found.dtype is x.dtype
            assert found.tolist()[:2] == [2, 5]

    def test_in_place(self, backend: str) -> None:
        x = tp.tensor([-1, 2, 5])
        view = x[1:]
        assert view.clamp_(max=3) is view
        assert x.clip_(0).tolist() == [0, 2, 3]
        assert tp.clip(x, 1, out=tp.zeros(3)).tolist() == [1, 2, 3]
        with pytest.raises(TypeError, match=r"clip_: result type tensorplug.float32 can't be cast to tensorplug.int64"):
            x.clip_(0.5)
        y = tp.tensor([1.0, 3.0], requires_grad=True)
        z = y * 1
        z.clamp_(2.0)
        z.sum().backward()
        assert y.grad.tolist() == [0.0, 1.0]

    def test_bad_input(self, backend: str) -> None:
        x = tp.tensor([1, 2], dtype="int8")
        for bound in (300, tp.tensor([300])):
            with pytest.raises(OverflowError, match=r"300 is out of range for tensorplug.int8"):
                tp.clip(x, bound)
        with pytest.raises(TypeError, match=r"clip: got tensorplug.bool, wanted a real-valued dtype"):
            tp.clip(x > 0, 0, 1)
        with pytest.raises(TypeError, match=r"clip: got Tensor and str"):
            tp.clip(x, "1")
        with pytest.raises(ValueError, match=r"clip: shapes \(2,\) and \(3,\) and \(\) cannot"):
            tp.clip(x, tp.zeros(3, dtype="int8"))


def test_signs_of_nan(backend: str) -> None:
    x = tp.copysign(tp.tensor([NAN, NAN, 2.0]), tp.tensor([-1.0, 1.0, -NAN]))
    assert tp.signbit(x).tolist() == [True, False, tp.signbit(tp.tensor(-NAN)).item()]


PARTS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 25.0, INF, -INF, NAN]

GRID = numpy.asarray([complex(a, b) for a, b in itertools.product(PARTS, PARTS)])

EXACT: dict[str, Callable[[Any], Any]] = {
    "acos": mpmath.acos,
    "acosh": mpmath.acosh,
    "asin": mpmath.asin,
    "asinh": mpmath.asinh,
    "atan": mpmath.atan,
    "atanh": mpmath.atanh,
    "cos": mpmath.cos,
    "cosh": mpmath.cosh,
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log10": mpmath.log10,
    "log1p": lambda z: mpmath.log(1 + z),
    "log2": lambda z: mpmath.log(z) / mpmath.log(2),
    "reciprocal": lambda z: 1 / z,
    "sign": lambda z: z / abs(z),
    "sin": mpmath.sin,
    "sinh": mpmath.sinh,
    "sqrt": mpmath.sqrt,
    "square": lambda z: z * z,
    "tan": mpmath.tan,
    "tanh": mpmath.tanh,
}

GROWING = ("cos", "cosh", "exp", "expm1", "sin", "sinh", "tan", "tanh")
"""Of which mpmath would compute numbers of more digits than there is memory for."""

ODD = ("asin", "asinh", "atan", "atanh", "sin", "sinh", "tan", "tanh")


@pytest.mark.parametrize("name", EXACT)
def test_complex_functions_on_every_backend_alike(name: str) -> None:
    pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    with tp.backend("numpy"):
        wanted = numpy.asarray(getattr(tp, name)(tp.tensor(GRID)))
    with tp.backend("jax"):
        found = numpy.asarray(getattr(tp, name)(tp.tensor(GRID)))
    size = numpy.where(numpy.isfinite(wanted), abs(wanted), 0.0)
    for one, other in ((found.real, wanted.real), (found.imag, wanted.imag)):
        # A part that cancels is as exact as the whole is.
        with numpy.errstate(invalid="ignore"):
            close = (one == other) | (numpy.isnan(one) & numpy.isnan(other)) | (abs(one - other) <= 1e-15 * size)
        assert close.all(), (GRID[~close], found[~close], wanted[~close])
        turned = (other == 0) & ~numpy.isnan(wanted) & (numpy.signbit(one) != numpy.signbit(other))
        assert not turned.any(), (GRID[turned], found[turned], wanted[turned])


@pytest.mark.parametrize("name", EXACT)
def test_symmetries_of_complex_functions(backend: str, name: str) -> None:
    """The sign of a zero chooses the side of a branch cut, so that these hold on the cuts too."""
    z = GRID[numpy.isfinite(GRID)]
    function = getattr(tp, name)
    found = numpy.asarray(function(tp.tensor(z)))
    if name not in ("expm1", "reciprocal", "sign"):  # Whose zeros the standard, or division, gives a sign.
        same(function(tp.tensor(z.conj())), found.conj())
    if name in ODD:
        same(-numpy.asarray(function(tp.tensor(-z))), found)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_functions_are_exact(backend: str, name: str, dtype: str) -> None:
    """Within 4 ulps of the modulus, for small and large numbers and beside the unit circle, poles and branch cuts."""
    info = numpy.finfo(dtype)
    generator = numpy.random.default_rng(1)
    near = generator.normal(size=20) + 1j * generator.normal(size=20)
    circle = numpy.exp(1j * generator.uniform(0, 6, 9)) * (1 + 1e-4 * generator.normal(size=9))
    sizes = numpy.asarray([float(info.tiny) * 4, 1e-10, 0.3, 1.0, 80.0, float(info.max) / 8])
    corners = (sizes[:, None] + 1j * sizes).ravel()
    beside = [1 + near * 1e-3, -1 + near * 1e-3]
    z = numpy.concatenate([near, near * 10, circle, *beside, corners, -corners.conj()]).astype(dtype)
    found = numpy.asarray(getattr(tp, name)(tp.tensor(z)))
    with mpmath.workprec(2300 if dtype == "complex128" else 400):
        for argument, value in zip(z.tolist(), found.tolist(), strict=True):
            if abs(argument) > 1e4 and name in GROWING:
                continue
            wanted = EXACT[name](mpmath.mpc(argument))
            if max(abs(wanted.real), abs(wanted.imag)) > float(info.max) / 4:
                continue
            bound = 4 * float(info.eps) * abs(wanted) + float(info.tiny)
            assert abs(mpmath.mpc(value) - wanted) <= bound, (argument, value)


@pytest.mark.parametrize("name", ["acosh", "asinh", "atanh", "cosh", "expm1", "log1p", "sinh", "tan", "tanh"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_real_functions_are_exact(backend: str, name: str, dtype: str) -> None:
    """Within 8 ulps, where XLA's own are not."""
    everywhere = numpy.concatenate([numpy.linspace(-5, 5, 61), numpy.linspace(10, 88, 20), [1e-20, -88.5]])
    points = {
        "acosh": numpy.geomspace(1.0001, 1e10, 60),
        "atanh": numpy.linspace(-0.999, 0.999, 61),
        "log1p": numpy.linspace(-0.999, 3.0, 81),
    }
    x = points.get(name, everywhere).astype(dtype)
    if dtype == "float64" and name in ("cosh", "sinh"):
        x = numpy.append(x, [500.0, -700.0, 710.4])
    found = numpy.asarray(getattr(tp, name)(tp.tensor(x)))
    with mpmath.workprec(200):
        for argument, value in zip(x.tolist(), found.tolist(), strict=True):
            wanted = EXACT[name](mpmath.mpf(argument))
            assert abs(mpmath.mpf(value) - wanted) <= 8 * float(numpy.spacing(found.dtype.type(abs(wanted)))), argument
