"""How long a fresh interpreter takes to import the package, and NumPy alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

from timing import Contest


def contests(peers: dict[str, ModuleType]) -> Iterator[Contest]:
    """Whole processes."""
    names = {"tensorplug": "tensorplug", "NumPy": "numpy"} | ({"PyTorch": "torch"} if "PyTorch" in peers else {})
    yield Contest("import in a fresh process", {name: _import(module) for name, module in names.items()})


def _import(module: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
