"""What a tutorial of PyTorch teaches, called as it does: PyTorch's results on every backend."""

from __future__ import annotations

import json
import pathlib
import warnings
from typing import Any

import numpy as np
import pytest

import tensorplug as tp

from .surface import CALLS, run

STORED = json.loads((pathlib.Path(__file__).parent / "references" / "tutorial.json").read_text())

ROUNDING = {"float16": 2**-11, "float32": 2**-24, "float64": 2**-53}

AGREEMENT = 64
"""In roundings, of the largest number: sums here have some ten terms, each of a few roundings that may differ."""


def numbers(value: Any) -> np.ndarray:
    return np.asarray(value, dtype="float64")


def assert_close(found: Any, wanted: Any, dtype: str) -> None:
    found, wanted = numbers(found), numbers(wanted)
    assert found.shape == wanted.shape
    finite = wanted[np.isfinite(wanted)]
    largest = max(1.0, float(np.abs(finite).max())) if finite.size else 1.0
    np.testing.assert_allclose(found, wanted, rtol=0, atol=AGREEMENT * ROUNDING.get(dtype, 0.0) * largest)


@pytest.mark.parametrize("name", CALLS)
def test_as_in_pytorch(backend: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "range includes its end")
        found, wanted = run(CALLS[name], tp), STORED[name]
    assert len(found["values"]) == len(wanted["values"])
    for one, other in zip(found["values"], wanted["values"], strict=True):
        if isinstance(other, dict):
            assert one["dtype"] == other["dtype"]
            assert_close(one["values"], other["values"], other["dtype"])
        else:
            assert one == other
    assert len(found.get("gradients", ())) == len(wanted.get("gradients", ()))
    for one, other in zip(found.get("gradients", ()), wanted.get("gradients", ()), strict=True):
        assert (one is None) == (other is None)
        if other is not None:
            assert_close(one, other, "float64")
