"""NumPy's products, norms, transforms and interpolation."""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ..memory.structure import reshape
from ..memory.tensor import Tensor
from ..pytorch.einsum import einsum
from ..standard import (
    bisection,
    creation,
    elementwise,
    fft,
    linalg,
    linear_algebra,
    manipulation,
    searching,
    statistical,
)
from .arrays import atleast
from .composed import composed
from .operands import Function, as_operand, cast_operand, flattened, tensor_pair


@composed("numpy.dot")
def _dot(a: Any, b: Any) -> Tensor:
    a, b = tensor_pair(a, b)
    if not a.ndim or not b.ndim:
        found: Tensor = a * b
        return found
    if b.ndim == 1 or (a.ndim <= 2 and b.ndim <= 2):
        return linear_algebra.matmul(a, b)
    return linear_algebra.tensordot(a, b, axes=((-1,), (-2,)))


@composed("numpy.inner")
def _inner(a: Any, b: Any) -> Tensor:
    a, b = tensor_pair(a, b)
    return linear_algebra.tensordot(a, b, axes=((-1,), (-1,))) if a.ndim and b.ndim else a * b


@composed("numpy.kron")
def _kron(a: Any, b: Any) -> Tensor:
    a, b = tensor_pair(a, b)
    ndim = max(a.ndim, b.ndim)
    a, b = atleast(ndim, a), atleast(ndim, b)
    pairs = [
        [one for n in shape for one in ((n, 1) if first else (1, n))]
        for shape, first in ((a.shape, True), (b.shape, False))
    ]
    product: Tensor = a.reshape(pairs[0]) * b.reshape(pairs[1])
    return reshape(product, tuple(n * m for n, m in zip(a.shape, b.shape, strict=True)))


@composed("numpy.einsum")
def _einsum(*operands: Any, optimize: Any = False) -> Any:
    if isinstance(operands[0], str):
        like = next(x for x in operands if isinstance(x, Tensor))
        operands = (operands[0], *(as_operand(x, like) for x in operands[1:]))
    return einsum(*operands)


@composed("numpy.linalg.norm")
def _norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """A matrix norm for two axes, else a vector norm."""
    if axis is None and (ord is None or x.ndim == 1):
        return linalg.vector_norm(x, 2 if ord is None else ord, axis=None, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis
    if isinstance(axes, int) or len(axes) == 1:
        return linalg.vector_norm(x, 2 if ord is None else ord, axis=axes, keepdims=keepdims)
    last = manipulation.moveaxis(x, axes, (-2, -1))
    found = linalg.matrix_norm(last, ord="fro" if ord is None else ord, keepdims=keepdims)
    return manipulation.moveaxis(found, (-2, -1), axes) if keepdims else found


@composed("numpy.cross")
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Tensor:
    a, b = tensor_pair(a, b)
    if axis is None:
        a, b = manipulation.moveaxis(a, axisa, -1), manipulation.moveaxis(b, axisb, -1)
        return manipulation.moveaxis(linalg.cross(a, b), -1, axisc)
    return linalg.cross(a, b, axis=axis)


@composed("numpy.trace")
def _trace(a: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return statistical.sum(manipulation.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def _in_two_axes(function: Function) -> Function:
    def transform(a: Tensor, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Tensor:
        found: Tensor = function(a, s=s, axes=axes, norm=norm)
        return found

    return transform


@composed("numpy.convolve")
def _convolve(a: Any, v: Any, mode: str = "full") -> Tensor:
    a, v = tensor_pair(a, v)
    longer, shorter = (atleast(1, x) for x in ((v, a) if v.numel() > a.numel() else (a, v)))
    length, width = longer.numel(), shorter.numel()
    begin, count = {"full": (0, length + width - 1), "same": ((width - 1) // 2, length), "valid": (width - 1, -1)}[mode]
    zeros = creation.zeros(width - 1, dtype=longer.dtype, device=longer.device)
    windows = manipulation.unfold(manipulation.concat([zeros, longer, zeros]), 0, width, 1)
    found = linear_algebra.matmul(windows, manipulation.flip(shorter))
    return found[begin : begin + (length - width + 1 if mode == "valid" else count)]


@composed("numpy.polyval")
def _polyval(p: Any, x: Any) -> Tensor:
    p, x = tensor_pair(p, x)
    found = x * 0
    for i in range(p.numel()):
        found = found * x + p[i]
    return found


@composed("numpy.interp")
def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Tensor:
    like = next(one for one in (x, xp, fp) if isinstance(one, Tensor))
    x, xp, fp = (one if isinstance(one, Tensor) else as_operand(numpy.asarray(one), like) for one in (x, xp, fp))
    x, xp = cast_operand("numpy.interp", x, "float64", like), cast_operand("numpy.interp", xp, "float64", like)
    last = xp.numel() - 1
    above = elementwise.clip(bisection.searchsorted(xp, x, side="right"), min(1, last), last)
    below = elementwise.clip(above - 1, 0, last)
    width = xp[above] - xp[below]
    part = searching.where(width > 0, (x - xp[below]) / searching.where(width > 0, width, 1.0), 0.0)
    found = fp[below] + (fp[above] - fp[below]) * part
    found = searching.where(x < xp[0], fp[0] if left is None else left, found)
    return searching.where(x > xp[-1], fp[-1] if right is None else right, found)


@composed("numpy.piecewise")
def _piecewise(x: Tensor, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tensor:
    """As in NumPy, but each function gets all elements, so it must be elementwise."""
    conditions = [tensor_pair(x, one)[1] for one in (condlist if isinstance(condlist, list | tuple) else [condlist])]
    if len(funclist) == len(conditions) + 1:
        *funclist, rest = funclist
        conditions = [functools.reduce(elementwise.logical_or, conditions).logical_not(), *conditions]
        funclist = [rest, *funclist]
    found = creation.zeros_like(x)
    for condition, branch in zip(conditions, funclist, strict=True):
        value = branch(x, *args, **kw) if callable(branch) else branch
        found = searching.where(condition, value, found)
    return found


composed("numpy.fft.fft2")(_in_two_axes(fft.fftn))
composed("numpy.fft.ifft2")(_in_two_axes(fft.ifftn))
composed("numpy.fft.irfft2")(_in_two_axes(fft.irfftn))
composed("numpy.fft.rfft2")(_in_two_axes(fft.rfftn))
composed("numpy.linalg.multi_dot")(lambda arrays: functools.reduce(linear_algebra.matmul, arrays))
composed("numpy.outer")(lambda a, b: linear_algebra.outer(*map(flattened, tensor_pair(a, b))))
composed("numpy.vdot")(lambda a, b: linear_algebra.vecdot(*map(flattened, tensor_pair(a, b))))
