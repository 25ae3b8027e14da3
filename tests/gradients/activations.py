"""Cases of the gradients of activations other than softmax and its relatives, and of composed functions."""

from __future__ import annotations

from typing import Any

import tensorplug as tp
import tensorplug.nn.functional as F
from tensorplug.core import OPERATIONS

from .case import Case, points


def softplus(jnp: Any, x: Any) -> Any:
    return jnp.logaddexp(x, 0.0)


CASES: dict[str, list[Case]] = {
    "elu": [
        Case(F.elu, points((2, 3)), lambda jnp, x: jnp.where(x > 0, x, jnp.expm1(x))),
        Case(lambda x: F.elu(x, 0.5), points(()), None),
    ],
    "hardsigmoid": [Case(F.hardsigmoid, points((2, 3)), lambda jnp, x: jnp.clip(x / 6 + 0.5, 0, 1))],
    "hardswish": [Case(F.hardswish, points((2, 3)), lambda jnp, x: x * jnp.clip(x / 6 + 0.5, 0, 1))],
    "hardtanh": [Case(lambda x: F.hardtanh(x, -0.5, 0.7), points((2, 3)), lambda jnp, x: jnp.clip(x, -0.5, 0.7))],
    "leaky_relu": [
        Case(lambda x: F.leaky_relu(x, 0.25), points((2, 3)), lambda jnp, x: jnp.where(x > 0, x, x / 4)),
        Case(F.leaky_relu, points((0, 2)), None),
    ],
    "logistic": [Case(OPERATIONS["logistic"], points((2, 3)), lambda jnp, x: 1 / (1 + jnp.exp(-x)))],
    "logistic_density": [
        Case(OPERATIONS["logistic_density"], points((2, 3)), lambda jnp, x: 1 / (2 + jnp.exp(x) + jnp.exp(-x)))
    ],
    "logsigmoid": [Case(F.logsigmoid, points((2, 3)), lambda jnp, x: -softplus(jnp, -x))],
    "mish": [Case(F.mish, points((2, 3)), lambda jnp, x: x * jnp.tanh(softplus(jnp, x)))],
    "silu": [Case(F.silu, points((2, 3)), lambda jnp, x: x / (1 + jnp.exp(-x)))],
    "softplus": [
        Case(F.softplus, points((2, 3)), lambda jnp, x: softplus(jnp, x)),
        Case(lambda x: F.softplus(x, 2.0, 1.0), points((2, 3)), None),
    ],
    "softshrink": [
        Case(F.softshrink, points((2, 3)), lambda jnp, x: jnp.sign(x) * jnp.maximum(jnp.abs(x) - 0.5, 0)),
    ],
}

COMPOSITES: dict[str, list[Case]] = {
    "linear": [
        Case(F.linear, points((4, 3), (2, 3), (2,)), lambda jnp, x, w, b: x @ w.T + b),
        Case(F.linear, points((2, 2, 3), (3,)), None),
    ],
    "normalize": [
        Case(F.normalize, points((2, 3)), lambda jnp, x: x / jnp.sqrt((x * x).sum(1, keepdims=True))),
        Case(lambda x: tp.normalize(x, 3.0, dim=(0, 1)), points((2, 3)), None),
    ],
}
