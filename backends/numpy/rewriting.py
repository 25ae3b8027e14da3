"""Instructions of a program replaced by fewer ones, or by ones whose results lie in order in memory."""

from __future__ import annotations

import collections
from typing import Any

from ..program import Instruction, Program, Var, variables
from .indexing import add_at
from .products import matmul

_TRANSPOSES = "matrix_transpose", "permute_dims"

_BASIC = int, slice, type(None), type(Ellipsis)


def rewritten(program: Program) -> Program:
    """The program with sums of slices added in place, and transposed matrix products as products of transposes."""
    return _Rewriter(program).program()


class _Rewriter:
    """Rewrites the instructions of one program in order."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._made = {one.results: one for one in program.instructions if type(one.results) is Var}
        self._uses = collections.Counter(program.outputs)
        for one in program.instructions:
            self._uses.update(variables((one.operands, one.parameters)))
        self._last = max((var.number for var in (*program.inputs, *program.constants, *self._made)), default=0)
        self._kept: list[Instruction] = []
        self._replaced: set[Var] = set()

    def program(self) -> Program:
        for one in self._program.instructions:
            self._rewrite(one)
        kept = (one for one in self._kept if type(one.results) is not Var or one.results not in self._replaced)
        return self._program._replace(instructions=tuple(kept))

    def _rewrite(self, one: Instruction) -> None:
        if one.name == "add":
            one = self._added(one)
        elif one.name in _TRANSPOSES and type(one.results) is Var and len(one.results.shape) == 2:
            one = self._transposed(one)
        self._kept.append(one)

    def _only_use(self, var: Any, name: str) -> Instruction | None:
        """The instruction of a name that made an array which is used once."""
        found = self._made.get(var) if type(var) is Var and self._uses[var] == 1 else None
        return found if found is not None and found.name == name else None

    def _added(self, one: Instruction) -> Instruction:
        """``x + embed(part, shape, index)`` as an addition to a part of `x`."""
        for x, other in (one.operands, one.operands[::-1]):
            embedded = self._only_use(other, "embed")
            if embedded is None or type(x) is not Var or len(embedded.operands) != 3 or embedded.parameters:
                continue
            if x.shape == other.shape and x.dtype == other.dtype == one.results.dtype:
                part, _, index = embedded.operands
                if type(index) is not tuple or not all(type(item) in _BASIC for item in index):
                    continue
                self._replaced.add(other)
                return one._replace(name="add_at", kernel=add_at, operands=(x, part, index))
        return one

    def _transposed(self, one: Instruction) -> Instruction:
        """The transpose of a product of two matrices as the product of their transposes, which has rows in memory."""
        (x, *axes) = one.operands
        product = self._only_use(x, "matmul")
        is_transpose = not axes and not one.parameters if one.name == "matrix_transpose" else _axes(one) == (1, 0)
        if product is None or not is_transpose or any(len(each.shape) != 2 for each in product.operands):
            return one
        first, second = (self._transpose_of(each, one) for each in product.operands)
        self._replaced.add(x)
        return one._replace(name="matmul", kernel=matmul, operands=(second, first), parameters={})

    def _transpose_of(self, x: Var, at: Instruction) -> Var:
        made = self._made.get(x)
        if made is not None and made.name == "matrix_transpose":
            source: Var = made.operands[0]
            return source
        self._last += 1
        found = Var(self._last, x.shape[::-1], x.dtype)
        self._kept.append(Instruction("matrix_transpose", _transpose, (x,), {}, found, at.line))
        return found


def _transpose(x: Any) -> Any:
    return x.T


def _axes(one: Instruction) -> Any:
    return one.parameters.get("axes", one.operands[1] if len(one.operands) > 1 else None)
