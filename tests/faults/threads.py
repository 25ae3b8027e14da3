"""Faults that threads show: memory that calls share and nobody guards."""

from __future__ import annotations

import threading
import time
from typing import Any

from tensorplug.backends import Kernel
from tensorplug.backends.common.philox import random_words as words
from tensorplug.backends.numpy.plugin import NumPy

from .fault import Fault, bare_kernel, method

PAUSE = 2e-3
"""Long enough for another thread to run, in seconds."""


def _let_others_run() -> None:
    """Make it near certain that threads meet, where there are some beside the main one."""
    if threading.current_thread() is not threading.main_thread():
        time.sleep(PAUSE)


def _in_shared_memory(sound: Kernel) -> Kernel:
    """The result is put where the next call puts its own."""
    shared: dict[str, Any] = {}

    def kernel(*operands: Any, **parameters: Any) -> Any:
        shared["result"] = sound(*operands, **parameters)
        _let_others_run()
        return shared["result"]

    return kernel


def _shared_stream() -> type[NumPy]:
    shared: dict[str, Any] = {}

    def random_bits(self: NumPy, seed: int, offset: int, count: int, device: Any) -> Any:
        shared["place"] = seed, offset
        _let_others_run()
        return words(*shared["place"], count)

    return method("random_bits", random_bits)


def _shared_index() -> type[NumPy]:
    shared: dict[str, Any] = {}

    def write(self: NumPy, array: Any, index: Any, value: Any) -> None:
        shared["value"] = value
        _let_others_run()
        array[index] = shared["value"]

    return method("write", write)


FAULTS = (
    Fault(
        "add_in_shared_memory",
        "add",
        "sums of two threads are mixed up",
        bare_kernel("add", _in_shared_memory),
    ),
    Fault(
        "matmul_in_shared_memory",
        "matmul",
        "products of two threads are mixed up",
        bare_kernel("matmul", _in_shared_memory),
    ),
    Fault(
        "sum_in_shared_memory",
        "sum",
        "totals of two threads are mixed up",
        bare_kernel("sum", _in_shared_memory),
    ),
    Fault(
        "exp_in_shared_memory",
        "exp",
        "exponentials of two threads are mixed up",
        bare_kernel("exp", _in_shared_memory),
    ),
    Fault(
        "random_in_shared_memory",
        ("rand", "randn", "randint", "randperm"),
        "streams of two threads are mixed up",
        _shared_stream(),
    ),
    Fault(
        "write_in_shared_memory",
        ("put", "fill", "copy"),
        "values that two threads write are mixed up",
        _shared_index(),
    ),
)
