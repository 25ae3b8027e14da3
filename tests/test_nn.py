"""`tensorplug.nn`: layers beside PyTorch's stored answers, and what a `Module` does."""

from __future__ import annotations

import copy
import json
import math
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug import nn
from tensorplug.nn.hooks import ALL_MODULES

CASES = json.loads((pathlib.Path(__file__).parent / "references" / "nn.json").read_text())


def tensors(tree: Any) -> Iterator[tp.Tensor]:
    if isinstance(tree, tp.Tensor):
        yield tree
    elif tree is not None:
        for part in tree:
            yield from tensors(part)


def assert_close(found: tp.Tensor, wanted: Any) -> None:
    # Sums of up to some hundred products, in another order.
    numpy.testing.assert_allclose(found.detach().numpy(), wanted, rtol=1e-11, atol=1e-12)


def assert_results(found: Any, wanted: list[Any]) -> None:
    for one, other in zip(tensors(found), wanted, strict=True):
        assert_close(one, other)


@pytest.mark.one_of_each(key=lambda case: case["class"][:4])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["class"])
def test_layer(backend: str, case: dict[str, Any]) -> None:
    layer = getattr(nn, case["class"])(*case["arguments"], **case["options"]).double()
    state = {key: tp.tensor(one, dtype=layer.state_dict()[key].dtype) for key, one in case["state"].items()}
    assert layer.load_state_dict(state) == ([], [])
    inputs = [tp.tensor(x, dtype="float64", requires_grad=True) for x in case["inputs"]]
    results = list(tensors(layer(*inputs)))
    assert_results(results, case["results"])
    (results[0] ** 2).sum().backward()
    gradients = {key: one.grad for key, one in layer.named_parameters()}
    assert list(gradients) == list(case["gradients"])
    for key, gradient in gradients.items():
        assert_close(gradient, case["gradients"][key])
    assert_results([x.grad for x in inputs], case["input_gradients"])
    for key, buffer in layer.named_buffers():
        assert_close(buffer, case["buffers"][key])
    assert_results(layer.eval()(*inputs), case["evaluated"])


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent_layer_is_one_operation(backend: str, kind: str) -> None:
    """Compiled, second derivatives, vmap and forward mode are those of one step after the other."""
    layer = getattr(nn, kind)(2, 3, bidirectional=True).double().requires_grad_(False)
    x, v = tp.randn(4, 2, 2, dtype="float64"), tp.randn(4, 2, 2, dtype="float64")

    def loss(x: tp.Tensor) -> tp.Tensor:
        return (layer(x)[0] ** 2).sum()

    gradient = tp.func.grad(loss)
    assert_close(tp.compile(gradient)(x), gradient(x).numpy())
    _, tangent = tp.func.jvp(loss, (x,), (v,))
    assert_close(tangent, (gradient(x) * v).sum().numpy())
    step = 1e-5
    change = (gradient(x + step * v) - gradient(x - step * v)) / (2 * step)
    second = tp.func.grad(lambda x: (gradient(x) * v).sum())(x)
    numpy.testing.assert_allclose(second.numpy(), change.numpy(), atol=1e-8)
    each = tp.vmap(lambda x: layer(x)[0], in_dims=1, out_dims=1)(x)
    assert_close(each, layer(x)[0].numpy())


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "GRUCell", "LSTMCell"])
def test_output_of_recurrent_layer_may_be_written(backend: str, kind: str) -> None:
    layer = getattr(nn, kind)(2, 3)
    x = tp.randn(*(4, 2, 2)[kind.endswith("Cell") :], requires_grad=True)
    gradients = []
    for activation in (tp.relu, tp.Tensor.relu_):
        found = layer(x)
        output = found if isinstance(found, tp.Tensor) else found[0]
        gradients.append(tp.autograd.grad(activation(output).sum(), x)[0])
    assert_close(gradients[1], gradients[0].numpy())


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("wide", ["input", "state", "weights"])
def test_recurrent_layer_promotes_its_operands(backend: str, kind: str, wide: str) -> None:
    layer = getattr(nn, kind)(2, 3).requires_grad_(False)
    x, state = tp.randn(4, 2, 2), tp.randn(1, 2, 3)
    wanted, _ = layer.double()(x.double(), (state.double(),) * layer._state_count)
    layer = layer if wide == "weights" else layer.float()
    x = x.double() if wide == "input" else x
    state = state.double() if wide == "state" else state
    found, last = layer(x, (state,) * layer._state_count)
    assert found.dtype is tp.float64
    assert found.numpy().dtype == "float64"
    numpy.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-6)
    assert (last if isinstance(last, tp.Tensor) else last[1]).dtype is tp.float64


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.rest = nn.Sequential(nn.Tanh(), nn.Dropout(0.5), nn.Linear(3, 1, bias=False))
        self.register_buffer("scale", tp.tensor(2.0))
        self.register_buffer("seen", tp.tensor(0), persistent=False)

    def forward(self, x: tp.Tensor) -> tp.Tensor:
        return self.rest(self.first(x)) * self.scale


class TestModule:
    def test_names(self) -> None:
        network = Network()
        assert [name for name, _ in network.named_parameters()] == ["first.weight", "first.bias", "rest.2.weight"]
        assert [name for name, _ in network.named_buffers()] == ["scale", "seen"]
        assert list(network.state_dict()) == ["scale", "first.weight", "first.bias", "rest.2.weight"]
        assert [name for name, _ in network.named_modules()] == ["", "first", "rest", "rest.0", "rest.1", "rest.2"]
        assert network.get_parameter("rest.2.weight") is network.rest[2].weight
        assert network.get_submodule("rest.1") is network.rest[1]

    def test_attributes(self) -> None:
        network = Network()
        network.first.bias = None
        assert [name for name, _ in network.named_parameters()] == ["first.weight", "rest.2.weight"]
        network.first.bias = nn.Parameter(tp.ones(3))
        assert "first.bias" in dict(network.named_parameters())
        network.free = tp.ones(1, requires_grad=True)
        assert "free" not in dict(network.named_parameters())
        del network.first.bias
        with pytest.raises(AttributeError, match="'Linear' object has no attribute 'bias'"):
            network.first.bias  # noqa: B018
        with pytest.raises(TypeError, match=r"Linear: 'weight' is a Parameter, and can't be set to Tensor"):
            network.first.weight = tp.ones(3, 2)

    def test_parameters_are_told_from_tensors(self) -> None:
        made = nn.Parameter(tp.ones(2))
        assert isinstance(made, nn.Parameter)
        assert isinstance(made, tp.Tensor)
        assert made.requires_grad
        assert not isinstance(tp.ones(2, requires_grad=True), nn.Parameter)
        with pytest.raises(TypeError, match="Parameter: got list, wanted a Tensor"):
            nn.Parameter([1.0])

    def test_a_shared_parameter_counts_once(self) -> None:
        network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        network[1].weight = network[0].weight
        assert len(list(network.parameters())) == 3
        assert len(network.state_dict()) == 4

    def test_training_and_evaluation(self) -> None:
        network, x = Network().eval(), tp.ones(4, 2)
        assert not network.rest[1].training
        assert network(x).tolist() == network(x).tolist()
        assert network.train().rest[1].training

    def test_state_is_loaded_whole_or_not_at_all(self) -> None:
        first, second = Network(), Network()
        second.load_state_dict(first.state_dict())
        assert second.first.weight.tolist() == first.first.weight.tolist()
        before = second.first.weight.tolist()
        wrong = first.state_dict() | {"first.weight": tp.zeros(3, 2), "first.bias": tp.zeros(4)}
        with pytest.raises(RuntimeError, match=r"load_state_dict: first\.bias has shape \(4,\), and \(3,\) in Network"):
            second.load_state_dict(wrong)
        assert second.first.weight.tolist() == before
        with pytest.raises(RuntimeError, match=r"missing \['scale'.*unexpected \['other'\]"):
            second.load_state_dict({"other": tp.zeros(1)})
        keys = second.load_state_dict({"other": tp.zeros(1), "scale": tp.tensor(5.0)}, strict=False)
        assert keys.unexpected_keys == ["other"]
        assert second.scale.item() == 5.0

    def test_states_of_arrays_are_loaded(self, backend: str) -> None:
        first, second = Network(), Network()
        second.load_state_dict({name: numpy.asarray(one.tolist()) for name, one in first.state_dict().items()})
        assert second.first.weight.tolist() == first.first.weight.tolist()
        assert second.first.weight.dtype is tp.float32

    def test_parameters_of_another_library_are_loaded(self, backend: str) -> None:
        class Parameter:
            """It gives its array without its gradient only, as a parameter of PyTorch."""

            def detach(self) -> numpy.ndarray:
                return numpy.full((3, 2), 5.0)

            def __array__(self, *arguments: object, **options: object) -> numpy.ndarray:
                raise RuntimeError("it requires a gradient")

        first, second = Network(), Network()
        second.load_state_dict(first.state_dict() | {"first.weight": Parameter()})
        assert second.first.weight.tolist() == [[5.0, 5.0]] * 3
        before = second.first.bias.tolist()
        with pytest.raises(RuntimeError, match=r"load_state_dict: scale is not an array: .* NoneType"):
            second.load_state_dict(Network().state_dict() | {"scale": None})
        assert second.first.bias.tolist() == before

    def test_saves_and_loads(self, tmp_path: pathlib.Path) -> None:
        first, second = Network(), Network()
        tp.save(first.state_dict(), tmp_path / "network.safetensors")
        second.load_state_dict(tp.load(tmp_path / "network.safetensors"))
        assert second.eval()(tp.ones(2)).tolist() == first.eval()(tp.ones(2)).tolist()

    def test_moves_and_converts_in_place(self, backend: str) -> None:
        network = Network()
        weight = network.first.weight
        assert network.to(backend, "float64") is network
        assert network.first.weight is weight
        assert weight.dtype is tp.float64
        assert network.scale.dtype is tp.float64
        assert network.seen.dtype is tp.int64
        assert str(weight.device).startswith(backend)

    def test_hooks(self) -> None:
        layer = nn.Identity()
        before = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
        with layer.register_forward_hook(lambda module, args, output: output * 10):
            assert layer(tp.tensor(1.0)).item() == 20.0
        before.remove()
        assert layer(tp.tensor(1.0)).item() == 1.0

    def test_hooks_of_all_modules(self, backend: str) -> None:
        """The order and the gradients are PyTorch's."""
        hooks = nn.modules.module
        network, seen = nn.Sequential(nn.ReLU()), []
        network[0].register_forward_hook(lambda *given: seen.append("own"))
        before = hooks.register_module_forward_pre_hook(lambda module, args: args[0] + 1)
        after = hooks.register_module_forward_hook(lambda module, args, out: seen.append(type(module)) or out * 2)
        gradients = hooks.register_module_full_backward_hook(lambda module, *both: seen.append(both[0][0].tolist()))
        outer = hooks.register_module_full_backward_pre_hook(lambda module, given: (given[0] * 10,))
        x = tp.ones(2, requires_grad=True)
        network(x).sum().backward()
        assert seen == [nn.ReLU, "own", nn.Sequential, [400.0, 400.0], [400.0, 400.0]]
        assert x.grad.tolist() == [400.0, 400.0]
        for handle in (before, after, gradients, outer):
            handle.remove()
        assert network(x).tolist() == [1.0, 1.0]

    def test_removed_hooks_cost_nothing(self) -> None:
        layer, hooks = nn.Identity(), nn.modules.module
        for handle in (hooks.register_module_forward_hook(print), layer.register_forward_hook(print)):
            handle.remove()
            handle.remove()
        assert not layer._hooks
        assert not ALL_MODULES._hooks

    def test_a_forward_hook_that_is_removed_or_added_within(self) -> None:
        """Hooks after `forward` are those that are registered then, as in PyTorch."""
        seen = []

        def once(module: nn.Module, *given: object) -> None:
            seen.append(type(module).__name__)
            handle.remove()

        handle = nn.modules.module.register_module_forward_hook(once)
        nn.Sequential(nn.ReLU(), nn.ReLU())(tp.ones(1))
        assert seen == ["ReLU"]

    def test_a_copy_has_parameters_of_its_own(self) -> None:
        network = Network()
        other = copy.deepcopy(network)
        with tp.no_grad():
            other.first.weight.zero_()
        assert network.first.weight.any()
        assert len(list(other.parameters())) == 3

    def test_losses_are_modules(self) -> None:
        loss = nn.CrossEntropyLoss(weight=tp.ones(3), label_smoothing=0.1)
        assert isinstance(loss, nn.Module)
        assert [name for name, _ in loss.double().named_buffers()] == ["weight"]
        assert loss.weight.dtype is tp.float64
        assert loss(tp.zeros(2, 3, dtype="float64"), tp.tensor([0, 1])).item() == pytest.approx(math.log(3))

    def test_containers(self) -> None:
        layers = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
        layers.insert(1, nn.Tanh())
        assert [type(one).__name__ for one in layers] == ["Linear", "Tanh", "ReLU"]
        assert type(nn.Sequential(*layers)[1:][0]).__name__ == "Tanh"
        with pytest.raises(IndexError, match="ModuleList: index 5 is out of range for 3 modules"):
            layers[5] = nn.ReLU()
        named = nn.ModuleDict({"a": nn.Linear(1, 1)})
        assert [name for name, _ in named.named_parameters()] == ["a.weight", "a.bias"]

    def test_trains(self, backend: str) -> None:
        tp.manual_seed(0)
        network = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        optimizer = tp.optim.Adam(network.parameters(), lr=0.05)
        x = tp.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        y = tp.tensor([[0.0], [1.0], [1.0], [0.0]])
        loss = nn.MSELoss()
        for _ in range(150):
            optimizer.zero_grad()
            error = loss(network(x), y)
            error.backward()
            optimizer.step()
        assert error.item() < 0.05


class TestSequences:
    @pytest.mark.parametrize("side", ["right", "left"])
    def test_padding(self, backend: str, side: str) -> None:
        given = [tp.arange(1.0, 1 + 2 * n).reshape(n, 2).requires_grad_() for n in (1, 3, 2)]
        found = nn.utils.rnn.pad_sequence(given, padding_value=-1.0, padding_side=side)
        assert found.shape == (3, 3, 2)
        assert (found == -1.0).sum().item() == 6
        assert found[0 if side == "right" else 2, 0].tolist() == [1.0, 2.0]
        found.sum().backward()
        assert given[1].grad.tolist() == [[1.0, 1.0]] * 3
        if side == "right":
            parts = nn.utils.rnn.unpad_sequence(found, tp.tensor([1, 3, 2]))
            assert [one.tolist() for one in parts] == [one.tolist() for one in given]
        with pytest.raises(ValueError, match=r"pad_sequence: got sequences of shapes"):
            nn.utils.rnn.pad_sequence([tp.ones(1), tp.ones(1, 2)])


def test_parameters_by_name() -> None:
    made = nn.ParameterDict({"a": nn.Parameter(tp.ones(2))})
    made["b"] = nn.Parameter(tp.zeros(1))
    assert list(made) == list(made.keys()) == [name for name, _ in made.named_parameters()] == ["a", "b"]
    assert made.pop("a").tolist() == [1.0, 1.0]
    assert len(made) == 1
    assert "a" not in made


def test_bags(backend: str) -> None:
    layer = nn.EmbeddingBag(4, 2, mode="sum", padding_idx=0)
    with tp.no_grad():
        layer.weight.copy_(tp.arange(8.0).reshape(4, 2))
    assert layer(tp.tensor([1, 2, 0, 3]), tp.tensor([0, 2])).tolist() == [[6.0, 8.0], [6.0, 7.0]]
    assert "mode='sum'" in repr(layer)


def test_gumbel_softmax(backend: str) -> None:
    tp.manual_seed(0)
    logits = tp.tensor([0.2, 0.5, 0.3]).log().expand(20_000, 3).clone().requires_grad_()
    found = nn.functional.gumbel_softmax(logits, tau=0.5, hard=True)
    assert found.mean(0).tolist() == pytest.approx([0.2, 0.5, 0.3], abs=5 * math.sqrt(0.25 / 20_000))
    assert set(found.flatten().round(decimals=4).tolist()) == {0.0, 1.0}
    (found * tp.arange(3.0)).sum().backward()
    assert logits.grad.abs().max().item() > 0
    assert nn.functional.gumbel_softmax(logits.T, dim=0).sum(0).allclose(tp.ones(20_000))


class TestInit:
    @pytest.mark.parametrize(
        ("fill", "variance"),
        [
            (lambda x: nn.init.xavier_uniform_(x, gain=2.0), 4 * 2 / 700),
            (nn.init.xavier_normal_, 2 / 700),
            (nn.init.kaiming_uniform_, 2 / 300),
            (lambda x: nn.init.kaiming_normal_(x, mode="fan_out", nonlinearity="relu"), 2 / 400),
            (nn.init.trunc_normal_, 0.7737),
        ],
    )
    def test_variances(self, fill: Any, variance: float) -> None:
        tp.manual_seed(0)
        x = fill(tp.empty(400, 300))
        # Of 120,000 numbers: five standard errors.
        assert x.var().item() == pytest.approx(variance, rel=5 * math.sqrt(2 / 120_000))

    @pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 2)])
    def test_orthogonal(self, shape: tuple[int, ...]) -> None:
        x = nn.init.orthogonal_(tp.empty(shape, dtype="float64")).flatten(1)
        product = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
        numpy.testing.assert_allclose(product.numpy(), numpy.eye(len(product)), atol=1e-14)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"Conv2d: \(3, 4\) channels can't be split into 2 groups", lambda: nn.Conv2d(3, 4, 3, groups=2)),
        (ValueError, r"BatchNorm2d: got an input of shape \(2, 3\), wanted 4",
         lambda: nn.BatchNorm2d(3)(tp.ones(2, 3))),
        (ValueError, r"GroupNorm: 5 channels can't be split into 2 groups", lambda: nn.GroupNorm(2, 5)),
        (ValueError, r"LSTM: got an input of shape \(2, 3\), wanted 2 or 3 axes, the last of length 4",
         lambda: nn.LSTM(4, 2)(tp.ones(2, 3))),
        (ValueError, r"LSTM: got an input of shape \(0, 2, 4\), wanted one step or more",
         lambda: nn.LSTM(4, 2)(tp.ones(0, 2, 4))),
        (ValueError, r"GRU: got a state of shape \(1, 2, 5\), wanted \(1, 2, 3\)",
         lambda: nn.GRU(4, 3)(tp.ones(1, 2, 4), tp.ones(1, 2, 5))),
        (ValueError, r"RNN: got a state of shape \(1, 1, 3\), wanted \(1, 3\)",
         lambda: nn.RNN(4, 3)(tp.ones(2, 4), tp.ones(1, 1, 3))),
        (ValueError, r"GRUCell: got a state of shape \(3,\), wanted \(2, 3\)",
         lambda: nn.GRUCell(4, 3)(tp.ones(2, 4), tp.ones(3))),
        (TypeError, r"LSTM: got a state of type float, wanted 2 tensors", lambda: nn.LSTM(4, 3)(tp.ones(2, 4), 1.0)),
        (TypeError, r"LSTM: got a state of 1 tensors, wanted 2", lambda: nn.LSTM(4, 3)(tp.ones(2, 4), tp.ones(1, 3))),
        (TypeError, r"recurrence: got tensorplug.complex64, wanted a real-valued floating-point dtype",
         lambda: nn.GRU(4, 3)(tp.ones(2, 4, dtype="complex64"))),
        (TypeError, r"GRU", lambda: nn.GRU(4, 3)(numpy.ones((2, 4), "float32"))),
        (ValueError, r"LSTM: got 0 layers, wanted 1 or more", lambda: nn.LSTM(4, 3, num_layers=0)),
        (ValueError, r"MultiheadAttention: 5 elements can't be split into 2 heads",
         lambda: nn.MultiheadAttention(5, 2)),
        (IndexError, r"Embedding: padding_idx 9 is out of range for 3 vectors", lambda: nn.Embedding(3, 2, 9)),
        (TypeError, r"LeakyReLU: got an unexpected keyword argument 'slope'; its options are",
         lambda: nn.LeakyReLU(slope=1)),
        (NotImplementedError, r"Module has no method forward", lambda: nn.Module()(1)),
    ],
)  # fmt: skip
def test_bad_input(error: type[Exception], message: str, call: Any) -> None:
    with pytest.raises(error, match=message):
        call()
