"""`Tensor.to_native` and `from_native`: the arrays of a backend's library, without copies."""

from __future__ import annotations

import sys
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.core.types.errors import CompileError, VmapError


def test_round_trip_is_the_same_array(backend: str) -> None:
    with tp.backend(backend):
        x = tp.arange(6.0).reshape(2, 3)
    array = x.to_native()
    assert type(array).__module__.split(".")[0] in (backend, "jaxlib")
    y = tp.from_native(array)
    assert (y.backend, y.device, y.dtype, y.tolist()) == (backend, x.device, x.dtype, x.tolist())
    assert y.to_native() is array
    assert not y.requires_grad


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "complex128", "int8", "uint64", "bool"])
def test_dtypes(name: str, backend: str) -> None:
    dtype = getattr(tp, name)
    x = tp.ones((2,), dtype=dtype, device=backend)
    if backend == "numpy" and name == "bfloat16":
        pytest.skip("NumPy has no bfloat16 of its own")
    assert tp.from_native(x.to_native()).dtype is dtype


def test_a_write_to_either_is_seen_by_the_other_where_arrays_can_be_written() -> None:
    array = numpy.zeros((2, 3))
    x = tp.from_native(array)
    x[0] = 1
    array[1] = 2
    assert x.tolist() == array.tolist() == [[1, 1, 1], [2, 2, 2]]
    view = x.T[1:]
    view.to_native()[:] = 7
    assert array.tolist() == [[1, 7, 7], [2, 7, 7]]


def test_writes_leave_immutable_arrays_alone(backend: str) -> None:
    x = tp.ones(3, device=backend)
    if x._key.writable:
        pytest.skip(f"arrays of {backend} can be written")
    before = x.to_native()
    x += 1
    x[0] = 5
    double = tp.compile(lambda t: t.mul_(2))
    given = x.to_native()
    other = tp.from_native(given)
    for _ in range(3):
        double(x)
        double(other)
    assert numpy.asarray(before).tolist() == [1, 1, 1]
    assert numpy.asarray(given).tolist() == [5, 2, 2]
    assert x.tolist() == other.tolist() == [40, 16, 16]


def test_strides_are_kept() -> None:
    array = numpy.arange(12.0).reshape(3, 4)[::-1, ::2]
    x = tp.from_native(array, copy=False)
    x[0, 0] = -1
    assert array[0, 0] == -1
    assert x.T.to_native().strides == array.T.strides


@pytest.mark.parametrize(
    "array",
    [
        numpy.broadcast_to(numpy.ones(2), (3, 2)),
        numpy.ones(4, ">f8"),
        numpy.lib.stride_tricks.as_strided(numpy.ones(5), (3, 3), (8, 8)),
    ],
)
def test_what_cannot_be_shared_is_copied(array: numpy.ndarray) -> None:
    x = tp.from_native(array)
    x *= 2
    assert (array == 1).all()
    assert x.tolist() == (array * 2).tolist()
    assert x.to_native().dtype.isnative
    with pytest.raises(ValueError, match="from_native: got copy=False"):
        tp.from_native(array, copy=False)


def test_a_copy_is_asked_for(backend: str) -> None:
    array = tp.zeros(2, device=backend).to_native()
    x = tp.from_native(array, copy=True)
    x += 1
    assert x.to_native() is not array
    assert array.tolist() == [0, 0]


def test_a_subclass_of_an_array() -> None:
    class Mine(numpy.ndarray):
        pass

    array = numpy.zeros(2).view(Mine)
    x = tp.from_native(array)
    assert type(x.to_native()) is numpy.ndarray
    x += 1
    assert array.tolist() == [1, 1]


def test_the_backend_is_found_or_named() -> None:
    jax = pytest.importorskip("jax")
    array = jax.numpy.ones(2)
    assert tp.from_native(array).backend == "jax"
    with pytest.raises(TypeError, match="which is no array of backend 'numpy'"):
        tp.from_native(array, backend="numpy")
    with tp.backend("jax"):
        assert tp.from_native(numpy.ones(2)).backend == "numpy"


@pytest.mark.parametrize(
    ("value", "message"),
    [([1.0], "got list"), (1.0, "got float"), (tp.ones(2), "got Tensor"), (numpy.array(["a"]), "no dtype for")],
)
def test_what_is_no_array(value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tp.from_native(value)


def test_history_is_left_behind_knowingly(backend: str) -> None:
    x = tp.ones(2, requires_grad=True, device=backend)
    for tensor in (x, x * 2):
        with pytest.raises(RuntimeError, match=r"use x.detach\(\).to_native\(\)"):
            tensor.to_native()
    assert (x * 2).detach().to_native().tolist() == [2, 2]


def test_inside_transforms(backend: str) -> None:
    def f(x: tp.Tensor) -> tp.Tensor:
        return tp.from_native(x.to_native())

    with tp.backend(backend):
        with pytest.raises(VmapError):
            tp.vmap(f)(tp.ones(3, 2))
        with pytest.raises(CompileError, match=r"to_native\(\) reads a value"):
            tp.compile(f)(tp.ones(3, 2))
        # An array from outside is a constant.
        array = tp.full((2,), 3.0).to_native()
        assert tp.vmap(lambda x: x * tp.from_native(array))(tp.ones(2, 2)).tolist() == [[3, 3], [3, 3]]


@pytest.mark.skipif(sys.platform == "win32", reason="the address is read by __array_interface__")
def test_no_copy_is_made() -> None:
    array = numpy.zeros(1000)
    assert tp.from_native(array).detach()[1:].to_native().ctypes.data == array.ctypes.data + 8
