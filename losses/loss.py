"""What the classes of losses have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from ..core.memory.tensor import Tensor
from .checks import require_tensor
from .reduction import REDUCTIONS, require_reduction


class Loss:
    """A loss with its options: called with tensors, it gives the loss.

    Parameters
    ----------
    reduction : str, default: "mean"
        What becomes of the losses of the single elements: ``"none"``, ``"mean"`` or ``"sum"``.

    Raises
    ------
    ValueError
        For another reduction.
    """

    reductions: ClassVar[tuple[str, ...]] = tuple(REDUCTIONS)

    def __init__(self, reduction: str = "mean") -> None:
        require_reduction(type(self).__name__, reduction, self.reductions)
        self.reduction = reduction

    def _require_weights(self, **weights: Any) -> None:
        """Raise TypeError unless every weight that is given is a tensor."""
        for name, weight in weights.items():
            if weight is not None:
                require_tensor(type(self).__name__, name, weight)

    def forward(self, *tensors: Any) -> Tensor:
        """The loss of tensors."""
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def __call__(self, *tensors: Any, **named: Any) -> Tensor:
        return self.forward(*tensors, **named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
