"""Losses: as PyTorch's, on every backend. Its answers are stored by references/losses.py."""

from __future__ import annotations

import inspect
import json
import math
import os
import pathlib
import pickle
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.backends.numpy import losses as numpy_losses
from tensorplug.backends.numpy import threads as numpy_threads
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.errors import DeviceError
from tensorplug.losses import functional

CASES: list[dict[str, Any]] = json.loads((pathlib.Path(__file__).parent / "references" / "losses.json").read_text())

TOLERANCES = {"float64": 1e-6, "float32": 1e-4, "float16": 4e-3}
"""Relative, by the dtype of the loss; PyTorch computes some losses in half precision throughout."""


def few() -> list[dict[str, Any]]:
    """What is run where each new shape must be compiled: some cases of each loss."""
    by_loss: dict[str, list[dict[str, Any]]] = {}
    for case in CASES:
        by_loss.setdefault(case["loss"], []).append(case)
    return [case for cases in by_loss.values() for case in cases[::20]]


FEW = few()


def array(stored: Any) -> Any:
    if not isinstance(stored, dict):
        return stored
    return numpy.asarray(stored["values"], dtype=stored["dtype"]).reshape(stored["shape"])


def describe(case: dict[str, Any]) -> str:
    shape = "x".join(map(str, next(iter(case["tensors"].values()))["shape"]))
    options = "-".join(f"{name}={value}" for name, value in case["options"].items())
    return f"{case['loss']}-{case['value']['dtype']}-{shape}-{options}"


def function_of(name: str) -> Callable[..., tp.Tensor]:
    function: Callable[..., tp.Tensor] = getattr(functional, name, None) or getattr(tp, name)
    return function


def loss_of(case: dict[str, Any]) -> tuple[tp.Tensor, list[tp.Tensor]]:
    """The loss, and the tensors that gradients are wanted of."""
    tensors = {
        name: tp.tensor(array(stored)) if isinstance(stored, dict) else stored
        for name, stored in case["tensors"].items()
    }
    wanted = [tensors[name].requires_grad_() for name in case["wanted"]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* the shapes differ and are broadcast")
        return function_of(case["loss"])(**tensors, **case["options"]), wanted


def solve(case: dict[str, Any]) -> list[tp.Tensor]:
    """The loss, its gradients, and the gradients of the sum of their squares."""
    loss, wanted = loss_of(case)
    if not wanted:
        return [loss]
    twice = case["second"] is not None
    first = tp.autograd.grad(loss.sum(), wanted, create_graph=twice)
    if not twice:
        return [loss, *first]
    squares = sum((one * one).sum() for one in first)
    second = tp.autograd.grad(squares, wanted, allow_unused=True) if squares.requires_grad else [None] * len(wanted)
    pairs = zip(second, wanted, strict=True)
    return [loss, *first, *(tp.zeros_like(tensor) if one is None else one for one, tensor in pairs)]


def answers(case: dict[str, Any]) -> list[Any]:
    return [array(stored) for stored in (case["value"], *case["first"], *(case["second"] or ()))]


def compare(got: list[tp.Tensor], case: dict[str, Any]) -> None:
    dtype = case["value"]["dtype"]
    tolerance = TOLERANCES[dtype]
    # Second derivatives are of squares, which may be far greater: PyTorch's are rounded, too.
    great = max((float(abs(array(stored)).max(initial=0.0)) for stored in case["first"]), default=0.0)
    rounded = 4 * float(numpy.finfo("float64").eps) * great**2 if great < 1e6 else 0.0
    least = max(tolerance * (1e-3 if dtype == "float64" else 1), rounded)
    for one, wanted in zip(got, answers(case), strict=True):
        found = one.detach().to("numpy").numpy()
        assert found.shape == wanted.shape
        assert found.dtype == wanted.dtype
        numpy.testing.assert_allclose(found, wanted, rtol=tolerance, atol=least)


@pytest.mark.parametrize("case", CASES, ids=describe)
def test_as_pytorch(case: dict[str, Any]) -> None:
    with tp.backend("numpy"):
        compare(solve(case), case)


@pytest.mark.parametrize("case", FEW, ids=describe)
def test_backends_agree(case: dict[str, Any]) -> None:
    pytest.importorskip("jax")
    with tp.backend("jax"):
        theirs = solve(case)
    assert all(one.backend == "jax" for one in theirs)
    compare(theirs, case)
    if case["value"]["dtype"] == "float64":
        with tp.backend("numpy"):
            ours = solve(case)
        for one, other in zip(ours, theirs, strict=True):
            numpy.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", CASES[::3], ids=describe)
def test_recorded_and_raw_gradients_agree(case: dict[str, Any]) -> None:
    with tp.backend("numpy"):
        loss, wanted = loss_of(case)
        if wanted:
            loss.sum().backward()
        for tensor, stored in zip(wanted, case["first"], strict=True):
            tolerance = TOLERANCES[case["value"]["dtype"]]
            numpy.testing.assert_allclose(tensor.grad.numpy(), array(stored), rtol=tolerance, atol=tolerance)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_decompositions_need_nothing_beyond_the_standard(strict: str) -> None:
    for case in FEW:
        if case["value"]["dtype"] != "float16":
            with tp.backend(strict):
                compare(solve(case), case)


SIZES = [(), (3,), (4, 5), (140_000,), (3, 50_001), (0, 2)]
"""Of one block, of several, and of no elements."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(numpy_losses.KERNELS))
def test_kernels_against_decompositions(name: str, size: tuple[int, ...]) -> None:
    random = numpy.random.default_rng(0)
    ops = library_for("numpy").ops
    logits, target = 3 * random.standard_normal(size), random.random(size)
    target = numpy.asarray(numpy.where(target < 0.2, 0.0, target))
    for options in {"smooth_l1": [(0.7,)], "huber": [(0.7,)], "kl": [(False,), (True,)]}.get(
        name.split("_loss")[0].split("_div")[0], [()]
    ):
        if name.endswith("_input_gradient"):
            upstreams = [random.standard_normal(size), numpy.asarray(0.3)]
            calls = [((upstream, logits, target), {"options": options}) for upstream in upstreams]
        elif name.endswith("_from_slope"):
            upstreams = [random.standard_normal(size), numpy.asarray(0.3)]
            calls = [((upstream, target, logits, target), {"options": options}) for upstream in upstreams]
            for upstream in (0.3, 1.0):
                given = (numpy.asarray(upstream), target.copy(), logits, target)
                calls.append((given, {"options": options, "overwrite": True}))
        else:
            sums = [{"summed": False}, {"summed": True}] if name == "kl_div" else [{}]
            calls = [((logits, target), {"options": options} | summed) for summed in sums]
        for operands, parameters in calls:
            plain = OPERATIONS[name].decomposition(ops, *operands, **parameters)
            fast = numpy_losses.KERNELS[name](*operands, **parameters)
            results = [(fast, plain)] if type(fast) is numpy.ndarray else list(zip(fast, plain, strict=True))
            for one, other in results:
                assert type(one) is numpy.ndarray
                assert (one.shape, one.dtype) == (other.shape, other.dtype)
                numpy.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss", [tp.losses.MSELoss, tp.losses.SmoothL1Loss, tp.losses.BCEWithLogitsLoss])
def test_a_mean_that_is_scaled_up_loses_nothing_in_half_precision(backend: str, loss: type) -> None:
    x = tp.full((30_000,), 0.25, dtype=tp.float16, requires_grad=True)
    (loss()(x, tp.zeros_like(x)) * 1024.0).backward()
    y = tp.full((30_000,), 0.25, dtype=tp.float64, requires_grad=True)
    (loss()(y, tp.zeros_like(y)) * 1024.0).backward()
    # Two roundings, of 2 ** -11 at most each, and a half more for those inside.
    numpy.testing.assert_allclose(x.grad.numpy()[0], y.grad.numpy()[0], rtol=5 * 2.0**-11)


def test_the_gradient_of_a_mean_is_that_of_each_pass(backend: str) -> None:
    x = tp.tensor([0.5, -3.0, 2.0], requires_grad=True)
    loss = tp.losses.SmoothL1Loss()(x, tp.zeros(3))
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    x.grad = None
    (3.0 * loss).backward()
    numpy.testing.assert_allclose(first.numpy(), [0.5 / 3, -1 / 3, 1 / 3], rtol=1e-6)
    numpy.testing.assert_allclose(x.grad.numpy(), [0.5, -1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize("name", ["mse_loss", "soft_margin_loss", "binary_cross_entropy", "poisson_nll_loss"])
def test_formulas_in_blocks(name: str) -> None:
    """More elements than a block has, in an order in memory that is not that of the elements."""
    random = numpy.random.default_rng(0)
    x, y = 0.05 + 0.9 * random.random((2, 300, 801)).transpose(0, 2, 1)
    function = getattr(functional, name)

    def solved(x: numpy.ndarray, y: numpy.ndarray, reduction: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        input = tp.from_numpy(x).requires_grad_()
        loss = function(input, tp.from_numpy(y), reduction=reduction)
        loss.sum().backward()
        return loss.detach().numpy(), input.grad.numpy()

    losses, slopes = solved(x, y, "none")
    total, of_total = solved(x, y, "sum")
    rows = [solved(*pair, "none") for pair in zip(x, y, strict=True)]
    numpy.testing.assert_allclose(losses, [row for row, _ in rows], rtol=1e-14)
    numpy.testing.assert_allclose(slopes, [slope for _, slope in rows], rtol=1e-14)
    numpy.testing.assert_allclose(total, losses.sum(), rtol=1e-12)
    numpy.testing.assert_allclose(of_total, slopes, rtol=1e-14)


def logarithm_of_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x > 0 else x - math.log1p(math.exp(x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("logit", [0.0, 1e-3, 0.3, 4.0, 5.0, 15.0, 30.0, 85.0, 700.0])
def test_tails_of_cross_entropy_with_logits(logit: float, dtype: str) -> None:
    """Losses and gradients however certain the answer is, beside Python's numbers."""
    bound = 1e-5 if dtype == "float32" else 1e-12
    tiny = float(numpy.finfo(dtype).tiny)
    for x, y in [(logit, 0.0), (logit, 1.0), (-logit, 0.0), (-logit, 1.0), (logit, 0.3), (-logit, 0.3)]:
        for count in (1, 63, 64, 300):
            input = tp.from_numpy(numpy.full(count, x, dtype)).requires_grad_()
            loss = functional.binary_cross_entropy_with_logits(input, tp.from_numpy(numpy.full(count, y, dtype)))
            loss.backward()
            x, y = (float(numpy.dtype(dtype).type(one)) for one in (x, y))
            value = -y * logarithm_of_sigmoid(x) - (1 - y) * logarithm_of_sigmoid(-x)
            assert loss.item() == pytest.approx(value, rel=bound, abs=tiny)
            # Of a probability near 1 PyTorch's difference loses as much.
            slope = math.exp(logarithm_of_sigmoid(x)) - y
            assert input.grad[-1].item() * count == pytest.approx(slope, rel=bound, abs=tiny + bound * y * 1e-1)


def test_total_of_losses_of_all_sizes() -> None:
    """The few that are great do not hide the many that are small, nor the other way round."""
    random = numpy.random.default_rng(0)
    for scale in (0.1, 1.0, 10.0, 100.0):
        x = (scale * random.standard_normal(600_001)).astype("float32")
        for share in (0.0, 1e-4, 0.5):
            y = ((x > 0) ^ (random.random(x.shape) < share)).astype("float32")
            input = tp.from_numpy(x).requires_grad_()
            total = functional.binary_cross_entropy_with_logits(input, tp.from_numpy(y), reduction="sum")
            wide = x.astype(float)
            wanted = numpy.maximum(wide, 0.0) - wide * y + numpy.log1p(numpy.exp(-abs(wide)))
            assert total.item() == pytest.approx(wanted.sum(), rel=1e-5)


@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize("beta", [1e-50, 1e-39, 1e-30])
def test_a_beta_too_small_for_the_dtype(beta: float, reduction: str) -> None:
    x = tp.tensor([1.0, -2.0, 0.0], requires_grad=True)
    loss = functional.smooth_l1_loss(x, tp.zeros(3), reduction=reduction, beta=beta).sum()
    loss.backward()
    # In float32 the two roundings of a number by a scale and back may each be one ulp off.
    assert loss.item() == pytest.approx(3.0, rel=2**-22)
    assert x.grad.tolist() == [1.0, -1.0, 0.0]


KEPT_SLOPES = {
    "binary_cross_entropy_with_logits": {},
    "huber_loss": {"delta": 0.7},
    "l1_loss": {},
    "mse_loss": {},
    "smooth_l1_loss": {"beta": 0.7},
}
"""Losses whose backward pass may write the gradient where the forward pass left the slope."""


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("name", KEPT_SLOPES)
def test_gradients_share_no_memory(name: str, reduction: str, backend: str) -> None:
    """Neither with the slope that another pass needs, nor with the operands, nor with each other."""
    function, options = getattr(functional, name), KEPT_SLOPES[name]
    x, y = tp.rand(40, 5, dtype=tp.float64).requires_grad_(), tp.rand(40, 5, dtype=tp.float64)
    loss = function(x, y, reduction=reduction, **options)
    upstream = tp.ones_like(loss) * 3.0
    (first,) = tp.autograd.grad(loss, x, upstream, retain_graph=True)
    wanted, operands = first.numpy().copy(), (x.detach().numpy().copy(), y.numpy().copy())
    first.zero_()
    (second,) = tp.autograd.grad(loss, x, upstream, retain_graph=True)
    (last,) = tp.autograd.grad(loss, x, upstream)
    numpy.testing.assert_array_equal(second.numpy(), wanted)
    numpy.testing.assert_array_equal(last.numpy(), wanted)
    second.zero_()
    numpy.testing.assert_array_equal(last.numpy(), wanted)
    last.zero_()
    for one, before in zip((x.detach(), y), operands, strict=True):
        numpy.testing.assert_array_equal(one.numpy(), before)
    with pytest.raises(RuntimeError, match="second time"):
        tp.autograd.grad(loss, x, upstream)


@pytest.mark.parametrize("name", KEPT_SLOPES)
def test_a_pass_that_frees_the_graph_needs_no_new_memory(name: str) -> None:
    x, y = tp.rand(40, 5).requires_grad_(), tp.rand(40, 5)
    loss = getattr(functional, name)(x, y, reduction="sum", **KEPT_SLOPES[name])
    kept = [saved for saved in loss.grad_fn.saved if type(saved) is numpy.ndarray]
    (retained,) = tp.autograd.grad(loss, x, retain_graph=True)
    (gradient,) = tp.autograd.grad(loss, x)
    assert [numpy.shares_memory(retained.numpy(), one) for one in kept] == [False, False, False]
    assert [numpy.shares_memory(gradient.numpy(), one) for one in kept] == [False, False, True]


@pytest.mark.parametrize("name", KEPT_SLOPES)
def test_gradients_of_two_passes_add_up(name: str, backend: str) -> None:
    function, options = getattr(functional, name), KEPT_SLOPES[name]
    x, y = tp.rand(40, dtype=tp.float64).requires_grad_(), tp.rand(40, dtype=tp.float64)
    seen: list[numpy.ndarray] = []
    x.register_hook(lambda g: seen.append(g.numpy().copy()))
    loss = function(x, y, **options)
    loss.backward(retain_graph=True)
    loss.backward()
    numpy.testing.assert_array_equal(seen[0], seen[1])
    numpy.testing.assert_allclose(x.grad.numpy(), 2.0 * seen[0], rtol=1e-15)
    once = x.grad.numpy().copy()
    (2.0 * function(x, y, **options) + function(x * 1.0, y, **options)).backward()
    numpy.testing.assert_allclose(x.grad.numpy(), once + 3.0 * seen[0], rtol=1e-14)


@pytest.mark.parametrize("name", KEPT_SLOPES)
def test_kept_slopes_are_those_of_recorded_passes(name: str) -> None:
    function, options = getattr(functional, name), KEPT_SLOPES[name]
    x, y = tp.rand(40, dtype=tp.float64).requires_grad_(), tp.rand(40, dtype=tp.float64)
    (recorded,) = tp.autograd.grad(function(x, y, **options), x, create_graph=True)
    (plain,) = tp.autograd.grad(function(x, y, **options), x)
    numpy.testing.assert_allclose(recorded.detach().numpy(), plain.numpy(), rtol=1e-13, atol=1e-17)


FORMULAS: dict[str, tuple[Callable[[float, float], float], tuple[float, float], tuple[float, float]]] = {
    "l1_loss": (lambda x, y: abs(x - y), (-1e3, 1e3), (-1e3, 1e3)),
    "mse_loss": (lambda x, y: (x - y) ** 2, (-1e3, 1e3), (-1e3, 1e3)),
    "smooth_l1_loss": (lambda x, y: min((x - y) ** 2 / 2, max(abs(x - y) - 0.5, 0.5)), (-3, 3), (-3, 3)),
    "huber_loss": (
        lambda x, y: (x - y) ** 2 / 2 if abs(x - y) < 1 else abs(x - y) - 0.5,
        (-3, 3),
        (-3, 3),
    ),
    "poisson_nll_loss": (lambda x, y: math.exp(x) - x * y, (-20, 20), (0, 100)),
    "kl_div": (lambda x, y: (y * math.log(y) if y else 0.0) - x * y, (-100, 0), (0, 1)),
    "binary_cross_entropy": (
        lambda x, y: -y * math.log(x) - (1 - y) * math.log1p(-x),
        (1e-9, 1 - 1e-9),
        (0, 1),
    ),
    "binary_cross_entropy_with_logits": (
        lambda x, y: -y * logarithm_of_sigmoid(x) - (1 - y) * logarithm_of_sigmoid(-x),
        (-700, 700),
        (0, 1),
    ),
    "soft_margin_loss": (lambda x, y: -logarithm_of_sigmoid(x * y), (-700, 700), (-1, 1)),
    "hinge_embedding_loss": (lambda x, y: x if y > 0 else max(0.0, 1.0 - x), (0, 3), (0, 0)),
}
"""Of a loss its formula with Python's numbers, and the ranges of inputs and targets."""


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(FORMULAS)), st.data())
def test_formula(loss: str, data: st.DataObject) -> None:
    formula, inputs, targets = FORMULAS[loss]
    x = data.draw(st.lists(st.floats(*inputs), min_size=1, max_size=6))
    label = st.sampled_from([1.0, -1.0]) if loss == "hinge_embedding_loss" else st.floats(*targets)
    y = data.draw(st.lists(label, min_size=len(x), max_size=len(x)))
    wanted = [formula(*pair) for pair in zip(x, y, strict=True)]
    reductions = {"none": wanted, "sum": math.fsum(wanted), "mean": math.fsum(wanted) / len(x)}
    for reduction, value in reductions.items():
        with tp.backend("numpy"):
            tensors = tp.tensor(x, dtype=tp.float64), tp.tensor(y, dtype=tp.float64)
            got = getattr(functional, loss)(*tensors, reduction=reduction).numpy()
        numpy.testing.assert_allclose(got, value, rtol=1e-11, atol=1e-11)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_margins_of_classes_by_definition(data: st.DataObject) -> None:
    classes = data.draw(st.integers(1, 5))
    x = data.draw(st.lists(st.floats(-5, 5), min_size=classes, max_size=classes))
    listed = data.draw(st.lists(st.integers(0, classes - 1), max_size=classes))
    p, margin = data.draw(st.sampled_from([1, 2])), data.draw(st.floats(0, 2))
    target = [*listed, *[-1] * (classes - len(listed))]
    wanted = [max(0.0, 1 - x[t] + x[c]) for t in listed for c in range(classes) if c not in listed]
    with tp.backend("numpy"):
        scores = tp.tensor(x, dtype=tp.float64)
        got = functional.multilabel_margin_loss(scores, tp.tensor(target)).item()
        assert got == pytest.approx(math.fsum(wanted) / classes, abs=1e-12)
        for t in listed[:1]:
            missing = [max(0.0, margin - x[t] + x[c]) ** p for c in range(classes) if c != t]
            got = functional.multi_margin_loss(scores, tp.tensor(t), p, margin).item()
            assert got == pytest.approx(math.fsum(missing) / classes, abs=1e-12)


def test_margins_of_lists_of_classes_under_transforms(backend: str) -> None:
    """Compiled and for each example of a batch, with lists of other lengths at the second call."""
    scores = tp.tensor([[0.1, 0.2, 0.4, 0.8], [0.3, -1.0, 0.5, 0.0]])
    compiled = tp.compile(tp.func.grad(functional.multilabel_margin_loss))
    # PyTorch's losses.
    lists = [[3, 0, -1, 1], [-1, 3, 2, 1]], [[3, 0, 1, -1], [2, -1, 0, 0]]
    for target, losses in zip(lists, ([0.85, 0.0], [0.775, 0.325]), strict=True):
        found = tp.vmap(lambda x, t: functional.multilabel_margin_loss(x, t))(scores, tp.tensor(target))
        numpy.testing.assert_allclose(found, losses, rtol=1e-6)
        x = scores.clone().requires_grad_()
        functional.multilabel_margin_loss(x, tp.tensor(target)).backward()
        numpy.testing.assert_allclose(compiled(scores, tp.tensor(target)), x.grad, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("loss", ["mse_loss", "kl_div", "binary_cross_entropy_with_logits", "soft_margin_loss"])
def test_half_precision_is_computed_in_single(loss: str, dtype: str) -> None:
    pytest.importorskip("ml_dtypes")
    x = tp.tensor(numpy.linspace(-8, 8, 3000).astype("float32")).to(dtype).requires_grad_()
    y = tp.tensor(numpy.linspace(0, 1, 3000).astype("float32")).to(dtype)
    function = getattr(functional, loss)
    value, exact = function(x, y), function(x.detach().float(), y.float())
    value.backward()
    assert value.dtype is x.grad.dtype is x.dtype
    assert value.item() == exact.to(dtype).item()


def test_dtypes_are_promoted(backend: str) -> None:
    loss = functional.mse_loss(tp.tensor([1.0]), tp.tensor([0.0], dtype=tp.float64))
    assert loss.dtype is tp.float64
    assert functional.poisson_nll_loss(tp.tensor([1.0]), tp.tensor([3], dtype=tp.uint8)).dtype is tp.float32


CLASSES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("L1Loss", "l1_loss", {"reduction": "sum"}, {}),
    ("MSELoss", "mse_loss", {"reduction": "none"}, {}),
    ("SmoothL1Loss", "smooth_l1_loss", {"reduction": "sum", "beta": 0.3}, {"beta": -1.0}),
    ("HuberLoss", "huber_loss", {"reduction": "sum", "delta": 0.3}, {"delta": 0.0}),
    ("PoissonNLLLoss", "poisson_nll_loss", {"log_input": False, "full": True, "eps": 0.1, "reduction": "sum"}, {}),
    ("GaussianNLLLoss", "gaussian_nll_loss", {"full": True, "eps": 0.6, "reduction": "sum"}, {"eps": 0.0}),
    ("KLDivLoss", "kl_div", {"log_target": True, "reduction": "batchmean"}, {}),
    ("BCELoss", "binary_cross_entropy", {"weight": [1.0, 2.0, 0.5], "reduction": "sum"}, {"weight": 1.0}),
    (
        "BCEWithLogitsLoss",
        "binary_cross_entropy_with_logits",
        {"weight": [1.0, 2.0, 0.5], "pos_weight": [2.0], "reduction": "sum"},
        {"pos_weight": 2.0},
    ),
    ("SoftMarginLoss", "soft_margin_loss", {"reduction": "sum"}, {}),
    ("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", {"weight": [1.0, 2.0, 0.5], "reduction": "none"}, {}),
    ("HingeEmbeddingLoss", "hinge_embedding_loss", {"margin": 0.3, "reduction": "sum"}, {}),
    ("NLLLoss", "nll_loss", {"weight": [1.0, 2.0, 0.5], "ignore_index": 1, "reduction": "sum"}, {"weight": "no"}),
    ("MultiMarginLoss", "multi_margin_loss", {"p": 2, "margin": 0.3, "weight": [1.0, 2.0, 0.5]}, {"p": 3}),
    ("MultiLabelMarginLoss", "multilabel_margin_loss", {"reduction": "sum"}, {}),
    ("MarginRankingLoss", "margin_ranking_loss", {"margin": 0.3, "reduction": "sum"}, {}),
    ("CosineEmbeddingLoss", "cosine_embedding_loss", {"margin": 0.3, "reduction": "sum"}, {}),
    (
        "TripletMarginLoss",
        "triplet_margin_loss",
        {"margin": 0.3, "p": 1.0, "eps": 0.1, "swap": True, "reduction": "sum"},
        {"margin": 0.0},
    ),
    (
        "TripletMarginWithDistanceLoss",
        "triplet_margin_with_distance_loss",
        {"distance_function": tp.cosine_similarity, "margin": 0.3, "swap": True, "reduction": "sum"},
        {"margin": -1.0},
    ),
]
"""Classes, their functions, options, and one that there is not."""


def operands_of(name: str) -> tuple[tp.Tensor, ...]:
    x, y, z = tp.tensor(numpy.random.default_rng(0).random((3, 2, 3)))
    return {
        "gaussian_nll_loss": (x, y, z),
        "nll_loss": (x, tp.tensor([0, 1])),
        "multi_margin_loss": (x, tp.tensor([0, 1])),
        "multilabel_margin_loss": (x, tp.tensor([[0, -1, 1], [2, 0, -1]])),
        "margin_ranking_loss": (x, y, tp.ones(2, 3)),
        "cosine_embedding_loss": (x, y, tp.tensor([1, -1])),
        "triplet_margin_loss": (x, y, z),
        "triplet_margin_with_distance_loss": (x, y, z),
    }.get(name, (x, y))


@pytest.mark.parametrize(("name", "function", "options", "wrong"), CLASSES)
def test_classes_are_the_functions(name: str, function: str, options: dict[str, Any], wrong: dict[str, Any]) -> None:
    options = {key: tp.tensor(value) if isinstance(value, list) else value for key, value in options.items()}
    kind = getattr(tp.losses, name)
    operands = operands_of(function)
    numpy.testing.assert_array_equal(
        kind(**options)(*operands).numpy(), getattr(functional, function)(*operands, **options).numpy()
    )
    plain = kind()(*operands).numpy()
    numpy.testing.assert_array_equal(plain, getattr(functional, function)(*operands).numpy())
    assert getattr(tp, name) is kind
    assert repr(kind()) == f"{name}()"
    for bad in ({"reduction": "average"}, wrong):
        if bad:
            with pytest.raises((TypeError, ValueError), match=f"{name}: {next(iter(bad))} must be"):
                kind(**bad)


@pytest.mark.parametrize("name", [name for name in tp.losses.__all__ if name.endswith("Loss")])
def test_classes_say_their_options_and_are_pickled(name: str) -> None:
    kind = getattr(tp.losses, name)
    options = inspect.signature(kind).parameters
    loss = kind(reduction="sum")
    assert vars(loss).keys() == options.keys()
    parameters = kind.__doc__.partition("Parameters\n")[2].partition("Raises\n")[0]
    assert re.findall(r"^(\w+) :", parameters, re.MULTILINE) == list(options)
    assert vars(pickle.loads(pickle.dumps(loss))) == vars(loss)
    with pytest.raises(TypeError, match=f"^{name}: .*'size'; its options are .*reduction"):
        kind(size=3)


def test_classes_of_losses_can_be_derived_from() -> None:
    class Total(tp.MSELoss):
        def __init__(self, factor: float) -> None:
            super().__init__(reduction="sum")
            self.factor = factor

        def forward(self, *tensors: tp.Tensor) -> tp.Tensor:
            return super().forward(*tensors) * self.factor

    assert list(inspect.signature(Total).parameters) == ["factor"]
    assert Total(2.0)(tp.tensor([1.0, 2.0]), tp.tensor([0.0, 4.0])).item() == 10.0


def test_all_losses_of_pytorch_are_tested() -> None:
    names = {name for name in tp.losses.__all__ if name.endswith("Loss")}
    elsewhere = {"CrossEntropyLoss", "CTCLoss"}
    assert names - elsewhere == {name for name, *_ in CLASSES}
    others = {"cross_entropy", "ctc_loss", "linear_cross_entropy"}
    assert {case["loss"] for case in CASES} >= set(functional.__all__) - others


X = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
REGRESSION = ("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss")
PAIRS = (*REGRESSION, "poisson_nll_loss", "kl_div", "soft_margin_loss", "hinge_embedding_loss")
SAME = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "multilabel_soft_margin_loss")
INDICES = ("nll_loss", "multi_margin_loss")
TRIPLETS = ("triplet_margin_loss", "triplet_margin_with_distance_loss")

BAD: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    *((name, {"input": X, "target": [1.0, 2.0]}, ValueError, "input (2, 3) and target (2,)") for name in PAIRS),
    *((name, {"input": X, "target": [0.5] * 3}, ValueError, "target must have shape (2, 3)") for name in SAME),
    *((name, {"input": [[1, 2]], "target": [[1.0, 2.0]]}, TypeError, "input must be of a") for name in (*PAIRS, *SAME)),
    *((name, {"input": X, "target": [[1j] * 3] * 2}, TypeError, "target must be of a") for name in (*PAIRS, *SAME)),
    *((name, {"input": X, "target": X, "reduction": "avg"}, ValueError, "got 'avg'") for name in (*PAIRS, *SAME)),
    ("l1_loss", {"input": X, "target": X, "weight": [1.0]}, ValueError, "weight must have shape (2, 3)"),
    ("smooth_l1_loss", {"input": X, "target": X, "beta": -0.5}, ValueError, "beta must be at least 0, got -0.5"),
    ("huber_loss", {"input": X, "target": X, "delta": 0}, ValueError, "delta must be greater than 0, got 0"),
    ("kl_div", {"input": X, "target": [[1, 0, 0]] * 2}, TypeError, "target must be of a real-valued floating"),
    ("l1_loss", {"input": X, "target": X, "reduction": "batchmean"}, ValueError, "'sum', got 'batchmean'"),
    ("binary_cross_entropy", {"input": X, "target": [[1, 0, 0]] * 2}, TypeError, "target must be of a real-valued"),
    ("binary_cross_entropy", {"input": [0.5], "target": [1.5]}, ValueError, "target must hold probabilities"),
    ("binary_cross_entropy", {"input": [0.5, -0.25], "target": [1.0, 1.0]}, ValueError, "from 0 to 1, got -0.25"),
    ("binary_cross_entropy", {"input": [math.nan], "target": [1.0]}, ValueError, "from 0 to 1, got nan"),
    ("binary_cross_entropy", {"input": X, "target": X, "weight": [1.0, 2.0]}, ValueError, "weight must broadcast"),
    (
        "binary_cross_entropy_with_logits",
        {"input": X, "target": X, "pos_weight": [1.0, 2.0]},
        ValueError,
        "pos_weight must broadcast to the shape of the input, (2, 3), got (2,)",
    ),
    ("multilabel_soft_margin_loss", {"input": 1.0, "target": 1.0}, ValueError, "must have an axis of classes"),
    *(
        (name, {"input": X, "target": [0, 3]}, IndexError, "class index 3, which is out of range for 3")
        for name in INDICES
    ),
    *((name, {"input": X, "target": [0, -1]}, IndexError, "class index -1, which is out of") for name in INDICES),
    *((name, {"input": X, "target": [0.0, 1.0]}, TypeError, "target must be of an integer dtype") for name in INDICES),
    *((name, {"input": X, "target": [0, 1, 1]}, ValueError, "takes a target of shape (2,)") for name in INDICES),
    *(
        (name, {"input": X, "target": [0, 1], "weight": [1.0]}, ValueError, "weight must have shape (3,)")
        for name in INDICES
    ),
    ("multi_margin_loss", {"input": X, "target": [0, -100]}, IndexError, "class index -100, which is out of range"),
    ("multi_margin_loss", {"input": X, "target": [0, 1], "p": 3}, ValueError, "p must be 1 or 2, got 3"),
    ("multi_margin_loss", {"input": [X], "target": [0]}, ValueError, "input must have shape (N, C) or (C,)"),
    ("multilabel_margin_loss", {"input": X, "target": [[0, -1, 3]] * 2}, IndexError, "class index 3, which is out of"),
    ("multilabel_margin_loss", {"input": X, "target": [[0, -2, 1]] * 2}, IndexError, "class index -2, which is out of"),
    ("multilabel_margin_loss", {"input": X, "target": [0, 1, 2]}, ValueError, "target must have shape (2, 3)"),
    ("multilabel_margin_loss", {"input": X, "target": X}, TypeError, "target must be of an integer dtype"),
    ("margin_ranking_loss", {"input1": X, "input2": X, "target": [1.0]}, ValueError, "equally many axes"),
    ("cosine_embedding_loss", {"input1": X, "input2": X, "target": [1, 1, 1]}, ValueError, "got (2, 3) and (3,)"),
    ("cosine_embedding_loss", {"input1": X, "input2": [[1.0, 2.0]], "target": [1, 1]}, ValueError, "do not fit"),
    *(
        (name, dict.fromkeys(("anchor", "positive"), X) | {"negative": X[0]}, ValueError, "many axes")
        for name in TRIPLETS
    ),
    *(
        (
            name,
            dict.fromkeys(("anchor", "positive", "negative"), X) | {"margin": 0},
            ValueError,
            "margin must be greater",
        )
        for name in TRIPLETS
    ),
    ("gaussian_nll_loss", {"input": X, "target": X, "var": [1.0]}, ValueError, "var must have shape (2, 3)"),
    ("gaussian_nll_loss", {"input": X, "target": X, "var": [1.0, -2.0]}, ValueError, "must not be negative, got -2.0"),
    ("gaussian_nll_loss", {"input": X, "target": X, "var": X, "eps": 0}, ValueError, "eps must be greater than 0"),
]


@pytest.mark.parametrize(("name", "arguments", "error", "message"), BAD)
def test_bad_input(backend: str, name: str, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    options = ("reduction", "beta", "delta", "p", "margin", "eps")
    given = {key: value if key in options else tp.tensor(value) for key, value in arguments.items()}
    with pytest.raises(error, match=re.escape(message)) as raised:
        getattr(functional, name)(**given)
    assert str(raised.value).startswith(f"{name}: ")


@pytest.mark.parametrize("name", [name for _, name, *_ in CLASSES])
def test_what_is_no_tensor(name: str) -> None:
    operands = operands_of(name)[:-1]
    with pytest.raises(TypeError, match=rf"^{name}: \w+ must be a Tensor, got list"):
        getattr(functional, name)(*operands, [1.0])


def test_tensors_elsewhere() -> None:
    pytest.importorskip("jax")
    with pytest.raises(DeviceError, match="mse_loss: input is on numpy:cpu and target on jax"):
        functional.mse_loss(tp.tensor([1.0], device="numpy:cpu"), tp.tensor([1.0], device="jax:cpu"))


@pytest.mark.parametrize("name", REGRESSION)
def test_shapes_that_differ_are_warned_of(name: str) -> None:
    with pytest.warns(UserWarning, match=f"{name}: the shapes differ and are broadcast"):
        loss = getattr(functional, name)(tp.zeros(2, 3), tp.ones(3), reduction="none")
    assert loss.shape == (2, 3)


def test_target_changed_before_backward(backend: str) -> None:
    x, target = tp.randn(2, 3).requires_grad_(), tp.rand(2, 3)
    loss = functional.binary_cross_entropy_with_logits(x, target)
    target += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation: its operand target"):
        loss.backward()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_share_blocks(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setattr(numpy_threads, "THREADS", threads)
    numpy_threads._pool.cache_clear()
    taken: list[int] = []
    numpy_threads.parallel_for(taken.extend, [])
    assert taken == []
    numpy_threads.parallel_for(taken.extend, list(range(100)))
    assert sorted(taken) == list(range(100))
    x = numpy.random.default_rng(0).standard_normal(300_000)
    x[-1] = 800.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = functional.poisson_nll_loss(tp.from_numpy(x), tp.zeros(300_000, dtype=tp.float64), reduction="none")
    assert loss[-1].item() == math.inf
    numpy.testing.assert_array_equal(loss.numpy()[:-1], numpy.exp(x[:-1]))
    with pytest.raises(ZeroDivisionError):
        numpy_threads.parallel_for(lambda shared: [1 // i for i in shared].clear(), [1, 2, 3, 0])
    numpy_threads._pool.cache_clear()


def test_a_late_thread_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_threads, "THREADS", 2)
    numpy_threads._pool.cache_clear()
    begun, free = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        free.wait(60)

    busy = numpy_threads._pool().submit(block)
    assert begun.wait(60)
    taken: list[int] = []
    numpy_threads.parallel_for(taken.extend, [1, 2, 3])
    assert taken == [1, 2, 3]
    free.set()
    busy.result(60)
    numpy_threads._pool.cache_clear()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    code = """if True:
        import os
        from tensorplug.backends.numpy import threads as numpy_threads
        numpy_threads.THREADS = 2
        numpy_threads.parallel_for(list, [1, 2])
        child = os.fork()
        if not child:
            taken = []
            numpy_threads.parallel_for(taken.extend, [3, 4])
            os._exit(sum(taken))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    command = [sys.executable, "-P", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "7\n"
