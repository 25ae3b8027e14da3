"""PyTorch's `torch.utils`, of which `checkpoint` and `data` are here."""

from . import checkpoint as checkpoint
from . import data as data

__all__ = ["checkpoint", "data"]
