"""The steps of a program on NumPy: which instructions are computed into given memory, and which run block by block."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..common.sizes import LONG_RUN, RUN_BLOCK
from ..program import Instruction, Program, Var, variables

VIEWS = ("as_strided broadcast_to diagonal getitem imag matrix_transpose permute_dims real reshape unfold").split()
"""Operations whose results are mostly views."""


class Form(NamedTuple):
    """A function that computes what a kernel does: ``function(*operands, out=array, **parameters)``.

    Attributes
    ----------
    function : callable
        Without ``out``, it returns a new array, or a scalar in place of a 0-d array.
    is_elementwise : bool
        Whether operands may be split into blocks, and ``out`` may be an operand of the same shape.
    overwrites : bool
        Whether ``out`` may be the first operand, if it shares no memory with the others.
    fits : callable or None
        ``fits(*operands, **parameters)``: whether it serves for operands of these shapes and dtypes.
    """

    function: Callable[..., Any]
    is_elementwise: bool = False
    overwrites: bool = False
    fits: Callable[..., bool] | None = None


Forms = Mapping[Any, tuple[Form, ...]]
"""Forms by kernel, of which the first one that fits is taken."""


class Step(NamedTuple):
    """An instruction, and its form if it has one."""

    instruction: Instruction
    operands: list[Var]
    form: Form | None

    @property
    def axis(self) -> int | None:
        """The axis along which the operands of an elementwise step are split into blocks; None for small ones."""
        if self.form is None or not self.form.is_elementwise:
            return None
        shape = self.instruction.results.shape
        size = math.prod(shape)
        if size < LONG_RUN:
            return None
        return next((i for i, length in enumerate(shape) if size // length <= RUN_BLOCK), None)


class Run(NamedTuple):
    """Elementwise steps with results of one shape, which are computed together for one block after the other.

    Blocks fit the cache, so that only the first of several steps reads memory.
    """

    steps: list[Step]
    axis: int

    @property
    def operands(self) -> list[Var]:
        return [var for step in self.steps for var in step.operands]

    @property
    def results(self) -> list[Var]:
        return [step.instruction.results for step in self.steps]


def steps(program: Program, forms: Forms) -> list[Step | Run]:
    """The instructions in an order in which they may run, long elementwise ones together."""
    found: list[Step | Run] = []
    waiting = [
        Step(one, list(variables((one.operands, one.parameters))), _form(one, forms)) for one in program.instructions
    ]
    while waiting:
        first = waiting[0]
        axis = first.axis
        if axis is None:
            found.append(waiting.pop(0))
            continue
        run, before, waiting = _split(waiting, axis)
        found += [*before, Run(run, axis) if len(run) > 1 else first]
    return found


def _form(one: Instruction, forms: Forms) -> Form | None:
    if type(one.results) is not Var:
        return None
    # Python's operators compute what the ufunc of the operation's name does.
    is_operator = getattr(operator, getattr(one.kernel, "__name__", ""), None) is one.kernel
    kernel = one.name if is_operator else one.kernel
    # A partial kernel is completed by a function that names it.
    found = forms.get(kernel) or forms.get(getattr(kernel, "__wrapped__", None), ())
    return next((form for form in found if form.fits is None or form.fits(*one.operands, **one.parameters)), None)


def _split(waiting: list[Step], axis: int) -> tuple[list[Step], list[Step], list[Step]]:
    """The run that the first step begins, views to be made before it, and all steps after it."""
    shape = waiting[0].instruction.results.shape
    run: list[Step] = []
    before: list[Step] = []
    made: set[Var] = set()
    for i, step in enumerate(waiting):
        if step.axis == axis and step.instruction.results.shape == shape:
            run.append(step)
            made.add(step.instruction.results)
        elif step.instruction.name in VIEWS and made.isdisjoint(step.operands):
            before.append(step)
        else:
            return run, before, waiting[i:]
    return run, before, []
