"""A report as a part of a README: what of the suite passes, each departure by its name, and what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from ..engine.outcome import UNSUPPORTED, Outcome
from ..engine.runner import checks
from .causes import causes
from .run import OPTIONS, Run
from .text import chapters, printable

BEGIN: Final = "<!-- conformance -->"
END: Final = "<!-- /conformance -->"


def markdown(run: Run) -> str:
    """The text between the marks of a README."""
    return "\n".join(line for name in run.backends for line in _backend(run, name)) + "\n"


def insert(readme: str, text: str) -> str:
    """Put a text between the marks of a README, at the end if it has none."""
    before, begin, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def _backend(run: Run, name: str) -> Iterator[str]:
    own = Run([one for one in run.outcomes if one.backend == name], run.level, run.seed, run.reference, run.versions)
    command = " ".join(filter(None, ["tensorplug conformance", name, OPTIONS[run.level]]))
    counts, departed = own.counts[name], [one for one in own.outcomes if one.departure]
    passing, tried = own.passing
    yield f"`{command}`: of {len(own.outcomes)} checks {counts.passed} pass, {counts.failed} fail, {len(departed)} are "
    yield f"departures of the library that are named below, and {counts.unsupported - len(departed)} are of what it "
    yield f"does not support. {passing} of {tried} operations pass without a failure."
    ran = {(one.operation, one.aspect) for one in own.outcomes}
    operations = {operation for operation, _ in ran}
    left_out = [one for one in checks(run.level) if (one.operation, one.aspect) not in ran]
    if others := {one.operation for one in left_out} - operations:
        yield f"Operations of the level that were not checked: {len(others)}."
    if aspects := Counter(one.aspect for one in left_out if one.operation in operations):
        yield f"Checks that were not run: {', '.join(f'{count} of {name}' for name, count in aspects.items())}."
    yield f"({', '.join(f'{key} {value}' for key, value in own.settings.items())})\n"
    yield "| chapter | passed | failed | departures and unsupported |"
    yield "| --- | ---: | ---: | ---: |"
    for chapter, (cell,) in chapters(own):
        yield f"| {chapter} | {cell.passed} | {cell.failed} | {cell.unsupported} |"
    yield from _listed("Departures", ((f"**{one.departure}.** {one.reason}", one) for one in departed))
    left = [one for one in own.outcomes if one.status == UNSUPPORTED and not one.departure]
    yield from _listed("Not supported", ((one.reason, one) for one in left))
    yield from _listed("Failures", ((cause.message, one) for cause in causes(own.failures) for one in cause.failures))


def _listed(title: str, found: Iterable[tuple[str, Outcome]]) -> Iterator[str]:
    """A heading, and each text with the checks that it is told of."""
    checks: dict[str, list[str]] = {}
    for text, outcome in found:
        checks.setdefault(printable(text), []).append(f"`{outcome.operation}::{outcome.aspect}`")
    if checks:
        yield f"\n### {title}\n"
        for text, names in checks.items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            yield f"- {text} {', '.join(names[:SHOWN])}{more}"


SHOWN: Final = 12
"""Number of checks that are named beside a text."""
