"""The life of a graph: recorded, walked, freed; and what is kept of it in memory."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import pathlib
import threading
import weakref
from collections.abc import Callable, Generator, Iterator
from typing import Any, ClassVar

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.autograd.node import Leaf, Node
from tensorplug.autograd.rule import RULES

COMPLEX = json.loads((pathlib.Path(__file__).parent / "references" / "complex_gradients.json").read_text())


def leaf(values: Any = (1.0, 2.0, 3.0), dtype: str = "float64") -> tp.Tensor:
    return tp.tensor(values, dtype=dtype, requires_grad=True)


class TestGrad:
    def test_is_none_before_the_first_pass(self, backend: str) -> None:
        x = leaf()
        assert x.grad is None
        assert x.requires_grad
        assert x.is_leaf
        assert x.grad_fn is None

    def test_accumulates(self, backend: str) -> None:
        x = leaf()
        (x * x).sum().backward()
        first = x.grad
        assert first.tolist() == [2.0, 4.0, 6.0]
        (x * 3).sum().backward()
        assert x.grad.tolist() == [5.0, 7.0, 9.0]
        assert x.grad is first
        assert first.tolist() == [5.0, 7.0, 9.0]
        x.grad = None
        x.sum().backward()
        assert x.grad.tolist() == [1.0, 1.0, 1.0]

    def test_accumulates_within_one_pass(self, backend: str) -> None:
        x = leaf()
        (x + x + x * x).sum().backward()
        assert x.grad.tolist() == [4.0, 6.0, 8.0]

    def test_has_no_history_of_its_own(self, backend: str) -> None:
        x = leaf()
        (x * x).sum().backward()
        assert not x.grad.requires_grad
        assert x.grad.is_leaf
        assert x.grad.dtype is x.dtype
        assert x.grad.device is x.device

    def test_is_kept_for_leaves_only(self, backend: str) -> None:
        x = leaf()
        y = x * 2
        y.sum().backward()
        assert y.grad is None
        assert x.detach().grad is None

    def test_of_a_leaf_that_is_the_root(self, backend: str) -> None:
        x = leaf(2.0)
        x.backward()
        x.backward(tp.tensor(3.0, dtype="float64"))
        assert x.grad.item() == 4.0

    def test_reaches_every_operand_by_every_path(self, backend: str) -> None:
        x, y = leaf(), leaf([4.0, 5.0, 6.0])
        a = x * y
        b = a + x
        c = a * b
        c.sum().backward()
        # c = x²y² + x²y
        assert x.grad.tolist() == [2 * p * q * q + 2 * p * q for p, q in ((1.0, 4.0), (2.0, 5.0), (3.0, 6.0))]
        assert y.grad.tolist() == [2 * p * p * q + p * p for p, q in ((1.0, 4.0), (2.0, 5.0), (3.0, 6.0))]

    def test_stays_away_from_what_needs_none(self, backend: str) -> None:
        x, constant = leaf(), tp.ones(3, dtype="float64")
        (x * constant).sum().backward()
        assert constant.grad is None
        assert not constant.requires_grad

    @pytest.mark.parametrize(
        ("wrong", "error"),
        [
            (lambda: [1.0, 1.0, 1.0], TypeError),
            (lambda: tp.ones(2, dtype="float64"), ValueError),
            (lambda: tp.ones(3, dtype="float32"), TypeError),
        ],
    )
    def test_takes_only_its_like(self, backend: str, wrong: Callable[[], Any], error: type[Exception]) -> None:
        x = leaf()
        x.sum().backward()
        with pytest.raises(error, match="grad"):
            x.grad = wrong()
        assert x.grad.tolist() == [1.0, 1.0, 1.0]


class TestSeed:
    """The gradient that is given to `backward`."""

    def test_one_element_needs_none(self, backend: str) -> None:
        x = leaf([[2.0]])
        (x * x).backward()
        assert x.grad.tolist() == [[4.0]]

    def test_several_elements_need_one(self, backend: str) -> None:
        x = leaf()
        y = x * x
        with pytest.raises(RuntimeError, match=r"backward: .*only for scalar outputs, got shape \(3,\)"):
            y.backward()
        assert x.grad is None
        y.backward(tp.tensor([1.0, 0.0, -1.0], dtype="float64"))
        assert x.grad.tolist() == [2.0, 0.0, -6.0]

    def test_of_another_shape(self, backend: str) -> None:
        x = leaf()
        with pytest.raises(ValueError, match=r"backward: got a gradient of shape \(2,\), wanted \(3,\)") as caught:
            (x * x).backward(tp.ones(2, dtype="float64"))
        assert isinstance(caught.value, RuntimeError)
        assert x.grad is None

    def test_of_another_dtype(self, backend: str) -> None:
        with pytest.raises(TypeError, match=r"got a gradient of tensorplug\.float32, wanted tensorplug\.float64"):
            leaf().backward(tp.ones(3, dtype="float32"))

    def test_on_another_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x = tp.tensor([1.0, 2.0], requires_grad=True, device="numpy")
        with pytest.raises(ValueError, match="backward: got a gradient on jax:cpu:0, wanted numpy:cpu"):
            (x * x).backward(tp.ones(2, device="jax"))

    def test_of_another_type(self, backend: str) -> None:
        with pytest.raises(TypeError, match="backward: got float"):
            leaf(1.0).backward(1.0)

    def test_without_a_graph(self, backend: str) -> None:
        for x in (tp.ones(1), tp.ones(1, dtype="int64"), leaf(1.0).detach()):
            with pytest.raises(RuntimeError, match=r"backward: .* does not require grad and does not have a grad_fn"):
                x.backward()

    def test_integers_take_no_gradient(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match="only tensors of floating-point and complex dtype can require"):
            tp.tensor([1, 2], requires_grad=True)
        x = tp.tensor([1, 2])
        with pytest.raises(RuntimeError, match="int64"):
            x.requires_grad_()
        assert not x.requires_grad


class TestFreeing:
    def test_the_second_pass_raises_and_names_the_remedy(self, backend: str) -> None:
        x = leaf()
        y = (x * x).sum()
        y.backward()
        with pytest.raises(RuntimeError, match=r"second time.*retain_graph=True"):
            y.backward()
        assert x.grad.tolist() == [2.0, 4.0, 6.0]

    def test_retained_it_can_be_walked_again(self, backend: str) -> None:
        x = leaf()
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        assert x.grad.tolist() == [4.0, 8.0, 12.0]
        with pytest.raises(RuntimeError, match="retain_graph"):
            y.backward()
        assert x.grad.tolist() == [4.0, 8.0, 12.0]

    def test_a_pass_that_fails_halfway_delivers_nothing(self, backend: str) -> None:
        x, w = leaf(), leaf()
        shared = x * x
        shared.sum().backward()
        x.grad = None
        with pytest.raises(RuntimeError, match="retain_graph"):
            ((shared * 2).sum() + (w * w).sum()).backward()
        assert x.grad is None
        assert w.grad is None

    def test_the_tutorial(self, backend: str) -> None:
        a, b = leaf([2.0, 3.0]), leaf([6.0, 4.0])
        c = a * b
        d, e = (c * 2).sum(), (c * c).sum()
        d.backward(retain_graph=True)
        e.backward(retain_graph=True)
        d.backward()
        with pytest.raises(RuntimeError, match="retain_graph"):
            e.backward()
        twice = [2 * 2 * q + 2 * p * q * q for p, q in ((2.0, 6.0), (3.0, 4.0))]
        assert a.grad.tolist() == twice

    def test_addition_saves_nothing_but_is_freed_all_the_same(self, backend: str) -> None:
        x = leaf()
        y = (x + x).sum()
        y.backward()
        with pytest.raises(RuntimeError, match="retain_graph"):
            y.backward()

    def test_create_graph_retains(self, backend: str) -> None:
        x = leaf(3.0)
        y = x * x * x
        y.backward(create_graph=True)
        y.backward(create_graph=True)
        assert x.grad.item() == 54.0


class TestCreateGraph:
    def test_gradients_of_gradients(self, backend: str) -> None:
        x = leaf(2.0)
        y = x**4
        values = []
        for _ in range(4):
            (y,) = tp.autograd.grad(y, x, create_graph=True)
            values.append(y.item())
        assert values == [32.0, 48.0, 48.0, 24.0]

    def test_grad_is_recorded(self, backend: str) -> None:
        x = leaf()
        (x * x * x).sum().backward(create_graph=True)
        assert x.grad.requires_grad
        gradient, x.grad = x.grad, None
        gradient.sum().backward()
        assert x.grad.tolist() == [6.0, 12.0, 18.0]

    def test_accumulating_keeps_the_earlier_gradient_as_it_was(self, backend: str) -> None:
        x = leaf(2.0)
        (x * x).backward(create_graph=True)
        first = x.grad
        (x * x * x).backward(create_graph=True)
        assert first.item() == 4.0
        assert x.grad.item() == 16.0
        assert tp.autograd.grad(x.grad, x)[0].item() == 2.0 + 12.0

    def test_inside_no_grad(self, backend: str) -> None:
        x = leaf(3.0)
        y = x * x * x
        with tp.no_grad():
            (first,) = tp.autograd.grad(y, x, create_graph=True)
            assert not tp.is_grad_enabled()
        assert tp.autograd.grad(first, x)[0].item() == 18.0

    def test_a_gradient_penalty(self, backend: str) -> None:
        x, w = leaf([1.0, 2.0]), leaf([3.0, -1.0])
        (gradient,) = tp.autograd.grad((w * x * x).sum(), x, create_graph=True)
        (gradient * gradient).sum().backward()
        assert w.grad.tolist() == [8 * 3.0, 8 * -4.0]
        assert x.grad.tolist() == [8 * 9.0, 8 * 2.0]

    def test_a_seed_that_requires_a_gradient(self, backend: str) -> None:
        x, v = leaf(), leaf([1.0, 0.0, 2.0])
        (pulled,) = tp.autograd.grad(x * x, x, v, create_graph=True)
        (pushed,) = tp.autograd.grad(pulled, v, tp.tensor([1.0, 1.0, -1.0], dtype="float64"))
        assert pushed.tolist() == [2.0, 4.0, -6.0]


class TestGradFunction:
    def test_touches_no_grad(self, backend: str) -> None:
        x, w = leaf(), leaf()
        found = tp.autograd.grad((x * w).sum(), [x, w])
        assert [g.tolist() for g in found] == [[1.0, 2.0, 3.0]] * 2
        assert x.grad is None
        assert w.grad is None

    def test_intermediate_inputs(self, backend: str) -> None:
        x = leaf()
        y = x * x
        z = (y * y).sum()
        dy, dx = tp.autograd.grad(z, [y, x])
        assert dy.tolist() == [2.0, 8.0, 18.0]
        assert dx.tolist() == [4.0, 32.0, 108.0]

    def test_an_input_that_is_an_output(self, backend: str) -> None:
        x = leaf(3.0)
        y = x * x
        dy, dx = tp.autograd.grad(y, [y, x])
        assert (dy.item(), dx.item()) == (1.0, 6.0)

    def test_walks_no_further_than_it_must(self, backend: str) -> None:
        x = leaf()
        y = x * x
        z = (y * 2).sum()
        tp.autograd.grad(z, y)
        y.sum().backward()
        assert x.grad.tolist() == [2.0, 4.0, 6.0]

    def test_several_outputs(self, backend: str) -> None:
        x = leaf()
        seeds = [tp.tensor([1.0, 0.0, 0.0], dtype="float64"), None]
        (found,) = tp.autograd.grad([x * x, (x * 3).sum()], x, seeds)
        assert found.tolist() == [5.0, 3.0, 3.0]
        (found,) = tp.autograd.grad([x.sum(), x.sum()], [x])
        assert found.tolist() == [2.0, 2.0, 2.0]

    def test_unused_inputs(self, backend: str) -> None:
        x, other = leaf(), leaf()
        y = x * x
        with pytest.raises(RuntimeError, match="not have been used in the graph; set allow_unused=True"):
            tp.autograd.grad(y.sum(), [x, other], retain_graph=True)
        found, missing = tp.autograd.grad(y.sum(), [x, other], allow_unused=True)
        assert found.tolist() == [2.0, 4.0, 6.0]
        assert missing is None

    def test_inputs_that_require_none(self, backend: str) -> None:
        x = leaf()
        with pytest.raises(RuntimeError, match=r"grad: an input, of shape \(2,\), does not require grad"):
            tp.autograd.grad(x.sum(), [tp.ones(2)], allow_unused=True)
        with pytest.raises(TypeError, match="grad: inputs are tensors, got float"):
            tp.autograd.grad(x.sum(), [1.0])

    def test_numbers_of_seeds(self, backend: str) -> None:
        x = leaf()
        with pytest.raises(ValueError, match="grad: got 2 grad_outputs for 1 outputs"):
            tp.autograd.grad(x.sum(), x, [None, None])

    @pytest.mark.parametrize("allow_unused", [False, True])
    def test_frees_by_default(self, backend: str, allow_unused: bool) -> None:
        x = leaf()
        y = x * x
        z = y.sum()
        tp.autograd.grad(z, x)
        for out in (z, y.sum(), y.sum() + x.sum()):
            with pytest.raises(RuntimeError, match="retain_graph"):
                tp.autograd.grad(out, x, allow_unused=allow_unused)

    def test_what_lies_behind_the_inputs_may_have_been_freed(self, backend: str) -> None:
        x = leaf()
        y = x * x
        y.sum().backward()
        assert tp.autograd.grad((y * y).sum(), y)[0].tolist() == [2.0, 8.0, 18.0]


class TestInputs:
    """`backward(inputs=...)`."""

    def test_only_these_get_a_gradient(self, backend: str) -> None:
        x, w = leaf(), leaf()
        (x * w).sum().backward(inputs=[w])
        assert x.grad is None
        assert w.grad.tolist() == [1.0, 2.0, 3.0]
        (x * w).sum().backward(inputs=x)
        assert x.grad.tolist() == [1.0, 2.0, 3.0]

    def test_one_that_requires_none(self, backend: str) -> None:
        x = leaf()
        with pytest.raises(RuntimeError, match="backward: an input"):
            (x * x).sum().backward(inputs=[tp.ones(3)])
        assert x.grad is None


class TestDetach:
    def test_cuts_the_history(self, backend: str) -> None:
        x = leaf()
        y = (x * x).detach()
        assert not y.requires_grad
        assert y.is_leaf
        assert y.grad_fn is None
        (x * y).sum().backward()
        assert x.grad.tolist() == [1.0, 4.0, 9.0]

    def test_a_detached_tensor_may_become_a_leaf(self, backend: str) -> None:
        x = leaf()
        y = x.detach().requires_grad_()
        (y * y).sum().backward()
        assert x.grad is None
        assert y.grad.tolist() == [2.0, 4.0, 6.0]

    def test_requires_grad_can_be_switched_off_for_leaves_only(self, backend: str) -> None:
        x = leaf()
        y = x * 2
        with pytest.raises(RuntimeError, match="leaf"):
            y.requires_grad = False
        x.requires_grad = False
        assert not (x * 2).requires_grad
        assert y.requires_grad


def recording() -> bool:
    """Whether operations are recorded, as their results show."""
    found = (leaf() * 2).requires_grad
    assert found is tp.is_grad_enabled()
    return found


class TestModes:
    def test_as_contexts(self, backend: str) -> None:
        assert recording()
        with tp.no_grad():
            assert not recording()
            with tp.enable_grad():
                assert recording()
                with tp.set_grad_enabled(False):
                    assert not recording()
                assert recording()
            assert not recording()
        assert recording()

    def test_an_error_ends_them_too(self) -> None:
        with contextlib.suppress(KeyError), tp.no_grad():
            raise KeyError
        assert recording()

    def test_one_object_may_be_entered_again(self) -> None:
        mode = tp.no_grad()
        with mode, tp.enable_grad(), mode:
            assert not recording()
        assert recording()

    @pytest.mark.parametrize(
        "decorate", [tp.no_grad, tp.no_grad(), lambda function: tp.set_grad_enabled(False)(function)]
    )
    def test_as_decorators_of_functions(self, decorate: Callable[..., Any]) -> None:
        @decorate
        def function(number: int, *, keyword: int) -> tuple[bool, int]:
            """What it does."""
            return recording(), number + keyword

        assert function(1, keyword=2) == (False, 3)
        assert function.__name__ == "function"
        assert function.__doc__ == "What it does."
        assert recording()

    def test_decorated_inside_another_mode(self) -> None:
        @tp.enable_grad()
        def function() -> bool:
            return recording()

        with tp.no_grad():
            assert function()
            assert not recording()

    def test_as_decorators_of_generators(self) -> None:
        seen: list[Any] = []

        @tp.no_grad()
        def generator() -> Generator[bool, Any, str]:
            try:
                seen.append((yield recording()))
                with contextlib.suppress(LookupError):
                    yield recording()
                yield recording()
            finally:
                seen.append(recording())
            return "end"

        steps = generator()
        assert next(steps) is False
        assert recording()
        assert steps.send("sent") is False
        assert recording()
        assert steps.throw(LookupError) is False
        assert recording()
        with pytest.raises(StopIteration, match="end"):
            next(steps)
        assert seen == ["sent", False]

    def test_a_generator_that_is_closed(self) -> None:
        seen = []

        @tp.no_grad()
        def generator() -> Iterator[bool]:
            try:
                yield recording()
            finally:
                seen.append(recording())

        steps = generator()
        next(steps)
        steps.close()
        assert seen == [False]
        assert recording()

    def test_as_decorators_of_coroutines(self) -> None:
        @tp.no_grad()
        async def coroutine() -> list[bool]:
            found = [recording()]
            await asyncio.sleep(0)
            return [*found, recording()]

        async def main() -> list[bool]:
            found, outside = await asyncio.gather(coroutine(), plain())
            return [*found, *outside]

        async def plain() -> list[bool]:
            found = [recording()]
            await asyncio.sleep(0)
            return [*found, recording()]

        assert asyncio.run(main()) == [False, False, True, True]
        assert recording()

    def test_each_thread_has_its_own(self) -> None:
        seen: list[bool] = []
        inside, looked = threading.Event(), threading.Event()

        def other() -> None:
            with tp.no_grad():
                inside.set()
                looked.wait(10)
                seen.append(recording())

        thread = threading.Thread(target=other)
        thread.start()
        inside.wait(10)
        seen.append(recording())
        looked.set()
        thread.join()
        assert seen == [True, False]

    def test_a_new_thread_begins_recording(self) -> None:
        seen: list[bool] = []
        with tp.no_grad():
            thread = threading.Thread(target=lambda: seen.append(recording()))
            thread.start()
            thread.join()
        assert seen == [True]

    def test_each_task_has_its_own(self) -> None:
        async def quiet(entered: asyncio.Event, left: asyncio.Event) -> bool:
            with tp.no_grad():
                entered.set()
                await left.wait()
                return recording()

        async def main() -> list[bool]:
            entered, left = asyncio.Event(), asyncio.Event()
            task = asyncio.create_task(quiet(entered, left))
            await entered.wait()
            here = recording()
            left.set()
            return [here, await task]

        assert asyncio.run(main()) == [True, False]


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "subtract", "scale"]), st.integers(0, 30), st.integers(0, 30)),
    min_size=1,
    max_size=25,
)


@given(steps=STEPS, create_graph=st.booleans(), chosen=st.sets(st.integers(0, 2), min_size=1))
@settings(max_examples=150, deadline=None)
def test_any_graph(steps: list[tuple[str, int, int]], create_graph: bool, chosen: set[int]) -> None:
    """Against forward differentiation, exactly: all numbers are integers below 2 to the 53rd."""
    starts = [1.0, -1.0, 2.0]
    leaves = [leaf(start) for start in starts]
    tensors: list[tp.Tensor] = list(leaves)
    duals = [(start, numpy.eye(3)[position]) for position, start in enumerate(starts)]
    for name, i, j in steps:
        first, second = i % len(tensors), j % (3 if name == "scale" else len(tensors))
        (a, da), (b, db) = duals[first], duals[second]
        if name == "scale":
            tensors.append(tensors[first] * tensors[second])
            duals.append((a * b, da * b + a * db))
        else:
            sign = 1 if name == "add" else -1
            tensors.append(getattr(tp, name)(tensors[first], tensors[second]))
            duals.append((a + sign * b, da + sign * db))
    wanted = duals[-1][1]
    inputs = [leaves[position] for position in sorted(chosen)]
    found = tp.autograd.grad(tensors[-1], inputs, retain_graph=True, create_graph=create_graph, allow_unused=True)
    assert [0.0 if g is None else g.item() for g in found] == [wanted[position] for position in sorted(chosen)]
    tensors[-1].backward()
    assert [0.0 if x.grad is None else x.grad.item() for x in leaves] == wanted.tolist()


LENGTH = 1_000_000
"""More than any recursion could do."""


class TestMemory:
    def test_a_million_operations(self, no_collector: None) -> None:
        x = leaf(1.0)
        y = x
        for _ in range(LENGTH):
            y = y + 1.0
        y.backward()
        assert x.grad.item() == 1.0

    def test_a_million_operations_that_are_never_walked(self, no_collector: None) -> None:
        x = leaf(1.0)
        y = x
        for _ in range(LENGTH):
            y = -y
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None

    def test_everything_returns_at_once(self, backend: str, no_collector: None) -> None:
        self.work()  # Scalars are kept for the next time.
        alive = self.count()
        self.work()
        assert self.count() == alive
        assert gc.collect() == 0

    @staticmethod
    def count() -> int:
        return sum(isinstance(one, tp.Tensor | Node | Leaf) for one in gc.get_objects())

    @staticmethod
    def work() -> None:
        """A step of training, a penalty on its gradient, views, writes, an error."""
        x = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        w = leaf([[0.5, -0.5], [0.25, 1.0], [-1.0, 0.75]])
        hidden = tp.tanh(x @ w) * 2.0
        hidden[0].mul_(2)
        hidden[:, 1] = 0.5
        loss = (hidden * hidden).mean() + tp.exp(-hidden).max()
        loss.backward(create_graph=True)
        penalty = (w.grad * w.grad).sum()
        w.grad = None
        penalty.backward()
        with tp.no_grad():
            w -= w.grad * 0.1
        with contextlib.suppress(RuntimeError):
            penalty.backward()
        held = hidden.detach()
        del hidden
        held.sum()

    def test_nothing_is_left_of_a_graph_that_was_walked(self, backend: str, no_collector: None) -> None:
        x = leaf()
        y = x * x
        z = tp.exp(y)
        total = z.sum()
        nodes = [weakref.ref(one.grad_fn) for one in (y, z)]
        arrays = weakref.ref(y)
        del y, z
        total.backward()
        assert [node() for node in nodes] == [None, None]
        assert arrays() is None

    def test_a_gradient_that_is_recorded_closes_no_cycle(self, backend: str, no_collector: None) -> None:
        x = leaf()
        (x * x * x).sum().backward(create_graph=True)
        gone = weakref.ref(x)
        del x
        assert gone() is None

    def test_a_detached_loss_holds_no_graph(self, backend: str, no_collector: None) -> None:
        x = leaf()
        y = (x * x).sum()
        node = weakref.ref(y.grad_fn)
        history = [y.detach()]
        del y
        assert node() is None
        assert history[0].item() == 14.0

    def test_a_leaf_may_die_before_the_pass(self, backend: str) -> None:
        x, w = leaf(), leaf()
        y = (x * w).sum()
        del x
        y.backward()
        assert w.grad.tolist() == [1.0, 2.0, 3.0]


def saved(tensor: tp.Tensor) -> list[Any]:
    """The arrays that the node of a tensor has saved."""
    return [one for one in tensor.grad_fn.saved if hasattr(one, "dtype")]


class TestSaved:
    """What a node keeps."""

    def test_only_what_its_rule_needs(self, backend: str) -> None:
        x, constant = leaf(), tp.ones(3, dtype="float64")
        assert saved(x + constant) == []
        assert saved(-x) == []
        assert saved(x.sum()) == []
        assert saved(x.reshape((3, 1))) == []
        out = tp.exp(x)
        assert [array is out._array for array in saved(out)] == [True]
        assert [array is x._array for array in saved(tp.sin(x))] == [True]

    def test_nothing_for_operands_that_want_no_gradient(self, backend: str) -> None:
        x, constant = leaf(), tp.ones(3, dtype="float64")
        assert [array is constant._array for array in saved(x * constant)] == [True]
        assert [array is x._array for array in saved(x @ constant)] == [False]
        y = leaf()
        assert len(saved(x * y)) == 2

    @pytest.mark.parametrize("name", ["add", "subtract", "negative", "conj", "sum", "mean", "reshape", "clone"])
    def test_rules_that_need_no_values(self, name: str) -> None:
        assert RULES[name].tensors == ()

    @pytest.mark.parametrize("name", ["exp", "expm1", "sqrt", "tanh", "sigmoid", "relu", "reciprocal", "tan"])
    def test_rules_that_need_the_result_only(self, name: str) -> None:
        assert RULES[name].tensors == ("out",)

    def test_nothing_is_recorded_where_no_gradient_is_wanted(self, backend: str) -> None:
        x = tp.ones(3)
        assert (x * x).grad_fn is None
        with tp.no_grad():
            assert (leaf() * 2).grad_fn is None
        assert (leaf() > 0).grad_fn is None
        assert tp.argmax(leaf()).grad_fn is None


class TestAliases:
    """No gradient shares memory with another tensor."""

    def check(self, *leaves: tp.Tensor, others: tuple[tp.Tensor, ...] = ()) -> None:
        """Writing one gradient leaves the others, and everything else, as they were."""
        tensors = [*(one.grad for one in leaves), *others]
        for position, one in enumerate(leaves):
            before = [tensor.tolist() for tensor in tensors]
            one.grad.fill_(-1.0)
            for other, tensor in enumerate(tensors):
                assert tensor.tolist() == before[other] or other == position
            one.grad.copy_(tp.tensor(before[position], dtype=one.dtype))

    def test_of_the_operands_of_a_sum(self, backend: str) -> None:
        x, y = leaf(), leaf()
        seed = tp.tensor([1.0, 2.0, 3.0], dtype="float64")
        (x + y).backward(seed)
        self.check(x, y, others=(seed,))
        (x - y).sum().backward()
        self.check(x, y)

    def test_of_the_seed(self, backend: str) -> None:
        x, seed = leaf(), tp.ones(3, dtype="float64")
        x.backward(seed)
        x.clone().backward(seed)
        self.check(x, others=(seed,))
        assert x.grad.tolist() == [2.0, 2.0, 2.0]
        assert seed.tolist() == [1.0, 1.0, 1.0]

    def test_of_a_scalar_seed(self, backend: str) -> None:
        x, y = leaf(1.0), leaf(1.0)
        x.backward()
        x.grad.zero_()
        y.backward()
        assert y.grad.item() == 1.0
        (x + y).backward()
        self.check(x, y)
        (x * 1.0).backward()
        assert tp.tensor(1.0, dtype="float64").item() == 1.0

    @pytest.mark.parametrize(
        "function",
        [
            lambda x, y: tp.concat([x, y]),
            lambda x, y: tp.stack([x, y]),
            lambda x, y: x.reshape((3, 1)) + y.reshape((1, 3)),
            lambda x, y: x.sum() + y.sum(),
            lambda x, y: x.expand(2, 3) + y,
            lambda x, y: tp.where(tp.tensor([True, False, True]), x, y),
            lambda x, y: (x.flip(0) + y.flip(0)).flip(0),
            lambda x, y: x[:] + y[...],
            lambda x, y: x.mean() - y,
        ],
    )
    def test_of_views(self, backend: str, function: Callable[..., tp.Tensor]) -> None:
        x, y = leaf(), leaf()
        function(x, y).sum().backward()
        self.check(x, y)
        function(x, y).sum().backward()
        self.check(x, y)

    def test_of_what_grad_returns(self, backend: str) -> None:
        x, y = leaf(), leaf()
        seed = tp.ones(3, dtype="float64")
        dx, dy = tp.autograd.grad(x + y, [x, y], seed)
        dx.zero_()
        assert dy.tolist() == seed.tolist() == [1.0, 1.0, 1.0]
        dx, again = tp.autograd.grad((x * 2).sum(), [x, x])
        dx.zero_()
        assert again.tolist() == [2.0, 2.0, 2.0]

    def test_of_a_recorded_gradient(self, backend: str) -> None:
        x, y = leaf(), leaf()
        seed = tp.ones(3, dtype="float64")
        (x + y).backward(seed, create_graph=True)
        with tp.no_grad():
            x.grad.zero_()
        assert y.grad.tolist() == seed.tolist() == [1.0, 1.0, 1.0]

    def test_of_what_was_saved(self, backend: str) -> None:
        x, constant = leaf(), tp.tensor([1.0, 2.0, 3.0], dtype="float64")
        (x * constant).sum().backward()
        x.grad.zero_()
        assert constant.tolist() == [1.0, 2.0, 3.0]


class TestAcrossBackends:
    def test_one_graph(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x = tp.tensor([1.0, 2.0], requires_grad=True, device="numpy")
        y = (x * x).to("jax")
        z = (tp.exp(y) * x.to("jax")).to("numpy") * x
        z.sum().backward()
        assert x.grad.backend == "numpy"
        wanted = [(2 * v + 2 * v**3) * numpy.exp(v * v) for v in (1.0, 2.0)]
        # exp and four products in float32, each within an ulp or two.
        numpy.testing.assert_allclose(x.grad.numpy(), wanted, rtol=16 * numpy.finfo("float32").eps)

    def test_leaves_on_two(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x = tp.tensor([1.0, 2.0], requires_grad=True, device="numpy")
        y = tp.tensor([3.0, 4.0], requires_grad=True, device="jax")
        (x.to("jax") * y).sum().backward()
        assert (x.grad.backend, y.grad.backend) == ("numpy", "jax")
        assert (x.grad.tolist(), y.grad.tolist()) == ([3.0, 4.0], [1.0, 2.0])


def numbers(stored: Any) -> Any:
    """Complex numbers out of pairs; a real number stands for itself."""
    if not isinstance(stored, list):
        return stored
    found = [numbers(one) if isinstance(one, list) and isinstance(one[0], list) else one for one in stored]
    return [complex(*one) if isinstance(one, list) else one for one in found]


@pytest.mark.parametrize("case", COMPLEX, ids=lambda case: case["name"])
class TestComplex:
    """PyTorch's convention: the gradient is the conjugate of the derivative times the gradient of the result."""

    def test_as_in_pytorch(self, backend: str, case: dict[str, Any]) -> None:
        inputs, out = self.forward(case)
        out.backward(self.upstream(case, out))
        self.check(case, inputs, [x.grad for x in inputs])

    def test_recorded(self, backend: str, case: dict[str, Any]) -> None:
        inputs, out = self.forward(case)
        self.check(case, inputs, tp.autograd.grad(out, inputs, self.upstream(case, out), create_graph=True))

    @staticmethod
    def forward(case: dict[str, Any]) -> tuple[list[tp.Tensor], tp.Tensor]:
        inputs = []
        for operand in case["operands"]:
            values = numbers(operand)
            dtype = "complex128" if isinstance(values[0], complex) else "float64"
            inputs.append(tp.tensor(values, dtype=dtype, requires_grad=True))
        return inputs, getattr(tp, case["name"].removesuffix("_all"))(*inputs)

    @staticmethod
    def upstream(case: dict[str, Any], out: tp.Tensor) -> tp.Tensor:
        stored = case["upstream"] if out.shape else [case["upstream"]]
        return tp.tensor(numbers(stored), dtype=out.dtype).reshape(out.shape)

    @staticmethod
    def check(case: dict[str, Any], inputs: list[tp.Tensor], gradients: Any) -> None:
        for x, gradient, stored in zip(inputs, gradients, case["gradients"], strict=True):
            assert gradient.dtype is x.dtype
            # Some ten operations, each within a few ulps of the magnitude; the libraries' formulas differ.
            found = gradient.detach().numpy()
            numpy.testing.assert_allclose(found, numbers(stored), rtol=256 * numpy.finfo("float64").eps)


class TestInferenceMode:
    def test_nothing_is_recorded(self, backend: str) -> None:
        x = leaf()
        with tp.inference_mode():
            assert tp.is_inference_mode_enabled()
            assert not tp.is_grad_enabled()
            assert not (x * 2).requires_grad
        assert not tp.is_inference_mode_enabled()
        assert tp.is_grad_enabled()
        assert (x * 2).requires_grad

    def test_no_other_mode_ends_it(self, backend: str) -> None:
        x = leaf()
        with tp.inference_mode():
            with tp.enable_grad():
                assert not (x * 2).requires_grad
            with tp.set_grad_enabled(True):
                assert not (x * 2).requires_grad
            tp.set_grad_enabled(True)
            assert not (x * 2).requires_grad
            with tp.no_grad(), tp.inference_mode(), tp.enable_grad():
                assert not (x * 2).requires_grad
        assert (x * 2).requires_grad

    def test_it_may_be_left_inside(self, backend: str) -> None:
        x = leaf()
        with tp.inference_mode(), tp.inference_mode(False):
            assert not tp.is_inference_mode_enabled()
            assert (x * 2).requires_grad
        with tp.inference_mode(False):
            assert (x * 2).requires_grad
            with tp.no_grad(), tp.inference_mode(False):
                assert not (x * 2).requires_grad

    def test_as_decorator(self, backend: str) -> None:
        @tp.inference_mode
        def bare() -> tuple[bool, bool]:
            return tp.is_inference_mode_enabled(), tp.is_grad_enabled()

        @tp.inference_mode()
        def called() -> tuple[bool, bool]:
            return tp.is_inference_mode_enabled(), tp.is_grad_enabled()

        @tp.inference_mode(mode=False)
        def without() -> tuple[bool, bool]:
            return tp.is_inference_mode_enabled(), tp.is_grad_enabled()

        @tp.inference_mode()
        def items() -> Iterator[bool]:
            yield tp.is_inference_mode_enabled()
            yield tp.is_inference_mode_enabled()

        assert bare() == called() == (True, False)
        assert without() == (False, True)
        inside = []
        for item in items():
            inside.append((item, tp.is_inference_mode_enabled()))
        assert inside == [(True, False)] * 2

    def test_an_error_ends_it(self) -> None:
        with contextlib.suppress(KeyError), tp.inference_mode():
            raise KeyError
        assert not tp.is_inference_mode_enabled()
        assert tp.is_grad_enabled()

    def test_backward_passes_are_refused(self, backend: str) -> None:
        x = leaf()
        y = (x * x).sum()
        with tp.inference_mode():
            with pytest.raises(RuntimeError, match="backward: no gradients are computed in inference_mode"):
                y.backward()
            with pytest.raises(RuntimeError, match="grad: no gradients are computed in inference_mode"):
                tp.autograd.grad(y, x)
        assert x.grad is None
        y.backward()
        assert x.grad.tolist() == [2.0, 4.0, 6.0]

    def test_what_was_made_in_it_is_a_constant_outside(self, backend: str) -> None:
        with tp.inference_mode():
            constant = leaf() * 2
        x = leaf()
        (x * constant).sum().backward()
        assert x.grad.tolist() == [2.0, 4.0, 6.0]

    def test_is_of_its_thread(self) -> None:
        seen: list[bool] = []
        with tp.inference_mode():
            thread = threading.Thread(target=lambda: seen.append(tp.is_inference_mode_enabled()))
            thread.start()
            thread.join()
        assert seen == [False]


class TestBadInput:
    """What names the operation and leaves everything as it was."""

    @pytest.mark.parametrize("wrong", [numpy.ones(3), 1.0, [], [1.0], None])
    def test_outputs_and_inputs_are_tensors(self, backend: str, wrong: Any) -> None:
        x = leaf()
        for outputs, inputs in (((x * x).sum(), wrong), (wrong, x)):
            with pytest.raises(TypeError, match=r"grad: .*tensors"):
                tp.autograd.grad(outputs, inputs)

    @pytest.mark.parametrize("wrong", [numpy.ones(3), 1.0, [1.0]])
    def test_seeds_are_tensors(self, backend: str, wrong: Any) -> None:
        x = leaf()
        with pytest.raises(TypeError, match="grad: grad_outputs are tensors"):
            tp.autograd.grad(x * x, x, wrong)

    def test_inputs_may_be_of_any_iterable(self, backend: str) -> None:
        x, y = leaf(), leaf()
        found = tp.autograd.grad((x * y).sum(), (one for one in (x, y)))
        assert [g.tolist() for g in found] == [[1.0, 2.0, 3.0]] * 2
        (x * y).sum().backward(inputs=(one for one in (x,)))
        assert (x.grad.tolist(), y.grad) == ([1.0, 2.0, 3.0], None)

    def test_integers(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match=r"floating-point and complex dtype can require gradients, got .*int64"):
            tp.arange(3).requires_grad_()
        with pytest.raises(RuntimeError, match=r"grad: an input, of shape \(3,\), does not require grad"):
            tp.autograd.grad((leaf() * tp.arange(3)).sum(), tp.arange(3))


class TestIntegersAndBooleans:
    """What has no derivative has no history, whichever way it came about."""

    WAYS: ClassVar[dict[str, Callable[[tp.Tensor], tp.Tensor]]] = {
        "long": lambda x: x.long(),
        "bool": lambda x: x.bool(),
        "to": lambda x: x.to(tp.int32),
        "type": lambda x: x.type(tp.uint8),
        "type_as": lambda x: x.type_as(tp.arange(1)),
        "astype": lambda x: tp.astype(x, tp.int64),
        "asarray": lambda x: tp.asarray(x, dtype=tp.int64),
        "in a list": lambda x: tp.asarray([x[0], x[1]], dtype=tp.int64),
        "copy_": lambda x: tp.zeros(2, dtype=tp.int64).copy_(x),
        "copy_ into a view": lambda x: tp.zeros(3, dtype=tp.int64)[1:].copy_(x),
        "a view": lambda x: x.long()[:1],
        "a stack": lambda x: tp.stack([x.long(), x.long()]),
        "a comparison": lambda x: x > 1,
        "places": lambda x: x.sort().indices,
        "of complex": lambda x: tp.complex(x, x).to(tp.int64),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_have_no_history(self, backend: str, way: str) -> None:
        made = self.WAYS[way](tp.tensor([1.5, 2.5], requires_grad=True))
        assert (made.requires_grad, made.grad_fn, made.is_leaf) == (False, None, True)

    def test_a_base_stays_without(self, backend: str) -> None:
        base = tp.zeros(3, dtype=tp.int64)
        other, view = base[1:], base[:2]
        view.copy_(tp.tensor([1.5, 2.5], requires_grad=True))
        assert [base.tolist(), other.tolist()] == [[1, 2, 0], [2, 0]]
        assert not any(one.requires_grad for one in (base, other, view))

    def test_count_as_constants(self, backend: str) -> None:
        x = tp.tensor([1.5, 2.5])
        leaf = x.clone().requires_grad_()
        (leaf * leaf.long()).sum().backward()
        assert leaf.grad.tolist() == [1.0, 2.0]

        def function(x: tp.Tensor) -> tp.Tensor:
            return x * x.long()

        wanted = [[1.0, 0.0], [0.0, 2.0]]
        assert tp.func.jacrev(function)(x).tolist() == tp.func.jacfwd(function)(x).tolist() == wanted
        assert tp.func.jvp(lambda x: x.long(), (x,), (x,))[1].tolist() == [0, 0]
        assert tp.func.hessian(lambda x: (x * x * x.int()).sum())(x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
        leaf.grad = None
        tp.autograd.checkpoint(function, leaf).sum().backward()
        assert leaf.grad.tolist() == [1.0, 2.0]

    def test_require_no_gradient(self, backend: str) -> None:
        whole = tp.arange(3)
        with pytest.raises(RuntimeError, match=r"requires_grad_: only .*floating-point and complex .*got .*int64"):
            whole.requires_grad_()
        with pytest.raises(RuntimeError, match="requires_grad_: only"):
            tp.tensor([True], requires_grad=True)
        with pytest.raises(RuntimeError, match="requires_grad_: only"):
            whole.requires_grad = True
        assert not whole.requires_grad_(False).requires_grad


class TestVariable:
    def test_is_a_tensor(self, backend: str) -> None:
        data = tp.ones(3, dtype="float64")
        x = tp.autograd.Variable(data, requires_grad=True)
        assert type(x) is tp.Tensor
        assert isinstance(x, tp.autograd.Variable)
        assert not isinstance(1.0, tp.autograd.Variable)
        (x * x).sum().backward()
        assert x.grad.tolist() == [2.0] * 3
        assert not data.requires_grad
        assert not tp.autograd.Variable(leaf()).requires_grad

    def test_shares_memory(self, backend: str) -> None:
        data = tp.ones(3, dtype="float64")
        x = tp.autograd.Variable(data)
        data.mul_(2)
        assert x.tolist() == [2.0] * 3

    def test_of_something_else(self) -> None:
        with pytest.raises(TypeError, match="Variable: got list, wanted a Tensor"):
            tp.autograd.Variable([1.0])
