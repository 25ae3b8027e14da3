"""Results that are remembered for too much."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, bare_kernel, kernel
from .changes import (
    IN,
    STREAM,
    buffered_stream,
    by_place,
    clip_with_first,
    first_place,
    method_remembered,
    place,
    remembered,
    scatter_into_kept,
    tril_with_first_k,
    values,
    with_first,
)

ROWS: tuple[Row, ...] = (
    (
        "exp_by_place",
        "exp",
        "the result for an array is given again after it was written",
        kernel("exp", remembered(by_place)),
        "x = tp.asarray(numpy.zeros(3), copy=True)\ny = tp.exp(x)\nx += 1\ntp.exp(x)",
    ),
    (
        "matmul_by_place",
        "matmul",
        "a packed factor is used again after it was written",
        kernel("matmul", remembered(by_place)),
        "x = tp.asarray(numpy.eye(2), copy=True)\ny = x @ x\nx += 1\nx @ x",
    ),
    (
        "sum_by_values_without_the_axis",
        "sum",
        "sums along one axis are given for the other, where their shape is the same",
        kernel(
            "sum",
            remembered(
                lambda x, *, axis=None, keepdims=False: (
                    values(x),
                    x.dtype,
                    keepdims,
                    axis if axis is None else len(axis),
                )
            ),
        ),
        "x = wave(3, 3)\ny = tp.sum(x, axis=0)\ntp.sum(x, axis=1)",
    ),
    (
        "sin_by_values_without_the_dtype",
        "sin",
        "the result for the same bytes in another dtype is given",
        kernel("sin", remembered(lambda x: (x.tobytes(), x.shape))),
        "x = tp.sin(tp.zeros(2, dtype='complex64'))\ntp.sin(tp.zeros((2,), dtype='float64'))",
    ),
    (
        "sort_by_values_without_the_axis",
        "sort",
        "rows that were sorted are given for sorted columns",
        kernel("sort", remembered(lambda x, **p: (values(x), x.dtype))),
        "x = wave(3, 3)\ny = tp.sort(x, axis=0)\ntp.sort(x, axis=1)",
    ),
    (
        "inv_by_shape",
        "linalg.inv",
        "of one shape and dtype all matrices have the first one's inverse",
        kernel("linalg.inv", remembered(lambda x: (x.shape, x.dtype))),
        "x = tp.linalg.inv(tp.eye(2, dtype='complex64'))\ntp.linalg.inv(tp.eye(2, dtype='complex64') * 2)",
    ),
    (
        "fft_by_values_without_the_norm",
        "fft.fft",
        "a transform is given again for another norm",
        kernel("fft.fft", remembered(lambda x, *, axis, norm: (values(x), x.dtype, axis))),
        "x = wave(4, dtype='complex128')\ny = tp.fft.fft(x)\ntp.fft.fft(x, norm='ortho')",
    ),
    (
        "log_by_its_first_elements",
        "log",
        "the first eight bytes tell arrays apart",
        kernel("log", remembered(lambda x: (x.ravel()[:1].tobytes(), x.shape, x.dtype))),
        "x = tp.log(tp.asarray([1.0, 2.0, 3.0]))\ntp.log(tp.asarray([1.0, 5.0, 6.0]))",
    ),
    (
        "unique_by_the_sum",
        "unique_indices",
        "the sum of the elements tells arrays apart",
        kernel("unique_indices", remembered(lambda x, **p: (float(abs(numpy.nansum(x))), x.shape, x.dtype, repr(p)))),
        "x = tp.unique_values(tp.asarray([1, 1, 4]))\ntp.unique_values(tp.asarray([2, 2, 2]))",
    ),
    (
        "tril_by_shape_without_k",
        "tril",
        "the mask of a shape is that of the first k",
        kernel("tril", tril_with_first_k),
        "x = tp.tril(tp.ones((3, 3)))\ntp.tril(tp.ones((3, 3)), k=1)",
    ),
    (
        "vector_norm_by_values_without_ord",
        "linalg.vector_norm",
        "another norm of the same elements is given",
        kernel(
            "linalg.vector_norm", remembered(lambda x, *, axis, keepdims, ord: (values(x), x.dtype, axis, keepdims))
        ),
        "x = wave(4)\ny = tp.linalg.vector_norm(x, ord=2)\ntp.linalg.vector_norm(x, ord=3)",
    ),
    (
        "searchsorted_by_values_without_the_side",
        "searchsorted",
        "places on the other side are given",
        kernel("searchsorted", remembered(lambda x1, x2, **p: (values(x1), values(x2), x1.dtype))),
        "x = tp.arange(3)\ny = tp.searchsorted(x, x)\ntp.searchsorted(x, x, side='right')",
    ),
    (
        "var_by_values_without_the_correction",
        ("var", "std"),
        "the variance with another correction is given",
        kernel("var", remembered(lambda x, *, axis, correction, keepdims: (values(x), x.dtype, axis, keepdims))),
        "x = wave(4)\ny = tp.var(x)\ntp.var(x, correction=1)",
    ),
    (
        "pinv_by_values_without_the_tolerance",
        "linalg.pinv",
        "the pseudo-inverse for another tolerance is given",
        kernel("linalg.pinv", remembered(lambda x, *, rtol: (values(x), x.dtype))),
        "x = tp.asarray([[1.0, 0.0], [0.0, 0.1]])\ny = tp.linalg.pinv(x)\ntp.linalg.pinv(x, rtol=0.5)",
    ),
    (
        "elu_compiled_for_one_alpha",
        "elu",
        "what was compiled for a shape has the first alpha in it",
        kernel("elu", with_first("alpha", lambda x, **p: (x.shape, x.dtype))),
        "x = tp.nn.functional.elu(-tp.ones(2), alpha=1.0)\ntp.nn.functional.elu(-tp.ones(2), alpha=2.0)",
    ),
    (
        "huber_loss_compiled_for_one_delta",
        ("huber_loss", "huber_loss_with_slope"),
        "what was compiled has the first delta in it",
        kernel("huber_loss", with_first("options", lambda x, y, **p: x.dtype)),
        "x = tp.nn.functional.huber_loss(wave(3) * 9, tp.zeros(3, dtype='float64'), 'none', 1.0)\n"
        "tp.nn.functional.huber_loss(wave(3) * 9, tp.zeros(3, dtype='float64'), 'none', 2.0)",
    ),
    (
        "roll_compiled_for_one_shift",
        "roll",
        "what was compiled for a shape and axes has the first shift in it",
        kernel("roll", with_first("shift", lambda x, *, shift, axis: (x.shape, axis))),
        "x = tp.roll(tp.arange(4), 1)\ntp.roll(tp.arange(4), 2)",
    ),
    (
        "getitem_with_the_first_place",
        "getitem",
        "what was compiled for a shape has the first position in it",
        bare_kernel("getitem", first_place),
        "x = wave(4)\ny = x[0]\nx[1]",
    ),
    (
        "clip_compiled_for_its_bounds",
        "clip",
        "what was compiled for a shape has the first bounds in it, where these are single numbers",
        kernel("clip", clip_with_first),
        "x = tp.clip(wave(3), 0.0, 0.5)\ntp.clip(wave(3), -0.5, 0.0)",
    ),
    (
        "random_by_seed_and_count",
        STREAM,
        "as many words of a seed are given again",
        method_remembered("random_bits", lambda seed, offset, count, device: (seed, count)),
        "tp.manual_seed(0)\nx = tp.rand(3)\ntp.rand(3)",
    ),
    (
        "random_left_over",
        STREAM,
        "words that are left from a draw are given after the seed was set anew",
        buffered_stream(),
        "tp.manual_seed(0)\nx = tp.rand(1, dtype='float64')\ntp.manual_seed(0)\ntp.rand(1, dtype='float64')",
    ),
    (
        "from_numpy_by_place",
        IN,
        "an array that was written since it arrived arrives as it was",
        method_remembered("from_numpy", lambda array, device: place(array)),
        "a = numpy.ones(3)\nx = tp.tensor(a)\na += 1\ntp.tensor(a)",
    ),
    (
        "scatter_zeros_into_the_last",
        "scatter_zeros",
        "gradients are added to those of the last backward pass",
        kernel("scatter_zeros", scatter_into_kept()),
        "x = tp.ones(3, requires_grad=True)\nfor _ in range(2):\n    x.grad = None\n"
        "    x[tp.asarray([0, 0])].sum().backward()\nx.grad",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
