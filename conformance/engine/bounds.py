"""Error bounds by operation: exact, units in the last place, or relative to the operands.

A reference is computed in float64, so that for narrower dtypes a bound is the backend's own; for float64 it holds the
errors of both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy

from tensorplug.core import OPERATIONS

from ..uses import chapter_of
from .arrays import Array
from .families import family_of

EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
EPS |= {"complex64": EPS["float32"], "complex128": EPS["float64"]}
"""Machine epsilon by dtype."""

TINY = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
TINY |= {"complex64": TINY["float32"], "complex128": TINY["float64"]}
"""The smallest normal number by dtype; smaller ones may be flushed to zero."""

HUGE = {"float16": 65504.0, "bfloat16": 3.3895314e38, "float32": 3.4028235e38, "float64": 1.7976931348623157e308}
HUGE |= {"complex64": HUGE["float32"], "complex128": HUGE["float64"]}


HALVES = ("float16", "bfloat16")


@dataclass(frozen=True)
class Bound:
    """An error bound.

    Attributes
    ----------
    units : float
        In units in the last place of what `scale` names.
    scale : str
        ``"element"`` for each element of the reference itself, ``"largest"`` for the largest one in the array, and
        ``"operands"`` for the largest of the result and of what the operands' elements, or products of these, add up
        to at most, in which terms may have cancelled; ``"sums"`` for the same without the products.
    signed_zeros : bool
        Whether a zero must have the reference's sign.
    signed_parts : bool
        Whether zeros in the parts of finite complex numbers must have it, too.
    rounded_once : bool
        Whether half precision is computed in float32, and each element of the result rounded once.
    complex_units : float or None
        The units for complex dtypes, where they are others.
    """

    units: float
    scale: str = "element"
    signed_zeros: bool = True
    signed_parts: bool = False
    rounded_once: bool = False
    complex_units: float | None = None

    def of_terms(self, terms: int) -> Bound:
        """The bound of sums of so many terms, whose errors grow as the logarithm of their number if they are added up
        in pairs, groups or blocks, along whatever axis and in whatever layout; one by one they grow as the number.

        Four times the logarithm is the backend's share, and once that of the reference.
        """
        return replace(self, units=max(self.units, 5 * math.log2(terms)))

    def distance(self, expected: Array, dtype: str, magnitude: float | Array) -> Array:
        """The allowed distance for each element of a reference.

        Parameters
        ----------
        magnitude
            The largest sum of magnitudes of terms, of all elements or by element.
        """
        if dtype not in EPS:
            return numpy.zeros(expected.shape)
        sizes = numpy.abs(expected)
        sizes = numpy.where(numpy.isfinite(sizes), sizes, 0.0)
        if self.scale != "element" and sizes.size and isinstance(magnitude, float):
            sizes = numpy.full(sizes.shape, sizes.max())
        if self.scale in ("operands", "sums"):
            sizes = numpy.maximum(sizes.astype(float), magnitude)
        units = self.complex_units if self.complex_units and dtype.startswith("complex") else self.units
        tiny = TINY[dtype] if units else 0.0
        if self.rounded_once and dtype in HALVES:
            elements = numpy.where(numpy.isfinite(expected), numpy.abs(expected), 0.0)
            return EPS[dtype] * elements + units * EPS["float32"] * sizes + tiny
        return units * EPS[dtype] * sizes + tiny


EXACT = Bound(0, signed_parts=True)
EITHER_ZERO = Bound(0, signed_zeros=False)

ROUNDED = Bound(1)
"""One rounding of the exact result."""

ULPS = Bound(12)
"""Eight units for a backend and four for the reference (docs/special-values.md)."""

SUM = Bound(8, "operands", signed_zeros=False, rounded_once=True)
"""A sum of n terms is within n eps of the sum of their magnitudes (Higham, Accuracy and Stability of Numerical
Algorithms, section 4.2); of the few terms here no more than eight are ever added up one by one. Where there are many,
see `Bound.of_terms`. A product of n factors has n roundings in any order."""

NORM = Bound(200, "operands", signed_zeros=False)
"""Matrices here have condition numbers of four, and decompositions are backward stable: n² eps times that."""

LOSS = Bound(8, "sums", signed_zeros=False)
"""As of a sum, whose terms are losses: they have the size of the result or, where they cancel, of what they are made
of. Of the few functions that one is made of, no more than eight roundings add up, in half precision too."""

MOVING = ("conversion", "indexing", "manipulation", "view")
"""Families that move elements unchanged."""

FAMILIES = {
    **dict.fromkeys(MOVING, EXACT),
    "activation": Bound(24, "operands", signed_zeros=False),
    "composite": NORM,
    "cumulation": SUM,
    "elementwise": ULPS,
    "in place": EXACT,
    "linear algebra": NORM,
    "matrix product": SUM,
    "reduction": SUM,
    "search": EXACT,
    "searching": EXACT,
    "set": EXACT,
    "sorting": EXACT,
    "transform": NORM,
}

NAMES: dict[str, Bound] = {
    **dict.fromkeys("max min maximum minimum fmax fmin argmax argmin sort relu".split(), EITHER_ZERO),
    **dict.fromkeys(("all", "any", "count_nonzero", "clip"), EITHER_ZERO),
    **dict.fromkeys(("add", "subtract"), ROUNDED),
    **dict.fromkeys(("negative", "positive", "conj"), EXACT),
    # A product of complex numbers is off by less than sqrt(5) / 2 (Brent, Percival and Zimmermann, "Error bounds on
    # complex floating-point multiplication", 2007), the reference's too.
    **dict.fromkeys(("multiply", "square"), Bound(1, complex_units=3)),
    "sqrt": Bound(1, complex_units=12),
    **dict.fromkeys(("ceil", "floor", "trunc", "round", "copysign", "nextafter", "where", "masked_fill"), EXACT),
    **dict.fromkeys(("floor_divide", "remainder"), EXACT),
    **dict.fromkeys(("arange", "linspace"), ULPS),
    # A complex sign is a quotient by a modulus.
    "sign": ULPS,
    # Of complex numbers 2 (1 + |x2 log(x1)|) (docs/special-values.md), whose operands here are at most 6 and 1e-6.
    "pow": Bound(12, complex_units=220),
    # Only its larger operand is held to the last place.
    **dict.fromkeys(("logaddexp", "special.logaddexp2"), Bound(12, "operands", signed_zeros=False)),
    # They have zeros or tails, where no more digits are known.
    **dict.fromkeys(
        (
            "special.betaln",
            "special.digamma",
            "special.gammainc",
            "special.gammaincc",
            "special.gammaln",
            "special.ndtri",
            "special.sinc",
            "special.zeta",
        ),
        Bound(12, "operands", signed_zeros=False),
    ),
    # Of numbers around 100 the mean is rounded before it is taken away.
    "var": Bound(24, "operands", signed_zeros=False),
    "std": Bound(24, "operands", signed_zeros=False),
    "fold": SUM,
    "overlap_add": SUM,
    "scatter_flat": SUM,
    "scatter_zeros": SUM,
    "strided_sum": SUM,
    # Its exponentials and their sum are put together in the operand's own dtype.
    "softmax_normalizer": Bound(24, "operands", signed_zeros=False),
    # However small they are: nothing cancels.
    **dict.fromkeys(("logistic", "logistic_density"), Bound(24)),
    "prod": Bound(24, signed_zeros=False),
    "cumulative_prod": Bound(24, signed_zeros=False),
    "linear_recurrence": NORM,
    # Distances of the order p = 1/4 are ten times as great as their difference, and have four times the relative error
    # of the sum of powers.
    "triplet_margin_loss": replace(LOSS, units=64),
    # Its logits, which are sums of products, are rounded to the operands' own dtype, as in PyTorch.
    "linear_cross_entropy": replace(LOSS, scale="operands"),
    # Its products are rounded to the operands' own dtype before one is taken from the other.
    "linalg.cross": replace(SUM, rounded_once=False),
}
"""Bounds of operations that differ from their family's."""

EXACT_CHAPTERS = ("conversion", "creation", "manipulation", "searching", "sets", "sorting")
"""Chapters whose composite functions return elements unchanged."""

OWN_DTYPE = ("floor_divide", "remainder", "nextafter", "cast")
"""Operations whose result in a wider dtype differs by more than rounding."""


def bound_of(name: str) -> Bound:
    """The error bound of an operation or of a composite function."""
    if name in NAMES:
        return NAMES[name]
    if chapter_of(name) == "losses":
        return LOSS
    if name in OPERATIONS:
        return FAMILIES[family_of(OPERATIONS[name])]
    return EXACT if chapter_of(name) in EXACT_CHAPTERS else NORM
