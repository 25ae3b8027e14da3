"""Gradients of recurrent layers: backpropagation through time.

What a step multiplies the gradient of its state by is computed for all steps at once, so the loop itself has little to
do: see Appleyard, Kocisky and Blunsom, "Optimizing performance of recurrent neural networks on GPUs", 2016.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..rule import rule


class _Gradients(NamedTuple):
    """Gradients of the input and the initial state, and of the gates' part ``hidden_before @ weight.mT + bias``."""

    x: Any
    state: Any
    linear: Any
    hidden_before: Any


def sigmoids_by_tanh(ops: Any, bias: Any) -> tuple[Any, Any]:
    """Scale and shift with which ``tanh(x * scale) * scale + shift`` has an LSTM's gates, of which the third is a tanh.

    A sigmoid of x is half of ``1 + tanh(x / 2)``, and one call of a function takes less time than four.
    """
    one = ops.ones_like(ops.getitem(bias, (slice(bias.shape[0] // 4),)))
    half = one * 0.5
    return ops.concat([half, half, one, half], axis=0), ops.concat([half, half, one - one, half], axis=0)


def _through_time(
    ops: Any, g: Any, x: Any, state: Any, weight: Any, bias: Any, out: Any, kind: str, reverse: bool
) -> _Gradients:
    first = ops.reshape(state, (state.shape[0], 1, *state.shape[1:]))
    others = ops.getitem(out, (slice(None), slice(1, None) if reverse else slice(-1), ...))
    before = ops.concat([others, first] if reverse else [first, others], axis=1)
    hidden = _of(ops, before, 0)
    linear = ops.reshape(ops.matmul(_rows(ops, hidden), ops.matrix_transpose(weight)), x.shape) + bias
    gates = _GATED.get(kind, _elman)
    of_input, of_linear, carried = gates(ops, g, x, linear, before, out, weight, bias, kind, not reverse)
    return _Gradients(of_input, ops.stack(list(carried), axis=0), of_linear, hidden)


def _elman(
    ops: Any, g: Any, x: Any, linear: Any, before: Any, out: Any, weight: Any, bias: Any, kind: str, reverse: bool
) -> tuple[Any, Any, Any]:
    hidden, g = _of(ops, out, 0), _of(ops, g, 0)
    slope = 1.0 - hidden * hidden if kind == "tanh" else ops.cast(hidden > 0.0, hidden.dtype)
    carried = (_start(ops, g),)
    carried, (found,) = ops.scan(_elman_step, carried, (g, slope), (weight,), reverse)
    return found, found, carried


def _elman_step(ops: Any, carried: Any, items: Any, weight: Any) -> tuple[Any, Any]:
    g, slope = items
    found = (g + carried[0]) * slope
    return (ops.matmul(found, weight),), (found,)


def _lstm(
    ops: Any, g: Any, x: Any, linear: Any, before: Any, out: Any, weight: Any, bias: Any, kind: str, reverse: bool
) -> tuple[Any, Any, Any]:
    size = out.shape[-1]
    scale, shift = sigmoids_by_tanh(ops, bias)
    found = ops.tanh((x + linear) * scale)
    gates = found * scale + shift
    entering, forgetting, candidate, leaving = (_part(ops, gates, i * size, (i + 1) * size) for i in range(4))
    seen = ops.tanh(_of(ops, out, 1))
    others = ops.concat([candidate, _of(ops, before, 1), entering, seen], axis=-1)
    slopes = (1.0 - found * found) * (scale * scale) * others
    to_cell = leaving * (1.0 - seen * seen)
    hidden, cell = _of(ops, g, 0), _of(ops, g, 1)
    sequences = hidden, cell, to_cell, forgetting, slopes
    start = _start(ops, hidden)
    carried, (found,) = ops.scan(_lstm_step, (start, start), sequences, (weight,), reverse)
    return found, found, carried


def _lstm_step(ops: Any, carried: Any, items: Any, weight: Any) -> tuple[Any, Any]:
    of_hidden, of_cell, to_cell, forgetting, slopes = items
    hidden = of_hidden + carried[0]
    cell = of_cell + carried[1] + hidden * to_cell
    found = ops.concat([cell, cell, cell, hidden], axis=-1) * slopes
    return (ops.matmul(found, weight), cell * forgetting), (found,)


def _gru(
    ops: Any, g: Any, x: Any, linear: Any, before: Any, out: Any, weight: Any, bias: Any, kind: str, reverse: bool
) -> tuple[Any, Any, Any]:
    size = out.shape[-1]
    both = ops.sigmoid(_part(ops, x, 0, 2 * size) + _part(ops, linear, 0, 2 * size))
    reset, update = _part(ops, both, 0, size), _part(ops, both, size, 2 * size)
    from_hidden = _part(ops, linear, 2 * size, 3 * size)
    new = ops.tanh(_part(ops, x, 2 * size, 3 * size) + reset * from_hidden)
    to_new = (1.0 - update) * (1.0 - new * new)
    to_reset = to_new * from_hidden * reset * (1.0 - reset)
    to_update = (_of(ops, before, 0) - new) * update * (1.0 - update)
    slopes = ops.concat([to_reset, to_update, to_new * reset], axis=-1)
    hidden = _of(ops, g, 0)
    start = (_start(ops, hidden),)
    carried, (total, found) = ops.scan(_gru_step, start, (hidden, update, slopes), (weight,), reverse)
    of_input = ops.concat([_part(ops, found, 0, 2 * size), total * to_new], axis=-1)
    return of_input, found, carried


def _gru_step(ops: Any, carried: Any, items: Any, weight: Any) -> tuple[Any, Any]:
    of_hidden, update, slopes = items
    hidden = of_hidden + carried[0]
    found = ops.concat([hidden, hidden, hidden], axis=-1) * slopes
    return (ops.matmul(found, weight) + hidden * update,), (hidden, found)


_GATED = {"lstm": _lstm, "gru": _gru}


def _of(ops: Any, states: Any, which: int) -> Any:
    return ops.getitem(states, (which, ...))


def _part(ops: Any, x: Any, start: int, stop: int) -> Any:
    return ops.getitem(x, (..., slice(start, stop)))


def _start(ops: Any, sequence: Any) -> Any:
    """The gradient that is carried to the last step, zero."""
    return ops.zeros_like(ops.getitem(sequence, (0, ...)))


def _rows(ops: Any, x: Any) -> Any:
    return ops.reshape(x, (-1, x.shape[-1]))


rule(
    "recurrence",
    shared=_through_time,
    x=lambda shared: shared.x,
    state=lambda shared: shared.state,
    weight=lambda ops, shared: ops.matmul(
        ops.matrix_transpose(_rows(ops, shared.linear)), _rows(ops, shared.hidden_before)
    ),
    bias=lambda ops, shared: ops.sum(shared.linear, axis=(0, 1)),
)
