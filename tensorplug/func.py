"""Transforms of functions, as in ``torch.func``: gradients, Jacobians, Hessians, and `vmap`."""

from .autograd.transforms import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)
from .core.transforms.compile import compile as jit
from .core.transforms.vmap import vmap

__all__ = ["grad", "hessian", "hvp", "jacfwd", "jacrev", "jit", "jvp", "value_and_grad", "vjp", "vmap"]
