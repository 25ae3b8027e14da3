"""Graphs in several threads: separate ones run side by side, one that they share is counted in full."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import threading
from collections.abc import Callable

import numpy
import pytest

import tensorplug as tp
from tensorplug.nn.hooks import ALL_MODULES


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run something in several threads at once, and raise what one of them raised."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            gate.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_64_threads_of_1000_passes() -> None:
    """Each into a leaf of its own and into one that all share; the numbers are small integers, so sums are exact."""
    shared = tp.zeros(2, dtype="float64", device="numpy", requires_grad=True)
    own = [tp.tensor([1.0, float(n)], dtype="float64", device="numpy", requires_grad=True) for n in range(64)]

    def work(number: int) -> None:
        x = own[number]
        for _ in range(1000):
            (x * x * 3 + shared).backward(gradient)

    gradient = tp.ones(2, dtype="float64", device="numpy")
    in_threads(64, work)
    assert [x.grad.tolist() for x in own] == [[6000.0, 6000.0 * n] for n in range(64)]
    assert shared.grad.tolist() == [64000.0, 64000.0]


def test_threads_through_one_graph(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    y = x * x
    y.retain_grad()
    called: list[int] = []
    y.register_hook(lambda g: called.append(1))
    loss = (tp.reshape(y, (2, 1)) * y).sum()

    def work(number: int) -> None:
        for _ in range(10):
            loss.backward(retain_graph=True)

    in_threads(4, work)
    # The loss is (1 + x²)² of x² = y, whose gradient is 2 sum(y), here 10.
    assert y.grad.tolist() == [400.0, 400.0]
    assert x.grad.tolist() == [800.0, 1600.0]
    assert len(called) == 40


def test_hooks_of_all_modules_in_threads() -> None:
    network, x = tp.nn.Sequential(tp.nn.Identity()), tp.ones(1)

    def work(number: int) -> None:
        for _ in range(200):
            handles = [tp.nn.modules.module.register_module_forward_hook(lambda *given: None) for _ in range(8)]
            assert network(x) is x
            for handle in handles:
                handle.remove()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        in_threads(4, work)
    finally:
        sys.setswitchinterval(interval)
    assert not ALL_MODULES._hooks


def test_hooks_and_transforms_in_threads(backend: str) -> None:
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        for _ in range(5):
            x = tp.tensor([1.0, float(number)], dtype="float64", requires_grad=True)
            with x.register_hook(lambda g: g * 2):
                (x * x).sum().backward()
            detached = x.detach()
            _, tangent = tp.func.jvp(lambda x: x * x, (detached,), (tp.ones_like(detached),))
            gradient = tp.func.grad(lambda x: (x * x).sum())(detached)
            found[number] = [*x.grad.tolist(), *tangent.tolist(), *gradient.tolist()]

    with tp.backend(backend):
        device = tp.zeros(1).device
    in_threads(8, lambda number: _on(device, work, number))
    assert found == {n: [4.0, 4.0 * n, 2.0, 2.0 * n, 2.0, 2.0 * n] for n in range(8)}


def _on(device: tp.device, work: Callable[[int], None], number: int) -> None:
    with device:
        work(number)


def _squared_in_a_thread(x: tp.Tensor, context: contextvars.Context) -> tp.Tensor:
    """In the context, by an operation of one result and one of two."""
    found: list[tp.Tensor] = []

    def work() -> None:
        eigenvalues, _ = tp.linalg.eigh(x * x * tp.eye(2, dtype=x.dtype, device=x.device))
        found.append(eigenvalues)

    thread = threading.Thread(target=context.run, args=(work,))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("outside", [False, True], ids=["alone", "within a differentiation"])
def test_what_another_thread_computes_has_its_tangent_or_is_refused(backend: str, outside: bool) -> None:
    x = tp.tensor([1.0, 3.0], dtype="float64", requires_grad=outside)
    ones = tp.ones_like(x)
    _, tangent = tp.func.jvp(lambda x: _squared_in_a_thread(x, contextvars.copy_context()) * 1, (x,), (ones,))
    assert tangent.tolist() == pytest.approx([2.0, 6.0], rel=1e-12)  # LAPACK's eigenvalues are good to some eps
    for function in (
        lambda x: _squared_in_a_thread(x, contextvars.Context()) * 1,
        lambda x: _squared_in_a_thread(x, contextvars.Context()),
    ):
        with pytest.raises(RuntimeError, match="from a variable in another thread, which jvp does not see"):
            tp.func.jvp(function, (x,), (ones,))

    def caught(x: tp.Tensor) -> tp.Tensor:
        y = _squared_in_a_thread(x, contextvars.Context())
        with contextlib.suppress(RuntimeError):
            y + 0
        return y

    with pytest.raises(RuntimeError, match="from a variable in another thread"):
        tp.func.jvp(caught, (x,), (ones,))
    gradient = tp.func.grad(lambda x: _squared_in_a_thread(x, contextvars.Context()).sum())(x)
    assert gradient.tolist() == pytest.approx([2.0, 6.0], rel=1e-12)


def test_constants_of_another_thread_have_no_tangent(backend: str) -> None:
    x = tp.tensor([1.0, 3.0], dtype="float64")
    weight = tp.ones(2, dtype="float64", requires_grad=True)
    _, tangent = tp.func.jvp(lambda x: _squared_in_a_thread(weight, contextvars.Context()) * x, (x,), (x,))
    assert tangent.tolist() == [1.0, 3.0]


def test_transforms_in_tasks() -> None:
    """A task that awaits inside of nothing but its own transforms sees none of the others'."""

    async def work(number: float) -> list[float]:
        x = tp.tensor([number], dtype="float64", device="numpy")
        results = []
        for _ in range(3):
            results.append(tp.func.jvp(lambda x: x * x, (x,), (x,))[1].item())
            await asyncio.sleep(0)
        return results

    async def main() -> list[list[float]]:
        return await asyncio.gather(*(work(float(n)) for n in range(4)))

    assert asyncio.run(main()) == [[2.0 * n * n] * 3 for n in range(4)]


def test_checkpoints_in_threads(backend: str) -> None:
    """Two passes at once through one checkpoint: each finds what it needs."""
    x = tp.tensor([0.5, 1.5], dtype="float64", requires_grad=True)
    loss = tp.autograd.checkpoint(lambda x: tp.sin(tp.exp(x) * x), x).sum()
    (wanted,) = tp.autograd.grad(loss, x, retain_graph=True)

    def work(number: int) -> None:
        for _ in range(5):
            loss.backward(retain_graph=True)

    in_threads(3, work)
    numpy.testing.assert_allclose(x.grad.tolist(), (wanted * 15).tolist(), rtol=1e-14)
