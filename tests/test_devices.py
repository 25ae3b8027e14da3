"""Devices and backends: names, resolution, precedence, contexts, transfers and their gradients."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import tensorplug as tp


@pytest.fixture(autouse=True)
def _needs_jax() -> None:
    pytest.importorskip("jax", reason="jax is an extra, and these tests need two backends")


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("numpy:cpu", "numpy:cpu"),
        ("numpy", "numpy:cpu"),
        ("jax:cpu:0", "jax:cpu:0"),
        ("jax:cpu", "jax:cpu:0"),
        ("jax", "jax:cpu:0"),
        ("cpu", "numpy:cpu"),
    ],
)
def test_short_names_are_resolved(name: str, full: str) -> None:
    assert str(tp.device(name)) == full
    assert tp.device(name) is tp.device(full)


def test_a_device_is_one_object_and_an_instance_of_its_class() -> None:
    device = tp.zeros(1).device
    assert device is tp.device("cpu")
    assert isinstance(device, tp.device)
    assert (device.backend, device.type, device.index) == ("numpy", "cpu", None)
    assert tp.device("jax:cpu", 0) is tp.device("jax:cpu:0")


def test_devices_lists_those_of_all_available_backends() -> None:
    assert {"numpy:cpu", "jax:cpu:0"} <= {str(device) for device in tp.devices()}


def test_short_names_mean_the_tensor_s_own_backend_first() -> None:
    x = tp.ones(2, device="jax")
    assert x.cpu() is x
    assert x.to("cpu") is x
    assert tp.zeros_like(x).device is x.device
    assert tp.zeros_like(x, device="cpu").device is x.device


def test_contexts_nest_and_the_innermost_counts() -> None:
    with tp.backend("jax"):
        assert tp.zeros(1).backend == "jax"
        assert tp.device("cpu") is tp.device("jax:cpu:0")
        with tp.device("numpy:cpu"):
            assert tp.zeros(1).backend == "numpy"
        assert tp.zeros(1).backend == "jax"
    assert tp.zeros(1).backend == "numpy"


def test_a_context_ends_with_an_exception() -> None:
    with pytest.raises(KeyError), tp.backend("jax"):
        raise KeyError
    assert tp.default_backend() == "numpy"


def test_set_default_backend_comes_after_contexts() -> None:
    tp.set_default_backend("jax")
    try:
        assert tp.zeros(1).backend == "jax"
        with tp.backend("numpy"):
            assert tp.zeros(1).backend == "numpy"
    finally:
        tp.set_default_backend(None)


def test_the_environment_names_the_default_backend() -> None:
    code = "import tensorplug as tp; print(tp.zeros(1).backend)"
    environment = os.environ | {"TENSORPLUG_BACKEND": "jax"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "jax"


def test_threads_do_not_see_each_other_s_settings() -> None:
    wrong: list[str] = []
    begin = threading.Barrier(32)

    def work(number: int) -> None:
        begin.wait()
        for step in range(20):
            name = ("numpy", "jax")[(number + step) % 2]
            with tp.backend(name), tp.set_grad_enabled(bool(number % 2)):
                x = tp.full((3,), float(number))
                x[1] += step
                x.view(3)[2] = -1.0
                if x.backend != name or tp.is_grad_enabled() != bool(number % 2):
                    wrong.append(f"{number}: {x.backend} for {name}")
                if x.tolist() != [number, number + step, -1.0]:
                    wrong.append(f"{number}: {x}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert tp.default_backend() == "numpy"


def test_tasks_do_not_see_each_other_s_settings() -> None:
    async def work(name: str) -> list[str]:
        found = []
        with tp.backend(name):
            for _ in range(5):
                await asyncio.sleep(0)
                found.append(tp.zeros(1).backend)
        return found

    async def both() -> list[list[str]]:
        return list(await asyncio.gather(work("jax"), work("numpy")))

    assert asyncio.run(both()) == [["jax"] * 5, ["numpy"] * 5]


@pytest.mark.parametrize(("source", "target"), [("numpy", "jax"), ("jax", "numpy"), ("jax", "jax"), ("numpy", "numpy")])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8", "bool", "complex64", "complex128"])
def test_a_transfer_keeps_values_and_dtype_in_memory_of_its_own(source: str, target: str, dtype: str) -> None:
    x = tp.tensor([[0, 1], [1, 0]], dtype=dtype, device=source)
    y = x.to(target, copy=True)
    assert (y.backend, y.dtype, y.tolist()) == (target, x.dtype, x.tolist())
    y[0, 0] = 1
    assert x[0, 0].item() == 0


def test_a_transfer_to_where_the_tensor_is_already_is_the_tensor() -> None:
    x = tp.ones(2)
    assert x.to("numpy") is x
    assert x.to("numpy:cpu", tp.float32) is x
    # By position, non_blocking comes before copy.
    assert x.to(tp.float32, True) is x
    assert x.to(True) is x
    assert x.to(tp.float32, False, True) is not x


def test_a_numpy_write_after_a_transfer_is_not_seen_by_jax() -> None:
    # JAX may alias NumPy memory that happens to be aligned, so that one try would prove nothing.
    for _ in range(30):
        host = np.zeros(64)
        x = tp.from_numpy(host).to("jax")
        host += 1
        assert x.sum().item() == 0


def test_to_takes_a_device_and_a_dtype_in_any_order() -> None:
    x = tp.ones(2)
    for moved in (x.to("jax", tp.float64), x.to(tp.float64, "jax"), x.to(device="jax", dtype="float64")):
        assert (moved.backend, moved.dtype) == ("jax", tp.float64)
    assert x.to(tp.ones(1, dtype="int64", device="jax")).dtype is tp.int64


def test_one_graph_across_backends_has_the_gradient_of_one_backend() -> None:
    values = np.linspace(-1, 1, 12).reshape(3, 4)

    def function(x: tp.Tensor, away: str | None) -> tp.Tensor:
        y = (x * x + x).tanh()
        z = y if away is None else y.to(away)
        z = (z @ z.mT).exp() + z.sum()
        w = z if away is None else z.to("numpy")
        return (w * w).mean() + x.sum()

    def first_and_second(away: str | None) -> list[np.ndarray]:
        x = tp.tensor(values, requires_grad=True)
        (first,) = tp.autograd.grad(function(x, away), x, create_graph=True)
        (first * first).sum().backward()
        assert x.grad is not None
        return [first.detach().numpy(), x.grad.numpy()]

    # Both libraries' tanh and exp are good to a few ulp, which sums of a dozen terms multiply by tens.
    for across, alone in zip(first_and_second("jax"), first_and_second(None), strict=True):
        np.testing.assert_allclose(across, alone, rtol=1e-12)


def test_a_0d_cpu_tensor_joins_the_other_operand() -> None:
    scalar = tp.tensor(2.0, requires_grad=True)
    product = tp.ones(3, device="jax") * scalar
    assert product.backend == "jax"
    product.sum().backward()
    assert scalar.grad is not None
    assert (scalar.grad.backend, scalar.grad.item()) == ("numpy", 3.0)


def test_there_and_back_leaves_no_memory_behind() -> None:
    x = tp.rand(1000)

    def hundred() -> None:
        for _ in range(100):
            x.to("jax").to("numpy")

    hundred()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    hundred()
    gc.collect()  # of objects that JAX itself makes in cycles
    left = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # One array has 4,000 bytes; a hundred left behind would be 400,000, and caches that fill up take some thousands.
    assert left < 40_000


class TestBadInput:
    def test_an_unknown_device_lists_those_that_exist(self) -> None:
        with pytest.raises(ValueError, match=r"no device 'tpu'; there are .*numpy:cpu.*jax:cpu:0"):
            tp.device("tpu")

    def test_an_index_that_is_not_there(self) -> None:
        with pytest.raises(ValueError, match=r"no device 'jax:cpu:7'; backend 'jax' has jax:cpu:0"):
            tp.zeros(2).to("jax:cpu:7")

    def test_neither_a_name_nor_a_device(self) -> None:
        with pytest.raises(TypeError, match=r"a device is a name or a tensorplug\.device, got float"):
            tp.zeros(2, device=1.5)

    def test_no_cuda_says_why(self) -> None:
        if tp.cuda.is_available():
            pytest.skip("there is a CUDA device here")
        with pytest.raises(ValueError, match=r"no device 'cuda'.*cupy \(.*unavailable"):
            tp.zeros(2).cuda()

    @pytest.mark.parametrize("operation", [tp.add, tp.matmul, lambda x, y: x.add_(y), lambda x, y: tp.concat([x, y])])
    def test_mixed_backends_name_both_operands_and_change_neither(self, operation: object) -> None:
        x, y = tp.ones(2, 2), tp.ones(2, 2, device="jax")
        with pytest.raises(RuntimeError, match=r"\(2, 2\) on numpy:cpu and shape \(2, 2\) on jax:cpu:0"):
            operation(x, y)  # type: ignore[operator]
        assert x.tolist() == y.tolist() == [[1, 1], [1, 1]]

    def test_a_dtype_that_the_target_lacks(self) -> None:
        code = """
import tensorplug as tp
x = tp.ones(2, dtype="float64")
try:
    x.to("jax")
except TypeError as error:
    print(error)
"""
        environment = os.environ | {"JAX_ENABLE_X64": "0"}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert "backend 'jax' does not support float64" in ran.stdout


def test_jax_s_own_settings_stay_as_they_were() -> None:
    code = """
import jax, jax.numpy as jnp
before = jax.random.normal(jax.random.key(0), (3,)), jnp.arange(3).dtype, jax.jit(lambda x: x * 2)(1.5).dtype
import tensorplug as tp
with tp.backend("jax"):
    x = tp.rand(3, dtype="float64", requires_grad=True)
    (x.exp() * 2).sum().backward()
    assert x.grad.dtype is tp.float64 and tp.arange(3).dtype is tp.int64
after = jax.random.normal(jax.random.key(0), (3,)), jnp.arange(3).dtype, jax.jit(lambda x: x * 2)(1.5).dtype
assert (before[0] == after[0]).all() and before[1:] == after[1:] and not jax.config.jax_enable_x64
print("same")
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "same"
