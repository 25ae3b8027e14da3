"""A page that says for each function of the array API standard and each backend whether its tests passed.

Which names the standard has is read off the tests themselves: the suite asks for each of them, and which of them a test
is about stands in its parameters, its class or its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tensorplug.backends import Entry

EXTENSIONS = ("linalg", "fft")
"""Chapters whose functions live in a namespace of their own."""

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
"""The chapters of the standard, by the names that the suite gives them."""

SEVERAL = "Tests of several functions at once"

NOT_ASKED_FOR = {
    **dict.fromkeys(("e", "inf", "nan", "newaxis", "pi"), "constant"),
    **dict.fromkeys(("linalg.eig", "linalg.eigvals"), "linalg"),
}
"""Names of which the suite does not ask whether they are there, each with its chapter."""

INTRODUCTION = """\
# The array API standard

Every function, operator, method, attribute and constant of the standard, and whether what the standard's own test suite
asks of it passed on each backend. This page is written by `make array-api-table`, not by hand.
"""


class Outcome(NamedTuple):
    """What came of one test of the suite.

    Attributes
    ----------
    module, of_class, name, parameters : str
        Where it stands: ``test_sets``, ``TestIsin`` or nothing, ``test_isin``, and what is in brackets behind it.
    result : str
        ``"passed"``, ``"failed"`` or ``"skipped"``.
    message : str
        Why it failed.
    """

    module: str
    of_class: str
    name: str
    parameters: str
    result: str
    message: str = ""

    @property
    def identifier(self) -> str:
        """The test as pytest names it."""
        path = "::".join(filter(None, (self.module and f"{self.module}.py", self.of_class, self.name)))
        return f"{path}[{self.parameters}]" if self.parameters else path


def page(versions: Mapping[str, str], entries: Sequence[Entry], outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """The page.

    Parameters
    ----------
    versions
        What was tested with what.
    entries
        The backends.
    outcomes
        By the name of the backend.
    """
    known = names(outcome for found in outcomes.values() for outcome in found)
    results = {backend: _by_subject(found, known) for backend, found in outcomes.items()}
    parts = [INTRODUCTION, _table(("", "version"), versions.items()), _totals(entries, outcomes)]
    chapters = {chapter: [name for name, own in known.items() if own == chapter] for chapter in CHAPTERS}
    chapters[SEVERAL] = list(dict.fromkeys(test for found in results.values() for test in found if test not in known))
    for chapter, rows in chapters.items():
        if rows:
            cells = [(f"`{row}`", *(_cell(found.get(row, [])) for found in results.values())) for row in rows]
            parts.append(f"## {CHAPTERS.get(chapter, chapter)}\n\n{_table(('', *results), cells)}")
    return "\n".join(parts)


def names(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """The names that the suite asks for, each with its chapter; those of extensions dotted."""
    found = dict(NOT_ASKED_FOR)
    for outcome in outcomes:
        if outcome.name == "test_has_names":
            chapter, _, name = outcome.parameters.partition("-")
            found[f"{chapter}.{name}" if chapter in EXTENSIONS else name] = chapter
        elif outcome.name == "test_info_func_signature":
            found[outcome.parameters] = "info"
    return found


def subject(outcome: Outcome, known: Mapping[str, str]) -> str:
    """The name of the standard that a test is about, or its own if it is about several."""
    return next((name for name in _candidates(outcome) if name in known), outcome.name)


def _candidates(outcome: Outcome) -> Iterator[str]:
    """What a test may be about, the surest first."""
    chapter, _, name = outcome.parameters.partition("-")
    if outcome.name == "test_has_names":
        yield f"{chapter}.{name}"
        yield name
        return
    extension = outcome.module.removeprefix("test_")
    words = re.match(r"[A-Za-z_][\w.]*", outcome.parameters)
    if words is not None:
        yield from _spellings(words[0], extension)
        # In-place operators are named with the plain ones.
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
    """The results of all tests of each name."""
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
    """How many tests passed on each backend."""
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
