"""Results of a compiled function that have a history: one node, whose backward pass is a program too."""

from __future__ import annotations

from typing import Any, final

from ...autograd import engine
from ...autograd.hooks import HOOKS
from ...autograd.node import Node, next_order
from ...autograd.outputs import Selection
from ...autograd.trees import flatten
from ...backends.program import Program, Var, variables
from ..autodiff.lifting import in_dtype
from ..memory.tensor import Tensor
from ..memory.views import array_of
from ..types.errors import CompileError, VmapError
from .batching import inner_key
from .proxy import Proxy
from .recording import Recording
from .simplify import simplified


class _InnerHooks:
    """The hooks of what is recorded inside; those of tensors from outside are called outside."""

    def __init__(self, outside: set[Any]) -> None:
        self._outside = outside

    def __contains__(self, node: Any) -> bool:
        return node not in self._outside and node in HOOKS

    def __getitem__(self, node: Any) -> Any:
        return HOOKS[node]


@final
class History:
    """The backward pass of a recording, from the results with a history to the tensors from outside.

    Attributes
    ----------
    outputs : list of Tensor
        The results with a history, each once.
    inputs : list of int
        The captured tensors that they depend on, by identity.
    saved : list of Var
        What the pass needs of the forward pass.
    program : Program
        Its inputs are the saved arrays and the gradients of the outputs.
    positions : list of int
        Which of its outputs is the gradient of each input.
    """

    def __init__(self, recording: Recording, outputs: list[Tensor]) -> None:
        self.outputs = outputs
        nodes = {number: shadow._node for number, shadow in recording.captures.shadows.items() if shadow._node}
        start = len(recording.instructions)
        seeds = [recording.input(array_of(one).array, self) for one in outputs]
        delivered = engine.run(
            [(one._node, seed) for one, seed in zip(outputs, seeds, strict=True)],
            retain_graph=True,
            inputs=set(nodes.values()),
            hooks=_InnerHooks(set(nodes.values())) if HOOKS else None,
        )
        self.inputs = [number for number, node in nodes.items() if node in delivered]
        found = [
            recording.var_of(in_dtype(delivered[nodes[number]], nodes[number].key, recording.library.ops))
            for number in self.inputs
        ]
        instructions = recording.instructions[start:]
        del recording.instructions[start:], recording.inputs[-len(seeds) :]
        constants = dict(recording.constants.values())
        made = {*constants, *(seed.var for seed in seeds), *variables([one.results for one in instructions])}
        needed = dict.fromkeys([*variables([(one.operands, one.parameters) for one in instructions]), *found])
        wanted = list(dict.fromkeys(found))
        self.positions = [wanted.index(var) for var in found]
        given = [var for var in needed if var not in made]
        inputs = (*given, *(seed.var for seed in seeds))
        program = simplified(Program(inputs, constants, tuple(instructions), tuple(wanted), {}))
        used = {*program.outputs, *variables([(one.operands, one.parameters) for one in program.instructions])}
        self.saved: list[Var] = [var for var in given if var in used]
        self.program = program._replace(inputs=(*self.saved, *(seed.var for seed in seeds)))


def history_of(recording: Recording, result: Any) -> History | None:
    """The backward pass of what a function returned; None if nothing of it has a history that was not freed inside."""
    found = {
        id(one): one
        for one in flatten(result)[0]
        if isinstance(one, Tensor) and id(one) not in recording.captures.tensors and isinstance(one._node, Node)
        if not engine.is_freed(one._node)
    }
    return History(recording, list(found.values())) if found else None


@final
class _FreedRule:
    """The rule of a result whose history a backward pass inside of the function has freed, as that of a loss."""

    name = "compiled function"
    tensors = ()


def free_history(tensor: Tensor) -> None:
    """Give a result a history that the engine refuses to go back through a second time."""
    node = tensor._node = Node()
    node.rule, node.key, node.order = _FreedRule(), tensor._key, next_order()
    node.edges, node.saved, node.shapes = (), None, None


@final
class CompiledRule:
    """The gradient rule of a compiled function's results.

    A node of it saves an array, a storage and a version for each of the backward pass's inputs; without a storage,
    nothing can have written the array.
    """

    name = "compiled function"
    tensors = ()

    def __init__(self, history: History, backend: Any) -> None:
        self._run = backend.executable(history.program).run
        self._positions = history.positions
        self._outputs = [(tuple(one.shape), inner_key(one._key)) for one in history.outputs]
        self._selections = [Selection(self.name, f"output{i}") for i in range(len(self._outputs))]

    def record(self, inputs: list[Tensor], saved: tuple[Any, ...], outputs: list[Tensor]) -> None:
        """Give outputs their history."""
        node = Node()
        node.rule = self
        node.key = self._outputs[0][1]
        node.edges = tuple(one._node for one in inputs)
        node.saved = saved
        node.shapes = None
        node.order = next_order()
        for selection, one in zip(self._selections, outputs, strict=True):
            one._node = node if len(outputs) == 1 else selection.select(node, one._key)

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> tuple[Any, ...]:
        """The gradients of the tensors that the function depends on."""
        parts = [g] if len(self._outputs) == 1 else [getattr(g, one.output) for one in self._selections]
        if any(isinstance(one, Tensor) for one in parts):
            raise CompileError(
                "compile: the result of a compiled function can be differentiated once; differentiate inside of it, as "
                "in compile(grad(f)), for higher derivatives"
            )
        if any(type(one) is Proxy for one in parts):
            raise VmapError("compile: the backward pass of a compiled function takes no batch of gradients")
        for array, storage, version in saved:
            if storage is not None and storage.version != version:
                raise RuntimeError(
                    f"{self.name}: one of the variables needed for gradient computation has been modified by an "
                    f"inplace operation: a tensor of shape {tuple(array.shape)} is at version {storage.version}; "
                    f"expected version {version} instead. Write to a copy (x.clone())."
                )
        arrays = [
            key.library.ops.zeros(shape, dtype=key.native_dtype, device=key.native_device) if part is None else part
            for part, (shape, key) in zip(parts, self._outputs, strict=True)
        ]
        found = self._run(*(array for array, _, _ in saved), *arrays)
        return tuple(found[position] for position in self._positions)

    def lift(self, node: Any, saved: Any, lift: Any) -> Any:
        """Arrays are saved."""
        return saved


def saved_triple(array: Any, tensor: Tensor) -> tuple[Any, Any, int]:
    """An array that is a tensor's, as a node saves it."""
    storage = tensor._storage or tensor._make_storage()
    return array, storage, storage.version
