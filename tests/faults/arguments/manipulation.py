"""Functions that move elements, and conversions."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    bare_kernel,
    given,
    kernel,
    spoilt,
)
from .changes import if_, map_, steps_over, unordered

ROWS: tuple[Row, ...] = (
    (
        "flip_of_no_axes_is_of_all",
        "flip",
        "the empty tuple of axes means all of them",
        kernel("flip", lambda sound: lambda x, axis=None: sound(x, axis=axis or None)),
        "tp.flip(tp.arange(3), axis=())",
    ),
    (
        "flip_of_two_of_three",
        "flip",
        "of two axes only the second is reversed",
        kernel(
            "flip",
            lambda sound: (
                lambda x, axis=None: sound(x, axis=axis[1:] if axis is not None and len(axis) == 2 < x.ndim else axis)
            ),
        ),
        "tp.flip(wave(2, 3, 4), axis=(0, 1))",
    ),
    (
        "roll_of_axes_out_of_order",
        "roll",
        "shifts belong to the axes in their order, not as they are named",
        kernel("roll", if_(unordered, map_(axis=lambda axis: tuple(sorted(axis))))),
        "tp.roll(wave(3, 4), (2, 1), axis=(1, 0))",
    ),
    (
        "roll_of_three_axes",
        "roll",
        "of more than two axes the last is not rolled",
        kernel("roll", if_(lambda x, *, shift, axis: len(axis) > 2, map_(shift=lambda shift: (*shift[:-1], 0)))),
        "tp.roll(wave(2, 3, 4), (1, 1, 1), axis=(0, 1, 2))",
    ),
    (
        "stack_on_the_last_axis",
        "stack",
        "a new last axis comes before the last one",
        kernel(
            "stack",
            lambda sound: (
                lambda arrays, *, axis: (
                    numpy.moveaxis(sound(arrays, axis=axis), axis, -2)
                    if axis == arrays[0].ndim > 1
                    else sound(arrays, axis=axis)
                )
            ),
        ),
        "tp.stack([wave(2, 3), wave(2, 3)], axis=-1).shape",
    ),
    (
        "concat_along_the_middle",
        "concat",
        "along a middle axis parts come in reverse",
        kernel(
            "concat",
            lambda sound: (
                lambda arrays, *, axis: sound(arrays[::-1] if 0 < axis < arrays[0].ndim - 1 else arrays, axis=axis)
            ),
        ),
        "tp.concat([wave(2, 1, 2), wave(2, 2, 2)], axis=1)",
    ),
    (
        "tril_far_below",
        "tril",
        "diagonals more than one below the main one are taken for it",
        kernel("tril", map_(k=lambda k: k if k >= -1 else -1)),
        "tp.tril(wave(4, 4), k=-2)",
    ),
    (
        "triu_of_wide_above",
        "triu",
        "diagonals above the main one are counted from the right of wide matrices",
        kernel(
            "triu",
            lambda sound: (
                lambda x, *, k=0: sound(
                    x, k=k + x.shape[-1] - x.shape[-2] if k > 1 and x.shape[-1] > x.shape[-2] else k
                )
            ),
        ),
        "tp.triu(wave(2, 4), k=2)",
    ),
    (
        "eye_of_tall_below",
        "eye",
        "of more rows than columns, diagonals below the main one are those above",
        kernel(
            "eye",
            lambda sound: (
                lambda rows, columns, *, k=0, **p: sound(rows, columns, k=-k if k < 0 and rows > columns else k, **p)
            ),
        ),
        "tp.eye(4, 3, k=-1)",
    ),
    (
        "eye_beyond_its_columns",
        "eye",
        "a diagonal beyond the last column wraps around",
        kernel(
            "eye",
            lambda sound: (
                lambda rows, columns, *, k=0, **p: sound(
                    rows, columns, k=k % columns if columns and k >= columns else k, **p
                )
            ),
        ),
        "tp.eye(3, 3, k=3)",
    ),
    (
        "diagonal_below_of_wide",
        ("diagonal", "linalg.diagonal"),
        "below the main one, diagonals of wide matrices are one shorter",
        bare_kernel(
            "diagonal",
            lambda sound: (
                lambda x, offset: (
                    sound(x, offset)[..., :-1] if offset < 0 and x.shape[-1] > x.shape[-2] else sound(x, offset)
                )
            ),
        ),
        "tp.diagonal(wave(3, 5), -1)",
    ),
    (
        "permute_dims_of_a_cycle",
        "permute_dims",
        "a cycle of three axes goes the other way",
        bare_kernel(
            "permute_dims", lambda sound: lambda x, axes: sound(x, (1, 2, 0) if tuple(axes) == (2, 0, 1) else axes)
        ),
        "tp.permute_dims(wave(2, 3, 4), (2, 0, 1)).shape",
    ),
    (
        "unfold_of_steps_longer_than_windows",
        "unfold",
        "steps are at most as long as windows",
        bare_kernel("unfold", spoilt(steps_over)),
        "wave(9).unfold(0, 2, 3)",
    ),
    (
        "reshape_to_no_axes",
        "reshape",
        "one element without axes keeps an axis",
        bare_kernel("reshape", lambda sound: lambda x, shape: sound(x, shape or (1,))),
        "tp.reshape(tp.ones((1, 1)), ()).shape",
    ),
    (
        "broadcast_to_in_the_middle",
        "broadcast_to",
        "an axis of length 1 between others is stretched along the last",
        bare_kernel(
            "broadcast_to",
            lambda sound: (
                lambda x, shape: (
                    sound(x.swapaxes(1, 2), shape)
                    if x.ndim == 3 and x.shape[1] == 1 and x.shape[2] == shape[1] == shape[2] and x.shape[2] > 1
                    else sound(x, shape)
                )
            ),
        ),
        "tp.broadcast_to(wave(2, 1, 3), (2, 3, 3))",
    ),
    (
        "round_half_of_negative",
        "round",
        "halves below zero are rounded away from it",
        kernel(
            "round",
            given(
                lambda x: x.dtype.kind == "f",
                spoilt(
                    lambda out, x: numpy.where(
                        (x < 0) & (numpy.abs(x - numpy.trunc(x)) == 0.5), numpy.floor(x), out
                    ).astype(out.dtype)
                ),
            ),
        ),
        "tp.round(tp.asarray([-0.5, -2.5]))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
