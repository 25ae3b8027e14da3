"""Functions that differentiate functions: against JAX, finite differences and each other, nested in any order."""

from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import tracemalloc
import typing
import weakref
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.rule import RULES
from tensorplug.func import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)

from .gradients.case import STEP, Case
from .jax_reference import by_jax
from .test_gradients import ALL, CASES, assert_close, values, weights

X = numpy.asarray([0.5, -1.25, 2.0])
V = numpy.asarray([1.0, 0.5, -0.75])
Z = numpy.asarray([0.5 + 1j, -1.25 - 0.5j])
DZ = numpy.asarray([1.0 - 0.5j, 0.25 + 2j])


def vector(values: Any = X) -> tp.Tensor:
    return tp.tensor(numpy.asarray(values))


def array(tensor: tp.Tensor) -> numpy.ndarray:
    return numpy.asarray(tensor.detach())


def directions(arrays: Any) -> list[tp.Tensor]:
    """For each array a direction, all of them different."""
    return [tp.tensor(numpy.sin(numpy.arange(2.0, one.size + 2)).reshape(one.shape)) for one in arrays]


def inner(first: Any, second: Any) -> float:
    return sum(float((array(a) * array(b)).sum()) for a, b in zip(first, second, strict=True))


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls = 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.function(*args)


# Each operation: forward mode is the transposed reverse mode, at first and second order.


def both_directions(case: Case) -> None:
    primals = [tp.tensor(one) for one in case.inputs]
    vs = directions(case.inputs)
    result, tangent = jvp(case.function, tuple(primals), tuple(vs))
    assert tangent.shape == result.shape
    assert tangent.dtype is result.dtype
    assert not result.requires_grad
    assert not tangent.requires_grad
    w = tp.tensor(weights(result.shape))
    value, pull = vjp(case.function, *primals)
    numpy.testing.assert_array_equal(array(value), array(result))
    forward, backward = inner([w], [tangent]), inner(pull(w), vs)
    # A case with a step of its own goes through float32.
    tolerance = 1e-12 if case.step == STEP else 1e-6
    scale = max(1.0, abs(array(tangent)).max(initial=0.0))
    assert forward == pytest.approx(backward, rel=tolerance, abs=tolerance * scale)


def both_orders(case: Case) -> None:
    primals = tuple(tp.tensor(one) for one in case.inputs)
    vs = tuple(directions(case.inputs))
    w = tp.tensor(weights(case.function(*primals).shape))

    def gradient(*xs: tp.Tensor) -> tuple[tp.Tensor, ...]:
        found: tuple[tp.Tensor, ...] = vjp(case.function, *xs)[1](w)
        return found

    def along(*xs: tp.Tensor) -> tp.Tensor:
        return functools.reduce(tp.add, ((g * v).sum() for g, v in zip(gradient(*xs), vs, strict=True)))

    def forward(*xs: tp.Tensor) -> tp.Tensor:
        return jvp(case.function, xs, vs)[1]

    _, over_reverse = jvp(gradient, primals, vs)
    reverse = grad(along, tuple(range(len(primals))))(*primals)
    assert_close(values(over_reverse, case.inputs), values(reverse, case.inputs), 1e-11)
    of_forward = vjp(forward, *primals)[1](w)
    assert_close(values(of_forward, case.inputs), values(reverse, case.inputs), 1e-11)
    _, twice = jvp(forward, primals, vs)
    assert inner([twice], [w]) == pytest.approx(inner(reverse, vs), rel=1e-10, abs=1e-9)


@pytest.mark.parametrize("case", ALL)
def test_every_operation_forward_and_backward(case: Case) -> None:
    with tp.backend("numpy"):
        both_directions(case)


@pytest.mark.parametrize("name", sorted(name for name in CASES if RULES[name].tangents is not None))
def test_operations_with_a_formula_for_tangents_on_every_backend(backend: str, name: str) -> None:
    if backend != "numpy":
        both_directions(CASES[name][0])


@pytest.mark.parametrize("case", ALL)
def test_every_operation_twice(case: Case) -> None:
    with tp.backend("numpy"):
        both_orders(case)


@pytest.mark.parametrize("case", [cases[0] for cases in CASES.values()], ids=list(CASES))
def test_every_operation_against_differences(case: Case) -> None:
    step = case.step
    with tp.backend("numpy"):
        primals, vs = [*map(tp.tensor, case.inputs)], directions(case.inputs)
        _, tangent = jvp(case.function, tuple(primals), tuple(vs))
        ends = [array(case.function(*(x + v * h for x, v in zip(primals, vs, strict=True)))) for h in (step, -step)]
    assert_close([array(tangent)], [(ends[0] - ends[1]) / (2 * step)], 1e-6)


def second_results(x: tp.Tensor) -> tuple[tp.Tensor, ...]:
    matrix = tp.reshape(x, (2, 2))
    u, s, vh = tp.linalg.svd(matrix, full_matrices=False)
    q, r = tp.linalg.qr(matrix)
    sign, logabsdet = tp.linalg.slogdet(matrix)
    return u, s, vh, q, r, sign * logabsdet


@pytest.mark.parametrize("place", range(6))
def test_operations_with_several_results_twice(place: int) -> None:
    """What a rule has saved of its own results has their tangents."""
    x = vector([2.0, 0.3, 0.1, 1.0])
    v = vector([0.2, 0.7, -0.3, 0.4])

    def function(x: tp.Tensor) -> tp.Tensor:
        found = second_results(x)[place]
        return (found * found * found).sum()

    _, (product,) = hvp(function, (x,), (v,))
    step = 1e-5
    ends = [array(grad(function)(x + v * h)) for h in (step, -step)]
    assert_close([array(product)], [(ends[0] - ends[1]) / (2 * step)], 1e-6)


# Against JAX.

REAL: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("polynomial", lambda xp, x: x * x * x - x),
    ("mixed", lambda xp, x: xp.exp(x) * xp.sin(x) + xp.tanh(x[::-1])),
    ("products", lambda xp, x: xp.matmul(x, x.reshape(3, 1)) * x),
    ("scalar", lambda xp, x: xp.sum(xp.sqrt(x * x + 1) * xp.roll(x, 1))),
]

COMPLEX: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("holomorphic", lambda xp, z: xp.exp(z) * z * z),
    ("conjugate", lambda xp, z: xp.conj(z) * xp.sin(z)),
    ("size", lambda xp, z: xp.abs(z) * z),
    ("parts", lambda xp, z: xp.real(z) * xp.imag(z)),
]


@functools.cache
def derivatives_by_jax(number: int) -> list[numpy.ndarray]:
    """Derivatives of one of the real functions, the complex ones counted after them."""
    import jax

    function = functools.partial([*REAL, *COMPLEX][number][1], jax.numpy)

    def real(x: Any) -> Any:
        def total(x: Any) -> Any:
            return function(x).sum()

        jacobians = [jax.jacrev(function)(x), jax.jacfwd(jax.jacrev(function))(x)]
        return [*jacobians, *jax.jvp(function, (x,), (V,)), jax.grad(total)(x), jax.hessian(total)(x)]

    def complex(z: Any) -> Any:
        def size(z: Any) -> Any:
            return abs(function(z)).sum()

        result, pull = jax.vjp(function, z)
        seed = DZ.conj() if result.dtype.kind == "c" else DZ.real
        pulled = pull(jax.numpy.asarray(seed))[0].conj()
        gradient, product = jax.jvp(jax.grad(size), (z,), (DZ,))
        return [*jax.jvp(function, (z,), (DZ,)), pulled, gradient.conj(), product.conj()]

    return by_jax(real, X) if number < len(REAL) else by_jax(complex, Z)


@pytest.mark.parametrize("number", range(len(REAL)), ids=[name for name, _ in REAL])
def test_real_functions_as_in_jax(backend: str, number: int) -> None:
    pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    function = functools.partial(REAL[number][1], tp)
    x, v = vector(), vector(V)

    def total(x: tp.Tensor) -> tp.Tensor:
        return tp.sum(function(x))

    jacobian, second, value, tangent, gradient, total_hessian = derivatives_by_jax(number)
    wanted = [jacobian, jacobian, second, second, value, tangent, gradient, total_hessian, total_hessian @ V]
    found = [
        *(jacrev(function)(x), jacfwd(function)(x), jacfwd(jacrev(function))(x), jacrev(jacfwd(function))(x)),
        *jvp(function, (x,), (v,)),
        *(grad(total)(x), hessian(total)(x), hvp(total, (x,), (v,))[1][0]),
    ]
    assert_close([array(one) for one in found], wanted, 1e-12)


@pytest.mark.parametrize("number", range(len(COMPLEX)), ids=[name for name, _ in COMPLEX])
def test_complex_functions_as_in_jax(backend: str, number: int) -> None:
    """Tangents are the same, gradients conjugated on their way in and out."""
    pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    function = functools.partial(COMPLEX[number][1], tp)
    z, dz = vector(Z), vector(DZ)

    def size(z: tp.Tensor) -> tp.Tensor:
        return tp.sum(tp.abs(function(z)))

    result, pull = vjp(function, z)
    pulled = pull(dz if result.dtype.kind == "c" else dz.real)[0]
    found = [*jvp(function, (z,), (dz,)), pulled, grad(size)(z), hvp(size, (z,), (dz,))[1][0]]
    assert_close([array(one) for one in found], derivatives_by_jax(len(REAL) + number), 1e-12)


def test_jacobians_of_complex_numbers_are_refused_where_one_number_is_not_enough(backend: str) -> None:
    with pytest.raises(TypeError, match=r"jacrev: the function's result has a leaf of .*complex128.*imaginary"):
        jacrev(lambda z: z * z)(vector(Z))
    with pytest.raises(TypeError, match=r"jacfwd: an argument has a leaf of .*complex128"):
        jacfwd(lambda z: tp.abs(z))(vector(Z))
    turned = jacfwd(lambda x: x * (1 + 2j))(vector())
    assert_close([array(turned)], [numpy.eye(3) * (1 + 2j)], 0)
    assert_close([array(jacrev(tp.abs)(vector(Z)))], [numpy.diag(Z / abs(Z))], 1e-15)


# Trees, argnums, aux.


class Line(typing.NamedTuple):
    slope: Any
    offset: Any


def test_trees(backend: str) -> None:
    tree = {"line": Line(vector(), vector(V)), "rest": [vector(1.5), (vector(2.0), None)]}

    def function(tree: Any) -> Any:
        line, (c, (d, nothing)) = tree["line"], tree["rest"]
        assert nothing is None
        return {"a": line.slope * line.offset * c, "b": (d * d,)}

    gradient = grad(lambda tree: function(tree)["a"].sum() + function(tree)["b"][0])(tree)
    assert list(gradient) == ["line", "rest"]
    assert type(gradient["line"]) is Line
    assert_close([array(gradient["line"].slope), array(gradient["line"].offset)], [V * 1.5, X * 1.5], 1e-15)
    assert type(gradient["rest"]) is list
    assert float(gradient["rest"][1][0]) == 4.0
    assert gradient["rest"][1][1] is None

    result, tangent = jvp(function, (tree,), (tree,))
    assert_close([array(result["a"]), array(tangent["a"])], [X * V * 1.5, X * V * 4.5], 1e-15)
    assert tangent["b"][0].item() == 8.0
    _, pull = vjp(function, tree)
    (pulled,) = pull({"a": vector(V), "b": (vector(1.0),)})
    assert_close([array(pulled["line"].slope)], [V * V * 1.5], 1e-15)

    jacobian = jacrev(function)(tree)
    assert jacobian["a"]["line"].slope.shape == (3, 3)
    assert jacobian["a"]["rest"][1][0].tolist() == [0.0, 0.0, 0.0]
    forward = jacfwd(function)(tree)
    assert_close([array(jacobian["a"]["line"].offset)], [array(forward["a"]["line"].offset)], 1e-15)
    assert forward["b"][0]["rest"][1][0].item() == 4.0


def test_entries_of_dicts_belong_together_by_their_keys(backend: str) -> None:
    def function(tree: Any) -> Any:
        return {"p": tree["a"] * 10.0, "q": tree["b"]}

    tree = {"a": vector(1.0), "b": vector(2.0)}
    _, tangent = jvp(function, (tree,), ({"b": vector(3.0), "a": vector(0.0)},))
    assert (tangent["p"].item(), tangent["q"].item()) == (0.0, 3.0)
    (pulled,) = vjp(function, tree)[1]({"q": vector(5.0), "p": vector(7.0)})
    assert (pulled["a"].item(), pulled["b"].item()) == (70.0, 5.0)


def test_dicts_of_other_classes(backend: str) -> None:
    tree = collections.defaultdict(list, a=vector())
    gradient = grad(lambda tree: (tree["a"] * tree["a"]).sum())(tree)
    assert type(gradient) is collections.defaultdict
    assert gradient["missing"] == []
    ordered = grad(lambda tree: tree["a"].sum())(collections.OrderedDict(a=vector()))
    assert type(ordered) is collections.OrderedDict


def test_argnums(backend: str) -> None:
    def function(x: tp.Tensor, n: int, y: tp.Tensor, *, scale: float = 1.0) -> tp.Tensor:
        return (x * y * n).sum() * scale

    x, y = vector(), vector(V)
    assert_close([array(grad(function)(x, 3, y))], [V * 3], 1e-15)
    assert_close([array(grad(function, -1)(x, 3, y, scale=2.0))], [X * 6], 1e-15)
    found = grad(function, (2, 0))(x, 3, y)
    assert_close([array(one) for one in found], [X * 3, V * 3], 1e-15)
    assert type(grad(function, (0,))(x, 3, y)) is tuple
    second = hessian(function, (0, 2))(x, 3, y)
    assert_close([array(second[0][1]), array(second[0][0])], [numpy.eye(3) * 3, numpy.zeros((3, 3))], 1e-15)
    for transform in (grad, value_and_grad, jacrev, jacfwd):
        with pytest.raises(ValueError, match="argnums 3 names no argument; 3 were given"):
            transform(function, 3)(x, 3, y)
        with pytest.raises(ValueError, match=r"argnums \(0, -3\) names an argument twice"):
            transform(function, (0, -3))(x, 3, y)
        with pytest.raises(TypeError, match=r"argnums is an int or a tuple of them, got \[0\]"):
            transform(function, [0])(x, 3, y)
        with pytest.raises(TypeError, match="leaf of type int, wanted tensors"):
            transform(function, 1)(x, 3, y)


def test_aux(backend: str) -> None:
    def function(x: tp.Tensor) -> Any:
        return (x * x).sum(), {"x": x * 2, "name": "square"}

    x = vector()
    (value, aux), gradient = value_and_grad(function, has_aux=True)(x)
    assert (float(value), aux["name"]) == (float((X * X).sum()), "square")
    assert_close([array(aux["x"]), array(gradient)], [X * 2, X * 2], 0)
    for found in (
        grad(function, has_aux=True)(x),
        jacrev(function, has_aux=True)(x),
        jacfwd(function, has_aux=True)(x),
    ):
        assert_close([array(found[0])], [X * 2], 0)
        assert found[1]["name"] == "square"
        assert not found[1]["x"].requires_grad
    assert vjp(function, x, has_aux=True)[2]["name"] == "square"
    assert jvp(function, (x,), (x,), has_aux=True)[2]["name"] == "square"
    with pytest.raises(TypeError, match="has_aux=True the function returns a pair"):
        grad(lambda x: x.sum(), has_aux=True)(x)


# Nesting.

ONE = numpy.asarray(1.0)

DIFFERENTIATE: dict[str, Callable[[Callable[[tp.Tensor], tp.Tensor]], Callable[[tp.Tensor], tp.Tensor]]] = {
    "grad": grad,
    "jvp": lambda function: lambda x: jvp(function, (x,), (tp.ones_like(x),))[1],
    "vjp": lambda function: lambda x: vjp(function, x)[1](tp.ones_like(x))[0],
    "jacfwd": jacfwd,
    "jacrev": jacrev,
}
"""Ways to differentiate a function of a number once."""


@pytest.mark.parametrize("names", [*itertools.product(("grad", "jvp", "vjp"), repeat=3)], ids="-".join)
def test_three_deep(backend: str, names: tuple[str, ...]) -> None:
    """The third derivative of x⁵ exp(2x) at 0.5, by any order of modes."""
    function: Callable[[tp.Tensor], tp.Tensor] = lambda x: x**5 * tp.exp(x * 2)  # noqa: E731
    for name in reversed(names):
        function = DIFFERENTIATE[name](function)
    x = 0.5
    third = numpy.exp(2 * x) * (60 * x**2 + 3 * 20 * x**3 * 2 + 3 * 5 * x**4 * 4 + x**5 * 8)
    found = function(vector(x))
    assert float(found) == pytest.approx(third, rel=1e-13)
    assert not found.requires_grad


@pytest.mark.parametrize("outer", DIFFERENTIATE)
@pytest.mark.parametrize("middle", DIFFERENTIATE)
def test_perturbations_are_not_confused(backend: str, outer: str, middle: str) -> None:
    """d/dx of x d/dy (x + y), d/dx of x d/dy (x y²) and d/dx of d/dy (y x) z."""
    first, second = DIFFERENTIATE[outer], DIFFERENTIATE[middle]
    assert float(first(lambda x: x * second(lambda y: x + y)(vector(1.0)))(vector(3.0))) == 1.0
    assert float(first(lambda x: x * second(lambda y: x * y * y)(vector(5.0)))(vector(3.0))) == 60.0
    assert float(first(lambda x: x * second(lambda y: x * y * y)(x))(vector(3.0))) == 54.0
    assert float(first(lambda x: second(lambda y: y * y)(x) + second(lambda y: x * x)(x))(vector(3.0))) == 2.0
    deep = first(lambda x: second(lambda y: first(lambda z: x * y * y * z * z)(y))(x))
    # Of z it is 2 x y³, of that by y 6 x y² = 6 x³, of that by x 18 x².
    assert float(deep(vector(2.0))) == 72.0


@pytest.mark.parametrize("name", DIFFERENTIATE)
def test_closures_over_tensors_of_a_graph(backend: str, name: str) -> None:
    """The derivative is itself part of the graph that they belong to."""
    w = tp.tensor(3.0, dtype="float64", requires_grad=True)
    found = DIFFERENTIATE[name](lambda x: w * w * x * x)(vector(2.0))
    assert found.requires_grad
    found.backward()
    assert (found.item(), w.grad.item()) == (36.0, 24.0)
    with tp.no_grad():
        assert not DIFFERENTIATE[name](lambda x: w * w * x * x)(vector(2.0)).requires_grad


@pytest.mark.parametrize("name", DIFFERENTIATE)
def test_arguments_of_a_graph(backend: str, name: str) -> None:
    x = tp.tensor(2.0, dtype="float64", requires_grad=True)
    y = x * x
    DIFFERENTIATE[name](lambda y: y**3)(y).backward()
    assert x.grad.item() == 6 * 4 * 2 * 2.0
    with tp.no_grad():
        assert not DIFFERENTIATE[name](lambda y: y**3)(y).requires_grad


@pytest.mark.parametrize("name", DIFFERENTIATE)
def test_modes(backend: str, name: str) -> None:
    x = vector(2.0)
    with tp.no_grad():
        assert DIFFERENTIATE[name](lambda x: x**3)(x).item() == 12.0

    def stopped(x: tp.Tensor) -> tp.Tensor:
        with tp.no_grad():
            constant = x * x
        return constant * x

    assert DIFFERENTIATE[name](stopped)(x).item() == 4.0
    assert tp.is_grad_enabled()
    with tp.inference_mode(), pytest.raises(RuntimeError, match=r"(grad|jvp|vjp): nothing is differentiated in inf"):
        DIFFERENTIATE[name](lambda x: x**3)(x)


def test_a_pull_may_be_called_again_and_differentiated(backend: str) -> None:
    y, pull = vjp(lambda x: x * x * x, vector())
    assert_close([array(y), array(pull(vector(V))[0]), array(pull(vector())[0])], [X**3, 3 * X**2 * V, 3 * X**3], 1e-15)
    counted = Counted(lambda c: pull(c)[0])
    _, tangent = jvp(counted, (vector(V),), (vector(),))
    assert (counted.calls, tangent.requires_grad) == (1, False)
    seed = tp.tensor(V, requires_grad=True)
    assert pull(seed)[0].requires_grad
    with tp.no_grad():
        assert not pull(seed)[0].requires_grad
    assert_close([array(tangent)], [3 * X**3], 1e-15)
    second = grad(lambda c: (pull(c)[0] * c).sum())(vector(V))
    assert_close([array(second)], [6 * X**2 * V], 1e-15)


# What happens inside of the function.


def test_writes_and_views_inside(backend: str) -> None:
    def function(x: tp.Tensor) -> tp.Tensor:
        y = x * x
        y[0] = y[1].clone() * x[2]
        view = y[1:]
        view.mul_(x[0])
        y.view(-1)[2:].exp_()
        return y

    def pure(x: tp.Tensor) -> tp.Tensor:
        return tp.stack([x[1] * x[1] * x[2], x[1] * x[1] * x[0], tp.exp(x[2] * x[2] * x[0])])

    twice = [lambda f: jacfwd(jacrev(f)), lambda f: jacrev(jacfwd(f))] if backend == "numpy" else []
    for transform in (jacrev, jacfwd, *twice):
        assert_close([array(transform(function)(vector()))], [array(transform(pure)(vector()))], 1e-13)


def test_a_view_that_is_returned_after_its_base_was_written(backend: str) -> None:
    def function(x: tp.Tensor) -> tp.Tensor:
        y = x * 1.0
        view = y[:2]
        y.mul_(y)
        return view

    wanted = [[1.0, 0.0, 0.0], [0.0, -2.5, 0.0]]
    assert jacfwd(function)(vector()).tolist() == wanted
    assert jacrev(function)(vector()).tolist() == wanted


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", DIFFERENTIATE)
def test_arguments_are_not_written(backend: str, name: str, requires_grad: bool) -> None:
    x = tp.tensor(2.0, dtype="float64", requires_grad=requires_grad) * 1.0

    def function(x: tp.Tensor) -> tp.Tensor:
        with tp.no_grad():
            x.mul_(3.0)
        return x * x

    with pytest.raises(RuntimeError, match="the function wrote to its argument"):
        DIFFERENTIATE[name](function)(x)


STATISTICS: dict[str, Callable[[tp.Tensor, tp.Tensor], Any]] = {
    "operators": lambda running, x: running.mul_(0.5).add_(x * 0.5),
    "copy_": lambda running, x: running.copy_(x),
    "fill_": lambda running, x: running.fill_(x[0]),
    "an item": lambda running, x: running.__setitem__(0, x[0]),
    "picked items": lambda running, x: running.__setitem__([0, 1], x[:2]),
    "a view": lambda running, x: running[:1].add_(x[:1]),
    "a view of the detached": lambda running, x: running.detach()[:2].mul_(x[:2]),
    "masked_fill_": lambda running, x: running.masked_fill_(running > 0, x[0]),
}

TRANSFORMS: dict[str, Callable[[Callable[..., Any], tp.Tensor], Any]] = {
    "grad": lambda function, x: grad(function)(x),
    "vjp": lambda function, x: vjp(function, x)[1](tp.ones((), dtype=x.dtype)),
    "jvp": lambda function, x: jvp(function, (x,), (x,)),
    "jacrev": lambda function, x: jacrev(function)(x),
    "jacfwd": lambda function, x: jacfwd(function)(x),
    "hessian": lambda function, x: hessian(function)(x),
    "hvp": lambda function, x: hvp(function, (x,), (x,)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("write", STATISTICS)
def test_writes_to_tensors_from_outside_leave_no_history(backend: str, write: str, name: str) -> None:
    x, running = vector(), vector([1.0, 1.0, 1.0])
    view = running[1:]

    def function(x: tp.Tensor) -> tp.Tensor:
        STATISTICS[write](running, x)
        return (x * x).sum() + view.sum() * 0.0

    TRANSFORMS[name](function, x)
    running.add_(0.0)
    assert not any(one.requires_grad for one in (running, view, x))
    assert running.tolist() != [1.0, 1.0, 1.0]


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_error_after_a_write_leaves_no_history(backend: str, name: str) -> None:
    running = vector([1.0, 1.0, 1.0])

    def function(x: tp.Tensor) -> tp.Tensor:
        running.add_(x)
        raise KeyError

    with pytest.raises(KeyError):
        TRANSFORMS[name](function, vector())
    assert not running.requires_grad
    assert not running[:1].requires_grad


def test_a_result_that_is_written_keeps_its_derivative(backend: str) -> None:
    running, x = vector([1.0, 1.0, 1.0]), vector()
    returned, pull = vjp(lambda x: running.mul_(x), x)
    assert not returned.requires_grad
    running.mul_(2.0)
    assert pull(vector([1.0, 1.0, 1.0]))[0].tolist() == [1.0, 1.0, 1.0]
    assert jvp(lambda x: running.mul_(0.0).add_(x * x), (x,), (x,))[1].tolist() == (2.0 * x * x).tolist()
    assert not running.requires_grad


def test_writes_keep_what_leads_outside(backend: str) -> None:
    """The derivative of what is written by something older than the transform is not lost."""
    x = vector()

    def outer(u: tp.Tensor) -> tp.Tensor:
        total = u * u
        grad(lambda v: (total.add_(v), (v * v).sum())[1])(u)
        return total.sum()

    wanted = (2.0 * x + 1.0).tolist()
    assert grad(outer)(x).tolist() == jacrev(outer)(x).tolist() == jacfwd(outer)(x).tolist() == wanted
    leaf = vector().requires_grad_()
    running = leaf * 2.0
    grad(lambda v: (running.mul_(v), (v * v).sum())[1])(x)
    running.sum().backward()
    assert leaf.grad.tolist() == (2.0 * x).tolist()


def test_a_gradient_that_is_accumulated_inside_has_no_history(backend: str) -> None:
    leaf = vector([1.0, 1.0, 1.0]).requires_grad_()

    def function(x: tp.Tensor) -> tp.Tensor:
        (leaf * x).sum().backward(create_graph=True)
        return (x * x).sum()

    for _ in range(2):
        grad(function)(vector())
    assert leaf.grad.tolist() == (vector() * 2.0).tolist()
    assert not leaf.grad.requires_grad


def test_results_share_no_memory_with_arguments(backend: str) -> None:
    x, v = vector(), vector(V)
    _, tangent = jvp(lambda x: x, (x,), (v,))
    tangent.zero_()
    assert v.tolist() == V.tolist()
    w = vector(V)
    (pulled,) = vjp(lambda x: x, x)[1](w)
    pulled.zero_()
    assert w.tolist() == V.tolist()


def test_results_that_do_not_depend_on_the_argument(backend: str) -> None:
    constant = vector(V)
    assert grad(lambda x: constant.sum())(vector()).tolist() == [0.0] * 3
    assert jvp(lambda x: constant, (vector(),), (vector(),))[1].tolist() == [0.0] * 3
    assert jacrev(lambda x: constant)(vector()).tolist() == [[0.0] * 3] * 3
    assert jacfwd(lambda x: constant)(vector()).tolist() == [[0.0] * 3] * 3
    assert hessian(lambda x: x.sum())(vector()).tolist() == [[0.0] * 3] * 3
    assert vjp(lambda x: constant, vector())[1](constant)[0].tolist() == [0.0] * 3
    assert jvp(lambda x: (x * 2, tp.argmax(x)), (vector(),), (vector(),))[1][1].tolist() == 0


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_dtypes(backend: str, dtype: str) -> None:
    x = tp.ones(2, dtype=dtype)
    assert grad(lambda x: tp.abs(x * x).sum())(x).dtype is x.dtype
    assert jvp(lambda x: tp.exp(x), (x,), (x,))[1].dtype is x.dtype
    if x.dtype.kind == "f":
        assert jacfwd(lambda x: x * x)(x).dtype is x.dtype
        assert hessian(lambda x: (x * x).sum())(x).dtype is x.dtype


def test_no_elements(backend: str) -> None:
    x = tp.zeros((0, 2), dtype="float64")
    assert grad(lambda x: (x * x).sum())(x).shape == (0, 2)
    assert jacrev(lambda x: x.sum(0))(x).shape == (2, 0, 2)
    assert jacfwd(lambda x: x.sum(0))(x).shape == (2, 0, 2)
    assert jacrev(lambda y: y[:0])(vector()).shape == (0, 3)
    assert jacfwd(lambda y: y[:0])(vector()).shape == (0, 3)
    assert jvp(lambda x: x * 2, (x,), (x,))[1].shape == (0, 2)


# Errors.


def test_bad_arguments(backend: str) -> None:
    x = vector()
    integers = tp.arange(3)
    for transform in (grad, jacrev, jacfwd):
        with pytest.raises(TypeError, match=r"leaf of .*int64, wanted floating-point tensors; choose by argnums"):
            transform(lambda x: (x * 1.0).sum())(integers)
    with pytest.raises(TypeError, match=r"jvp: an argument has a leaf of .*int64"):
        jvp(lambda x: x, (integers,), (integers,))
    with pytest.raises(TypeError, match="vjp: an argument has a leaf of type ndarray"):
        vjp(lambda x: x, X)
    with pytest.raises(
        ValueError, match=r"real tensor of one element, got .*float64 of shape \(3,\); use vjp or jacrev"
    ):
        grad(lambda x: x * 2)(x)
    with pytest.raises(ValueError, match=r"real tensor of one element, got .*complex"):
        grad(lambda x: x.sum() * 1j)(x)
    with pytest.raises(TypeError, match="returns a tensor of one element, got float"):
        grad(lambda x: 1.0)(x)
    with pytest.raises(ValueError, match="jvp: primals is a tuple"):
        jvp(lambda x: x, x, x)
    with pytest.raises(ValueError, match="jvp: primals is a tuple"):
        jvp(lambda x: x, (x,), (x, x))
    with pytest.raises(ValueError, match=r"jvp: got a tangent of shape \(\), .*; wanted shape \(3,\)"):
        jvp(lambda x: x, (x,), (vector(ONE),))
    with pytest.raises(ValueError, match=r"jvp: got a tangent of .*float32"):
        jvp(lambda x: x, (x,), (x.float(),))
    with pytest.raises(TypeError, match="jvp: a tangent is a tensor, got float"):
        jvp(lambda x: x, (x,), (1.0,))
    _, pull = vjp(lambda x: (x, x), x)
    with pytest.raises(ValueError, match="vjp: the cotangents have another structure"):
        pull(x)
    with pytest.raises(ValueError, match="vjp: got a cotangent of shape"):
        pull((x, vector(ONE)))
    with pytest.raises(TypeError, match="vjp: the function's result has a leaf of type float"):
        vjp(lambda x: 1.0, x)


def test_an_error_in_the_function_leaves_everything_as_it_was(backend: str) -> None:
    x = tp.tensor(X, requires_grad=True)

    def function(x: tp.Tensor) -> tp.Tensor:
        assert (x * 2).requires_grad
        raise KeyError("mine")

    for call in (grad(function), jacfwd(function), lambda x: jvp(function, (x,), (x,))):
        with pytest.raises(KeyError, match="mine"):
            call(x)
    assert tp.is_grad_enabled()
    assert x.grad is None
    assert not (x.detach() * 2).requires_grad
    assert jvp(lambda x: x * x, (vector(),), (vector(),))[1].tolist() == (2 * X * X).tolist()


def test_a_backward_pass_inside_of_jvp_is_refused(backend: str) -> None:
    def function(x: tp.Tensor) -> tp.Tensor:
        y = (x * x).sum()
        y.backward()
        return y

    with pytest.raises(RuntimeError, match=r"sum: a backward pass inside .*jvp .*use tensorplug.func.grad or vjp"):
        jvp(function, (vector(),), (vector(),))


def test_an_optimisation_inside_of_jvp(backend: str) -> None:
    """What depends on none of the variables has a graph of its own, as anywhere."""

    def function(x: tp.Tensor) -> tp.Tensor:
        w = tp.tensor(1.0, dtype="float64", requires_grad=True)
        (w * w * 3.0).backward()
        return x * w.grad

    with contextlib.suppress(RuntimeError):
        assert jvp(function, (vector(),), (vector(V),))[1].tolist() == (V * 6).tolist()


# Costs.


def test_jacobians_cost_one_pass(backend: str) -> None:
    forward = Counted(lambda x: tp.stack([x.sum(), (x * x).sum()]))
    jacfwd(forward)(vector())
    assert forward.calls == 1
    reverse = Counted(lambda x: tp.stack([x.sum(), (x * x).sum()]))
    pulls = []

    class Watched(tp.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: tp.Tensor) -> tp.Tensor:
            return x * 1.0

        @staticmethod
        def backward(ctx: Any, g: tp.Tensor) -> tp.Tensor:
            pulls.append(1)
            return g

    jacrev(lambda x: reverse(Watched.apply(x)))(vector())
    assert (reverse.calls, len(pulls)) == (1, 1)


def test_jvp_calls_the_function_once(backend: str) -> None:
    function = Counted(lambda x: x * x)
    jvp(function, (vector(),), (vector(),))
    assert function.calls == 1


def test_jvp_keeps_nothing(backend: str, no_collector: None) -> None:
    """All that one step made is gone after the next one, without the collector."""
    steps: list[weakref.ref[Any]] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        for _ in range(20):
            x = tp.exp(tp.sin(x * x) + x)
            steps.append(weakref.ref(x._node))
            assert sum(one() is not None for one in steps) <= 2
        return x

    kept = jvp(function, (vector(),), (vector(),))
    assert sum(one() is not None for one in steps) == 0
    assert kept[1].shape == (3,)


def test_memory_of_jvp() -> None:
    """At most four times that of the function, however deep it is."""

    def function(x: tp.Tensor) -> tp.Tensor:
        for _ in range(30):
            x = tp.tanh(x * x + x)
        return x

    def peak(call: Callable[[], Any]) -> int:
        tracemalloc.start()
        call()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    with tp.backend("numpy"):
        x = tp.full((100_000,), 0.5, dtype="float64")
        alone = peak(lambda: function(x))
        assert peak(lambda: jvp(function, (x,), (x,))) <= 4 * alone


def test_grad_frees_its_graph(backend: str, no_collector: None) -> None:
    nodes: list[weakref.ref[Any]] = []

    def function(x: tp.Tensor) -> tp.Tensor:
        y = tp.exp(x)
        nodes.append(weakref.ref(y._node))
        return (y * y).sum()

    kept = [grad(function)(vector()), hessian(function)(vector()), hvp(function, (vector(),), (vector(),))]
    assert all(one() is None for one in nodes)
    assert len(kept) == 3
