"""A layered layout of a graph and its SVG, for machines without Graphviz.

Nodes are in layers by their longest path from a leaf, the leaves below; an edge over several layers passes each of them
at a place of its own, and the order within a layer follows the mean place of the neighbours.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

CHARACTER, LINE, GAP, RISE = 7.5, 16, 24, 48
"""Width of a character, height of a line, and the distances between boxes and between layers, in pixels."""

SWEEPS = 4


class Box(NamedTuple):
    """A node to draw: lines of text and a colour."""

    lines: Sequence[str]
    colour: str

    @property
    def width(self) -> float:
        """Width in pixels."""
        return max(len(line) for line in self.lines) * CHARACTER + 20


def svg(boxes: Sequence[Box], arrows: Sequence[tuple[int, int]]) -> str:
    """Draw boxes and arrows between their positions; an arrow leads from an earlier box to a later one."""
    layers, paths = _layers(len(boxes), arrows)
    _sort(layers, paths)
    widths = {place: boxes[place].width if place < len(boxes) else 1.0 for layer in layers for place in layer}
    total = max(sum(widths[place] + GAP for place in layer) for layer in layers)
    tall = max(len(box.lines) for box in boxes) * LINE + 12
    height = len(layers) * (tall + RISE) - RISE + 2 * GAP
    centres = {}
    for level, layer in enumerate(layers):
        x = (total - sum(widths[place] + GAP for place in layer)) / 2
        for place in layer:
            centres[place] = (x + (widths[place] + GAP) / 2, height - GAP - tall / 2 - level * (tall + RISE))
            x += widths[place] + GAP
    drawn = [_arrow([centres[place] for place in path], tall / 2) for path in paths]
    drawn += [_box(box, *centres[place], tall) for place, box in enumerate(boxes)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {total:.0f} {height:.0f}" font-family="Helvetica,Arial,sans-serif" font-size="13">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z"/></marker></defs>{"".join(drawn)}</svg>'
    )


def _layers(count: int, arrows: Sequence[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """The places of each layer, the lowest first, and for each arrow the places that it passes."""
    level = [0] * count
    for source, target in sorted(arrows, key=lambda arrow: arrow[1]):
        level[target] = max(level[target], level[source] + 1)
    layers: list[list[int]] = [[] for _ in range(max(level) + 1)]
    for place in range(count):
        layers[level[place]].append(place)
    paths, following = [], count
    for source, target in arrows:
        between = range(level[source] + 1, level[target])
        paths.append([source, *range(following, following + len(between)), target])
        for passed in between:
            layers[passed].append(following)
            following += 1
    return layers, paths


def _sort(layers: list[list[int]], paths: Sequence[Sequence[int]]) -> None:
    """Order each layer by the mean place of its neighbours below, then above, several times."""
    below: dict[int, list[int]] = {}
    above: dict[int, list[int]] = {}
    for path in paths:
        for low, high in pairwise(path):
            below.setdefault(high, []).append(low)
            above.setdefault(low, []).append(high)
    places = {place: i for layer in layers for i, place in enumerate(layer)}
    for sweep in range(SWEEPS):
        neighbours: Mapping[int, list[int]] = above if sweep % 2 else below
        for layer in reversed(layers) if sweep % 2 else layers:
            means = {
                place: sum(places[one] for one in found) / len(found)
                if (found := neighbours.get(place))
                else places[place]
                for place in layer
            }
            layer.sort(key=means.__getitem__)
            places.update({place: i for i, place in enumerate(layer)})


def _arrow(points: Sequence[tuple[float, float]], half: float) -> str:
    (x, y), (end, top) = points[0], points[-1]
    d = f"M{x:.1f} {y - half:.1f}"
    before = (x, y - half)
    for x, y in [*points[1:-1], (end, top + half)]:
        middle = (before[1] + y) / 2
        d += f"C{before[0]:.1f} {middle:.1f} {x:.1f} {middle:.1f} {x:.1f} {y:.1f}"
        before = (x, y)
    return f'<path d="{d}" fill="none" stroke="black" marker-end="url(#tip)"/>'


def _box(box: Box, x: float, y: float, tall: float) -> str:
    first = y - (len(box.lines) - 1) * LINE / 2 + 4
    text = "".join(
        f'<text x="{x:.1f}" y="{first + i * LINE:.1f}" text-anchor="middle">{html.escape(line)}</text>'
        for i, line in enumerate(box.lines)
    )
    return (
        f'<rect x="{x - box.width / 2:.1f}" y="{y - tall / 2:.1f}" width="{box.width:.1f}" height="{tall}" rx="8" '
        f'fill="{box.colour}" stroke="black"/>{text}'
    )
