"""Threads: operations that run at the same time do not meet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import tensorplug
from tensorplug import Tensor

from ..engine.arrays import flatten, to_host
from ..engine.example import (
    Example,
    Mismatch,
    draw,
    evaluate,
)
from ..engine.trial import Trial
from ..uses import Use, uses_of

THREADS = 4
ROUNDS = 3


def check_threads(trial: Trial) -> None:
    """A line gives the same in several threads, each with values of its own, as it gives alone."""
    use = next((use for use in uses_of(trial.name) if use.operands and use.size[0]), uses_of(trial.name)[0])
    dtype = next(trial.dtypes(use), None)
    if dtype is None:
        return

    def results(example: Example) -> list[bytes]:
        # Default backends belong to a thread.
        with tensorplug.backend(trial.backend), tensorplug.no_grad():
            leaves = flatten(evaluate(example.use, example.tensors()))
            return [to_host(leaf).tobytes() for _, leaf in leaves if isinstance(leaf, Tensor)]

    def prop(example: Example) -> None:
        examples = _parts(use, example)
        alone = [results(one) for one in examples]
        for _ in range(ROUNDS):
            if _together(results, examples) != alone:
                raise Mismatch(f"{THREADS} threads that run it at the same time get other results than one")

    trial.hold_for(prop, draw(_in_threads(use), dtype, "contiguous", trial.rng))


def _in_threads(use: Use) -> Use:
    """A use in several threads, with operands of its own in each."""
    names = list(use.operands)
    parameters, lists = ", ".join(names), ", ".join(f"[{', '.join(_named(name))}]" for name in names)
    if not names:
        parameters, lists = "_", f"range({THREADS})"
    code = f"list(ThreadPoolExecutor({THREADS}).map(lambda {parameters}: {use.code}, {lists}))"
    return Use.of(code, {each: operand for name, operand in use.operands.items() for each in _named(name)})


def _named(name: str) -> list[str]:
    return [f"{name}_{place}" for place in range(THREADS)]


def _parts(use: Use, example: Example) -> list[Example]:
    """The examples of the use in each thread."""
    every = list(zip(*map(_named, use.operands), strict=True)) or [()] * THREADS
    parts = []
    for own in every:
        names = dict(zip(use.operands, own, strict=True))
        dtypes = {name: example.dtypes[each] for name, each in names.items()}
        hosts = {name: example.hosts[each] for name, each in names.items()}
        parts.append(replace(example, use=use, dtypes=dtypes, hosts=hosts))
    return parts


def _together(function: Callable[[Example], list[bytes]], examples: Sequence[Example]) -> list[object]:
    """What a function gives for each example, each in a thread of its own; raises what one of them raised."""
    found: list[object] = [None] * len(examples)

    def work(place: int) -> None:
        try:
            found[place] = function(examples[place])
        except Exception as error:
            found[place] = error

    # Daemons, since threads that wait for each other for ever would keep the process.
    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(len(examples))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        if isinstance(one, Exception):
            raise one
    return found
