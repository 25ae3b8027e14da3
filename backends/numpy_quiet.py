"""NumPy's functions without its floating-point warnings, the user's own settings staying as they are."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any

import numpy

from .contract import Kernel


def _quiet_context() -> contextvars.Context:
    context = contextvars.Context()
    context.run(numpy.seterr, all="ignore")
    return context


run = _quiet_context().run
"""``run(function, *arguments)`` without floating-point warnings, for functions written in C.

Entering `numpy.errstate` costs as much as adding two small arrays; running in a context in which it was entered once
costs a tenth of that. A context runs in one thread at a time: where another has it, RuntimeError says so, and
`run_anyway` does the work.
"""


def run_anyway(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """The same for any function, and in any number of threads."""
    with numpy.errstate(all="ignore"):
        return function(*arguments, **keywords)


def quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """The same for functions written in C, in any number of threads."""
    try:
        return run(function, *arguments)
    except RuntimeError:
        return run_anyway(function, *arguments)


def quiet(function: Callable[..., Any]) -> Kernel:
    """A function that may be of Python's, for good."""

    @functools.wraps(function)
    def kernel(*arguments: Any, **keywords: Any) -> Any:
        with numpy.errstate(all="ignore"):
            return function(*arguments, **keywords)

    return kernel
