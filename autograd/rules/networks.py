"""Gradients of padding, sliding windows, convolutions, normalization and distances.

Each of the convolutions is the gradient of another.
"""

from __future__ import annotations

from typing import Any

from ..rule import no_gradient, rule


def _cropped(ops: Any, g: Any, padding: tuple[tuple[int, int], ...]) -> Any:
    return ops.constant_pad(g, padding=tuple((-before, -behind) for before, behind in padding), value=0)


rule("constant_pad", x=_cropped)
rule("windows", x=lambda ops, g, x_shape, window: ops.overlap_add(g, shape=x_shape, window=window))
rule("overlap_add", x=lambda ops, g, window: ops.windows(g, window=window))
rule(
    "convolution",
    x=lambda ops, g, w, geometry: ops.convolution_transpose(g, w, geometry=geometry),
    w=lambda ops, g, x, w_shape, geometry: ops.convolution_weight(x, g, size=w_shape[2:], geometry=geometry),
)
rule(
    "convolution_transpose",
    x=lambda ops, g, w, geometry: ops.convolution(g, w, geometry=geometry),
    w=lambda ops, g, x, w_shape, geometry: ops.convolution_weight(g, x, size=w_shape[2:], geometry=geometry),
)
rule(
    "convolution_weight",
    x=lambda ops, g, y, geometry: ops.convolution_transpose(y, g, geometry=geometry),
    y=lambda ops, g, x, geometry: ops.convolution(x, g, geometry=geometry),
)

no_gradient("fractional_positions", "max_positions")

rule("pair_distances", x=lambda ops, g, x, out: ops.pair_distances_gradient(g, x, out))
rule(
    "standardize",
    x=lambda ops, g, x, out, axis, eps: ops.standardize_gradient(g, x, out, axis=axis, eps=eps),
)
