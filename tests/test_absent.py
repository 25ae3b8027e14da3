"""Names that are not there: what is said of them, and that all who ask whether they are there go on as before."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
from types import ModuleType

import pytest

import tensorplug as tp
from tensorplug.core.types.absent import COUNTERPARTS

MODULES = (tp, tp.autograd, tp.cuda, tp.fft, tp.func, tp.linalg, tp.losses, tp.nn, tp.nn.functional)

NEAREST = {
    # Other spellings of PyTorch's and NumPy's.
    "narrow_copy": "tensorplug.narrow",
    "unsafe_split": "tensorplug.split",
    # What lies elsewhere.
    "eig": "tensorplug.linalg.eig",
    "grad": "tensorplug.func.grad",
    "kl_div": "tensorplug.nn.functional.kl_div",
    "sigmoid_": "Tensor.sigmoid_",
    "nn.functional.crossEntropy": "tensorplug.nn.functional.cross_entropy",
    "nn.relu": "tensorplug.relu",
    "jit": "tensorplug.func.jit",
    "autograd.set_detect_anomaly": "tensorplug.autograd.detect_anomaly",
    # Slips.
    "matmull": "tensorplug.matmul",
    "nn.functional.sofmax": "tensorplug.nn.functional.softmax",
    "linalg.cholseky": "tensorplug.linalg.cholesky",
    "losses.MSELos": "tensorplug.losses.MSELoss",
}

NOTHING_NEAR = ("distributions sparse Size layout x nn.DataParallel func.functionalize cuda.Stream").split()


def lookup(name: str) -> tuple[ModuleType, str]:
    """The module in which a name is missing, and the name."""
    module, _, missing = f"tensorplug.{name}".rpartition(".")
    return importlib.import_module(module), missing


@pytest.mark.parametrize("name", [*NEAREST, *NOTHING_NEAR])
def test_names_of_modules(name: str) -> None:
    module, missing = lookup(name)
    near = f"; the nearest is {NEAREST[name]}" if name in NEAREST else ""
    said = f"tensorplug.{name} is not part of Tensorplug{near}; see docs/dialects.md"
    with pytest.raises(AttributeError) as refused:
        getattr(module, missing)
    assert str(refused.value) == said
    assert refused.value.name == missing
    with pytest.raises(ImportError) as not_imported:
        exec(f"from {module.__name__} import {missing}", {})
    assert str(not_imported.value) == said
    assert not_imported.value.name == module.__name__
    assert not hasattr(module, missing)
    assert getattr(module, missing, None) is None


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("reshape_as_", "Tensor.reshape_as"),
        ("eig", "tensorplug.linalg.eig"),
        ("eq_", "Tensor.eq"),
        ("data_ptr", None),
        ("lstsq", "tensorplug.linalg.lstsq"),
    ],
)
def test_names_of_tensors(backend: str, name: str, near: str | None) -> None:
    x = tp.ones(2)
    with pytest.raises(AttributeError) as refused:
        getattr(x, name)
    hint = f"; the nearest is {near}" if near else ""
    assert str(refused.value) == f"Tensor.{name} is not part of Tensorplug{hint}; see docs/dialects.md"
    assert not hasattr(x, name)
    assert not hasattr(tp.Tensor, name)
    assert name not in {*dir(x), *dir(tp.Tensor)}


def test_counterparts_are_there_and_their_names_are_not() -> None:
    for theirs, ours in COUNTERPARTS.items():
        assert any(
            hasattr(lookup(ours)[0] if "." in ours else place, ours.rpartition(".")[2])
            for place in (*MODULES, tp.Tensor)
        )
        assert not hasattr(tp, theirs), theirs


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_protocols_of_modules(module: ModuleType) -> None:
    for name in ("__wrapped__", "__array__", "_private", "__test__"):
        with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute '{name}'"):
            getattr(module, name)
    assert all(hasattr(module, name) for name in dir(module))
    assert set(module.__all__) <= set(dir(module))
    assert inspect.unwrap(module) is module  # type: ignore[arg-type]


def test_submodules_are_imported_as_before() -> None:
    exec("from tensorplug import cli, conformance; import tensorplug.nn.functional as F", {})
    exec("from tensorplug.optim.lr_scheduler import StepLR; from tensorplug.utils.data import DataLoader", {})
    with pytest.raises(ModuleNotFoundError, match=r"No module named .tensorplug\.distributions."):
        importlib.import_module("tensorplug.distributions")


def test_protocols_of_tensors(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    assert copy.copy(x).tolist() == copy.deepcopy(x).tolist() == pickle.loads(pickle.dumps(x)).tolist() == [1.0, 2.0]
    for name in ("__array_interface__", "__wrapped__", "_repr_latex_", "iloc"):
        with pytest.raises(AttributeError, match=f"'Tensor' object has no attribute '{name}'"):
            getattr(x, name)
    # Not set yet, or raised by what is there.
    bare = object.__new__(tp.Tensor)
    with pytest.raises(AttributeError, match="_key"):
        _ = bare.dtype
    assert {"__add__", "backward", "sum"} <= set(dir(x))
    assert {name for name, _ in inspect.getmembers(tp.Tensor)} >= {"backward", "sum"}
    assert not {name for name, _ in inspect.getmembers(tp.Tensor)} & {"data_ptr", "lstsq"}
    assert inspect.unwrap(x) is x  # type: ignore[arg-type]
