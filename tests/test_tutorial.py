"""What an introduction to PyTorch says about tensors holds here, with the import lines changed and nothing else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tensorplug as torch
import tensorplug.nn.functional as F
from tensorplug.autograd import Variable
from tensorplug.core.types.errors import DeviceError, ShapeError


class TestMaking:
    @pytest.mark.parametrize(
        ("name", "dtype"),
        [
            *(("Tensor", "float32"), ("FloatTensor", "float32"), ("DoubleTensor", "float64")),
            *(("HalfTensor", "float16"), ("BFloat16Tensor", "bfloat16"), ("BoolTensor", "bool")),
            *(("ByteTensor", "uint8"), ("CharTensor", "int8"), ("ShortTensor", "int16")),
            *(("IntTensor", "int32"), ("LongTensor", "int64")),
        ],
    )
    def test_types_are_constructors(self, backend: str, name: str, dtype: str) -> None:
        make = getattr(torch, name)
        for values in ([[1, 0], [2, 3]], np.asarray([[1.0, 0.0], [2.0, 3.0]])):
            x = make(values)
            # The old types are those of the CPU, as in PyTorch.
            assert isinstance(x, make) is (make is torch.Tensor or x.device.type == "cpu")
            assert (x.dtype.name, x.backend) == (dtype, backend)
            assert x.tolist() == np.asarray(values).astype("bool" if dtype == "bool" else "float64").tolist()
        assert make(5, 3).shape == (5, 3)
        assert make(5, 3).dtype.name == dtype
        assert make().shape == (0,)

    def test_a_type_cuts_off_what_it_does_not_hold(self, backend: str) -> None:
        assert (
            torch.LongTensor([1.75, -1.75]).tolist() == torch.LongTensor(np.asarray([1.75, -1.75])).tolist() == [1, -1]
        )
        with pytest.raises(TypeError):
            torch.Tensor(2.5)

    def test_nested_lists_give_shape_and_dtype(self, backend: str) -> None:
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        assert (x.shape, x.dtype) == ((3, 2), torch.float32)
        assert torch.tensor([1, 2]).dtype is torch.int64
        assert torch.tensor([True]).dtype is torch.bool
        assert torch.tensor(2.5).shape == ()
        assert torch.tensor([1, 2], dtype=torch.double).tolist() == [1.0, 2.0]

    def test_sizes_are_lengths_or_one_tuple(self, backend: str) -> None:
        for make in (torch.zeros, torch.ones, torch.rand, torch.randn, torch.empty):
            assert make(5, 3).shape == make((5, 3)).shape == (5, 3)
        assert torch.full((2, 2), 7.0).tolist() == [[7.0, 7.0], [7.0, 7.0]]

    def test_like_another(self, backend: str) -> None:
        x = torch.zeros(2, 3, dtype=torch.float64)
        assert torch.ones_like(x).dtype is torch.float64
        assert torch.rand_like(x, dtype=torch.float32).dtype is torch.float32
        assert torch.zeros_like(x, device=x.device).shape == (2, 3)
        assert x.new_ones(2).dtype is torch.float64

    def test_counting(self, backend: str) -> None:
        assert torch.arange(5).tolist() == [0, 1, 2, 3, 4]
        assert torch.arange(1, 2, 0.5).tolist() == [1.0, 1.5]
        assert torch.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
        assert torch.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
        with pytest.warns(UserWarning, match="range includes its end"):
            assert torch.range(1, 4).tolist() == [1.0, 2.0, 3.0, 4.0]
        with pytest.warns(UserWarning, match="range includes its end"):
            assert torch.range(0, 1, 0.5).tolist() == [0.0, 0.5, 1.0]

    def test_short_names_of_dtypes(self) -> None:
        names = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32"}
        assert all(
            getattr(torch, short) is getattr(torch, name) for short, name in (names | {"short": "int16"}).items()
        )
        x = torch.tensor([1.75])
        assert [x.long().tolist(), x.int().dtype, x.double().dtype, x.half().dtype] == [
            [1],
            torch.int32,
            torch.float64,
            torch.float16,
        ]


class TestSize:
    def test_size_is_a_number_that_can_be_called(self, backend: str) -> None:
        x = torch.zeros(5, 3)
        assert x.size() == (5, 3) == x.shape
        assert (x.size(0), x.size(-1), x.size(dim=1)) == (5, 3, 3)
        assert (x.size, x.numel(), x.nelement(), x.dim(), len(x)) == (15, 15, 15, 2, 5)
        with pytest.raises(IndexError):
            x.size(2)


class TestNumPyBridge:
    def test_an_array_and_its_tensor_see_each_others_changes(self) -> None:
        with torch.backend("numpy"):
            a = np.ones(3)
            x = torch.from_numpy(a)
            assert x.dtype is torch.float64
            np.add(a, 1, out=a)
            assert x.tolist() == [2.0, 2.0, 2.0]
            x.mul_(3)
            assert a.tolist() == [6.0, 6.0, 6.0]

    def test_a_tensor_and_its_array_see_each_others_changes(self) -> None:
        with torch.backend("numpy"):
            x = torch.ones(3)
            a = x.numpy()
            x.add_(1)
            assert a.tolist() == [2.0, 2.0, 2.0]
            a[0] = 7
            assert x.tolist() == [7.0, 2.0, 2.0]
            a *= 2
            assert x.view(-1)[1].item() == 4.0

    def test_values_and_dtypes_carry_over(self, backend: str) -> None:
        for dtype in ("float64", "float32", "int32", "uint8", "bool"):
            a = np.asarray([[1, 0], [3, 4]], dtype)
            x = torch.from_numpy(a)
            assert x.dtype.name == dtype
            assert x.numpy().dtype == dtype
            np.testing.assert_array_equal(x.numpy(), a)

    def test_what_cannot_be_shared_is_copied(self, backend: str) -> None:
        frozen = np.arange(3.0)
        frozen.flags.writeable = False
        x = torch.from_numpy(frozen)
        x.add_(1)
        assert (frozen.tolist(), x.tolist()) == ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
        assert torch.from_numpy(np.asarray([1.0, 2.0], ">f8")).tolist() == [1.0, 2.0]

    def test_a_tensor_with_a_gradient_says_to_detach(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match=r"use x\.detach\(\)\.numpy\(\)"):
            torch.ones(2, requires_grad=True).numpy()


class TestAlgebra:
    A, B = [[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]

    def test_products(self, backend: str) -> None:
        a, b, v = torch.tensor(self.A), torch.tensor(self.B), torch.tensor([1.0, -1.0])
        product = [[2.0, 1.0], [4.0, 3.0]]
        assert torch.mm(a, b).tolist() == a.mm(b).tolist() == (a @ b).tolist() == product
        assert torch.mv(a, v).tolist() == a.mv(v).tolist() == [-1.0, -1.0]
        assert (a * b).tolist() == [[0.0, 2.0], [3.0, 0.0]]
        assert a.t().tolist() == torch.t(a).tolist() == a.T.tolist() == [[1.0, 3.0], [2.0, 4.0]]
        assert torch.ger(v, v).tolist() == torch.outer(v, v).tolist() == [[1.0, -1.0], [-1.0, 1.0]]

    def test_dot_is_of_vectors_only_and_says_so(self, backend: str) -> None:
        v = torch.tensor([1.0, 2.0, 3.0])
        assert torch.dot(v, v).item() == v.dot(v).item() == 14.0
        for wrong in (torch.ones(2, 2), torch.tensor(1.0)):
            with pytest.raises(RuntimeError, match=r"dot: got shapes .* wanted 1-d tensors; use matmul"):
                torch.dot(wrong, wrong)
        with pytest.raises(RuntimeError, match=r"\(3,\) and \(2,\)"):
            torch.dot(v, v[:2])

    @pytest.mark.parametrize(
        ("name", "shapes"), [("mm", [(2, 2), (2,)]), ("mv", [(2, 2), (2, 2)]), ("bmm", [(2, 2)] * 2)]
    )
    def test_products_of_one_kind_refuse_others(self, backend: str, name: str, shapes: Any) -> None:
        with pytest.raises(RuntimeError, match=f"{name}: got shapes .* use matmul for any others"):
            getattr(torch, name)(*[torch.ones(shape) for shape in shapes])

    def test_shapes_that_do_not_fit_are_named(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match=r"shapes \(2, 3\) and \(2, 3\) cannot be multiplied"):
            torch.mm(torch.ones(2, 3), torch.ones(2, 3))


class TestView:
    def test_views_share_memory(self, backend: str) -> None:
        x = torch.arange(6.0)
        y = x.view(2, 3)
        y[0, 0] = 9.0
        x[5] = 8.0
        assert (x.tolist(), y.tolist()) == ([9.0, 1.0, 2.0, 3.0, 4.0, 8.0], [[9.0, 1.0, 2.0], [3.0, 4.0, 8.0]])

    def test_minus_one_is_what_is_left(self, backend: str) -> None:
        x = torch.zeros(4, 4)
        assert [x.view(16).shape, x.view(-1, 8).shape, x.view(-1).shape] == [(16,), (2, 8), (16,)]
        assert x.view_as(torch.zeros(2, 8)).shape == (2, 8)
        with pytest.raises(RuntimeError, match=r"shape \(3, -1\) does not hold the 16 elements"):
            x.view(3, -1)

    def test_view_of_what_is_not_in_order_names_reshape(self, backend: str) -> None:
        x = torch.arange(6.0).view(2, 3).t()
        with pytest.raises(RuntimeError, match="use reshape, which copies where it must"):
            x.view(-1)
        assert x.reshape(-1).tolist() == x.contiguous().view(-1).tolist() == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]


class TestInPlace:
    def test_a_trailing_underscore_changes_the_tensor(self, backend: str) -> None:
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])
        assert y.add_(x) is y
        assert y.tolist() == [11.0, 22.0]
        assert y.sub_(1).mul_(2).div_(4).neg_().tolist() == [-5.0, -10.5]
        assert y.zero_().tolist() == [0.0, 0.0]
        assert y.fill_(2).pow_(3).sqrt_().tolist() == pytest.approx([math.sqrt(8)] * 2)
        assert y.copy_(x).clamp_(max=1.5).tolist() == [1.0, 1.5]

    def test_out_takes_the_result(self, backend: str) -> None:
        x, result = torch.tensor([1.0, 2.0]), torch.empty(2)
        assert torch.add(x, x, out=result) is result
        assert result.tolist() == [2.0, 4.0]
        with pytest.raises(ShapeError):
            torch.add(x, x, out=torch.empty(3))

    def test_a_leaf_and_an_expanded_tensor_are_not_written(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match="leaf"):
            torch.ones(2, requires_grad=True).add_(1)
        with pytest.raises(RuntimeError, match="clone"):
            torch.ones(1).expand(3).add_(1)

    def test_integers_do_not_take_floats(self, backend: str) -> None:
        with pytest.raises(RuntimeError, match="can't be cast"):
            torch.tensor([1]).add_(0.5)

    def test_assignment_to_an_index(self, backend: str) -> None:
        x = torch.zeros(2, 3)
        x[0] = 1.0
        x[:, 2] = torch.tensor([5.0, 6.0])
        x[x == 0] = -1.0
        assert x.tolist() == [[1.0, 1.0, 5.0], [-1.0, -1.0, 6.0]]


class TestIndexing:
    def test_is_numpys(self, backend: str) -> None:
        a = np.arange(24).reshape(2, 3, 4)
        x = torch.tensor(a)
        for index in (1, (0, -1), (slice(None), 1), (..., slice(None, None, -2)), None, (slice(None, None, -1), 0)):
            np.testing.assert_array_equal(x[index].numpy(), a[index])
        np.testing.assert_array_equal(x[x > 5].numpy(), a[a > 5])
        np.testing.assert_array_equal(x[:, [2, 0]].numpy(), a[:, [2, 0]])

    def test_one_element_is_a_tensor_and_item_a_number(self, backend: str) -> None:
        x = torch.tensor([[1.5, 2.5]])
        assert isinstance(x[0, 1], torch.Tensor)
        assert x[0, 1].item() == float(x[0, 1]) == 2.5
        assert 2.5 in x
        assert [row.tolist() for row in x] == [[1.5, 2.5]]
        with pytest.raises(IndexError):
            x[1]
        with pytest.raises(ValueError, match="item"):
            x.item()


class TestSpellings:
    def test_positions_and_dim_are_pytorchs(self, backend: str) -> None:
        x = torch.tensor([[1.0, 5.0], [4.0, 3.0]])
        assert torch.sum(x, 1).tolist() == torch.sum(x, dim=1).tolist() == x.sum(1).tolist() == [6.0, 7.0]
        assert torch.mean(x, 0, keepdim=True).tolist() == [[2.5, 4.0]]
        values, indices = torch.max(x, dim=1)
        assert (values.tolist(), indices.tolist()) == ([5.0, 4.0], [1, 0])
        assert torch.cat([x, x], 0).shape == torch.cat((x, x), dim=0).shape == (4, 2)
        assert F.softmax(x, dim=-1).sum(-1).tolist() == pytest.approx([1.0, 1.0])
        assert torch.stack([x, x], 1).shape == (2, 2, 2)
        assert [part.shape for part in torch.split(x, 1, dim=1)] == [(2, 1), (2, 1)]


class TestDevices:
    def test_without_cuda_each_backend_says_why(self, backend: str) -> None:
        if torch.cuda.is_available():
            pytest.skip("there is a CUDA device")
        assert torch.cuda.device_count() == 0
        assert not torch.ones(2).is_cuda
        torch.cuda.synchronize()
        x = torch.ones(2)
        for move in (
            x.cuda,
            lambda: x.to("cuda"),
            lambda: torch.device("cuda"),
            lambda: torch.ones(2, device="cuda:0"),
        ):
            with pytest.raises(DeviceError) as refused:
                move()
            # The backends that were found, with what they have, and those that were not, with the reason.
            assert "numpy:cpu" in str(refused.value)
            assert "cupy" in str(refused.value)
            assert "pip install" in str(refused.value)

    def test_cpu_and_dtypes(self, backend: str) -> None:
        x = torch.ones(2)
        if x.is_cuda:
            assert x.cpu().device.type == "cpu"
            return
        assert x.cpu() is x
        assert x.device == torch.device(f"{backend}:cpu")
        assert x.to("cpu", torch.double).dtype is torch.double
        assert x.to(torch.int64).tolist() == [1, 1]
        assert torch.ones_like(x, device=torch.device("cpu")).device.type == "cpu"


class TestSeeds:
    def test_one_seed_one_stream(self, backend: str) -> None:
        torch.manual_seed(3)
        first = [torch.rand(3).tolist(), torch.randn(2).tolist(), torch.randint(0, 9, (4,)).tolist()]
        torch.manual_seed(3)
        assert [torch.rand(3).tolist(), torch.randn(2).tolist(), torch.randint(0, 9, (4,)).tolist()] == first
        assert torch.rand(3).tolist() != first[0]

    def test_generators_and_states(self, backend: str) -> None:
        torch.manual_seed(0)
        state = torch.get_rng_state()
        first = torch.rand(2).tolist()
        own = torch.rand(2, generator=torch.Generator(device="cpu").manual_seed(0)).tolist()
        torch.set_rng_state(state)
        assert torch.rand(2).tolist() == first == own

    def test_a_permutation_holds_each_number_once(self, backend: str) -> None:
        assert sorted(torch.randperm(10).tolist()) == list(range(10))


class TestPrinting:
    def test_four_decimals_columns_and_what_is_not_the_default(self) -> None:
        with torch.backend("numpy"):
            assert repr(torch.tensor([1 / 3, 100.0])) == "tensor([  0.3333, 100.0000])"
            assert repr(torch.tensor([1e-6, 1e6])) == "tensor([1.0000e-06, 1.0000e+06])"
            assert repr(torch.zeros(2, dtype=torch.double)) == "tensor([0., 0.], dtype=tensorplug.float64)"
            assert repr(torch.tensor([1.0], requires_grad=True)) == "tensor([1.], requires_grad=True)"
            assert repr(torch.tensor([1.0], requires_grad=True) * 2) == "tensor([2.], grad_fn=<multiply>)"
            assert "..." in repr(torch.arange(2000))
            assert f"{torch.tensor(2.0):.3f}" == "2.000"


class TestGradients:
    def test_of_a_mean(self, backend: str) -> None:
        x = Variable(torch.ones(2, 2), requires_grad=True)
        y = x + 2
        assert x.grad_fn is None
        assert y.grad_fn is not None
        (y * y * 3).mean().backward()
        assert x.grad.tolist() == [[4.5, 4.5], [4.5, 4.5]]
        assert x.data.requires_grad is False

    def test_accumulate_until_they_are_zeroed(self, backend: str) -> None:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        (x * 3).sum().backward()
        (x * 3).sum().backward()
        assert x.grad.tolist() == [6.0, 6.0]
        x.grad.zero_()
        (x * x).sum().backward()
        assert x.grad.tolist() == [2.0, 4.0]
        x.grad = None
        (x * 3).sum().backward()
        assert x.grad.tolist() == [3.0, 3.0]

    def test_of_a_vector_want_a_gradient_of_its_shape(self, backend: str) -> None:
        x = torch.ones(3, requires_grad=True)
        y = x * 2
        with pytest.raises(RuntimeError, match="only for scalar outputs"):
            y.backward()
        y.backward(torch.tensor([0.1, 1.0, 10.0]))
        assert x.grad.tolist() == pytest.approx([0.2, 2.0, 20.0])

    def test_a_graph_serves_one_pass(self, backend: str) -> None:
        x = torch.ones(2, requires_grad=True)
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        assert x.grad.tolist() == [4.0, 4.0]
        with pytest.raises(RuntimeError, match=r"second time.*retain_graph=True"):
            y.backward()

    def test_nothing_is_recorded_without_need(self, backend: str) -> None:
        x = torch.ones(2, requires_grad=True)
        with torch.no_grad():
            assert not (x * 2).requires_grad
        assert not x.detach().requires_grad
        assert not (torch.ones(2) * 2).requires_grad
        y = torch.ones(2)
        assert y.requires_grad_() is y
        assert y.requires_grad

    def test_what_a_gradient_needs_must_not_be_overwritten(self, backend: str) -> None:
        x = torch.ones(2, requires_grad=True)
        y = x.exp()
        z = y * y
        y.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()

    def test_integers_have_none(self, backend: str) -> None:
        with pytest.raises(RuntimeError):
            torch.tensor([1, 2], requires_grad=True)


class Model:
    """Something that holds parameters."""

    def __init__(self) -> None:
        self.weight, self.bias = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)

    def parameters(self) -> Any:
        yield self.weight
        yield self.bias


class TestZeroGrad:
    @pytest.mark.parametrize(
        "held",
        [
            lambda model: model,
            lambda model: model.parameters(),
            lambda model: [model.weight, (model.bias,)],
            lambda model: {"weight": model.weight, "rest": {"bias": model.bias}},
        ],
    )
    @pytest.mark.parametrize("set_to_none", [True, False])
    def test_of_anything_that_holds_parameters(self, backend: str, held: Any, set_to_none: bool) -> None:
        model = Model()
        (model.weight * 3 + model.bias).sum().backward()
        gradient = model.weight.grad
        torch.zero_grad(held(model), set_to_none)
        if set_to_none:
            assert model.weight.grad is model.bias.grad is None
        else:
            assert model.weight.grad is gradient
            assert model.weight.grad.tolist() == model.bias.grad.tolist() == [0.0, 0.0]

    def test_forgets_the_history_of_a_gradient(self, backend: str) -> None:
        x = torch.ones(2, requires_grad=True)
        (x**3).sum().backward(create_graph=True)
        torch.zero_grad(x, set_to_none=False)
        assert x.grad.tolist() == [0.0, 0.0]
        assert not x.grad.requires_grad
        torch.zero_grad(torch.ones(2), set_to_none=False)

    @pytest.mark.parametrize("wrong", ["weight", [1.0], None])
    def test_refuses_what_holds_none(self, wrong: Any) -> None:
        with pytest.raises(TypeError, match="zero_grad: got"):
            torch.zero_grad(wrong)


def test_a_line_is_fitted(backend: str) -> None:
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 20).unsqueeze(1)
    y = 3 * x - 1
    weight, bias = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    for _ in range(60):
        loss = F.mse_loss(F.linear(x, weight, bias), y)
        torch.zero_grad([weight, bias])
        loss.backward()
        with torch.no_grad():
            for parameter in (weight, bias):
                parameter -= 0.4 * parameter.grad
    assert weight.item() == pytest.approx(3, abs=1e-3)
    assert bias.item() == pytest.approx(-1, abs=1e-3)
