"""Programs of vmap, gradients and Jacobians that PyTorch runs as well: see `references/vmap.py`.

Each is a function of a library, PyTorch or Tensorplug, and of what makes a tensor of data in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

_rng = numpy.random.default_rng(0)


def _normal(*shape: int) -> numpy.ndarray:
    return numpy.round(_rng.standard_normal(shape), 3)


X = _normal(8, 6)
LABELS = _rng.integers(0, 3, 8)
PLACES = _rng.integers(0, 6, (8, 4))
W1, B1, W2, B2 = _normal(6, 5), _normal(5), _normal(5, 3), _normal(3)
SQUARE = _normal(6, 6)
SEQUENCES = _normal(4, 5, 6)
ENSEMBLE, BIASES = _normal(3, 6, 5), _normal(3, 5)
_half = _normal(4, 3, 3)
DEFINITE = _half @ _half.transpose(0, 2, 1) + 3 * numpy.eye(3)

Make = Callable[[Any], Any]
Program = Callable[[Any, Make], Any]

PROGRAMS: dict[str, Program] = {}
"""Programs by their names."""


def program(function: Program) -> Program:
    PROGRAMS[function.__name__.strip("_")] = function
    return function


def short(name: str, function: Program) -> None:
    PROGRAMS[name] = function


def _parameters(t: Make) -> dict[str, Any]:
    return {"w1": t(W1), "b1": t(B1), "w2": t(W2), "b2": t(B2)}


def _loss(m: Any, p: dict[str, Any], x: Any, y: Any) -> Any:
    hidden = m.tanh(x @ p["w1"] + p["b1"])
    return m.nn.functional.cross_entropy(hidden @ p["w2"] + p["b2"], y)


def _attention(m: Any, w: Any, x: Any) -> Any:
    q = x @ w
    z = m.softmax(q @ x.mT, -1) @ x
    centred = z - z.mean(-1, True)
    return ((centred / ((centred**2).mean(-1, True) + 1e-5).sqrt()) ** 3).sum()


def _vector(m: Any, t: Make) -> Callable[[Any], Any]:
    return lambda v: m.tanh(v @ t(W1)) * v[:5]


def _scalar(t: Make) -> Callable[[Any], Any]:
    return lambda v: ((v @ t(W1)) ** 2).sin().sum()


def _written(m: Any, x: Any) -> Any:
    y = x.clone()
    y[2:] *= 3
    y[0] = x.sum()
    v = y.reshape(2, 3)
    v[1, 0] += 10
    y.add_(x)
    return y


def _loss_of(m: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    return lambda p: _loss(m, p, x, y)


short(
    "per-example gradients of an MLP",
    lambda m, t: m.func.vmap(m.func.grad(lambda p, x, y: _loss(m, p, x, y)), (None, 0, 0))(
        _parameters(t), t(X), t(LABELS)
    ),
)
short(
    "per-example gradients by parameters of a closure",
    lambda m, t: m.func.vmap(lambda x, y: m.func.grad(_loss_of(m, x, y))(_parameters(t)))(t(X), t(LABELS)),
)
short(
    "per-example gradients of attention",
    lambda m, t: m.func.vmap(m.func.grad(lambda w, x: _attention(m, w, x)), (None, 0))(t(SQUARE), t(SEQUENCES)),
)
short(
    "values and gradients",
    lambda m, t: (
        m.func.vmap(m.func.grad_and_value(_scalar(t)))(t(X))
        if hasattr(m.func, "grad_and_value")
        else m.func.vmap(m.func.value_and_grad(_scalar(t)))(t(X))[::-1]
    ),
)
short(
    "a Jacobian by a batch of pulls",
    lambda m, t: m.func.vmap(m.func.vjp(_vector(m, t), t(X)[0])[1])(t(numpy.eye(5)))[0],
)
short(
    "a Jacobian by a batch of pushes",
    lambda m, t: m.func.vmap(lambda v: m.func.jvp(_vector(m, t), (t(X)[0],), (v,))[1])(t(numpy.eye(6))),
)
short("jacrev", lambda m, t: m.func.jacrev(_vector(m, t))(t(X)[0]))
short("jacrev in chunks", lambda m, t: m.func.jacrev(_vector(m, t), chunk_size=2)(t(X)[0]))
short("jacfwd", lambda m, t: m.func.jacfwd(_vector(m, t))(t(X)[0]))
short("jacrev of a tree", lambda m, t: m.func.jacrev(lambda p: {"y": p["a"] @ p["b"]})({"a": t(X), "b": t(W1)}))
short("hessian", lambda m, t: m.func.hessian(_scalar(t))(t(X)[0]))
short("jacrev of jacrev", lambda m, t: m.func.jacrev(m.func.jacrev(_scalar(t)))(t(X)[0]))
short("a batch of jacrev", lambda m, t: m.func.vmap(m.func.jacrev(_vector(m, t)))(t(X)))
short("a batch of jacfwd", lambda m, t: m.func.vmap(m.func.jacfwd(_vector(m, t)))(t(X)))
short("a batch of hessian", lambda m, t: m.func.vmap(m.func.hessian(_scalar(t)))(t(X)))
short("jacrev of a batch", lambda m, t: m.func.jacrev(m.func.vmap(_vector(m, t)))(t(X)[:2]))
short(
    "products with a Hessian",
    lambda m, t: m.func.vmap(lambda v: m.func.jvp(m.func.grad(_scalar(t)), (t(X)[0],), (v,))[1])(t(numpy.eye(6))),
)
short(
    "an ensemble on one batch",
    lambda m, t: m.func.vmap(lambda w, b, x: m.relu(x @ w + b), (0, 0, None))(t(ENSEMBLE), t(BIASES), t(X)),
)
short("out_dims", lambda m, t: m.func.vmap(lambda w, x: x @ w, (0, None), 1)(t(ENSEMBLE), t(X)))
short(
    "in_dims of a tree", lambda m, t: m.func.vmap(lambda p, x: p["w"] @ x, ({"w": None}, 1))({"w": t(W1).mT}, t(X).mT)
)
short("chunks", lambda m, t: m.func.vmap(_vector(m, t), chunk_size=3)(t(X)))
short("nested", lambda m, t: m.func.vmap(lambda a: m.func.vmap(lambda b: a * b.sum())(t(X)))(t(X)))
short(
    "gradients in nested batches",
    lambda m, t: m.func.vmap(lambda w: m.func.vmap(m.func.grad(lambda x: ((x @ w) ** 2).sum()))(t(X)))(t(ENSEMBLE)),
)


@program
def gradient_of_nested_batches(m: Any, t: Make) -> Any:
    def function(w: Any) -> Any:
        return m.func.vmap(lambda a: m.func.vmap(lambda b: (a @ w * (b @ w)).sum().tanh())(t(X)))(t(X)).mean()

    return m.func.grad(function)(t(W1))


short("where", lambda m, t: m.func.vmap(lambda x: m.where(x > 0, x.exp(), x * 2))(t(X)))
short(
    "a masked softmax",
    lambda m, t: m.func.vmap(lambda x, mask: m.softmax(x.masked_fill(mask, -1e9), 0))(t(X), t(X > 0.5)),
)
short("gather", lambda m, t: m.func.vmap(lambda x, i: m.gather(x, 0, i))(t(X), t(PLACES)))
short("rows of a table", lambda m, t: m.func.vmap(lambda i: t(W1)[i])(t(PLACES)))
short("columns of a table", lambda m, t: m.func.vmap(lambda i: t(SQUARE)[:, i])(t(PLACES)))
short(
    "the gradient of an embedding",
    lambda m, t: m.func.grad(lambda w: m.func.vmap(lambda i: w[i].sum().exp())(t(PLACES)).sum())(t(W1)),
)
short(
    "scatter_add",
    lambda m, t: m.func.vmap(lambda x, i: (x * 0.0).scatter_add(0, i, x[:4]))(t(X), t(PLACES)),
)
short("topk", lambda m, t: tuple(m.func.vmap(lambda x: tuple(m.topk(x, 3)))(t(X))))
short("views and writes", lambda m, t: m.func.vmap(lambda x: _written(m, x))(t(X)))
short(
    "gradients of views and writes",
    lambda m, t: m.func.vmap(m.func.grad(lambda x: (_written(m, x) ** 2).sum()))(t(X)),
)
short(
    "linear algebra",
    lambda m, t: m.func.vmap(
        lambda a, v: (m.linalg.solve(a, v), m.linalg.inv(a), m.linalg.cholesky(a), m.linalg.slogdet(a)[1])
    )(t(DEFINITE), t(X)[:4, :3]),
)
short(
    "the gradient of eigenvalues",
    lambda m, t: m.func.vmap(m.func.grad(lambda a: (m.linalg.eigvalsh((a + a.mT) / 2) ** 3).sum()))(t(DEFINITE)),
)
short("sums along an axis", lambda m, t: m.func.vmap(lambda x: m.flip(m.cumsum(x.sort()[0], 0), (0,)).var())(t(X)))
short(
    "einsum",
    lambda m, t: m.func.vmap(m.func.grad(lambda x: m.einsum("i,ij,j->", x, t(SQUARE), x)))(t(X)),
)
short("the spectrum", lambda m, t: m.func.vmap(lambda x: m.abs(m.fft.rfft(x)))(t(X)))
short("concatenation", lambda m, t: m.func.vmap(lambda x, b: m.concat([x, b, x[:2]]), (0, None))(t(X), t(B1)))


@program
def backward_through_a_batch(m: Any, t: Make) -> Any:
    w = t(W1).requires_grad_()
    m.func.vmap(lambda x: ((x @ w) ** 2).sum())(t(X)).sum().backward()
    return w.grad


@program
def second_derivative_through_a_batch(m: Any, t: Make) -> Any:
    return m.func.grad(
        lambda w: (m.func.grad(lambda w: m.func.vmap(lambda x: (x @ w).tanh().sum())(t(X)).sum())(w) ** 2).sum()
    )(t(W1))
