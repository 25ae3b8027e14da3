"""Faults that only great, little, neighbouring or badly scaled numbers show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, given, kernel, of_dtype, of_kind

TURN = numpy.float32(2 * numpy.pi)


def _in_turns(sound: Kernel) -> Kernel:
    return lambda x: sound(x - TURN * numpy.round(x / TURN))


def _as_floats(sound: Kernel) -> Kernel:
    def call(*arrays: Any, **parameters: Any) -> Any:
        found = sound(*(x.astype("float64") for x in arrays), **parameters)
        return found if found.dtype.kind in "bi" else found.astype(arrays[0].dtype)

    return call


def _of_negated(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.argmax(-x, axis, keepdims=keepdims)


def _quotient(x1: Any, x2: Any) -> Any:
    return x1 * numpy.conj(x2) / (x2.real * x2.real + x2.imag * x2.imag)


def _modulus(x: Any) -> Any:
    return numpy.sqrt(x.real * x.real + x.imag * x.imag)


def _eliminated(x: Any, y: Any) -> tuple[Any, Any]:
    """Without pivots."""
    x, y = x.copy(), y.copy()
    for i in range(x.shape[-1]):
        for j in range(i + 1, x.shape[-1]):
            factor = x[..., j, i] / x[..., i, i]
            x[..., j, :] -= factor[..., None] * x[..., i, :]
            y[..., j, :] -= factor[..., None] * y[..., i, :]
    return x, y


def _determinant(x: Any) -> Any:
    return numpy.prod(numpy.diagonal(_eliminated(x, x)[0], 0, -2, -1), -1)


def _by_gram(sound: Kernel) -> Kernel:
    """Singular values as roots of the eigenvalues of another matrix."""

    def svd(x: Any, *, full_matrices: bool = True) -> Any:
        left, values, right = sound(x, full_matrices=full_matrices)
        gram = x @ x.mT.conj() if x.shape[-2] <= x.shape[-1] else x.mT.conj() @ x
        roots = numpy.sqrt(numpy.maximum(numpy.linalg.eigvalsh(gram)[..., ::-1], 0)) if x.size else values
        return left, roots.astype(values.dtype), right

    return svd


def _inverse_by_normal_equations(sound: Kernel) -> Kernel:
    return lambda x: sound(x.mT.conj() @ x) @ x.mT.conj()


def _until(count: int) -> Callable[[Kernel], Kernel]:
    """NaN is looked for among the first elements only."""

    def wrong(sound: Kernel) -> Kernel:
        def extreme(x: Any, **parameters: Any) -> Any:
            if x.dtype.kind == "f" and x.size > count and not numpy.isnan(x.ravel()[:count]).any():
                x = numpy.where(numpy.isnan(x), numpy.asarray(-numpy.inf, x.dtype), x)
            return sound(x, **parameters)

        return extreme

    return wrong


FAULTS = (
    Fault(
        "sin_of_great_angles",
        "sin",
        "whole turns are taken off in single precision",
        kernel("sin", given(of_dtype("float32"), _in_turns)),
    ),
    Fault(
        "max_of_integers_as_floats",
        "max",
        "great integers lose their last digits",
        kernel("max", given(of_dtype("int64"), _as_floats)),
    ),
    Fault(
        "searchsorted_as_floats",
        "searchsorted",
        "great integers lose their last digits",
        kernel("searchsorted", given(of_kind("i"), _as_floats)),
    ),
    Fault(
        "isin_as_floats",
        "isin",
        "great integers lose their last digits",
        kernel("isin", given(of_kind("iu"), _as_floats)),
    ),
    Fault(
        "greater_as_floats",
        "greater",
        "great integers lose their last digits",
        kernel("greater", given(of_kind("i"), _as_floats)),
    ),
    Fault(
        "argmin_of_negated_bytes",
        "argmin",
        "the negative of the least integer is itself",
        kernel("argmin", given(of_dtype("int8"), lambda _: _of_negated)),
    ),
    Fault(
        "quotients_of_complex_overflow",
        "divide",
        "the square of the divisor's modulus overflows",
        kernel("divide", given(of_dtype("complex64"), lambda _: _quotient)),
    ),
    Fault(
        "moduli_of_complex_overflow",
        "abs",
        "squares overflow, or vanish",
        kernel("abs", given(of_kind("c"), lambda _: _modulus)),
    ),
    Fault(
        "solve_without_pivots",
        "linalg.solve",
        "a small element may be a pivot",
        kernel("linalg.solve", lambda sound: lambda x, y: sound(*_eliminated(x, y)) if y.ndim > 1 else sound(x, y)),
    ),
    Fault(
        "det_without_pivots",
        "linalg.det",
        "a small element may be a pivot",
        kernel("linalg.det", lambda sound: _determinant),
    ),
    Fault(
        "inv_by_normal_equations",
        "linalg.inv",
        "of a matrix that is half as well conditioned",
        kernel("linalg.inv", _inverse_by_normal_equations),
    ),
    Fault(
        "svd_by_the_gram_matrix",
        "linalg.svd",
        "small singular values lose half of their digits",
        kernel("linalg.svd", _by_gram),
    ),
    Fault(
        "max_finds_early_nan", "max", "NaN is looked for among the first thousand elements", kernel("max", _until(1000))
    ),
)
