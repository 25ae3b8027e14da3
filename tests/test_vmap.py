"""`vmap`: against PyTorch's answers, against single calls, and what it refuses."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug import vmap
from tensorplug.autograd.trees import flatten
from tensorplug.conformance.engine.levels import LEVELS
from tensorplug.conformance.engine.reference import Reference
from tensorplug.conformance.engine.runner import PASSED, UNSUPPORTED, checks, run_check
from tensorplug.core.types.errors import BatchedValueError, EscapedTensorError, VmapError

from .vmap_programs import PROGRAMS

ANSWERS = json.loads((pathlib.Path(__file__).parent / "references" / "vmap.json").read_text())

CHECKS = [check for check in checks("default") if check.aspect == "vmap"]

F = tp.func


def batch(*shape: int) -> tp.Tensor:
    return tp.asarray(numpy.random.default_rng(sum(shape)).standard_normal(shape))


def equal(found: Any, wanted: Any) -> None:
    """Require that two trees of tensors agree."""
    found, wanted = flatten(found)[0], flatten(wanted)[0]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        numpy.testing.assert_allclose(one.detach().numpy(), numpy.asarray(other), rtol=1e-9, atol=1e-9)


@pytest.mark.one_of_each(key=lambda name: list(PROGRAMS).index(name) % 8)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_what_pytorch_gives(backend: str, name: str) -> None:
    found = PROGRAMS[name](tp, lambda data: tp.asarray(numpy.array(data)))
    equal(found, [numpy.asarray(one) for one in ANSWERS[name]])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.operation)
def test_a_batch_is_the_stack_of_single_calls(check: Any) -> None:
    outcome = run_check(check, "numpy", Reference("numpy"), LEVELS["default"], 0)
    assert outcome.status in (PASSED, UNSUPPORTED), outcome.failure


@pytest.mark.parametrize("operation", ["getitem", "matmul", "put", "sort", "cross_entropy"])
def test_a_batch_is_the_stack_of_single_calls_on_jax(operation: str) -> None:
    pytest.importorskip("jax")
    (check,) = [check for check in CHECKS if check.operation == operation]
    outcome = run_check(check, "jax", Reference("numpy"), LEVELS["default"]._replace(uses=1), 0)
    assert outcome.status == PASSED, outcome.failure


class TestArguments:
    def test_axes_of_arguments_and_results(self, backend: str) -> None:
        x, y = batch(2, 3, 4), batch(3)
        found = vmap(lambda x, y: (x * y, {"sum": x.sum(0)}), (1, 0), (2, {"sum": 1}))(x, y)
        assert found[0].shape == (2, 4, 3)
        equal(found[0], x.permute(0, 2, 1) * y)
        equal(found[1]["sum"], x.sum(0).mT)

    def test_keywords_and_other_objects_are_the_same_for_all(self, backend: str) -> None:
        found = vmap(lambda x, power, *, scale: x**power * scale, (0, None))(batch(3), 2, scale=tp.tensor(2.0))
        equal(found, batch(3) ** 2 * 2.0)

    def test_a_result_that_all_examples_have(self, backend: str) -> None:
        w = batch(4)
        equal(vmap(lambda x: (x, w * 2), out_dims=(0, None))(batch(3))[1], w * 2)
        equal(vmap(lambda x: w * 2)(batch(3)), tp.stack([w * 2] * 3))

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: vmap(tp.sin, None)(batch(2)), ValueError, "no argument is mapped"),
            (lambda: vmap(tp.add)(batch(2), batch(3)), ValueError, "batches of 2 and 3 examples"),
            (lambda: vmap(tp.sin)(tp.ones(())), IndexError, "in_dims has 0 for an argument of shape"),
            (lambda: vmap(tp.add)(batch(2), 1.0), TypeError, "of type float; give it None"),
            (lambda: vmap(tp.sin)(batch(0)), ValueError, "the batch is empty"),
            (lambda: vmap(lambda x: 1.0)(batch(2)), TypeError, "returned a float, wanted tensors"),
            (lambda: vmap(lambda x: x, out_dims=None)(batch(2)), ValueError, "differs between examples"),
            (lambda: vmap(lambda x: x, out_dims=2)(batch(2)), IndexError, "out_dims has 2"),
            (lambda: vmap(lambda x: x, (0, 0))(batch(2)), ValueError, "in_dims .* of another structure"),
            (lambda: vmap(tp.sin, randomness="some"), ValueError, "randomness is 'error'"),
            (lambda: vmap(tp.sin, chunk_size=0), ValueError, "chunk_size is None or at least 1"),
        ],
    )
    def test_what_makes_no_sense_is_an_error(self, call: Callable[[], Any], error: type, message: str) -> None:
        with pytest.raises(error, match=message):
            call()

    def test_chunks_give_the_same(self, backend: str) -> None:
        x = batch(5, 3)
        equal(vmap(F.grad(lambda x: (x**3).sum()), chunk_size=2)(x), 3 * x**2)
        equal(vmap(lambda x: x.sum(), 1, chunk_size=2)(x), x.sum(0))


class TestWhatDiffersBetweenExamples:
    """What needs a value of one example is refused, and the message names what to do."""

    @pytest.mark.parametrize(
        ("function", "message"),
        [
            (lambda x: x if x.sum() > 0 else -x, r"test_vmap.py:\d+, but each .* tensorplug.where"),
            (lambda x: x * float(x[0]), "tensorplug.where"),
            (lambda x: x * x[0].item(), "return from the function what is to be read"),
            (lambda x: tp.asarray(x.tolist()), "was read"),
            (lambda x: tp.nonzero(x)[0], "the shape of the result depends on values"),
            (lambda x: x[x > 0], "a mask that differs from example to example"),
            (lambda x: tp.unique_values(x), "the shape of the result depends on values"),
            (lambda x: tp.arange(4)[x > 0], "a mask that differs"),
        ],
    )
    def test_it_is_refused(self, backend: str, function: Callable[[tp.Tensor], tp.Tensor], message: str) -> None:
        with pytest.raises(VmapError, match=message):
            vmap(function)(batch(3, 4))

    def test_of_one_kind_with_what_users_catch(self) -> None:
        assert issubclass(BatchedValueError, (ValueError, RuntimeError, TypeError))

    def test_what_is_the_same_for_all_can_be_read(self, backend: str) -> None:
        w, x = batch(3), batch(4)
        assert vmap(lambda x: x * w.sum().item())(x).tolist() == (x * w.sum()).tolist()
        equal(vmap(lambda x, w: x + w[w > 0].sum(), (0, None))(x, w), x + w[w > 0].sum())

    def test_a_mask_written_with_a_number(self, backend: str) -> None:
        def function(x: tp.Tensor) -> tp.Tensor:
            y = x * 1.0
            y[y > 0] = 0.5
            return y

        x = batch(3, 4)
        equal(vmap(function)(x), tp.where(x > 0, 0.5, x))
        equal(vmap(F.grad(lambda x: (function(x) * x).sum()))(x), tp.where(x > 0, 0.5, 2 * x))

    def test_a_tensor_is_shown_as_its_batch(self, backend: str) -> None:
        shown: list[str] = []
        vmap(lambda x: shown.append(repr(x)) or x)(tp.tensor([[1.0, 2.0]] * 2))
        assert shown[0].startswith("tensor([[1., 2.],\n        [1., 2.]], examples of shape (2,)")


class TestWrites:
    def test_into_what_is_made_inside(self, backend: str) -> None:
        def function(x: tp.Tensor) -> tp.Tensor:
            found = tp.zeros(4, dtype=tp.float64)
            found[1:3] = x[:2]
            found.add_(1.0)
            return found * x.sum()

        x = batch(3, 4)
        equal(vmap(function)(x), tp.stack([function(one) for one in x]))
        equal(
            vmap(F.grad(lambda x: function(x).sum()))(x), tp.stack([F.grad(lambda x: function(x).sum())(o) for o in x])
        )

    def test_of_examples_into_what_all_share_are_refused(self, backend: str) -> None:
        outer = tp.zeros(4, dtype=tp.float64)
        for write in (
            lambda x: outer.add_(x),
            lambda x: outer.copy_(x),
            lambda x: outer.__setitem__(slice(2), x[:2]),
            lambda x: outer.__setitem__(tp.argsort(x), 1.0),
            lambda x: tp.add(x, x, out=outer),
        ):
            with pytest.raises(VmapError, match="same for all of them; make that tensor inside"):
                vmap(lambda x, write=write: write(x) or x)(batch(3, 4))
        assert outer.tolist() == [0.0] * 4

    def test_of_the_same_value_for_all(self, backend: str) -> None:
        calls = tp.zeros(())
        vmap(lambda x: calls.add_(1.0) * x)(batch(3))
        assert calls.tolist() == 1.0

    def test_a_copy_of_what_is_not_mapped(self, backend: str) -> None:
        w, x = batch(4), batch(3, 4)
        equal(vmap(lambda x, w: w.clone().mul_(x), (0, None))(x, w), x * w)

    def test_to_the_argument_are_refused(self, backend: str) -> None:
        x = batch(3, 4)
        before = x.tolist()
        with pytest.raises(VmapError, match=r"wrote to its argument of shape .*clone"):
            vmap(lambda x: x.mul_(2.0))(x)
        assert x.tolist() == before

    def test_results_share_no_memory(self, backend: str) -> None:
        x = batch(3, 4)
        before = x.tolist()
        for mode in (tp.enable_grad, tp.no_grad):
            with mode():
                same, part, shared = vmap(lambda x, w: (x, x[:2], w), (0, None))(x, x[0])
            with tp.no_grad():
                for one in (same, part, shared):
                    one.add_(1.0)
            assert x.tolist() == before
            assert part[0].tolist() == [one + 1.0 for one in before[0][:2]]

    def test_what_is_saved_is_not_written_from_outside(self, backend: str) -> None:
        w, x = batch(4).requires_grad_(), batch(3, 4)
        loss = vmap(lambda x: (w * x).sum())(x).sum()
        wanted = x.sum(0)
        x.mul_(0.0)
        loss.backward()
        equal(w.grad, wanted)


class TestGradients:
    def test_by_what_all_share_are_sums(self, backend: str) -> None:
        w, x = batch(4).requires_grad_(), batch(3, 4)
        vmap(lambda x: (w * x).sum() ** 2)(x).sum().backward()
        equal(w.grad, (2 * (x @ w.detach())[:, None] * x).sum(0))

    def test_of_each_example_by_what_all_share(self, backend: str) -> None:
        w, x = batch(4), batch(3, 4)
        equal(vmap(lambda x: F.grad(lambda w: (w * x).sum() ** 2)(w))(x), 2 * (x @ w)[:, None] * x)

    def test_of_a_shared_value_count_once(self, backend: str) -> None:
        w = batch(4).requires_grad_()
        vmap(lambda x: (x, w.sum() * 2.0), out_dims=(0, None))(batch(3))[1].backward()
        assert w.grad is not None
        assert w.grad.tolist() == [2.0] * 4

    def test_backward_inside(self, backend: str) -> None:
        w, x = batch(4).requires_grad_(), batch(3, 4)

        def function(x: tp.Tensor) -> tp.Tensor:
            leaf = x.detach().requires_grad_()
            (w * leaf**2).sum().backward()
            assert leaf.grad is not None
            return leaf.grad

        equal(vmap(function)(x), 2 * w.detach() * x)
        equal(w.grad, (x**2).sum(0))

    def test_by_an_outer_tensor_are_refused(self, backend: str) -> None:
        w = batch(4).requires_grad_()
        with pytest.raises(VmapError, match=r"use tensorplug.func.grad inside .* in_dims=None"):
            vmap(lambda x: tp.autograd.grad((w * x).sum(), w)[0])(batch(3, 4))

    def test_of_a_graph_from_outside(self, backend: str) -> None:
        x = batch(3)
        _, pull = F.vjp(lambda x: tp.sin(x) * x.sum(), x)
        wanted = F.jacfwd(lambda x: tp.sin(x) * x.sum())(x)
        equal(vmap(pull)(tp.eye(3, dtype=tp.float64))[0], wanted)
        assert not vmap(pull)(tp.eye(3, dtype=tp.float64))[0].requires_grad

    def test_of_a_batch_in_a_graph_from_outside(self, backend: str) -> None:
        w, x = batch(3), batch(2, 3)
        _, pull = F.vjp(lambda x: vmap(lambda row: tp.sin(row) @ w)(x), x)
        equal(vmap(pull)(tp.eye(2, dtype=tp.float64))[0].sum(0), tp.cos(x) * w)

    def test_hooks_and_functions_see_the_batch(self, backend: str) -> None:
        class Doubled(tp.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
                return x * 2.0

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
                return g * 2.0

        def function(x: tp.Tensor) -> tp.Tensor:
            y = Doubled.apply(x)
            y.register_hook(lambda g: g * 3.0)
            return y

        equal(F.jacrev(function)(batch(3)), 6.0 * tp.eye(3, dtype=tp.float64))

    def test_complex(self, backend: str) -> None:
        x = batch(3, 2) + 1j * batch(2, 3).mT
        equal(vmap(F.grad(lambda x: tp.abs(x * x).sum()))(x), F.grad(lambda x: tp.abs(x * x).sum())(x))

    def test_of_checked_values(self, backend: str) -> None:
        with tp.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="returned nan values"):
            vmap(F.grad(lambda x: (x * 0.0).sqrt().sum() * 0.0))(batch(2, 2))


class TestLevels:
    def test_a_tensor_of_another_call(self, backend: str) -> None:
        kept: list[tp.Tensor] = []
        vmap(lambda x: kept.append(x) or x)(batch(3))
        for use in (
            lambda: vmap(lambda x: x + kept[0])(batch(3)),
            lambda: vmap(lambda x: kept[0])(batch(3)),
            lambda: kept[0] + batch(3)[0],
            lambda: batch(3)[0].to(kept[0].device),
        ):
            with pytest.raises(EscapedTensorError):
                use()

    def test_nested_with_views_and_writes(self, backend: str) -> None:
        def function(x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
            z = x * y
            z[:2] += y[:2]
            z.view(2, 2)[1, 0] = x.sum()
            return z

        x, y = batch(2, 4), batch(3, 4)
        wanted = tp.stack([tp.stack([function(a, b) for b in y]) for a in x])
        equal(vmap(vmap(function, (None, 0)), (0, None))(x, y), wanted)
        inner = F.grad(lambda a, b: (function(a, b) ** 2).sum())
        equal(
            vmap(lambda a: vmap(lambda b: inner(a, b))(y))(x),
            tp.stack([tp.stack([inner(a, b) for b in y]) for a in x]),
        )

    def test_new_tensors_are_of_the_level(self, backend: str) -> None:
        def function(x: tp.Tensor) -> tp.Tensor:
            made = [tp.zeros(2), tp.tensor([0.0, 0.0]), tp.zeros(2, device=backend), tp.zeros(2, device=x.device)]
            with tp.backend(backend):
                made.append(tp.ones(2))
            for one in made:
                one.add_(x)
            return sum(made)

        equal(vmap(function)(tp.ones(3, 2)), 6 * tp.ones(3, 2))

    def test_devices_are_named_as_outside(self, backend: str) -> None:
        x = batch(3)
        same = lambda one: one.to(str(x.device)).to(x.device) * float(str(one.device) == str(x.device))  # noqa: E731
        found = vmap(same)(x)
        equal(found, x)
        assert found.device is x.device

    def test_between_backends(self) -> None:
        pytest.importorskip("jax")
        x = batch(3, 2).requires_grad_()
        found = vmap(lambda one: (one * 2.0).to("jax") * tp.tensor(3.0, device="jax"))(x)
        assert found.backend == "jax"
        found.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [[6.0] * 2] * 3

    def test_in_threads(self, backend: str) -> None:
        from concurrent.futures import ThreadPoolExecutor

        x = batch(3, 4)

        def work(i: int) -> Any:
            with tp.backend(backend):
                return vmap(F.grad(lambda x: (x**2).sum() * i))(x).tolist() if i % 2 else (x * i).tolist()

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(work, range(16)))
        assert found == [(x * i * (2 if i % 2 else 1)).tolist() for i in range(16)]


class TestRandomNumbers:
    def test_are_refused_unless_asked_for(self, backend: str) -> None:
        with pytest.raises(VmapError, match="say randomness='different'"):
            vmap(lambda x: x + tp.rand(2))(batch(3, 2))

    @pytest.mark.parametrize("chunk_size", [None, 2])
    def test_the_same_for_all(self, backend: str, chunk_size: int | None) -> None:
        tp.manual_seed(0)
        found = vmap(lambda x: tp.rand(2) + tp.randn(2), randomness="same", chunk_size=chunk_size)(batch(3, 2))
        tp.manual_seed(0)
        equal(found, tp.stack([tp.rand(2) + tp.randn(2)] * 3))

    @pytest.mark.parametrize("chunk_size", [None, 2])
    def test_other_ones_for_each(self, backend: str, chunk_size: int | None) -> None:
        tp.manual_seed(0)
        found = vmap(lambda x: tp.rand(2), randomness="different", chunk_size=chunk_size)(batch(3, 2))
        tp.manual_seed(0)
        equal(found, tp.stack([tp.rand(2) for _ in range(3)]))


class TestChecksOfValues:
    """The whole batch is checked, by the error that a single call gives."""

    @pytest.mark.parametrize(
        ("function", "error", "message"),
        [
            (lambda x, i: x[i], IndexError, "index 7 is out of bounds for axis 0 with size 4"),
            (lambda x, i: tp.gather(x, 0, i), IndexError, "index 7 is out of bounds"),
            (lambda x, i: tp.ones(2, dtype=tp.int64) // (i - 7), ZeroDivisionError, "division by zero"),
            (
                lambda x, i: tp.linalg.inv(x[:2] * tp.zeros((2, 2), dtype=tp.float64)),
                numpy.linalg.LinAlgError,
                "singular",
            ),
            (lambda x, i: tp.nn.functional.cross_entropy(x, i[0]), IndexError, "7"),
        ],
    )
    def test_raise_the_same_error(self, function: Callable[..., Any], error: type[Exception], message: str) -> None:
        places = tp.tensor([[0, 1], [1, 2], [7, 0]])
        with pytest.raises(error, match=message):
            vmap(function)(batch(3, 4), places)


class TestJacobians:
    @pytest.mark.parametrize("chunk_size", [None, 1, 2])
    def test_chunks(self, backend: str, chunk_size: int | None) -> None:
        x = batch(3)
        function = lambda x: tp.stack([x.prod(), (x**2).sum(), x[0], x[1] * x[2]])  # noqa: E731
        wanted = tp.stack([F.grad(lambda x, i=i: function(x)[i])(x) for i in range(4)])
        equal(F.jacrev(function, chunk_size=chunk_size)(x), wanted)
        equal(F.jacfwd(function, chunk_size=chunk_size)(x), wanted)
        equal(F.hessian(lambda x: x.prod(), chunk_size=chunk_size)(x), F.jacrev(F.grad(lambda x: x.prod()))(x))

    def test_of_a_function_that_reads_values(self, backend: str) -> None:
        """It is called with values that all rows and columns share."""
        function = lambda x: x**2 if x.sum() > -100 else x  # noqa: E731
        x = batch(3)
        for transform in (F.jacrev, F.jacfwd):
            equal(transform(function)(x), tp.eye(3, dtype=tp.float64) * 2 * x)

    def test_of_a_function_that_draws(self, backend: str) -> None:
        x = batch(3)
        for transform in (F.jacrev, F.jacfwd):
            found = transform(lambda x: x * tp.rand(3, dtype=tp.float64))(x)
            assert (found != 0).sum() == 3

    def test_of_a_function_with_aux(self, backend: str) -> None:
        x = batch(3)
        for transform in (F.jacrev, F.jacfwd):
            jacobian, (kept, word) = transform(lambda x: (x**2, (x * 3.0, "word")), has_aux=True)(x)
            equal((jacobian, kept), (tp.eye(3, dtype=tp.float64) * 2 * x, x * 3.0))
            assert word == "word"
