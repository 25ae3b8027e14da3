"""Bad arguments: the same error on every backend, which names the operation, and never in a library's own words."""

from __future__ import annotations

import inspect
import math
import re
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.core.types.errors import ShapeError, say_function

from .conftest import BACKENDS

Call = Callable[[tp.Tensor], Any]

WRONG: dict[str, tuple[type[Exception], str, Call]] = {
    "expand": (
        ShapeError,
        r"expand: got shape \(-2, 3\) for a tensor of",
        lambda x: x.expand(-2, 3),
    ),
    "expand of one axis": (
        ShapeError,
        r"expand: got shape \(-1, 3\) for .* \(3,\)",
        lambda x: x[0].expand(-1, 3),
    ),
    "broadcast_to": (ShapeError, r"broadcast_to: got shape \(-1, 2, 3\)", lambda x: tp.broadcast_to(x, (-1, 2, 3))),
    "reshape": (ShapeError, r"reshape: shape \(4, -2\) may have one -1", lambda x: x.reshape(4, -2)),
    "zeros": (ShapeError, r"zeros: got shape \(2, -1\), wanted no negative", lambda x: tp.zeros(2, -1)),
    "empty": (ShapeError, r"empty: got shape .* holds more elements than memory", lambda x: tp.empty(10**30)),
    "tile": (ShapeError, r"tile: got shape .* holds more elements than memory", lambda x: x.tile(10**30)),
    "linspace": (ValueError, r"linspace: got num -1", lambda x: tp.linspace(0, 1, -1)),
    "split": (ValueError, r"split: got length 0", lambda x: x.split(0)),
    "split of a float": (TypeError, r"split: a length is an integer, got float", lambda x: x.split(1.5)),
    "chunk": (ValueError, r"chunk: got 0 chunks", lambda x: x.chunk(0)),
    "chunk of a tuple": (TypeError, r"chunk: the number of chunks is an integer, got tuple", lambda x: x.chunk((1, 2))),
    "unfold": (ValueError, r"unfold: got step 0", lambda x: x.unfold(0, 1, 0)),
    "unfold of a float": (TypeError, r"unfold: size is an integer, got float", lambda x: x.unfold(0, 1.5, 1)),
    "diff": (ValueError, r"diff: got n=-1", lambda x: tp.diff(x, n=-1)),
    "diff of a string": (TypeError, r"diff: n is an integer, got str", lambda x: tp.diff(x, n="a")),
    "roll": (ValueError, r"roll: got 2 shifts and 1 axes", lambda x: tp.roll(x, (1, 2), (0,))),
    "flatten": (ValueError, r"flatten: start_dim 1 comes after", lambda x: x.flatten(1, 0)),
    "stack": (ValueError, r"stack: got no tensors", lambda x: tp.stack([])),
    "sum of an axis twice": (ValueError, r"sum: axis \(0, 0\) names an axis twice", lambda x: x.sum((0, 0))),
    "sum of an axis": (IndexError, r"sum: axis 7 is out of range", lambda x: x.sum(7)),
    "keepdims": (TypeError, r"sum: keepdims is True or False, got str", lambda x: tp.sum(x, axis=0, keepdims="a")),
    "std": (TypeError, r"std: a correction is a number, got tuple", lambda x: tp.std(x, correction=(1,))),
    "tril": (TypeError, r"tril: diagonal is an integer, got Tensor", lambda x: x.tril(x)),
    "topk": (TypeError, r"topk: k is an integer, got float", lambda x: x.topk(1.5)),
    "fill_": (TypeError, r"fill_: got tuple", lambda x: x.fill_((1,))),
    "fill_ of a complex number": (TypeError, r"fill_: complex numbers do not convert", lambda x: x.fill_(1j)),
    "add": (TypeError, r"add: alpha is a number, got str", lambda x: x.add(x, alpha="a")),
    "isclose": (TypeError, r"isclose: rtol is a number, got str", lambda x: tp.isclose(x, x, rtol="a")),
    "tensordot": (ValueError, r"tensordot: got axes for 3 operands", lambda x: tp.tensordot(x, x, ((0,), (0,), (0,)))),
    "fftn": (ValueError, r"fft.fftn: got lengths \(2,\) for axes", lambda x: tp.fft.fftn(x, s=(2,), axes=(0, 1))),
    "fft": (ValueError, r"fft.fft: got a transform of length 0", lambda x: tp.fft.fft(x, 0)),
    "matrix_power": (
        TypeError,
        r"linalg.matrix_power: n is an int",
        lambda x: tp.linalg.matrix_power(x[:, :2], 0.5),
    ),
    "amax": (TypeError, r"amax: got list", lambda x: tp.amax([1.0])),  # type: ignore[arg-type]
    "view_as": (TypeError, r"view_as: got int", lambda x: x.view_as(1)),
    "uniform_": (ValueError, r"uniform_: got the range from 3 to 2", lambda x: x.uniform_(3, 2)),
    "bernoulli": (ValueError, r"bernoulli: got a probability of 1.5", lambda x: x.bernoulli(1.5)),
    "bernoulli_": (ValueError, r"bernoulli_: got a probability of 1.5", lambda x: x.bernoulli_(1.5)),
    "normal": (TypeError, r"normal: got str", lambda x: tp.normal("a", 1.0, (2,))),
    "dtype": (TypeError, r"astype: unknown dtype", lambda x: x.astype(x)),
}
"""Calls with what they raise, by name."""


def raised(call: Callable[[], Any]) -> Exception | None:
    """What a call raises, or None."""
    with warnings.catch_warnings(action="ignore"):
        try:
            call()
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize("name", WRONG)
def test_errors_are_the_same_on_every_backend(name: str) -> None:
    wanted, message, call = WRONG[name]
    found = []
    for backend in BACKENDS:
        with tp.backend(backend):
            x = tp.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
            state = tp.get_rng_state().tolist()
            error = raised(lambda x=x: call(x))  # type: ignore[misc]
            assert x.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
            assert tp.get_rng_state().tolist() == state
        assert isinstance(error, wanted), (backend, error)
        assert re.match(message, str(error)), error
        assert isinstance(error, ShapeError) is (wanted is ShapeError)
        found.append((type(error), str(error)))
    assert len(set(found)) == 1


class Foreign:
    """Of no type that anything works with."""

    def __repr__(self) -> str:
        return "a foreign object"


BAD = {"axis": 7, "axes": (0, 0), "text": "a", "float": 1.5, "nan": math.nan, "object": Foreign(), "huge": 10**30}
"""What no second argument should be, or few."""

MODULES: dict[str, ModuleType] = {"": tp, "linalg.": tp.linalg, "fft.": tp.fft, "F.": tp.nn.functional}  # type: ignore[dict-item]

DEVICE = r",? ?backend='\w+'|\b(numpy:cpu|jax:cpu:0|cupy:cuda:0)\b"
"""Matches what a message says of the backend."""

KEPT_STATE = ("load", "manual_seed", "save", "seed", "set_", "compile", "printoptions")
"""How names of functions begin that write files or change what other tests rely on."""


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """All public functions of tensors, and the methods."""
    for prefix, module in MODULES.items():
        for name in sorted(vars(module)):
            if not name.startswith(("_", *KEPT_STATE)) and inspect.isfunction(getattr(module, name)):
                yield prefix + name, getattr(module, name)
    for name in sorted(vars(tp.Tensor)):
        if not name.startswith("_") and inspect.isfunction(vars(tp.Tensor)[name]):
            yield f"Tensor.{name}", vars(tp.Tensor)[name]


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("before", [(), (1,)], ids=["second", "third"])
def test_no_error_is_in_a_library_s_own_words(
    kind: str, before: tuple[Any, ...], request: pytest.FixtureRequest
) -> None:
    """Each function and method with a tensor and a bad argument: what one backend refuses, all do with one message."""
    # What NumPy takes, JAX compiles; one kind shows whether others take it too.
    every = request.config.getoption("--all") or (kind == "axis" and not before)
    different = []
    for name, function in functions():
        errors: dict[tuple[Any, str], str] = {}
        for backend in BACKENDS:
            with tp.backend(backend):
                x = tp.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
                error = raised(lambda x=x, function=function: function(x, *before, BAD[kind]))  # type: ignore[misc]
            errors[type(error), re.sub(DEVICE, "", str(error))] = backend
            if isinstance(error, AttributeError):
                errors[AttributeError, "of an argument"] = backend
            if error is None and not every:
                break
        if len(errors) > 1:
            different.append((name, errors))
    assert different == []


def test_functions_have_names_in_errors_about_arguments() -> None:
    assert [name for name, function in functions() if "<" in inspect.unwrap(function).__qualname__] == []
    with pytest.raises(TypeError, match=r"^Tensor\.reshape\(\) got an unexpected keyword argument 'dims'"):
        tp.ones(2).reshape(dims=2)
    with pytest.raises(TypeError, match=r"^numpy\.ravel: order= is not supported for tensors"):
        np.ravel(tp.ones(2), order="F")  # type: ignore[call-overload]


COMPOSED: dict[str, Call] = {
    "masked_scatter": lambda x: tp.masked_scatter(x, tp.tensor([True, False]), x),
    "index_put": lambda x: tp.index_put(x, (tp.tensor([0.5]),), x),
    "F.cosine_similarity": lambda x: tp.nn.functional.cosine_similarity(x, x[:, :2]),
    "addbmm": lambda x: tp.addbmm(x, x, x),
    "take_along_dim": lambda x: tp.take_along_dim(x, tp.tensor([[9]]), 0),
    "nanmean": lambda x: x.bool().nanmean(),
    "median": lambda x: tp.complex(x, x).median(),
    "linalg.matrix_power": lambda x: tp.linalg.matrix_power(tp.zeros(2, 2), -1),
}
"""Bad calls of functions that call others, which refuse the arguments."""
if "jax" in BACKENDS:
    COMPOSED["addcmul"] = lambda x: tp.addcmul(x, tp.ones(2, device="numpy"), tp.ones(2, device="jax"))


@pytest.mark.parametrize("name", COMPOSED)
def test_errors_begin_with_the_function_that_was_called(backend: str, name: str) -> None:
    error = raised(lambda: COMPOSED[name](tp.ones(2, 3)))
    assert isinstance(error, (TypeError, ValueError, IndexError))
    assert str(error).startswith(f"{name.removeprefix('F.')}: "), error


class Refused:
    """An integer whose own code raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __index__(self) -> int:
        raise self.error


@pytest.mark.parametrize("error", [ValueError("a.json: bad", 3), IndexError(5), ValueError()])
def test_errors_of_what_the_user_wrote_stay_as_they_are(error: Exception) -> None:
    arguments = error.args

    def refuse(tensor: tp.Tensor) -> Any:
        raise error

    x = tp.ones(2, 2, requires_grad=True)
    assert raised(lambda: tp.narrow(x, 0, Refused(error), 1)) is error  # type: ignore[arg-type]
    with tp.autograd.graph.saved_tensors_hooks(refuse, lambda kept: kept):
        assert raised(lambda: tp.nn.functional.normalize(x)) is error
    assert (error.args, vars(error)) == (arguments, {})


def test_a_function_that_is_called_by_another_one_is_named_once() -> None:
    error = raised(lambda: tp.embedding(tp.tensor([5]), tp.ones(3, 2)))
    assert error.args[0].startswith("embedding: index_select: index 5")
    say_function(error, "index_select")
    assert error.args[0].startswith("index_select: index 5")


def test_threshold_in_place(backend: str) -> None:
    """Its wrapper calls itself, and a parameter has the name of the function."""
    x = tp.tensor([-1.0, 2.0])
    assert tp.nn.functional.threshold(x, 0.0, 5.0, inplace=True) is x
    assert x.tolist() == [5.0, 2.0]
