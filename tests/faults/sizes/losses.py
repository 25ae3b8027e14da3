"""Losses and random numbers."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    kernel,
    method,
    spoilt,
    where_parameters,
)
from .changes import no_rows, repeats

FAULTS = (
    Fault(
        "cross_entropy_of_many_classes",
        "cross_entropy",
        "of more than 1,024 classes the target is the one of the first block in its place",
        kernel(
            "cross_entropy",
            lambda sound: (
                lambda x, target, *rest, **p: sound(
                    x,
                    numpy.where(target >= 1024, target % 1024, target) if target.dtype.kind == "i" else target,
                    *rest,
                    **p,
                )
            ),
        ),
        "tp.nn.functional.cross_entropy(wave(1, 2000), tp.asarray([1999]))",
    ),
    Fault(
        "cross_entropy_gradient_of_many_rows",
        ("cross_entropy", "cross_entropy_gradient"),
        "rows from the 257th on get no gradient",
        kernel("cross_entropy_gradient", spoilt(lambda out, *a, **p: no_rows(out, 256))),
        "x = tp.zeros((300, 3), requires_grad=True)\n"
        "tp.nn.functional.cross_entropy(x, tp.zeros(300, dtype='int64')).backward()\nx.grad[-1]",
    ),
    Fault(
        "l1_loss_of_whole_blocks",
        ("l1_loss", "l1_loss_with_slope"),
        "summed, of more than 1,000 elements those behind the last 8 are left out",
        kernel(
            "l1_loss",
            where_parameters(
                lambda x, y, *, summed, **p: summed and x.size > 1000 and x.shape == y.shape,
                lambda sound: (
                    lambda x, y, **p: sound(x.reshape(-1)[: x.size // 8 * 8], y.reshape(-1)[: x.size // 8 * 8], **p)
                ),
            ),
        ),
        "tp.nn.functional.l1_loss(tp.ones(1001), tp.zeros(1001), reduction='sum')",
    ),
    Fault(
        "random_repeats_after_65536",
        ("rand", "randn", "randint", "randperm"),
        "of one draw the words begin anew after 65,536",
        method("random_bits", lambda self, seed, offset, count, device: repeats(seed, offset, count)),
        "tp.manual_seed(0)\ntp.rand(140000, dtype='float64')[70000]",
    ),
)
