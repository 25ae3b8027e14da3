"""Recurrent layers, `RNN`, `LSTM` and `GRU`, of several layers and both directions, and their cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ..core import Tensor
from ..core.memory.tensor import require_tensors
from ..core.pytorch.recurrent import recurrence
from ..core.standard.creation import tensor, zeros, zeros_like
from ..core.standard.manipulation import concat, stack, unbind
from ..core.standard.manipulation.joining import unified
from ..core.types.errors import ArgumentError, ShapeError
from . import functional
from .linear import fill_uniform, new_parameter
from .module import Module
from .utils.rnn import PackedSequence, sequence_rows

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]

State = tuple[Tensor, ...]
"""The hidden state, and for an LSTM the cell's, each of shape (N, hidden_size)."""

GATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}
"""The number of linear parts of each kind of step."""


class _Recurrent(Module):
    """What layers and cells have in common: sizes, a kind of step, and parameters."""

    def _make(self, kind: str, input_size: int, hidden_size: int, bias: bool) -> None:
        if min(input_size, hidden_size) < 1:
            raise ArgumentError(
                f"{type(self).__name__}: got sizes {input_size} and {hidden_size}, wanted positive ones"
            )
        self._kind, self.input_size, self.hidden_size, self.bias = kind, input_size, hidden_size, bias

    def _add_weights(self, suffix: str, size: int, device: Any, dtype: Any) -> None:
        rows = GATES[self._kind] * self.hidden_size
        for name, shape in (("weight_ih", (rows, size)), ("weight_hh", (rows, self.hidden_size))):
            setattr(self, name + suffix, new_parameter(*shape, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh") if self.bias else ():
            setattr(self, name + suffix, new_parameter(rows, device=device, dtype=dtype))

    def _weights(self, suffix: str) -> list[Tensor | None]:
        return [getattr(self, name + suffix, None) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in one over the root of the hidden size around zero."""
        fill_uniform(1 / math.sqrt(self.hidden_size), *self.parameters())

    @property
    def _state_count(self) -> int:
        """How many tensors the state consists of."""
        return 2 if self._kind == "lstm" else 1

    def _run(
        self, x: Tensor, state: Tensor, suffix: str = "", reverse: bool = False, rows: Tensor | None = None
    ) -> Tensor:
        """The states of shape (S, L, N, H) after each step of one layer in one direction, from one of (S, N, H).

        Of packed sequences it takes the elements, and the `rows` that are the input of each step.
        """
        input_weight, hidden_weight, input_bias, hidden_bias = self._weights(suffix)
        assert input_weight is not None
        assert hidden_weight is not None
        from_input = functional.linear(x, input_weight, input_bias)
        if rows is not None:
            # After the end of a sequence no state grows beyond bounds, for gradients of 0 times infinity.
            after = from_input.new_full((1, from_input.shape[1]), -math.inf if self._kind == "relu" else 0.0)
            from_input = concat([from_input, after])[rows]
        bias = zeros_like(hidden_weight[:, 0]) if hidden_bias is None else hidden_bias
        operands = unified(type(self).__name__, [from_input, state, hidden_weight, bias])
        found: Tensor = recurrence(*operands, kind=self._kind, reverse=reverse)
        return found

    def _zero_state(self, like: Tensor, *shape: int) -> State:
        one = zeros(*shape, self.hidden_size, dtype=like.dtype, device=like.device)
        return (one,) * self._state_count

    def _as_state(self, given: Any, *shape: int) -> State:
        """A state as a tuple of tensors, which must be of a shape."""
        name, count = type(self).__name__, self._state_count
        found = (given,) if isinstance(given, Tensor) else given
        if not isinstance(found, tuple | list) or not all(isinstance(one, Tensor) for one in found):
            raise TypeError(f"{name}: got a state of type {type(given).__name__}, wanted {count} tensors")
        if len(found) != count:
            raise TypeError(f"{name}: got a state of {len(found)} tensors, wanted {count}")
        for one in found:
            if one.shape != shape:
                raise ShapeError(f"{name}: got a state of shape {one.shape}, wanted {shape}")
        return tuple(found)

    def _as_given(self, state: State) -> Any:
        """A state as users see it: of one tensor alone the tensor."""
        return state if len(state) > 1 else state[0]

    def _require_input(self, input: Tensor, ndims: tuple[int, int]) -> None:
        require_tensors(type(self).__name__, input)
        if input.ndim not in ndims or input.shape[-1] != self.input_size:
            axes = " or ".join(map(str, ndims))
            raise ShapeError(
                f"{type(self).__name__}: got an input of shape {input.shape}, wanted {axes} axes, the last of length "
                f"{self.input_size}"
            )


class _Layers(_Recurrent):
    """Recurrent layers on top of each other; the parameters are told by `RNN`."""

    kind: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self._make(self.kind, input_size, hidden_size, bias)
        if num_layers < 1:
            raise ArgumentError(f"{type(self).__name__}: got {num_layers} layers, wanted 1 or more")
        self.num_layers, self.batch_first, self.dropout = num_layers, batch_first, dropout
        self.bidirectional = bidirectional
        self._suffixes = [
            [f"_l{layer}{end}" for end in ("", "_reverse")[: 1 + bidirectional]] for layer in range(num_layers)
        ]
        for layer, suffixes in enumerate(self._suffixes):
            for suffix in suffixes:
                self._add_weights(suffix, hidden_size * len(suffixes) if layer else input_size, device, dtype)
        self.reset_parameters()

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Run over a sequence.

        Parameters
        ----------
        input : Tensor, shape (L, N, input_size), or PackedSequence
            With `batch_first` of shape (N, L, input_size); without a batch of shape (L, input_size).
        hx : Tensor or tuple of Tensor, optional
            The state at first, of shape (num_layers * directions, N, hidden_size); zero by default.

        Returns
        -------
        output : Tensor, shape (L, N, directions * hidden_size), or PackedSequence
        state : Tensor or tuple of Tensor
            The last one.
        """
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        self._require_input(input, (2, 3))
        batched = input.ndim == 3
        x = input if batched else input.unsqueeze(1)
        x = x.transpose(0, 1) if batched and self.batch_first else x
        if not x.shape[0]:
            raise ShapeError(f"{type(self).__name__}: got an input of shape {input.shape}, wanted one step or more")
        count = self.num_layers * (1 + self.bidirectional)
        if hx is None:
            first = self._zero_state(x, count, x.shape[1])
        elif batched:
            first = self._as_state(hx, count, x.shape[1], self.hidden_size)
        else:
            first = tuple(one.unsqueeze(1) for one in self._as_state(hx, count, self.hidden_size))

        def run(x: Tensor, state: Tensor, suffix: str, reverse: int) -> tuple[Tensor, Tensor]:
            found = self._run(x, state, suffix, bool(reverse))
            return found[0], found[:, 0 if reverse else -1]

        x, ends = self._run_layers(x, first, run)
        if not batched:
            return x.squeeze(1), self._as_given(tuple(one.squeeze(1) for one in ends))
        return (x.transpose(0, 1) if self.batch_first else x), self._as_given(ends)

    def _run_layers(self, x: Tensor, first: State, run: Callable[..., tuple[Tensor, Tensor]]) -> tuple[Tensor, State]:
        """The output of the last layer, and the last states, where `run` gives those of one layer in one direction."""
        last: list[Tensor] = []
        for suffixes in self._suffixes:
            if last and self.dropout and self.training:
                x = functional.dropout(x, self.dropout)
            outputs = []
            for reverse, suffix in enumerate(suffixes):
                output, end = run(x, stack([one[len(last)] for one in first]), suffix, reverse)
                outputs.append(output)
                last.append(end)
            # Also of one output, a copy that may be written: the states are kept for gradients.
            x = concat(outputs, axis=-1)
        return x, unbind(stack(last, axis=1))

    def _run_packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """Run over packed sequences: over all steps of the longest one, each direction from a sequence's own begin."""
        x, count, batch = input.data, self.num_layers * (1 + self.bidirectional), int(input.sizes[0])
        self._require_input(x, (2, 2))
        if hx is None:
            first = self._zero_state(x, count, batch)
        else:
            first = self._as_state(hx, count, batch, self.hidden_size)
            if input.sorted_indices is not None:
                first = tuple(one.index_select(1, input.sorted_indices) for one in first)

        def indices(found: Any) -> Tensor:
            return tensor(found.tolist(), device=x.device)

        lengths, (steps, rows) = input.lengths, input.places
        ends = indices((lengths - 1) * batch + numpy.arange(batch))
        inputs = [indices(sequence_rows(input, int(lengths[0]), reverse)) for reverse in (False, True)]
        outputs = [indices(step * batch + rows) for step in (steps, lengths[rows] - 1 - steps)]

        def run(x: Tensor, state: Tensor, suffix: str, reverse: int) -> tuple[Tensor, Tensor]:
            found = self._run(x, state, suffix, rows=inputs[reverse]).flatten(1, 2)
            return found[0][outputs[reverse]], found[:, ends]

        x, last = self._run_layers(x, first, run)
        if input.unsorted_indices is not None:
            last = tuple(one.index_select(1, input.unsorted_indices) for one in last)
        return input.with_data(x), self._as_given(last)

    def extra_repr(self) -> str:
        """The sizes and options."""
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        others = (f"{name}={value}" for name, old in defaults.items() if (value := getattr(self, name)) != old)
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *others])


class RNN(_Layers):
    """Elman's recurrent layers: ``h = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int, default: 1
    nonlinearity : {"tanh", "relu"}
    bias : bool, default: True
        Whether there are any.
    batch_first : bool, default: False
        Whether input and output have the batch before the sequence.
    dropout : float, default: 0
        The probability of dropout between layers.
    bidirectional : bool, default: False
        Whether a second layer runs from the end.
    device, dtype
        Of the parameters.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Tensor
        Those of the first layer; ``_l1`` and so on name those of others, and ``_reverse`` those from the end.

    Examples
    --------
    >>> import tensorplug as tp
    >>> output, state = tp.nn.RNN(4, 3)(tp.zeros(5, 2, 4))
    >>> output.shape, state.shape
    ((5, 2, 3), (1, 2, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _require_nonlinearity("RNN", nonlinearity)
        self.kind = self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)


def _require_nonlinearity(layer: str, nonlinearity: str) -> None:
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f"{layer}: got nonlinearity {nonlinearity!r}, wanted 'tanh' or 'relu'")


class LSTM(_Layers):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    The parameters are those of `RNN` without `nonlinearity`. The state is a tuple of the hidden and the cell state.

    Examples
    --------
    >>> import tensorplug as tp
    >>> output, (hidden, cell) = tp.nn.LSTM(4, 3, num_layers=2)(tp.zeros(5, 2, 4))
    >>> output.shape, cell.shape
    ((5, 2, 3), (2, 2, 3))
    """

    kind = "lstm"


class GRU(_Layers):
    """Gated recurrent units (Cho et al., 2014).

    The parameters are those of `RNN` without `nonlinearity`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> output, state = tp.nn.GRU(4, 3, bidirectional=True)(tp.zeros(5, 2, 4))
    >>> output.shape, state.shape
    ((5, 2, 6), (2, 2, 3))
    """

    kind = "gru"


class _Cell(_Recurrent):
    """One step of a recurrent layer."""

    kind: str

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        self._make(self.kind, input_size, hidden_size, bias)
        self._add_weights("", input_size, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """The state after an input of shape (N, input_size) or (input_size,), by default from zero."""
        self._require_input(input, (1, 2))
        shape = (*input.shape[:-1], self.hidden_size)
        state = self._zero_state(input, *input.shape[:-1]) if hx is None else self._as_state(hx, *shape)
        rows = input.reshape(1, -1, self.input_size)
        found = self._run(rows, stack(state).reshape(len(state), -1, self.hidden_size))
        return self._as_given(unbind(found.reshape(len(state), *shape).clone()))

    def extra_repr(self) -> str:
        """The sizes."""
        kind = getattr(self, "nonlinearity", "tanh")
        options = ["bias=False"] * (not self.bias) + [f"nonlinearity={kind}"] * (kind != "tanh")
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *options])


class RNNCell(_Cell):
    """One step of `RNN`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.RNNCell(4, 3)(tp.zeros(2, 4)).shape
    (2, 3)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _require_nonlinearity("RNNCell", nonlinearity)
        self.kind = self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, device, dtype)


class LSTMCell(_Cell):
    """One step of `LSTM`: it takes and returns a tuple of the hidden and the cell state.

    Examples
    --------
    >>> import tensorplug as tp
    >>> hidden, cell = tp.nn.LSTMCell(4, 3)(tp.zeros(2, 4))
    >>> hidden.shape
    (2, 3)
    """

    kind = "lstm"


class GRUCell(_Cell):
    """One step of `GRU`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.GRUCell(4, 3)(tp.zeros(2, 4)).shape
    (2, 3)
    """

    kind = "gru"
