"""Cases of the gradients of padding, sliding windows and convolutions."""

from __future__ import annotations

from typing import Any

import numpy

import tensorplug as tp
import tensorplug.nn.functional as F
from tensorplug.core import OPERATIONS

from .case import Case, points, tensor

WINDOW = ((2, 1, 2), (3, 2, 1))
"""Of images of 4 x 5, in which there are 2 x 2."""

GEOMETRY = ((2, 1), ((1, 0), (-1, 1)), (1, 2), 2)
"""Of an image of 3 x 5 and kernels of 2 x 2, of which there are 2 x 3."""


def windows(jnp: Any, x: Any) -> Any:
    rows = numpy.asarray([0, 2])[:, None] + numpy.arange(2)
    columns = numpy.arange(3)[:, None] + numpy.asarray([0, 2])
    return x[..., rows[:, None, :, None], columns[None, :, None, :]]


PAIRS = numpy.triu_indices(4, 1)

ROWS, BAGS = numpy.array([0, 2, 2, 3, 1]), numpy.array([0, 0, 2, 2, 2])

PLACES = numpy.array([[1, 3], [2, 4], [3, 5]])


def as_strided(jnp: Any, x: Any) -> Any:
    return x[PLACES]


def strided_sum(jnp: Any, x: Any) -> Any:
    return jnp.zeros(6, x.dtype).at[PLACES].add(x)


def overlap_add(jnp: Any, x: Any) -> Any:
    import jax

    return jax.linear_transpose(lambda y: windows(jnp, y), jax.ShapeDtypeStruct((1, 4, 5), x.dtype))(x)[0]


def convolution(jnp: Any, x: Any, w: Any) -> Any:
    import jax

    stride, padding, dilation, groups = GEOMETRY
    return jax.lax.conv_general_dilated(x, w, stride, padding, rhs_dilation=dilation, feature_group_count=groups)


def transpose(jnp: Any, x: Any, w: Any) -> Any:
    import jax

    shape = jax.ShapeDtypeStruct((1, 2, 3, 5), x.dtype)
    return jax.linear_transpose(lambda y: convolution(jnp, y, w), shape)(x)[0]


def weight(jnp: Any, x: Any, y: Any) -> Any:
    import jax

    shape = jax.ShapeDtypeStruct((2, 1, 2, 2), x.dtype)
    return jax.linear_transpose(lambda w: convolution(jnp, x, w), shape)(y)[0]


def standardize(jnp: Any, x: Any) -> Any:
    centered = x - x.mean((0, 2), keepdims=True)
    return centered / jnp.sqrt((centered * centered).mean((0, 2), keepdims=True) + 0.5)


def recurrence(kind: str, reverse: bool = False) -> Case:
    gates, states = {"lstm": (4, 2), "gru": (3, 1)}.get(kind, (1, 1))

    def call(*tensors: Any) -> Any:
        return OPERATIONS["recurrence"](*tensors, kind=kind, reverse=reverse)

    def on_jax(jnp: Any, x: Any, state: Any, weight: Any, bias: Any) -> Any:
        found = []
        for row in x[::-1] if reverse else x:
            state = recurrent_step(jnp, kind, row, state, state[0] @ weight.T + bias)
            found.append(state)
        return jnp.stack(found[::-1] if reverse else found, 1)

    return Case(call, points((3, 2, gates * 2), (states, 2, 2), (gates * 2, 2), (gates * 2,)), on_jax)


def recurrent_step(jnp: Any, kind: str, row: Any, state: Any, linear: Any) -> Any:
    """As the documentation of PyTorch's layers has it."""
    if kind in ("tanh", "relu"):
        total = row + linear
        return jnp.stack([jnp.tanh(total) if kind == "tanh" else jnp.maximum(total, 0)])

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + jnp.exp(-x))

    if kind == "lstm":
        i, f, g, o = jnp.split(row + linear, 4, -1)
        cell = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
        return jnp.stack([sigmoid(o) * jnp.tanh(cell), cell])
    (input_r, input_z, input_n), (hidden_r, hidden_z, hidden_n) = (jnp.split(x, 3, -1) for x in (row, linear))
    n = jnp.tanh(input_n + sigmoid(input_r + hidden_r) * hidden_n)
    z = sigmoid(input_z + hidden_z)
    return jnp.stack([(1 - z) * n + z * state[0]])


CASES: dict[str, list[Case]] = {
    "recurrence": [
        recurrence("tanh"), recurrence("relu", reverse=True), recurrence("lstm"), recurrence("lstm", reverse=True),
        recurrence("gru"),
    ],
    "constant_pad": [
        Case(lambda x: F.pad(x, (1, 2, -1, 0), value=3.0), points((2, 3)),
             lambda jnp, x: jnp.pad(x[1:], ((0, 0), (1, 2)), constant_values=3.0)),
        Case(lambda x: F.pad(x, (1, 1)), points((0, 2)), None),
    ],
    "pair_distances": [
        Case(tp.pdist, points((4, 3)),
             lambda jnp, x: jnp.sqrt(((x[PAIRS[0]] - x[PAIRS[1]]) ** 2).sum(1))),
    ],
    "sums_of_rows": [
        Case(lambda factors, x: OPERATIONS["sums_of_rows"](*map(tensor, (ROWS, BAGS)), factors, x, count=3),
             points((5,), (4, 2)),
             lambda jnp, factors, x: jnp.zeros((3, 2)).at[BAGS].add(x[ROWS] * factors[:, None])),
    ],
    "standardize": [
        Case(lambda x: OPERATIONS["standardize"](x, axis=(0, 2), eps=0.5), points((2, 3, 2)), standardize)
    ],
    "windows": [Case(lambda x: OPERATIONS["windows"](x, window=WINDOW), points((1, 4, 5)), windows)],
    "overlap_add": [
        Case(lambda x: OPERATIONS["overlap_add"](x, shape=(1, 4, 5), window=WINDOW), points((1, 2, 3, 2, 2)),
             overlap_add)
    ],
    "as_strided": [Case(lambda x: tp.as_strided(x, (3, 2), (1, 2), 1), points((6,)), as_strided)],
    "strided_sum": [
        Case(lambda x: OPERATIONS["strided_sum"](x, shape=(6,), geometry=((3, 2), (1, 2), 1)), points((3, 2)),
             strided_sum)
    ],
    "convolution": [
        Case(lambda x, w: OPERATIONS["convolution"](x, w, geometry=GEOMETRY), points((1, 2, 3, 5), (2, 1, 2, 2)),
             convolution),
        Case(F.conv1d, points((0, 1, 3), (2, 1, 2), (2,)), None),
    ],
    "convolution_transpose": [
        Case(lambda x, w: OPERATIONS["convolution_transpose"](x, w, geometry=GEOMETRY),
             points((1, 2, 2, 3), (2, 1, 2, 2)), transpose)
    ],
    "convolution_weight": [
        Case(lambda x, y: OPERATIONS["convolution_weight"](x, y, size=(2, 2), geometry=GEOMETRY),
             points((1, 2, 3, 5), (1, 2, 2, 3)), weight)
    ],
}  # fmt: skip
