"""The protocol of tensor classes that this package differentiates."""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard


class Differentiable(Protocol):
    """A tensor with a node. Names with an underscore are for this package alone."""

    _node: Any
    """The node or leaf, or None for a constant."""

    _key: Any
    """The dispatch key."""

    _lifter: Any
    """See `tensorplug.autograd.engine.Lifter`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def requires_grad(self) -> bool: ...

    def detach(self) -> Any:
        """A tensor that shares the memory and is not recorded."""

    def _gradients(
        self,
        outputs: Any,
        inputs: Any,
        grad_outputs: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        allow_unused: bool = False,
        linear: bool = False,
    ) -> tuple[Any, ...]:
        """The gradients of outputs with respect to inputs: see `tensorplug.autograd.grad`.

        With `linear`, recorded gradients depend on the `grad_outputs` only.
        """

    def _save(self) -> tuple[Any, Any, int]:
        """Array, storage and version, from which `_lift` makes the tensor again."""

    @staticmethod
    def _lift(array: Any, key: Any, node: Any = None, storage: Any = None, version: int = 0) -> Any:
        """A tensor of a raw array with a node."""

    def _innermost(self) -> Any:
        """The tensor at the innermost level of `vmap` that is open."""

    @staticmethod
    def _vmap(function: Any, out_dims: Any, chunk_size: int | None) -> Any:
        """A function of tensors applied to the parts of theirs along the first axis."""

    def _variable(self) -> Any:
        """A tensor that shares the memory, with a new leaf, or a new node whose edge is this tensor's node."""

    def _require_writable(self, operation: str) -> None:
        """Raise if a write of this tensor, already done, cannot be recorded."""

    def _write_history(self, node: Any) -> None:
        """Set the node of this tensor, which was just written, and record the write for its base."""

    @staticmethod
    def _gradient_for_user(gradient: Any, key: Any) -> Any:
        """A gradient of the engine, a raw array or a recorded tensor, as a tensor that users may see and write."""

    @staticmethod
    def _tensor_for_user(value: Any, key: Any, exposed: set[int] | None = None) -> Any:
        """A raw array or a recorded tensor as a tensor that shares no memory.

        Given the ids of arrays that are `exposed`, a raw array is copied only if it is one of them or a view.
        """

    def _gradient_for_engine(self, key: Any, recorded: bool) -> Any:
        """A user's gradient as the engine has it: a tensor if the pass is recorded, else a raw array."""


def is_tensor(value: Any) -> TypeGuard[Differentiable]:
    """Whether a value is a tensor of such a class."""
    return hasattr(type(value), "_gradients")
