"""Training on meshes of 8 devices, eager and compiled: data-parallel and tensor-parallel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug import digits
from tensorplug.distributed import (
    Replicate,
    Shard,
    distribute_module,
    distribute_tensor,
    init_device_mesh,
)

MESH = init_device_mesh("jax:cpu", (8,))
GRID = init_device_mesh("jax:cpu", (2, 4), mesh_dim_names=("data", "model"))
STEPS = 2


def digits_step() -> tuple[list[tp.Tensor], Callable[..., tp.Tensor]]:
    """The demo's network with its optimiser, of one seed."""
    tp.manual_seed(0)
    model = digits.Perceptron(64, 128, 64, 10)
    optimizer = digits.SGD(model.parameters, rate=0.05, momentum=0.9)
    loss = tp.CrossEntropyLoss(label_smoothing=0.1)

    def step(images: tp.Tensor, labels: tp.Tensor) -> tp.Tensor:
        found = loss(model(images), labels)
        found.backward()
        optimizer.step()
        return found.detach()

    return model.parameters, step


class Layers(tp.nn.Module):
    """A perceptron of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.up = tp.nn.Linear(16, 64)
        self.down = tp.nn.Linear(64, 8)

    def forward(self, x: tp.Tensor) -> tp.Tensor:
        return self.down(self.up(x).relu())


def tensor_parallel(rows: Any, columns: Any, copies: Any) -> Callable[[str, tp.nn.Module, Any], None]:
    """What divides the first layer by its outputs, and the second one by its inputs."""

    def divide(name: str, module: tp.nn.Module, mesh: Any) -> None:
        if name == "up":
            module.weight.data = distribute_tensor(module.weight.data, mesh, rows)
            module.bias.data = distribute_tensor(module.bias.data, mesh, rows)
        elif name == "down":
            module.weight.data = distribute_tensor(module.weight.data, mesh, columns)
            module.bias.data = distribute_tensor(module.bias.data, mesh, copies)

    return divide


def layers_step(mesh: Any = None, divide: Any = None) -> tuple[list[tp.Tensor], Callable[..., tp.Tensor]]:
    tp.manual_seed(0)
    model = Layers().to(tp.float64)
    if mesh is not None:
        distribute_module(model, mesh, divide)
    optimizer = tp.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
        optimizer.zero_grad()
        found = tp.nn.functional.mse_loss(model(x), y)
        found.backward()
        optimizer.step()
        return found.detach()

    return list(model.parameters()), step


def batches(labels: bool) -> list[tuple[tp.Tensor, tp.Tensor]]:
    generator = numpy.random.default_rng(0)
    return [
        (tp.tensor(generator.random((64, 64), numpy.float32)), tp.tensor(generator.integers(0, 10, 64)))
        if labels
        else (tp.tensor(generator.random((32, 16))), tp.tensor(generator.random((32, 8))))
        for _ in range(STEPS)
    ]


@pytest.mark.parametrize("compiled", [False, True])
class TestTraining:
    def test_digits_data_parallel(self, compiled: bool) -> None:
        results = []
        for mesh in (None, MESH):
            with tp.backend("jax") if mesh is None else mesh:
                parameters, step = digits_step()
            run = tp.compile(step) if compiled else step
            losses = []
            for images, labels in batches(labels=True):
                if mesh is None:
                    losses.append(run(images.to("jax"), labels.to("jax")))
                else:
                    losses.append(
                        run(*(distribute_tensor(x, mesh, [Shard(0)]) for x in (images, labels))).full_tensor()
                    )
            if mesh is not None:
                assert {one.placements for one in parameters} == {(Replicate(),)}
                parameters = [one.full_tensor() for one in parameters]
            results.append([x.detach().numpy() for x in (*losses, *parameters)])
        for one, other in zip(*results, strict=True):
            numpy.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)

    @pytest.mark.parametrize(
        ("mesh", "rows", "columns", "copies", "data"),
        [
            (MESH, [Shard(0)], [Shard(1)], [Replicate()], [Replicate()]),
            (GRID, [Replicate(), Shard(0)], [Replicate(), Shard(1)], [Replicate()] * 2, [Shard(0), Replicate()]),
        ],
    )
    def test_tensor_parallel(self, compiled: bool, mesh: Any, rows: Any, columns: Any, copies: Any, data: Any) -> None:
        with tp.backend("jax"):
            plain, plain_step = layers_step()
            parameters, step = layers_step(mesh, tensor_parallel(rows, columns, copies))
        run = tp.compile(step) if compiled else step
        for x, y in batches(labels=False):
            expected = plain_step(x.to("jax"), y.to("jax"))
            found = run(distribute_tensor(x, mesh, data), distribute_tensor(y, mesh, data))
            numpy.testing.assert_allclose(found.item(), expected.item(), rtol=1e-6)
        for one, other, placements in zip(parameters, plain, (rows, rows, columns, copies), strict=True):
            assert one.placements == tuple(placements)
            assert one.grad is not None
            assert one.grad.placements == tuple(placements)
            numpy.testing.assert_allclose(one.detach().full_tensor().numpy(), other.detach().numpy(), rtol=1e-6)
