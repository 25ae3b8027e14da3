"""Configuration of the docs site; `make docs-site` builds it into docs/_build/html."""

from __future__ import annotations

import pathlib
import re
import shutil
import sys
from typing import Any

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import write_api_pages  # noqa: E402

import tensorplug  # noqa: E402

write_api_pages.main()

REPOSITORY = "https://github.com/tensorplug/tensorplug"

project = "Tensorplug"
author = "The Tensorplug authors"
copyright = author
version = release = tensorplug.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
nitpicky = True
# Base classes of Python's and of ours that are not public.
nitpick_ignore_regex = [("py:class", ".*")]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
# Parameters that have two names, or share an entry with others, fail the checks of parameters against signatures.
numpydoc_validation_checks = set("GL03 GL06 GL07 GL08 GL09 GL10 PR05 PR08 PR10 RT02 RT05 SS01 SS02 SS03 SS06".split())
# Fields of named tuples have Python's own docstrings.
numpydoc_validation_exclude = {r"\.(Entry|Loaded|PartialKernel|Span|UnpackedDualTensor)\.\w+$"}
toc_object_entries = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
nb_execution_cache_path = str(FOLDER / "_build" / "executed")
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_mime_priority_overrides = [("html", "text/plain", 0)]

copybutton_prompt_text = r">>> |\.\.\. |\$ |In \[\d*\]: "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "Tensorplug"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "collapse_navigation": True,
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {
        place: ["page-toc"] for place in ("*", "api/*", "losses/*", "tutorials/*", "gallery/*")
    },
    "icon_links": [{"name": "Source", "url": REPOSITORY, "icon": "fa-brands fa-github"}],
}
# A tree of all names beside each of them would be most of the page.
html_sidebars = {"index": [], "api/*/*": [], "api/tensorplug*": []}


def link_names(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Link the public names that a docstring has in backticks, except its own parameters."""
    namespace, _, last = name.rpartition(".")
    parameters = write_api_pages.Entry(namespace, last, value).parameters
    text = "\n".join(lines)
    # numpydoc escapes the stars of parameters, not those of shapes.
    text = re.sub(r"\bshape \([^)`]*\)", lambda found: found[0].replace("*", r"\*"), text)
    lines[:] = write_api_pages.linked(text, namespace, parameters).split("\n")


def link_sources(app: Any, docname: str, source: list[str]) -> None:
    """Links of pages to files beside docs/ lead to the repository."""
    if (FOLDER / f"{docname}.md").exists():
        source[0] = re.sub(r"\]\(\.\./([^)]+)\)", rf"]({REPOSITORY}/blob/main/\1)", source[0])


def thumbnails(app: Any, exception: Exception | None) -> None:
    """Copy the last picture of each page of the gallery to where the gallery's index shows it."""
    if exception is None:
        (pathlib.Path(app.outdir) / "_static" / "gallery").mkdir(exist_ok=True)
        for path, (documents, _) in app.env.images.items():
            for document in documents:
                picture = pathlib.Path(app.srcdir) / path
                if document.startswith("gallery/") and picture.exists():
                    shutil.copy(picture, pathlib.Path(app.outdir) / "_static" / f"{document}.png")


def setup(app: Any) -> None:
    app.connect("build-finished", thumbnails)
    app.connect("autodoc-process-docstring", link_names, priority=900)
    app.connect("source-read", link_sources)
