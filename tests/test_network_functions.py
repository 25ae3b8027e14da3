"""Functions of networks: what PyTorch's samples do not show, such as errors, half precision and second derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import tensorplug as tp
import tensorplug.nn.functional as F

REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, r"hardtanh: got min_val 1.0, wanted one up to max_val, 0.0", lambda: F.hardtanh(tp.ones(2), 1.0, 0.0)),
    (TypeError, r"hardsigmoid: got tensorplug.int64, wanted a real-valued floating-point dtype",
     lambda: F.hardsigmoid(tp.ones(2, dtype="int64"))),
    (RuntimeError, r"softshrink: got lambd -1.0, wanted 0 or more", lambda: F.softshrink(tp.ones(2), -1.0)),
    (ValueError, r"glu: got shape \(2, 3\), wanted an even length along axis 1", lambda: F.glu(tp.ones(2, 3))),
    (RuntimeError, r"prelu: got a weight of shape \(2,\) for an input of shape \(2, 3\)",
     lambda: F.prelu(tp.ones(2, 3), tp.ones(2))),
    (RuntimeError, r"prelu: got a weight of tensorplug.float64 for an input of tensorplug.float32",
     lambda: F.prelu(tp.ones(2), tp.ones(1, dtype="float64"))),
    (ZeroDivisionError, r"celu: got alpha 0", lambda: F.celu(tp.ones(2), 0.0)),
    (ValueError, r"rrelu: got slopes from 1.0 to 0.5", lambda: F.rrelu(tp.ones(2), 1.0, 0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("error", "message", "call"), REFUSED, ids=[message for _, message, _ in REFUSED])
def test_what_does_not_fit_is_refused(
    backend: str, error: type[Exception], message: str, call: Callable[[], Any]
) -> None:
    with pytest.raises(error, match=message):
        call()


PIECEWISE = {
    "hardtanh": ([-2.0, -1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]),
    "relu6": ([-1.0, 0.0, 6.0, 5.0], [0.0, 0.0, 0.0, 1.0]),
    "hardsigmoid": ([-3.0, 3.0, 0.0, math.inf], [0.0, 0.0, 1 / 6, 0.0]),
    "hardswish": ([-3.0, 3.0, 0.0, 9.0], [0.0, 1.0, 0.5, 1.0]),
    "hardshrink": ([-0.5, 0.5, 0.0, 0.75], [0.0, 0.0, 0.0, 1.0]),
    "softshrink": ([-0.5, 0.5, 0.0, 0.75], [0.0, 0.0, 0.0, 1.0]),
    "celu": ([-1.0, 0.0, 1.0, 1000.0], [math.exp(-1.0), 1.0, 1.0, 1.0]),
}
"""Points, kinks among them, and the slopes that PyTorch computes there."""


@pytest.mark.parametrize("name", PIECEWISE)
def test_slopes_at_kinks(backend: str, name: str) -> None:
    points, slopes = PIECEWISE[name]
    x = tp.tensor(points, dtype="float64", requires_grad=True)
    getattr(F, name)(x).sum().backward()
    assert x.grad.tolist() == pytest.approx(slopes, abs=1e-15)


@pytest.mark.parametrize("name", [*PIECEWISE, "mish", "selu", "softsign", "tanhshrink", "glu"])
def test_half_precision_and_nan(backend: str, name: str) -> None:
    x = tp.tensor([-3.0, -0.7, 0.0, 0.3, 9.0, math.nan]).to("bfloat16")
    found = getattr(F, name)(x)
    assert found.dtype is tp.bfloat16
    assert found.tolist() == pytest.approx(getattr(F, name)(x.float()).tolist(), rel=2**-7, nan_ok=True)


def test_slopes_of_rrelu_are_drawn_in_training(backend: str) -> None:
    tp.manual_seed(0)
    found = F.rrelu(tp.full((100,), -1.0), 0.25, 0.5, training=True)
    assert -0.5 <= found.min().item() < found.max().item() <= -0.25
