"""Faults that were found by looking for them: each gave a wrong answer without a word, or a backend's own error."""

from __future__ import annotations

import copy
import math
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

import tensorplug as tp


@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_written_gradient_does_not_change_the_arithmetic_of_scalars(backend: str, shape: tuple[int, ...]) -> None:
    x = tp.full(shape, 2.0, requires_grad=True)
    for _ in range(2):
        (gradient,) = tp.autograd.grad(x + 1, x, create_graph=True)
        gradient.mul_(10.0)
    assert (tp.tensor([5.0]) + 1).tolist() == [6.0]
    first, second = tp.autograd.grad(x + 1, (x, x), create_graph=True)
    first.zero_()
    assert second.sum().item() == 1.0


@pytest.mark.parametrize("index", [[0, 1], [True, True, False]])
def test_an_index_that_is_written_after_an_assignment(backend: str, index: list[int]) -> None:
    x, value, places = tp.zeros(3), tp.tensor([1.0, 2.0], requires_grad=True), tp.tensor(index)
    x[places] = value
    places.fill_(places[-1].item())
    (x * tp.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert value.grad is not None
    assert value.grad.tolist() == [1.0, 10.0]


def test_a_shallow_copy_shares_memory_and_versions(backend: str) -> None:
    x, weight = tp.tensor([1.0, 2.0]), tp.ones(2, requires_grad=True)
    y, z = copy.copy(x), (weight * x).sum()
    y += 10
    assert x.tolist() == [11, 12]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_a_shallow_copy_of_a_leaf_is_a_leaf_of_its_own(backend: str) -> None:
    x = tp.ones(2, requires_grad=True)
    y = copy.copy(x)
    (y * 2).sum().backward()
    assert x.grad is None
    assert y.grad is not None


def test_leaves_pickle_and_results_do_not(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    y = pickle.loads(pickle.dumps(x))
    assert (y.tolist(), y.device, y.dtype, y.requires_grad) == ([1, 2], x.device, x.dtype, True)
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(RuntimeError, match="only leaf tensors"):
            duplicate(x * 2)


def test_threads_write_disjoint_rows_of_one_tensor(backend: str) -> None:
    x = tp.zeros(4, 50)
    x[0]

    def work(row: int) -> None:
        for column in range(50):
            x[row, column] = 1.0

    threads = [threading.Thread(target=work, args=(row,)) for row in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.sum().item() == 200


@pytest.mark.parametrize("index", [(None, True), (..., True), (slice(None), False), (True,), (0, True)], ids=str)
def test_0d_masks(backend: str, index: tuple[object, ...]) -> None:
    values = np.arange(6.0).reshape(2, 3)
    x = tp.tensor(values)
    assert x[index].shape == values[index].shape
    x[index] = -1.0
    values[index] = -1.0
    assert x.tolist() == values.tolist()


def test_assigning_a_view_without_history_removes_the_history(backend: str) -> None:
    leaf = tp.tensor([1.0, 2.0], requires_grad=True)
    x = leaf * 2
    with tp.no_grad():
        first = x[0]
    x[0] = first
    x.sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [0, 2]


def test_a_refused_power_in_place_changes_nothing(backend: str) -> None:
    x = tp.tensor([2, 3, 4])
    with pytest.raises(ValueError, match="pow: integers to negative integer powers"):
        x **= tp.tensor([2, 2, -1])
    assert x.tolist() == [2, 3, 4]
    x **= 2
    assert x.tolist() == [4, 9, 16]


def test_dividing_integers_in_place(backend: str) -> None:
    x = tp.tensor([2, 4])
    with pytest.raises(RuntimeError, match=r"divide_: result type .*float32 can't be cast to .*int64"):
        x /= tp.tensor([1, 2])
    assert x.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("index", "shape", "region"), [([], (2,), (0,)), ([0, 1], (3,), (2,)), (slice(0, 2), (3,), (2,))], ids=str
)
def test_values_that_do_not_fit(backend: str, index: object, shape: tuple[int, ...], region: tuple[int, ...]) -> None:
    x = tp.zeros(4)
    with pytest.raises(ValueError, match=r"__setitem__: a value of shape .* cannot be broadcast to the region"):
        x[index] = tp.ones(shape)
    assert not x.any()


def test_leading_ones_fit(backend: str) -> None:
    x = tp.zeros(4)
    x[[0, 1, 2]] = tp.ones(1, 3)
    x[2:] = tp.full((1, 1, 2), 5.0)
    assert x.tolist() == [1, 1, 5, 5]


def test_a_gradient_whose_elements_share_memory_is_replaced(backend: str) -> None:
    x = tp.ones(3, requires_grad=True)
    x.grad = tp.zeros(1).expand(3)
    (x * tp.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 2, 3]


def test_set_grad_enabled_as_a_statement() -> None:
    x = tp.ones(1, requires_grad=True)
    tp.set_grad_enabled(False)
    try:
        assert not (x * 2).requires_grad
    finally:
        tp.set_grad_enabled(True)
    assert (x * 2).requires_grad


def test_backward_to_a_tensor_that_is_no_leaf(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    (y * y).sum().backward(inputs=[y])
    assert y.grad is not None
    assert y.grad.tolist() == [4, 8]
    assert x.grad is None
    with pytest.raises(RuntimeError, match="inputs is empty"):
        (x * 2).sum().backward(inputs=[])


def test_max_along_an_axis_into_tensors(backend: str) -> None:
    values, indices = tp.zeros(2), tp.zeros(2, dtype="int64")
    tp.max(tp.tensor([[1.0, 5.0], [4.0, 2.0]]), 1, out=(values, indices))
    assert (values.tolist(), indices.tolist()) == ([5, 4], [1, 0])


def test_integers_that_do_not_fit_do_not_become_floats(backend: str) -> None:
    with pytest.raises(OverflowError, match=r"out of range for tensorplug\.int64"):
        tp.tensor([2**63, -1])
    assert tp.tensor([1.0, 2**70]).tolist() == [1.0, float(np.float32(2**70))]


def test_an_array_whose_strides_are_no_whole_elements_is_not_shared() -> None:
    records = np.zeros((2, 3), [("a", "f4"), ("b", "i2")])
    with pytest.raises(ValueError, match=r"from_numpy: got strides .* make a copy"):
        tp.from_numpy(records["a"])


def test_strided_rows_are_compiled_once(backend: str) -> None:
    from tensorplug.core.memory import derivation

    x = tp.zeros(40, 6)
    x[0, ::2] = 1.0
    before = len(derivation._compiled)
    for row in range(1, 40):
        x[row, ::2] = 1.0
    assert len(derivation._compiled) <= before + 1
    assert x.sum().item() == 120


@pytest.mark.parametrize("draw", [lambda: tp.rand(-1), lambda: tp.randperm(-1), lambda: tp.randint(3, (-1,))])
def test_negative_sizes_of_random_tensors(backend: str, draw: object) -> None:
    with pytest.raises(ValueError, match="wanted no negative length"):
        draw()  # type: ignore[operator]


def test_signed_zeros_in_complex_scalars(backend: str) -> None:
    x = tp.zeros(1, dtype="complex128")
    x[0] = complex(-1.0, 0.0)
    above = x.log().imag.item()
    x[0] = complex(-1.0, -0.0)
    assert x.log().imag.item() == -above


@pytest.mark.parametrize("name", ["sum", "prod"])
@pytest.mark.filterwarnings("error")
def test_a_sum_that_a_half_type_does_not_hold_is_infinite_without_a_warning(backend: str, name: str) -> None:
    x = tp.full((2,), 60000.0, dtype=tp.float16)
    assert getattr(tp, name)(x).item() == math.inf
    assert tp.tensor([1e300], dtype=tp.bfloat16).item() == math.inf


def test_integers_beyond_64_bits_beside_bfloat16(backend: str) -> None:
    assert (tp.zeros(1, dtype=tp.bfloat16) + 2**70).item() == 2.0**70


def test_complex_numbers_of_halves(backend: str) -> None:
    half = tp.tensor([1.5], dtype=tp.float16)
    made = tp.complex(half, -half)
    assert (made.dtype, made.item()) == (tp.complex64, 1.5 - 1.5j)


def test_no_axes_in_each_dialect(backend: str) -> None:
    x = tp.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.sum(()).item() == tp.sum(x, dim=[]).item() == 10
    assert (x.mean(()).item(), x.var(()).item()) == (2.5, pytest.approx(5 / 3))
    assert x.all(()).shape == tp.sum(x, axis=()).shape == tp.var(x, axis=()).shape == (2, 2)


def test_no_differences_are_a_copy(backend: str) -> None:
    x = tp.zeros(2)
    y = tp.diff(x, n=0)
    y += 1
    assert x.tolist() == [0.0, 0.0]


def test_a_new_axis_at_no_place(backend: str) -> None:
    with pytest.raises(TypeError, match="expand_dims: an axis is an integer, got NoneType"):
        tp.expand_dims(tp.zeros(2), axis=None)


def test_scalars_of_numpy_beside_tensors(backend: str) -> None:
    x = tp.tensor([-1.0, 2.0])
    assert tp.clip(x, np.float32(0), np.float64(1)).tolist() == [0.0, 1.0]
    assert tp.where(x > 0, x, np.float32(0)).tolist() == [0.0, 2.0]
    assert tp.masked_fill(x, x < 0, np.float32(0)).tolist() == [0.0, 2.0]
    assert tp.where(x > 0, x, np.float32(0)).dtype == tp.masked_fill(x, x < 0, np.int64(3)).dtype == tp.float32


def test_ranges_in_the_keywords_of_pytorch(backend: str) -> None:
    assert tp.arange(start=1, end=5, step=2).tolist() == [1, 3]
    assert tp.arange(end=2).tolist() == [0, 1]
    assert tp.linspace(start=0, end=1, steps=3).tolist() == [0.0, 0.5, 1.0]
    assert tp.roll(tp.arange(3), shifts=1, dims=0).tolist() == [2, 0, 1]
    with pytest.raises(TypeError, match="arange: got NoneType, wanted a number"):
        tp.arange()


@pytest.mark.parametrize("call", ["tp.sum(tp.tensor([True]))", "tp.ones(2).double()", "tp.rand(2)"])
def test_64_bit_types_that_the_user_forbids_are_not_cut_off(call: str) -> None:
    pytest.importorskip("jax")
    program = f"import tensorplug as tp; tp.set_default_backend('jax'); {call}"
    command = [sys.executable, "-W", "error", "-P", "-c", program]
    found = subprocess.run(command, env=os.environ | {"JAX_ENABLE_X64": "0"}, capture_output=True, text=True)
    assert "TypeError: " in found.stderr
    assert "64" in found.stderr.splitlines()[-1]


def test_several_results_are_written_all_or_none(backend: str) -> None:
    values = tp.zeros(1)
    with pytest.raises(ValueError, match="output with shape"):
        tp.max(tp.tensor([[3.0], [4.0]]), 0, out=(values, tp.zeros(2, dtype=tp.int64)))
    assert values.tolist() == [0.0]


def test_the_gradient_of_a_norm_of_negative_order_beside_a_zero(backend: str) -> None:
    x = tp.tensor([0.0, 1.0, -2.0], requires_grad=True)
    tp.linalg.vector_norm(x, ord=-1).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_a_write_to_what_was_broadcast_to_nothing(backend: str) -> None:
    x = tp.ones(3)
    tp.broadcast_to(x, (0, 3)).fill_(5.0)
    assert x.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("call", [tp.nn.functional.silu, tp.nn.functional.logsigmoid, tp.nn.functional.softplus])
def test_0_d_results_of_what_is_made_of_several_can_be_written(backend: str, call: Callable[..., tp.Tensor]) -> None:
    y = call(tp.tensor(0.5))
    y.fill_(2.0)
    assert y.tolist() == 2.0


def test_an_empty_roll_of_a_0_d_tensor(backend: str) -> None:
    x = tp.tensor(2.0)
    for y in (tp.roll(x, (), axis=()), tp.fft.fftshift(x), tp.flip(x)):
        y.fill_(0.0)
        assert x.tolist() == 2.0


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("product", [tp.matmul, tp.vecdot])
def test_products_of_half_types_are_of_that_type(backend: str, dtype: str, product: Callable[..., tp.Tensor]) -> None:
    x = tp.ones(3, dtype=dtype)
    y = product(x, x)
    assert y._key.library.backend.dtype_name(y._array) == dtype
    assert y.item() == 3.0


def test_positions_are_of_64_bits_on_the_device_too(backend: str) -> None:
    y = tp.searchsorted(tp.tensor([1.0, 2.0]), tp.tensor([1.5]))
    assert y.numpy().dtype == "int64"


def test_operations_are_pickled_by_name() -> None:
    assert pickle.loads(pickle.dumps(tp.add)) is tp.add


ADDITIONS: dict[str, Callable[..., tp.Tensor]] = {
    "scatter_add": lambda x, index, source: x.scatter_add(0, index, source),
    "scatter": lambda x, index, source: x.scatter(0, index, source, reduce="add"),
    "index_add": lambda x, index, source: x.index_add(0, index, source),
    "scatter_reduce": lambda x, index, source: x.scatter_reduce(0, index, source, "sum"),
    "put": lambda x, index, source: x.put(index, source, accumulate=True),
    "index_put": lambda x, index, source: x.index_put((index,), source, accumulate=True),
}
"""Sums at indices, by the functions that compute them."""


@pytest.mark.parametrize("name", ADDITIONS)
def test_sums_at_indices(backend: str, name: str) -> None:
    """What nothing is added to keeps the sign of zero, and booleans are added by `or`, as in PyTorch."""
    found = ADDITIONS[name](tp.tensor([-0.0, 1.0, 0.0]), tp.tensor([1, 1]), tp.tensor([2.0, 3.0]))
    assert found.tolist() == [0.0, 6.0, 0.0]
    assert tp.signbit(found).tolist() == [True, False, False]
    x, source = tp.tensor([True, False, False, False]), tp.tensor([True, False, True])
    assert ADDITIONS[name](x, tp.tensor([0, 1, 2]), source).tolist() == [True, False, True, False]


def test_the_largest_beside_a_gradient_keeps_signs_of_zeros(backend: str) -> None:
    x = tp.tensor([-0.0, 1.0], requires_grad=True)
    found = x.scatter_reduce(0, tp.tensor([1]), tp.tensor([3.0]), "amax")
    assert tp.signbit(found).tolist() == [True, False]


@pytest.mark.parametrize("name", ["scatter_reduce", "index_reduce"])
def test_means_of_booleans_raise(backend: str, name: str) -> None:
    x = tp.tensor([True])
    with pytest.raises(TypeError, match=f"^{name}: got tensorplug.bool, wanted a numeric dtype for a mean"):
        getattr(x, name)(0, tp.tensor([0]), x, "mean")
