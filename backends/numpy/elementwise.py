"""What NumPy's elementwise functions do otherwise than the array API standard says, mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy

from ..common import complex_functions, elementwise
from ..common.casts import convert
from ..contract import ByKind, Kernel
from . import passes

ndarray, asarray = numpy.ndarray, numpy.asarray


def _of_parts(function: complex_functions.Function) -> Kernel:
    """The kernel of a function of the parts of complex numbers."""

    def kernel(*operands: Any) -> Any:
        parts = [part for z in operands for part in (asarray(z).real, asarray(z).imag)]
        with numpy.errstate(all="ignore"):
            real, imag = function(numpy, *parts)
        return _complex(real, imag)

    return kernel


def _mended(function: Callable[..., Any], kernel: Kernel | None = None) -> Kernel:
    """The kernel of a function of the namespace and arrays, and of the library's own result, where there is one."""

    def mended(*operands: Any) -> Any:
        own = () if kernel is None else (kernel(*operands),)
        with numpy.errstate(all="ignore"):
            return asarray(function(numpy, *operands, *own))

    return mended


def _reciprocal(divide: Kernel) -> Kernel:
    """NumPy's own gives NaN for 0, which one divided by it is not."""
    return lambda x: divide(x.dtype.type(1), x)


def _sign(kernel: Kernel) -> Kernel:
    """The sign of a negative zero is a positive one; that of ml_dtypes' types is not."""
    return lambda x: asarray(kernel(x) + x.dtype.type(0)) if x.dtype.kind == "V" else kernel(x)


def _clip(maximum: Kernel, minimum: Kernel) -> Kernel:
    """In one pass over the elements, of which bfloat16 takes two."""

    def clip(x: Any, min: Any, max: Any) -> Any:
        if x.dtype.kind == "V":
            return minimum(maximum(x, min), max)
        with numpy.errstate(all="ignore"):
            return asarray(numpy.clip(x, min, max))

    return clip


def _in_place(kernel: Kernel) -> Kernel:
    def written(x: Any, *operands: Any) -> Any:
        x[...] = kernel(x, *operands)
        return x

    return written


def mended(kernels: Mapping[str, Kernel]) -> dict[str, Kernel]:
    """The kernels to use in place of those that NumPy's functions are."""
    of_complex = {
        "expm1": _of_parts(complex_functions.expm1),
        "log1p": _of_parts(complex_functions.log1p),
        "reciprocal": _reciprocal(kernels["divide"]),
        "sign": _of_parts(complex_functions.sign),
        "tan": _tan(kernels["tan"]),
        "tanh": _tanh(kernels["tanh"]),
    }
    of_floats = {
        "floor_divide": passes.floor_divide(_mended(elementwise.floor_divide, kernels["floor_divide"])),
        "hypot": passes.hypot(kernels["hypot"]),
        "logaddexp": passes.logaddexp(kernels["logaddexp"]),
        "remainder": passes.remainder(_mended(elementwise.remainder, kernels["remainder"])),
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
    """NumPy's multiplies small powers out, which gives infinities other parts than the standard's formula."""

    def pow(x1: Any, x2: Any) -> Any:
        out = kernel(x1, x2)
        with numpy.errstate(all="ignore"):
            if numpy.isfinite(x2).all() and numpy.isfinite(x1).all() and numpy.all(x1):
                return out
        return exact(x1, x2)

    def base(xp: Any, *parts: Any) -> complex_functions.Parts:
        out = kernel(*(xp.asarray(_complex(*pair)) for pair in (parts[:2], parts[2:])))
        return out.real, out.imag

    exact = _of_parts(complex_functions.pow(base))
    return pow


def _complex(real: Any, imag: Any) -> Any:
    out = numpy.empty(numpy.shape(real), numpy.result_type(real, numpy.complex64))
    out.real, out.imag = real, imag
    return out


def _tanh(kernel: Kernel) -> Kernel:
    """NumPy's takes the sign of the imaginary part where that is zero from the double angle."""

    def tanh(x: Any) -> Any:
        out = kernel(x)
        infinite = numpy.isinf(x.real)
        if infinite.any():
            out.imag[infinite] = numpy.copysign(0, x.imag[infinite])
        return out

    return tanh


def _tan(kernel: Kernel) -> Kernel:
    """As the hyperbolic tangent of 1j times the number is."""

    def tan(x: Any) -> Any:
        out = kernel(x)
        infinite = numpy.isinf(x.imag)
        if infinite.any():
            out.real[infinite] = numpy.copysign(0, x.real[infinite])
        return out

    return tan


def _nextafter(kernel: Kernel) -> Kernel:
    """Of two zeros the second follows the first: NumPy's of float16 is the first."""

    def nextafter(x1: Any, x2: Any) -> Any:
        out = kernel(x1, x2)
        return out if x1.dtype.itemsize != 2 else asarray(numpy.where(x1 == x2, x2, out))

    return nextafter
