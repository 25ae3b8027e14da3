"""Find the line after which two backends ran different lines of a program, such as an ``if`` on a value."""

from __future__ import annotations

import contextlib
import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple

from .locations import Location, is_of_program
from .program import Program

LIMIT = 10**6
"""Lines that are kept at most."""


class Fork(NamedTuple):
    """Where two backends ran different lines.

    Attributes
    ----------
    line : Location
        The last line that both ran.
    tested, reference : Location or None
        The line that each ran next; None where its program ended.
    """

    line: Location
    tested: Location | None
    reference: Location | None


def find_fork(program: Program, backend: str, reference: str) -> Fork | None:
    """The first place where the program runs other lines on one backend than on the other, if there is one.

    Only functions that ran on both count: a backend's own kernels may be in the program's file.
    """
    ran = executed_lines(program, backend), executed_lines(program, reference)
    common_functions = set.intersection(*({function for function, _ in lines} for lines in ran))
    tested, expected = ([line for function, line in lines if function in common_functions] for lines in ran)
    common = next(
        (i for i, (one, other) in enumerate(zip(tested, expected, strict=False)) if one != other),
        min(len(tested), len(expected)),
    )
    if common == 0 or len(tested) == len(expected) == common or common == LIMIT:
        return None
    return Fork(tested[common - 1], *(lines[common] if common < len(lines) else None for lines in (tested, expected)))


def executed_lines(program: Program, backend: str) -> list[tuple[CodeType, Location]]:
    """The lines of the program's files that one call runs on a backend in order, each with its function."""
    found: list[tuple[CodeType, Location]] = []
    folder = program.folder

    def trace_lines(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line" and len(found) < LIMIT:
            found.append((frame.f_code, Location(frame.f_code.co_filename, frame.f_lineno)))
        return trace_lines

    def trace_calls(frame: FrameType, event: str, argument: Any) -> Any:
        return trace_lines if is_of_program(frame, folder) else None

    before = sys.gettrace()
    sys.settrace(trace_calls)
    try:
        with contextlib.suppress(Exception):
            program.call(backend)
    finally:
        sys.settrace(before)
    return found
