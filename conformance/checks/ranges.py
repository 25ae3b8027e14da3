"""Ranges of values: numbers of all magnitudes, neighbours that are equal in a narrower dtype, the extremes of integers,
badly scaled and ill-conditioned matrices, and one special value among many ordinary ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy

import tensorplug
from tensorplug.core import OPERATIONS
from tensorplug.core.types.dtypes import ACCEPTED, DTYPES

from ..engine.arrays import MANY, Array, rounded
from ..engine.bounds import EITHER_ZERO, EPS, EXACT, HUGE, MOVING, NORM, TINY, bound_of
from ..engine.example import Example, draw
from ..engine.families import family_of
from ..engine.reference import LENGTH, Expected, Unanswered
from ..engine.trial import Property, Trial
from ..uses import Use, chapter_of, uses_of
from ..uses.use import between
from .special_values import is_defined
from .values import agreement, require_results

Move = Callable[[Array, str], Array]
"""Maps small integers to numbers of a dtype, keeping order and equality."""

INTEGERS = ("int8", "uint8", "int64", "uint64", "int32", "uint32")

SPAN = 100
"""Integers in a wider range than this are not mapped."""


def has_ranges(name: str) -> bool:
    """Whether an operation is checked with numbers from the whole range of a dtype."""
    typical, operation = uses_of(name)[0], OPERATIONS.get(name)
    family = "" if operation is None else family_of(operation)
    if chapter_of(name) == "losses" or not typical.variables:
        return False
    accepted = ACCEPTED["all" if operation is None else operation.accepts]
    kinds = {dtype.kind for dtype in accepted} & set(typical.dtypes)
    whole = {"i", "u"} & kinds or any(map(_has_matrix, uses_of(name)[:2]))
    return kinds != {"b"} and bool(typical.elementwise or family in OF_MANY or whole)


def check_ranges(trial: Trial) -> None:
    """Compare results for numbers from the whole range of a dtype with the reference."""
    typical = uses_of(trial.name)[0]
    if typical.elementwise:
        _hold_all_magnitudes(trial, typical)
        _hold_near_overflow(trial, typical)
    else:
        _hold_moved(trial)
        _hold_scaled(trial)
    _hold_one_special(trial, typical)


def _hold_all_magnitudes(trial: Trial, use: Use) -> None:
    """Check elementwise functions of numbers with evenly spread exponents, and of numbers close to these."""
    for dtype in trial.dtypes(use):
        if DTYPES[dtype].kind == "b" or (trial.name == "pow" and DTYPES[dtype].kind == "c"):
            continue
        row = {key: replace(operand, shape=(LENGTH,)) for key, operand in use.operands.items()}
        example = draw(Use.of(use.code, row, elementwise=True), dtype, "contiguous", trial.rng)
        free = [name for name, operand in use.operands.items() if operand.dtype is None]
        spread = dict(zip(free, _spread(trial.rng, dtype, len(free), NARROWER.get(trial.name, 1.0)), strict=True))
        hosts = {**example.hosts, **{name: rounded(host, dtype) for name, host in spread.items()}}
        rows = zip(*(host.tolist() for host in hosts.values()), strict=True)
        defined = numpy.array([is_defined(trial.name, dtype, row) for row in rows])
        hosts = {name: numpy.where(defined, host, example.hosts[name]) for name, host in hosts.items()}
        trial.hold_for(agreement(trial), replace(example, hosts=hosts))


def _hold_near_overflow(trial: Trial, use: Use) -> None:
    """Check functions of one real number, and complex products, up to where results overflow."""
    if len(use.operands) == 1:
        for dtype in trial.dtypes(use, ("float32", "float64")):
            for sign in (1.0, -1.0):
                row = _up_to_overflow(trial, use, dtype, sign)
                if row is not None:
                    trial.hold_for(agreement(trial), _of_row(trial, use, dtype, row))
    elif trial.name == "multiply":
        for dtype in trial.dtypes(use, ("complex64", "complex128")):
            great, little = HUGE[dtype] * trial.rng.uniform(0.6, 1, (2, LENGTH)), trial.rng.uniform(-0.4, 0.4, LENGTH)
            trial.hold_for(agreement(trial), _of_row(trial, use, dtype, great[0] + 1j * great[1], little))


def _of_row(trial: Trial, use: Use, dtype: str, *rows: Array) -> Example:
    operands = {key: replace(operand, shape=(LENGTH,)) for key, operand in use.operands.items()}
    example = draw(Use.of(use.code, operands, elementwise=True), dtype, "contiguous", trial.rng)
    return replace(example, hosts={key: rounded(row, dtype) for key, row in zip(operands, rows, strict=True)})


def _up_to_overflow(trial: Trial, use: Use, dtype: str, sign: float) -> Array | None:
    """Numbers of one sign up to the smallest one for which the reference's result overflows the dtype."""
    row = 2.0 ** numpy.linspace(0, math.log2(HUGE[dtype]) - 1e-6, LENGTH)
    for _ in range(4):
        (_, found), *_ = trial.reference.expected(_of_row(trial, use, dtype, sign * row))
        beyond = ~(numpy.abs(found) <= HUGE[dtype])
        if not beyond.any() or numpy.isnan(found).any() or beyond.argmax() == 0:
            return None
        edge = int(beyond.argmax())
        row = numpy.linspace(row[edge - 1], row[edge], LENGTH)
    return numpy.asarray(sign * row[0] * (1 - 2.0 ** -numpy.linspace(7, 16, LENGTH)))


NARROWER = {"floor_divide": 0.7, "remainder": 0.7, "multiply": 0.45, "square": 0.45}
"""How much of the exponents is tried, where of the others no one result is right: subnormal remainders, and complex
products that overflow.
"""


def _spread(rng: numpy.random.Generator, dtype: str, count: int, narrower: float = 1.0) -> list[Array]:
    """Rows of numbers with evenly spread exponents; in later rows half are close to the first row's."""
    kind = DTYPES[dtype].kind
    if kind == "c":
        part = "float32" if dtype == "complex64" else "float64"
        rows = _spread(rng, part, 2 * count, narrower)
        return [real + 1j * imag for real, imag in zip(rows[::2], rows[1::2], strict=True)]
    if kind in "iu":
        bits = rng.integers(0, numpy.iinfo(dtype).bits + (kind == "u"), (count, LENGTH))
        return [_integers(rng, dtype, row) for row in bits]
    low, high = math.log2(TINY[dtype]) * narrower + 2, math.log2(HUGE[dtype]) * narrower - 1
    first, *others = rng.choice([-1.0, 1.0], (count, LENGTH)) * 2.0 ** rng.uniform(low, high, (count, LENGTH))
    near = [
        numpy.where(rng.random(LENGTH) < 1 / 2, other, first * rng.choice([0.5, 1.0, 1.5], LENGTH)) for other in others
    ]
    return [first, *near]


def _integers(rng: numpy.random.Generator, dtype: str, bits: Array) -> Array:
    """A power of two, or a neighbour of one, of either sign where there are signs."""
    ends = numpy.iinfo(dtype)
    values = []
    for bit in bits.tolist():
        value = (2**bit + int(rng.integers(-1, 2))) * (int(rng.choice([-1, 1])) if ends.min else 1)
        values.append(min(max(value, ends.min), ends.max))
    return numpy.array(values, dtype)


def _to_the_top(host: Array, dtype: str) -> Array:
    return numpy.array([numpy.iinfo(dtype).max - int(host.max() - each) for each in host.flat], dtype)


def _to_the_bottom(host: Array, dtype: str) -> Array:
    return numpy.array([numpy.iinfo(dtype).min + int(each - host.min()) for each in host.flat], dtype)


def _to_both_ends(host: Array, dtype: str) -> Array:
    """Map to both ends of a dtype's range, so that differences overflow."""
    low = host < (int(host.max()) + int(host.min()) + 1) // 2
    return numpy.where(low, _to_the_bottom(host, dtype), _to_the_top(host, dtype))


def _to_powers(host: Array, dtype: str) -> Array:
    """Ones, and in some places a power of two that has the sign's bit in a narrower dtype, or the number behind it."""
    begin, top = int(host.sum()), int(numpy.iinfo(dtype).max)
    values = [
        min(2 ** SIGN_BITS[(begin + 3 * place) % len(SIGN_BITS)] + place % 2, top) if each > 1 else 1
        for place, each in enumerate(host.ravel().tolist())
    ]
    return numpy.array(values, dtype).reshape(host.shape)


SIGN_BITS = (7, 15, 31, 63)


def _scaled_up(host: Array, dtype: str) -> Array:
    """Scale beyond the range of single precision; squares do not overflow double precision."""
    return host * 2.0**300


def _scaled_down(host: Array, dtype: str) -> Array:
    return host * 2.0**-300


def _to_neighbours(host: Array, dtype: str) -> Array:
    return 1 + host * EPS[dtype]


def _to_the_greatest(host: Array, dtype: str) -> Array:
    return HUGE[dtype] * (1 - (host.max() - host) * EPS[dtype])


def _hold_moved(trial: Trial) -> None:
    """Check functions of whole arrays at the ends of a dtype's range, and of neighbouring numbers."""
    operation = OPERATIONS.get(trial.name)
    # Functions that move elements do not compare them.
    moves = operation is not None and family_of(operation) in MOVING
    floating: tuple[Move, ...] = ()
    if bound_of(trial.name) in (EXACT, EITHER_ZERO):
        floating = (_to_neighbours, _to_the_greatest)
    elif operation is not None and family_of(operation) in OF_MANY and chapter_of(trial.name) != "linalg":
        floating = (_scaled_up, _scaled_down)
    for use in trial.uses[: 1 if moves else MOVED]:
        free = {name for name, operand in use.operands.items() if operand.dtype is None}
        if not free or use.terms > 1 or use.is_empty:
            continue
        for dtype in trial.dtypes(use, INTEGERS):
            for move in (_to_the_top, _to_the_bottom, _to_both_ends, _to_powers):
                _hold_moved_by(trial, use, dtype, move, free)
        for dtype in trial.dtypes(use, ("float64",)):
            for floating_move in floating:
                _hold_moved_by(trial, use, dtype, floating_move, free)


MOVED = 4
"""Number of uses of an operation."""


def _hold_moved_by(trial: Trial, use: Use, dtype: str, move: Move, free: set[str]) -> None:
    example = draw(use, dtype, "contiguous", trial.rng)
    small = {name: _small(trial.rng, host) if name in free else host for name, host in example.hosts.items()}
    together = numpy.concatenate([small[name].ravel() for name in sorted(free)])
    ends = numpy.cumsum([small[name].size for name in sorted(free)])[:-1]
    moved = zip(sorted(free), numpy.split(move(together, dtype), ends), strict=True)
    hosts = {**small, **{name: rounded(host.reshape(small[name].shape), dtype) for name, host in moved}}
    trial.hold_for(agreement(trial), replace(example, hosts=hosts))


def _small(rng: numpy.random.Generator, host: Array) -> Array:
    """The integers themselves if they are small, which may be in an order; else some that are."""
    whole = numpy.isfinite(host) & (numpy.abs(host) < SPAN)
    values = host if whole.all() and (host == numpy.round(host)).all() else rng.integers(-3, 4, host.shape)
    return values.astype("int64")


GRADES = 2.0 ** -numpy.arange(0, 40, 4)
"""By rows and by columns, so that singular values are hundreds of times apart, and singular matrices stay singular."""

PERTURBATIONS = 3

BACKWARD_STABLE = replace(NORM, units=150)
"""In units of what a relative change of the operand by one eps changes. A backward stable method makes a few of these,
a determinant out of its logarithm a hundred; eigenvalues of a Gram matrix, and elimination without pivots, thousands.
"""


def _graded(host: Array) -> Array:
    """A badly scaled matrix, Hermitian or positive if the given one is."""
    rows, columns = host.shape[-2:]
    return host * GRADES[:rows, None] * GRADES[:columns]


def _graded_upwards(host: Array) -> Array:
    return numpy.asarray(_graded(host[..., ::-1, ::-1])[..., ::-1, ::-1])


def _of_small_pivot(host: Array) -> Array:
    """A matrix whose first element is too small for a pivot, also in its Hermitian part."""
    found = host.copy()
    found[..., 0, 0] = 1e-6
    return found


def _great(host: Array) -> Array:
    """A matrix whose squares overflow single precision."""
    return host * 2.0**66


def _little(host: Array) -> Array:
    """A matrix whose squares underflow single precision."""
    return host * 2.0**-66


MATRICES = (_graded, _graded_upwards, _of_small_pivot, _great, _little)


def _hold_scaled(trial: Trial) -> None:
    """Check functions of matrices, within the effect of rounding their operands."""
    if chapter_of(trial.name) != "linalg":
        return
    for use in {use.code: use for use in reversed(trial.uses) if _has_matrix(use)}.values():
        for dtype in trial.dtypes(use, ("float32", "float64", "complex64")[: trial.level.draws]):
            for change in MATRICES:
                example = draw(use, dtype, "contiguous", trial.rng)
                hosts = {**example.hosts, "x": rounded(change(example.hosts["x"]), dtype)}
                trial.hold_for(_within_conditioning(trial), replace(example, hosts=hosts))


def _has_matrix(use: Use) -> bool:
    operand = use.operands.get("x")
    return operand is not None and operand.values.simplest is None and len(operand.shape) > 1 and min(operand.shape) > 0


def _within_conditioning(trial: Trial) -> Property:
    """The property that a result agrees with the reference within the effect of a relative change of `x` by eps."""

    def prop(example: Example) -> None:
        dtype, wide = example.dtypes["x"], example.widened()
        expected, eps = _answer(trial, example, dtype), EPS[dtype]
        host = wide.hosts["x"]
        rng = numpy.random.default_rng(0)
        changes = [0.0] * len(expected)
        for _ in range(PERTURBATIONS):
            step = eps * numpy.abs(host).max() * rng.uniform(-1, 1, host.shape)
            other = _answer(trial, replace(wide, hosts={**wide.hosts, "x": host + step}), dtype)
            for i, ((_, was), (_, now)) in enumerate(zip(expected, other, strict=True)):
                changes[i] = max(changes[i], float(numpy.abs(now - was).max(initial=0.0)))
        with tensorplug.no_grad():
            result = example.evaluate(example.tensors())
        require_results(result, expected, BACKWARD_STABLE, example, [change / eps for change in changes])

    return prop


def _answer(trial: Trial, example: Example, dtype: str) -> Expected:
    """The reference's answer; there is none where it is out of the range of the dtype, or the operand refused."""
    try:
        expected = trial.reference.expected(example)
    except numpy.linalg.LinAlgError as error:
        raise Unanswered(f"the reference refuses the matrix: {error}") from None
    least, greatest = TINY[dtype], HUGE[dtype]
    for _, value in expected:
        sizes = numpy.abs(value).astype(float)
        if not numpy.all((sizes < greatest / 2**10) & ((sizes > least * 2**10) | (sizes == 0))):
            raise Unanswered("the result is out of the range of the dtype")
    return expected


OF_MANY = (
    "activation",
    "cumulation",
    "elementwise",
    "matrix product",
    "reduction",
    "search",
    "searching",
    "set",
    "sorting",
)
"""Families whose kernels may miss special values in some positions."""

ORDINARY = between(0.5, 0.95)
"""Numbers whose sums do not cancel and whose products do not overflow."""


def _hold_one_special(trial: Trial, use: Use) -> None:
    """Check a large array of ordinary numbers with one special value."""
    operation = OPERATIONS.get(trial.name)
    if operation is None or family_of(operation) not in OF_MANY or (use.elementwise and not trial.level.special):
        return
    name = use.variables[0]
    operands = {
        key: one if one.dtype or one.values.simplest is None else replace(one, values=ORDINARY)
        for key, one in use.operands.items()
    }
    for dtype in [name for name in trial.dtypes(use) if DTYPES[name].kind in "fc"][:1]:
        for special in ("nan", "inf", "-inf")[: trial.level.draws]:
            place = int(trial.rng.integers(0, 2**62))
            many = ", ".join(f"among({key}, {f'{special!r}, {place}' if key == name else ''})" for key in operands)
            code = f"(lambda {', '.join(operands)}: {use.code})({many})"
            changed = Use.of(code, operands, dtypes="fc", terms=MANY)
            trial.hold_for(_if_answered(trial), draw(changed, dtype, "contiguous", trial.rng))


def _if_answered(trial: Trial) -> Property:
    """The property that a result agrees with the reference, if that accepts operands of these shapes."""
    prop = agreement(trial)

    def of_any_shape(example: Example) -> None:
        try:
            trial.reference.expected(example)
        except (ArithmeticError, LookupError, ValueError) as error:
            raise Unanswered(f"the operands do not go together: {error}") from None
        prop(example)

    return of_any_shape
