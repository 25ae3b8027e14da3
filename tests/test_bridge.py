"""The NumPy bridge and DLPack: who shares memory with whom."""

from __future__ import annotations

import copy
import operator
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.backends.common.dlpack import import_bfloat16
from tensorplug.core.types.dtypes import DTYPES, DType


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
    assert (x * 2).numpy(force=True).tolist() == [2, 2]


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

    @pytest.mark.parametrize("give", [tp.Tensor.numpy, np.asarray], ids=["numpy", "asarray"])
    def test_numpy_gets_the_values_of_the_moment_to_be_read(self, give: Callable[..., np.ndarray]) -> None:
        x = tp.zeros(3)
        x[0] = 3.0
        array = give(x)
        x += 2
        assert (array.tolist(), x.tolist()) == ([3, 0, 0], [5, 2, 2])
        with pytest.raises(ValueError, match="read-only"):
            array += 1

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


OPERATORS = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift lt le gt ge eq ne".split()


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_with_an_array_of_numpy_gives_a_tensor(backend: str, name: str) -> None:
    array = np.asarray([[1, 2], [3, 4]], "int16")
    x = tp.tensor([[2, 2], [1, 1]], dtype="int16")
    if name == "truediv":
        array, x = array.astype("float32"), x.float()
    wanted = getattr(operator, name)(array, np.asarray(x)).tolist()
    found = getattr(operator, name)(array, x), getattr(operator, name)(x, array)
    assert found[0].tolist() == wanted
    for result in found:
        assert type(result) is tp.Tensor
        assert result.backend == backend


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul"])
def test_an_array_of_numpy_takes_a_tensor_in_place(backend: str, name: str) -> None:
    array, wanted = np.full((2, 2), 5.0), np.full((2, 2), 5.0)
    found = getattr(operator, name)(array, tp.ones(2, 2) * 3)
    getattr(operator, name)(wanted, np.ones((2, 2)) * 3)
    assert found is array
    assert array.tolist() == wanted.tolist()
    with pytest.raises(RuntimeError, match="requires grad"):
        getattr(operator, name)(array, tp.ones(2, 2, requires_grad=True))
    with pytest.raises(TypeError, match="same_kind"):
        getattr(operator, name)(np.ones((2, 2), "int64"), tp.ones(2, 2))
    assert array.tolist() == wanted.tolist()


class TestArray:
    """``numpy.asarray(tensor)``."""

    @pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int8", "uint64", "bool", "complex128"])
    @pytest.mark.parametrize("shape", [(), (3,), (0, 2)])
    def test_values(self, backend: str, dtype: str, shape: tuple[int, ...]) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        array = np.asarray(tp.ones(shape, dtype=dtype))
        assert (array.dtype.name, array.shape, array.tolist()) == (dtype, shape, np.ones(shape, dtype).tolist())
        assert np.asarray(tp.ones(shape, dtype=dtype), dtype="complex128").dtype == "complex128"

    @pytest.mark.parametrize("give", [tp.Tensor.numpy, np.asarray], ids=["numpy", "asarray"])
    def test_a_write_is_read_in_the_tensor_or_raises(self, backend: str, give: Callable[..., np.ndarray]) -> None:
        x = tp.zeros(2, 3)
        for tensor in (x, x[1:, ::2], x.t(), x.detach()):
            array = give(tensor)
            if backend != "numpy":
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 1
                continue
            array[0] = 1
            assert tensor[0].tolist() == [1] * tensor.shape[1]
            tensor.fill_(3)
            assert array.tolist() == np.full(tensor.shape, 3).tolist()
            x.zero_()

    def test_what_is_asked_for(self, backend: str) -> None:
        x = tp.zeros(2)
        for copied in (np.array(x), np.asarray(x, copy=True), np.asarray(x, "float64"), x.__array__(tp.float64)):
            copied += 1
            assert x.tolist() == [0, 0]
        assert np.asarray(x, dtype="float32").dtype == "float32"
        for unheard in (lambda: np.asarray(x, dtype="float64", copy=False), lambda: x.__array__("int8", copy=False)):
            with pytest.raises(ValueError, match="__array__: got copy=False"):
                unheard()

    def test_without_a_copy(self) -> None:
        x = tp.zeros(2, device="numpy")
        y = x.reshape(2, 1).t()
        array = np.asarray(y, copy=False)
        y += 1
        assert array.tolist() == [[1, 1]]
        assert x.tolist() == [1, 1]

    def test_sequences_of_tensors(self, backend: str) -> None:
        assert np.asarray([tp.ones(2), tp.zeros(2)]).dtype == "float32"
        with pytest.raises(RuntimeError, match="requires grad"):
            np.asarray([tp.ones(2, requires_grad=True)])


class TestClients:
    def test_pandas(self, backend: str) -> None:
        pandas = pytest.importorskip("pandas", reason="pandas may not be installed")
        x = tp.tensor([[1.0, 2.0], [3.0, 4.0]])
        assert (pandas.Series(x[0]).dtype, pandas.Series(x[0]).tolist()) == ("float32", [1, 2])
        for frame in (pandas.DataFrame(x), pandas.DataFrame({"a": x[:, 0], "b": x[:, 1]})):
            assert frame.to_numpy().tolist() == [[1, 2], [3, 4]]
            assert set(frame.dtypes) == {np.dtype("float32")}
        with pytest.raises(RuntimeError, match="requires grad"):
            pandas.Series(tp.ones(2, requires_grad=True))

    def test_matplotlib(self, backend: str) -> None:
        pytest.importorskip("matplotlib", reason="matplotlib is in the demo extra")
        from matplotlib.figure import Figure

        x = tp.tensor([1.0, 2.0, 4.0])
        axes = Figure().subplots()
        (line,) = axes.plot(x, x * 2)
        assert line.get_ydata().tolist() == [2, 4, 8]
        assert axes.scatter(x, x).get_offsets().tolist() == [[1, 1], [2, 2], [4, 4]]
        assert axes.hist(x, bins=2)[0].tolist() == [2, 1]
        assert axes.imshow(tp.ones(2, 2)).get_array().tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("dtype", list(DTYPES.values()), ids=str)
def test_numpy_takes_a_dtype_for_its_own(dtype: DType) -> None:
    pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
    assert np.dtype(dtype).name == dtype.name
    assert np.zeros(2, dtype=dtype).dtype == np.ones(2, "int8").astype(dtype).dtype == dtype
    assert tp.zeros(2, dtype=np.dtype(dtype)).dtype is dtype


def test_others_take_a_dtype_for_numpys() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is in the test extra")
    jax = pytest.importorskip("jax", reason="jax is an extra")
    assert pandas.Series([1, 2]).astype(tp.float32).dtype == "float32"
    assert jax.numpy.zeros(2, dtype=tp.bfloat16).dtype == "bfloat16"


TAKES_A_DTYPE: dict[str, Callable[..., Any]] = {
    "zeros": lambda x, dtype: tp.zeros(2, dtype=dtype),
    "asarray": lambda x, dtype: tp.asarray([1, 2], dtype=dtype),
    "astype": lambda x, dtype: x.astype(dtype),
    "to": lambda x, dtype: x.to(dtype),
    "type": lambda x, dtype: x.type(dtype),
    "sum": lambda x, dtype: x.sum(dtype=dtype),
    "finfo": lambda x, dtype: tp.finfo(dtype),
    "rand": lambda x, dtype: tp.rand(2, dtype=dtype),
    "zeros_like": lambda x, dtype: tp.zeros_like(x, dtype=dtype),
}


@pytest.mark.parametrize("name", TAKES_A_DTYPE)
def test_what_a_dtype_may_be(name: str) -> None:
    for dtype in ("float64", np.float64, np.dtype("float64"), np.dtype(">f8"), tp.float64):
        assert TAKES_A_DTYPE[name](tp.ones(2), dtype).dtype is tp.float64


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_generators_pickle_and_copy(clone: Callable[[tp.Generator], tp.Generator]) -> None:
    generator = tp.Generator(3)
    tp.rand(5, generator=generator)
    copied, wanted = clone(generator), tp.Generator(3)
    tp.rand(5, generator=wanted)
    drawn = tp.rand(2, generator=wanted).tolist()
    assert (copied.initial_seed(), copied.offset) == (3, generator.offset)
    assert tp.rand(2, generator=copied).tolist() == drawn
    assert tp.rand(2, generator=generator).tolist() == drawn


class TestSparse:
    """SciPy's sparse arrays meet tensors as the dense arrays that they stand for."""

    @pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "matmul", "lt", "eq"])
    def test_operators(self, backend: str, name: str) -> None:
        sparse = pytest.importorskip("scipy.sparse", reason="SciPy is in the test extra")
        dense = np.asarray([[1.0, 0.0], [2.0, 3.0]])
        x = tp.tensor([[1.0, 2.0], [4.0, 8.0]], dtype=tp.float64, requires_grad=True)
        found = getattr(operator, name)(x, sparse.csr_array(dense))
        with np.errstate(divide="ignore"):
            wanted = getattr(operator, name)(x.numpy(force=True), dense)
        assert type(found) is tp.Tensor
        assert found.tolist() == wanted.tolist()
        assert found.requires_grad == (name not in ("lt", "eq"))

    def test_on_the_left(self, backend: str) -> None:
        sparse = pytest.importorskip("scipy.sparse", reason="SciPy is in the test extra")
        array, x = sparse.csr_array(np.asarray([[1.0, 0.0], [2.0, 3.0]])), tp.tensor([1.0, 2.0])
        assert (array @ x).tolist() == [1, 8]
        assert (array + tp.ones(2, 2)).tolist() == [[2, 1], [3, 4]]
        assert (array == tp.ones(2, 2)).tolist() == [[True, False], [False, False]]
        with pytest.raises(RuntimeError, match="requires grad"):
            array @ tp.ones(2, requires_grad=True)
        with pytest.raises(TypeError, match="csr_array, wanted numbers; make it dense"):
            tp.tensor(array)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int8", "uint64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (2,), (0, 2)])
def test_tensors_pickle_and_copy(backend: str, dtype: str, shape: tuple[int, ...]) -> None:
    pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
    x = tp.ones(shape, dtype=dtype)
    x.requires_grad_(x.dtype.is_differentiable)
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.deepcopy([x])[0]):
        assert (y.dtype, y.device, y.shape, y.tolist()) == (x.dtype, x.device, x.shape, x.tolist())
        assert y.requires_grad == x.requires_grad
        assert y is not x
    assert pickle.loads(pickle.dumps((x.dtype, x.device, x.size))) == (x.dtype, x.device, int(x.size))


def pickled(x: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
class TestCopiesOfSharedMemory:
    def test_share_theirs(self, backend: str, duplicate: Callable[[Any], Any]) -> None:
        base = tp.arange(4, dtype=tp.float64)
        given = {"view": base[1:3], "base": base, "same": base, "detached": base.detach(), "data": base[2:].data}
        made = duplicate(given)
        made["base"].add_(10)
        made["data"].mul_(2)
        assert made["same"] is made["base"]
        assert {name: x.tolist() for name, x in made.items()} == {
            "view": [11, 24],
            "base": [10, 11, 24, 26],
            "same": [10, 11, 24, 26],
            "detached": [10, 11, 24, 26],
            "data": [24, 26],
        }
        assert (base.tolist(), given["view"].tolist()) == ([0, 1, 2, 3], [1, 2])

    def test_views_enter_the_history_of_the_copied_base(self, backend: str, duplicate: Callable[[Any], Any]) -> None:
        base = tp.ones(3)
        weight = tp.ones(2, requires_grad=True)
        copied, view = duplicate([base, base[1:]])
        view.mul_(weight * 3.0)
        copied.sum().backward()
        assert weight.grad.tolist() == [3.0, 3.0]

    def test_leaves(self, backend: str, duplicate: Callable[[Any], Any]) -> None:
        leaf = tp.ones(2, requires_grad=True)
        copied, data = duplicate([leaf, leaf.data])
        data.add_(1.0)
        assert (copied.tolist(), copied.requires_grad, copied.is_leaf) == ([2.0, 2.0], True, True)
        (copied * copied).sum().backward()
        assert copied.grad.tolist() == [4.0, 4.0]
        assert (leaf.tolist(), leaf.grad) == ([1.0, 1.0], None)

    def test_every_view(self, backend: str, duplicate: Callable[[Any], Any]) -> None:
        x = tp.arange(12, dtype=tp.float64).reshape((3, 4))
        z = tp.complex(tp.ones(2), tp.zeros(2))
        views = [x.t()[1], x[::-1][:, ::2], x.view(2, 6)[0], x.diagonal(), x.unfold(1, 2, 1)[0], z.real, z.imag]
        *found, copied, complexes = duplicate([*views, x, z])
        for one in (x, copied, z, complexes):
            one.mul_(3)
        assert [one.tolist() for one in found] == [one.tolist() for one in views]

    def test_arrays_of_others_keep_the_order_of_their_elements(
        self, backend: str, duplicate: Callable[[Any], Any]
    ) -> None:
        x = tp.asarray(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
        views = [x.t()[0], x[:, ::-1]] + ([x.t().view(-1)] if backend == "numpy" else [])
        *found, copied = duplicate([*views, x])
        for one in (x, copied):
            one.add_(1)
        assert [one.tolist() for one in found] == [one.tolist() for one in views]


class Exported:
    """Another library's array: nothing of a tensor but what DLPack asks for."""

    def __init__(self, x: tp.Tensor) -> None:
        self.__dlpack__ = x.__dlpack__
        self.__dlpack_device__ = x.__dlpack_device__


CPU, CUDA = (1, 0), (2, 0)


class TestDLPack:
    def test_bfloat16(self, backend: str) -> None:
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x = tp.tensor([[1.5, 2.5], [3.0, 4.0]], dtype=tp.bfloat16).t()
        assert tp.from_dlpack(x, copy=True).tolist() == [[1.5, 3.0], [2.5, 4.0]]
        host = np.asarray([[1.5, 2.5], [3.0, 4.0]], ml_dtypes.bfloat16)
        other = tp.asarray(host, device="numpy", copy=True)
        of_the_host = tp.from_dlpack(np.zeros(1)).backend
        for given, wanted in ((host.T, of_the_host), (Exported(other.t()), of_the_host), (Exported(x), backend)):
            found = tp.from_dlpack(given)
            assert (found.dtype, found.backend) == (tp.bfloat16, wanted)
            assert found.tolist() == host.T.tolist()
        for version, copies in ((None, None), ((1, 0), None), ((1, 0), True)):
            assert "dltensor" in repr(x.__dlpack__(max_version=version, copy=copies))
        with pytest.raises((BufferError, RuntimeError)):
            np.from_dlpack(x)

    def test_bfloat16_shares_memory(self) -> None:
        pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        x = tp.zeros(3, dtype=tp.bfloat16, device="numpy")
        with tp.backend("numpy"):
            y = tp.from_dlpack(Exported(x))
        y[1] = 2.5
        assert x.tolist() == [0, 2.5, 0]

    @pytest.mark.parametrize("name", ["float16", "int16", "uint16"])
    def test_other_numbers_of_16_bits_are_no_bfloat16(self, backend: str, name: str) -> None:
        array = np.asarray([1, 2], name)
        assert tp.from_dlpack(array).dtype.name == name
        with pytest.raises(BufferError, match="not of the dtype wanted"):
            import_bfloat16(Exported(tp.asarray(array, device="numpy")))

    @pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "uint64", "bool", "complex128"])
    def test_every_way_to_ask(self, backend: str, dtype: str) -> None:
        x = tp.ones(2, 3, dtype=dtype).t()
        if x.device.type != "cpu":
            pytest.skip("a copy on the host cannot be refused there")
        assert x.__dlpack_device__() == CPU
        for version in (None, (0, 0), (0, 8), (1, 0), (2, 0)):
            for device in (None, CPU):
                for copies in (None, True, False):
                    capsule = x.__dlpack__(max_version=version, dl_device=device, copy=copies)
                    assert "dltensor" in repr(capsule)
        assert np.from_dlpack(x).tolist() == [[1, 1]] * 3

    def test_a_copy_is_one(self, backend: str) -> None:
        x = tp.zeros(2)
        if x.device.type != "cpu":
            pytest.skip("NumPy reads memory of a CPU")
        copied = np.from_dlpack(x, copy=True)
        copied += 1
        assert x.tolist() == [0, 0]
        assert copied.tolist() == [1, 1]

    def test_what_cannot_be_served(self, backend: str) -> None:
        x = tp.ones(2)
        if x.device.type != "cpu":
            pytest.skip("a CUDA device can be asked for there")
        with pytest.raises(BufferError, match=r"__dlpack__: got device \(2, 0\) for a tensor on \(1, 0\)"):
            x.__dlpack__(dl_device=CUDA)
        with pytest.raises(BufferError, match="__dlpack__: got stream 1 for a CPU"):
            x.__dlpack__(stream=1)

    def test_memory_that_is_not_to_be_written(self) -> None:
        """What is written to an array of JAX would change it for whoever holds it."""
        pytest.importorskip("jax", reason="jax is an extra, which may not be installed")
        assert not np.from_dlpack(tp.ones(2, device="jax")).flags.writeable
        given = np.ones(2)
        given.flags.writeable = False
        x = tp.from_dlpack(given, device="numpy")
        x += 1
        assert given.tolist() == [1, 1]

    def test_of_tensors(self, backend: str) -> None:
        x = tp.ones(2, dtype="float64")
        shared, copied = tp.from_dlpack(x, copy=False), tp.from_dlpack(x, copy=True)
        x += 1
        assert (shared.tolist(), copied.tolist()) == ([2, 2], [1, 1])
        assert shared.device is copied.device is x.device

    def test_between_backends(self) -> None:
        pytest.importorskip("jax", reason="jax is an extra, which may not be installed")
        x = tp.arange(3, device="jax")
        y = tp.from_dlpack(x, device="numpy")
        assert (y.backend, y.tolist(), y.dtype) == ("numpy", [0, 1, 2], tp.int64)
        for error in (BufferError, ValueError):
            with pytest.raises(error, match="from_dlpack: got copy=False"):
                tp.from_dlpack(x, device="numpy", copy=False)

    def test_what_does_not_speak_it(self, backend: str) -> None:
        for error in (TypeError, AttributeError):
            with pytest.raises(error, match="from_dlpack: got list, which does not speak DLPack"):
                tp.from_dlpack([1.0])

    def test_a_gradient_is_not_lost(self, backend: str) -> None:
        x = tp.ones(2, requires_grad=True)
        for lose in (lambda: tp.from_dlpack(x), lambda: np.from_dlpack(x), lambda: (x * 2).__dlpack__()):
            with pytest.raises(BufferError, match="detach"):
                lose()


class TestNumbers:
    @pytest.mark.parametrize("value", [True, 3, -2.5, 0.0, -0.0, float("nan"), float("inf"), 1 + 2j, 0j])
    def test_conversions(self, backend: str, value: Any) -> None:
        x = tp.tensor(value)
        assert bool(x) == bool(value)
        if value != value:
            assert str(complex(x)) == "(nan+nanj)"
        else:
            assert complex(x) == complex(value)
        if isinstance(value, complex):
            for convert in (int, float):
                with pytest.raises(TypeError, match=r"of a tensorplug.complex64 tensor"):
                    convert(x)
        elif value == value and abs(value) != float("inf"):
            assert (int(x), float(x)) == (int(value), float(value))

    def test_integers_of_what_is_not_finite(self, backend: str) -> None:
        with pytest.raises(OverflowError):
            int(tp.tensor(float("inf")))
        with pytest.raises(ValueError, match="NaN"):
            int(tp.tensor(float("nan")))

    def test_indices(self, backend: str) -> None:
        assert operator.index(tp.tensor(2**63 + 1, dtype="uint64")) == 2**63 + 1
        assert [1, 2, 3][tp.tensor(1)] == 2
        for x in (tp.tensor(1.0), tp.tensor(True), tp.tensor([1])):
            with pytest.raises(TypeError, match="only a 0-d integer tensor"):
                operator.index(x)

    def test_several_elements(self, backend: str) -> None:
        for convert in (bool, int, float, complex):
            for shape in ((2,), (0,)):
                with pytest.raises(ValueError, match="takes exactly one element"):
                    convert(tp.ones(shape))

    def test_iteration_and_hashes(self, backend: str) -> None:
        x = tp.tensor([1, 2])
        assert [one.item() for one in x] == [1, 2]
        assert {x: "here"}[x] == "here"
        for use in (iter, len):
            with pytest.raises(TypeError, match="0-d tensor"):
                use(x[0])


def test_plain_jax_code_notices_nothing() -> None:
    """Its 64-bit flag, default dtypes, random numbers and compiled functions stay as they were, in all threads."""
    jax = pytest.importorskip("jax", reason="jax is an extra, which may not be installed")
    compiled = jax.jit(lambda x: x * 2)

    def seen() -> tuple[Any, ...]:
        drawn = jax.random.normal(jax.random.key(0), (3,))
        made = jax.numpy.arange(3), jax.numpy.ones(2), jax.numpy.asarray(1.5), compiled(1.5), drawn + np.ones(3)
        return jax.config.jax_enable_x64, drawn.tolist(), [str(x.dtype) for x in made], compiled._cache_size()

    def work() -> None:
        with tp.backend("jax"):
            x = tp.rand(3, dtype="float64", requires_grad=True)
            y = (tp.exp(x) * 2)[tp.tensor([0, -1])]
            (gradient,) = tp.autograd.grad(y.sum(), x, create_graph=True)
            (gradient * gradient).sum().backward()
            assert x.grad is not None
            assert (x.grad.dtype, tp.arange(3).dtype) == (tp.float64, tp.int64)
            x.detach().add_(1.0).__dlpack__(copy=True)
            with pytest.raises(IndexError):
                x[5]
        found.append(seen())

    before = seen()
    found: list[Any] = []
    work()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [before] * 5
    assert seen() == before
