"""Tensors from outside while a function is recorded: the recording's thread sees their shadows.

For the time of a recording the tensors that the function may use are instances of `Captured`, a subclass that differs
from Tensor in one thing: what the recording's thread reads and sets of it is kept in another tensor, its shadow, whose
array is an input of the program. Other threads read and set the tensor itself. So the function runs through the
unchanged library, writes and `backward` included, and the tensors are afterwards as they were; what became of the
shadows are the program's effects.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, NamedTuple, final

from ...autograd.hooks import ACCUMULATED, HOOKS
from ...autograd.node import Leaf, Node, next_order
from ..dispatch.keys import DispatchKey, key_for, loaded_keys
from ..memory.tensor import Storage, Tensor, View, new_tensor
from ..memory.views import layout
from ..types.devices import derived
from ..types.errors import CompileError
from .recording import RECORDINGS, Recording, refused, unknown_tensor

_SLOTS = {name: Tensor.__dict__[name] for name in Tensor.__slots__ if name != "__weakref__"}

_thread = threading.get_ident


class Captured(Tensor):  # type: ignore[misc]
    """A tensor while recordings capture it: see the module.

    So tensors are told by `isinstance`. Where every nanosecond counts ``type(x) is Tensor`` comes first, and what is
    done otherwise must be right for these.
    """

    __slots__ = ()


def _redirected(name: str) -> property:
    """The property that reads and sets a slot of the tensor, or of its shadow in the recording's thread."""
    slot = _SLOTS[name]

    def read(tensor: Tensor) -> Any:
        recording = RECORDINGS.get(_thread())
        if recording is None:
            return slot.__get__(tensor)
        if name == "_grad":
            recording.captures.grads_read.add(id(tensor))
        elif name == "_array":
            recording.captures.used.add(id(tensor))
        return getattr(recording.captures.shadow(tensor), name)

    def assign(tensor: Tensor, value: Any) -> None:
        recording = RECORDINGS.get(_thread())
        if recording is None:
            slot.__set__(tensor, value)
        else:
            setattr(recording.captures.shadow(tensor), name, value)

    return property(read, assign)


for _name in _SLOTS:
    setattr(Captured, _name, _redirected(_name))


def own(tensor: Tensor, name: str) -> Any:
    """A slot of the tensor itself; None if it is not set."""
    try:
        return _SLOTS[name].__get__(tensor)
    except AttributeError:
        return None


class Before(NamedTuple):
    """What a shadow was like at first."""

    storage: Storage
    node: Any
    grad: Tensor | None


class Captures:
    """The tensors that a recording captures, with their shadows, which are made at the first use.

    Attributes
    ----------
    tensors : dict of int to Tensor
        By identity.
    shadows : dict of int to Tensor
        By the identity of the tensor that each is of.
    before : dict of int to Before
    used : set of int
        The tensors whose arrays the function read, by identity.
    grads_read : set of int
        The tensors whose gradients the function looked at, by identity.
    """

    def __init__(self, recording: Recording, tensors: Iterable[Tensor], apart: Iterable[int] = ()) -> None:
        self.recording = recording
        self.tensors = {id(tensor): tensor for tensor in tensors}
        self.shadows: dict[int, Tensor] = {}
        self.before: dict[int, Before] = {}
        self.grads_read: set[int] = set()
        self.used: set[int] = set()
        self._storages: dict[int, Storage] = {}
        storages = [storage for one in self.tensors.values() if (storage := own(one, "_storage")) is not None]
        shared = {id(one) for one in storages if storages.count(one) > 1 and one.layout is not None}
        self._shared = shared.difference(apart)
        recording.captures = self

    def __enter__(self) -> Captures:
        with _counting:
            _guard_tables()
            _counts[0] = _counts.get(0, 0) + 1
            for number, tensor in self.tensors.items():
                _counts[number] = _counts.get(number, 0) + 1
                tensor.__class__ = Captured
        return self

    def __exit__(self, *exception: object) -> None:
        with _counting:
            for number, tensor in self.tensors.items():
                _counts[number] -= 1
                if not _counts[number]:
                    del _counts[number]
                    tensor.__class__ = Tensor
            _counts[0] -= 1
            if not _counts[0]:
                _unguard_tables()

    def apart(self) -> set[int]:
        """The storages of which only one tensor was used, by identity: it need not be taken as a part of the memory."""
        used = [id(own(self.tensors[number], "_storage")) for number in self.used]
        return {number for number in self._storages if used.count(number) == 1}

    def is_shared(self, tensor: Tensor) -> bool:
        """Whether it shares memory with another captured tensor."""
        return id(own(tensor, "_storage")) in self._shared

    def shadow(self, tensor: Tensor) -> Tensor:
        """What the recording's thread sees of a captured tensor."""
        found = self.shadows.get(id(tensor))
        if found is None:
            if id(tensor) not in self.tensors:
                raise unknown_tensor()
            found = self.shadows[id(tensor)] = new_tensor()
            self._fill(found, tensor)
        return found

    def _fill(self, shadow: Tensor, tensor: Tensor) -> None:
        shadow._key = self._key(own(tensor, "_key"))
        shadow._node = self._node(tensor, shadow._key)
        grad = own(tensor, "_grad")
        if grad is not None or type(shadow._node) is Leaf:
            shadow._grad = grad
        if self.is_shared(tensor):
            self._fill_shared(shadow, tensor)
        else:
            shadow._array = self.recording.input(own(tensor, "_array"), tensor)
            shadow._storage = None
            shadow._make_storage()
        assert shadow._storage is not None
        self.before[id(tensor)] = Before(shadow._storage, shadow._node, grad)

    def _fill_shared(self, shadow: Tensor, tensor: Tensor) -> None:
        """Make a shadow one of several of the same memory, of which the root is the input."""
        storage = own(tensor, "_storage")
        shared = self._storages.get(id(storage))
        if shared is None:
            shared = self._storages[id(storage)] = Storage()
            shared.version, shared.layout, shared.replaceable = 0, storage.layout, False
            shared.key = self._key(storage.key)
            shared.root = self.recording.input(storage.root, storage)
        shadow._storage, shadow._version, shadow._view, shadow._array = shared, 0, None, shared.root
        view = own(tensor, "_view")
        if view is not None:
            shadow._view = View()
            shadow._view.base = base = view.base if id(view.base) in self.tensors else None
            shadow._view.steps, shadow._view.depth, shadow._view.layout = view.steps, view.depth, view.layout
            shadow._view.recorded, shadow._view.may_overlap = view.recorded, view.may_overlap
            shadow._view.seen = None if base is None else base._node
            # Behind from the start: computed from the root at the first read.
            shadow._array, shadow._version = layout(shadow), -1

    def _key(self, key: DispatchKey) -> DispatchKey:
        recording = self.recording
        if key.library is not recording.library.inner or key.device.local_name != recording.device:
            raise refused(
                f"tensors on {recording.library.name}:{recording.device} and on {key.device} are used",
                "a compiled function computes on one device; move them before the call",
            )
        return key_for(derived(key.device, recording.library.transform), key.dtype)

    def _node(self, tensor: Tensor, key: DispatchKey) -> Any:
        node = own(tensor, "_node")
        if node is None:
            return None
        if type(node) is Leaf:
            leaf = Leaf(tensor, key)
            HOOKS.share(node, leaf)
            ACCUMULATED.share(node, leaf)
            return leaf
        outside = Node()
        outside.rule, outside.key, outside.order = _OUTSIDE, key, next_order()
        outside.edges, outside.saved, outside.shapes = (), (), None
        return outside


class _Outside:
    """The rule of a tensor with a history from outside of the compiled function."""

    name = "compiled function's input"
    tensors = ()

    def vjp(self, node: Any, g: Any, ops: Any, saved: Any) -> Any:
        """Refuse to differentiate what was recorded outside."""
        raise CompileError(
            "compile: backward reaches what was recorded outside of the compiled function; record it inside, or use "
            "x.detach()"
        )

    def lift(self, node: Any, saved: Any, lift: Any) -> Any:
        """Nothing is saved."""
        return saved


_OUTSIDE = _Outside()


_counts: dict[int, int] = {}
"""How many recordings capture a tensor, by its identity; at 0, how many there are."""

_tables: list[tuple[DispatchKey, Any]] = []
"""The keys whose tables are guarded, and these, while there are recordings."""

_counting = threading.Lock()


@final
class _GuardedTable:
    """A key's table in which threads that record find no kernel: they use a tensor that is not captured."""

    __slots__ = ("_table",)

    def __init__(self, table: Any) -> None:
        self._table = table

    def __getitem__(self, name: str) -> Any:
        if _thread() in RECORDINGS:
            raise unknown_tensor()
        return self._table[name]


def _guard_tables() -> None:
    """Guard the tables of all keys of libraries; the caller holds the lock."""
    for key in loaded_keys() if not _tables else ():
        if key.library.depth == 0:
            _tables.append((key, key.table))
            key.table = _GuardedTable(key.table)  # type: ignore[misc, assignment]


def _unguard_tables() -> None:
    for key, table in _tables:
        key.table = table  # type: ignore[misc]
    _tables.clear()
