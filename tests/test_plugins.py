"""Plugins: found where pip installed them, set aside when they are broken, loaded once, at their first use."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import array_api_strict
import numpy
import pytest

import tensorplug as tp
from tensorplug import (
    backends,
    cli,
    listing,
    tables,
)
from tensorplug.backends import (
    Backend,
    BackendUnavailable,
    Kernel,
    hookimpl,
)
from tensorplug.backends.manager import Manager
from tensorplug.backends.numpy.plugin import NumPy

PLUGINS = {
    # A backend for an array API library, whole.
    "tensorplug_strict": """
        from tensorplug.backends import Backend, hookimpl

        class Strict(Backend):
            name = "strict"
            contract = 1
            distribution = "array-api-strict"

            def load(self):
                import array_api_strict
                return array_api_strict

        @hookimpl
        def tensorplug_backends():
            yield Strict()
    """,
    # A faster kernel for a backend that exists; here a wrong one, so that it can be told.
    "tensorplug_fast": """
        from tensorplug.backends import hookimpl

        @hookimpl
        def tensorplug_kernels(backend):
            if backend.name == "numpy":
                return {"exp": lambda x: backend.namespace.full_like(x, 42)}
    """,
    "tensorplug_raises": "raise OSError('the library is broken')",
    "tensorplug_exits": "import sys; sys.exit('no licence')",
    "tensorplug_newer": """
        from tensorplug.backends import Backend, hookimpl

        class Newer(Backend):
            name = "newer"
            contract = 99

        @hookimpl
        def tensorplug_backends():
            yield Newer()
    """,
    "tensorplug_impostor": """
        from tensorplug.backends import Backend, hookimpl

        class Impostor(Backend):
            name = "numpy"

        @hookimpl
        def tensorplug_backends():
            return [Impostor()]
    """,
    "tensorplug_absent": """
        from tensorplug.backends import Backend, hookimpl

        class Absent(Backend):
            name = "absent"
            install = "pip install absent-arrays"

            def load(self):
                import absent_arrays
                return absent_arrays

        @hookimpl
        def tensorplug_backends():
            return [Absent()]
    """,
}

SET_ASIDE = {
    "tensorplug_raises": "OSError: the library is broken",
    "tensorplug_exits": "it called sys.exit('no licence')",
    "newer": "it needs version 99 of the backend contract, and this Tensorplug has 1; upgrade tensorplug",
    "numpy": "there is another backend 'numpy', which came first",
}

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{distribution}"
version = "1.2.3"

[project.entry-points.tensorplug]
{module} = "{module}"

[tool.setuptools]
py-modules = ["{module}"]
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip installed the plugins into."""
    projects = []
    for module, source in PLUGINS.items():
        project = tmp_path_factory.mktemp(module)
        (project / "pyproject.toml").write_text(PROJECT.format(module=module, distribution=module.replace("_", "-")))
        (project / f"{module}.py").write_text(textwrap.dedent(source))
        projects.append(str(project))
    target = tmp_path_factory.mktemp("environment")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *projects], check=True)
    return target


def python(environment: Path, *arguments: str, **variables: str) -> str:
    """What Python prints with an environment's plugins installed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=environment,
        env={**os.environ, "PYTHONPATH": str(environment), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestInstalled:
    """Plugins that pip installed."""

    USE = """if True:
        import tensorplug
        x = tensorplug.tensor([1.0, 2.0], requires_grad=True)
        (x * x).sum().backward()
        print(x.device, x.grad.tolist())
    """

    def test_backend_is_found_and_used(self, environment: Path) -> None:
        code = self.USE.replace("import tensorplug", "import tensorplug; tensorplug.set_default_backend('strict')")
        assert python(environment, "-c", code) == "strict:cpu [2.0, 4.0]\n"

    def test_backend_is_picked_by_the_environment(self, environment: Path) -> None:
        assert python(environment, "-c", self.USE, TENSORPLUG_BACKEND="strict") == "strict:cpu [2.0, 4.0]\n"

    def test_backend_is_used_in_a_block(self, environment: Path) -> None:
        code = """if True:
            import tensorplug
            with tensorplug.backend("strict"):
                x = tensorplug.tensor([1.0, 2.0])
            print((x + x).device, tensorplug.tensor(1.0).device)
        """
        assert python(environment, "-c", code) == "strict:cpu numpy:cpu\n"

    def test_numpy_works_beside_broken_plugins(self, environment: Path) -> None:
        assert python(environment, "-c", self.USE) == "numpy:cpu [2.0, 4.0]\n"

    def test_kernel_replaces_that_of_numpy(self, environment: Path) -> None:
        code = "import tensorplug; print(tensorplug.exp(tensorplug.tensor([0.0, 1.0])).tolist())"
        assert python(environment, "-c", code) == "[42.0, 42.0]\n"

    def test_listing(self, environment: Path) -> None:
        code = """if True:
            from tensorplug.backends import listing
            for entry in listing():
                print(entry.name, entry.distribution, entry.version, entry.devices, entry.status, entry.reason, sep="|")
        """
        rows = [line.split("|") for line in python(environment, "-c", code).splitlines()]
        assert [row[0] for row in rows[:5]] == ["numpy", "cupy", "jax", "absent", "strict"]
        numpy, absent, strict = rows[0], rows[3], rows[4]
        assert numpy[3:] == [
            "['cpu']",
            "available",
            "kernels of plugin 'tensorplug_fast' of tensorplug-fast 1.2.3: exp",
        ]
        assert absent[1:] == [
            "tensorplug-absent",
            "1.2.3",
            "[]",
            "unavailable",
            "No module named 'absent_arrays'; to install it: pip install absent-arrays",
        ]
        assert strict[1:] == ["array-api-strict", array_api_strict.__version__, "['cpu']", "available", ""]
        assert {row[0]: row[5] for row in rows[5:] if row[4] == "set aside"} == SET_ASIDE

    def test_command(self, environment: Path) -> None:
        printed = python(environment, "-m", "tensorplug", "backends")
        for word in ("strict", "array-api-strict", "tensorplug-raises 1.2.3", "pip install absent-arrays"):
            assert word in printed
        for reason in SET_ASIDE.values():
            assert reason in printed

    def test_unknown_backend(self, environment: Path) -> None:
        code = """if True:
            import tensorplug
            try:
                tensorplug.tensor(1.0, device="nowhere:cpu")
            except ValueError as error:
                print(error)
        """
        printed = python(environment, "-c", code)
        for word in ("nowhere", "numpy, cupy, jax, absent, strict", "OSError: the library is broken"):
            assert word in printed


class Fake(Backend):
    """A backend on array-api-strict that counts its loads, and fails if it is given something to raise."""

    name = "fake"
    contract = 1
    install = "pip install fake"

    def __init__(self, name: str = "fake", raises: BaseException | None = None) -> None:
        self.name = name  # type: ignore[misc]
        self.raises = raises
        self.loads = 0

    def load(self) -> Any:
        self.loads += 1
        if self.raises:
            raise self.raises
        return array_api_strict

    def kernels(self) -> Mapping[str, Kernel]:
        return {"exp": own, "log": own}


class Supplier:
    """A plugin that supplies backends."""

    def __init__(self, *backends: object) -> None:
        self.backends = backends

    @hookimpl
    def tensorplug_backends(self) -> Iterator[object]:
        yield from self.backends


def own() -> None:
    """A kernel of the backend's own."""


def first() -> None:
    """A plugin's kernel."""


def second() -> None:
    """Another plugin's kernel."""


def giver(kernel: Callable[..., Any], **order: bool) -> object:
    """A plugin with a kernel for `exp`."""

    class Giver:
        def __repr__(self) -> str:
            return f"giver of {kernel.__name__}"

        @hookimpl(**order)
        def tensorplug_kernels(self, backend: Backend) -> Mapping[str, Kernel] | None:
            return {"exp": kernel} if backend.name == "fake" else None

    return Giver()


@pytest.fixture
def manager() -> Manager:
    """A manager of its own."""
    return Manager()


class TestLoading:
    """Backends are loaded once, and their failures remembered."""

    def test_loads_once_in_many_threads(self, manager: Manager) -> None:
        backend = Fake()
        manager.register(Supplier(backend))
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(manager.load("fake"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert backend.loads == 1
        assert len(found) == 8
        assert len(set(map(id, found))) == 1

    def test_loaded(self, manager: Manager) -> None:
        manager.register(Supplier(Fake()))
        loaded = manager.load("fake")
        assert loaded.name == "fake"
        assert loaded.backend.namespace is loaded.namespace is array_api_strict
        assert list(loaded.devices) == ["cpu"]
        assert loaded.dtypes["float32"] == array_api_strict.float32
        assert "bfloat16" not in loaded.dtypes

    def test_find(self, manager: Manager) -> None:
        manager.register(Supplier(Fake()))
        find = manager.load("fake").find
        assert find("exp") is own
        assert find("sin").__wrapped__ is array_api_strict.sin  # type: ignore[attr-defined]
        assert find("linalg.qr").__wrapped__ is array_api_strict.linalg.qr  # type: ignore[attr-defined]
        assert find("linalg.missing") is find("missing") is find("missing.qr") is find("pi") is None

    @pytest.mark.parametrize(
        ("raises", "reason"),
        [
            (ImportError("No module named 'fake'"), "No module named 'fake'"),
            (BackendUnavailable("there is no device"), "there is no device"),
            (ZeroDivisionError("what?"), "ZeroDivisionError: what?"),
            (SystemExit(3), "it called sys.exit(3)"),
        ],
    )
    def test_failure_is_remembered(self, manager: Manager, raises: BaseException, reason: str) -> None:
        backend = Fake(raises=raises)
        manager.register(Supplier(backend))
        messages = []
        for _ in range(3):
            with pytest.raises(BackendUnavailable) as caught:
                manager.load("fake")
            messages.append(str(caught.value))
        assert messages == [f"backend 'fake' is unavailable: {reason}; to install it: pip install fake"] * 3
        assert backend.loads == 1

    def test_interrupt_is_not_remembered(self, manager: Manager) -> None:
        backend = Fake(raises=KeyboardInterrupt())
        manager.register(Supplier(backend))
        with pytest.raises(KeyboardInterrupt):
            manager.load("fake")
        backend.raises = None
        assert manager.load("fake").name == "fake"

    def test_namespace_is_checked(self, manager: Manager) -> None:
        backend = Fake()
        backend.load = lambda: sys  # type: ignore[method-assign]
        manager.register(Supplier(backend))
        with pytest.raises(BackendUnavailable, match="lacks __array_namespace_info__, asarray, empty"):
            manager.load("fake")

    def test_unknown_name(self, manager: Manager) -> None:
        with pytest.raises(ValueError, match="unknown backend 'nowhere'; known are numpy, cupy, jax"):
            manager.load("nowhere")

    def test_names(self, manager: Manager) -> None:
        manager.register(Supplier(Fake("zebra"), Fake("ant")))
        names = manager.names()
        assert names[:3] == ["numpy", "cupy", "jax"]
        assert names[3:] == sorted(names[3:])
        assert {"ant", "zebra"} <= set(names)


class TestKernels:
    """Other plugins' kernels."""

    def test_stand_before_the_backends_own(self, manager: Manager) -> None:
        manager.register(giver(first))
        manager.register(Supplier(Fake()))
        assert manager.load("fake").kernels == {"exp": first, "log": own}
        assert manager.load("numpy").sources == {}

    def test_of_two_plugins_are_an_error(self, manager: Manager) -> None:
        for plugin in (giver(first), giver(second), Supplier(Fake())):
            manager.register(plugin)
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"'exp'.*tryfirst") as caught:
                manager.load("fake")
            assert "giver of first" in str(caught.value)
            assert "giver of second" in str(caught.value)
        assert next(entry for entry in manager.listing() if entry.name == "fake").status == "unavailable"

    @pytest.mark.parametrize(
        ("order_of_first", "order_of_second"),
        [({"tryfirst": True}, {}), ({}, {"trylast": True}), ({"tryfirst": True}, {"trylast": True})],
    )
    @pytest.mark.parametrize("turn", [1, -1])
    def test_of_two_plugins_can_be_ordered(
        self, manager: Manager, order_of_first: dict[str, bool], order_of_second: dict[str, bool], turn: int
    ) -> None:
        for plugin in [giver(first, **order_of_first), giver(second, **order_of_second)][::turn]:
            manager.register(plugin)
        manager.register(Supplier(Fake()))
        assert manager.load("fake").find("exp") is first

    def test_conflict_ends_when_a_plugin_goes(self, manager: Manager) -> None:
        other = giver(second)
        for plugin in (giver(first), other, Supplier(Fake())):
            manager.register(plugin)
        with pytest.raises(RuntimeError):
            manager.load("fake")
        manager.unregister(other)
        assert manager.load("fake").find("exp") is first

    def test_that_raise_are_set_aside(self, manager: Manager) -> None:
        class Broken:
            @hookimpl
            def tensorplug_kernels(self, backend: Backend) -> Mapping[str, Kernel]:
                raise OSError("no compiler")

        manager.register(Broken())
        manager.register(Supplier(Fake()))
        assert manager.load("fake").find("exp") is own
        (reason,) = {entry.reason for entry in manager.listing() if "Broken" in entry.name and "fake" in entry.reason}
        assert reason == "its kernels for backend 'fake': OSError: no compiler"

    def test_come_too_late(self, manager: Manager) -> None:
        manager.register(Supplier(Fake()))
        manager.load("fake")
        with pytest.raises(ValueError, match="has kernels for backend 'fake', which is in use"):
            manager.register(giver(first))


class TestRegister:
    """Plugins of the process: bad ones are refused, and leave nothing behind."""

    @pytest.mark.parametrize(
        ("backends", "reason"),
        [
            ([Fake, Fake()], "which is no instance of Backend"),
            ([Fake("good"), Fake("good")], "there is another backend 'good', of plugin .*, which came first"),
            ([Fake("good"), Fake("numpy")], "there is another backend 'numpy', which came first"),
            ([Fake("Torch")], "'Torch' cannot name a backend"),
            ([Fake("")], "'' cannot name a backend"),
            ([Fake("cuda")], "'cuda' cannot name a backend"),
            ([Fake("float32")], "'float32' cannot name a backend"),
        ],
    )
    def test_refuses_backends(self, manager: Manager, backends: list[object], reason: str) -> None:
        plugin = Supplier(*backends)
        with pytest.raises(ValueError, match=reason):
            manager.register(plugin)
        assert not {"good", "fake"} & set(manager.names())
        with pytest.raises(ValueError, match="is not registered"):
            manager.unregister(plugin)

    def test_refuses_what_is_no_plugin(self, manager: Manager) -> None:
        with pytest.raises(ValueError, match="it has no hooks"):
            manager.register(object())

    def test_refuses_an_unknown_hook(self, manager: Manager) -> None:
        class Misspelt:
            @hookimpl
            def tensorplug_backend(self) -> None: ...

        with pytest.raises(
            ValueError, match="it implements 'tensorplug_backend'; the hooks are tensorplug_backends and"
        ):
            manager.register(Misspelt())

    def test_refuses_an_unknown_argument(self, manager: Manager) -> None:
        class Curious:
            @hookimpl
            def tensorplug_kernels(self, backend: Backend, device: object) -> None: ...

        with pytest.raises(ValueError, match="device"):
            manager.register(Curious())

    def test_refuses_a_plugin_for_a_newer_contract(self, manager: Manager) -> None:
        plugin = Supplier(Fake())
        plugin.contract = 2  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="needs version 2 of the backend contract"):
            manager.register(plugin)

    def test_unregister(self, manager: Manager) -> None:
        plugin = Supplier(Fake())
        manager.register(plugin)
        manager.load("fake")
        manager.unregister(plugin)
        assert "fake" not in manager.names()
        with pytest.raises(ValueError, match="unknown backend 'fake'"):
            manager.load("fake")
        manager.register(plugin)
        assert manager.load("fake").name == "fake"

    def test_another_backend_of_a_name(self) -> None:
        def replaced(x: Any, by: float) -> Any:
            return numpy.full_like(x, by)

        def plugin(by: float) -> Supplier:
            kernels = {**NumPy().kernels(), "exp": lambda x: replaced(x, by)}
            return Supplier(type("Named", (NumPy,), {"name": "twice", "kernels": lambda self: kernels})())

        tensors = []
        for by in (1.0, 2.0):
            current = plugin(by)
            backends.register(current)
            with tp.backend("twice"):
                tensors.append(tp.zeros(2, requires_grad=True))
                assert tp.exp(tensors[-1]).tolist() == [by, by]
            backends.unregister(current)
        with pytest.raises(ValueError, match="unknown backend 'twice'"), tp.backend("twice"):
            pass
        old, new = tensors
        for tensor, by in ((old, 1.0), (new, 2.0)):
            assert tp.exp(tensor).tolist() == [by, by]
            assert tp.exp(tensor.to(tp.float64) + tp.zeros_like(tensor)).tolist() == [by, by]
            assert tensor.to("numpy").exp().tolist() == [1, 1]
            tp.exp(tensor * 2).sum().backward()
            assert tensor.grad is not None
            assert tensor.grad.tolist() == [2 * by, 2 * by]
            assert tensor.grad.device is tensor.device
        with pytest.raises(ValueError, match="expected all tensors to be on the same device"):
            old + new


class TestCuPy:
    """CuPy where there is no GPU."""

    def test_not_installed(self, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
        find_spec = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "cupy" else find_spec(name))
        with pytest.raises(BackendUnavailable, match=r'CuPy is not installed.* pip install "\.\[cuda12\]"'):
            manager.load("cupy")

    def test_installed_without_a_device(self, tmp_path: Path) -> None:
        (tmp_path / "cupy.py").write_text(
            """if True:
                import types, warnings
                warnings.warn("CUDA path could not be detected")
                __version__ = "14.0.0"
                def getDeviceCount():
                    raise RuntimeError("cudaErrorInsufficientDriver")
                cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=getDeviceCount))
            """
        )
        code = """if True:
            from tensorplug.backends import BackendUnavailable, load
            try:
                load("cupy")
            except BackendUnavailable as error:
                print(error)
        """
        printed = python(tmp_path, "-c", code)
        assert "CuPy 14.0.0 is installed but finds no CUDA device that works (cudaErrorInsufficientDriver)" in printed
        assert 'pip install ".[cuda12]"' in printed


class TestCommand:
    """``tensorplug backends``."""

    ROWS = (("numpy", "numpy 2.4.6", "cpu", "available", ""), ("cupy", "-", "-", "unavailable", "tensorplug[cuda12]"))

    @pytest.mark.parametrize("print_rows", [tables.print_plain, tables.print_rich])
    def test_table(self, capsys: pytest.CaptureFixture[str], print_rows: Callable[..., None]) -> None:
        print_rows(listing.HEADER, self.ROWS)
        printed = capsys.readouterr().out
        for cell in (*listing.HEADER, *self.ROWS[0], *self.ROWS[1]):
            assert cell in printed

    def test_plain_table_is_aligned(self, capsys: pytest.CaptureFixture[str]) -> None:
        tables.print_plain(listing.HEADER, self.ROWS)
        assert capsys.readouterr().out.splitlines() == [
            "backend  distribution  devices  status       reason",
            "numpy    numpy 2.4.6   cpu      available",
            "cupy     -             -        unavailable  tensorplug[cuda12]",
        ]

    def test_a_command_is_needed(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            cli.main([])
        assert "command" in capsys.readouterr().err
