"""Threads: operations that run in parallel do not affect each other."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from types import FrameType
from typing import Any

import tensorplug
from tensorplug import Tensor, core
from tensorplug.core.dispatch.keys import library_for

from ..engine.arrays import flatten, to_host
from ..engine.example import (
    Example,
    Mismatch,
    draw,
    evaluate,
)
from ..engine.trial import Property, Trial
from ..uses import Use, uses_of
from .parameters import variants
from .sizes import Lengths, fits, grown
from .surroundings import anew

THREADS = 4

ROUNDS = 8
"""Number of rounds in which all threads start at once."""

TRACED = 2
"""In so many of these rounds, the first ones, they are interrupted after each line; at the quick level in one."""

PAUSES = (0.0,) * 7 + (1e-4,)
"""Seconds that they are, by chance, so that they do not go in step."""

SWITCH = 1e-5
"""Seconds after which the interpreter lets another thread run, in place of a time in which kernels end."""

LINES = 200
"""Number of lines of a backend that are interrupted in a call."""

FRESH: tuple[Lengths, ...] = ({2: 3, 3: 701}, {2: 5, 3: 37})
"""Lengths of axes that no other check has, so that caches know nothing of them; of many elements libraries compute
without the interpreter's lock.
"""


def check_threads(trial: Trial) -> None:
    """Check that a use gives equal results alone and in several threads with different values."""
    typical = next((use for use in uses_of(trial.name) if use.operands and use.size[0]), uses_of(trial.name)[0])
    dtype = next(trial.dtypes(typical), None)
    if dtype is None:
        return
    for use in (
        typical,
        *(grown(typical, lengths) for lengths in FRESH[: trial.level.typical] if fits(trial, typical, lengths)),
    ):
        example = draw(_in_threads(use), dtype, "contiguous", trial.rng)
        trial.hold_for(_as_alone(trial, (use,)), example, simplify=False)
    if trial.level.special and not library_for(trial.backend).compiles:
        example = draw(_in_threads(typical), dtype, "contiguous", trial.rng)
        parts = _parts(typical, example)
        if uses := tuple(islice(variants(typical, trial.name, lambda use: _computes(use, parts)), THREADS - 1)):
            trial.hold_for(_as_alone(trial, (typical, *uses)), example, simplify=False)


def _computes(use: Use, examples: Sequence[Example]) -> bool:
    """Whether a line takes the operands of all examples."""
    try:
        return all(_results(replace(example, use=use)) for example in examples)
    except Exception:
        return False


def _as_alone(trial: Trial, uses: Sequence[Use]) -> Property:
    """The property that threads, of which each has one of some lines of the same operands, get what one gets."""
    library = library_for(trial.backend)

    def prop(example: Example) -> None:
        parts = zip(_parts(uses[0], example), cycle(uses), strict=False)
        examples = [replace(part, use=use) for part, use in parts]
        # First, since it is in a cache that is not filled yet that they meet.
        with contextlib.nullcontext() if library.compiles else anew(library):
            together = _together(trial.backend, examples, min(TRACED, trial.level.typical))
        with tensorplug.no_grad():
            alone = [_results(one) for one in examples]
        if any(list(one) != alone for one in zip(*together, strict=True)):
            with_others = f", as {', '.join(use.code for use in uses)}," if len(uses) > 1 else ""
            raise Mismatch(f"{THREADS} threads that run it{with_others} at the same time get other results than one")

    return prop


def _results(example: Example) -> list[bytes]:
    leaves = flatten(evaluate(example.use, example.tensors()))
    return [to_host(leaf).tobytes() for _, leaf in leaves if isinstance(leaf, Tensor)]


@contextlib.contextmanager
def _taking_turns() -> Iterator[None]:
    """Let another thread run between any two lines of Python that are not Tensorplug's own, but for its backends'."""
    left, before = LINES, sys.gettrace()

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= 1
        time.sleep(random.choice(PAUSES))
        return line if left > 0 else None

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if left > 0 and not frame.f_code.co_filename.startswith(OWN) else None

    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)


OWN = (*core.__path__, str(Path(__file__).parents[1]))
"""Where code is that does not keep anything for threads to meet in, or takes care of that itself."""


def _in_threads(use: Use) -> Use:
    """A use in several threads, with different operands in each."""
    names = list(use.operands)
    parameters, lists = ", ".join(names), ", ".join(f"[{', '.join(_named(name))}]" for name in names)
    if not names:
        parameters, lists = "_", f"range({THREADS})"
    code = f"list(ThreadPoolExecutor({THREADS}).map(lambda {parameters}: {use.code}, {lists}))"
    return Use.of(code, {each: operand for name, operand in use.operands.items() for each in _named(name)})


def _named(name: str) -> list[str]:
    return [f"{name}_{place}" for place in range(THREADS)]


def _parts(use: Use, example: Example) -> list[Example]:
    """The examples for each thread."""
    every = list(zip(*map(_named, use.operands), strict=True)) or [()] * THREADS
    parts = []
    for own in every:
        names = dict(zip(use.operands, own, strict=True))
        dtypes = {name: example.dtypes[each] for name, each in names.items()}
        hosts = {name: example.hosts[each] for name, each in names.items()}
        parts.append(replace(example, use=use, dtypes=dtypes, hosts=hosts))
    return parts


def _together(backend: str, examples: Sequence[Example], traced: int) -> list[list[list[bytes]]]:
    """What each example gives in a thread of its own in each round; raises what one of them raised."""
    found: list[list[list[bytes]]] = [[] for _ in examples]
    errors: list[Exception] = []
    barrier = threading.Barrier(len(examples))

    def work(place: int) -> None:
        try:
            # Default backends belong to a thread.
            with tensorplug.backend(backend), tensorplug.no_grad():
                for turn in range(ROUNDS):
                    barrier.wait()
                    with _taking_turns() if turn < traced else contextlib.nullcontext():
                        found[place].append(_results(examples[place]))
        except threading.BrokenBarrierError:
            pass
        except Exception as error:
            errors.append(error)
            barrier.abort()

    # Daemons, since threads that wait for each other for ever would keep the process.
    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(len(examples))]
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    if errors:
        raise errors[0]
    return found
