"""Threads: operations that run at the same time do not meet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import tensorplug
from tensorplug import Tensor

from ..arrays import flatten, to_host
from ..example import Example, Mismatch, draw, evaluate
from ..trial import Trial
from ..uses import uses_of

THREADS = 4
ROUNDS = 3


def check_threads(trial: Trial) -> None:
    """A line gives the same in several threads, each with values of its own, as it gives alone."""
    use = next((use for use in uses_of(trial.name) if use.operands and use.size[0]), uses_of(trial.name)[0])
    dtype = next(trial.dtypes(use), None)
    if dtype is None:
        return
    examples = [draw(use, dtype, "contiguous", trial.rng) for _ in range(THREADS)]

    def results(example: Example) -> list[bytes]:
        # Default backends belong to a thread.
        with tensorplug.backend(trial.backend), tensorplug.no_grad():
            leaves = flatten(evaluate(example.use, example.tensors()))
            return [to_host(leaf).tobytes() for _, leaf in leaves if isinstance(leaf, Tensor)]

    alone = [results(example) for example in examples]

    def prop(example: Example) -> None:
        for _ in range(ROUNDS):
            if _together(results, examples) != alone:
                raise Mismatch(f"{THREADS} threads that run it at the same time get other results than one")

    trial.hold_for(prop, examples[0])


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
