"""The examples of ``docs/distributed.md`` run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

PATH = Path(__file__).resolve().parents[2] / "docs" / "distributed.md"


def test_examples() -> None:
    blocks = re.findall(r"^```pycon\n(.*?)^```", PATH.read_text(), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PATH.name, str(PATH), 0)
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0
