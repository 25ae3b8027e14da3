"""What a fault is, and how one is made of the NumPy plugin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.core.dispatch.keys import library_for

Wrong = Callable[[Kernel], Kernel]
"""``wrong(sound)`` is the kernel to have in place of the sound one."""

Row = tuple[str, str | tuple[str, ...], str, type[NumPy], str]
"""The fields of a fault but its kind."""

Condition = Callable[..., bool]
"""Of a kernel's operands."""


KINDS = ("sizes", "layouts", "state", "ranges", "arguments", "surroundings", "names")
"""What has to vary for a fault to show: of ``"names"``, nothing, but another operation fails first."""


class Fault(NamedTuple):
    """A NumPy backend with one thing wrong.

    Attributes
    ----------
    name : str
        Also the name of the backend.
    operation : str or tuple of str
        What is at fault, and has to be named first: an operation, or a subject of the suite such as ``"dlpack"``;
        several where the fault is in what they share.
    description : str
        What is wrong, in one line.
    change : type
        The plugin that has it.
    shows : str
        A program of which the last line is an expression: its value is another one on a sound backend. It may use
        ``tp``, ``numpy`` and `programs`.
    kind : str
        One of `KINDS`, or nothing for a fault that small examples of usual values show at the first call.
    """

    name: str
    operation: str | tuple[str, ...]
    description: str
    change: type[NumPy]
    shows: str = ""
    kind: str = ""

    @property
    def operations(self) -> tuple[str, ...]:
        """All that may be named first."""
        return (self.operation,) if isinstance(self.operation, str) else self.operation

    @property
    def kernel(self) -> str | None:
        """The operation whose kernel is at fault, or None where it is another part of the plugin."""
        return getattr(self.change, "faulty_kernel", None)

    def backend(self) -> NumPy:
        """The backend that has the fault."""
        made: NumPy = type(self.name, (self.change,), {"name": self.name})()
        return made


@functools.cache
def _found(name: str) -> Kernel:
    found = NumPy().kernels().get(name) or library_for("numpy").find(name)
    assert found is not None, name
    return found


def sound(name: str) -> Kernel:
    """NumPy's kernel of an operation, which may be a decomposition; looked up when it is first called."""
    return lambda *operands, **parameters: _found(name)(*operands, **parameters)


def bare_kernel(name: str, wrong: Wrong) -> type[NumPy]:
    """The plugin with another kernel for an operation."""

    class Changed(NumPy):
        # A cast looks its kernel up by another name.
        faulty_kernel = "cast" if name == "astype" else name.removesuffix("_")

        def kernels(self) -> Any:
            return {**super().kernels(), name: wrong(sound(name))}

    return Changed


def kernel(name: str, wrong: Wrong) -> type[NumPy]:
    """The same of a kernel that is made to return arrays and emit no warnings, so that nothing else is wrong."""

    def finished(sound: Kernel) -> Kernel:
        spoiled = wrong(sound)

        def call(*operands: Any, **parameters: Any) -> Any:
            with numpy.errstate(all="ignore"):
                out = spoiled(*operands, **parameters)
            return tuple(map(numpy.asarray, out)) if isinstance(out, tuple) else numpy.asarray(out)

        return call

    return bare_kernel(name, finished)


def method(name: str, wrong: Callable[..., Any]) -> type[NumPy]:
    """The plugin with another method of the contract; `wrong` takes the backend first, as methods do."""
    return type("Changed", (NumPy,), {name: wrong})


def given(condition: Condition, wrong: Wrong) -> Wrong:
    """What is wrong only for operands of which a condition holds."""

    def change(sound: Kernel) -> Kernel:
        spoiled = wrong(sound)

        def call(*operands: Any, **parameters: Any) -> Any:
            return (spoiled if condition(*operands) else sound)(*operands, **parameters)

        return call

    return change


def spoilt(change: Callable[..., Any]) -> Wrong:
    """What is wrong with a result: ``change(result, *operands, **parameters)`` is in its place."""
    return lambda sound: lambda *operands, **parameters: change(sound(*operands, **parameters), *operands, **parameters)


def misread(change: Callable[[Any], Any]) -> Wrong:
    """What is wrong with how the first operand is read: ``change(x)`` is in its place."""
    return lambda sound: lambda x, *operands, **parameters: sound(change(x), *operands, **parameters)


def all_misread(change: Callable[[Any], Any]) -> Wrong:
    """The same of all operands."""
    return lambda sound: lambda *operands, **parameters: sound(*map(change, operands), **parameters)


def replaced(wrong: Kernel) -> Wrong:
    """Another kernel, which makes no use of the sound one."""
    return lambda sound: wrong


def where_parameters(condition: Condition, wrong: Wrong) -> Wrong:
    """What is wrong only for parameters, as well as operands, of which a condition holds."""

    def change(sound: Kernel) -> Kernel:
        spoiled = wrong(sound)
        return lambda *operands, **parameters: (spoiled if condition(*operands, **parameters) else sound)(
            *operands, **parameters
        )

    return change


def more_than(count: int) -> Condition:
    """Whether the first operand has more elements than so many."""
    return lambda x, *rest, **parameters: x.size > count


def of_kind(kinds: str) -> Condition:
    """Whether the first operand's dtype is of one of the kinds, by NumPy's letters."""
    return lambda x, *rest: x.dtype.kind in kinds


def of_dtype(name: str) -> Condition:
    """Whether the first operand is of a dtype."""
    return lambda x, *rest: x.dtype.name == name


def is_transposed(x: Any, *rest: Any) -> bool:
    """Whether the first operand's elements are not in order in memory."""
    return not x.flags.c_contiguous


def is_broadcast(x1: Any, x2: Any, *rest: Any) -> bool:
    """Whether two operands have different shapes."""
    return x1.shape != x2.shape


def no_axis(x: Any, *rest: Any) -> bool:
    """Whether the first operand is 0-d."""
    return not x.ndim


def no_elements(x: Any, *rest: Any) -> bool:
    """Whether the first operand is empty."""
    return not x.size


def over_three_axes(x: Any, *rest: Any) -> bool:
    """Whether the first operand has more than three axes."""
    return x.ndim > 3
