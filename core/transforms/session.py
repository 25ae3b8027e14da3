"""Run a function while the kernel calls on the tensors that it uses are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, final

from ..dispatch.keys import DispatchKey
from ..dispatch.levels import LEVELS
from ..memory.tensor import Tensor
from ..types.devices import derived
from .captured import Captures
from .recording import Recording

T = TypeVar("T")


def recorded(
    key: DispatchKey,
    transform: str,
    tensors: Iterable[Tensor],
    run: Callable[[Recording], T],
    is_final: Callable[[T], bool] = lambda found: False,
) -> T:
    """What ``run(recording)`` returns, while it is recorded what it computes.

    It runs a second time if that shows which of the tensors need not be taken as parts of shared memory, unless
    ``is_final(found)``.

    Parameters
    ----------
    key
        One of the backend and device that the function computes on.
    transform
        The name of the library of recorded arrays in `derivations`.
    tensors
        Those from outside that the function may use.
    run
    is_final
    """
    apart: set[int] = set()
    found: list[Any] = []
    tensors = list(tensors)

    def record() -> None:
        try:
            with Captures(recording, tensors, apart), recording, _Inside(recording):
                found[:] = [run(recording), None]
        except BaseException as error:
            # The backend is not to explain it as its own.
            found[:] = [None, error]

    for _ in range(2):
        recording = Recording(key, transform)
        recording.library.inner.backend.record(record)
        if found[1] is not None:
            raise found[1]
        apart = recording.captures.apart()
        if is_final(found[0]) or not apart:
            break
    result: T = found[0]
    return result


@final
class _Inside:
    """A context in which a recording is the open level, and new tensors are its own."""

    __slots__ = ("_device", "_recording", "_token")

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def __enter__(self) -> None:
        self._token = LEVELS.set((self._recording,))
        self._device = derived(self._recording.key.device, self._recording.library.transform)
        self._device.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._device.__exit__(*exception)
        LEVELS.reset(self._token)
