"""The program that a function comes to at the level of ONNX: what ONNX has is one instruction, all else is decomposed.

It is recorded as `tensorplug.compile` records, by a library of its own. Functions that are one node in ONNX and several
operations here, such as pooling, are noted beside the instructions that they come to.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..autograd.trees import flatten
from ..backends import ByKind, scan
from ..backends.program import Instruction, Var, substituted, variables
from ..core.dispatch.keys import Library, derivations, key_for
from ..core.dispatch.registry import FUNCTIONS, OPERATIONS
from ..core.families.function import replace_body
from ..core.memory.tensor import Tensor
from ..core.memory.views import array_of
from ..core.transforms.captured import own
from ..core.transforms.compile import device_of
from ..core.transforms.environment import Environment
from ..core.transforms.proxy import Proxy, user_place
from ..core.transforms.recording import RECORDINGS, RecordedLibrary, Recording, refused
from ..core.transforms.session import recorded
from ..core.types.dtypes import float32
from ..core.types.errors import CompileError
from .errors import OnnxExporterError
from .table import FUNCTION_NODES, OPERATION_NODES

_lock = threading.RLock()


class Trace(NamedTuple):
    """What a function computes.

    Attributes
    ----------
    inputs : list of Var
        Those of the tensors among the arguments.
    captured : list of (Var, Tensor)
        The other tensors that the function uses, such as parameters.
    constants : dict of Var to array
    instructions : list of Instruction
        In the order of execution. The call of a function comes after the instructions that it consists of and has the
        same results, so that either of the two computes them.
    outputs : list of Var
    library : Library
        The backend's.
    """

    inputs: list[Var]
    captured: list[tuple[Var, Any]]
    constants: dict[Var, Any]
    instructions: list[Instruction]
    outputs: list[Var]
    library: Library


class _TracedLibrary(RecordedLibrary):
    """The operations of a backend's library, of which those that ONNX has are recorded and the others decomposed."""

    __slots__ = ()

    transform = "onnx"

    def find(self, name: str) -> Callable[..., Any] | None:
        operation = OPERATIONS.get(name)
        if name == "pointwise":
            return lambda formula, arrays, options, summed: _pointwise(self.ops, formula, arrays, options, summed)
        if name == "scan":
            return lambda step, *arguments: scan(step, self.ops, *arguments)
        if name in ("inspect", "known") or name in self.unsupported:
            return super().find(name)
        if name not in OPERATION_NODES and operation is not None and operation.decomposition is not None:
            return self._decomposed(operation)
        kernel = self.inner.find(name)
        if type(kernel) is ByKind:
            return kernel.wrapped(lambda one: self._recorded(name, one))
        return None if kernel is None else self._recorded(name, kernel)

    def draw(self, generator: Any, count: int, key: Any) -> Proxy:
        """Refuse to draw random numbers."""
        raise refused(
            "{function}() draws random numbers",
            "an ONNX model computes its outputs of its inputs alone; pass them as an argument, or call eval() of the "
            "module",
        )


derivations["onnx"] = functools.cache(_TracedLibrary)


def _pointwise(ops: Any, formula: Callable[..., Any], arrays: Any, options: Any, summed: bool) -> Any:
    found = formula(ops, *arrays, *options)
    return ops.sum(found) if summed else found


def trace(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Trace:
    """Record what a function computes of arguments, and check that it does nothing else."""
    arguments, rebuild = flatten((args, dict(kwargs)))
    given = [_copied(one) if isinstance(one, Tensor) else one for one in arguments]
    leaves = [one for one in given if isinstance(one, Tensor)]
    args, kwargs = rebuild(given)
    others = Environment(function, [one for one in given if not isinstance(one, Tensor)]).tensors
    grads = [grad for one in others if (grad := own(one, "_grad")) is not None]
    for one in (*others, *grads):
        array_of(one)

    def run(recording: Recording) -> Trace:
        shadows = [recording.captures.shadow(leaf) for leaf in leaves]
        inputs = [recording.var_of(array_of(shadow)) for shadow in shadows]
        with _noting_functions() as functions:
            result, _ = flatten(function(*args, **kwargs))
        _require_pure(recording)
        instructions = list(recording.instructions)
        for position, instruction in reversed(functions):
            instructions.insert(position, instruction)
        captured = [(var, source) for var, source in recording.inputs if var not in inputs]
        outputs = [recording.var_of(array_of(one)) for one in result if isinstance(one, Tensor)]
        if not outputs or len(outputs) < len(result):
            raise CompileError("compile: the function returned what is no tensor, nor a tuple, list or dict of tensors")
        constants = dict(recording.constants.values())
        return Trace(inputs, captured, constants, instructions, outputs, recording.library.inner)

    try:
        return recorded(key_for(device_of(leaves, others), float32), "onnx", [*leaves, *others, *grads], run)
    except CompileError as error:
        message = str(error).replace("compile: ", "onnx.export: ", 1)
        message = message.replace("a compiled function", "an exported function")
        raise OnnxExporterError(message.replace("compiled function", "exported function")) from None


def _copied(tensor: Tensor) -> Tensor:
    """A copy, which shares no memory with other arguments."""
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def _require_pure(recording: Recording) -> None:
    """Refuse writes to tensors from outside, which a model does not have."""
    captures = recording.captures
    for number, shadow in captures.shadows.items():
        before = captures.before[number]
        if shadow._storage is not before.storage or before.storage.version:
            raise CompileError(
                f"compile: the function writes to a tensor of shape {shadow.shape} from outside; write to x.clone(), "
                "or call eval() of the module"
            )
        if getattr(shadow, "_grad", None) is not before.grad:
            raise CompileError(
                f"compile: the function sets the gradient of a tensor of shape {shadow.shape}; return the gradient, as "
                "by tensorplug.func.grad"
            )


@contextlib.contextmanager
def _noting_functions() -> Iterator[list[tuple[int, Instruction]]]:
    """Note the calls of functions that ONNX has, each with the number of instructions before its end."""
    found: list[tuple[int, Instruction]] = []
    wrappers = {name: FUNCTIONS[name] for name in FUNCTION_NODES}
    with _lock:
        bodies = {name: replace_body(one, functools.partial(_noting, name, found)) for name, one in wrappers.items()}
        try:
            yield found
        finally:
            for name, body in bodies.items():
                replace_body(wrappers[name], _restored(body))


def _restored(body: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    return lambda replaced: body


def _noting(name: str, found: list[tuple[int, Instruction]], body: Callable[..., Any]) -> Callable[..., Any]:
    parameters = inspect.signature(body)

    @functools.wraps(body)
    def noting(*args: Any, **kwargs: Any) -> Any:
        result = body(*args, **kwargs)
        recording = RECORDINGS.get(threading.get_ident())
        if recording is not None:
            bound = parameters.bind(*args, **kwargs)
            bound.apply_defaults()
            # The wrapper writes into ``out=``, and in place.
            arguments = {key: value for key, value in bound.arguments.items() if key not in ("inplace", "out")}
            given, outs = (substituted(one, array_of, (Tensor,)) for one in (arguments, result))
            if all(type(one) is Proxy and one.level is recording for one in flatten(outs)[0]):
                operands, results = substituted((given, outs), recording.var_of, (Proxy,))
                if set(variables(results)).isdisjoint(variables(operands)):
                    line = user_place().line
                    found.append((len(recording.instructions), Instruction(name, body, (), operands, results, line)))
        return result

    return noting
