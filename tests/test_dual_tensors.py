"""`autograd.forward_ad` against JAX's own forward mode, and where PyTorch raises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy
import pytest

import tensorplug as tp
import tensorplug.autograd.forward_ad as fwAD

X, T = [0.3, -1.2, 2.0], [1.0, 0.5, -2.0]


def test_tangents_are_jaxs(backend: str) -> None:
    x, t = (tp.tensor(numbers, dtype=tp.float64) for numbers in (X, T))
    with fwAD.dual_level() as level, jax.enable_x64(True):
        dual = fwAD.make_dual(x, t, level=level)
        primal, tangent = fwAD.unpack_dual(tp.sin(dual).cumsum(0) * dual)
        wanted = jax.jvp(
            lambda x: jnp.cumsum(jnp.sin(x)) * x, (jnp.asarray(X, "float64"),), (jnp.asarray(T, "float64"),)
        )
    # A few roundings of numbers below 4.
    numpy.testing.assert_allclose(primal.numpy(), wanted[0], rtol=1e-14, atol=1e-15)
    numpy.testing.assert_allclose(tangent.numpy(), wanted[1], rtol=1e-14, atol=1e-15)
    assert not primal.requires_grad
    assert not tangent.requires_grad


def test_a_tangent_is_differentiated_by_what_is_outside(backend: str) -> None:
    x = tp.tensor(X)
    w = tp.tensor([2.0, 3.0, 4.0], requires_grad=True)
    with fwAD.dual_level():
        dual = fwAD.make_dual(x, tp.tensor(T))
        assert fwAD.unpack_dual(w).tangent is None
        tangent = fwAD.unpack_dual(dual * dual * w).tangent
        (gradient,) = tp.autograd.grad((tangent * 1).sum(), w)
    numpy.testing.assert_allclose(gradient.numpy(), 2 * numpy.array(X) * T, rtol=1e-6)


def test_a_write_to_a_dual_tensors_copy_clears_the_tangent(backend: str) -> None:
    with fwAD.dual_level():
        y = fwAD.make_dual(tp.tensor(X), tp.tensor(T)).clone()
        y[0] = 7.0
        assert fwAD.unpack_dual(y).tangent.tolist() == [0.0, *T[1:]]


def test_outside_of_a_level(backend: str) -> None:
    x = tp.tensor(X)
    with fwAD.dual_level():
        y = fwAD.make_dual(x, x)
    assert fwAD.unpack_dual(y).tangent is None
    with pytest.raises(RuntimeError, match="make_dual: there is no dual level"):
        fwAD.make_dual(x, x)
    with pytest.raises(RuntimeError, match="exit_dual_level: there is no dual level"):
        fwAD.exit_dual_level()


def test_levels_that_are_not_entered(backend: str) -> None:
    x = tp.ones(2)
    assert fwAD.unpack_dual(x, level=0).tangent is None
    with fwAD.dual_level() as level:
        dual = fwAD.make_dual(x, x, level=level)
        assert fwAD.unpack_dual(dual, level=level).tangent.tolist() == [1.0, 1.0]
        for call in (lambda: fwAD.make_dual(x, x, level=1), lambda: fwAD.unpack_dual(dual, level=1)):
            with pytest.raises(RuntimeError, match="there is no dual level 1"):
                call()
        with pytest.raises(RuntimeError, match="exit_dual_level: there is no dual level 3"):
            fwAD.exit_dual_level(level=3)


def test_levels_do_not_nest(backend: str) -> None:
    with fwAD.dual_level():
        with pytest.raises(RuntimeError, match="dual levels do not nest"), fwAD.dual_level():
            pass
        with pytest.raises(ValueError, match="make_dual: got a tangent of shape"):
            fwAD.make_dual(tp.ones(2), tp.ones(3))
        with pytest.raises(TypeError, match="wanted floating-point tensors"):
            fwAD.make_dual(tp.arange(2), tp.arange(2))
    with fwAD.dual_level():
        fwAD.make_dual(tp.ones(2), tp.ones(2))


def test_a_modules_parameters(backend: str) -> None:
    layer = tp.nn.Linear(3, 2)
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    x = tp.tensor([X])
    with fwAD.dual_level():
        for name, value in (("weight", weight), ("bias", bias)):
            delattr(layer, name)
            setattr(layer, name, fwAD.make_dual(value, tp.ones_like(value)))
        tangent = fwAD.unpack_dual(layer(x)).tangent
    numpy.testing.assert_allclose(tangent.numpy(), numpy.full((1, 2), sum(X) + 1), rtol=1e-6)


def test_an_unpacked_value_has_no_tangent(backend: str) -> None:
    x = tp.tensor(X, requires_grad=True)
    with fwAD.dual_level():
        value = fwAD.unpack_dual(fwAD.make_dual(x, tp.ones_like(x)) ** 2).primal
        found = fwAD.unpack_dual(value * 3)
        assert fwAD.unpack_dual(value).tangent is None
    assert found.tangent is None
    found.primal.sum().backward()
    numpy.testing.assert_allclose(x.grad.numpy(), 6 * numpy.array(X), rtol=1e-6)
