"""Values of arrays are looked at through `inspect` and `known` of the contract, which something else may answer."""

from __future__ import annotations

import contextlib
import functools
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.backends import Backend
from tensorplug.conformance.engine.arrays import flatten
from tensorplug.conformance.engine.example import draw, evaluate
from tensorplug.conformance.uses import Use, subjects, uses_of
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.memory.tensor import wrap
from tensorplug.core.memory.views import array_of
from tensorplug.core.types.dtypes import ACCEPTED

from .conftest import BACKENDS
from .test_house import READS, ROOT


class Later:
    """Keeps checks until they are asked for, and knows nothing about values."""

    def __init__(self, library: Any) -> None:
        self.backend = library.backend
        self.kept: list[tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]] = []

    def inspect(self, check: Callable[..., None], *arrays: Any, **parameters: Any) -> None:
        self.kept.append((check, arrays, parameters))

    @staticmethod
    def known(predicate: Callable[..., Any], otherwise: bool, *arrays: Any, **parameters: Any) -> bool:
        return otherwise

    def check(self) -> None:
        """Make all checks that were kept."""
        for check, arrays, parameters in self.kept:
            check(*map(self.backend.to_numpy, arrays), **parameters)


@contextlib.contextmanager
def later(backend: str) -> Iterator[Later]:
    """What stands in for the contract's two functions in a ``with`` block."""
    library = library_for(backend)
    with pytest.MonkeyPatch.context() as patch:
        made = Later(library)
        patch.setattr(library.ops, "inspect", made.inspect)
        patch.setattr(library.ops, "known", made.known)
        yield made


X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]

CASES: dict[str, tuple[Callable[..., Any], Any, Any, type[Exception]]] = {
    "index": (lambda i: tp.tensor(X)[:, i], [2, -1], [2, 7], IndexError),
    "gather": (lambda i: tp.tensor(X).gather(1, i), [[2], [1]], [[2], [3]], IndexError),
    "floor_divide": (lambda d: tp.tensor([7, 8]) // d, [2, 3], [2, 0], ZeroDivisionError),
    "remainder": (lambda d: tp.tensor([7, 8]) % d, [2, 3], [0, 3], ZeroDivisionError),
    "pow": (lambda n: tp.tensor([7, 8]) ** n, [2, 3], [2, -3], ValueError),
    "clip": (lambda b: tp.clip(tp.tensor([7], dtype=tp.int8), b), [9], [900], OverflowError),
    "one_hot": (lambda t: tp.one_hot(t, 3), [0, 2], [0, 3], IndexError),
    "normal": (lambda s: tp.normal(0.0, s) * 0, [1.0], [-1.0], ValueError),
    "eigvals": (tp.linalg.eigvals, [[2.0, 0.0], [0.0, 2.0]], [[np.nan, 0.0], [0.0, 2.0]], tp.linalg.LinAlgError),
    "cross_entropy": (lambda t: tp.nn.functional.cross_entropy(tp.tensor(X), t), [2, -100], [3, -100], IndexError),
    "binary": (lambda p: tp.nn.functional.binary_cross_entropy(p, p), [0.5], [1.5], ValueError),
    "gaussian": (lambda v: tp.nn.functional.gaussian_nll_loss(v, v, v), [0.5], [-0.5], ValueError),
}


@pytest.mark.parametrize("name", CASES)
def test_checks_can_be_made_later(backend: str, name: str) -> None:
    """The call ends as if all were well, and the check then raises what the call would have raised."""
    function, good, bad, error = CASES[name]
    with pytest.raises(error) as at_once:
        function(tp.tensor(bad))
    with later(backend) as kept:
        function(tp.tensor(good))
        kept.check()
        # What a kernel makes of it is the library's own affair.
        with np.errstate(all="ignore"), contextlib.suppress(IndexError, ValueError):
            function(tp.tensor(bad))
        with pytest.raises(error) as afterwards:
            kept.check()
    assert str(afterwards.value) == str(at_once.value)


def test_what_is_not_known_is_right_all_the_same(backend: str) -> None:
    x, t = tp.tensor(X), tp.tensor([2, 0])
    expected = np.mean([np.log(np.exp(row).sum()) - row[i] for row, i in zip(np.array(X), [2, 0], strict=True)])
    with later(backend):
        np.testing.assert_allclose(tp.nn.functional.cross_entropy(x, t).item(), expected, rtol=1e-6)
        np.testing.assert_allclose(tp.linalg.vector_norm(x, ord=3, axis=1).tolist(), np.linalg.norm(X, 3, 1), rtol=1e-6)
        m = tp.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
        (first,) = tp.autograd.grad(tp.linalg.det(m), m, create_graph=True)
        (second,) = tp.autograd.grad((first * first).sum(), m)
        np.testing.assert_allclose(second.tolist(), [[4.0, 2.0], [2.0, 6.0]], rtol=1e-5)


DTYPES = {"f": tp.float32, "c": tp.complex64, "i": tp.int64, "b": tp.bool}


def traced(name: str, use: Use, gradients: bool) -> None:
    """Evaluate a use, and all gradients of its results, with JAX's tracers, which refuse to become numbers."""
    import jax

    accepted = ACCEPTED[OPERATIONS[name].accepts] if name in OPERATIONS else tuple(DTYPES.values())
    dtype = next(dtype for kind, dtype in DTYPES.items() if kind in use.dtypes and dtype in accepted)
    example = draw(use, dtype.name, "contiguous", np.random.default_rng(0), smooth=gradients).tensors()
    keys = [tensor._key for tensor in example.values()]

    def call(*arrays: Any) -> None:
        tensors = dict(zip(example, map(wrap, arrays, keys), strict=True))
        inputs = [tensors[one] for one in use.variables if gradients and tensors[one].dtype.is_differentiable]
        for one in inputs:
            one.requires_grad_()
        leaves = [leaf for _, leaf in flatten(evaluate(use, tensors)) if isinstance(leaf, tp.Tensor)]
        outs = [leaf for leaf in leaves if leaf.requires_grad]
        if outs:
            tp.autograd.grad(outs, inputs, list(map(tp.ones_like, outs)), allow_unused=True)

    jax.eval_shape(call, *map(array_of, example.values()))


@pytest.mark.skipif("jax" not in BACKENDS, reason="JAX's tracers are arrays without values")
@pytest.mark.parametrize("gradients", [False, True])
def test_no_other_value_is_looked_at(gradients: bool, pytestconfig: pytest.Config) -> None:
    import jax

    conversions = jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError
    library = library_for("jax")
    count = None if pytestconfig.getoption("--all") else 2
    looked: dict[str, set[str]] = {}
    with pytest.MonkeyPatch.context() as patch, tp.backend("jax"):
        for holder in (library.ops, library.backend):
            patch.setattr(holder, "inspect", lambda check, *arrays, **parameters: None)
            patch.setattr(holder, "known", Later.known)
        patch.setattr(library.backend, "device_name", lambda array: "cpu:0")
        # JAX's own refuses to draw while it traces.
        patch.setattr(library.backend, "random_bits", functools.partial(Backend.random_bits, library.backend))
        for name, use in [(one, use) for one in subjects() for use in uses_of(one)[:count]]:
            try:
                # A mask's picks have no shape yet, and a tracer has no device.
                with contextlib.suppress(jax.errors.NonConcreteBooleanIndexError, AttributeError):
                    if use.smooth or not gradients:
                        traced(name, use, gradients)
            except conversions as error:
                looked[f"{name}: {use.code}"] = {*map(place, traceback.extract_tb(error.__traceback__))}
    allowed = {*READS, SHAPES}
    for code, places in looked.items():
        assert allowed & (places | {one.partition(" ")[0] for one in places}), (code, places)


SHAPES = "backends/contract.py kernel"
"""What computes results whose shapes depend on values."""


def place(frame: traceback.FrameSummary) -> str:
    """The file and the function of a frame, as in `READS`."""
    path = Path(frame.filename)
    return f"{path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path} {frame.name}"
