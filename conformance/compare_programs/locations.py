"""The line of the user's program that called an operation, or that raised an exception."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import NamedTuple

_PACKAGE = __name__.partition(".")[0]

_CALLER = f"{__name__.rpartition('.')[0]}.program"
"""The module that calls the program; frames outside of it are not the program's."""

_LIBRARIES = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platlib", "purelib"))


class Location(NamedTuple):
    """A line of a source file."""

    file: str
    line: int

    @property
    def source(self) -> str:
        """The text of the line; empty where the file cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.source}" if self.source else where


def calling_location() -> Location | None:
    """The innermost line of the running program; None outside of a program."""
    return _innermost((frame, frame.f_lineno) for frame in _frames())


def raising_location(traceback: TracebackType | None) -> Location | None:
    """The innermost line of a program in a traceback."""
    steps = []
    while traceback is not None:
        steps.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return _innermost(reversed(steps))


def is_of_program(frame: FrameType, folder: str) -> bool:
    """Whether a frame runs a file of a program's folder that belongs neither to Tensorplug nor to a library."""
    file = frame.f_code.co_filename
    return file.startswith(folder) and not file.startswith(_LIBRARIES) and not _is_ours(frame)


def _is_ours(frame: FrameType) -> bool:
    # Code that Tensorplug generates belongs to no module.
    name = frame.f_globals.get("__name__", _PACKAGE)
    return bool(name == _PACKAGE or name.startswith(f"{_PACKAGE}."))


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") != _CALLER:
        yield frame
        frame = frame.f_back


def _innermost(steps: Iterable[tuple[FrameType, int]]) -> Location | None:
    """The first line that belongs neither to Tensorplug nor, unless there are only such, to an installed library."""
    of_library = None
    for frame, line in steps:
        if _is_ours(frame):
            continue
        location = Location(frame.f_code.co_filename, line)
        if not location.file.startswith(_LIBRARIES):
            return location
        of_library = of_library or location
    return of_library
