"""What a library does otherwise than Tensorplug, named with its reason: those checks may fail."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from .engine.outcome import FAILED, UNSUPPORTED, Outcome


class Departure(NamedTuple):
    """One departure: its name, patterns of checks such as ``"linalg.*::ranges"``, and the reason."""

    name: str
    checks: Sequence[str]
    reason: str

    def covers(self, outcome: Outcome) -> bool:
        """Whether it names the check of an outcome."""
        check = f"{outcome.checked}::{outcome.aspect}"
        return any(fnmatchcase(check, pattern) for pattern in self.checks)


def read_departures(path: Path) -> list[Departure]:
    """Read a TOML file with a table for each departure, which has ``checks`` and a ``reason``.

    Raises
    ------
    ValueError
        If the file cannot be read, or is another one; the message names it.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        found = [Departure(name, **table) for name, table in tables.items()]
        for one in found:
            if not isinstance(one.reason, str) or not all(isinstance(check, str) for check in one.checks):
                raise TypeError(f"{one.name!r} needs a list 'checks' and a text 'reason'")
    except OSError as error:
        raise ValueError(f"departures: {str(path)!r} cannot be read: {error.strerror}") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"departures: {str(path)!r}: {error}") from None
    return found


def depart(outcomes: Iterable[Outcome], departures: Sequence[Departure]) -> list[Outcome]:
    """The outcomes, where failed checks that a departure names are unsupported, with its name and its reason."""

    def departed(outcome: Outcome) -> Outcome:
        if outcome.status == FAILED:
            for one in departures:
                if one.covers(outcome):
                    return replace(outcome, status=UNSUPPORTED, failure=None, departure=one.name, reason=one.reason)
        return outcome

    return list(map(departed, outcomes))
