"""``tensorplug info``: print what a bug report needs."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import tensorplug as tp

from .backends import listing, load

DISTRIBUTIONS = (
    *("numpy", "pluggy", "array-api-compat", "safetensors", "graphviz", "matplotlib", "rich", "scikit-learn"),
    *("hypothesis", "pebble", "pytest"),
)
"""Distributions whose versions matter, beside those of the backends."""

PREFIXES = ("TENSORPLUG_", "JAX_", "XLA_", "CUDA_", "CUPY_", "NUMPY_", "OMP_", "MKL_", "OPENBLAS_")
"""Beginnings of the names of environment variables that change how backends work."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``tensorplug info``, which has none."""


def main(options: argparse.Namespace) -> int:
    """Print the lines and return the exit code."""
    for title, lines in sections():
        print(f"{title}")
        for label, text in lines.items():
            print(f"  {label}: {' '.join(text.split())}")
    return 0


def sections() -> Iterator[tuple[str, dict[str, str]]]:
    """Titles with labelled lines: the system, versions, environment variables, and each backend."""
    yield "tensorplug", _system()
    yield "versions", {name: found for name in DISTRIBUTIONS if (found := _version(name))}
    yield "environment", {name: os.environ[name] for name in sorted(os.environ) if name.startswith(PREFIXES)}
    for entry in listing():
        lines = {"status": entry.status}
        if entry.distribution:
            lines["version"] = f"{entry.distribution} {entry.version or 'not installed'}"
        if entry.devices:
            lines["devices"] = ", ".join(entry.devices)
        if entry.reason:
            lines["note"] = entry.reason
        if entry.status == "available":
            lines |= _about(entry.name)
        yield f"backend {entry.name}", lines


def _system() -> dict[str, str]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "version": tp.__version__,
        "folder": str(Path(tp.__file__).parent),
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        "processors": f"{usable} usable of {os.cpu_count()}",
        "defaults": f"backend {tp.default_backend()}, {tp.get_default_dtype()}",
    }


def _about(backend: str) -> dict[str, str]:
    try:
        return dict(load(backend).backend.about())
    except Exception as error:
        return {"about": f"raised {type(error).__name__}: {error}"}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
