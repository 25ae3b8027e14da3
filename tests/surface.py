"""Calls that tutorials of PyTorch make, which run in `tensorplug` on any backend as in `torch`, and what runs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy

Outcome = dict[str, Any]


class Call(NamedTuple):
    """One call, or several that mean the same or belong together.

    Attributes
    ----------
    function
        ``function(torch, *leaves)`` gives a tensor, or several tensors and Python values.
    shapes
        Those of the leaves.
    """

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]


def _two(function: Callable[..., Any]) -> Call:
    return Call(function, ((2, 3), (2, 3)))


def _one(function: Callable[..., Any]) -> Call:
    return Call(function, ((2, 3),))


def _changed(change: Callable[..., Any], *shapes: tuple[int, ...]) -> Call:
    """A change in place of what a leaf became, and what a view of it then reads."""

    def function(m: Any, x: Any, *others: Any) -> Any:
        y = x * 1.0
        row = y[1]
        result = change(m, y, *others)
        assert result is y
        return y, row

    return Call(function, ((2, 3), *shapes))


ROWS, COLUMNS = [1, 0, 1], [[0, 2], [2, 1]]
MASK = [[True, False, True], [False, False, True]]


def _elementwise(name: str) -> Call:
    return _one(lambda m, x: (getattr(m, name)(x.abs()), getattr(x.abs(), name)(), getattr(x.abs(), f"{name}_")()))


def _binary(name: str) -> Call:
    return _two(lambda m, x, y: (getattr(m, name)(x, y), getattr(x, name)(y), getattr(m, name)(x, 0.5)))


def _reduction(name: str) -> Call:
    return _one(
        lambda m, x: (
            getattr(m, name)(x, 1),
            getattr(m, name)(x, dim=0, keepdim=True),
            getattr(x, name)(-1),
            getattr(x, name)(),
        )
    )


CALLS: dict[str, Call] = {
    **{name: _elementwise(name) for name in "exp log neg relu sigmoid sqrt square tanh".split()},
    **{name: _binary(name) for name in "add div mul sub".split()},
    **{name: _binary(name) for name in "eq ge gt le lt ne".split()},
    **{name: _reduction(name) for name in "amax amin argmax argmin mean norm prod sum std var".split()},
    "pow": _two(lambda m, x, y: (m.pow(x, 3), m.pow(x.abs(), y), x.abs().pow(0.5), x**2, x.abs() ** y, 2**x)),
    "logsumexp": _one(lambda m, x: (m.logsumexp(x, 1), m.logsumexp(x, dim=0, keepdim=True), x.logsumexp((0, 1)))),
    "alpha": _two(lambda m, x, y: (m.add(x, y, alpha=2), m.sub(x, y, alpha=0.5), (x * 1.0).add_(y, alpha=-3))),
    "max": _two(lambda m, x, y: (*m.max(x, dim=1), *m.max(x, 0, keepdim=True), *x.max(1), m.max(x, y), x.max())),
    "min": _two(lambda m, x, y: (*m.min(x, dim=1), *x.min(0), m.min(x, y), x.min())),
    "clamp": _one(lambda m, x: (m.clamp(x, min=0.5), x.clamp(-0.5, 0.5), (x * 1.0).clamp_(max=0.5))),
    "softmax": _one(lambda m, x: (m.softmax(x, dim=-1), m.log_softmax(x, 0), x.softmax(0), x.log_softmax(1))),
    "mm": Call(lambda m, x, y: (m.mm(x, y), x.mm(y), m.matmul(x, y), x @ y), ((2, 3), (3, 2))),
    "mv": Call(lambda m, x, y: (m.mv(x, y), x.mv(y), x.matmul(y)), ((2, 3), (3,))),
    "dot": Call(lambda m, x, y: (m.dot(x, y), x.dot(y)), ((3,), (3,))),
    "outer": Call(lambda m, x, y: (m.ger(x, y), m.outer(x, y), x.ger(y), x.outer(y)), ((2,), (3,))),
    "bmm": Call(lambda m, x, y: (m.bmm(x, y), x.bmm(y)), ((2, 2, 3), (2, 3, 2))),
    "addmm": Call(
        lambda m, x, y, z: (m.addmm(z, x, y), m.addmm(z, x, y, beta=0.5, alpha=2), (z * x.sum(1)).addmm(x, y)),
        ((2, 3), (3, 2), (2,)),
    ),
    "t": _one(lambda m, x: (m.t(x), x.t(), m.transpose(x, 0, 1), x.transpose(1, 0), x.permute(1, 0))),
    "swapaxes": _one(
        lambda m, x: (
            m.swapaxes(x, axis0=0, axis1=1),
            x.swapaxes(0, -1),
            m.swapdims(x, dim0=0, dim1=1),
            x.swapdims(0, 1),
            m.adjoint(x),
            x.adjoint(),
        )
    ),
    **{
        f"einsum {equation}": Call(lambda m, *xs, equation=equation: m.einsum(equation, *xs), shapes)
        for equation, shapes in {
            "ij,jk->ik": ((2, 3), (3, 2)),
            "ij,jk": ((2, 3), (3, 2)),
            "ij->ji": ((2, 3),),
            "bA": ((2, 3),),
            "ij->": ((2, 3),),
            "i,j->ij": ((2,), (3,)),
            "i,i->i": ((3,), (3,)),
            "ii": ((3, 3),),
            "iij->ji": ((3, 3, 2),),
            "bij,bjk->bik": ((2, 2, 3), (2, 3, 2)),
            "...ij,...j->...i": ((2, 2, 3), (2, 3)),
            "i...->...": ((2, 3),),
            "i...,i...": ((2, 3), (2, 1)),
            "bn,anm,bm->ba": ((2, 3), (2, 3, 2), (2, 2)),
            "ij, jk, kl -> il": ((2, 3), (3, 2), (2, 3)),
            "ij,ij,j->": ((2, 3), (2, 3), (1,)),
        }.items()
    },
    "view": _one(lambda m, x: (x.view(-1), x.view(3, 2), x.view_as(m.zeros(3, 2)), x.reshape(6), m.reshape(x, (3, 2)))),
    "size": _one(lambda m, x: (list(x.size()), x.size(0), list(x.shape), x.dim(), x.numel(), m.numel(x), len(x))),
    "squeeze": _one(
        lambda m, x: (
            m.unsqueeze(x, 0),
            m.unsqueeze(x, dim=-1),
            x.unsqueeze(1),
            m.squeeze(x.unsqueeze(0)),
            m.squeeze(x, dim=1),
            x.unsqueeze(1).squeeze(1),
        )
    ),
    "expand": Call(lambda m, x, y: (x.expand(2, 3), x.expand(2, -1), x.expand_as(y), x + y), ((3,), (2, 3))),
    "repeat": _one(lambda m, x: (x.repeat(2, 1), m.flatten(x), x.flatten(0), m.repeat_interleave(x, 2, dim=1))),
    "chunk": _one(lambda m, x: (*m.chunk(x, 2, dim=1), *x.chunk(2), *m.split(x, 2, 1), *x.split([1, 2], dim=1))),
    "cat": _two(
        lambda m, x, y: (
            m.cat([x, y], 0),
            m.cat((x, y), dim=1),
            m.concatenate([x, y], axis=1),
            m.stack([x, y]),
            m.stack((x, y), dim=1),
            *m.unbind(x, 1),
        )
    ),
    "gather": _one(lambda m, x: (m.gather(x, 1, m.tensor(COLUMNS)), x.gather(0, m.tensor([ROWS])))),
    "scatter": _two(
        lambda m, x, y: (
            m.scatter(x, 1, m.tensor(COLUMNS), y[:, 1:]),
            x.scatter(1, m.tensor(COLUMNS), 7.0),
            x.scatter(0, m.tensor([ROWS]), value=0.5),
        )
    ),
    "scatter_": _changed(lambda m, y, z: y.scatter_(1, m.tensor(COLUMNS), z), (2, 2)),
    "scatter_add": _two(
        lambda m, x, y: (m.scatter_add(x, 0, m.tensor([ROWS, ROWS]), y), x.scatter_add(1, m.tensor([[0, 0, 1]]), y[:1]))
    ),
    "scatter_add_": _changed(lambda m, y, z: y.scatter_add_(0, m.tensor([ROWS]), z), (1, 3)),
    "index_select": _one(lambda m, x: (m.index_select(x, 0, m.tensor(ROWS)), x.index_select(1, m.tensor([2])))),
    "index_add": Call(
        lambda m, x, y: (m.index_add(x, 0, m.tensor(ROWS), y), x.index_add(0, m.tensor(ROWS), y, alpha=2)),
        ((2, 3), (3, 3)),
    ),
    "index_add_": _changed(lambda m, y, z: y.index_add_(0, m.tensor(ROWS), z), (3, 3)),
    "index_copy": _two(
        lambda m, x, y: (m.index_copy(x, 0, m.tensor([1, 0]), y), x.index_copy(1, m.tensor([2]), y[:, :1]))
    ),
    "index_fill": _one(lambda m, x: (m.index_fill(x, 1, m.tensor([2]), 3.0), x.index_fill(0, m.tensor([0]), 3.0))),
    "index_fill_": _changed(lambda m, y: y.index_fill_(1, m.tensor([2]), 3.0)),
    "masked_select": _one(
        lambda m, x: (m.masked_select(x, m.tensor(MASK)), x.masked_select(m.tensor(MASK[0])), x[x > 0])
    ),
    "masked_fill": _one(lambda m, x: (m.masked_fill(x, m.tensor(MASK), 0.5), x.masked_fill(x > 0, 0.0))),
    "masked_fill_": _changed(lambda m, y: y.masked_fill_(m.tensor(MASK[1]), 7.0)),
    "where": _two(
        lambda m, x, y: (
            m.where(x > 0, x, y),
            m.where(x > 0, x, 0.0),
            x.where(x > 0, y),
            *m.where(m.tensor(MASK)),
            m.where(m.tensor(MASK), 1, 0),
            m.where(m.tensor(MASK), 1.0, 0),
        )
    ),
    "topk": _one(lambda m, x: (*m.topk(x, 2), *x.topk(1, dim=0), *m.topk(x, 2, largest=False))),
    "topk of NaN": Call(lambda m: m.topk(m.tensor([1.0, math.nan, 3.0, 2.0]), 3), ()),
    "sort": _one(
        lambda m, x: (*m.sort(x, 1), *m.sort(x, dim=0, descending=True), *x.sort(), m.argsort(x, dim=1), x.argsort(0))
    ),
    "cumsum": _one(lambda m, x: (m.cumsum(x, 1), x.cumsum(dim=0), m.cumprod(x, 0), (x * 1.0).cumsum_(1))),
    "flip": _one(lambda m, x: (m.flip(x, [0]), m.flip(x, dims=(0, 1)), x.flip(1), x.flip(0, 1), x.flip([0]))),
    "unfold": _one(lambda m, x: (x.unfold(1, 2, 1), x.unfold(0, 2, 1))),
    "tril": _one(lambda m, x: (m.tril(x), x.triu(1), m.triu(x, diagonal=-1))),
    "fill_": _changed(lambda m, y: y.fill_(2.0)),
    "zero_": _changed(lambda m, y: y.zero_()),
    "copy_": _changed(lambda m, y, z: y.copy_(z), (3,)),
    "t_": _changed(lambda m, y: y.t_().mul_(2.0)),
    "transpose_": _changed(lambda m, y: y.transpose_(0, 1)),
    "squeeze_": _changed(lambda m, y: y.unsqueeze_(0).unsqueeze_(-1).squeeze_().exp_()),
    "addmm_": _changed(lambda m, y, z: y.addmm_(z, z.t() @ z), (2, 3)),
    "setitem": _changed(lambda m, y, z: (y.__setitem__((slice(None), 1), z), y)[1], (2,)),
    "out": Call(
        lambda m: (
            m.add(m.ones(3), 1.0, out=m.zeros(3)),
            m.mm(m.ones(2, 3), m.ones(3, 2), out=m.zeros(2, 2)),
            m.cat([m.ones(1), m.zeros(2)], out=m.ones(3)),
            m.cumsum(m.ones(3), 0, out=m.zeros(3)),
            m.gather(m.arange(3), 0, m.tensor(ROWS), out=m.zeros(3, dtype=m.int64)),
            m.argmax(m.ones(2, 3), dim=1, out=m.ones(2, dtype=m.int64)),
            *m.sort(m.tensor([2.0, 1.0]), dim=0, out=(m.zeros(2), m.zeros(2, dtype=m.int64))),
            *m.topk(m.tensor([2.0, 1.0]), 1, out=(m.zeros(1), m.zeros(1, dtype=m.int64))),
        ),
        (),
    ),
    "creation": Call(
        lambda m: (
            m.range(0, 1, 0.25),
            m.range(4, 1, -1),
            m.range(1, 4),
            m.range(1, 3, dtype=m.long),
            m.as_tensor([1, 2]),
            m.linspace(0, 1, steps=5),
            m.ones(2, dtype=m.double).new_zeros(2, 3),
            m.ones(2).new_ones(2, dtype=m.half),
            m.ones(2).new_full((2,), 3),
            m.ones(2, dtype=m.short).new_tensor([1.5]),
            m.zeros(2, 3),
            m.eye(2, 3),
            m.full((2,), 3.0),
        ),
        (),
    ),
    "dtypes": Call(
        lambda m: [m.zeros(1, dtype=getattr(m, name)) for name in "float double half long int short".split()], ()
    ),
    "comparison": _one(
        lambda m, x: (
            m.allclose(x, x + 1e-9),
            m.allclose(x, x + 1e-3),
            m.isclose(m.tensor([1.0, math.inf, math.inf, math.nan]), m.tensor([1.0, math.inf, -math.inf, math.nan])),
            m.isclose(m.tensor([math.nan, math.inf]), m.tensor([math.nan, 1.0]), equal_nan=True),
            x.equal(x * 1.0),
            x.equal(x[:1]),
            m.is_tensor(x),
            m.is_floating_point(x),
            m.is_complex(x),
            x.is_complex(),
            x.is_signed(),
            m.is_nonzero(x[0, 0]),
            x[1, 1].is_nonzero(),
            x.nbytes,
            x.itemsize,
            x.element_size(),
            x.ndimension(),
            m.detach(x).requires_grad,
            isinstance(x.dtype, m.dtype),
            m.promote_types(x.dtype, m.int64) == x.dtype,
            3 in m.arange(3),
            2 in m.arange(3),
        )
    ),
}


def _numbers(shapes: tuple[tuple[int, ...], ...]) -> Iterator[numpy.ndarray]:
    """Numbers of both signs, no two of them equal, and none near zero, for each shape."""
    count = 0
    for shape in shapes:
        places = numpy.arange(count, count + math.prod(shape))
        yield ((-1.0) ** (places // 2) * (0.3 + (7 * places) % 29 / 20)).reshape(shape)
        count += len(places)


def _plain(value: Any) -> Any:
    if not hasattr(value, "dtype"):
        return value
    return {"dtype": str(value.dtype).rpartition(".")[2], "values": value.tolist()}


def run(call: Call, module: Any) -> Outcome:
    """The values of a call, and the gradients of the leaves, for fixed gradients of the results."""
    leaves = [module.tensor(numbers).requires_grad_() for numbers in _numbers(call.shapes)]
    found = call.function(module, *leaves)
    found = list(found) if isinstance(found, list | tuple) else [found]
    outcome: Outcome = {"values": [_plain(result) for result in found]}
    for result in found:
        if getattr(result, "requires_grad", False):
            places = numpy.arange(result.numel()).reshape(tuple(result.shape))
            # Cosines are all different, and in thousandths they are stored in few digits.
            result.backward(module.tensor(numpy.cos(places).round(3)), retain_graph=True)
            outcome["gradients"] = []
    if "gradients" in outcome:
        outcome["gradients"] = [None if leaf.grad is None else leaf.grad.tolist() for leaf in leaves]
    return outcome
