"""The result of `compare`, and its text: tables of times and differences, and the operations where backends diverge."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from tensorplug.tables import aligned

from .divergence import Divergence
from .measure import Measure
from .program import Run


@dataclass(frozen=True)
class Difference:
    """The difference of one output or gradient on one backend from the reference's.

    Attributes
    ----------
    backend, name : str
        ``"numpy"`` and ``"output['loss']"`` or ``"gradient of x"``.
    agrees : bool
    problem : str
        A different shape, dtype or exception, where numbers cannot be compared.
    dtype : str
    shape : tuple of int
    measure : Measure or None
        None if there is a `problem`.
    tolerance : float
        The relative difference that is allowed.
    """

    backend: str
    name: str
    agrees: bool
    problem: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()
    measure: Measure | None = None
    tolerance: float = 0.0


class Source(NamedTuple):
    """The text of a function, with its file and its first line; empty where it cannot be read."""

    file: str = ""
    first: int = 0
    text: str = ""


NO_SOURCE = Source()


def source_of(function: Callable[..., Any]) -> Source:
    """Read the text of a function."""
    try:
        inner = inspect.unwrap(function)
        lines, first = inspect.getsourcelines(inner)
        return Source(inspect.getsourcefile(inner) or "", first, "".join(lines))
    except (OSError, TypeError):
        return Source()


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`; ``print`` shows it as tables.

    Attributes
    ----------
    function : str
        The name of the function.
    reference : str
        The backend that the others were compared with.
    runs : list of Run
        One for each backend, the reference's first.
    differences : list of Difference
        One for each output and each gradient on each backend but the reference.
    divergences : list of Divergence
        For each backend that does not agree, the operation where it diverges from the reference.
    source : Source
        The text of the function, if it can be read.
    settings : dict of str to str
        The seed, the tolerances, and the versions of the libraries.
    """

    function: str
    reference: str
    runs: list[Run]
    differences: list[Difference]
    divergences: list[Divergence]
    source: Source = NO_SOURCE
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether all backends agree."""
        return all(difference.agrees for difference in self.differences)

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(as_text(self))}</pre>"


HEADER = ("backend", "result", "absolute", "relative", "ulp", "at", "verdict")
TIMES_HEADER = ("backend", "device", "seconds")


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """A row for each difference, under `HEADER`."""
    return [_row(difference) for difference in comparison.differences]


def _row(difference: Difference) -> tuple[str, ...]:
    verdict = "agrees" if difference.agrees else "DIFFERS"
    found = difference.measure
    if found is None:
        return difference.backend, difference.name, "-", "-", "-", "-", f"{verdict}: {difference.problem}"
    at = "-" if found.index is None else str(found.index)
    zeros = f"; {found.signed_zeros} zeros of the other sign" if found.signed_zeros else ""
    numbers = (number(found.absolute), number(found.relative), number(found.ulps))
    return difference.backend, difference.name, *numbers, at, verdict + zeros


def number(value: float) -> str:
    """Format a difference: a whole number in full, else two significant digits."""
    return f"{value:.0f}" if value == round(value, 0) and value < 1e6 else f"{value:.1e}"


def times(comparison: Comparison) -> list[tuple[str, ...]]:
    """A row for each backend, under `TIMES_HEADER`."""
    return [(run.backend, run.device, "-" if run.seconds is None else f"{run.seconds:.6f}") for run in comparison.runs]


def verdict(comparison: Comparison) -> list[str]:
    """Sentences that say whether all backends agree, or where they diverge."""
    failures = dict.fromkeys(run.gradient_failure for run in comparison.runs if run.gradient_failure)
    lines = [f"No gradients: {failure}" for failure in failures]
    others = ", ".join(run.backend for run in comparison.runs[1:])
    if comparison.agrees:
        return [*lines, f"{comparison.function} agrees on {others} and {comparison.reference}, the reference."]
    return [*lines, *(line for divergence in comparison.divergences for line in divergence.lines())]


def as_text(comparison: Comparison) -> str:
    """The tables and the verdict as text."""
    lines = [*aligned(TIMES_HEADER, times(comparison)), ""]
    if comparison.differences:
        lines += [*aligned(HEADER, rows(comparison)), ""]
    return "\n".join([*lines, *verdict(comparison)])
