"""Parameters beyond their usual range."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    kernel,
    misread,
    replaced,
)

ROWS: tuple[Row, ...] = (
    (
        "leaky_relu_as_a_maximum",
        "leaky_relu",
        "the greater of x and slope times x, which a slope above 1 makes wrong",
        kernel("leaky_relu", replaced(lambda x, *, negative_slope: numpy.maximum(x, x * x.dtype.type(negative_slope)))),
        "tp.nn.functional.leaky_relu(tp.asarray([1.0, -1.0]), 2.0)",
    ),
    (
        "elu_of_negative_alpha",
        "elu",
        "the greater of x and the exponential, which a negative alpha makes wrong",
        kernel(
            "elu",
            replaced(
                lambda x, *, alpha: (numpy.maximum(x, 0) + numpy.minimum(0, alpha * numpy.expm1(x))).astype(x.dtype)
            ),
        ),
        "tp.nn.functional.elu(tp.asarray([1.0, -1.0]), -1.0)",
    ),
    (
        "softplus_of_negative_beta",
        "softplus",
        "what exceeds the threshold is told by x, not by its product with beta",
        kernel(
            "softplus",
            lambda sound: (
                lambda x, *, beta, threshold: numpy.where(x > threshold, x, sound(x, beta=beta, threshold=threshold))
            ),
        ),
        "tp.nn.functional.softplus(tp.asarray([30.0]), beta=-1.0)",
    ),
    (
        "huber_loss_of_small_delta",
        ("huber_loss", "huber_loss_with_slope"),
        "deltas below 0.01 are taken for 0.01",
        kernel(
            "huber_loss", lambda sound: lambda x, y, *, options, **p: sound(x, y, options=(max(options[0], 0.01),), **p)
        ),
        "tp.nn.functional.huber_loss(tp.ones(3), tp.zeros(3), 'none', 0.001)",
    ),
    (
        "smooth_l1_loss_of_small_beta",
        ("smooth_l1_loss", "smooth_l1_loss_with_slope"),
        "a beta below 0.01 is taken for 0",
        kernel(
            "smooth_l1_loss",
            lambda sound: (
                lambda x, y, *, options, **p: sound(x, y, options=(options[0] if options[0] >= 0.01 else 1e-30,), **p)
            ),
        ),
        "tp.nn.functional.smooth_l1_loss(tp.full(3, 1e-4), tp.zeros(3), reduction='none', beta=1e-3)",
    ),
    (
        "cross_entropy_of_great_logits",
        "cross_entropy",
        "logits above 1e4 are taken for it",
        kernel("cross_entropy", misread(lambda x: numpy.clip(x, -1e4, 1e4))),
        "tp.nn.functional.cross_entropy(tp.asarray([[2e4, 0.0]]), tp.asarray([0]))",
    ),
    (
        "clip_of_crossed_bounds",
        "clip",
        "with the lower bound above the upper one, the lower one wins",
        kernel("clip", replaced(lambda x, low, high: numpy.maximum(numpy.minimum(x, high), low))),
        "tp.clip(tp.zeros(2), 2.0, 1.0)",
    ),
    (
        "softplus_of_negative_thresholds",
        "softplus",
        "a threshold below 0 is taken for 0",
        kernel(
            "softplus", lambda sound: lambda x, *, beta, threshold: sound(x, beta=beta, threshold=max(threshold, 0.0))
        ),
        "tp.nn.functional.softplus(tp.asarray([-1.0]), threshold=-2.0)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
