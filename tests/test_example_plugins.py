"""The plugins among the examples: installed by pip from their folder alone, found, and conforming."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

PLUGINS = {"torch": "torch", "strict": "array_api_strict", "dask": "dask"}
"""The library that a plugin makes a backend of."""


def installation(name: str, folder: Path) -> Callable[..., str]:
    """What a command of Tensorplug prints where a plugin is installed from a copy of its project."""
    project = shutil.copytree(EXAMPLES / "plugins" / f"tensorplug-{name}", folder / "project")
    target = folder / "environment"
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(project)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONWARNINGS": "error"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-P", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Commands where the plugin of Numba is installed."""
    return installation("numba", tmp_path_factory.mktemp("numba"))


def sources() -> dict[Path, bytes]:
    """The files of Tensorplug, without the examples."""
    folders = [EXAMPLES.parent / name for name in ("autograd", "backends", "conformance", "core", "losses", "nn")]
    files = [EXAMPLES.parent / "pyproject.toml", *(EXAMPLES.parent / "tensorplug").rglob("*.py")]
    return {path: path.read_bytes() for path in [*files, *(path for f in folders for path in f.rglob("*.py"))]}


@pytest.fixture(scope="module", params=PLUGINS)
def plugin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Callable[..., str]]:
    pytest.importorskip(PLUGINS[request.param], reason=f"{PLUGINS[request.param]} is not installed")
    return request.param, installation(request.param, tmp_path_factory.mktemp(request.param))


class TestBackendPlugins:
    """Projects that make a library a backend: the folder alone is enough."""

    def test_it_is_found_and_conforms(self, plugin: tuple[str, Callable[..., str]]) -> None:
        """The operations that most of the contract's defaults serve; all of them are the project's own test."""
        name, run = plugin
        before = sources()
        assert f"of tensorplug-{name}" not in run("-m", "tensorplug", "backends")
        departures = EXAMPLES / "plugins" / f"tensorplug-{name}" / "departures.toml"
        operations = [f"--op={operation}" for operation in ("add", "complex", "getitem", "sum", "where")]
        options = ["--quick", "--jobs", "1", "--departures", str(departures)]
        told = run("-m", "tensorplug", "conformance", name, *options, *operations)
        assert re.fullmatch(rf"{name}: \d+ passed, 0 failed, \d+ unsupported", told.splitlines()[-1])
        assert sources() == before

    def test_a_step_of_training(self, plugin: tuple[str, Callable[..., str]]) -> None:
        name, run = plugin
        code = """if True:
            import sys, tensorplug as tp
            tp.set_default_backend(sys.argv[1])
            tp.manual_seed(0)
            weight = tp.randn(3, 2, dtype="float64", requires_grad=True)
            tp.CrossEntropyLoss()(tp.randn(4, 3, dtype="float64") @ weight, tp.tensor([0, 1, 1, 0])).backward()
            weight.data[0] -= 0.1 * weight.grad[1]
            print([round(x, 9) for x in (weight * 1).reshape(-1).tolist()])
        """
        assert run("-c", code, name) == run("-c", code, "numpy")

    @pytest.mark.parametrize("name", [*PLUGINS, "numba"])
    def test_nothing_but_the_project_knows_it(self, name: str) -> None:
        named = re.compile(rf"tensorplug[-_]{name}\b".encode())
        assert not [path for path, text in sources().items() if named.search(text)]
        module = EXAMPLES / "plugins" / f"tensorplug-{name}" / f"tensorplug_{name}.py"
        lines = ast.unparse(ast.parse(module.read_text())).splitlines()
        assert len(lines) <= 80

    @pytest.mark.parametrize("name", PLUGINS)
    def test_the_readme_tells_what_passes(self, name: str) -> None:
        folder = EXAMPLES / "plugins" / f"tensorplug-{name}"
        told = (folder / "README.md").read_text().partition("<!-- conformance -->")[2]
        assert re.search(r"of \d+ checks \d+ pass, 0 fail", told)
        # Some departures show at the default level only.
        assert {*re.findall(r"^- \*\*(.*?)\.\*\*", told, re.MULTILINE)} <= {
            *tomllib.loads((folder / "departures.toml").read_text())
        }


class TestNumbaPlugin:
    """The plugin that compiles two losses with Numba."""

    def test_its_kernels_are_listed(self, installed: Callable[..., str]) -> None:
        listed = " ".join(installed("-m", "tensorplug", "backends").split())
        assert "of tensorplug-numba 0.1.0: huber_loss_with_slope, smooth_l1_loss_with_slope" in listed

    def test_numba_is_imported_when_it_is_wanted(self, installed: Callable[..., str]) -> None:
        code = """if True:
            import sys, tensorplug as tp
            x, y = tp.tensor([1.0, 5.0], requires_grad=True), tp.zeros(2)
            print("numba" in sys.modules)
            tp.SmoothL1Loss()(x, y).backward()
            print("numba" in sys.modules, x.grad.tolist())
        """
        assert installed("-c", code) == "False\nTrue [0.5, 0.5]\n"

    def test_what_is_too_large_for_the_dtype(self, installed: Callable[..., str]) -> None:
        code = """if True:
            import tensorplug as tp
            x = tp.tensor([3e38, -3e38], requires_grad=True)
            loss = tp.SmoothL1Loss(reduction="sum")(x, tp.zeros(2))
            loss.backward()
            print(loss.item(), x.grad.tolist(), tp.HuberLoss(delta=1e39)(x * 0.0, tp.zeros(2)).item())
        """
        assert installed("-c", code) == "inf [1.0, -1.0] 0.0\n"

    def test_without_numba_the_plugin_is_set_aside(self, installed: Callable[..., str]) -> None:
        code = """if True:
            import importlib.util
            found = importlib.util.find_spec
            importlib.util.find_spec = lambda name, *others: None if name == "numba" else found(name, *others)
            import tensorplug as tp
            from tensorplug.backends import listing
            x = tp.tensor([1.0, 5.0], requires_grad=True)
            tp.SmoothL1Loss()(x, tp.zeros(2)).backward()
            print(x.grad.tolist(), [entry.reason for entry in listing() if entry.status == "set aside"])
        """
        reason = "its kernels for backend 'numpy': Numba is not installed; to install it: pip install numba"
        assert installed("-c", code) == f"[0.5, 0.5] {[reason]}\n"

    def test_its_kernels_conform(self, installed: Callable[..., str]) -> None:
        operations = ("--op", "huber_loss_with_slope", "--op", "smooth_l1_loss_with_slope")
        told = installed("-m", "tensorplug", "conformance", "numpy", "--jobs", "1", *operations)
        assert "0 failed, 0 unsupported" in told.splitlines()[-1]
