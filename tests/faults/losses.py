"""Faults of losses and of their gradients."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.backends.numpy.plugin import NumPy

from .fault import Fault, given, kernel, method, of_dtype


def _without_label_smoothing(sound: Kernel) -> Kernel:
    return lambda *arrays, label_smoothing: sound(*arrays, label_smoothing=0.0)


def _of_ones(sound: Kernel) -> Kernel:
    """The gradient that comes in is taken for 1."""
    return lambda upstream, *rest, **parameters: sound(numpy.ones_like(upstream), *rest, **parameters)


def _spread(sound: Kernel) -> Kernel:
    def losses(*arrays: Any, **parameters: Any) -> Any:
        found, *others = sound(*arrays, **parameters)
        return found if not numpy.isnan(found).any() else found * numpy.nan, *others

    return losses


def _scaled(factor: float) -> Any:
    return lambda sound: lambda *arrays, **parameters: sound(*arrays, **parameters) * factor


def _sum_if(summed: bool, losses: Any) -> Any:
    return losses.sum(dtype=losses.dtype) if summed else losses


def _slope_of_one_at_zero(x: Any, y: Any, *, options: tuple[()]) -> Any:
    return numpy.abs(x - y).sum(dtype=x.dtype), numpy.where(x >= y, 1, -1).astype(x.dtype)


def _mean_for_sum(self: NumPy, formula: Any, ops: Any, arrays: Any, options: Any, summed: bool) -> Any:
    out = NumPy.pointwise(self, formula, ops, arrays, options, summed)
    return out / numpy.asarray(max(x.size for x in arrays), out.dtype) if summed else out


BY_FORMULA = (
    "binary_cross_entropy",
    "l1_loss",
    "mse_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "soft_margin_loss",
)
"""Losses that NumPy has no kernels for."""

FAULTS = (
    Fault(
        "cross_entropy_ignores_label_smoothing",
        "cross_entropy",
        "targets are not smoothed",
        kernel("cross_entropy", _without_label_smoothing),
    ),
    Fault(
        "cross_entropy_gradient_ignores_label_smoothing",
        ("cross_entropy", "cross_entropy_gradient"),
        "targets are not smoothed in the gradient",
        kernel("cross_entropy_gradient", _without_label_smoothing),
    ),
    Fault(
        "cross_entropy_gradient_of_one",
        ("cross_entropy", "cross_entropy_gradient"),
        "the gradient that comes in is taken for 1",
        kernel("cross_entropy_gradient", _of_ones),
    ),
    Fault(
        "softmax_normalizer_overflows",
        ("cross_entropy", "softmax_normalizer"),
        "the exponentials of great logits are infinite",
        kernel(
            "softmax_normalizer",
            lambda sound: (
                lambda x, *, axis: numpy.stack(
                    [numpy.zeros_like(x.sum(axis, keepdims=True)), numpy.exp(x).sum(axis, keepdims=True)]
                )
            ),
        ),
    ),
    Fault(
        "ctc_of_impossible_targets",
        ("ctc",),
        "a target that no path spells has a finite loss",
        kernel(
            "ctc", lambda sound: lambda *a, **p: (numpy.nan_to_num(sound(*a, **p)[0], posinf=1e30), sound(*a, **p)[1])
        ),
    ),
    Fault(
        "ctc_spreads_nan",
        ("ctc", "ctc_gradient"),
        "NaN in one sample is NaN in all",
        kernel("ctc", _spread),
    ),
    Fault(
        "ctc_gradient_reads_on",
        ("ctc_gradient",),
        "the frames behind a sample's last one reach its gradient",
        kernel("ctc_gradient", lambda sound: lambda g, x, *rest, **p: sound(g, x, *rest, **p) + x[-1:] * 0.0),
    ),
    Fault(
        "ctc_gradient_of_one",
        ("ctc", "ctc_gradient"),
        "the gradient that comes in is taken for 1",
        kernel("ctc_gradient", _of_ones),
    ),
    Fault(
        "mse_loss_gradient_is_half",
        ("mse_loss", "mse_loss_input_gradient"),
        "the factor 2 is forgotten where losses are not summed",
        kernel("mse_loss_input_gradient", _scaled(0.5)),
    ),
    Fault(
        "l1_loss_slope_at_zero",
        ("l1_loss", "l1_loss_with_slope", "l1_loss_gradient_from_slope"),
        "the slope of |x| at 0 is 1",
        kernel("l1_loss_with_slope", lambda sound: _slope_of_one_at_zero),
    ),
    Fault(
        "smooth_l1_loss_ignores_beta",
        ("smooth_l1_loss", "smooth_l1_loss_with_slope"),
        "the loss is that of beta 1",
        kernel(
            "smooth_l1_loss",
            lambda sound: lambda *arrays, options, summed: sound(*arrays, options=(1.0,), summed=summed),
        ),
    ),
    Fault(
        "huber_loss_slope_is_not_scaled",
        ("huber_loss", "huber_loss_with_slope", "huber_loss_gradient_from_slope"),
        "the gradient that comes in is taken for 1",
        kernel("huber_loss_gradient_from_slope", lambda sound: lambda g, slope, *rest, **p: slope * 1),
    ),
    Fault(
        "binary_cross_entropy_with_logits_overflows",
        "binary_cross_entropy_with_logits",
        "the exponentials of great logits are infinite",
        kernel(
            "binary_cross_entropy_with_logits",
            lambda sound: lambda x, y, *, options, summed: _sum_if(summed, numpy.log(1 + numpy.exp(x)) - x * y),
        ),
    ),
    Fault(
        "kl_div_of_zero",
        "kl_div",
        "the divergence of a probability of zero is NaN",
        kernel(
            "kl_div",
            lambda sound: (
                lambda x, y, *, options, summed: _sum_if(
                    summed, numpy.exp(y) * (y - x) if options[0] else y * (numpy.log(y) - x)
                )
            ),
        ),
    ),
    Fault(
        "kl_div_gradient_ignores_log_target",
        ("kl_div", "kl_div_input_gradient"),
        "targets are taken for probabilities",
        kernel("kl_div_input_gradient", lambda sound: lambda *arrays, options: sound(*arrays, options=(False,))),
    ),
    Fault(
        "poisson_nll_loss_gradient",
        ("poisson_nll_loss", "poisson_nll_loss_input_gradient"),
        "the gradient has the other sign",
        kernel("poisson_nll_loss_input_gradient", _scaled(-1.0)),
    ),
    Fault(
        "mse_loss_of_float16",
        "mse_loss",
        "losses of float16 are a tenth too great",
        kernel("mse_loss", given(of_dtype("float16"), _scaled(1.1))),
    ),
    Fault(
        "kl_div_gradient_of_float16",
        ("kl_div", "kl_div_input_gradient"),
        "gradients of float16 are a tenth too great",
        kernel("kl_div_input_gradient", given(of_dtype("float16"), _scaled(1.1))),
    ),
    Fault(
        "pointwise_gives_the_mean",
        BY_FORMULA,
        "where the sum of losses is wanted, their mean comes",
        method("pointwise", _mean_for_sum),
    ),
)
