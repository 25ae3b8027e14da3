"""What a recording came to: its program, and the function that runs it at each call of the compiled function.

That function is generated. It reads the inputs from the tensors, draws random words, runs the program, puts the new
values of written tensors and gradients in place, and makes the tensors of the result.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...autograd.engine import is_freed
from ...autograd.generated import write_function
from ...autograd.node import Leaf
from ...autograd.trees import flatten
from ...backends.program import Program, Var, variables
from ..dispatch.keys import explained
from ..dispatch.registry import OPERATIONS
from ..memory.derivation import reference_count
from ..memory.tensor import Storage, Tensor, make_leaf, wrap
from ..memory.views import array_of, detach, make_view, write
from ..types.errors import CompileError
from .batching import inner_key
from .captured import Captures, own
from .history import CompiledRule, History, free_history, saved_triple
from .proxy import Proxy
from .recording import Recording, Words
from .simplify import simplified

MISS: Any = object()
"""What a generated call returns if it is not for the tensors as they are now."""


class Call:
    """The program of a recording, and the lines of the function that calls it.

    Parameters
    ----------
    recording
    leaves : list of Tensor
        The tensors among the arguments.
    captured : list of Tensor
        The other ones that the function could use.
    result
        What the function returned.
    escaped : list of Tensor
        Tensors that the function made and that it keeps.
    history : History or None
        The backward pass of the result.
    """

    def __init__(
        self,
        recording: Recording,
        leaves: list[Tensor],
        captured: list[Tensor],
        result: Any,
        escaped: list[Tensor],
        history: History | None,
    ) -> None:
        self._recording = recording
        self.backend = recording.library.inner.backend
        self._captures: Captures = recording.captures
        self.scope: dict[str, Any] = {
            "MISS": MISS, "current": array_of, "wrap": wrap, "make_leaf": make_leaf, "make_view": make_view,
            "free_history": free_history,
            "detach": detach, "donated": _donated, "put": _put, "put_root": _put_root, "fill": _fill,
            "set_data": _set_data, "saved": saved_triple, "alias_of": alias_of,
        }  # fmt: skip
        self._leaves = leaves
        self._places: dict[int, str] = {id(one): f"leaves[{i}]" for i, one in enumerate(leaves)}
        self._given = set(self._places)
        for one in captured:
            self._places.setdefault(id(one), self._name("t", one))
        self._held: list[str] = []
        for one in (*leaves, *captured):
            grad = own(one, "_grad")
            if grad is not None and id(grad) not in self._places:
                self._places[id(grad)] = f"v{len(self._held)}"
                self._held.append(f"v{len(self._held)} = {self._places[id(one)]}._grad")
        self._outputs: list[Var] = []
        self._updates: dict[int, str] = {}
        self._made: dict[int, str] = {}
        self._made_of: dict[str, Var] = {}
        self._kept: set[Var] = set()
        self._roots: dict[int, str] = {}
        self._escaped = {id(one) for one in escaped}
        self.history = history
        self._differentiable = {id(one) for one in history.outputs} if history else set()
        self._after: list[str] = []
        self._effects(escaped)
        results = self._results(result)
        if history is not None:
            self._record(history)
        self.program = self._program()
        self.lines = [
            "def call(leaves):",
            *(f"    {line}" for line in (*self._guard(), *self._reading(), *self._after, f"return {results}")),
        ]

    def function(self) -> Callable[[list[Tensor]], Any]:
        """The function of the tensors among the arguments; it returns `MISS` if the program is not for them."""
        executable = self.backend.executable(self.program)
        lines = list(self.lines)
        self.scope["run"] = executable.run
        if self.history is not None:
            self.scope["rule"] = CompiledRule(self.history, self.backend)
        if executable.check is not None:
            self.scope["check"] = _explained(executable.check, self.program)
            lines.insert(-1, "    check(outs)")
        return write_function(lines, "compiled call", self.scope)

    def _name(self, letter: str, value: Any) -> str:
        name = f"{letter}{len(self.scope)}"
        self.scope[name] = value
        return name

    # What the function did, in order of appearance.

    def _effects(self, escaped: list[Tensor]) -> None:
        captures = self._captures
        written: set[int] = set()
        for number, shadow in captures.shadows.items():
            tensor, before = captures.tensors[number], captures.before[number]
            place = self._places[number]
            if shadow._node is not before.node:
                raise CompileError(
                    f"compile: a tensor of shape {shadow.shape} from outside has another history after the call, or "
                    "requires a gradient; write to it under tensorplug.no_grad(), or return a new tensor"
                )
            storage = shadow._storage
            assert storage is not None
            if storage is not before.storage:
                self._after.append(f"set_data({place}, {self._tensor(shadow)})")
            elif storage.version and id(storage) not in written:
                written.add(id(storage))
                self._write(tensor, shadow, place)
        for number, shadow in captures.shadows.items():
            grad = getattr(shadow, "_grad", None)
            if grad is not captures.before[number].grad:
                self._after.append(f"{self._places[number]}._grad = {'None' if grad is None else self._tensor(grad)}")
        for one in escaped:
            self._tensor(one)

    def _write(self, tensor: Tensor, shadow: Tensor, place: str) -> None:
        """Put the new values of a written tensor, or of the memory of several, in place."""
        storage = shadow._storage
        assert storage is not None
        array = _root(shadow)
        position = self._output(array)
        shared = self._captures.is_shared(tensor)
        wanted = own(tensor, "_storage") if shared else tensor
        given = next(f"i{i}" for i, (_, source) in enumerate(self._recording.inputs) if source is wanted)
        self._updates[position] = given
        if shared:
            self._after.append(f"put_root({place}._storage, outs[{position}], {given}, {storage.version})")
        else:
            self._after.append(f"put({place}, outs[{position}], {given}, {storage.version})")

    def _output(self, proxy: Proxy) -> int:
        var = self._recording.var_of(proxy)
        if var in self._outputs:
            backend = self._recording.library.inner.backend
            var = self._recording.note("copy", backend.copy, (proxy,), {}, proxy.array).var
        self._outputs.append(var)
        return len(self._outputs) - 1

    def _results(self, result: Any) -> str:
        leaves, rebuild = flatten(result)
        found = [self._tensor(one) if isinstance(one, Tensor) else self._name("c", one) for one in leaves]
        if leaves and leaves[0] is result:
            return found[0]
        return f"{self._name('rebuild', rebuild)}([{', '.join(found)}])"

    def _tensor(self, tensor: Tensor) -> str:
        """The expression of a tensor that the function returned or kept."""
        if id(tensor) in self._captures.tensors:
            return self._places[id(tensor)]
        found = self._made.get(id(tensor))
        if found is None:
            if getattr(tensor._key.library, "inner", None) is not self._recording.library.inner:
                raise CompileError(
                    "compile: the function returned a tensor that compile did not find; pass it as an argument, or "
                    "keep it in a variable, an attribute, a list or a dict that the function names"
                )
            found = self._made[id(tensor)] = self._make(tensor)
        return found

    def _make(self, tensor: Tensor) -> str:
        expression = self._expression(tensor)
        has_history = type(tensor._node) is not Leaf and tensor._node is not None
        was_freed = has_history and is_freed(tensor._node)
        if has_history and not was_freed and id(tensor) not in self._differentiable:
            raise CompileError(
                f"compile: the function keeps a tensor of shape {tensor.shape} with a history, which only what it "
                "returns may have; call backward inside of it, or keep x.detach()"
            )
        name = f"m{len(self._made)}"
        if id(tensor) in self._escaped:
            expression = f"fill({self._name('e', tensor)}, {expression})"
        self._after.append(f"{name} = {expression}")
        if expression.startswith("wrap"):
            self._made_of[name] = self._outputs[-1]
        if was_freed:
            self._after.append(f"free_history({name})")
        if tensor._node is not None and not has_history:
            self._after.append(f"make_leaf({name})")
            grad = getattr(tensor, "_grad", None)
            if grad is not None:
                self._after.append(f"{name}._grad = {self._tensor(grad)}")
        return name

    def _record(self, history: History) -> None:
        """Give the results with a history their node."""
        inputs = [self._places[number] for number in history.inputs]
        outputs = [self._made[id(one)] for one in history.outputs]
        saved = ", ".join(map(self._saved, history.saved))
        self._after.append(f"rule.record([{', '.join(inputs)}], [{saved}], [{', '.join(outputs)}])")

    def _saved(self, var: Var) -> str:
        """The expression of an array that the backward pass needs, with what tells that it was written since."""
        position = next((i for i, (one, _) in enumerate(self._recording.inputs) if one is var), None)
        if position is not None and f"i{position}" not in self._updates.values():
            self._kept.add(var)
            source = self._recording.inputs[position][1]
            if isinstance(source, Words):
                return f"(i{position}, None, 0)"
            place = self._holders(source)[0] if isinstance(source, Storage) else self._places[id(source)]
            return f"saved(i{position}, {place})"
        for one in self._made_of:
            if self._made_of[one] is var:
                return f"saved({one}._array, {one})"
        if var not in self._outputs:
            self._outputs.append(var)
        return f"(outs[{self._outputs.index(var)}], None, 0)"

    def _expression(self, tensor: Tensor) -> str:
        """The expression that makes a tensor: a new one, or a view of one that there is."""
        array_of(tensor)
        key = inner_key(tensor._key)
        storage = tensor._storage
        if storage is None or storage.layout is None:
            return f"wrap(outs[{self._output(tensor._array)}], {self._name('k', key)})"
        base, depth = self._base(storage, tensor)
        steps = () if tensor._view is None else tensor._view.steps[depth:]
        expression = f"detach({base})"
        for name, argument in steps:
            expression = f"make_view({expression}, {name!r}, {self._name('a', argument)})"
        return expression

    def _base(self, storage: Storage, tensor: Tensor) -> tuple[str, int]:
        """A tensor with the memory, and how many of the steps of the other lead to it."""
        for number, shadow in self._captures.shadows.items():
            if shadow._storage is storage and self._captures.before[number].storage is storage:
                steps = () if shadow._view is None else shadow._view.steps
                if (() if tensor._view is None else tensor._view.steps)[: len(steps)] == steps:
                    return self._places[number], len(steps)
        found = self._roots.get(id(storage))
        if found is None:
            root_key = inner_key(storage.key)
            found = self._roots[id(storage)] = f"r{len(self._roots)}"
            self._after.append(f"{found} = wrap(outs[{self._output(storage.root)}], {self._name('k', root_key)})")
        return found, 0

    # The other lines.

    def _program(self) -> Program:
        recording = self._recording
        constants = dict(recording.constants.values())
        inputs = tuple(var for var, _ in recording.inputs)
        program = simplified(Program(inputs, constants, tuple(recording.instructions), tuple(self._outputs), {}))
        used = {
            *self._kept,
            *program.outputs,
            *variables([(one.operands, one.parameters) for one in program.instructions]),
        }
        self._inputs = [
            (f"i{i}", source)
            for i, (var, source) in enumerate(recording.inputs)
            if var in used or f"i{i}" in self._updates.values()
        ]
        names = [name for name, _ in self._inputs]
        return program._replace(
            inputs=tuple(inputs[int(name[1:])] for name in names),
            updates={position: names.index(name) for position, name in self._updates.items()},
        )

    def _guard(self) -> list[str]:
        """Return `MISS` unless captured tensors are of the key and shape that they were of."""
        captures = self._captures
        lines = list(self._held)
        others = [tensor for number, tensor in captures.tensors.items() if number not in self._given]
        others = [one for one in others if id(one) in captures.shadows]
        held = self._name("o", others)
        for i, leaf in enumerate(self._leaves):
            if id(leaf) in captures.shadows:
                seen = self._name("s", alias_of(leaf, own(leaf, "_storage"), own(leaf, "_view"), others))
                lines.append(f"s = leaves[{i}]._storage")
                lines.append(f"if s is not None and s.layout is not None or {seen} is not None:")
                lines.append(
                    f"    if alias_of(leaves[{i}], s, leaves[{i}]._view if s else None, {held}) != {seen}: return MISS"
                )
        for number, shadow in captures.shadows.items():
            place, before = self._places[number], captures.before[number]
            if number in captures.grads_read:
                lines.append(f"if getattr({place}, '_grad', None) {_is_none(before.grad)}: return MISS")
            if number in self._given:
                continue
            key = self._name("k", inner_key(shadow._key))
            lines.append(f"if {place} is None or {place}._key is not {key}: return MISS")
            lines.append(
                f"if {place}._array.shape != {shadow.shape} or {place}._node {_is_none(before.node)}: return MISS"
            )
        return lines

    def _reading(self) -> list[str]:
        lines = []
        for name, source in self._inputs:
            if isinstance(source, Words):
                continue
            if isinstance(source, Storage):
                holders = self._holders(source)
                lines.append(f"{name} = {holders[0]}._storage.root")
            else:
                holders = [self._places[id(source)]]
                lines.append(f"{name} = current({holders[0]})")
            if name in self._updates.values() and not self._recording.key.writable:
                lines.append(f"{name} = donated({name}, [{', '.join(holders)}])")
        arrays = [name for name, source in self._inputs if not isinstance(source, Words)]
        if self._updates and len(arrays) > 1 and self._recording.key.writable:
            written = ", ".join(dict.fromkeys(self._updates.values()))
            lines.append(f"require_apart(({written},), ({', '.join(arrays)}))")
            self.scope["require_apart"] = functools.partial(_require_apart, self.backend)
        for i, (_, source) in enumerate(self._recording.inputs):
            if isinstance(source, Words):
                key = self._name("k", self._recording.key)
                lines.append(f"i{i} = {self._name('g', source.generator)}.draw({source.count}, {key})")
        return [*lines, f"outs = run({', '.join(name for name, _ in self._inputs)})"]

    def _holders(self, storage: Storage) -> list[str]:
        """The captured tensors with a storage."""
        captures = self._captures
        return [
            self._places[number] for number in captures.shadows if own(captures.tensors[number], "_storage") is storage
        ]


def alias_of(tensor: Tensor, storage: Any, view: Any, others: list[Tensor]) -> Any:
    """Which of other tensors a tensor shares memory with, and which part of the memory it is; None if with none."""
    if storage is None or storage.layout is None:
        return None
    found = next((i for i, one in enumerate(others) if own(one, "_storage") is storage), None)
    return found if found is None else (found, repr(() if view is None else view.steps))


def _require_apart(backend: Any, written: tuple[Any, ...], arrays: tuple[Any, ...]) -> None:
    """Refuse to write to an array whose memory another one has, of which the program knows nothing."""
    found = backend.overlapping(written, arrays)
    if found is not None:
        raise CompileError(
            f"compile: a tensor of shape {tuple(found.shape)} is written that shares memory with another one, which is "
            "no view of it; make it one (x[...] of one tensor), or copy it"
        )


def _explained(check: Callable[[Any], None], program: Program) -> Callable[[Any], None]:
    """A check whose LinAlgError says what eager code would say."""
    names = [one.name for one in program.instructions if one.name in OPERATIONS and OPERATIONS[one.name].failure]
    return explained(check, names[0], OPERATIONS[names[0]].failure) if names else check


def _is_none(value: Any) -> str:
    """The test that tells that a value is None now and was not, or the other way."""
    return "is not None" if value is None else "is None"


def _root(tensor: Tensor) -> Proxy:
    """The array of all of a tensor's memory."""
    storage = tensor._storage
    found: Proxy = array_of(tensor) if storage is None or storage.layout is None else storage.root
    return found


def _references(array: Any) -> int:
    return reference_count(array)


def _references_of_a_local() -> int:
    array = object()
    return _references(array)


_ONE_REFERENCE = _references_of_a_local()


def _donated(array: Any, holders: list[Tensor]) -> Any:
    """An array that a program may use up: a copy if anything but the tensors that it is to update refers to it."""
    held = sum(one._array is array for one in holders)
    storage = holders[0]._storage
    held += storage is not None and storage.layout is not None and storage.root is array
    # The caller's variable is one more.
    if _references(array) > _ONE_REFERENCE + 1 + held:
        return holders[0]._key.library.backend.copy(array)
    return array


def _put(tensor: Tensor, array: Any, given: Any, writes: int) -> None:
    """Put an array that a program computed in the place of a tensor's."""
    key = tensor._key
    storage = tensor._storage
    if storage is None and not key.writable:
        tensor._array = array
        return
    if array is not given or not key.writable:
        write(tensor, array)
        writes -= 1
        storage = tensor._storage
    if storage is not None and writes:
        storage.version += writes
        tensor._version = storage.version


def _put_root(storage: Storage, array: Any, given: Any, writes: int) -> None:
    """Put an array that a program computed in the place of a storage's root."""
    if not storage.key.writable:
        storage.root = array
        storage.replaceable = True
    elif array is not given:
        storage.key.library.backend.write(given, ..., array)
    storage.version += writes


def _fill(tensor: Tensor, made: Tensor) -> Tensor:
    """Give a tensor that was made while recording, and is kept somewhere, what it has after the first call."""
    for slot in ("_array", "_key", "_node", "_storage"):
        setattr(tensor, slot, getattr(made, slot))
    if made._storage is not None:
        tensor._version, tensor._view = made._version, made._view
    return tensor


def _set_data(tensor: Tensor, made: Tensor) -> None:
    tensor.data = made
