"""Faults of sorting, searching and set functions."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, given, kernel, of_dtype, of_kind


def _nan_first(sound: Kernel) -> Kernel:
    def sort(x: Any, *, axis: int = -1) -> Any:
        out = sound(x, axis=axis)
        nans = numpy.isnan(out).sum(axis, keepdims=True)
        places = numpy.arange(out.shape[axis]).reshape([-1 if i == axis % out.ndim else 1 for i in range(out.ndim)])
        return numpy.take_along_axis(out, (places - nans) % max(out.shape[axis], 1), axis)

    return sort


def _last_first(sound: Kernel) -> Kernel:
    """Of equal elements the last comes first."""

    def argsort(x: Any, *, axis: int = -1, stable: bool = True) -> Any:
        return x.shape[axis] - 1 - sound(numpy.flip(x, axis), axis=axis)

    return argsort


def _inclusive_of_nan(sound: Kernel) -> Kernel:
    def isin(x1: Any, x2: Any, *, invert: bool = False) -> Any:
        found = sound(x1, x2) | (numpy.isnan(x1) & numpy.isnan(x2).any())
        return ~found if invert else found

    return isin


def _changed(**changes: Any) -> Any:
    """The results of `unique_indices`, some of them changed: each by ``change(x, indices, counts, inverse)``."""

    def wrong(sound: Kernel) -> Kernel:
        def unique(x: Any, **parameters: Any) -> tuple[Any, ...]:
            found = dict(zip(("indices", "counts", "inverse"), sound(x, **parameters), strict=True))
            if not x.size:
                return tuple(found.values())
            return tuple({**found, **{name: change(x, **found) for name, change in changes.items()}}.values())

        return unique

    return wrong


def _equal_nans(sound: Kernel) -> Kernel:
    """One of all NaN."""

    def unique(x: Any, *, is_complex: bool, inverse: bool) -> tuple[Any, ...]:
        if is_complex or not numpy.isnan(x).any():
            return sound(x, is_complex=is_complex, inverse=inverse)
        _, indices, inverses, counts = numpy.unique(x, True, True, True, equal_nan=True)
        return indices, counts, inverses

    return unique


FAULTS = (
    Fault(
        "sort_puts_nan_first", "sort", "NaN is less than all numbers", kernel("sort", given(of_kind("f"), _nan_first))
    ),
    Fault(
        "sort_along_the_last_axis",
        "sort",
        "the axis is always the last",
        kernel("sort", lambda sound: lambda x, *, axis=-1: sound(x)),
    ),
    Fault(
        "sort_of_uint8_as_signed",
        "sort",
        "numbers of 128 and more are taken for negative ones",
        kernel("sort", given(of_dtype("uint8"), lambda sound: lambda x, **p: sound(x.view("int8"), **p).view("uint8"))),
    ),
    Fault(
        "sort_loses_the_signs_of_zeros",
        "sort",
        "all zeros are positive",
        kernel("sort", given(of_kind("f"), lambda sound: lambda x, **p: sound(x, **p) + x.dtype.type(0))),
    ),
    Fault("argsort_is_not_stable", "argsort", "of equal elements the last comes first", kernel("argsort", _last_first)),
    Fault(
        "argsort_of_float16",
        "argsort",
        "float16 is sorted by its bits, as if it were an integer",
        kernel("argsort", given(of_dtype("float16"), lambda sound: lambda x, **p: sound(x.view("int16"), **p))),
    ),
    Fault(
        "argsort_gives_int32",
        "argsort",
        "positions are int32",
        kernel("argsort", lambda sound: lambda x, **p: sound(x, **p).astype("int32")),
    ),
    Fault(
        "nonzero_reads_columns_first",
        "nonzero",
        "positions come in column-major order",
        kernel("nonzero", lambda sound: lambda x: tuple(reversed(sound(x.T)))),
    ),
    Fault(
        "nonzero_of_nan",
        "nonzero",
        "NaN is taken for zero",
        kernel("nonzero", given(of_kind("f"), lambda sound: lambda x: sound(numpy.nan_to_num(x)))),
    ),
    Fault(
        "searchsorted_swaps_sides",
        "searchsorted",
        "left is right",
        kernel(
            "searchsorted",
            lambda sound: lambda x1, x2, *, side="left": sound(x1, x2, side={"left": "right", "right": "left"}[side]),
        ),
    ),
    Fault(
        "searchsorted_of_nan",
        "searchsorted",
        "NaN goes to the beginning",
        kernel("searchsorted", lambda sound: lambda x1, x2, **p: numpy.where(numpy.isnan(x2), 0, sound(x1, x2, **p))),
    ),
    Fault(
        "isin_of_none",
        "isin",
        "every element is among none",
        kernel(
            "isin",
            given(
                lambda x1, x2: not x2.size,
                lambda sound: lambda x1, x2, *, invert=False: sound(x1, x2, invert=not invert),
            ),
        ),
    ),
    Fault(
        "isin_ignores_invert",
        "isin",
        "the opposite is never given",
        kernel("isin", lambda sound: lambda x1, x2, *, invert=False: sound(x1, x2)),
    ),
    Fault(
        "isin_takes_nan_for_equal",
        "isin",
        "NaN is among elements of which one is NaN",
        kernel("isin", given(of_kind("f"), _inclusive_of_nan)),
    ),
    Fault(
        "unique_counts_once",
        "unique_indices",
        "every element occurs once",
        kernel("unique_indices", _changed(counts=lambda x, counts, **rest: numpy.ones_like(counts))),
    ),
    Fault(
        "unique_finds_the_last",
        "unique_indices",
        "elements are represented by where they last occur",
        kernel(
            "unique_indices",
            _changed(
                indices=lambda x, indices, **rest: numpy.asarray(
                    [max([i, *numpy.flatnonzero(x == x[i]).tolist()]) for i in indices], dtype="int64"
                )
            ),
        ),
    ),
    Fault("unique_takes_nan_for_equal", "unique_indices", "all NaN are one", kernel("unique_indices", _equal_nans)),
    Fault(
        "unique_inverse_is_an_order",
        "unique_indices",
        "in place of the inverse, the positions in ascending order",
        kernel("unique_indices", _changed(inverse=lambda x, **rest: numpy.argsort(x, kind="stable"))),
    ),
)
