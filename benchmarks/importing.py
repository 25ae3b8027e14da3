"""Time to import the package, NumPy and PyTorch in a new interpreter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

from timing import Benchmark


def benchmarks(peers: dict[str, ModuleType]) -> Iterator[Benchmark]:
    """Processes that only import."""
    names = {"tensorplug": "tensorplug", "NumPy": "numpy"} | ({"PyTorch": "torch"} if "PyTorch" in peers else {})
    yield Benchmark("import in a fresh process", {name: _import(module) for name, module in names.items()})


def _import(module: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
