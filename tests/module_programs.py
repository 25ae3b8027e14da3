"""Programs with modules, for any namespace with PyTorch's names; each returns what is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PROGRAMS: dict[str, Callable[[Any], Any]] = {}


def program(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Add a program to `PROGRAMS`."""
    PROGRAMS[function.__name__] = function
    return function


def numbers(torch: Any, *shape: int, seed: float = 1.0) -> Any:
    """A tensor of numbers of no pattern."""
    count = torch.ones(shape).numel()
    return torch.sin(torch.arange(count, dtype=torch.float64) ** 2 * 0.7 + seed).reshape(shape)


def filled(torch: Any, module: Any) -> Any:
    """A module in float64 with such numbers for parameters and buffers."""
    module = module.double()
    with torch.no_grad():
        for i, tensor in enumerate([*module.parameters(), *module.buffers()]):
            tensor.copy_(numbers(torch, *tensor.shape, seed=i + 0.5))
    return module


def plain(value: Any) -> Any:
    """A result as JSON has it; of a tensor its list."""
    if hasattr(value, "detach"):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def trained(module: Any, x: Any) -> list[Any]:
    """What a module gives, the gradients of its parameters, and its state."""
    found = module(x)
    (found**2).sum().backward()
    gradients = {name: one.grad for name, one in module.named_parameters()}
    return [repr(module), found, gradients, dict(module.state_dict())]


def _symmetric(torch: Any) -> Any:
    class Symmetric(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, x: Any) -> Any:
            return x.triu()

    return Symmetric()


@program
def parametrized(torch: Any) -> Any:
    parametrize = torch.nn.utils.parametrize
    layer = filled(torch, torch.nn.Linear(3, 3))
    weight = layer.weight
    found = parametrize.register_parametrization(layer, "weight", _symmetric(torch))
    results = [found is layer, layer.parametrizations.weight.original is weight, *trained(layer, numbers(torch, 2, 3))]
    layer.weight = torch.eye(3, dtype=torch.float64)
    results += [layer.weight, layer.parametrizations["weight"].original]
    results += [parametrize.is_parametrized(layer), parametrize.is_parametrized(layer, "bias")]
    results += [parametrize.type_before_parametrizations(layer) is torch.nn.Linear, type(layer).__name__]
    twin = parametrize.register_parametrization(filled(torch, torch.nn.Linear(3, 3)), "weight", _symmetric(torch))
    parametrize.remove_parametrizations(twin, "weight")
    results += [type(twin) is torch.nn.Linear, dict(twin.state_dict()), twin.weight.requires_grad]
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    return [*results, dict(layer.state_dict()), parametrize.is_parametrized(layer), layer.weight is weight]


@program
def two_parametrizations(torch: Any) -> Any:
    class Double(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return 2 * x

        def right_inverse(self, x: Any) -> Any:
            return x / 2

    parametrize = torch.nn.utils.parametrize
    layer = filled(torch, torch.nn.Linear(3, 3))
    layer.register_buffer("shift", numbers(torch, 3))
    parametrize.register_parametrization(layer, "weight", _symmetric(torch))
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "shift", Double())
    with parametrize.cached():
        results = [layer.weight is layer.weight, *trained(layer, numbers(torch, 2, 3))]
    layer.weight = torch.eye(3, dtype=torch.float64)
    return [*results, layer.weight, layer.shift, layer.parametrizations.shift.original]


def _normalized(name: str, options: dict[str, Any], kind: str, sizes: tuple[int, ...], x: tuple[int, ...]) -> None:
    def run(torch: Any) -> Any:
        layer = getattr(torch.nn, kind)(*sizes).double()
        layer = filled(torch, getattr(torch.nn.utils.parametrizations, name)(layer, **options))
        for buffer in layer.buffers():
            buffer.copy_(buffer / buffer.norm())
        results = trained(layer, numbers(torch, *x))
        results.append(layer.eval()(numbers(torch, *x)))
        torch.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        return [*results, repr(layer), dict(layer.state_dict())]

    run.__name__ = f"{name}_of_{kind}_{list(options.values())}"
    program(run)


_normalized("weight_norm", {}, "Linear", (3, 2), (4, 3))
_normalized("weight_norm", {"dim": 1}, "Conv1d", (2, 3, 2), (1, 2, 4))
_normalized("weight_norm", {"dim": None}, "Linear", (3, 2), (4, 3))
_normalized("spectral_norm", {"n_power_iterations": 2}, "Linear", (3, 2), (4, 3))
_normalized("spectral_norm", {}, "ConvTranspose2d", (2, 3, 2), (1, 2, 2, 2))


def _orthogonal(kind: str, rows: int, trivialized: bool) -> None:
    def run(torch: Any) -> Any:
        options = {"orthogonal_map": kind, "use_trivialization": trivialized}
        layer = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, rows).double(), **options)
        list_ = layer.parametrizations.weight
        with torch.no_grad():
            list_.original.copy_(0.3 * numbers(torch, rows, 3).tril(-1))
            if trivialized:
                size = max(rows, 3)
                list_[0].base.copy_(torch.eye(size).flip(0))
                list_.original.diagonal().fill_(-1.0)
            elif kind == "householder":
                list_.original.diagonal().copy_(torch.tensor([1.0, -1.0, 1.0])[: min(rows, 3)])
            layer.bias.fill_(0.5)
        results = trained(layer, numbers(torch, 4, 3))
        if trivialized or kind == "householder":
            # The same matrix again, if it can be assigned.
            layer.weight = layer.weight.detach()
            results.append(layer.weight)
        return results

    run.__name__ = f"orthogonal_{kind}_{rows}_{trivialized}"
    program(run)


for _kind in ("matrix_exp", "cayley", "householder"):
    for _rows in (2, 3, 4):
        _orthogonal(_kind, _rows, True)
    _orthogonal(_kind, 4, False)


def _network(torch: Any) -> Any:
    return filled(torch, torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)))


@program
def backward_hooks(torch: Any) -> Any:
    log: list[Any] = []
    network = _network(torch)
    network[0].register_full_backward_hook(lambda module, before, after: log.append(["first", before, after]))
    network[1].register_full_backward_hook(lambda module, before, after: (before[0] * 2 + after[0],))
    network[2].register_full_backward_hook(lambda module, before, after: log.append(["last", before, after]))
    handle = network.register_full_backward_hook(lambda *given: log.append("removed"))
    network.register_full_backward_pre_hook(lambda module, after: (after[0] * 3,))
    network.register_full_backward_pre_hook(lambda module, after: log.append(["before", after]), prepend=True)
    handle.remove()
    x = numbers(torch, 2, 3).requires_grad_()
    found = network(x)
    found.sum().backward()
    network.eval()(x.detach()).sum().backward()
    return [log, found, x.grad, {name: one.grad for name, one in network.named_parameters()}]


@program
def backward_hooks_of_several_inputs_and_results(torch: Any) -> Any:
    class Parts(torch.nn.Module):
        def forward(self, x: Any, number: Any, y: Any) -> Any:
            return x * y, (x * number, y), y.sum()

    log: list[Any] = []
    module = Parts()
    module.register_full_backward_hook(lambda module, before, after: log.append([before, after]))
    x, y = numbers(torch, 3).requires_grad_(), numbers(torch, 3, seed=2.0).requires_grad_()
    first, _, last = module(x, 5, y)
    (first.sum() + last).backward()
    first, _, _ = module(x, 5, y)
    (gradient,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    (gradient**2).sum().backward()
    return [log, x.grad, y.grad]


@program
def forward_hooks(torch: Any) -> Any:
    class Scaled(torch.nn.Module):
        def forward(self, x: Any, *, scale: Any = 1.0) -> Any:
            if scale is None:
                raise ValueError("no scale")
            return x * scale

    log: list[Any] = []
    module = Scaled()
    module.register_forward_pre_hook(lambda module, args: args[0] + 1)
    module.register_forward_pre_hook(lambda module, args: log.append(["first", args]), prepend=True)
    module.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {"scale": kwargs["scale"] and 3.0}), with_kwargs=True
    )
    module.register_forward_hook(lambda module, args, found: found * 10)
    module.register_forward_hook(
        lambda module, args, kwargs, found: log.append([args, kwargs, found]), with_kwargs=True, prepend=True
    )
    module.register_forward_hook(lambda module, args, found: log.append(["always", found]), always_call=True)
    results = [module(numbers(torch, 2), scale=2.0)]
    try:
        module(numbers(torch, 2), scale=None)
    except ValueError as error:
        results.append(str(error))
    return [*results, log]


@program
def states(torch: Any) -> Any:
    log: list[Any] = []
    network = _network(torch)
    state = {name: one.clone() * 2 for name, one in network.state_dict().items()}
    inner = network[0]
    inner.register_state_dict_pre_hook(lambda module, prefix, keep: log.append([prefix, keep]))
    network.register_state_dict_post_hook(lambda module, found, prefix, _: found.update(extra=torch.ones(1)))
    results: list[Any] = [dict(network.state_dict(prefix="a."))]
    network.register_load_state_dict_pre_hook(lambda module, given, *others: given.pop("extra", None))
    network.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    results.append(repr(network.load_state_dict({**state, "extra": torch.ones(2)})))
    results.append(network[2].weight)
    del state["0.bias"]
    results.append(repr(network.load_state_dict({**state, "more": torch.ones(2)}, strict=False)))
    given = {name: one.float() for name, one in inner.state_dict().items()}
    given["weight"].requires_grad_()
    inner.bias.requires_grad_(False)
    results.append(str(inner.load_state_dict(given, assign=True)))
    given["bias"].fill_(7.0)
    results += [str(inner.weight.dtype).split(".")[-1], inner.weight.requires_grad, inner.bias.requires_grad]
    return [*results, inner.bias, isinstance(inner.bias, torch.nn.Parameter), log]


def _packed(kind: str, options: dict[str, Any], lengths: list[int], initial: bool, is_sorted: bool = False) -> None:
    def run(torch: Any) -> Any:
        rnn = torch.nn.utils.rnn
        layer = filled(torch, getattr(torch.nn, kind)(2, 3, **options))
        x = numbers(torch, len(lengths), max(lengths), 2).requires_grad_()
        count = layer.num_layers * (1 + layer.bidirectional)
        states = [numbers(torch, count, len(lengths), 3, seed=i).requires_grad_() for i in (0.1, 0.2)]
        given = (tuple(states) if kind == "LSTM" else states[0],) if initial else ()
        packed = rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=is_sorted)
        output, last = layer(packed, *given)
        padded, found = rnn.pad_packed_sequence(output, padding_value=-1.0, total_length=max(lengths) + 1)
        last = last if isinstance(last, tuple) else (last,)
        ((padded**2).sum() + sum((one**3).sum() for one in last)).backward()
        gradients = [x.grad, *(one.grad for one in layer.parameters())]
        gradients += [state.grad for state in states[: len(last)]] if initial else []
        return [list(packed), list(output), padded, found, last, gradients]

    run.__name__ = f"packed_{kind}_{options}_{lengths}_{initial}"
    program(run)


_packed("LSTM", {"num_layers": 2, "bidirectional": True, "batch_first": True}, [2, 4, 1], True)
_packed("GRU", {"bidirectional": True, "bias": False}, [3, 1, 3], True)
_packed("GRU", {"num_layers": 2}, [3, 2, 2], False, True)
_packed("RNN", {"nonlinearity": "relu", "bidirectional": True}, [1, 3], False)
_packed("RNN", {}, [4], True)


@program
def packed_and_unpacked(torch: Any) -> Any:
    rnn = torch.nn.utils.rnn
    parts = [numbers(torch, length, 2) for length in (3, 1, 2)]
    packed = rnn.pack_sequence(parts, enforce_sorted=False)
    single = rnn.pack_sequence([torch.arange(3), torch.arange(2)])
    results = [list(packed), list(single), rnn.unpack_sequence(packed), rnn.unpack_sequence(single)]
    results += [rnn.pad_packed_sequence(packed, batch_first=True), rnn.invert_permutation(torch.tensor([2, 0, 1]))]
    results += [str(packed.float().data.dtype).split(".")[-1], packed.is_cuda, packed.to("cpu") is packed]
    results += [packed._fields, type(packed).__name__, single.sorted_indices is None]
    other = rnn.PackedSequence(packed.data, packed.batch_sizes, packed.sorted_indices)
    return [*results, list(other), rnn.pad_packed_sequence(other)]


@program
def pruned(torch: Any) -> Any:
    prune = torch.nn.utils.prune
    layer = filled(torch, torch.nn.Conv2d(2, 3, 2))
    prune.l1_unstructured(layer, "bias", amount=1)
    prune.ln_structured(layer, "weight", amount=0.4, n=2, dim=0)
    results = [layer.weight, layer.bias, prune.is_pruned(torch.nn.Sequential(layer))]
    prune.l1_unstructured(layer, "weight", amount=0.25)
    prune.ln_structured(layer, "weight", amount=1, n=1, dim=1)
    results += [layer.weight, *trained(layer, numbers(torch, 1, 2, 3, 3))]
    prune.remove(layer, "weight")
    results += [isinstance(layer.weight, torch.nn.Parameter), dict(layer.state_dict()), prune.is_pruned(layer)]
    prune.remove(layer, "bias")
    return [*results, prune.is_pruned(layer), layer.bias, prune.L1Unstructured(0.5).prune(numbers(torch, 4))]


@program
def pruned_together(torch: Any) -> Any:
    prune = torch.nn.utils.prune
    network = filled(torch, torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)))
    prune.custom_from_mask(network[1], "weight", torch.tensor([[1, 0], [1, 1]]))
    prune.identity(network[0], "bias")
    places = [(network[0], "weight"), (network[1], "weight")]
    scores = {places[0]: numbers(torch, 2, 3, seed=3.0)}
    prune.global_unstructured(places, prune.L1Unstructured, importance_scores=scores, amount=0.4)
    results = [one.weight for one in network]
    prune.l1_unstructured(network[0], "weight", 1, importance_scores=numbers(torch, 2, 3, seed=5.0))
    return [*results, network[0].weight, dict(network.state_dict())]


@program
def normalized_by_hooks(torch: Any) -> Any:
    utils, results = torch.nn.utils, []
    for make, remove in (
        (utils.weight_norm, utils.remove_weight_norm),
        (utils.spectral_norm, utils.remove_spectral_norm),
    ):
        layer = filled(torch, make(torch.nn.Linear(3, 2).double()))
        for buffer in layer.buffers():
            buffer.copy_(buffer / buffer.norm())
        results += [trained(layer, numbers(torch, 4, 3)), layer.eval()(numbers(torch, 4, 3))]
        remove(layer)
        results += [dict(layer.state_dict()), layer(numbers(torch, 4, 3))]
    return results


@program
def fused(torch: Any) -> Any:
    nn, utils = torch.nn, torch.nn.utils
    conv = filled(torch, nn.Sequential(nn.Conv2d(2, 3, 2, bias=False), nn.BatchNorm2d(3))).eval()
    transposed = filled(torch, nn.Sequential(nn.ConvTranspose1d(2, 3, 2), nn.BatchNorm1d(3, affine=False))).eval()
    linear = filled(torch, nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))).eval()
    for network in (conv, transposed, linear):
        network[1].running_var.copy_(network[1].running_var.abs())
    linear[0].weight.requires_grad_(False)
    made = [
        utils.fuse_conv_bn_eval(*conv),
        utils.fuse_conv_bn_eval(*transposed, True),
        utils.fuse_linear_bn_eval(*linear),
    ]
    states = [[dict(one.state_dict()), [x.requires_grad for x in one.parameters()]] for one in made]
    inputs = [numbers(torch, 1, 2, 3, 3), numbers(torch, 1, 2, 3), numbers(torch, 4, 3)]
    return [
        states,
        [one(x) for one, x in zip(made, inputs, strict=True)],
        [one(x) for one, x in zip((conv, transposed, linear), inputs, strict=True)],
    ]


@program
def texts(torch: Any) -> Any:
    nn = torch.nn
    layers = [nn.BatchNorm1d(3), nn.BatchNorm3d(3, affine=False), nn.BatchNorm2d(3, bias=False), nn.InstanceNorm2d(3)]
    layers += [nn.LayerNorm(3, bias=False), nn.GroupNorm(1, 3), nn.RMSNorm(3), nn.LocalResponseNorm(2)]
    layers += [nn.Dropout(), nn.Dropout2d(0.1, inplace=True), nn.GELU("tanh"), nn.Hardshrink(), nn.CosineSimilarity(0)]
    layers += [nn.MaxPool2d(2), nn.MaxPool1d(3, 1, ceil_mode=True), nn.AvgPool2d(2, padding=1), nn.LPPool2d(2, 3)]
    layers += [
        nn.Upsample(scale_factor=2),
        nn.Upsample((2, 3), mode="bilinear"),
        nn.UpsamplingNearest2d(scale_factor=3),
    ]
    layers += [nn.Conv2d(2, 4, 3, padding_mode="reflect", bias=False), nn.ConstantPad1d(1, 2.0), nn.ZeroPad1d(1)]
    layers += [nn.RNNCell(2, 3, nonlinearity="relu"), nn.GRUCell(2, 3, bias=False), nn.FractionalMaxPool2d(2, 2)]
    layers += [nn.Embedding(5, 3, 1, max_norm=1.0), nn.EmbeddingBag(5, 3, mode="sum", padding_idx=0)]
    layers += [nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.ReLU()]), nn.Sequential(nn.ReLU(), nn.ReLU())]
    return [repr(layer) for layer in layers]


@program
def averaged(torch: Any) -> Any:
    swa = torch.optim.swa_utils
    model = filled(torch, torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    schedules = [swa.SWALR(optimizer, 0.1, 3), swa.SWALR(optimizer, [0.2], 2, "linear")]
    models = [swa.AveragedModel(model), swa.AveragedModel(model, multi_avg_fn=swa.get_ema_multi_avg_fn(0.8))]
    models += [swa.AveragedModel(model, avg_fn=swa.get_ema_avg_fn(0.7), use_buffers=True)]
    rates = []
    for i in range(8):
        optimizer.zero_grad()
        (model(numbers(torch, 4, 3, seed=i)) - 1).pow(2).mean().backward()
        optimizer.step()
        (decay if i < 2 else schedules[i % 2]).step()
        rates.append(optimizer.param_groups[0]["lr"])
        for one in models:
            one.update_parameters(model)
    results = [rates, [dict(one.state_dict()) for one in models]]
    swa.update_bn([[numbers(torch, 4, 3)], numbers(torch, 5, 3, seed=2.0)], models[0])
    return [*results, dict(models[0].state_dict()), models[0].training]
