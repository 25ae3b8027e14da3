"""What is published: metadata, links of the README, and the source distribution."""

from __future__ import annotations

import email
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import tensorplug as tp

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_one_version_everywhere() -> None:
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert citation is not None
    assert importlib.metadata.version("tensorplug") == tp.__version__ == citation[1]


def test_metadata() -> None:
    assert {"Source", "Documentation", "Changelog", "Issues"} <= PROJECT["urls"].keys()
    assert PROJECT["authors"]
    for minor in (11, 12, 13):
        assert f"Programming Language :: Python :: 3.{minor}" in PROJECT["classifiers"]


def test_links_of_the_readme_are_absolute_and_lead_somewhere() -> None:
    """The page of a package index shows them, too."""
    base = f"{PROJECT['urls']['Source']}/blob/main/"
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert len(links) > 15
    for link in links:
        assert urlsplit(link).scheme == "https", link
        if link.startswith(PROJECT["urls"]["Source"]):
            assert link.startswith(base), link
            assert (ROOT / link.removeprefix(base)).exists(), link


def test_addresses_of_the_project_are_one() -> None:
    source = urlsplit(PROJECT["urls"]["Source"])
    for name in ("CITATION.cff", "SECURITY.md", "README.md"):
        assert f"https://{source.netloc}{source.path}" in (ROOT / name).read_text(), name


@pytest.mark.parametrize("name", ["bug", "feature", "backend"])
def test_issue_forms(name: str) -> None:
    """A form has a name, a description and fields with labels, of which each has an id of its own."""
    text = (ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text()
    assert text.startswith("name: ")
    assert "\ndescription: " in text
    ids = re.findall(r"^    id: (\w+)$", text, re.MULTILINE)
    assert len(ids) == len(set(ids)) == text.count("- type: ") == text.count("      label: ")


def test_links_of_contributing_lead_somewhere() -> None:
    for link in re.findall(r"\]\((?!https)([^)#]+)\)", (ROOT / "CONTRIBUTING.md").read_text()):
        assert (ROOT / link).exists(), link


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of a copy of what git has."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone of the repository")
    copy, target = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("sdist")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-P", "-m", "build", "--sdist", "--no-isolation", "--outdir", str(target), str(copy)]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = target.iterdir()
    return found


def test_sdist_has_what_a_packager_needs(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        details = archive.extractfile(f"tensorplug-{tp.__version__}/PKG-INFO")
        assert details is not None
        metadata = email.message_from_bytes(details.read())
    for name in ("CHANGELOG.md", "CITATION.cff", "docs/plugins.md", "examples/tour.py", "tests/conftest.py", "LICENSE"):
        assert name in names, name
    assert not [name for name in names if name.endswith(".pyc") or name.startswith((".venv", "build"))]
    assert metadata["Version"] == tp.__version__
    assert len(metadata.get_all("Project-URL") or []) >= 4


def test_an_index_would_show_the_readme(sdist: Path) -> None:
    pytest.importorskip("twine", reason="twine belongs to the extra dev")
    done = subprocess.run([sys.executable, "-P", "-m", "twine", "check", "--strict", str(sdist)], check=False)
    assert done.returncode == 0
