"""Programs with modules give what PyTorch gives: parametrizations, packed sequences, hooks, pruning."""

from __future__ import annotations

import copy
import gc
import json
import pathlib
import weakref
from typing import Any, NamedTuple

import numpy
import pytest

import tensorplug as tp
from tensorplug import nn
from tensorplug.nn.utils import parametrizations, parametrize, prune, rnn

from .module_programs import PROGRAMS, numbers, plain

ANSWERS = json.loads((pathlib.Path(__file__).parent / "references" / "module_programs.json").read_text())


def assert_same(found: Any, wanted: Any, place: str) -> None:
    if isinstance(wanted, dict):
        assert list(found) == list(wanted), place
        found, wanted = list(found.values()), list(wanted.values())
    if isinstance(wanted, list):
        assert len(found) == len(wanted), place
        for i, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_same(one, other, f"{place}[{i}]")
    elif isinstance(wanted, float):
        numpy.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11, err_msg=place)
    else:
        assert found == wanted, place


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_with_modules(backend: str, name: str) -> None:
    assert_same(plain(PROGRAMS[name](tp)), ANSWERS[name], name)


class TestParametrizations:
    def test_they_are_compiled_and_called_with_other_parameters(self, backend: str) -> None:
        layer = parametrizations.spectral_norm(parametrizations.weight_norm(nn.Linear(3, 2)), "bias").double()
        x = numbers(tp, 4, 3)
        wanted = layer(x).detach().numpy()
        numpy.testing.assert_allclose(tp.compile(layer)(x).detach().numpy(), wanted, rtol=1e-12)
        doubled = {name: 2 * one for name, one in layer.named_parameters() if name.endswith("original0")}
        found = tp.func.functional_call(layer, doubled, (x,)) - layer.bias
        numpy.testing.assert_allclose(found.detach().numpy(), 2 * (wanted - layer.bias.detach().numpy()), rtol=1e-12)

    def test_a_copy_is_independent(self) -> None:
        layer = parametrizations.weight_norm(nn.Linear(3, 2))
        other = copy.deepcopy(layer)
        parametrize.remove_parametrizations(other, "weight")
        assert isinstance(layer.weight, tp.Tensor)
        assert type(other) is nn.Linear
        assert type(layer) is type(parametrizations.weight_norm(nn.Linear(1, 1))) is not nn.Linear

    def test_what_does_not_fit_changes_nothing(self) -> None:
        class Row(nn.Module):
            def forward(self, x: tp.Tensor) -> tp.Tensor:
                return x[:1]

        layer = nn.Linear(3, 2)
        before = layer.weight.clone()
        with pytest.raises(ValueError, match=r"shape \(2, 3\).*would become one of shape \(1, 3\)"):
            parametrize.register_parametrization(layer, "weight", Row())
        assert type(layer) is nn.Linear
        assert bool((layer.weight == before).all())
        with pytest.raises(ValueError, match="Linear has no tensor 'scale'"):
            parametrize.register_parametrization(layer, "scale", Row())
        with pytest.raises(ValueError, match="has none of 'weight'"):
            parametrize.remove_parametrizations(layer, "weight")
        parametrize.register_parametrization(layer, "weight", Row(), unsafe=True)
        assert layer.weight.shape == (1, 3)
        with pytest.raises(RuntimeError, match="Row does not implement right_inverse"):
            layer.weight = before
        normed = parametrizations.weight_norm(nn.Linear(3, 2))
        with pytest.raises(ValueError, match="computed from several tensors"):
            parametrize.remove_parametrizations(normed, "weight", leave_parametrized=False)


class TestHooks:
    def test_backward_hooks_in_a_compiled_function(self, backend: str) -> None:
        layer = nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda module, before, after: (before[0] * 2,))
        gradient = tp.func.grad(lambda x: (layer(x) ** 2).sum())
        x = tp.ones(3, 2)
        numpy.testing.assert_allclose(tp.compile(gradient)(x).detach().numpy(), gradient(x).detach().numpy(), 1e-6)

    def test_what_they_return_is_checked(self) -> None:
        layer = nn.Linear(2, 2)
        handle = layer.register_full_backward_hook(lambda module, before, after: before * 2)
        with pytest.raises(RuntimeError, match="a backward hook returned 2 gradients, wanted 1"):
            layer(tp.ones(1, 2, requires_grad=True)).sum().backward()
        handle.remove()
        handle = layer.register_full_backward_hook(lambda module, before, after: after)
        with pytest.raises(RuntimeError, match="none of which requires one"):
            layer(tp.ones(1, 2)).sum().backward()
        handle.remove()
        layer.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
        with pytest.raises(RuntimeError, match=r"returns \(args, kwargs\) or None"):
            layer(tp.ones(1, 2))

    def test_hooks_that_are_called_after_an_error_may_fail(self) -> None:
        layer = nn.Linear(2, 2)
        layer.register_forward_hook(lambda module, args, found: found.shape, always_call=True)
        with pytest.warns(RuntimeWarning, match="always_call"), pytest.raises(RuntimeError, match="shape"):
            layer(tp.ones(1, 3))

    def test_a_state_that_errors_of_hooks_refuse(self) -> None:
        layer = nn.Linear(2, 2)
        layer.register_load_state_dict_pre_hook(lambda *given: given[-1].append("too old"))
        with pytest.raises(RuntimeError, match="too old"):
            layer.load_state_dict(layer.state_dict(), strict=False)


class TestPackedSequences:
    def test_compiled(self, backend: str) -> None:
        layer = nn.LSTM(2, 3, bidirectional=True)
        x = tp.randn(4, 3, 2)

        def loss(x: tp.Tensor) -> tp.Tensor:
            output, (hidden, _) = layer(rnn.pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False))
            return (rnn.pad_packed_sequence(output)[0] ** 2).sum() + hidden.sum()

        gradient = tp.func.grad(loss)
        wanted = gradient(x).detach().numpy()
        numpy.testing.assert_allclose(tp.compile(gradient)(x).detach().numpy(), wanted, rtol=1e-4, atol=1e-6)
        assert (wanted[2:, 0] == 0).all()

    def test_states_after_the_end_do_not_grow(self, backend: str) -> None:
        layer = nn.RNN(1, 1, nonlinearity="relu", bias=False)
        for parameter in layer.parameters():
            nn.init.constant_(parameter, 1e3)
        x = tp.ones(20, 2, 1)
        x[:, 0] = 0.0
        _, state = layer(rnn.pack_padded_sequence(x, [20, 1]))
        state.sum().backward()
        assert state.flatten().tolist() == [0.0, 1e3]
        assert layer.weight_hh_l0.grad.item() == 0.0

    @pytest.mark.parametrize("lengths", [[2, 3], [3, 2], [3], [2, 0], [], [4, 1]])
    def test_lengths_that_do_not_fit(self, lengths: list[int]) -> None:
        if lengths == [3, 2]:
            with pytest.raises(ValueError, match="longer than total_length=2"):
                rnn.pad_packed_sequence(rnn.pack_padded_sequence(tp.ones(3, 2), lengths), total_length=2)
        else:
            with pytest.raises(RuntimeError, match="pack_padded_sequence: "):
                rnn.pack_padded_sequence(tp.ones(3, 2), lengths)

    def test_sizes_of_layers_are_checked(self) -> None:
        packed = rnn.pack_sequence([tp.ones(2, 3)])
        with pytest.raises(RuntimeError, match="GRU: got an input of shape"):
            nn.GRU(2, 3)(packed)
        with pytest.raises(RuntimeError, match="GRU: got a state of shape"):
            nn.GRU(3, 3)(packed, tp.zeros(1, 2, 3))


class TestPruning:
    def test_at_random(self) -> None:
        layer = prune.random_structured(nn.Linear(4, 5), "weight", 0.4, dim=0)
        assert int((layer.weight == 0).all(1).sum()) == 2
        prune.random_unstructured(layer, "weight", 0.5)
        assert int((layer.weight == 0).sum()) == 14
        assert int((prune.random_unstructured(nn.Linear(4, 5), "weight", 3).weight == 0).sum()) == 3

    def test_what_it_refuses(self) -> None:
        layer = nn.Linear(2, 2)
        for amount, error in ((1.5, ValueError), (-1, ValueError), (5, ValueError), ("all", TypeError)):
            with pytest.raises(error, match="prune: got a"):
                prune.l1_unstructured(layer, "weight", amount)  # type: ignore[arg-type]
        assert list(layer.state_dict()) == ["weight", "bias"]
        with pytest.raises(ValueError, match="not pruned"):
            prune.remove(layer, "weight")
        with pytest.raises(ValueError, match="got scores of shape"):
            prune.l1_unstructured(layer, "weight", 1, tp.ones(2))
        with pytest.raises(ValueError, match="whose slices are elements"):
            prune.ln_structured(layer, "bias", 1, 2, 0)
        with pytest.raises(TypeError, match="does not prune elements"):
            prune.global_unstructured([(layer, "weight")], prune.RandomStructured, amount=1)


class TestLazyLayers:
    def test_they_take_the_size_of_the_first_input(self, backend: str) -> None:
        network = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
        optimizer = tp.optim.SGD(network.parameters(), lr=0.1)
        weight = network[3].weight
        assert weight.shape == (2, 0)
        network.double()(tp.randn(2, 3, 4, 4, dtype="float64")).sum().backward()
        optimizer.step()
        assert network[3].weight is weight
        assert (weight.shape, weight.dtype, type(network[3])) == ((2, 16), tp.float64, nn.Linear)
        assert [one.grad is None for one in network.parameters()] == [False] * 6

    @pytest.mark.parametrize("groups", [1, 2])
    @pytest.mark.parametrize("kind", [name for name in nn.__all__ if name.startswith("Lazy")])
    def test_they_take_the_size_of_a_state(self, kind: str, groups: int) -> None:
        options = (4, 2) if "Conv" in kind else (4,) if kind == "LazyLinear" else ()
        named = {"groups": groups} if "Conv" in kind else {} if kind == "LazyLinear" else {"affine": True}
        axes = int(kind[-2]) if kind != "LazyLinear" else 0
        layer, other = (getattr(nn, kind)(*options, **named) for _ in range(2))
        assert repr(layer).startswith(kind)
        x = tp.randn(2, 6, *(3,) * axes)
        wanted = layer(x)
        assert repr(other.load_state_dict(layer.state_dict())) == "<All keys matched successfully>"
        assert type(other) is type(layer) is getattr(nn, kind[4:])
        assert repr(other) == repr(layer)
        numpy.testing.assert_array_equal(other.eval()(x).detach().numpy(), layer.eval()(x).detach().numpy())
        assert wanted.shape[0] == 2

    def test_a_subclass_and_a_state_without_a_size(self) -> None:
        class Own(nn.LazyLinear):
            pass

        layer, other = Own(3), nn.LazyLinear(3)
        other.load_state_dict(layer.state_dict())
        for one in (layer, other):
            assert one(tp.ones(2, 4)).shape == (2, 3)
            assert (type(one), one.in_features) == (nn.Linear, 4)


class TestModules:
    def test_an_attribute_that_was_none(self) -> None:
        module = nn.Module()
        module.stride = None
        assert "stride" not in module._parameters
        module.stride = 2
        assert module.stride == 2

    def test_conversions_and_replacement(self) -> None:
        network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        weight = network[0].weight
        assert network.type("float64") is network
        assert network[1].num_batches_tracked.dtype == tp.float64
        assert network.to_empty(device="cpu")[0].weight is weight
        network.set_submodule("1", nn.Identity())
        assert repr(network[1]) == "Identity()"
        with pytest.raises(AttributeError, match="no module '2'"):
            network.set_submodule("2", nn.Identity())

    def test_datasets(self) -> None:
        data = tp.utils.data
        both = data.StackDataset([1, 2], ["a", "b"])
        assert (both[1], len(both)) == ((2, "b"), 2)
        assert list(data.ChainDataset([[1], [2, 3]])) == [1, 2, 3]
        assert len(data.ChainDataset([[1], [2, 3]])) == 3
        with pytest.raises(ValueError, match="one length"):
            data.StackDataset([1], [])
        assert data.default_convert({"a": (numpy.float64(1), None)})["a"][0].dtype == tp.float64
        assert data.get_worker_info() is None


class Pair(NamedTuple):
    first: tp.Tensor
    second: tp.Tensor


class TestBackwardHooks:
    def test_a_named_tuple_stays_one(self) -> None:
        class Module(nn.Module):
            def forward(self, x: tp.Tensor) -> Pair:
                return Pair(x * 2, x * 3)

        module = Module()
        module.register_full_backward_hook(lambda module, before, after: (before[0] * 10,))
        x = tp.ones(2, requires_grad=True)
        found = module(x)
        assert type(found) is Pair
        found.second.sum().backward()
        assert x.grad.tolist() == [30.0, 30.0]

    def test_what_a_hook_returns_must_fit(self) -> None:
        for found, error, message in (
            (5, TypeError, "a backward hook returned int, wanted Tensor or None"),
            (tp.ones(3), RuntimeError, r"a backward hook returned a gradient of shape \(3,\), wanted \(1, 2\)"),
        ):
            layer = nn.Linear(2, 1)
            layer.register_full_backward_hook(lambda module, before, after, found=found: found)
            with pytest.raises(error, match=message):
                layer(tp.ones(1, 2, requires_grad=True)).sum().backward()


def test_a_cache_of_parametrized_tensors_within_another() -> None:
    layer = parametrizations.weight_norm(nn.Linear(2, 2))
    with parametrize.cached():
        with parametrize.cached():
            weight = layer.weight
        assert layer.weight is weight


def test_a_class_of_parametrized_modules_is_freed() -> None:
    class Own(nn.Linear):
        pass

    layer = parametrizations.weight_norm(Own(2, 2))
    gone = weakref.ref(Own)
    assert type(copy.deepcopy(layer)) is type(layer)
    del Own, layer
    # The subclass first, and then its base.
    gc.collect()
    gc.collect()
    assert gone() is None


def test_exponential_averages_of_all_buffers() -> None:
    swa = tp.optim.swa_utils
    model = nn.BatchNorm1d(1)
    averaged = swa.AveragedModel(model, multi_avg_fn=swa.get_ema_multi_avg_fn(0.5), use_buffers=True)
    for count, mean in ((4, 1.0), (8, 3.0)):
        model.num_batches_tracked.fill_(count)
        model.running_mean.fill_(mean)
        averaged.update_parameters(model)
    assert averaged.module.num_batches_tracked.item() == 6
    assert averaged.module.running_mean.item() == 2.0
