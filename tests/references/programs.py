"""Writes programs.json: random programs of views, writes and reads, and what PyTorch makes of them.

Run it with PyTorch 2.13 installed.
"""

from __future__ import annotations

import itertools
import json
import math
import pathlib
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

import tensorplug

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from programs import RESULTS, STEPS, VIEWS, WRITES, Outcome, Program, draw, run

COUNT = 420
SECOND = 100
"""How many programs there are, and how many of them at least have second derivatives."""

LARGEST = 1e4
"""No number that a program computes is larger."""


def shares_memory(x: torch.Tensor, y: Any) -> bool:
    """Whether two tensors have one storage."""
    return isinstance(y, torch.Tensor) and x.untyped_storage()._cdata == y.untyped_storage()._cdata


def overlaps(x: torch.Tensor) -> bool:
    """Whether elements of a tensor share memory."""
    places = torch.zeros(x.shape, dtype=torch.int64)
    for axis, stride in enumerate(x.stride()):
        along = torch.arange(x.shape[axis]) * stride
        places += along.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    return len(places.unique()) < x.numel()


def no_own_view(function: Callable[..., Any]) -> Callable[..., Any]:
    def write(x: torch.Tensor, value: Any, *index: Any) -> Any:
        if isinstance(value, torch.Tensor):
            part = VIEWS["getitem"](x.detach(), *index)
            places = [(one.storage_offset(), one.shape, one.stride()) for one in (part, value)]
            if shares_memory(part, value) and places[0] == places[1]:
                raise LeftOut
        return function(x, value, *index)

    return write


def overlap_refused(function: Callable[..., Any]) -> Callable[..., Any]:
    by_region = function in (FUNCTIONS["set"], FUNCTIONS["augment"])

    def write(x: torch.Tensor, *rest: Any) -> Any:
        if overlaps(VIEWS["getitem"](x.detach(), *rest[1:]) if by_region else x):
            raise RuntimeError("more than one element refers to a single memory location")
        return function(x, *rest)

    return write


def copied_first(function: Callable[..., Any]) -> Callable[..., Any]:
    def write(x: torch.Tensor, *rest: Any) -> Any:
        return function(x, *(one.clone() if shares_memory(x, one) else one for one in rest))

    return write


def looked_at_first(function: Callable[..., Any]) -> Callable[..., Any]:
    def write(x: torch.Tensor, *rest: Any) -> Any:
        _ = x.grad_fn
        return function(x, *rest)

    return write


def converted(function: Callable[..., Any]) -> Callable[..., Any]:
    def operate(x: torch.Tensor, *rest: Any) -> Any:
        dtype = torch.result_type(x, rest[0]) if rest and isinstance(rest[0], torch.Tensor) else x.dtype
        return function(x.to(dtype), *(one.to(dtype) if isinstance(one, torch.Tensor) else one for one in rest))

    return operate


def augment(x: torch.Tensor, value: Any, *index: Any) -> None:
    part = VIEWS["getitem"](x, *index)
    part += value.clone() if shares_memory(x, value) else value
    _ = x.grad_fn
    STEPS["set"](x, part, *index)


def split(x: torch.Tensor, size: int, dim: int, part: int) -> torch.Tensor:
    return x.narrow(dim, part * size, min(size, x.shape[dim] - part * size))


def chunk(x: torch.Tensor, chunks: int, dim: int, part: int) -> torch.Tensor:
    return split(x, -(-x.shape[dim] // chunks), dim, part)


def checked_first(function: Callable[..., Any]) -> Callable[..., Any]:
    def write(x: torch.Tensor, value: Any, *rows: int) -> Any:
        if any(not -len(x) <= row < len(x) for row in rows):
            raise IndexError("index out of range")
        return function(x, value, *rows)

    return write


class LeftOut(Exception):
    """A program came upon a difference that PyTorch cannot be made to follow."""


def contiguous_only(function: Callable[..., Any]) -> Callable[..., Any]:
    def operate(*operands: Any) -> torch.Tensor:
        result: torch.Tensor = function(*operands)
        if not result.is_contiguous():
            raise LeftOut
        return result

    return operate


def unrecorded_view(function: Callable[..., Any]) -> Callable[..., Any]:
    def view(x: torch.Tensor, *rest: Any) -> torch.Tensor:
        base = getattr(x, "unrecorded_base", None)
        if base is None and not torch.is_grad_enabled():
            base = x if x._base is None else x._base
        result: torch.Tensor = function(x if base is None else x.detach(), *rest)
        if base is not None and function is not VIEWS["detach"] and shares_memory(x, result):
            result.unrecorded_base = base  # type: ignore[attr-defined]
        return result

    return view


def unrecorded_write_refused(function: Callable[..., Any]) -> Callable[..., Any]:
    def write(x: torch.Tensor, *rest: Any) -> Any:
        base = getattr(x, "unrecorded_base", None)
        if base is not None and torch.is_grad_enabled() and function is not WRITES["requires_grad_"]:
            if any(one.is_leaf and one.requires_grad for one in (x, base)):
                raise RuntimeError("a leaf Variable that requires grad")
            if any(isinstance(one, torch.Tensor) and one.requires_grad for one in (x, base, *rest)):
                raise RuntimeError("created in no_grad mode")
        return function(x, *rest)

    return write


CHANGES = [name for name in WRITES if name != "requires_grad_"]

DIFFERENCES: list[tuple[str, Callable[..., Any], list[str]]] = [
    (
        "The parts that split, chunk and unbind give are views like all others; PyTorch refuses to write into them, "
        "since it makes one node for all parts.",
        lambda function: {VIEWS["split"]: split, VIEWS["chunk"]: chunk, VIEWS["unbind"]: torch.select}[function],
        ["split", "chunk", "unbind"],
    ),
    (
        "`x[i] += value` writes the view x[i] first, and what is said below of views holds of it too.",
        lambda function: augment,
        ["augment"],
    ),
    (
        "A right side that overlaps the left gives the answer of a copy made first; PyTorch refuses some of these and "
        "for others leaves the answer open. `x.mul_(x)` saves a copy of x likewise.",
        copied_first,
        CHANGES,
    ),
    (
        "A view that was written through another one is the same whether or not anyone looked at it since; PyTorch "
        "takes one for a leaf until its grad_fn is asked for.",
        looked_at_first,
        CHANGES,
    ),
    (
        "An operand of a lower dtype is converted first, by an operation with a gradient, so it is the conversion that "
        "is saved; PyTorch saves the operand, fails in the backward pass of `x[...] = value` where that has one "
        "element, and takes no other dtype where an index is an array.",
        converted,
        ["add", "mul", *(name for name in CHANGES if name != "set_part")],
    ),
    (
        "Writing `x[i]` into x at i, which is how `x[i] += value` ends, is no write; in PyTorch it is one more.",
        no_own_view,
        ["set"],
    ),
    (
        "A write that fails changes nothing; PyTorch finds some indices out of range when it has written others.",
        checked_first,
        ["set_rows"],
    ),
    (
        "The result of an operation has its elements in order in memory; in PyTorch it may have the operand's strides.",
        contiguous_only,
        [*RESULTS],
    ),
    (
        "A view made under no_grad requires no gradient and is refused where it would be written and recorded; in "
        "PyTorch it seems to require one, and becomes a leaf of its own where it is read.",
        unrecorded_view,
        [*VIEWS],
    ),
    ("The same, of writes.", unrecorded_write_refused, CHANGES),
    (
        "Whether a tensor's elements share memory is looked at first, and no write into such a tensor is allowed; "
        "PyTorch looks last, and allows those that give all elements one value.",
        overlap_refused,
        CHANGES,
    ),
]
"""What differs from PyTorch on purpose, and how PyTorch's functions are changed to do the same."""

FUNCTIONS = dict(STEPS)
for _, change, names in DIFFERENCES:
    FUNCTIONS |= {name: change(FUNCTIONS[name]) for name in names}


def largest(outcome: Outcome) -> float:
    """The largest number that the program computed."""
    rows = [*outcome["values"], *outcome.get("first", {}).values(), *outcome.get("second", {}).values()]
    return max((abs(x) if math.isfinite(x) else math.inf for row in rows for x in row), default=0.0)


def reference(program: Program) -> Outcome:
    """What PyTorch makes of a program."""
    return run(program, torch, FUNCTIONS)


def found() -> Iterator[tuple[Program, Outcome]]:
    """Programs with views and writes that PyTorch can be made to follow, and in which something has a gradient."""
    for seed in itertools.count():
        program = draw(random.Random(seed), tensorplug, variants=1)
        names = {name for name, *_ in program["steps"]}
        try:
            outcome = reference(program)
        except LeftOut:
            continue
        graph = "1n" in outcome.get("flags", "1n")
        if names & set(VIEWS) and names & set(CHANGES) and graph and largest(outcome) < LARGEST:
            yield program, outcome


def shortened(value: Any) -> Any:
    """A value with its floats as short as the tests' tolerance allows."""
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    return float(f"{value:.14g}") if isinstance(value, float) else value


def main() -> None:
    warnings.simplefilter("ignore")
    kept: list[dict[str, Any]] = []
    second = 0
    for program, outcome in found():
        missing = COUNT - len(kept)
        if missing == 0:
            break
        if "second" not in outcome and missing <= SECOND - second:
            continue
        second += "second" in outcome
        kept.append({"program": program, "outcome": shortened(outcome)})
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in kept)
    pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
    failures = sum("failure" in one["outcome"] for one in kept)
    errors = sum(bool(one["outcome"]["errors"]) for one in kept)
    print(f"{len(kept)} programs, {second} with second derivatives, {failures} failures, {errors} with errors")


if __name__ == "__main__":
    main()
