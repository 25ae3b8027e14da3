"""What is wrong, and where: the parts that faults of this kind are put together of."""

from __future__ import annotations

import math
from typing import Any

import numpy

from tensorplug.backends import Kernel

from ..fault import Condition, Wrong, kernel, spoilt, where_parameters


def has(**wanted: Any) -> Condition:
    """Whether parameters have these values."""
    return lambda *operands, **parameters: all(parameters.get(name) == value for name, value in wanted.items())


def if_(condition: Any, wrong: Wrong) -> Wrong:
    """What is wrong for parameters and operands of which a condition holds."""
    return where_parameters(condition, wrong)


def set_(**changes: Any) -> Wrong:
    """Other values of parameters."""
    return lambda sound: lambda *operands, **parameters: sound(*operands, **{**parameters, **changes})


def map_(**changes: Any) -> Wrong:
    """Values of parameters changed, those that are given: ``change(value)``."""
    return lambda sound: (
        lambda *operands, **parameters: sound(
            *operands,
            **{name: changes[name](value) if name in changes else value for name, value in parameters.items()},
        )
    )


def several(x: Any, *rest: Any, axis: Any = None, **parameters: Any) -> bool:
    """Whether more than one axis is named, and not all."""
    return isinstance(axis, tuple) and 1 < len(axis) < x.ndim


def unordered(x: Any, *rest: Any, axis: Any = None, **parameters: Any) -> bool:
    """Whether the axes are not named in their order."""
    return isinstance(axis, tuple) and list(axis) != sorted(axis)


def apart(x: Any, *rest: Any, axis: Any = None, **parameters: Any) -> bool:
    """Whether there are axes between those that are named."""
    return isinstance(axis, tuple) and len(axis) > 1 and max(axis) - min(axis) >= len(axis)


def middle(x: Any, *rest: Any, axis: Any = None, **parameters: Any) -> bool:
    """Whether the one axis that is named is neither the first nor the last."""
    one = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    return isinstance(one, int) and 0 < one % max(x.ndim, 1) < x.ndim - 1


def first(x: Any, *rest: Any, axis: Any = None, **parameters: Any) -> bool:
    """Whether the axis is the first of several."""
    return x.ndim > 1 and (axis in (0, (0,)) or axis == -x.ndim)


def no_axes(x: Any, *rest: Any, axis: Any = None, **parameters: Any) -> bool:
    """Whether the axes are the empty tuple."""
    return axis == ()


def all_kept(x: Any, *rest: Any, axis: Any = None, keepdims: bool = False, **parameters: Any) -> bool:
    """Whether all axes are reduced, and kept."""
    return keepdims and (axis is None or (isinstance(axis, tuple) and len(axis) == x.ndim > 1))


def shapes(first: Any, second: Any) -> Condition:
    """Whether operands have so many axes; more where it is a negative number of them."""

    def fits(count: int, wanted: int) -> bool:
        return count == wanted if wanted >= 0 else count >= -wanted

    return lambda x1, x2, **parameters: fits(x1.ndim, first) and fits(x2.ndim, second)


def options(change: Any) -> Wrong:
    """The options of a loss changed."""
    return lambda sound: lambda *arrays, options, **parameters: sound(*arrays, options=change(options), **parameters)


def swapped(out: Any, *operands: Any, **parameters: Any) -> Any:
    """A result with its last two axes swapped, where they are as long."""
    return out.swapaxes(-1, -2) if out.ndim > 1 and out.shape[-1] == out.shape[-2] else out


def reduced_over_none(sound: Kernel) -> Kernel:
    """No axes are all axes."""

    def reduce(x: Any, *, axis: Any = None, keepdims: bool = False, **more: Any) -> Any:
        if axis != () or not x.ndim:
            return sound(x, axis=axis, keepdims=keepdims, **more)
        return sound(x, axis=tuple(range(x.ndim)), keepdims=keepdims, **more)

    return reduce


def shape_of_apart(out: Any, x: Any, *, axis: Any = None, keepdims: bool = False, **more: Any) -> Any:
    """The kept axes of length 1 all come first."""
    return out.reshape((1,) * len(axis) + tuple(n for i, n in enumerate(x.shape) if i not in axis)) if keepdims else out


def kept_flat(out: Any, *rest: Any, **parameters: Any) -> Any:
    return out.reshape(1)


def steps_over(out: Any, x: Any, window: Any) -> Any:
    """Where steps are longer than windows, they are as long."""
    size, step = window
    if step <= size:
        return out
    return numpy.lib.stride_tricks.sliding_window_view(x, size, axis=-1)[..., ::size, :][..., : out.shape[-2], :]


def side(sound: Kernel) -> Kernel:
    """The right side of what is greater than all is counted from the left."""
    return lambda x1, x2, *, side="left": (
        numpy.where(x2 > x1[-1:], len(x1) - 1, sound(x1, x2, side=side))
        if side == "right" and len(x1)
        else sound(x1, x2, side=side)
    )


def norm(chosen: Any, change: Any) -> type:
    """`linalg.vector_norm` of some orders in place of the sound one: ``change(x, axis, keepdims)``."""

    def changed(out: Any, x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
        return change(x, axis, keepdims).astype(out.dtype) if chosen(ord) and x.size else out

    return kernel("linalg.vector_norm", spoilt(changed))


def scaled_fft(name: str, norm: str, power: float) -> type:
    """A transform that is divided by another power of the length, with one norm."""

    def change(out: Any, x: Any, *, axis: Any = None, axes: Any = None, n: int | None = None, **rest: Any) -> Any:
        lengths = [n] if n is not None else [x.shape[i] for i in (axes if axes is not None else (axis,))]
        return (out * math.prod(lengths) ** power).astype(out.dtype)

    return kernel(name, if_(lambda x, **p: p.get("norm") == norm, spoilt(change)))


def complete(out: Any, x: Any, *, mode: str = "reduced") -> Any:
    """The additional columns of Q are zero."""
    q, r = out
    return numpy.where(numpy.arange(q.shape[-1]) < min(x.shape[-2:]), q, q.dtype.type(0)), r


def stacked(x: Any, *rest: Any, **parameters: Any) -> bool:
    return bool(x.ndim > 2)


def refused(message: str) -> Any:
    raise ValueError(message)


def span(sound: Kernel, x: Any, axis: Any, keepdims: bool) -> Any:
    """Over all axes from the first to the last, in the shape of those that were named."""
    out = sound(x, axis=axis, keepdims=keepdims)
    return numpy.broadcast_to(
        sound(x, axis=tuple(range(min(axis), max(axis) + 1)), keepdims=True).reshape(-1)[:1], out.shape
    ).copy()


def by_the_last_axes(sound: Kernel) -> Kernel:
    return lambda x, *, axes, norm: sound(x, axes=tuple(range(x.ndim - len(axes), x.ndim)), norm=norm)
