"""One run of the conformance suite: its outcomes, settings, counts and failures."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

from ..engine.outcome import (
    FAILED,
    PASSED,
    STATUSES,
    UNSUPPORTED,
    Outcome,
)

SCHEMA: Final = 1
"""Version of the format of `Run.to_dict`; `Run.from_dict` refuses any other."""

OPTIONS: Final = {"quick": "--quick", "default": "", "thorough": "--thorough"}
"""Levels, with their options on the command line."""

SEVERITY: Final = (PASSED, UNSUPPORTED, FAILED)
"""Statuses, the worst last."""


class Counts(NamedTuple):
    """Numbers of checks by status."""

    passed: int = 0
    failed: int = 0
    unsupported: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Counts:
        """Count outcomes."""
        statuses = [outcome.status for outcome in outcomes]
        return cls(*map(statuses.count, STATUSES))

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.unsupported} unsupported"


def worst_status(statuses: Iterable[str]) -> str:
    """The worst of several statuses: failed if one check failed, passed only if all passed.

    Examples
    --------
    >>> worst_status(["passed", "unsupported"])
    'unsupported'
    """
    return max(statuses, key=SEVERITY.index)


@dataclass(frozen=True)
class Run:
    """One run of the suite.

    Attributes
    ----------
    outcomes : list of Outcome
        The outcome of each check; among failures the operation at fault comes first.
    level : str
        ``"quick"``, ``"default"`` or ``"thorough"``.
    seed : int
        Seed of the examples.
    reference : str
        Name of the reference backend.
    versions : dict of str to str
        Version of each library.
    seconds : float
        Duration of the run.

    Examples
    --------
    >>> run = Run([Outcome("numpy", "elementwise", "add", "values", "passed")], "quick", 7, "jax", {}, 0.5)
    >>> str(run.counts["numpy"])
    '1 passed, 0 failed, 0 unsupported'
    >>> run.command("numpy", "add")
    'tensorplug conformance numpy --op add --seed 7 --quick'
    """

    outcomes: list[Outcome]
    level: str
    seed: int
    reference: str
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.level not in OPTIONS:
            raise ValueError(f"Run: level is {self.level!r}, wanted one of {', '.join(OPTIONS)}")

    @cached_property
    def backends(self) -> list[str]:
        """The names of the backends, sorted."""
        return sorted({outcome.backend for outcome in self.outcomes})

    @property
    def settings(self) -> dict[str, str]:
        """Level, seed, reference and versions."""
        return {"level": self.level, "seed": str(self.seed), "reference": self.reference, **self.versions}

    @cached_property
    def cells(self) -> dict[str, dict[str, dict[str, list[Outcome]]]]:
        """The outcomes by chapter, operation and backend, sorted."""
        cells: dict[str, dict[str, dict[str, list[Outcome]]]] = {}
        for outcome in sorted(self.outcomes, key=lambda outcome: (outcome.chapter, outcome.operation, outcome.backend)):
            operations = cells.setdefault(outcome.chapter, {})
            operations.setdefault(outcome.operation, {}).setdefault(outcome.backend, []).append(outcome)
        return cells

    @cached_property
    def failures(self) -> list[Outcome]:
        """The checks that failed, the operation at fault first."""
        return [outcome for outcome in self.outcomes if outcome.status == FAILED]

    @cached_property
    def counts(self) -> dict[str, Counts]:
        """Counts by backend."""
        return {
            name: Counts.of(outcome for outcome in self.outcomes if outcome.backend == name) for name in self.backends
        }

    @property
    def passing(self) -> tuple[int, int]:
        """How many operations have no check that failed, and how many were checked, on all backends together."""
        statuses = [
            worst_status(outcome.status for outcome in found)
            for operations in self.cells.values()
            for backends in operations.values()
            for found in backends.values()
        ]
        return len(statuses) - statuses.count(FAILED), len(statuses)

    def status(self, chapter: str, operation: str, backend: str) -> str | None:
        """The worst status of an operation's checks on a backend; None if it was not checked there."""
        found = self.cells.get(chapter, {}).get(operation, {}).get(backend)
        return None if found is None else worst_status(outcome.status for outcome in found)

    def command(self, backend: str, operation: str) -> str:
        """The command that checks an operation on a backend again with the same examples."""
        return rerun(backend, operation, self.seed, self.level)

    def to_dict(self) -> dict[str, Any]:
        """Convert to values that JSON has; outcomes are sorted, so that two runs can be compared by lines."""
        return {
            **asdict(self),
            "schema": SCHEMA,
            "versions": dict(sorted(self.versions.items())),
            "outcomes": [outcome.to_dict() for outcome in sorted(self.outcomes, key=_identifier)],
            "failures": [outcome.identifier for outcome in self.failures],
        }

    @classmethod
    def from_dict(cls, values: Any) -> Run:
        """The inverse of `to_dict`: failures first, in their order, then the other outcomes, sorted.

        Raises
        ------
        ValueError
            If the values are not those of a run, or have another version.
        """
        if not isinstance(values, dict) or "schema" not in values:
            raise ValueError("is no report of the conformance suite: it has no 'schema'")
        if values["schema"] != SCHEMA:
            raise ValueError(f"has schema {values['schema']!r}, wanted {SCHEMA}: write it anew with this version")
        try:
            order = {identifier: place for place, identifier in enumerate(values["failures"])}
            outcomes = sorted(map(_read_outcome, values["outcomes"]), key=_identifier)
            return cls(
                sorted(outcomes, key=lambda outcome: order.get(outcome.identifier, len(order))),
                level=values["level"],
                seed=int(values["seed"]),
                reference=str(values["reference"]),
                versions={str(name): str(version) for name, version in values["versions"].items()},
                seconds=float(values["seconds"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"is damaged: {type(error).__name__}: {error}") from None


def merged(runs: Sequence[Run]) -> Run:
    """One run out of parts of it; of a check that several parts have, the last outcome counts.

    Raises
    ------
    ValueError
        If they differ in level, seed, reference or versions.
    """
    first, *others = runs
    for other in others:
        for key in sorted({*first.settings, *other.settings}):
            one, two = first.settings.get(key), other.settings.get(key)
            if one != two:
                raise ValueError(f"reports of different runs cannot be merged: {key} is {one} in one, {two} in another")
    # What the checks of other operations found is found anew when they are ranked.
    found = {one.identifier: one for run in runs for one in run.outcomes if one.checked == one.operation}
    return replace(first, outcomes=list(found.values()), seconds=sum(run.seconds for run in runs))


def rerun(backend: str, operation: str, seed: int, level: str) -> str:
    """The command that checks an operation on a backend again."""
    words = ["tensorplug", "conformance", backend, "--op", operation, "--seed", str(seed), OPTIONS[level]]
    return shlex.join(filter(None, words))


def _identifier(outcome: Outcome) -> str:
    return outcome.identifier


def _read_outcome(values: dict[str, Any]) -> Outcome:
    outcome = Outcome.from_dict(values)
    for name in ("backend", "chapter", "operation", "aspect", "status", "reason"):
        if not isinstance(getattr(outcome, name), str):
            raise TypeError(f"{name} is {getattr(outcome, name)!r}, wanted a text")
    if outcome.status not in STATUSES:
        raise ValueError(f"the status of {outcome.identifier} is {outcome.status!r}")
    return outcome
