"""Operations with a gradient of the user's own, the same rule on every backend."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd import (
    Function,
    gradcheck,
    gradgradcheck,
    once_differentiable,
)
from tensorplug.func import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jvp,
    vjp,
)


def leaf(values: Any = (1.0, 2.0, 3.0), dtype: str = "float64") -> tp.Tensor:
    return tp.tensor(values, dtype=dtype, requires_grad=True)


class Cube(Function):
    """Saves its argument."""

    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class Exp(Function):
    """Saves its result."""

    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        y = tp.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
        return g * ctx.saved_tensors[0]


class Both(Function):
    """Several arguments and results, of which some are no tensors, and saves one of each."""

    @staticmethod
    def forward(ctx: Any, x: tp.Tensor, n: int, y: tp.Tensor) -> tuple[tp.Tensor, tp.Tensor]:
        product = x * y * n
        ctx.save_for_backward(x, None, y, product)
        ctx.n = n
        return product, x + y

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor, h: tp.Tensor) -> tuple[tp.Tensor, None, tp.Tensor]:
        x, nothing, _, product = ctx.saved_tensors
        assert nothing is None
        return g * product / x + h, None, g * x * ctx.n + h


class Returned(Function):
    """Whose backward pass does what it is told."""

    @staticmethod
    def forward(ctx: Any, x: tp.Tensor, pull: Callable[..., Any]) -> tp.Tensor:
        ctx.pull = pull
        return x * 1

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor) -> Any:
        return ctx.pull(g)


class TestGradients:
    def test_as_the_formula(self, backend: str) -> None:
        x = leaf()
        y = Cube.apply(x)
        assert y.tolist() == [1.0, 8.0, 27.0]
        assert (y.grad_fn.name, y.is_leaf) == ("Cube", False)
        y.sum().backward()
        assert x.grad.tolist() == [3.0, 12.0, 27.0]

    @pytest.mark.parametrize("function", [Cube.apply, Exp.apply, lambda x: Both.apply(x, 2, x * x)[0]])
    def test_any_order(self, backend: str, function: Callable[..., Any]) -> None:
        x = leaf([0.5, -1.5])
        assert gradcheck(function, x)
        assert gradgradcheck(function, x)
        third = grad(grad(grad(lambda x: function(x).sum())))(leaf(0.5).detach())
        step = 1e-4
        second = grad(grad(lambda x: function(x).sum()))
        ends = [second(tp.tensor(0.5 + h, dtype="float64")).item() for h in (step, -step)]
        assert third.item() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)

    def test_several_results(self, backend: str) -> None:
        x, y = leaf(), leaf([4.0, 5.0, 6.0])
        product, total = Both.apply(x, 2, y)
        (product * 10 + total).sum().backward()
        assert x.grad.tolist() == [81.0, 101.0, 121.0]
        assert y.grad.tolist() == [21.0, 41.0, 61.0]

    def test_a_saved_result_is_the_one_that_the_user_has(self, backend: str) -> None:
        x, y = leaf(), leaf([4.0, 5.0, 6.0])
        product, _ = Both.apply(x, 2, y)
        (first,) = tp.autograd.grad(product.sum(), x, create_graph=True)
        assert tp.autograd.grad(first.sum(), product)[0].tolist() == (1 / x.detach()).tolist()

    def test_results_that_nothing_depends_on_have_zeros(self, backend: str) -> None:
        x = leaf()
        Both.apply(x, 2, leaf())[1].sum().backward()
        assert x.grad.tolist() == [1.0] * 3

    def test_or_none_where_it_says_so(self, backend: str) -> None:
        seen: list[Any] = []

        class Two(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tuple[tp.Tensor, tp.Tensor]:
                ctx.set_materialize_grads(False)
                return x * 2, x * 3

            @staticmethod
            def backward(ctx: Any, *grads: Any) -> Any:
                seen.extend(grads)
                return grads[1] * 3

        x = leaf()
        Two.apply(x)[1].sum().backward()
        assert seen[0] is None
        assert x.grad.tolist() == [3.0] * 3

    def test_needs_input_grad(self, backend: str) -> None:
        seen: list[tuple[bool, ...]] = []

        class Product(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor, y: tp.Tensor, n: int) -> tp.Tensor:
                ctx.save_for_backward(x, y)
                return x * y

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor) -> Any:
                seen.append(ctx.needs_input_grad)
                x, y = ctx.saved_tensors
                return g * y if ctx.needs_input_grad[0] else None, g * x if ctx.needs_input_grad[1] else None, None

        x, constant = leaf(), tp.ones(3, dtype="float64")
        Product.apply(x, constant, 1).sum().backward()
        Product.apply(constant, x, 1).sum().backward()
        assert seen == [(True, False, False), (False, True, False)]
        assert x.grad.tolist() == [2.0] * 3
        assert not Product.apply(constant, constant, 1).requires_grad

    def test_setup_context(self, backend: str) -> None:
        class Power(Function):
            @staticmethod
            def forward(x: tp.Tensor, n: int) -> tp.Tensor:
                return x**n

            @staticmethod
            def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tp.Tensor) -> None:
                x, ctx.n = inputs
                ctx.save_for_backward(x, output)

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor) -> Any:
                x, output = ctx.saved_tensors
                return g * output * ctx.n / x, None

        x = leaf()
        Power.apply(x, 3).sum().backward()
        assert x.grad.tolist() == [3.0, 12.0, 27.0]
        assert hessian(lambda x: Power.apply(x, 3).sum())(leaf([2.0]).detach()).tolist() == [[12.0]]

    def test_results_without_a_gradient(self, backend: str) -> None:
        class Sorted(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tuple[tp.Tensor, ...]:
                largest = tp.max(x)
                place = tp.argmax(x)
                ctx.mark_non_differentiable(largest)
                return x * 2, largest, place

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor, *others: tp.Tensor) -> tp.Tensor:
                assert [one.tolist() for one in others] == [0.0, 0]
                return g * 2

        x = leaf()
        doubled, largest, place = Sorted.apply(x)
        assert (doubled.requires_grad, largest.requires_grad, place.requires_grad) == (True, False, False)
        assert place.dtype is tp.int64
        doubled.sum().backward()
        assert x.grad.tolist() == [2.0] * 3

    def test_complex_numbers_in_pytorchs_convention(self, backend: str) -> None:
        class Square(Function):
            @staticmethod
            def forward(ctx: Any, z: tp.Tensor) -> tp.Tensor:
                ctx.save_for_backward(z)
                return z * z

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
                return g * tp.conj(ctx.saved_tensors[0] * 2)

        z = tp.tensor([1 + 2j, 0.5 - 1j], dtype="complex128", requires_grad=True)
        other = z.detach().requires_grad_()
        tp.abs(Square.apply(z) + z).sum().backward()
        tp.abs(other * other + other).sum().backward()
        numpy.testing.assert_allclose(z.grad.tolist(), other.grad.tolist(), rtol=1e-14)
        assert gradcheck(Square.apply, z)
        assert gradgradcheck(Square.apply, z)

    def test_the_gradient_of_a_broadcast_argument_is_summed(self, backend: str) -> None:
        x = leaf([[1.0], [2.0]])
        Returned.apply(x, lambda g: (tp.ones((4, 2, 3), dtype="float64"), None)).sum().backward()
        assert x.grad.tolist() == [[12.0], [12.0]]

    def test_gradients_take_the_dtype_of_their_argument(self, backend: str) -> None:
        for convert in (lambda g: g.float(), lambda g: g.long(), lambda g: g.to("complex128") * (1 + 5j)):
            x = leaf()
            Returned.apply(x, lambda g, convert=convert: (convert(g), None)).sum().backward()
            assert (x.grad.tolist(), x.grad.dtype) == ([1.0] * 3, tp.float64)

    def test_none_is_no_gradient(self, backend: str) -> None:
        x = leaf()
        (Returned.apply(x, lambda g: (None, None)) + x).sum().backward()
        assert x.grad.tolist() == [1.0] * 3

    def test_nothing_is_recorded_inside(self, backend: str) -> None:
        modes: list[bool] = []

        class Modes(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
                modes.append(tp.is_grad_enabled())
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
                modes.append(tp.is_grad_enabled())
                return g * 2

        x = leaf()
        y = Modes.apply(x).sum()
        y.backward(retain_graph=True)
        tp.autograd.grad(y, x, create_graph=True)
        assert modes == [False, False, True]

    def test_under_no_grad(self, backend: str) -> None:
        with tp.no_grad():
            assert not Cube.apply(leaf()).requires_grad

    def test_an_argument_that_is_handed_through(self, backend: str) -> None:
        class Scaled(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
                return x

            @staticmethod
            def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
                return g * 5

        x = leaf()
        y = Scaled.apply(x)
        assert y is not x
        assert x.is_leaf
        y.sum().backward()
        assert x.grad.tolist() == [5.0] * 3

    def test_one_graph_on_two_backends(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        results = []
        for name in ("numpy", "jax"):
            x = tp.tensor([0.5, 1.5], dtype="float64", requires_grad=True, device="numpy")
            Exp.apply(Cube.apply(x.to(name))).to("numpy").sum().backward()
            results.append(x.grad.tolist())
        numpy.testing.assert_allclose(results[0], results[1], rtol=1e-14)


class Double(Function):
    """In place."""

    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
        return g * 2


class TestWrites:
    def test_dirty_arguments(self, backend: str) -> None:
        x = leaf()
        y = x * x
        z = Double.apply(y)
        assert z is y
        assert y.grad_fn.name == "Double"
        (y * y).sum().backward()
        assert x.grad.tolist() == [16.0, 128.0, 432.0]

    def test_a_dirty_view(self, backend: str) -> None:
        x = leaf()
        y = x * x
        Double.apply(y[1:])
        (y * y).sum().backward()
        assert x.grad.tolist() == [4.0, 128.0, 432.0]

    def test_what_was_saved_before_is_guarded(self, backend: str) -> None:
        x = leaf()
        y = x * x
        z = tp.sin(y)
        Double.apply(y)
        with pytest.raises(RuntimeError, match=r"sin: .*modified by an inplace operation"):
            z.sum().backward()

    @pytest.mark.parametrize("of", [lambda x: x, lambda x: x[1:]])
    def test_leaves_are_refused(self, backend: str, of: Callable[[tp.Tensor], tp.Tensor]) -> None:
        x = leaf()
        with pytest.raises(RuntimeError, match=r"Double: a (view of a )?leaf Tensor that requires grad is being used"):
            Double.apply(of(x))
        assert x.is_leaf

    def test_a_dirty_argument_must_be_returned(self, backend: str) -> None:
        class Wrong(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
                ctx.mark_dirty(x)
                return x * 2

        with pytest.raises(RuntimeError, match="Wrong: an argument that was marked dirty must be among the results"):
            Wrong.apply(leaf() * 1)

    @pytest.mark.parametrize("function", [Cube, Exp])
    @pytest.mark.parametrize("create_graph", [False, True])
    def test_saved_tensors_that_were_written(self, backend: str, function: Any, create_graph: bool) -> None:
        x = leaf()
        argument = x * 1
        result = function.apply(argument)
        loss = result.sum()
        (argument if function is Cube else result).mul_(2)
        with pytest.raises(
            RuntimeError, match=rf"{function.__name__}: one of the variables .* modified by an inplace .*\(3,\).*clone"
        ):
            loss.backward(create_graph=create_graph)
        assert x.grad is None

    def test_a_saved_result_that_is_written_later_keeps_its_gradient(self, backend: str) -> None:
        x = leaf()
        result = Cube.apply(x)
        result.mul_(2)
        result.sum().backward()
        assert x.grad.tolist() == [6.0, 24.0, 54.0]


class Once(Function):
    @staticmethod
    def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
        assert not tp.is_grad_enabled()
        return g * ctx.saved_tensors[0] * 2


class TestOnceDifferentiable:
    def test_once(self, backend: str) -> None:
        x = leaf()
        Once.apply(x).sum().backward()
        assert x.grad.tolist() == [2.0, 4.0, 6.0]
        assert grad(lambda x: Once.apply(x).sum())(x).tolist() == [2.0, 4.0, 6.0]

    @pytest.mark.parametrize(
        "function", [lambda x: Once.apply(x), lambda x: Once.apply(x) ** 2, lambda x: Once.apply(x) + x**2]
    )
    def test_twice(self, backend: str, function: Callable[[tp.Tensor], tp.Tensor]) -> None:
        """PyTorch gives a wrong second derivative where the gradient of its result is a constant."""
        x = leaf()
        (first,) = tp.autograd.grad(function(x).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            first.sum().backward()
        assert x.grad is None

    def test_in_forward_mode(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match=r"in forward mode.*once_differentiable"):
            jvp(Once.apply, (leaf().detach(),), (leaf().detach(),))


class TestTransforms:
    @pytest.mark.parametrize("function", [Cube.apply, Exp.apply, lambda x: sum(Both.apply(x, 2, x * x))])
    def test_alike(self, backend: str, function: Callable[..., tp.Tensor]) -> None:
        x, v = tp.tensor([0.5, -1.5], dtype="float64"), tp.tensor([1.0, 2.0], dtype="float64")
        plain = {
            Cube.apply: lambda x: x**3,
            Exp.apply: tp.exp,
        }.get(function, lambda x: x**3 * 2 + x + x * x)
        for transform in (
            lambda f: jvp(f, (x,), (v,))[1],
            lambda f: vjp(f, x)[1](v)[0],
            lambda f: jacfwd(f)(x),
            lambda f: hessian(lambda x: f(x).sum())(x),
            lambda f: hvp(lambda x: (f(x) ** 2).sum(), (x,), (v,))[1][0],
            lambda f: jvp(lambda x: jvp(f, (x,), (v,))[1], (x,), (v,))[1],
            lambda f: jvp(lambda x: f(x) * x, (leaf([0.5, -1.5]),), (v,))[1],
        ):
            numpy.testing.assert_allclose(
                transform(function).detach().tolist(), transform(plain).detach().tolist(), rtol=1e-12, atol=1e-12
            )


class TestErrors:
    @pytest.mark.parametrize(
        ("pull", "error", "message"),
        [
            (lambda g: g, RuntimeError, r"incorrect number of gradients \(expected 2, got 1\)"),
            (lambda g: (), RuntimeError, r"incorrect number of gradients \(expected 2, got 0\)"),
            (lambda g: (g, None, g), RuntimeError, r"incorrect number of gradients \(expected 2, got 3\)"),
            (lambda g: (g[:2], None), RuntimeError, r"invalid gradient at index 0 - got \(2,\) but expected .* \(3,\)"),
            (lambda g: (g, g), RuntimeError, "gradient at index 1, where the argument is no tensor"),
            (lambda g: (1.0, None), TypeError, "float at index 0, wanted a tensor or None"),
            (lambda g: ([g], None), TypeError, "list at index 0"),
            (
                lambda g: (g.to("numpy" if g.backend == "jax" else "jax"), None),
                RuntimeError,
                "gradient on .* at index 0, wanted one on",
            ),
        ],
    )
    @pytest.mark.parametrize("create_graph", [False, True])
    def test_of_backward(
        self, backend: str, pull: Callable[..., Any], error: type[Exception], message: str, create_graph: bool
    ) -> None:
        x, y = leaf(), leaf()
        with pytest.raises(error, match=f"Returned: backward returned .*{message}"):
            (Returned.apply(x, pull) * y).sum().backward(create_graph=create_graph)
        assert x.grad is None
        assert y.grad is None

    def test_more_gradients_that_are_none_are_let_pass(self, backend: str) -> None:
        x = leaf()
        Returned.apply(x, lambda g: (g, None, None)).sum().backward()
        assert x.grad.tolist() == [1.0] * 3

    def test_of_forward(self, backend: str) -> None:
        class Wrong(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> Any:
                return ctx.wrong if hasattr(ctx, "wrong") else 1.0

        with pytest.raises(TypeError, match="Wrong: forward returns tensors, got float"):
            Wrong.apply(leaf())
        with pytest.raises(NotImplementedError, match="static method forward"):
            Function.apply(leaf())

        class Half(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
                return x * 2

        with pytest.raises(NotImplementedError, match="static method backward"):
            Half.apply(leaf()).sum().backward()

    def test_only_tensors_are_saved(self, backend: str) -> None:
        class Wrong(Function):
            @staticmethod
            def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
                ctx.save_for_backward(x, 3)
                return x

        with pytest.raises(TypeError, match=r"save_for_backward: got int, wanted tensors; keep it as ctx.name"):
            Wrong.apply(leaf())

    def test_the_graph_is_freed(self, backend: str) -> None:
        y = Cube.apply(leaf()).sum()
        y.backward()
        with pytest.raises(RuntimeError, match=r"second time: .*retain_graph"):
            y.backward()


class TestMemory:
    @pytest.mark.parametrize("function", [Cube.apply, Exp.apply, lambda x: Both.apply(x, 2, x * x)[0]])
    @pytest.mark.parametrize("create_graph", [False, True])
    def test_no_cycles(
        self, backend: str, no_collector: None, function: Callable[..., tp.Tensor], create_graph: bool
    ) -> None:
        x = leaf()
        y = function(x)
        dead = [weakref.ref(y), weakref.ref(y._node)]
        tp.autograd.grad(y.sum(), x, create_graph=create_graph)
        y = function(x)
        dead += [weakref.ref(y), weakref.ref(y._node)]
        del y
        assert [one() for one in dead] == [None] * 4

    def test_what_was_saved_is_let_go_after_the_pass(self, backend: str, no_collector: None) -> None:
        x = leaf() * 1
        saved = weakref.ref(x._node)
        loss = Cube.apply(x).sum()
        del x
        assert saved() is not None
        loss.backward()
        assert saved() is None
        assert loss.grad_fn is not None


class TestThreads:
    def test_two_threads_through_one_graph(self, backend: str) -> None:
        x = leaf()
        product, total = Both.apply(x, 2, Cube.apply(x))
        loss = (Exp.apply(product * 0.01) + total).sum()
        tp.autograd.grad(loss, x, retain_graph=True)
        (wanted,) = tp.autograd.grad(loss, x, retain_graph=True)
        threads = [
            threading.Thread(target=lambda: [loss.backward(retain_graph=True) for _ in range(20)]) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        numpy.testing.assert_allclose(x.grad.tolist(), (wanted * 40).tolist(), rtol=1e-13)
