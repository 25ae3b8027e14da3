"""Layouts: results are the same however operands lie in memory, and what lies around them is neither read nor written.

A result is handed on, too: other operations get from it what they get from a copy.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations, cycle, islice, product
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.dtypes import DTYPES

from ..engine.arrays import (
    LAYOUTS,
    OF_DTYPES,
    OF_MANY_AXES,
    SHARING,
    Array,
    contiguous,
    dtype_of,
    flatten,
    held,
    rounded,
    to_host,
)
from ..engine.bounds import OWN_DTYPE, Bound, bound_of
from ..engine.example import Example, Mismatch, draw, evaluate
from ..engine.programs import in_place, in_place_name
from ..engine.reference import Expected
from ..engine.trial import Property, Trial
from ..uses import Use, chapter_of
from .in_place import has_in_place, in_place_call, keeps_shape
from .sizes import Lengths, grown, grows, shapes_of
from .values import require_results

Layouts = dict[str, str]

EVERY = tuple(layout for layout in LAYOUTS if layout != "contiguous")

FEW = 2
"""How many are tried, by chance, where each one may be compiled, or operands are long."""

WRITABLE = tuple(layout for layout in EVERY if layout not in SHARING)

FORMS: tuple[tuple[Lengths, tuple[int, ...]], ...] = (
    ({2: 3, 3: 3}, ()),
    ({2: 3, 3: 3}, (3,)),
    ({2: 2, 3: 67}, (3,)),
    ({2: 2, 3: 3}, (2, 1, 3)),
)
"""Lengths of axes, and of further ones behind: only where axes are equally long can one be taken for another one."""

VECTOR, COLUMN = (7,), (5, 1)
"""The shapes that all operands get where they have one shape."""


def check_layouts(trial: Trial) -> None:
    """Operands in every layout: each alone, all in the same one, in others, and as parts of the same memory."""
    writable = library_for(trial.backend).writable
    for position, use in enumerate(trial.filled):
        typical = position < trial.level.typical
        trial.hold_for(_handed_on, draw(use, next(trial.dtypes(use)), "contiguous", trial.rng), _handed_on_call)
        if not (writable or typical):
            # What arrays that can't be written look like in memory is the library's own affair.
            continue
        forms = _forms(trial, use) if typical and writable and trial.level.special else ()
        for form in (use, *forms):
            alike = not typical and not trial.level.product
            arranged = list(
                _alike(use) if alike else _arrangements(use, pairs=not position and form is use and trial.level.special)
            )
            answer = _answers(trial, by_itself=form is not use)
            _hold_arranged(trial, form, answer, arranged)
            _hold_written(trial, form, answer)
            if typical:
                _hold_shared(trial, form, answer)
    if has_in_place(trial.name):
        for use in tuple(keeps_shape(trial.filled))[: trial.level.typical]:
            for form in (use, *(_forms(trial, use) if writable and trial.level.special else ())):
                _hold_in_place(trial, form, _answers(trial, by_itself=form is not use))


def _forms(trial: Trial, use: Use) -> Iterator[Use]:
    """A use with operands of other shapes, where it takes such."""
    if not grows(use):
        return
    shapes = {operand.shape for operand in use.operands.values()}
    one_rank = len(set(map(len, shapes))) == 1
    forms = [grown(use, lengths, axes=axes, name=trial.name) for lengths, axes in FORMS if one_rank or not axes]
    free = all(one.values.any_shape and one.values.simplest is not None for one in use.operands.values())
    if len(shapes) == 1 and free:
        forms += [_of_shape(use, shape) for shape in (VECTOR, COLUMN)[: 1 + use.elementwise]]
    yield from (form for form in forms if shapes_of(trial, form) is not None)


def _of_shape(use: Use, shape: tuple[int, ...]) -> Use:
    operands = {name: replace(operand, shape=shape) for name, operand in use.operands.items()}
    return Use.of(use.code, operands, dtypes=use.dtypes, elementwise=use.elementwise, rounded_once=use.rounded_once)


def _hold_arranged(trial: Trial, use: Use, answer: Answer, arranged: list[Layouts]) -> None:
    """A use in some of its arrangements, of the same values, so that the reference answers once for each dtype."""
    every = list(trial.dtypes(use)) if library_for(trial.backend).writable else list(trial.dtypes(use))[:1]
    drawn = functools.cache(lambda dtype: draw(use, dtype, "contiguous", trial.rng))
    prop = _as_contiguous(trial, answer)
    if trial.level.product:
        situations = list(product(arranged, every))
    else:
        if use.terms > 1 << 12 or not library_for(trial.backend).writable:
            arranged = [arranged[i] for i in sorted(trial.rng.permutation(len(arranged))[:FEW])]
        situations = list(zip(arranged, cycle(every), strict=False))
    for layouts, dtype in situations:
        for own in [name for name in (dtype, *every) if _holds(layouts, name, use)][:1]:
            trial.hold_for(prop, replace(drawn(own), layout=layouts))


def _holds(layouts: Layouts, dtype: str, use: Use) -> bool:
    """Whether there are arrays of a dtype in some layouts."""
    return all((use.operands[name].dtype or dtype) in OF_DTYPES.get(layout, DTYPES) for name, layout in layouts.items())


def _alike(use: Use) -> Iterator[Layouts]:
    """All operands in the same layout."""
    return (chosen for layout in EVERY for chosen in _where_it_can(use, dict.fromkeys(use.operands, layout)))


def _arrangements(use: Use, pairs: bool) -> Iterator[Layouts]:
    """Each operand alone, all alike and each otherwise; of two, where wanted, all pairs of layouts."""
    names = list(use.operands)
    yield from _alike(use)
    for i, layout in enumerate(EVERY):
        if len(names) > 1:
            for name in names:
                yield from _where_it_can(use, {name: layout})
            others = islice(cycle(EVERY), i, None)
            yield from _where_it_can(use, dict(zip(names, others, strict=False)))
    if pairs and len(names) == 2:
        for one, other in product(EVERY, repeat=2):
            yield from _where_it_can(use, dict(zip(names, (one, other), strict=True)))


def _where_it_can(use: Use, layouts: Layouts) -> Iterator[Layouts]:
    """Layouts without those that hold no operand of a use: its elements depend on each other, or its axes are few."""
    found = {}
    for name, layout in layouts.items():
        operand = use.operands[name]
        free = operand.values.simplest is not None or (layout == SHARING[0] and len(operand.shape) > 2)
        if (layout not in SHARING or free) and len(operand.shape) >= OF_MANY_AXES.get(layout, 0):
            found[name] = layout
    if found:
        yield found


Answer = Callable[[Example], Expected]


def _answers(trial: Trial, *, by_itself: bool) -> Answer:
    """What examples give: on the reference, or on the backend itself where operands lie in order, which costs the
    reference no compilation of further shapes.
    """
    found: dict[Any, Expected] = {}

    def answer(example: Example) -> Expected:
        if not by_itself:
            # What compiles nothing may add up many terms one by one.
            reference = trial.reference if example.use.terms == 1 else trial.given
            return reference.expected(example, own_dtype=trial.name in OWN_DTYPE)
        asked = replace(example, layout="contiguous")
        if asked.key not in found:
            leaves = flatten(evaluate(asked.use, asked.tensors()))
            wide = WIDEST if asked.widened().dtypes != asked.dtypes else {}
            hosts = ((path, to_host(leaf) if isinstance(leaf, Tensor) else leaf) for path, leaf in leaves)
            found[asked.key] = [(path, _as(host, wide) if isinstance(host, Array) else host) for path, host in hosts]
        return found[asked.key]

    return answer


WIDEST = {"f": "float64", "c": "complex128"}
"""The dtypes in which bounds of narrower ones do not overflow, by kind."""


def _as(host: Array, dtypes: Mapping[str, str]) -> Array:
    return host.astype(dtypes.get(host.dtype.kind, host.dtype))


def _bound(trial: Trial, use: Use) -> Bound:
    """Twice the operation's, where the answer is the backend's own."""
    bound = bound_of(trial.name).of_terms(use.terms)
    return replace(bound, units=2 * bound.units)


def _as_contiguous(trial: Trial, answer: Answer) -> Property:
    """The property that a line gives what operands in order give, and that all memory stays as it was."""

    def prop(example: Example) -> None:
        example = _held(example)
        wholes, tensors = _apart(example)
        with tensorplug.no_grad():
            result = evaluate(example.use, tensors)
            require_results(result, answer(example), _bound(trial, example.use), example)
        for name, (tensor, host) in wholes.items():
            _require_same(tensor, host, f"what {name} is a part of was changed")

    return prop


def _held(example: Example) -> Example:
    layouts = example.layouts
    hosts = {name: held(host, layouts.get(name, "contiguous")) for name, host in example.hosts.items()}
    return replace(example, hosts=hosts)


def _apart(example: Example) -> tuple[dict[str, tuple[Tensor, Array]], dict[str, Tensor]]:
    """The larger tensors that operands are parts of, with their values, and the operands."""
    wholes, tensors = {}, {}
    for name, host in example.hosts.items():
        whole, look = LAYOUTS[example.layouts.get(name, "contiguous")](host)
        tensor = contiguous(whole, dtype_of(whole, example.dtypes[name]))
        wholes[name], tensors[name] = (tensor, numpy.array(whole)), look(tensor)
    return wholes, tensors


def _require_same(tensor: Tensor, host: Array, message: str) -> None:
    found = to_host(tensor)
    if not numpy.array_equal(found, host.astype(found.dtype), equal_nan=host.dtype.kind in "fc"):
        raise Mismatch(message, host.tolist(), found.tolist())


SHARED: tuple[tuple[str, Callable[[Array], tuple[Array, Array]]], ...] = (
    ("{0}, {0}", lambda x: (x[1:], x[1:])),
    ("{0}, {0}[::-1]", lambda x: (x[1:], x[:0:-1])),
    ("{0}, {0}.mT", lambda x: (x[1:], x[1:].swapaxes(-1, -2) if x.ndim > 1 else x[:0])),
    ("*(lambda whole: (whole[1:], whole[:-1]))(tp.concat([{1}[:1], {0}]))", lambda x: (x[1:], x[:-1])),
    ("*(lambda whole: (whole[:-1], whole[1:]))(tp.concat([{0}, {1}[-1:]]))", lambda x: (x[:-1], x[1:])),
    ("{0}, {0}[0]", lambda x: (x[1:], x[1])),
)
"""Two operands in the same memory, and what they are of an array that is longer by one along its first axis."""

MARKS = (numpy.nan, numpy.inf, -numpy.inf)
"""Of which a number and itself are not equal, or their difference is not zero."""


def _hold_shared(trial: Trial, use: Use, answer: Answer, method: str = "") -> None:
    """Pairs of operands that are one array, or overlap, given to the line or to an in-place method."""
    for names, arguments, example in _sharing(trial, use):

        def call(use: Use, names: str = names, arguments: str = arguments) -> str:
            code = "{}.{}({})".format(*names.split(", ")[:1], method, names.split(", ")[1]) if method else use.code
            return f"(lambda {names}: {code})({arguments})"

        def prop(example: Example) -> None:
            with tensorplug.no_grad():
                result = evaluate(Use.of(call(example.use), {}), example.tensors())
                require_results(result, answer(example), _bound(trial, example.use), example)

        trial.hold_for(prop, example, call, simplify=False)


def _sharing(trial: Trial, use: Use) -> Iterator[tuple[str, str, Example]]:
    """Two operands that are parts of one array, with the expressions that say so, and an example."""
    dtype = next(trial.dtypes(use))
    for first, second in combinations(use.variables, 2):
        one, other = use.operands[first], use.operands[second]
        if one.values != other.values or one.values.simplest is None or not one.shape:
            continue
        for template, parts in SHARED:
            example = draw(use, dtype, "contiguous", trial.rng)
            whole = one.values.draw(trial.rng, (one.shape[0] + 1, *one.shape[1:]), dtype)
            if DTYPES[dtype].kind == "f" and use.elementwise and chapter_of(trial.name) == "elementwise":
                last = whole.reshape(-1)[::-3]
                last[...] = numpy.resize(MARKS, last.size)
            hosts = tuple(rounded(part, dtype) for part in parts(whole))
            if (hosts[0].shape, hosts[1].shape) == (one.shape, other.shape):
                changed = {first: hosts[0], second: hosts[1]}
                names, arguments = f"{first}, {second}", template.format(first, second)
                yield names, arguments, replace(example, hosts=example.hosts | changed)


def _hold_in_place(trial: Trial, use: Use, answer: Answer) -> None:
    """In-place methods on parts of larger arrays: other operands lie in order, in the same way, or otherwise."""
    names, dtypes = list(use.operands), cycle(trial.dtypes(use))
    ways = WRITABLE if library_for(trial.backend).writable else trial.rng.choice(WRITABLE, FEW)
    for i, layout in enumerate(ways):
        turned = dict(zip(names, chain((layout,), islice(cycle(EVERY), i, None)), strict=False))
        arranged = (dict.fromkeys(names[:1], layout), dict.fromkeys(names, layout), turned)
        for layouts in [chosen for one in arranged[: 2 * len(names) - 1] for chosen in _where_it_can(use, one)]:
            dtype = next(dtypes)
            if names[0] in layouts and _holds(layouts, dtype, use):
                trial.hold_for(
                    _writes_its_part(trial, answer), draw(use, dtype, layouts, trial.rng), in_place_call(trial.name)
                )
    if len(names) == 2:
        _hold_shared(trial, use, answer, in_place_name(trial.name))


def _hold_written(trial: Trial, use: Use, answer: Answer) -> None:
    """Lines that write a copy of their operand, on parts of larger arrays."""
    if "x.clone()" in use.code and WRITTEN.search(use.code) and ".view" not in use.code:
        every = list(trial.dtypes(use))
        for layout, dtype in zip(
            WRITABLE if library_for(trial.backend).writable else WRITABLE[:1], cycle(every), strict=False
        ):
            for layouts in _where_it_can(use, {"x": layout}):
                if _holds(layouts, dtype, use):
                    trial.hold_for(_writes_operand(trial, answer), draw(use, dtype, layouts, trial.rng))


WRITTEN = re.compile(r"\w_\(|__setitem__")
"""A line that writes a copy of its first operand."""


def _writes_operand(trial: Trial, answer: Answer) -> Property:
    """The property that a line that writes a copy of `x` writes `x` itself as well, and nothing around it."""

    def prop(example: Example) -> None:
        wholes, tensors = _apart(example)
        use = Use.of(example.use.code.replace("x.clone()", "x"), example.use.operands)
        with tensorplug.no_grad():
            result = evaluate(use, tensors)
            require_results(result, answer(example), _bound(trial, example.use), example)
        whole, host = wholes["x"]
        part = LAYOUTS[example.layouts["x"]](example.hosts["x"])[1](host)
        if tensors["x"].shape == part.shape:
            part[...] = to_host(tensors["x"])
            _require_same(whole, host, "what is beside the tensor was written")

    return prop


NEXT: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("tp.clone({})", lambda x: x.copy()),
    ("tp.reshape({}, (-1,))", lambda x: x.reshape(-1)),
    ("tp.flip({})", numpy.flip),
    ("tp.concat([{0}, {0}], axis=None)", lambda x: numpy.concatenate([x, x], axis=None)),
    ("tp.where({0} == {0}, {0}, {0})", lambda x: x.copy()),
    ("tp.permute_dims({0}, tuple(range({0}.ndim))[::-1])", lambda x: x.T),
)
"""Operations that move elements, and their NumPy equivalents."""


def _handed_on_call(use: Use) -> str:
    return NEXT[0][0].format(use.code)


def _handed_on(example: Example) -> None:
    """The property that operations that move elements of a result agree with NumPy."""
    with tensorplug.no_grad():
        for _, leaf in flatten(evaluate(example.use, example.tensors())):
            if not isinstance(leaf, Tensor):
                continue
            host = to_host(leaf)
            for code, function in NEXT:
                found = to_host(eval(code.format("x"), {"tp": tensorplug, "x": leaf}))
                wanted = function(host)
                if found.shape != wanted.shape or found.tobytes() != wanted.tobytes():
                    message = f"{code.format('result')} moves other elements than the result has"
                    raise Mismatch(message, wanted.tolist(), found.tolist())


def _writes_its_part(trial: Trial, answer: Answer) -> Property:
    """The property that an in-place method writes what the function gives, and nothing around it."""
    program = in_place(trial.name)

    def prop(example: Example) -> None:
        wholes, tensors = _apart(example)
        with tensorplug.no_grad():
            written, _ = program(example.use, tensors)
            require_results(written, answer(example), _bound(trial, example.use), example)
        name, *_ = example.hosts
        whole, host = wholes[name]
        LAYOUTS[example.layouts[name]](example.hosts[name])[1](host)[...] = to_host(written)
        _require_same(whole, host, f"{trial.name}_ wrote beside its tensor")

    return prop
