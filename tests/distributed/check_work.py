"""What each device computes, holds and sends in a training step, by XLA's own account of the compiled program."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import jax
import pytest

import tensorplug as tp
from tensorplug.backends import load
from tensorplug.backends.program import Executable, replay
from tensorplug.distributed import Replicate, Shard, distribute_module, distribute_tensor, init_device_mesh

MESH = init_device_mesh("jax:cpu", (8,))
GRID = init_device_mesh("jax:cpu", (2, 4), mesh_dim_names=("data", "model"))
BATCH, INPUTS, HIDDEN, OUTPUTS = 512, 64, 256, 16
WEIGHTS = INPUTS * HIDDEN + HIDDEN + HIDDEN * OUTPUTS + OUTPUTS
FLOAT = 4
SENT = re.compile(r"= (.*?) (?:all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute)(?:-start)?\(")


class Work(NamedTuple):
    """Operations, bytes of the arguments, and bytes that are reduced or gathered, of one device."""

    flops: float
    held: int
    sent: int


def work(monkeypatch: pytest.MonkeyPatch, step: Any, *arguments: tp.Tensor) -> Work:
    """The work of the second call of a compiled step."""
    backend = load("jax").backend
    executable, calls = backend.executable, []

    def noted(program: Any) -> Executable:
        made = executable(program)

        def run(*arrays: Any) -> Any:
            inputs = [jax.ShapeDtypeStruct(one.shape, one.dtype, sharding=one.sharding) for one in arrays]
            calls.append((program, inputs))
            return made.run(*arrays)

        return Executable(run, made.check)

    monkeypatch.setattr(backend, "executable", noted)
    compiled = tp.compile(step)
    for _ in range(2):
        compiled(*arguments)
    program, inputs = calls[-1]
    with backend.scope():
        found = jax.jit(lambda *arrays: replay(program, arrays, backend)).lower(*inputs).compile()
    shapes = [shape for line in SENT.findall(found.as_text()) for shape in re.findall(r"f32\[([\d,]*)\]", line)]
    sent = sum(FLOAT * math.prod(map(int, filter(None, shape.split(",")))) for shape in shapes)
    return Work(found.cost_analysis()["flops"], found.memory_analysis().argument_size_in_bytes, sent)


def training(mesh: Any, rows: Any, columns: Any, data: Any) -> tuple[Any, tp.Tensor, tp.Tensor]:
    """A step of a perceptron of two layers, whose weights are divided as `rows` and `columns`, and its arguments."""
    with tp.backend("jax"):
        network = tp.nn.Sequential(tp.nn.Linear(INPUTS, HIDDEN), tp.nn.Tanh(), tp.nn.Linear(HIDDEN, OUTPUTS))
        x, y = tp.rand(BATCH, INPUTS), tp.rand(BATCH, OUTPUTS)
    first, last = network[0], network[2]

    def divide(name: str, module: tp.nn.Module, mesh: Any) -> None:
        if module is first:
            first.weight.data = distribute_tensor(first.weight.data, mesh, rows)
            first.bias.data = distribute_tensor(first.bias.data, mesh, rows)
        elif module is last:
            last.weight.data = distribute_tensor(last.weight.data, mesh, columns)

    if mesh is not None:
        distribute_module(network, mesh, divide)
        x, y = distribute_tensor(x, mesh, data), distribute_tensor(y, mesh, data)
    optimizer = tp.optim.SGD(network.parameters(), lr=0.1)

    def step(x: tp.Tensor, y: tp.Tensor) -> tp.Tensor:
        optimizer.zero_grad()
        loss = tp.nn.functional.mse_loss(network(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, x, y


def test_work_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of ``docs/distributed.md``."""
    copies, examples = [Replicate()], BATCH * (INPUTS + OUTPUTS)
    cases = {
        "data": ((MESH, copies, copies, [Shard(0)]), WEIGHTS + examples // 8, WEIGHTS),
        "tensor": (
            (MESH, [Shard(0)], [Shard(1)], copies),
            (WEIGHTS - OUTPUTS) // 8 + OUTPUTS + examples,
            BATCH * OUTPUTS,
        ),
        "both": (
            (GRID, [Replicate(), Shard(0)], [Replicate(), Shard(1)], [Shard(0), Replicate()]),
            (WEIGHTS - OUTPUTS) // 4 + OUTPUTS + examples // 2,
            BATCH * OUTPUTS // 2 + (WEIGHTS - OUTPUTS) // 4 + OUTPUTS,
        ),
    }
    one = work(monkeypatch, *training(None, None, None, None))
    assert one.held == FLOAT * (WEIGHTS + examples)
    assert one.sent == 0
    for arguments, held, sent in cases.values():
        found = work(monkeypatch, *training(*arguments))
        assert found.flops == pytest.approx(one.flops / 8, rel=0.02)
        assert found.held == FLOAT * held
        # And the loss.
        assert found.sent == pytest.approx(FLOAT * sent, abs=FLOAT)
