"""The recurrence of RNN, LSTM and GRU layers, which is one operation for a whole sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.rules.recurrent import sigmoids_by_tanh
from ..dispatch.operation import operation

__all__: list[str] = []


@operation(accepts="real-valued floating-point", widens_half=True, compiled=True)
def recurrence(ops: Any, x: Any, state: Any, weight: Any, bias: Any, *, kind: str, reverse: bool) -> Any:
    """The states of a recurrent layer of S states and G gates after each step of a sequence.

    Parameters
    ----------
    x : array, shape (L, N, G * H)
        The part of the gates that comes from the input, with its bias.
    state : array, shape (S, N, H)
        The state at first, of which the hidden state comes first.
    weight, bias : array, shape (G * H, H) and (G * H,)
        Of the part of the gates that comes from the hidden state.
    kind : {"tanh", "relu", "lstm", "gru"}
    reverse : bool
        Whether the sequence begins at its end.

    Returns
    -------
    array, shape (S, L, N, H)
    """
    carried = tuple(ops.getitem(state, (i, ...)) for i in range(state.shape[0]))
    weight = ops.matrix_transpose(weight)
    constants: tuple[Any, ...]
    if kind == "lstm":
        scale, shift = sigmoids_by_tanh(ops, bias)
        x, constants = (x + bias) * scale, (weight * scale, scale, shift)
    elif kind == "gru":
        constants = weight, bias
    else:
        x, constants = x + bias, (weight,)
    _, found = ops.scan(_STEPS[kind], carried, (x,), constants, reverse)
    return ops.stack(list(found), axis=0)


State = tuple[Any, ...]


def _tanh(ops: Any, state: State, items: State, weight: Any) -> tuple[State, State]:
    found = (ops.tanh(items[0] + ops.matmul(state[0], weight)),)
    return found, found


def _relu(ops: Any, state: State, items: State, weight: Any) -> tuple[State, State]:
    found = (ops.relu(items[0] + ops.matmul(state[0], weight)),)
    return found, found


def _lstm(ops: Any, state: State, items: State, weight: Any, scale: Any, shift: Any) -> tuple[State, State]:
    hidden, cell = state
    gates = ops.tanh(items[0] + ops.matmul(hidden, weight)) * scale + shift
    entering, forgetting, candidate, leaving = _gates(ops, gates, cell)
    cell = forgetting * cell + entering * candidate
    found = leaving * ops.tanh(cell), cell
    return found, found


def _gru(ops: Any, state: State, items: State, weight: Any, bias: Any) -> tuple[State, State]:
    (hidden,) = state
    input_reset, input_update, input_new = _gates(ops, items[0], hidden)
    hidden_reset, hidden_update, hidden_new = _gates(ops, ops.matmul(hidden, weight) + bias, hidden)
    update = ops.sigmoid(input_update + hidden_update)
    new = ops.tanh(input_new + ops.sigmoid(input_reset + hidden_reset) * hidden_new)
    found = (new + update * (hidden - new),)
    return found, found


def _gates(ops: Any, x: Any, state: Any) -> list[Any]:
    """Equal parts of the last axis, as long as that of the state."""
    size = state.shape[-1]
    return [ops.getitem(x, (..., slice(start, start + size))) for start in range(0, x.shape[-1], size)]


_STEPS: dict[str, Callable[..., tuple[State, State]]] = {"tanh": _tanh, "relu": _relu, "lstm": _lstm, "gru": _gru}
