"""Reductions, cumulations and softmax."""

from __future__ import annotations

import math

import numpy

from ..fault import (
    Fault,
    Row,
    kernel,
    misread,
    replaced,
    spoilt,
)
from .changes import (
    all_kept,
    apart,
    if_,
    kept_flat,
    map_,
    middle,
    no_axes,
    reduced_over_none,
    refused,
    set_,
    several,
    shape_of_apart,
    span,
    unordered,
)

ROWS: tuple[Row, ...] = (
    (
        "sum_over_no_axes_is_over_all",
        "sum",
        "the empty tuple of axes means all of them",
        kernel("sum", reduced_over_none),
        "tp.sum(tp.ones(3), axis=())",
    ),
    (
        "any_over_no_axes_is_over_all",
        "any",
        "the empty tuple of axes means all of them",
        kernel("any", reduced_over_none),
        "tp.any(tp.ones(3), axis=())",
    ),
    (
        "var_over_no_axes_is_over_all",
        ("var", "std"),
        "the empty tuple of axes means all of them",
        kernel("var", reduced_over_none),
        "tp.var(tp.arange(3, dtype='float64'), axis=())",
    ),
    (
        "max_over_no_axes_is_an_error",
        "max",
        "the empty tuple of axes is an error",
        kernel("max", if_(no_axes, replaced(lambda x, **p: refused("axis must not be empty")))),
        "tp.max(tp.ones(3), axis=())",
    ),
    (
        "all_over_no_axes_keeps_numbers",
        "all",
        "over no axes numbers are given, not truth values",
        kernel("all", if_(no_axes, replaced(lambda x, **p: numpy.array(x)))),
        "tp.all(tp.ones(3), axis=())",
    ),
    (
        "mean_of_axes_out_of_order",
        "mean",
        "axes that are not named in their order are reversed once more",
        kernel("mean", if_(unordered, map_(axis=lambda axis: tuple(range(len(axis)))))),
        "tp.mean(wave(2, 3, 4), axis=(2, 0))",
    ),
    (
        "prod_of_axes_apart",
        "prod",
        "of axes with others between all from the first to the last are reduced",
        kernel("prod", if_(apart, lambda sound: lambda x, *, axis, keepdims=False: span(sound, x, axis, keepdims))),
        "tp.prod(wave(2, 3, 4), axis=(0, 2))",
    ),
    (
        "min_of_axes_apart_keeps_them_in_front",
        "min",
        "of axes apart those that are kept come first",
        kernel("min", if_(apart, spoilt(shape_of_apart))),
        "tp.min(wave(2, 3, 4), axis=(0, 2), keepdims=True).shape",
    ),
    (
        "sum_over_all_keeps_one_axis",
        "sum",
        "over all axes one axis is kept",
        kernel("sum", if_(all_kept, spoilt(kept_flat))),
        "tp.sum(tp.ones((2, 3)), keepdims=True).shape",
    ),
    (
        "argmax_over_all_keeps_no_axis",
        "argmax",
        "without an axis none are kept",
        kernel("argmax", if_(lambda x, *, axis=None, keepdims=False: axis is None and keepdims, set_(keepdims=False))),
        "tp.argmax(tp.ones((2, 3)), keepdims=True).shape",
    ),
    (
        "argmin_along_the_middle",
        "argmin",
        "along a middle axis positions are those of the last",
        kernel(
            "argmin",
            if_(
                middle,
                spoilt(
                    lambda out, x, *, axis=None, keepdims=False: (
                        numpy.argmin(x.swapaxes(axis, -1), axis, keepdims=keepdims).reshape(out.shape)
                        if x.shape[axis] == x.shape[-1]
                        else out * 0
                    )
                ),
            ),
        ),
        "tp.argmin(wave(2, 3, 2), axis=1)",
    ),
    (
        "count_nonzero_of_several_axes",
        "count_nonzero",
        "of several axes the first is counted, and the others are any",
        kernel(
            "count_nonzero",
            if_(
                several,
                lambda sound: (
                    lambda x, *, axis, keepdims=False: numpy.count_nonzero(
                        (x != 0).any(axis[1:], keepdims=True), axis, keepdims=keepdims
                    )
                ),
            ),
        ),
        "tp.count_nonzero(tp.ones((2, 3, 4)), axis=(0, 1))",
    ),
    (
        "logsumexp_of_two_axes_of_three",
        "logsumexp",
        "of two axes the second is averaged",
        kernel(
            "logsumexp",
            if_(
                several,
                spoilt(lambda out, x, *, axis, keepdims: (out - math.log(max(x.shape[axis[1]], 1))).astype(out.dtype)),
            ),
        ),
        "tp.logsumexp(wave(2, 3, 4), axis=(0, 1))",
    ),
    (
        "max_of_the_middle_axis",
        "max",
        "the middle axis is taken for the last where it is as long",
        kernel(
            "max", if_(middle, misread(lambda x: x.swapaxes(1, 2) if x.ndim == 3 and x.shape[1] == x.shape[2] else x))
        ),
        "tp.max(wave(2, 3, 3), axis=1)",
    ),
    (
        "var_with_half_a_correction",
        ("var", "std"),
        "corrections are cut off to integers",
        kernel("var", map_(correction=int)),
        "tp.var(wave(4), correction=0.5)",
    ),
    (
        "std_with_more_than_one_correction",
        "std",
        "any correction but 0 is 1",
        kernel("std", map_(correction=lambda n: min(n, 1))),
        "tp.std(wave(4), correction=2)",
    ),
    (
        "var_with_a_negative_correction",
        ("var", "std"),
        "negative corrections are 0",
        kernel("var", map_(correction=lambda n: max(n, 0))),
        "tp.var(wave(4), correction=-1)",
    ),
    (
        "var_with_as_great_a_correction",
        ("var", "std"),
        "with a correction as great as the number of elements 0 comes in place of infinity",
        kernel(
            "var",
            spoilt(
                lambda out, x, **p: numpy.where(
                    numpy.isposinf(out) | numpy.isnan(out) & (x == x).all() & numpy.isfinite(x).all() & (x.size > 0),
                    out.dtype.type(0),
                    out,
                )
            ),
        ),
        "tp.var(wave(4), correction=4)",
    ),
    (
        "mean_keeps_axes_behind",
        "mean",
        "axes that are kept come last",
        kernel(
            "mean",
            if_(
                lambda x, *, axis=None, keepdims=False: keepdims and axis is not None and len(axis) < x.ndim,
                spoilt(lambda out, x, *, axis, **p: numpy.moveaxis(out, axis, range(-len(axis), 0))),
            ),
        ),
        "tp.mean(wave(2, 3), axis=0, keepdims=True).shape",
    ),
    (
        "cumulative_sum_along_the_first_of_three",
        "cumulative_sum",
        "of three axes the first is taken for the second",
        kernel("cumulative_sum", if_(lambda x, *, axis: x.ndim == 3 and axis == 0, set_(axis=1))),
        "tp.cumulative_sum(wave(2, 3, 4), axis=0)",
    ),
    (
        "cumulative_prod_along_the_middle",
        "cumulative_prod",
        "along a middle axis products begin anew with each second element",
        kernel(
            "cumulative_prod",
            if_(
                middle,
                spoilt(
                    lambda out, x, *, axis: numpy.where(
                        numpy.arange(x.shape[axis]).reshape(-1, *[1] * (x.ndim - axis % x.ndim - 1)) == 2, x, out
                    )
                ),
            ),
        ),
        "tp.cumulative_prod(wave(2, 3, 4), axis=1)",
    ),
    (
        "softmax_along_the_first_of_three",
        "softmax",
        "along the first of three axes it is taken over the first two",
        kernel(
            "softmax",
            if_(
                lambda x, *, axis: x.ndim == 3 and axis == 0,
                replaced(lambda x, *, axis: numpy.exp(x - x.max()) / numpy.exp(x - x.max()).sum((0, 1), keepdims=True)),
            ),
        ),
        "tp.softmax(wave(2, 3, 4), axis=0)",
    ),
    (
        "log_softmax_along_the_middle",
        "log_softmax",
        "along a middle axis it is taken along the last",
        kernel("log_softmax", if_(middle, lambda sound: lambda x, *, axis: sound(x, axis=x.ndim - 1))),
        "tp.log_softmax(wave(2, 3, 4), axis=1)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
