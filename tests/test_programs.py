"""Random programs of views, writes and reads: as PyTorch runs them, and the same on every backend."""

from __future__ import annotations

import json
import math
import pathlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorplug as tp

from .programs import Outcome, Program, draw, run

STORED = json.loads((pathlib.Path(__file__).parent / "references" / "programs.json").read_text())

AGREEMENT = 1e-12
"""Relative to the largest number of the program, 4500 eps: a program makes at most some thirty roundings in a row,
each of up to 4 ulp, and sums of some hundred terms; 14 digits are stored. Differences may cancel, so no number is held
to its own size."""

BATCH = 28


def scale(outcome: Outcome) -> float:
    rows = [*outcome["values"], *outcome.get("first", {}).values(), *outcome.get("second", {}).values()]
    return max([1.0, *(abs(x) for row in rows for x in row if math.isfinite(x))])


def close(x: float, y: float, tolerance: float) -> bool:
    return x == y or abs(x - y) <= tolerance or (math.isnan(x) and math.isnan(y))


def all_close(left: list[float], right: list[float], tolerance: float) -> bool:
    return len(left) == len(right) and all(close(x, y, tolerance) for x, y in zip(left, right, strict=True))


def assert_same(outcome: Outcome, wanted: Outcome, program: Program) -> None:
    """Equal errors, flags and shapes, and numbers within the tolerance."""
    said = json.dumps(program)
    for name in ("errors", "failure", "shapes", "flags"):
        assert outcome.get(name) == wanted.get(name), f"{name} of {said}"
    tolerance = AGREEMENT * scale(wanted)
    for number, (values, others) in enumerate(zip(outcome["values"], wanted["values"], strict=True)):
        assert all_close(values, others, tolerance), f"tensor {number} of {said}"
    for name in ("first", "second"):
        gradients, others = outcome.get(name, {}), wanted.get(name, {})
        assert gradients.keys() == others.keys(), f"{name} gradients of {said}"
        for leaf, gradient in gradients.items():
            assert all_close(gradient, others[leaf], tolerance), f"{name} gradient of leaf {leaf} of {said}"


def test_enough_is_stored() -> None:
    outcomes = [stored["outcome"] for stored in STORED]
    assert len(outcomes) >= 400
    assert sum("second" in outcome for outcome in outcomes) >= 80
    assert sum(outcome.get("failure") == "modified" for outcome in outcomes) >= 20
    assert sum(len(outcome["errors"]) for outcome in outcomes) >= 100


# The batches are drawn alike.
@pytest.mark.one_of_each(key=lambda first: "batch")
@pytest.mark.parametrize("first", range(0, len(STORED), BATCH))
def test_as_in_pytorch(backend: str, first: int) -> None:
    for stored in STORED[first : first + BATCH]:
        assert_same(run(stored["program"], tp), stored["outcome"], stored["program"])


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_same_on_every_backend(chance: random.Random) -> None:
    pytest.importorskip("jax", reason="jax is an extra, which may not be installed")
    program = draw(chance, tp)
    with tp.backend("numpy"):
        wanted = run(program, tp)
    if not all(math.isfinite(x) for values in wanted["values"] for x in values):
        return  # beyond an overflow, roundings decide what is infinite
    with tp.backend("jax"):
        assert_same(run(program, tp), wanted, program)


def test_a_program_is_plain_data() -> None:
    program: dict[str, Any] = draw(random.Random(0), tp)
    assert json.loads(json.dumps(program)) == program
