"""Cases of the gradients of connectionist temporal classification, beside the sum over all paths one by one."""

from __future__ import annotations

import itertools
from typing import Any

import tensorplug as tp
from tensorplug.losses.functional import ctc_loss

from .case import Case, points, tensor

FRAMES, CLASSES = 3, 3

TARGETS = ((1, 2), (1, 1), (2,), ())


def loss(x: tp.Tensor, target: tuple[int, ...]) -> tp.Tensor:
    labels = tensor(list(target)).to("int64")
    return ctc_loss(tp.log_softmax(x, axis=-1), labels, FRAMES, len(target), reduction="sum")


def all_paths(jnp: Any, x: Any, target: tuple[int, ...]) -> Any:
    logs = x - jnp.log(jnp.exp(x).sum(-1, keepdims=True))
    paths = [
        path
        for path in itertools.product(range(CLASSES), repeat=FRAMES)
        if tuple(label for label, _ in itertools.groupby(path) if label) == target
    ]
    return -jnp.log(jnp.exp(logs[jnp.arange(FRAMES), jnp.asarray(paths)].sum(-1)).sum())


def gradient(jnp: Any, x: Any, target: tuple[int, ...]) -> Any:
    import jax

    return jax.grad(lambda x: all_paths(jnp, x, target))(x)


INPUTS = points((FRAMES, CLASSES))

CASES: dict[str, list[Case]] = {
    "ctc": [Case(lambda x, t=t: loss(x, t), INPUTS, lambda jnp, x, t=t: all_paths(jnp, x, t)) for t in TARGETS],
    "ctc_gradient": [
        Case(
            lambda x, t=t: tp.func.grad(lambda x: loss(x, t))(x),
            INPUTS,
            lambda jnp, x, t=t: gradient(jnp, x, t),
        )
        for t in TARGETS[:2]
    ],
}
