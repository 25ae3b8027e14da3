"""What the conformance suite looks for by kind: sizes, layouts and state, each shown by kernels that have it wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pytest

from tensorplug.conformance import run
from tensorplug.conformance.checks.many_elements import BY_ITSELF
from tensorplug.conformance.engine.arrays import LAYOUTS, held, laid, to_host
from tensorplug.conformance.engine.example import draw, evaluate
from tensorplug.conformance.engine.levels import LEVELS
from tensorplug.conformance.engine.outcome import FAILED, PASSED
from tensorplug.conformance.engine.reference import eager_reference
from tensorplug.conformance.engine.trial import Trial
from tensorplug.conformance.uses import Use, subjects, uses_of

from .conftest import registered
from .faults.fault import sound
from .test_conformance import REFERENCE, backend_with

Kernel = Callable[..., Any]


def failed(operation: str, aspect: str, kernel: Kernel, name: str | None = None, seed: int = 0) -> list[str]:
    """What one aspect of an operation says of a kernel of it, or of one of another name, in NumPy's place."""

    def array(*operands: Any, **parameters: Any) -> Any:
        return numpy.asanyarray(kernel(*operands, **parameters))

    with registered(backend_with("wrong", **{name or operation: array})) as backend:
        keyword = f"::{operation}::{aspect}"
        found = run([backend], level="default", seed=seed, operations=[operation], keyword=keyword, reference=REFERENCE)
    assert found
    return [outcome.failure.message for outcome in found if outcome.status == FAILED and outcome.failure]


def _without_tail(x1: Any, x2: Any) -> Any:
    out = numpy.add(x1, x2)
    if out.size > 1 << 17:
        out.reshape(-1)[-(out.size % 64) :] = 0
    return out


def _blocks(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Along a wide last axis, whole blocks only."""
    if axis == (x.ndim - 1,) and x.shape[-1] > 4096:
        x = x[..., : x.shape[-1] // 256 * 256]
    return sound("sum")(x, axis=axis, keepdims=keepdims)


def _first_axis(x: Any, *, axis: int = 0) -> Any:
    return sound("cumulative_sum")(x, axis=0 if x.ndim == 5 else axis)


def _few(arrays: Any, axis: int = 0) -> Any:
    return sound("concat")([*arrays[:32], *(numpy.zeros_like(one) for one in arrays[32:])], axis=axis)


def _by_short_places(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return sound("argmax")(x, axis=axis, keepdims=keepdims).astype(numpy.int16).astype(numpy.int64)


@pytest.mark.parametrize(
    ("operation", "kernel"),
    [
        ("add", _without_tail),
        ("sum", _blocks),
        ("cumulative_sum", _first_axis),
        ("concat", _few),
        ("argmax", _by_short_places),
    ],
)
def test_sizes(operation: str, kernel: Kernel) -> None:
    assert failed(operation, "sizes", kernel)
    assert not failed(operation, "values", kernel)


def _forwards(x: Any) -> Any:
    """Elements in the order of memory along the last axis."""
    return numpy.exp(x[..., ::-1] if x.ndim and x.strides[-1] < 0 else x)


def _in_the_row(x: Any) -> Any:
    """The first elements of the memory that the operand is in."""
    whole = x.base if x.base is not None else x
    return numpy.sin(whole.reshape(-1)[: x.size].reshape(x.shape) if x.flags.c_contiguous else x)


def _spoils(x: Any) -> Any:
    out = numpy.negative(x)
    if x.base is not None and x.base.flags.writeable and x.base.ndim == 1 and x.base.size > x.size:
        x.base[-1:] = 0
    return out


def _writes_copy(x1: Any, x2: Any) -> Any:
    """What is not in order in memory is copied, and the copy is written."""
    return numpy.add(x1, x2, out=numpy.ascontiguousarray(x1))


@pytest.mark.parametrize(
    ("operation", "kernel", "name"),
    [
        ("exp", _forwards, None),
        ("sin", _in_the_row, None),
        ("negative", _spoils, None),
        ("add", _writes_copy, "add_"),
        ("tril", lambda x, k=0: numpy.asmatrix(numpy.tril(x, k)) if x.ndim == 2 else numpy.tril(x, k), None),
    ],
)
def test_layouts(operation: str, kernel: Kernel, name: str | None) -> None:
    assert failed(operation, "layouts", kernel, name)


def _of_one_array(x1: Any, x2: Any) -> Any:
    return numpy.zeros_like(x1) if numpy.shares_memory(x1, x2) else numpy.subtract(x1, x2)


def _both_turned(x1: Any, x2: Any) -> Any:
    one, other = (x.ndim > 1 and x.strides[0] < x.strides[-1] for x in (x1, x2))
    return numpy.maximum(x1, x2.ravel("K").reshape(x2.shape) if one and not other and x2.strides[-1] < 0 else x2)


def _cubes(x: Any) -> Any:
    return numpy.sinh(x.swapaxes(0, 1) if x.ndim == 3 and 0 < x.strides[0] < x.strides[1] else x)


def _of_complex(x: Any) -> Any:
    return numpy.cosh(numpy.zeros_like(x) if x.base is not None and x.base.dtype.kind != x.dtype.kind else x)


@pytest.mark.parametrize(
    ("operation", "kernel"),
    [("subtract", _of_one_array), ("maximum", _both_turned), ("sinh", _cubes), ("cosh", _of_complex)],
)
def test_layouts_in_other_shapes_in_pairs_and_in_the_same_memory(operation: str, kernel: Kernel) -> None:
    assert failed(operation, "layouts", kernel)
    assert not failed(operation, "values", kernel)


def _kept(key: Callable[..., Any], function: Kernel) -> Kernel:
    """Results that are remembered."""
    memory: dict[Any, Any] = {}

    def kernel(x: Any, **parameters: Any) -> Any:
        return memory.setdefault(key(x, **parameters), numpy.asarray(function(x, **parameters))).copy()

    return kernel


def _buffered(function: Kernel, count: int) -> Kernel:
    """Results in a few pieces of memory that take turns."""
    pieces: dict[Any, list[Any]] = {}

    def kernel(x: Any) -> Any:
        like = function(x)
        turn = pieces.setdefault((x.shape, x.dtype), [numpy.empty_like(like) for _ in range(count)])
        turn.append(turn.pop(0))
        return function(x, out=turn[-1])

    return kernel


def _total(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.sum(x, axis, x.dtype if x.dtype.kind in "fc" else None, keepdims=keepdims)


@pytest.mark.parametrize(
    ("operation", "kernel"),
    [
        ("floor", _buffered(numpy.floor, 1)),
        ("floor", _buffered(numpy.floor, 3)),
        ("tanh", _kept(lambda x: (id(x), x.shape, x.dtype), numpy.tanh)),
        ("square", _kept(lambda x: (x.shape, repr(x.tolist()).replace(".0", "")), numpy.square)),
        ("isnan", _buffered(numpy.isnan, 1)),
        ("sort", _kept(lambda x, axis: (x.tobytes(), x.dtype), lambda x, axis: numpy.sort(x, axis))),
        ("sum", _kept(lambda x, axis=None, keepdims=False: (x.tobytes(), x.dtype, len(axis or ())), _total)),
    ],
)
def test_state(operation: str, kernel: Kernel) -> None:
    assert failed(operation, "state", kernel)


def _in_one_area(function: Kernel) -> Kernel:
    area: dict[Any, Any] = {}

    def kernel(x: Any) -> Any:
        piece = area.setdefault((x.shape, x.dtype), numpy.empty_like(x))
        function(x, out=piece)
        return piece.copy()

    return kernel


def _by_table(x: Any, _tables: dict[int, Any] = {}) -> Any:  # noqa: B006
    """A table is seen before another thread has filled it."""
    if x.size not in _tables:
        _tables[x.size] = numpy.zeros(x.size, int)
        for i in range(x.size):
            _tables[x.size][i] = i
    return x.reshape(-1)[_tables[x.size]].reshape(x.shape)


@pytest.mark.parametrize(("operation", "kernel"), [("cos", _in_one_area(numpy.cos)), ("positive", _by_table)])
def test_threads(operation: str, kernel: Kernel) -> None:
    before = set(threading.enumerate())
    assert any("threads" in message for message in failed(operation, "threads", kernel))
    # Those of a library's pool stay, and are no daemons.
    assert not any(thread.daemon for thread in set(threading.enumerate()) - before)


def _of_little_smoothing(x: Any, target: Any, normalizer: Any, *, label_smoothing: float) -> Any:
    return sound("cross_entropy")(x, target, normalizer, label_smoothing=min(label_smoothing, 0.5))


@pytest.mark.parametrize("seed", [0, 1])
def test_each_parameter_has_each_value(seed: int) -> None:
    assert failed("cross_entropy", "arguments", _of_little_smoothing, seed=seed)


def _raising(name: str, uses: Sequence[Use]) -> list[str]:
    """The lines that raise on NumPy, in the first dtype in which the suite tries them."""
    trial, found = Trial("numpy", REFERENCE, LEVELS["default"], 0, name, "values"), []
    for use in uses:
        for dtype in list(trial.dtypes(use))[:1]:
            try:
                evaluate(use, draw(use, dtype, "contiguous", trial.rng).tensors())
            except Exception as error:
                found.append(f"{use}: {error!r}")
    return found


def test_lines_of_many_elements_compute() -> None:
    assert [line for name, uses in BY_ITSELF.items() for line in _raising(name, uses)] == []


def test_each_line_computes() -> None:
    assert [line for name in subjects() for line in _raising(name, uses_of(name))] == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 2, 2)])
def test_a_layout_holds_its_values(layout: str, shape: tuple[int, ...], backend: str) -> None:
    host = held(numpy.arange(1.0, 1 + numpy.prod(shape)).reshape(shape), layout)
    assert to_host(laid(host, "float64", layout)).tolist() == host.tolist()


def test_a_hang_costs_one_limit_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LEVELS, "quick", LEVELS["quick"]._replace(limit=0.3))
    with registered(backend_with("hanging", floor=lambda x: time.sleep(600))) as name:
        found = run([name], level="quick", operations=["floor"], reference=REFERENCE)
    assert [outcome.status for outcome in found].count(FAILED) == 1
    assert len(found) > 5
    assert all("not run, since values" in outcome.reason for outcome in found if outcome.status != FAILED)


@pytest.mark.parametrize("seed", [12, 13])
def test_no_singular_value_is_at_a_tolerance(seed: int) -> None:
    chosen = {"operations": ["linalg.matrix_rank"], "keyword": "::arguments"}
    (found,) = run(["numpy"], level="quick", seed=seed, **chosen, reference=eager_reference("numpy"))
    assert found.status == PASSED, found.failure
