"""`rand_like`, `normal`, `bernoulli` and so on, and in-place methods such as `uniform_`, as in PyTorch."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..autodiff.leaves import requires_grad_
from ..dispatch.keys import key_for
from ..dispatch.registry import method
from ..families.function import function
from ..memory.structure import cast
from ..memory.tensor import Tensor
from ..memory.values import inspect
from ..memory.views import require_writable
from ..memory.writes import copy_
from ..standard.creation.filled import placed_like
from ..standard.elementwise import exp, floor, less, log1p, minimum, tan
from ..standard.manipulation import broadcast_shapes
from ..standard.searching import where
from ..standard.sorting import argsort
from ..standard.statistical import cumulative_sum, sum
from ..types.axes import as_float, as_integer, normalize_shape
from ..types.devices import new_device
from ..types.dtypes import (
    FINITE,
    SCALARS,
    as_dtype,
    float32,
    float64,
    get_default_dtype,
    int64,
)
from ..types.errors import DTypeError, ShapeError, unsupported
from .distributions import uniform_between
from .generator import (
    Generator,
    draw,
    draw_integers,
    rand,
    randn,
)

__all__ = ["bernoulli", "multinomial", "normal", "rand_like", "randint_like", "randn_like"]


@function()
def rand_like(
    x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, generator: Generator | None = None
) -> Tensor:
    """Uniform random numbers as by `rand`, in the shape, and by default the dtype and device, of a tensor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.rand_like(tp.zeros(2, 3)).shape
    (2, 3)
    """
    made = rand(x.shape, **_like(x, dtype, device), requires_grad=requires_grad, generator=generator)
    return placed_like(x, made)


@function()
def randn_like(
    x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, generator: Generator | None = None
) -> Tensor:
    """Normal random numbers as by `randn`, in the shape, and by default the dtype and device, of a tensor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.randn_like(tp.zeros(2, 3), dtype=tp.float64).dtype
    tensorplug.float64
    """
    made = randn(x.shape, **_like(x, dtype, device), requires_grad=requires_grad, generator=generator)
    return placed_like(x, made)


@function()
def randint_like(
    x: Tensor, low: Any = None, high: Any = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random integers as by `randint`, in the shape, and by default the dtype and device, of a tensor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.randint_like(tp.zeros(2), 1).tolist()
    [0.0, 0.0]
    """
    if low is None or high is None:
        low, high = 0, high if low is None else low
    like = _like(x, dtype, device)
    key = key_for(like["device"], as_dtype(like["dtype"]))
    made = placed_like(x, draw_integers("randint_like", low, high, x.shape, key, generator))
    return requires_grad_(made) if requires_grad else made


def _like(x: Tensor, dtype: Any, device: Any) -> dict[str, Any]:
    return {"dtype": x.dtype if dtype is None else dtype, "device": new_device(device, x.device)}


@function()
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Random numbers from normal distributions.

    Parameters
    ----------
    mean, std : Tensor or float
        Mean and standard deviation of each distribution; they are broadcast.
    size : tuple of int, optional
        The shape, if both are numbers.
    generator : Generator, optional
    dtype, device : optional
        By default those of the tensors, else the default ones.
    out : Tensor, optional
        The tensor that the result is written into.

    Raises
    ------
    ValueError
        If a deviation is negative.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.normal(tp.tensor([1.0, 2.0]), 0.0)
    tensor([1., 2.])
    """
    like = next((x for x in (mean, std) if isinstance(x, Tensor)), None)
    shapes = [x.shape for x in (mean, std) if isinstance(x, Tensor)]
    shape = broadcast_shapes(*shapes) if size is None else normalize_shape("normal", size)
    if like is not None:
        dtype, device = (like.dtype if dtype is None else dtype), (like.device if device is None else device)
    std = _deviation("normal", mean, std)
    drawn = randn(shape, generator=generator, dtype=dtype, device=device)
    found: Tensor = drawn * std + mean
    return found


def _deviation(operation: str, mean: Any, std: Any) -> Any:
    """Check mean and standard deviation, and return the latter."""
    if not isinstance(mean, (Tensor, numpy.generic, *SCALARS)):
        raise unsupported(operation, mean)
    if not isinstance(std, Tensor):
        std = as_float(operation, "std", std)
    _require_within(operation, "a standard deviation", std, math.inf)
    return std


def _require_within(operation: str, what: str, value: Any, greatest: float) -> None:
    """Raise ValueError unless a number, or each element of a tensor, is between 0 and a limit."""
    if isinstance(value, Tensor):
        inspect(_require_all_within, value, operation=operation, what=what, greatest=greatest)
    else:
        _require_all_within(numpy.asarray(value), operation, what, greatest)


def _require_all_within(host: numpy.ndarray, operation: str, what: str, greatest: float) -> None:
    wrong = host[~((host >= 0) & (host <= greatest))]
    if wrong.size:
        wanted = "0 or more" if greatest == math.inf else f"0 to {greatest}"
        raise ValueError(f"{operation}: got {what} of {float(wrong[0])}, wanted {wanted}")


@function(methods=("bernoulli",))
def bernoulli(x: Tensor, p: Any = None, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Random zeros and ones from Bernoulli distributions.

    Parameters
    ----------
    x : Tensor
        Probabilities of 1, of a real floating-point dtype; with `p`, only its shape and dtype count.
    p : float or Tensor, optional
        One probability for all elements, or a tensor, which is broadcast.
    generator : Generator, optional
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor
        The dtype and shape of `x`; without a gradient.

    Raises
    ------
    ValueError
        If a probability is not within 0 and 1.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.bernoulli(tp.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    return cast(_chosen("bernoulli", x if p is None else p, x, generator), x.dtype)


def _chosen(operation: str, p: Any, x: Tensor, generator: Generator | None) -> Tensor:
    """A random mask of the shape of `x`, True with probability `p`."""
    if isinstance(p, Tensor):
        _require_float(operation, p)
    else:
        p = as_float(operation, "p", p)
    _require_within(operation, "a probability", p, 1)
    dtype = p.dtype if isinstance(p, Tensor) else x.dtype if x.dtype.is_floating_point else get_default_dtype()
    # Half precision is too coarse for small probabilities.
    dtype = float32 if dtype.itemsize == 2 else dtype
    chosen: Tensor = less(rand(x.shape, dtype=dtype, device=x.device, generator=generator), p)
    return chosen


def _drawing(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Declare an in-place method that writes random numbers into the tensor."""
    name = draw.__name__

    @functools.wraps(draw)
    def method(x: Tensor, *arguments: Any, **keywords: Any) -> Tensor:
        require_writable(name, x)
        return copy_(x, draw(x, *arguments, **keywords))

    return method


def _require_float(operation: str, x: Tensor) -> None:
    if x.dtype.kind != "f":
        raise DTypeError(f"{operation}: got {x.dtype}, wanted a real floating-point dtype")


@method()
@_drawing
def uniform_(x: Tensor, low: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with uniform random numbers in [low, to), and return it.

    Half precision is drawn in float32 and rounded.

    Raises
    ------
    TypeError
        If the dtype is not a real floating-point one.
    ValueError
        If `low` exceeds `to`, or one of them or their difference exceeds the dtype's range.
    """
    _require_float("uniform_", x)
    shown = f"uniform_: got the range from {low} to {to}, wanted"
    low, to = as_float("uniform_", "low", low), as_float("uniform_", "to", to)
    if low > to:
        raise ValueError(f"{shown} the lesser number first")
    greatest = FINITE[x.dtype.name][1]
    if not (-greatest <= low and to <= greatest and to - low <= greatest):
        raise ValueError(
            f"{shown} bounds that {x.dtype} holds with their difference: its greatest number is {greatest}"
        )
    return draw(uniform_between, x.shape, x._key, generator, low, to, x.dtype.name)


@method()
@_drawing
def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers from a normal distribution, and return it.

    Raises
    ------
    TypeError
        If the dtype is not a floating-point one.
    ValueError
        If the deviation is negative.
    """
    if x.dtype.kind != "c":
        _require_float("normal_", x)
    std = _deviation("normal_", mean, std)
    return randn_like(x, generator=generator) * std + mean


_UNSET: Any = object()


@method()
@_drawing
def random_(x: Tensor, low: int | None = None, to: Any = _UNSET, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with uniform random integers in [low, to), and return it.

    Parameters
    ----------
    low, to : int
        One number is the upper one. With none, or None for the upper one, they are drawn up to the greatest of the
        integers that the dtype holds without a gap, that included.

    Raises
    ------
    ValueError
        If the range is empty, or exceeds the dtype's.
    """
    low, to = (0, low) if to is _UNSET else (0 if low is None else low, to)
    return draw_integers("random_", low, to, x.shape, x._key, generator)


@method()
@_drawing
def bernoulli_(x: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with ones with a probability, else zeros, and return it.

    Parameters
    ----------
    p : float or Tensor, default: 0.5
        The probability of 1; a tensor is broadcast.

    Raises
    ------
    ValueError
        If a probability is not within 0 and 1.
    """
    return cast(_chosen("bernoulli_", p, x, generator), x.dtype)


def _uniform(x: Tensor, generator: Generator | None) -> Tensor:
    """Uniform numbers in [0, 1) in the shape of a tensor, in single precision at least."""
    dtype = float64 if x.dtype is float64 else float32
    return rand(x.shape, dtype=dtype, device=x.device, generator=generator)


def _positive(operation: str, name: str, value: Any) -> float:
    number = as_float(operation, name, value)
    if not number > 0:
        raise ValueError(f"{operation}: got {name} {number}, wanted a positive number")
    return number


@method()
@_drawing
def exponential_(x: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers from an exponential distribution of rate `lambd`, and return it.

    Raises
    ------
    TypeError
        If the dtype is not a real floating-point one.
    ValueError
        If the rate is not positive.
    """
    _require_float("exponential_", x)
    rate = _positive("exponential_", "lambd", lambd)
    return -log1p(-_uniform(x, generator)) / rate


@method()
@_drawing
def log_normal_(x: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers whose logarithms have a normal distribution, and return it.

    Raises
    ------
    TypeError
        If the dtype is not a real floating-point one.
    ValueError
        If the deviation is not positive.
    """
    _require_float("log_normal_", x)
    deviation = _positive("log_normal_", "std", std)
    return exp(randn_like(x, generator=generator) * deviation + mean)


@method()
@_drawing
def cauchy_(x: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers from a Cauchy distribution, and return it.

    Raises
    ------
    TypeError
        If the dtype is not a real floating-point one.
    ValueError
        If `sigma` is not positive.
    """
    _require_float("cauchy_", x)
    width = _positive("cauchy_", "sigma", sigma)
    return tan((_uniform(x, generator) - 0.5) * math.pi) * width + median


@method()
@_drawing
def geometric_(x: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill the tensor with random numbers of trials until the first success, from 1 on, and return it.

    Raises
    ------
    TypeError
        For booleans and complex numbers.
    ValueError
        If the probability `p` of a success is not between 0 and 1.
    """
    if x.dtype.kind not in "iuf":
        raise DTypeError(f"geometric_: got {x.dtype}, wanted a real-valued dtype")
    probability = as_float("geometric_", "p", p)
    if not 0 < probability < 1:
        raise ValueError(f"geometric_: got p {probability}, wanted a number between 0 and 1")
    return cast(floor(log1p(-_uniform(x, generator)) / math.log1p(-probability)) + 1, x.dtype)


@function(methods=("multinomial",))
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn at random by weights, for each row.

    Parameters
    ----------
    input : Tensor, shape (N,) or (M, N)
        Weights, of a real floating-point dtype, which need not sum to 1.
    num_samples : int
        How many are drawn for each row.
    replacement : bool, default: False
        Whether an index may be drawn several times.
    generator : Generator, optional
    out : Tensor, optional
        The tensor that the result is written into.

    Returns
    -------
    Tensor, shape (num_samples,) or (M, num_samples), dtype int64

    Raises
    ------
    TypeError
        If the dtype is not a real floating-point one.
    ValueError
        If a weight is negative or not finite, or a row has fewer positive ones than are drawn.

    Notes
    -----
    Without replacement the indices of the smallest of ``exponential / weight`` are taken, which are distributed as if
    drawn one by one (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.multinomial(tp.tensor([0.0, 1.0]), 1)
    tensor([1])
    """
    _require_float("multinomial", input)
    count = as_integer("multinomial", "num_samples", num_samples)
    if input.ndim not in (1, 2) or count < 1:
        raise ShapeError(
            f"multinomial: got shape {input.shape} and {count} samples, wanted one or two axes and at least one sample"
        )
    inspect(_require_weights, input, count=1 if replacement else count)
    weights = cast(input.detach(), float64 if input.dtype is float64 else float32)
    if not replacement:
        spread = -log1p(-rand_like(weights, generator=generator)) / weights
        return argsort(where(weights > 0, spread, math.inf), axis=-1)[..., :count]
    steps = cumulative_sum(weights, axis=-1)
    drawn = rand((*weights.shape[:-1], count), dtype=weights.dtype, device=weights.device, generator=generator)
    drawn = drawn * steps[..., -1:]
    # An index of weight zero has no step.
    below = sum(steps[..., None, :] <= drawn[..., None], axis=-1, dtype="int64")
    return minimum(below, sum(cast(steps < steps[..., -1:], int64), axis=-1, keepdims=True))


def _require_weights(host: numpy.ndarray, count: int) -> None:
    if not numpy.isfinite(host).all() or (host < 0).any():
        raise ValueError("multinomial: got a weight that is negative, infinite or NaN")
    if host.size and (numpy.count_nonzero(host, axis=-1) < count).any():
        raise ValueError(f"multinomial: a row has fewer than {count} positive weights")
