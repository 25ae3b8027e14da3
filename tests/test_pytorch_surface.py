"""What a tutorial of PyTorch teaches, called as it does: PyTorch's results on every backend."""

from __future__ import annotations

import inspect
import json
import math
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.core import FUNCTIONS, MEMBERS
from tensorplug.core.types.errors import ArgumentError

from .surface import CALLS, run

STORED = json.loads((pathlib.Path(__file__).parent / "references" / "tutorial.json").read_text())

ROUNDING = {"float16": 2**-11, "float32": 2**-24, "float64": 2**-53}

AGREEMENT = 64
"""In roundings, of the largest number: sums here have some ten terms, each of a few roundings that may differ."""


def numbers(value: Any) -> np.ndarray:
    return np.asarray(value, dtype="float64")


def assert_close(found: Any, wanted: Any, dtype: str) -> None:
    found, wanted = numbers(found), numbers(wanted)
    assert found.shape == wanted.shape
    finite = wanted[np.isfinite(wanted)]
    largest = max(1.0, float(np.abs(finite).max())) if finite.size else 1.0
    np.testing.assert_allclose(found, wanted, rtol=0, atol=AGREEMENT * ROUNDING.get(dtype, 0.0) * largest)


@pytest.mark.parametrize("name", CALLS)
def test_as_in_pytorch(backend: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "range includes its end")
        found, wanted = run(CALLS[name], tp), STORED[name]
    assert len(found["values"]) == len(wanted["values"])
    for one, other in zip(found["values"], wanted["values"], strict=True):
        if isinstance(other, dict):
            assert one["dtype"] == other["dtype"]
            assert_close(one["values"], other["values"], other["dtype"])
        else:
            assert one == other
    assert len(found.get("gradients", ())) == len(wanted.get("gradients", ()))
    for one, other in zip(found.get("gradients", ()), wanted.get("gradients", ()), strict=True):
        assert (one is None) == (other is None)
        if other is not None:
            assert_close(one, other, "float64")


def test_every_spelling_of_a_method_is_a_function() -> None:
    """What an operation declares as PyTorch's name of its method, the namespace has too."""
    # Methods alone, and functions that are the standard's where the methods are PyTorch's.
    functions = set(FUNCTIONS.values())
    for name in MEMBERS.keys() - {"divide", "moveaxis", "nelement", "to_device"}:
        if inspect.isfunction(MEMBERS[name]) and MEMBERS[name] in functions and not name.startswith("_"):
            assert getattr(tp, name) is MEMBERS[name], name
    assert [name for name in tp.__all__ if not hasattr(tp, name)] == []


I = tp.tensor  # noqa: E741
X = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]

WRONG: list[tuple[type[Exception], str, Callable[[tp.Tensor], Any]]] = [
    (IndexError, r"gather: index 3 is out of bounds for axis 1 with size 3", lambda x: x.gather(1, I([[3]]))),
    (IndexError, r"gather: index -1 is out of bounds", lambda x: tp.gather(x, 1, I([[-1]]))),
    (IndexError, r"gather: axis 2 is out of range", lambda x: x.gather(2, I([[0]]))),
    (
        RuntimeError,
        r"gather: got an index of shape \(1,\) for a tensor of shape \(2, 3\)",
        lambda x: x.gather(1, I([1])),
    ),
    (RuntimeError, r"gather: got an index of shape \(3, 1\)", lambda x: x.gather(1, I([[0], [0], [0]]))),
    (TypeError, r"gather: got an index of tensorplug.float32", lambda x: x.gather(1, I([[1.0]]))),
    (IndexError, r"scatter: index 2 is out of bounds for axis 0", lambda x: x.scatter(0, I([[2]]), 1.0)),
    (RuntimeError, r"scatter: got a source of shape \(1, 1\)", lambda x: x.scatter(1, I([[0, 1]]), I([[1.0]]))),
    (TypeError, r"scatter: got a source of tensorplug.int64", lambda x: x.scatter(1, I([[0]]), I([[1]]))),
    (TypeError, r"scatter: 1.5 can't be put", lambda x: x.long().scatter(1, I([[0]]), 1.5)),
    (ValueError, r"scatter: got reduce 'multiply'", lambda x: x.scatter(1, I([[0]]), 1.0, reduce="multiply")),
    (IndexError, r"scatter_add: index 3 is out", lambda x: x.scatter_add_(1, I([[3]]), I([[1.0]]))),
    (IndexError, r"index_select: index 2 is out", lambda x: x.index_select(0, I([2]))),
    (IndexError, r"index_select: got an index of shape \(1, 1\)", lambda x: x.index_select(0, I([[1]]))),
    (RuntimeError, r"index_add: got a source of shape \(2, 3\), wanted \(1, 3\)", lambda x: x.index_add(0, I([0]), x)),
    (TypeError, r"masked_select: got a mask of tensorplug.int64", lambda x: x.masked_select(I([1, 0, 1]))),
    (RuntimeError, r"masked_select: shapes \(2, 3\) and \(2,\)", lambda x: x.masked_select(I([True, False]))),
    (RuntimeError, r"topk: got k=4, wanted 0 to 3", lambda x: x.topk(4)),
    (ArgumentError, r"topk: got k=-1, wanted 0 to 3", lambda x: x.topk(-1)),
    (ArgumentError, r"narrow: got length -1, wanted 0 to 2", lambda x: x.narrow(1, 1, -1)),
    (ArgumentError, r"narrow: start 1 and length 3 reach beyond axis 1", lambda x: x.narrow(1, 1, 3)),
    (ArgumentError, r"unfold: got size 5, wanted 1 to 3", lambda x: x.unfold(1, 5, 1)),
    (ArgumentError, r"unfold: got step 0", lambda x: x.unfold(1, 1, 0)),
    (ArgumentError, r"split: got length -1", lambda x: x.split(-1)),
    (ArgumentError, r"chunk: got 0 chunks", lambda x: x.chunk(0)),
    (TypeError, r"isclose: got Tensor and str, wanted tensors or numbers", lambda x: tp.isclose(x, "a")),
    (TypeError, r"relu: got float, wanted tensors;", lambda x: tp.relu(1.0)),
    (TypeError, r"topk: out= takes 2 tensors", lambda x: tp.topk(x, 1, out=x)),
    (RuntimeError, r"mm: shapes \(2, 3\) and \(2, 3\) cannot be multiplied", lambda x: x.mm(x)),
    (RuntimeError, r"mm: output with shape \(3,\)", lambda x: tp.mm(x, x.t(), out=tp.zeros(3))),
    (RuntimeError, r"dot: got shapes .* wanted 1-d tensors; use matmul", lambda x: tp.dot(x, x)),
    (RuntimeError, r"addmm: shape \(4,\) cannot be broadcast", lambda x: tp.addmm(tp.ones(4), x, x.t())),
    (ValueError, r"einsum: got 1 operands, wanted 2", lambda x: tp.einsum("ij,jk", x)),
    (ValueError, r"einsum: 'i' in 'i' names 1 axes, but the operand has 2", lambda x: tp.einsum("i", x)),
    (ValueError, r"einsum: the result of 'ij->k'", lambda x: tp.einsum("ij->k", x)),
    (ValueError, r"einsum: got 'i1'", lambda x: tp.einsum("i1", x)),
    (RuntimeError, r"einsum: 'i' is twice in an operand of shape \(2, 3\)", lambda x: tp.einsum("ii", x)),
    (RuntimeError, r"einsum: 'j' stands for axes of lengths 3 and 2", lambda x: tp.einsum("ij,j", x, tp.ones(2))),
    (TypeError, r"einsum: got Tensor, wanted an equation", lambda x: tp.einsum(x, "ij")),
    (RuntimeError, r"view: .* use reshape", lambda x: x.t().view_as(x.view(-1))),
    (IndexError, r"unsqueeze: axis 3 is out of range", lambda x: tp.unsqueeze(x, 3)),
    (ValueError, r"range: a step of 1 leads from 4 not to 1", lambda x: tp.range(4, 1)),
    (ValueError, r"range: got 0, inf and 1, wanted finite", lambda x: tp.range(0, float("inf"))),
    (ValueError, r"uniform_: got the range from 2 to 1", lambda x: x.uniform_(2, 1)),
    (ValueError, r"normal_: got a standard deviation of -1", lambda x: x.normal_(0, -1)),
    (ValueError, r"bernoulli: got a probability of", lambda x: tp.bernoulli(x)),
    (ValueError, r"bernoulli_: got a probability of 2", lambda x: x.bernoulli_(2)),
    (TypeError, r"uniform_: got tensorplug.int64", lambda x: x.long().uniform_()),
    (ValueError, r"uniform_: got the range from 0 to inf, wanted bounds that", lambda x: x.uniform_(0, np.inf)),
    (ValueError, r"uniform_: got the range from nan to 1,", lambda x: x.uniform_(np.nan, 1)),
    (ValueError, r"uniform_: got .* its greatest number is 3.40", lambda x: x.uniform_(-3e38, 3e38)),
    (ValueError, r"uniform_: got .* its greatest number is 65504", lambda x: x.half().uniform_(0, 7e4)),
    (ValueError, r"normal_: got a standard deviation of nan", lambda x: x.normal_(0, np.nan)),
    (ValueError, r"normal: got a standard deviation of -5.0", lambda x: tp.normal(x, x - 5)),
    (ValueError, r"bernoulli_: got a probability of nan", lambda x: x.bernoulli_(np.nan)),
    (ValueError, r"int8 holds the integers from -128 to 127", lambda x: x.to("int8").random_(300)),
    (ValueError, r"random_: got the range from 0 to 0", lambda x: x.random_(0)),
    (ValueError, r"random_: got the range from 5 to 5", lambda x: x.random_(5, 5)),
    (ValueError, r"randint: got the range from 0 to 0", lambda x: tp.randint(0, 0, (2,))),
    (ValueError, r"randint_like: got the range from 0 to -2", lambda x: tp.randint_like(x, -2)),
    (ValueError, r"randperm: got n=-1, wanted no negative length", lambda x: tp.randperm(-1)),
    (TypeError, r"random_: got tensorplug.complex64", lambda x: x.to("complex64").random_(5)),
    (TypeError, r"uniform_: low is a number, got Tensor of shape \(2,\)", lambda x: x.uniform_(tp.ones(2))),
    (TypeError, r"set_state: got tensorplug.float32 of shape \(3,\)", lambda x: tp.set_rng_state(x[0])),
    (TypeError, r"in: got list", lambda x: [1] in x),
    (TypeError, r"linspace: wants the number of points", lambda x: tp.linspace(0, 1)),
    (RuntimeError, r"scatter_: more than one element", lambda x: x[0].expand(2, 3).scatter_(1, I([[0]]), 1.0)),
    (RuntimeError, r"uniform_: a leaf Tensor that requires grad", lambda x: x.requires_grad_().uniform_()),
    (RuntimeError, r"t_: a tensor that requires grad", lambda x: x.requires_grad_().t_()),
]


@pytest.mark.filterwarnings("ignore:range includes its end")
@pytest.mark.parametrize(("error", "message", "call"), WRONG)
def test_bad_input(backend: str, error: type[Exception], message: str, call: Callable[[tp.Tensor], Any]) -> None:
    with pytest.raises(error, match=message):
        call(tp.tensor(X))


def test_range_warns() -> None:
    with pytest.warns(UserWarning, match="use arange"):
        tp.range(3)


def test_what_is_read_is_kept_for_the_backward_pass(backend: str) -> None:
    """Indices that are written after a read do not change its gradient."""
    x = tp.tensor([1.0, 2.0, 3.0], requires_grad=True)
    index = tp.tensor([0, 2])
    y = x.gather(0, index) + tp.scatter(x, 0, index, tp.zeros(2)).sum()
    index.zero_()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 2.0, 1.0]


def test_shapes_that_change_in_place(backend: str) -> None:
    """The tensor is a view of what it was; what shares its memory keeps its shape, and reads what is written."""
    x = tp.arange(6.0).reshape(2, 3) * 1.0
    row = x[1]
    assert x.t_() is x
    assert (x.shape, x.is_contiguous(), row.shape) == ((3, 2), False, (3,))
    x[0] = tp.tensor([7.0, 8.0])
    row.unsqueeze_(0)[0, 2] = 9.0
    assert x.tolist() == [[7.0, 8.0], [1.0, 4.0], [2.0, 9.0]]
    assert row.tolist() == [[8.0, 4.0, 9.0]]
    leaf = tp.ones(2, requires_grad=True)
    with tp.no_grad(), pytest.raises(RuntimeError, match="unsqueeze_"):
        leaf.unsqueeze_(0)


def test_equal_elements_keep_their_order(backend: str) -> None:
    x = tp.tensor([2, 3, 3, 1, 3])
    assert x.topk(3).indices.tolist() == [1, 2, 4]
    assert x.topk(5, largest=False).indices.tolist() == [3, 0, 1, 2, 4]


def test_random_numbers_in_place(backend: str) -> None:
    """Of the words that functions draw, and within their ranges."""
    tp.manual_seed(3)
    state = tp.get_rng_state()
    uniform = tp.rand(100)
    other = tp.Generator().set_state(state)
    x = tp.zeros(100)
    assert (x.uniform_(generator=other) == uniform).all()
    tp.set_rng_state(state)
    np.testing.assert_allclose(x.uniform_(-2, to=2).numpy(), uniform.numpy() * 4 - 2, atol=1e-6)
    tp.set_rng_state(state)
    normals = tp.randn_like(x)
    tp.set_rng_state(state)
    np.testing.assert_allclose(x.normal_(1.0, 2.0).numpy(), normals.numpy() * 2 + 1, atol=1e-6)
    tp.set_rng_state(state)
    assert (tp.rand_like(x) == uniform).all()
    assert tp.randn_like(x, dtype="float64").dtype is tp.double
    y = x.long()
    assert set(y.random_(2, 5).tolist()) == {2, 3, 4}
    assert set(y.random_(3).tolist()) == {0, 1, 2}
    assert 2**55 < y.random_().max().item() < 2**63
    assert y.to("int8").random_(120, None).min().item() >= 120
    assert set(y.bernoulli_().tolist()) == set(tp.bernoulli(x.fill_(0.5)).tolist()) == {0, 1}
    assert set(tp.randint_like(y, 1, 3).tolist()) == {1, 2}
    assert x.bernoulli_(tp.tensor(1.0)).min().item() == 1.0
    assert tp.bernoulli(x, out=tp.zeros(100)).min().item() == 1.0
    state = tp.get_rng_state()
    drawn = y.bernoulli(0.25)
    tp.set_rng_state(state)
    assert drawn.dtype is tp.int64
    assert 5 < drawn.sum().item() < 50
    assert (x.clone().bernoulli_(p=0.25) == drawn).all()
    assert (x == 1.0).all()
    assert tp.normal(x, tp.tensor(0.0)).max().item() == 1.0
    assert tp.Generator(-1).initial_seed() == -1


def test_the_state_of_a_stream_at_its_end() -> None:
    generator, draw = tp.Generator(-1), {"dtype": "float64", "device": "cpu"}
    state = np.asarray([2**64 - 1, 2**64 - 2], "<u8").view("uint8")
    last = tp.rand(2, generator=generator.set_state(tp.from_numpy(state)), **draw)
    assert (generator.seed, generator.offset) == (2**64 - 1, 2**64)
    copy = tp.Generator().set_state(generator.get_state())
    assert (copy.seed, copy.offset) == (2**64 - 1, 2**64)
    for exhausted in (generator, copy):
        with pytest.raises(ValueError, match="use another seed"):
            tp.rand(1, generator=exhausted, **draw)
    # A draw that is too long takes nothing.
    generator.set_state(tp.from_numpy(state))
    with pytest.raises(ValueError, match="use another seed"):
        tp.rand(3, generator=generator, **draw)
    assert (tp.rand(2, generator=generator, **draw) == last).all()


@pytest.mark.parametrize(("dtype", "low"), [("bfloat16", 1), ("float16", 1), ("float32", 2**20), ("float64", 2**50)])
def test_upper_bounds_are_left_out(backend: str, dtype: str, low: int) -> None:
    x = tp.empty(20_000, dtype=dtype).uniform_(low, low + 1, generator=tp.Generator(0))
    assert x.min().item() == low
    assert low + 0.99 < x.max().item() < low + 1 if low == 1 else x.max().item() < low + 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_small_probabilities_in_half_precision(backend: str, dtype: str) -> None:
    p = tp.full((100_000,), 0.001, dtype=dtype)
    drawn = tp.bernoulli(p, generator=tp.Generator(1))
    assert 60 < drawn.double().sum().item() < 140
    p.bernoulli_(0.001, generator=tp.Generator(1))
    assert (p == drawn).all()


def test_what_is_overwritten_at_random_has_no_gradient(backend: str) -> None:
    x = tp.ones(2, requires_grad=True)
    y = x * 2
    y[:1].uniform_()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 2.0]


def test_names_of_dtypes() -> None:
    assert [tp.zeros(1, dtype=name).dtype for name in (tp.float, tp.long, tp.half)] == [
        tp.float32,
        tp.int64,
        tp.float16,
    ]
    assert (tp.double, tp.int, tp.short) == (tp.float64, tp.int32, tp.int16)


UNCHANGED: dict[str, Callable[[Any, int], Any]] = {
    "sum": lambda t, dim: t.sum(dim),
    "sum of several": lambda t, dim: t.sum((dim,)),
    "mean": lambda t, dim: t.mean(dim, keepdim=True),
    "prod": lambda t, dim: t.prod(dim),
    "amax": lambda t, dim: t.amax(dim, True),
    "amin of several": lambda t, dim: t.amin((dim,)),
    "max": lambda t, dim: t.max(dim),
    "min": lambda t, dim: t.min(dim, keepdim=True),
    "norm": lambda t, dim: t.norm(1, dim, True),
    "logsumexp": lambda t, dim: t.logsumexp(dim),
    "sort": lambda t, dim: t.sort(dim, descending=True),
    "sort by default": lambda t, dim: t.sort(),
    "topk": lambda t, dim: t.topk(1, dim),
    "topk by default": lambda t, dim: t.topk(1),
    "cumsum": lambda t, dim: t.cumsum(dim),
    "cumprod": lambda t, dim: t.cumprod(dim),
    "in place": lambda t, dim: t.cumsum_(dim).squeeze_(dim).transpose_(dim, 0),
    "flip": lambda t, dim: t.flip(dim).flip([dim]),
    "squeeze": lambda t, dim: t.squeeze(dim).squeeze((dim,)),
    "transpose": lambda t, dim: t.transpose(dim, 0),
    "movedim": lambda t, dim: t.movedim(dim, 0).moveaxis(0, dim),
    "roll": lambda t, dim: t.roll(1),
    "gather": lambda t, dim: t.gather(dim, tp.tensor(0)),
    "index_select": lambda t, dim: t.index_select(dim, tp.tensor([0])),
    "scatter_add": lambda t, dim: t.scatter_add(dim, tp.tensor(0), tp.tensor(0.0)),
    "index_add": lambda t, dim: t.index_add(dim, tp.tensor([0]), tp.tensor(0.0)),
    "out": lambda t, dim: (tp.sum(t.detach(), dim, out=(out := tp.empty(()))), out * t / 5)[1],
    "functions": lambda t, dim: tp.cumsum(tp.sum(tp.squeeze(t, dim=dim), dim), dim=dim),
}
"""What gives a 0-d tensor back, PyTorch's pairs the position 0 beside it."""

OTHERS: dict[str, tuple[Callable[[Any, int], Any], Any, float]] = {
    "softmax": (lambda t, dim: t.softmax(dim), 1.0, 0.0),
    "log_softmax": (lambda t, dim: tp.nn.functional.log_softmax(t, dim), 0.0, 0.0),
    "var": (lambda t, dim: t.var(dim, correction=0, keepdim=True), 0.0, 0.0),
    "std": (lambda t, dim: t.std(dim, unbiased=False), 0.0, 0.0),
    "scatter": (lambda t, dim: t.scatter(dim, tp.tensor(0), tp.tensor(7.0)), 7.0, 0.0),
    "scatter_": (lambda t, dim: t.scatter_(dim, tp.tensor([0]), 7.0), 7.0, 0.0),
    "index_copy": (lambda t, dim: t.index_copy(dim, tp.tensor([0]), tp.tensor([7.0])), 7.0, 0.0),
    "index_fill": (lambda t, dim: t.index_fill(dim, tp.tensor(0), tp.tensor(7.0)), 7.0, 0.0),
    "gather twice": (lambda t, dim: t.gather(dim, tp.tensor([0, 0])), [5.0, 5.0], 2.0),
    "unfold": (lambda t, dim: t.unfold(dim, 1, 1), [5.0], 1.0),
    "flatten": (lambda t, dim: t.flatten(dim), [5.0], 1.0),
    "argmax": (lambda t, dim: t.argmax(dim) + 0 * t, 0.0, 0.0),
    "argsort": (lambda t, dim: t.argsort() + t.argsort(dim) + 0 * t, 0.0, 0.0),
    "count_nonzero": (lambda t, dim: t.count_nonzero(dim) + 0 * t, 1.0, 0.0),
    "all": (lambda t, dim: (t.all(dim) & t.any(dim, keepdim=True)) + 0 * t, 1.0, 0.0),
    "cosine_similarity": (lambda t, dim: tp.nn.functional.cosine_similarity(t, t, dim), 1.0, 0.0),
    "normalize": (lambda t, dim: tp.nn.functional.normalize(t, dim=dim), 1.0, 0.0),
}
"""With the value and the gradient of 5."""


@pytest.mark.parametrize("dim", [0, -1])
@pytest.mark.parametrize("name", [*UNCHANGED, *OTHERS])
def test_the_dim_of_a_0d_tensor(backend: str, name: str, dim: int) -> None:
    call, value, gradient = OTHERS[name] if name in OTHERS else (UNCHANGED[name], 5.0, 1.0)
    x = tp.tensor(5.0, requires_grad=True)
    found = call(x * 1, dim)
    if isinstance(found, tuple):
        found, position = found
        assert (position.shape, position.item(), position.dtype) == ((), 0, tp.int64)
    assert found.tolist() == value
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(gradient, abs=1e-6)


def test_what_a_0d_tensor_has_no_axis_for(backend: str) -> None:
    x = tp.tensor(5.0)
    wrong: list[Callable[[], Any]] = [
        lambda: x.sum(1),
        lambda: x.sort(-2),
        lambda: x.softmax(1),
        lambda: x.flatten(1),
        lambda: x.unbind(0),
        lambda: tp.sum(x, axis=0),
        lambda: tp.sort(x),
        lambda: tp.softmax(x, axis=0),
        lambda: tp.moveaxis(x, 0, 0),
    ]
    for call in wrong:
        with pytest.raises(IndexError, match="out of range"):
            call()


def test_einsum_with_numbers_for_axes(backend: str) -> None:
    a, b = tp.arange(6.0).reshape(2, 3).requires_grad_(), tp.arange(12.0).reshape(3, 4)
    x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    batch, square = tp.arange(24.0).reshape(2, 3, 4), tp.arange(9.0).reshape(3, 3)
    same = np.testing.assert_array_equal
    same(tp.einsum(a, [0, 1], [1, 0]).detach(), x.T)
    same(tp.einsum(a, (51, 2), b, (2, 0)).detach(), (x @ y).T)
    same(tp.einsum(b, [1, 2], a, [0, 1], [0, 2]).detach(), x @ y)
    same(tp.einsum(square, [0, 0], [0]), [0, 4, 8])
    same(tp.einsum(square, [3, 3]), 12)
    same(tp.einsum(batch, [..., 0, 1], b, [0, 1]), np.einsum("...ij,ij", batch.numpy(), y))
    same(tp.einsum(batch, [..., 7], [7, ...]), np.moveaxis(batch.numpy(), -1, 0))
    tp.einsum(a, [0, 1], b, [1, 2], []).backward()
    assert a.grad is not None
    same(a.grad, np.broadcast_to(y.sum(1), (2, 3)))
    for error, arguments in [
        (ValueError, (a, [0, 52])),
        (ValueError, (a, [0])),
        (ValueError, (a, [0, 1], [2])),
        (TypeError, (a, "ij")),
        (TypeError, (a, [0, 1], b, 7)),
        (TypeError, (a, [0.5, 1])),
        (TypeError, (a,)),
    ]:
        with pytest.raises(error, match="einsum: "):
            tp.einsum(*arguments)


def test_transposes_as_attributes(backend: str) -> None:
    x = tp.tensor([[1 + 2j, 3], [4, 5 - 1j]], requires_grad=True)
    assert tp.ones(3).T.shape == (3,)
    assert tp.tensor(2.5).T.item() == tp.tensor(2.5).H.item() == 2.5
    base = tp.zeros(2)
    base.T[0] = 1.0
    assert base.tolist() == [1.0, 0.0]
    assert x.H.tolist() == x.mH.tolist() == [[1 - 2j, 4], [3, 5 + 1j]]
    assert tp.ones(2, 3, 4).mH.shape == (2, 4, 3)
    x.H[0, 0].imag.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[-1j, 0], [0, 0]]
    for wrong in ("T", "H"):
        with pytest.raises(ValueError, match=rf"{wrong}: got shape \(2, 3, 4\), wanted two axes"):
            getattr(tp.ones(2, 3, 4), wrong)
    with pytest.raises(ValueError, match="H: got shape"):
        _ = tp.ones(3).H


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_random_numbers(backend: str, dtype: str) -> None:
    _ = tp.manual_seed(3)
    drawn = {"rand": tp.rand(40_000, dtype=dtype), "randn": tp.randn(200, 200, dtype=dtype)}
    drawn["normal_"] = tp.empty(40_000, dtype=dtype).normal_(1.0, 2.0)
    assert tp.randn_like(drawn["randn"]).dtype == tp.rand_like(drawn["rand"]).dtype == getattr(tp, dtype)
    wanted = {"rand": (0.5, 1 / 12), "randn": (0.0, 0.5), "normal_": (1.0, 2.0)}
    for name, numbers in drawn.items():
        host = numbers.numpy().reshape(-1)
        mean, variance = wanted[name]
        assert host.dtype.name == dtype
        assert host.real.mean() == pytest.approx(mean, abs=0.03)
        assert host.imag.mean() == pytest.approx(0.5 if name == "rand" else 0.0, abs=0.03)
        assert [host.real.var(), host.imag.var()] == pytest.approx([variance] * 2, rel=0.05)
        assert abs(np.corrcoef(host.real, host.imag)[0, 1]) < 0.03
    assert host.real.max() > 1


def test_options_of_random_functions(backend: str) -> None:
    found = tp.randperm(5, dtype=tp.float64, requires_grad=True)
    assert (sorted(found.tolist()), found.dtype, found.requires_grad) == ([0, 1, 2, 3, 4], tp.float64, True)
    assert tp.randperm(256, dtype=tp.uint8).max().item() == 255
    with pytest.raises(ValueError, match=r"randperm: got n=257, but .*uint8 holds the integers up to 255"):
        tp.randperm(257, dtype=tp.uint8)
    assert tp.randint(low=1, high=2, size=(2,), dtype=tp.float32, requires_grad=True).requires_grad
    assert tp.randint(high=1, size=(2,)).tolist() == tp.randint(1, size=(2,)).tolist() == [0, 0]
    assert tp.randint_like(tp.ones(2), high=1, requires_grad=True).tolist() == [0.0, 0.0]
    assert tp.rand(size=(2, 3)).shape == tp.randn(size=[2, 3]).shape == tp.rand((2, 3)).shape == (2, 3)


def test_shapes_by_name(backend: str) -> None:
    for make in (tp.zeros, tp.ones, tp.empty):
        shapes = [make(size=(2, 3)), make(shape=(2, 3)), make((2, 3)), make([2, 3]), make(2, 3)]
        assert {x.shape for x in shapes} == {(2, 3)}
        assert make(size=4).shape == (4,)
    assert tp.full(size=(2,), fill_value=3).tolist() == tp.full(shape=2, fill_value=3).tolist() == [3, 3]
    assert tp.eye(n=2, m=3).shape == tp.eye(2, 3).shape == (2, 3)
    assert tp.arange(start=1, end=7, step=2).tolist() == tp.arange(start=1, stop=7, step=2).tolist() == [1, 3, 5]
    assert tp.linspace(start=0, end=1, steps=3).tolist() == tp.linspace(start=0, stop=1, num=3).tolist() == [0, 0.5, 1]
    for wrong in (lambda: tp.zeros(), lambda: tp.zeros(2, size=3), lambda: tp.full(2), lambda: tp.rand(2, size=3)):
        with pytest.raises(TypeError, match=r"(zeros|full|rand): (got|a shape is)"):
            wrong()


BY_NAME: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "add": (lambda x: tp.add(input=x, other=1, alpha=2), lambda x: x + 2),
    "sum": (lambda x: tp.sum(input=x, dim=0, keepdim=True), lambda x: x.sum(0, True)),
    "max": (lambda x: tp.max(input=x, dim=1).indices, lambda x: x.argmax(1)),
    "softmax": (lambda x: tp.softmax(input=x, dim=0), lambda x: x.softmax(0)),
    "cumsum": (lambda x: tp.cumsum(input=x, dim=1), lambda x: x.cumsum(1)),
    "clamp": (lambda x: tp.clamp(input=x, min=1, max=2), lambda x: x.clip(1, 2)),
    "cat": (lambda x: tp.cat(tensors=[x, x], dim=1), lambda x: x.repeat(1, 2)),
    "stack": (lambda x: tp.stack(tensors=(x,), dim=-1), lambda x: x[..., None]),
    "where": (lambda x: tp.where(condition=x > 2, input=x, other=0.0), lambda x: x * (x > 2)),
    "mm": (lambda x: tp.mm(input=x, mat2=x), lambda x: x @ x),
    "pow": (lambda x: tp.pow(input=x, exponent=2), lambda x: x * x),
    "gather": (lambda x: tp.gather(input=x, dim=0, index=tp.tensor([[0, 0]])), lambda x: x[:1]),
    "split": (lambda x: tp.split(tensor=x, split_size_or_sections=1)[1], lambda x: x.split(split_size=1)[1]),
    "take": (lambda x: tp.take(input=x, index=tp.tensor([[3, -4]])), lambda x: x.flatten()[[3, 0]][None]),
    "transpose": (lambda x: tp.transpose(input=x, dim0=0, dim1=1), lambda x: x.T),
    "zeros_like": (lambda x: tp.zeros_like(input=x), lambda x: 0 * x),
    "linalg": (lambda x: tp.linalg.eigvalsh(A=x @ x.T), lambda x: tp.linalg.eigvalsh(x @ x.T)),
    "fft": (lambda x: tp.fft.fft(input=x, n=1).real, lambda x: x[:, :1]),
    "in place": (
        lambda x: x.clone().add_(other=2, alpha=3).pow_(exponent=2).copy_(src=x).mul_(other=x),
        lambda x: x * x,
    ),
    "shapes": (
        lambda x: x.reshape(shape=(4,)).expand(size=(2, 4)).flip(dims=(1,)).repeat(repeats=(1, 2)).tile(dims=(1, 1)),
        lambda x: tp.tile(tp.flip(tp.reshape(x, 4)), (2, 2)),
    ),
    "new": (lambda x: x.new_full(size=(2,), fill_value=3) + x.new_zeros(size=2), lambda x: tp.full(2, 3.0)),
}
"""Calls by PyTorch's keywords, and what is meant."""


@pytest.mark.parametrize("name", BY_NAME)
def test_keywords(backend: str, name: str) -> None:
    call, meant = BY_NAME[name]
    x = tp.tensor([[1.0, 2.0], [4.0, 3.0]])
    found, wanted = call(x), meant(x)
    assert found.dtype == wanted.dtype
    assert found.tolist() == wanted.tolist()


SQUARE, INDEX = tp.tensor([[3.0, 1.0], [2.0, 4.0]]), tp.tensor([[0, 1], [1, 0]])

BESIDE_THE_AXIS: dict[str, dict[str, Any]] = {
    "chunk": {"chunks": 2},
    "concat": {"tensors": [SQUARE, SQUARE + 1]},
    "cosine_similarity": {"x2": SQUARE + 1},
    "cross": {"other": tp.tensor([[1.0], [2.0], [3.0]])},
    "gather": {"index": INDEX},
    "index_add": {"index": INDEX[0], "source": SQUARE},
    "index_copy": {"index": INDEX[1], "source": SQUARE},
    "index_fill": {"index": INDEX[0], "value": 1.0},
    "index_reduce": {"index": INDEX[0], "source": SQUARE, "reduce": "amax"},
    "index_select": {"index": INDEX[1]},
    "kthvalue": {"k": 1},
    "linalg.cross": {"other": tp.tensor([[1.0], [2.0], [3.0]])},
    "nanquantile": {"q": 0.5},
    "narrow": {"start": 1, "length": 1},
    "quantile": {"q": 0.5},
    "renorm": {"p": 2, "maxnorm": 1.0},
    "repeat": {"repeats": 2},
    "repeat_interleave": {"repeats": 2},
    "roll": {"shift": 1},
    "scatter": {"index": INDEX, "src": SQUARE},
    "scatter_add": {"index": INDEX, "src": SQUARE},
    "scatter_reduce": {"index": INDEX, "src": SQUARE, "reduce": "prod"},
    "select": {"index": 1},
    "select_scatter": {"src": SQUARE[0], "index": 1},
    "slice_scatter": {"src": SQUARE[:1], "start": 1},
    "split": {"split_size_or_sections": 1},
    "split_with_sizes": {"split_sizes": [1, 1]},
    "stack": {"tensors": [SQUARE, SQUARE + 1]},
    "std": {"correction": 1},
    "take": {"index": INDEX[1]},
    "take_along_axis": {"indices": INDEX},
    "take_along_dim": {"indices": INDEX},
    "tensor_split": {"indices_or_sections": 2},
    "topk": {"k": 1},
    "unflatten": {"sizes": (2, 1)},
    "var": {"correction": 1},
    "vecdot": {"y": SQUARE + 1},
}
"""The arguments of functions that need some beside the operand and the axis."""


def names_of_the_axis(name: str) -> tuple[str, str] | None:
    """PyTorch's name of a function's axis and the standard's."""
    if name in ("median", "nanmedian"):
        # Along `axis` they are NumPy's, the mean of two in the middle.
        return None
    given = set(inspect.signature(FUNCTIONS[name]).parameters)
    if given & {"dim", "axis"}:
        return "dims" if "dims" in given else "dim", "axes" if "axes" in given else "axis"
    return None


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if names_of_the_axis(name)])
def test_an_axis_goes_by_either_name(name: str) -> None:
    names = names_of_the_axis(name)
    assert names is not None
    shape, axis = {
        "squeeze": ((1, 4), 0),
        "cross": ((3, 2), 0),
        "linalg.cross": ((3, 2), 0),
        "linalg.matrix_norm": ((2, 2), (0, 1)),
    }.get(name, ((2, 2), 0))
    rest = BESIDE_THE_AXIS.get(name, {})
    first = () if "tensors" in rest else (tp.arange(1.0, 1 + math.prod(shape)).reshape(shape),)
    found = (FUNCTIONS[name](*first, **rest, **{one: axis}) for one in names)
    pytorch, standard = (getattr(one, "values", one) for one in found)
    assert repr(pytorch) == repr(standard)


def test_what_is_missing_is_named_as_in_pytorch() -> None:
    with pytest.raises(TypeError, match=r"add\(\) missing 2 required positional arguments: 'input' and 'other'"):
        tp.add()
    with pytest.raises(TypeError, match=r"sum: got ndarray"):
        tp.sum(input=np.ones(2))


@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_a_number_is_close(backend: str, dtype: str) -> None:
    x = tp.tensor([1, 0], dtype=dtype)
    for number in (1.000001, 1, True, np.float64(1.0), 1 + 0j):
        assert tp.isclose(x, number).tolist() == tp.isclose(number, x).tolist() == [True, False]
    assert tp.isclose(x, 1e300).tolist() == [False, False]
    assert x.allclose(0.0, atol=1.0)
    assert np.allclose(x, 1.0) is False
