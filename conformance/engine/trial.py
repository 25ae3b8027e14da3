"""Try examples; failing ones are shrunk and reported as a `Failure` that can be reproduced."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy

import tensorplug
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.dtypes import ACCEPTED, DTYPES
from tensorplug.core.types.errors import UnsupportedDTypeError, UnsupportedError
from tensorplug.extras import require

from ..uses import Use, chapter_of, subjects, uses_of
from .arrays import rounded
from .calls import kernels_used
from .example import Example, Mismatch, draw
from .families import family_of
from .levels import ALL_DTYPES, Level
from .outcome import Failure
from .reference import Reference, Unanswered, eager_reference

Property = Callable[[Example], None]
"""Raises an exception for an example that fails."""


Call = Callable[[Use], str]
"""Makes the Python expression of a trial from a use."""


def line_of(use: Use) -> str:
    """The expression of the use itself."""
    return use.code


UNTRIED = (Unanswered, UnsupportedDTypeError)
"""What an example raises that cannot be tried: there is no answer to hold it against, or no such dtype."""

MAKERS = ("creation", "random")
"""Chapters whose functions create values, for which later kernels are not at fault."""

OF_EMPTY = ("cumulation", "reduction", "search", "searching", "sorting")
"""The families of which kernels often forget that there may be nothing to go through."""


class Failed(Exception):
    """A check failed.

    Parameters
    ----------
    failure
        The failure.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Unsupported(Exception):
    """The backend declares the operation unsupported, and it raises the documented error."""


class Trial:
    """One check of one subject on one backend.

    Parameters
    ----------
    backend
        The name of the tested backend.
    reference
        The reference; the level names aspects that use one which compiles nothing instead.
    level
        How much to try.
    seed
        Of the examples.
    name
        An operation, or another subject with uses.
    aspect
        The checked aspect.

    Attributes
    ----------
    reference : Reference
        The reference of this aspect.
    eager : Reference
        One that compiles nothing, if the level asks for it; else the same.
    given : Reference
        The one of the other aspects.
    examples : int
        Number of examples tried.
    untried : str
        Why none was tried.
    """

    def __init__(self, backend: str, reference: Reference, level: Level, seed: int, name: str, aspect: str) -> None:
        self.backend = backend
        library = library_for(reference.name)
        self.given = reference
        self.eager = eager_reference(backend) if library.compiles and aspect in level.eager else reference
        # Elementwise functions compile once for all shapes; functions without a kernel consist of others.
        elementwise = name in subjects() and uses_of(name)[0].elementwise
        has_kernel = aspect == "values" and library.find_own_kernel(name) is not None
        self.reference = reference if elementwise or has_kernel else self.eager
        self.level = level
        self.seed = seed
        self.name = name
        self.aspect = aspect
        self.examples = 0
        self.untried = "the backend has none of the dtypes in which it is checked"
        self._tried: tuple[Example, Call] | None = None
        self._seen: Exception | None = None
        self.rng = numpy.random.default_rng([seed, zlib.crc32(f"{name} {aspect}".encode())])

    @property
    def uses(self) -> tuple[Use, ...]:
        """The uses that the level tries."""
        return uses_of(self.name)[: self.level.uses]

    @property
    def filled(self) -> tuple[Use, ...]:
        """Uses without empty operands."""
        filled = [use for use in uses_of(self.name) if use.operands and not use.is_empty]
        return tuple(use for use in filled[: self.level.uses] if next(self.dtypes(use), None))

    @property
    def differentiable(self) -> tuple[Use, ...]:
        """The uses whose gradients the level checks."""
        smooth = [use for use in uses_of(self.name) if use.smooth and use.variables]
        return tuple(smooth[: self.level.gradients])

    def dtypes(self, use: Use, among: Sequence[str] | None = None) -> Iterator[str]:
        """The dtypes in which a use is tried: the level's, or those of some that it takes."""
        operation = OPERATIONS.get(self.name)
        accepted = ACCEPTED["all" if operation is None else operation.accepts]
        supported = library_for(self.backend).dtypes
        chooses = any(operand.dtype is None for operand in use.operands.values()) or not use.operands
        taken = [
            name
            for name in (ALL_DTYPES if among is None else among)
            if DTYPES[name].kind in use.dtypes and DTYPES[name] in accepted and name in supported
        ]
        # What takes none of the level's is tried in the first that it takes.
        tried = [name for name in taken if name in self.level.dtypes or among is not None] or taken[:1]
        yield from tried if chooses else tried[:1]

    def situations(self) -> Iterator[tuple[Use, str]]:
        """Pairs of uses and dtypes to try, each once."""
        return iter(dict.fromkeys(self._product() if self.level.product else self._star()))

    def _product(self) -> Iterator[tuple[Use, str]]:
        for use in uses_of(self.name):
            for dtype in self.dtypes(use):
                yield use, dtype

    def _star(self) -> Iterator[tuple[Use, str]]:
        """Each use in its first dtype, and the typical use and uses with `every_dtype` in all dtypes."""
        every = self.uses
        for use in (*every, *self._empty()):
            for dtype in list(self.dtypes(use))[:1]:
                yield use, dtype
        for use in (*every[: self.level.typical], *(use for use in every if use.every_dtype)):
            for dtype in self.dtypes(use):
                yield use, dtype

    def _empty(self) -> Sequence[Use]:
        """A use of an empty array, where that costs the reference no compilation, or is often forgotten. Others are
        left to the levels that try every use.
        """
        operation = OPERATIONS.get(self.name)
        has_result = operation is not None and family_of(operation) in OF_EMPTY
        return [use for use in uses_of(self.name) if use.is_empty and (use.elementwise or has_result)][:1]

    def hold(
        self,
        prop: Property,
        use: Use,
        dtype: str,
        layout: str = "contiguous",
        *,
        smooth: bool = False,
        among: Sequence[Use] | None = None,
        draws: int | None = None,
        call: Call = line_of,
    ) -> None:
        """Draw examples of a use and check a property of them.

        Parameters
        ----------
        among
            Uses with the property, from which a smaller failing one is taken; by default all.
        draws
            How many examples; by default the level's number.
        call
            What is told of an example's use that fails; by default its line.

        Raises
        ------
        Failed
            With the smallest example that was found.
        """
        for _ in range(self.level.draws if draws is None else draws):
            example = draw(use, dtype, layout, self.rng, smooth)
            if self._fails(prop, example, call):
                smaller = self._simpler(prop, use, dtype, smooth, among) or example
                # Replaced elements could be at kinks.
                raise Failed(self.told(prop, [smaller if smooth else shrunk(prop, smaller), example], call))

    def hold_for(self, prop: Property, example: Example, call: Call = line_of, *, simplify: bool = True) -> None:
        """Try a property on one example; `call` as in `hold`. What fails by chance can't be simplified."""
        if self._fails(prop, example, call):
            raise Failed(self.told(prop, [shrunk(prop, example) if simplify else example], call))

    def _fails(self, prop: Property, example: Example, call: Call) -> bool:
        self.examples += 1
        self._tried, self._seen = (example, call), None
        try:
            prop(example)
        except UNTRIED as reason:
            self.examples -= 1
            self.untried = str(reason)
        except Exception as error:
            if isinstance(error, UnsupportedError) and is_declared(error, self.backend):
                raise Unsupported(str(error)) from None
            self._seen = error
            return True
        self._tried = None
        return False

    def _simpler(
        self, prop: Property, use: Use, dtype: str, smooth: bool, among: Sequence[Use] | None
    ) -> Example | None:
        """A failing example of a use with fewer elements, or None."""
        for other in sorted(among or uses_of(self.name), key=lambda use: use.size):
            if other.size >= use.size:
                return None
            if dtype in self.dtypes(other, [dtype]):
                example = draw(other, dtype, "contiguous", self.rng, smooth)
                if _fails(prop, example):
                    return example
        return None

    def told(self, prop: Property, examples: Sequence[Example], call: Call = line_of) -> Failure:
        """The failure of the first example that fails again; of the last one, if none does."""
        for example in examples:
            with kernels_used(library_for(self.backend)) as kernels:
                try:
                    prop(example)
                except Exception as error:
                    failure = told(error, example, self.backend, call)
                    used = tuple(sorted(kernels))
                    return replace(failure, kernels=used, culprit=self._culprit(prop, example, used))
        # The failure depends on more than the inputs.
        assert self._seen is not None
        failure = told(self._seen, examples[-1], self.backend, call)
        return replace(failure, message=f"failed once, and not when it was tried again: {failure.message}")

    def _culprit(self, prop: Property, example: Example, kernels: Sequence[str]) -> str:
        """The one of some operations at which the property parts on the backend and on the reference."""
        if self.name not in subjects() or chapter_of(self.name) in MAKERS:
            return ""
        # Imported where it is used, since it makes use of the engine itself.
        from ..compare_programs.divergence import Bounds, find_divergence, record

        class Tried:
            def call(self, backend: str) -> None:
                with tensorplug.backend(backend):
                    prop(example)

        try:
            program: Any = Tried()
            expected = record(program, self.reference.name)
            found = find_divergence(program, self.backend, self.reference.name, expected, Bounds())
        except Exception:
            return ""
        name = found.inside or found.operation.partition(",")[0]
        return name if found.is_source and name in kernels else ""

    def interrupted(self, message: str) -> Failure:
        """A failure that ended the check, with the current example."""
        if self._tried is None:
            return Failure(message)
        example, call = self._tried
        code = call(example.use)
        return Failure(message, code, example.inputs, snippet=example.snippet(self.backend, code))


def is_declared(error: UnsupportedError, backend: str) -> bool:
    """Whether a backend declares the reason of an error in `unsupported`; a kernel alone may not raise it."""
    return any(reason in str(error) for reason in library_for(backend).unsupported.values())


def described(error: BaseException) -> str:
    """Type and message of an exception in one line, even if its ``__str__`` fails."""
    try:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    except Exception:
        return type(error).__name__


def told(error: Exception, example: Example, backend: str, call: Call = line_of) -> Failure:
    """Convert an exception to a failure."""
    dtypes = ", ".join(dict.fromkeys(example.dtypes.values()))
    layouts = example.layouts
    alike = len(layouts) == len(example.hosts) and len(set(layouts.values())) == 1
    ways = set(layouts.values()) if alike else [f"{name} {layout}" for name, layout in layouts.items()]
    layout = f", {', '.join(ways)}" if layouts else ""
    situation = f" ({dtypes}{layout})" if dtypes else ""
    if isinstance(error, Mismatch):
        message, expected, actual = error.message, str(error.expected), str(error.actual)
    else:
        # The suite turns warnings into errors.
        did = "warned, where Tensorplug does not:" if isinstance(error, Warning) else "raised"
        message = f"{did} {described(error)}"
        expected, actual = "", ""
    code = call(example.use)
    return Failure(message + situation, code, example.inputs, expected, actual, example.snippet(backend, code))


def _fails(prop: Property, example: Example) -> bool:
    try:
        prop(example)
    except UNTRIED:
        return False
    except Exception:
        return True
    return False


def require_libraries() -> None:
    """Raise ModuleNotFoundError if the library that shrinks examples is not installed."""
    require("the conformance suite", "conformance", "hypothesis")


KEPT = 12
"""Of an element that may be replaced, one in so many is."""


def shrunk(prop: Property, example: Example) -> Example:
    """Shrink a failing example: replace as many elements as possible by the simplest value."""
    changeable = {
        name: example.use.operands[name].values.simplest
        for name, host in example.hosts.items()
        if name in example.use.operands and example.use.operands[name].values.simplest is not None and host.size
    }
    count = sum(example.hosts[name].size for name in changeable)
    if not count or count > MOST:
        return example
    # Imported where it is used, so that the command's help and `compare` do without it.
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException, NoSuchExample

    shrinking = settings(
        max_examples=200,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    kept = st.lists(st.sampled_from([False] + [True] * (KEPT - 1)), min_size=count, max_size=count)

    def simplified(chosen: list[bool]) -> Example:
        hosts, start = dict(example.hosts), 0
        for name, simplest in changeable.items():
            host = hosts[name]
            keep = numpy.reshape(chosen[start : start + host.size], host.shape)
            hosts[name] = numpy.where(keep, host, rounded(simplest, example.dtypes[name]))
            start += host.size
        return replace(example, hosts=hosts)

    found: Example = example
    try:
        chosen = find(kept, lambda chosen: _fails(prop, simplified(chosen)), settings=shrinking)
        found = simplified(chosen)
    except (NoSuchExample, HypothesisException):
        pass
    return found


MOST = 64
"""Examples with more elements are not shrunk."""
