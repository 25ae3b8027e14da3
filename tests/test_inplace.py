"""Views and writes: tensors that share memory read the same on every backend, and so do their gradients."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.node import Leaf, Node
from tensorplug.conformance.engine.families import family_of
from tensorplug.core import MEMBERS, OPERATIONS
from tensorplug.core.memory.views import View
from tensorplug.core.types.dtypes import as_dtype


def leaf(values: Any = (1.0, 2.0, 3.0)) -> tp.Tensor:
    return tp.tensor(values, dtype="float64", requires_grad=True)


def numbers(*shape: int) -> tp.Tensor:
    """0, 1, 2, ... in float64."""
    return tp.arange(numpy.prod(shape).item(), dtype="float64").reshape(shape)


class TestSharing:
    """Who sees a write."""

    def test_a_view_and_its_base(self, backend: str) -> None:
        x = tp.zeros(2, 2)
        y = x[0]
        y += 1
        assert x.tolist() == [[1.0, 1.0], [0.0, 0.0]]
        x[0, 1] = 5
        assert y.tolist() == [1.0, 5.0]

    def test_a_view_under_another_shape(self, backend: str) -> None:
        x = tp.ones(2, 2)
        x.view(-1).zero_()
        assert x.tolist() == [[0.0, 0.0], [0.0, 0.0]]

    def test_a_mask(self, backend: str) -> None:
        x = numbers(2, 3)
        y = x[1]
        x[x > 2] = -1
        assert x.tolist() == [[0.0, 1.0, 2.0], [-1.0, -1.0, -1.0]]
        assert y.tolist() == [-1.0, -1.0, -1.0]
        x[tp.tensor([True, False])] = tp.tensor([7.0, 8.0, 9.0], dtype="float64")
        assert x[0].tolist() == [7.0, 8.0, 9.0]

    @pytest.mark.parametrize(
        "view",
        [
            lambda x: x[1:],
            lambda x: x[::2, None],
            lambda x: x[..., ::-1],
            lambda x: x[1, 2],
            lambda x: x.t(),
            lambda x: x.T[1:],
            lambda x: x.view(2, 8),
            lambda x: x.reshape((16,))[3:9],
            lambda x: x.view(2, 2, 4).permute(2, 0, 1)[1],
            lambda x: x.unsqueeze(1).squeeze(1),
            lambda x: x.flatten()[5:6].view(()),
            lambda x: x[1:][1:][:, 1:],
            lambda x: x.diagonal(),
            lambda x: x.detach()[0],
            lambda x: x.data[0],
        ],
    )
    def test_views_of_views(self, backend: str, view: Callable[[Any], Any]) -> None:
        x = numbers(4, 4)
        whole, part = x[:], x[2:, 1]
        before, v = x.tolist(), view(x)
        v.mul_(-1).sub_(1)
        changed = numpy.asarray(before)
        with tp.backend("numpy"):
            mirror = tp.from_numpy(changed)
            view(mirror).mul_(-1).sub_(1)
        assert x.tolist() == whole.tolist() == changed.tolist()
        assert part.tolist() == changed[2:, 1].tolist()
        assert v.tolist() == view(x).tolist()

    @pytest.mark.parametrize(
        "copy",
        [
            lambda x: x[[0, 1]],
            lambda x: x[x > 0],
            lambda x: x.clone(),
            lambda x: tp.tensor(x),
            lambda x: tp.asarray(x, copy=True),
            lambda x: x.to("float32"),
            lambda x: tp.flip(x),
            lambda x: tp.reshape(x, (6,), copy=True),
            lambda x: x.t().reshape((6,)),
            lambda x: tp.concat([x]),
            lambda x: x.to(x.device, copy=True),
            lambda x: x.astype(x.dtype),
            lambda x: x + 0,
        ],
    )
    def test_copies_share_nothing(self, backend: str, copy: Callable[[tp.Tensor], tp.Tensor]) -> None:
        x = numbers(2, 3)
        y = copy(x)
        before = y.tolist()
        x.zero_()
        assert y.tolist() == before
        y.fill_(9)
        assert x.tolist() == [[0.0] * 3] * 2

    @pytest.mark.parametrize("dtype", ["float64", "int64", "bool"])
    def test_no_function_returns_its_operands_memory(self, backend: str, dtype: str) -> None:
        for name, operation in OPERATIONS.items():
            single = operation.operands == ("x",) and operation.takes(operation.computing_dtype(as_dtype(dtype)))
            if not single or family_of(operation) not in ("elementwise", "reduction", "activation"):
                continue
            function = getattr(tp, name, None)
            x = tp.ones(3, dtype=dtype)
            options: dict[str, Any] = (
                {"axis": ()} if name in ("all", "any", "max", "mean", "min", "sum", "logsumexp") else {}
            )
            options = {"dim": 0} if name == "logcumsumexp" else options
            refused = {"bool": ("celu", "max", "min"), "int64": ("celu",)}
            if function is None or name in refused.get(dtype, ()):
                continue
            result = function(x, **options)
            before = result.tolist()
            x.zero_()
            assert result.tolist() == before, name

    def test_what_is_returned_unchanged_is_the_same_tensor(self, backend: str) -> None:
        x = numbers(2, 3)
        for same in (x.to(x.device), x.to(x.dtype), x.double(), x.contiguous(), tp.asarray(x), x.broadcast_to((2, 3))):
            assert same is x

    def test_detached_tensors(self, backend: str) -> None:
        x = leaf()
        y = x * 1.0
        part = y[1:]
        y.detach().mul_(10)
        assert y.tolist() == [10.0, 20.0, 30.0]
        assert part.tolist() == [20.0, 30.0]
        assert part.requires_grad

    def test_an_array_that_a_user_handed_in(self) -> None:
        jax = pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        array = jax.numpy.ones(4)
        x = tp.asarray(array)
        x += 1
        x[0] = 7
        assert array.tolist() == [1.0] * 4
        assert x.tolist() == [7.0, 2.0, 2.0, 2.0]

    def test_numpy_arrays_are_shared_both_ways(self) -> None:
        array = numpy.zeros(3)
        with tp.backend("numpy"):
            x = tp.from_numpy(array)
        x[0] = 1
        array[1] = 2
        x.numpy()[2] = 3
        assert x.tolist() == array.tolist() == [1.0, 2.0, 3.0]

    def test_writing_in_a_thread(self, backend: str) -> None:
        x = numbers(3)
        part = x[1:]
        thread = threading.Thread(target=lambda: x.add_(1))
        thread.start()
        thread.join()
        assert part.tolist() == [2.0, 3.0]


IN_PLACE = sorted(
    name
    for name, operation in OPERATIONS.items()
    if operation.elementwise
    and operation.takes(tp.float64)
    and operation.result == "same"
    and f"{name}_" in MEMBERS
    and not {"condition", "min", "mask"}.intersection(operation.operands)
)


class TestForms:
    """``add_``, ``+=``, ``out=`` and their like."""

    @pytest.mark.parametrize("name", IN_PLACE)
    @pytest.mark.parametrize("part", [lambda x: x, lambda x: x[1:], lambda x: x.t()], ids=["whole", "slice", "mT"])
    def test_in_place_is_what_it_is_out_of_place(self, backend: str, name: str, part: Callable[[Any], Any]) -> None:
        x = tp.tensor([[0.25, 0.5], [0.75, 0.125]], dtype="float64")
        others = [tp.tensor([0.5, 2.0], dtype="float64")] * (len(OPERATIONS[name].operands) - 1)
        target = part(x)
        wanted = getattr(tp, name)(target, *others)
        assert getattr(target, f"{name}_")(*others) is target
        numpy.testing.assert_array_equal(numpy.asarray(target), numpy.asarray(wanted))
        numpy.testing.assert_array_equal(numpy.asarray(part(x)), numpy.asarray(wanted))

    @pytest.mark.parametrize("name", IN_PLACE)
    def test_out(self, backend: str, name: str) -> None:
        operands = [tp.tensor([0.25, 0.5], dtype="float64")] * len(OPERATIONS[name].operands)
        base = tp.zeros((2, 2), dtype="float64")
        out = base[1]
        assert getattr(tp, name)(*operands, out=out) is out
        wanted = getattr(tp, name)(*operands).tolist()
        numpy.testing.assert_array_equal(base.tolist(), [[0.0, 0.0], wanted])

    def test_operators(self, backend: str) -> None:
        x = tp.tensor([8.0, 12.0])
        same, part = x, x[1:]
        x += 2
        x -= 1
        x *= tp.tensor([2.0, 1.0])
        x /= 2
        x **= 2
        assert x is same
        assert x.tolist() == [81.0, 42.25]
        assert part.tolist() == [42.25]
        mask = tp.tensor([True, False])
        mask &= tp.tensor([True, True])
        mask |= tp.tensor([False, True])
        mask ^= tp.tensor([True, False])
        assert mask.tolist() == [False, True]

    def test_aliases(self, backend: str) -> None:
        assert tp.tensor([8.0]).mul_(2).div_(4).sub_(1).neg_().tolist() == [-3.0]

    def test_out_of_reductions(self, backend: str) -> None:
        x, out = numbers(2, 3), tp.zeros(3, dtype="float64")
        assert tp.sum(x, axis=0, out=out) is out
        assert out.tolist() == [3.0, 5.0, 7.0]

    def test_the_target_may_be_an_operand(self, backend: str) -> None:
        x = tp.tensor([1.0, 2.0, 3.0])
        tp.add(x, x, out=x)
        x.mul_(x)
        assert x.tolist() == [4.0, 16.0, 36.0]
        x.sub_(tp.flip(x))
        assert x.tolist() == [-32.0, 0.0, 32.0]

    def test_dtypes_of_a_lower_kind_are_converted(self, backend: str) -> None:
        x = tp.tensor([1.0, 2.0])
        x += tp.tensor([1, 1])
        x *= True
        x += tp.tensor([0.5, 0.5], dtype="float64")
        assert x.dtype is tp.float32
        assert x.tolist() == [2.5, 3.5]

    @pytest.mark.parametrize(
        ("write", "error"),
        [
            (lambda x: x.add_(1.5), TypeError),
            (lambda x: x.add_(tp.ones(2)), TypeError),
            (lambda x: x.div_(2), TypeError),
            (lambda x: x.exp_(), TypeError),
            (lambda x: x.__setitem__(0, 1.5), TypeError),
            (lambda x: x.__setitem__(0, 1j), TypeError),
            (lambda x: tp.exp(tp.ones(2), out=x), TypeError),
            (lambda x: x.add_(tp.ones((2, 2), dtype="int64")), ValueError),
            (lambda x: x.copy_(tp.ones(3)), ValueError),
            (lambda x: tp.add(tp.tensor([1]), tp.tensor([1]), out=x), ValueError),
            (lambda x: x.__setitem__(slice(None), tp.ones(3, dtype="int64")), ValueError),
            (lambda x: x.fill_(tp.ones(1, dtype="int64")), ValueError),
        ],
    )
    def test_what_does_not_fit_changes_nothing(
        self, backend: str, write: Callable[[tp.Tensor], Any], error: type[Exception]
    ) -> None:
        x = tp.tensor([1, 2])
        part = x[1:]
        with pytest.raises(error):
            write(x)
        assert (x.tolist(), part.tolist()) == ([1, 2], [2])

    def test_fill_and_zero(self, backend: str) -> None:
        assert tp.ones(2, dtype="int64").fill_(7).tolist() == [7, 7]
        assert tp.ones(2, dtype="bool").zero_().tolist() == [False, False]
        assert tp.ones(2).fill_(tp.tensor(3)).tolist() == [3.0, 3.0]
        assert tp.ones(2, dtype="complex64").fill_(1j).tolist() == [1j, 1j]
        assert tp.ones(()).fill_(2).item() == 2.0
        assert tp.ones(0).zero_().tolist() == []
        with pytest.raises(TypeError):
            tp.ones(2).fill_(1j)

    def test_copy(self, backend: str) -> None:
        x = tp.zeros(2, 3)
        x[1].copy_(tp.tensor([1, 2, 3]))
        x[:, :1].copy_(5.0)
        assert x.tolist() == [[5.0, 0.0, 0.0], [5.0, 2.0, 3.0]]

    def test_copy_from_another_backend(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x, y = tp.zeros(2, device="numpy"), tp.ones(2, device="jax")
        assert x.copy_(y).tolist() == [1.0, 1.0]
        y[0] = tp.tensor(4.0, device="numpy")
        assert y.tolist() == [4.0, 1.0]
        assert (x.backend, y.backend) == ("numpy", "jax")

    def test_out_takes_no_part_in_gradients(self, backend: str) -> None:
        x, out = leaf(), tp.zeros(3, dtype="float64")
        with pytest.raises(RuntimeError, match=r"add: functions with out=.* don't support automatic differentiation"):
            tp.add(x, 1, out=out)
        with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
            tp.add(out, 1, out=x)
        assert out.tolist() == [0.0, 0.0, 0.0]
        with tp.no_grad():
            tp.add(x, 1, out=out)
        assert out.tolist() == [2.0, 3.0, 4.0]


class TestSetItem:
    @pytest.mark.parametrize(
        ("index", "value"),
        [
            (0, 9.0),
            ((1, 2), -1),
            ((slice(None), 1), [7.0, 8.0]),
            ((..., -1), 0.0),
            ((None, 0), [[1.0, 2.0, 3.0]]),
            (slice(None, None, -1), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
            (slice(5, 9), 1.0),
            ([1, 0], [[1.0], [2.0]]),
            (([0, 1], [2, 0]), [5.0, 6.0]),
            ((slice(None), [0, 2]), 4.0),
            (0, [[1.0, 2.0, 3.0]]),
            ([], 3.0),
            ((), 2.0),
        ],
    )
    def test_as_numpy_writes_it(self, backend: str, index: Any, value: Any) -> None:
        mirror = numpy.arange(6.0).reshape(2, 3)
        mirror[index if index != [] else numpy.asarray([], dtype="int64")] = numpy.asarray(value)
        x = numbers(2, 3)
        x[index] = tp.tensor(value, dtype="float64") if isinstance(value, list) else value
        assert x.tolist() == mirror.tolist()

    def test_masks(self, backend: str) -> None:
        mask = numpy.asarray([[True, False, True], [False, False, True]])
        for value in (1.5, [7.0, 8.0, 9.0]):
            mirror, x = numpy.arange(6.0).reshape(2, 3), numbers(2, 3)
            mirror[mask] = value
            x[tp.tensor(mask)] = value if isinstance(value, float) else tp.tensor(value, dtype="float64")
            assert x.tolist() == mirror.tolist()
        x = numbers(2, 3)
        x[tp.tensor([False, True]), 1:] = 0.0
        assert x.tolist() == [[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]]
        x[tp.zeros((2, 3), dtype="bool")] = 5.0
        assert x.tolist() == [[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]]

    def test_without_axes(self, backend: str) -> None:
        x = tp.tensor(1.0)
        x[...] = 2
        x[()] = x * 3
        assert x.item() == 6.0

    def test_overlapping_sides_are_copied_first(self, backend: str) -> None:
        x = numbers(5)
        x[1:] = x[:-1]
        assert x.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
        x[:-1] = x[1:]
        assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 3.0]
        x[:] = x.flip(0)[:]
        x[1:].add_(x[:-1])
        assert x.tolist() == [3.0, 6.0, 5.0, 3.0, 1.0]
        x[1:].copy_(x[:-1])
        assert x.tolist() == [3.0, 3.0, 6.0, 5.0, 3.0]
        y = numbers(3, 3)
        y.copy_(y.t())
        assert y.tolist() == [[0.0, 3.0, 6.0], [1.0, 4.0, 7.0], [2.0, 5.0, 8.0]]

    def test_a_write_is_one_version(self, backend: str) -> None:
        """``x[i] += 1`` ends with a write of the very view that was just written."""
        x = numbers(4)
        part = x[1:3]
        version = x._storage.version
        x[1:3] += 1
        assert x._storage.version == version + 1
        assert part.tolist() == [2.0, 3.0]

    def test_and_one_node(self, backend: str) -> None:
        x = leaf()
        y = x * 1.0
        y[1:] += 1
        assert y.grad_fn.name == "put_view"
        assert [edge.name for edge in y.grad_fn.edges] == ["multiply", "add"]
        (y * y).sum().backward()
        assert x.grad.tolist() == [2.0, 6.0, 8.0]

    def test_another_view_is_written_all_the_same(self, backend: str) -> None:
        x = numbers(4)
        x[:2] = x[2:]
        x[2:] = x[1:3]
        assert x.tolist() == [2.0, 3.0, 3.0, 2.0]


class TestRefusals:
    def test_leaves(self, backend: str) -> None:
        x = leaf()
        writes: list[Callable[[], Any]] = [
            lambda: x.add_(1),
            lambda: x.zero_(),
            lambda: x.__setitem__(0, 1.0),
            lambda: x.copy_(tp.ones(3)),
            lambda: x.__setitem__(x > 1, 0.0),
        ]
        for write in writes:
            with pytest.raises(RuntimeError, match="a leaf Tensor that requires grad is being used in an in-place op"):
                write()
        assert x.tolist() == [1.0, 2.0, 3.0]

    def test_views_of_leaves(self, backend: str) -> None:
        x = leaf()
        for write in (lambda: x[1:].mul_(2), lambda: x.view(3, 1).__setitem__(0, 1.0), lambda: x[0].zero_()):
            with pytest.raises(RuntimeError, match="a view of a leaf Tensor that requires grad"):
                write()
        assert x.tolist() == [1.0, 2.0, 3.0]

    def test_leaves_may_be_written_where_nothing_is_recorded(self, backend: str) -> None:
        x = leaf()
        with tp.no_grad():
            x -= 1
            x[0] = 5
            x[1:].mul_(2)
        assert x.tolist() == [5.0, 2.0, 4.0]
        assert x.is_leaf
        assert x.requires_grad
        (x * x).sum().backward()
        assert x.grad.tolist() == [10.0, 4.0, 8.0]

    def test_a_base_that_became_a_leaf_after_its_view(self, backend: str) -> None:
        base = tp.ones(3)
        part = base[:2]
        base.requires_grad_()
        with pytest.raises(RuntimeError, match="leaf"):
            part.add_(1)
        assert base.tolist() == [1.0, 1.0, 1.0]

    def test_a_view_made_where_nothing_was_recorded(self, backend: str) -> None:
        x = leaf() * 1.0
        with tp.no_grad():
            part = x[1:]
        with pytest.raises(RuntimeError, match="a view was created in no_grad mode and is being modified inplace"):
            part.mul_(2)
        assert x.tolist() == [1.0, 2.0, 3.0]
        with tp.no_grad():
            part.mul_(2)
        assert x.tolist() == [1.0, 4.0, 6.0]

    def test_elements_that_share_memory(self, backend: str) -> None:
        x = tp.ones(3)
        for view in (x.expand(2, 3), x.expand(2, 3)[:, 1:], x.expand(2, 3).t()):
            with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
                view.add_(1)
        x.expand(2, 3)[0].add_(1)
        x.expand(1, 3).add_(1)
        assert x.tolist() == [3.0, 3.0, 3.0]

    @pytest.mark.parametrize(
        "view",
        [
            lambda x: x.t().view(-1),
            lambda x: x[:, 1:].view(-1),
            lambda x: x.expand(2, 2, 3).view(-1),
            lambda x: x[:, ::2].view(4),
        ],
    )
    def test_views_across_strides(self, backend: str, view: Callable[[tp.Tensor], tp.Tensor]) -> None:
        with pytest.raises(RuntimeError, match=r"view: shape .* is not compatible with the strides"):
            view(numbers(2, 3))

    def test_views_that_strides_allow(self, backend: str) -> None:
        x = numbers(2, 3)
        assert x[1:].view(3).shape == (3,)
        assert x.t().view(3, 1, 2).shape == (3, 1, 2)
        assert x[:, ::2].view(2, 2, 1).shape == (2, 2, 1)
        assert x[:, 1:2].view(2).tolist() == [1.0, 4.0]

    def test_results_have_their_elements_in_order(self, backend: str) -> None:
        """Whatever the order of the operand's; in PyTorch it would be kept, and the view refused."""
        assert (numbers(2, 3).t() * 2).view(-1).tolist() == [0.0, 6.0, 2.0, 8.0, 4.0, 10.0]


class TestGradients:
    """Gradients through writes, first and second, against the same without writes."""

    @pytest.mark.parametrize(
        ("written", "plain"),
        [
            (lambda y, w: y.mul_(w), lambda x, w: x * w),
            (lambda y, w: y.mul_(w).add_(1).mul_(y), lambda x, w: (x * w + 1) ** 2),
            (lambda y, w: y.mul_(w).exp_(), lambda x, w: tp.exp(x * w)),
            (lambda y, w: y.copy_(w).mul_(w), lambda x, w: w * w + x * 0),
            (lambda y, w: y.tanh_(), lambda x, w: tp.tanh(x)),
            (lambda y, w: y.pow_(3), lambda x, w: x**3),
            (lambda y, w: y.div_(w), lambda x, w: x / w),
            (lambda y, w: y.zero_().add_(w), lambda x, w: w + x * 0),
            (lambda y, w: y.sub_(y), lambda x, w: x * 0),
        ],
    )
    @pytest.mark.parametrize("part", [slice(None), slice(1, None), slice(None, None, 2)], ids=["whole", "tail", "step"])
    def test_in_place_forms(self, backend: str, written: Any, plain: Any, part: slice) -> None:
        results = []
        for in_place in (True, False):
            x, w = leaf([0.5, 1.5, -1.0]), leaf([2.0, -1.0, 0.5])
            y = x * x
            if in_place and part == slice(None):
                written(y, w)
            elif in_place:
                written(y[part], w[part])
            else:
                rest = [y[i] for i in range(3)]
                changed = plain(y[part], w[part])
                for i, j in enumerate(range(3)[part]):
                    rest[j] = changed[i]
                y = tp.stack(rest)
            first = tp.autograd.grad((y * y).sum(), [x, w], create_graph=True, allow_unused=True)
            total = sum((g * g).sum() for g in first if g is not None)
            second = tp.autograd.grad(total, [x, w], allow_unused=True)
            zeros = tp.zeros(3, dtype="float64")
            results.append([y.tolist(), *((zeros if g is None else g).tolist() for g in (*first, *second))])
        # Both are the same formulas, added up in another order.
        numpy.testing.assert_allclose(results[0], results[1], rtol=1e-13, atol=1e-13)

    def test_a_base_without_a_gradient(self, backend: str) -> None:
        b, w = tp.ones(3, dtype="float64"), leaf([5.0, 6.0])
        v, u = b[:2], b[1:]
        v.mul_(w)
        assert b.requires_grad
        assert u.requires_grad
        (u * u).sum().backward()
        assert w.grad.tolist() == [0.0, 12.0]

    def test_a_view_read_after_its_base_was_written(self, backend: str) -> None:
        x = leaf()
        y = x * 2
        part = y[1:]
        y.mul_(x)
        part.sum().backward()
        assert x.grad.tolist() == [0.0, 8.0, 12.0]

    def test_writes_at_an_index(self, backend: str) -> None:
        x, v = leaf(), leaf([10.0])
        y = x * x
        y[1] = v[0] * 2
        y[tp.tensor([0])] = v
        (y * y).sum().backward()
        assert x.grad.tolist() == [0.0, 0.0, 2 * 9.0 * 6.0]
        assert v.grad.tolist() == [2 * 20.0 * 2 + 2 * 10.0]

    def test_a_write_into_what_needs_no_gradient(self, backend: str) -> None:
        x = leaf()
        y = tp.zeros((2, 3), dtype="float64")
        y[0] = x
        y[1] = x * 2
        y[1, 0] = 5.0
        assert y.requires_grad
        y.sum().backward()
        assert x.grad.tolist() == [1.0, 3.0, 3.0]

    def test_a_write_of_a_constant_cuts_the_history(self, backend: str) -> None:
        x = leaf()
        y = x * x
        y.zero_()
        (y + x).sum().backward()
        assert x.grad.tolist() == [1.0, 1.0, 1.0]

    def test_a_write_where_nothing_is_recorded_keeps_the_history(self, backend: str) -> None:
        x = leaf()
        y = x + 1
        part = y[1:]
        with tp.no_grad():
            y.mul_(10)
        assert part.tolist() == [30.0, 40.0]
        part.sum().backward()
        assert x.grad.tolist() == [0.0, 1.0, 1.0]

    def test_freed_like_any_other_graph(self, backend: str) -> None:
        x, w = leaf(), leaf([5.0, 6.0])
        y = x * 1.0
        y[1:].mul_(w)
        total = y.sum()
        total.backward()
        with pytest.raises(RuntimeError, match="retain_graph"):
            total.backward()
        assert x.grad.tolist() == [1.0, 5.0, 6.0]

    def test_repeated_writes(self, backend: str) -> None:
        x = leaf(1.5)
        y = tp.zeros(20, dtype="float64")
        y[0] = x
        for i in range(1, 20):
            y[i] = y[i - 1].clone() * x
        y[19].backward()
        # Twenty products, each within half an ulp.
        assert x.grad.item() == pytest.approx(20 * 1.5**19, rel=20 * numpy.finfo("float64").eps)


class TestVersions:
    """A saved value that was written since is noticed, not used."""

    MESSAGE = "modified by an inplace operation"

    def check(self, out: tp.Tensor, *leaves: tp.Tensor) -> None:
        with pytest.raises(RuntimeError, match=self.MESSAGE):
            out.sum().backward()
        assert all(one.grad is None for one in leaves)

    def test_a_saved_result(self, backend: str) -> None:
        x = leaf()
        y = tp.exp(x)
        y.add_(1)
        self.check(y, x)

    def test_a_saved_operand(self, backend: str) -> None:
        x, w = leaf(), leaf()
        y = w * 1.0
        z = x * y
        y.add_(1)
        self.check(z, x, w)

    def test_what_is_not_needed_may_be_written(self, backend: str) -> None:
        x, constant = leaf(), tp.ones(3, dtype="float64")
        y = x * 1.0
        z = y * constant
        y.mul_(2).add_(1)
        z.sum().backward()
        assert x.grad.tolist() == [1.0, 1.0, 1.0]

    def test_in_place_rules_keep_what_they_need(self, backend: str) -> None:
        for part in (lambda y: y, lambda y: y[:]):
            x, w = leaf(), leaf([2.0, 3.0, 4.0])
            y = x * 1.0
            v = part(y)
            v.mul_(w)
            v.add_(1)
            y.sum().backward()
            assert x.grad.tolist() == [2.0, 3.0, 4.0]
            assert w.grad.tolist() == [1.0, 2.0, 3.0]

    def test_an_in_place_result_that_is_written_again(self, backend: str) -> None:
        for part in (lambda y: y, lambda y: y[1:]):
            x = leaf()
            y = x * 1.0
            v = part(y)
            v.exp_()
            v.add_(1)
            self.check(y, x)

    def test_the_version_is_the_storages(self, backend: str) -> None:
        """A write beside the saved slice counts, as in PyTorch."""
        x = leaf([1.0, 2.0, 3.0, 4.0])
        y = x * 1.0
        z = y[:2] * y[:2]
        y[2:].zero_()
        self.check(z, x)

    def test_a_write_through_a_detached_tensor(self, backend: str) -> None:
        x = leaf()
        y = tp.exp(x)
        y.detach().zero_()
        self.check(y, x)

    def test_a_write_where_nothing_is_recorded(self, backend: str) -> None:
        x = leaf()
        y = tp.exp(x)
        with tp.no_grad():
            y[0] = 0.0
        self.check(y, x)

    def test_a_leaf_that_was_saved(self, backend: str) -> None:
        x = leaf()
        y = x * x
        with tp.no_grad():
            x.sub_(1)
        self.check(y, x)

    def test_a_mask_that_was_saved(self, backend: str) -> None:
        x = leaf()
        mask = tp.tensor([True, False, True])
        y = tp.where(mask, x, 0.0)
        mask[0] = False
        self.check(y, x)

    def test_an_index_that_is_written_later_does_not_matter(self, backend: str) -> None:
        x = leaf()
        index, mask = tp.tensor([0, 0]), tp.tensor([True, False, True])
        y, z = x[index], x[mask]
        index.fill_(2)
        mask.zero_()
        (y.sum() + z.sum() * 10).backward()
        assert x.grad.tolist() == [12.0, 0.0, 10.0]

    def test_before_it_is_used_a_value_may_be_written(self, backend: str) -> None:
        x = leaf()
        y = x * 1.0
        y.add_(1)
        (y * y).sum().backward()
        assert x.grad.tolist() == [4.0, 6.0, 8.0]

    def test_the_message(self, backend: str) -> None:
        x = leaf()
        z = tp.tanh(x)
        z.mul_(2)
        message = r"tanh: .*its result, of shape \(3,\), is at version 1; expected version 0 .* Write to a copy"
        with pytest.raises(RuntimeError, match=message):
            z.sum().backward()


@pytest.mark.parametrize(("dtype", "step"), [("float32", 4), ("float64", 8), ("int32", 4), ("int64", 8)])
def test_negative_of_every_nth_element(dtype: str, step: int, backend: str) -> None:
    x = tp.arange(6 * step, dtype=getattr(tp, dtype))
    x[::step].neg_()
    expected = [-i if i % step == 0 else i for i in range(6 * step)]
    assert x.tolist() == expected


class TestMemory:
    def test_views_and_writes_leave_nothing_behind(self, backend: str, no_collector: None) -> None:
        def work() -> None:
            x = leaf([[1.0, 2.0], [3.0, 4.0]])
            y = x * 2
            for i in range(20):
                y[i % 2] += 1
                y.t()[1:].mul_(0.5)
                part = y.view(-1)[1:3]
                part.copy_(part * 2)
            (y * y).sum().backward()
            with contextlib.suppress(RuntimeError):
                y.expand(3, 2, 2).add_(1)

        work()
        gc.collect()  # of what compiling leaves
        before = count()
        work()
        assert count() == before
        assert gc.collect() == 0


def count() -> int:
    return sum(isinstance(one, tp.Tensor | Node | Leaf | View) for one in gc.get_objects())
