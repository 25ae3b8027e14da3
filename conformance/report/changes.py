"""Compare two runs of the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..engine.outcome import (
    FAILED,
    PASSED,
    UNSUPPORTED,
    Outcome,
)
from .run import Run, worst_status

KINDS: Final[dict[str, Callable[[str, str], bool]]] = {
    "newly failing": lambda before, after: bool(before) and after == FAILED,
    "newly unsupported": lambda before, after: bool(before) and after == UNSUPPORTED,
    "newly passing": lambda before, after: bool(before) and after == PASSED,
    "new": lambda before, after: not before,
    "gone": lambda before, after: not after,
}
"""Kinds of change, as predicates of the statuses before and after; the status of a missing check is empty."""


class Change(NamedTuple):
    """A check or a setting that changed; `before` or `after` is empty if it was or is missing."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}: {self.before or 'none'} -> {self.after or 'none'}"


@dataclass(frozen=True)
class Changes:
    """The changes between two runs.

    Attributes
    ----------
    settings : list of Change
        Changed level, seed, reference and versions.
    checks : dict of str to list of Change
        Changed checks by kind, failing ones first.
    """

    settings: list[Change]
    checks: dict[str, list[Change]]

    def __str__(self) -> str:
        numbers = (f"{len(found)} {kind}" for kind, found in self.checks.items() if found)
        return ", ".join(numbers) or "no check changed"

    def lines(self, most: int | None = None) -> Iterator[str]:
        """Lines of the text.

        Parameters
        ----------
        most : int, optional
            Maximum number of checks of each kind; all by default.
        """
        yield f"Changes: {self}"
        yield from (f"  {setting}" for setting in self.settings)
        for kind, found in self.checks.items():
            if found:
                yield f"{kind}:"
                yield from (f"  {change}" for change in found[:most])
            if found[:most] != found:
                yield f"  and {len(found) - len(found[:most])} more"


def changes(old: Run, new: Run, asked: Callable[[Outcome], bool] | None = None) -> Changes:
    """Compare the outcomes and settings of two runs.

    Parameters
    ----------
    old, new : Run
    asked : callable, optional
        Whether the new run was asked for the check of an old outcome; only then is a missing check gone. By default
        the new run was asked for all checks on its backends.

    Examples
    --------
    >>> old = Run([Outcome("numpy", "elementwise", "add", "values", "passed")], "quick", 7, "jax")
    >>> new = Run([Outcome("numpy", "elementwise", "add", "values", "failed")], "quick", 8, "jax")
    >>> for line in changes(old, new).lines():
    ...     print(line)
    Changes: 1 newly failing
      seed: 7 -> 8
    newly failing:
      numpy::elementwise::add::values: passed -> failed
    """
    after = _statuses(new.outcomes)
    kept = asked or (lambda outcome: outcome.backend in new.backends)
    before = _statuses(outcome for outcome in old.outcomes if outcome.identifier in after or kept(outcome))
    checks: dict[str, list[Change]] = {kind: [] for kind in KINDS}
    for change in _compare(before, after):
        kind = next(kind for kind, fits in KINDS.items() if fits(change.before, change.after))
        checks[kind].append(change)
    for found in checks.values():
        found.sort(key=lambda change: change.after != FAILED)
    return Changes(list(_compare(old.settings, new.settings)), checks)


def _statuses(outcomes: Iterable[Outcome]) -> dict[str, str]:
    statuses: dict[str, str] = {}
    for outcome in outcomes:
        name = outcome.identifier
        statuses[name] = worst_status((outcome.status, statuses.get(name, outcome.status)))
    return statuses


def _compare(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield Change(name, before.get(name, ""), after.get(name, ""))
