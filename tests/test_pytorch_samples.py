"""PyTorch's operator samples, with stored answers: values, dtypes, shapes and gradients, in float64."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import tensorplug as tp

SAMPLES = json.loads((pathlib.Path(__file__).parent / "references" / "pytorch_samples.json").read_text())


def array(stored: dict[str, Any]) -> numpy.ndarray:
    """A stored tensor as a NumPy array."""
    dtype = stored["dtype"]
    dtype = dtype.replace("bfloat16", "float32")
    parts = numpy.array(stored["data"], dtype=dtype.replace("complex128", "float64").replace("complex64", "float32"))
    return (parts.view(dtype) if dtype.startswith("complex") else parts).reshape(stored["shape"])


def decoded(tree: Any, made: dict[int, tp.Tensor]) -> Any:
    """Stored arguments, with one tensor for each that was one."""
    if isinstance(tree, list):
        return [decoded(part, made) for part in tree]
    if not isinstance(tree, dict):
        return tree
    if "complex" in tree:
        return complex(*tree["complex"])
    if "tensor" in tree:
        place = tree["tensor"]
        if place not in made:
            made[place] = tp.asarray(array(tree)).requires_grad_(tree["requires_grad"])
        return made[place]
    return getattr(tp, tree["dtype"])


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from leaves(part)
    else:
        yield tree


METHODS = frozenset(
    """
    bfloat16 bool double float half int logical_and logical_not logical_or logical_xor long mH mT repeat short where
    """.split()
)
"""Whose methods are PyTorch's, where a function of that name is the standard's, a dtype, or absent."""


def function_of(name: str) -> Any:
    """The function, or else the method or attribute, of the name of PyTorch's."""
    if name in METHODS:
        member = getattr(tp.Tensor, name)
        return member if callable(member) else lambda x: getattr(x, name)
    place: Any = tp
    for part in name.split("."):
        place = getattr(place, part, None)
    return place or getattr(tp.Tensor, name)


def assert_close(found: tp.Tensor, wanted: dict[str, Any]) -> None:
    assert str(found.dtype) == f"tensorplug.{wanted['dtype']}"
    # Formulas of several roundings: PyTorch's own tests of float64 allow 1e-7.
    found = found.float() if found.dtype is tp.bfloat16 else found
    numpy.testing.assert_allclose(found.detach().numpy(), array(wanted), rtol=1e-7, atol=1e-9)


@pytest.mark.filterwarnings("ignore:stft. without a window")
@pytest.mark.one_of_each(key=lambda sample: sample["name"][:1])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_sample(backend: str, sample: dict[str, Any]) -> None:
    made: dict[int, tp.Tensor] = {}
    arguments = decoded(sample["arguments"], made)
    keywords = {name: decoded(one, made) for name, one in sample["keywords"].items()}
    results = list(leaves(function_of(sample["name"])(*arguments, **keywords)))
    wanted = sample["results"]
    assert len(results) == len(wanted)
    for found, one in zip(results, wanted, strict=True):
        if isinstance(one, dict):
            assert_close(found, one)
        else:
            assert found == one
    # The gradients that PyTorch's were computed for.
    random = numpy.random.default_rng(0)
    loss: Any = 0
    for found in results:
        if type(found) is tp.Tensor and found.requires_grad:
            upstream = random.standard_normal(found.shape)
            if found.dtype.is_complex:
                upstream = upstream + 1j * random.standard_normal(found.shape)
            loss = loss + tp.real(found * tp.asarray(upstream)).sum()
    if type(loss) is tp.Tensor:
        loss.backward()
    inputs = [made[place] for place in sorted(made) if made[place].requires_grad]
    for x, one in zip(inputs, sample["gradients"], strict=bool(sample["gradients"])):
        if one is None or not any(one["data"]):
            assert x.grad is None or not x.grad.any()
        else:
            assert_close(x.grad, one)
