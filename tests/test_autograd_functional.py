"""`autograd.functional` against JAX's own Jacobians and Hessians."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd import functional

X, Y = numpy.array([0.3, -1.2, 2.0]), numpy.array([1.0, 0.5, -0.7])


def tensors() -> tuple[tp.Tensor, tp.Tensor]:
    return tp.tensor(X), tp.tensor(Y)


def close(found: Any, wanted: Any) -> None:
    """Compare nested tuples; a few roundings of numbers below 20."""
    if isinstance(wanted, tuple):
        assert isinstance(found, tuple)
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            close(one, other)
    else:
        numpy.testing.assert_allclose(found.numpy(), wanted, rtol=1e-13, atol=1e-14)


def pair(xp: Any) -> Any:
    return lambda x, y: (x * xp.exp(y), xp.sin(y))


def scalar(xp: Any) -> Any:
    return lambda x, y: xp.sum(x * x * xp.exp(y))


def test_jacobians(backend: str) -> None:
    with jax.enable_x64(True):
        both = jax.jacrev(pair(jnp), (0, 1))(X, Y)
        one = jax.jacrev(lambda x: jnp.exp(x))(X)
    for strategy in ("reverse-mode", "forward-mode"):
        close(functional.jacobian(pair(tp), tensors(), strategy=strategy), both)
        close(functional.jacobian(tp.exp, tp.tensor(X), vectorize=True, strategy=strategy), one)


def test_hessians(backend: str) -> None:
    with jax.enable_x64(True):
        both = jax.hessian(scalar(jnp), (0, 1))(X, Y)
    for strategy in ("reverse-mode", "forward-mode"):
        close(functional.hessian(scalar(tp), tensors(), outer_jacobian_strategy=strategy), both)
    close(functional.hessian(lambda x: (x**3).sum(), tp.tensor(X)), numpy.diag(6 * X))


def test_products(backend: str) -> None:
    with jax.enable_x64(True):
        outputs, pull = jax.vjp(pair(jnp), X, Y)
        pulled = pull((X, Y))
        pushed = jax.jvp(pair(jnp), (X, Y), (Y, X))
        hessian_product = jax.jvp(jax.grad(scalar(jnp), (0, 1)), (X, Y), (Y, X))[1]
        value = scalar(jnp)(X, Y)
    close(functional.vjp(pair(tp), tensors(), tensors()), (outputs, pulled))
    close(functional.jvp(pair(tp), tensors(), tensors()[::-1]), pushed)
    close(functional.hvp(scalar(tp), tensors(), tensors()[::-1]), (value, hessian_product))
    close(functional.vhp(scalar(tp), tensors(), tensors()[::-1]), (value, hessian_product))


def test_a_vector_of_one_element_may_be_left_out(backend: str) -> None:
    close(functional.vjp(lambda x: (x * x).sum(), tp.tensor(X)), (numpy.sum(X * X), 2 * X))
    close(functional.jvp(lambda x: x * tp.tensor(X), tp.tensor(2.0, dtype=tp.float64)), (2 * X, X))
    with pytest.raises(RuntimeError, match="hvp: v can only be left out for a single tensor of one element"):
        functional.hvp(lambda x: x.sum(), tp.ones(3))


def test_results_are_recorded_if_asked(backend: str) -> None:
    x = tp.tensor(X, requires_grad=True)
    assert not functional.jacobian(lambda x: x**3, x).requires_grad
    _, product = functional.hvp(lambda x: (x**4).sum(), x, tp.ones_like(x), create_graph=True)
    product.sum().backward()
    close(x.grad, 24 * X)


def test_bad_arguments(backend: str) -> None:
    with pytest.raises(TypeError, match="jacobian: inputs and v are tensors or tuples of tensors, got list"):
        functional.jacobian(lambda x: x, [tp.ones(2)])
    with pytest.raises(ValueError, match="strategy is one of 'reverse-mode', 'forward-mode', got 'sideways'"):
        functional.jacobian(lambda x: x, tp.ones(2), strategy="sideways")
