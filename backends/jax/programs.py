"""Programs as one function that JAX compiles."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from ..program import Executable, Instruction, Program, replay, variables


class Check(NamedTuple):
    """A check of values that are not there yet: ``check(*arrays, **parameters)``."""

    check: Callable[..., None]
    arrays: tuple[Any, ...]
    parameters: dict[str, Any]


class _Tracing(threading.local):
    checks: list[Check] | None = None
    shardings: dict[int, Any] | None = None


TRACING = _Tracing()
"""The checks that come up while this thread traces a program, and, on a mesh, how its inputs are divided, by identity.

None while it traces none.
"""


def executable(program: Program, backend: Any, jax: Any) -> Executable:
    """What runs a program: see `tensorplug.backends.Backend.executable`.

    Inputs that outputs update are donated. Checks of inputs are made before the program runs, and checks of what it
    computes on values that come out with its outputs.
    """
    first = [one for one in program.instructions if _is_of_inputs(one, program)]
    rest = program._replace(instructions=tuple(one for one in program.instructions if one not in first))
    positions = [[program.inputs.index(var) for var in variables(one.operands)] for one in first]
    count = len(program.outputs)
    late: list[Check] = []

    def host(array: Any) -> numpy.ndarray:
        return numpy.asarray(backend.gathered(array))

    @functools.cache
    def compiled(shardings: tuple[Any, ...] | None) -> Callable[..., Any]:
        """The function of inputs that are divided over a mesh in this way; None without a mesh."""

        def compute(*arrays: Any) -> list[Any]:
            TRACING.checks = []
            TRACING.shardings = dict(zip(map(id, arrays), shardings, strict=True)) if shardings else None
            try:
                outputs = [*replay(rest, arrays, backend)]
                late[:] = TRACING.checks
                for output, given in program.updates.items() if shardings else ():
                    outputs[output] = backend.redistribute_like(outputs[output], arrays[given])
            finally:
                TRACING.checks = TRACING.shardings = None
            return [*outputs, *(array for one in late for array in one.arrays)]

        return jax.jit(compute, donate_argnums=tuple(program.updates.values()))

    plain = compiled(None)
    scope = backend.scope

    def run(*arrays: Any) -> Sequence[Any]:
        for one, places in zip(first, positions, strict=True):
            one.kernel(*(host(arrays[i]) for i in places), **one.parameters)
        on_mesh = backend.has_meshes and arrays and backend.is_mesh(arrays[0].sharding)
        function = compiled(tuple(array.sharding for array in arrays)) if on_mesh else plain
        with scope():
            found: Sequence[Any] = backend.settled(function(*arrays))
        return found

    def check(found: Sequence[Any]) -> None:
        at = count
        for one in late:
            after = at + len(one.arrays)
            one.check(*map(host, found[at:after]), **one.parameters)
            at = after

    return Executable(run, check)


def _is_of_inputs(instruction: Instruction, program: Program) -> bool:
    found = [*variables((instruction.operands, instruction.parameters))]
    return (
        instruction.name == "inspect" and set(found) <= set(program.inputs) and len(found) == len(instruction.operands)
    )
