"""PyTorch's names of parameters that the standard lets be given by position only: ``sum(input=x, dim=0)``.

The parameter itself is renamed in the code of the function, so that a call by position takes no time more, and a
traceback shows the name that was used.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import CodeType, FunctionType, ModuleType
from typing import Any

_USUAL = {"x": "input", "x1": "input", "x2": "other", "arrays": "tensors", "self": "input"}

_MATRICES = ("eig", "eigh", "eigvals", "eigvalsh", "matrix_norm", "matrix_rank", "qr", "svd", "svdvals")

_OTHERS: dict[str, dict[str, str]] = {
    **{name: {"x": "A"} for name in _MATRICES},
    "bmm": {"x2": "mat2"},
    "cdist": {"x1": "x1", "x2": "x2"},
    "complex": {"x1": "real", "x2": "imag"},
    "copy_": {"source": "src"},
    "cosine_similarity": {"x1": "x1", "x2": "x2"},
    "dot": {"x2": "tensor"},
    "from_dlpack": {"x": "ext_tensor"},
    "from_numpy": {"array": "ndarray"},
    "isin": {"x1": "elements", "x2": "test_elements"},
    "mm": {"x2": "mat2"},
    "mv": {"x2": "vec"},
    "outer": {"x2": "vec2"},
    "pairwise_distance": {"x1": "x1", "x2": "x2"},
    "pow": {"x2": "exponent"},
    "pow_": {"other": "exponent"},
    "searchsorted": {"x1": "sorted_sequence", "x2": "values"},
    "solve": {"x1": "A", "x2": "B"},
    "split": {"x": "tensor"},
    "take": {"indices": "index"},
    "tensordot": {"x1": "a", "x2": "b"},
    "tile": {"repetitions": "dims"},
    "vecdot": {"x1": "x", "x2": "y"},
    "vector_norm": {"x": "x"},
}
"""Where PyTorch's name is another, by the name of the function."""


def take_keywords(namespaces: Iterable[ModuleType], methods: Iterable[Any]) -> None:
    """Let the functions of some namespaces, and methods, take their positional parameters by PyTorch's names too."""
    public = (getattr(namespace, name) for namespace in namespaces for name in namespace.__all__)
    renamed: set[int] = set()
    for found in (*public, *methods):
        for function in (found, inspect.unwrap(found)):
            if type(function) is FunctionType and id(function) not in renamed:
                renamed.add(id(function))
                names = _USUAL | _OTHERS.get(function.__name__, {})
                function.__code__ = _renamed(function.__code__, names)
                annotations = function.__annotations__.items()
                function.__annotations__ = {names.get(one, one): annotation for one, annotation in annotations}


def _renamed(code: CodeType, names: dict[str, str]) -> CodeType:
    """The code with other names of its positional parameters, none of them by position only."""
    count = code.co_argcount
    parameters = code.co_varnames[: count + code.co_kwonlyargcount]
    changed = {name: names[name] for name in code.co_varnames[:count] if names.get(name, name) not in parameters}
    # A variable that has the new name already changes places with it.
    changed |= {new: name for name, new in changed.items()}

    def rename(all_names: tuple[str, ...]) -> Any:
        return tuple(changed.get(name, name) for name in all_names)

    return code.replace(
        co_posonlyargcount=0, co_varnames=rename(code.co_varnames), co_cellvars=rename(code.co_cellvars)
    )
