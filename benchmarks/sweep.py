"""Time of every operation beside PyTorch's, at 4, 1,000 and 100,000 elements, forward, and forward and backward.

The conformance suite's uses say how each operation is called; a row is there for each use that PyTorch takes as it is.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy
import timing
from rich.console import Console
from rich.table import Table

import tensorplug
from tensorplug.conformance.checks.gradients import has_gradient
from tensorplug.conformance.checks.sizes import grown
from tensorplug.conformance.engine.arrays import flatten
from tensorplug.conformance.engine.example import Example, draw
from tensorplug.conformance.uses import Use, subjects, uses_of

LENGTHS = {4: {2: 2, 3: 2}, 1_000: {2: 25, 3: 40}, 100_000: {2: 250, 3: 400}}
"""By the number of elements of a matrix, what stands for the lengths 2 and 3 of a use."""

TIMES = 200
"""So many times the elements of a matrix are the most that an operand of more axes, or a result, may have."""

ROUNDS, ROUND_SECONDS = 9, 0.004

LIMITS = (1.0, 1.5, 3.0)
"""Ratios above which rows are counted."""

Call = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """A call in both libraries: microseconds of ours, and of PyTorch's."""

    name: str
    elements: int
    direction: str
    code: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """Our time as a part of PyTorch's."""
        return self.ours / self.theirs


def main(words: list[str], torch: ModuleType) -> int:
    """Time the operations, print a table and its summary, and write JSON."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="operations; all by default")
    parser.add_argument("--elements", type=int, nargs="*", choices=LENGTHS, default=list(LENGTHS))
    parser.add_argument("--json", type=Path, help="a file to write the rows to")
    parser.add_argument("--against", type=Path, help="an earlier file to compare with")
    options = parser.parse_args(words)
    rows = list(sweep(torch, options.names or subjects(), options.elements))
    earlier = _read(options.against) if options.against else {}
    console = Console(width=120)
    for table in _tables(rows, earlier):
        console.print(table)
    if options.json:
        options.json.write_text(json.dumps([vars(row) for row in rows], indent=1))
    return 0


def sweep(torch: ModuleType, names: Any, sizes: list[int]) -> Iterator[Row]:
    """Time the operations that both libraries have, each by its first use that both take."""
    for name in names:
        for elements in sizes:
            for direction in ("forward", "backward") if has_gradient(name) else ("forward",):
                found = _pair(torch, name, elements, direction)
                if found is None:
                    continue
                use, calls = found
                # What lives longer than the calls is not collected before each round.
                gc.freeze()
                seconds = timing.measure(timing.Benchmark(name, calls), ROUNDS, ROUND_SECONDS)
                gc.unfreeze()
                times = (1e6 * seconds["tensorplug"], 1e6 * seconds["PyTorch"])
                yield Row(name, elements, direction, use.code, *times)


def _pair(torch: ModuleType, name: str, elements: int, direction: str) -> tuple[Use, dict[str, Call]] | None:
    """The first use of an operation that both libraries compute, alike in shape, with the calls to time."""
    backward = direction == "backward"
    for use in uses_of(name):
        if not use.is_public or (use.operands and not use.variables) or (backward and not use.smooth):
            continue
        larger = grown(use, LENGTHS[elements], name=name, literal=True)
        if any(math.prod(operand.shape) > TIMES * elements for operand in larger.operands.values()):
            continue
        example = draw(larger, "float32", "contiguous", numpy.random.default_rng(0))
        if _largest_result(torch, example) > TIMES * elements:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                calls = {
                    "tensorplug": _call(example, example.tensors(), tensorplug, backward),
                    "PyTorch": _call(example, _torch_tensors(torch, example), _torch_names(torch), backward),
                }
                shapes = [[tuple(leaf.shape) for _, leaf in flatten(call())] for call in calls.values()]
        # A use with names or arguments that PyTorch does not have.
        except Exception:
            continue
        if shapes[0] == shapes[1]:
            return use, calls
    return None


def _largest_result(torch: ModuleType, example: Example) -> int:
    """The elements of the largest result by PyTorch's device `meta`, which has no memory; 0 if that does not tell."""
    names = {name: tensor.to("meta") for name, tensor in _torch_tensors(torch, example).items()}
    try:
        found = eval(example.use.evaluate, {"tp": _torch_names(torch), **names})
        return max(math.prod(leaf.shape) for _, leaf in flatten(found))
    # A use that PyTorch does not have, or only with values.
    except Exception:
        return 0


def _call(example: Example, tensors: dict[str, Any], library: Any, backward: bool) -> Call:
    """Evaluate the use in a library, and the gradients of its first result if asked."""
    names = {"tp": library, **tensors}
    evaluate = example.use.evaluate
    if not backward:
        return lambda: eval(evaluate, names)
    leaves = [tensor for name, tensor in tensors.items() if example.dtypes[name] == "float32"]
    for leaf in leaves:
        leaf.requires_grad_()
    seed = None

    def call() -> Any:
        nonlocal seed
        result = eval(evaluate, names)
        first = result[0] if isinstance(result, tuple | list) else result
        if seed is None:
            seed = first.detach() * 0 + 1
        first.backward(seed)
        for leaf in leaves:
            leaf.grad = None
        return result

    return call


def _torch_tensors(torch: ModuleType, example: Example) -> dict[str, Any]:
    return {name: torch.from_numpy(numpy.array(host, example.dtypes[name])) for name, host in example.hosts.items()}


def _torch_names(torch: ModuleType) -> Any:
    """PyTorch's names where a use looks for ours."""
    functions = {**vars(torch.nn.functional), **vars(torch)}
    return SimpleNamespace(**functions | {"losses": SimpleNamespace(functional=torch.nn.functional)})


def _read(path: Path) -> dict[tuple[Any, ...], Row]:
    return {_key(row): row for row in (Row(**fields) for fields in json.loads(path.read_text()))}


def _key(row: Row) -> tuple[Any, ...]:
    return row.name, row.elements, row.direction


def _tables(rows: list[Row], earlier: dict[tuple[Any, ...], Row]) -> Iterator[Table]:
    """The rows with the worst ratio first, and what they come to for each size and direction."""
    table = Table("operation", "elements", "", "µs", "PyTorch's", "ratio", *(["before"] if earlier else []))
    for row in sorted(rows, key=lambda row: -row.ratio):
        before = [f"{earlier[_key(row)].ratio:.2f}" if _key(row) in earlier else ""] if earlier else []
        numbers = (f"{row.ours:.2f}", f"{row.theirs:.2f}", f"{row.ratio:.2f}")
        table.add_row(row.name, f"{row.elements:,}", row.direction, *numbers, *before)
    yield table
    yield _summary("now", rows)
    if earlier:
        yield _summary("before", [earlier[_key(row)] for row in rows if _key(row) in earlier])


def _summary(title: str, rows: list[Row]) -> Table:
    table = Table("elements", "", "rows", "geometric mean", *(f"above {limit:g}" for limit in LIMITS), title=title)
    for elements in LENGTHS:
        for direction in ("forward", "backward"):
            ratios = [row.ratio for row in rows if (row.elements, row.direction) == (elements, direction)]
            if ratios:
                mean = math.exp(statistics.fmean(map(math.log, ratios)))
                counts = [str(sum(ratio > limit for ratio in ratios)) for limit in LIMITS]
                table.add_row(f"{elements:,}", direction, str(len(ratios)), f"{mean:.2f}", *counts)
    return table
