"""`testing.assert_close`: what is close, and what the message says of what is not."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.extra.numpy
import hypothesis.strategies as st
import numpy as np
import pytest

import tensorplug as tp
from tensorplug.testing import assert_close

CLOSE: list[tuple[str, Callable[[], tuple[Any, Any]], dict[str, Any]]] = [
    ("within the tolerance", lambda: (tp.tensor([1.0, 2.0]), tp.tensor([1.0, 2.000001])), {}),
    ("half precision", lambda: (tp.tensor(2.0, dtype=tp.float16), tp.tensor(2.002, dtype=tp.float16)), {}),
    ("NaN", lambda: (tp.tensor([math.nan, 1]), tp.tensor([math.nan, 1])), {"equal_nan": True}),
    ("infinities", lambda: (tp.tensor([math.inf, -math.inf]), tp.tensor([math.inf, -math.inf])), {}),
    ("dtypes", lambda: (tp.tensor([1, 2]), tp.tensor([1.0, 2.0])), {"check_dtype": False}),
    ("no elements", lambda: (tp.zeros(0, 2), tp.zeros(0, 2)), {}),
    ("a list and a tuple", lambda: ([tp.tensor(1.0), None], (tp.tensor(1.0), None)), {}),
    ("sequences", lambda: (collections.deque([1, 2]), range(1, 3)), {}),
    ("numbers", lambda: (1.0, np.float64(1.1)), {"rtol": 0.0, "atol": 0.2}),
    ("a NumPy array", lambda: (tp.tensor([1, 2]), np.array([1, 2])), {}),
    ("what requires a gradient", lambda: (tp.ones(2, requires_grad=True), tp.ones(2)), {}),
]


@pytest.mark.parametrize(("make", "options"), [case[1:] for case in CLOSE], ids=[case[0] for case in CLOSE])
def test_close(backend: str, make: Callable[[], tuple[Any, Any]], options: dict[str, Any]) -> None:
    assert_close(*make(), **options)


# PyTorch 2.13 says this, word for word, but for a shape, which is no tuple there.
FAR: list[tuple[Callable[[], tuple[Any, Any]], dict[str, Any], str]] = [
    (
        lambda: (tp.tensor([1.0, 2.0, 3.0]), tp.tensor([1.0, 2.5, 4.0])),
        {},
        "Tensor-likes are not close!\n\nMismatched elements: 2 / 3 (66.7%)\n"
        "Greatest absolute difference: 1.0 at index (2,) (up to 1e-05 allowed)\n"
        "Greatest relative difference: 0.25 at index (2,) (up to 1.3e-06 allowed)",
    ),
    (
        lambda: (tp.tensor(1.0), tp.tensor(2.0)),
        {},
        "Scalars are not close!\n\nExpected 2.0 but got 1.0.\nAbsolute difference: 1.0 (up to 1e-05 allowed)\n"
        "Relative difference: 0.5 (up to 1.3e-06 allowed)",
    ),
    (
        lambda: (tp.tensor([2**62]), tp.tensor([2**62 + 1])),
        {},
        "Tensor-likes are not equal!\n\nMismatched elements: 1 / 1 (100.0%)\n"
        "Greatest absolute difference: 1 at index (0,)\n"
        "Greatest relative difference: 2.168404344971009e-19 at index (0,)",
    ),
    (
        lambda: (tp.tensor([0], dtype=tp.uint8), tp.tensor([255], dtype=tp.uint8)),
        {},
        "Tensor-likes are not equal!\n\nMismatched elements: 1 / 1 (100.0%)\n"
        "Greatest absolute difference: 255 at index (0,)\nGreatest relative difference: 1.0 at index (0,)",
    ),
    (
        lambda: (tp.tensor([True, False]), tp.tensor([True, True])),
        {},
        "Tensor-likes are not equal!\n\nMismatched elements: 1 / 2 (50.0%)\n"
        "Greatest absolute difference: 1 at index (1,)\nGreatest relative difference: 1.0 at index (1,)",
    ),
    (
        lambda: (tp.tensor([math.inf, 1.0]), tp.tensor([-math.inf, 1.0])),
        {},
        "Tensor-likes are not close!\n\nMismatched elements: 1 / 2 (50.0%)\n"
        "Greatest absolute difference: inf at index (0,) (up to 1e-05 allowed)\n"
        "Greatest relative difference: nan at index (0,) (up to 1.3e-06 allowed)",
    ),
    (
        lambda: (tp.tensor([math.nan]), tp.tensor([math.nan])),
        {},
        "Tensor-likes are not close!\n\nMismatched elements: 1 / 1 (100.0%)\n"
        "Greatest absolute difference: nan at index (0,) (up to 1e-05 allowed)\n"
        "Greatest relative difference: nan at index (0,) (up to 1.3e-06 allowed)",
    ),
    (
        lambda: (tp.tensor([[1.0, 2.0], [3.0, 9.0]]), tp.tensor([[1.0, 2.0], [3.0, 4.0]])),
        {"rtol": 0.0, "atol": 0.0},
        "Tensor-likes are not equal!\n\nMismatched elements: 1 / 4 (25.0%)\n"
        "Greatest absolute difference: 5.0 at index (1, 1)\nGreatest relative difference: 1.25 at index (1, 1)",
    ),
    (
        lambda: (tp.ones(1), tp.ones(1, dtype=tp.float64)),
        {},
        "The values for attribute 'dtype' do not match: tensorplug.float32 != tensorplug.float64.",
    ),
    (
        lambda: (tp.ones(2, 3).t(), tp.ones(3, 2)),
        {"check_stride": True},
        "The values for attribute 'stride()' do not match: (1, 3) != (2, 1).",
    ),
    (
        lambda: (tp.ones(2), tp.ones(1, 2)),
        {"msg": lambda found: f"at step 3: {found}"},
        "at step 3: The values for attribute 'shape' do not match: (2,) != (1, 2).",
    ),
    (lambda: (tp.ones(2), tp.ones(1, 2)), {"msg": "not the same"}, "not the same"),
    (lambda: (1, 1.0), {}, "The (d)types do not match: <class 'int'> != <class 'float'>."),
    (
        lambda: ({"a": 1, "b": [tp.tensor([2.0]), 3]}, {"a": 1, "b": [tp.tensor([2.0]), 4]}),
        {},
        "Scalars are not equal!\n\nExpected 4 but got 3.\nAbsolute difference: 1\nRelative difference: 0.25\n\n"
        "The failure occurred for item ['b'][1]",
    ),
    (
        lambda: ({"a": 1}, {"b": 1}),
        {},
        "The keys of the mappings do not match:\nMissing keys in the actual mapping: ['b']\n"
        "Additional keys in the actual mapping: ['a']",
    ),
    (lambda: ([tp.ones(2)], []), {}, "The length of the sequences mismatch: 1 != 0"),
    (lambda: (True, False), {}, "Booleans mismatch: True is not False"),
    (lambda: (None, 2.0), {}, "None mismatch: None is not 2.0"),
]


@pytest.mark.parametrize(("make", "options", "message"), FAR)
def test_far(backend: str, make: Callable[[], tuple[Any, Any]], options: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError) as failure:
        assert_close(*make(), **options)
    assert str(failure.value) == message


def test_results_of_two_backends() -> None:
    pytest.importorskip("jax")
    x, y = (tp.linspace(0.0, 1.0, 100, device=device).exp() for device in ("numpy:cpu", "jax:cpu:0"))
    assert_close(x, y, check_device=False)
    with pytest.raises(AssertionError, match="'device' do not match: numpy:cpu != jax:cpu:0"):
        assert_close(x, y)


@pytest.mark.parametrize(
    ("pair", "options", "error", "message"),
    [
        (("a", "a"), {}, TypeError, "got str and str, wanted two tensors or NumPy arrays, two numbers"),
        (([tp.ones(1)], [1.0]), {}, TypeError, r"got Tensor and float for item \[0\]"),
        ((1.0, 1.0), {"rtol": 0.1}, ValueError, "got no atol, wanted both rtol and atol, or neither"),
    ],
)
def test_wrong_arguments(pair: tuple[Any, Any], options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"assert_close: {message}"):
        assert_close(*pair, **options)


FLOATS = hypothesis.extra.numpy.arrays("float64", 3, elements=st.floats(width=16) | st.sampled_from([0.0, 1.0]))


@hypothesis.given(FLOATS, FLOATS, st.booleans())
def test_the_verdict_is_that_of_numpy(x: np.ndarray, y: np.ndarray, equal_nan: bool) -> None:
    try:
        assert_close(tp.from_numpy(x), tp.from_numpy(y), rtol=0.25, atol=0.25, equal_nan=equal_nan)
        found = True
    except AssertionError:
        found = False
    with np.errstate(all="ignore"):
        assert found == np.allclose(x, y, 0.25, 0.25, equal_nan)
