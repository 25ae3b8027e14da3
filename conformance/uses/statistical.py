"""Uses of reductions and cumulative functions, over the same axes for all."""

from __future__ import annotations

import numpy

import tensorplug

from .use import (
    ANY,
    Array,
    Operand,
    Use,
    Values,
    between,
    draw_any,
    fixed,
)

Call = tuple[tuple[int, ...], str]
"""Shape of the operand, and the other arguments of the call."""

AXES: tuple[Call, ...] = (
    ((2, 3), "axis=1"),
    ((2, 3, 2, 2), "axis=(1, 2), keepdims=True"),
    ((2, 3), "axis=-1, keepdims=True"),
    ((2, 3), ""),
    ((2, 3), "axis=0"),
    ((2, 3), "keepdims=True"),
    ((2, 1, 3), "axis=-2"),
    ((2, 3, 2, 2), "axis=(0, -1)"),
    ((2, 3, 2, 2), "axis=2"),
    ((), ""),
    ((3,), "axis=0"),
    ((0, 3), "axis=1"),
    ((2, 3), "axis=()"),
)

OF_NONE: tuple[Call, ...] = (((0, 3), "axis=0"), ((0, 3), ""), ((0, 3), "keepdims=True"))
"""Reductions of no elements."""

REPEATS = 1 << 14

LONG = (
    f"tp.tile(x, ({REPEATS}, 1)), axis=0",
    f"tp.tile(x, ({REPEATS}, 1)).T, axis=1",
    f"tp.tile(x, (1, {REPEATS})), axis=1",
    f"tp.tile(x, (1, {REPEATS}))[:, ::-2].T, axis=0",
)
"""Operands with many terms, along the innermost axis in memory and along others."""

OF_SEVERAL_AXES = (
    f"tp.tile(x[:, :, None], ({REPEATS}, 1, 2)), axis=(0, 2)",
    f"tp.tile(x, ({REPEATS}, 1))[:, :2]",
)

HAVE_NO_IDENTITY = ("argmax", "argmin", "max", "min", "softmax_normalizer")
TAKE_ONE_AXIS = ("argmax", "argmin")
ACCUMULATE = ("mean", "sum")
ADD_UP = ("mean", "std", "sum", "var")

_CORRECTED: tuple[Call, ...] = (
    ((2, 3), "axis=1, correction=1"),
    ((2, 3), "correction=0.5"),
    ((3,), "axis=0, correction=1, keepdims=True"),
)
_WIDENED: tuple[Call, ...] = (((2, 3), "axis=1, dtype=tp.float64"),)
_PAIRED: tuple[Call, ...] = (((2, 3), "dim=1"), ((2, 3, 2, 2), "dim=2, keepdim=True"))

FURTHER: dict[str, tuple[Call, ...]] = {
    "cumulative_prod": _WIDENED,
    "cumulative_sum": _WIDENED,
    "max": _PAIRED,
    "min": _PAIRED,
    "prod": _WIDENED,
    "std": _CORRECTED,
    "sum": _WIDENED,
    "var": _CORRECTED,
}
"""Further calls, by function."""

CUMULATIONS: tuple[Call, ...] = (
    ((2, 3), "axis=1"),
    ((2, 3), "axis=0"),
    ((2, 3), "axis=-1, include_initial=True"),
    ((3,), ""),
    ((0, 3), "axis=0"),
    ((0, 3), "axis=0, include_initial=True"),
    ((2, 1, 3), "axis=1"),
    ((2, 3, 2, 2), "axis=1"),
    ((2, 3, 2, 2), "axis=-1"),
)


def _draw_factors(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Factors whose products of up to 24 neither overflow nor underflow."""
    return draw_any(rng, shape, dtype) if dtype[0] in "biu" and dtype[:2] != "bf" else _NEAR_ONE.draw(rng, shape, dtype)


def _draw_far(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers with a mean much larger than their deviation, where a one-pass variance loses digits."""
    return draw_any(rng, shape, dtype) + (0 if dtype in ("float16", "bfloat16") else 100)


def _draw_spread(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Two rows of different numbers whose sums do not cancel."""
    found = between(0.5, 0.7).draw(rng, shape, dtype)
    found[1:] *= 2.0
    return found


_SPREAD = Values(_draw_spread, ANY.smooth, simplest=None)
_NEAR_ONE = between(0.5, 1.5, signs=True)
FACTORS = Values(_draw_factors, ANY.smooth, simplest=1)
FAR = Values(_draw_far, ANY.smooth)

VALUES = {"cumulative_prod": FACTORS, "prod": FACTORS, "std": FAR, "var": FAR}


USES = {
    "products_of_others": tuple(
        Use('OPERATIONS["products_of_others"](x)', x=Operand(shape, FACTORS))
        for shape in ((2, 3), (1, 1), (2, 0), (0, 3))
    )
}


def reductions(name: str) -> tuple[Use, ...]:
    """The uses of a reduction."""
    calls = [*AXES, *FURTHER.get(name, ())]
    if name in TAKE_ONE_AXIS:
        calls = [(shape, call) for shape, call in calls if "(" not in call]
    if name not in HAVE_NO_IDENTITY:
        calls[2:2] = OF_NONE[:1]
        calls += OF_NONE[1:]
    return (
        *(_use(name, shape, call) for shape, call in calls),
        *(_accumulated(name) if name in ACCUMULATE else ()),
        *(over_many(f"tp.{name}", *LONG, *OF_SEVERAL_AXES) if name in ADD_UP else ()),
    )


def over_many(function: str, *calls: str) -> tuple[Use, ...]:
    """Uses of a function that sums many terms; the first one in every dtype."""
    return tuple(
        Use(
            f"{function}({call})",
            dtypes="fc",
            smooth=False,
            every_dtype=not i,
            terms=2 * REPEATS,
            x=Operand((2, 3), _SPREAD),
        )
        for i, call in enumerate(calls)
    )


def _accumulated(name: str) -> tuple[Use, ...]:
    """Uses that show whether half precision is accumulated in float32."""
    values = ([[2048, 1, 1, 1, 1, 1, 1]], [60000, 60000, 60000, -60000, -60000, -60000], [60000, 60000, 60000])
    return tuple(
        Use(f"tp.{name}(x, axis=-1)", dtypes="f", smooth=False, every_dtype=True, x=fixed(each)) for each in values
    )


def cumulations(name: str) -> tuple[Use, ...]:
    """The uses of a cumulative function of one operand."""
    uses = tuple(_use(name, shape, call) for shape, call in (*CUMULATIONS, *FURTHER.get(name, ())))
    return (*uses, *over_many(f"tp.{name}", *LONG)) if name == "cumulative_sum" else uses


def _use(name: str, shape: tuple[int, ...], call: str) -> Use:
    function = f"tp.{name}" if hasattr(tensorplug, name) else f'OPERATIONS["{name}"]'
    return Use(
        f"{function}({f'x, {call}' if call else 'x'})",
        x=Operand(shape, VALUES.get(name, ANY)),
        dtypes="biuf" if "dtype=" in call else "biufc",
        smooth=_is_smooth(name, shape, call),
    )


def _is_smooth(name: str, shape: tuple[int, ...], call: str) -> bool:
    if name in ("mean", "var", "std") and 0 in shape and "axis=1" not in call:
        # The result for no elements is NaN.
        return False
    # The variance of one element is 0, where the square root has a kink.
    return name != "std" or (shape != () and "axis=()" not in call and "-2" not in call)
