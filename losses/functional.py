"""The losses as functions, under PyTorch's names."""

from .cross_entropy import cross_entropy

__all__ = ["cross_entropy"]
