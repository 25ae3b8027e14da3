"""Modules as functions of their parameters, compiled modules, and PyTorch's names around devices and graphs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy
import pytest

import tensorplug as tp
from tensorplug import nn
from tensorplug.func import functional_call, grad, stack_module_state, vmap
from tensorplug.nn.utils.rnn import pad_sequence, unpad_sequence


class TestFunctionalCall:
    def test_per_example_gradients_are_those_of_single_calls(self, backend: str) -> None:
        tp.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        x, y = tp.randn(5, 3, dtype="float64"), tp.tensor([0, 1, 1, 0, 1])
        parameters = {name: one.detach() for name, one in model.named_parameters()}

        def loss(parameters: dict[str, tp.Tensor], x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
            logits = functional_call(model, parameters, (x.unsqueeze(0),))
            return nn.functional.cross_entropy(logits, y.unsqueeze(0))

        found = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
        for i in range(5):
            model.zero_grad()
            nn.functional.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).backward()
            for name, one in model.named_parameters():
                numpy.testing.assert_allclose(found[name][i].numpy(), one.grad.numpy(), rtol=1e-12, atol=1e-15)

    def test_an_ensemble(self, backend: str) -> None:
        models = [nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval() for _ in range(3)]
        parameters, buffers = stack_module_state(models)
        assert all(one.requires_grad for one in parameters.values())
        x = tp.randn(4, 2)
        found = vmap(lambda *state: functional_call(models[0], state, x))(parameters, buffers)
        for one, model in zip(found, models, strict=True):
            numpy.testing.assert_allclose(one.detach().numpy(), model(x).detach().numpy(), rtol=1e-5, atol=1e-6)

    def test_the_module_keeps_its_parameters(self) -> None:
        layer = nn.Linear(1, 1)
        weight = layer.weight
        with pytest.raises(RuntimeError):
            functional_call(layer, {"weight": tp.ones(1, 1)}, (tp.ones(2, 3),))
        assert layer.weight is weight
        with pytest.raises(ValueError, match=r"functional_call: Linear has no \['scale'\]"):
            functional_call(layer, {"scale": tp.ones(1)}, (tp.ones(1),))
        with pytest.raises(ValueError, match=r"missing \['bias'\]"):
            functional_call(layer, {"weight": tp.ones(1, 1)}, (tp.ones(1),), strict=True)
        without = nn.Linear(1, 1, bias=False)
        assert functional_call(without, {"weight": tp.ones(1, 1)}, (tp.ones(1),), strict=True).tolist() == [1.0]

    def test_tied_parameters_are_replaced_together(self) -> None:
        model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
        model[1].weight = model[0].weight
        doubling = {"0.weight": tp.eye(2) * 2}
        assert functional_call(model, doubling, tp.ones(2)).tolist() == [4.0, 4.0]
        untied = functional_call(model, doubling, tp.ones(2), tie_weights=False)
        assert untied.tolist() == (model[1].weight @ tp.tensor([2.0, 2.0])).tolist()


def test_a_compiled_module_has_the_modules_attributes() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    compiled = tp.compile(model)
    assert list(compiled.parameters()) == list(model.parameters())
    compiled.eval()
    assert compiled.training is False
    assert compiled(tp.ones(1, 2)).tolist() == model(tp.ones(1, 2)).tolist()
    with pytest.raises(AttributeError, match="has no attribute 'layers'"):
        _ = compiled.layers


@pytest.fixture
def placed() -> Iterator[None]:
    yield
    tp.set_default_device(None)


def test_the_default_device(built_in_backend: str, placed: None) -> None:
    device = tp.device(built_in_backend)
    tp.set_default_device(device)
    assert tp.ones(2).device == tp.get_default_device() == device
    assert tp.default_backend() == built_in_backend
    assert nn.Linear(2, 2).weight.device == device
    with tp.backend("numpy"):
        assert tp.ones(2).backend == "numpy"
    tp.set_default_backend("numpy")
    assert tp.get_default_device() == tp.device("numpy")
    with pytest.raises(ValueError, match="no device"):
        tp.set_default_device("nowhere")


def test_bags_of_indices(backend: str) -> None:
    bag = nn.EmbeddingBag(6, 3, mode="sum", padding_idx=0)
    indices, offsets = tp.tensor([1, 2, 0, 5]), tp.tensor([0, 2])
    rows = bag.weight.detach()
    assert bag(indices, offsets).tolist() == [(rows[1] + rows[2]).tolist(), rows[5].tolist()]
    bag(indices, offsets).sum().backward()
    assert bag.weight.grad.sum(1).tolist() == [0.0, 3.0, 3.0, 0.0, 0.0, 3.0]
    assert repr(bag) == "EmbeddingBag(6, 3, mode='sum', padding_idx=0)"


def test_sequences_of_different_lengths(backend: str) -> None:
    sequences = [tp.ones(2, 1), tp.ones(3, 1) * 2]
    padded = pad_sequence(sequences, padding_value=-1.0, padding_side="left")
    assert padded[..., 0].tolist() == [[-1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    again = unpad_sequence(pad_sequence(sequences), tp.tensor([2, 3]))
    assert [one.tolist() for one in again] == [one.tolist() for one in sequences]
    with pytest.raises(ValueError, match="padding_side 'middle'"):
        pad_sequence(sequences, padding_side="middle")


def test_the_graph_is_walked() -> None:
    x = tp.ones(2, requires_grad=True)
    node = (x * 2).sum().grad_fn
    (product, _), *_ = node.next_functions
    assert product.name == "multiply"
    (leaf, _), *_ = product.next_functions
    assert leaf.next_functions == ()
