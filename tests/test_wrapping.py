"""`wrap_native`, functions of Tensors for the arrays of other libraries, and `array_namespace`."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from typing import Any

import numpy
import pytest

import tensorplug as tp

POINTS = numpy.random.default_rng(0).random((3, 4))

Pair = namedtuple("Pair", "first second")


@tp.wrap_native
def cube(x: tp.Tensor) -> tp.Tensor:
    return x**3


@tp.wrap_native
def same(x: Any) -> Any:
    return x


@tp.wrap_native
def scores(x: tp.Tensor, weight: tp.Tensor, *, scale: float = 1.0, name: str = "") -> dict[str, Any]:
    found = (x @ weight).softmax(-1) * scale
    return {"all": found, "best": found.argmax(-1), "name": name, "pair": Pair(found.log().sum(), None)}


@tp.wrap_native
def picked(x: tp.Tensor, indices: tp.Tensor) -> tp.Tensor:
    return x[indices] ** 2


def expected(x: Any, weight: Any, scale: float) -> Any:
    logits = numpy.exp(x @ weight)
    return logits / logits.sum(-1, keepdims=True) * scale


class TestNumPy:
    def test_trees_and_keywords(self) -> None:
        weight = numpy.eye(4)[:, :2]
        found = scores(POINTS, weight, scale=2.0, name="softmax")
        wanted = expected(POINTS, weight, 2.0)
        numpy.testing.assert_allclose(found["all"], wanted, rtol=1e-14)
        numpy.testing.assert_array_equal(found["best"], wanted.argmax(-1))
        assert found["name"] == "softmax"
        numpy.testing.assert_allclose(found["pair"].first, numpy.log(wanted).sum())
        assert type(found["pair"]) is Pair
        assert all(type(one) is numpy.ndarray for one in (found["all"], found["best"], found["pair"].first))

    def test_memory_is_shared(self) -> None:
        assert numpy.shares_memory(same(POINTS), POINTS)
        assert numpy.shares_memory(same([POINTS.T[1:]])[0], POINTS)

    @pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
    def test_a_matrix_is_an_array(self) -> None:
        squared = tp.wrap_native(lambda x: x * x)(numpy.asmatrix(POINTS))
        numpy.testing.assert_array_equal(squared, POINTS * POINTS, strict=True)

    @pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "complex64"])
    def test_dtypes_are_kept(self, dtype: str) -> None:
        assert same(numpy.ones((), dtype)).dtype == dtype

    def test_without_arrays(self) -> None:
        made = tp.wrap_native(tp.ones)(2)
        assert type(made) is numpy.ndarray
        assert cube(2.0) == 8.0
        assert cube(numpy.float64(2.0)) == 8.0

    def test_tensors_are_passed_on_with_their_gradients(self, backend: str) -> None:
        x = tp.tensor([1.0, 2.0], requires_grad=True)
        cube(x).sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [3.0, 12.0]

    def test_it_keeps_the_name_and_works_as_a_method(self) -> None:
        class Model:
            @tp.wrap_native
            def shifted(self, x: tp.Tensor) -> tp.Tensor:
                """Shift by one."""
                return x + 1

        assert Model.shifted.__doc__ == "Shift by one."
        assert Model().shifted(numpy.zeros(2)).tolist() == [1.0, 1.0]

    def test_results_of_another_backend(self) -> None:
        pytest.importorskip("jax")
        assert type(tp.wrap_native(lambda x: x.to("jax") * 2)(numpy.ones(2))) is numpy.ndarray

    @pytest.mark.parametrize(
        ("second", "said"),
        [(tp.ones(2), "tensorplug.Tensor"), ("jax", "jaxlib.ArrayImpl"), (numpy.ones(2, object), None)],
    )
    def test_arrays_that_do_not_belong_together(self, second: Any, said: str | None) -> None:
        if isinstance(second, str):
            second = pytest.importorskip("jax.numpy").ones(2)
        message = "object" if said is None else f"picked: got numpy.ndarray and {said}; wanted arrays of one library"
        with pytest.raises(TypeError, match=message):
            picked(POINTS, second)

    def test_arrays_of_no_backend(self) -> None:
        class Foreign:
            def __array_namespace__(self, *, api_version: str | None = None) -> Any:
                return numpy

        with pytest.raises(TypeError, match=r"cube: got .*Foreign; wanted arrays of a backend or PyTorch"):
            cube(Foreign())

    def test_no_other_library_is_imported(self) -> None:
        code = """if True:
            import sys, numpy, tensorplug as tp
            tp.wrap_native(lambda x: x * 2)(numpy.ones(2))
            tp.array_namespace(numpy.ones(2))
            print({"cupy", "jax", "torch"} & set(sys.modules))
        """
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "set()\n"


class TestJAX:
    """`jax.grad`, `jax.vjp`, `jax.jit` and `jax.vmap` of a wrapped function, beside JAX's own."""

    @pytest.fixture
    def jax(self) -> Any:
        return pytest.importorskip("jax")

    def test_arrays_are_kept(self, jax: Any) -> None:
        x = jax.numpy.ones((2, 3))
        assert same(x) is x
        inside: list[str] = []
        tp.wrap_native(lambda x: inside.append(tp.zeros(1).backend))(x)
        assert inside == ["jax"]

    @pytest.mark.parametrize("compiled", [False, True])
    def test_gradients(self, jax: Any, compiled: bool) -> None:
        x, weight = jax.numpy.asarray(POINTS, "float32"), jax.numpy.asarray(POINTS.T[:, :2], "float32")

        def ours(x: Any, weight: Any) -> Any:
            return scores(x, weight, scale=2.0)["pair"].first

        def theirs(x: Any, weight: Any) -> Any:
            return jax.numpy.log(jax.nn.softmax(x @ weight, -1) * 2.0).sum()

        found, wanted = (jax.value_and_grad(one, argnums=(0, 1)) for one in (ours, theirs))
        found = (jax.jit(found) if compiled else found)(x, weight)
        jax.tree.map(lambda a, b: numpy.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found, wanted(x, weight))

    def test_results_of_integers_and_constants_of_a_trace(self, jax: Any) -> None:
        x, weight = jax.numpy.asarray(POINTS, "float32"), jax.numpy.eye(4)
        traced = jax.jit(lambda x, weight: scores(x, weight, scale=3.25)["best"])(x, weight)
        # The number 3.25 is not of the trace.
        assert traced.tolist() == scores(x, weight, scale=3.25)["best"].tolist()

    def test_higher_derivatives(self, jax: Any) -> None:
        assert jax.grad(jax.grad(cube))(2.0) == 12.0
        assert jax.grad(jax.grad(jax.grad(cube)))(2.0) == 6.0
        x = jax.numpy.asarray([1.0, 2.0])
        found = jax.jacrev(jax.grad(lambda x: cube(x).sum() * x[0]))(x)
        numpy.testing.assert_allclose(found, [[12.0, 12.0], [12.0, 12.0]])

    def test_vmap(self, jax: Any) -> None:
        assert jax.vmap(jax.grad(cube))(jax.numpy.arange(3.0)).tolist() == [0.0, 3.0, 12.0]

    def test_integers_have_no_gradient(self, jax: Any) -> None:
        x, indices = jax.numpy.arange(4.0), jax.numpy.asarray([1, 1, 3])
        assert jax.grad(lambda x, indices: picked(x, indices).sum())(x, indices).tolist() == [0.0, 4.0, 0.0, 6.0]

    def test_complex_numbers_by_the_convention_of_jax(self, jax: Any) -> None:
        z = jax.numpy.asarray([1 + 2j, 3 - 1j], "complex64")
        found, wanted = (jax.vjp(one, z)[1](z)[0] for one in (cube, lambda z: z**3))
        numpy.testing.assert_allclose(found, wanted, rtol=1e-5)

    def test_a_compiled_function(self, jax: Any) -> None:
        wave = tp.wrap_native(tp.compile(lambda x: x.sin() * 2))
        x = jax.numpy.ones(2)
        numpy.testing.assert_allclose(jax.grad(lambda x: wave(x).sum())(x), 2 * numpy.cos([1.0, 1.0]), rtol=1e-6)

    def test_what_a_trace_has_not(self, jax: Any) -> None:
        x = jax.numpy.ones(3)
        with pytest.raises(TypeError, match="random numbers of a function that JAX traces would be the same"):
            jax.jit(tp.wrap_native(lambda x: x * tp.rand(3)))(x)
        with pytest.raises(TypeError, match="traced array"):
            jax.jit(tp.wrap_native(lambda x: x * x.sum().item()))(x)
        with pytest.raises(TypeError, match="forward-mode"):
            jax.jvp(cube, (x,), (x,))


class TestPyTorch:
    """PyTorch's autograd through a wrapped function, which any backend computes."""

    @pytest.fixture
    def torch(self) -> Any:
        return pytest.importorskip("torch", reason="torch is not installed")

    def test_memory_is_shared(self, torch: Any) -> None:
        x = torch.ones(3)
        assert same(x).data_ptr() == x.data_ptr()
        assert same(x[1:]).data_ptr() == x[1:].data_ptr()

    def test_dtypes_and_layouts(self, torch: Any) -> None:
        for dtype in (torch.bool, torch.int8, torch.float16, torch.bfloat16, torch.float64, torch.complex64):
            assert same(torch.ones(2, dtype=dtype)).dtype == dtype
        conjugate = torch.tensor([[1 + 2j, 3j]]).conj().T
        assert torch.equal(same(conjugate), conjugate)
        assert same(torch.ones(0, 3)).shape == (0, 3)
        assert same(torch.ones(3).expand(2, 3)).tolist() == [[1.0] * 3] * 2
        assert same(torch.nn.Parameter(torch.ones(()))).item() == 1.0

    def test_gradients(self, torch: Any, backend: str) -> None:
        x, weight = torch.tensor(POINTS, requires_grad=True), torch.tensor(POINTS.T, requires_grad=True)
        found = scores(x, weight, scale=2.0)
        assert found["all"].requires_grad
        assert not found["best"].requires_grad
        wanted = ((x @ weight).softmax(-1) * 2.0).log().sum()
        for one, other in zip(
            torch.autograd.grad(found["pair"].first, (x, weight)), torch.autograd.grad(wanted, (x, weight)), strict=True
        ):
            torch.testing.assert_close(one, other)

    def test_higher_derivatives(self, torch: Any) -> None:
        x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(cube, (x,))
        assert torch.autograd.gradgradcheck(cube, (x,))
        z = torch.tensor([1 + 2j], dtype=torch.complex128, requires_grad=True)
        assert torch.autograd.gradcheck(cube, (z,))

    @pytest.mark.parametrize("again", [False, True])
    def test_the_default_backend_of_the_call_computes_gradients(self, torch: Any, backend: str, again: bool) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        with tp.device(backend):
            y = cube(x)
        with tp.device("numpy"):
            assert torch.autograd.grad(y, x, create_graph=again)[0].item() == 12.0

    def test_one_of_several_inputs_wants_a_gradient(self, torch: Any) -> None:
        x, indices = torch.arange(4.0, requires_grad=True), torch.tensor([1, 1, 3])
        picked(x, indices).sum().backward()
        assert x.grad.tolist() == [0.0, 4.0, 0.0, 6.0]

    def test_a_graph_is_kept(self, torch: Any) -> None:
        x = torch.tensor(2.0, requires_grad=True)
        y = cube(x)
        y.backward(retain_graph=True)
        y.backward()
        assert x.grad.item() == 24.0
        with pytest.raises(RuntimeError, match="second time"):
            y.backward()

    def test_an_argument_that_is_written_meanwhile(self, torch: Any) -> None:
        x = torch.ones(2, requires_grad=True)
        y = cube(x)
        with torch.no_grad():
            x.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()

    def test_results_that_are_written(self, torch: Any) -> None:
        """A formula may need a result, and a result may be an argument."""
        exponential, both = tp.wrap_native(tp.exp), tp.wrap_native(lambda x: (x, x[:1]))
        x = torch.zeros(2, requires_grad=True)
        y = exponential(x)
        y.mul_(3.0)
        y.sum().backward()
        assert x.grad.tolist() == [3.0, 3.0]
        first, second = both(x)
        first.add_(1.0)
        assert (x.tolist(), second.tolist()) == ([0.0, 0.0], [0.0])

    @pytest.mark.filterwarnings("ignore")  # of PyTorch's own modules
    def test_forward_mode_is_an_error(self, torch: Any) -> None:
        with torch.autograd.forward_ad.dual_level():
            for needs_gradient in (False, True):
                x = torch.ones(2, requires_grad=needs_gradient)
                with pytest.raises(NotImplementedError, match="jvp"):
                    cube(torch.autograd.forward_ad.make_dual(x, torch.ones(2)))

    @pytest.mark.filterwarnings("ignore")  # of PyTorch's own modules
    def test_compile(self, torch: Any) -> None:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        torch.compile(lambda x: (cube(x * 2) + 1).sum(), backend="eager")(x).backward()
        assert x.grad.tolist() == [24.0, 96.0]

    def test_transforms(self, torch: Any) -> None:
        two = torch.tensor(2.0)
        assert torch.func.grad(cube)(two).item() == 12.0
        assert torch.func.grad(torch.func.grad(cube))(two).item() == 12.0
        assert torch.func.vmap(torch.func.grad(cube))(torch.arange(3.0)).tolist() == [0.0, 3.0, 12.0]
        with pytest.raises(ValueError, match="vmap: got no examples"):
            torch.func.vmap(cube)(torch.ones(0, 2))

    def test_jax_is_not_imported(self, torch: Any) -> None:
        code = """if True:
            import sys, torch, tensorplug as tp
            tp.wrap_native(lambda x: x * 2)(torch.ones(2))
            print({"cupy", "jax"} & set(sys.modules))
        """
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "set()\n"


class TestArrayNamespace:
    def test_of_tensors(self, backend: str) -> None:
        assert tp.array_namespace(tp.ones(1), 2.0, None, api_version="2025.12") is tp
        for x in (tp.ones(1), numpy.ones(1)):
            with pytest.raises(ValueError, match=r"array_namespace: got version '2020\.01', wanted one of 2021\.12"):
                tp.array_namespace(x, api_version="2020.01")

    def test_of_other_arrays(self) -> None:
        assert tp.array_namespace(numpy.ones(1), numpy.float64(1)).__name__ == "array_api_compat.numpy"
        jax = pytest.importorskip("jax")
        assert tp.array_namespace(jax.numpy.ones(1)) is jax.numpy

    @pytest.mark.parametrize(
        ("arrays", "said"),
        [
            ((), "no array"),
            ((1.0, None), "no array"),
            (("text",), "builtins.str"),
            ((numpy.ones(1), tp.ones(1)), "numpy.ndarray and tensorplug.Tensor"),
        ],
    )
    def test_errors(self, arrays: tuple[Any, ...], said: str) -> None:
        with pytest.raises(TypeError, match=f"array_namespace: got {said}; wanted arrays of one library"):
            tp.array_namespace(*arrays)
