"""`compile`: a function recorded once as a program of kernel calls, which its backend runs from then on."""

from __future__ import annotations

import collections
import functools
import math
import threading
import types
from collections.abc import Callable
from typing import Any, final

import numpy

from ...autograd.forward import differentiations
from ...autograd.modes import is_grad_enabled, is_inference_mode_enabled
from ...autograd.observers import observers
from ...backends.contract import Backend
from ...backends.program import Program, Var, variables
from ..dispatch.keys import key_for
from ..dispatch.levels import open_levels
from ..memory.tensor import Tensor
from ..memory.views import array_of
from ..types.devices import default_device
from ..types.dtypes import float32, get_default_dtype
from ..types.errors import CompileError
from .calls import MISS, Call
from .captured import own
from .environment import Environment
from .history import history_of
from .recording import Recording
from .session import recorded
from .simplify import described

__all__ = ["compile"]

_MOST_CHANGES = 4
"""How often in a row a function may change what it depends on, before that is an error."""


@final
class _Entry:
    """A recorded program with what it is valid for."""

    def __init__(self, call: Call, environment: Environment | None, signature: Any, reason: str) -> None:
        self.program = call.program
        self.signature = signature
        self.reason = reason
        self.environment = environment
        self.is_confirmed = False
        self.call: Callable[[list[Tensor]], Any]


class Compiled:
    """A compiled function: see `compile`.

    Attributes
    ----------
    programs : list of Program
        Those recorded so far, which show their instructions when printed.
    """

    def __init__(self, function: Callable[..., Any], guard: bool) -> None:
        # Not the function's own attributes, which may change.
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._guards = guard
        self._entries: dict[Any, list[_Entry]] = {}
        self._lock = threading.RLock()
        self._uncompiled = 0
        self._changes = 0

    def __getattr__(self, name: str) -> Any:
        # A compiled module has the module's parameters and methods.
        if name == "_function":
            raise AttributeError(name)
        return getattr(self._function, name)

    @property
    def programs(self) -> list[Program]:
        return [entry.program for entries in self._entries.values() for entry in entries]

    def explain(self) -> str:
        """For each program why it was recorded, how much it computes, and how often each operation occurs in it."""
        entries = [entry for entries in self._entries.values() for entry in entries]
        text = [f"{len(entries)} program{'' if len(entries) == 1 else 's'}"]
        for entry in entries:
            text.append(f"- recorded because {entry.reason}: {_described_cost(entry.program)}")
        if self._uncompiled:
            text.append(
                f"- {self._uncompiled} calls within another transform, as part of it: not compiled by themselves"
            )
        return "\n".join(text)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if open_levels() or observers or differentiations() > 1:
            # Part of what is recorded, batched, or differentiated in forward mode or more than once.
            self._uncompiled += 1
            return self._function(*args, **kwargs)
        leaves: list[Tensor] = []
        objects: list[Any] = []
        key = (
            _described((args, kwargs), leaves, objects),
            is_grad_enabled(),
            is_inference_mode_enabled(),
            get_default_dtype(),
            default_device(),
        )
        reason = "arguments of this kind were new"
        for entry in self._entries.get(key, ()):
            reason = entry.environment.change() if entry.environment is not None else ""
            if not reason and entry.is_confirmed:
                found = entry.call(leaves)
                if found is not MISS:
                    return found
                reason = "a tensor that it uses is of another shape, dtype or device"
        with self._lock:
            return self._recorded(key, leaves, objects, args, kwargs, reason)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def _recorded(self, key: Any, leaves: list[Tensor], objects: list[Any], args: Any, kwargs: Any, reason: str) -> Any:
        """Record the function, and run the program that it comes to, or an equal one that there is."""
        environment = Environment(self._function, objects)
        call, change, is_last = self._record(leaves, environment, objects, args, kwargs)
        signature = _signature(call)
        entries = self._entries.setdefault(key, [])
        if len(self._entries) > _MOST_KINDS:
            del self._entries[next(iter(self._entries))]
        entry = next((one for one in entries if one.signature == signature and self._holds(one)), None)
        if entry is not None:
            entry.is_confirmed = True
            self._changes = 0
        else:
            entry = _Entry(call, environment if self._guards else None, signature, reason)
            entry.call = call.function()
            self._count_changes(change, entries, entry)
            if not is_last:
                entries.append(entry)
                del entries[:-_MOST_ENTRIES]
        found = entry.call(leaves)
        assert found is not MISS
        return found

    def _holds(self, entry: _Entry) -> bool:
        return entry.environment is None or not entry.environment.change()

    def _record(
        self, leaves: list[Tensor], environment: Environment, objects: list[Any], args: Any, kwargs: Any
    ) -> tuple[Call, str, bool]:
        """What the function does, what it changed of what it depends on, and whether it keeps tensors that it made."""
        own_tensors = {id(one): one for one in (*leaves, *environment.tensors)}
        captured = [one for one in own_tensors.values() if not any(one is leaf for leaf in leaves)]
        grads = [grad for one in own_tensors.values() if (grad := own(one, "_grad")) is not None]
        for one in (*own_tensors.values(), *grads):
            array_of(one)

        def run(recording: Recording) -> tuple[Call, str, bool]:
            result = self._function(*args, **kwargs)
            history = history_of(recording, result)
            change = environment.change()
            after = Environment(self._function, [args, kwargs, *objects]).tensors
            escaped = [one for one in after if own(one, "_key").library is recording.library]
            return Call(recording, leaves, captured, result, escaped, history), change, bool(escaped)

        key = key_for(device_of(leaves, captured), float32)
        return recorded(key, "compile", [*own_tensors.values(), *grads], run, is_final=lambda found: found[2])

    def _count_changes(self, change: str, entries: list[_Entry], entry: _Entry) -> None:
        """Count recordings in a row that come to different programs by the function's own doing."""
        unconfirmed = [one for one in entries if not one.is_confirmed and self._holds(one)]
        self._changes = self._changes + 1 if change or unconfirmed else 0
        if self._changes < _MOST_CHANGES:
            return
        if "another tensor" in change or "number of entries" in change:
            raise CompileError(
                f"compile: a new tensor is kept at each call ({change}); write into the old one (h.copy_(...)), or "
                "return it"
            )
        found = change or _difference(unconfirmed[-1], entry)
        raise CompileError(
            f"compile: the function does something else at each call: {found}; keep it in a tensor, or pass it as an "
            "argument"
        )


def _described_cost(program: Program) -> str:
    """How many operations a program has, and how many bytes they read and write if each runs by itself."""
    counts = collections.Counter(one.name for one in program.instructions)
    read = sum(_bytes(var) for one in program.instructions for var in variables((one.operands, one.parameters)))
    written = sum(_bytes(var) for one in program.instructions for var in variables(one.results))
    names = ", ".join(f"{name} {count}" if count > 1 else name for name, count in counts.most_common())
    return f"{len(program.instructions)} operations, which read {read} bytes and write {written} ({names})"


def _bytes(var: Var) -> int:
    return math.prod(var.shape) * int(var.dtype.itemsize)


_MOST_KINDS = 256
"""For arguments of how many kinds programs are kept."""

_MOST_ENTRIES = 8
"""How many programs are kept for arguments of one kind, which differ in what else the function depends on."""


def device_of(leaves: list[Tensor], captured: list[Tensor]) -> Any:
    """The device that a function computes on: that of its arguments, or of tensors that it may use, or the default."""
    if leaves:
        return leaves[0].device
    devices = [one.device for one in captured]
    default = default_device()
    return devices[0] if devices and default not in devices else default


@final
class _Identity:
    """An object compared by identity, and kept."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return type(other) is _Identity and other.value is self.value


_ATOMS = (int, str, bool, type(None))


def _described(tree: Any, leaves: list[Tensor], objects: list[Any]) -> Any:
    """What a program depends on of arguments, and the tensors and the other objects among them."""
    kind = type(tree)
    if isinstance(tree, Tensor):
        return _described_tensor(tree, leaves)
    if kind is tuple or kind is list:
        return kind, *[_described(one, leaves, objects) for one in tree]
    if isinstance(tree, dict):
        return kind, *[(key, _described(one, leaves, objects)) for key, one in tree.items()]
    if isinstance(tree, (tuple, list)):
        return kind, *[_described(one, leaves, objects) for one in tree]
    if kind in _ATOMS:
        return kind, tree
    if kind is float or kind is complex:
        return kind, tree or repr(tree)
    if isinstance(tree, numpy.ndarray):
        raise CompileError(
            "compile: an argument is a NumPy array, whose values would become part of the program; pass "
            "tensorplug.asarray(it)"
        )
    objects.append(tree)
    return _Identity(tree)


def _described_tensor(tensor: Tensor, leaves: list[Tensor]) -> Any:
    array = array_of(tensor)
    storage = tensor._storage
    shared: Any = None
    for i, other in enumerate(leaves):
        if other is tensor:
            shared = i
            break
        if storage is not None and other._storage is storage:
            # Which parts of the memory they are is part of the program.
            shared = i, repr(_steps(other)), repr(_steps(tensor))
            break
    leaves.append(tensor)
    node = tensor._node
    return tensor._key, array.shape, None if node is None else type(node), shared


def _steps(tensor: Tensor) -> Any:
    return None if tensor._view is None else tensor._view.steps


def _signature(call: Call) -> Any:
    """What is equal for recordings that came to the same."""
    program = call.program
    return (
        _instructions(program),
        [(var.number, _values(call.backend, array)) for var, array in program.constants.items()],
        _instructions(call.history.program) if call.history else None,
        call.lines,
        [(name, _plain(value)) for name, value in call.scope.items()],
    )


def _instructions(program: Program) -> list[Any]:
    return [(one.name, described((one.operands, one.parameters, one.results))) for one in program.instructions]


def _values(backend: Backend, array: Any) -> tuple[numpy.dtype, tuple[int, ...], bytes]:
    host = backend.to_numpy(array)
    return host.dtype, host.shape, host.tobytes()


def _plain(value: Any) -> Any:
    return described(value) if isinstance(value, (int, float, complex, str, tuple)) else type(value)


def _difference(old: _Entry, new: _Entry) -> str:
    """The first thing in which two programs differ, in words."""
    for one, other, name in zip(old.signature[0], new.signature[0], new.program.instructions, strict=False):
        if one != other:
            return f"{one[0]}, then {other[0]}, at {name.line}"
    for (number, one), (_, other) in zip(old.signature[1], new.signature[1], strict=False):
        if one != other:
            return _constant_difference(one, other, number, new.program)
    return "another tensor, or another result"


def _constant_difference(old: Any, new: Any, number: int, program: Program) -> str:
    line = next(
        (one.line for one in program.instructions if any(var.number == number for var in variables(one.operands))), ""
    )
    one, other = (numpy.frombuffer(data, dtype) for dtype, _, data in (old, new))
    if one.size == 1:
        return f"the number {one.item():.6g}, then {other.item():.6g}, at {line}"
    return f"a constant of shape {old[1]} with other values, at {line}"


def compile(function: Callable[..., Any] | None = None, *, guard: bool = True) -> Any:
    """Compile a function: record what it computes at its first call, and run that as a whole from then on.

    Parameters
    ----------
    function : callable, optional
        It may do what a training step does: compute with its arguments and with tensors that it refers to, call
        `backward`, write to tensors, set gradients, draw random numbers. Without it, a decorator is returned.
    guard : bool, default: True
        Whether each call makes sure that the variables, attributes and containers that the function reads, in so far as
        they are no tensors, are as they were.

    Returns
    -------
    callable
        With ``programs``, the programs recorded so far, and ``explain()``, which says why each was recorded.

    Raises
    ------
    RuntimeError
        When called: if the function looks at values of a tensor, uses tensors that were not found or of two devices, or
        does something else at each call. The message names the line and says what to do.

    Examples
    --------
    >>> import tensorplug as tp
    >>> @tp.compile
    ... def distance(x, y):
    ...     return ((x - y) ** 2).sum().sqrt()
    >>> distance(tp.tensor([1.0, 2.0]), tp.tensor([4.0, 6.0]))
    tensor(5.)
    """
    if function is None:
        return functools.partial(compile, guard=guard)
    if not callable(function):
        raise TypeError(f"compile: got {type(function).__name__}, wanted a function")
    return Compiled(function, guard)
