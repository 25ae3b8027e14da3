"""Losses and random numbers."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    Row,
    kernel,
    misread,
    spoilt,
)
from .changes import map_, options

ROWS: tuple[Row, ...] = (
    (
        "softplus_of_greater_beta",
        "softplus",
        "the result is not divided by beta",
        kernel(
            "softplus",
            spoilt(
                lambda out, x, *, beta, threshold: numpy.where(x * beta > threshold, out, out * beta).astype(out.dtype)
            ),
        ),
        "tp.nn.functional.softplus(tp.ones(2), beta=2.0)",
    ),
    (
        "leaky_relu_of_slope_zero",
        "leaky_relu",
        "a slope of 0 is the default one",
        kernel("leaky_relu", map_(negative_slope=lambda slope: slope or 0.01)),
        "tp.nn.functional.leaky_relu(-tp.ones(2), 0.0)",
    ),
    (
        "poisson_nll_loss_full_without_log_input",
        ("poisson_nll_loss",),
        "without logarithms in the input Stirling's terms are left out",
        kernel("poisson_nll_loss", options(lambda o: (o[0], o[1] and o[0], *o[2:]))),
        "tp.nn.functional.poisson_nll_loss(tp.ones(2), tp.full(2, 5.0), log_input=False, full=True)",
    ),
    (
        "poisson_nll_loss_ignores_eps",
        ("poisson_nll_loss",),
        "eps is always 1e-8",
        kernel("poisson_nll_loss", options(lambda o: (*o[:2], 1e-8))),
        "tp.nn.functional.poisson_nll_loss(tp.ones(2), tp.ones(2), log_input=False, eps=0.5)",
    ),
    (
        "kl_div_of_logarithmic_targets",
        ("kl_div",),
        "targets are never logarithms",
        kernel("kl_div", options(lambda o: (False,))),
        "tp.nn.functional.kl_div(tp.ones(2), tp.ones(2), log_target=True, reduction='sum')",
    ),
    (
        "huber_loss_of_greater_delta",
        ("huber_loss", "huber_loss_with_slope"),
        "deltas greater than 1 are 1",
        kernel("huber_loss", options(lambda o: (min(o[0], 1.0),))),
        "tp.nn.functional.huber_loss(tp.full(2, 9.0), tp.zeros(2), 'none', 3.0)",
    ),
    (
        "huber_loss_gradient_of_the_mean",
        ("huber_loss", "huber_loss_gradient_from_slope", "huber_loss_with_slope"),
        "the gradient of a mean is that of a sum",
        kernel(
            "huber_loss_with_slope",
            lambda sound: lambda *arrays, **p: (sound(*arrays, **p)[0], sound(*arrays, **{**p, "divisor": 1.0})[1]),
        ),
        "x = tp.full((2, 3), 9.0, requires_grad=True)\n"
        "tp.nn.functional.huber_loss(x, tp.zeros((2, 3))).backward()\nx.grad",
    ),
    (
        "cross_entropy_of_greater_smoothing",
        "cross_entropy",
        "smoothing of more than a half is a half",
        kernel("cross_entropy", map_(label_smoothing=lambda a: min(a, 0.5))),
        "tp.nn.functional.cross_entropy(wave(2, 3), tp.asarray([0, 1]), label_smoothing=0.9)",
    ),
    (
        "cross_entropy_of_frames",
        "cross_entropy",
        "of more than two axes the classes are the last where there are as many",
        kernel("cross_entropy", misread(lambda x: x.swapaxes(1, 2) if x.ndim == 3 and x.shape[1] == x.shape[2] else x)),
        "tp.nn.functional.cross_entropy(wave(2, 3, 3), tp.asarray([[1, 1, 2], [0, 2, 2]]))",
    ),
    (
        "smooth_l1_loss_not_summed",
        ("smooth_l1_loss",),
        "without a reduction beta is 1",
        kernel(
            "smooth_l1_loss",
            lambda sound: (
                lambda *arrays, options, summed, **p: sound(
                    *arrays, options=options if summed else (1.0,), summed=summed, **p
                )
            ),
        ),
        "tp.nn.functional.smooth_l1_loss(tp.full(2, 9.0), tp.zeros(2), beta=3.0, reduction='none')",
    ),
    (
        "mse_loss_not_summed_is_half",
        ("mse_loss",),
        "without a reduction it is the half of the square",
        kernel(
            "mse_loss",
            lambda sound: (
                lambda *arrays, summed, **p: (
                    sound(*arrays, summed=summed, **p) * arrays[0].dtype.type(1 if summed else 0.5)
                )
            ),
        ),
        "tp.nn.functional.mse_loss(tp.ones(2), tp.zeros(2), reduction='none')",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
