"""What several test files use: the backends that hold the tensors, and which share of the tests runs.

`pytest --all` runs every test. Without it NumPy runs every test, too, and the other backends, for which each operation
and shape is compiled, run of each test function

- if it is marked `one_of_each(key=...)`, the first of each `key(**parameters)`;
- else so many that each value of each parameter is among them;
- of hypothesis's examples a quarter, unless the test says how many, and the same ones in each run.

Each test begins with the default generator's seed 0, whatever ran before it.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import types
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import hypothesis
import pytest

import tensorplug as tp
from tensorplug.backends import (
    Backend,
    BackendUnavailable,
    hookimpl,
    register,
    unregister,
)
from tensorplug.conformance.engine.memory import release_memory

# SciPy looks at it once, when it is imported, and JAX imports SciPy.
os.environ["SCIPY_ARRAY_API"] = "1"


def _unavailable(name: str) -> str:
    """Why a backend cannot be used here, or nothing if it can."""
    try:
        tp.backend(name)
    except BackendUnavailable as reason:
        return str(reason)
    return ""


UNAVAILABLE = {name: reason for name in ("jax", "cupy") if (reason := _unavailable(name))}
"""`test_backends` says once for each that it is left out, and why."""

BACKENDS = [name for name in ("numpy", "jax", "cupy") if name not in UNAVAILABLE]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend, on which new tensors are put while the test runs."""
    with tp.backend(request.param):
        yield request.param


@pytest.fixture(params=["numpy", "jax", "cupy"])
def built_in_backend(request: pytest.FixtureRequest) -> str:
    """The name of a backend, skipped with its reason where it is unavailable."""
    if request.param in UNAVAILABLE:
        pytest.skip(UNAVAILABLE[request.param])
    name: str = request.param
    return name


class Strict(Backend):
    """A backend with the functions of the array API standard alone."""

    name = "strict_for_tests"

    def load(self) -> Any:
        return pytest.importorskip("array_api_strict")


@contextlib.contextmanager
def registered(*backends: Backend) -> Iterator[str]:
    """A plugin that supplies backends, while the block runs; the name of the first."""
    plugin = types.SimpleNamespace(tensorplug_backends=hookimpl(lambda: list(backends), specname="tensorplug_backends"))
    register(plugin)
    try:
        yield backends[0].name
    finally:
        unregister(plugin)


@pytest.fixture
def strict() -> Iterator[str]:
    """The name of a backend without kernels."""
    with registered(Strict()) as name:
        yield name


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Memory returns by counting references alone, or not at all; `gc` sees what is made from here on only."""
    gc.disable()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.enable()


LONGEST = tuple(
    f"test_{name}"
    for name in (
        "suite conformance demo gradients linalg vmap compile operations errors faults examples cross_entropy"
    ).split()
)
"""Files of which the last to begin would keep one process alone."""

COLLECTED = pytest.StashKey[set[tuple[str, str | None]]]()
SAMPLED = pytest.StashKey[set[tuple[str, str | None]]]()
"""Test functions with the backends that they run on."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run whole grids of parameters, on every backend")


def pytest_configure(config: pytest.Config) -> None:
    everything = config.getoption("--all")
    hypothesis.settings.register_profile(
        "tests", max_examples=60 if everything else 15, deadline=None, derandomize=not everything
    )
    hypothesis.settings.load_profile("tests")
    config.addinivalue_line("markers", "one_of_each(key=...): without --all one test of each key(**parameters)")
    # Hooks of this file itself are not called for tests of other folders, such as those of the conformance suite.
    config.pluginmanager.register(_BeforeAndAfter())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first; without `--all`, deselect what repeats a kind."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    config.stash[COLLECTED] = {function_of(item) for item in items}
    if config.getoption("--all"):
        return
    chosen = set(_sampled(items))
    config.stash[SAMPLED] = {function_of(item) for item in chosen}
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def function_of(item: pytest.Item) -> tuple[str, str | None]:
    """The name of a test's function, and the backend of the fixture `backend`."""
    fixture = "backend" in getattr(item, "fixturenames", ()) and "check" not in getattr(item, "fixturenames", ())
    return item.nodeid.partition("[")[0], item.callspec.params.get("backend") if fixture else None


def _sampled(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Those tests that show each kind."""
    grids: dict[Hashable, list[tuple[pytest.Item, set[Hashable]]]] = {}
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        backend = function_of(item)[1]
        marker = item.get_closest_marker("one_of_each")
        kinds: set[Hashable]
        if backend == "numpy" or (backend is None and marker is None):
            yield item
            continue
        if marker is not None:
            kinds = {marker.kwargs["key"](**{name: value for name, value in parameters.items() if name != "backend"})}
        else:
            kinds = _values(item, parameters) or {None}
        grids.setdefault(function_of(item), []).append((item, kinds))
    for grid in grids.values():
        yield from _covering(grid)


def _values(item: pytest.Item, parameters: dict[str, Any]) -> set[Hashable]:
    """What each list of parameters gives to a test; values of one list are one object in all tests."""
    written = [mark.args[0] for mark in item.iter_markers("parametrize")]
    together = [names.replace(" ", "").split(",") if isinstance(names, str) else list(names) for names in written]
    others = [[name] for name in parameters if name != "backend" and not any(name in names for names in together)]
    return {(*names, *(id(parameters[name]) for name in names)) for names in together + others}


def _covering(grid: list[tuple[pytest.Item, set[Hashable]]]) -> Iterator[pytest.Item]:
    """Few tests that have all kinds, those first that have the most new ones."""
    missing = set(itertools.chain.from_iterable(kinds for _, kinds in grid))
    for new in range(max(len(kinds) for _, kinds in grid), 0, -1):
        for item, kinds in grid:
            if len(kinds & missing) == new:
                missing -= kinds
                yield item


class _BeforeAndAfter:
    """Random numbers do not depend on tests that ran before; what JAX compiled, some 2 MB a function, is given back."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Any:
        tp.manual_seed(0)
        done = yield
        release_memory()
        return done
