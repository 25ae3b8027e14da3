"""`autograd.graph`: hooks that pack what operations save."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.graph import save_on_cpu, saved_tensors_hooks


def packed_as_numpy() -> tuple[saved_tensors_hooks, list[Any]]:
    """Hooks that keep copies in the main memory, and the list of these."""
    kept: list[Any] = []

    def pack(tensor: tp.Tensor) -> Any:
        assert tensor.grad_fn is None
        kept.append((tensor.device, numpy.array(tensor.numpy())))
        return kept[-1]

    return saved_tensors_hooks(pack, lambda pair: tp.tensor(pair[1], device=pair[0])), kept


class Cube(tp.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, grad: tp.Tensor) -> tp.Tensor:
        (x,) = ctx.saved_tensors
        return grad * 3 * x * x


def program(x: tp.Tensor, w: tp.Tensor) -> tp.Tensor:
    """Saves operands, results, one of several results, and tensors of a Function."""
    y = tp.tanh(x @ w)
    return tp.nn.functional.cross_entropy(y, tp.tensor([0, 1, 0])) + Cube.apply(y).sum() + tp.linalg.svd(y)[1].sum()


def made(backend: str) -> tuple[tp.Tensor, tp.Tensor]:
    random = numpy.random.default_rng(0)
    return tuple(tp.tensor(random.normal(size=shape), requires_grad=True) for shape in ((3, 4), (4, 2)))


@pytest.mark.parametrize("context", [lambda: packed_as_numpy()[0], save_on_cpu], ids=["hooks", "save_on_cpu"])
def test_gradients_of_two_orders_are_the_same(backend: str, context: Any) -> None:
    found = []
    for hooks in (context(), saved_tensors_hooks(lambda t: t, lambda t: t), None):
        x, w = made(backend)
        if hooks is None:
            loss = program(x, w)
        else:
            with hooks:
                loss = program(x, w)
        first = tp.autograd.grad(loss, [x, w], create_graph=True)
        (first[0] * first[0]).sum().backward()
        found.append([one.detach().numpy() for one in (*first, x.grad, w.grad)])
    for one, other, wanted in zip(*found, strict=True):
        numpy.testing.assert_array_equal(one, wanted)
        numpy.testing.assert_array_equal(other, wanted)


def test_the_innermost_hooks_count(backend: str) -> None:
    (outer, kept), (inner, kept_inside) = packed_as_numpy(), packed_as_numpy()
    x = tp.tensor([0.5, 1.0], requires_grad=True)
    with outer:
        y = x.exp()
        with inner:
            z = y.exp()
        z = z.exp()
    assert (len(kept), len(kept_inside)) == (2, 1)
    z.exp().sum().backward()
    assert len(kept) == 2


def test_a_write_after_a_copy_was_packed_changes_nothing(backend: str) -> None:
    x, factor = tp.tensor([1.0, 2.0], requires_grad=True), tp.tensor([3.0, 4.0])
    with packed_as_numpy()[0]:
        y = (x * factor).sum()
    factor.zero_()
    y.backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_a_write_to_what_was_packed_as_it_is_is_noticed(backend: str) -> None:
    x, factor = tp.tensor([1.0, 2.0], requires_grad=True), tp.tensor([3.0, 4.0])
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        y = (x * factor).sum()
    factor.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_write_to_what_was_packed_as_it_is_and_unpacked_as_a_copy_is_noticed(backend: str) -> None:
    x, factor = tp.tensor([1.0, 2.0], requires_grad=True), tp.tensor([3.0, 4.0])
    with saved_tensors_hooks(lambda t: t, lambda t: t.clone()):
        y = (x * factor).sum()
    factor.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_hook_that_writes_changes_no_number_of_later_operations(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    with saved_tensors_hooks(lambda t: t.mul_(5) if t.ndim == 0 else t, lambda t: t):
        x * 2.5
    assert (x.detach() * 2.5).tolist() == [2.5, 5.0]


def test_what_pack_hook_computes_is_not_recorded(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    with saved_tensors_hooks(lambda t: t * x, lambda t: t / x.detach()):
        y = (x * tp.tensor([3.0, 4.0])).sum()
    y.backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_what_is_unpacked_must_fit(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    for unpack, error, message in (
        (lambda t: None, TypeError, "multiply: unpack_hook returns a tensor, got NoneType"),
        (lambda t: t[:1], RuntimeError, r"multiply: unpack_hook returned a tensor of shape \(1,\)"),
        (lambda t: t.half(), RuntimeError, "float16"),
    ):
        with saved_tensors_hooks(lambda t: t, unpack):
            y = (x * x).sum()
        with pytest.raises(error, match=message):
            y.backward()
    with pytest.raises(TypeError, match="pack_hook is a function, got NoneType"):
        saved_tensors_hooks(None, lambda t: t)


def test_an_error_of_pack_hook_leaves_later_work_alone(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ZeroDivisionError), saved_tensors_hooks(lambda t: 1 / 0, lambda t: t):
        x.exp()
    x.exp().sum().backward()
    numpy.testing.assert_allclose(x.grad.numpy(), numpy.exp([1.0, 2.0]), rtol=1e-6)


@pytest.mark.parametrize("places", list(itertools.product([False, True], repeat=3)))
def test_with_a_checkpoint(backend: str, places: tuple[bool, ...]) -> None:
    around, within, later = ((lambda: packed_as_numpy()[0]) if place else contextlib.nullcontext for place in places)

    def function(x: tp.Tensor) -> tp.Tensor:
        with within():
            return x.exp().exp()

    start = numpy.array([0.5, 1.0])
    x = tp.tensor(start, requires_grad=True)
    for create_graph in (False, True):
        with around():
            y = tp.autograd.checkpoint(function, x)
        with later():
            (found,) = tp.autograd.grad(y.sum(), x, create_graph=create_graph)
        numpy.testing.assert_allclose(found.detach().numpy(), numpy.exp(numpy.exp(start) + start), rtol=1e-6)


def test_forward_mode_inside(backend: str) -> None:
    with packed_as_numpy()[0]:
        _, tangent = tp.func.jvp(tp.func.grad(lambda x: (x**3).sum()), (tp.tensor([2.0]),), (tp.tensor([1.0]),))
    assert tangent.tolist() == [12.0]
