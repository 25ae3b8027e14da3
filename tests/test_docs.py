"""The examples of the documents run."""

from __future__ import annotations

import doctest
import re
import runpy
import types
from pathlib import Path

import pytest

import tensorplug as tp
from tensorplug import backends
from tensorplug.conformance import run
from tensorplug.conformance.engine.reference import Reference
from tensorplug.conformance.engine.runner import checks

FOLDER = Path(__file__).resolve().parent.parent / "docs"

# `test_distributed` runs the examples for eight devices; what lies in the other two folders is written by the site.
ELSEWHERE = {"_build", "api", "distributed.md"}
DOCS = sorted(path for path in FOLDER.rglob("*.md") if not ELSEWHERE & set(path.relative_to(FOLDER).parts))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    """All interactive examples of a document, one after the other."""
    if path.stem == "onnx":
        pytest.importorskip("onnx")
    blocks = re.findall(r"^```pycon\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0


def test_architecture_names_what_there_is() -> None:
    """Each file and name of its tables, and each added line of its examples."""
    text = (FOLDER / "architecture.md").read_text()
    root = FOLDER.parent
    named = re.findall(r"\| `([a-z_/]+\.py)` \| `(\w+)` \|", text)
    assert len(named) > 10
    for file, name in named:
        assert re.search(rf"^(def |class )?{name}\b", (root / file).read_text(), re.MULTILINE), (file, name)
    for file in re.findall(r"`((?:core|autograd|backends|conformance|losses)/[a-z_/]*(?:\.py)?)", text):
        assert (root / file).exists(), file
    for block in re.findall(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        file, *lines = block.splitlines()
        for line in lines:
            assert line.removeprefix("+") in (root / file).read_text().splitlines(), (file, line)


def test_pages_of_losses_are_what_their_docstrings_say() -> None:
    pages = runpy.run_path(str(FOLDER / "write_loss_pages.py"))["pages"]()
    assert {path.stem: path.read_text() for path in (FOLDER / "losses").glob("*.md")} == pages
    assert len(pages) == len(tp.losses.__all__) - 1


OF_ITS_KERNELS = ("sizes", "ranges", "state", "surroundings", "threads")


def test_backend_of_the_readme_passes_the_suite() -> None:
    """Against NumPy, at the quick level; `OF_ITS_KERNELS`, most of the time, do not depend on a plugin without any."""
    pytest.importorskip("array_api_strict")
    text = (FOLDER.parent / "README.md").read_text()
    (code,) = (
        block for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if "Backend" in block
    )
    assert code in (FOLDER / "plugins.md").read_text()
    plugin = types.ModuleType("tensorplug_strict")
    exec(code, plugin.__dict__)
    backends.register(plugin)
    try:
        chosen = [check for check in checks("quick") if check.aspect not in OF_ITS_KERNELS]
        outcomes = run(["strict"], level="quick", chosen=chosen, reference=Reference("numpy"))
    finally:
        backends.unregister(plugin)
    assert [f"{outcome.operation}: {outcome.failure}" for outcome in outcomes if outcome.status == "failed"] == []
    assert len(outcomes) > 1000
