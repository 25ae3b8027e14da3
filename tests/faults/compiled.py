"""Faults of what runs programs, which only compiled functions show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.backends.program import Executable, Program

from .fault import Fault

Run = Callable[..., Any]


def running(name: str, wrong: Callable[[Run], Run]) -> type[NumPy]:
    """The plugin that runs programs with an operation in another way."""

    class Changed(NumPy):
        def executable(self, program: Program) -> Executable:
            sound = super().executable(program)
            has_operation = any(one.name == name for one in program.instructions)
            return sound._replace(run=wrong(sound.run)) if has_operation else sound

    return Changed


def _with_first_arrays(run: Run) -> Run:
    kept: list[Any] = []

    def stale(*arrays: Any) -> Any:
        kept.append([numpy.array(one) for one in arrays])
        return run(*kept[0])

    return stale


def _into_one_buffer(run: Run) -> Run:
    buffers: list[Any] = []

    def reusing(*arrays: Any) -> Any:
        found = run(*arrays)
        if not buffers:
            buffers.extend(found)
        for buffer, one in zip(buffers, found, strict=True):
            buffer[...] = one
        return buffers

    return reusing


FAULTS = (
    Fault(
        "programs_of_first_arrays",
        "roll",
        "a program runs on the arrays of its first call",
        running("roll", _with_first_arrays),
    ),
    Fault(
        "programs_into_one_buffer",
        "flip",
        "a program's outputs are the arrays of its last call",
        running("flip", _into_one_buffer),
    ),
)
