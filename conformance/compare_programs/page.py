"""A comparison as one self-contained page of HTML: tables, the operations where backends diverge, and histograms."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy

from tensorplug.extras import require

from .comparison import (
    HEADER,
    TIMES_HEADER,
    Comparison,
    rows,
    times,
    verdict,
)
from .measure import ulps
from .program import Run

STYLE = """\
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #8884; }
pre { background: #8881; padding: .8rem; white-space: pre-wrap; }
.differs { color: #c62828; font-weight: 600; }
figure { display: inline-block; margin: .5rem; background: #fff; color: #000; }
"""


def require_plots() -> None:
    """Require matplotlib, which draws the histograms.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is missing, with the command that installs it.
    """
    require("the report", "conformance", "matplotlib")


def write_page(comparison: Comparison, file: Path) -> None:
    """Write the page of HTML of a comparison.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is missing.
    """
    require_plots()
    file.write_text(page(comparison), encoding="utf-8")


def page(comparison: Comparison) -> str:
    """The page of HTML as text."""
    title = escape(f"{comparison.function} on {', '.join(run.backend for run in comparison.runs)}")
    differing = {i for i, difference in enumerate(comparison.differences) if not difference.agrees}
    parts = [
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>',
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>",
        f"<pre>{escape(chr(10).join(verdict(comparison)))}</pre>",
        f"<h2>Differences from {escape(comparison.reference)}</h2>",
        _table(HEADER, rows(comparison), differing),
        "<h2>Time of a call</h2>",
        _table(TIMES_HEADER, times(comparison), set()),
        "<h2>How many elements differ by how many ulp</h2>",
        *_figures(comparison),
        "<h2>Program</h2>",
        _program(comparison),
        "<h2>Settings and versions</h2>",
        _table(("", ""), comparison.settings.items(), set()),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _program(comparison: Comparison) -> str:
    """The file, and the text of the function with its lines numbered, those where backends diverge marked."""
    source = comparison.source
    if not source.text:
        return f"<p>{escape(comparison.function)}, whose text could not be read</p>"
    found = [place for one in comparison.divergences for place in (one.location, one.fork and one.fork.line) if place]
    marked = {place.line for place in found if place.file == source.file}
    lines = [
        f"<span{' class=differs' if number in marked else ''}>{number:4}  {escape(line)}</span>"
        for number, line in enumerate(source.text.splitlines(), source.first)
    ]
    return f"<p><code>{escape(source.file)}</code></p>\n<pre>{chr(10).join(lines)}</pre>"


def _table(header: Sequence[str], lines: Iterable[Sequence[str]], differing: set[int]) -> str:
    body = [
        f"<tr{' class=differs' if i in differing else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>"
        for i, line in enumerate(lines)
    ]
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    return "\n".join(["<table>", f"<tr>{head}</tr>", *body, "</table>"])


def _figures(comparison: Comparison) -> list[str]:
    """A histogram of ulp differences for each output and gradient that could be compared."""
    reference, *others = comparison.runs
    measured = {(found.backend, found.name) for found in comparison.differences if found.measure is not None}
    figures = []
    for name, expected in reference.values.items():
        runs = [run for run in others if (run.backend, name) in measured]
        if runs and expected.size:
            figures.append(f"<figure>{_histogram(name, expected, runs)}</figure>")
    return figures


def _histogram(name: str, expected: numpy.ndarray, runs: Sequence[Run]) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    counts = [_counts(ulps(run.values[name], expected)) for run in runs]
    bins = sorted({power for found in counts for power in found})
    places = numpy.arange(len(bins))
    width = 0.8 / len(runs)
    text = io.StringIO()
    # All pictures are in one page, so each needs identifiers of its own.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure = Figure(figsize=(5.5, 2.8), layout="constrained")
        axes = figure.add_subplot(xlabel="ulp, lower end of the bin", ylabel="elements")
        # Dollar signs in a name are no mathematics.
        axes.set_title(name, parse_math=False)
        for position, (run, found) in enumerate(zip(runs, counts, strict=True)):
            heights = [found.get(power, 0) for power in bins]
            axes.bar(places + (position + 0.5) * width - 0.4, heights, width, label=run.backend)
        axes.set_yscale("symlog", linthresh=1)
        axes.set_xticks(places, [_label(power) for power in bins], fontsize=10 if len(bins) < 15 else 8)
        axes.legend()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def _counts(steps: numpy.ndarray) -> dict[float, int]:
    """Count elements by the power of two of their difference in ulp: 1, 2 to 3, 4 to 7, and so on; -1 means below 1."""
    with numpy.errstate(divide="ignore"):
        powers = numpy.where(steps < 1, -1.0, numpy.floor(numpy.log2(steps)))
    found, counts = numpy.unique(powers, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def _label(power: float) -> str:
    """The lower end of a bin, in ulp."""
    if math.isinf(power):
        return "∞"
    return "0" if power < 0 else str(2 ** int(power)) if power < 7 else f"$2^{{{int(power)}}}$"
