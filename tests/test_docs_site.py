"""The docs site, as far as it can be checked without Sphinx: its API pages, its tutorials, its links."""

from __future__ import annotations

import importlib
import inspect
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import tensorplug as tp
from tensorplug.core.types.absent import Absent

DOCS = Path(__file__).resolve().parent.parent / "docs"
WRITTEN = [path for path in sorted(DOCS.rglob("*.md")) if not {"_build", "api"} & set(path.relative_to(DOCS).parts)]
NOTEBOOKS = [path for path in WRITTEN if path.read_text().startswith("---\njupytext:")]
NAMESPACES = """
autograd autograd.forward_ad autograd.functional autograd.graph backends conformance cuda distributed
distributed.tensor fft func linalg losses losses.functional nn nn.functional nn.init nn.modules.module nn.utils
nn.utils.parametrizations nn.utils.parametrize nn.utils.prune nn.utils.rnn onnx optim optim.lr_scheduler
optim.swa_utils special testing utils.checkpoint utils.data
""".split()


@pytest.fixture(scope="module")
def api() -> Any:
    return runpy.run_path(str(DOCS / "write_api_pages.py"))


@pytest.fixture(scope="module")
def pages(api: Any) -> dict[str, str]:
    return api["pages"]()


@pytest.mark.parametrize("place", ["", *NAMESPACES])
def test_every_public_name_has_a_page(place: str, api: Any, pages: dict[str, str]) -> None:
    full = ".".join(filter(None, ("tensorplug", place)))
    module = importlib.import_module(full) if place != "utils.data" else tp.utils.data
    names = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name))]
    assert names
    assert full in pages["index"]
    for name in names:
        document = api["documents"]()[f"{full}.{name}"]
        assert f"{full}.{name}" in pages[document]
        assert document == full + ".Tensor" or f"   {name} <{document}>\n" in pages[full] + "\n"


def test_every_member_of_tensor_has_a_page(api: Any, pages: dict[str, str]) -> None:
    static = {name: inspect.getattr_static(tp.Tensor, name) for name in dir(tp.Tensor) if not name.startswith("_")}
    names = [name for name, member in static.items() if not isinstance(member, Absent)]
    assert len(names) > 400
    for name in names:
        assert f":: tensorplug.Tensor.{name}\n" in pages[api["documents"]()[f"tensorplug.Tensor.{name}"]]


def test_files_differ_in_more_than_letter_case(pages: dict[str, str]) -> None:
    assert len({name.casefold() for name in pages}) == len(pages)


def test_names_in_docstrings_are_linked(api: Any) -> None:
    linked = api["linked"]
    assert linked("as `exp` and ``exp``, `x`", "tensorplug") == ("as :py:obj:`exp <tensorplug.exp>` and ``exp``, ``x``")
    assert linked("`exp`", "tensorplug", frozenset(["exp"])) == "``exp``"
    assert linked("`relu`", "tensorplug.nn.functional") == ":py:obj:`relu <tensorplug.nn.functional.relu>`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path) -> None:
    """All cells but the slow ones."""
    text = path.read_text()
    if "jax" in text.lower():
        pytest.importorskip("jax")
    if "matplotlib" in text:
        pytest.importorskip("matplotlib").use("agg")
    scope: dict[str, Any] = {"__name__": "__main__"}
    for options, cell in re.findall(
        r"^```\{code-cell\} ipython3\n((?::[^\n]*\n)*)(.*?)^```", text, re.MULTILINE | re.DOTALL
    ):
        if "slow" not in options:
            exec(compile(cell, str(path), "exec"), scope)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_links_lead_somewhere(path: Path, pages: dict[str, str]) -> None:
    text = path.read_text()
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if DOCS / "api" in target.parents:
            assert target.relative_to(DOCS / "api").with_suffix("").as_posix() in pages, link
            continue
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_every_page_is_in_a_table_of_contents(pages: dict[str, str]) -> None:
    listed = {DOCS / "index"}
    for path in WRITTEN:
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL):
            for name in re.findall(r"^(?!:)(\S+)$", block, re.MULTILINE):
                listed |= {found.with_suffix("") for found in path.parent.glob(f"{name}.md")} | {path.parent / name}
    assert {path.with_suffix("") for path in WRITTEN} <= listed
    missing = {path for path in listed if not path.with_suffix(".md").exists() and path.stem != "*"}
    assert {path.relative_to(DOCS / "api").as_posix() for path in missing} <= pages.keys()
