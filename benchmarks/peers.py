"""The libraries to compare with, if they are installed."""

from __future__ import annotations

import importlib
from types import ModuleType

NAMES = {"PyTorch": "torch", "HIPS autograd": "autograd", "MyGrad": "mygrad"}


def available() -> dict[str, ModuleType]:
    """Import the libraries that are installed, and set PyTorch to two threads."""
    found = {}
    for name, module in NAMES.items():
        try:
            found[name] = importlib.import_module(module)
        except ImportError:
            continue
    if "PyTorch" in found:
        found["PyTorch"].set_num_threads(2)
    return found
