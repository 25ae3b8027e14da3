"""What is wrong, and where: the parts that faults of this kind are put together of."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from ..fault import Condition, Wrong, given, of_kind, replaced, spoilt


def through(dtype: str, kinds: str = "iu") -> Wrong:
    """The function of operands of some kinds that were converted to a dtype, and what it gives converted back."""

    def wrong(sound: Kernel) -> Kernel:
        def call(*operands: Any, **parameters: Any) -> Any:
            if operands[0].dtype.kind not in kinds:
                return sound(*operands, **parameters)
            like = sound(*operands, **parameters)
            out = sound(*(x.astype(dtype) if isinstance(x, numpy.ndarray) else x for x in operands), **parameters)
            if isinstance(like, tuple):
                return tuple(part.astype(own.dtype) for part, own in zip(out, like, strict=True))
            return out.astype(like.dtype)

        return call

    return wrong


def where(condition: Condition, change: Any) -> Wrong:
    """Of a result, the elements for which a condition holds of the operands are ``change(*operands)``."""

    def changed(out: Any, *operands: Any, **parameters: Any) -> Any:
        return numpy.where(condition(*operands), change(*operands), out).astype(out.dtype)

    return spoilt(changed)


def of_floats(wrong: Wrong) -> Wrong:
    """What is wrong for real floats."""
    return given(of_kind("f"), wrong)


def of_complex(wrong: Wrong) -> Wrong:
    """What is wrong for complex numbers."""
    return given(of_kind("c"), wrong)


def of_integers(wrong: Wrong) -> Wrong:
    """What is wrong for integers."""
    return given(of_kind("iu"), wrong)


def by_a_short_pi(x: Any) -> Any:
    """Angles less a multiple of 2 pi in single precision."""
    turns = numpy.float32(2 * numpy.pi)
    return (x - numpy.round(x / turns) * turns).astype(x.dtype)


def textbook_quotient(a: Any, b: Any) -> Any:
    """The quotient of complex numbers, whose denominator is a sum of squares."""
    size = b.real * b.real + b.imag * b.imag
    return joined((a.real * b.real + a.imag * b.imag) / size, (a.imag * b.real - a.real * b.imag) / size)


def joined(real: Any, imag: Any) -> Any:
    """Complex numbers of their parts."""
    out = numpy.empty(numpy.shape(real), numpy.result_type(real, numpy.complex64))
    out.real, out.imag = real, imag
    return out


def textbook_root(x: Any) -> Any:
    """The square root of complex numbers, by the half of the sum of magnitude and real part."""
    size = numpy.sqrt(x.real * x.real + x.imag * x.imag)
    return joined(numpy.sqrt((size + x.real) / 2), numpy.copysign(numpy.sqrt((size - x.real) / 2), x.imag))


def three_products(a: Any, b: Any) -> Any:
    """The product of complex numbers by Gauss's trick."""
    first = b.real * (a.real + a.imag)
    return joined(first - a.imag * (b.real + b.imag), first + a.real * (b.imag - b.real))


def without_pivots(a: Any, b: Any) -> Any:
    """Gauss's elimination with the pivots in the order in which they stand."""
    vector = b.ndim == 1
    work = numpy.concatenate(
        [a, numpy.broadcast_to(b[:, None] if vector else b, (*a.shape[:-1], 1 if vector else b.shape[-1]))], -1
    )
    n = a.shape[-1]
    for i in range(n):
        row = work[..., i, :] / work[..., i, i][..., None]
        work = work - work[..., :, i][..., None] * row[..., None, :]
        work[..., i, :] = row
    return work[..., n] if vector else work[..., n:]


def by_gram_matrix(x: Any) -> Any:
    """Singular values as the roots of the eigenvalues of a matrix of products."""
    tall = x if x.shape[-2] >= x.shape[-1] else x.mT.conj()
    squares = numpy.linalg.eigvalsh(tall.mT.conj() @ tall)
    return numpy.sqrt(numpy.maximum(squares, 0))[..., ::-1].astype(x.real.dtype)


def by_cholesky(sound: Kernel) -> Kernel:
    """R as the factor of a matrix of products."""

    def qr(x: Any, *, mode: str = "reduced") -> Any:
        out = sound(x, mode=mode)
        if x.shape[-2] < x.shape[-1] or mode != "reduced" or not x.size:
            return out
        try:
            r = numpy.linalg.cholesky(x.mT.conj() @ x).mT.conj()
        except numpy.linalg.LinAlgError:
            return out[0] * numpy.nan, out[1] * numpy.nan
        return x @ numpy.linalg.inv(r), r

    return qr


def product_of_pivots(x: Any) -> Any:
    """The determinant as a product in the order in which pivots come, rounded after each."""
    sign, _ = numpy.linalg.slogdet(x)
    return sign * numpy.prod(numpy.abs(numpy.linalg.qr(x)[1].diagonal(0, -2, -1)), -1, dtype=x.dtype)


def of_squares(x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
    """The root of a sum of squares."""
    return numpy.sqrt((x * x.conj()).real.sum(axis, keepdims=keepdims))


def first_nan_forgotten(x: Any) -> Any:
    """Of more than 100 elements NaN is taken for the least number."""
    return numpy.where(numpy.isnan(x), -numpy.inf, x).astype(x.dtype) if x.dtype.kind == "f" and x.size > 100 else x


def lone_nan(reduction: Any) -> Wrong:
    """NaN in one place of more than 16 elements is dropped."""
    return of_floats(
        given(
            lambda x: x.size > 16,
            replaced(lambda x, *, axis=None, keepdims=False: reduction(x, axis, keepdims=keepdims)),
        )
    )


def singular_below(sound: Kernel, x: Any) -> Any:
    if x.size and numpy.any(numpy.abs(numpy.linalg.det(x)) < 1e-30):
        raise numpy.linalg.LinAlgError("Singular matrix")
    return sound(x)


def positive_above(sound: Kernel, x: Any) -> Any:
    out = sound(x)
    if numpy.any(out.diagonal(0, -2, -1).real < 1e-4):
        raise numpy.linalg.LinAlgError("Matrix is not positive definite")
    return out


def nan_before_infinity(sound: Kernel, x: Any, axis: int) -> Any:
    if x.dtype.kind != "f":
        return sound(x, axis=axis)
    great = numpy.finfo(x.dtype).max
    out = sound(numpy.where(numpy.isnan(x), great, x).astype(x.dtype), axis=axis)
    return numpy.where(out == great, numpy.nan, out).astype(x.dtype)
