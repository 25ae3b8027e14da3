"""Programs as straight-line Python, with buffers for intermediate arrays, and long elementwise runs by blocks.

The code that is written for a program is a function ``make()``, which makes buffers, and within it ``run(*inputs)``,
which computes the outputs with these buffers. Calls in several threads have buffers of their own. They are kept from
call to call.
"""

from __future__ import annotations

import linecache
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy

from ..common.quiet import Quiet
from ..common.sizes import RUN_BLOCK
from ..program import Executable, Program, Var, variables
from .buffers import Buffers, Lives, buffer
from .rewriting import rewritten
from .steps import Forms, Run, Step, steps

ndarray, asarray = numpy.ndarray, numpy.asarray


def executable(program: Program, forms: Forms, apart: Callable[..., Any]) -> Executable:
    """What runs a program: see `tensorplug.backends.Backend.executable`.

    Parameters
    ----------
    forms
        By kernel, what computes the same into given memory.
    apart
        `Backend.apart`.
    """
    writer = _Writer(rewritten(program), forms)
    lines, scope = writer.lines(), writer.scope
    scope |= {"Quiet": Quiet, "apart": apart, "array": _array, "asarray": asarray, "blocks": _blocks, "buffer": buffer}
    scope |= {"empty": numpy.empty, "is_apart": _is_apart}
    source, file = "\n".join(lines) + "\n", "<compiled program>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(compile(source, file, "exec"), scope)
    make = scope["make"]
    idle = [make()]

    def run(*arrays: Any) -> Sequence[Any]:
        try:
            own = idle.pop()
        except IndexError:
            # All buffers are in use by other threads.
            own = make()
        try:
            found: Sequence[Any] = own(*arrays)
        finally:
            idle.append(own)
        return found

    return Executable(run)


def _array(memory: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return ndarray(shape, dtype, memory)


def _is_apart(array: Any, others: tuple[Any, ...]) -> bool:
    return not any(numpy.may_share_memory(array, other) for other in others)


def _blocks(length: int, step: int, axes: Sequence[int], arrays: Sequence[tuple[Any, int]]) -> list[tuple[Any, ...]]:
    """For each block of an axis its index as an index of each of `axes`, and as much of arrays as it needs of them.

    Parameters
    ----------
    length
        That of the axis.
    step
        That of a block.
    axes
    arrays
        Pairs of an array that is as long as a block, and its axis.
    """
    starts = range(0, length, step)
    return [
        (
            *(_along(axis, slice(start, start + step)) for axis in axes),
            *(array[_along(axis, slice(min(step, length - start)))] for array, axis in arrays),
        )
        for start in starts
    ]


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, part)


class _Writer:
    """Writes the code of one program, whose globals are in ``scope``."""

    def __init__(self, program: Program, forms: Forms) -> None:
        self._program = program
        self._nodes = steps(program, forms)
        self._lives = Lives(program, self._nodes)
        self._body: list[str] = []
        self.scope: dict[str, Any] = {}
        self._constants: dict[int, str] = {}
        self._buffers = Buffers(self._constant)
        self._names: dict[Var, str] = {var: f"i{i}" for i, var in enumerate(program.inputs)}
        self._names |= {var: self._constant(array, "c") for var, array in program.constants.items()}
        self._updated = {program.outputs[i]: program.inputs[j] for i, j in program.updates.items()}
        # Outputs in memory of their own.
        self._own: set[Var] = set()

    def lines(self) -> list[str]:
        """The lines of ``make()``."""
        program = self._program
        given = ", ".join(self._names[var] for var in program.inputs)
        for n, node in enumerate(self._nodes):
            if isinstance(node, Run):
                self._write_run(node, n)
            elif node.form is not None:
                self._write_form(node, n)
            else:
                self._write_call(node)
            self._release(n)
        self._separate()
        return [
            "def make():",
            *(f"    {line}" for line in self._buffers.lines),
            f"    def run({given}):",
            "        with Quiet():",
            *(f"            {line}" for line in self._body),
            f"            return {self._tuple(program.outputs)}",
            "    return run",
        ]

    # Nodes.

    def _write_call(self, step: Step) -> None:
        """The call of a kernel."""
        results = step.instruction.results
        call = self._call(step, {})
        self._names |= {var: f"v{var.number}" for var in variables(results)}
        self._body.append(call if results is None else f"{self._targets(results)} = {call}")

    def _write_form(self, step: Step, n: int) -> None:
        """The call of a function that writes its result to a buffer, or to an input, or to new memory."""
        result = step.instruction.results
        place = self._place(step, n)
        call = self._call(step, {}, place)
        if not place:
            self._own.add(result)
            self._names[result] = f"v{result.number}"
            call = f"{self._names[result]} = {call if result.shape else f'asarray({call})'}"
        self._body.append(call)

    def _place(self, step: Step, n: int) -> str:
        """The array that the result of a step is written to; none if it is to have memory of its own."""
        var, read = step.instruction.results, self._lives.read
        given = self._updated.get(var)
        if given is not None and read.get(given, n) <= n and self._may_overwrite(step, given):
            self._own.add(var)
            self._names[var] = self._names[given]
        elif self._lives.named[var] < len(self._nodes) and math.prod(var.shape):
            after = next((one for one in step.operands if self._is_over(one, var, step, n)), None)
            self._names[var] = self._buffers.hold(var, after)
        else:
            return ""
        return self._names[var]

    def _is_over(self, old: Var, new: Var, step: Step, n: int) -> bool:
        """Whether an operand is in a buffer that suits the result, and that nothing reads later."""
        if not self._buffers.holds(old) or (old.shape, old.dtype) != (new.shape, new.dtype):
            return False
        return self._lives.read[old] == n and self._may_overwrite(step, old)

    def _may_overwrite(self, step: Step, old: Var) -> bool:
        """Whether a step may write its result over an array that it reads."""
        if step.form is None or not step.form.overwrites:
            return step.form is not None and step.form.is_elementwise
        return not any(old in self._lives.roots[one] for one in step.operands[1:])

    def _write_run(self, run: Run, n: int) -> None:
        """A loop over blocks of arrays; those that nothing else reads are as large as a block."""
        shape, axis = run.steps[0].instruction.results.shape, run.axis
        length = max(1, RUN_BLOCK * shape[axis] // math.prod(shape))
        kept = [var for var in run.results if self._lives.read[var] > n]
        for var in kept:
            self._keep(var, run, n)
        names, temporaries = self._hold_blocks(run, kept, (*shape[:axis], length, *shape[axis + 1 :]))
        axes: list[int] = []
        parts: dict[str, str] = {}
        for var in dict.fromkeys([*run.operands, *kept]):
            own_axis = axis - len(shape) + len(var.shape)
            if var not in names and own_axis >= 0 and var.shape[own_axis] > 1:
                if own_axis not in axes:
                    axes.append(own_axis)
                names[var] = f"p{var.number}"
                parts[names[var]] = f"{self._names[var]}[at{own_axis}]"
        arrays = "".join(f"({name}, {axis}), " for name in temporaries.values())
        blocks = self._buffers.once(f"blocks({shape[axis]}, {length}, {axes}, [{arrays}])")
        self._body.append(f"for {', '.join([*(f'at{one}' for one in axes), *temporaries])}, in {blocks}:")
        self._body += [f"    {name} = {part}" for name, part in parts.items()]
        self._body += [f"    {self._call(step, names, names[step.instruction.results])}" for step in run.steps]
        self._body.append(f"del {', '.join(parts)}")

    def _keep(self, var: Var, run: Run, n: int) -> None:
        """Name the whole of an array that a run computes."""
        given = self._updated.get(var)
        if self._lives.named[var] < len(self._nodes):
            self._names[var] = self._buffers.hold(var)
            return
        self._own.add(var)
        self._names[var] = f"v{var.number}"
        new = f"empty({var.shape}, {self._constant(var.dtype)})"
        if given is not None and self._is_written_last(given, var, run, n):
            new = self._over(given, run, new)
        self._body.append(f"{self._names[var]} = {new}")

    def _over(self, given: Var, run: Run, new: str) -> str:
        """The expression of an input to be written block by block, or of new memory if other operands share it."""
        inputs = set(self._program.inputs) - {given}
        others = [one for one in dict.fromkeys(run.operands) if inputs & self._lives.roots[one]]
        name = self._names[given]
        return f"{name} if is_apart({name}, {self._tuple(others)}) else {new}" if others else name

    def _is_written_last(self, given: Var, var: Var, run: Run, n: int) -> bool:
        """Whether a run may write an array over an input: nothing reads that later, nor other parts of it earlier."""
        if self._lives.read.get(given, n) > n:
            return False
        after = run.results.index(var) + 1
        late = [one for step in run.steps[after:] for one in step.operands]
        return given not in late and not any(
            one is not given and given in self._lives.roots[one] for one in run.operands
        )

    def _hold_blocks(
        self, run: Run, kept: Sequence[Var], shape: tuple[int, ...]
    ) -> tuple[dict[Var, str], dict[str, str]]:
        """Names of blocks of the arrays that a run does not keep, and, by each, that of the array that holds it."""
        ends = {var: i for i, step in enumerate(run.steps) for var in (*step.operands, step.instruction.results)}
        blocks: dict[Var, Var] = {}
        free: list[Var] = []
        names: dict[Var, str] = {}
        temporaries: dict[str, str] = {}
        for i, step in enumerate(run.steps):
            free += [blocks[var] for var in dict.fromkeys(step.operands) if var in blocks and ends[var] == i]
            result = step.instruction.results
            if result in kept:
                continue
            block = next((one for one in free if one.dtype == result.dtype), None)
            if block is None:
                block = Var(len(temporaries), shape, result.dtype)
                temporaries[f"t{block.number}"] = self._buffers.hold(block)
            else:
                free.remove(block)
            blocks[result], names[result] = block, f"t{block.number}"
        self._buffers.free([*blocks.values()])
        return names, temporaries

    # Ends of arrays.

    def _release(self, n: int) -> None:
        """Give back buffers whose arrays nothing reads any more, and delete local names."""
        self._buffers.free(self._lives.unread(n))
        names = [self._names.get(var, "") for var in self._lives.unnamed(n)]
        dead = [name for name in names if name.startswith("v")]
        if dead:
            self._body.append(f"del {', '.join(dead)}")

    def _separate(self) -> None:
        """Copy outputs that may share memory with something else."""
        outputs = self._program.outputs
        shared = [var for var in outputs if var not in self._own]
        if not shared:
            return
        others = [*self._program.inputs, *self._program.constants, *(var for var in outputs if var in self._own)]
        names = [f"o{i}" for i in range(len(shared))]
        self._body.append(f"{', '.join(names)}, = apart({self._tuple(shared)}, {self._tuple(others)})")
        self._names |= dict(zip(shared, names, strict=True))

    # Expressions.

    def _call(self, step: Step, names: Mapping[Var, str], place: str = "") -> str:
        one = step.instruction
        arguments = [self._expression(value, names) for value in one.operands]
        arguments += [f"{name}={self._expression(value, names)}" for name, value in one.parameters.items()]
        if place:
            arguments.append(f"out={place}")
        return f"{self._constant(step.form.function if step.form else one.kernel, one.name)}({', '.join(arguments)})"

    def _expression(self, tree: Any, names: Mapping[Var, str]) -> str:
        """The expression of an operand."""
        if type(tree) is Var:
            return names.get(tree) or self._names[tree]
        if next(variables(tree), None) is None:
            return self._constant(tree)
        if isinstance(tree, slice):
            return f"slice{self._expression((tree.start, tree.stop, tree.step), names)}"
        if isinstance(tree, dict):
            return "{" + "".join(f"{key!r}: {self._expression(one, names)}, " for key, one in tree.items()) + "}"
        parts = "".join(f"{self._expression(one, names)}, " for one in tree)
        if type(tree) is tuple:
            return f"({parts})"
        if hasattr(tree, "_fields"):
            return f"{self._constant(type(tree), 'type')}({parts})"
        return f"{self._constant(type(tree), 'type')}([{parts}])"

    def _constant(self, value: Any, hint: str = "c") -> str:
        """The expression of what does not change: a number, or a name."""
        if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
            return repr(value)
        name = self._constants.get(id(value))
        if name is None:
            name = self._constants[id(value)] = f"{hint if hint.isidentifier() else 'c'}_{len(self.scope)}"
            self.scope[name] = value
        return name

    def _targets(self, results: Any) -> str:
        if type(results) is Var:
            return self._names[results]
        return "_" if results is None else f"({''.join(f'{self._targets(one)}, ' for one in results)})"

    def _tuple(self, vars: Iterable[Var]) -> str:
        return f"({''.join(f'{self._names[var]}, ' for var in vars)})"
