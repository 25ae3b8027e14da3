"""Write a page for each loss, docs/losses/NAME.md, from the docstrings of its function and its class.

``make docs`` runs it; a test fails if a page is out of date.
"""

from __future__ import annotations

import inspect
import pathlib
import re
from collections.abc import Callable
from typing import Any

from tensorplug import losses
from tensorplug.losses import functional

FOLDER = pathlib.Path(__file__).resolve().parent / "losses"

HEADING = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
DISPLAYED = re.compile(r"^\.\. math::\n?((?:[ \t]*\S.*\n?|\n(?=[ \t]+\S))+)", re.MULTILINE)
INLINE = re.compile(r":math:`([^`]*)`")
ENTRY = re.compile(r"^(\*{0,2}\w[^\n:]*?)( : .*)?$")


def pages() -> dict[str, str]:
    """The text of each page by the name of its function."""
    classes = {_folded(name): getattr(losses, name) for name in losses.__all__ if name != "functional"}
    functions = {name: getattr(functional, name) for name in functional.__all__}
    return {
        name: page(name, function, classes[_folded(name)])
        for name, function in functions.items()
        if _folded(name) in classes
    }


SPELLINGS = {
    "binarycrossentropy": "bce",
    "binarycrossentropywithlogits": "bcewithlogits",
    "gaussiannll": "gaussiannll",
}
"""Folded names of functions that differ from those of their classes."""


def _folded(name: str) -> str:
    """A key that a function and its class share."""
    folded = name.lower().replace("_", "").removesuffix("loss")
    return SPELLINGS.get(folded, folded)


def page(name: str, function: Callable[..., Any], loss: type) -> str:
    """The page of a loss."""
    title = f"# {loss.__name__}\n\n`tensorplug.{loss.__name__}{_parameters(loss)}`, "
    title += f"`tensorplug.losses.functional.{name}`"
    return f"{title}\n\n{_markdown(inspect.getdoc(function) or '')}\n\n## As a class\n\n{_example(loss)}\n"


def _parameters(loss: type) -> str:
    given = inspect.signature(loss).parameters.values()
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in given]
    return str(inspect.Signature(plain)).replace("'", '"')


def _markdown(text: str) -> str:
    text = DISPLAYED.sub(lambda found: f"$$\n{inspect.cleandoc(found[1])}\n$$\n", text)
    text = INLINE.sub(r"$\1$", text).replace("``", "`")
    parts = HEADING.split(text)
    written = [parts[0].strip()]
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        form = {"Examples": _code, "Notes": str.strip}.get(heading, _entries)
        written.append(f"## {heading}\n\n{form(body)}")
    return "\n\n".join(written)


def _entries(body: str) -> str:
    """Parameters, attributes or exceptions as a Markdown list."""
    lines = []
    for line in body.strip().splitlines():
        entry = None if line.startswith(" ") else ENTRY.match(line)
        lines.append(f"- **{entry[1]}**{entry[2] or ''}" if entry else f"  {line.strip()}" if line.strip() else "")
    return "\n".join(lines)


def _code(body: str) -> str:
    return f"```pycon\n{body.strip()}\n```"


def _example(loss: type) -> str:
    return _code((inspect.getdoc(loss) or "").rpartition("--------\n")[2])


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / f"{name}.md").write_text(text)


if __name__ == "__main__":
    main()
