"""ONNX models give in onnxruntime what the exported functions give here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug import nn
from tensorplug.autograd.trees import flatten
from tensorplug.conformance.engine.example import evaluate
from tensorplug.conformance.uses import Use, subjects, uses_of
from tensorplug.core import OPERATIONS

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "onnx.md"


def run(model: Any, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs of a model."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = runtime.InferenceSession(model.SerializeToString(), options)
    found: list[np.ndarray] = session.run(None, arrays)
    return found


def hosts(result: Any) -> list[np.ndarray]:
    """The tensors of a result as NumPy arrays."""
    return [np.asarray(one.detach().to("numpy:cpu").numpy()) for one in flatten(result)[0]]


def compare(found: list[np.ndarray], wanted: list[np.ndarray], tolerance: float) -> None:
    """Compare arrays, shapes and dtypes included."""
    assert [(one.shape, one.dtype) for one in found] == [(one.shape, one.dtype) for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def check(function: Any, *arguments: tp.Tensor, tolerance: float = 1e-5, **options: Any) -> Any:
    """Compare the model of a function with the function, and return the model."""
    model = tp.onnx.export(function, arguments, **options)
    onnx.checker.check_model(model, full_check=True)
    names = [one.name for one in model.graph.input]
    arrays = dict(zip(names, hosts(list(arguments)), strict=True))
    if isinstance(function, nn.Module):
        function.eval()
    compare(run(model, arrays), hosts(function(*arguments)), tolerance)
    return model


def kinds(model: Any) -> list[str]:
    """The names of a model's operators, in order."""
    return [one.op_type for one in model.graph.node]


# Each operation and function, by the uses of the conformance suite

DTYPES = ("float32", "int64", "bool")


def operands_of(use: Use, dtype: str) -> dict[str, tp.Tensor]:
    """Operands of a use; integers are small, as runtimes saturate where sums wrap around."""
    random = np.random.default_rng(0)
    found = {}
    for name, operand in use.operands.items():
        own = operand.dtype or dtype
        draw = operand.values.smooth if own.startswith("float") else operand.values.draw
        array = np.asarray(draw(random, operand.shape, own))
        found[name] = tp.asarray((np.sign(array) * (abs(array) % 10) if own == "int64" else array).astype(own))
    return found


def example_of(name: str) -> tuple[Callable[..., Any], dict[str, tp.Tensor], list[np.ndarray]] | None:
    """A use of an operation as a function, with operands and what it returns; None if no use is for these dtypes."""
    for use in uses_of(name):
        if use.is_empty or use.terms > 1:
            continue
        function = evaluate(Use.of(f"lambda {', '.join(use.operands)}: {use.code}", {}), {})
        for dtype in DTYPES:
            if np.dtype(dtype).kind in use.dtypes:
                try:
                    operands = operands_of(use, dtype)
                    return function, operands, hosts(function(*(one.clone() for one in operands.values())))
                except TypeError:
                    continue
    return None


def not_exported() -> set[str]:
    """The names in the tables of the document."""
    rows = re.findall(r"^\| (`.*?) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


def is_explained(error: Exception) -> bool:
    """Whether an error names an operation in the tables, or a reason that they give."""
    message = str(error)
    named = re.match(r"onnx\.export: ([\w.]+) at ", message)
    reasons = "depends on values|reads a value|complex(64|128), which is not exported|random number"
    return bool((named and named[1] in not_exported()) or re.search(reasons, message))


@pytest.mark.parametrize("name", subjects())
def test_uses(name: str) -> None:
    """The table of the document has the operations that are refused; functions may be made of them."""
    example = example_of(name)
    if example is None:
        pytest.skip("it has no use of float32, int64 or bool without many terms")
    function, operands, wanted = example
    refused = None
    try:
        model = tp.onnx.export(function, tuple(operands.values()))
    except tp.onnx.OnnxExporterError as error:
        refused = error
    if refused is not None:
        assert name in not_exported() or (name not in OPERATIONS and is_explained(refused)), refused
        return
    assert name not in not_exported()
    compare(run(model, {key: one.numpy() for key, one in operands.items()}), wanted, 2e-5)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_integers_that_onnx_multiplies_in_others(dtype: str) -> None:
    x, y = tp.asarray([[1, 2], [3, 4]]).to(dtype), tp.asarray([[2, 0], [1, 3]]).to(dtype)
    model = tp.onnx.export(lambda x, y: (x @ y, tp.vecdot(x, y), x**y, -x, x << y, x >> y), (x, y))
    onnx.checker.check_model(model, full_check=True)


def test_half_precision_is_computed_in_float32() -> None:
    check(lambda x: tp.special.erfinv(x), tp.tensor([-0.5, 0.25, 0.9], dtype=tp.float16))


# Networks


class Classifier(nn.Module):
    """A convolutional network with what differs between training and use."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.GELU(), nn.MaxPool2d(2))
        self.out = nn.Linear(64, 3)
        self.dropout = nn.Dropout(0.5)

    def forward(self, images: tp.Tensor) -> tp.Tensor:
        return self.out(self.dropout(self.features(images).flatten(1)))


class Recurrent(nn.Module):
    """The character RNN of tutorials: an embedding, an LSTM and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.rnn = nn.LSTM(4, 5, num_layers=2, batch_first=True)
        self.out = nn.Linear(5, 10)

    def forward(self, letters: tp.Tensor) -> tp.Tensor:
        hidden, _ = self.rnn(self.embedding(letters))
        return self.out(hidden[:, -1])


def test_perceptron(backend: str) -> None:
    tp.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    model = check(network, tp.randn(3, 4), input_names=["x"], output_names=["y"])
    assert kinds(model) == ["Gemm", "Relu", "Gemm"]
    assert [one.name for one in (*model.graph.input, *model.graph.output)] == ["x", "y"]
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    assert list(weights) == list(network.state_dict())
    for name, tensor in network.state_dict().items():
        np.testing.assert_array_equal(weights[name], hosts(tensor)[0])


def test_convolutional_network(backend: str) -> None:
    tp.manual_seed(0)
    network = Classifier()
    network(tp.randn(8, 1, 8, 8))
    model = check(network.train(), tp.randn(2, 1, 8, 8))
    assert [one.name for one in model.graph.input] == ["images"]
    found = kinds(model)
    assert found == ["Conv", "BatchNormalization", "Gelu", "MaxPool", "Reshape", "Gemm"]
    state = set(network.state_dict()) - {"features.1.num_batches_tracked"}
    assert state <= {one.name for one in model.graph.initializer}


def test_modes_are_as_they_were() -> None:
    network = Classifier().train()
    network.features.eval()
    tp.onnx.export(network, tp.zeros(2, 1, 8, 8))
    assert network.training
    assert not network.features.training
    assert tp.is_grad_enabled()


def test_recurrent_network() -> None:
    tp.manual_seed(0)
    check(Recurrent(), tp.tensor([[1, 2, 3], [4, 0, 9]]))


def test_transformer() -> None:
    tp.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True)
    found = kinds(check(layer, tp.randn(3, 5, 16)))
    assert found.count("Softmax") == 1
    assert found.count("LayerNormalization") == 2
    assert found.count("Gelu") == 1


def attention(q: tp.Tensor, k: tp.Tensor, v: tp.Tensor) -> tp.Tensor:
    return ((q @ k.mT) * 0.5).softmax(-1) @ v


def test_attention_and_its_gradient(backend: str) -> None:
    tp.manual_seed(0)
    operands = [tp.randn(2, 3, 4) for _ in range(3)]
    assert kinds(check(attention, *operands)) == ["Transpose", "MatMul", "Mul", "Softmax", "MatMul"]
    check(tp.func.grad(lambda *operands: attention(*operands).square().sum()), *operands)


def lstm(data: tp.Tensor, of_input: tp.Tensor, of_state: tp.Tensor, bias: tp.Tensor) -> tp.Tensor:
    width = of_state.shape[0]
    h = c = tp.zeros(data.shape[1], width)
    for step in data:
        gates = step @ of_input + h @ of_state + bias
        forget, update, output = (gates[:, i * width : (i + 1) * width].sigmoid() for i in range(3))
        c = forget * c + update * gates[:, 3 * width :].tanh()
        h = output * c.tanh()
    return (h * h).sum()


def test_lstm_of_operations_and_its_gradient() -> None:
    tp.manual_seed(0)
    operands = [tp.randn(4, 2, 3), tp.randn(3, 8), tp.randn(2, 8), tp.randn(8)]
    check(lstm, *operands)
    check(
        lambda *operands: tp.func.value_and_grad(lambda w: lstm(operands[0], w, *operands[2:]))(operands[1]), *operands
    )


def test_step_of_descent() -> None:
    """A training step as a function of the parameters, which a model returns."""

    def step(x: tp.Tensor, y: tp.Tensor, w: tp.Tensor) -> tp.Tensor:
        w = w.detach().requires_grad_()
        nn.functional.mse_loss(x @ w, y).backward()
        with tp.no_grad():
            return w - 0.1 * w.grad

    check(step, tp.randn(5, 2), tp.randn(5), tp.randn(2))


def test_backward_and_writes_inside() -> None:
    weight = tp.randn(3, 4)

    def step(x: tp.Tensor) -> dict[str, Any]:
        w = weight.clone().requires_grad_()
        (x @ w).tanh().sum().backward()
        y = x.clone()
        y[0] = 1.0
        y[:, 1:] *= 2.0
        return {"slope": w.grad, "written": [y, y.sum(0)]}

    model = check(step, tp.randn(2, 3))
    assert [one.name for one in model.graph.output] == ["output_0", "output_1", "output_2"]


def test_vmap() -> None:
    check(lambda a, b: tp.vmap(lambda x, y: (x * y).sum().exp())(a, b), tp.randn(3, 2), tp.randn(3, 2))


def test_outputs_that_are_inputs_or_equal() -> None:
    assert kinds(check(lambda x: (x, x + 1, x + 1, tp.ones(2)), tp.randn(2))) == ["Add", *["Identity"] * 3]


def test_arguments_in_containers_and_by_name(tmp_path: Path) -> None:
    def function(state: dict[str, tp.Tensor], scale: float, *, shift: tp.Tensor) -> tp.Tensor:
        return state["a"] @ state["b"] * scale + shift

    a, b, shift = tp.randn(2, 3), tp.randn(3, 2), tp.randn(2)
    file = tmp_path / "model.onnx"
    tp.onnx.export(function, ({"a": a, "b": b}, 2.0), file, kwargs={"shift": shift}, opset_version=21, dynamo=True)
    model = onnx.load(file)
    assert model.opset_import[0].version == 21
    assert [one.name for one in model.graph.input] == ["state_0", "state_1", "shift"]
    found = run(model, {"state_0": a.numpy(), "state_1": b.numpy(), "shift": shift.numpy()})
    compare(found, hosts(function({"a": a, "b": b}, 2.0, shift=shift)), 1e-5)


def test_weights_beside_the_model(tmp_path: Path) -> None:
    layer = nn.Linear(64, 64)
    tp.onnx.export(layer, tp.ones(1, 64), tmp_path / "model.onnx", external_data=True)
    assert {one.name for one in tmp_path.iterdir()} == {"model.onnx", "model.onnx.data"}
    session = runtime.InferenceSession(tmp_path / "model.onnx")
    compare(session.run(None, {"input": np.ones((1, 64), "float32")}), hosts(layer(tp.ones(1, 64))), 1e-5)


# Functions that are one node


@pytest.mark.parametrize(
    ("function", "shape", "node"),
    [
        (lambda x: nn.functional.max_pool2d(x, 3, 2, 1, ceil_mode=True), (1, 2, 6, 5), "MaxPool"),
        (lambda x: nn.functional.max_pool1d(x, 2, dilation=2), (2, 6), "MaxPool"),
        (lambda x: nn.functional.avg_pool2d(x, (2, 3), 1, 1, count_include_pad=False), (1, 2, 4, 5), "AveragePool"),
        (lambda x: nn.functional.conv1d(x, tp.ones(2, 1, 2), tp.ones(2), padding="same", groups=2), (2, 5), "Conv"),
        (lambda x: nn.functional.conv_transpose2d(x, tp.ones(2, 1, 2, 2), tp.ones(1)), (2, 3, 3), "ConvTranspose"),
        (lambda x: nn.functional.interpolate(x, (5, 3)), (1, 2, 3, 4), "Resize"),
        (lambda x: nn.functional.interpolate(x, scale_factor=1.6, mode="bilinear"), (1, 2, 3, 4), "Resize"),
        (lambda x: nn.functional.interpolate(x, 7, mode="bicubic", align_corners=True), (1, 2, 3, 4), "Resize"),
        (lambda x: nn.functional.layer_norm(x, (3, 4)), (2, 3, 4), "LayerNormalization"),
        (lambda x: nn.functional.gelu(x, "tanh"), (2, 3), "Gelu"),
        (lambda x: nn.functional.celu(x, 0.5), (2, 3), "Celu"),
        (lambda x: nn.functional.selu(x, inplace=True), (2, 3), "Selu"),
        (lambda x: nn.functional.prelu(x, tp.tensor([0.1, 0.2, 0.3])), (2, 3, 2), "PRelu"),
        (lambda x: tuple(tp.topk(x, 2, largest=False)), (2, 4), "TopK"),
    ],
)  # fmt: skip
def test_functions(function: Callable[..., Any], shape: tuple[int, ...], node: str) -> None:
    tp.manual_seed(0)
    found = kinds(check(lambda x: function(x.clone()), tp.randn(shape)))
    assert node in found
    assert "ScatterElements" not in found
    assert "Where" not in found


@pytest.mark.parametrize(
    "function",
    [
        lambda x: nn.functional.max_pool2d(x, 2, return_indices=True),
        lambda x: nn.functional.avg_pool2d(x, 2, divisor_override=3),
        lambda x: nn.functional.avg_pool2d(x, 2, 2, 1, ceil_mode=True),
        lambda x: tp.func.grad(lambda x: nn.functional.max_pool2d(x, 2).square().sum())(x),
    ],
)
def test_functions_that_do_not_fit_are_decomposed(function: Callable[..., Any]) -> None:
    tp.manual_seed(0)
    check(function, tp.randn(1, 2, 5, 5))


def test_functions_are_as_they_were() -> None:
    before = nn.functional.gelu.__globals__.get("body")
    tp.onnx.export(nn.functional.gelu, tp.ones(2))
    assert nn.functional.gelu.__globals__["body"] in (before, nn.functional.gelu.__wrapped__)


# Lengths that vary


def check_lengths(
    function: Any, axes: dict[str, dict[int, str]], *arguments: tp.Tensor, lengths: tuple[int, ...] = (1, 2, 7)
) -> Any:
    """Compare one model with the function for arguments of several lengths."""
    model = tp.onnx.export(function, arguments, dynamic_axes=axes)
    if isinstance(function, nn.Module):
        function.eval()
    for length in lengths:
        given = {}
        for one, tensor in zip(model.graph.input, arguments, strict=True):
            for axis in axes.get(one.name, {}):
                tensor = tp.take(tensor, tp.arange(length) % tensor.shape[axis], axis=axis)
            given[one.name] = tensor
        compare(run(model, {name: one.numpy() for name, one in given.items()}), hosts(function(*given.values())), 1e-5)
    return model


def lengths_of(info: Any) -> list[Any]:
    """The lengths of an input or output, numbers and names."""
    return [length.dim_param or length.dim_value for length in info.type.tensor_type.shape.dim]


@pytest.mark.parametrize("make", [Classifier, Recurrent, lambda: nn.TransformerEncoderLayer(16, 4, 32)])
def test_batches_of_any_size(make: Callable[[], nn.Module]) -> None:
    tp.manual_seed(0)
    network = make()
    arguments = {"Classifier": tp.randn(1, 1, 8, 8), "Recurrent": tp.tensor([[1, 2, 3], [4, 0, 9]])}
    argument = arguments.get(type(network).__name__, tp.randn(5, 3, 16))
    axis, name = (1, "src") if argument.ndim == 3 else (0, "letters" if argument.ndim == 2 else "images")
    model = check_lengths(network, {name: {axis: "batch"}}, argument)
    assert lengths_of(model.graph.input[0])[axis] == "batch"
    assert lengths_of(model.graph.output[0])[axis] == "batch"


def test_two_lengths() -> None:
    tp.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    model = check_lengths(layer, {"src": {0: "batch", 1: "time"}}, tp.randn(3, 5, 16))
    assert lengths_of(model.graph.output[0]) == ["batch", "time", 16]


def write(x: tp.Tensor) -> tp.Tensor:
    x = x.clone()
    x[:, 0] = 1.0
    x[-1] = 2.0
    return x


class Doubled(nn.Module):
    def forward(self, x: tp.Tensor) -> tp.Tensor:
        return nn.functional.interpolate(x, scale_factor=2)


def test_images_of_any_size() -> None:
    tp.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(2), Doubled(),
        nn.ConvTranspose2d(3, 1, 3, stride=2, padding=1, output_padding=1), nn.AvgPool2d(2), nn.Sigmoid(),
    )  # fmt: skip
    model = check_lengths(network, {"input": {2: "height", 3: "width"}}, tp.randn(1, 1, 8, 8), lengths=(8, 12, 13))
    assert kinds(model) == ["Conv", "Relu", "MaxPool", "Resize", "ConvTranspose", "AveragePool", "Sigmoid"]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - x.mean(0),
        lambda x: x[::2],
        lambda x: x[-1] + x[0, 1],
        lambda x: x.cumprod(1),
        lambda x: x.flatten(),
        lambda x: x.sort(0)[0],
        lambda x: x.max(1)[0],
        lambda x: tp.concat([x, tp.zeros(x.shape[0], 1), tp.arange(x.shape[0])[:, None].float()], 1),
        lambda x: x[1:].flip(0) if x.shape[0] > 1 else x[1:],
        lambda x: nn.functional.cross_entropy(x, x.argmax(1)),
        write,
    ],
)
def test_functions_of_any_length(function: Callable[..., Any]) -> None:
    tp.manual_seed(0)
    check_lengths(function, {"x": {0: "n"}}, tp.randn(3, 4))


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (lambda x: x.var(0), r"divide at .*test_onnx\.py:\d+.* the length 'n'"),
        (lambda x: x * tp.ones(x.shape[0] // 2, 1).sum(), r"multiply at .*test_onnx\.py:\d+.* the length 'n'"),
        (lambda x: x.sum() * tp.ones(x.shape[0] // 2), r"multiply at .*test_onnx\.py:\d+ .* dynamic length"),
        (lambda x: sum(row for row in x), "the operations.* the length 'n'"),
        (lambda x: x * tp.linspace(0.0, 1.0, x.shape[0])[:, None], r"at .*test_onnx\.py:\d+.* the length 'n'"),
    ],
)
def test_what_depends_on_a_length_otherwise(function: Callable[..., Any], place: str) -> None:
    with pytest.raises(tp.onnx.OnnxExporterError, match=f"^onnx.export: .*{place}"):
        tp.onnx.export(function, tp.randn(4, 2), dynamic_axes={"x": {0: "n"}})


def test_axes_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="names 'y', the inputs are x"):
        tp.onnx.export(lambda x: x, tp.ones(2), dynamic_axes={"y": [0]})
    with pytest.raises(IndexError):
        tp.onnx.export(lambda x: x, tp.ones(2), dynamic_axes={"x": [1]})


# Errors


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: tp.linalg.inv(x + tp.eye(2)), r"linalg\.inv at .*test_onnx\.py:\d+ has no counterpart in ONNX"),
        (lambda x: x.sum() if x.sum() > 0 else x, r"bool\(\) reads a value of a tensor at .*test_onnx\.py:\d+"),
        (lambda x: tp.fft.fft(x).real, r"at .*test_onnx\.py:\d+ computes with complex64"),
        (lambda x: (x.bfloat16() * 2).float(), r"at .*test_onnx\.py:\d+ computes with bfloat16"),
        (lambda x: x + tp.rand(2), r"rand\(\) draws random numbers at .*test_onnx\.py:\d+"),
        (lambda x: nn.functional.dropout(x), r"dropout\(\) draws random numbers at .*test_onnx\.py:\d+"),
        (lambda x: x.mul_(2), "writes to a tensor of shape"),
        (lambda x: x[x > 0], "depends on values"),
        (lambda x: 3, "returned what is no tensor"),
    ],
)
def test_errors_name_the_operation_and_the_line(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(tp.onnx.OnnxExporterError, match=f"^onnx.export: .*{message}"):
        tp.onnx.export(function, tp.ones(2, 2))


def test_gradients_of_parameters_are_refused() -> None:
    weight = tp.ones(2, requires_grad=True)

    def step(x: tp.Tensor) -> tp.Tensor:
        loss = (x * weight).sum()
        loss.backward()
        return loss

    with pytest.raises(tp.onnx.OnnxExporterError, match="sets the gradient of a tensor"):
        tp.onnx.export(step, tp.ones(2))
    assert weight.grad is None


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="opset_version 19"):
        tp.onnx.export(tp.exp, tp.ones(2), opset_version=19)
    with pytest.raises(ValueError, match="export_params=False"):
        tp.onnx.export(tp.exp, tp.ones(2), export_params=False)
    with pytest.raises(ValueError, match="2 input_names"):
        tp.onnx.export(tp.exp, tp.ones(2), input_names=["a", "b"])
    with pytest.raises(ValueError, match="not all different"):
        tp.onnx.export(tp.add, (tp.ones(2), tp.ones(2)), input_names=["a", "a"])
