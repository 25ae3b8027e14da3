"""Losses and random numbers."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, kernel, method
from .changes import dense, forwards, in_order, of, once, pitched, stretched, transposed

ROWS: tuple[Row, ...] = (
    (
        "cross_entropy_of_pitched_rows",
        "cross_entropy",
        "the last axis is in order, so that rows are taken to follow each other",
        kernel("cross_entropy", of(0, pitched, dense)),
        "tp.nn.functional.cross_entropy(wave(3, 5)[:, :3], tp.asarray([0, 1, 2]))",
    ),
    (
        "mse_loss_of_a_transposed_target",
        ("mse_loss", "mse_loss_with_slope"),
        "the target is read in the order of memory",
        kernel("mse_loss", of(1, transposed, in_order)),
        "tp.nn.functional.mse_loss(wave(3, 2), wave(2, 3).T, reduction='none')",
    ),
    (
        "ctc_of_samples_first",
        ("ctc",),
        "frames and samples are taken for each other where they were transposed and are as many",
        kernel("ctc", of(0, lambda x: transposed(x) and x.shape[0] == x.shape[1], lambda x: x.swapaxes(0, 1))),
        "tp.nn.functional.ctc_loss(tp.log_softmax(wave(3, 3, 4), axis=2).permute(1, 0, 2), tp.asarray([[1], [2], "
        "[3]]), tp.asarray([3, 3, 3]), tp.asarray([1, 1, 1]), reduction='sum')",
    ),
    (
        "from_numpy_of_reversed",
        ("host transfer", "dlpack", "asarray", "tensor"),
        "reversed arrays arrive forwards",
        method(
            "from_numpy",
            lambda self, array, device: numpy.array(forwards(array), array.dtype.newbyteorder("="), order="C"),
        ),
        "tp.tensor(numpy.arange(5.0)[::-1])",
    ),
    (
        "from_numpy_of_stretched",
        ("host transfer", "dlpack", "asarray", "tensor"),
        "of repeated elements the first arrives",
        method(
            "from_numpy",
            lambda self, array, device: numpy.array(
                once(array) if array.size and stretched(array) else array, array.dtype.newbyteorder("="), order="C"
            ),
        ),
        "tp.tensor(numpy.broadcast_to(numpy.ones(1), (3,)))",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
