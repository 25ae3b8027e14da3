"""`detect_anomaly`: find the operation in the forward pass that causes an error or NaN in the backward pass."""

from __future__ import annotations

import contextlib
import os
import pathlib
import weakref
from contextvars import ContextVar
from typing import Any

from .observers import observing
from .outputs import Gradients

_ROOT = pathlib.Path(__file__).resolve().parent.parent

_OURS = (*(str(_ROOT / folder) + os.sep for folder in ("autograd", "backends", "core", "losses")), "<record ")
"""The beginnings of file names of internal frames, which are left out of stacks."""

_detecting: ContextVar[bool] = ContextVar("tensorplug_detecting_anomalies", default=False)
_checking: ContextVar[bool] = ContextVar("tensorplug_checking_nan", default=False)

_origins: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


class detect_anomaly(contextlib.ContextDecorator):
    """Report where the operation was recorded that raises or returns NaN in a backward pass.

    Forward and backward passes must both run under it, and take many times as long.

    Parameters
    ----------
    check_nan : bool, default: True
        Whether a gradient with NaN is an error.

    Raises
    ------
    RuntimeError
        In a backward pass, at the first operation that returns a NaN, with the lines that recorded it. To other
        exceptions those lines are added as a note.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor(-1.0, requires_grad=True)
    >>> with tp.autograd.detect_anomaly():
    ...     tp.sqrt(x).backward()
    Traceback (most recent call last):
    ...
    RuntimeError: sqrt returned nan values in its 0th gradient...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan
        self._exits: list[contextlib.ExitStack] = []

    def __enter__(self) -> None:
        stack = contextlib.ExitStack()
        stack.callback(_detecting.reset, _detecting.set(True))
        stack.callback(_checking.reset, _checking.set(self._check_nan))
        stack.enter_context(observing(_remember))
        self._exits.append(stack)

    def __exit__(self, *exception: Any) -> None:
        self._exits.pop().close()


def _remember(node: Any, out: Any) -> None:
    import traceback

    _origins[node] = traceback.extract_stack()


def is_detecting() -> bool:
    """Whether `detect_anomaly` is in force."""
    return _detecting.get()


def checked_vjp(node: Any, gradient: Any, ops: Any, saved: Any) -> Any:
    """Call a rule's VJP, and raise with the place of recording if it fails or a gradient has NaN."""
    try:
        gradients = node.rule.vjp(node, gradient, ops, saved)
    except Exception as error:
        error.add_note(_origin(node))
        raise
    if _checking.get():
        for position, found in enumerate(gradients):
            parts = found.reached() if type(found) is Gradients else (found,)
            for part in parts:
                if part is not None:
                    ops.inspect(_require_no_nan, ops.any(ops.isnan(part)), node=node, position=position)
    return gradients


def _require_no_nan(found: Any, node: Any, position: int) -> None:
    if found.any():
        raise RuntimeError(f"{node.name} returned nan values in its {position}th gradient. {_origin(node)}")


def _origin(node: Any) -> str:
    stack = _origins.get(node)
    if stack is None:
        return f"{node.name} was recorded outside of detect_anomaly; enclose the forward pass too."
    import traceback

    users = [frame for frame in stack if not frame.filename.startswith(_OURS)] or list(stack)
    return f"{node.name} was recorded here:\n{''.join(traceback.format_list(users))}"
