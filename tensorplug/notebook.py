"""What `%load_ext tensorplug` does in IPython and notebooks: tracebacks end in the user's line."""

from __future__ import annotations

import os
import sysconfig
from types import TracebackType
from typing import Any

_PACKAGE = __name__.partition(".")[0]

_LIBRARIES = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platlib", "purelib"))

NOTE = "(lines inside of tensorplug are left out; %unload_ext tensorplug shows them again)"


def load_ipython_extension(shell: Any) -> None:
    """Show tracebacks of errors without the lines inside of Tensorplug: ``%load_ext tensorplug``."""
    shell.set_custom_exc((Exception,), _show)


def unload_ipython_extension(shell: Any) -> None:
    """Show whole tracebacks again: ``%unload_ext tensorplug``."""
    shell.set_custom_exc((), None)


def _show(shell: Any, kind: type[Exception], error: Exception, traceback: Any, tb_offset: int | None = None) -> None:
    shortened = without_our_lines(traceback)
    if shortened is not traceback and NOTE not in getattr(error, "__notes__", ()):
        error.add_note(NOTE)
    cause = error.__cause__ or error.__context__
    while cause is not None:
        cause.__traceback__ = without_our_lines(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    shell.showtraceback((kind, error.with_traceback(shortened), shortened), tb_offset=tb_offset)


def without_our_lines(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without the lines inside of Tensorplug and of libraries that it calls.

    The traceback itself is returned if it has none of them, or nothing else.
    """
    steps, kept, inside = [], [], False
    while traceback is not None:
        steps.append(traceback)
        # Code that Tensorplug generates belongs to no module.
        name = traceback.tb_frame.f_globals.get("__name__", _PACKAGE)
        ours = name == _PACKAGE or name.startswith(f"{_PACKAGE}.")
        inside = inside or ours
        if not ours and not (inside and traceback.tb_frame.f_code.co_filename.startswith(_LIBRARIES)):
            kept.append(traceback)
        traceback = traceback.tb_next
    if not kept or len(kept) == len(steps):
        return steps[0] if steps else None
    result = None
    for step in reversed(kept):
        result = TracebackType(result, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return result
