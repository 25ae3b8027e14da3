"""Errors: bad input raises Tensorplug's error of the documented type and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy

import tensorplug
from tensorplug.core import OPERATIONS
from tensorplug.core.types.dtypes import ACCEPTED, DTYPES
from tensorplug.core.types.errors import UnsupportedDTypeError, UnsupportedError

from ..engine.example import (
    Example,
    Mismatch,
    draw,
    evaluate,
)
from ..engine.families import family_of
from ..engine.trial import Property, Trial
from ..uses import Use, uses_of
from ..uses.use import ANY, Operand, fixed
from .values import require_unchanged

Wrong = tuple[Use, type[Exception]]

SINGULAR = fixed([[1.0, 2.0], [2.0, 4.0]])
INDEFINITE = fixed([[1.0, 2.0], [2.0, 1.0]])
NOT_A_NUMBER = fixed([[numpy.nan, 1.0], [1.0, 1.0]])
OUTSIDE = fixed([0, 2], "int64")
BELOW = fixed([0, -3], "int64")

LINALG = numpy.linalg.LinAlgError


def _square(name: str, *arguments: str) -> list[Wrong]:
    """A call of a function of square matrices with one that is not square."""
    return [(Use(f"tp.linalg.{name}({', '.join(['x', *arguments])})", dtypes="f", x=(2, 3)), ValueError)]


def _matrices(call: str, error: type[Exception], *operands: Operand) -> list[Wrong]:
    return [(Use(f"tp.linalg.{call}", dtypes="f", x=operand), error) for operand in operands]


WRONG: dict[str, list[Wrong]] = {
    "bitwise_left_shift": [],
    "concat": [
        (Use("tp.concat([x1, x2])", x1=(2, 3), x2=(2, 2)), ValueError),
        (Use("tp.concat([x1, x2], axis=2)", x1=(2, 3), x2=(2, 3)), IndexError),
    ],
    "floor_divide": [(Use("tp.floor_divide(x1, x2)", dtypes="iu", x1=(2,), x2=fixed([1, 0])), ZeroDivisionError)],
    "remainder": [(Use("tp.remainder(x1, x2)", dtypes="iu", x1=(2,), x2=fixed([1, 0])), ZeroDivisionError)],
    "pow": [(Use("tp.pow(x1, x2)", dtypes="i", x1=fixed([2, 3]), x2=fixed([1, -1])), ValueError)],
    "getitem": [
        (Use("x[2]", x=(2, 3)), IndexError),
        (Use("x[-3]", x=(2, 3)), IndexError),
        (Use("x[0, 3]", x=(2, 3)), IndexError),
        (Use("x[0, 0, 0]", x=(2, 3)), IndexError),
    ],
    "index": [
        (Use("x[i]", x=(2, 3), i=OUTSIDE), IndexError),
        (Use("x[i]", x=(2, 3), i=BELOW), IndexError),
        (Use("x[i]", x=(2, 3), i=fixed([True, False, True], "bool")), IndexError),
    ],
    "put": [
        (Use("x.__setitem__(i, 1)", dtypes="iufc", x=(2, 3), i=OUTSIDE), IndexError),
        (Use("x.__setitem__(0, y)", x=(2, 3), y=(2,)), ValueError),
        (Use("x.add_(y)", x=(2, 3), y=(2,)), ValueError),
    ],
    "take": [
        (Use("tp.take(x, i, axis=0)", x=(2, 3), i=OUTSIDE), IndexError),
        (Use("tp.take(x, i, axis=0)", x=(2, 3), i=BELOW), IndexError),
    ],
    "take_along_axis": [
        (Use("tp.take_along_axis(x, i, axis=0)", x=(2, 3), i=fixed([[2, 0, 0]], "int64")), IndexError),
    ],
    "reshape": [(Use("tp.reshape(x, (4,))", x=(2, 3)), ValueError)],
    "broadcast_to": [
        (Use("tp.broadcast_to(x, (2, 2))", x=(2, 3)), ValueError),
        (Use("x.expand(-1, 2, 3)", x=(2, 3)), ValueError),
    ],
    "diagonal": [(Use("tp.diagonal(x, 1.5)", x=(2, 3)), TypeError)],
    "roll": [(Use("tp.roll(x, (1, 2), axis=(0,))", x=(2, 3)), ValueError)],
    "stack": [(Use("tp.stack([x, y])", x=(2, 3), y=(2,)), ValueError)],
    "sum": [(Use("tp.sum(x, axis=0, keepdims='a')", x=(2, 3)), TypeError)],
    "tile": [(Use("tp.tile(x, (2**61, 1))", x=(2, 3)), ValueError)],
    "unfold": [(Use("tp.unfold(x, 0, 1.5, 1)", x=(2, 3)), TypeError)],
    "permute_dims": [(Use("tp.permute_dims(x, (0, 0))", x=(2, 3)), ValueError)],
    "matmul": [(Use("tp.matmul(x1, x2)", dtypes="f", x1=(2, 3), x2=(2, 3)), ValueError)],
    "vecdot": [(Use("tp.vecdot(x1, x2)", dtypes="f", x1=(2, 3), x2=(2, 2)), ValueError)],
    "where": [(Use("tp.where(x > 0, x, y)", dtypes="iuf", x=(2, 3), y=(2,)), ValueError)],
    "linalg.cholesky": _square("cholesky") + _matrices("cholesky(x)", LINALG, INDEFINITE, NOT_A_NUMBER),
    "linalg.det": _square("det"),
    "linalg.eig": _square("eig") + _matrices("eig(x)", LINALG, NOT_A_NUMBER),
    "linalg.eigh": _square("eigh") + _matrices("eigh(x)", LINALG, NOT_A_NUMBER),
    "linalg.inv": _square("inv") + _matrices("inv(x)", LINALG, SINGULAR),
    "linalg.slogdet": _square("slogdet"),
    "linalg.solve": _square("solve", "x") + _matrices("solve(x, x)", LINALG, SINGULAR),
    "linalg.svd": _matrices("svd(x)", LINALG, NOT_A_NUMBER),
    "max": [(Use("tp.max(x, axis=0)", x=(0, 3)), ValueError)],
    "min": [(Use("tp.min(x, axis=0)", x=(0, 3)), ValueError)],
    "argmax": [(Use("tp.argmax(x, axis=0)", x=(0, 3)), ValueError)],
    "argmin": [(Use("tp.argmin(x, axis=0)", x=(0, 3)), ValueError)],
}
"""Calls that must raise, and the exceptions."""

OF_AXES = ("reduction", "cumulation", "sorting")


def has_errors(name: str) -> bool:
    """Whether an operation has a call that must raise."""
    return any(True for _ in wrong_calls(name))


def wrong_calls(name: str) -> Iterator[Wrong]:
    """The calls of an operation that must raise."""
    yield from WRONG.get(name, ())
    operation = OPERATIONS.get(name)
    if operation is None:
        return
    typical = uses_of(name)[0]
    if family_of(operation) == "elementwise" and typical.elementwise and len(operation.operands) == 2:
        shapes = zip(typical.operands.items(), ((2,), (3,)), strict=True)
        yield Use.of(typical.code, {key: Operand(shape, ANY, one.dtype) for (key, one), shape in shapes}), ValueError
    if family_of(operation) in OF_AXES and typical.is_public:
        for axis in (2, -3):
            yield Use(f"tp.{name}(x, axis={axis})", x=(2, 3)), IndexError


def _refused(name: str) -> Iterator[tuple[Use, str]]:
    """Dtypes that the standard excludes and that are not converted."""
    operation, typical = OPERATIONS.get(name), uses_of(name)[0]
    if operation is None or family_of(operation) != "elementwise" or not typical.elementwise:
        return
    for dtype in ("bool", "int64", "float64", "complex128"):
        if operation.computing_dtype(DTYPES[dtype]) not in ACCEPTED[operation.accepts]:
            operands = {key: Operand((2,), ANY, one.dtype) for key, one in typical.operands.items()}
            yield Use.of(typical.code, operands), dtype


def check_errors(trial: Trial) -> None:
    """Check that wrong calls raise with the message of other backends and do not change operands."""
    for use, error in wrong_calls(trial.name):
        for dtype in list(trial.dtypes(use, ("float64", "int64", "uint8", "bool")))[:2]:
            trial.hold_for(_raising(error, trial.reference.name), draw(use, dtype, "contiguous", trial.rng))
    for use, dtype in _refused(trial.name):
        trial.hold_for(_raising(TypeError, trial.reference.name), draw(use, dtype, "contiguous", trial.rng))


def _raising(error: type[Exception], reference: str) -> Property:
    def prop(example: Example) -> None:
        tensors = example.tensors()
        try:
            result = evaluate(example.use, tensors)
        except UnsupportedDTypeError:
            # A sum of uint8 is one of uint64, which the backend may not have.
            raise
        except error as raised:
            if type(raised).__module__.startswith("numpy") or not str(raised):
                raise Mismatch(
                    "the library's own error reaches the user", "an error of Tensorplug's", repr(raised)
                ) from None
            expected = _raised(example, reference)
            if expected is not None and (type(expected), str(expected)) != (type(raised), str(raised)):
                raise Mismatch("the error is another on this backend", repr(expected), repr(raised)) from None
        except Exception as raised:
            raise Mismatch(
                f"raised {type(raised).__name__} ({raised}), wanted {error.__name__}", error.__name__, repr(raised)
            ) from None
        else:
            raise Mismatch(f"raised nothing, wanted {error.__name__}", error.__name__, repr(result))
        require_unchanged(example, tensors)

    return prop


def _raised(example: Example, backend: str) -> Exception | None:
    """The exception of an example on another backend; None if that does not support it."""
    try:
        with tensorplug.backend(backend):
            evaluate(example.use, example.tensors())
    except (UnsupportedError, UnsupportedDTypeError):
        return None
    except Exception as error:
        return error
    return None
