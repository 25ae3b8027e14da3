"""Gradients of every operation with a rule: against finite differences, JAX and PyTorch's conventions at kinks."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.autograd.rule import NO_GRADIENT
from tensorplug.core import FUNCTIONS, OPERATIONS
from tensorplug.core.autodiff.lifting import TENSOR_OPS
from tensorplug.core.pytorch.softmax import softmax_normalizer
from tensorplug.losses.functional import cross_entropy

from .gradients import (
    activations,
    ctc,
    elementwise,
    fft,
    linalg,
    losses,
    manipulation,
    networks,
    searching,
    selection,
    sorting,
    statistical,
)
from .gradients.case import STEP, Case, points, tensor
from .gradients.statistical import along
from .jax_reference import by_jax

DIFFERENCE = 1e-6
"""Relative to the largest gradient. Either error is some 1e-11 f, times derivatives of up to 1e4 near the poles."""

AGREEMENT = 1e-12
"""Relative to the largest gradient, for two ways to compute one formula: 4500 eps for roundings that add up and
differences such as 1 - tanh² that cancel."""

Arrays = Sequence[numpy.ndarray]


MATMUL_SHAPES = (
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 2)),
)

ROWS = numpy.asarray([1, 0, 1])
COLUMNS = numpy.asarray([[0], [2], [0]])
MASK = numpy.asarray([[True, False, True], [False, False, True]])


def indexed(*index: Any) -> Case:
    """Reading a region."""
    return Case(lambda x: x[constants(index)], points((2, 3)), lambda jnp, x: x[index])


def constants(index: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tensor(item) if isinstance(item, numpy.ndarray) else item for item in index)


def written(index: tuple[Any, ...], value_shape: tuple[int, ...]) -> Case:
    """Writing a region of a copy."""

    def function(x: tp.Tensor, value: tp.Tensor) -> tp.Tensor:
        y = x * x
        y[constants(index)] = value
        return y

    return Case(function, points((2, 3), value_shape), lambda jnp, x, value: (x * x).at[index].set(value))


def through_view(view: Callable[[Any], Any], put: Callable[[Any, Any, Callable[[Any], Any]], Any]) -> list[Case]:
    """Writes through a view, whose history goes to its base."""

    def scaled(x: tp.Tensor, w: tp.Tensor) -> tp.Tensor:
        y = x * x
        view(y).mul_(w)
        return y

    def exponential(x: tp.Tensor, w: tp.Tensor) -> tp.Tensor:
        y = x * w
        view(y).exp_()
        return y

    def replaced(x: tp.Tensor, w: tp.Tensor) -> tp.Tensor:
        y = x * x
        part = view(y)
        part.copy_(w)
        part.mul_(part)
        return y

    inputs = points((2, 3), ())
    return [
        Case(scaled, inputs, lambda jnp, x, w: put(jnp, x * x, lambda part: part * w)),
        Case(exponential, inputs, lambda jnp, x, w: put(jnp, x * w, jnp.exp)),
        Case(replaced, inputs, lambda jnp, x, w: put(jnp, x * x, lambda part: jnp.broadcast_to(w * w, part.shape))),
    ]


def copied(x: tp.Tensor, value: tp.Tensor) -> tp.Tensor:
    y = x * x
    y.copy_(value * value)
    return y * x


def filled(x: tp.Tensor) -> tp.Tensor:
    y = x * x
    y[0].fill_(2.0)
    return y


def elsewhere(x: tp.Tensor) -> tp.Tensor:
    """There and back, through another backend, where something is done."""
    away = x.to("jax") if x.backend == "numpy" else x.to("numpy")
    return (away * away).to(x.device)


def again(x: tp.Tensor, dtype: str) -> tp.Tensor:
    return x.to(dtype).to("float64")


def operation(name: str, *arguments: Any) -> Callable[[tp.Tensor], tp.Tensor]:
    """An operation that only gradient rules use."""
    return lambda x: getattr(TENSOR_OPS, name)(x, *arguments)


def kernel_index(index: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tensor(item)._array if isinstance(item, numpy.ndarray) else item for item in index)


def log_softmax(jnp: Any, x: Any, axis: int = 1) -> Any:
    """Overflows for great numbers, which are not among the points."""
    return x - jnp.log(jnp.sum(jnp.exp(x), axis=axis, keepdims=True))


CLASSES = numpy.asarray([2, 0])


def smoothed(smoothing: float) -> numpy.ndarray:
    """The probabilities that a class index stands for."""
    return numpy.eye(3)[CLASSES] * (1 - smoothing) + smoothing / 3


def entropy(jnp: Any, x: Any, smoothing: float) -> Any:
    return -(log_softmax(jnp, x) * smoothed(smoothing)).sum(1)


AXES = (((2, 3), 1), ((2, 3), 0), ((2, 2, 3), -1), ((3,), 0))

WINDOWS = numpy.asarray([[0, 1], [1, 2], [2, 3]])

PART = (1, slice(None, None, 2))
REPEATED = (ROWS, slice(None))
SINGLE = (slice(None), numpy.asarray([2, 0]))

# Exact in float32, and the conversions are linear, so that finite differences with a wide step are exact too.
EIGHTHS = (numpy.arange(-3.0, 3.0).reshape(2, 3) / 8,)

CHAPTERS = (
    activations,
    ctc,
    elementwise,
    fft,
    linalg,
    losses,
    manipulation,
    networks,
    searching,
    selection,
    sorting,
    statistical,
)

CASES: dict[str, list[Case]] = {
    **{name: cases for chapter in CHAPTERS for name, cases in chapter.CASES.items()},
    "where": [
        Case(lambda x1, x2: tp.where(tensor(MASK), x1, x2), points(*shapes), lambda jnp, *xs: jnp.where(MASK, *xs))
        for shapes in (((2, 3), (2, 3)), ((3,), (2, 1)), ((), (2, 3)), ((2, 1, 3), ()))
    ],
    "matmul": [Case(tp.matmul, points(*shapes), lambda jnp, *xs: jnp.matmul(*xs)) for shapes in MATMUL_SHAPES],
    "broadcast_to": [
        Case(
            lambda x, shape=shape: tp.broadcast_to(x, shape),
            points(old),
            lambda jnp, x, shape=shape: jnp.broadcast_to(x, shape),
        )
        for old, shape in (((3,), (2, 3)), ((2, 1), (2, 3)), ((), (2, 2)), ((1, 3), (2, 2, 3)), ((1,), (0,)))
    ],
    "cast": [
        Case(lambda x: again(x, "float32"), EIGHTHS, lambda jnp, x: x.astype("float32").astype("float64"), 0.25),
        Case(
            lambda x: tp.abs(x.to("complex128") * (3 + 4j)),
            points((2, 3)),
            lambda jnp, x: jnp.abs(x.astype("complex128") * (3 + 4j)),
        ),
    ],
    "clone": [Case(tp.clone, points((2, 3)), lambda jnp, x: x)],
    "complex": [
        Case(
            lambda x1, x2: tp.abs(tp.complex(x1, x2) * (3 - 4j)),
            points(*shapes),
            lambda jnp, x1, x2: 5 * jnp.sqrt(x1 * x1 + x2 * x2),
        )
        for shapes in (((2, 3), (2, 3)), ((3,), (2, 1)), ((), (2,)))
    ],
    "concat": [
        Case(lambda *xs: tp.concat(xs), points((2, 3), (0, 3), (1, 3)), lambda jnp, *xs: jnp.concatenate(xs)),
        Case(lambda *xs: tp.concat(xs, axis=-1), points((2, 1), (2, 3)), lambda jnp, *xs: jnp.concatenate(xs, axis=-1)),
        Case(lambda *xs: tp.concat(xs, axis=None), points((), (2, 2)), lambda jnp, *xs: jnp.concatenate(xs, axis=None)),
        Case(lambda x: tp.concat([x, x, x * x]), points((3,)), lambda jnp, x: jnp.concatenate([x, x, x * x])),
    ],
    "softmax": [
        Case(
            lambda x, axis=axis: tp.softmax(x, axis=axis),
            points(shape),
            lambda jnp, x, axis=axis: jnp.exp(log_softmax(jnp, x, axis)),
        )
        for shape, axis in AXES
    ],
    "stack": [
        Case(
            lambda *xs, axis=axis: tp.stack(xs, axis=axis),
            points((2, 3), (2, 3)),
            lambda jnp, *xs, axis=axis: jnp.stack(xs, axis=axis),
        )
        for axis in (0, 1, -1)
    ]
    + [Case(lambda *xs: tp.stack(xs), points((), ()), lambda jnp, *xs: jnp.stack(xs))],
    "copy": [
        Case(copied, points((2, 3), shape), lambda jnp, x, value: value * value * x) for shape in ((2, 3), (3,), ())
    ],
    "cross_entropy": [
        Case(
            lambda x, smoothing=smoothing: cross_entropy(
                x, tensor(CLASSES), reduction="none", label_smoothing=smoothing
            ),
            points((2, 3)),
            lambda jnp, x, smoothing=smoothing: entropy(jnp, x, smoothing),
        )
        for smoothing in (0.0, 0.25)
    ],
    "cross_entropy_gradient": [
        Case(
            lambda g, x, smoothing=smoothing: OPERATIONS["cross_entropy_gradient"](
                g, x, tensor(CLASSES), softmax_normalizer(x.detach(), axis=1), label_smoothing=smoothing
            ),
            points((2,), (2, 3)),
            lambda jnp, g, x, smoothing=smoothing: (jnp.exp(log_softmax(jnp, x)) - smoothed(smoothing)) * g[:, None],
        )
        for smoothing in (0.0, 0.25)
    ],
    "diagonal": [
        Case(
            lambda x, offset=offset: tp.diagonal(x, offset),
            points(shape),
            lambda jnp, x, offset=offset: jnp.diagonal(x, offset),
        )
        for shape, offset in (((3, 3), 0), ((2, 3), 1), ((3, 2), -1), ((2, 3), 5), ((2, 3, 2), 0))
    ],
    "diagonal_embed": [
        Case(
            lambda x: OPERATIONS["diagonal_embed"](x, shape=(2, 3), offset=1),
            points((2,)),
            lambda jnp, x: jnp.zeros((2, 3)).at[(0, 1), (1, 2)].set(x),
        )
    ],
    "embed": [
        Case(
            lambda x: operation("embed", (2, 3), PART)(x),
            points((2,)),
            lambda jnp, x: jnp.zeros((2, 3)).at[PART].set(x),
        )
    ],
    "fill": [Case(filled, points((2, 3)), lambda jnp, x: (x * x).at[0].set(2.0))],
    "flip": [
        Case(lambda x, axis=axis: tp.flip(x, axis=axis), points((2, 3)), lambda jnp, x, axis=axis: jnp.flip(x, axis))
        for axis in (None, 0, -1, (0, 1))
    ],
    "fold": [
        Case(
            lambda x: OPERATIONS["fold"](x, shape=(4,), window=(2, 1)),
            points((3, 2)),
            lambda jnp, x: jnp.zeros(4).at[WINDOWS].add(x),
        )
    ],
    "getitem": [
        indexed(0),
        indexed(-1, slice(None, None, 2)),
        indexed(slice(None, None, -1), None, 1),
        indexed(..., 2),
        indexed(slice(2, 2)),
        indexed(1, 2),
        indexed(None, ...),
    ],
    "imag": [Case(lambda x: (x * (2 - 3j)).imag, points(shape), lambda jnp, x: x * -3.0) for shape in ((2, 3), ())],
    "index": [
        indexed(MASK),
        indexed(numpy.asarray([True, False])),
        indexed(ROWS),
        indexed(slice(None), numpy.asarray([-1, 0])),
        indexed(ROWS, COLUMNS),
        indexed(1, numpy.asarray([0, 0, 2])),
        indexed(numpy.asarray([], dtype="int64")),
    ],
    "log_softmax": [
        Case(
            lambda x, axis=axis: tp.log_softmax(x, axis=axis),
            points(shape),
            lambda jnp, x, axis=axis: log_softmax(jnp, x, axis),
        )
        for shape, axis in AXES
    ],
    "logsumexp": along("logsumexp", lambda jnp, x, **options: jnp.log(jnp.sum(jnp.exp(x), **options))),
    "masked_fill": [
        Case(
            lambda x, value=value: x.masked_fill(tensor(MASK), value),
            points(shape),
            lambda jnp, x, value=value: jnp.where(MASK, value, x),
        )
        for shape in ((2, 3), (3,), (2, 1), ())
        for value in (0.0, 2.0)
    ],
    "matrix_transpose": [
        Case(tp.matrix_transpose, points(shape), lambda jnp, x: x.mT) for shape in ((2, 3), (2, 2, 3), (0, 2))
    ]
    + [Case(operation("matrix_transpose"), points((2, 3)), lambda jnp, x: x.T)],
    "permute_dims": [
        Case(
            lambda x, axes=axes: tp.permute_dims(x, axes),
            points(shape),
            lambda jnp, x, axes=axes: jnp.transpose(x, axes),
        )
        for shape, axes in (((2, 3, 2), (2, 0, 1)), ((2, 3), (-1, 0)), ((), ()))
    ],
    "put": [
        written((1,), (3,)),
        written((slice(None), slice(1, None)), (2, 1)),
        written((MASK,), ()),
        written((MASK,), (3,)),
        written((numpy.asarray([1, 0]), numpy.asarray([2, 2])), (2,)),
        written((..., 0), ()),
    ],
    "put_view": [
        *through_view(lambda y: y[0], lambda jnp, y, change: y.at[0].set(change(y[0]))),
        *through_view(lambda y: y.t()[1:], lambda jnp, y, change: y.at[:, 1:].set(change(y[:, 1:]))),
        *through_view(
            lambda y: y.view(-1)[::2],
            lambda jnp, y, change: y.reshape(-1).at[::2].set(change(y.reshape(-1)[::2])).reshape(y.shape),
        ),
    ],
    "real": [
        Case(lambda x: (x * (2 - 3j) * x).real, points(shape), lambda jnp, x: x * x * 2.0) for shape in ((2, 3), ())
    ],
    "reshape": [
        Case(
            lambda x, shape=shape: tp.reshape(x, shape), points(old), lambda jnp, x, shape=shape: jnp.reshape(x, shape)
        )
        for old, shape in (((2, 3), (3, -1)), ((1,), ()), ((), (1, 1)), ((0, 2), (4, 0)))
    ]
    + [Case(lambda x: tp.reshape(x.t(), (-1,)), points((2, 3)), lambda jnp, x: jnp.reshape(x.T, -1))],
    "direction": [
        Case(OPERATIONS["direction"], points(*shapes), lambda jnp, x1, x2: x1 / jnp.sqrt(x1 * x1 + x2 * x2))
        for shapes in (((2, 3), (3,)), ((), ()))
    ],
    "gather_flat": [
        Case(
            lambda x: OPERATIONS["gather_flat"](tensor(numpy.asarray([[2, 2], [0, 1]])), x, axis=1, count=1),
            points((2, 3)),
            lambda jnp, x: jnp.take_along_axis(x, numpy.asarray([[2, 2], [0, 1]]), axis=1),
        ),
        Case(
            lambda x: OPERATIONS["gather_flat"](tensor(numpy.asarray([5, 1, 5])), x, axis=0, count=2),
            points((2, 3)),
            lambda jnp, x: x.reshape(-1)[numpy.asarray([5, 1, 5])],
        ),
    ],
    "scatter_flat": [
        Case(
            lambda x: OPERATIONS["scatter_flat"](tensor(numpy.asarray([5, 1, 5])), x, shape=(2, 3), axis=0, count=2),
            points((3,)),
            lambda jnp, x: jnp.zeros(6).at[numpy.asarray([5, 1, 5])].add(x).reshape(2, 3),
        )
    ],
    "scatter_zeros": [
        Case(
            lambda x, index=index: operation("scatter_zeros", (2, 3), kernel_index(index))(x),
            points(shape),
            lambda jnp, x, index=index: jnp.zeros((2, 3)).at[index].add(x),
        )
        for shape, index in (((3, 3), REPEATED), ((2, 2), SINGLE))
    ],
    "to_device": [Case(elsewhere, points((2, 3)), lambda jnp, x: x * x)],
    "unfold": [
        Case(lambda x: x.unfold(0, 2, 1), points((4,)), lambda jnp, x: x[WINDOWS]),
        Case(lambda x: x.unfold(1, 2, 2), points((2, 4)), lambda jnp, x: x.reshape(2, 2, 2)),
    ],
}
"""Uses of each operation that has a gradient rule."""

COMPOSITES: dict[str, list[Case]] = {
    name: cases for chapter in CHAPTERS for name, cases in getattr(chapter, "COMPOSITES", {}).items()
}
"""Uses of functions that are made of operations with rules."""

ALL = [
    pytest.param(case, id=f"{name}-{i}") for name, cases in (CASES | COMPOSITES).items() for i, case in enumerate(cases)
]

ON_JAX = [case for case in ALL if case.values[0].jax is not None]

NAMES = {id(case): name for name, cases in (CASES | COMPOSITES).items() for case in cases}

RULED = sorted(name for name, operation in OPERATIONS.items() if operation.rule is not None)


def test_every_operation_with_a_rule_has_a_case() -> None:
    assert sorted(CASES) == RULED


def test_every_operation_has_a_case_for_jax() -> None:
    assert all(any(case.jax is not None for case in cases) for cases in CASES.values())


RECORDED_AS_OTHERS = {"linalg.eigvals", "linalg.eigvalsh", "linalg.svdvals", "take_along_axis"}
"""Functions that call another operation if a gradient is recorded."""


def test_every_operation_says_whether_it_has_a_gradient() -> None:
    """By a rule or by a declaration that it has none; what only rules call may leave it to its decomposition."""
    silent = {name for name, operation in OPERATIONS.items() if operation.rule is None and name not in NO_GRADIENT}
    public = {name for name in silent if name in FUNCTIONS or OPERATIONS[name].decomposition is None}
    assert public == RECORDED_AS_OTHERS


@pytest.mark.parametrize("name", ["sigmoid", "square", "log10"])
def test_half_types_keep_their_dtype(backend: str, name: str) -> None:
    """Python numbers in formulas turn NumPy's bfloat16 into float32."""
    for dtype in ("float16", "bfloat16"):
        x = tp.tensor([0.3, 0.6], dtype=dtype, requires_grad=True)
        out = getattr(tp, name)(x)
        out.sum().backward()
        (gradient,) = tp.autograd.grad(getattr(tp, name)(x).sum(), x)
        _, tangent = tp.func.jvp(getattr(tp, name), (x.detach(),), (x.detach(),))
        assert {str(found.numpy(force=True).dtype) for found in (out, x.grad, gradient, tangent)} == {dtype}


def test_no_operation_has_a_rule_and_none() -> None:
    assert not NO_GRADIENT.intersection(RULED)


def leaves(arrays: Arrays) -> list[tp.Tensor]:
    return [tp.tensor(array, requires_grad=True) for array in arrays]


def weights(shape: tuple[int, ...]) -> numpy.ndarray:
    """Numbers by which a result is weighted, so that its gradient is not the same everywhere."""
    return numpy.cos(numpy.arange(1.0, math.prod(shape) + 1)).reshape(shape)


def values(tensors: Sequence[tp.Tensor | None], like: Arrays) -> list[numpy.ndarray]:
    """As NumPy arrays; zeros where there is no gradient."""
    return [
        numpy.zeros(array.shape) if tensor is None else numpy.asarray(tensor.detach())
        for tensor, array in zip(tensors, like, strict=True)
    ]


def first(case: Case, arrays: Arrays) -> list[numpy.ndarray]:
    """The gradients of the weighted result; the last of the arrays are the weights."""
    xs = leaves(arrays[:-1])
    return values(tp.autograd.grad(case.function(*xs), xs, tp.tensor(arrays[-1]), allow_unused=True), arrays[:-1])


def pulled_back(case: Case, arrays: Arrays) -> tuple[tp.Tensor, list[tp.Tensor]]:
    """A weighted sum of the first gradients, and what it depends on: the inputs, and the weights of the result."""
    *xs, w = leaves(arrays)
    found = tp.autograd.grad(case.function(*xs), xs, w, create_graph=True)
    return functools.reduce(tp.add, ((g * tp.tensor(weights(g.shape))).sum() for g in found)), [*xs, w]


def second(case: Case, arrays: Arrays) -> list[numpy.ndarray]:
    """The gradients of that sum."""
    total, inputs = pulled_back(case, arrays)
    if not total.requires_grad:
        return values([None] * len(inputs), arrays)
    return values(tp.autograd.grad(total, inputs, allow_unused=True), arrays)


def differences(function: Callable[[Arrays], float], arrays: Arrays, step: float) -> list[numpy.ndarray]:
    """Central finite differences of a function of arrays."""
    found = [numpy.zeros(array.shape) for array in arrays]
    for position, array in enumerate(arrays):
        for place in numpy.ndindex(array.shape):
            high, low = array.copy(), array.copy()
            high[place] += step
            low[place] -= step
            ends = [function([*arrays[:position], moved, *arrays[position + 1 :]]) for moved in (high, low)]
            found[position][place] = (ends[0] - ends[1]) / (high[place] - low[place])
    return found


def arguments(case: Case) -> list[numpy.ndarray]:
    """The inputs and the weights of the result."""
    with tp.backend("numpy"):
        return [*case.inputs, weights(case.function(*map(tp.tensor, case.inputs)).shape)]


def assert_close(found: Arrays, wanted: Arrays, tolerance: float) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        scale = max(1.0, numpy.abs(other).max(initial=0.0))
        numpy.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


def weighted(case: Case, arrays: Arrays) -> float:
    """The result of a case, weighted by the last of the arrays and summed."""
    return float(numpy.sum(numpy.asarray(case.function(*map(tp.tensor, arrays[:-1]))) * arrays[-1]))


def weighted_gradient(case: Case, arrays: Arrays) -> float:
    """The sum of the first gradients, weighted."""
    return sum(float(numpy.sum(g * weights(g.shape))) for g in first(case, arrays))


def by_vjp(case: Case) -> list[numpy.ndarray]:
    """First and second gradients of a case by `jax.vjp`."""
    import jax

    def gradient(*arrays: Any) -> Any:
        out, pull = jax.vjp(lambda *xs: case.jax(jax.numpy, *xs), *arrays[:-1])
        return pull(arrays[-1].reshape(out.shape))

    def total(*arrays: Any) -> Any:
        return sum((g * weights(g.shape)).sum() for g in gradient(*arrays))

    def both(*arrays: Any) -> Any:
        return [*gradient(*arrays), *jax.grad(total, argnums=tuple(range(len(arrays))))(*arrays)]

    return by_jax(both, *arguments(case))


def both_orders(case: Case, backend: str) -> list[numpy.ndarray]:
    """First and second gradients of a case on a backend."""
    arrays = arguments(case)
    with tp.backend(backend):
        return [*first(case, arrays), *second(case, arrays)]


def by_differences(case: Case) -> list[numpy.ndarray]:
    """The same by finite differences, on NumPy: of values, and of first gradients."""
    arrays = arguments(case)
    with tp.backend("numpy"):
        return [
            *differences(functools.partial(weighted, case), arrays, case.step)[:-1],
            *differences(functools.partial(weighted_gradient, case), arrays, case.step),
        ]


@pytest.mark.parametrize("case", ALL)
def test_numpy_against_finite_differences(case: Case) -> None:
    assert_close(both_orders(case, "numpy"), by_differences(case), DIFFERENCE)


@pytest.mark.one_of_each(key=lambda case: NAMES[id(case)])
@pytest.mark.parametrize("case", ON_JAX)
def test_jax_against_numpy_finite_differences_and_vjp(case: Case) -> None:
    pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    on_numpy, on_jax, wanted = both_orders(case, "numpy"), both_orders(case, "jax"), by_vjp(case)
    assert_close(on_jax, on_numpy, AGREEMENT)
    assert_close(on_numpy, wanted, AGREEMENT)
    assert_close(on_jax, wanted, AGREEMENT)
    assert_close(on_jax, by_differences(case), DIFFERENCE)


INF, NAN = math.inf, math.nan

KINKS: list[tuple[str, list[list[float]], list[list[float]]]] = [
    # At NaN it is NaN, as the standard's sign is; PyTorch's are both zero.
    ("abs", [[0.0, -0.0, -2.0, INF, -INF, NAN]], [[0.0, 0.0, -1.0, 1.0, -1.0, NAN]]),
    ("acos", [[1.0, -1.0, 2.0]], [[-INF, -INF, NAN]]),
    ("acosh", [[1.0, 0.5]], [[INF, NAN]]),
    ("asin", [[1.0, -1.0]], [[INF, INF]]),
    ("atan2", [[0.0, 0.0], [0.0, -1.0]], [[0.0, -1.0], [0.0, 0.0]]),
    ("atanh", [[1.0, -1.0]], [[INF, INF]]),
    ("ceil", [[1.0, 0.5, INF]], [[0.0, 0.0, 0.0]]),
    # Below, at, within, at and above the bounds, NaN; then bounds that cross; then NaN in a bound.
    (
        "clip",
        [[1.0, 2.0, 3.0, 4.0, 5.0, NAN, 2.0], [2.0] * 7, [4.0] * 7],
        [[0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0], [1.0] + [0.0] * 6, [0.0] * 4 + [1.0, 0.0, 0.0]],
    ),
    ("clip", [[1.0, 2.0, 3.0], [4.0] * 3, [2.0] * 3], [[0.0] * 3, [0.0] * 3, [1.0] * 3]),
    ("clip", [[1.0, NAN, 3.0], [NAN, 1.0, NAN], [2.0, NAN, NAN]], [[0.0] * 3] * 3),
    ("clip", [[INF, -INF, 2.0], [2.0] * 3, [INF] * 3], [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0] * 3]),
    (
        "copysign",
        [[1.0, -1.0, 0.0, -0.0, 2.0, NAN, INF], [-1.0, 2.0, 3.0, -3.0, 0.0, 1.0, -0.0]],
        [[-1.0, -1.0, 0.0, 0.0, 1.0, NAN, NAN], [0.0] * 7],
    ),
    ("divide", [[1.0, 0.0, 1.0], [0.0, 0.0, INF]], [[INF, INF, 0.0], [-INF, NAN, 0.0]]),
    ("exp", [[1000.0, -1000.0]], [[INF, 0.0]]),
    ("expm1", [[0.0, -1000.0]], [[1.0, 0.0]]),
    ("floor_divide", [[5.0, INF, NAN], [2.0, 2.0, 0.0]], [[0.0] * 3, [0.0] * 3]),
    ("hypot", [[0.0, INF, NAN, 0.0], [0.0, 1.0, 1.0, 2.0]], [[NAN, NAN, NAN, 0.0], [NAN, 0.0, NAN, 1.0]]),
    ("log", [[0.0, INF]], [[INF, 0.0]]),
    ("log1p", [[-1.0, 0.0]], [[INF, 1.0]]),
    (
        "logaddexp",
        [[0.0, INF, NAN, -INF, INF, -INF], [0.0, 1.0, 1.0, -INF, INF, 1.0]],
        [[0.5, 1.0, NAN, NAN, NAN, 0.0], [0.5, 0.0, NAN, NAN, NAN, 1.0]],
    ),
    ("maximum", [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]], [[0.5, 0.0, 1.0], [0.5, 1.0, 0.0]]),
    ("maximum", [[0.0, INF, NAN, 1.0], [-0.0, INF, 1.0, NAN]], [[0.5, 0.5, 1.0, 1.0], [0.5, 0.5, 1.0, 1.0]]),
    ("minimum", [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]], [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]),
    ("minimum", [[0.0, INF, NAN, 1.0], [-0.0, INF, 1.0, NAN]], [[0.5, 0.5, 1.0, 1.0], [0.5, 0.5, 1.0, 1.0]]),
    ("nextafter", [[5.0, 0.0], [3.0, NAN]], [[1.0, 1.0], [0.0, 0.0]]),
    # A base of zero, by exponents; then an exponent of zero, by bases; then a negative base.
    ("pow", [[0.0] * 5, [0.0, 0.5, 1.0, 2.0, -1.0]], [[0.0, INF, 1.0, 0.0, -INF], [0.0, 0.0, 0.0, 0.0, -INF]]),
    ("pow", [[-2.0, INF, NAN], [0.0] * 3], [[0.0, 0.0, 0.0], [NAN, INF, NAN]]),
    ("pow", [[-2.0, -2.0], [2.0, 3.0]], [[-4.0, 12.0], [NAN, NAN]]),
    ("reciprocal", [[0.0, INF]], [[-INF, 0.0]]),
    ("relu", [[0.0, -0.0, -1.0, 1.0, INF, -INF, NAN]], [[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]]),
    (
        "remainder",
        [[5.0, -5.0, 4.0, 5.0, INF, 5.0, 5.0], [3.0, 3.0, 2.0, -3.0, 2.0, INF, 0.0]],
        [[1.0] * 7, [-1.0, 2.0, -2.0, 2.0, -INF, -0.0, -INF]],
    ),
    ("round", [[0.5, 1.5]], [[0.0, 0.0]]),
    ("sigmoid", [[0.0, 1000.0, -1000.0]], [[0.25, 0.0, 0.0]]),
    ("sign", [[0.0, 3.0, NAN]], [[0.0, 0.0, 0.0]]),
    ("special.digamma", [[1.0, 0.0]], [[math.pi**2 / 6, INF]]),
    ("special.entr", [[0.0, -1.0, 1.0]], [[INF, NAN, -1.0]]),
    ("special.erf", [[INF, 0.0]], [[0.0, 2 / math.sqrt(math.pi)]]),
    ("special.erfinv", [[0.0, 1.0, 2.0]], [[math.sqrt(math.pi) / 2, INF, NAN]]),
    ("special.gammaln", [[0.0, -1.0, INF]], [[-INF, NAN, INF]]),
    ("special.i0", [[0.0]], [[0.0]]),
    ("special.i0e", [[0.0, -0.0]], [[0.0, 0.0]]),
    ("special.i1", [[0.0, -0.0]], [[0.5, 0.5]]),
    ("special.i1e", [[0.0, -0.0]], [[0.5, 0.5]]),
    ("special.log_ndtr", [[INF]], [[0.0]]),
    ("special.logaddexp2", [[0.0, INF, -INF], [0.0, 1.0, -INF]], [[0.5, 1.0, NAN], [0.5, 0.0, NAN]]),
    ("special.logit", [[0.0, 1.0]], [[INF, INF]]),
    ("special.ndtri", [[0.5, 0.0, 1.0]], [[math.sqrt(2 * math.pi), INF, INF]]),
    ("special.sinc", [[0.0, INF]], [[0.0, NAN]]),
    ("special.xlog1py", [[0.0, 0.0, 1.0], [-1.0, 2.0, -1.0]], [[0.0, math.log(3), -INF], [NAN, 0.0, INF]]),
    (
        "special.xlogy",
        [[0.0, 0.0, 1.0, 0.0], [0.0, 2.0, 0.0, NAN]],
        [[0.0, math.log(2), -INF, NAN], [NAN, 0.0, INF, NAN]],
    ),
    ("sqrt", [[0.0, 4.0, INF]], [[INF, 0.25, 0.0]]),
    ("tanh", [[0.0, 1000.0, -INF]], [[1.0, 0.0, 0.0]]),
]
"""Functions, operands, and PyTorch's gradients of the sum."""


@pytest.mark.parametrize(("name", "operands", "wanted"), KINKS)
def test_kinks_as_in_pytorch(backend: str, name: str, operands: list[list[float]], wanted: list[list[float]]) -> None:
    xs = [tp.tensor(operand, dtype="float64", requires_grad=True) for operand in operands]
    FUNCTIONS[name](*xs).sum().backward()
    numpy.testing.assert_allclose([x.grad.tolist() for x in xs], wanted, rtol=1e-15 if "special" in name else 0)


HOLOMORPHIC = (
    "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 negative positive reciprocal sin sinh "
    "sqrt square tan tanh"
).split()

COMPLEX_KINKS: list[tuple[str, complex, complex]] = [
    ("abs", 0j, 0j),
    ("sign", 0j, 0j),
    ("abs", 3 + 4j, 0.6 + 0.8j),
]
"""Functions, operands, and PyTorch's gradients of the sum's real part."""


@pytest.mark.parametrize(("name", "operand", "wanted"), COMPLEX_KINKS)
def test_complex_kinks_as_in_pytorch(backend: str, name: str, operand: complex, wanted: complex) -> None:
    x = tp.tensor(operand, dtype="complex128", requires_grad=True)
    tp.real(getattr(tp, name)(x)).backward() if name == "sign" else getattr(tp, name)(x).backward()
    assert abs(x.grad.item() - wanted) < 1e-15


@pytest.mark.parametrize("name", [*HOLOMORPHIC, "abs", "conj"])
def test_complex_gradients_against_jax(backend: str, name: str) -> None:
    """JAX's are the conjugates of PyTorch's and of ours."""
    jax = pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    generator = numpy.random.default_rng(len(name))
    z, w = generator.normal(size=(2, 5)) + 1j * generator.normal(size=(2, 5))
    # In the left half of the plane JAX takes the derivative of acosh from the other branch of the root.
    z = abs(z.real) + 1j * z.imag if name == "acosh" else z
    x = tp.tensor(z, requires_grad=True)
    tp.real(tp.sum(getattr(tp, name)(x) * tp.tensor(w))).backward()
    with jax.enable_x64(True):
        jnp = jax.numpy
        wanted = jax.grad(lambda v: jnp.real(jnp.sum(getattr(jnp, name)(v) * w)))(jnp.asarray(z))
    numpy.testing.assert_allclose(numpy.asarray(x.grad), numpy.conj(numpy.asarray(wanted)), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["add", "divide", "multiply", "pow", "subtract"])
def test_complex_gradients_of_two_against_jax(backend: str, name: str) -> None:
    jax = pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    generator = numpy.random.default_rng(len(name))
    z1, z2, w = generator.normal(size=(3, 5)) + 1j * generator.normal(size=(3, 5))
    xs = [tp.tensor(z, requires_grad=True) for z in (z1, z2)]
    tp.real(tp.sum(getattr(tp, name)(*xs) * tp.tensor(w))).backward()
    with jax.enable_x64(True):
        jnp = jax.numpy
        wanted = jax.grad(lambda *v: jnp.real(jnp.sum(getattr(jnp, name)(*v) * w)), argnums=(0, 1))(z1, z2)
    for x, gradient in zip(xs, wanted, strict=True):
        found = numpy.asarray(x.grad)
        numpy.testing.assert_allclose(found, numpy.conj(numpy.asarray(gradient)), rtol=1e-10, atol=1e-12)


REDUCTION_TIES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("max", {}, [3.0, 1.0, 3.0], [0.5, 0.0, 0.5]),
    ("max", {}, [-INF, -INF], [0.5, 0.5]),
    ("max", {}, [[2.0, 2.0], [2.0, 1.0]], [[1 / 3, 1 / 3], [1 / 3, 0.0]]),
    ("max", {"axis": 1}, [[2.0, 2.0], [2.0, 1.0]], [[0.5, 0.5], [1.0, 0.0]]),
    ("max", {"axis": 0, "keepdims": True}, [[2.0, 2.0], [2.0, 1.0]], [[0.5, 1.0], [0.5, 0.0]]),
    ("max", {}, [1.0, NAN, NAN], [0.0, 0.5, 0.5]),
    ("min", {}, [1.0, 3.0, 1.0], [0.5, 0.0, 0.5]),
    ("min", {"axis": -1}, [[2.0, 2.0], [2.0, 1.0]], [[0.5, 0.5], [0.0, 1.0]]),
    ("min", {}, [0.0, -0.0], [0.5, 0.5]),
]


@pytest.mark.parametrize(("name", "options", "operand", "wanted"), REDUCTION_TIES)
def test_equal_extremes_share_the_gradient(
    backend: str, name: str, options: dict[str, Any], operand: Any, wanted: Any
) -> None:
    x = tp.tensor(operand, dtype="float64", requires_grad=True)
    getattr(tp, name)(x, **options).sum().backward()
    assert x.grad.tolist() == wanted


def test_an_extreme_with_its_index_gives_the_gradient_to_that_element(backend: str) -> None:
    x = tp.tensor([[2.0, 2.0], [1.0, 3.0]], requires_grad=True)
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_where_sends_nothing_to_the_branch_not_taken(backend: str) -> None:
    x = tp.tensor([0.0, 4.0], requires_grad=True)
    safe = tp.where(x > 0, x, 1.0)
    tp.where(x > 0, tp.sqrt(safe), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]


@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_powers_of_zero_can_be_differentiated_again(backend: str, exponent: int) -> None:
    x = tp.tensor(0.0, dtype="float64", requires_grad=True)
    orders, y = [], x**exponent
    for _ in range(3):
        (y,) = tp.autograd.grad(y, x, create_graph=True)
        orders.append(y.item())
    assert orders == [float(exponent == 1), 2.0 * (exponent == 2), 6.0 * (exponent == 3)]


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_the_slope_of_a_power_changes_with_an_exponent_of_zero(backend: str, dtype: str) -> None:
    x, y = (tp.tensor(values, dtype=dtype, requires_grad=True) for values in ([2.0, 0.5, 0.0], 0.0))
    (slope,) = tp.autograd.grad((x**y).sum(), x, create_graph=True)
    assert slope.tolist() == [0.0, 0.0, 0.0]
    changes = [tp.autograd.grad(one.real, y, retain_graph=True)[0].item() for one in slope]
    assert changes == [0.5, 2.0, 0.0]


def test_gradients_have_the_dtype_of_their_inputs(backend: str) -> None:
    whole = tp.tensor([1, 2])
    half, single, double = (
        tp.tensor([1.0, 2.0], dtype=dtype, requires_grad=True) for dtype in ("float16", "float32", "float64")
    )
    imaginary = tp.tensor([1j, 2.0], dtype="complex128", requires_grad=True)
    tp.abs((half * single * double * whole + imaginary) * 2).sum().backward()
    assert [x.grad.dtype for x in (half, single, double, imaginary)] == [
        tp.float16,
        tp.float32,
        tp.float64,
        tp.complex128,
    ]


SHAPES = st.sampled_from([(), (1,), (3,), (1, 3), (2, 1), (2, 3), (2, 2, 3), (0, 3), (2, 0, 1)])
SMOOTH = ("add", "atan2", "divide", "multiply", "pow", "subtract")
UNARY = ("cos", "exp", "log1p", "negative", "sigmoid", "sqrt", "square", "tanh")


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return numpy.broadcast_shapes(*shapes)
    except ValueError:
        return None


@given(
    shapes=st.tuples(SHAPES, SHAPES).filter(lambda shapes: broadcast(*shapes) is not None),
    binary=st.sampled_from(SMOOTH),
    outer=st.sampled_from(UNARY),
    axis=st.sampled_from([None, 0, -1]),
    seed=st.integers(0, 2**16),
)
def test_any_broadcasting_and_reduction(
    shapes: tuple[tuple[int, ...], tuple[int, ...]], binary: str, outer: str, axis: int | None, seed: int
) -> None:
    pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    generator = numpy.random.default_rng(seed)
    arrays = [generator.uniform(0.5, 1.5, shape) for shape in shapes]
    if not broadcast(*shapes):
        axis = None

    def run(*xs: tp.Tensor) -> tp.Tensor:
        # Its arguments stay within the domain of every unary function.
        inner = tp.sigmoid(getattr(tp, binary)(*xs)) + 0.5
        return tp.mean(getattr(tp, outer)(inner), axis=axis) if 0 not in inner.shape else tp.sum(inner, axis=axis)

    case = Case(run, tuple(arrays), run)
    with tp.backend("numpy"):
        found = first(case, arguments(case))
        wanted = differences(functools.partial(weighted, case), arguments(case), STEP)[:-1]
    for array, gradient in zip(arrays, found, strict=True):
        assert gradient.shape == array.shape
    assert_close(found, wanted, DIFFERENCE)
    with tp.backend("jax"):
        assert_close(first(case, arguments(case)), found, AGREEMENT)
