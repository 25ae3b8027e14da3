"""What one run of the suite is, and what follows from its outcomes."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
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
"""The version of what `Run.to_dict` gives; a reader refuses any other."""

OPTIONS: Final = {"quick": "--quick", "default": "", "thorough": "--thorough"}
"""The levels, each with the option of the command line that asks for it."""

GRAVITY: Final = (PASSED, UNSUPPORTED, FAILED)
"""The statuses, the gravest last: it is the one that several checks have together."""


class Counts(NamedTuple):
    """How many checks ended in which way."""

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


def gravest(statuses: Iterable[str]) -> str:
    """The status that several checks have together: failed if one failed, passed only if all did.

    Examples
    --------
    >>> gravest(["passed", "unsupported"])
    'unsupported'
    """
    return max(statuses, key=GRAVITY.index)


@dataclass(frozen=True)
class Run:
    """One run of the suite.

    Attributes
    ----------
    outcomes : list of Outcome
        What became of each check. Among those that failed the order tells: the operation at fault comes first.
    level : str
        ``"quick"``, ``"default"`` or ``"thorough"``.
    seed : int
        What the examples were drawn with.
    reference : str
        The name of the backend that the others were held against.
    versions : dict of str to str
        The version of each library that took part.
    seconds : float
        How long the run took.

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
        """How the run was made, and with what."""
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
        """By backend."""
        return {
            name: Counts.of(outcome for outcome in self.outcomes if outcome.backend == name) for name in self.backends
        }

    def status(self, chapter: str, operation: str, backend: str) -> str | None:
        """What the checks of an operation on a backend come to together, or None if it was not checked there."""
        found = self.cells.get(chapter, {}).get(operation, {}).get(backend)
        return None if found is None else gravest(outcome.status for outcome in found)

    def command(self, backend: str, operation: str) -> str:
        """What to type to check an operation on a backend again, with the same examples."""
        return rerun(backend, operation, self.seed, self.level)

    def to_dict(self) -> dict[str, Any]:
        """The same of plain values: outcomes sorted, so that two runs can be told apart line by line."""
        return {
            **asdict(self),
            "schema": SCHEMA,
            "versions": dict(sorted(self.versions.items())),
            "outcomes": [outcome.to_dict() for outcome in sorted(self.outcomes, key=_identifier)],
            "failures": [outcome.identifier for outcome in self.failures],
        }

    @classmethod
    def from_dict(cls, values: Any) -> Run:
        """The inverse of `to_dict`: the failures first, in their order, then the rest, sorted.

        Raises
        ------
        ValueError
            If these are not the values of a run, or are of another version.
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


def rerun(backend: str, operation: str, seed: int, level: str) -> str:
    """What to type to check an operation on a backend again."""
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
