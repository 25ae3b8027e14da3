"""One of several processes, each with a device: ``process.py RANK COUNT PORT`` trains, and compares with one device."""

from __future__ import annotations

import sys
from typing import Any

import jax
import numpy
import pytest

import tensorplug as tp
from tensorplug.distributed import (
    Replicate,
    Shard,
    distribute_module,
    distribute_tensor,
    from_local,
    init_device_mesh,
)

COPIES = [Replicate()]


def train(mesh: Any, kind: str, compiled: bool) -> list[numpy.ndarray]:
    """The losses and the parameters after two steps, without a mesh on one device."""
    tp.manual_seed(0)
    with tp.backend("jax"):
        network = tp.nn.Sequential(tp.nn.Linear(8, 16), tp.nn.Tanh(), tp.nn.Linear(16, 4))
        batches = [(tp.rand(8, 8), tp.randint(0, 4, (8,))) for _ in range(2)]
    data = [Shard(0)] if kind == "data" else COPIES

    def divide(name: str, module: tp.nn.Module, mesh: Any) -> None:
        if kind == "tensor" and name in ("0", "2"):
            module.weight.data = distribute_tensor(module.weight.data, mesh, [Shard(int(name) // 2)])
            if name == "0":
                module.bias.data = distribute_tensor(module.bias.data, mesh, [Shard(0)])

    if mesh is not None:
        distribute_module(network, mesh, divide)
        batches = [(distribute_tensor(x, mesh, data), distribute_tensor(y, mesh, data)) for x, y in batches]
    placements = [one.placements for one in network.parameters()] if mesh is not None else []
    optimizer = tp.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)

    def step(x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
        optimizer.zero_grad()
        loss = tp.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    run = tp.compile(step) if compiled else step
    found = [run(*batch) for batch in batches] + [one.detach() for one in network.parameters()]
    if mesh is not None:
        assert [one.placements for one in network.parameters()] == placements
        assert [one.grad.placements for one in network.parameters()] == placements
        found = [one.full_tensor() for one in found]
    return [one.numpy() for one in found]


def check_parts(rank: int, count: int, mesh: Any) -> None:
    """Parts of tensors, their gradients, and values that other processes have."""
    whole = numpy.arange(4.0 * count).reshape(2 * count, 2)
    x = distribute_tensor(tp.tensor(whole + rank, requires_grad=True), mesh, [Shard(0)])
    # The values are the first process's.
    assert numpy.array_equal(x.to_local().detach().numpy(), whole[2 * rank : 2 * rank + 2])
    assert x.to_local().device.backend == "jax"
    assert f"part of shape ({2 * count}, 2)" in repr(x)
    own = distribute_tensor(tp.tensor(whole + rank), mesh, [Shard(0)], src_data_rank=None)
    assert numpy.array_equal(own.to_local().numpy(), whole[2 * rank : 2 * rank + 2] + rank)
    together = from_local(tp.tensor(whole[2 * rank : 2 * rank + 2]), mesh, [Shard(0)])
    assert together.shape == whole.shape
    assert numpy.array_equal(together.full_tensor().numpy(), whole)
    (x.to_local() ** 2).sum().backward()
    assert numpy.array_equal(x.grad.to_local().numpy(), 2 * whole[2 * rank : 2 * rank + 2])
    x.grad = None
    (x.full_tensor() ** 2).sum().backward()
    assert x.grad.placements == (Shard(0),)
    assert numpy.array_equal(x.grad.full_tensor().numpy(), 2 * whole)
    with pytest.raises(RuntimeError, match=r"call x.full_tensor\(\) in all of them first"):
        x.detach().numpy()
    assert x.sum().item() == whole.sum()
    x.detach()[0] = 5.0
    assert x.placements == (Shard(0),)
    assert x.sum().item() == whole[1:].sum() + 10.0
    with pytest.raises(IndexError, match="out of"):
        x.detach()[distribute_tensor(tp.tensor([2 * count]), mesh)]


def main(rank: int, count: int, port: int) -> None:
    """Connect to the other processes, and check."""
    jax.distributed.initialize(f"127.0.0.1:{port}", count, rank)
    mesh = init_device_mesh("jax:cpu", (count,))
    assert len([one for one in tp.devices() if one.backend == "jax"]) == 1
    check_parts(rank, count, mesh)
    expected = train(None, "data", True)
    for kind, compiled in (("data", False), ("data", True), ("tensor", True)):
        for one, other in zip(train(mesh, kind, compiled), expected, strict=True):
            numpy.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
    print("as on one device", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
