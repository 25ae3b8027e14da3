"""Functions that move elements, and conversions."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    bare_kernel,
    given,
    kernel,
    method,
)
from .changes import first_chunks, kept_in_tiles, unmerged_pairs

FAULTS = (
    Fault(
        "concat_of_nine",
        "concat",
        "of more than eight arrays the first eight come last",
        kernel("concat", unmerged_pairs),
        "tp.concat([tp.full(1, float(i)) for i in range(9)])",
    ),
    Fault(
        "stack_of_seventeen",
        "stack",
        "a launch takes 16 arrays, and the next launch begins with the last of them",
        kernel(
            "stack",
            lambda sound: (
                lambda arrays, *, axis: sound(arrays if len(arrays) < 17 else [*arrays[:16], *arrays[15:-1]], axis=axis)
            ),
        ),
        "tp.stack([tp.full(2, float(i)) for i in range(17)])",
    ),
    Fault(
        "roll_by_a_byte",
        "roll",
        "shifts are bytes",
        kernel("roll", lambda sound: lambda x, *, shift, axis: sound(x, shift=[n & 255 for n in shift], axis=axis)),
        "tp.roll(tp.arange(1000), 300)",
    ),
    Fault(
        "flip_of_five_axes",
        "flip",
        "only the first four axes are reversed",
        kernel(
            "flip",
            lambda sound: (
                lambda x, axis=None: sound(x, axis=tuple(i for i in (range(x.ndim) if axis is None else axis) if i < 4))
            ),
        ),
        "tp.flip(tp.reshape(tp.arange(32), (2,) * 5))",
    ),
    Fault(
        "tril_in_tiles",
        "tril",
        "of matrices with more than 32 rows or columns, tiles on the diagonal are left whole",
        kernel("tril", kept_in_tiles),
        "tp.tril(tp.ones((33, 33)))[0]",
    ),
    Fault(
        "permute_dims_of_six_axes",
        "permute_dims",
        "of six axes the last two trade places once more",
        bare_kernel(
            "permute_dims",
            given(lambda x, axes: x.ndim > 5, lambda sound: lambda x, axes: sound(x, (*axes[:-2], axes[-1], axes[-2]))),
        ),
        "tp.permute_dims(tp.zeros((1, 2, 3, 4, 5, 6)), (5, 4, 3, 2, 1, 0)).shape",
    ),
    Fault(
        "from_numpy_in_chunks",
        ("host transfer", "dlpack", "asarray", "tensor"),
        "of more than 64 KiB what is behind the last whole chunk does not arrive",
        method("from_numpy", lambda self, array, device: first_chunks(array)),
        "tp.tensor(numpy.ones(9000))[-1]",
    ),
    Fault(
        "copy_of_many_axes",
        ("clone", "reshape"),
        "the order of axes is lost where more than four are copied that are not in order in memory",
        method(
            "copy",
            lambda self, array: (
                numpy.array(array, order="C")
                if array.ndim < 5 or array.flags.c_contiguous
                else array.ravel("K").reshape(array.shape)
            ),
        ),
        "tp.clone(tp.permute_dims(tp.reshape(tp.arange(32), (2,) * 5), (4, 3, 2, 1, 0)))",
    ),
)
