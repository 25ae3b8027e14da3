"""Tensors on meshes of 8 devices: placements, operations, views and writes, gradients, and bad input."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import jax
import numpy
import pytest

import tensorplug as tp
from tensorplug.distributed import (
    Partial,
    Replicate,
    Shard,
    distribute_module,
    distribute_tensor,
    from_local,
    init_device_mesh,
)
from tensorplug.distributed import tensor as dtensor

MESH = init_device_mesh("jax:cpu", (8,))
GRID = init_device_mesh("jax:cpu", (2, 4), mesh_dim_names=("data", "model"))
VALUES = numpy.arange(64.0).reshape(8, 8)
ROWS, COLUMNS, COPIES = (Shard(0),), (Shard(1),), (Replicate(),)


def rows(requires_grad: bool = False) -> tp.Tensor:
    return distribute_tensor(tp.tensor(VALUES, requires_grad=requires_grad), MESH, ROWS)


def parts(x: tp.Tensor) -> list[tuple[int, ...]]:
    """The shapes of the parts on all devices."""
    return [shard.data.shape for shard in x._array.addressable_shards]


def values(x: tp.Tensor) -> numpy.ndarray:
    return x.detach().full_tensor().numpy()


class TestMesh:
    def test_attributes(self) -> None:
        assert (MESH.shape, MESH.ndim, MESH.size(), MESH.device_type) == ((8,), 1, 8, "cpu")
        assert (GRID.size(1), GRID.size(-2), GRID.size("model"), GRID.mesh_dim_names) == (4, 2, 4, ("data", "model"))
        assert repr(GRID) == "DeviceMesh('jax:cpu', (2, 4), mesh_dim_names=('data', 'model'))"

    def test_meshes_of_the_same_devices_are_one(self) -> None:
        assert init_device_mesh("jax", [8]) is MESH
        assert init_device_mesh("jax:cpu", (2, 4)) is not GRID
        with tp.backend("jax"):
            assert init_device_mesh("cpu", (8,)) is MESH
        assert pickle.loads(pickle.dumps((GRID, GRID.device))) == (GRID, GRID.device)

    def test_a_mesh_is_no_device_of_the_list(self) -> None:
        assert len([one for one in tp.devices() if one.backend == "jax"]) == 8

    def test_default_mesh(self) -> None:
        with MESH:
            assert tp.zeros(3).placements == COPIES
            assert distribute_tensor(tp.ones(8), placements=ROWS).placements == ROWS

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (("tpu", (8,)), ValueError, "no device 'tpu'; "),
            (("jax:cpu:0", (8,)), ValueError, "wanted a type of devices without a number"),
            (("jax:cpu", (3, 3)), ValueError, "got a mesh of 9 devices, but there are 8 of type 'cpu'"),
            (("jax:cpu", (0,)), ValueError, "wanted positive lengths"),
            (("jax:cpu", 8), TypeError, r"got mesh_shape=8, wanted a tuple of lengths, such as \(8,\)"),
            (("numpy:cpu", (8,)), NotImplementedError, "backend 'numpy' has no meshes of devices; ask for 'jax:cpu'"),
        ],
    )
    def test_bad_input(self, arguments: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            init_device_mesh(*arguments)

    def test_bad_names(self) -> None:
        with pytest.raises(ValueError, match="wanted a name of its own for each"):
            init_device_mesh("jax:cpu", (2, 4), mesh_dim_names=("data",))
        for names in (5, (1, 2)):
            with pytest.raises(TypeError, match=r"init_device_mesh: got mesh_dim_names=.*, wanted a tuple of strings"):
                init_device_mesh("jax:cpu", (2, 4), mesh_dim_names=names)  # type: ignore[arg-type]
        for axis, error in ((2, IndexError), (1.0, TypeError), ("rows", KeyError)):
            with pytest.raises(error, match="size: "):
                GRID.size(axis)  # type: ignore[arg-type]


class TestPlacements:
    @pytest.mark.parametrize("backend", ["numpy", "jax"])
    @pytest.mark.parametrize(
        ("mesh", "placements", "shape"),
        [
            (MESH, ROWS, (1, 8)),
            (MESH, COLUMNS, (8, 1)),
            (MESH, COPIES, (8, 8)),
            (GRID, (Shard(0), Shard(1)), (4, 2)),
            (GRID, (Shard(1), Replicate()), (8, 4)),
            (GRID, (Shard(0), Shard(0)), (1, 8)),
        ],
    )
    def test_each_device_has_its_part(self, backend: str, mesh: Any, placements: Any, shape: Any) -> None:
        x = distribute_tensor(tp.tensor(VALUES, device=backend), mesh, placements)
        assert parts(x) == [shape] * 8
        assert (x.placements, x.device_mesh, x.shape, x.dtype) == (placements, mesh, (8, 8), tp.float64)
        assert str(x.full_tensor().device) == "jax:cpu:0"
        assert numpy.array_equal(values(x), VALUES)

    def test_axes_from_the_last(self) -> None:
        assert distribute_tensor(tp.tensor(VALUES), MESH, [Shard(-1)]).placements == COLUMNS

    def test_redistribute(self) -> None:
        x = rows()
        for placements in (COLUMNS, COPIES, ROWS):
            x = x.redistribute(MESH, placements)
            assert x.placements == placements
            assert numpy.array_equal(values(x), VALUES)

    def test_from_local(self) -> None:
        assert from_local(tp.tensor(VALUES), MESH, ROWS).placements == ROWS

    def test_memory_is_not_shared(self) -> None:
        plain = tp.tensor(VALUES, device="jax")
        whole = distribute_tensor(plain, MESH)
        divided, gathered = whole.redistribute(placements=ROWS), whole.full_tensor()
        for one in (plain, whole, divided, gathered):
            one += 1
            one += 1
        for one in (whole, divided):
            assert numpy.array_equal(values(one), VALUES + 2)
        assert numpy.array_equal(plain.numpy(), VALUES + 2)
        assert numpy.array_equal(gathered.numpy(), VALUES + 2)

    def test_arrays_of_jax(self) -> None:
        assert tp.asarray(rows().to_native()).placements == ROWS
        alone = jax.sharding.Mesh(numpy.array(jax.devices()), ("own",))
        foreign = jax.device_put(1.0, jax.sharding.NamedSharding(alone, jax.sharding.PartitionSpec()))
        with pytest.raises(ValueError, match="of which Tensorplug knows no mesh"):
            tp.asarray(foreign)

    def test_copies_and_pickles_keep_them(self) -> None:
        x = rows(requires_grad=True)
        for one in (x.clone(), copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert one.placements == ROWS
            assert one.requires_grad
            assert numpy.array_equal(values(one), VALUES)

    @pytest.mark.parametrize("make", [tp.zeros_like, tp.ones_like, tp.empty_like, tp.rand_like, tp.randn_like])
    def test_constructors_of_alike_tensors(self, make: Callable[..., tp.Tensor]) -> None:
        assert make(rows()).placements == ROWS
        assert make(rows(), device="numpy").device == tp.device("numpy")

    @pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
    def test_constructors(self, name: str) -> None:
        made = getattr(dtensor, name)(8, 2, device_mesh=MESH, placements=ROWS, requires_grad=True)
        assert (made.shape, made.placements, made.is_leaf, made.requires_grad) == ((8, 2), ROWS, True, True)
        assert numpy.array_equal(values(dtensor.full((8,), 3.0, device_mesh=MESH, placements=ROWS)), [3.0] * 8)

    @pytest.mark.parametrize("size", [(8, 3), (400, 80)])
    @pytest.mark.parametrize("name", ["rand", "randn"])
    def test_random_numbers_are_those_of_one_device(self, name: str, size: tuple[int, int]) -> None:
        tp.manual_seed(3)
        expected = getattr(tp, name)(size, device="numpy"), tp.randn(8, device="numpy")
        tp.manual_seed(3)
        x = getattr(dtensor, name)(size, device_mesh=MESH, placements=ROWS)
        assert numpy.array_equal(values(x), expected[0].numpy())
        assert numpy.array_equal(values(tp.randn(8, device=MESH.device)), expected[1].numpy())

    def test_printing(self) -> None:
        x = distribute_tensor(tp.arange(8), MESH, ROWS)
        assert repr(x).split() == (
            "tensor([0, 1, 2, 3, 4, 5, 6, 7], backend='jax', device='cpu:mesh(8)', placements=(Shard(dim=0),))".split()
        )

    @pytest.mark.parametrize(
        ("length", "placements", "error", "message"),
        [
            (
                9,
                ROWS,
                ValueError,
                r"axis 0 of shape \(9,\) has length 9, which 8 devices .* can't divide .*pad it to 16",
            ),
            (8, COLUMNS, IndexError, "axis 1 is out of range for 1 axes"),
            (8, (Shard(0), Shard(0)), ValueError, "got 2 placements, wanted 1, one for each axis of mesh"),
            (8, (Partial(),), ValueError, r"got Partial\(sum\), but no tensor is left in unfinished parts"),
            (8, ("rows",), TypeError, "got a placement of type str, wanted Shard or Replicate"),
            (8, Shard(0), TypeError, r"got placements=Shard\(dim=0\), wanted a sequence, with a placement for"),
            (8, 0, TypeError, "got placements=0, wanted a sequence"),
        ],
    )
    def test_bad_input(self, length: int, placements: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=f"distribute_tensor: {message}"):
            distribute_tensor(tp.ones(length), MESH, placements)
        with pytest.raises(error, match=f"redistribute: {message}"):
            distribute_tensor(tp.ones(length), MESH).redistribute(placements=placements)

    def test_more_bad_input(self) -> None:
        with pytest.raises(TypeError, match="distribute_tensor: got str, wanted a DeviceMesh"):
            distribute_tensor(tp.ones(8), "jax:cpu", ROWS)  # type: ignore[arg-type]
        with pytest.raises(RuntimeError, match="distribute_tensor: wanted a leaf"):
            distribute_tensor(tp.ones(8, requires_grad=True) * 2, MESH, ROWS)
        with pytest.raises(ValueError, match="wanted 0 or None"):
            distribute_tensor(tp.ones(8), MESH, ROWS, src_data_rank=1)
        with pytest.raises(RuntimeError, match="the tensor is on mesh"):
            rows().redistribute(GRID, [Shard(0), Replicate()])
        with pytest.raises(RuntimeError, match=r"the tensor is on mesh\(8\), wanted on mesh"):
            distribute_tensor(rows(), GRID)
        with pytest.raises(RuntimeError, match="this process has 8 devices of"):
            rows().to_local()
        with pytest.raises(BufferError, match=r"DLPack has no tensors on many devices, .* use x.full_tensor\(\)"):
            numpy.from_dlpack(rows())
        with pytest.raises(TypeError, match="distribute_module: got int, wanted a Module"):
            distribute_module(3, MESH)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"from_local: parts of shape \(9,\)"):
            from_local(tp.ones(9), MESH, ROWS)


class TestOperations:
    @pytest.mark.parametrize(
        ("function", "placements"),
        [
            (lambda x: x * 2 + 1, ROWS),
            (lambda x: x @ x, ROWS),
            (lambda x: x.T, COLUMNS),
            (lambda x: x.sum(1), ROWS),
            (lambda x: x.sum(0), COPIES),
            (lambda x: x.sort(descending=True)[0], ROWS),
            (lambda x: x.reshape(-1), ROWS),
            (lambda x: x[:, 2:4], ROWS),
            (lambda x: x[[1, 3]], COPIES),
            (lambda x: x[x > 3], COPIES),
            (lambda x: tp.cat([x, x]), ROWS),
            (lambda x: x + numpy.ones(8), ROWS),
            (lambda x: x * tp.tensor(2.0), ROWS),
            (lambda x: tp.linalg.inv(x + 9 * tp.eye(8, device=x.device, dtype=x.dtype)), COPIES),
            (tp.vmap(lambda row: (row * row).sum() + row[1]), ROWS),
            (tp.vmap(lambda row: row.sort()[0].cumsum(0)), ROWS),
        ],
    )
    def test_computation_follows_the_data(self, function: Any, placements: Any) -> None:
        found = function(rows())
        assert found.placements == placements
        numpy.testing.assert_allclose(values(found), function(tp.tensor(VALUES, device="jax")).numpy(), rtol=1e-12)

    def test_many_results_that_are_not_read(self) -> None:
        """XLA's queues of CPU devices, which it fills, let a sum over the devices wait for ever."""
        x = distribute_tensor(tp.ones(64, 64), MESH, ROWS)
        for _ in range(20):
            found = sum(one.sum() for one in [x * 2 + 1 for _ in range(30)])
            x = x + found * 0
        assert float(found) == 30 * 3 * 64 * 64

    def test_redistribution_of_examples(self) -> None:
        found = tp.vmap(lambda row: row.redistribute(placements=[Shard(0)]))(rows())
        assert found.placements == COLUMNS
        assert numpy.array_equal(values(found), VALUES)

    @pytest.mark.parametrize(
        "other",
        [
            lambda: tp.ones(8, 8, device="jax"),
            lambda: tp.ones(8, 8, device="numpy"),
            lambda: distribute_tensor(tp.ones(8, 8), GRID, [Shard(0), Shard(1)]),
            lambda: distribute_tensor(tp.ones(8, 8), init_device_mesh("jax:cpu", (4,)), ROWS),
        ],
    )
    def test_tensors_of_other_devices_are_refused(self, other: Any) -> None:
        for one in (lambda: rows() + other(), lambda: other() @ rows(), lambda: tp.cat([rows(), other()])):
            with pytest.raises(RuntimeError, match=r"tensors to be on the same device.* distribute_tensor"):
                one()

    def test_views_and_writes_keep_the_placement(self) -> None:
        x, expected = rows(), VALUES.copy()
        first = x[0]
        first[1] = 100.0
        expected[0, 1] = 100.0
        x[2:4] = 7.0
        expected[2:4] = 7.0
        x[:, 0] += 1
        expected[:, 0] += 1
        x.mul_(2).add_(x.redistribute(placements=COLUMNS))
        expected *= 4
        x[4].copy_(x[5])
        expected[4] = expected[5]
        assert x.placements == ROWS
        assert parts(x) == [(1, 8)] * 8
        assert numpy.array_equal(values(x), expected)
        assert numpy.array_equal(values(first), expected[0])

    def test_writes_of_another_placement_keep_that_of_the_target(self) -> None:
        for placements in (ROWS, COLUMNS, COPIES):
            target = distribute_tensor(tp.zeros(8, 8), MESH, placements)
            target.add_(rows())
            target[1:3] = rows()[3:5]
            target.copy_(target * 2)
            assert target.placements == placements
            expected = VALUES * 2
            expected[1:3] = VALUES[3:5] * 2
            assert numpy.array_equal(values(target), expected)


class TestGradients:
    @pytest.mark.parametrize("placements", [ROWS, COLUMNS, COPIES])
    @pytest.mark.parametrize(
        ("function", "plain_function"),
        [
            (lambda x: ((x @ x) ** 2).sum(), None),
            (lambda x: (x.redistribute(placements=COPIES) ** 3).sum(), lambda x: (x**3).sum()),
            (lambda x: (x.full_tensor() ** 3).sum(), lambda x: (x**3).sum()),
            (lambda x: x[2:5].exp().sum() + x.mean(), None),
            (lambda x: tp.vmap(lambda row: (row * row).sum())(x).sum(), None),
        ],
    )
    def test_they_are_divided_as_the_leaf(self, placements: Any, function: Any, plain_function: Any) -> None:
        plain = tp.tensor(VALUES / 64, requires_grad=True, device="jax")
        x = distribute_tensor(plain, MESH, placements)
        assert (x.is_leaf, x.requires_grad) == (True, True)
        for _ in range(2):
            function(x).backward()
            assert x.grad is not None
            assert x.grad.placements == placements
        (found,) = tp.autograd.grad(function(x), x)
        assert found.placements == placements
        (plain_function or function)(plain).backward()
        assert plain.grad is not None
        numpy.testing.assert_allclose(values(found), plain.grad.numpy(), rtol=1e-12)
        numpy.testing.assert_allclose(values(x.grad), 2 * plain.grad.numpy(), rtol=1e-12)

    @pytest.mark.parametrize("count", [1, 8])
    def test_second_derivatives_and_forward_mode(self, count: int) -> None:
        x = distribute_tensor(tp.arange(8.0, requires_grad=True), init_device_mesh("jax:cpu", (count,)), ROWS)
        (first,) = tp.autograd.grad((x.redistribute(placements=COPIES) ** 3).sum(), x, create_graph=True)
        first.sum().backward()
        assert x.grad is not None
        assert numpy.array_equal(values(x.grad), 6 * numpy.arange(8.0))
        _, tangent = tp.func.jvp(lambda x: x.full_tensor() * 2, (x.detach(),), (x.detach(),))
        assert numpy.array_equal(tangent.numpy(), 2 * numpy.arange(8.0))
        for found in (tp.func.hessian(lambda x: (x**3).sum()), tp.func.jacrev(lambda x: 3 * x**2)):
            assert numpy.array_equal(values(found(x.detach())), numpy.diag(6 * numpy.arange(8.0)))
