"""What operations return: values against NumPy, dtypes, PyTorch's spellings; and what they refuse."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.rule import RULES, Rule
from tensorplug.core import FUNCTIONS, OPERATIONS
from tensorplug.core.dispatch.operation import operation
from tensorplug.core.dispatch.registry import method
from tensorplug.core.methods import attach_all
from tensorplug.core.types.dtypes import (
    DTYPES,
    DType,
    as_dtype,
    get_default_dtype,
)

EPS = numpy.finfo("float64").eps

ULPS = {"expm1": 6, "sinh": 6, "tanh": 8}
"""By how many units in the last place two libraries' functions may differ where it is not 4: see
docs/special-values.md.
"""

INF, NAN = math.inf, math.nan

SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e300, -1e300, 2.0, -0.5]

ORDINARY = [*numpy.linspace(-3.0, 3.0, 13), 0.1, -0.7, 20.0, -20.0, 1e-5]

DIFFERENT_NAMES: dict[str, Callable[..., Any]] = {
    "celu": lambda x: numpy.where(x > 0, x, numpy.expm1(x)),
    "complex": lambda x1, x2: numpy.stack(numpy.broadcast_arrays(x1, x2), axis=-1).view("complex128")[..., 0],
    # NumPy's quotient of infinities and of infinite divisors is that of its remainder, and so NaN or -1.
    "floor_divide": lambda x1, x2: numpy.floor(x1 / x2),
    "frac": lambda x: x - numpy.trunc(x),
    "relu": lambda x: numpy.maximum(x, 0.0),
    "rsqrt": lambda x: 1 / numpy.sqrt(x),
    "sigmoid": lambda x: 1 / (1 + numpy.exp(-x)),
}
"""What NumPy has no function for, or one that is not the standard's."""

# Arguments reduced by multiples of π and numbers that overflow differ among libraries, beyond any bound in ulps.
HUGE = {"cos", "sin", "tan"}

FLOATING = sorted(
    name
    for name, operation in OPERATIONS.items()
    if operation.elementwise
    and hasattr(tp, name)
    and operation.takes(tp.float64)
    and set(operation.operands) <= {"x", "x1", "x2"}
)


def reference(name: str, *arrays: numpy.ndarray) -> numpy.ndarray:
    with numpy.errstate(all="ignore"):
        return numpy.asarray(DIFFERENT_NAMES.get(name, getattr(numpy, name, None))(*arrays))


def assert_same(found: tp.Tensor, wanted: Any, ulps: float = 0, signs: bool = True) -> None:
    """Equal within ulps; infinities, NaN, and the signs of zeros exactly."""
    wanted = numpy.asarray(wanted)
    assert type(found) is tp.Tensor
    assert found.shape == wanted.shape
    assert found.dtype.name == wanted.dtype.name
    array = numpy.asarray(found)
    numpy.testing.assert_allclose(array, wanted, rtol=ulps * EPS, atol=0)
    if wanted.dtype.kind == "f" and signs:
        zeros = wanted == 0
        numpy.testing.assert_array_equal(numpy.signbit(array[zeros]), numpy.signbit(wanted[zeros]))


class TestElementwise:
    @pytest.mark.parametrize("name", [name for name in FLOATING if len(OPERATIONS[name].operands) == 1])
    @pytest.mark.parametrize("values", [SPECIAL, ORDINARY, [], 0.75], ids=["special", "ordinary", "empty", "0-d"])
    def test_of_one(self, backend: str, name: str, values: Any) -> None:
        x = numpy.asarray(values, dtype="float64")
        x = x[abs(x) < 1e10] if name in HUGE and x.ndim else x
        assert_same(getattr(tp, name)(tp.tensor(x)), reference(name, x), ULPS.get(name, 4))

    @pytest.mark.parametrize("name", [name for name in FLOATING if len(OPERATIONS[name].operands) == 2])
    @pytest.mark.parametrize("values", [SPECIAL, ORDINARY[::3]], ids=["special", "ordinary"])
    def test_of_two(self, backend: str, name: str, values: Any) -> None:
        # Which of two zeros is the greater, the standard leaves open.
        x1 = numpy.asarray(values)[:, None]
        x2 = numpy.asarray(values)
        assert_same(
            getattr(tp, name)(tp.tensor(x1), tp.tensor(x2)),
            reference(name, x1, x2),
            4,
            signs=name not in ("fmax", "fmin", "maximum", "minimum"),
        )

    @pytest.mark.parametrize("name", ["abs", "add", "maximum", "multiply", "negative", "sign", "square", "subtract"])
    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
    def test_of_integers(self, backend: str, name: str, dtype: str) -> None:
        info = numpy.iinfo(dtype)
        x = numpy.asarray([0, 1, 2, 3, info.max, info.min, info.max // 2], dtype=dtype)
        operands = [x, x[::-1]][: len(OPERATIONS[name].operands)]
        assert_same(getattr(tp, name)(*map(tp.tensor, operands)), reference(name, *operands))

    @pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert"])
    @pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64"])
    def test_of_bits(self, backend: str, name: str, dtype: str) -> None:
        x = numpy.asarray([0, 1, 5, 100], dtype=dtype)
        operands = [x, x[::-1]][: len(OPERATIONS[name].operands)]
        assert_same(getattr(tp, name)(*map(tp.tensor, operands)), reference(name, *operands))

    @pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_xor", "logical_not"])
    def test_of_booleans(self, backend: str, name: str) -> None:
        operands = [numpy.asarray([False, True, False, True]), numpy.asarray([False, False, True, True])]
        operands = operands[: len(OPERATIONS[name].operands)]
        assert_same(getattr(tp, name)(*map(tp.tensor, operands)), reference(name, *operands))

    def test_where(self, backend: str) -> None:
        mask = tp.tensor([[True], [False]])
        assert tp.where(mask, tp.tensor([1, 2]), 0).tolist() == [[1, 2], [0, 0]]
        assert tp.where(mask, 1.5, tp.tensor([1, 2])).dtype is tp.float32
        assert tp.where(mask, tp.tensor([NAN]), tp.tensor([-0.0])).shape == (2, 1)

    @pytest.mark.parametrize("value", [0.0, -0.0, 2.5, INF])
    def test_masked_fill(self, backend: str, value: float) -> None:
        x = numpy.asarray([[NAN, 1.0], [-INF, 2.0]])
        for shape in ((2, 2), (2,), ()):
            mask = numpy.resize([True, False], shape)
            assert_same(tp.tensor(x).masked_fill(tp.tensor(mask), value), numpy.where(mask, value, x))
        assert_same(tp.tensor(NAN, dtype="float64").masked_fill(tp.tensor(True), value), numpy.asarray(value))

    def test_results_are_tensors_even_without_axes(self, backend: str) -> None:
        x = tp.tensor(2.0)
        for result in (x + 1, x * x, -x, x > 1, abs(x), x.sum(), tp.ones(3)[0], tp.ones(3) @ tp.ones(3), 3 - x):
            assert type(result) is tp.Tensor
            assert result.shape == ()
            assert result.device is x.device


AXES = [None, 0, -1, 1, (0, 2), (-1, 0), ()]


class TestReductions:
    @pytest.mark.parametrize("name", ["all", "any", "max", "mean", "min", "sum"])
    @pytest.mark.parametrize("axis", AXES, ids=str)
    @pytest.mark.parametrize("keepdims", [False, True])
    def test_values(self, backend: str, name: str, axis: Any, keepdims: bool) -> None:
        x = numpy.random.default_rng(7).integers(-3, 4, (2, 3, 4)) / 8
        found = getattr(tp, name)(tp.tensor(x), axis=axis, keepdims=keepdims)
        # Sums of eighths are exact in any order; a mean divides once, or multiplies by a rounded reciprocal.
        assert_same(found, getattr(numpy, name)(x, axis=axis, keepdims=keepdims), 1)

    @pytest.mark.parametrize("name", ["argmax", "argmin"])
    def test_positions(self, backend: str, name: str) -> None:
        x = numpy.asarray([[3.0, 7.0, 7.0], [NAN, 9.0, -1.0], [2.0, 2.0, 2.0]])
        for axis in (None, 0, 1, -1):
            for keepdims in (False, True):
                found = getattr(tp, name)(tp.tensor(x), axis=axis, keepdims=keepdims)
                assert_same(found, getattr(numpy, name)(x, axis=axis, keepdims=keepdims))

    @pytest.mark.parametrize(("name", "wanted"), [("sum", 0.0), ("all", True), ("any", False), ("mean", NAN)])
    def test_of_nothing(self, backend: str, name: str, wanted: Any) -> None:
        found = getattr(tp, name)(tp.zeros(0, dtype="float64"))
        assert_same(found, numpy.asarray(wanted))
        assert getattr(tp, name)(tp.zeros((0, 3)), axis=0).shape == (3,)

    @pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
    def test_extremes_of_nothing(self, backend: str, name: str) -> None:
        for shape, axis in (((0,), None), ((2, 0), 1), ((0, 2), 0)):
            with pytest.raises(ValueError, match=rf"{name}: got shape \({str(shape)[1:-1]}\)"):
                getattr(tp, name)(tp.zeros(shape), axis=axis)
        if name in ("max", "min"):
            assert getattr(tp, name)(tp.zeros((0, 2)), axis=1).shape == (0,)

    def test_nan_wins(self, backend: str) -> None:
        x = tp.tensor([1.0, NAN, 3.0])
        assert math.isnan(x.max(axis=0).item())
        assert math.isnan(x.min(axis=0).item())

    @pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint8", "uint32"])
    def test_sums_of_integers_are_wide(self, backend: str, dtype: str) -> None:
        x = tp.ones(300, dtype=dtype)
        assert tp.sum(x).dtype is (tp.uint64 if dtype.startswith("u") else tp.int64)
        assert tp.sum(x).item() == 300
        assert tp.sum(x, dtype="float32").dtype is tp.float32

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_types_accumulate_in_single(self, backend: str, dtype: str) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x = tp.ones(4096, dtype=dtype)
        assert tp.sum(x).item() == 4096.0
        assert tp.mean(x).item() == 1.0
        assert tp.sum(x).dtype is x.dtype
        assert tp.mean(x * 128).item() == 128.0


class TestPyTorchSpellings:
    def test_reductions(self, backend: str) -> None:
        x = tp.tensor([[1.0, 5.0, 2.0], [4.0, 0.0, 4.0]])
        assert x.sum(1).tolist() == tp.sum(x, 1).tolist() == [8.0, 8.0]
        assert x.sum(dim=0, keepdim=True).shape == (1, 3)
        assert x.sum((0, 1)).item() == 16.0
        assert x.mean(dim=1, keepdim=True).shape == (2, 1)
        assert x.argmax(1).tolist() == [1, 0]
        assert x.argmin(dim=0, keepdim=True).tolist() == [[0, 1, 0]]
        assert x.max().item() == 5.0

    @pytest.mark.parametrize("spell", [lambda x: tp.max(x, 1), lambda x: x.max(1), lambda x: x.max(dim=-1)])
    def test_extremes_with_positions(self, backend: str, spell: Callable[[tp.Tensor], Any]) -> None:
        found = spell(tp.tensor([[1.0, 5.0, 2.0], [4.0, 0.0, 4.0]]))
        values, indices = found
        assert values.tolist() == found.values.tolist() == [5.0, 4.0]
        assert indices.tolist() == found.indices.tolist() == [1, 0]
        assert indices.dtype is tp.int64

    def test_extremes_with_positions_keep_axes(self, backend: str) -> None:
        values, indices = tp.min(tp.tensor([[1.0, 5.0], [4.0, 0.0]]), 0, keepdim=True)
        assert (values.tolist(), indices.tolist()) == ([[1.0, 0.0]], [[0, 1]])
        values, indices = tp.max(tp.tensor([[NAN, 5.0]]), 1)
        assert math.isnan(values.item())
        assert indices.item() == 0

    def test_joining(self, backend: str) -> None:
        x = tp.tensor([[1, 2]])
        assert tp.concat([x, x], 1).tolist() == tp.concat([x, x], dim=-1).tolist() == [[1, 2, 1, 2]]
        assert tp.stack([x, x], 1).tolist() == tp.stack((x, x), dim=1).tolist() == [[[1, 2], [1, 2]]]

    def test_methods(self, backend: str) -> None:
        x = tp.tensor([[4.0, 9.0]])
        assert x.mul(2).div(2).sub(1).add(1).neg().tolist() == [[-4.0, -9.0]]
        assert x.eq(4).tolist() == [[True, False]]
        assert (x.size(), x.size(1), x.size, x.numel(), x.dim()) == ((1, 2), 2, 2, 2, 2)
        assert x.t().shape == x.T.shape == x.transpose(0, 1).shape == x.permute(1, 0).shape == (2, 1)
        assert x.unsqueeze(0).squeeze().flatten().shape == (2,)
        assert x.view(2, -1).expand(-1, 3).shape == (2, 3)
        assert (x.long().dtype, x.double().dtype, x.half().dtype) == (tp.int64, tp.float64, tp.float16)

    def test_the_standard_counts_axes_alike(self, backend: str) -> None:
        x = tp.zeros(2, 3, 4)
        assert tp.sum(x, axis=-1).shape == tp.sum(x, -1).shape == (2, 3)
        assert tp.flip(x, axis=(0, 1)).shape == x.flip(0).shape == (2, 3, 4)


STANDARD = """
    i1 i2 i4 i8 u1 u2 u4 f4 f8 c8 c16
i1  i1 i2 i4 i8 i2 i4 i8 -- -- --- ---
i2  i2 i2 i4 i8 i2 i4 i8 -- -- --- ---
i4  i4 i4 i4 i8 i4 i4 i8 -- -- --- ---
i8  i8 i8 i8 i8 i8 i8 i8 -- -- --- ---
u1  i2 i2 i4 i8 u1 u2 u4 -- -- --- ---
u2  i4 i4 i4 i8 u2 u2 u4 -- -- --- ---
u4  i8 i8 i8 i8 u4 u4 u4 -- -- --- ---
f4  -- -- -- -- -- -- -- f4 f8 c8 c16
f8  -- -- -- -- -- -- -- f8 f8 c16 c16
c8  -- -- -- -- -- -- -- c8 c16 c8 c16
c16 -- -- -- -- -- -- -- c16 c16 c16 c16
"""
"""The table of the array API standard (2025.12, "Type Promotion Rules"), without uint64."""

MIXED = [
    ("bool", "uint8", "uint8"),
    ("bool", "int16", "int16"),
    ("bool", "float16", "float16"),
    ("bool", "complex64", "complex64"),
    ("int64", "float16", "float16"),
    ("int64", "float32", "float32"),
    ("uint8", "float64", "float64"),
    ("uint64", "float32", "float32"),
    ("int32", "complex64", "complex64"),
    ("float16", "float32", "float32"),
    ("float16", "bfloat16", "float32"),
    ("bfloat16", "float64", "float64"),
    ("float16", "complex64", "complex64"),
    ("float64", "complex64", "complex128"),
    ("uint64", "uint8", "uint64"),
]
"""PyTorch's, where the standard is silent."""

SCALARS: list[tuple[str, Any, str]] = [
    ("bool", True, "bool"),
    ("bool", 2, "int64"),
    ("bool", 2.0, "float32"),
    ("bool", 2j, "complex64"),
    ("uint8", True, "uint8"),
    ("uint8", 2, "uint8"),
    ("int16", 2.0, "float32"),
    ("int64", 2j, "complex64"),
    ("float16", True, "float16"),
    ("float16", 2, "float16"),
    ("float16", 2.0, "float16"),
    ("float32", 2.0, "float32"),
    ("float64", 2, "float64"),
    ("float32", 2j, "complex64"),
    ("float64", 2j, "complex128"),
    ("complex64", 2.0, "complex64"),
    ("complex128", 2j, "complex128"),
]


def standard_table() -> list[tuple[str, str, str]]:
    header, *rows = (line.split() for line in STANDARD.strip().splitlines())
    return [
        (numpy.dtype(row[0]).name, numpy.dtype(column).name, numpy.dtype(cell).name)
        for row in rows
        for column, cell in zip(header, row[1:], strict=True)
        if "-" not in cell
    ]


class TestPromotion:
    @pytest.mark.parametrize(("first", "second", "wanted"), standard_table() + MIXED)
    def test_of_tensors(self, backend: str, first: str, second: str, wanted: str) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x1, x2 = tp.ones(2, dtype=first), tp.ones(2, dtype=second)
        for result in (tp.add(x1, x2), x2 * x1, tp.concat([x1, x2]), tp.where(x1 == x2, x1, x2)):
            assert result.dtype.name == wanted
        assert tp.result_type(x1, x2).name == tp.result_type(second, first).name == wanted
        assert (x1 == x2).dtype is tp.bool

    @pytest.mark.parametrize(("dtype", "scalar", "wanted"), SCALARS)
    def test_with_python_scalars(self, backend: str, dtype: str, scalar: Any, wanted: str) -> None:
        x = tp.ones(2, dtype=dtype)
        if wanted != "bool":
            assert (x * scalar).dtype.name == (scalar * x).dtype.name == wanted
            assert (tp.add(scalar, x)).dtype.name == wanted
        assert tp.result_type(x, scalar).name == wanted
        assert tp.where(x == x, x, scalar).dtype.name == wanted

    def test_zero_dimensional_tensors_promote_like_any_other(self, backend: str) -> None:
        assert (tp.ones(2) * tp.tensor(2.0, dtype="float64")).dtype is tp.float64
        assert (tp.ones(2, dtype="int8") + tp.tensor(1)).dtype is tp.int64

    def test_wide_and_signed_integers_have_nothing_in_common(self, backend: str) -> None:
        with pytest.raises(TypeError, match="int8 and uint64 have no common integer dtype"):
            tp.ones(2, dtype="uint64") + tp.ones(2, dtype="int8")

    @pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64"])
    @pytest.mark.parametrize("name", ["sin", "exp", "sqrt", "mean", "sigmoid", "divide"])
    def test_integers_become_the_default_float(self, backend: str, name: str, dtype: str) -> None:
        x = tp.ones(2, dtype=dtype)
        operands = [x] * len(OPERATIONS[name].operands)
        assert getattr(tp, name)(*operands).dtype is get_default_dtype() is tp.float32
        tp.set_default_dtype("float64")
        try:
            assert getattr(tp, name)(*operands).dtype is tp.float64
        finally:
            tp.set_default_dtype("float32")

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
    def test_floats_keep_their_own(self, backend: str, dtype: str) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x = tp.ones((2, 2), dtype=dtype)
        for result in (x + 1, x / 2, tp.exp(x), tp.sigmoid(x), x.sum(), x.mean(), x @ x, x**2, tp.relu(x), x.max()):
            assert result.dtype.name == dtype

    def test_a_sum_with_a_scalar_is_not_computed_more_narrowly(self, backend: str) -> None:
        x = tp.tensor(1 / 3, dtype="float64")
        assert (x + 1).item() == 1 / 3 + 1
        assert (x * (1 / 7)).item() == (1 / 3) * (1 / 7)
        assert (tp.tensor(2**40 + 1) * 3).item() == 3 * (2**40 + 1)

    def test_numpy_operands(self, backend: str) -> None:
        x = tp.ones(2)
        array = numpy.ones(2, dtype="float64")
        for result in (x + array, array + x, numpy.float64(2) * x):
            assert type(result) is tp.Tensor
        assert (array * x).dtype is tp.float64
        assert (numpy.float64(2) * x).dtype is tp.float32


REFUSING = "celu hardsigmoid hardswish hardtanh mish softshrink".split()
"""Functions that refuse integers, which their operations would convert."""


class TestAccepted:
    """The dtypes that each operation takes, refused by name otherwise."""

    @pytest.mark.parametrize(
        "name",
        [
            name
            for name, operation in OPERATIONS.items()
            if operation.elementwise and name in FUNCTIONS and set(operation.operands) <= {"x", "x1", "x2"}
            if name not in REFUSING
        ],
    )
    @pytest.mark.parametrize("dtype", ["bool", "int64", "float64", "complex128"])
    def test_others_raise(self, backend: str, name: str, dtype: str) -> None:
        operation = OPERATIONS[name]
        x = tp.ones((2, 2), dtype=dtype)
        operands = [x] * len(operation.operands)
        if operation.takes(operation.computing_dtype(as_dtype(dtype))):
            assert type(FUNCTIONS[name](*operands)) is tp.Tensor
        else:
            with pytest.raises(TypeError, match=f"{name}: got tensorplug.{dtype}, wanted a {operation.accepts} dtype"):
                FUNCTIONS[name](*operands)

    @pytest.mark.parametrize("dtype", list(DTYPES.values()), ids=lambda dtype: dtype.name)
    def test_dtypes_print_and_compare(self, dtype: DType) -> None:
        assert as_dtype(dtype.name) is dtype
        assert repr(dtype) == f"tensorplug.{dtype.name}"


WRONG_SHAPES: list[tuple[str, Callable[[], Any]]] = [
    (r"add: shapes \(2,\) and \(3,\) cannot be broadcast", lambda: tp.ones(2) + tp.ones(3)),
    (r"multiply: shapes \(2, 3\) and \(2,\) cannot", lambda: tp.multiply(tp.ones(2, 3), tp.ones(2))),
    (r"maximum: shapes \(0,\) and \(2,\) cannot", lambda: tp.maximum(tp.ones(0), tp.ones(2))),
    (r"equal: shapes \(2,\) and \(3,\) cannot", lambda: tp.ones(2) == tp.ones(3)),
    (
        r"where: shapes \(3,\) and \(2,\) and \(2,\) cannot",
        lambda: tp.where(tp.ones(3) > 0, tp.ones(2), tp.ones(2)),
    ),
    (r"masked_fill: shapes \(2,\) and \(3,\)", lambda: tp.ones(2).masked_fill(tp.ones(3) > 0, 0.0)),
    (r"matmul: shapes \(2, 3\) and \(2, 3\) cannot", lambda: tp.ones(2, 3) @ tp.ones(2, 3)),
    (r"matmul: got shapes \(\) and \(2,\)", lambda: tp.matmul(tp.ones(()), tp.ones(2))),
    (r"matmul: shapes \(2, 2, 3\) and \(3, 3, 2\)", lambda: tp.ones(2, 2, 3) @ tp.ones(3, 3, 2)),
    (r"reshape: shape \(4,\) does not hold the 6 elements", lambda: tp.reshape(tp.ones(2, 3), (4,))),
    (r"reshape: shape \(-1, 4\) does not hold", lambda: tp.reshape(tp.ones(2, 3), (-1, 4))),
    (r"reshape: shape \(-1, -1\) may have one -1", lambda: tp.reshape(tp.ones(2, 3), (-1, -1))),
    (r"reshape: shape \(0, -1\)", lambda: tp.reshape(tp.ones(0), (0, -1))),
    (r"broadcast_to: shape \(2, 3\) cannot be broadcast to \(2,\)", lambda: tp.broadcast_to(tp.ones(2, 3), (2,))),
    (r"broadcast_to: shape \(2,\) cannot be broadcast to \(3,\)", lambda: tp.broadcast_to(tp.ones(2), (3,))),
    (r"concat: shapes \(2, 3\), \(2, 2\) must be equal", lambda: tp.concat([tp.ones(2, 3), tp.ones(2, 2)])),
    (r"concat: shapes \(2, 3\), \(3,\) must be equal", lambda: tp.concat([tp.ones(2, 3), tp.ones(3)])),
    (r"concat: got no tensors", lambda: tp.concat([])),
    (r"stack: got no tensors", lambda: tp.stack([])),
    (r"stack: shapes \(2,\), \(3,\) must be equal", lambda: tp.stack([tp.ones(2), tp.ones(3)])),
    (r"squeeze: axis 0 has length 2, wanted 1", lambda: tp.squeeze(tp.ones(2), 0)),
    (r"permute_dims: got axes \(0,\), wanted each of the 2", lambda: tp.permute_dims(tp.ones(2, 3), (0,))),
    (r"matrix_transpose: got shape \(2,\), wanted at least two", lambda: tp.matrix_transpose(tp.ones(2))),
    (r"zeros: got shape \(-1,\), wanted no negative length", lambda: tp.zeros(-1)),
    (r"sum: axis \(0, 0\) names an axis twice", lambda: tp.sum(tp.ones(2, 3), axis=(0, 0))),
    (r"max: axis \(1, -1\) names an axis twice", lambda: tp.max(tp.ones(2, 3), axis=(1, -1))),
    (r"flip: axis \(0, -2\) names an axis twice", lambda: tp.flip(tp.ones(2, 3), axis=(0, -2))),
    (r"permute_dims: axis \(0, 0\) names an axis twice", lambda: tp.permute_dims(tp.ones(2, 3), (0, 0))),
    (r"diagonal: axis \(1, 1\) names an axis twice", lambda: tp.ones(2, 3).diagonal(0, 1, 1)),
    (r"moveaxis: got 2 axes and 1 places", lambda: tp.moveaxis(tp.ones(2, 3), (0, 1), (0,))),
    (r"roll: got 2 shifts and 1 axes", lambda: tp.roll(tp.ones(2, 3), (1, 2), axis=(0,))),
    (r"flatten: start_dim 1 comes after end_dim 0", lambda: tp.ones(2, 3).flatten(1, 0)),
    (r"fft.fftn: got lengths \(1,\) for axes \(0, 1\)", lambda: tp.fft.fftn(tp.ones(2, 3), (1,), axes=(0, 1))),
    (r"linalg.matrix_norm: got dim \(0\), wanted two axes", lambda: tp.linalg.matrix_norm(tp.ones(2, 3), dim=(0,))),
]

WRONG_AXES: list[tuple[str, Callable[[], Any]]] = [
    (r"sum: axis 2 is out of range for 2 axes; allowed are -2 to 1", lambda: tp.sum(tp.ones(2, 3), axis=2)),
    (r"mean: axis -3 is out of range", lambda: tp.mean(tp.ones(2, 3), axis=-3)),
    (r"max: axis 2 is out of range", lambda: tp.max(tp.ones(2, 3), 2)),
    (r"any: axis 0 is out of range for 0 axes", lambda: tp.any(tp.tensor(True), axis=0)),
    (r"argmax: axis 5 is out of range", lambda: tp.argmax(tp.ones(2, 3), axis=5)),
    (r"concat: axis 1 is out of range", lambda: tp.concat([tp.ones(2)], axis=1)),
    (r"stack: axis 2 is out of range", lambda: tp.stack([tp.ones(2)], axis=2)),
    (r"flip: axis 1 is out of range", lambda: tp.flip(tp.ones(2), axis=1)),
    (r"expand_dims: axis 3 is out of range", lambda: tp.expand_dims(tp.ones(2), axis=3)),
    (r"squeeze: axis 1 is out of range", lambda: tp.squeeze(tp.ones(1), 1)),
    (r"transpose: axis 2 is out of range", lambda: tp.ones(2, 3).transpose(0, 2)),
]

WRONG_TYPES: list[tuple[str, Callable[[], Any]]] = [
    (r"exp: got list, wanted tensors", lambda: tp.exp([1.0])),
    (r"add: got int and int, wanted tensors", lambda: tp.add(1, 2)),
    (r"add: got Tensor and str", lambda: tp.add(tp.ones(2), "1")),
    (r"sum: got list", lambda: tp.sum([1.0])),
    (r"matmul: got Tensor and float", lambda: tp.matmul(tp.ones(2), 1.0)),
    (r"concat: got float", lambda: tp.concat([tp.ones(2), 1.0])),
    (r"where: the condition must be of dtype bool", lambda: tp.where(tp.ones(2), tp.ones(2), 0.0)),
    (r"sum: an axis is an integer, got float", lambda: tp.sum(tp.ones(2), axis=0.5)),
    (r"reshape: a shape is an integer or", lambda: tp.reshape(tp.ones(2), (2.0,))),
    (r"unknown dtype 'float31'; the dtypes are bool, int8", lambda: tp.ones(2, dtype="float31")),
    (r"no dtype like NumPy's datetime64", lambda: tp.ones(2).astype(numpy.dtype("M8[s]"))),
    (r"tensor: got elements of type str", lambda: tp.tensor(["a"])),
    (r"tensor: got elements of type NoneType", lambda: tp.tensor([None])),
    (r"tensor: complex numbers do not convert to tensorplug.float32", lambda: tp.tensor([1j], dtype="float32")),
    (r"a device is a name or a tensorplug.device, got int", lambda: tp.ones(2, device=3)),
    (
        r"__setitem__: 1.5 can't be written into a tensorplug.int64",
        lambda: tp.ones(2, dtype="int64").__setitem__(0, 1.5),
    ),
    (r"add_: result type tensorplug.float32 can't be cast", lambda: tp.ones(2, dtype="int64").add_(1.5)),
    (r"masked_fill: 2.5 can't be written", lambda: tp.ones(2, dtype="int64").masked_fill(tp.ones(2) > 0, 2.5)),
    (r"masked_fill: 1j can't be written", lambda: tp.ones(2).masked_fill(tp.ones(2) > 0, 1j)),
    (r"masked_fill: the mask must be of dtype bool", lambda: tp.ones(2).masked_fill(tp.ones(2), 0.0)),
    (r"exp: out= takes a Tensor, got list", lambda: tp.exp(tp.ones(2), out=[0.0])),
]

OUT_OF_RANGE: list[tuple[str, Callable[[], Any]]] = [
    ("256 is out of range for tensorplug.uint8, which holds 0 to 255", lambda: tp.ones(2, dtype="uint8") + 256),
    ("-1 is out of range for tensorplug.uint8", lambda: tp.ones(2, dtype="uint8") * -1),
    ("9223372036854775808 is out of range for tensorplug.int64", lambda: tp.ones(2, dtype="int64") + 2**63),
    ("300 is out of range for tensorplug.int8", lambda: tp.tensor([1, 300], dtype="int8")),
    ("-129 is out of range for tensorplug.int8", lambda: tp.full((2,), -129, dtype="int8")),
    ("1180591620717411303424 is out of range for tensorplug.int64", lambda: tp.tensor([2**70])),
    ("300 is out of range for tensorplug.int8", lambda: tp.ones(2, dtype="int8").fill_(300)),
    ("300 is out of range", lambda: tp.ones(2, dtype="int8").masked_fill(tp.ones(2) > 0, 300)),
    ("300 is out of range for tensorplug.int8", lambda: tp.ones(2, dtype="int8").__setitem__(0, 300)),
]

WRONG_INDICES: list[tuple[str, Callable[[], Any]]] = [
    ("index 2 is out of bounds for axis 0 with size 2", lambda: tp.ones(2)[2]),
    ("index -3 is out of bounds for axis 0 with size 2", lambda: tp.ones(2)[-3]),
    ("index 5 is out of bounds for axis 1 with size 3", lambda: tp.ones(2, 3)[:, tp.tensor([0, 5])]),
    ("index -4 is out of bounds for axis 1 with size 3", lambda: tp.ones(2, 3)[0, [0, -4]]),
    ("index 7 is out of bounds for axis 0 with size 2", lambda: tp.ones(2).__setitem__([7], 1.0)),
    ("too many indices: got 2 for a tensor of 1 axes", lambda: tp.ones(2)[0, 0]),
    ("the shape of the mask", lambda: tp.ones(2)[tp.ones(3) > 0]),
    ("of an integer or boolean dtype, got tensorplug.float32", lambda: tp.ones(2)[tp.ones(2)]),
    ("valid indices, got float", lambda: tp.ones(2)[0.5]),
    ("valid indices, got str", lambda: tp.ones(2)["a"]),
    ("single ellipsis", lambda: tp.ones(2)[..., ...]),
]


class TestBadInput:
    @pytest.mark.parametrize(("message", "call"), WRONG_SHAPES)
    def test_shapes(self, backend: str, message: str, call: Callable[[], Any]) -> None:
        with pytest.raises(ValueError, match=message):
            call()

    @pytest.mark.parametrize(("message", "call"), [row for row in WRONG_SHAPES if "got no" not in row[0]])
    def test_shapes_are_a_runtime_error_too(self, message: str, call: Callable[[], Any]) -> None:
        """As PyTorch raises it."""
        with pytest.raises(RuntimeError, match=message):
            call()

    @pytest.mark.parametrize(("message", "call"), WRONG_AXES)
    def test_axes(self, backend: str, message: str, call: Callable[[], Any]) -> None:
        with pytest.raises(IndexError, match=message):
            call()

    @pytest.mark.parametrize(("message", "call"), WRONG_TYPES)
    def test_types(self, backend: str, message: str, call: Callable[[], Any]) -> None:
        with pytest.raises(TypeError, match=message):
            call()

    @pytest.mark.parametrize(("message", "call"), OUT_OF_RANGE)
    def test_integers_out_of_range(self, backend: str, message: str, call: Callable[[], Any]) -> None:
        with pytest.raises(OverflowError, match=message):
            call()

    @pytest.mark.parametrize(("message", "call"), WRONG_INDICES)
    def test_indices(self, backend: str, message: str, call: Callable[[], Any]) -> None:
        with pytest.raises(IndexError, match=message):
            call()

    @pytest.mark.parametrize("data", [[[1, 2], [3]], [1, [2]], [[1], 2], [[[1]], [[2], [3]]]])
    def test_ragged_sequences(self, backend: str, data: Any) -> None:
        with pytest.raises(ValueError, match="tensor: the sequences are nested unevenly"):
            tp.tensor(data)

    def test_mixed_backends(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x, y = tp.ones(2, device="numpy"), tp.ones(2, device="jax")
        calls: dict[str, Callable[[], Any]] = {
            "add": lambda: x + y,
            "matmul": lambda: x @ y,
            "where": lambda: tp.where(x > 0, x, y),
            "concat": lambda: tp.concat([x, y]),
            "stack": lambda: tp.stack([x, y]),
            "add_": lambda: x.add_(y),
            "maximum": lambda: tp.maximum(y, x),
        }
        for name, call in calls.items():
            pattern = rf"{name.rstrip('_')}.*: expected all tensors to be on the same device, but got .*(numpy|jax):cpu"
            with pytest.raises(ValueError, match=pattern) as caught:
                call()
            assert isinstance(caught.value, RuntimeError)
        assert x.tolist() == y.tolist() == [1.0, 1.0]

    def test_tensors_without_axes_join_the_others_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x, y = tp.ones(2, device="numpy"), tp.tensor(3.0, device="jax")
        assert (x * y).backend == (y * x).backend == "numpy"

    def test_unknown_devices_and_backends(self, backend: str) -> None:
        with pytest.raises(ValueError, match=r"no device 'xpu'; there are .*numpy:cpu"):
            tp.ones(2, device="xpu")
        with pytest.raises(ValueError, match="no device 'numpy:cuda'; backend 'numpy' has numpy:cpu"):
            tp.ones(2).to("numpy:cuda")
        with pytest.raises(ValueError, match=r"'torch'.*numpy"):
            tp.backend("torch")

    def test_foreign_operands_may_take_over(self, backend: str) -> None:
        class Foreign:
            def __radd__(self, other: Any) -> str:
                return "taken"

        assert tp.ones(2) + Foreign() == "taken"
        with pytest.raises(TypeError):
            tp.ones(2) - Foreign()
        assert (tp.ones(2) == "text") is False
        assert (tp.ones(2) != None) is True  # noqa: E711

    @pytest.mark.parametrize(
        "call",
        [
            lambda x, y: x + y,
            lambda x, y: x.add_(y),
            lambda x, y: x.copy_(y),
            lambda x, y: tp.add(x, x, out=y),
            lambda x, y: x.__setitem__(slice(None), y),
            lambda x, y: x.__setitem__(5, 0.0),
            lambda x, y: x.__setitem__([0, 5], 0.0),
            lambda x, y: x @ y,
            lambda x, y: tp.concat([x, y], axis=1),
            lambda x, y: x.view(5),
        ],
    )
    def test_operands_stay_as_they_were(self, backend: str, call: Callable[..., Any]) -> None:
        x, y = tp.tensor([1.0, 2.0]), tp.tensor([3.0, 4.0, 5.0])
        view = x[:1]
        with pytest.raises((ValueError, IndexError)):
            call(x, y)
        assert (x.tolist(), y.tolist(), view.tolist()) == ([1.0, 2.0], [3.0, 4.0, 5.0], [1.0])
        assert not x.requires_grad
        (x + x).sum()


class TestWarnings:
    @pytest.mark.parametrize(
        "call",
        [
            lambda x: x / 0.0,
            lambda x: tp.zeros(2) / tp.zeros(2),
            lambda x: tp.exp(x * 1e30),
            lambda x: x * 1e38 * 1e38,
            lambda x: tp.log(-x),
            lambda x: tp.sqrt(-x),
            lambda x: tp.tensor([INF, 1.0]) - INF,
            lambda x: tp.mean(tp.zeros(0)),
            lambda x: tp.tensor([1e30, NAN]).to("int32"),
            lambda x: tp.tensor([1e300]).to("float64").to("float32"),
            lambda x: tp.tensor([1e300, 1.0], dtype="float64").to("float16"),
            lambda x: tp.sum(tp.full((2,), 3e38)),
            lambda x: tp.acos(x * 3),
            lambda x: tp.pow(tp.zeros(2), -1.0),
            lambda x: tp.reciprocal(tp.zeros(2)),
            lambda x: x.clone().div_(0.0),
            lambda x: tp.sigmoid(x * -1e4),
            lambda x: tp.full((2, 2), 1e30) @ tp.full((2, 2), 1e30),
            lambda x: tp.tensor([1e300], dtype="float32"),
            lambda x: tp.full((2,), 1e300, dtype="float32"),
            lambda x: x.fill_(1e300),
        ],
    )
    def test_none_leaks(self, backend: str, call: Callable[[tp.Tensor], Any]) -> None:
        with warnings.catch_warnings(), numpy.errstate(all="raise"):
            warnings.simplefilter("error")
            call(tp.ones(2))
            assert numpy.geterr()["divide"] == "raise"

    def test_none_leaks_from_a_backward_pass(self, backend: str) -> None:
        x = tp.tensor([0.0, 1.0], requires_grad=True)
        with warnings.catch_warnings(), numpy.errstate(all="raise"):
            warnings.simplefilter("error")
            (tp.sqrt(x) + tp.log(x) + x**-1.0).sum().backward(create_graph=True)
            assert math.isnan(x.grad[0].item())
            assert numpy.geterr()["invalid"] == "raise"

    def test_the_users_settings_stay_in_force(self, backend: str) -> None:
        before = numpy.geterr()
        tp.ones(2) / 0.0
        assert numpy.geterr() == before
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            numpy.ones(1) / numpy.zeros(1)


BEYOND = (256, -1, -129, 2**31, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, -(10**400), 10**300, 1e300, -70000, INF)
"""Numbers that some dtypes do not hold."""


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64"])
def test_comparisons_with_numbers_of_any_size(backend: str, dtype: str) -> None:
    """Python's own comparisons of the elements, operands in either order, as operators, functions and methods."""
    elements = [0, 1] if dtype == "bool" else [0, 1, 127]
    elements = [*map(float, elements), INF, -INF, NAN] if dtype.startswith("float") else elements
    x = tp.tensor(elements, dtype=dtype)
    for number in BEYOND:
        for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
            assert compare(x, number).tolist() == [compare(element, number) for element in elements]
            assert compare(number, x).tolist() == [compare(number, element) for element in elements]
        assert tp.less(x, number).tolist() == tp.greater(number, x).tolist() == x.lt(number).tolist()
        assert (number in x) is (number in elements)
        if dtype != "bool":
            assert int(tp.searchsorted(x[:2], number)) == (2 if number > 1 else 0)


def test_arithmetic_first_does_not_change_a_comparison(backend: str) -> None:
    x = tp.tensor([INF, 1.0], dtype="float32")
    assert (x + 1e300).tolist() == [INF, INF]
    assert (x == 1e300).tolist() == [False, False]


def test_bounds_beyond_the_dtype(backend: str) -> None:
    x = tp.tensor([0, 5, 255], dtype="uint8")
    assert tp.clip(x, -5, 300).tolist() == x.clamp(max=10**400).tolist() == x.clip_(-5, 300).tolist() == [0, 5, 255]
    assert tp.clip(tp.tensor([1.0, INF]), 2, 10**400).tolist() == [2.0, INF]
    for call in (lambda: tp.clip(x, 300), lambda: tp.clip(x, max=-1)):
        with pytest.raises(OverflowError, match=r"^clip: (300|-1) is out of range for tensorplug.uint8, .* 0 to 255"):
            call()


NOT_HELD: dict[str, Callable[[tp.Tensor], Any]] = {
    "__setitem__": lambda x: x.__setitem__(0, 300),
    "add": lambda x: x.add_(300),
    "fill_": lambda x: x.fill_(300),
    "masked_fill": lambda x: x.masked_fill(x > 3, 300),
    "maximum": lambda x: tp.maximum(x, 300),
    "tensor": lambda x: tp.tensor([300], dtype="uint8"),
    "where": lambda x: tp.where(x > 3, x, 300),
}
"""Calls that would have to hold a number, by the name in their error."""


@pytest.mark.parametrize("name", NOT_HELD)
def test_numbers_that_are_not_held(backend: str, name: str) -> None:
    x = tp.tensor([0, 5, 255], dtype="uint8")
    with pytest.raises(OverflowError, match=f"^{name}: 300 is out of range for tensorplug.uint8, which holds 0 to 255"):
        NOT_HELD[name](x)
    assert x.tolist() == [0, 5, 255]
    with pytest.raises(OverflowError, match=r"^multiply: an integer of 33220 bits is too great for any float"):
        tp.ones(2) * 10**10000


def test_unsigned_and_signed_integers_are_not_compared(backend: str) -> None:
    """No integer dtype holds both, and a floating-point one would lose digits."""
    x, y = tp.tensor([2**63], dtype="uint64"), tp.tensor([-1])
    for call in (tp.less, tp.equal, tp.searchsorted):
        with pytest.raises(TypeError, match="have no common integer dtype; convert one"):
            call(x, y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quotients_by_one_number_for_many(backend: str, dtype: str) -> None:
    x = numpy.random.default_rng(0).normal(size=(8, 16)).astype(dtype)
    for divisor in (x.dtype.type(100), x.dtype.type(3), numpy.abs(x[:, :1]) + 1, numpy.abs(x[:1]) + 1):
        found = tp.tensor(x) / tp.tensor(divisor)
        assert found.tolist() == (x / divisor).tolist()
        assert tp.tensor(x).div_(tp.tensor(divisor)).tolist() == found.tolist()
    assert (tp.tensor(x) / 100).tolist() == (x / x.dtype.type(100)).tolist()
    # One by such a divisor is subnormal.
    great = 3e38 if dtype == "float32" else 1.5e308
    y = tp.tensor([great, -great, math.inf, math.nan], dtype=dtype)
    numpy.testing.assert_array_equal(y / great, [1.0, -1.0, math.inf, math.nan])
    z = tp.tensor([complex(great / 4, great / 4)], dtype="complex64" if dtype == "float32" else "complex128")
    numpy.testing.assert_allclose(z / tp.tensor(great, dtype=dtype), [0.25 + 0.25j], rtol=1e-6)
    assert tp.tensor([1.0, 2.0, 2.0], dtype=dtype).mean().tolist() == (x.dtype.type(5) / x.dtype.type(3)).item()


class TestRound:
    def test_decimals(self, backend: str) -> None:
        inf = math.inf
        x = numpy.asarray([1.2345, -2.674, 0.125, 250.0, 350.0, -0.04, -3.456e7, 3e38, inf, -inf, math.nan], "f4")
        for decimals in (-2, -1, 0, 1, 2):
            with numpy.errstate(over="ignore", invalid="ignore"):
                wanted = numpy.round(x.astype("f8"), decimals).astype("f4")
            found = tp.round(tp.tensor(x), decimals=decimals).numpy()
            numpy.testing.assert_allclose(found, wanted, rtol=2**-23)
            assert (numpy.signbit(found) == numpy.signbit(wanted))[:-1].all()
        assert tp.tensor([1.255]).round(decimals=2).tolist() == [pytest.approx(1.26)]
        assert tp.tensor([3e38, 1e-30]).round(decimals=60).tolist() == [pytest.approx(3e38), pytest.approx(1e-30)]
        assert tp.tensor([3e38, 1e-30, inf]).round(decimals=-60).tolist() == [0.0, 0.0, inf]
        assert tp.tensor([2.345], dtype="float16").round(decimals=2).tolist() == [2.349609375]

    def test_as_numpy_rounds(self, backend: str) -> None:
        x = numpy.arange(6, dtype="f4").reshape(2, 3) / 3
        for decimals in (1, 2, 3, -1):
            assert tp.tensor(x).round(decimals=decimals).tolist() == numpy.round(x, decimals).tolist()

    def test_integers(self, backend: str) -> None:
        assert tp.tensor([15, 25, -35, 49, -51]).round(decimals=-1).tolist() == [20, 20, -40, 50, -50]
        assert tp.tensor([15, -35]).round(decimals=1).tolist() == [15, -35]
        assert tp.tensor([99, 150, 250], dtype="uint8").round(decimals=-2).tolist() == [100, 200, 200]
        assert tp.tensor([99, -50], dtype="int8").round(decimals=-3).tolist() == [0, 0]

    def test_gradient_and_in_place(self, backend: str) -> None:
        x = tp.tensor([1.26, 3e38], requires_grad=True)
        (x.round(decimals=1) + (x * 1).round_(decimals=-1)).sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [0.0, 0.0]
        y = tp.tensor([1.26])
        assert y.round_(decimals=1) is y
        assert y.tolist() == [pytest.approx(1.3)]
        assert tp.round(tp.tensor([1.26]), decimals=1, out=y) is y

    def test_bad_input(self, backend: str) -> None:
        for wrong in (lambda: tp.round(tp.ones(1), decimals=1.5), lambda: tp.round(tp.ones(1) * 1j, decimals=1)):
            with pytest.raises(TypeError, match="round: "):
                wrong()


class TestPythonNumbers:
    def test_divmod(self, backend: str) -> None:
        x, n = tp.tensor([7.0, -7.0], requires_grad=True), tp.tensor([7, -7])
        for pair in (divmod(x, 2), divmod(n, 2)):
            assert [one.tolist() for one in pair] == [[3, -4], [1, 1]]
        assert [one.tolist() for one in divmod(2.5, n)] == [[0.0, -1.0], [2.5, -4.5]]
        assert [one.tolist() for one in divmod(n, n)] == [[1, 1], [0, 0]]
        divmod(x, 2)[1].sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [1.0, 1.0]
        with pytest.raises(TypeError):
            divmod(x, "2")

    def test_to_whole_numbers(self, backend: str) -> None:
        x, big = tp.tensor(-2.5), tp.tensor(2**60 + 1)
        assert (math.floor(x), math.ceil(x), math.trunc(x)) == (-3, -2, -2)
        assert (math.floor(big), math.ceil(big), math.trunc(big)) == (2**60 + 1,) * 3
        assert round(x).item() == -2.0
        assert round(tp.tensor([1.26]), 1).tolist() == [pytest.approx(1.3)]
        with pytest.raises(ValueError, match="exactly one element"):
            math.floor(tp.ones(2))

    def test_format(self, backend: str) -> None:
        x = tp.tensor(2.5)
        assert (f"{x}", f"{x:.2f}", format(x, ""), f"{tp.tensor(7):3d}") == ("2.5", "2.50", "2.5", "  7")
        assert f"{tp.ones(1)}" == str(tp.ones(1))
        with pytest.raises(TypeError, match="format"):
            f"{tp.ones(1):.2f}"


class TestDeclarations:
    """What is wrong in a declaration is an error at import."""

    def test_a_rule_asks_for_what_the_operation_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(RULES, "flipped", Rule("flipped", ("x",), {"x": lambda ops, g, axes: g}, False))
        with pytest.raises(TypeError, match=r"rule of 'flipped': asks for axes, .* it has x, axis"):

            @operation()
            def flipped(x: Any, *, axis: int) -> Any:
                """The elements in reverse order."""

        assert "flipped" not in OPERATIONS

    def test_a_rule_is_that_of_an_operation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(RULES, "ad", RULES["add"])
        with pytest.raises(TypeError, match="rule of 'ad': there is no operation of that name"):
            attach_all()

    def test_a_name_is_declared_once(self) -> None:
        with pytest.raises(ValueError, match="operation 'add' is declared twice"):

            @operation()
            def add(x1: Any, x2: Any) -> Any:
                """The sum."""

        with pytest.raises(ValueError, match=r"Tensor\.sum is declared twice"):
            method("sum")(lambda self: self)
