"""Time several implementations in turn in one process, so that changes of the machine's speed affect all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUND_SECONDS = 0.02
ROUNDS = 41


@dataclass(frozen=True)
class Benchmark:
    """A task and its implementations.

    Attributes
    ----------
    name : str
    implementations : dict of str to callable
        ``"tensorplug"`` first, then what users would use instead.
    """

    name: str
    implementations: dict[str, Callable[[], object]]


def measure(benchmark: Benchmark, rounds: int = ROUNDS, seconds: float = ROUND_SECONDS) -> dict[str, float]:
    """The median time of a call of each implementation, in seconds, of rounds that take about as long each."""
    counts = {name: _calls_a_round(call, seconds) for name, call in benchmark.implementations.items()}
    times: dict[str, list[float]] = {name: [] for name in counts}
    for _ in range(rounds):
        for name, call in benchmark.implementations.items():
            times[name].append(_time(call, counts[name]))
    return {name: statistics.median(found) for name, found in times.items()}


def _time(call: Callable[[], object], count: int) -> float:
    gc.collect()
    gc.disable()
    try:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - begin) / count
    finally:
        gc.enable()


def _calls_a_round(call: Callable[[], object], seconds: float) -> int:
    for _ in range(3):
        call()
    once = min(_time(call, 3) for _ in range(3))
    return max(1, int(seconds / once))


def report(benchmark: Benchmark, seconds: dict[str, float]) -> str:
    """Format a line: our time, and each other time with the ratio of ours to it."""
    own = seconds["tensorplug"]
    others = [f"{name} {_unit(found)} ({own / found:.2f})" for name, found in seconds.items() if name != "tensorplug"]
    return f"{benchmark.name:<52} {_unit(own):>9}   {'   '.join(others)}"


def _unit(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
