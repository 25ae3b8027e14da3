"""`no_grad`, `enable_grad`, `inference_mode`: whether operations are recorded, for each thread and async task.

A mode set inside a generator stays in force while the generator is suspended, as with any context variable; decorate
the generator function instead, which sets it at each step.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any, TypeVar

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
]

_recording: ContextVar[bool] = ContextVar("tensorplug_recording", default=True)

_inference: ContextVar[bool] = ContextVar("tensorplug_inference", default=False)

is_inference_mode_enabled: Callable[[], bool] = _inference.get
"""Whether `inference_mode` is in force."""

is_grad_enabled: Callable[[], bool] = _recording.get
"""Whether operations on tensors that require a gradient are recorded."""

set_recording, reset_recording = _recording.set, _recording.reset

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Mode:
    """A context manager in which operations are recorded or not."""

    def __init__(self, mode: bool) -> None:
        self._mode = mode
        self._previous: list[bool] = []

    def __enter__(self) -> None:
        self._previous.append(_recording.get())
        _recording.set(self._mode and not _inference.get())

    def __exit__(self, *exception: object) -> None:
        _recording.set(self._previous.pop())

    def __call__(self, function: _Function) -> _Function:
        return _decorate(function, functools.partial(_Mode, self._mode))


class set_grad_enabled(_Mode):
    """Enable or disable recording: from here on, for a ``with`` block, or for a decorated function.

    Parameters
    ----------
    mode : bool
        Whether to record.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> with tp.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode: bool) -> None:
        super().__init__(mode)
        self._before = _recording.get()
        _recording.set(mode and not _inference.get())

    def __enter__(self) -> None:
        _recording.set(self._mode and not _inference.get())

    def __exit__(self, *exception: object) -> None:
        _recording.set(self._before)

    def __call__(self, function: _Function) -> _Function:
        _recording.set(self._before)
        return super().__call__(function)


class no_grad(_Mode):
    """Disable recording for a ``with`` block or a decorated function (with or without parentheses).

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> with tp.no_grad():
    ...     (x * 2).requires_grad
    False
    >>> @tp.no_grad
    ... def double(x):
    ...     return x * 2
    >>> double(x).requires_grad
    False
    """

    def __new__(cls, function: Any = None) -> Any:
        return super().__new__(cls) if function is None else _decorate(function, no_grad)

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_Mode):
    """Enable recording for a ``with`` block or a decorated function, inside `no_grad` too.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> with tp.no_grad(), tp.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    def __new__(cls, function: Any = None) -> Any:
        return super().__new__(cls) if function is None else _decorate(function, enable_grad)

    def __init__(self) -> None:
        super().__init__(True)


class inference_mode:
    """Disable recording and backward passes for a ``with`` block or a decorated function.

    Unlike in `no_grad`, `enable_grad` has no effect inside, and a backward pass is an error.

    Parameters
    ----------
    mode : bool, default: True
        False restores what holds outside any `inference_mode`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0], requires_grad=True)
    >>> with tp.inference_mode(), tp.enable_grad():
    ...     (x * 2).requires_grad
    False
    """

    def __new__(cls, mode: Any = True) -> Any:
        return super().__new__(cls) if isinstance(mode, bool) else cls(True)(mode)

    def __init__(self, mode: bool = True) -> None:
        self._mode = mode
        self._previous: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._previous.append((_inference.get(), _recording.get()))
        if self._mode != _inference.get():
            _recording.set(not self._mode)
        _inference.set(self._mode)

    def __exit__(self, *exception: object) -> None:
        inference, recording = self._previous.pop()
        _inference.set(inference)
        _recording.set(recording)

    def __call__(self, function: _Function) -> _Function:
        return _decorate(function, functools.partial(inference_mode, self._mode))


def _decorate(function: Any, mode: Callable[[], Any]) -> Any:
    """Run a function under a mode: a generator at each step, a coroutine across awaits."""
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def stepwise(*arguments: Any, **keywords: Any) -> Generator[Any, Any, Any]:
            generator = function(*arguments, **keywords)
            step, sent = generator.send, None
            while True:
                try:
                    with mode():
                        item = step(sent)
                except StopIteration as stop:
                    return stop.value
                try:
                    step, sent = generator.send, (yield item)
                except GeneratorExit:
                    with mode():
                        generator.close()
                    raise
                except BaseException as error:
                    step, sent = generator.throw, error

        return stepwise

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*arguments: Any, **keywords: Any) -> Any:
            with mode():
                return await function(*arguments, **keywords)

        return awaited

    @functools.wraps(function)
    def called(*arguments: Any, **keywords: Any) -> Any:
        with mode():
            return function(*arguments, **keywords)

    return called
