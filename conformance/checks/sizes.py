"""Sizes: what is right for few elements is right for many, for five axes and six, and for many tensors in a list."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import tensorplug
from tensorplug import Tensor
from tensorplug.core.dispatch.keys import library_for

from ..engine.arrays import flatten
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, draw, evaluate
from ..engine.levels import PRECISE
from ..engine.reference import Expected, Unanswered
from ..engine.trial import Trial
from ..uses import Use, chapter_of, uses_of
from ..uses.use import ANY, Operand, integers
from .in_place import has_in_place, in_place_call, keeps_shape, written_in_place
from .many_elements import BY_ITSELF, DIFFERENT, EXACT, LONGEST, OF_NAME, POWERS, WHOLE, in_turn
from .values import require_results

Lengths = Mapping[int, int]
"""New lengths for axes of length 2 and 3 in a use."""

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
    "fractional_positions", "index_fill", "isin", "linear_recurrence", "pair_distances", "recurrence", "reduce_along",
    "scatter_flat", "strided_sum",
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
            values = in_turn(values)
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
