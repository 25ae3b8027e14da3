"""`checkpoint`: recompute a function in the backward pass to save memory.

Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost", 2016.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import weakref
from collections.abc import Callable
from typing import Any, final

from .captured import is_differentiated, within_function
from .forward import differentiating
from .modes import is_grad_enabled
from .node import next_order
from .observers import observing
from .protocol import is_tensor
from .saved import Deferred, DeferredRule
from .trees import flatten

STATES: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
"""Pairs of functions that get and set the state of random numbers, so that recomputation draws the same."""

SURROUNDINGS: list[Callable[[], contextlib.AbstractContextManager[Any]]] = []
"""Functions that return a context with what surrounds a call now: the default device, the open levels of `vmap`."""


def checkpoint(function: Callable[..., Any], *args: Any, preserve_rng_state: bool = True, **kwargs: Any) -> Any:
    """Call a function and save only its arguments; the backward pass calls it again.

    Parameters
    ----------
    function
        A function that does the same at each call.
    *args, **kwargs
        Its arguments.
    preserve_rng_state : bool, default: True
        Whether the second call draws the same random numbers.

    Returns
    -------
    Whatever the function returns.

    Raises
    ------
    RuntimeError
        In the backward pass: if an argument was written since, or the second call records other operations.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> tp.autograd.checkpoint(lambda x: (x * x).exp().sum(), x).backward()
    >>> bool(tp.all(x.grad == 2 * x * (x * x).exp()))
    True
    """
    if not is_grad_enabled():
        return function(*args, **kwargs)
    segment = _Segment(function, args, kwargs, preserve_rng_state)
    with observing(segment.add):
        result = function(*args, **kwargs)
    segment.forget()
    return result


@final
class _Segment:
    """The operations of one checkpointed call, whose saved values were freed."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], preserve_rng_state: bool
    ) -> None:
        self._function = function
        self._args = args
        self._kwargs = kwargs
        self._surroundings = [read() for read in SURROUNDINGS]
        self._is_differentiated = is_differentiated()
        self._states = [(write, read()) for read, write in STATES] if preserve_rng_state else []
        tensors = [leaf for leaf in flatten((args, kwargs))[0] if is_tensor(leaf)]
        self._versions = [tensor._save()[1:] for tensor in tensors]
        self._nodes: list[weakref.ref[Any]] = []
        self._made: list[Any] = []
        self._marks: list[list[tuple[int, int]]] = []
        self._values: dict[int, tuple[Any, ...]] = {}
        self._lock = threading.RLock()

    def add(self, node: Any, out: Any) -> None:
        """Note an operation that the function recorded."""
        self._nodes.append(weakref.ref(node))
        self._made.append(_description(node, out))
        self._marks.append(_marks(node))

    def forget(self) -> None:
        """Free the saved values of the operations."""
        for position, reference in enumerate(self._nodes):
            node = reference()
            if node is not None and node.saved:
                # In place of the saved values, so that it is freed with them.
                node.saved = (_Place(self, position),)
                node.rule = DeferredRule(node.rule)

    def values(self, position: int) -> tuple[Any, ...]:
        """The saved values of the operation at a position; the first request calls the function again."""
        with self._lock:
            if position not in self._values:
                found = self._recompute()
                self._values = {
                    i: saved for i, saved in enumerate(found) if i == position or self._nodes[i]() is not None
                }
            return self._values.pop(position)

    def _recompute(self) -> list[tuple[Any, ...]]:
        if any(storage.version != version for storage, version in self._versions):
            raise RuntimeError(_MODIFIED)
        before = [(write, read()) for read, write in STATES] if self._states else []
        nodes: list[Any] = []
        made: list[Any] = []
        marked: list[list[tuple[int, int]]] = []

        def note(node: Any, out: Any) -> None:
            nodes.append(node)
            made.append(_description(node, out))
            marked.append(_marks(node))

        try:
            for write, state in self._states:
                write(state)
            with contextlib.ExitStack() as stack:
                for surrounding in self._surroundings:
                    stack.enter_context(surrounding)
                if self._is_differentiated:
                    stack.enter_context(within_function(next_order(), is_recording=False))
                with differentiating(), observing(note):
                    self._function(*self._args, **self._kwargs)
        finally:
            for write, state in before:
                write(state)
        self._require_same(made)
        for marks, old_marks in zip(marked, self._marks, strict=True):
            # Forward mode may have freed the first ones.
            for (now, version), (then, old_version) in zip(marks, old_marks, strict=False):
                if now == then and version != old_version:
                    raise RuntimeError(_MODIFIED)
        return [node.saved for node in nodes]

    def _require_same(self, made: list[Any]) -> None:
        for position, (now, then) in enumerate(itertools.zip_longest(made, self._made)):
            if now != then:
                raise RuntimeError(
                    f"checkpoint: the function recorded another operation when it was called again, at place "
                    f"{position}: {_described(now)}, and {_described(then)} at first; it must do the same at each call"
                )


_MODIFIED = (
    "checkpoint: a tensor has been modified by an inplace operation since the forward pass, so that the function "
    "cannot be computed again; write to a copy (x.clone())"
)


def _description(node: Any, out: Any) -> tuple[str, list[Any]]:
    """The name of an operation, and the shapes and keys of its results."""
    return node.name, [(tuple(one.shape), one._key) for one in (out if isinstance(out, tuple) else (out,))]


def _described(description: Any) -> str:
    if description is None:
        return "none"
    name, results = description
    return f"{name} with a result of " + ", ".join(f"shape {shape}, {key}" for shape, key in results)


def _marks(node: Any) -> list[tuple[int, int]]:
    """The identities and versions of the saved tensors, to tell whether one from outside was written in between."""
    tensors = node.rule.tensors if node.saved else ()
    return [(id(node.saved[3 * i + 1]), node.saved[3 * i + 2]) for i in range(len(tensors))]


@final
class _Place(Deferred):
    """The position of an operation in a segment."""

    __slots__ = ("position", "segment")

    def __init__(self, segment: _Segment, position: int) -> None:
        self.segment = segment
        self.position = position

    def values(self) -> tuple[Any, ...]:
        """The saved values of the operation."""
        return self.segment.values(self.position)
