"""The examples of the documents run."""

from __future__ import annotations

import doctest
import re
import runpy
from pathlib import Path

import pytest

import tensorplug as tp

FOLDER = Path(__file__).resolve().parent.parent / "docs"

DOCS = sorted(FOLDER.rglob("*.md"))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    """All interactive examples of a document, one after the other."""
    blocks = re.findall(r"^```pycon\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0


def test_pages_of_losses_are_what_their_docstrings_say() -> None:
    pages = runpy.run_path(str(FOLDER / "write_loss_pages.py"))["pages"]()
    assert {path.stem: path.read_text() for path in (FOLDER / "losses").glob("*.md")} == pages
    assert len(pages) == len(tp.losses.__all__) - 1
