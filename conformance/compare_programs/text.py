"""A comparison as text: the rows of its tables, and where backends part in sentences."""

from __future__ import annotations

from tensorplug.tables import aligned

from .compare import Comparison, Difference

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
    """A difference in as many digits as matter."""
    return f"{value:.0f}" if value == round(value, 0) and value < 1e6 else f"{value:.1e}"


def times(comparison: Comparison) -> list[tuple[str, ...]]:
    """A row for each backend, under `TIMES_HEADER`."""
    return [(run.backend, run.device, "-" if run.seconds is None else f"{run.seconds:.6f}") for run in comparison.runs]


def verdict(comparison: Comparison) -> list[str]:
    """What it comes to, and where backends part."""
    failures = dict.fromkeys(run.gradient_failure for run in comparison.runs if run.gradient_failure)
    lines = [f"No gradients: {failure}" for failure in failures]
    others = ", ".join(run.backend for run in comparison.runs[1:])
    if comparison.agrees:
        return [*lines, f"{comparison.function} agrees on {others} and {comparison.reference}, the reference."]
    return [*lines, *(line for parting in comparison.partings for line in parting.lines())]


def as_text(comparison: Comparison) -> str:
    """The tables and what it comes to."""
    lines = [*aligned(TIMES_HEADER, times(comparison)), ""]
    if comparison.differences:
        lines += [*aligned(HEADER, rows(comparison)), ""]
    return "\n".join([*lines, *verdict(comparison)])
