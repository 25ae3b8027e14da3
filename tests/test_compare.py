"""The comparison of programs: agreement on sound backends, and the operation that is named where one is not sound."""

from __future__ import annotations

import contextlib
import html
import platform
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorplug as tp
from tensorplug.backends import (
    Backend,
    Kernel,
    unregister,
)
from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.conformance import Comparison, compare
from tensorplug.conformance.compare_programs import command, divergence
from tensorplug.conformance.compare_programs.measure import default_tolerance, measure, ulps
from tensorplug.conformance.compare_programs.page import page
from tensorplug.conformance.compare_programs.program import Program
from tensorplug.conformance.compare_programs.tracing import tracing
from tensorplug.conformance.engine.available import available
from tensorplug.core.dispatch.keys import loaded_keys, loaded_libraries

from .conftest import registered

BACKENDS = available()

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 4)).astype(np.float32)
W = RNG.normal(size=(4, 3)).astype(np.float32)


def faulty(name: str, **faults: Kernel) -> Backend:
    """NumPy with other kernels."""

    class Faulty(NumPy):
        def kernels(self) -> Mapping[str, Kernel]:
            return {**super().kernels(), **{key.replace("__", "."): kernel for key, kernel in faults.items()}}

    Faulty.name = name  # type: ignore[misc]
    return Faulty()


def unshifted_logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Overflows, as it does not take the largest element away first."""
    with np.errstate(all="ignore"):
        return np.asarray(np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)))


def half_sum(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Accumulates in half precision."""
    return np.asarray(np.sum(x.astype(np.float16), axis=axis, keepdims=keepdims).astype(dtype or x.dtype))


FAULTY = {
    "cmp_logsumexp": {"logsumexp": unshifted_logsumexp},
    "cmp_sum": {"sum": half_sum},
    "cmp_cosh": {"cosh": lambda x: np.asarray(np.sinh(x))},
    "cmp_scalar": {"max": lambda x, axis=None, keepdims=False: np.max(x, axis)},
    "cmp_add_": {"add_": lambda x, y: x},
    "cmp_shape": {"max": lambda x, axis=None, keepdims=False: np.asarray(np.max(x, axis))},
    "cmp_tanh": {"tanh": lambda x: 1 / 0},
    "cmp_maximum": {"maximum": lambda x, y: np.asarray(np.where(x > y, x, 0 * x))},
    "cmp_argmax": {"argmax": lambda x, axis=None, keepdims=False: np.asarray(np.argmin(x, axis, keepdims=keepdims))},
}


class Shifted(NumPy):
    """Draws the random bits that come one later."""

    name = "cmp_random"

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Any:
        return super().random_bits(seed, offset + 1, count, device)


class Misplaced(NumPy):
    """Writes what is assigned to an index twice over."""

    name = "cmp_write"

    def write(self, array: Any, index: Any, value: Any) -> None:
        array[index] = 2 * value


@pytest.fixture(scope="module", autouse=True)
def _faulty_backends() -> Iterator[None]:
    backends = [faulty(name, **kernels) for name, kernels in FAULTY.items()]
    with registered(*backends, Shifted(), Misplaced()):
        yield


def line_of(function: Callable[..., Any], text: str) -> int:
    """The number of the line of a function's that has a text in it."""
    code = function.__code__
    source = Path(code.co_filename).read_text().splitlines()
    return next(i for i in range(code.co_firstlineno, len(source)) if text in source[i - 1])


def held_against_numpy(function: Callable[..., Any], *args: Any, backend: str, **options: Any) -> Comparison:
    return compare(function, *args, backends=["numpy", backend], reference="numpy", **options)


def training_step(x: tp.Tensor, parameters: dict[str, Any]) -> dict[str, Any]:
    hidden = tp.tanh(x @ parameters["first"] + parameters["bias"])
    loss = tp.nn.functional.cross_entropy(hidden @ parameters["last"], tp.arange(8) % 3)
    loss.backward()
    with tp.no_grad():
        for parameter in parameters.values():
            parameter -= 0.1 * parameter.grad
    return {"loss": loss, "parameters": parameters, "accuracy": loss.item()}


def writing(x: tp.Tensor) -> tuple[tp.Tensor, ...]:
    y = x * 2
    view = y.view(-1)[3:9]
    view.mul_(3)
    y[:, 0] = -1.0
    y.t()[1] += 5
    y[y > 4] = 0.5
    return y, view, y.diagonal().sum()


def drawing(x: tp.Tensor) -> list[Any]:
    noise = tp.randn(8, 4) * x
    return [noise, tp.randperm(5), tp.dropout(x, 0.5), tp.randint(0, 9, (3,)), float(tp.rand(()))]


PARAMETERS = {"first": RNG.normal(size=(4, 5)).astype("f4"), "bias": np.zeros(5, "f4"), "last": RNG.normal(size=(5, 3))}
PARAMETERS["last"] = PARAMETERS["last"].astype("f4")


class TestAgreement:
    """Sound backends."""

    pytestmark = pytest.mark.skipif(len(BACKENDS) < 2, reason="there is one backend only, and the faulty ones")

    @pytest.mark.parametrize(
        ("function", "args"),
        [(training_step, (X, PARAMETERS)), (writing, (X,)), (drawing, (X,))],
        ids=["training step", "writing", "drawing"],
    )
    def test_programs(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        comparison = compare(function, *args, backends=BACKENDS)
        assert comparison.agrees, str(comparison)
        assert not comparison.divergences
        assert [run.failure or run.gradient_failure for run in comparison.runs] == [""] * len(BACKENDS)
        assert all(run.seconds is not None and run.seconds > 0 for run in comparison.runs)

    def test_what_is_compared(self) -> None:
        found = [one.name for one in compare(training_step, X, PARAMETERS, backends=BACKENDS[:2]).differences]
        assert found == [
            "output['loss']",
            "output['parameters']['first']",
            "output['parameters']['bias']",
            "output['parameters']['last']",
            "output['accuracy']",
            "gradient of x",
            "gradient of parameters['first']",
            "gradient of parameters['bias']",
            "gradient of parameters['last']",
        ]

    def test_the_reference_compiles(self) -> None:
        pytest.importorskip("jax")
        assert compare(writing, X, backends=["numpy", "jax"]).reference == "jax"
        assert compare(writing, X, backends=["jax", "numpy"], reference="numpy").reference == "numpy"
        assert [run.backend for run in compare(writing, X, backends=["numpy"]).runs] == ["jax", "numpy"]


class TestGradients:
    def test_of_weighted_outputs(self) -> None:
        comparison = held_against_numpy(lambda x: tp.softmax(x, 1), X, backend="cmp_add_")
        gradient = comparison.runs[0].gradients["gradient of x"]
        assert np.abs(gradient).max() > 1e-3
        assert comparison.agrees

    def test_of_complex_outputs(self) -> None:
        comparison = held_against_numpy(lambda z: z * z, X + 1j * X, backend="cmp_add_")
        assert comparison.runs[1].gradients["gradient of z"].dtype == np.complex64
        assert comparison.agrees

    def test_none_where_none_are_wanted(self) -> None:
        comparison = held_against_numpy(lambda x: (x.add_(1), x.requires_grad), X, backend="cmp_sum", gradients=False)
        assert [found.name for found in comparison.differences] == ["output[0]", "output[1]"]
        assert not comparison.runs[0].outputs["output[1]"]

    def test_where_there_can_be_none(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x.exp()
            tp.autograd.grad(y.sum(), x)
            return y

        comparison = held_against_numpy(program, X, backend="cmp_logsumexp")
        assert comparison.agrees
        assert "second time" in comparison.runs[0].gradient_failure
        assert "No gradients: RuntimeError" in str(comparison)


def deep(x: tp.Tensor, w: tp.Tensor) -> tp.Tensor:
    hidden = x
    for _ in range(3):
        hidden = tp.tanh(hidden + 1)
    scores = 100 * (hidden @ w)
    normalizer = tp.logsumexp(scores, 1)
    return (scores - normalizer[:, None]).exp()


class TestDivergence:
    """A fault of one backend is named."""

    def test_forward(self) -> None:
        comparison = held_against_numpy(deep, X, np.abs(W), backend="cmp_logsumexp")
        assert not comparison.agrees
        (divergence,) = comparison.divergences
        assert (divergence.operation, divergence.is_source) == ("logsumexp", True)
        assert divergence.location is not None
        assert divergence.location.file == __file__
        assert divergence.location.line == line_of(deep, "tp.logsumexp")
        assert divergence.actual == "inf"
        assert float(divergence.expected) > 88
        (operand,) = divergence.operands
        assert (operand.shape, operand.dtype, operand.difference) == ((8, 3), "float32", 0.0)
        assert divergence.compared >= 7
        assert "cmp_logsumexp diverges from numpy at logsumexp, after" in str(comparison)
        assert "normalizer = tp.logsumexp(scores, 1)" in str(comparison)

    def test_accumulation_in_half_precision(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = tp.tanh(x.reshape(-1))
            return (y * y).sum() / 7

        (divergence,) = held_against_numpy(program, X, backend="cmp_sum").divergences
        assert divergence.operation == "sum"
        assert divergence.difference is not None
        assert 1e-5 < divergence.difference.relative < 1e-2

    def test_backward_only(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = tp.sinh(x) * 2
            return y.exp().log()

        comparison = held_against_numpy(program, X, backend="cmp_cosh")
        assert [(found.name, found.agrees) for found in comparison.differences] == [
            ("output", True),
            ("gradient of x", False),
        ]
        (divergence,) = comparison.divergences
        assert divergence.operation == "cosh, in the gradient of sinh"
        assert divergence.location is not None
        assert divergence.location.line == line_of(program, "tp.sinh")

    @pytest.mark.parametrize(
        ("backend", "message"),
        [("cmp_scalar", "wanted an array of the backend's library"), ("cmp_shape", r"of shape \(\), wanted \(1, 1\)")],
    )
    def test_a_kernel_that_returns_another_type_or_shape(self, backend: str, message: str) -> None:
        (difference,) = held_against_numpy(
            lambda x: tp.max(x, keepdims=True), X, backend=backend, gradients=False
        ).differences
        assert re.search(f"{backend} raised KernelError: kernel 'max' of plugin .*{message}", difference.problem)

    def test_sum_over_a_broadcast_operand(self) -> None:
        def program(x: tp.Tensor, bias: tp.Tensor) -> tp.Tensor:
            shifted = x + bias
            return shifted * 2

        (divergence,) = held_against_numpy(program, X, np.ones(4, "f4"), backend="cmp_sum").divergences
        assert divergence.operation == "sum, in the gradient of add"
        assert divergence.location is not None
        assert divergence.location.line == line_of(program, "x + bias")

    @pytest.mark.parametrize("reference", BACKENDS)
    def test_in_place_form(self, reference: str) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x * 2
            y.add_(1)
            return y

        (divergence,) = compare(
            program, X, backends=[reference, "cmp_add_"], reference=reference, gradients=False
        ).divergences
        assert (divergence.operation, divergence.is_source) == ("add", True)
        assert divergence.location is not None
        assert divergence.location.line == line_of(program, "y.add_(1)")

    def test_random_numbers(self) -> None:
        (divergence,) = held_against_numpy(drawing, X, backend="cmp_random").divergences
        assert divergence.operation == "random_bits"

    def test_vectors_up_to_their_phase(self) -> None:
        def flipped(x: Any) -> Any:
            values, vectors = np.linalg.eigh(x)
            return values, -vectors

        def narrow(x: Any) -> Any:
            return tuple(part.astype(np.float32) for part in np.linalg.eigh(x))

        def program(x: tp.Tensor) -> tp.Tensor:
            return tp.linalg.eigh(x.T @ x).eigenvectors

        with registered(faulty("cmp_flipped", linalg__eigh=flipped), faulty("cmp_narrow", linalg__eigh=narrow)):
            comparison = compare(program, X.astype("f8"), backends=["numpy", "cmp_flipped", "cmp_narrow"])
        flip, narrowed = comparison.divergences
        assert not flip.is_source
        assert (narrowed.operation, narrowed.is_source) == ("linalg.eigh", True)

    def test_integers(self) -> None:
        comparison = held_against_numpy(lambda x: tp.argmax(x, axis=1), X, backend="cmp_argmax")
        (difference,) = comparison.differences
        assert difference.measure is not None
        assert difference.measure.absolute == difference.measure.ulps >= 1
        assert comparison.divergences[0].operation == "argmax"

    def test_inside_of_a_decomposition(self) -> None:
        (divergence,) = held_against_numpy(lambda x: tp.logsumexp(x * 2, axis=1), X, backend="cmp_sum").divergences
        assert (divergence.operation, divergence.inside) == ("logsumexp", "sum")
        assert "at logsumexp (inside it, at sum), after" in divergence.lines()[0]

    def test_a_write_is_told_by_what_reads_it(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x * 2
            y[0] = x[1]
            return tp.exp(y)

        (divergence,) = held_against_numpy(program, X, backend="cmp_write", gradients=False).divergences
        assert (divergence.operation, divergence.is_source) == ("exp", False)
        assert "at exp, after 3 operations that agree" in divergence.lines()[0]
        assert "its operands differ already" in divergence.lines()[-1]

    def test_different_lines(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x * 2
            if y.backend == "numpy":
                y = y + 1
            else:
                y = y + 1.5
            return tp.exp(y)

        comparison = held_against_numpy(program, X, backend="cmp_sum", gradients=False)
        (divergence,) = comparison.divergences
        fork = divergence.fork
        assert fork is not None
        assert fork.reference is not None
        assert fork.tested is not None
        texts = ("if y.backend", "y = y + 1", "y = y + 1.5")
        assert [fork.line.line, fork.reference.line, fork.tested.line] == [line_of(program, text) for text in texts]
        head, *details = divergence.lines()
        assert head.startswith("cmp_sum diverges from numpy after ")
        assert head.endswith('if y.backend == "numpy":')
        assert "  next      on numpy: " in details[0]
        assert details[1].endswith("y = y + 1.5")
        assert "ran different lines" in details[2]
        assert "operation with different operands or results: exp (" in details[3]
        assert "not recorded" not in str(comparison)
        assert str(comparison) in html.unescape(comparison._repr_html_())

    @pytest.mark.parametrize("ends", [True, False])
    def test_a_loop_that_runs_longer(self, ends: bool) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x
            for _ in range(3 if x.backend == "numpy" else 4):
                y = y * 2
            return y if ends else y * 1

        (divergence,) = held_against_numpy(program, X, backend="cmp_sum", gradients=False).divergences
        assert divergence.fork is not None
        assert divergence.fork.line.line == line_of(program, "for _ in")

    def test_a_wrong_kernel_is_told_though_other_lines_ran(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = tp.sum(x)
            return y * 2 if y.backend == "numpy" else y * 3

        (divergence,) = held_against_numpy(program, X, backend="cmp_sum", gradients=False).divergences
        assert (divergence.operation, divergence.is_source, divergence.fork) == ("sum", True, None)

    def test_growth_is_no_operations_fault(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x + 0
            for _ in range(40):
                y = 3.9 * y * (1 - y)
            return y

        start = np.asarray([0.1, 0.7])
        with registered(faulty("cmp_rounding", multiply=lambda x, y: np.nextafter(np.multiply(x, y), 1))):
            (divergence,) = held_against_numpy(program, start, backend="cmp_rounding", gradients=False).divergences
        assert not divergence.is_source
        assert "rounding" in divergence.reason
        assert divergence.location is not None
        assert divergence.location.line == line_of(program, "3.9 * y")

    def test_a_fault_behind_growth_is_told(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            y = x + 0
            for _ in range(40):
                y = 3.9 * y * (1 - y)
            return tp.maximum(y, y * tp.nan)

        kernels = {**FAULTY["cmp_maximum"], "multiply": lambda x, y: np.nextafter(np.multiply(x, y), 1)}
        with registered(faulty("cmp_both", **kernels)):
            (divergence,) = held_against_numpy(
                program, np.asarray([0.1, 0.7]), backend="cmp_both", gradients=False
            ).divergences
        assert not divergence.is_source
        assert divergence.later.startswith("maximum (")

    def test_an_exception(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            return tp.tanh(x + 1)

        comparison = held_against_numpy(program, X, backend="cmp_tanh")
        (difference,) = comparison.differences
        assert re.match(r"cmp_tanh raised ZeroDivisionError: division by zero \(.*:\d+\)", difference.problem)
        assert comparison.runs[1].seconds is None
        (divergence,) = comparison.divergences
        assert (divergence.operation, divergence.actual) == ("tanh", "ZeroDivisionError: division by zero")

    def test_one_backend_does_not_stop_the_others(self) -> None:
        comparison = compare(
            lambda x: tp.sum(tp.tanh(x)), X, backends=["numpy", "cmp_tanh", "cmp_sum", "cmp_add_"], reference="numpy"
        )
        assert [divergence.backend for divergence in comparison.divergences] == ["cmp_tanh", "cmp_sum"]
        assert {found.backend for found in comparison.differences if found.agrees} == {"cmp_sum", "cmp_add_"}

    def test_shapes(self) -> None:
        def program(x: tp.Tensor) -> tp.Tensor:
            return tp.max(x, keepdims=x.backend == "numpy")

        comparison = held_against_numpy(program, X, backend="cmp_sum", gradients=False)
        (difference,) = comparison.differences
        assert difference.problem == "shape () on cmp_sum, (1, 1) on numpy"
        assert "DIFFERS: shape () on cmp_sum" in str(comparison)

    def test_structure(self) -> None:
        def program(x: tp.Tensor) -> dict[str, tp.Tensor]:
            name = "first" if x.backend == "numpy" else "second"
            return {name: x, "both": x if x.backend == "numpy" else x.double()}

        comparison = held_against_numpy(program, X, backend="cmp_sum", gradients=False)
        assert [(found.name, found.problem) for found in comparison.differences] == [
            ("output['first']", "only numpy has it, not cmp_sum"),
            ("output['both']", "float64 on cmp_sum, float32 on numpy"),
            ("output['second']", "only cmp_sum has it, not numpy"),
        ]
        assert "no single operation" in comparison.divergences[0].reason or comparison.divergences[0].operation

    def test_tolerances(self) -> None:
        def differences(**options: float) -> bool:
            return held_against_numpy(lambda x: tp.sum(x), X, backend="cmp_sum", gradients=False, **options).agrees

        assert not differences()
        assert differences(tolerance=0.01)
        assert differences(absolute=0.1)
        assert not differences(tolerance=1e-9, absolute=1e-9)


class TestTracing:
    def test_nothing_is_left_behind(self) -> None:
        compare(writing, X, backends=["numpy", "cmp_sum"])
        before = tables()
        for function in (writing, drawing, failing):
            with contextlib.suppress(ArithmeticError), tracing() as trace:
                Program(function, (X,), 0, True).call("numpy")
            assert trace.calls
            assert tables() == before
        assert not [library for library in loaded_libraries() if "copy" in vars(library.backend)]

    def test_a_comparison_leaves_the_random_stream_where_it_was(self) -> None:
        tp.manual_seed(3)
        expected = tp.rand(2).tolist()
        tp.manual_seed(3)
        held_against_numpy(drawing, X, backend="cmp_random")
        assert tp.rand(2).tolist() == expected

    @pytest.mark.parametrize("name", BACKENDS)
    def test_what_a_traced_program_computes(self, name: str) -> None:
        for function in (writing, drawing):
            program = Program(function, (X,), 0, True)
            plain = program.run(name)
            with tracing() as trace:
                traced = program.run(name)
            assert len(trace.calls) > 10
            for key, value in plain.values.items():
                np.testing.assert_array_equal(traced.values[key], value, key)

    def test_the_outermost_calls_are_kept(self) -> None:
        with tracing() as trace:
            Program(lambda x: tp.softmax(x.sinh(), 1), (X,), 0, True).call("numpy")
        titles = [call.title for call in trace.calls]
        assert titles[:3] == ["from_numpy", "sinh", "softmax"]
        assert "cosh, in the gradient of sinh" in titles
        assert titles[-1] == "gradient of sinh"

    def test_other_threads_are_not_recorded(self) -> None:
        from threading import Thread

        with tracing() as trace:
            thread = Thread(target=lambda: tp.exp(tp.ones(3)))
            thread.start()
            thread.join()
        assert not trace.calls

    def test_a_full_trace_ends(self) -> None:
        with tracing(limit=200) as trace:
            Program(writing, (X,), 0, True).call("numpy")
        assert trace.full
        assert sum(array.nbytes for call in trace.calls for array in (*call.inputs, *call.results)) <= 200

    def test_alignment(self) -> None:
        one, other = list("abcabcabxd"), list("abycabcaabd")
        pairs = list(divergence.align(one, other))
        assert all(one[i] == other[j] for i, j in pairs)
        assert pairs == sorted(pairs)
        assert len(pairs) == 9
        assert list(divergence.align("abc", "def")) == []


def failing(x: tp.Tensor) -> tp.Tensor:
    raise ArithmeticError(x.exp().sum().item())


def tables() -> list[dict[str, Any]]:
    return [dict(key.table) for key in loaded_keys()] + [dict(vars(library.ops)) for library in loaded_libraries()]


class TestMeasure:
    """Differences of arrays."""

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
    def test_ulps(self, dtype: str) -> None:
        one = np.asarray([1.0, -1.0, 0.0, 0.0, np.inf, np.nan, np.inf, 1.0], dtype)
        tiny = np.nextafter(np.asarray(0, dtype), np.asarray(1, dtype))
        after = np.nextafter(np.asarray(1, dtype), np.asarray(2, dtype))
        other = np.asarray([after, -after, -0.0, -tiny, np.inf, np.nan, -np.inf, np.nan], dtype)
        assert ulps(other, one).tolist() == [1, 1, 0, 1, 0, 0, np.inf, np.inf]
        assert ulps(-tiny.reshape(1), tiny.reshape(1)).tolist() == [2]

    def test_bfloat16(self) -> None:
        ml_dtypes = pytest.importorskip("ml_dtypes")
        one = np.asarray([1.0, 2.0], ml_dtypes.bfloat16)
        assert measure(np.asarray([1.0, 2.015625], ml_dtypes.bfloat16), one).ulps == 1

    def test_largest(self) -> None:
        found = measure(np.asarray([[1.0, 4.0], [7.0, np.nan]]), np.asarray([[1.0, 4.5], [8.0, np.nan]]))
        assert found.absolute == 1
        assert found.relative == 1 / 8
        assert found.index == (1, 0)
        assert (found.expected, found.actual) == (8, 7)

    def test_complex_parts_and_signed_zeros(self) -> None:
        found = measure(np.asarray([3 + 4j, complex(-0.0, 1)]), np.asarray([0, complex(0.0, 1)]))
        assert (found.absolute, found.index, found.signed_zeros) == (5, (0,), 1)

    def test_integers(self) -> None:
        big = np.asarray([2**64 - 1, 0], np.uint64)
        assert measure(big, big[::-1]).absolute == 2.0**64
        assert measure(np.asarray([-(2**63)]), np.asarray([2**63 - 1])).absolute == 2.0**64
        assert measure(np.asarray([True]), np.asarray([False])).absolute == 1

    def test_empty_and_of_zeros(self) -> None:
        assert measure(np.zeros((0, 2)), np.zeros((0, 2))).index is None
        assert measure(np.ones(1), np.zeros(1)).relative == np.inf
        assert measure(np.asarray(0.0), np.asarray(-0.0)).signed_zeros == 1

    def test_default_tolerance(self) -> None:
        assert default_tolerance(np.dtype("float32")) == pytest.approx(6.4e-6, rel=0.01)
        assert default_tolerance(np.dtype("int64")) == 0


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"backends": ["numpy", "nowhere"]}, "unknown backend 'nowhere'"),
            ({"backends": ["numpy"], "reference": "numpy"}, "got 'numpy' alone, wanted two backends"),
            ({"reference": "nowhere"}, "unknown backend 'nowhere'"),
            ({"tolerance": -1}, "got tolerance=-1"),
            ({"absolute": float("nan")}, "got absolute=nan"),
            ({"backends": "numpy"}, "wanted a sequence of names"),
            ({"backends": []}, "got no backends, wanted some of numpy"),
        ],
    )
    def test_of_compare(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            compare(writing, X, **options)

    def test_what_every_backend_raises_is_raised(self) -> None:
        with pytest.raises(tp.core.types.errors.ShapeError, match="cannot be broadcast"):
            held_against_numpy(lambda x: x + tp.ones(3), X, backend="cmp_sum")

    def test_outputs_that_cannot_be_compared(self) -> None:
        with pytest.raises(TypeError, match=r"output\['x'\] is of type str, wanted a tensor"):
            held_against_numpy(lambda x: {"x": "text"}, X, backend="cmp_sum")

    def test_a_function_that_returns_nothing(self) -> None:
        with pytest.raises(ValueError, match="the function returned nothing, and its arguments have no gradients"):
            held_against_numpy(lambda x: None, X, backend="cmp_sum")
        comparison = held_against_numpy(lambda x: tp.sinh(x).sum().backward(), X, backend="cmp_cosh")
        assert [(found.name, found.agrees) for found in comparison.differences] == [("gradient of x", False)]


PROGRAM = """
    import numpy as np
    import tensorplug as tp

    def inputs():
        return (np.full((4, 3), 200.0, dtype=np.float32),)

    def program(x):
        return tp.logsumexp(x * 2, 1)

    def sound(x):
        return {"<i>&$": x * 2, "none": None}
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "prog.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return file


def run(*arguments: object) -> int:
    from tensorplug.cli import main

    return main(["compare", *map(str, arguments)])


class TestCommand:
    """``tensorplug compare``."""

    ON = ("--backends", "numpy", "cmp_logsumexp", "--reference", "numpy")

    def test_agreement(self, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(program, *self.ON, "--function", "sound") == 0
        printed = capsys.readouterr().out
        assert "sound agrees on cmp_logsumexp and numpy, the reference." in printed
        assert "gradient of x" in printed

    def test_divergence(self, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(program, *self.ON) == 1
        printed = capsys.readouterr().out
        assert "cmp_logsumexp diverges from numpy at logsumexp" in printed
        assert f"{program}:9: return tp.logsumexp(x * 2, 1)" in printed

    def test_a_program_that_registers_a_plugin(self, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
        plugin = """
            from types import SimpleNamespace
            from tensorplug.backends import hookimpl, register
            from tensorplug.backends.numpy.plugin import NumPy

            class Mine(NumPy):
                name = "cmp_mine"

            @hookimpl
            def tensorplug_backends():
                return [Mine()]

            plugin = SimpleNamespace(__name__="cmp_mine_plugin", tensorplug_backends=tensorplug_backends)
            register(plugin)
        """
        program.write_text(textwrap.dedent(plugin) + program.read_text())
        try:
            assert run(program, "--backend", "numpy", "cmp_mine", "--reference", "numpy") == 0
        finally:
            unregister(sys.modules["compared_program"].plugin)
        assert "program agrees on cmp_mine and numpy, the reference." in capsys.readouterr().out

    def test_from_the_shell(self, program: Path) -> None:
        if len(BACKENDS) < 2:
            pytest.skip("there is one backend only")
        command = [sys.executable, "-P", "-m", "tensorplug", "compare", str(program), "--no-gradients"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "program agrees on numpy" in done.stdout

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["nothing.py"], "no file 'nothing.py'"),
            (["PROGRAM", "--function", "other"], "has no function 'other'; it has inputs, program, sound"),
            (["PROGRAM", "--function", "np"], "has a module, not a function, named 'np'"),
            (["PROGRAM", "--backends", "nowhere"], "unknown backend 'nowhere'; known are"),
            (["PROGRAM", "--reference", "nowhere"], "unknown backend 'nowhere'"),
            (["PROGRAM", "--backends", "numpy", "--reference", "numpy"], "got 'numpy' alone"),
            (["PROGRAM", "--function", "inputs"], "too many positional arguments"),
            (["PROGRAM", "--report", "/nowhere/report.html"], "folder '/nowhere' does not exist"),
            (["PROGRAM", "--report", "/"], "'/' is a folder"),
            (["PROGRAM", "--report", f"{__file__}/report.html"], "does not exist"),
            (["PROGRAM", "--report", "report.json"], "ends in '.json', wanted one of .html"),
            (["PROGRAM", "--seed", str(2**70)], "wanted a number of 64 bits"),
        ],
    )
    def test_bad_input(
        self, program: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
    ) -> None:
        assert run(*(program if one == "PROGRAM" else one for one in arguments)) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("tensorplug compare: ")
        assert message in line

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("def program(:", "prog.py:1: SyntaxError"),
            ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name' ("),
            ("raise SystemExit(3)", "could not be imported: SystemExit: 3"),
            ("def program(x): pass", "missing a required argument: 'x'; define inputs()"),
            ("def program(): pass\ndef inputs(): 1 / 0", "inputs() raised ZeroDivisionError: division by zero ("),
            ("def program():\n    return {}['key']", "KeyError: 'key' ("),
            ("import sys\ndef program():\n    sys.exit(0)", "RuntimeError: sys.exit(0) was called ("),
            ("import sys\ndef program(): pass\ndef inputs(): sys.exit(0)", "inputs() raised SystemExit: 0 ("),
            ("def program(): pass", "compare: the function returned nothing"),
            ("def program():\n    return object()", "TypeError: compare: output is of type object"),
        ],
    )
    def test_bad_programs(self, program: Path, capsys: pytest.CaptureFixture[str], source: str, message: str) -> None:
        program.write_text(source)
        assert run(program, *self.ON) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line

    def test_bad_tolerances(self, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for text in ("-1", "nan", "x"):
            with pytest.raises(SystemExit, match="2"):
                run(program, "--tolerance", text)
            assert "argument --tolerance" in capsys.readouterr().err


class TestReport:
    def test_page(self, program: Path, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        file = tmp_path / "report.html"
        assert run(program, *TestCommand.ON, "--report", file) == 1
        text = file.read_text()
        assert "diverges from numpy at logsumexp" in text
        assert text.count("<svg") == 2
        assert "<tr class=differs>" in text
        assert "src=" not in text
        assert not re.search(r"""href=["']?http""", text)

    def test_page_has_the_program_and_the_versions(self, program: Path, tmp_path: Path) -> None:
        file = tmp_path / "report.html"
        run(program, *TestCommand.ON, "--seed", "7", "--report", file)
        text = file.read_text()
        assert f"<code>{program}</code>" in text
        assert "<span class=differs>   9      return tp.logsumexp(x * 2, 1)</span>" in text
        assert "<span>   8  def program(x):</span>" in text
        assert "<td>seed</td><td>7</td>" in text
        for name, version in (("Python", platform.python_version()), ("numpy", np.__version__)):
            assert f"<td>{name}</td><td>{version}</td>" in text

    def test_page_of_a_function_without_text(self) -> None:
        namespace: dict[str, Any] = {"tp": tp}
        exec("def program(x): return tp.sum(x)", namespace)
        found = held_against_numpy(namespace["program"], X, backend="cmp_sum", gradients=False)
        assert "program, whose text could not be read" in page(found)

    def test_text_of_the_users_is_escaped(self, program: Path, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib")
        file = tmp_path / "report.html"
        assert run(program, *TestCommand.ON, "--function", "sound", "--report", file) == 0
        text = file.read_text()
        assert "<i>" not in text
        assert "&lt;i&gt;&amp;$" in text

    def test_without_matplotlib(
        self, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        assert run(program, "--report", tmp_path / "report.html") == 2
        assert 'matplotlib, not installed here; to install it: pip install ".[conformance]"' in capsys.readouterr().err


def test_the_module_of_a_program_hides_no_other() -> None:
    assert command.MODULE not in sys.stdlib_module_names
