"""What keeps what alive, who sees whose writes, and that a write that fails changes nothing."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

import tensorplug as tp
from tensorplug.autograd.node import Leaf, Node

pytestmark = pytest.mark.usefixtures("no_collector")


def leaf(*shape: int) -> tp.Tensor:
    return tp.ones(shape, dtype=tp.float64, requires_grad=True)


def graph_of(x: tp.Tensor) -> list[Node]:
    """All nodes from which a tensor was made."""
    found: dict[int, Any] = {}
    pending = [x.grad_fn]
    while pending:
        node = pending.pop()
        if isinstance(node, Node) and id(node) not in found:
            found[id(node)] = node
            pending += node.edges
    return list(found.values())


class TestViews:
    VIEWS: tuple[Callable[[tp.Tensor], tp.Tensor], ...] = (
        lambda x: x[1:],
        lambda x: x.view(-1),
        lambda x: x.t(),
        lambda x: x.expand(2, 3, 3),
        lambda x: x.diagonal(),
        lambda x: x.unfold(0, 2, 1),
        lambda x: x.split(2)[0],
    )

    @pytest.mark.parametrize("view", VIEWS)
    def test_a_view_keeps_its_base_alive(self, backend: str, view: Callable[[tp.Tensor], tp.Tensor]) -> None:
        base = tp.zeros(3, 3)
        seen, base_alive = view(base), weakref.ref(base)
        del base
        assert base_alive() is not None
        del seen
        assert base_alive() is None

    @pytest.mark.parametrize("view", VIEWS)
    def test_a_base_keeps_no_view_alive(self, backend: str, view: Callable[[tp.Tensor], tp.Tensor]) -> None:
        base = tp.zeros(3, 3)
        seen = view(base)
        base += 1
        alive = weakref.ref(seen)
        del seen
        assert alive() is None

    def test_a_view_of_a_view_keeps_the_base_only(self, backend: str) -> None:
        base = leaf(3, 3) * 1
        between = base[1:]
        seen = between[0]
        seen.add_(1)
        alive = weakref.ref(between)
        del between
        assert alive() is None
        assert seen.tolist() == [2.0, 2.0, 2.0]
        assert base.sum().item() == 12.0

    def test_a_written_view_keeps_no_operand_alive(self, backend: str) -> None:
        base = tp.zeros(3, 3)
        seen, value = base[1], tp.ones(3)
        seen.copy_(value)
        seen.add_(value)
        base[2] = value
        alive = weakref.ref(value)
        del value
        assert alive() is None

    def test_a_gradient_keeps_neither_its_leaf_nor_the_graph(self, backend: str) -> None:
        x = leaf(3)
        y = x * 2
        y[1:].mul_(y[:2])
        (y * y).sum().backward(create_graph=True)
        gradient, alive = x.grad, weakref.ref(x)
        assert gradient is not None
        x.grad = None
        del x, y
        assert alive() is None
        node = weakref.ref(gradient.grad_fn)
        del gradient
        assert node() is None


class TestDetach:
    @pytest.mark.parametrize("detach", [tp.Tensor.detach, lambda x: x.data])
    def test_the_graph_is_not_kept(self, backend: str, detach: Callable[[tp.Tensor], tp.Tensor]) -> None:
        y = leaf(3).exp()
        y = y * y
        node, alive = weakref.ref(y.grad_fn), weakref.ref(y)
        detached = detach(y)
        del y
        assert node() is None
        assert alive() is None
        assert detached.shape == (3,)

    def test_nor_by_a_detached_view(self, backend: str) -> None:
        y = leaf(3) * 2
        y[1:].mul_(3.0)
        seen = y[:2]
        detached = seen.detach()[1:]
        detached += 1
        node, alive = weakref.ref(y.grad_fn), weakref.ref(y)
        assert y.tolist() == [2.0, 7.0, 6.0]
        del y, seen
        assert node() is None
        assert alive() is None
        assert detached.tolist() == [7.0]

    def test_losses_in_a_list(self, backend: str) -> None:
        x = leaf(3)
        losses, nodes = [], []
        for _ in range(10):
            loss = (x * x).sum()
            nodes.append(weakref.ref(loss.grad_fn))
            losses.append(loss.detach())
        del loss
        assert not any(node() for node in nodes)

    def test_on_mutable_backends_the_memory_is_one(self) -> None:
        with tp.backend("numpy"):
            y = tp.zeros(1000)
            alive = weakref.ref(y._array)
            detached = y.detach()
            del y
            assert alive() is detached._array
            del detached
            assert alive() is None


def left_to_the_collector(work: Callable[[], object]) -> int:
    """How many objects counting references does not free, compiling set aside."""
    work()
    gc.collect()
    work()
    return gc.collect()


class TestFreeing:
    def test_views_and_writes(self, backend: str) -> None:
        def work() -> None:
            x = leaf(4, 4)
            for _ in range(50):
                y = x * 2
                for i in range(4):
                    y[i] += 1
                    y[:, i].mul_(y.diagonal())
                    y.t()[1:].copy_(y[1:] * 0.5)
                    y[y > 1e3] = 1.0
                y.detach().view(2, 8)[1].zero_()
                (y + y.sum()).sum().backward()
                with contextlib.suppress(RuntimeError):
                    y.expand(2, 4, 4).add_(1)
                with contextlib.suppress(RuntimeError):
                    x.add_(1)

        assert left_to_the_collector(work) == 0

    def test_gradients_of_gradients(self, backend: str) -> None:
        def work() -> None:
            for _ in range(10):
                x = leaf(4)
                y = x * x
                y[1:].exp_()
                z = y.clone()
                z[:2].mul_(y[2:].sin())
                z.sum().backward(create_graph=True)
                (again,) = tp.autograd.grad((x.grad * x.grad).sum(), x, create_graph=True)
                again.sum().backward()

        assert left_to_the_collector(work) == 0

    def test_a_long_graph(self) -> None:
        def work() -> None:
            x = leaf(1)
            y = x
            for _ in range(100_000):
                y = y + 1.0
            y.view(1).mul_(2.0)
            node = weakref.ref(x._node)
            del x, y
            assert node() is None

        with tp.backend("numpy"):
            assert left_to_the_collector(work) == 0

    def test_a_long_graph_of_writes(self, backend: str) -> None:
        def work() -> None:
            x = leaf(4)
            y = x * 1
            for i in range(1_000):
                y[i % 4] += 1.0
            nodes = [weakref.ref(node) for node in graph_of(y)]
            assert len(nodes) > 2_000
            del y
            assert not any(node() for node in nodes)

        assert left_to_the_collector(work) == 0

    def test_backward_frees_what_writes_saved(self, backend: str) -> None:
        x, w = leaf(4), leaf(2)
        y = x * 1
        y[:2].mul_(w)
        y[1:].mul_(w[0])
        y[y > 100.0] = w[0]
        y.exp_()
        loss = y.sum()
        nodes = graph_of(loss)
        assert {node.name for node in nodes} >= {"put_view", "multiply", "exp", "put"}
        loss.backward()
        assert all(node.saved is None and node.edges == () for node in nodes)

    def test_old_data_is_freed_by_a_write(self, backend: str) -> None:
        y = tp.zeros(4)
        y[0] = 1.0
        y[1] = 2.0
        held = None if y._key.writable else weakref.ref(y._storage.root)
        y[2] = 3.0
        y += 1
        assert held is None or held() is None
        assert y.tolist() == [2.0, 3.0, 4.0, 1.0]


def put(target: tp.Tensor, value: tp.Tensor) -> tp.Tensor:
    target[...] = value
    return target


def seeded(seed: tp.Tensor) -> tp.Tensor:
    """A gradient that is what the backward pass began with."""
    x = leaf(3, 3)
    (x + 1.0).backward(seed)
    assert x.grad is not None
    return x.grad


HOLDERS: dict[str, Callable[[tp.Tensor], Any]] = {
    "clone": lambda x: x.clone(),
    "result": lambda x: x * 1,
    "converted": lambda x: x.to(tp.float32),
    "copied by reshape": lambda x: x.t().reshape(-1),
    "masked": lambda x: x[x == x],
    "gathered": lambda x: x[[0, 1, 2]],
    "numpy": lambda x: numpy.array(x.numpy()),
    "asarray with a copy": lambda x: tp.asarray(x, copy=True),
    "copied into another": lambda x: tp.zeros(3, 3, dtype=tp.float64).copy_(x),
    "written into another": lambda x: put(tp.zeros(3, 3, dtype=tp.float64), x),
    "conjugated": lambda x: tp.conj(x),
    "flattened": lambda x: tp.reshape(x, (9,), copy=True),
    "joined": lambda x: tp.concat([x]),
    "a gradient": lambda x: seeded(x),
    "transferred": lambda x: x.to("numpy:cpu") if x.backend != "numpy" else x.clone(),
}
"""What is made from a tensor and shares no memory with it."""


def write_often(x: tp.Tensor) -> None:
    """Writes of every form, several of each, since the first may be the one that copies."""
    for i in range(3):
        x[i] = 50.0 + i
        x[i, 1:] += 7.0
        x.view(-1)[4 - i :].mul_(2.0)
        x.t()[i].copy_(x[i])
        x[x > 60.0] = -3.0
        x += 1.0
        x.sin_()
    x[0] = 0.25


class TestOthersKeepTheirValues:
    """A write takes over the memory of what it replaces only where nobody else holds it."""

    @pytest.mark.parametrize("name", HOLDERS)
    @pytest.mark.parametrize("rounds", [0, 1])
    def test_copies(self, backend: str, name: str, rounds: int) -> None:
        x = tp.arange(9.0, dtype=tp.float64).reshape(3, 3).clone()
        for _ in range(rounds):
            write_often(x)
        held = HOLDERS[name](x)
        before = held.tolist()
        write_often(x)
        assert held.tolist() == before

    @pytest.mark.parametrize("rounds", [0, 1])
    def test_saved_values(self, backend: str, rounds: int) -> None:
        """They are not looked at after a write, but a graph that was made before another storage's write is walked."""
        x = tp.arange(9.0, dtype=tp.float64).reshape(3, 3).clone()
        w = leaf(3, 3)
        for _ in range(rounds):
            write_often(x)
        copied = x.clone()
        product, safe = (w * x).sum(), (w * copied).sum()
        before = copied.tolist()
        write_often(x)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            product.backward()
        safe.backward()
        assert w.grad is not None
        assert w.grad.tolist() == before

    def test_what_an_in_place_rule_saved(self, backend: str) -> None:
        x = leaf(3, 3)
        y = x * 2.0
        part = y[0]
        part.mul_(part)  # saves what it overwrites
        y[1].mul_(y[0].detach().clone())
        y[2] = 0.0
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [[8.0] * 3, [8.0] * 3, [0.0] * 3]

    def test_detached_tensors_see_the_writes(self, backend: str) -> None:
        x = tp.zeros(3, 3, dtype=tp.float64)
        early = x.detach()
        for _ in range(2):
            write_often(x)
            late = x.detach()
            late[0] = 9.0
            assert x.tolist() == early.tolist() == late.tolist()
            assert x[0].tolist() == [9.0] * 3

    def test_views_see_the_writes(self, backend: str) -> None:
        x = tp.zeros(3, 3, dtype=tp.float64)
        views = [x[0], x.t(), x.view(9), x[1:, :2], x.diagonal(), x.unfold(1, 2, 1), x.expand(2, 3, 3)]
        for _ in range(2):
            write_often(x)
            copied = x.clone()
            again = [
                copied[0], copied.t(), copied.view(9), copied[1:, :2], copied.diagonal(), copied.unfold(1, 2, 1),
                copied.expand(2, 3, 3),
            ]  # fmt: skip
            assert [view.tolist() for view in views] == [view.tolist() for view in again]

    def test_gradients(self, backend: str) -> None:
        x = leaf(3, 3)
        seed = tp.ones(3, 3, dtype=tp.float64)
        y = x * 1
        y.backward(seed, retain_graph=True)
        first = x.grad
        assert first is not None
        held = first.clone()
        seed[0] = 5.0
        seed[1] = 6.0
        assert first.tolist() == held.tolist()
        first[0] = 7.0
        first[1] = 8.0
        assert seed.tolist() == [[5.0] * 3, [6.0] * 3, [1.0] * 3]
        x.grad = None
        y.backward(seed)
        assert first.tolist() == [[7.0] * 3, [8.0] * 3, [1.0] * 3]


class TestArraysOfOthers:
    """Arrays of JAX cannot be written, so whoever holds one may rely on it, whatever is done with tensors of it."""

    @pytest.fixture(autouse=True)
    def on_jax(self) -> Iterator[None]:
        pytest.importorskip("jax", reason="jax is an extra, which may not be installed")
        with tp.backend("jax"):
            yield

    def array(self) -> Any:
        import jax.numpy

        return jax.numpy.arange(9.0).reshape(3, 3) + 0

    def test_handed_in(self) -> None:
        array = self.array()
        x = tp.asarray(array)
        other = tp.asarray(array)
        write_often(x)
        write_often(x)
        assert array.tolist() == other.tolist() == numpy.arange(9.0).reshape(3, 3).tolist()

    def test_handed_in_under_another_name(self) -> None:
        import jax

        array = self.array()
        alias = jax.device_put(array, array.device)
        x = tp.asarray(array)
        del array
        write_often(x)
        write_often(x)
        assert alias.tolist() == numpy.arange(9.0).reshape(3, 3).tolist()

    def test_handed_in_as_a_value(self) -> None:
        array = self.array()
        x = tp.zeros(3, 3)
        x.copy_(tp.asarray(array))
        write_often(x)
        x[...] = tp.asarray(array)
        write_often(x)
        assert array.tolist() == numpy.arange(9.0).reshape(3, 3).tolist()

    @pytest.mark.parametrize(
        "export",
        [
            lambda x: numpy.asarray(x),
            lambda x: numpy.asarray(x, copy=False),
            lambda x: x.numpy(),
            lambda x: numpy.from_dlpack(x),
            lambda x: __import__("jax").dlpack.from_dlpack(x),
        ],
    )
    def test_handed_out(self, export: Callable[[tp.Tensor], Any]) -> None:
        x = tp.asarray(self.array())
        write_often(x)
        exported, wanted = export(x), x.tolist()
        write_often(x)
        write_often(x)
        assert exported.tolist() == wanted


def state(x: tp.Tensor) -> tuple[Any, ...]:
    """All that a write would change."""
    storage = x._storage
    return x.tolist(), x.grad_fn, x.requires_grad, x.is_leaf, 0 if storage is None else storage.version


FAILURES: dict[str, Callable[[tp.Tensor, tp.Tensor], Any]] = {
    "shape": lambda x, v: x.add_(tp.ones(5)),
    "shape that the target would have to grow to": lambda x, v: x[0].add_(tp.ones(2, 3)),
    "shape, of a view": lambda x, v: v.mul_(tp.ones(5)),
    "shape, copied": lambda x, v: x.copy_(tp.ones(2, 2)),
    "shape, copied into a view": lambda x, v: v.copy_(tp.ones(2, 2)),
    "shape, at an index": lambda x, v: x.__setitem__(0, tp.ones(2)),
    "shape, at an index of a view": lambda x, v: v.__setitem__((slice(None), 0), tp.ones(7)),
    "shape, at a mask": lambda x, v: x.__setitem__(x > -1e9, tp.ones(2)),
    "shape, at rows": lambda x, v: x.__setitem__([0, 1], tp.ones(2)),
    "out of range": lambda x, v: x.__setitem__(3, 1.0),
    "out of range, by an array": lambda x, v: x.__setitem__([0, 7], 1.0),
    "shape of a mask": lambda x, v: x.__setitem__(tp.ones(2) > 0, 1.0),
    "dtype": lambda x, v: x.mul_(1j),
    "dtype, at an index": lambda x, v: x.__setitem__(0, 1j),
    "dtype, of a view": lambda x, v: v.add_(tp.ones(2, 3, dtype=tp.complex128)),
    "elements that share memory": lambda x, v: x.expand(2, 3, 3).add_(1.0),
    "windows that share memory": lambda x, v: v.unfold(1, 2, 1).zero_(),
    "out of another shape": lambda x, v: tp.add(tp.ones(2), 1.0, out=v),
    "type": lambda x, v: x.add_("1"),
    "type, at an index": lambda x, v: x.__setitem__(0, object()),
}


class TestAWriteThatFails:
    @pytest.mark.parametrize("recorded", [False, True])
    @pytest.mark.parametrize("name", FAILURES)
    def test_changes_nothing(self, backend: str, name: str, recorded: bool) -> None:
        x = tp.arange(9.0, dtype=tp.float64).reshape(3, 3).clone()
        if recorded:
            x = x * leaf(3, 3)
        view, other = x[1:], x.view(-1)
        x[0] += 1.0  # so that the next write might take over the memory
        before = [state(one) for one in (x, view, other)]
        with pytest.raises((RuntimeError, ValueError, TypeError, IndexError)):
            FAILURES[name](x, view)
        assert [state(one) for one in (x, view, other)] == before
        view += 1.0
        assert x.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]

    def test_into_a_leaf(self, backend: str) -> None:
        x = leaf(3, 3)
        view = x[1:]
        before = state(x), state(view)
        writes: tuple[Callable[[], Any], ...] = (
            lambda: x.add_(1.0),
            lambda: view.add_(1.0),
            lambda: x.__setitem__(0, 1.0),
            lambda: view.__setitem__(0, 1.0),
            lambda: x.copy_(tp.ones(3, 3)),
            lambda: view.zero_(),
            lambda: tp.add(tp.ones(3, 3), 1.0, out=x),
        )
        for write in writes:
            with pytest.raises(RuntimeError):
                write()
            assert (state(x), state(view)) == before

    def test_into_a_view_made_where_nothing_was_recorded(self, backend: str) -> None:
        y = leaf(3, 3) * 2
        with tp.no_grad():
            view = y[1:]
        before = state(y), state(view)
        for write in (lambda: view.mul_(2.0), lambda: view.__setitem__(0, 1.0), lambda: view.copy_(y[:2])):
            with pytest.raises(RuntimeError, match="no_grad"):
                write()
            assert (state(y), state(view)) == before

    def test_a_backward_pass_that_fails_delivers_nothing(self, backend: str) -> None:
        x, w = leaf(3), leaf(3)
        y = x * w
        z = y.exp() + w
        y2 = z * z
        with tp.no_grad():
            z.mul_(2.0)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            (y2.sum() + w.sum()).backward()
        assert x.grad is None
        assert w.grad is None


class TestSharedHistories:
    """A view that was not looked at since its base was written has the base's new history wherever it is used."""

    USES: tuple[Callable[[tp.Tensor], tp.Tensor], ...] = (
        lambda v: v,
        lambda v: v * 2,
        lambda v: tp.zeros(2, dtype=tp.float64).add_(v),
        lambda v: tp.zeros(2, dtype=tp.float64).copy_(v),
        lambda v: tp.where(tp.ones(2) > 0, v, 0.0),
        lambda v: tp.concat([tp.zeros(1, dtype=tp.float64), v]),
        lambda v: v[[0, 1]],
        lambda v: v.clone(),
        lambda v: v.to(tp.float32),
        lambda v: v.sum(),
        lambda v: v @ v,
    )

    @pytest.mark.parametrize("use", USES)
    def test_it_is_seen(self, backend: str, use: Callable[[tp.Tensor], tp.Tensor]) -> None:
        base = tp.ones(3, dtype=tp.float64)
        view = base[:2]
        base.mul_(leaf(3))
        assert use(view).requires_grad

    def test_when_it_is_written_at_an_index(self, backend: str) -> None:
        base, other = tp.ones(3, dtype=tp.float64), tp.zeros(3, dtype=tp.float64)
        view = base[:2]
        base.mul_(leaf(3))
        other[1:] = view
        assert other.requires_grad

    def test_a_written_tensor_is_no_leaf(self, backend: str) -> None:
        x, y = leaf(3), tp.zeros(3, dtype=tp.float64)
        y.copy_(x)
        assert not y.is_leaf
        y.mul_(2.0)
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [2.0] * 3

    def test_a_copied_constant_keeps_the_flag(self, backend: str) -> None:
        y = leaf(3) * 2
        y.copy_(tp.zeros(3))
        assert y.requires_grad
        assert isinstance(y.grad_fn, Node)
        assert not isinstance(y.grad_fn, Leaf)

    def test_imaginary_parts(self, backend: str) -> None:
        x, z = leaf(3), tp.zeros(3, dtype=tp.complex128)
        z.imag.mul_(0.0).add_(x)
        z.real = x * 3
        (z.imag.sum() + 2.0 * z.real.sum()).backward()
        assert x.grad is not None
        assert x.grad.tolist() == [7.0] * 3

    def test_imaginary_parts_twice(self, backend: str) -> None:
        x, z = leaf(3), tp.zeros(3, dtype=tp.complex128)
        z.imag.add_(x * x)
        square = z * z
        (first,) = tp.autograd.grad(square.real.sum(), x, create_graph=True)
        (second,) = tp.autograd.grad(first.sum(), x)
        assert first.tolist() == [-4.0] * 3
        assert second.tolist() == [-12.0] * 3

    def test_a_part_of_windows_that_share_memory(self, backend: str) -> None:
        x = leaf(4)
        y = x * 1
        windows = y.unfold(0, 2, 1)
        windows[:, 0].mul_(2.0)
        windows[2, 1:] = 5.0
        assert y.tolist() == [2.0, 2.0, 2.0, 5.0]
        assert windows.tolist() == [[2.0, 2.0], [2.0, 2.0], [2.0, 5.0]]
        windows.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [2.0, 4.0, 4.0, 0.0]

    def test_a_part_of_an_expanded_tensor(self, backend: str) -> None:
        x = leaf(3)
        y = x * 1
        wide = y.expand(4, 3)
        wide[1] = wide[2] * 2.0
        wide[:1, 1:].add_(1.0)
        assert y.tolist() == [2.0, 3.0, 3.0]
        wide.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [8.0] * 3

    def test_expand_to_its_own_shape_is_a_view(self, backend: str) -> None:
        y = tp.zeros(3)
        seen = y.expand(3)
        assert seen is not y
        seen += 1
        assert y.tolist() == [1.0] * 3


class TestData:
    """What a tensor's data is replaced by."""

    def test_a_step_of_old_tutorials(self, backend: str) -> None:
        w = leaf(3)
        for _ in range(2):
            (w * w).sum().backward()
            w.data = w.data - 0.25 * w.grad.data
            w.grad.data.zero_()
        assert (w.tolist(), w.grad.tolist()) == ([0.25] * 3, [0.0] * 3)
        assert w.is_leaf
        assert w.requires_grad

    def test_is_shared(self, backend: str) -> None:
        w, other = leaf(2), tp.zeros(2, dtype=tp.float64)
        w.data = other
        other.add_(3.0)
        assert w.tolist() == [3.0, 3.0]
        w.data[:1].mul_(2.0)
        assert other.tolist() == [6.0, 3.0]
        w.data = (w * 2.0).t()
        assert (w.tolist(), w.grad_fn) == ([12.0, 6.0], None)

    def test_views_and_saved_values_keep_the_old_memory(self, backend: str) -> None:
        w = leaf(2)
        view, loss = w[:1], (w * w).sum()
        w.data = tp.asarray([5.0, 6.0], dtype=tp.float64)
        assert view.tolist() == [1.0]
        loss.backward()
        (view * 2.0).sum().backward()
        assert w.grad.tolist() == [4.0, 2.0]
        base = tp.zeros(4)
        view, second = base[:2], base[1:]
        base.data = tp.ones(4)
        view.add_(tp.ones(2, requires_grad=True))
        assert (view.tolist(), second.tolist(), base.tolist()) == ([1.0, 1.0], [1.0, 0.0, 0.0], [1.0] * 4)
        assert view.requires_grad
        assert not base.requires_grad
        base.add_(1.0)
        assert view[:1].tolist() == [1.0]

    def test_of_a_view(self, backend: str) -> None:
        base = tp.zeros(4)
        view = base[:2]
        view.data = tp.ones(2)
        view.add_(1.0)
        assert (view.tolist(), base.tolist()) == ([2.0, 2.0], [0.0] * 4)
        base.data = base.data[1:3]
        base.add_(1.0)
        assert base.tolist() == [1.0, 1.0]

    def test_of_a_view_of_itself(self, backend: str) -> None:
        x = tp.asarray([[1.0, 2.0], [3.0, 4.0]])
        row = x[0]
        x.data = x.data.t()
        row.add_(tp.asarray([10.0, 20.0]))
        assert (row.tolist(), x.tolist()) == ([11.0, 22.0], [[11.0, 3.0], [22.0, 4.0]])
        x.add_(1.0)
        assert row.tolist() == [12.0, 23.0]

    def test_history_gradient_and_hooks_stay(self, backend: str) -> None:
        w = leaf(2)
        y = w * 2.0
        y.data = tp.asarray([7.0, 8.0], dtype=tp.float64)
        y.sum().backward()
        assert (y.tolist(), w.grad.tolist()) == ([7.0, 8.0], [2.0, 2.0])
        w.register_hook(lambda gradient: gradient * 10.0)
        w.data = w.data * 3.0
        (w * w).sum().backward()
        assert w.grad.tolist() == [62.0, 62.0]
        del w.grad
        assert w.grad is None

    def test_of_another_shape_or_dtype(self, backend: str) -> None:
        w = leaf(2)
        loss = (w * w).sum()
        w.data = tp.ones(3, dtype=tp.float32)
        with pytest.raises(RuntimeError, match="data of a leaf was replaced by data of another shape"):
            loss.backward()
        (w * w).sum().backward()
        assert (w.grad.tolist(), w.grad.dtype) == ([2.0] * 3, tp.float32)
        w.data = w.data.to(tp.float64)
        with pytest.raises(RuntimeError, match=r"the gradient so far, of shape \(3,\)"):
            (w * w).sum().backward()
        with pytest.raises(RuntimeError, match="must be floating-point or complex"):
            w.data = tp.ones(3, dtype=tp.int64)
        with pytest.raises(RuntimeError, match="a result of recorded operations takes data of its own shape"):
            (w * 2.0).data = tp.ones(2)
        with pytest.raises(TypeError, match="data: got list, wanted a Tensor"):
            w.data = [1.0, 2.0, 3.0]
        assert (w.tolist(), w.dtype) == ([1.0] * 3, tp.float64)
        constant = tp.arange(3)
        constant.data = tp.ones(2)
        assert constant.tolist() == [1.0, 1.0]


class TestViewsOfAnotherDtype:
    """PyTorch's ``x.view(dtype)``: the same bytes, which both read and write."""

    @pytest.mark.parametrize("dtype", ["int32", "int16", "uint8", "float64", "complex64", "complex128", "float32"])
    def test_bytes(self, backend: str, dtype: str) -> None:
        host = numpy.arange(24, dtype="f4").reshape(3, 8)
        x = tp.tensor(host)
        seen = x.view(getattr(tp, dtype))
        assert seen.dtype == getattr(tp, dtype)
        numpy.testing.assert_array_equal(seen, host.view(dtype))
        assert seen.view(dtype=tp.float32).tolist() == host.tolist()
        assert seen.stride() == tuple(n // host.view(dtype).itemsize for n in host.view(dtype).strides)

    def test_writes(self, backend: str) -> None:
        x = tp.arange(12.0).reshape(3, 4)
        whole, bytes_, pairs = x.view(tp.int32), x.view(tp.uint8), x.view(tp.complex64)
        part = pairs[2:].imag
        whole[0, 0] = 1065353216
        bytes_[1, :4] = 0
        part.mul_(2)
        x[0, 3] = -1.0
        assert x.tolist() == [[1, 1, 2, -1], [0, 5, 6, 7], [8, 18, 10, 22]]
        assert pairs.tolist() == [[1 + 1j, 2 - 1j], [5j, 6 + 7j], [8 + 18j, 10 + 22j]]
        assert part.tolist() == [[18.0, 22.0]]
        assert bytes_[0, :4].tolist() == [0, 0, 128, 63]
        assert x.t().view(tp.int32)[3, 0].item() == numpy.float32(-1).view("i4")

    def test_they_have_no_history(self, backend: str) -> None:
        leaf = tp.ones(4, requires_grad=True)
        x = leaf * 3
        seen = x.view(tp.float64)
        assert not seen.requires_grad
        assert not leaf.view(tp.complex64).requires_grad
        squares = (x * x).sum()
        seen[0] = 0.0
        assert x.tolist() == [0.0, 0.0, 3.0, 3.0]
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            squares.backward()
        x.sum().backward()
        assert leaf.grad is not None
        assert leaf.grad.tolist() == [3.0] * 4

    def test_bad_input(self, backend: str) -> None:
        x = tp.ones(3, 4)
        wrong: list[tuple[str, Callable[[], Any]]] = [
            ("not side by side", lambda: x.t().view(tp.int16)),
            ("not side by side", lambda: tp.tensor(1.0).view(tp.int16)),
            ("not hold whole elements", lambda: x[:, :3].view(tp.float64)),
            ("share memory", lambda: tp.ones(2, 1).expand(2, 3).view(tp.int32)),
        ]
        for message, call in wrong:
            with pytest.raises(RuntimeError, match=f"view: .*{message}"):
                call()
        with pytest.raises(TypeError, match="view: a shape is"):
            x.view(tp.int32, 2)
