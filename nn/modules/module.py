"""Hooks of all modules, as in PyTorch: they are called before those of a module itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.hooks import RemovableHandle
from ..hooks import ALL_MODULES, add_hook
from ..module import Module as Module

__all__ = [
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Register a hook of all modules: see `Module.register_forward_pre_hook`."""
    return add_hook(ALL_MODULES, "forward_pre", hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Register a hook of all modules: see `Module.register_forward_hook`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.nn.modules.module import register_module_forward_hook
    >>> with register_module_forward_hook(lambda module, args, output: print(module, output.shape)):
    ...     y = tp.nn.Sequential(tp.nn.Identity())(tp.ones(2))
    Identity() (2,)
    Sequential(
      (0): Identity()
    ) (2,)
    """
    return add_hook(ALL_MODULES, "forward", hook, False, with_kwargs, always_call)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Register a hook of all modules: see `Module.register_full_backward_pre_hook`."""
    return add_hook(ALL_MODULES, "backward_pre", hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Register a hook of all modules: see `Module.register_full_backward_hook`."""
    return add_hook(ALL_MODULES, "backward", hook)
