"""Cases of the gradients of losses that are operations of their own, at points away from their kinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.core import FUNCTIONS, OPERATIONS

from .case import Case, points, tensor


def probabilities(*shapes: tuple[int, ...]) -> tuple[numpy.ndarray, ...]:
    return points(*shapes, low=0.1, high=0.9, signs=False)


def of(name: str, formula: Callable[..., Any], inputs: tuple[numpy.ndarray, ...], *options: Any) -> list[Case]:
    """A loss of each element, and the sum of them all, by its formula in JAX."""

    def case(summed: bool) -> Case:
        return Case(
            lambda x, y: OPERATIONS[name](x, y, options=options, summed=summed),
            inputs,
            lambda jnp, x, y: formula(jnp, x, y).sum() if summed else formula(jnp, x, y),
        )

    return [case(False), case(True)]


def softplus(jnp: Any, x: Any) -> Any:
    return jnp.logaddexp(x, 0.0)


def smooth(jnp: Any, d: Any, bound: float) -> Any:
    return jnp.where(abs(d) < bound, d * d / 2, bound * (abs(d) - bound / 2))


BOTH = points((2, 3), (2, 3))
RATES = points((2, 3), (2, 3), low=1.1, signs=False)


def with_slope(name: str, formula: Callable[..., Any], *options: Any) -> list[Case]:
    """The sum of the losses, of an operation that keeps the slope by the input."""
    (x, y) = BOTH
    by_input = Case(
        lambda x: FUNCTIONS[name](x, tensor(y), options=options),
        (x,),
        lambda jnp, x: jnp.sum(formula(jnp, x, y)),
    )
    by_both = Case(
        lambda x, y: FUNCTIONS[name](x, y, options=options), BOTH, lambda jnp, x, y: jnp.sum(formula(jnp, x, y))
    )
    return [by_input] if name.startswith("binary") else [by_input, by_both]


CASES: dict[str, list[Case]] = {
    "l1_loss": of("l1_loss", lambda jnp, x, y: abs(x - y), BOTH),
    "mse_loss": of("mse_loss", lambda jnp, x, y: (x - y) ** 2, BOTH),
    "smooth_l1_loss": of("smooth_l1_loss", lambda jnp, x, y: smooth(jnp, x - y, 0.7) / 0.7, BOTH, 0.7),
    "smooth_l1_loss_with_slope": with_slope(
        "smooth_l1_loss_with_slope", lambda jnp, x, y: smooth(jnp, x - y, 0.7) / 0.7, 0.7
    ),
    "huber_loss_with_slope": with_slope("huber_loss_with_slope", lambda jnp, x, y: smooth(jnp, x - y, 0.7), 0.7),
    "l1_loss_with_slope": with_slope("l1_loss_with_slope", lambda jnp, x, y: abs(x - y)),
    "mse_loss_with_slope": with_slope("mse_loss_with_slope", lambda jnp, x, y: (x - y) ** 2),
    "binary_cross_entropy_with_logits_with_slope": with_slope(
        "binary_cross_entropy_with_logits_with_slope", lambda jnp, x, y: softplus(jnp, x) - x * y
    ),
    "huber_loss": of("huber_loss", lambda jnp, x, y: smooth(jnp, x - y, 0.7), BOTH, 0.7),
    "poisson_nll_loss": [
        *of("poisson_nll_loss", lambda jnp, x, y: jnp.exp(x) - x * y, BOTH, True, False, 1e-8),
        *of(
            "poisson_nll_loss",
            lambda jnp, x, y: x - y * jnp.log(x + 0.1) + y * jnp.log(y) - y + jnp.log(2 * jnp.pi * y) / 2,
            RATES,
            *(False, True, 0.1),
        ),
    ],
    "kl_div": [
        *of("kl_div", lambda jnp, x, y: y * (jnp.log(y) - x), probabilities((2, 3), (2, 3)), False),
        *of("kl_div", lambda jnp, x, y: jnp.exp(y) * (y - x), BOTH, True),
    ],
    "binary_cross_entropy": of(
        "binary_cross_entropy",
        lambda jnp, x, y: -y * jnp.log(x) - (1 - y) * jnp.log(1 - x),
        probabilities((2, 3), (2, 3)),
    ),
    "binary_cross_entropy_slope": of(
        "binary_cross_entropy_slope", lambda jnp, x, y: (x - y) / (x * (1 - x)), probabilities((2, 3), (2, 3))
    ),
    "binary_cross_entropy_with_logits": of(
        "binary_cross_entropy_with_logits", lambda jnp, x, y: softplus(jnp, x) - x * y, BOTH
    ),
    "soft_margin_loss": of("soft_margin_loss", lambda jnp, x, y: softplus(jnp, -x * y), BOTH),
    "multilabel_soft_margin_loss": of("multilabel_soft_margin_loss", lambda jnp, x, y: softplus(jnp, x) - x * y, BOTH),
}
