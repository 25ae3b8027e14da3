"""Gradients held against finite differences: right ones pass, wrong ones are found."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tensorplug as tp
from tensorplug.autograd import GradcheckError, gradcheck, gradgradcheck


def leaf(values: Any = (0.5, -1.25), dtype: str = "float64") -> tp.Tensor:
    return tp.tensor(values, dtype=dtype, requires_grad=True)


def scaled(factor: float, second: float = 1.0) -> Callable[[tp.Tensor], tp.Tensor]:
    """A function whose gradients, or whose second ones, are wrong by a factor."""

    class Slope(tp.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            return g * 2 * second

    class Square(tp.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            return g * Slope.apply(ctx.saved_tensors[0]) * factor

    return Square.apply


def test_right_ones(backend: str) -> None:
    x, y = leaf(), leaf([2.0, 3.0])
    assert gradcheck(tp.exp, x)
    assert gradcheck(lambda x, y, n: (x * y * n, tp.sum(x) / y), (x, y, 3))
    assert gradgradcheck(lambda x, y: (x * y * y, tp.sin(x)), (x, y))
    assert gradcheck(lambda x: (tp.argmax(x), x * 2), x)
    assert gradcheck(lambda x: x * 1.0, tp.zeros((0, 2), dtype="float64").requires_grad_())
    assert x.grad is None
    assert x.tolist() == [0.5, -1.25]


@pytest.mark.parametrize("function", [lambda z: z * z, tp.conj, tp.abs, lambda z: z.real * z, lambda z: tp.exp(z).imag])
def test_complex_ones(backend: str, function: Callable[..., tp.Tensor]) -> None:
    z = leaf([0.5 + 1j, -1.25 - 0.5j], "complex128")
    assert gradcheck(function, z)
    assert gradgradcheck(function, z)


def test_a_real_one_into_complex_numbers(backend: str) -> None:
    assert gradcheck(lambda x: tp.exp(x * (1 + 2j)), leaf())


def test_a_wrong_one(backend: str) -> None:
    with pytest.raises(GradcheckError, match=r"output 0 with respect to input 0\nnumerical: .*\nanalytical: .*"):
        gradcheck(scaled(1.01), leaf())
    assert not gradcheck(scaled(1.01), leaf(), raise_exception=False)
    assert gradcheck(scaled(1.01), leaf(), rtol=0.1)
    assert gradcheck(scaled(1.0), leaf())


def test_a_wrong_second_one(backend: str) -> None:
    assert gradcheck(scaled(1.0, 1.01), leaf())
    with pytest.raises(GradcheckError):
        gradgradcheck(scaled(1.0, 1.01), leaf())


def test_a_missing_one(backend: str) -> None:
    assert not gradcheck(lambda x: x.detach() * 2, leaf(), raise_exception=False)
    with pytest.raises(GradcheckError, match="output 1 with respect to input 1"):
        gradcheck(lambda x, y: (x * y, y.detach() * x), (leaf(), leaf()))


def test_a_wrong_complex_one(backend: str) -> None:
    class Holomorphic(tp.autograd.Function):
        """JAX's convention, which is not ours."""

        @staticmethod
        def forward(ctx: Any, z: tp.Tensor) -> tp.Tensor:
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            return g * ctx.saved_tensors[0] * 2

    assert not gradcheck(Holomorphic.apply, leaf([0.5 + 1j], "complex128"), raise_exception=False)


def test_nan_is_wrong(backend: str) -> None:
    assert not gradcheck(lambda x: tp.sqrt(x), leaf(), raise_exception=False)


def test_nothing_to_check(backend: str) -> None:
    for check in (gradcheck, gradgradcheck):
        with pytest.raises(ValueError, match=r"(grad)?gradcheck: no input requires a gradient"):
            check(tp.exp, tp.ones(2))


def test_coarse_numbers_are_warned_of(backend: str) -> None:
    with pytest.warns(UserWarning, match=r"gradcheck: input 0 is of .*float32, too coarse"):
        gradcheck(lambda x: x * 2, leaf(dtype="float32"), eps=1e-2, atol=1e-2)


def test_given_gradients_of_the_outputs(backend: str) -> None:
    assert gradgradcheck(lambda x: (x**3, x * x), leaf(), (leaf([1.0, 2.0]), leaf([0.5, 3.0])))


def test_inside_no_grad(backend: str) -> None:
    x = leaf()
    with tp.no_grad():
        assert gradcheck(tp.exp, x)
        assert gradgradcheck(tp.exp, x)


def square(seen: list[int], reads: bool = False) -> Callable[[tp.Tensor], tp.Tensor]:
    """The square, whose backward notes that it ran, and may read values."""

    class Square(tp.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            if reads and not tp.any(g):
                return g
            seen.append(1)
            return g * 2 * ctx.saved_tensors[0]

    return Square.apply


@pytest.mark.parametrize(("chunk_size", "passes"), [(None, 1), (2, 2), (1, 3)])
def test_rows_are_computed_together(backend: str, chunk_size: int | None, passes: int) -> None:
    seen: list[int] = []
    assert gradcheck(square(seen), leaf([0.5, 1.0, 2.0]), chunk_size=chunk_size)
    assert len(seen) == passes
    assert gradgradcheck(square([]), leaf([0.5, 1.0, 2.0]), chunk_size=chunk_size)


def test_a_backward_that_reads_values_runs_once_a_row(backend: str) -> None:
    seen: list[int] = []
    assert gradcheck(square(seen, reads=True), leaf([0.5, 1.0, 2.0]))
    assert len(seen) == 3


def test_a_function_may_do_what_vmap_refuses(backend: str) -> None:
    def function(x: tp.Tensor) -> tp.Tensor:
        outer[0] = 3.0
        scale = 2.0 if x.sum().item() > 0 else 3.0
        return x * scale * tp.rand(2, generator=tp.Generator().manual_seed(0), dtype="float64") * outer

    outer = tp.zeros(2, dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradcheck(function, leaf())
        assert gradgradcheck(function, leaf())
