"""Compiled functions are kept in a folder, where later processes find them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tensorplug.backends import manager

PROGRAM = """
import json, logging, sys
import jax
found = []
class Hits(logging.Handler):
    def emit(self, record):
        found.append(record.getMessage())
logger = logging.getLogger("jax._src.compiler")
logger.addHandler(Hits())
logger.setLevel(logging.DEBUG)
logger.propagate = False
import tensorplug as tp
{prelude}
x = tp.arange(7.0, device="jax", requires_grad=True)
(tp.sin(x) * x).sum().backward()
print(sum("cache hit for" in one for one in found), sum("MISS for" in one for one in found))
"""


def hits_and_misses(prelude: str, **variables: str) -> tuple[int, int]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "TENSORPLUG_"))}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM.format(prelude=prelude)],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    hits, misses = map(int, done.stdout.split())
    return hits, misses


@pytest.mark.parametrize("way", ["variable", "function", "late"])
def test_a_second_process_compiles_nothing(way: str, tmp_path: Path) -> None:
    pytest.importorskip("jax")
    late = "tp.ones(3, device='jax') + 1; " if way == "late" else ""
    prelude = "" if way == "variable" else f"{late}tp.backends.keep_compiled({str(tmp_path)!r})"
    variables = {"TENSORPLUG_CACHE": str(tmp_path)} if way == "variable" else {}
    hits, misses = hits_and_misses(prelude, **variables)
    assert misses > 0
    assert list((tmp_path / "jax").iterdir())
    again, missed = hits_and_misses(prelude, **variables)
    assert again > hits
    # What ran before the call is compiled again.
    assert missed == 0 or (way == "late" and missed < misses)


def test_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert manager._folder_of("1") == str(tmp_path / "tensorplug")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert manager._folder_of("1") == str(tmp_path / ".cache" / "tensorplug")
    assert manager._folder_of("~/kept") == str(tmp_path / "kept")
    assert manager._folder_of("") == manager._folder_of("0") == ""
