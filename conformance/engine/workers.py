"""Running checks in several processes, which can be stopped where a plugin hangs, and may crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError, as_completed
from itertools import groupby
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import RLock

from .levels import LEVELS
from .outcome import FAILED, Failure, Outcome
from .reference import Reference, reference_for
from .runner import Check, run_check

_references: dict[str, Reference] = {}
"""What each worker has computed so far, by the tested backend."""

GRACE = 10.0
"""Seconds that a process has beyond its checks' limits, to start and to stop by itself."""

SPARE = 60.0
"""Seconds for a process to import what it needs."""


class _KeepingLocks(SpawnContext):
    """Keeps the locks that it made: a process that is just being started, in the place of one that ended, looks for
    those of its pool, which lets go of them before it stops its processes.
    """

    def __init__(self) -> None:
        self._locks: list[RLock] = []

    def RLock(self) -> RLock:
        """Make one."""
        self._locks.append(super().RLock())
        return self._locks[-1]


def _run_all(chosen: Sequence[Check], backend: str, level: str, seed: int) -> list[Outcome]:
    reference = _references.setdefault(backend, Reference(reference_for(backend)))
    return [run_check(check, backend, reference, LEVELS[level], seed) for check in chosen]


def run_in_processes(
    backends: Sequence[str],
    chosen: Sequence[Check],
    *,
    level: str,
    seed: int,
    jobs: int,
    advance: Callable[[Outcome], None],
) -> Iterator[Outcome]:
    """Do checks in processes of their own, and give their outcomes as they come.

    Parameters
    ----------
    backends
        Their names; each must be one that a new process finds by itself.
    chosen
        The checks. Those of one operation are done in one process, which keeps what the reference gave.
    level, seed
        As in `run`.
    jobs
        How many processes.
    advance
        Is told of each outcome.
    """
    from pebble import ProcessPool

    # A fork of a process that has threads, as JAX starts them, may hang.
    with ProcessPool(max_workers=jobs, context=_KeepingLocks()) as pool:
        begun: dict[Future[list[Outcome]], tuple[str, list[Check]]] = {}
        for backend in backends:
            for _, group in groupby(chosen, key=lambda check: check.operation):
                of_one = list(group)
                limit = LEVELS[level].limit * len(of_one) + GRACE + SPARE
                future = pool.schedule(_run_all, args=(of_one, backend, level, seed), timeout=limit)
                begun[future] = backend, of_one
        try:
            for done in as_completed(begun):
                for outcome in _outcomes(done, *begun[done]):
                    advance(outcome)
                    yield outcome
        except BaseException:
            # Else the pool would do first what it has been given.
            pool.stop()
            raise


def _outcomes(future: Future[list[Outcome]], backend: str, chosen: list[Check]) -> list[Outcome]:
    try:
        return future.result()
    except TimeoutError:
        reason = "did not return within the time limit, and was stopped"
    except Exception as error:
        # The process ended: a plugin crashed the interpreter, or called os._exit.
        reason = f"ended the process: {' '.join(str(error).split())}"
    failure = Failure(reason)
    return [Outcome(backend, each.chapter, each.operation, each.aspect, FAILED, failure=failure) for each in chosen]
