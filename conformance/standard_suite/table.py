"""Write a page with the test results of each function of the array API standard on each backend.

The names of the standard are those that the suite tests for existence. The function that another test is about follows
from the test's parameters, class or name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tensorplug.backends import Entry

EXTENSIONS = ("linalg", "fft")
"""Chapters whose functions are in a namespace of their own."""

CHAPTERS = {
    "array_method": "Array methods and operators",
    "array_attribute": "Array attributes",
    "constant": "Constants",
    "creation": "Creation functions",
    "data_type": "Data type functions",
    "elementwise": "Elementwise functions",
    "indexing": "Indexing functions",
    "info": "Inspection",
    "linear_algebra": "Linear algebra functions",
    "manipulation": "Manipulation functions",
    "searching": "Searching functions",
    "set": "Set functions",
    "sorting": "Sorting functions",
    "statistical": "Statistical functions",
    "utility": "Utility functions",
    "linalg": "Extension linalg",
    "fft": "Extension fft",
}
"""Titles of the standard's chapters, by the suite's names of them."""

SEVERAL = "Tests of several functions"

UNTESTED_NAMES = {
    **dict.fromkeys(("e", "inf", "nan", "newaxis", "pi"), "constant"),
    **dict.fromkeys(("linalg.eig", "linalg.eigvals"), "linalg"),
}
"""Names whose existence the suite does not test, with their chapters."""

INTRODUCTION = """\
# The array API standard

Every function, operator, method, attribute and constant of the standard, and whether its tests in the standard's own
test suite passed on each backend. `make array-api-table` writes this page.
"""


class Outcome(NamedTuple):
    """The outcome of one test of the suite.

    Attributes
    ----------
    module, of_class, name, parameters : str
        Module, class or empty, name, and the parameters in brackets: ``test_sets``, ``TestIsin``, ``test_isin``, ...
    result : str
        ``"passed"``, ``"failed"`` or ``"skipped"``.
    message : str
        The message of a failure.
    """

    module: str
    of_class: str
    name: str
    parameters: str
    result: str
    message: str = ""

    @property
    def identifier(self) -> str:
        """pytest's identifier of the test."""
        path = "::".join(filter(None, (self.module and f"{self.module}.py", self.of_class, self.name)))
        return f"{path}[{self.parameters}]" if self.parameters else path


def page(versions: Mapping[str, str], entries: Sequence[Entry], outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """The Markdown page of results by function and backend.

    Parameters
    ----------
    versions
        Versions of what took part, for the first table.
    entries
        The backends.
    outcomes
        Outcomes by the name of the backend.
    """
    known = standard_names(outcome for found in outcomes.values() for outcome in found)
    results = {backend: _by_subject(found, known) for backend, found in outcomes.items()}
    parts = [INTRODUCTION, _table(("", "version"), versions.items()), _totals(entries, outcomes)]
    chapters = {chapter: [name for name, own in known.items() if own == chapter] for chapter in CHAPTERS}
    chapters[SEVERAL] = list(dict.fromkeys(test for found in results.values() for test in found if test not in known))
    for chapter, rows in chapters.items():
        if rows:
            cells = [(f"`{row}`", *(_cell(found.get(row, [])) for found in results.values())) for row in rows]
            parts.append(f"## {CHAPTERS.get(chapter, chapter)}\n\n{_table(('', *results), cells)}")
    return "\n".join(parts)


def standard_names(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Names of the standard with their chapters; names in extensions are dotted, such as ``fft.fft``."""
    found = dict(UNTESTED_NAMES)
    for outcome in outcomes:
        if outcome.name == "test_has_names":
            chapter, _, name = outcome.parameters.partition("-")
            found[f"{chapter}.{name}" if chapter in EXTENSIONS else name] = chapter
        elif outcome.name == "test_info_func_signature":
            found[outcome.parameters] = "info"
    return found


def subject(outcome: Outcome, known: Mapping[str, str]) -> str:
    """The name of the standard that a test is about; for several names the test's own name."""
    return next((name for name in _candidates(outcome) if name in known), outcome.name)


def _candidates(outcome: Outcome) -> Iterator[str]:
    """Names that a test may be about, the most certain first."""
    chapter, _, name = outcome.parameters.partition("-")
    if outcome.name == "test_has_names":
        yield f"{chapter}.{name}"
        yield name
        return
    extension = outcome.module.removeprefix("test_")
    words = re.match(r"[A-Za-z_][\w.]*", outcome.parameters)
    if words is not None:
        yield from _spellings(words[0], extension)
        # In-place operators count with the binary ones.
        yield re.sub(r"^__i", "__", words[0])
    yield re.sub(r"(?<!^)([A-Z])", r"_\1", outcome.of_class.removeprefix("Test")).lower()
    test = outcome.name.removeprefix("test_").removeprefix("dunder_").removeprefix("array_namespace_info_")
    while test:
        yield from _spellings(test, extension)
        test = test.rpartition("_")[0]


def _spellings(name: str, extension: str) -> Iterator[str]:
    yield name
    yield f"{extension}.{name}"
    yield name.replace("_", ".", 1)
    yield f"__{name}__"


def _by_subject(outcomes: Iterable[Outcome], known: Mapping[str, str]) -> dict[str, list[str]]:
    """Group results by the name that the test is about."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        found.setdefault(subject(outcome, known), []).append(outcome.result)
    return found


def _cell(results: Sequence[str]) -> str:
    failed = results.count("failed")
    if failed:
        return f"**failed** {failed} of {len(results)}"
    return "passed" if "passed" in results else "skipped" if results else "no test"


def _totals(entries: Iterable[Entry], outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """A table of the number of passed, failed and skipped tests on each backend."""
    counted = ("passed", "failed", "skipped")
    rows = []
    for entry in entries:
        results = [outcome.result for outcome in outcomes[entry.name]]
        library = " ".join(filter(None, (entry.distribution, entry.version)))
        rows.append((entry.name, library, *(str(results.count(result)) for result in counted)))
    return _table(("backend", "library", *counted), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
