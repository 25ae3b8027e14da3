"""Arguments: the parameters of a function at all values that they may have, combined with each other, and operands of
more axes.

Which parameters there are is read from signatures, and what they may be from annotations and from what any use in the
suite gives to a parameter of that name.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy

import tensorplug
from tensorplug.core.dispatch.keys import library_for

from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, evaluate
from ..engine.programs import or_raise
from ..engine.reference import Reference
from ..engine.trial import Property, Trial
from ..uses import Use, subjects, uses_of
from .values import require_results, require_unchanged

AXES = ("axis", "axes", "dim", "dims", "dim0", "dim1", "dim2", "start_dim", "end_dim")

LEFT_OUT = frozenset(
    "copy data device dtype generator inplace input keepdim obj other out overwrite requires_grad stream values".split()
)
"""Parameters that other checks vary, and operands."""

SPELLINGS = {
    "dim": ("axis", "axes"),
    "dims": ("axis", "axes"),
    "ddof": ("correction",),
    "unbiased": ("correction",),
    "right": ("side",),
    "shifts": ("shift",),
}
"""Aliases of parameters."""

INTEGERS = tuple(map(str, range(-3, 5)))
NUMBERS = ("0.0", "-0.5", "-2.0", "0.001", "0.25", "1.0", "3.0", "30.0")

ATTEMPTS = {"quick": (2, 12), "default": (16, 250), "thorough": (200, 2000)}
"""Combinations of an operation's arguments, by level: where a backend compiles each, and where none does."""

STACKS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((),),
    ((2,),),
    ((2,), ()),
    ((), (2,)),
    ((3, 1), (1, 2)),
    ((1, 2), (3, 1)),
)
"""Leading axes to add to the operands, in turn."""

PAIRS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((3, 3),),
    ((3, 3), ()),
    ((), (3, 3)),
    ((3, 1), (1, 3)),
    ((3, 3), (3, 1)),
    ((3,), (3, 3)),
)
"""Shapes of the operands of elementwise functions, in turn."""

DTYPES = ("float64", "float32", "complex128", "int64", "bool")

ROUNDINGS = 32
"""Units of the operands: a parameter that scales makes a rounding more, and as many times greater."""

Signed = tuple[ast.Call, inspect.Signature]


UNDETERMINED = ("dropout", "empty", "empty_like", "rrelu")
"""Functions whose results are random or uninitialised for some arguments."""


def has_arguments(name: str) -> bool:
    """Whether a function has parameters beside its operands, or operands whose shapes matter."""
    calls = [(use, call) for use in uses_of(name) if (call := call_of(use, name))]
    return name not in UNDETERMINED and any(
        candidates(call[1], 2) or len(use.operands) > use.elementwise for use, call in calls
    )


def check_arguments(trial: Trial) -> None:
    """Combinations of arguments give what they give on the reference, or raise the same type of error."""
    reference, rng = trial.eager, trial.rng
    prop = _as_on(reference, trial.name)
    compiles = any(library_for(name).compiles for name in (reference.name, trial.backend))
    attempts = ATTEMPTS[trial.level.name][not compiles]
    templates = [use for use in uses_of(trial.name) if call_of(use, trial.name) and use.terms == 1]
    shapes = [shape for use in templates for shape in _reshaped(use)]
    order, tried = rng.permutation(len(shapes)).tolist(), set()

    @functools.cache
    def in_turn(texts: tuple[str, ...]) -> Iterator[str]:
        return itertools.cycle(rng.permutation(texts).tolist())

    if trial.level.special and not compiles:
        for use in templates[: trial.level.typical]:
            for changed in _one_by_one(use, trial.name):
                for dtype in list(trial.dtypes(changed, DTYPES))[:1]:
                    trial.hold(prop, changed, dtype, draws=1, among=[changed])
    for attempt in range(attempts):
        turn, place = divmod(attempt, len(shapes))
        use = _changed(shapes[order[place]], trial.name, rng, in_turn)
        dtypes = list(trial.dtypes(use, DTYPES))[: 1 if compiles else None]
        if dtypes:
            dtype = dtypes[(place + turn) % len(dtypes)]
            if (repr(use), dtype) not in tried:
                tried.add((repr(use), dtype))
                trial.hold(prop, use, dtype, draws=1, among=[use])


def _as_on(reference: Reference, name: str) -> Property:
    program, bound, own = or_raise(evaluate), bound_of(name), name in OWN_DTYPE
    if bound.units:
        scale = "operands" if bound.scale == "element" else bound.scale
        bound = replace(bound, units=max(bound.units, ROUNDINGS), scale=scale)

    def prop(example: Example) -> None:
        tensors = example.tensors()
        with tensorplug.no_grad():
            result = program(example.use, tensors)
        require_results(result, reference.expected(example, program, own_dtype=own), bound, example)
        require_unchanged(example, tensors)

    return prop


def _reshaped(use: Use) -> Iterator[Use]:
    """Uses with more leading axes, and with axes of equal lengths, which may be mistaken for each other."""
    longest = max((length for operand in use.operands.values() for length in operand.shape), default=0)
    for stacks, alike in itertools.product(PAIRS if use.elementwise else STACKS, (False, True)):
        operands = {}
        for (key, operand), stack in zip(use.operands.items(), itertools.cycle(stacks), strict=False):
            own = () if use.elementwise else operand.shape
            shape = tuple(longest if alike and length > 1 else length for length in own)
            operands[key] = replace(operand, shape=(*stack, *shape))
        yield Use.of(use.code, operands, dtypes=use.dtypes, rounded_once=use.rounded_once)


def _one_by_one(use: Use, name: str) -> Iterator[Use]:
    """A use with each parameter at each value that it may have, the others as they are."""
    found = call_of(use, name)
    assert found is not None
    for parameter, texts in candidates(found[1], _axes_of(use)).items():
        for text in texts:
            yield _with_arguments(use, name, {parameter: text})


def _changed(
    use: Use, name: str, rng: numpy.random.Generator, in_turn: Callable[[tuple[str, ...]], Iterator[str]]
) -> Use:
    """A use with different arguments."""
    found = call_of(use, name)
    assert found is not None
    several = candidates(found[1], _axes_of(use)).items()
    chosen = {parameter: next(in_turn(texts)) for parameter, texts in several if rng.random() < 3 / 4}
    return _with_arguments(use, name, chosen)


def _axes_of(use: Use) -> int:
    return len(next((operand.shape for operand in use.operands.values()), ()))


def _with_arguments(use: Use, name: str, chosen: dict[str, str]) -> Use:
    tree = ast.parse(use.code, mode="eval")
    found = _call_in(tree, name)
    assert found is not None
    call, signature = found
    bound = signature.bind(*call.args, **{str(word.arg): word.value for word in call.keywords})
    bound.arguments.update({key: ast.parse(text, mode="eval").body for key, text in chosen.items()})
    call.args = list(bound.args)
    call.keywords = [ast.keyword(key, value) for key, value in bound.kwargs.items()]
    code = ast.unparse(ast.fix_missing_locations(tree))
    return Use.of(code, use.operands, dtypes=use.dtypes, rounded_once=use.rounded_once)


def candidates(signature: inspect.Signature, ndim: int) -> dict[str, tuple[str, ...]]:
    """For each parameter that may be changed, what it may be, as source."""
    found = {}
    for name, parameter in signature.parameters.items():
        is_operand = parameter.kind is not parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        second = any(first in signature.parameters for first in SPELLINGS.get(name, ()))
        if name in LEFT_OUT or second or (is_operand and parameter.kind is not parameter.POSITIONAL_OR_KEYWORD):
            continue
        texts = _values(name, str(parameter.annotation), ndim)
        if texts:
            found[name] = texts
    return found


def _values(name: str, annotation: str, ndim: int) -> tuple[str, ...]:
    seen = given().get(name, ())
    if name in AXES:
        axes = range(-ndim, ndim)
        several = [
            (),
            *((i,) for i in axes),
            *itertools.permutations(axes, 2),
            tuple(range(ndim)),
            tuple(range(-ndim, 0)),
            (*range(1, ndim), 0),
        ]
        return (*map(str, axes), *(map(str, several) if "Any" in annotation else ()))
    if "bool" in annotation:
        return ("True", "False")
    if "int" in annotation and "tuple" not in annotation and "Sequence" not in annotation:
        return (*INTEGERS, *seen)
    if "float" in annotation and "Tensor" not in annotation:
        return (*NUMBERS, *seen)
    return tuple(seen)


@functools.cache
def given() -> dict[str, tuple[str, ...]]:
    """What the uses give to parameters, by their names, as source; what names an operand is none of it."""
    found: dict[str, set[str]] = {}
    calls = [call_of(use, subject) for subject in subjects() for use in uses_of(subject)]
    for call in calls:
        if call is not None:
            bound = call[1].bind(*call[0].args, **{str(word.arg): word.value for word in call[0].keywords})
            for key, value in bound.arguments.items():
                if isinstance(value, ast.expr) and not any(isinstance(part, ast.Name) for part in ast.walk(value)):
                    found.setdefault(key, set()).add(ast.unparse(value))
    return {key: tuple(sorted(texts)) for key, texts in found.items()}


def call_of(use: Use, name: str) -> Signed | None:
    return _call_in(ast.parse(use.code, mode="eval"), name)


def _call_in(tree: ast.AST, name: str) -> Signed | None:
    """The call of a function in a line, with the function's signature, if the line calls it by its own name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in spelled(name):
            try:
                signature = inspect.signature(eval(ast.unparse(node.func), {"tp": tensorplug}))
                signature.bind(*node.args, **{str(word.arg): word.value for word in node.keywords})
            except (AttributeError, TypeError, ValueError):
                continue
            return node, signature
    return None


def spelled(name: str) -> tuple[str, ...]:
    return tuple(f"tp.{module}{name}" for module in ("", "nn.functional.", "losses.functional."))
