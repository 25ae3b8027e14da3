"""Elementwise kernels that correct NumPy's special values to those of the array API standard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy

from ..common import complex_functions, elementwise
from ..common.casts import convert
from ..common.quiet import run_anyway
from ..common.sizes import MANY_ELEMENTS
from ..contract import ByKind, Kernel
from . import passes

ndarray, asarray = numpy.ndarray, numpy.asarray


def _from_parts(function: complex_functions.Function) -> Kernel:
    """The complex kernel of a function of real and imaginary parts."""

    def kernel(*operands: Any) -> Any:
        parts = [part for z in operands for part in (asarray(z).real, asarray(z).imag)]
        real, imag = run_anyway(function, numpy, *parts)
        return _complex(real, imag)

    return kernel


def _floor_divide(kernel: Kernel) -> Kernel:
    """Floor division, corrected where an operand may be infinite: then the product is infinite or NaN."""

    def floor_divide(x1: Any, x2: Any) -> Any:
        out = kernel(x1, x2)
        product = run_anyway(numpy.multiply, out, x2)
        if x1.dtype.kind == "f" and math.isfinite(run_anyway(numpy.add.reduce, product, None)):
            return out
        return asarray(run_anyway(elementwise.floor_divide, numpy, x1, x2, out))

    return floor_divide


def _remainder(kernel: Kernel) -> Kernel:
    """The remainder, corrected for bfloat16."""

    def remainder(x1: Any, x2: Any) -> Any:
        out = kernel(x1, x2)
        return out if x1.dtype.kind == "f" else asarray(run_anyway(elementwise.remainder, numpy, x1, x2, out))

    return remainder


def _reciprocal(divide: Kernel) -> Kernel:
    """``1 / x``: NumPy's reciprocal of a complex 0 is NaN."""
    return lambda x: divide(x.dtype.type(1), x)


def _sign(kernel: Kernel) -> Kernel:
    """Sign, which is 0.0 for -0.0, also for bfloat16, whose own is -0.0; of large arrays in vectorised passes."""

    def sign(x: Any) -> Any:
        if x.dtype.kind == "V":
            return asarray(kernel(x) + x.dtype.type(0))
        return passes.sign(x) if x.size >= MANY_ELEMENTS and x.dtype.char in "fd" else kernel(x)

    return sign


def _clip(maximum: Kernel, minimum: Kernel) -> Kernel:
    """`numpy.clip`; minimum of maximum for bfloat16, which it does not take, and for bounds that are arrays."""

    def clip(x: Any, min: Any, max: Any) -> Any:
        if x.dtype.kind == "V":
            return minimum(maximum(x, min), max)
        below, above = (bool(getattr(bound, "shape", ())) for bound in (min, max))
        if x.size < MANY_ELEMENTS or x.dtype.char not in "fd" or not (below or above):
            return asarray(run_anyway(x.clip, min, max))
        found = maximum(x, min) if below else run_anyway(x.clip, min, math.inf)
        return minimum(found, max) if above else run_anyway(found.clip, -math.inf, max)

    return clip


def _in_place(kernel: Kernel) -> Kernel:
    def written(x: Any, *operands: Any) -> Any:
        x[...] = kernel(x, *operands)
        return x

    return written


def corrected(kernels: Mapping[str, Kernel]) -> dict[str, Kernel]:
    """The corrected kernels, by the name of the operation, to replace NumPy's own."""
    of_complex = {
        "expm1": _from_parts(complex_functions.expm1),
        "log1p": _from_parts(complex_functions.log1p),
        "reciprocal": _reciprocal(kernels["divide"]),
        "sign": _from_parts(complex_functions.sign),
        "tan": _tan(kernels["tan"]),
        "tanh": _tanh(kernels["tanh"]),
    }
    of_floats = {
        "floor_divide": passes.floor_divide(_floor_divide(kernels["floor_divide"])),
        "fmod": passes.fmod(kernels["fmod"]),
        "hypot": passes.hypot(kernels["hypot"]),
        "logaddexp": passes.logaddexp(kernels["logaddexp"]),
        "remainder": passes.remainder(_remainder(kernels["remainder"])),
    }
    found: dict[str, Kernel] = {"astype": convert, "clip": _clip(kernels["maximum"], kernels["minimum"])}
    nextafter = _nextafter(kernels["nextafter"])
    found |= {"nextafter": nextafter, "nextafter_": _in_place(nextafter), "sign": _sign(kernels["sign"])}
    of_reals, of_complex_numbers = passes.pow(kernels["pow"]), _pow(kernels["pow"])
    found["pow"] = ByKind(of_reals, i=kernels["pow"], u=kernels["pow"], c=of_complex_numbers)
    found["pow_"] = ByKind(_in_place(of_reals), i=kernels["pow_"], u=kernels["pow_"], c=_in_place(of_complex_numbers))
    for name, kernel in of_complex.items():
        found[name] = ByKind(found.get(name, kernels[name]), c=kernel)
        if f"{name}_" in kernels:
            found[f"{name}_"] = ByKind(kernels[f"{name}_"], c=_in_place(kernel))
    for name, kernel in of_floats.items():
        found[name] = ByKind(kernel, i=kernels[name], u=kernels[name])
        found[f"{name}_"] = ByKind(_in_place(kernel), i=kernels[f"{name}_"], u=kernels[f"{name}_"])
    return found


def _pow(kernel: Kernel) -> Kernel:
    """Complex power; with infinities and zeros by the standard's formula, as NumPy multiplies small powers out."""

    def pow(x1: Any, x2: Any) -> Any:
        out = kernel(x1, x2)
        with numpy.errstate(all="ignore"):
            if numpy.isfinite(x2).all() and numpy.isfinite(x1).all() and numpy.all(x1):
                return out
        return exact(x1, x2)

    def base(xp: Any, *parts: Any) -> complex_functions.Parts:
        out = kernel(*(xp.asarray(_complex(*pair)) for pair in (parts[:2], parts[2:])))
        return out.real, out.imag

    exact = _from_parts(complex_functions.pow(base))
    return pow


def _complex(real: Any, imag: Any) -> Any:
    out = numpy.empty(numpy.shape(real), numpy.result_type(real, numpy.complex64))
    out.real, out.imag = real, imag
    return out


def _tanh(kernel: Kernel) -> Kernel:
    """Complex tanh, with the sign of a zero imaginary part corrected: NumPy takes that of the double angle."""

    def tanh(x: Any) -> Any:
        out = kernel(x)
        infinite = numpy.isinf(x.real)
        if infinite.any():
            out.imag[infinite] = numpy.copysign(0, x.imag[infinite])
        return out

    return tanh


def _tan(kernel: Kernel) -> Kernel:
    """Complex tangent, with the sign of a zero real part corrected: see `_tanh`."""

    def tan(x: Any) -> Any:
        out = kernel(x)
        infinite = numpy.isinf(x.imag)
        if infinite.any():
            out.real[infinite] = numpy.copysign(0, x.real[infinite])
        return out

    return tan


def _nextafter(kernel: Kernel) -> Kernel:
    """`numpy.nextafter`, which is the second of two equal numbers: for float16 NumPy returns the first."""

    def nextafter(x1: Any, x2: Any) -> Any:
        out = kernel(x1, x2)
        return out if x1.dtype.itemsize != 2 else asarray(numpy.where(x1 == x2, x2, out))

    return nextafter
