"""Run the suite: the checks of every operation on backends, and the ranking of failures."""

from __future__ import annotations

import difflib
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import tensorplug
from tensorplug.core import OPERATIONS
from tensorplug.core.dispatch.keys import library_for
from tensorplug.core.types.errors import UnsupportedError

from ..checks.aliasing import check_aliasing, has_aliasing
from ..checks.arguments import check_arguments, has_arguments
from ..checks.batches import check_vmap, has_batches
from ..checks.compiled import check_compile
from ..checks.errors import check_errors, has_errors
from ..checks.gradients import (
    check_automatic_differentiation,
    check_gradients,
    check_second_order,
    has_gradient,
)
from ..checks.in_place import (
    check_in_place,
    check_out,
    has_in_place,
    takes_out,
)
from ..checks.layouts import check_layouts
from ..checks.promotion import check_promotion, has_promotion
from ..checks.ranges import check_ranges, has_ranges
from ..checks.sizes import check_sizes
from ..checks.special_values import check_special_values, has_special_values
from ..checks.state import check_state
from ..checks.surroundings import check_surroundings
from ..checks.threads import check_threads
from ..checks.transfer import SUBJECTS
from ..checks.values import check_values
from ..uses import chapter_of, subjects, uses_of
from .example import Mismatch
from .levels import LEVELS, Level
from .limits import TimedOut, time_limit
from .memory import release_memory
from .outcome import (
    FAILED,
    PASSED,
    UNSUPPORTED,
    Failure,
    Outcome,
)
from .reference import Reference, reference_for
from .trial import (
    Failed,
    Trial,
    Unsupported,
    described,
    is_declared,
    require_libraries,
)

Function = Callable[[Trial], None]


def _always(name: str) -> bool:
    return True


def has_layouts(name: str) -> bool:
    """Whether operands may have any layout; a view as another dtype needs contiguous elements."""
    return has_operands(name) and name != "view_dtype"


def has_operands(name: str) -> bool:
    """Whether an operation takes tensors."""
    return any(use.operands and not use.is_empty for use in uses_of(name))


NEAREST = 5
"""How many names a message proposes for an unknown one."""

AUTODIFF = "automatic differentiation"
SECOND_ORDER = "second order"
VMAP = "vmap"
COMPILE = "compile"

ASPECTS: dict[str, tuple[Callable[[str], bool], Function]] = {
    "values": (_always, check_values),
    "sizes": (_always, check_sizes),
    "layouts": (has_layouts, check_layouts),
    "state": (_always, check_state),
    "special values": (has_special_values, check_special_values),
    "ranges": (has_ranges, check_ranges),
    "arguments": (has_arguments, check_arguments),
    "promotion": (has_promotion, check_promotion),
    "aliasing": (has_aliasing, check_aliasing),
    "in place": (has_in_place, check_in_place),
    "out": (takes_out, check_out),
    "errors": (has_errors, check_errors),
    "threads": (_always, check_threads),
    "surroundings": (_always, check_surroundings),
    "gradients": (has_gradient, check_gradients),
    AUTODIFF: (has_gradient, check_automatic_differentiation),
    SECOND_ORDER: (has_gradient, check_second_order),
    VMAP: (has_batches, check_vmap),
    COMPILE: (has_batches, check_compile),
}
"""Aspects: a predicate of operations to check, and the check."""

COMPOSITES = ("pytorch", "networks")
"""The chapters of PyTorch's functions, most of which are made of other operations."""


def is_composite(chapter: str, name: str) -> bool:
    """Whether a subject is a function of PyTorch's that is made of other operations."""
    return name in ("cdist", "pdist") or (chapter in COMPOSITES and name not in OPERATIONS)


OF_COMPOSITES = ("values", "gradients", SECOND_ORDER, VMAP, COMPILE)
"""What is checked of them, but for the quick level; the rest is checked of their parts."""

BACKWARD = ("gradients", AUTODIFF, SECOND_ORDER)
"""Aspects whose failures are in the backward pass, if no other aspect fails."""

WRITERS = {"fill", "full_like", "put"}
"""Operations that the check of aliasing uses, which may not be at fault if it fails."""

CHAPTERS = (
    "transfer creation conversion data_types writes manipulation indexing elementwise statistical searching sorting "
    "sets utility linear_algebra linalg fft activations distances losses gradients random"
).split()
"""Chapters, those first whose functions others use."""


def place(chapter: str) -> int:
    """The rank of a chapter; an unknown one is last."""
    return CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS)


@dataclass(frozen=True)
class Check:
    """One aspect of one subject."""

    chapter: str
    operation: str
    aspect: str

    @property
    def function(self) -> Function:
        """The function that makes the check."""
        if (self.operation, self.aspect) in SUBJECTS:
            return SUBJECTS[self.operation, self.aspect]
        return ASPECTS[self.aspect][1]

    @property
    def identifier(self) -> str:
        """The identifier for ``-k``."""
        return f"{self.chapter}::{self.operation}::{self.aspect}"


def checks(
    level: str = "default",
    *,
    operations: Iterable[str] | None = None,
    chapters: Iterable[str] | None = None,
    keyword: str = "",
) -> list[Check]:
    """The checks of the suite at a level, or a part of them.

    Parameters
    ----------
    level : {"quick", "default", "thorough"}
        The quick one has fewer.
    operations, chapters
        The names to which they are restricted.
    keyword
        What their identifiers must contain.

    Raises
    ------
    ValueError
        For a name that no check has.
    """
    left_out = {AUTODIFF: LEVELS[level].autodiff == 0, SECOND_ORDER: not LEVELS[level].second_order}
    left_out[VMAP] = left_out[COMPILE] = level == "quick"
    every = [check for check in _all_checks() if not left_out.get(check.aspect)]
    if level == "quick" and operations is None:
        every = [check for check in every if not is_composite(check.chapter, check.operation) or chapters is not None]
    found = every
    for kind, names in (("operation", operations), ("chapter", chapters)):
        if names is None:
            continue
        known = {getattr(check, kind) for check in every}
        if unknown := sorted(set(names) - known):
            raise ValueError("; ".join(_no_such(kind, name, known) for name in unknown))
        found = [check for check in found if getattr(check, kind) in set(names)]
    return [check for check in found if keyword in check.identifier]


def _no_such(kind: str, name: str, known: Collection[str]) -> str:
    """The message for a name that no check has: the nearest names, those with the word inside first."""
    inside = sorted((one for one in known if name in one), key=len)
    near = list(dict.fromkeys([*inside[:NEAREST], *difflib.get_close_matches(name, known, NEAREST)]))[:NEAREST]
    if near:
        return f"no {kind} {name!r}; the nearest are {', '.join(near)}"
    return f"no {kind} {name!r}; there are {', '.join(sorted(known))}"


def _all_checks() -> Iterator[Check]:
    for subject, aspect in SUBJECTS:
        yield Check("transfer", subject, aspect)
    for name in sorted(subjects(), key=lambda name: place(chapter_of(name))):
        for aspect, (applies, _) in ASPECTS.items():
            if applies(name) and (aspect in OF_COMPOSITES or not is_composite(chapter_of(name), name)):
                yield Check(chapter_of(name), name, aspect)


def run_check(check: Check, backend: str, reference: Reference, level: Level, seed: int) -> Outcome:
    """Run a check and return its outcome; exceptions of the backend do not propagate."""
    trial = Trial(backend, reference, level, seed, check.operation, check.aspect)
    begin = time.perf_counter()
    status, failure, reason = PASSED, None, ""
    try:
        with tensorplug.backend(backend), warnings.catch_warnings(), time_limit(level.limit):
            # A backend that warns where Tensorplug does not differs from the others.
            warnings.simplefilter("error")
            if check.aspect != "values":
                require_supported(check.operation, backend)
            check.function(trial)
            if check.operation in library_for(backend).unsupported:
                raise Mismatch("the backend declares it unsupported, and does it all the same")
        if not trial.examples:
            status, reason = UNSUPPORTED, trial.untried
    except Failed as error:
        status, failure = FAILED, error.failure
    except TimedOut as error:
        status, failure = FAILED, trial.interrupted(str(error))
    except Mismatch as error:
        status, failure = FAILED, Failure(error.message)
    except Unsupported as error:
        status, reason = UNSUPPORTED, str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # SystemExit, too: a kernel that raises it would end the run, and with the exit code of success.
        if isinstance(error, UnsupportedError) and is_declared(error, backend):
            status, reason = UNSUPPORTED, str(error)
        else:
            status, failure = FAILED, trial.interrupted(described(error))
    seconds = time.perf_counter() - begin
    return Outcome(
        backend, check.chapter, check.operation, check.aspect, status, trial.examples, seconds, reason, failure
    )


def run_checks(
    chosen: Iterable[Check],
    backend: str,
    reference: Reference,
    level: Level,
    seed: int,
    slow: dict[str, str] | None = None,
) -> Iterator[Outcome]:
    """Do checks one after another. After one that takes longer than its limit, those of its operation are not run:
    `slow` keeps its aspect by the operation's name.
    """
    slow = {} if slow is None else slow
    for check in chosen:
        release_memory()
        if check.operation in slow:
            yield not_run(check, backend, slow[check.operation])
            continue
        outcome = run_check(check, backend, reference, level, seed)
        if outcome.status == FAILED and outcome.seconds >= level.limit:
            slow[check.operation] = check.aspect
        yield outcome


def not_run(check: Check, backend: str, cause: str) -> Outcome:
    """The outcome of a check that is skipped after another check of the operation timed out."""
    reason = f"not run, since {cause} did not come to an end"
    return Outcome(backend, check.chapter, check.operation, check.aspect, UNSUPPORTED, reason=reason)


def require_supported(operation: str, backend: str) -> None:
    """Raise `Unsupported` for an operation that a backend declares that it does not do."""
    reason = library_for(backend).unsupported.get(operation)
    if reason is not None:
        raise Unsupported(reason)


def run(
    backends: Sequence[str],
    *,
    level: str = "default",
    seed: int = 0,
    operations: Iterable[str] | None = None,
    chapters: Iterable[str] | None = None,
    keyword: str = "",
    chosen: Sequence[Check] | None = None,
    reference: Reference | None = None,
    advance: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run the suite on backends, in this process.

    Parameters
    ----------
    backends
        Their names.
    level : {"quick", "default", "thorough"}
        How much to try.
    seed
        Of the examples.
    operations, chapters, keyword
        A part of the suite: see `checks`.
    chosen
        The checks themselves, in place of those.
    reference
        The reference, none of the backends; by default another backend for each.
    advance
        Called with each outcome.

    Returns
    -------
    list of Outcome
        What failed comes first, and of that the operation at fault.

    Examples
    --------
    >>> from tensorplug.conformance import run
    >>> {outcome.status for outcome in run(["numpy"], level="quick", operations=["add"])}
    {'passed'}
    """
    require_libraries()
    if chosen is None:
        chosen = checks(level, operations=operations, chapters=chapters, keyword=keyword)
    if reference is not None and reference.name in backends:
        raise ValueError(f"run: {reference.name!r} is the reference, and cannot be held against itself")
    outcomes = []
    for backend in backends:
        held_against = reference or Reference(reference_for(backend))
        for outcome in run_checks(chosen, backend, held_against, LEVELS[level], seed):
            advance(outcome)
            outcomes.append(outcome)
    return ranked(outcomes)


def _of_culprits(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """For each operation whose kernel was found to be at fault by the checks of others alone, a failure of its own."""
    failing = {(outcome.backend, outcome.operation) for outcome in outcomes if outcome.status == FAILED}
    for outcome in outcomes:
        failure = outcome.failure
        if failure is None or failure.culprit not in subjects() or (outcome.backend, failure.culprit) in failing:
            continue
        failing.add((outcome.backend, failure.culprit))
        own = replace(failure, message=f"{failure.message}, in {outcome.operation}", shown_by=outcome.operation)
        chapter, aspect = chapter_of(failure.culprit), f"within {outcome.operation}"
        yield Outcome(outcome.backend, chapter, failure.culprit, aspect, FAILED, failure=own)


def ranked(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The same, failures first, and of these first the ones that are no consequence of others.

    What fails at the kernel of an operation comes before what fails at another operation's, and an operation whose own
    checks find nothing has a failure there.
    Forward comes before backward, and what uses the kernels of other operations that fail comes after these. Then come
    the way to the host, which all go, the operations whose kernels most of the others use, and the chapters that others
    are made of.
    """
    outcomes, order = list(outcomes), list(ASPECTS)
    outcomes += _of_culprits(outcomes)
    used: dict[tuple[str, str], set[str]] = {}
    aspects: dict[tuple[str, str], set[str]] = {}
    for outcome in outcomes:
        if outcome.failure is not None and outcome.failure.kernels:
            subject, kernels = (outcome.backend, outcome.operation), set(outcome.failure.kernels)
            # Of an operation that fails in several ways, what it uses in all of them.
            used[subject] = used.get(subject, kernels) & kernels
            aspects.setdefault(subject, set()).add(outcome.aspect)

    def needed(backend: str, name: str) -> set[str]:
        """The operations that may cause an operation's failures."""
        kernels = used.get((backend, name), set())
        return kernels - WRITERS if aspects.get((backend, name)) == {"aliasing"} else kernels

    def is_cause(backend: str, name: str, own: str) -> bool:
        """Whether an operation fails that does not itself need the one of whose failures it may be the cause."""
        return (backend, name) in used and own not in needed(backend, name)

    def rank(outcome: Outcome) -> tuple[int, ...]:
        if outcome.status != FAILED:
            return (1,)
        own = outcome.operation
        causes = sum(is_cause(outcome.backend, name, own) for name in needed(outcome.backend, own) - {own})
        users = sum(own in kernels for (backend, _), kernels in used.items() if backend == outcome.backend)
        aspect = order.index(outcome.aspect) if outcome.aspect in order else -1
        chapter = place(outcome.chapter)
        is_operation = (own, outcome.aspect) not in SUBJECTS
        is_blamed = outcome.failure is None or outcome.failure.culprit in ("", own)
        return 0, not is_blamed, outcome.aspect in BACKWARD, causes, is_operation, -users, chapter, aspect

    return sorted(outcomes, key=rank)
