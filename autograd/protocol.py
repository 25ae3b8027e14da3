"""What this package asks of a tensor class, where a user's tensors come in."""

from __future__ import annotations

from typing import Any, Protocol, TypeGuard


class Differentiable(Protocol):
    """A tensor that keeps its history in nodes. Names with an underscore are for this package alone."""

    _node: Any
    """The node or leaf of its history, or None."""

    _key: Any
    """What its node's `key` is."""

    _lifter: Any
    """See `tensorplug.autograd.engine.Lifter`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def requires_grad(self) -> bool: ...

    def detach(self) -> Any:
        """A tensor that shares the memory and has no history."""

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
        """The gradients of outputs with respect to inputs, in the convention that users see.

        With `linear`, the gradients that are recorded depend on the `grad_outputs` only.
        """

    def _save(self) -> tuple[Any, Any, int]:
        """Array, storage and version, from which `_lift` makes the tensor again."""

    @staticmethod
    def _lift(array: Any, key: Any, node: Any = None, storage: Any = None, version: int = 0) -> Any:
        """A tensor of a raw array, with a history."""

    def _variable(self) -> Any:
        """A tensor that shares the memory, with a node or leaf of its own that leads to this one's, if there is one."""

    def _require_writable(self, operation: str) -> None:
        """Refuse a write that could not be recorded."""

    def _write_history(self, node: Any) -> None:
        """Make `node` the history of this tensor, which was just written, and of what it is a view of."""

    @staticmethod
    def _gradient_for_user(gradient: Any, key: Any) -> Any:
        """A gradient of a pass, raw or recorded, as a tensor that users may see and write."""

    @staticmethod
    def _tensor_for_user(value: Any, key: Any, exposed: set[int] | None = None) -> Any:
        """A raw array, or a recorded tensor, as a tensor that can be written without changing anything else.

        A raw array is copied, or, where the identities of those that something else sees are `exposed`, if it must be.
        """

    def _gradient_for_engine(self, key: Any, recorded: bool) -> Any:
        """A user's gradient as a pass has it: a tensor where it is recorded, else a raw array."""


def is_tensor(value: Any) -> TypeGuard[Differentiable]:
    """Whether a value is of such a class."""
    return hasattr(type(value), "_gradients")
