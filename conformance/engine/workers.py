"""Run checks in several processes, which are stopped if a plugin hangs, and may crash."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError, as_completed
from itertools import groupby
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import RLock
from pathlib import Path
from tempfile import TemporaryDirectory

from .levels import LEVELS
from .outcome import FAILED, Failure, Outcome
from .reference import Reference, reference_for
from .runner import Check, not_run, run_checks

_references: dict[str, Reference] = {}
"""References of this worker, with their cached results, by tested backend."""

GRACE = 10.0
"""Seconds beyond its limit in which a check may stop by itself."""

SPARE = 60.0
"""Seconds for a process to start and import."""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""The variables that OpenBLAS, and OpenMP, by which PyTorch and MKL compute, read when they are loaded."""


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


def _run_all(chosen: Sequence[Check], backend: str, level: str, seed: int, path: Path) -> None:
    """Run checks and write each outcome to a file at once, as this process may be stopped."""
    reference = _references.setdefault(backend, Reference(reference_for(backend)))
    outcomes = run_checks(chosen, backend, reference, LEVELS[level], seed)
    with path.open("ab") as done, _stopped(path).open("w") as stopped:
        while True:
            # Signal handlers do not interrupt native code.
            faulthandler.dump_traceback_later(LEVELS[level].limit + GRACE, file=stopped, exit=True)
            outcome = next(outcomes, None)
            faulthandler.cancel_dump_traceback_later()
            if outcome is None:
                return
            pickle.dump(outcome, done)
            done.flush()


def _stopped(path: Path) -> Path:
    """The file that marks a process as stopped for a check that took too long."""
    return path.with_suffix(".stopped")


def run_in_processes(
    backends: Sequence[str],
    chosen: Sequence[Check],
    *,
    level: str,
    seed: int,
    jobs: int,
    advance: Callable[[Outcome], None],
) -> None:
    """Do checks in processes of their own, and hand over their outcomes as they come.

    Parameters
    ----------
    backends
        Their names; each must be one that a new process finds by itself.
    chosen
        The checks. Those of one operation are done in one process, which keeps what the reference gave.
    level, seed
        As in `run`.
    jobs
        Number of processes.
    advance
        Called with each outcome.
    """
    from pebble import ProcessPool

    # A fork of a process that has threads, as JAX starts them, may hang.
    with (
        shared_cores(jobs),
        TemporaryDirectory() as folder,
        ProcessPool(jobs, context=_KeepingLocks()) as pool,
    ):
        begun: dict[Future[None], tuple[Path, str, list[Check]]] = {}
        for backend in backends:
            for _, group in groupby(chosen, key=lambda check: check.operation):
                of_one, path = list(group), Path(folder, str(len(begun)))
                limit = (LEVELS[level].limit + GRACE) * len(of_one) + SPARE
                future = pool.schedule(_run_all, args=(of_one, backend, level, seed, path), timeout=limit)
                begun[future] = path, backend, of_one
        try:
            for done in as_completed(begun):
                for outcome in _outcomes(done, *begun[done]):
                    advance(outcome)
        except BaseException:
            # Else the pool would do first what it has been given.
            pool.stop()
            raise


@contextlib.contextmanager
def shared_cores(jobs: int) -> Iterator[None]:
    """Give processes that start in the block their share of the cores, unless the user says how many threads.

    Threads wait for each other where others keep the cores busy: a decomposition of small matrices in four threads, or
    an elementwise function of PyTorch in two, takes thirty times as long.
    """
    share = dict.fromkeys(set(THREADS).difference(os.environ), str(max(1, (os.cpu_count() or 1) // jobs)))
    os.environ.update(share)
    try:
        yield
    finally:
        for name in share:
            del os.environ[name]


def _outcomes(future: Future[None], path: Path, backend: str, chosen: list[Check]) -> Iterator[Outcome]:
    """The outcomes that were written, the failure of the check that ended the process, and that of those behind it."""
    written = list(_read(path)) if path.exists() else []
    yield from written
    error = future.exception()
    if error is None:
        return
    if isinstance(error, TimeoutError) or (_stopped(path).exists() and _stopped(path).stat().st_size):
        reason = "did not return within the time limit, and was stopped"
    else:
        # A plugin crashed the interpreter, or called os._exit.
        reason = f"ended the process: {' '.join(str(error).split())}"
    ending, *behind = chosen[len(written) :]
    yield Outcome(backend, ending.chapter, ending.operation, ending.aspect, FAILED, failure=Failure(reason))
    for check in behind:
        yield not_run(check, backend, ending.aspect)


def _read(path: Path) -> Iterator[Outcome]:
    with path.open("rb") as file, contextlib.suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(file)
