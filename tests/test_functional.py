"""`tensorplug.nn`: PyTorch's functions on every backend. Its answers are stored by references/functional.py."""

from __future__ import annotations

import json
import math
import pathlib
import warnings
from typing import Any

import numpy
import pytest

import tensorplug as tp
import tensorplug.nn.functional as F
from tensorplug import nn

CASES: list[dict[str, Any]] = json.loads((pathlib.Path(__file__).parent / "references" / "functional.json").read_text())

IN_PLACE = ("elu", "leaky_relu", "relu", "silu")


def tensors(case: dict[str, Any], **options: Any) -> list[tp.Tensor]:
    """Of a case; indices are of integers, an empty list has lost its shape."""
    dtype = "int64" if case["function"] == "one_hot" else "float64"
    return [
        tp.tensor(numpy.asarray(x, dtype).reshape(shape), **options)
        for x, shape in zip(case["tensors"], case["shapes"], strict=True)
    ]


def close(found: tp.Tensor, wanted: Any) -> None:
    array = numpy.asarray(found.detach())
    numpy.testing.assert_allclose(array, numpy.reshape(wanted, array.shape), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['function']}-{i}") for i, case in enumerate(CASES)])
def test_values_and_gradients_are_pytorchs(backend: str, case: dict[str, Any]) -> None:
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in case["options"].items()}
    xs = tensors(case, requires_grad="first" in case)
    out = getattr(F, case["function"])(*xs, **options)
    assert list(out.shape) == case["shape"]
    close(out, case["value"])
    if "first" not in case:
        return
    # Those of second order are compared among backends in tests/gradients.
    twice = backend == "numpy"
    gradients = tp.autograd.grad((out * out).sum(), xs, create_graph=twice)
    for found, wanted in zip(gradients, case["first"], strict=True):
        close(found, wanted)
    if not twice:
        return
    total = tp.stack([(g * g).sum() for g in gradients]).sum()
    for found, wanted in zip(tp.autograd.grad(total, xs, allow_unused=True), case["second"], strict=True):
        close(tp.zeros(()) if found is None else found, 0.0 if found is None else wanted)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_activations_can_be_differentiated(backend: str, name: str) -> None:
    x = tp.tensor([-2.0, 0.5], requires_grad=True)
    plain = getattr(F, name)(x)
    written = x * 1
    assert getattr(F, name)(written, inplace=True) is written
    assert written.tolist() == plain.tolist()
    (wanted,) = tp.autograd.grad(plain.sum(), x)
    (found,) = tp.autograd.grad(written.sum(), x)
    assert found.tolist() == wanted.tolist()


@pytest.mark.parametrize("slope", [1e-46, 0.25, 1.0, 2.0, -1.0])
def test_leaky_relu_of_special_values(backend: str, slope: float) -> None:
    x = numpy.asarray([math.inf, -0.0, 0.0, -2.0, 3.0, math.nan], numpy.float32)
    found = numpy.asarray(F.leaky_relu(tp.asarray(x), slope))
    with numpy.errstate(invalid="ignore"):
        wanted = numpy.where(x > 0, x, x * numpy.float32(slope))
    numpy.testing.assert_array_equal(found, wanted)
    numpy.testing.assert_array_equal(numpy.signbit(found[:-1]), numpy.signbit(wanted[:-1]))


@pytest.mark.parametrize("count", [1, 5000])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_relu_of_special_values_among_few_and_many(backend: str, dtype: str, count: int) -> None:
    """Of a negative zero it is a positive one."""
    special = numpy.asarray([-0.0, 0.0, math.nan, math.inf, -math.inf, 2.5, -1.0])
    x = tp.asarray(numpy.tile(special, count)).to(dtype)
    found = tp.relu(x)
    assert found.dtype is x.dtype
    values = numpy.asarray(found.double())
    numpy.testing.assert_array_equal(values, numpy.tile(numpy.maximum(special, 0.0), count))
    assert not numpy.signbit(values[~numpy.isnan(values)]).any()


@pytest.mark.parametrize("name", ["elu", "leaky_relu", "logsigmoid", "silu", "softplus", "softmax", "normalize"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_are_computed_in_single(backend: str, name: str, dtype: str) -> None:
    x = tp.tensor([-3.0, -0.7, 0.0, 0.3, 9.0]).to(dtype)
    options = {"dim": 0} if name in ("softmax", "normalize") else {}
    out = getattr(F, name)(x, **options)
    assert out.dtype is x.dtype
    assert out.tolist() == getattr(F, name)(x.float(), **options).to(dtype).tolist()


def test_a_vector_of_half_zeros_is_normalized_to_zeros(backend: str) -> None:
    assert F.normalize(tp.zeros(2, dtype="float16"), dim=0).tolist() == [0.0, 0.0]


def test_similarity_of_no_direction_in_half_precision(backend: str) -> None:
    x = tp.zeros(1, 3, dtype="float16")
    assert F.cosine_similarity(x, tp.full((2, 3), 0.2, dtype="float16")).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("dtype", "great"), [("float32", 3e38), ("float64", 1.7e308)])
def test_directions_of_vectors_whose_norms_overflow(backend: str, dtype: str, great: float) -> None:
    x = tp.full((3, 5), great, dtype=dtype)
    numpy.testing.assert_allclose(F.normalize(x), numpy.full((3, 5), 5**-0.5), rtol=1e-6)
    numpy.testing.assert_allclose(F.normalize(x, p=3, dim=(0, 1)), numpy.full((3, 5), 15 ** (-1 / 3)), rtol=1e-6)
    numpy.testing.assert_allclose(F.cosine_similarity(x, tp.ones_like(x)), [1.0] * 3, rtol=1e-6)
    slope = tp.func.grad(lambda v: F.normalize(v, dim=0)[0])(tp.tensor([3.0, 4.0], dtype=dtype))
    numpy.testing.assert_allclose(slope, [0.128, -0.096], rtol=1e-6)


def test_softmax_without_dim_says_which_axis_it_takes(backend: str) -> None:
    x = tp.tensor([[0.0, 0.0], [1.0, 3.0]])
    with pytest.warns(UserWarning, match=r"softmax: no dim is given, so axis 1 is used for 2 axes") as caught:
        found = F.softmax(x)
    assert caught[0].filename == __file__
    assert found.tolist() == F.softmax(x, 1).tolist()
    with pytest.warns(UserWarning, match=r"log_softmax: no dim is given, so axis 0"):
        F.log_softmax(x[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert F.softmax(tp.tensor([1, 2]), 0, dtype=tp.float64).dtype is tp.float64


class TestDropout:
    def test_is_the_same_on_every_backend_and_for_every_dtype(self, backend: str) -> None:
        tp.manual_seed(7)
        found = F.dropout(tp.ones(20, dtype="float64"), 0.25)
        tp.manual_seed(7)
        assert F.dropout(tp.ones(20, dtype="float16"), 0.25).to("bool").tolist() == found.to("bool").tolist()
        with tp.backend("numpy"):
            tp.manual_seed(7)
            assert F.dropout(tp.ones(20, dtype="float64"), 0.25).tolist() == found.tolist()

    def test_keeps_the_mean(self) -> None:
        tp.manual_seed(0)
        found = F.dropout(tp.ones(100_000), 0.3)
        # Four standard deviations of the mean of as many.
        assert abs(found.mean().item() - 1) < 4 * math.sqrt(0.3 / 0.7 / 100_000)
        assert numpy.unique(found.numpy()).tolist() == [0.0, numpy.float32(1 / 0.7)]

    def test_of_probability_zero_and_one_and_outside_of_training(self, backend: str) -> None:
        x = tp.tensor([1.0, -2.0], requires_grad=True)
        assert F.dropout(x, 0.0) is x
        assert F.dropout(x, 0.9, training=False) is x
        gone = F.dropout(x, 1.0)
        assert gone.tolist() == [0.0, 0.0]
        gone.sum().backward()
        assert x.grad.tolist() == [0.0, 0.0]

    def test_in_place_and_gradient(self, backend: str) -> None:
        x = tp.ones(10, requires_grad=True)
        y = x * 2
        assert F.dropout(y, 0.5, inplace=True) is y
        y.sum().backward()
        assert x.grad.tolist() == y.tolist()
        assert set(y.tolist()) <= {0.0, 4.0}

    def test_of_complex_numbers_keeps_or_leaves_both_parts(self) -> None:
        found = F.dropout(tp.full((20,), 1 + 2j), 0.5)
        assert found.dtype is tp.complex64
        assert set(found.tolist()) == {0j, 2 + 4j}

    @pytest.mark.parametrize("p", [-0.1, 1.5, math.nan])
    def test_refuses_what_is_no_probability(self, p: float) -> None:
        with pytest.raises(ValueError, match=r"dropout: p is a probability, between 0 and 1, got"):
            F.dropout(tp.ones(2), p)

    def test_refuses_integers(self) -> None:
        with pytest.raises(TypeError, match=r"dropout: got tensorplug.int64, wanted a floating-point dtype"):
            F.dropout(tp.tensor([1]))


REFUSED = [
    (
        lambda: F.linear(tp.ones(2, 3), tp.ones(4, 5)),
        RuntimeError,
        r"linear: got an input of shape \(2, 3\) and a weight",
    ),
    (lambda: F.linear(tp.ones(2, 3), tp.ones(1, 4, 3)), RuntimeError, r"wanted \(\.\.\., K\) and \(N, K\)"),
    (lambda: F.linear(tp.ones(2, 3), tp.ones(4, 3), tp.ones(3)), RuntimeError, r"wanted a bias of shape \(4,\)"),
    (lambda: F.linear(tp.ones(2, 3), [[1.0]]), TypeError, r"linear: got Tensor and list"),
    (lambda: F.one_hot(tp.tensor([0, 3]), 3), IndexError, r"one_hot: class index 3 is out of range for 3 classes"),
    (lambda: F.one_hot(tp.tensor([0, -1])), RuntimeError, r"one_hot: class index -1 is out of range"),
    (lambda: F.one_hot(tp.tensor([1.0])), TypeError, r"one_hot: got tensorplug.float32, wanted class indices"),
    (lambda: F.one_hot(tp.zeros(0, dtype="int64")), ValueError, r"one_hot: got num_classes -1 for a tensor of shape"),
    (lambda: F.one_hot(tp.tensor([0]), 0), ValueError, r"one_hot: got num_classes 0"),
    (lambda: F.normalize(tp.tensor([[1]])), TypeError, r"normalize: got tensorplug.int64, wanted a floating-point"),
    (lambda: F.normalize(tp.ones(2)), IndexError, r"normalize: axis 1 is out of range"),
    (lambda: F.elu([1.0]), TypeError, r"elu: got list, wanted tensors"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_what_does_not_fit_is_refused(backend: str, call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_losses_are_found_where_pytorch_has_them() -> None:
    assert issubclass(nn.MSELoss, tp.MSELoss)
    assert F.cross_entropy is tp.losses.functional.cross_entropy
    assert set(tp.losses.functional.__all__) <= set(F.__all__)
    assert set(tp.losses.__all__) <= {*nn.__all__, "functional"}
    assert nn.functional is F
    assert all(callable(getattr(F, name)) for name in F.__all__)
