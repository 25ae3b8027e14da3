"""No operation gives a wrong gradient after a write: what it has saved is as it was, or there is an error."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.rule import RULES

from .gradients.case import Case
from .test_gradients import ALL, CASES, weights

WRITTEN = json.loads((pathlib.Path(__file__).parent / "references" / "writes.json").read_text())
"""Uses of operations whose results may be written in PyTorch, which keeps the operands for the gradient."""

Write = Callable[[list[tp.Tensor], tp.Tensor], tp.Tensor]

WRITES: dict[str, Write] = {
    "first operand": lambda operands, result: operands[0],
    "last operand": lambda operands, result: operands[-1],
    "result": lambda operands, result: result,
}
"""What is written."""


def change(tensor: tp.Tensor) -> None:
    """Write every element, unrecorded, so that the gradient is to stay what it was."""
    with tp.no_grad():
        tensor.copy_(tensor.detach() * 0.5 + 0.75)


def walk(case: Case, order: int, write: Write | None, moment: int = 1) -> list[Any]:
    """The gradients of a weighted result, or second ones, after a write before the pass of that order."""
    leaves = [tp.tensor(array, requires_grad=True) for array in case.inputs]
    operands = [leaf.clone() for leaf in leaves]
    result = case.function(*operands)
    w = tp.tensor(weights(result.shape), requires_grad=True)
    if write is not None and moment == 1:
        change(write(operands, result))
    found = tp.autograd.grad(result, leaves, w, create_graph=order == 2, allow_unused=True)
    if order == 2:
        if write is not None and moment == 2:
            change(write(operands, result))
        total: Any = sum((g * tp.tensor(weights(g.shape))).sum() for g in found if g is not None)
        if not isinstance(total, tp.Tensor) or not total.requires_grad:
            return []
        found = tp.autograd.grad(total, [*leaves, w], allow_unused=True)
    return [None if g is None else numpy.asarray(g) for g in found]


def is_refused_or_right(case: Case, write: str, order: int, moment: int) -> bool:
    """Whether a write was refused, by the write itself or by the backward pass; else the gradient is what it was."""
    wanted = walk(case, order, None)
    try:
        found = walk(case, order, WRITES[write], moment)
    except RuntimeError as error:
        message = str(error)
        assert "modified by an inplace operation" in message or "refers to a single memory location" in message
        return True
    for one, other in zip(found, wanted, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            numpy.testing.assert_array_equal(one, other)
    return False


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("case", ALL)
def test_a_write_before_the_pass(case: Case, write: str) -> None:
    with tp.backend("numpy"):
        is_refused_or_right(case, write, 1, 1)


@pytest.mark.parametrize("moment", [1, 2])
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("case", [cases[0] for cases in CASES.values()], ids=list(CASES))
def test_a_write_before_either_of_two_passes(case: Case, write: str, moment: int) -> None:
    with tp.backend("numpy"):
        is_refused_or_right(case, write, 2, moment)


IN_PLACE = ("add", "divide", "exp", "getitem", "index", "matmul", "multiply", "pow", "put_view", "sum", "tanh", "where")


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("name", IN_PLACE)
def test_on_every_backend(backend: str, name: str, write: str) -> None:
    refused = is_refused_or_right(CASES[name][0], write, 1, 1)
    if write == "result":
        assert refused == (name in ("exp", "tanh", "pow"))


def test_what_a_rule_needs_is_guarded() -> None:
    """Of operations that are a function of one tensor: a write to it is refused just where the rule names it."""
    for name in ("exp", "log", "sin", "sqrt", "square", "tanh", "negative", "sigmoid", "reciprocal"):
        with tp.backend("numpy"):
            assert is_refused_or_right(CASES[name][0], "first operand", 1, 1) == ("x" in RULES[name].tensors)
            assert is_refused_or_right(CASES[name][0], "result", 1, 1) == ("out" in RULES[name].tensors)


@pytest.mark.parametrize("code", WRITTEN["gradients"])
def test_a_result_that_pytorch_lets_be_written(code: str) -> None:
    leaves = [tp.tensor(values, dtype=tp.float64, requires_grad=True) for values in WRITTEN["values"]]
    operands = {name: leaf * 1.0 for name, leaf in zip("abc", leaves, strict=True)}
    result = eval(code, {"m": tp, "f": tp.nn.functional, **operands})
    result.mul_(0.5)
    found = tp.autograd.grad((result.abs() ** 2).sum(), leaves, allow_unused=True)
    for one, wanted in zip(found, WRITTEN["gradients"][code], strict=True):
        if one is None or wanted is None:
            assert not numpy.any(numpy.asarray(0.0 if one is None else one)), "PyTorch has no gradient here"
            assert not numpy.any(0.0 if wanted is None else wanted)
        else:
            numpy.testing.assert_allclose(numpy.asarray(one), wanted, rtol=1e-9, atol=1e-12)


def test_a_quotient_may_be_written(backend: str) -> None:
    a = tp.tensor([0.0, 0.7], requires_grad=True)
    b = 1 / ((-a).exp() + 1)
    b[1] = 2.0
    b.sum().backward()
    assert a.grad.tolist() == [0.25, 0.0]


def test_what_a_node_has_saved_by_the_names_of_pytorch(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    assert y.grad_fn.name() == y.grad_fn.name == "exp"
    assert y.grad_fn._saved_result.equal(y)
    assert y.grad_fn._saved_result.grad_fn is y.grad_fn
    ((leaf, _),) = y.grad_fn.next_functions
    assert (leaf.name(), leaf.variable) == ("leaf", x)
    z = x.pow(2)
    assert z.grad_fn._saved_self is x
    assert z.grad_fn._saved_exponent.item() == 2
    assert (x * y).grad_fn._saved_self is x
    assert (x * y).grad_fn._saved_other.equal(y)
    assert (x * 3.0).grad_fn._saved_self is None
    with tp.autograd.graph.saved_tensors_hooks(lambda t: t + 1, lambda t: t):
        assert x.exp().grad_fn._saved_result.equal(y + 1)
    assert not hasattr(x.sum().grad_fn, "_saved_self")
    # The number of other operations stays as it is.
    z.grad_fn._saved_exponent.zero_()
    assert x.pow(2).tolist() == [1.0, 4.0]
    written = x * 1
    square = written.pow(2)
    written.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation: its operand x1"):
        _ = square.grad_fn._saved_self
    y.sum().backward()
    with pytest.raises(RuntimeError, match="exp was freed by an earlier backward pass"):
        _ = y.grad_fn._saved_result
