"""The conformance suite: what it covers, what it tells of a fault, and what it does with a plugin that misbehaves."""

from __future__ import annotations

import inspect
import itertools
import json
import math
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy
import pytest

import tensorplug as tp
from tensorplug import cli
from tensorplug.backends import (
    Backend,
    Kernel,
)
from tensorplug.backends.numpy.plugin import NumPy
from tensorplug.conformance import run
from tensorplug.conformance.engine import memory
from tensorplug.conformance.engine.arrays import rounded, to_host
from tensorplug.conformance.engine.available import PLAIN, available
from tensorplug.conformance.engine.bounds import EXACT, SUM
from tensorplug.conformance.engine.comparing import require_agreement
from tensorplug.conformance.engine.example import Example, Mismatch, draw
from tensorplug.conformance.engine.levels import LEVELS
from tensorplug.conformance.engine.limits import TimedOut, time_limit
from tensorplug.conformance.engine.outcome import (
    FAILED,
    PASSED,
    Failure,
    Outcome,
)
from tensorplug.conformance.engine.reference import Reference, eager_reference
from tensorplug.conformance.engine.runner import checks, ranked, run_check, run_checks
from tensorplug.conformance.engine.trial import Trial, shrunk
from tensorplug.conformance.engine.workers import shared_cores
from tensorplug.conformance.uses import (
    Operand,
    Use,
    chapter_of,
    subjects,
    uses_of,
)
from tensorplug.conformance.uses.use import between
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.memory.tensor import wrap
from tensorplug.core.types.errors import UnsupportedError

from .conftest import registered
from .faults import FAULTS


@pytest.fixture(autouse=True)
def _default_backend() -> Iterator[None]:
    """What a snippet sets is set for it alone."""
    yield
    tp.set_default_backend(None)


def backend_with(name: str, **kernels: Kernel) -> Backend:
    """NumPy with other kernels."""

    def changed(self: NumPy) -> Mapping[str, Kernel]:
        return {**NumPy.kernels(self), **kernels}

    made: Backend = type("Changed", (NumPy,), {"name": name, "kernels": changed})()
    return made


def hide_jax(folder: Path) -> None:
    """Let processes that look for modules in a folder find no JAX, which each of them would import."""
    (folder / "jax.py").write_text("raise ImportError")


REFERENCE = Reference("numpy")

MISTAKEN = {fault.name: fault for fault in FAULTS}


def outcomes_of(backend: Backend, *operations: str, level: str = "quick") -> list[Outcome]:
    """What the suite says of a backend, held against NumPy, which compiles nothing."""
    with registered(backend) as name:
        return run([name], level=level, operations=operations, reference=REFERENCE)


def first_failure(backend: Backend, *operations: str) -> Outcome:
    """The outcome that comes first, which failed."""
    outcome = outcomes_of(backend, *operations)[0]
    assert outcome.status == "failed"
    return outcome


class TestCoverage:
    """The list of operations is taken from the declarations."""

    def test_every_operation_has_checks(self) -> None:
        assert {check.operation for check in checks()} >= set(OPERATIONS)
        assert {check.operation for check in checks()} >= {"dlpack", "host transfer", "saving", "rand", "einsum"}

    @pytest.mark.parametrize("name", subjects())
    def test_every_operation_is_used(self, name: str) -> None:
        assert uses_of(name)
        assert chapter_of(name)

    def test_every_function_of_pytorch_is_used(self) -> None:
        """Those of networks and special functions too; random ones are compared by their streams."""
        codes = " ".join(use.code for name in subjects() for use in uses_of(name))
        called = set(re.findall(r"(\w+)\(", codes))
        places = {
            "": tp,
            "special.": tp.special,
            "linalg.": tp.linalg,
            "fft.": tp.fft,
            "nn.functional.": tp.nn.functional,
        }
        names: dict[Any, list[str]] = {}
        for place, module in places.items():
            for name in module.__all__:
                found = getattr(module, name)
                chapter = getattr(inspect.unwrap(found), "__module__", "") if inspect.isfunction(found) else ""
                if re.search(r"\.core\.(pytorch|special)\.", chapter or ""):
                    names.setdefault(found, []).append(f"{place}{name}")
        unused = [found for found in names.values() if called.isdisjoint(name.rpartition(".")[2] for name in found)]
        assert unused == [["allclose"], ["pca_lowrank"], ["svd_lowrank"]], "a bool, and what is drawn by chance"

    def test_an_operation_is_covered_the_day_it_is_declared(self) -> None:
        program = """if True:
            from tensorplug.core.families.elementwise import unary

            @unary("numeric")
            def triple(ops, x):
                return x + x + x

            from tensorplug.conformance.engine.runner import checks
            print(sorted(check.aspect for check in checks(operations=["triple"])))
        """
        found = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
        assert "'special values'" in found.stdout
        assert "'values'" in found.stdout

    def test_a_sound_backend_passes(self) -> None:
        found = outcomes_of(backend_with("sound"), "add", "sum", "linalg.det", "getitem", "dlpack", level="default")
        # NumPy finds no derivatives by itself.
        assert {outcome.aspect for outcome in found if outcome.status != "passed"} == {"automatic differentiation"}
        assert sum(outcome.examples for outcome in found) > 500

    @pytest.mark.parametrize(
        ("selection", "wanted"),
        [
            ({"operations": ["add"]}, {"add"}),
            ({"chapters": ["sets"]}, {"isin", "unique_indices"}),
            ({"keyword": "::add::grad"}, {"add"}),
        ],
    )
    def test_a_part_of_the_suite(self, selection: dict[str, Any], wanted: set[str]) -> None:
        assert {check.operation for check in checks(**selection)} >= wanted
        assert len(checks(**selection)) < 80

    @pytest.mark.parametrize("level", ["quick", "default"])
    def test_no_check_of_a_sound_backend_tries_nothing(self, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def end(*arguments: Any, **options: Any) -> None:
            raise Mismatch("here an example would be tried")

        monkeypatch.setattr(Trial, "hold", end)
        monkeypatch.setattr(Trial, "hold_for", end)
        for check in checks(level):
            outcome = run_check(check, "numpy", REFERENCE, LEVELS[level], 0)
            assert outcome.failure is not None, outcome.identifier
            assert outcome.failure.message == "here an example would be tried", outcome.identifier

    @pytest.mark.parametrize("name", ["add", "abs", "mse_loss", "sum", "prod", "cumulative_sum", "argmax", "sort"])
    def test_an_empty_array_is_tried_at_the_quick_level(self, name: str) -> None:
        trial = Trial("numpy", REFERENCE, LEVELS["quick"], 0, name, "values")
        assert any(use.is_empty for use, _ in trial.situations())

    def test_unknown_names(self) -> None:
        with pytest.raises(ValueError, match="no operation 'ad'; the nearest are"):
            checks(operations=["ad"])
        with pytest.raises(ValueError, match="no chapter 'set'; the nearest are sets"):
            checks(chapters=["set"])
        with pytest.raises(ValueError, match=r"no chapter 'zzz'; there are .*sorting"):
            checks(operations=["add"], chapters=["zzz"])


class TestRank:
    """The likely cause comes before what follows from it."""

    @staticmethod
    def ranked(*failures: tuple[str, str, str, str]) -> list[str]:
        """The operations in the order in which their failures are told; given are chapter, name, aspect, kernels."""
        outcomes = [
            Outcome("any", chapter, name, aspect, FAILED, failure=Failure("wrong", kernels=tuple(kernels.split())))
            for chapter, name, aspect, kernels in failures
        ]
        return [outcome.operation for outcome in ranked(outcomes)]

    def test_what_uses_a_kernel_that_fails_comes_after_it(self) -> None:
        failures = [("elementwise", "silu", "values", "sigmoid silu"), ("statistical", "sigmoid", "values", "sigmoid")]
        assert self.ranked(*failures) == ["sigmoid", "silu"]

    def test_the_kernel_at_which_an_example_parts_comes_first(self) -> None:
        def add(x1: Any, x2: Any) -> Any:
            is_square = x1.ndim == x2.ndim == 2 and len({*x1.shape, *x2.shape}) == 1
            return numpy.asarray(numpy.add(x1, x2) * (1.001 if is_square else 1), x1.dtype)

        found = outcomes_of(backend_with("off", add=add), "linalg.cholesky")
        assert (found[0].operation, found[0].checked) == ("add", "linalg.cholesky")
        assert {outcome.operation for outcome in found if outcome.status == FAILED} == {"add", "linalg.cholesky"}

    def test_of_two_that_need_each_other_the_one_that_more_others_use_comes_first(self) -> None:
        clone = [("transfer", "clone", "values", "clone put"), ("transfer", "clone", "aliasing", "put")]
        put = [("indexing", "put", "values", "clone put"), ("elementwise", "add", "in place", "add put")]
        assert self.ranked(*clone, *put)[0] == "put"

    def test_a_view_that_copies_is_not_blamed_on_what_it_is_written_with(self) -> None:
        failures = [("indexing", "put", "values", "permute_dims put"), ("manipulation", "mT", "aliasing", "mT put")]
        view = ("manipulation", "permute_dims", "aliasing", "permute_dims put")
        assert self.ranked(*failures, view)[0] == "permute_dims"


class TestFailures:
    """A fault is told by the smallest example, and anyone can replay it."""

    WRONG: ClassVar = backend_with("wrong_add", add=lambda x1, x2: numpy.asarray(x1 + x2 + (x1 == 2)))

    def test_the_smallest_example(self) -> None:
        failure = first_failure(self.WRONG, "add").failure
        assert failure is not None
        assert failure.call == "tp.add(x1, x2)"
        # One element is 2, and all others are the simplest there are.
        values = [numpy.ravel(eval(text, {"tp": tp}).tolist()) for text in failure.inputs.values()]
        assert sorted(numpy.concatenate(values))[-2:] == [0.0, 2.0]

    def test_the_snippet_replays_it(self) -> None:
        with registered(self.WRONG):
            failure = first_failure_registered("wrong_add", "add")
            found: list[str] = []
            exec(failure.snippet.replace("print(", "found.append("), {"found": found})
        assert failure.actual in str(found[0].tolist())  # type: ignore[attr-defined]
        assert failure.actual != failure.expected

    def test_what_fails_only_once_has_a_snippet_too(self) -> None:
        calls = itertools.count()
        backend = backend_with("wrong_once", add=lambda x1, x2: numpy.asarray(x1 + x2 + (next(calls) == 0)))
        failure = first_failure(backend, "add").failure
        assert failure is not None
        assert failure.message.startswith("failed once, and not when it was tried again: ")
        assert failure.expected != failure.actual
        assert failure.call in failure.snippet

    def test_an_example_that_passes_when_tried_again_is_not_told(self) -> None:
        def prop(example: Example) -> None:
            if example is found:
                raise Mismatch("it is wrong")

        trial = Trial("numpy", REFERENCE, LEVELS["quick"], 0, "add", "threads")
        (use, *_) = uses_of("add")
        small, found = (draw(use, "float64", "contiguous", trial.rng) for _ in range(2))
        failure = trial.told(prop, [small, found])
        assert failure.message == "it is wrong (float64)"
        assert failure.inputs == found.inputs != small.inputs

    @pytest.mark.parametrize(
        "is_right", [lambda x1: False, lambda x1: x1.base is None], ids=["everywhere", "through a view"]
    )
    def test_the_snippet_of_an_in_place_form_replays_it(self, is_right: Callable[[Any], bool]) -> None:
        def add(x1: Any, x2: Any) -> Any:
            numpy.add(x1, x2, out=x1)
            return x1 if is_right(x1) else numpy.add(x1, 1, out=x1, casting="unsafe")

        backend = backend_with("wrong_in_place", add_=add)
        with registered(backend):
            (outcome,) = run(["wrong_in_place"], operations=["add"], keyword="::in place", reference=REFERENCE)
            assert outcome.failure is not None
            assert "add_(" in outcome.failure.call
            found: list[tp.Tensor] = []
            exec(outcome.failure.snippet.replace("print(", "found.append("), {"found": found})
            sound = outcome.failure.snippet.replace('"wrong_in_place"', '"numpy"')
            exec(sound.replace("print(", "found.append("), {"found": found})
        assert found[0].tolist() != found[1].tolist()

    @pytest.mark.parametrize(
        ("fault", "operation", "aspect", "tried"),
        [
            ("softmax_gradient_forgets_the_sum", "softmax", "gradients", "tp.func.grad(lambda x: weighted("),
            ("adjugate_is_transposed", "linalg.det", "second order", "tp.func.grad(lambda x: weighted(tp.func.grad("),
            ("copy_shares_memory", "clone", "aliasing", "filled("),
            ("permute_dims_copies", "permute_dims", "aliasing", "filled("),
            ("add_in_shared_memory", "add", "threads", "ThreadPoolExecutor(4)"),
            ("from_numpy_of_uint64", "host transfer", "values", "tp.tensor(host).tolist()"),
            ("from_numpy_shares_memory", "host transfer", "copies", "given.fill(1)"),
            ("to_numpy_conjugates", "saving", "values", "tp.save(x, file)"),
        ],
    )
    def test_the_snippet_replays_what_was_tried(self, fault: str, operation: str, aspect: str, tried: str) -> None:
        with registered(MISTAKEN[fault].backend()) as name:
            *_, outcome = run([name], operations=[operation], keyword=f"::{aspect}", reference=REFERENCE)
            assert outcome.failure is not None
            assert tried in outcome.failure.call
            found: list[Any] = []
            for backend in (name, "numpy"):
                snippet = outcome.failure.snippet.replace(f'"{name}"', f'"{backend}"')
                exec(snippet.replace("print(", "found.append("), {"found": found})
        assert str(found[0]) != str(found[1])

    def test_the_snippet_of_a_promotion_shows_both(self) -> None:
        calls = itertools.count()
        counting = backend_with("counting", add=lambda x1, x2: numpy.asarray(numpy.add(x1, x2) + next(calls) % 2))
        with registered(counting) as name:
            (outcome,) = run([name], level="quick", operations=["add"], keyword="::promotion", reference=REFERENCE)
            assert outcome.failure is not None
            found: list[Any] = []
            exec(outcome.failure.snippet.replace("print(", "found.append("), {"found": found})
        assert [type(one) for one in found[0]] == [tp.Tensor] * 2

    def test_scalars_are_shown_in_the_place_of_either_operand(self) -> None:
        from tensorplug.conformance.checks.promotion import _with_scalar_call

        (use, *_) = uses_of("add")
        x = tp.ones(2)
        found = eval(_with_scalar_call(1.5)(use), {"tp": tp, "x1": x, "x2": 2 * x})
        assert [one.tolist() for one in found] == [[3.5, 3.5], [2.5, 2.5]]

    @pytest.mark.parametrize("layout", ["contiguous", "negative strides"])
    @pytest.mark.parametrize("dtype", ["bfloat16", "float64", "complex64", "complex128"])
    def test_the_snippet_has_every_value(self, dtype: str, layout: str) -> None:
        parts = [numpy.nan, numpy.inf, -numpy.inf, 0.0, -0.0, 1.5, -2.0]
        values = [complex(a, b) for a in parts for b in parts] if dtype.startswith("complex") else parts
        host = rounded(numpy.asarray(values), dtype)
        found: list[tp.Tensor] = []
        snippet = Example(Use("x", x=host.shape), {"x": dtype}, layout, {"x": host}).snippet("numpy", "x")
        exec(snippet.replace("print(", "found.append("), {"found": found})
        assert found[0].dtype.name == dtype
        assert to_host(found[0]).tobytes() == host.tobytes()

    def test_a_smaller_example_is_one_of_its_dtype(self) -> None:
        use = Use("x", x=Operand((3,), between(0.2, 2)))
        host = rounded(numpy.asarray([0.7, 1.5, 2.0]), "bfloat16")

        def fails(example: Example) -> None:
            assert example.hosts["x"][2] != 2

        found = shrunk(fails, Example(use, {"x": "bfloat16"}, "contiguous", {"x": host})).hosts["x"]
        assert found.tobytes() == rounded(found, "bfloat16").tobytes()
        assert (found[:2] != host[:2]).all()

    def test_a_seed_replays_it(self) -> None:
        assert first_failure(self.WRONG, "add").failure == first_failure(self.WRONG, "add").failure

    def test_what_failed_comes_first(self) -> None:
        found = outcomes_of(self.WRONG, "abs", "add", "sum")
        statuses = [outcome.status for outcome in found]
        assert statuses == sorted(statuses)
        assert found[0].operation == "add"

    def test_an_exception_is_told(self) -> None:
        def raises(x: Any) -> Any:
            raise OSError("no such kernel")

        failure = first_failure(backend_with("raising", exp=raises), "exp").failure
        assert failure is not None
        assert "raised OSError: no such kernel" in failure.message

    @pytest.mark.parametrize(("name", "aspect"), [("tanh", "special values"), ("conj", "values"), ("flip", "special")])
    def test_signs_of_zeros_in_complex_numbers(self, name: str, aspect: str) -> None:
        kernel = NumPy().kernels().get(name) or library_for("numpy").find(name)
        assert kernel is not None

        def positive_zeros(x: Any, **parameters: Any) -> Any:
            found = kernel(x, **parameters)
            return found if found.dtype.kind != "c" else numpy.asarray(found + 0)

        with registered(backend_with(f"positive_zeros_of_{name}", **{name: positive_zeros})) as backend:
            found = run([backend], operations=[name], keyword=f"::{aspect}", reference=REFERENCE)
        assert {outcome.status for outcome in found} == {"failed"}

    def test_a_dtype_that_is_known_is_wanted(self) -> None:
        tensor, wanted = tp.ones(2, dtype=tp.float32), numpy.ones(2)
        require_agreement(tensor, wanted, EXACT, 0.0)
        with pytest.raises(Mismatch, match="dtype float32, wanted float64"):
            require_agreement(tensor, wanted, EXACT, 0.0, same_dtype=True)

    def test_a_bound_may_be_beyond_single_precision(self) -> None:
        require_agreement(tp.ones(2), numpy.ones(2, "float32"), SUM, 1e300)


def first_failure_registered(backend: str, operation: str) -> Any:
    """The same of a backend that is registered."""
    return run([backend], level="quick", operations=[operation], reference=REFERENCE)[0].failure


class TestDegrees:
    """What a backend declares that it does not do is counted apart, and held to."""

    class Partial(NumPy):
        name = "partial"

        def kernels(self) -> Mapping[str, Kernel]:
            return {name: kernel for name, kernel in super().kernels().items() if name != "linalg.qr"}

        def unsupported(self) -> Mapping[str, str]:
            return {"linalg.qr": "the library has no QR decomposition"}

        def dtypes(self) -> Mapping[str, Any]:
            return {name: native for name, native in super().dtypes().items() if name != "uint16"}

    def test_it_is_an_error_to_ask_for_it(self) -> None:
        with (
            registered(self.Partial()),
            tp.backend("partial"),
            pytest.raises(
                NotImplementedError, match=r"linalg\.qr: backend 'partial' does not support it: the library has"
            ),
        ):
            tp.linalg.qr(tp.eye(2))

    def test_it_is_counted_apart(self) -> None:
        found = outcomes_of(self.Partial(), "linalg.qr", "linalg.inv", "dtypes")
        statuses = {
            outcome.operation: {o.status for o in found if o.operation == outcome.operation} for outcome in found
        }
        assert statuses == {"linalg.qr": {"unsupported"}, "linalg.inv": {"passed"}, "dtypes": {"unsupported"}}
        reasons = {outcome.operation: outcome.reason for outcome in found}
        assert "the library has no QR decomposition" in reasons["linalg.qr"]
        assert reasons["dtypes"] == "the backend has no uint16"

    def test_dtypes_that_are_left_out_are_no_failure(self) -> None:
        class Few(NumPy):
            name = "few"

            def dtypes(self) -> Mapping[str, Any]:
                every = super().dtypes()
                return {name: every[name] for name in ("bool", "uint8", "int8", "int64", "float32")}

        names = ["add", "bitwise_and", "maximum", "multiply", "sum"]
        with registered(Few()):
            outcomes = run(["few"], level="default", operations=names, reference=REFERENCE)
        assert [outcome.failure for outcome in outcomes if outcome.status == FAILED] == []
        values = [outcome for outcome in outcomes if outcome.aspect == "values"]
        assert len(values) == len(names)
        assert all(outcome.status == PASSED and outcome.examples > 10 for outcome in values)

    def test_what_is_missing_and_not_declared_fails(self) -> None:
        class Lacking(self.Partial):  # type: ignore[name-defined,misc]
            name = "lacking"

            def load(self) -> Any:
                import array_api_strict

                return array_api_strict

            def unsupported(self) -> Mapping[str, str]:
                return {}

        def refuse(x: Any, **parameters: Any) -> Any:
            raise NotImplementedError("not yet")

        def say_so(x: Any, **parameters: Any) -> Any:
            raise UnsupportedError("not yet")

        for kernel in (refuse, say_so):
            backend = backend_with(f"lacking_qr_{kernel.__name__}", **{"linalg.qr": kernel})
            assert {outcome.status for outcome in outcomes_of(backend, "linalg.qr")} == {"failed"}

    def test_what_cannot_be_tried_is_not_passed(self) -> None:
        class Single(NumPy):
            name = "single"

            def dtypes(self) -> Mapping[str, Any]:
                return {name: native for name, native in super().dtypes().items() if name != "float64"}

        found = {outcome.aspect: outcome for outcome in outcomes_of(Single(), "floor")}
        assert found["values"].status == "passed"
        assert found["gradients"].status == "unsupported"
        assert "none of the dtypes" in found["gradients"].reason

    def test_what_the_reference_cannot_tell_is_not_passed(self) -> None:
        with registered(self.Partial()), registered(backend_with("told")) as name:
            (found, *_) = run(
                [name], operations=["linalg.qr"], keyword="::values", level="quick", reference=Reference("partial")
            )
            assert (found.status, found.examples) == ("unsupported", 0)
            assert "the reference cannot tell: linalg.qr" in found.reason
            (found,) = run([name], operations=["sin"], keyword="automatic", reference=REFERENCE)
            assert (found.status, found.examples) == ("unsupported", 0)
            assert "no automatic differentiation of its own" in found.reason

    def test_what_the_reference_cannot_tell_of_memory_is_no_failure(self) -> None:
        class Flat(NumPy):
            name = "flat"

            def unsupported(self) -> Mapping[str, str]:
                return {"permute_dims": "the library has one axis"}

        with registered(Flat()), registered(backend_with("told")) as name:
            (found,) = run(
                [name], operations=["permute_dims"], keyword="::aliasing", level="quick", reference=Reference("flat")
            )
        assert (found.status, found.examples) == ("unsupported", 0)
        assert "the reference cannot tell: permute_dims" in found.reason


class TestMisbehaviour:
    """One line for each, and the rest of the run goes on."""

    def test_a_kernel_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def hangs(x: Any) -> Any:
            time.sleep(600)

        monkeypatch.setitem(LEVELS, "quick", LEVELS["quick"]._replace(limit=3))
        found = outcomes_of(backend_with("hanging", floor=hangs), "floor", "ceil")
        assert {outcome.operation for outcome in found if outcome.status == "passed"} == {"ceil"}
        failure = next(outcome.failure for outcome in found if outcome.operation == "floor")
        assert failure is not None
        assert failure.message == "took longer than 3 s"
        assert failure.call == "tp.floor(x)"
        assert list(failure.inputs) == ["x"]

    def test_what_hung_before_is_not_run(self) -> None:
        chosen = checks(operations=["ceil", "floor"], keyword="::out")
        found = run_checks(chosen, "numpy", REFERENCE, LEVELS["quick"], 0, {"floor": "values"})
        reasons = {outcome.operation: outcome.reason for outcome in found}
        assert reasons == {"ceil": "", "floor": "not run, since values did not come to an end"}

    def test_a_kernel_that_warns(self) -> None:
        def warns(x: Any) -> Any:
            warnings.warn("how odd", stacklevel=1)
            return numpy.floor(x)

        failure = first_failure(backend_with("warning", floor=warns), "floor").failure
        assert failure is not None
        assert failure.message.startswith("warned, where Tensorplug does not: UserWarning: how odd")

    def test_the_limit_is_lifted(self) -> None:
        with pytest.raises(TimedOut), time_limit(0.01):
            time.sleep(10)
        with time_limit(60):
            assert signal.getitimer(signal.ITIMER_REAL)[0]
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)

    @pytest.mark.parametrize("error", [SystemExit, GeneratorExit, type("Odd", (BaseException,), {})])
    def test_a_kernel_that_raises_no_exception(self, error: type[BaseException]) -> None:
        def raises(x: Any) -> Any:
            raise error(0)

        found = outcomes_of(backend_with(f"raising_{error.__name__.lower()}", floor=raises), "floor", "ceil")
        assert {outcome.operation for outcome in found if outcome.status == "failed"} == {"floor"}
        assert found[0].failure is not None
        assert error.__name__ in found[0].failure.message

    def test_an_error_that_cannot_be_printed(self) -> None:
        class Unprintable(Exception):
            def __str__(self) -> str:
                raise OSError

        def raises(x: Any) -> Any:
            raise Unprintable

        found = outcomes_of(backend_with("unprintable", floor=raises), "floor", "ceil")
        assert {outcome.operation for outcome in found if outcome.status == "failed"} == {"floor"}

    @pytest.mark.parametrize("garbage", [None, "text", 3, [1.0], object()], ids=lambda value: type(value).__name__)
    def test_a_kernel_that_returns_garbage(self, garbage: Any) -> None:
        found = outcomes_of(backend_with("garbage", floor=lambda x: garbage), "floor", "ceil")
        assert {outcome.operation for outcome in found if outcome.status == "failed"} == {"floor"}

    def test_a_backend_that_does_not_load(self) -> None:
        class Broken(NumPy):
            name = "broken"

            def load(self) -> Any:
                raise OSError("no driver")

        found = outcomes_of(Broken(), "floor")
        assert {outcome.status for outcome in found} == {"failed"}
        assert all(outcome.failure and "no driver" in outcome.failure.message for outcome in found)


class TestCommand:
    """``tensorplug conformance``, as users type it."""

    def command(self, *arguments: str, plugins: Path | None = None) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(filter(None, [str(plugins or ""), os.environ.get("PYTHONPATH", "")]))
        return subprocess.run(
            [sys.executable, "-P", "-m", "tensorplug", "conformance", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
        )

    def plugin(self, folder: Path, body: str) -> Path:
        """A plugin as pip would have installed it, without JAX."""
        hide_jax(folder)
        (folder / "odd_plugin.py").write_text(textwrap.dedent(body))
        info = folder / "odd_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[tensorplug]\nodd = odd_plugin\n")
        return folder

    ODD = """
        import os, time
        from tensorplug.backends import hookimpl
        from tensorplug.backends.numpy.plugin import NumPy

        def crash(x):
            os._exit(3)

        class Odd(NumPy):
            name = "odd"

            def kernels(self):
                return {**super().kernels(), "floor": crash}

        @hookimpl
        def tensorplug_backends():
            yield Odd()
    """

    def test_reports_and_exit_code(self, tmp_path: Path) -> None:
        pytest.importorskip("jax", reason="NumPy is held against it")
        files = [tmp_path / f"report.{suffix}" for suffix in ("json", "html", "xml")]
        reports = [word for file in files for word in ("--report", str(file))]
        done = self.command("numpy", "--quick", "--op", "floor", "--op", "ceil", "--jobs", "1", *reports)
        assert done.returncode == 0, done.stderr
        assert "numpy:" in done.stdout
        assert "0 failed" in done.stdout
        outcomes = json.loads(files[0].read_text())["outcomes"]
        assert {outcome["operation"] for outcome in outcomes} == {"ceil", "floor"}
        assert all(file.stat().st_size for file in files)

    @pytest.mark.parametrize("jobs", ["1", "2"])
    def test_a_plugin_that_ends_the_process(self, tmp_path: Path, jobs: str) -> None:
        plugins = self.plugin(tmp_path, self.ODD)
        done = self.command("odd", "--quick", "--op", "floor", "--op", "ceil", "--jobs", jobs, plugins=plugins)
        assert done.returncode == 1
        assert "ended the process" in done.stdout
        assert "Traceback" not in done.stderr
        ceil = next(check for check in checks(operations=["ceil"]))
        assert f"odd::{ceil.chapter}::floor" in done.stdout
        assert f"odd::{ceil.chapter}::ceil" not in done.stdout

    @pytest.mark.skipif(
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="a shell's jobs in the background ignore Ctrl-C"
    )
    def test_interrupted(self, tmp_path: Path) -> None:
        pressed = self.ODD.replace("os._exit(3)", "time.sleep(2), os.kill(os.getppid(), 2), time.sleep(600)")
        plugins, report = self.plugin(tmp_path, pressed), tmp_path / "report.json"
        operations = ("--op", "add", "--op", "floor")
        done = self.command("odd", "--quick", *operations, "--jobs", "1", "--report", str(report), plugins=plugins)
        assert (done.returncode, done.stderr) == (130, "tensorplug conformance: interrupted\n")
        assert "interrupted after" in done.stdout
        assert {outcome["operation"] for outcome in json.loads(report.read_text())["outcomes"]} == {"add"}

    def test_a_plugin_with_threads_that_go_on(self, tmp_path: Path) -> None:
        plugin = self.plugin(
            tmp_path,
            """
            import threading, time
            from tensorplug.backends import hookimpl
            from tensorplug.backends.numpy.plugin import NumPy

            class Odd(NumPy):
                name = "odd"

                def load(self):
                    threading.Thread(target=time.sleep, args=(600,)).start()
                    return super().load()

            @hookimpl
            def tensorplug_backends():
                yield Odd()
            """,
        )
        report = tmp_path / "report.json"
        begin = time.perf_counter()
        done = self.command("odd", "--quick", "--op", "floor", "--jobs", "2", "--report", str(report), plugins=plugin)
        assert time.perf_counter() - begin < 600
        assert (done.returncode, done.stderr) == (0, "")
        assert "odd: " in done.stdout
        assert json.loads(report.read_text())["outcomes"]

    @pytest.mark.parametrize(
        ("arguments", "wanted"),
        [
            (["nampy"], "'nampy' is unknown; there are numpy"),
            (["numpy", "--op", "ad"], "no operation 'ad'"),
            (["numpy", "--chapter", "ad"], "no chapter 'ad'"),
            (["numpy", "-k", "nothing has this name"], "no check's name contains"),
            (["numpy", "--op", "sum", "--chapter", "fft"], "there is no check among those of --op sum --chapter fft"),
            (["numpy", "--seed", "-1"], "--seed is -1, wanted 0 or more"),
            (["numpy", "--jobs", "-2"], "--jobs is -2, wanted 1 or more"),
            (["numpy", "--report", "report.doc"], ".html"),
            (["numpy", "--report", "/"], "report: '/' is a folder"),
            (["numpy", "--report", "/nowhere/report.html"], "folder '/nowhere' does not exist"),
            (["numpy", "--report", f"{__file__}/report.html"], "does not exist"),
            (["numpy", "--compare", "none.json"], "none.json"),
        ],
    )
    def test_bad_input(self, arguments: list[str], wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["conformance", *arguments]) == 2
        told = capsys.readouterr().err
        assert wanted in told
        assert len(told.splitlines()) == 1

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
    def test_a_report_that_cannot_be_written_after_all(self, tmp_path: Path) -> None:
        (tmp_path / "report.html").symlink_to("/dev/full")
        plugins, report = self.plugin(tmp_path, self.ODD), f"{tmp_path}/report.html"
        done = self.command("odd", "--quick", "--op", "ceil", "--jobs", "1", "--report", report, plugins=plugins)
        assert done.returncode == 2
        assert "could not be written: No space left" in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_one_unknown_backend_does_not_stop_the_others(self, tmp_path: Path) -> None:
        plugins = self.plugin(tmp_path, self.ODD)
        done = self.command("nampy", "odd", "--quick", "--op", "ceil", "--jobs", "1", plugins=plugins)
        assert done.returncode == 2
        assert "odd:" in done.stdout


@pytest.mark.parametrize(("given", "wanted"), [(None, "2"), ("5", "5")])
@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
def test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch, name: str, given: str | None, wanted: str) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv(name, raising=False)
    if given is not None:
        monkeypatch.setenv(name, given)
    with shared_cores(jobs=3):
        assert os.environ[name] == wanted
    assert os.environ.get(name) == given


class TestPytest:
    """``pytest --pyargs tensorplug.conformance``."""

    def pytest(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            check=False,
        )

    def test_a_failure_and_what_shows_it_again(self, tmp_path: Path) -> None:
        source = """
            import types, numpy
            from tensorplug.backends import hookimpl, register
            from tensorplug.backends.numpy.plugin import NumPy

            class Ceiling(NumPy):
                name = "ceiling"

                def kernels(self):
                    return {**super().kernels(), "floor": lambda x: numpy.asarray(numpy.ceil(x))}

            @hookimpl
            def tensorplug_backends():
                yield Ceiling()

            register(types.SimpleNamespace(tensorplug_backends=tensorplug_backends))
        """
        hide_jax(tmp_path)
        (tmp_path / "ceilings.py").write_text(textwrap.dedent(source))
        suite = ("-p", "ceilings", "--pyargs", "tensorplug.conformance", "--quick")
        done = self.pytest(tmp_path, *suite, "--backend", "ceiling", "-k", "floor::values")
        assert done.returncode == 1
        assert "call      tp.floor(x)\n" in done.stdout
        assert "rerun     tensorplug conformance ceiling --op floor --seed 0 --quick\n" in done.stdout
        assert 'tp.set_default_backend("ceiling")\n' in done.stdout

    def test_the_suite(self, tmp_path: Path) -> None:
        pytest.importorskip("jax", reason="NumPy is held against it")
        done = self.pytest(
            tmp_path, "--pyargs", "tensorplug.conformance", "--backend", "numpy", "--quick", "-k", "floor and errors"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert " passed" in done.stdout

    def test_an_unknown_backend(self, tmp_path: Path) -> None:
        hide_jax(tmp_path)
        done = self.pytest(tmp_path, "--pyargs", "tensorplug.conformance", "--backend", "nampy")
        assert done.returncode != 0
        assert "--backend: backend 'nampy' is unknown; there are numpy" in done.stdout
        assert "1 failed" in done.stdout

    def test_other_suites_keep_their_options(self, tmp_path: Path) -> None:
        (tmp_path / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--backend')\n")
        (tmp_path / "test_it.py").write_text(
            "import sys\ndef test_it(request):\n"
            "    assert request.config.getoption('--backend') == 'mine'\n"
            "    assert 'tensorplug' not in sys.modules\n"
        )
        done = self.pytest(tmp_path, "--backend", "mine", ".")
        assert done.returncode == 0, done.stdout + done.stderr


class TestReference:
    """Compilations are saved where they tell nothing."""

    def test_elementwise_functions_compile_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("jax")
        reference, shapes = Reference("jax"), set()
        run_example = reference._run

        def noting(example: Example, program: Any) -> Any:
            shapes.update(host.shape for host in example.hosts.values())
            return run_example(example, program)

        monkeypatch.setattr(reference, "_run", noting)
        for shape in ((), (2, 3), (0, 3), (7, 131)):
            host = numpy.arange(1.0, 1 + numpy.prod(shape)).reshape(shape)
            example = Example(Use("tp.log(x)", elementwise=True, x=shape), {"x": "float64"}, "contiguous", {"x": host})
            ((path, found),) = reference.expected(example)
            assert path == ""
            assert found.shape == shape
            numpy.testing.assert_allclose(found, numpy.log(host), rtol=1e-14)
        assert len(shapes) == 1

    @pytest.mark.parametrize(
        ("level", "name", "aspect", "wanted"),
        [
            ("quick", "sum", "values", "jax"),
            ("quick", "sum", "sizes", PLAIN),
            ("quick", "exp", "sizes", "jax"),
            ("quick", "softmax", "values", PLAIN),
            ("default", "sum", "values", "jax"),
            ("default", "sum", "sizes", PLAIN),
            ("default", "sum", "layouts", PLAIN),
            ("default", "sum", "arguments", PLAIN),
        ],
    )
    def test_aspects_have_references(self, level: str, name: str, aspect: str, wanted: str) -> None:
        pytest.importorskip("jax")
        trial = Trial("numpy", Reference("jax"), LEVELS[level], 0, name, aspect)
        assert trial.reference.name == wanted
        other = Trial("other", Reference("jax"), LEVELS[level], 0, name, aspect)
        assert other.reference.name == ("numpy" if wanted == PLAIN else "jax")

    def test_results_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tensorplug.conformance.engine.reference.MOST", 3)
        reference, use = Reference("numpy"), Use("tp.log(x)", x=(2,))
        for number in range(1, 9):
            host = numpy.full(2, float(number))
            ((_, found),) = reference.expected(Example(use, {"x": "float64"}, "contiguous", {"x": host}))
            assert found.tolist() == numpy.log(host).tolist()
            assert len(reference._found) <= 3

    def test_gradients_of_what_reads_values_and_of_what_does_not(self) -> None:
        pytest.importorskip("jax")
        backend = library_for("jax").backend
        with tp.backend("jax"):
            x = tp.tensor([1.0, 2.0], dtype="float64")._array

        def square(x: Any) -> Any:
            return (x * x).sum()

        for function in (square, lambda x: square(x) if x.sum() > 0 else x.sum(), lambda x: square(x[x > 0])):
            (found,) = backend.gradients(function, (x,))
            assert backend.to_numpy(found).tolist() == [2.0, 4.0]

    def test_gradients_of_what_draws_random_numbers(self) -> None:
        pytest.importorskip("jax")
        backend = library_for("jax").backend
        with tp.backend("jax"):
            x = tp.tensor([1.0, 2.0])

            (found,) = backend.gradients(
                lambda array: (wrap(array, x._key) * tp.floor(tp.rand(2) + 3)).sum()._array, (x._array,)
            )
            assert backend.to_numpy(found).tolist() == [3.0, 3.0]

    def test_a_namespace_finds_a_kernel_at_fault(self) -> None:
        wrong = backend_with("wrong", softmax=lambda x, axis: numpy.exp(x))
        with registered(wrong) as name:
            found = run([name], level="quick", operations=["softmax"], reference=eager_reference("numpy"))
        assert found[0].status == "failed"
        assert PLAIN not in available()

    def test_memory_is_limited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cleared = []
        monkeypatch.setattr(type(library_for("numpy").backend), "clear_caches", lambda self: cleared.append(self))
        with registered(backend_with("sound")) as name:
            run([name], level="quick", operations=["floor"], keyword="out", reference=REFERENCE)
            assert not cleared or memory._kept
            # What is noted of a process of unknown size is not to last.
            monkeypatch.setattr(memory, "_kept", memory._kept)
            monkeypatch.setattr(memory, "_used", lambda: math.inf)
            run([name], level="quick", operations=["floor"], keyword="out", reference=REFERENCE)
        assert cleared


def test_a_reference_is_never_the_tested_backend() -> None:
    from tensorplug.conformance.engine.reference import reference_for

    for name in ("numpy", "jax", "another"):
        assert reference_for(name) != name


@pytest.mark.parametrize("seed", [3, 41])
def test_rounded_logits_are_within_the_bound(seed: int) -> None:
    chosen = {"operations": ["linear_cross_entropy"], "keyword": "values", "seed": seed}
    assert [outcome.status for outcome in run(["numpy"], reference=eager_reference("numpy"), **chosen)] == ["passed"]


def test_a_backend_is_not_held_against_itself() -> None:
    with pytest.raises(ValueError, match="'numpy' is the reference"):
        run(["numpy"], operations=["add"], reference=REFERENCE)


def test_checks_do_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    check = checks(operations=["floor"])[0]
    calls: list[Callable[..., Any]] = []
    monkeypatch.setattr("tensorplug.conformance.checks.values.bound_of", calls.index)
    outcome = run_check(check, "numpy", REFERENCE, LEVELS["quick"], 0)
    assert outcome.status == "failed"
    assert outcome.failure is not None
    assert "ValueError" in outcome.failure.message
