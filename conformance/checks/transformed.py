"""Compare what a transform of a function gives with what the function itself gives."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug import Tensor

from ..engine.arrays import Array, flatten, to_host
from ..engine.example import Mismatch

AGREEMENT = {"float64": 1e-9, "complex128": 1e-9}
"""Absolute and relative tolerance by dtype; a backend may compute in a different order."""

OTHER_AGREEMENT = 1e-2


def hosts_of(result: Any) -> list[Array]:
    """The arrays of a result's tensors."""
    found = []
    for _, leaf in flatten(result):
        if not isinstance(leaf, Tensor):
            raise TypeError(f"a {type(leaf).__name__} is no tensor")
        found.append(to_host(leaf.detach()))
    return found


def require_equal(found: list[Array], expected: list[Array], transformed: str, plain: str) -> None:
    """Raise `Mismatch` unless the arrays agree; the last two arguments name where they come from."""
    for one, other in zip(found, expected, strict=True):
        if one.shape != other.shape or one.dtype != other.dtype:
            raise Mismatch(
                f"{transformed} gives {one.dtype} of shape {one.shape}, {plain} {other.dtype} of shape {other.shape}"
            )
        if one.dtype.kind in "biu":
            same = numpy.array_equal(one, other)
        else:
            near = AGREEMENT.get(one.dtype.name, OTHER_AGREEMENT)
            same = numpy.allclose(one, other, rtol=near, atol=near, equal_nan=True)
        if not same:
            raise Mismatch(f"{transformed} gives another result than {plain}", other.tolist(), one.tolist())
