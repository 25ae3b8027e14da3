"""Gradients of manipulation functions and of conversions."""

from __future__ import annotations

import itertools
from typing import Any

from ..engine import broadcast_back
from ..rule import no_gradient, rule


def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The inverse of a permutation."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def _parts(ops: Any, g: Any, shapes: tuple[tuple[int, ...], ...], axis: int) -> list[Any]:
    """Split the gradient of a concatenation into the parts'."""
    ends = list(itertools.accumulate(shape[axis] for shape in shapes))
    before = (slice(None),) * axis
    return [ops.getitem(g, (*before, slice(end - shape[axis], end))) for shape, end in zip(shapes, ends, strict=True)]


def _slices(ops: Any, g: Any, shapes: tuple[tuple[int, ...], ...], axis: int) -> list[Any]:
    """Split the gradient of a stack into the parts'."""
    before = (slice(None),) * axis
    return [ops.getitem(g, (*before, i)) for i in range(len(shapes))]


rule("as_strided", x=lambda ops, g, x_shape, geometry: ops.strided_sum(g, shape=x_shape, geometry=geometry))
rule("broadcast_to", x=lambda ops, g, x_shape: broadcast_back(ops, g, x_shape))
rule("cast", x=lambda ops, g, source: ops.cast(g, source))
rule("clone", x=lambda g: g)
rule("concat", variadic=True, arrays=_parts)
rule("diagonal", x=lambda ops, g, x_shape, offset: ops.diagonal_embed(g, shape=x_shape, offset=offset))
rule("diagonal_embed", x=lambda ops, g, offset: ops.diagonal(g, offset=offset))
rule("flip", x=lambda ops, g, axis: ops.flip(g, axis=axis))
rule("fold", x=lambda ops, g, window: ops.unfold(g, window=window))
rule("imag", x=lambda ops, g: ops.complex(ops.zeros_like(g), -g))
rule("permute_dims", x=lambda ops, g, axes: ops.permute_dims(g, inverse(axes)))
rule("real", x=lambda ops, g: ops.complex(g, ops.zeros_like(g)))
rule("reshape", x=lambda ops, g, x_shape: ops.reshape(g, x_shape))
rule("roll", x=lambda ops, g, shift, axis: ops.roll(g, shift=tuple(-n for n in shift), axis=axis))
rule("stack", variadic=True, arrays=_slices)
rule("to_device", x=lambda g, back: back(g))
rule("strided_sum", x=lambda ops, g, geometry: ops.as_strided(g, geometry=geometry))
rule("tril", x=lambda ops, g, k: ops.tril(g, k=k))
rule("triu", x=lambda ops, g, k: ops.triu(g, k=k))
no_gradient("view_dtype")
rule("unfold", x=lambda ops, g, x_shape, window: ops.fold(g, shape=x_shape, window=window))
