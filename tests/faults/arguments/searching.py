"""Indices, sorting and searching."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    bare_kernel,
    kernel,
    spoilt,
)
from .changes import first, has, if_, middle, side, swapped

ROWS: tuple[Row, ...] = (
    (
        "sort_along_the_middle",
        "sort",
        "a middle axis is sorted downwards",
        kernel("sort", if_(middle, spoilt(lambda out, x, *, axis=-1: numpy.flip(out, axis)))),
        "tp.sort(wave(2, 3, 4), axis=1)",
    ),
    (
        "take_along_the_middle",
        # Its own checks call it with integers.
        ("take_along_axis", "sort"),
        "along a middle axis the gradient of sorted elements stays in their order",
        kernel(
            "take_along_axis",
            lambda sound: (
                lambda x, indices, *, axis: (
                    x.copy()
                    if middle(x, axis=axis) and x.shape == indices.shape and x.dtype.kind == "f"
                    else sound(x, indices, axis=axis)
                )
            ),
        ),
        "x = tp.asarray(numpy.sin(numpy.arange(12.0)).reshape(2, 3, 2), copy=True).requires_grad_()\n"
        "(tp.sort(x, axis=1) * wave(2, 3, 2)).sum().backward()\nx.grad",
    ),
    (
        "argsort_along_the_first",
        "argsort",
        "along the first axis of several positions are those in the flattened array",
        kernel("argsort", if_(first, spoilt(lambda out, x, *, axis=-1, **p: out * x.shape[-1]))),
        "tp.argsort(wave(3, 2), axis=0)",
    ),
    (
        "searchsorted_right_of_all",
        "searchsorted",
        "on the right what is greater than all comes before the last",
        kernel("searchsorted", side),
        "tp.searchsorted(tp.arange(3), tp.asarray([9]), side='right')",
    ),
    (
        "searchsorted_of_several_axes",
        "searchsorted",
        "of what has several axes the first row is looked for",
        kernel(
            "searchsorted",
            lambda sound: (
                lambda x1, x2, **p: (
                    numpy.broadcast_to(sound(x1, x2[:1], **p), x2.shape).copy()
                    if x2.ndim > 1 and len(x2)
                    else sound(x1, x2, **p)
                )
            ),
        ),
        "tp.searchsorted(tp.arange(9), tp.asarray([[1, 2], [3, 4]]))",
    ),
    (
        "isin_inverted_of_several_axes",
        "isin",
        "inverted, what has several axes is flattened from its last",
        kernel(
            "isin",
            lambda sound: (
                lambda x1, x2, *, invert=False: swapped(sound(x1, x2, invert=invert)) if invert else sound(x1, x2)
            ),
        ),
        "tp.isin(tp.asarray([[1, 2], [3, 4]]), tp.asarray([2]), invert=True)",
    ),
    (
        "isin_of_one",
        "isin",
        "a single element is among all but the first",
        kernel(
            "isin",
            lambda sound: (
                lambda x1, x2, **p: (
                    sound(x1, x2.reshape(-1)[1:], **p) if not x1.ndim and x2.size > 1 else sound(x1, x2, **p)
                )
            ),
        ),
        "tp.isin(tp.asarray(1), tp.asarray([1, 2]))",
    ),
    (
        "unique_counts_without_the_inverse",
        "unique_indices",
        "where no inverse is wanted the counts are 1",
        kernel(
            "unique_indices",
            if_(has(inverse=False), spoilt(lambda out, x, **p: (out[0], numpy.ones_like(out[1]), out[2]))),
        ),
        "tp.unique_counts(tp.zeros(3))[1]",
    ),
    (
        "nonzero_of_three_axes",
        "nonzero",
        "of three axes the first two trade their positions",
        kernel("nonzero", spoilt(lambda out, x: (out[1], out[0], out[2]) if len(out) == 3 else out)),
        "tp.nonzero(wave(2, 3, 4) > 0.5)[0]",
    ),
    (
        "index_by_negative_and_positive",
        ("index", "getitem", "take"),
        "negative positions are counted from the last but one",
        bare_kernel(
            "getitem",
            lambda sound: (
                lambda x, index: sound(
                    x,
                    tuple(
                        numpy.where(item < 0, item - (item > -x.shape[0]), item)
                        if isinstance(item, numpy.ndarray)
                        and item.dtype.kind == "i"
                        and item.ndim == 1
                        and len(index) == 1
                        else item
                        for item in index
                    )
                    if isinstance(index, tuple)
                    else index,
                )
            ),
        ),
        "tp.arange(5)[tp.asarray([-1, 1])]",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
