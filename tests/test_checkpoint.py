"""What a function's gradient needs is let go, and computed again in the backward pass."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd import checkpoint
from tensorplug.func import (
    grad,
    hessian,
    hvp,
    jvp,
)
from tensorplug.utils.checkpoint import checkpoint_sequential


def leaf(values: Any = (0.5, -1.0, 1.5)) -> tp.Tensor:
    return tp.tensor(values, dtype="float64", requires_grad=True)


def deep(x: tp.Tensor) -> tp.Tensor:
    for _ in range(3):
        x = tp.sin(x * x) + x
    return x


class Cube(tp.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
        return g * 3 * ctx.saved_tensors[0] ** 2


def with_writes(x: tp.Tensor) -> tp.Tensor:
    y = x * x
    y[0] = y[1].clone() * y[2].clone()
    y[1:].mul_(x[0])
    return tp.exp(y)


def several(x: tp.Tensor) -> tp.Tensor:
    matrix = tp.reshape(x * x, (3, 1)) * x + tp.eye(3, dtype="float64") * 3
    sign, logabsdet = tp.linalg.slogdet(matrix)
    return sign * logabsdet * x


FUNCTIONS: list[Callable[[tp.Tensor], tp.Tensor]] = [
    deep,
    with_writes,
    several,
    lambda x: Cube.apply(tp.sin(x)),
    lambda x: checkpoint(deep, checkpoint(deep, x) * x),
]


def derivatives(function: Callable[[tp.Tensor], tp.Tensor]) -> list[list[float]]:
    x, w = leaf(), leaf([2.0, 3.0, 4.0])
    (function(x * w) * w).sum().backward()
    (first,) = tp.autograd.grad((function(x * w) * w).sum(), x, create_graph=True)
    return [x.grad.tolist(), w.grad.tolist(), *(g.tolist() for g in tp.autograd.grad((first * first).sum(), (x, w)))]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_are_the_same(backend: str, function: Callable[[tp.Tensor], tp.Tensor]) -> None:
    assert derivatives(lambda x: checkpoint(function, x)) == derivatives(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_under_transforms(function: Callable[[tp.Tensor], tp.Tensor]) -> None:
    def kept(x: tp.Tensor) -> tp.Tensor:
        return checkpoint(function, x)

    x, v = leaf().detach(), leaf([1.0, 2.0, -1.0]).detach()
    for transform in (
        lambda f: grad(lambda x: f(x).sum())(x),
        lambda f: jvp(f, (x,), (v,))[1],
        lambda f: hessian(lambda x: f(x).sum())(x),
        lambda f: hvp(lambda x: f(x).sum(), (x,), (v,))[1][0],
        lambda f: jvp(lambda x: jvp(f, (x,), (v,))[1], (x,), (v,))[1],
    ):
        numpy.testing.assert_allclose(transform(kept).tolist(), transform(function).tolist(), rtol=1e-13, atol=1e-13)


def test_the_result_is_that_of_the_function(backend: str) -> None:
    x = leaf()
    result = checkpoint(lambda x, *, scale: {"y": [x * scale, None]}, x, scale=3.0)
    assert result["y"][0].tolist() == [1.5, -3.0, 4.5]
    assert result["y"][0].grad_fn.name == "multiply"
    with tp.no_grad():
        assert not checkpoint(deep, x).requires_grad


def test_several_results_are_computed_again_once(backend: str) -> None:
    calls: list[int] = []

    def function(x: tp.Tensor) -> tuple[tp.Tensor, tp.Tensor]:
        calls.append(1)
        return tp.exp(x), tp.sin(x) * x

    x = leaf()
    first, second = checkpoint(function, x)
    (first * second).sum().backward()
    plain = leaf()
    (tp.exp(plain) * tp.sin(plain) * plain).sum().backward()
    numpy.testing.assert_allclose(x.grad.tolist(), plain.grad.tolist(), rtol=1e-15)
    assert len(calls) == 2


def test_the_graph_may_be_walked_again(backend: str) -> None:
    x = leaf()
    loss = checkpoint(deep, x).sum()
    loss.backward(retain_graph=True)
    once = x.grad.clone()
    loss.backward()
    assert x.grad.tolist() == (once * 2).tolist()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_memory_is_let_go(backend: str, no_collector: None) -> None:
    kept: list[weakref.ref[Any]] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        for _ in range(5):
            x = tp.exp(x * 0.1)
            kept.append(weakref.ref(x._array))
        return x * 2

    def alive() -> int:
        return sum(one() is not None for one in kept)

    result = function(leaf())
    assert alive() == 5
    del result
    kept.clear()
    result = checkpoint(function, leaf())
    assert alive() == 0
    result.sum().backward()
    assert alive() == 0
    del result
    assert len(kept) == 10


def test_arguments_are_let_go_after_the_pass(backend: str, no_collector: None) -> None:
    x = leaf() * 1
    dead = weakref.ref(x)
    loss = checkpoint(deep, x).sum()
    del x
    assert dead() is not None
    loss.backward()
    assert dead() is None
    assert loss.grad_fn is not None


def test_inner_arguments_of_nested_checkpoints_are_let_go(backend: str, no_collector: None) -> None:
    inner: list[weakref.ref[Any]] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        y = tp.exp(x)
        inner.append(weakref.ref(y))
        return checkpoint(deep, y)

    x = leaf()
    loss = checkpoint(function, x).sum()
    assert inner[0]() is None
    loss.backward()
    assert [one() for one in inner] == [None, None]


def test_what_nothing_needs_is_not_kept(backend: str, no_collector: None) -> None:
    unused: list[weakref.ref[Any]] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        y = tp.exp(x)
        unused.append(weakref.ref(y._array))
        return tp.sin(x)

    loss = checkpoint(function, leaf()).sum()
    loss.backward(retain_graph=True)
    assert [one() for one in unused] == [None, None]


def noisy(x: tp.Tensor) -> tp.Tensor:
    return tp.exp(x * tp.rand(3, dtype="float64")) * tp.rand(3, dtype="float64")


def test_random_numbers_are_the_same(backend: str) -> None:
    tp.manual_seed(7)
    x = leaf()
    result = checkpoint(noisy, x)
    after = tp.rand(2).tolist()
    tp.manual_seed(7)
    plain = leaf()
    wanted = noisy(plain)
    assert result.tolist() == wanted.tolist()
    assert tp.rand(2).tolist() == after
    result.sum().backward()
    wanted.sum().backward()
    assert x.grad.tolist() == plain.grad.tolist()
    x = leaf()
    tp.manual_seed(7)
    other = checkpoint(noisy, x, preserve_rng_state=False)
    other.sum().backward()
    assert x.grad.tolist() != plain.grad.tolist()


def test_the_backward_pass_draws_none(backend: str) -> None:
    tp.manual_seed(3)
    loss = checkpoint(noisy, leaf()).sum()
    loss.backward()
    after = tp.rand(1).item()
    tp.manual_seed(3)
    noisy(leaf())
    assert tp.rand(1).item() == after


def test_new_tensors_are_put_where_they_were(backend: str) -> None:
    x = leaf()
    loss = checkpoint(lambda x: tp.exp(x * tp.full((3,), 2.0, dtype="float64")), x).sum()
    other = "numpy" if backend == "jax" else "jax"
    with tp.backend(other):
        loss.backward()
    assert x.grad.backend == backend


@pytest.mark.parametrize("pack", [lambda y: ((y,), {}), lambda y: (([y],), {}), lambda y: ((), {"x": {"a": y}})])
def test_written_arguments(backend: str, pack: Callable[[tp.Tensor], Any]) -> None:
    def function(x: Any) -> tp.Tensor:
        while type(x) is not tp.Tensor:
            x = x[0] if isinstance(x, list) else x["a"]
        return tp.exp(x + 1)

    x = leaf()
    y = x * 1
    args, kwargs = pack(y)
    loss = checkpoint(function, *args, **kwargs).sum()
    y.mul_(2)
    with pytest.raises(RuntimeError, match=r"checkpoint: a tensor has been modified .*clone"):
        loss.backward()
    assert x.grad is None


def test_written_tensors_from_outside(backend: str) -> None:
    w = leaf()
    v = w * 1
    loss = checkpoint(lambda x: tp.exp(x * v), leaf()).sum()
    v.mul_(2)
    with pytest.raises(RuntimeError, match="checkpoint: a tensor has been modified"):
        loss.backward()


def test_a_function_that_writes_its_argument(backend: str) -> None:
    y = leaf() * 1
    loss = checkpoint(lambda y: tp.exp(y.mul_(2)), y).sum()
    with pytest.raises(RuntimeError, match="checkpoint: a tensor has been modified"):
        loss.backward()


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (lambda x: tp.cos(x), r"at place 0: cos with a result of shape \(3,\).*and exp with"),
        (lambda x: x, "at place 0: none, and exp"),
        (lambda x: tp.sin(tp.exp(x)), "at place 1: sin .* and none at first"),
        (lambda x: tp.exp(tp.expand_dims(x, axis=0)), r"at place 0: expand_dims|reshape"),
        (lambda x: tp.exp(x)[:2], "at place 1: getitem"),
    ],
)
def test_a_function_that_does_something_else(backend: str, second: Callable[..., tp.Tensor], message: str) -> None:
    calls: list[int] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        calls.append(1)
        return tp.exp(x) if len(calls) == 1 else second(x)

    x = leaf()
    loss = checkpoint(function, x).sum()
    with pytest.raises(RuntimeError, match=f"checkpoint: the function recorded another operation .*{message}"):
        loss.backward()
    assert x.grad is None


def test_other_shapes_at_the_second_call(backend: str) -> None:
    sizes = iter((3, 2))
    loss = checkpoint(lambda x: tp.exp(tp.zeros(next(sizes), dtype="float64") * x.sum()).sum(), leaf())
    with pytest.raises(RuntimeError, match=r"checkpoint: .* at place 1: multiply with a result of shape \(2,\)"):
        loss.backward()


def test_errors_of_the_function(backend: str) -> None:
    def function(x: tp.Tensor) -> tp.Tensor:
        if fail:
            raise KeyError("mine")
        return tp.exp(x)

    fail = True
    x = leaf()
    with pytest.raises(KeyError):
        checkpoint(function, x)
    fail = False
    loss = checkpoint(function, x).sum()
    fail = True
    tp.manual_seed(5)
    with pytest.raises(KeyError):
        loss.backward(retain_graph=True)
    after = tp.rand(1).item()
    tp.manual_seed(5)
    assert tp.rand(1).item() == after
    assert x.grad is None
    fail = False
    loss.backward()
    assert x.grad.tolist() == tp.exp(x.detach()).tolist()


@pytest.mark.parametrize("segments", [1, 2, 3, 5])
def test_segments_of_a_chain(backend: str, segments: int) -> None:
    calls: list[int] = []

    def counted(position: int) -> Any:
        def function(x: Any) -> Any:
            calls.append(position)
            return (x * 0.5).sin()

        return function

    x = tp.tensor([0.5, 1.0], requires_grad=True)
    chain = [counted(position) for position in range(5)]
    checkpoint_sequential(chain, segments, x, use_reentrant=False).sum().backward()
    found, x.grad = x.grad, None
    # The last segment is not called again.
    assert len(calls) == 5 + 5 // segments * (segments - 1)
    y = x
    for function in chain:
        y = function(y)
    y.sum().backward()
    assert tp.all(found == x.grad)
    with pytest.raises(ValueError, match="segments is from 1 to 5, the functions, got 6"):
        checkpoint_sequential(chain, 6, x)
