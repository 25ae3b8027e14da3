"""In-place writes of a differentiated function to tensors from outside it.

The written values stay. The node that a write gave such a tensor is dropped when the differentiation ends, unless it
depends on something older, which may be differentiated too.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import Any, final

_written: ContextVar[weakref.WeakValueDictionary[int, Any] | None] = ContextVar("tensorplug_written", default=None)


def is_differentiated() -> bool:
    """Whether the running function is being differentiated."""
    return _written.get() is not None


def note_written(*tensors: Any) -> None:
    """Note tensors that a write gave a node, a view's base first, for the running differentiation."""
    written = _written.get()
    if written is not None:
        # By identity, as tensors compare elementwise.
        written.update((id(tensor), tensor) for tensor in tensors)


@final
class within_function:
    """A context manager in which a function is differentiated.

    Parameters
    ----------
    began
        The creation number at which the differentiation began.
    is_recording
        Whether operations are recorded outside it.
    """

    __slots__ = ("_began", "_is_recording", "_token")

    def __init__(self, began: int, is_recording: bool) -> None:
        self._began = began
        self._is_recording = is_recording

    def __enter__(self) -> None:
        self._token = _written.set(weakref.WeakValueDictionary())

    def __exit__(self, *exception: object) -> None:
        written = _written.get()
        _written.reset(self._token)
        assert written is not None
        for tensor in list(written.values()):
            if tensor.is_leaf or tensor._node.order < self._began:
                continue
            if self._is_recording and reaches_beyond([tensor], self._began):
                note_written(tensor)
            else:
                tensor._end_history()


def reaches_beyond(outputs: list[Any], began: int) -> bool:
    """Whether the outputs depend on a node older than a creation number."""
    seen = set()
    pending = [one._node for one in outputs if one.requires_grad]
    while pending:
        node = pending.pop()
        if node.order < began:
            return True
        if node not in seen:
            seen.add(node)
            pending += [edge for edge in node.edges if edge is not None]
    return False
