"""Reverse-mode automatic differentiation on nodes and raw arrays, for all backends."""

from .functions import grad
from .modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled

__all__ = ["enable_grad", "grad", "is_grad_enabled", "no_grad", "set_grad_enabled"]
