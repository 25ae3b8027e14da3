"""A tensor of ten times a worker's memory: normalised, multiplied, differentiated, and fitted, as workers are killed.

The cluster is three processes of this computer, each with a limit of memory, 90 MB above what Python and its libraries
take, or as many MB as the command says; a real cluster differs in its address. To run it::

    pip install . distributed
    python beyond_memory.py
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterable

import dask.array
import numpy
from distributed import Client, LocalCluster

import tensorplug as tp

COLUMNS, OUTPUTS, STEPS, RATE, SLICE = 64, 8, 2, 0.45, 4000

SETTINGS = {
    "array.chunk-size": "4MiB",
    # Without it, tasks wait for ever for workers that may come.
    "distributed.scheduler.no-workers-timeout": "5s",
    # The C library keeps the memory of one chunk for the next, which halves the time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**24,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**24,
}


def peak() -> int:
    """The largest memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) // 10**6


def tensor(rows: int, device: str = "dask:cpu") -> tp.Tensor:
    """Uniform random numbers: on Dask nothing is computed yet, each chunk is made where and when it is needed."""
    tp.manual_seed(0)
    return tp.rand(rows, COLUMNS, dtype="float64", device=device)


def read(x: tp.Tensor) -> tp.Tensor:
    """Compute a small tensor, so that what follows starts from its values and no chunk is kept for it."""
    return tp.asarray(x.numpy())


def normalised(x: tp.Tensor) -> tp.Tensor:
    """Columns of mean 0 and standard deviation 1."""
    centred = x - read(x.mean(0))
    return centred / read(centred.square().mean(0).sqrt())


def gradient(x: tp.Tensor) -> numpy.ndarray:
    """The gradient of a mean of squares with respect to the matrix that `x` is multiplied by."""
    tp.manual_seed(1)
    weight = read(tp.randn(COLUMNS, OUTPUTS, dtype="float64")).requires_grad_()
    (x @ weight).tanh().square().mean().backward()
    return weight.grad.numpy()


def regression(x: tp.Tensor, y: tp.Tensor) -> numpy.ndarray:
    """Coefficients of the least squares, by gradient descent."""
    weight = tp.zeros(COLUMNS, 1, dtype="float64")
    for _ in range(STEPS):
        weight.requires_grad_()
        (x @ weight - y).square().mean().backward()
        weight = read(weight.detach() - RATE * weight.grad)
    return weight.numpy()


def regression_in_numpy(x: numpy.ndarray, y: numpy.ndarray) -> numpy.ndarray:
    """The same in NumPy alone."""
    weight = numpy.zeros((COLUMNS, 1))
    for _ in range(STEPS):
        weight -= RATE * 2 * x.T @ (x @ weight - y) / len(x)
    return weight


def kill_midway(cluster: LocalCluster, pids: Iterable[int]) -> threading.Thread:
    """End processes once the cluster has begun to compute, without a warning, as the system does out of memory."""
    scheduler = cluster.scheduler
    begun = scheduler.transition_counter + 1000

    def kill() -> None:
        while scheduler.transition_counter < begun:
            time.sleep(0.02)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def main(limit: int) -> None:
    """Run all of it, and print what it took."""
    dask.config.set(SETTINGS)
    warnings.filterwarnings("ignore", "Sending large graph")  # the slice, with its values
    options = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    cluster = LocalCluster(n_workers=3, threads_per_worker=1, memory_limit=limit * 10**6, **options)
    with cluster, Client(cluster) as client, tp.device("dask:cpu"):
        workers = list(client.run(os.getpid).values())
        x = tensor(10 * limit * 10**6 // 8 // COLUMNS)
        same = bool((x[:SLICE].numpy() == tensor(SLICE, "numpy:cpu").numpy()).all())
        print(f"a tensor of {x.numel() * 8 / 1e6:.0f} MB, workers of {limit} MB; numbers of NumPy's stream: {same}")

        start = time.perf_counter()
        z = normalised(x)
        middle = time.perf_counter()
        found = gradient(z)
        print(f"normalised in {middle - start:.1f} s, gradient in {time.perf_counter() - middle:.1f} s")
        print(f"restarted workers: {len(set(workers) - set(client.run(os.getpid).values()))}")
        print(f"peak memory: client {peak()} MB, workers {sorted(client.run(peak).values())} MB")

        killer = kill_midway(cluster, workers[:1])
        start = time.perf_counter()
        again = gradient(z)
        print(f"gradient in {time.perf_counter() - start:.1f} s with a worker killed: {not killer.is_alive()}")
        print(f"largest difference from the other: {abs(again - found).max():.0e}")

        start = time.perf_counter()
        y = (z @ tp.linspace(-0.2, 0.2, COLUMNS, dtype="float64")[:, None]).tanh()
        whole = regression(z, y)
        part, targets = z[:SLICE].numpy(), y[:SLICE].numpy()
        beside = regression_in_numpy(part, targets)
        on_slice = regression(tp.asarray(part), tp.asarray(targets))
        print(f"regression of {STEPS} steps in {time.perf_counter() - start:.1f} s; largest differences:")
        print(f"  of the whole from NumPy's on {SLICE} rows {abs(whole - beside).max():.4f}")
        print(f"  of Tensorplug's on these rows from NumPy's {abs(on_slice - beside).max():.0e}")
        print(f"peak memory: client {peak()} MB, workers {sorted(client.run(peak).values())} MB")

        for nanny in cluster.workers.values():
            nanny.close_gracefully()
        kill_midway(cluster, list(client.run(os.getpid).values()))
        try:
            gradient(z)
        except Exception as error:
            print(f"all workers killed, and none restarted: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else peak() + 90)
