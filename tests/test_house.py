"""The house: what the wheel holds, who imports whom, what an import costs, and that the examples in docstrings run."""

from __future__ import annotations

import ast
import doctest
import graphlib
import importlib
import os
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import tensorplug

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS: dict[str, str] = PYPROJECT["tool"]["setuptools"]["package-dir"]


def sources() -> dict[str, Path]:
    """Every module of the package by the path that it has in the wheel."""
    found = {}
    # A folder within another one comes later, and has its files for itself.
    for package, folder in sorted(FOLDERS.items(), key=lambda item: item[1]):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[path] = f"{package.replace('.', '/')}/{path.relative_to(ROOT / folder).as_posix()}"
    return {place: path for path, place in found.items()}


def run(
    *arguments: str | Path, cwd: Path, path: Path | None = None, safe: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run this Python in a folder, with a folder in front of its path, and unless that is safe its own before it."""
    environment = {**os.environ, "PYTHONPATH": str(path or ""), "PYTHONSAFEPATH": "1" if safe else ""}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone of the repository has of the package."""
    copy = tmp_path_factory.mktemp("source")
    for folder in {Path(folder).parts[0] for folder in FOLDERS.values()}:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="session")
def distributions(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    target = tmp_path_factory.mktemp("dist")
    built = run("-m", "build", "--no-isolation", "--outdir", target, clone, cwd=clone)
    assert built.returncode == 0, built.stdout + built.stderr
    return target


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    """The wheel."""
    (wheel,) = distributions.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel was installed into."""
    target = tmp_path_factory.mktemp("installed")
    done = run("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", target, wheel, cwd=target)
    assert done.returncode == 0, done.stderr
    return target


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of import-linter on the package in a folder."""
    code = "from importlinter.cli import lint_imports_command as main; main()"
    return run("-c", code, "--config", ROOT / "pyproject.toml", "--no-cache", cwd=folder, path=folder)


def test_wheel_holds_every_module_and_the_marker_of_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (points,) = (archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert {"tensorplug/py.typed", "tensorplug/core/memory/tensor.pyi", "tensorplug/losses/loss.pyi"} <= names
    assert {name for name in names if name.endswith(".py")} == set(sources())
    assert {f"tensorplug/conformance/report/page.{suffix}" for suffix in ("css", "html", "js")} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "tensorplug = tensorplug.cli:main" in points


@pytest.mark.parametrize("name", ["tensor", "loss"])
def test_stubs_say_what_classes_have(name: str) -> None:
    writer = runpy.run_path(str(ROOT / "docs" / f"write_{name}_stub.py"))
    assert writer["STUB"].read_text() == writer["stub"](), "run `make docs`"


def test_type_checkers_follow_methods_of_tensor(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "used.py").write_text(
        "from typing import assert_type\n"
        "import tensorplug as tp\n"
        "x = tp.ones(2, 3)\n"
        "assert_type(x.sum(0).relu() + 1, tp.Tensor)\n"
        "assert_type(x.max(), tp.Tensor)\n"
        "assert_type(x.max(1).values, tp.Tensor)\n"
        "assert_type(x.add_(1).grad, tp.Tensor | None)\n"
        "x.no_such_method()\n"
    )
    found = run("-m", "mypy", "--strict", "--cache-dir", tmp_path, "used.py", cwd=tmp_path, path=installed).stdout
    assert found.splitlines()[0].startswith('used.py:8: error: "Tensor" has no attribute "no_such_method"'), found
    assert "Found 1 error" in found


def test_type_checkers_follow_names_that_are_handed_on(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "used.py").write_text(
        "from typing import assert_type\n"
        "import tensorplug as tp\n"
        "from tensorplug import bool, clamp, device, linalg, nn, range\n"
        "from tensorplug.linalg import LinAlgError, matmul\n"
        "x = tp.ones(2, 3)\n"
        "assert_type(nn.functional.mse_loss(clamp(x, 0), range(3)), tp.Tensor)\n"
        "assert_type(nn.MSELoss()(nn.functional.elu(x), nn.functional.normalize(x)), tp.Tensor)\n"
        "assert_type(nn.HuberLoss('sum', delta=2).delta, float)\n"
        "nn.MSELoss(delta=2)\n"
        "assert_type(linalg.det(tp.fft.fft(x)), tp.Tensor)\n"
        "assert_type(tp.pi, float)\n"
        "place: device = tp.device('cpu')\n"
        "tp.no_such_function\n"
    )
    found = run("-m", "mypy", "--strict", "--cache-dir", tmp_path, "used.py", cwd=tmp_path, path=installed).stdout
    assert found.splitlines()[0].startswith('used.py:9: error: Unexpected keyword argument "delta" for "MSELoss"'), (
        found
    )
    assert 'used.py:13: error: Module has no attribute "no_such_function"' in found
    assert "Found 2 errors" in found


def test_every_chapter_is_handed_on() -> None:
    """Each public function of a chapter stands at the top, or in the namespace of its extension."""
    doors = [
        tensorplug,
        *(getattr(tensorplug, name) for name in ("fft", "linalg", "losses", "special")),
        tensorplug.nn.functional,
        tensorplug.distributed.tensor,
    ]
    public = {name for door in doors for name in door.__all__}
    for place in sources():
        if place.startswith(("tensorplug/core/", "tensorplug/losses/")):
            chapter = importlib.import_module(place.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
            if chapter.__name__ != "tensorplug.core":
                assert set(getattr(chapter, "__all__", ())) <= public, place
    private = {name for name in public if name.startswith("_")}
    assert private == {"__array_api_version__", "__array_namespace_info__"}
    modules = {name for name in tensorplug.__all__ if isinstance(getattr(tensorplug, name), ModuleType)}
    assert modules == {
        "autograd",
        "distributed",
        "fft",
        "func",
        "linalg",
        "losses",
        "nn",
        "onnx",
        "optim",
        "special",
        "testing",
        "utils",
    }


def test_contracts_between_packages_hold(installed: Path) -> None:
    checked = lint_imports(installed)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("importer", "statement"),
    [
        ("autograd", "from .. import cli"),
        ("autograd", "from .. import backends"),
        ("backends", "from ..core import tensor"),
        ("backends/common", "from ..numpy import plugin"),
        ("backends/jax", "from ..numpy import plugin"),
        ("core", "from ..losses import missing"),
        ("core", "from ..backends.numpy import plugin"),
        ("core/dispatch", "from ..memory import tensor"),
        ("core/standard", "from ..pytorch import einsum"),
        ("losses", "from ..autograd import node"),
        ("losses", "import tensorplug"),
    ],
)
def test_contracts_catch_a_wrong_import(installed: Path, tmp_path: Path, importer: str, statement: str) -> None:
    shutil.copytree(installed / "tensorplug", tmp_path / "tensorplug")
    (tmp_path / "tensorplug" / importer / "intruder.py").write_text(statement)
    checked = lint_imports(tmp_path)
    assert checked.returncode != 0
    assert f"tensorplug.{importer}.intruder".replace("/", ".") in checked.stdout


def imports(module: str, path: Path, modules: set[str]) -> set[str]:
    """The modules of ours that a module imports anywhere in it, for type checkers only included."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names = {f"{source}.{alias.name}" for alias in node.names}
            found |= (names & modules) or ({source} & modules)
    return found - {module}


def test_no_cycle_of_modules() -> None:
    named = {place.removesuffix(".py").removesuffix("/__init__").replace("/", "."): p for place, p in sources().items()}
    graph = {module: imports(module, path, set(named)) for module, path in named.items()}
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("folder", ["autograd", "backends", "core", "losses"])
def test_no_operation_is_reached_by_its_name_in_the_registry(folder: str) -> None:
    """``OPERATIONS["clone"]`` would be an import that no linter sees."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "OPERATIONS":
                assert not isinstance(node.slice, ast.Constant), f"{path}:{node.lineno}"


READS = {
    "autograd/gradcheck.py": "finite differences are numbers",
    "core/distributed/tensors.py distribute_tensor": "copies to a mesh of devices",
    "core/dispatch/keys.py view_dtype": "bits are converted on the host where the library cannot",
    "core/interchange/display.py": "pictures and tables made of tensors",
    "core/dispatch/keys.py draw_on_host": "random words become numbers on the host",
    "core/interchange/interop.py": "NumPy arrays, lists and numbers made of tensors",
    "core/interchange/native.py": "transforms say that an array is not to be had",
    "core/interchange/printing.py": "text made of tensors",
    "core/interchange/saving.py": "files made of tensors",
    "core/memory/coercion.py python_number": "NumPy's scalars",
    "core/memory/structure.py transfer": "copies between devices",
    "core/pytorch/constructors.py one_hot": "the greatest class says how many there are",
    "core/pytorch/moments.py bincount": "the greatest number says how many counts there are",
    "core/random/generator.py set_state": "the seed",
    "core/transforms/compile.py _constant_difference": "constants of programs",
    "core/transforms/compile.py _values": "constants of programs",
    "core/transforms/recording.py to_numpy": "constants of a program",
    "core/standard/creation/ranges.py _scalar": "limits of a range, which say its length",
    "core/standard/data_types.py result_type": "NumPy's scalars",
    "core/standard/indexing.py _check_broadcast": "the length of what a mask picks",
    "core/standard/indexing.py _picked": "the length of what a mask picks",
    "core/standard/manipulation/arranging.py _repeat": "the length of what is repeated",
    "losses/ctc.py _split_targets": "the lattice of labels",
    "core/pytorch/stacking.py _tensor_split": "the places at which parts begin",
    "core/transforms/batching.py to_numpy": "a value that all examples of a batch have",
    "core/transforms/indexing.py _host": "the positions of a mask that all examples have",
    "core/transforms/proxy.py _value": "a value that all examples of a batch have",
    "losses/ctc.py _check_lengths": "the lattice of labels",
}
"""Where arrays become Python values or NumPy arrays, with the reason; everything else calls `inspect` or `known`."""


def reads(node: ast.AST, place: str) -> Iterator[tuple[str, int]]:
    """The places, each a file with a function, and lines in which a syntax tree looks at values of arrays."""
    for child in ast.iter_child_nodes(node):
        if looks_at_values(child):
            yield place, child.lineno
        is_function = isinstance(child, ast.FunctionDef)
        yield from reads(child, f"{place.partition(' ')[0]} {child.name}" if is_function else place)


def looks_at_values(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="to_numpy") | ast.Name(id="host_array", ctx=ast.Load()):
            return True
        case ast.Call(func=ast.Attribute(attr="item" | "tolist" | "numpy")):
            return True
        case ast.Call(func=ast.Name(id="bool" | "float" | "int" | "complex"), args=[number]):
            return any(map(is_kernel_call, ast.walk(number)))
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.UnaryOp(op=ast.Not(), operand=test):
            return is_kernel_call(test)
        case ast.BoolOp(values=values):
            return any(map(is_kernel_call, values))
    return False


def is_kernel_call(node: ast.AST) -> bool:
    """Whether a syntax tree is ``ops.name(...)``, or a comparison with it, whose truth is an array's value."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="ops"), attr=name)):
            return name != "known"
        case ast.Compare(left=left, comparators=others):
            return any(map(is_kernel_call, [left, *others]))
    return False


def test_values_of_arrays_are_looked_at_in_few_places() -> None:
    found: dict[str, int] = {}
    for folder in ("autograd", "core", "losses"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(reads(ast.parse(path.read_text()), path.relative_to(ROOT).as_posix()))
    for place, line in found.items():
        assert place in READS or place.partition(" ")[0] in READS, f"{place}, line {line}: call inspect or known"
    stale = {place for place in READS if " " in place and place not in found}
    assert not stale


@pytest.mark.parametrize(
    "line",
    [
        "library.backend.to_numpy(x)",
        "x.item()",
        "if ops.any(x): ...",
        "y if not ops.all(x) else z",
        "float(ops.max(x)) < 1",
        "bool(ops.isnan(x).any())",
        "x is None or ops.max(x) > 1",
    ],
)
def test_a_look_at_values_is_found(line: str) -> None:
    assert list(reads(ast.parse(line), "here")) == [("here", 1)]


def test_import_loads_no_backend_and_scans_nothing(installed: Path) -> None:
    code = """if True:
        import sys
        before = set(sys.modules)
        import tensorplug
        from tensorplug.backends import manager
        print(tensorplug.__file__)
        print(manager._manager._scanned)
        roots = {name if name == "importlib.metadata" else name.partition(".")[0] for name in set(sys.modules) - before}
        print(sorted(roots & {"jax", "jaxlib", "cupy", "array_api_compat", "ml_dtypes", "rich", "importlib.metadata"}))
    """
    done = run("-c", code, cwd=installed, path=installed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(installed / "tensorplug" / "__init__.py"), "False", "[]"]


MODULES = """if True:
    import sys
    import tensorplug as tp
    import tensorplug.conformance
    x = tp.ones(2, requires_grad=True)
    (x * x).sum().backward()
    print(x.grad.tolist())
    modules = {name: one for name, one in sys.modules.items() if name.split(".")[0] == "tensorplug" and one}
    print(*sorted(module.__file__ for name, module in modules.items()), sep="\\n")
    print(len({module.__file__ for module in modules.values()}) == len(modules))
"""


@pytest.mark.parametrize("with_wheel", [True, False])
def test_clone_is_a_package(clone: Path, request: pytest.FixtureRequest, with_wheel: bool) -> None:
    """Of its own modules, each once: none of what is installed, be it a wheel or the editable one of these tests."""
    path = request.getfixturevalue("installed") if with_wheel else None
    (clone / "script.py").write_text(MODULES)
    for arguments in (["script.py"], ["-c", MODULES]):
        done = run(*arguments, cwd=clone, path=path, safe=False)
        assert done.returncode == 0, done.stderr
        gradient, *files, once = done.stdout.splitlines()
        assert gradient == "[2.0, 2.0]"
        assert {Path(file).is_relative_to(clone) for file in files} == {True}
        assert once == "True"
    for arguments in (
        ["tensorplug", "backends"],
        ["pydoc", "tensorplug.backends"],
        ["pydoc", "tensorplug.backends.contract"],
    ):
        done = run("-m", *arguments, cwd=clone, path=path, safe=False)
        assert done.returncode == 0, done.stderr
        assert "numpy" in done.stdout.lower()
    done = run("-c", "import tensorplug; import tensorplug.tensorplug", cwd=clone, path=path, safe=False)
    assert "ModuleNotFoundError" in done.stderr


def test_clone_without_its_dependencies_says_so(clone: Path) -> None:
    done = run("-S", "-c", "import tensorplug", cwd=clone, safe=False)
    assert done.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: No module named 'numpy'; Tensorplug was found in the clone {str(clone)!r} and is not "
        "installed: pip install . in that folder installs its dependencies"
    )


@pytest.mark.parametrize("folder", ["autograd", "core", "losses"])
def test_no_backend_is_told_by_its_name(folder: str) -> None:
    """Where backends differ, the difference is a kernel or a method of the contract, never ``name == "jax"``."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            constants = {part.value for part in compared if isinstance(part, ast.Constant)}
            assert not constants & {"numpy", "cupy", "jax"}, f"{path}:{compared[0].lineno}"


@pytest.mark.parametrize("module", [path.removesuffix(".py").replace("/", ".") for path in sources()])
def test_examples_in_docstrings(module: str) -> None:
    if module.endswith("__main__"):
        return
    if module == "tensorplug.onnx.export":
        pytest.importorskip("onnx")
    imported = importlib.import_module(module.removesuffix(".__init__"))
    failures = doctest.testmod(imported, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).failed
    assert failures == 0
