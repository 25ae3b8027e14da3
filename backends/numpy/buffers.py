"""Where the arrays of a program on NumPy are kept: how long each is needed, and which buffer holds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ..program import Program, Var, variables
from .steps import Run, Step

ALIGNMENT = 64


class Lives:
    """Until when arrays are needed, as positions of nodes; outputs are needed until the end.

    Attributes
    ----------
    read : dict of Var to int
        The last node that reads the memory of an input or of a new array, directly or as a view.
    named : dict of Var to int
        The last node that has an array itself among its operands or results.
    roots : dict of Var to set of Var
        The inputs and new arrays whose memory an array may be in: what a kernel returns may be a view of any operand.
    """

    def __init__(self, program: Program, nodes: Sequence[Step | Run]) -> None:
        self.read: dict[Var, int] = {}
        self.named: dict[Var, int] = {}
        self.roots: dict[Var, set[Var]] = {var: {var} for var in program.inputs}
        self.roots |= {var: set() for var in program.constants}
        for n, node in enumerate(nodes):
            for step in node.steps if isinstance(node, Run) else [node]:
                roots = set() if step.form else {root for var in step.operands for root in self.roots[var]}
                results = list(variables(step.instruction.results))
                self.roots |= {var: roots or {var} for var in results}
                self._need([*step.operands, *results], n)
        self._need(program.outputs, len(nodes))
        self._unread, self._unnamed = _by_value(self.read), _by_value(self.named)

    def unread(self, n: int) -> list[Var]:
        """The arrays whose memory a node is the last to read."""
        return self._unread.get(n, [])

    def unnamed(self, n: int) -> list[Var]:
        """The arrays that a node is the last to name."""
        return self._unnamed.get(n, [])

    def _need(self, vars: Sequence[Var], n: int) -> None:
        for var in vars:
            self.named[var] = n
            self.read |= dict.fromkeys(self.roots[var], n)


def _by_value(positions: dict[Var, int]) -> dict[int, list[Var]]:
    found: dict[int, list[Var]] = {}
    for var, n in positions.items():
        found.setdefault(n, []).append(var)
    return found


class Buffers:
    """Buffers of a program, each of which holds arrays of one size, one after the other.

    Attributes
    ----------
    lines : list of str
        The code that makes the buffers and the arrays in them.

    Parameters
    ----------
    constant
        The expression of a dtype.
    """

    def __init__(self, constant: Callable[[Any], str]) -> None:
        self._constant = constant
        self.lines: list[str] = []
        self._made: dict[str, str] = {}
        self._count = 0
        self._free: dict[int, list[str]] = {}
        self._held: dict[Var, str] = {}

    def once(self, expression: str) -> str:
        """The name of what an expression gives; equal expressions are evaluated once."""
        name = self._made.get(expression)
        if name is None:
            name = self._made[expression] = f"a{len(self._made)}"
            self.lines.append(f"{name} = {expression}")
        return name

    def hold(self, var: Var, after: Var | None = None) -> str:
        """The name of an array in a buffer that is free, or in that of another array that is needed no more."""
        count = _size(var)
        if after is not None:
            buffer = self._held.pop(after)
        elif self._free.get(count):
            buffer = self._free[count].pop()
        else:
            buffer = f"b{self._count}"
            self._count += 1
            self.lines.append(f"{buffer} = buffer({count})")
        self._held[var] = buffer
        return self.once(f"array({buffer}, {var.shape}, {self._constant(var.dtype)})")

    def holds(self, var: Var) -> bool:
        """Whether an array is in a buffer."""
        return var in self._held

    def free(self, vars: Sequence[Var]) -> None:
        """Give back the buffers of arrays."""
        for var in vars:
            if var in self._held:
                self._free.setdefault(_size(var), []).append(self._held.pop(var))


def _size(var: Var) -> int:
    """The number of bytes of an array."""
    return math.prod(var.shape) * int(var.dtype.itemsize)


def buffer(count: int) -> Any:
    """So many bytes, aligned for vector instructions."""
    memory = numpy.empty(count + ALIGNMENT, numpy.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count]
