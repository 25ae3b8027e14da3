"""Programs: what a compiled function computes, as a list of kernel calls on arrays that a backend runs.

A program is pure. Its instructions make new arrays of others and write none: a write into a tensor is a program's
array that takes the place of an input, which `Program.updates` says. So instructions may be left out, shared and moved
as their operands allow, and memory may be reused once the last instruction that needs it has run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, final


@final
class Var:
    """An array of a program, compared by identity.

    Attributes
    ----------
    number : int
        Its place in the order in which arrays came up while the program was recorded.
    shape : tuple of int
    dtype
        The library's own object.
    """

    __slots__ = ("dtype", "number", "shape")

    def __init__(self, number: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.number = number
        self.shape = shape
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"%{self.number}"


class Instruction(NamedTuple):
    """One call of a kernel: ``results = kernel(*operands, **parameters)``.

    Attributes
    ----------
    name : str
        That of the operation, such as ``"add"``; ``"inspect"`` for a check of values, which is made by
        ``backend.inspect(kernel, *operands, **parameters)`` and has no result.
    kernel : callable
        A kernel of the backend, or a function of Python's module `operator` on its arrays.
    operands : tuple
    parameters : dict
        In both, a `Var` stands where the kernel takes an array, within tuples, lists, dicts and slices too. An index
        may hold NumPy's arrays, as those of kernels may. Everything else is a constant.
    results : tree of Var
        A Var, or a tuple of them as the kernel returns it; None in place of what is no array.
    line : str
        ``"file:line"`` of the user's code that it was recorded at.
    """

    name: str
    kernel: Callable[..., Any]
    operands: tuple[Any, ...]
    parameters: dict[str, Any]
    results: Any
    line: str

    def __str__(self) -> str:
        given = [*map(repr, self.operands), *(f"{name}={value!r}" for name, value in self.parameters.items())]
        return f"{'' if self.results is None else f'{self.results} = '}{self.name}({', '.join(given)})"


class Program(NamedTuple):
    """Instructions with their inputs and outputs.

    Attributes
    ----------
    inputs : tuple of Var
    constants : dict of Var to array
    instructions : tuple of Instruction
        Each after those whose results it takes.
    outputs : tuple of Var
        No Var twice; inputs and constants may be among them.
    updates : dict of int to int
        ``updates[position of an output]`` is the position of an input of that shape and dtype, whose memory the output
        will be written into. Nothing else needs that memory once the program has read it, so the program may put the
        output there.
    """

    inputs: tuple[Var, ...]
    constants: dict[Var, Any]
    instructions: tuple[Instruction, ...]
    outputs: tuple[Var, ...]
    updates: dict[int, int]

    def __str__(self) -> str:
        head = ", ".join(f"{var}: {var.dtype}{list(var.shape)}" for var in self.inputs)
        lines = [f"program({head})", *(f"    {one}" for one in self.instructions)]
        return "\n".join([*lines, f"    return {', '.join(map(repr, self.outputs))}"])


class Executable(NamedTuple):
    """What runs a program.

    Attributes
    ----------
    run : callable
        ``run(*arrays)`` gives the outputs for arrays of the inputs' shapes and dtypes. It may give more after them.
    check : callable or None
        ``check(found)`` is called with what `run` gave, once the outputs are where they belong; it raises the error of
        a check of values that `run` did not make.
    """

    run: Callable[..., Sequence[Any]]
    check: Callable[[Sequence[Any]], None] | None = None


def substituted(tree: Any, replace: Callable[[Any], Any], types: tuple[type, ...] = (Var,)) -> Any:
    """Operands with something else in the place of everything of some types, by default of `Var`."""
    if isinstance(tree, types):
        return replace(tree)
    if isinstance(tree, (tuple, list)):
        parts = [substituted(one, replace, types) for one in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        return {key: substituted(one, replace, types) for key, one in tree.items()}
    if isinstance(tree, slice):
        return slice(*(substituted(one, replace, types) for one in (tree.start, tree.stop, tree.step)))
    return tree


def variables(tree: Any) -> Iterator[Var]:
    """The Vars in operands or results, in order."""
    found: list[Var] = []
    substituted(tree, found.append)
    return iter(found)


def replay(program: Program, arrays: Sequence[Any], backend: Any) -> list[Any]:
    """The outputs of a program for arrays, instruction by instruction; memory is not considered."""
    values = {**program.constants, **dict(zip(program.inputs, arrays, strict=True))}
    for name, kernel, operands, parameters, results, _ in program.instructions:
        given = substituted(operands, values.__getitem__)
        named = substituted(parameters, values.__getitem__) if parameters else parameters
        if name == "inspect":
            backend.inspect(kernel, *given, **named)
            continue
        _assign(values, results, kernel(*given, **named))
    return [values[var] for var in program.outputs]


def _assign(values: dict[Var, Any], results: Any, found: Any) -> None:
    if type(results) is Var:
        values[results] = found
    elif results is not None:
        for one, part in zip(results, found, strict=True):
            _assign(values, one, part)
