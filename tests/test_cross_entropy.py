"""Cross-entropy: as PyTorch's, on every backend. Its answers are stored by references/cross_entropy.py."""

from __future__ import annotations

import json
import math
import pathlib
import re
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.backends.numpy import softmax as numpy_softmax
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.errors import DeviceError
from tensorplug.losses.functional import cross_entropy

CASES = json.loads((pathlib.Path(__file__).parent / "references" / "cross_entropy.json").read_text())


def array(stored: dict[str, Any]) -> numpy.ndarray:
    return numpy.asarray(stored["values"], dtype=stored["dtype"]).reshape(stored["shape"])


def close(got: Any, wanted: Any, relative: float = 1e-6) -> None:
    got = got.detach().numpy() if isinstance(got, tp.Tensor) else got
    wanted = array(wanted) if isinstance(wanted, dict) else wanted
    assert got.shape == wanted.shape
    numpy.testing.assert_allclose(got, wanted, rtol=relative, atol=relative * 1e-3)


def describe(case: dict[str, Any]) -> str:
    shape = "x".join(map(str, case["logits"]["shape"]))
    target = "indices" if len(case["target"]["shape"]) < len(case["logits"]["shape"]) else "probabilities"
    weight = "weighted" if case["weight"] else "plain"
    return f"{shape}-{target}-{weight}-{case['label_smoothing']}-{case['ignore_index']}-{case['reduction']}"


def without_shape(case: dict[str, Any]) -> str:
    """What its loss is made of; `test_backends_agree` has every shape."""
    return describe(case).partition("-")[2]


def shapes_alone(case: dict[str, Any]) -> str:
    """What `without_shape` leaves out, and the kind of target."""
    return "-".join(describe(case).split("-")[:2])


def loss_of(case: dict[str, Any]) -> tuple[tp.Tensor, list[tp.Tensor]]:
    """The loss, and the tensors that gradients are wanted of."""
    logits = tp.tensor(array(case["logits"])).requires_grad_()
    target = tp.tensor(array(case["target"]))
    weight = None if case["weight"] is None else tp.tensor(array(case["weight"]))
    wanted = [logits, target.requires_grad_()] if target.dtype is tp.float64 else [logits]
    options = {name: case[name] for name in ("ignore_index", "label_smoothing", "reduction")}
    return cross_entropy(logits, target, weight, **options), wanted


def solve(case: dict[str, Any]) -> tuple[tp.Tensor, list[tp.Tensor], tp.Tensor]:
    """The loss, its gradients, and the gradient of the sum of their squares."""
    loss, wanted = loss_of(case)
    first = tp.autograd.grad(loss.sum(), wanted, create_graph=True)
    squares = [(one * one).sum() for one in first]
    return loss, list(first), tp.autograd.grad(squares, wanted[0])[0]


@pytest.mark.one_of_each(key=without_shape)
@pytest.mark.parametrize("case", CASES, ids=describe)
def test_as_pytorch(case: dict[str, Any], backend: str) -> None:
    loss, first, second = solve(case)
    assert loss.backend == backend
    close(loss, case["loss"])
    for got, wanted in zip(first, case["first"], strict=True):
        close(got, wanted)
    close(second, case["second"])


@pytest.mark.one_of_each(key=shapes_alone)
@pytest.mark.parametrize("case", CASES, ids=describe)
def test_backends_agree(case: dict[str, Any]) -> None:
    pytest.importorskip("jax")
    solutions = []
    for name in ("numpy", "jax"):
        with tp.backend(name):
            loss, first, second = solve(case)
            solutions.append([loss.detach().numpy(), *[one.detach().numpy() for one in first], second.numpy()])
    for ours, theirs in zip(*solutions, strict=True):
        numpy.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_decompositions_need_nothing_beyond_the_standard(strict: str) -> None:
    for case in CASES[::5]:
        with tp.backend(strict):
            loss, first, second = solve(case)
        close(loss.to("numpy"), case["loss"])
        close(first[0].to("numpy"), case["first"][0])
        close(second.to("numpy"), case["second"])


@pytest.mark.one_of_each(key=without_shape)
@pytest.mark.parametrize("case", CASES, ids=describe)
def test_recorded_and_raw_gradients_agree(case: dict[str, Any], backend: str) -> None:
    _, first, _ = solve(case)
    loss, wanted = loss_of(case)
    loss.sum().backward()
    for tensor, gradient in zip(wanted, first, strict=True):
        close(tensor.grad, gradient.detach().numpy(), 1e-12)


def difference(function: Any, x: numpy.ndarray, step: float = 1e-6) -> numpy.ndarray:
    """The gradient of a function of one array by central differences."""
    result = numpy.empty_like(x)
    for place in numpy.ndindex(x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        result[place] = (function(moved[0]) - function(moved[1])) / (2 * step)
    return result


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2)])
def test_finite_differences(backend: str, shape: tuple[int, ...], smoothing: float) -> None:
    random = numpy.random.default_rng(0)
    x, direction = random.standard_normal(shape), random.standard_normal(shape)
    target = tp.tensor(random.integers(shape[1], size=(shape[0], *shape[2:])))

    def loss(x: numpy.ndarray) -> float:
        return cross_entropy(tp.tensor(x), target, label_smoothing=smoothing).item()

    def slope(x: numpy.ndarray) -> float:
        return float((gradient(x) * direction).sum())

    def gradient(x: numpy.ndarray) -> numpy.ndarray:
        logits = tp.tensor(x).requires_grad_()
        cross_entropy(logits, target, label_smoothing=smoothing).backward()
        return logits.grad.numpy()

    numpy.testing.assert_allclose(gradient(x), difference(loss, x), rtol=1e-6, atol=1e-8)
    logits = tp.tensor(x).requires_grad_()
    (first,) = tp.autograd.grad(cross_entropy(logits, target, label_smoothing=smoothing), logits, create_graph=True)
    (second,) = tp.autograd.grad((first * tp.tensor(direction)).sum(), logits)
    numpy.testing.assert_allclose(second.numpy(), difference(slope, x), rtol=1e-6, atol=1e-8)


def test_third_order(backend: str) -> None:
    x = numpy.random.default_rng(0).standard_normal((2, 3))

    def curvature(x: numpy.ndarray) -> tuple[tp.Tensor, tp.Tensor]:
        logits = tp.tensor(x).requires_grad_()
        loss = cross_entropy(logits, tp.tensor([0, 2]), reduction="sum")
        (first,) = tp.autograd.grad(loss, logits, create_graph=True)
        (second,) = tp.autograd.grad((first * first).sum(), logits, create_graph=True)
        return (second * second).sum(), logits

    value, logits = curvature(x)
    (third,) = tp.autograd.grad(value, logits)
    numpy.testing.assert_allclose(third.numpy(), difference(lambda x: curvature(x)[0].item(), x), rtol=1e-6, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_formula(data: st.DataObject) -> None:
    """Against the definition, written out with Python's numbers."""
    classes = data.draw(st.integers(1, 6))
    x = data.draw(st.lists(st.floats(-1e3, 1e3), min_size=classes, max_size=classes))
    target = data.draw(st.integers(0, classes - 1))
    smoothing = data.draw(st.sampled_from([0.0, 0.3, 1.0]))
    top = max(x)
    log_total = math.log(math.fsum(math.exp(one - top) for one in x))
    losses = [log_total - (one - top) for one in x]
    wanted = (1 - smoothing) * losses[target] + smoothing * math.fsum(losses) / classes
    got = cross_entropy(tp.tensor([x], dtype=tp.float64), tp.tensor([target]), label_smoothing=smoothing)
    assert got.item() == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("size", [(7, 3), (700, 300), (3, 200_000), (5, 40, 90)])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_kernels_against_decompositions(size: tuple[int, ...], scale: float) -> None:
    """The sizes are those of one block, several, a row that is longer than a block, and more axes."""
    random = numpy.random.default_rng(0)
    ops = library_for("numpy").ops
    logits = scale * random.standard_normal(size)
    target = random.integers(size[1], size=(size[0], *size[2:]))
    upstream = random.standard_normal(target.shape)
    normalizer = numpy_softmax.KERNELS["softmax_normalizer"](logits, axis=1)
    probabilities = OPERATIONS["softmax"].decomposition(ops, logits, axis=1)
    arrays = {
        "softmax": ((logits,), {"axis": 1}),
        "softmax_gradient": ((random.standard_normal(size), probabilities), {"axis": 1}),
        "log_softmax": ((logits,), {"axis": 1}),
        "softmax_normalizer": ((logits,), {"axis": 1}),
        "cross_entropy": ((logits, target, normalizer), {"label_smoothing": 0.1}),
        "cross_entropy_gradient": ((upstream, logits, target, normalizer), {"label_smoothing": 0.1}),
    }
    assert arrays.keys() == numpy_softmax.KERNELS.keys()
    unsmoothed = ("cross_entropy_gradient", (arrays["cross_entropy_gradient"][0], {"label_smoothing": 0.0}))
    for name, (operands, parameters) in [*arrays.items(), unsmoothed]:
        fast = numpy_softmax.KERNELS[name](*operands, **parameters)
        plain = OPERATIONS[name].decomposition(ops, *operands, **parameters)
        assert fast.dtype == plain.dtype
        numpy.testing.assert_allclose(fast, plain, rtol=1e-11, atol=1e-14, err_msg=name)


def test_one_sick_row_leaves_the_others_alone(backend: str) -> None:
    logits = numpy.random.default_rng(0).standard_normal((2000, 30))
    logits[3, 2], logits[5, 1], logits[7] = numpy.nan, numpy.inf, 1e4
    x = tp.tensor(logits).requires_grad_()
    losses = cross_entropy(x, tp.zeros(2000, dtype=tp.int64), reduction="none")
    losses.sum().backward()
    sick = numpy.isin(numpy.arange(2000), [3, 5])
    assert (numpy.isnan(losses.detach().numpy()) == sick).all()
    assert (numpy.isnan(x.grad.numpy()).all(axis=1) == sick).all()
    assert numpy.isfinite(x.grad.numpy()[~sick]).all()


def test_stable_at_large_logits(backend: str) -> None:
    x = tp.tensor([[1e4, 0.0, -1e4], [1e4, 1e4 - 1.0, 0.0]], dtype=tp.float32).requires_grad_()
    losses = cross_entropy(x, tp.tensor([1, 0]), reduction="none")
    losses.sum().backward()
    close(losses, numpy.asarray([1e4, 0.3132617], dtype="float32"))
    close(x.grad, numpy.asarray([[1, -1, 0], [-0.2689414, 0.2689414, 0]], dtype="float32"))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_single(backend: str, dtype: str) -> None:
    pytest.importorskip("ml_dtypes")
    logits = tp.tensor(numpy.linspace(-8, 8, 3000).reshape(1, 3000).astype("float32")).to(dtype)
    exact = cross_entropy(logits.float(), tp.tensor([5]))
    x = logits.detach().requires_grad_()
    loss = cross_entropy(x, tp.tensor([5]))
    loss.backward()
    assert loss.dtype is x.grad.dtype is logits.dtype
    assert loss.item() == exact.to(dtype).item()


def test_integer_dtypes_of_targets(backend: str) -> None:
    logits = tp.tensor([[0.0, 1.0, 2.0]])
    losses = {cross_entropy(logits, tp.tensor([2], dtype=dtype)).item() for dtype in (tp.uint8, tp.int32, tp.int64)}
    assert len(losses) == 1


def test_transposed_logits(backend: str) -> None:
    values, target = numpy.random.default_rng(0).standard_normal((5, 7)), tp.tensor([0, 6, 3, 2, 1])
    logits, transposed = tp.tensor(values).requires_grad_(), tp.tensor(values.T.copy()).requires_grad_()
    cross_entropy(logits, target).backward()
    cross_entropy(transposed.t(), target).backward()
    assert logits.grad is not None
    close(transposed.grad, logits.grad.numpy().T)


def test_class_is_the_function(backend: str) -> None:
    logits, target, weight = tp.randn(4, 3), tp.tensor([0, 2, 1, 1]), tp.tensor([1.0, 2.0, 0.5])
    options: dict[str, Any] = {"ignore_index": 1, "reduction": "sum", "label_smoothing": 0.2}
    loss = tp.losses.CrossEntropyLoss(weight, **options)
    assert loss(logits, target).item() == cross_entropy(logits, target, weight, **options).item()
    assert tp.CrossEntropyLoss is tp.losses.CrossEntropyLoss
    assert repr(tp.CrossEntropyLoss()) == "CrossEntropyLoss()"


def test_target_changed_before_backward(backend: str) -> None:
    logits, target = tp.randn(2, 3).requires_grad_(), tp.tensor([0, 1])
    loss = cross_entropy(logits, target)
    target += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation: its operand target"):
        loss.backward()


LOGITS = numpy.zeros((2, 3), dtype="float32")

BAD = [
    ({"target": [0, 3]}, IndexError, "target holds class index 3, which is out of range for 3 classes"),
    ({"target": [-1, 0]}, IndexError, "target holds class index -1, which is out of range for 3 classes"),
    ({"target": [-100, 7]}, IndexError, "target holds class index 7, which is out of range for 3 classes"),
    (
        {"target": [0, 1, 2]},
        ValueError,
        "an input of shape (2, 3) takes a target of shape (2,) (class indices) or (2, 3)",
    ),
    ({"target": [0.0, 1.0]}, TypeError, "target must be of an integer dtype"),
    ({"target": [True, False]}, TypeError, "target must be of an integer dtype"),
    ({"target": [[0, 1, 0], [1, 0, 0]]}, TypeError, "target must be of a real-valued floating-point dtype"),
    ({"target": numpy.full((2, 3), 1 / 3), "ignore_index": 1}, ValueError, "ignore_index is for class indices"),
    ({"input": [[1, 2, 3], [4, 5, 6]]}, TypeError, "input must be of a real-valued floating-point dtype, got"),
    ({"input": 1.0, "target": 0}, ValueError, "an input of shape () takes"),
    ({"weight": [1.0, 2.0]}, ValueError, "weight must have shape (3,), one for each class, got (2,)"),
    ({"weight": [1, 2, 3]}, TypeError, "weight must be of a real-valued floating-point dtype"),
    ({"reduction": "average"}, ValueError, "reduction must be one of 'none', 'mean', 'sum', got 'average'"),
    ({"reduction": None}, ValueError, "reduction must be one of 'none', 'mean', 'sum', got None"),
    ({"label_smoothing": 1.5}, ValueError, "label_smoothing must be between 0 and 1, got 1.5"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_input(backend: str, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    given = {"input": LOGITS, "target": [0, 1], **arguments}
    for name in ("input", "target", "weight"):
        if name in given:
            given[name] = tp.tensor(given[name])
    with pytest.raises(error, match=re.escape(message)) as raised:
        cross_entropy(given.pop("input"), given.pop("target"), **given)
    assert str(raised.value).startswith("cross_entropy: ")


def test_what_is_no_tensor_or_elsewhere() -> None:
    with pytest.raises(TypeError, match="cross_entropy: target must be a Tensor, got list"):
        cross_entropy(tp.tensor(LOGITS), [0, 1])  # type: ignore[arg-type]
    pytest.importorskip("jax")
    with pytest.raises(DeviceError, match="target on jax"):
        cross_entropy(tp.tensor(LOGITS), tp.tensor([0, 1], device="jax:cpu"))


@pytest.mark.parametrize("options", [{"reduction": "all"}, {"label_smoothing": -1.0}])
def test_options_are_checked_when_the_loss_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="CrossEntropyLoss: "):
        tp.CrossEntropyLoss(**options)


def softmax_by_hand(x: numpy.ndarray, axis: int) -> numpy.ndarray:
    exponentials = numpy.exp(x - x.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_and_its_relatives(backend: str, axis: int) -> None:
    random = numpy.random.default_rng(0)
    x, direction = 30 * random.standard_normal((3, 4, 5)), random.standard_normal((3, 4, 5))
    wanted = softmax_by_hand(x, axis)
    t, d = tp.tensor(x).requires_grad_(), tp.tensor(direction)
    close(tp.softmax(t, axis=axis), wanted, 1e-12)
    close(t.softmax(axis), wanted, 1e-12)
    close(tp.log_softmax(t, axis=axis).exp(), wanted, 1e-12)
    close(tp.logsumexp(t, axis=axis, keepdims=True), numpy.log(numpy.exp(x).sum(axis=axis, keepdims=True)), 1e-12)
    close(t.logsumexp((0, 2)), numpy.log(numpy.exp(x).sum(axis=(0, 2))), 1e-12)
    share = (wanted * direction).sum(axis=axis, keepdims=True)
    gradients = {
        "softmax": wanted * (direction - share),
        "log_softmax": direction - wanted * direction.sum(axis=axis, keepdims=True),
    }
    for name, gradient in gradients.items():
        (got,) = tp.autograd.grad((getattr(tp, name)(t, axis=axis) * d).sum(), t)
        close(got, gradient, 1e-10)
    (got,) = tp.autograd.grad(tp.logsumexp(t), t)
    close(got, numpy.exp(x - x.max()) / numpy.exp(x - x.max()).sum(), 1e-10)


@pytest.mark.parametrize(
    ("values", "value", "gradient"),
    [
        ([-math.inf, -math.inf], -math.inf, [math.nan, math.nan]),
        ([math.inf, 0.0], math.inf, [math.nan, 0.0]),
        ([-math.inf, 1.0], 1.0, [0.0, 1.0]),
        ([math.nan, 1.0], math.nan, [math.nan, math.nan]),
    ],
)
def test_logsumexp_of_infinities(backend: str, values: list[float], value: float, gradient: list[float]) -> None:
    """The answers are PyTorch's."""
    x = tp.tensor(values, dtype=tp.float64).requires_grad_()
    out = tp.logsumexp(x)
    out.backward()
    close(out, numpy.asarray(value))
    close(x.grad, numpy.asarray(gradient))


@pytest.mark.parametrize(("smoothing", "targets"), [(0.0, [2, 2]), (0.1, [2, 2]), (0.1, [-100, 2]), (1.0, [2, -100])])
def test_the_mean_of_targets_without_weight_is_nan(backend: str, smoothing: float, targets: list[int]) -> None:
    """As PyTorch's, which divides what the targets and what all classes lose by themselves: 0 / 0 is in it."""
    x = tp.tensor([[1.0, 2.0, 0.3], [0.1, -1.0, 2.0]], requires_grad=True)
    weight = tp.tensor([0.2, 0.3, 0.0])
    loss = cross_entropy(x, tp.tensor(targets), weight, label_smoothing=smoothing)
    loss.backward()
    assert math.isnan(loss.item())
    counts = numpy.asarray(targets) == 2
    assert (numpy.isnan(x.grad.numpy()).any(axis=1) == counts).all()
    assert (x.grad.numpy()[~counts] == 0).all()
