"""Programs with less to do: equal instructions are shared, and those that nothing needs left out."""

from __future__ import annotations

from typing import Any

import numpy

from ...backends.program import Instruction, Program, Var, substituted, variables


def simplified(program: Program) -> Program:
    """The program without instructions that another one equals, or whose results nothing needs."""
    return _without_unused(_with_shared(program))


def _with_shared(program: Program) -> Program:
    """Compute what several instructions compute only once."""
    first: dict[Any, Any] = {}
    same: dict[Var, Var] = {}
    kept: list[Instruction] = []

    def present(var: Var) -> Var:
        return same.get(var, var)

    needed = set(program.outputs)
    for one in program.instructions:
        operands, parameters = substituted((one.operands, one.parameters), present)
        found = list(variables(one.results))
        if found and not needed.intersection(found):
            key = one.name, one.kernel, described(operands), described(parameters)
            known = first.setdefault(key, found)
            if known is not found:
                same.update(zip(found, known, strict=True))
                continue
        kept.append(one._replace(operands=operands, parameters=parameters))
    return program._replace(instructions=tuple(kept))


def _without_unused(program: Program) -> Program:
    live = set(program.outputs)
    kept = []
    for one in reversed(program.instructions):
        if one.results is None or not live.isdisjoint(variables(one.results)):
            live.update(variables((one.operands, one.parameters)))
            kept.append(one)
    constants = {var: array for var, array in program.constants.items() if var in live}
    return program._replace(instructions=tuple(reversed(kept)), constants=constants)


def described(tree: Any) -> Any:
    """Operands as something hashable, equal for equal ones."""
    if type(tree) is Var:
        return tree.number
    if isinstance(tree, (tuple, list)):
        return (type(tree), *map(described, tree))
    if isinstance(tree, dict):
        return tuple((key, described(one)) for key, one in tree.items())
    if isinstance(tree, slice):
        return slice, described((tree.start, tree.stop, tree.step))
    if isinstance(tree, numpy.ndarray):
        return tree.dtype.str, tree.shape, tree.tobytes()
    # 0.0 and -0.0, and 1 and True, are equal.
    return (type(tree), repr(tree)) if isinstance(tree, (int, float, complex, str, type(None))) else tree
