"""Functions that see gradients on their way, and gradients that are kept of results."""

from __future__ import annotations

import functools
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp


def leaf(values: Any = (1.0, 2.0, 3.0), dtype: str = "float64") -> tp.Tensor:
    return tp.tensor(values, dtype=dtype, requires_grad=True)


class TestHooks:
    def test_sees_the_gradient(self, backend: str) -> None:
        x = leaf()
        y = x * 2
        seen: list[Any] = []
        x.register_hook(lambda g: seen.append(("x", g.tolist(), g.requires_grad)))
        y.register_hook(lambda g: seen.append(("y", g.tolist(), type(g) is tp.Tensor)))
        (y * y).sum().backward()
        assert seen == [("y", [4.0, 8.0, 12.0], True), ("x", [8.0, 16.0, 24.0], False)]
        assert x.grad.tolist() == [8.0, 16.0, 24.0]

    def test_sees_the_sum_of_all_paths_once(self, backend: str) -> None:
        x = leaf(2.0)
        seen: list[float] = []
        x.register_hook(lambda g: seen.append(g.item()))
        (x * x + x * 3 + x).backward()
        assert seen == [8.0]

    def test_replaces_the_gradient_for_leaves_and_others(self, backend: str) -> None:
        x, w = leaf(), leaf()
        y = x * w
        y.register_hook(lambda g: g * 10)
        x.register_hook(lambda g: -g)
        y.sum().backward()
        assert x.grad.tolist() == [-10.0, -20.0, -30.0]
        assert w.grad.tolist() == [10.0, 20.0, 30.0]

    def test_each_gets_what_the_one_before_returned(self, backend: str) -> None:
        x = leaf(1.0)
        x.register_hook(lambda g: g + 1)
        x.register_hook(lambda g: None)
        x.register_hook(lambda g: g * 10)
        (x * 3).backward()
        assert x.grad.item() == 40.0

    def test_accumulates_what_they_return(self, backend: str) -> None:
        x = leaf(1.0)
        x.register_hook(lambda g: g * 2)
        (x * 3).backward()
        (x * 3).backward()
        assert x.grad.item() == 12.0

    def test_can_be_removed(self, backend: str) -> None:
        x = leaf(1.0)
        first = x.register_hook(lambda g: g * 2)
        x.register_hook(lambda g: g * 5)
        first.remove()
        first.remove()
        (x * 1).backward()
        assert x.grad.item() == 5.0
        with x.register_hook(lambda g: g * 100) as handle:
            (x * 1).backward()
        handle.remove()
        (x * 1).backward()
        assert x.grad.item() == 5.0 + 500.0 + 5.0

    def test_removed_while_called(self, backend: str) -> None:
        x = leaf(1.0)
        handles = [x.register_hook(lambda g: handles[0].remove())]
        x.register_hook(lambda g: g * 2)
        (x * 1).backward()
        (x * 1).backward()
        assert x.grad.item() == 4.0

    def test_a_handle_outlives_its_tensor(self, backend: str) -> None:
        handle = leaf().register_hook(lambda g: g)
        handle.remove()

    def test_in_grad(self, backend: str) -> None:
        x, w = leaf(2.0), leaf(3.0)
        y = x * w
        called: list[str] = []
        y.register_hook(lambda g: called.append("y") or g * 2)
        x.register_hook(lambda g: called.append("x") or g + 1)
        w.register_hook(lambda g: called.append("w"))
        assert tp.autograd.grad(y, x, retain_graph=True)[0].item() == 7.0
        # w is not asked for.
        assert called == ["y", "x"]
        assert tp.autograd.grad(y * 1, y, retain_graph=True)[0].item() == 2.0
        y.backward(inputs=[x])
        assert (x.grad.item(), w.grad, "w" in called) == (7.0, None, False)

    def test_in_a_recorded_pass(self, backend: str) -> None:
        x = leaf(2.0)
        y = x * x
        kinds: list[bool] = []
        with y.register_hook(lambda g: kinds.append(g.requires_grad) or g * x):
            (first,) = tp.autograd.grad(y * y, x, create_graph=True)
        # 2 x² · x · 2x
        assert first.item() == 4 * 2.0**4
        assert kinds == [True]
        assert tp.autograd.grad(first, x)[0].item() == 16 * 2.0**3

    def test_of_complex_numbers(self, backend: str) -> None:
        z = tp.tensor([1 + 2j, 3 - 1j], dtype="complex128", requires_grad=True)
        y = z * (2 - 1j)
        seen: list[Any] = []
        y.register_hook(lambda g: seen.append(g.tolist()) or g * 1j)
        tp.abs(y).sum().backward()
        wanted = y.detach() / tp.abs(y.detach())
        numpy.testing.assert_allclose(seen[0], wanted.tolist(), rtol=1e-15)
        numpy.testing.assert_allclose(z.grad.tolist(), (wanted * 1j * (2 + 1j)).tolist(), rtol=1e-15)

    def test_before_and_after_a_write(self, backend: str) -> None:
        """As in PyTorch: a hook belongs to the value that the tensor had."""
        x = leaf()
        y = x * 2
        seen: list[Any] = []
        y.register_hook(lambda g: seen.append(("before", g.tolist())))
        y.mul_(3)
        y.register_hook(lambda g: seen.append(("after", g.tolist())))
        y.sum().backward()
        assert seen == [("after", [1.0] * 3), ("before", [3.0] * 3)]
        assert x.grad.tolist() == [6.0] * 3

    def test_of_views(self, backend: str) -> None:
        x = leaf()
        y = x * 2
        view = y[1:]
        seen: list[Any] = []
        view.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
        (view.sum() + y.sum()).backward()
        assert seen == [[1.0, 1.0]]
        assert x.grad.tolist() == [2.0, 22.0, 22.0]

    def test_of_one_of_several_results(self, backend: str) -> None:
        x = tp.tensor([[2.0, 0.5], [0.25, 1.0]], dtype="float64", requires_grad=True)
        _, logabsdet = tp.linalg.slogdet(x)
        seen: list[Any] = []
        logabsdet.register_hook(lambda g: seen.append(g.item()) or g * 0)
        (logabsdet * 3).backward()
        assert seen == [3.0]
        assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]

    def test_writing_the_argument_changes_nothing_else(self, backend: str) -> None:
        x, w = leaf(), leaf()
        seed = tp.ones(3, dtype="float64")
        y = x + w

        def spoil(g: tp.Tensor) -> None:
            g.zero_()

        y.register_hook(spoil)
        x.register_hook(spoil)
        y.backward(seed)
        assert seed.tolist() == [1.0] * 3
        assert w.grad.tolist() == x.grad.tolist() == [1.0] * 3

    @pytest.mark.parametrize(
        ("wrong", "error", "message"),
        [
            (lambda g: g[:2], RuntimeError, r"of shape \(2,\), .*float64 .*, wanted shape \(3,\)"),
            (lambda g: g.float(), RuntimeError, r"float32 .*wanted shape \(3,\), .*float64"),
            (lambda g: g.to("numpy" if g.backend == "jax" else "jax"), RuntimeError, "on .*, wanted"),
            (lambda g: 1.0, TypeError, "a hook returns a Tensor or None, got float"),
            (lambda g: numpy.ones(3), TypeError, "a hook returns a Tensor or None, got ndarray"),
        ],
    )
    @pytest.mark.parametrize("create_graph", [False, True])
    def test_bad_results(
        self, backend: str, wrong: Callable[..., Any], error: type[Exception], message: str, create_graph: bool
    ) -> None:
        x = leaf()
        y = x * x
        y.register_hook(wrong)
        with pytest.raises(error, match=f"register_hook: .*{message}"):
            y.sum().backward(create_graph=create_graph)
        assert x.grad is None

    def test_without_a_gradient(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match="register_hook: the tensor requires no gradient"):
            tp.ones(2).register_hook(lambda g: g)

    def test_not_a_function(self, backend: str) -> None:
        with pytest.raises(TypeError, match="register_hook: got NoneType, wanted a function"):
            leaf().register_hook(None)

    def test_an_error_goes_through(self, backend: str) -> None:
        def fail(g: tp.Tensor) -> None:
            raise KeyError("mine")

        x, y = leaf(), leaf()
        x.register_hook(fail)
        with pytest.raises(KeyError, match="mine"):
            (x * y).sum().backward()
        assert x.grad is None
        assert y.grad is None

    def test_one_that_holds_its_tensor_is_collected(self, backend: str) -> None:
        y = leaf() * 2
        y.register_hook(lambda g, y=y: g * y.detach())
        dead = weakref.ref(y)
        del y
        gc.collect()
        assert dead() is None

    def test_one_closes_no_cycle(self, backend: str, no_collector: None) -> None:
        y = leaf() * 2
        y.register_hook(lambda g: g * 2)
        dead = weakref.ref(y._node)
        y.sum().backward()
        del y
        assert dead() is None


class TestRetainedGradients:
    def test_of_a_result(self, backend: str) -> None:
        x = leaf()
        y = x * 2
        assert not y.retains_grad
        y.retain_grad()
        y.retain_grad()
        assert y.retains_grad
        (y * y).sum().backward(retain_graph=True)
        assert y.grad.tolist() == [4.0, 8.0, 12.0]

    def test_accumulates(self, backend: str) -> None:
        y = leaf() * 2
        y.retain_grad()
        loss = y.sum()
        loss.backward(retain_graph=True)
        loss.backward()
        assert y.grad.tolist() == [2.0, 2.0, 2.0]

    def test_of_a_leaf_nothing_changes(self, backend: str) -> None:
        x = leaf()
        x.retain_grad()
        assert not x.retains_grad
        x.sum().backward()
        assert x.grad.tolist() == [1.0] * 3

    def test_sees_what_hooks_return(self, backend: str) -> None:
        y = leaf() * 2
        y.retain_grad()
        y.register_hook(lambda g: g * 10)
        y.sum().backward()
        assert y.grad.tolist() == [10.0] * 3

    def test_follows_writes(self, backend: str) -> None:
        """As in PyTorch: it is the gradient of the value that the tensor has last."""
        y = leaf() * 2
        y.retain_grad()
        y.mul_(3)
        (y * y).sum().backward()
        assert y.grad.tolist() == [12.0, 24.0, 36.0]

    def test_of_a_view_whose_base_is_written(self, backend: str) -> None:
        y = leaf() * 2
        view = y[1:]
        view.retain_grad()
        y.mul_(3)
        (view * view).sum().backward()
        assert view.grad.tolist() == [24.0, 36.0]

    def test_recorded(self, backend: str) -> None:
        x = leaf(2.0)
        y = x * x
        y.retain_grad()
        (y * y * y).backward(create_graph=True)
        assert y.grad.item() == 48.0
        assert tp.autograd.grad(y.grad, x)[0].item() == 12 * 2.0**3

    def test_shares_no_memory(self, backend: str) -> None:
        x = leaf()
        y = x + 1
        y.retain_grad()
        y.sum().backward()
        y.grad.zero_()
        assert x.grad.tolist() == [1.0] * 3

    def test_nothing_is_kept_of_a_pass_that_fails(self, backend: str) -> None:
        x = leaf()
        a = x * x
        y = a * 2
        y.retain_grad()
        with tp.no_grad():
            x.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()
        assert y.grad is None

    def test_of_complex_numbers(self, backend: str) -> None:
        y = tp.tensor([1 + 2j], dtype="complex128", requires_grad=True) * 1j
        y.retain_grad()
        (y * (3 - 2j)).real.sum().backward()
        assert y.grad.tolist() == [3 + 2j]

    def test_without_a_gradient(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match="retain_grad: the tensor requires no gradient"):
            tp.ones(2).retain_grad()

    def test_not_unless_asked(self, backend: str) -> None:
        x = leaf(2.0)
        y = x * x
        z = y * 3
        y.retain_grad()
        tp.autograd.grad(z, y)
        assert y.grad.item() == 3.0
        assert z.grad is None

    def test_lets_go_of_the_tensor(self, backend: str, no_collector: None) -> None:
        y = leaf() * 2
        y.retain_grad()
        dead = weakref.ref(y)
        y.sum().backward()
        del y
        assert dead() is None


class TestHooksAfterAccumulation:
    def test_they_see_the_gradient_of_each_pass(self, backend: str) -> None:
        x = tp.tensor([1.0, 2.0], requires_grad=True)
        seen: list[Any] = []
        handle = x.register_post_accumulate_grad_hook(lambda leaf: seen.append((leaf is x, leaf.grad.tolist())))
        for _ in range(2):
            (x * x).sum().backward()
        handle.remove()
        x.sum().backward()
        tp.autograd.grad(x.sum(), x)
        assert seen == [(True, [2.0, 4.0]), (True, [4.0, 8.0])]

    @pytest.mark.parametrize("compiled", [False, True])
    def test_an_optimiser_steps_in_the_backward_pass(self, backend: str, compiled: bool) -> None:
        weight = tp.nn.Parameter(tp.tensor([1.0, -2.0]))
        optimizer = tp.optim.SGD([weight], lr=0.25)

        def update(leaf: tp.Tensor) -> None:
            optimizer.step()
            optimizer.zero_grad()

        weight.register_post_accumulate_grad_hook(update)

        def step() -> None:
            (weight * weight).sum().backward()

        run = tp.compile(step) if compiled else step
        for _ in range(3):
            run()
        assert weight.tolist() == [0.125, -0.25]
        assert weight.grad is None

    def test_hooks_and_tensors_are_freed(self, backend: str, no_collector: None) -> None:
        x = tp.tensor([1.0], requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda leaf: None)
        (x * 2).sum().backward()
        gone = weakref.ref(x)
        del x
        assert gone() is None

    def test_bad_arguments(self, backend: str) -> None:
        x = tp.tensor([1.0], requires_grad=True)
        for tensor, message in ((tp.ones(1), "requires no gradient"), (x * 2, "is no leaf; register_hook takes")):
            with pytest.raises(RuntimeError, match=message):
                tensor.register_post_accumulate_grad_hook(print)
        with pytest.raises(TypeError, match="wanted a function of the tensor"):
            x.register_post_accumulate_grad_hook(None)
        x.register_post_accumulate_grad_hook(lambda leaf: None)
        with pytest.raises(RuntimeError, match="a tensor with hooks"):
            x.data = tp.ones(2)


def test_a_hook_may_be_freed_with_an_object_that_removes_another() -> None:
    x = tp.tensor([1.0], requires_grad=True)

    class Owner:
        def __init__(self) -> None:
            self.handle = x.register_hook(lambda gradient: gradient * 2)

        def __del__(self) -> None:
            self.handle.remove()

    handle = x.register_hook(functools.partial(lambda owner, gradient: gradient * 3, Owner()))
    thread = threading.Thread(target=handle.remove, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    x.sum().backward()
    assert x.grad.tolist() == [1.0]
