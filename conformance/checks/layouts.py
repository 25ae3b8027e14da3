"""Layouts: results are the same however operands lie in memory, and what lies around them is neither read nor written.

A result is handed on, too: other operations get from it what they get from a copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice, product
from typing import Any

import numpy

import tensorplug
from tensorplug import Tensor
from tensorplug.core.dispatch.keys import library_for

from ..engine.arrays import LAYOUTS, SHARING, Array, contiguous, flatten, held, to_host
from ..engine.bounds import OWN_DTYPE, bound_of
from ..engine.example import Example, Mismatch, draw, evaluate
from ..engine.programs import in_place
from ..engine.trial import Property, Trial
from ..uses import Use
from .in_place import has_in_place, in_place_call, keeps_shape
from .values import require_results

Layouts = dict[str, str]

EVERY = tuple(layout for layout in LAYOUTS if layout != "contiguous")

FEW, SEVERAL = 2, 10

WRITABLE = tuple(layout for layout in EVERY if layout not in SHARING)


def check_layouts(trial: Trial) -> None:
    """Each operand alone in every layout, all in the same one, and each in another one."""
    prop, writable = _as_contiguous(trial), library_for(trial.backend).writable
    for position, use in enumerate(trial.filled):
        every, arranged = list(trial.dtypes(use)), list(_arrangements(use))
        trial.hold_for(_handed_on, draw(use, every[0], "contiguous", trial.rng), _handed_on_call)
        if trial.level.product:
            situations = list(product(arranged, every))
        else:
            # Where arrays can't be written, their layout is the library's own affair, and a view may be compiled for
            # each shape and dtype: what is typical is in some layouts, which the seed chooses.
            typical = position < trial.level.typical
            some = FEW if use.terms > 1 else SEVERAL
            count = (len(arranged) if typical else some) if writable else FEW * typical
            order = sorted(trial.rng.permutation(len(arranged))[:count])
            turns = cycle(every if writable else every[:1])
            situations = list(zip((arranged[i] for i in order), turns, strict=False))
        for layouts, dtype in situations:
            trial.hold_for(prop, draw(use, dtype, layouts, trial.rng))
        if "x.clone()" in use.code and WRITTEN.search(use.code) and ".view" not in use.code:
            for layout, dtype in zip(WRITABLE if writable else WRITABLE[:1], cycle(every), strict=False):
                trial.hold_for(_writes_operand(trial), draw(use, dtype, {"x": layout}, trial.rng))
    if has_in_place(trial.name):
        writes, call = _writes_its_part(trial), in_place_call(trial.name)
        for use in tuple(keeps_shape(trial.filled))[: trial.level.typical]:
            ways = WRITABLE if writable else trial.rng.choice(WRITABLE, FEW)
            for layout, dtype in zip(ways, cycle(trial.dtypes(use)), strict=False):
                trial.hold_for(writes, draw(use, dtype, {next(iter(use.operands)): layout}, trial.rng), call)


WRITTEN = re.compile(r"\w_\(|__setitem__")
"""A line that writes a copy of its first operand."""


def _writes_operand(trial: Trial) -> Property:
    """The property that a line that writes a copy of `x` writes `x` itself as well, and nothing around it."""
    bound = bound_of(trial.name)

    def prop(example: Example) -> None:
        wholes, tensors = _apart(example)
        use = Use.of(example.use.code.replace("x.clone()", "x"), example.use.operands)
        with tensorplug.no_grad():
            result = evaluate(use, tensors)
        require_results(result, trial.reference.expected(example), bound, example)
        whole, host = wholes["x"]
        part = LAYOUTS[example.layouts["x"]](example.hosts["x"])[1](host)
        if tensors["x"].shape == part.shape:
            part[...] = to_host(tensors["x"])
            _require_same(whole, host, "what is beside the tensor was written")

    return prop


def _arrangements(use: Use) -> Iterator[Layouts]:
    names = list(use.operands)
    for i, layout in enumerate(EVERY):
        yield from _where_it_can(use, dict.fromkeys(names, layout))
        if len(names) > 1:
            for name in names:
                yield from _where_it_can(use, {name: layout})
            others = islice(cycle(EVERY), i, None)
            yield from _where_it_can(use, dict(zip(names, others, strict=False)))


def _where_it_can(use: Use, layouts: Layouts) -> Iterator[Layouts]:
    """Layouts without those that hold no operand of a use: its elements depend on each other, or are too few."""
    found = {}
    for name, layout in layouts.items():
        operand = use.operands[name]
        free = operand.values.simplest is not None or (layout == SHARING[0] and len(operand.shape) > 2)
        if layout not in SHARING or free:
            found[name] = layout
    if found:
        yield found


def _as_contiguous(trial: Trial) -> Property:
    """The property that a line gives what it gives on the reference, and that all memory stays as it was."""
    bound, own = bound_of(trial.name), trial.name in OWN_DTYPE

    def prop(example: Example) -> None:
        example = _held(example)
        wholes, tensors = _apart(example)
        with tensorplug.no_grad():
            result = evaluate(example.use, tensors)
        require_results(result, trial.reference.expected(example, own_dtype=own), bound, example)
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
        tensor = contiguous(whole, example.dtypes[name])
        wholes[name], tensors[name] = (tensor, numpy.array(whole)), look(tensor)
    return wholes, tensors


def _require_same(tensor: Tensor, host: Array, message: str) -> None:
    found = to_host(tensor)
    if not numpy.array_equal(found, host.astype(found.dtype), equal_nan=host.dtype.kind in "fc"):
        raise Mismatch(message, host.tolist(), found.tolist())


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


def _writes_its_part(trial: Trial) -> Property:
    """The property that an in-place method writes what the function gives, and nothing around it."""
    bound, own, program = bound_of(trial.name), trial.name in OWN_DTYPE, in_place(trial.name)

    def prop(example: Example) -> None:
        wholes, tensors = _apart(example)
        with tensorplug.no_grad():
            written, _ = program(example.use, tensors)
        require_results(written, trial.reference.expected(example, own_dtype=own), bound, example)
        name, *_ = example.hosts
        whole, host = wholes[name]
        LAYOUTS[example.layouts[name]](example.hosts[name])[1](host)[...] = to_host(written)
        _require_same(whole, host, f"{trial.name}_ wrote beside its tensor")

    return prop
