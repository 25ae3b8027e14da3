"""PyTorch's `torch.nn.modules`, of which `module` is here."""

from . import module

__all__ = ["module"]
