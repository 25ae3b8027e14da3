"""Printing, to the character. What PyTorch printed is in references/printing.json, made by references/printing.py."""

from __future__ import annotations

import contextlib
import json
import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

from tensorplug.core.interchange import printing

CASES = json.loads((pathlib.Path(__file__).parent / "references" / "printing.json").read_text())


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    printing.set_printoptions(profile="default")
    yield
    printing.set_printoptions(profile="default")


def build(case: dict[str, Any]) -> numpy.ndarray:
    name, values = case["dtype"], case["values"]
    if name.startswith("complex"):
        values = [complex(*pair) for pair in values]
    dtype = pytest.importorskip("ml_dtypes").bfloat16 if name == "bfloat16" else name
    return numpy.resize(numpy.asarray(values, dtype=dtype), case["shape"])


def describe(case: dict[str, Any]) -> str:
    options = "-".join(f"{name}={value}" for name, value in case["options"].items())
    return "-".join(filter(None, (case["dtype"], "x".join(map(str, case["shape"])) or "scalar", options)))


@pytest.mark.parametrize("case", CASES, ids=describe)
def test_as_pytorch_prints(case: dict[str, Any]) -> None:
    with printing.printoptions(**case["options"]):
        assert printing.format_tensor(build(case), case["suffixes"]) == case["text"]


@pytest.mark.parametrize("case", CASES, ids=describe)
def test_the_body_stands_alone(case: dict[str, Any]) -> None:
    with printing.printoptions(**case["options"]):
        body = printing.format_array(build(case), len("tensor("), printing.get_printoptions())
    assert case["text"].startswith("tensor(" + body)


def test_the_front_page() -> None:
    values = numpy.asarray([[0.9216, 0.4754], [0.1, 0.25]], dtype=numpy.float32)
    assert printing.format_tensor(values, ["backend='jax'"]) == (
        "tensor([[0.9216, 0.4754],\n        [0.1000, 0.2500]], backend='jax')"
    )


def test_suffixes_break_lines() -> None:
    values = numpy.arange(2.0)
    long = "grad_fn=<" + "X" * 45 + ">"
    assert printing.format_tensor(values, ["dtype=float64", long, "backend='numpy'"]) == (
        f"tensor([0., 1.], dtype=float64,\n       {long}, backend='numpy')"
    )


def test_layout_in_memory_does_not_show() -> None:
    values = numpy.arange(12.0).reshape(3, 4)
    assert printing.format_tensor(values.T) == printing.format_tensor(values.T.copy())
    assert printing.format_tensor(values[::-1, ::2]) == printing.format_tensor(values[::-1, ::2].copy())


def test_large_arrays_are_summarised_before_they_are_formatted() -> None:
    endless = numpy.broadcast_to(numpy.float32(1.5), (2**20, 2**20, 2**10))
    text = printing.format_tensor(endless)
    assert text.count("1.5000") == 6**3


def test_half_precision_of_numpy_and_of_ml_dtypes() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert (
        printing.format_array(numpy.asarray([0.1], dtype=ml_dtypes.bfloat16), 0, printing.PrintOptions()) == "[0.1001]"
    )
    assert printing.format_array(numpy.asarray(0.1, dtype=ml_dtypes.bfloat16), 0, printing.PrintOptions()) == "0.1001"
    assert printing.format_array(numpy.asarray([0.1], dtype=numpy.float16), 0, printing.PrintOptions()) == "[0.1000]"


def test_options_are_kept_and_reset() -> None:
    printing.set_printoptions(precision=2, linewidth=100)
    printing.set_printoptions(sci_mode=True)
    assert printing.get_printoptions() == printing.PrintOptions(precision=2, linewidth=100, sci_mode=True)
    printing.set_printoptions(edgeitems=1)
    assert printing.get_printoptions() == printing.PrintOptions(precision=2, linewidth=100, edgeitems=1)
    printing.set_printoptions(profile="short")
    assert printing.get_printoptions() == printing.PrintOptions(precision=2, edgeitems=2)


def test_unknown_profiles_are_refused() -> None:
    with pytest.raises(ValueError, match="profile must be one of 'default', 'short', 'full'"):
        printing.set_printoptions(profile="tall")  # type: ignore[arg-type]


def test_options_for_a_block_end_with_it() -> None:
    with contextlib.suppress(KeyError), printing.printoptions(precision=1) as options:
        assert options.precision == 1
        raise KeyError
    assert printing.get_printoptions() == printing.PrintOptions()


def test_a_tensor_is_printed_with_one_set_of_options() -> None:
    values = numpy.linspace(0.001, 0.999, 900).reshape(30, 30)
    texts = set()
    for profile in "default", "short":
        with printing.printoptions(profile=profile):
            texts.add(printing.format_tensor(values))
    done = threading.Event()

    def switch() -> None:
        while not done.is_set():
            printing.set_printoptions(profile="short")
            printing.set_printoptions(profile="default")

    thread = threading.Thread(target=switch)
    thread.start()
    try:
        assert {printing.format_tensor(values) for _ in range(50)} <= texts
    finally:
        done.set()
        thread.join()
