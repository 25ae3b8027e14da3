"""The methods and operators of Tensor, derived from the declared operations and the chapters' tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import numpy_protocols
from .autodiff import backward
from .dispatch.operation import Operation
from .dispatch.registry import MEMBERS, OPERATIONS
from .interchange import interop
from .memory.structure import convert
from .memory.tensor import Tensor, require_tensors
from .pytorch import (
    activations,
    comparison,
    constructors,
    conversion,
    selection,
    softmax,
)
from .random import generator as random
from .random import sampling
from .standard import (
    creation,
    data_types,
    elementwise,
    fft,
    indexing,
    inspection,
    linalg,
    linear_algebra,
    manipulation,
    searching,
    sets,
    sorting,
    statistical,
    utility,
)
from .types.absent import explain_absent_methods

CHAPTERS = (
    activations,
    backward,
    comparison,
    constructors,
    conversion,
    creation,
    data_types,
    elementwise,
    fft,
    indexing,
    inspection,
    linalg,
    linear_algebra,
    manipulation,
    numpy_protocols,
    random,
    sampling,
    searching,
    selection,
    sets,
    softmax,
    sorting,
    statistical,
    utility,
)
"""The modules that declare operations when they are imported."""


def _reflected(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        return apply(other, self)

    return method


def _named(name: str, member: Any) -> Any:
    """The member; Python's own errors call it by its name on Tensor if it is a method alone."""
    if getattr(member, "__name__", "").endswith("method"):
        member.__qualname__ = f"Tensor.{name}"
    return member


def _attach(operation: Operation) -> None:
    for name in operation.methods:
        setattr(Tensor, name, _named(name, operation.method or operation.function))
    if operation.operator is not None:
        _attach_operator(operation, operation.operator)


def _attach_operator(operation: Operation, operator: str) -> None:
    setattr(Tensor, operator, operation.apply)
    if len(operation.operands) == 2 and operation.result == "same":
        setattr(Tensor, f"__r{operator[2:]}", _reflected(operation.apply))


def _converter(name: str) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor) -> Tensor:
        return convert(self, name)

    method.__doc__ = f"The tensor in {name}; itself if it is that already."
    return method


def type_as_method(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of another; itself if it is that already."""
    require_tensors("type_as", other)
    return convert(self, other.dtype)


CONVERSIONS = {
    "bool": "bool",
    "byte": "uint8",
    "char": "int8",
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
}
"""PyTorch's methods that convert, and the dtypes to which they do."""

METHODS: dict[str, Any] = {
    **interop.METHODS,
    "type_as": type_as_method,
    **{method: _converter(name) for method, name in CONVERSIONS.items()},
}

PROPERTIES: dict[str, property] = {}


def attach_all() -> None:
    """Give Tensor its methods, operators and properties. Called once, when every operation has been declared."""
    for operation in OPERATIONS.values():
        _attach(operation)
    for name, member in (MEMBERS | METHODS | PROPERTIES).items():
        setattr(Tensor, name, _named(name, member))
    explain_absent_methods(Tensor)
