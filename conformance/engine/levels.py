"""Levels of the suite: quick for every change, default for every plugin, thorough for releases."""

from __future__ import annotations

from typing import NamedTuple


class Level(NamedTuple):
    """The amount of examples.

    Attributes
    ----------
    name : str
    draws : int
        Number of examples for each use and dtype.
    uses : int or None
        Number of uses of each operation; None for all.
    typical : int
        Number of uses that are tried in every dtype and layout.
    gradients : int or None
        Number of uses whose gradients are checked; None for all.
    differentiated : tuple of str
        The dtypes in which they are; another one for what takes none of these.
    second_order : bool
        Whether derivatives of derivatives are checked.
    dtypes : tuple of str
        Dtypes to try.
    special : bool
        Whether special values are paired with each other in all dtypes, or in float32 and float64 alone.
    autodiff : int or None
        Number of uses whose gradients are compared with the reference library's own autodiff; None for all.
    product : bool
        Whether every use is tried in every dtype and every layout; by default each is varied for itself.
    sizes : int
        Number of uses of each operation that are tried with many elements.
    limit : float
        Seconds that one check may take.
    eager : tuple of str
        Aspects whose reference compiles nothing. Elementwise functions keep the usual reference; so do ``"values"`` of
        functions with a kernel, in the first dtype of each use.
    """

    name: str
    draws: int
    uses: int | None
    typical: int
    gradients: int | None
    differentiated: tuple[str, ...]
    second_order: bool
    dtypes: tuple[str, ...]
    special: bool
    autodiff: int | None
    product: bool
    sizes: int
    limit: float
    eager: tuple[str, ...]


ALL_DTYPES = (
    "float32",
    "float64",
    "int64",
    "bool",
    "complex64",
    "complex128",
    "uint8",
    "int32",
    "float16",
    "bfloat16",
    "int8",
    "int16",
    "uint16",
    "uint32",
    "uint64",
)

PRECISE = ("float64", "complex128")
"""Dtypes that are precise enough for central differences."""

FEW_DTYPES = ("float32", "float64", "complex64", "int64")

EAGER = ("aliasing", "arguments", "layouts", "sizes")
"""Aspects with many shapes and parameters, each of which would be compiled."""

NOT_COMPILED = (*EAGER, "ranges", "special values", "state", "values")

LEVELS = {
    level.name: level
    for level in (
        Level("quick", 1, 2, 1, 1, PRECISE[:1], False, FEW_DTYPES, False, 0, False, 1, 60, NOT_COMPILED),
        Level("default", 3, None, 2, None, PRECISE, True, ALL_DTYPES, True, 2, False, 3, 120, EAGER),
        Level("thorough", 100, None, 3, None, PRECISE, True, ALL_DTYPES, True, None, True, 1000, 3600, EAGER),
    )
}
"""Levels by name."""
