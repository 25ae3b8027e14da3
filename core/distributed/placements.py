"""Placements: how a tensor is divided along one axis of a mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

__all__ = ["Partial", "Placement", "Replicate", "Shard"]


class Placement:
    """How a tensor is divided along one axis of a mesh: `Shard` or `Replicate`."""

    def is_shard(self, dim: int | None = None) -> bool:
        """Whether the tensor is divided, along its axis `dim` if that is given."""
        return isinstance(self, Shard) and dim in (None, self.dim)

    def is_replicate(self) -> bool:
        """Whether each device has a copy."""
        return isinstance(self, Replicate)

    def is_partial(self, reduce_op: str | None = None) -> bool:
        """Whether each device has a term of a sum: never, of tensors that there are."""
        return isinstance(self, Partial) and reduce_op in (None, self.reduce_op)


@final
@dataclass(frozen=True)
class Shard(Placement):
    """Each device has one of equal parts of the tensor along its axis `dim`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.distributed.Shard(0)
    Shard(dim=0)
    """

    dim: int


@final
@dataclass(frozen=True)
class Replicate(Placement):
    """Each device has a copy of the tensor."""


@final
@dataclass(frozen=True)
class Partial(Placement):
    """Each device has a term of the tensor, in PyTorch; here no tensor is so, as each operation finishes its sums."""

    reduce_op: str = "sum"

    def __repr__(self) -> str:
        return f"Partial({self.reduce_op})"
