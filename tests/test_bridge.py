"""The NumPy bridge and DLPack: who shares memory with whom."""

from __future__ import annotations

import numpy as np
import pytest

import tensorplug as tp


class TestOnNumPy:
    """Memory is shared both ways."""

    def test_from_numpy_sees_writes_of_the_array(self) -> None:
        array = np.zeros(3)
        x = tp.from_numpy(array)
        np.add(array, 1, out=array)
        assert x.tolist() == [1, 1, 1]

    def test_the_array_sees_writes_of_the_tensor(self) -> None:
        array = np.zeros(3)
        x = tp.from_numpy(array)
        x.add_(1)
        x[0] = 5
        x.view(3)[1:].mul_(2)
        assert array.tolist() == [5, 2, 2]

    def test_numpy_shares_both_ways(self) -> None:
        x = tp.ones(2, 3)
        array = x.numpy()
        array[0] = 7
        x[1] = 8
        assert x.tolist() == array.tolist() == [[7] * 3, [8] * 3]

    def test_a_view_s_array_is_a_view(self) -> None:
        x = tp.zeros(2, 3)
        x.t().numpy()[0] = 4
        assert x.tolist() == [[4, 0, 0], [4, 0, 0]]

    def test_an_array_in_another_order_keeps_its_memory(self) -> None:
        x = tp.ones(2, 3).t() * 2
        array = x.numpy()
        x.t().zero_()
        assert not array.any()

    @pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32", "uint8", "bool", "complex64"])
    def test_dtypes_carry_over(self, dtype: str) -> None:
        x = tp.from_numpy(np.ones(2, dtype))
        assert x.dtype is getattr(tp, dtype)
        assert x.numpy().dtype == dtype

    def test_negative_strides_are_kept(self) -> None:
        array = np.arange(6.0).reshape(2, 3)[:, ::-1]
        x = tp.from_numpy(array)
        x[0, 0] = 9
        assert array[0, 0] == 9
        assert x.stride() == (3, -1)
        with pytest.raises(RuntimeError, match="reshape"):
            x.view(-1)

    def test_a_read_only_array_is_copied(self) -> None:
        array = np.zeros(2)
        array.flags.writeable = False
        x = tp.from_numpy(array)
        x += 1
        assert (array.tolist(), x.tolist()) == ([0, 0], [1, 1])

    def test_dlpack_shares_what_can_be_written(self) -> None:
        array = np.zeros(2)
        x = tp.from_dlpack(array)
        array += 1
        again = np.from_dlpack(x)
        x += 1
        assert x.tolist() == again.tolist() == array.tolist() == [2, 2]

    def test_dlpack_copies_when_asked(self) -> None:
        array = np.zeros(2)
        x = tp.from_dlpack(array, copy=True)
        array += 1
        assert x.tolist() == [0, 0]

    def test_gradients_pass_through_a_shared_leaf(self) -> None:
        x = tp.from_numpy(np.array([1.0, 2.0])).requires_grad_()
        (x * x).sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [2, 4]


def test_a_byte_swapped_array_is_converted(backend: str) -> None:
    x = tp.from_numpy(np.array([1.0, 2.0], ">f8"))
    assert (x.dtype, x.tolist()) == (tp.float64, [1, 2])


def test_an_empty_array(backend: str) -> None:
    x = tp.from_numpy(np.zeros((0, 3)))
    assert (x.shape, x.numpy().shape) == ((0, 3), (0, 3))


def test_objects_are_refused(backend: str) -> None:
    with pytest.raises(TypeError, match="from_numpy: an array of objects"):
        tp.from_numpy(np.array([object()]))


def test_what_is_no_array_is_refused(backend: str) -> None:
    with pytest.raises(TypeError, match="from_numpy: got list"):
        tp.from_numpy([1.0])  # type: ignore[arg-type]


def test_a_gradient_is_not_lost_through_numpy(backend: str) -> None:
    x = tp.ones(2, requires_grad=True)
    for convert in (lambda: x.numpy(), lambda: np.asarray(x), lambda: (x * 2).numpy()):
        with pytest.raises(RuntimeError, match=r"requires grad.*detach"):
            convert()
    with pytest.raises(BufferError, match="detach"):
        x.__dlpack__()
    assert x.detach().numpy().tolist() == [1, 1]


class TestOnJAX:
    """Both directions copy."""

    @pytest.fixture(autouse=True)
    def _on_jax(self) -> object:
        pytest.importorskip("jax", reason="jax is an extra")
        with tp.backend("jax"):
            yield

    def test_from_numpy_copies(self) -> None:
        array = np.zeros(64)
        x = tp.from_numpy(array)
        array += 1
        x += 2
        assert (array[0], x[0].item()) == (1, 2)

    def test_numpy_copies(self) -> None:
        x = tp.zeros(3)
        array = x.numpy()
        array += 1
        x += 2
        assert (array.tolist(), x.tolist()) == ([1] * 3, [2] * 3)

    def test_a_dlpack_consumer_keeps_the_values_of_its_moment(self) -> None:
        x = tp.zeros(1000)
        x[0] = 1.0
        seen = np.from_dlpack(x)
        for i in range(10):
            x[i] = 5.0
        assert seen.sum() == 1

    def test_from_dlpack_copies(self) -> None:
        array = np.zeros(64)
        x = tp.from_dlpack(array)
        array += 1
        assert x.sum().item() == 0
        with pytest.raises(BufferError, match="copy=False"):
            tp.from_dlpack(array, copy=False)


def test_an_array_of_numpy_makes_tensors_in_arithmetic(backend: str) -> None:
    x = tp.ones(2)
    array = np.array([1.0, 2.0], "float32")
    for result in (x * array, array * x, array + x, array / x):
        assert isinstance(result, tp.Tensor)
        assert result.backend == backend
    with pytest.raises(TypeError):
        array *= x
