"""Lengths that vary: a function is traced with several lengths of an axis, and what changes with them is a `Dim`.

An integer of a trace that changes, in shapes and parameters alike, is a linear function of one length, or else must not
be needed. The same is found out anew with other lengths: if the graph made there is another one, something depends on
the length in another way, and that is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from ..backends.program import Instruction, Var
from .dim import Dim
from .errors import OnnxExporterError
from .tracing import Trace

Tracer = Callable[[Mapping[str, int]], Trace]
"""Traces a function with lengths by name."""


STEPS = (1, 6)
"""How much longer a length is in other traces: that of a linear function grows in proportion."""


def symbolic(trace: Tracer, lengths: Mapping[str, int]) -> Trace:
    """A trace in which integers that depend on a length are `Dim`."""
    others = [{**lengths, name: length + step} for name, length in lengths.items() for step in STEPS]
    return _Unified([trace(lengths), *map(trace, others)], lengths).trace()


class _Unified:
    """Traces as one: the first with some lengths, the others with one of them longer by `STEPS`."""

    def __init__(self, traces: Sequence[Trace], lengths: Mapping[str, int]) -> None:
        self._traces = traces
        self._lengths = lengths
        self._vars: dict[Var, Var] = {}
        self._place = "an argument"
        self._constants: dict[Var, Any] = {}

    def trace(self) -> Trace:
        """The trace with `Dim` in place of integers that differ."""
        first = self._traces[0]
        inputs = self._unify([one.inputs for one in self._traces])
        captured = [(self._var([var] * len(self._traces)), source) for var, source in first.captured]
        if len({(len(one.instructions), len(one.constants)) for one in self._traces}) > 1:
            raise self._differs("the operations")
        self._place = "a constant"
        constants = {self._unify(vars): first.constants[vars[0]] for vars in
                     map(list, zip(*(one.constants for one in self._traces), strict=True))}  # fmt: skip
        self._vars |= {
            var: self._vars[old] for one in self._traces[1:]
            for (var, _), (old, _) in zip(one.captured, first.captured, strict=True)
        }  # fmt: skip
        instructions = [
            self._instruction(ones) for ones in zip(*(one.instructions for one in self._traces), strict=True)
        ]
        outputs = self._unify([one.outputs for one in self._traces])
        return Trace(inputs, captured, constants | self._constants, instructions, outputs, first.library)

    def _instruction(self, ones: Sequence[Instruction]) -> Instruction:
        first = ones[0]
        self._place = f"{first.name} at {first.line}"
        if any(one.name != first.name for one in ones):
            raise self._differs("the operation")
        operands, parameters, results = (
            self._unify([getattr(one, part) for one in ones]) for part in ("operands", "parameters", "results")
        )
        return first._replace(operands=operands, parameters=parameters, results=results)

    def _unify(self, trees: Sequence[Any]) -> Any:
        first = trees[0]
        if isinstance(first, Var):
            return self._var(trees)
        if type(first) is int and all(type(one) is int for one in trees):
            return self._integer(trees)
        if isinstance(first, slice):
            return slice(*(self._unify([getattr(one, part) for one in trees]) for part in ("start", "stop", "step")))
        if any(type(one) is not type(first) for one in trees):
            raise self._differs("an argument")
        if isinstance(first, dict):
            return {key: self._unify([one[key] for one in trees]) for key in first}
        if isinstance(first, (tuple, list)):
            if any(len(one) != len(first) for one in trees):
                raise self._differs("the number of operands")
            parts = [self._unify(ones) for ones in zip(*trees, strict=True)]
            return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
        if isinstance(first, numpy.ndarray):
            if not all(numpy.array_equal(first, one) for one in trees):
                return self._index(trees)
        elif any(one is not first and repr(one) != repr(first) for one in trees):
            raise self._differs(f"the argument {first}")
        return first

    def _var(self, vars: Sequence[Var]) -> Var:
        first = vars[0]
        if first not in self._vars:
            self._vars[first] = Var(first.number, self._unify([one.shape for one in vars]), first.dtype)
        return self._vars[first]

    def _index(self, arrays: Sequence[numpy.ndarray]) -> Var:
        """An index that differs, as a constant whose length varies."""
        if any(one.ndim != arrays[0].ndim for one in arrays):
            raise self._differs("an index")
        var = Var(-len(self._constants), self._unify([one.shape for one in arrays]), arrays[0].dtype)
        self._constants[var] = arrays[0]
        return var

    def _integer(self, values: Sequence[int]) -> int:
        first, *others = values
        grown = {name: [one - first for one in others[2 * i : 2 * i + 2]] for i, name in enumerate(self._lengths)}
        changes = {name: growth for name, growth in grown.items() if any(growth)}
        if not changes:
            return first
        name, (growth, more) = next(iter(changes.items()))
        if len(changes) > 1 or growth * STEPS[1] != more * STEPS[0]:
            return Dim.of(first, "", 0, 0)
        return Dim.of(first, name, growth, first - growth * self._lengths[name])

    def _differs(self, what: str) -> OnnxExporterError:
        names = ", ".join(map(repr, self._lengths))
        return OnnxExporterError(
            f"onnx.export: {self._place}: {what} depends on the length {names} in a way that ONNX can't express; "
            "export for one length, without dynamic_axes"
        )


def depends_otherwise(place: str, symbols: Sequence[str]) -> OnnxExporterError:
    """The error for what is another node with other lengths."""
    return OnnxExporterError(
        f"onnx.export: {place or 'the result'}: a number depends on the length {', '.join(map(repr, symbols))} in a "
        "way that is not exported; export for one length, without dynamic_axes"
    )
