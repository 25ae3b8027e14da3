"""Time limits for blocks of code."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class TimedOut(BaseException):
    """The time limit is exceeded. No `Exception`, since code that hangs may catch those."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """A context manager that raises `TimedOut` in its block after a time.

    It interrupts the main thread only, and no native code; on systems without ``SIGALRM`` there is no limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TimedOut(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
