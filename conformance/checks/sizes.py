"""Sizes: what is right for few elements is right for many, for five axes and six, and for many tensors in a list."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core.dispatch.keys import library_for

from ..engine.arrays import Array, flatten
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, draw, evaluate
from ..engine.levels import PRECISE
from ..engine.reference import PERIOD, Expected, Unanswered
from ..engine.trial import Trial
from ..uses import Use, chapter_of, uses_of
from ..uses.conversion import OUTSIDE
from ..uses.statistical import FACTORS, FAR
from ..uses.use import ANY, Operand, Values, between, fixed, indices, integers
from .in_place import has_in_place, in_place_call, keeps_shape, written_in_place
from .values import require_results

Lengths = Mapping[int, int]
"""New lengths for axes of length 2 and 3 in a use."""

LONGEST = 131101
"""A prime above 2**17."""

SMALL: Lengths = {2: 5, 3: 7}
LARGE: tuple[Lengths, ...] = ({2: 2, 3: LONGEST}, {2: LONGEST, 3: 3}, {2: 131, 3: 1031}, {2: 17, 3: 37})
"""A wide one, a tall one, one with both axes long, and one of some vectors of a processor and some elements more."""

OF_MATRICES: tuple[Lengths, ...] = ({2: 3, 3: 131}, {2: 67, 3: 3}, {2: 601, 3: 3})
"""Lengths for decompositions, whose time grows as the cube."""

AXES = ((2, 1, 2), (1, 2, 1, 2))
"""Axes behind those of a matrix."""

MANY = 33
"""Repetitions of the operands in a sequence."""

SEQUENCES = len(LARGE) + len(AXES)

ONE_AXIS = SEQUENCES + 1

KINDS = range(ONE_AXIS + 1)
"""Places in `LARGE`, then in `AXES`, and of sequences and vectors."""

OF_ELEMENTS = (0, *KINDS[3:])
"""Of these the quick level tries elementwise functions: a wide array and a vector show them as much as a tall array."""

MOST_ELEMENTS = 1 << 19
MOST_OF_MATRICES = 1 << 16

BY_INDEX, TIMES = ("getitem", "index", "put"), 6
"""Of these, and of all functions of indexing, so many times as many uses are tried, as they differ more."""

UNFIT = (
    "fractional_positions", "index_fill", "isin", "linear_recurrence", "recurrence", "reduce_along", "scatter_flat",
    "strided_sum",
)  # fmt: skip
"""Operations that need operands of other shapes or values for many elements."""

BEYOND_HALF = ("softmax_normalizer",)
"""What half precision need not hold of many elements: losses compute it in single precision."""

MOST_RESULTS = 200
"""Lengths of axes of what makes more tensors of more elements."""


_SEQUENCE = re.compile(r"\[([a-z], )*[a-z]\](?=[,)])")
"""Matches a list of operands."""

_SHAPE = re.compile(r"\((\d+, )+\d+\)")

ORDERED = ("argmax", "argmin", "max", "min", "maximum", "minimum", "searching", "sets", "sorting")
"""Operations and chapters of what compares elements: these differ, and the greatest and the least are anywhere."""


def _whole(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Whole numbers of which sums, and sums of products, are exact in every dtype but the narrowest; of doubles thirds,
    which no narrower dtype holds.
    """
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    low = 0 if dtype.startswith("uint") else -4
    found = rng.integers(low, 5, shape).astype(complex if dtype.startswith("complex") else float)
    if dtype.startswith("complex"):
        found += 1j * rng.integers(-4, 5, shape)
    return found / 3 if dtype in PRECISE else found


def _powers(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers of which products along any axes are exact: 2 and 1/2 in turn, and odd integers, with signs."""
    signs = rng.choice([1, -1], shape)
    if dtype.startswith(("int", "uint", "bool")):
        return rng.choice([1, 3], shape) * (signs if dtype.startswith("int") else 1)
    places = numpy.indices(shape).sum(axis=0) if shape else numpy.zeros(())
    return signs * numpy.where(places % 2, 0.5, 2.0)


def _different(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers in any order, of which only narrow dtypes hold some twice."""
    if dtype.startswith(("int8", "uint8", "bool")):
        return rng.integers(0, 2 if dtype == "bool" else 127, shape)
    count = math.prod(shape)
    values = (rng.permutation(count) - (0 if dtype.startswith("uint") else count // 2)).reshape(shape)
    if dtype.startswith(("float", "complex")):
        # At times all of one sign, so that a zero is out of place.
        return (values + count * rng.integers(-1, 2)) / 4
    return values % (1 << 15) if "16" in dtype else values


def _rare(odd: bool) -> Values:
    """Elements that are zero or not, of which a few at the ends of rows and columns are `odd`."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        found = numpy.full(shape, not odd)
        if shape:
            found[..., -1] ^= rng.integers(0, 2, shape[:-1]).astype(bool)
            found[-1] ^= rng.integers(0, 2, shape[1:]).astype(bool)
        return found

    return Values(draw, draw)


def _in_turn(values: Values) -> Values:
    """Some values again and again: of as many as there are elements, one would be where a library is inaccurate."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        return numpy.resize(values.draw(rng, (min(PERIOD, math.prod(shape)),), dtype), shape)

    return Values(draw, draw)


WHOLE, POWERS, DIFFERENT = (Values(draw, draw) for draw in (_whole, _powers, _different))

OF_NAME = {"any": _rare(True), "all": _rare(False)}
"""Operations of which other values show everything."""

_CTC = "tp.losses.functional.ctc_loss(tp.log_softmax(x), t, (301,) * 5, (67,) * 5)"

_WITH_ZEROS = "tp.flip(tp.eye(37) + tp.triu(x, k=1) / 20, axis=-2)"
"""A well-conditioned matrix of which elimination has to choose pivots, as its first elements are zero."""


def _with_pivots(code: str, **operands: Operand | tuple[int, ...]) -> tuple[Use, ...]:
    x = Operand((37, 37), between(0.1, 0.5, signs=True))
    return (Use.of(code.format(_WITH_ZEROS), {"x": x, **operands}, dtypes="fc"),)


BY_ITSELF: dict[str, tuple[Use, ...]] = {
    "cast": tuple(
        Use(f"tp.astype(x, tp.{target})", dtypes="iu", x=Operand((131, 1031), integers(-(2**40), 2**40), "int64"))
        for target in ("int8", "uint8", "int16", "uint32", "bool", "float32", "float64")
    )
    + tuple(
        Use(f"tp.astype(x, tp.{target})", dtypes="f", x=Operand((131, 1031), _in_turn(OUTSIDE.values)))
        for target in ("int8", "uint8", "int32", "bool", "float16")
    ),
    "ctc": (Use(_CTC, dtypes="f", x=Operand((301, 5, 37), between(0.2, 2.0)), t=indices((5, 67), 1, 37)),),
    "ctc_gradient": (
        Use(
            f"tp.func.grad(lambda x: {_CTC})(x)",
            dtypes="f",
            x=Operand((301, 5, 37), between(0.2, 2.0)),
            t=indices((5, 67), 1, 37),
        ),
    ),
    "hinge_embedding_loss": (
        Use(
            "tp.losses.functional.hinge_embedding_loss(x, 2 * t - 1)",
            dtypes="f",
            x=Operand((131, 1031), between(0.2, 2.0, signs=True)),
            t=indices((131, 1031), 0, 2),
        ),
    ),
    "index_copy": (
        Use("tp.index_copy(x, 0, tp.argsort(z), y)", dtypes="iuf", x=(1031, 131), y=(1031, 131), z=(1031,)),
        Use("tp.index_copy(x, -1, tp.argsort(z), y)", dtypes="iuf", x=(131, 1031), y=(131, 1031), z=(1031,)),
    ),
    "index_fill": (Use("tp.index_fill(x, -1, i, True)", x=(3, LONGEST), i=indices((131,), 0, LONGEST)),),
    "isin": (Use("tp.isin(x1, x2)", x1=Operand((3, LONGEST), DIFFERENT), x2=Operand((301,), DIFFERENT)),),
    "strided_sum": (
        Use.of(
            f'OPERATIONS["strided_sum"](x, shape=({LONGEST + 2},), geometry=(({LONGEST}, 3), (1, 1), 0))',
            {"x": Operand((LONGEST, 3), WHOLE)},
        ),
    ),
    "linear_recurrence": tuple(
        Use(
            f'OPERATIONS["linear_recurrence"](x, y, axis={axis})',
            dtypes="fc",
            x=Operand(shape, between(0.1, 0.5, signs=True)),
            y=Operand(shape, WHOLE),
        )
        for shape, axis in (((3, LONGEST), 1), ((7001, 37), 0), ((2, 3, 2, 1, 2), 2))
    ),
    "recurrence": tuple(
        Use(
            f'OPERATIONS["recurrence"](x, y, w, z, kind="{kind}", reverse={reverse})',
            dtypes="f",
            x=Operand((67, 9, gates * 37), between(0.1, 2.0, signs=True)),
            y=Operand((states, 9, 37), between(0.1, 1.0, signs=True)),
            # Weights so small that an error of one step fades at the next ones.
            w=Operand((gates * 37, 37), between(0.001, 0.02, signs=True)),
            z=Operand((gates * 37,), between(0.1, 1.0, signs=True)),
        )
        for kind, gates, states, reverse in (("tanh", 1, 1, True), ("lstm", 4, 2, False), ("gru", 3, 1, False))
    ),
    "arange": (Use(f"tp.arange({LONGEST})", dtypes="f"), Use("tp.arange(70001.0, -3.5, -0.5)", dtypes="f")),
    "diagonal_embed": (
        Use('OPERATIONS["diagonal_embed"](x, shape=(2, 301, 302), offset=1)', dtypes="iufc", x=(2, 301)),
    ),
    "embed": (Use("TENSOR_OPS.embed(x, (1031, 131), (slice(1, None, 2),))", x=(515, 131)),),
    "eye": (Use("tp.eye(131, 1031, k=-3)", dtypes="f"),),
    "fold": (
        Use('OPERATIONS["fold"](x, shape=(3, 7001), window=(5, 2))', dtypes="iufc", x=Operand((3, 3499, 5), WHOLE)),
    ),
    **{name: _with_pivots(f"tp.{name}({{}})") for name in ("linalg.inv", "linalg.det", "linalg.slogdet")},
    "fractional_positions": (
        Use(
            'OPERATIONS["fractional_positions"](tp.sigmoid(y), x, sizes=(2, 3), counts=(7, 31))',
            dtypes="f",
            x=Operand((3, 5, 33, 131), DIFFERENT),
            y=(3, 5, 2),
        ),
    ),
    "linalg.solve": _with_pivots("tp.linalg.solve({}, y)", y=(37, 3)),
    "linalg.tensorsolve": _with_pivots("tp.linalg.tensorsolve({}, y)", y=(37,)),
    "linspace": (Use(f"tp.linspace(-1, 3, {LONGEST}, dtype=tp.float64)", dtypes="f"),),
    "margin_ranking_loss": (
        Use(
            "tp.losses.functional.margin_ranking_loss(x, y, 2 * t - 1)",
            dtypes="f",
            x=Operand((131, 1031), between(0.2, 2.0, signs=True)),
            y=Operand((131, 1031), between(0.2, 2.0, signs=True)),
            t=indices((131, 1031), 0, 2),
        ),
    ),
    "multilabel_margin_loss": (
        Use(
            "tp.losses.functional.multilabel_margin_loss(x, t)",
            dtypes="f",
            x=Operand((301, 37), between(0.2, 2.0, signs=True)),
            t=fixed([[(i + 7 * j) % 37 if j < 5 else -1 for j in range(37)] for i in range(301)], "int64"),
        ),
    ),
    "matmul": (
        Use("tp.matmul(x, y)", dtypes="iufc", x=Operand((70001, 2, 2), WHOLE), y=Operand((70001, 2, 2), WHOLE)),
    ),
    "one_hot": (Use("tp.one_hot(x, 301)", x=Operand((1031,), integers(0, 301), "int64")),),
    "permute_dims": (
        Use("tp.permute_dims(x, (5, 0, 3, 1, 4, 2))", x=(2, 3, 2, 1, 2, 3)),
        Use("tp.permute_dims(x, (3, 0, 4, 1, 2))", x=(2, 3, 2, 1, 7)),
    ),
    "put": (
        Use('OPERATIONS["put"](x, v, index=(tp.argsort(z)._array,))', dtypes="iuf", x=(70001,), v=(70001,), z=(70001,)),
        Use(
            "(lambda y: (y.__setitem__(tp.argsort(z), v), y)[1])(x.clone())",
            dtypes="iuf",
            x=(1031, 131),
            v=(1031, 131),
            z=(1031,),
        ),
    ),
    "rand": (Use(f"tp.rand(3, {LONGEST}, generator=tp.Generator(5))", dtypes="f"),),
    "randn": (Use(f"tp.randn(3, {LONGEST}, generator=tp.Generator(5), dtype=tp.float64)", dtypes="f"),),
    "randint": (Use(f"tp.randint(0, 2**40, (3, {LONGEST}), generator=tp.Generator(5))", dtypes="f"),),
    "randperm": (Use(f"tp.randperm({LONGEST}, generator=tp.Generator(5))", dtypes="f"),),
    "reduce_along": (
        Use(
            'OPERATIONS["reduce_along"](i, y, x, axis=0, reduce="amax")',
            dtypes="if",
            x=(1031,),
            y=(7001,),
            i=indices((7001,), 0, 1031),
        ),
    ),
    "scatter_flat": (
        Use(
            'OPERATIONS["scatter_flat"](i, x, shape=(1031,), axis=0, count=1)',
            dtypes="iufc",
            x=Operand((70001,), WHOLE),
            i=indices((70001,), 0, 1031),
        ),
    ),
    "scatter_zeros": (
        Use(
            "TENSOR_OPS.scatter_zeros(x, (1031,), (i._array,))",
            dtypes="iufc",
            x=Operand((70001,), WHOLE),
            i=indices((70001,), 0, 1031),
        ),
    ),
    "standardize": (Use('OPERATIONS["standardize"](x, axis=(1,), eps=0.5)', dtypes="f", x=(131, 1031)),),
    "rms_norm": (Use("tp.nn.functional.rms_norm(x, 1031, eps=0.5)", dtypes="f", x=(131, 1031)),),
    "pixel_unshuffle": (Use("tp.nn.functional.pixel_unshuffle(x, 2)", x=(3, 130, 62)),),
    "grid_sample": (
        Use(
            "tp.nn.functional.grid_sample(x, g)",
            dtypes="f",
            x=(1, 3, 33, 35),
            g=Operand((1, 31, 37, 2), between(0.1, 0.9)),
        ),
    ),
    "affine_grid": (Use("tp.nn.functional.affine_grid(x, (1, 1, 131, 67))", dtypes="f", x=(1, 2, 3)),),
    "windows": (Use('OPERATIONS["windows"](x, window=((3, 2, 5),))', x=Operand((3, 1031), WHOLE)),),
    "overlap_add": (
        Use(
            'OPERATIONS["overlap_add"](x, shape=(3, 1031), window=((3, 1, 1),))',
            dtypes="fc",
            x=Operand((3, 3, 1029), WHOLE),
        ),
    ),
    "max_positions": (
        Use(
            'OPERATIONS["max_positions"](x, ranges=(tuple(range(i, i + 3) for i in range(0, 1029, 2)),))',
            dtypes="f",
            x=Operand((3, 1031), DIFFERENT),
        ),
    ),
    "convolution": (
        Use(
            'OPERATIONS["convolution"](x, y, geometry=((2,), ((1, 1),), (1,), 1))',
            dtypes="f",
            x=Operand((2, 33, 1031), WHOLE),
            y=Operand((3, 33, 3), WHOLE),
        ),
    ),
    "convolution_transpose": (
        Use(
            'OPERATIONS["convolution_transpose"](x, y, geometry=((2,), ((1, 1),), (1,), 1))',
            dtypes="f",
            x=Operand((2, 33, 516), WHOLE),
            y=Operand((33, 3, 3), WHOLE),
        ),
    ),
    "convolution_weight": (
        Use(
            'OPERATIONS["convolution_weight"](x, y, size=(3,), geometry=((2,), ((1, 1),), (1,), 1))',
            dtypes="f",
            x=Operand((33, 3, 1031), WHOLE),
            y=Operand((33, 2, 516), WHOLE),
        ),
    ),
    "searchsorted": (
        Use("tp.searchsorted(tp.sort(x1), x2)", dtypes="iuf", x1=(LONGEST,), x2=(1031,)),
        Use('tp.searchsorted(tp.sort(x1), x2, side="right")', dtypes="iuf", x1=(1031,), x2=(3, 1031)),
    ),
    "uniform_": (Use(f"tp.empty({LONGEST}).uniform_(-1, 3, generator=tp.Generator(5))", dtypes="f"),),
}
"""Uses of many elements that are not extended from uses of few."""

EXACT = {ANY: WHOLE, FAR: WHOLE, FACTORS: POWERS}
"""In place of some values others, of which results are exact, however many are added up or multiplied."""


def check_sizes(trial: Trial) -> None:
    """Compare results with many elements, axes and operands with the reference, also in place."""
    for use in BY_ITSELF.get(trial.name, ()):
        for dtype in _dtypes(trial, use, INTEGERS):
            _hold(trial, use, dtype, (use,))
    if trial.name in UNFIT:
        return
    tried: Counter[int] = Counter()
    by_index = trial.name in BY_INDEX or chapter_of(trial.name) == "indexing"
    most = trial.level.sizes * (TIMES if by_index else 1)
    for use in _distinct(uses_of(trial.name)):
        kinds = KINDS if trial.level.special or not use.elementwise else OF_ELEMENTS
        for kind, larger, smaller in _grown(trial, use, {kind for kind in kinds if tried[kind] < most}):
            dtypes = list(_dtypes(trial, larger, kind))
            for dtype in dtypes[:1] if tried[kind] else dtypes:
                _hold(trial, larger, dtype, smaller)
            tried[kind] += 1
    if has_in_place(trial.name):
        typical = next(keeps_shape(_distinct(uses_of(trial.name))))
        call = in_place_call(trial.name)
        for large in filter(None, (grown(typical, LARGE[0]), _vector(typical, LARGE[0], trial.name))):
            for dtype in list(trial.dtypes(large))[:1]:
                trial.hold(written_in_place(trial), large, dtype, among=(large,), draws=1, call=call)


def _distinct(uses: Sequence[Use]) -> Iterator[Use]:
    """Those that grow and differ in what few elements of any shape tell apart."""
    seen = set()
    for use in uses:
        shapes = {operand.shape for operand in use.operands.values()}
        is_vector = set(map(len, shapes)) == {1}
        key = len(shapes) if use.elementwise else (use.code.replace(", keepdims=True", ""), is_vector)
        if key not in seen and (grows(use) or not use.operands) and not use.is_empty:
            seen.add(key)
            yield use


INTEGERS = -1
"""In place of a kind: another dtype is one of integers."""


def _dtypes(trial: Trial, use: Use, turn: int) -> Iterator[str]:
    """Single precision where rounding doesn't hide what is wrong, double where it may; another one in turn; and half
    precision where axes are longer than its greatest number.
    """
    taken = list(trial.dtypes(use))
    hides = not use.elementwise and not _is_exact(use)
    first = taken[min(hides, len(taken) - 1)]
    others = [dtype for dtype in taken if dtype != first and (not hides or dtype == "complex128")]
    integers = [dtype for dtype in others if "int" in dtype]
    chosen = integers[:1] if turn == INTEGERS else others[turn % max(len(others), 1) :][:1]
    halves = ["float16"] if "float16" in others and turn in (0, 1) and trial.name not in BEYOND_HALF else []
    return iter(dict.fromkeys([first, *chosen, *halves]))


def _is_exact(use: Use) -> bool:
    return all(operand.values in (WHOLE, POWERS, DIFFERENT) or operand.dtype for operand in use.operands.values())


def _hold(trial: Trial, use: Use, dtype: str, smaller: Sequence[Use]) -> None:
    bound = bound_of(trial.name)
    if _is_exact(use) and dtype not in PRECISE and not use.elementwise and bound.scale != "element":
        bound = replace(bound, scale="largest")
    elif not use.elementwise:
        # The reference adds up in the same precision, and perhaps one by one in several places.
        bound = replace(bound, units=max(bound.units, 16 * math.log2(use.terms)))
    if chapter_of(trial.name) == "linalg":
        # Errors of decompositions grow as the number of rows, at least.
        bound = replace(bound, units=bound.units * max(max(operand.shape) for operand in use.operands.values()))

    def prop(example: Example) -> None:
        with tensorplug.no_grad():
            try:
                result = evaluate(example.use, example.tensors())
            except Exception:
                _expected(trial, example)
                raise
        require_results(result, _expected(trial, example), bound, example)

    trial.hold(prop, use, dtype, among=smaller, draws=1)


def _expected(trial: Trial, example: Example) -> Expected:
    """The reference's results; raises `Unanswered` where parameters do not fit so many elements, or memory does not."""
    try:
        return trial.reference.expected(example, own_dtype=trial.name in OWN_DTYPE)
    except Exception as error:
        raise Unanswered(str(error)) from None


def _grown(trial: Trial, use: Use, kinds: set[int]) -> Iterator[tuple[int, Use, Sequence[Use]]]:
    """What a use grows to: of which kind it is, the use, and smaller ones like it."""
    growths, most = LARGE, MOST_ELEMENTS
    if chapter_of(trial.name) == "linalg":
        growths, most = OF_MATRICES, MOST_OF_MATRICES
    of_shape = _SHAPE.sub(lambda shape: _lengthened(shape[0], SMALL), use.code)
    for literal in (False, True) if of_shape != use.code else (False,):
        if not kinds.intersection(range(len(growths))):
            break
        shapes = shapes_of(trial, grown(use, SMALL, literal=literal, name=trial.name))
        if shapes is None:
            continue
        longest = _longest(trial, use, shapes)
        for kind, lengths in enumerate(growths):
            if kind in kinds and max(lengths.values()) <= longest and _elements(use, shapes, lengths) <= most:
                halves = [{k: max(n >> i, k) for k, n in lengths.items()} for i in range(17)]
                first, *smaller = (grown(use, one, literal=literal, name=trial.name) for one in halves)
                yield kind, first, smaller
        break
    of_one_rank = use.operands and len({len(operand.shape) for operand in use.operands.values()}) == 1
    for kind, axes in enumerate(AXES, len(LARGE)):
        if of_one_rank and kind in kinds:
            of_axes = grown(use, {2: 2, 3: 3}, axes=axes, name=trial.name)
            if shapes_of(trial, of_axes) is not None:
                yield kind, of_axes, [use]
    if ONE_AXIS in kinds and (vector := _vector(use, growths[0], trial.name)):
        few = _vector(use, SMALL, trial.name)
        shapes = shapes_of(trial, few) if few else None
        # What is made of pairs of elements would not fit.
        if (
            shapes is not None
            and max(growths[0].values()) <= _longest(trial, use, shapes)
            and (use.elementwise or _elements(use, shapes, growths[0]) <= most)
        ):
            yield ONE_AXIS, vector, [use]
    if SEQUENCES in kinds and _SEQUENCE.search(use.code):
        many = Use.of(
            _SEQUENCE.sub(lambda one: f"({one[0]} * {MANY} + {one[0]}[:1])", use.code), use.operands, dtypes=use.dtypes
        )
        if shapes_of(trial, many) is not None:
            yield SEQUENCES, many, [use]


def _longest(trial: Trial, use: Use, shapes: Sequence[tuple[int, ...]]) -> int:
    """How long axes may be, by the shapes of the results of a few more elements."""
    return MOST_RESULTS if len(shapes) > len(shapes_of(trial, use) or shapes) else LONGEST


def _vector(use: Use, lengths: Lengths, name: str) -> Use | None:
    """A use of vectors, of which a function of elements gets as many as in a tall array; None where it takes none."""
    shapes = {operand.shape for operand in use.operands.values()}
    if use.elementwise and len(shapes) == 1:
        one_axis = {key: replace(operand, shape=(3,)) for key, operand in use.operands.items()}
        vectors = Use.of(use.code, one_axis, dtypes=use.dtypes, elementwise=True, rounded_once=use.rounded_once)
        return grown(vectors, {3: 3 * lengths[3]}, name=name)
    return grown(use, lengths, name=name) if set(map(len, shapes)) == {1} else None


def shapes_of(trial: Trial, use: Use) -> list[tuple[int, ...]] | None:
    """The shapes of a use's results; None where it has none, as its parameters don't fit its operands."""
    dtype = next(trial.dtypes(use), None)
    if dtype is None:
        return None
    example = draw(use, dtype, "contiguous", trial.rng)
    # Best on the one that compiles nothing.
    for backend in sorted((trial.backend, trial.reference.name), key=lambda name: library_for(name).compiles):
        try:
            with tensorplug.backend(backend), tensorplug.no_grad():
                found = evaluate(use, example.tensors())
            return [leaf.shape for _, leaf in flatten(found) if isinstance(leaf, Tensor)]
        except Exception:
            continue
    return None


def grows(use: Use) -> bool:
    """Whether operands may have other lengths, if the line's parameters fit these. A kernel that is called by itself
    does not look whether lengths and places that it is given in a tuple do.
    """
    tuples = [node for node in ast.walk(ast.parse(use.code)) if isinstance(node, ast.Tuple) and node.elts]
    places = any(all(map(_is_integer, node.elts)) for node in tuples)
    any_shape = any(operand.values.any_shape for operand in use.operands.values())
    return any_shape and (use.is_public or not places)


def _is_integer(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def fits(trial: Trial, use: Use, lengths: Lengths) -> bool:
    """Whether a use grows to those lengths, as its growing to others tells, and to not too many elements."""
    shapes = shapes_of(trial, grown(use, SMALL)) if grows(use) else None
    most = MOST_OF_MATRICES if chapter_of(trial.name) == "linalg" else MOST_ELEMENTS
    return shapes is not None and _elements(use, shapes, lengths) <= most


def _elements(use: Use, shapes: Sequence[tuple[int, ...]], lengths: Lengths) -> int:
    """How many elements the largest operand or result has, as the results of few elements tell."""
    of_operands = [math.prod(lengths.get(n, n) for n in operand.shape) for operand in use.operands.values()]
    results = [math.prod(_scaled(n, lengths) for n in shape) for shape in shapes]
    return max(*of_operands, *results, 0)


def _scaled(length: int, lengths: Lengths) -> int:
    """The new length of an axis whose length is a product of those in `SMALL`."""
    larger = 1
    for name, small in SMALL.items():
        while length and length % small == 0:
            length, larger = length // small, larger * lengths[name]
    return length * larger


def _lengthened(code: str, lengths: Lengths) -> str:
    """A shape in a use's source with other lengths."""
    return re.sub(r"\d+", lambda digits: str(lengths.get(int(digits[0]), digits[0])), code)


def grown(use: Use, lengths: Lengths, *, name: str = "", axes: tuple[int, ...] = (), literal: bool = False) -> Use:
    """Extend a use to more elements, by new lengths of axes and further trailing axes.

    Parameters
    ----------
    lengths
        By the length of an axis the one that it gets.
    name
        The operation's.
    axes
        The lengths of further ones.
    literal
        Whether shapes in the line have the new lengths, too.
    """
    ordered = name in ORDERED or (name != "" and chapter_of(name) in ORDERED)

    def larger(operand: Operand) -> Operand:
        values = operand.values
        if not values.any_shape:
            return operand
        if values.ends is not None and operand.dtype is not None and operand.shape:
            low, high = values.ends
            values = integers(-lengths.get(-low, -low), lengths.get(high, high))
        if use.elementwise:
            values = _in_turn(values)
        else:
            values = OF_NAME.get(name, DIFFERENT if ordered and values is ANY else EXACT.get(values, values))
        shape = tuple(lengths.get(n, n) for n in operand.shape)
        # Matrices are stacked.
        return replace(operand, shape=(*axes, *shape) if values.simplest is None else (*shape, *axes), values=values)

    return Use.of(
        _SHAPE.sub(lambda shape: _lengthened(shape[0], lengths), use.code) if literal else use.code,
        {key: larger(operand) for key, operand in use.operands.items()},
        dtypes=use.dtypes,
        elementwise=use.elementwise,
        rounded_once=use.rounded_once,
        terms=max(use.terms, *(math.prod(lengths.get(n, n) for n in one.shape) for one in use.operands.values()), 2),
    )
