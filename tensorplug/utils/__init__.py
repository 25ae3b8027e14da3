"""PyTorch's `torch.utils`, of which `data` is here."""

from . import data as data

__all__ = ["data"]
