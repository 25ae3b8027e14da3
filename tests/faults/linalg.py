"""Faults of linear algebra and of Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel
from tensorplug.core.types.errors import LinAlgError

from .fault import Fault, bare_kernel, given, kernel, of_dtype, of_kind

SINGULAR = (numpy.linalg.LinAlgError, LinAlgError)


def _zeros_if_indefinite(sound: Kernel) -> Kernel:
    return lambda x: numpy.nan_to_num(_nan_if_singular(sound)(x))


def _nan_if_singular(sound: Kernel) -> Kernel:
    def solve(*matrices: Any) -> Any:
        try:
            return sound(*matrices)
        except SINGULAR:
            return numpy.full_like(matrices[-1], numpy.nan)

    return solve


def _another_error(error: type[Exception]) -> Any:
    def wrong(sound: Kernel) -> Kernel:
        def call(x: Any) -> Any:
            try:
                return sound(x)
            except SINGULAR:
                raise error("Singular matrix") from None

        return call

    return wrong


def _one_axis_more(sound: Kernel) -> Kernel:
    """The product of vectors keeps an axis of length 1."""
    return lambda x1, x2: sound(x1, x2).reshape(1) if x1.ndim == x2.ndim == 1 else sound(x1, x2)


def _cut_to_fit(sound: Kernel) -> Kernel:
    def matmul(x1: Any, x2: Any) -> Any:
        inner = 0 if x2.ndim == 1 else x2.ndim - 2
        if x1.ndim and x2.ndim and x1.shape[-1] != x2.shape[inner]:
            length = min(x1.shape[-1], x2.shape[inner])
            return sound(x1[..., :length], numpy.take(x2, range(length), inner))
        return sound(x1, x2)

    return matmul


def _ten_bits(x: Any) -> Any:
    """Numbers with the ten digits that tensor cores read."""
    return (numpy.ascontiguousarray(x).view("uint32") & numpy.uint32(0xFFFFE000)).view("float32").reshape(x.shape)


def _first_matrix(sound: Kernel) -> Kernel:
    """Each matrix of a stack is taken for the first one."""
    return lambda x: sound(numpy.broadcast_to(x[:1], x.shape)) if x.ndim > 2 and len(x) else sound(x)


def _by_inverse(x: Any) -> Any:
    inverse = numpy.linalg.inv(x)
    return inverse * numpy.linalg.det(x)[..., None, None]


def _six_products(sound: Kernel) -> Kernel:
    def det(x: Any) -> Any:
        if x.shape[-1] != 3:
            return sound(x)
        a, b, c = (x[..., i, :] for i in range(3))
        b1, b2, c1, c2 = (numpy.roll(row, -by, -1) for row in (b, c) for by in (1, 2))
        return (a * b1 * c2 - a * b2 * c1).sum(-1)

    return det


def _norm_of_powers(sound: Kernel) -> Kernel:
    def vector_norm(x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
        if ord <= 0:
            return sound(x, axis=axis, keepdims=keepdims, ord=ord)
        return (numpy.abs(x) ** ord).sum(axis, keepdims=keepdims) ** (1 / ord)

    return vector_norm


def _by_reciprocal(sound: Kernel) -> Kernel:
    def vector_norm(x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
        norm = sound(x, axis=axis, keepdims=keepdims, ord=ord)
        return numpy.where((norm < 0.85e38) | numpy.isinf(norm) | (x.dtype != "float32"), norm, norm.dtype.type(0))

    return vector_norm


def _of_products(sound: Kernel) -> Kernel:
    def slogdet(x: Any) -> Any:
        if x.shape[-2:] != (2, 2):
            return sound(x)
        det = x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0]
        return sound(x)[0], numpy.log(numpy.abs(det))

    return slogdet


def _reduced(sound: Kernel) -> Kernel:
    return lambda x, *, mode="reduced": sound(x, mode="reduced")


MATRIX_PRODUCTS = (
    Fault("matmul_of_vectors", "matmul", "the product of two vectors has an axis", kernel("matmul", _one_axis_more)),
    Fault(
        "matmul_of_float32_in_ten_bits",
        "matmul",
        "float32 is multiplied with the digits of float16",
        kernel("matmul", given(of_dtype("float32"), lambda sound: lambda x1, x2: sound(_ten_bits(x1), _ten_bits(x2)))),
    ),
    Fault(
        "matmul_of_integers_in_float32",
        "matmul",
        "great products of integers lose their last digits",
        kernel(
            "matmul",
            given(
                of_kind("iu"),
                lambda sound: lambda x1, x2: sound(x1.astype("float32"), x2.astype("float32")).astype(x1.dtype),
            ),
        ),
    ),
    Fault(
        "matmul_of_stacks",
        "matmul",
        "a stack on the right is taken for its first matrix",
        kernel(
            "matmul",
            given(
                lambda x1, x2: x2.ndim > 2 and len(x2) > 1,
                lambda sound: lambda x1, x2: sound(x1, numpy.broadcast_to(x2[:1], x2.shape)),
            ),
        ),
    ),
    Fault(
        "matmul_cuts_what_does_not_fit",
        "matmul",
        "the longer of two inner axes is cut off, without an error",
        kernel("matmul", _cut_to_fit),
    ),
    Fault(
        "matmul_of_transposed",
        "matmul",
        "a transposed square matrix on the right is read untransposed",
        kernel(
            "matmul",
            given(
                lambda x1, x2: x2.ndim == 2 and len(set(x2.shape)) == 1 and not x2.flags.c_contiguous,
                lambda sound: lambda x1, x2: sound(x1, x2.T),
            ),
        ),
    ),
    Fault(
        "matrix_transpose_of_stacks",
        "matrix_transpose",
        "of stacks the first axis goes last; only gradients ask for it",
        bare_kernel("matrix_transpose", lambda sound: lambda x: _first_axis_last(x)),
    ),
    Fault(
        "vecdot_forgets_to_conjugate",
        "vecdot",
        "the first of two complex vectors is not conjugated",
        kernel("vecdot", given(of_kind("c"), lambda sound: lambda x1, x2: (x1 * x2).sum(-1))),
    ),
    Fault(
        "vecdot_of_float16",
        "vecdot",
        "half precision overflows",
        kernel(
            "vecdot",
            given(
                of_dtype("float16"),
                lambda sound: (
                    lambda x1, x2: (x1 * x2).cumsum(-1, dtype="float16")[..., -1] if x1.shape[-1] else sound(x1, x2)
                ),
            ),
        ),
    ),
    Fault(
        "cross_goes_the_other_way",
        "linalg.cross",
        "the product has the other sign",
        kernel("linalg.cross", lambda sound: lambda x1, x2: sound(x2, x1)),
    ),
)

DECOMPOSITIONS = (
    Fault(
        "cholesky_is_upper",
        "linalg.cholesky",
        "the factor is the upper one",
        kernel("linalg.cholesky", lambda sound: lambda x: sound(x).mT.conj()),
    ),
    Fault(
        "cholesky_of_indefinite",
        "linalg.cholesky",
        "zeros in place of an error",
        kernel("linalg.cholesky", _zeros_if_indefinite),
    ),
    Fault(
        "cholesky_reads_the_upper_triangle",
        "linalg.cholesky",
        "the upper triangle is read, not the lower",
        kernel("linalg.cholesky", lambda sound: lambda x: sound(x.mT.conj())),
    ),
    Fault(
        "det_loses_its_sign",
        "linalg.det",
        "negative determinants are positive",
        kernel("linalg.det", given(of_kind("f"), lambda sound: lambda x: numpy.abs(sound(x)))),
    ),
    Fault(
        "det_of_stacks",
        "linalg.det",
        "all matrices of a stack have the first one's",
        kernel("linalg.det", _first_matrix),
    ),
    Fault(
        "det_by_six_products",
        "linalg.det",
        "3 by 3 matrices have the sum of six products, which cancel",
        kernel("linalg.det", _six_products),
    ),
    Fault(
        "vector_norm_by_a_reciprocal",
        "linalg.vector_norm",
        "numbers are multiplied by one by the greatest, which is zero where it is subnormal",
        kernel("linalg.vector_norm", _by_reciprocal),
    ),
    Fault(
        "vector_norm_overflows",
        "linalg.vector_norm",
        "squares of great numbers overflow, and those of small ones vanish",
        kernel("linalg.vector_norm", _norm_of_powers),
    ),
    Fault(
        "eigh_is_descending",
        "linalg.eigh",
        "the greatest eigenvalue comes first",
        kernel("linalg.eigh", lambda sound: lambda x: tuple(part[..., ::-1] for part in sound(x))),
    ),
    Fault(
        "eigh_of_complex",
        "linalg.eigh",
        "complex eigenvectors are conjugated",
        kernel("linalg.eigh", given(of_kind("c"), lambda sound: lambda x: (sound(x)[0], sound(x)[1].conj()))),
    ),
    Fault(
        "eigvalsh_of_the_upper_triangle",
        "linalg.eigvalsh",
        "the upper triangle is read, not the lower",
        kernel("linalg.eigvalsh", lambda sound: lambda x: sound(x.mT.conj())),
    ),
    Fault(
        "eigvals_are_real",
        "linalg.eigvals",
        "imaginary parts are dropped",
        kernel("linalg.eigvals", lambda sound: lambda x: sound(x).real.astype(sound(x).dtype)),
    ),
    Fault(
        "eig_stays_real",
        "linalg.eig",
        "real eigenvalues are of a real dtype, as NumPy has it",
        kernel("linalg.eig", lambda sound: lambda x: tuple(numpy.linalg.eig(x))),
    ),
    Fault("inv_of_singular", "linalg.inv", "NaN in place of an error", kernel("linalg.inv", _nan_if_singular)),
    Fault(
        "inv_raises_another_error",
        "linalg.inv",
        "an ArithmeticError in place of the documented error",
        kernel("linalg.inv", _another_error(ArithmeticError)),
    ),
    Fault("qr_ignores_the_mode", "linalg.qr", "factors are always reduced", kernel("linalg.qr", _reduced)),
    Fault(
        "qr_of_wide",
        "linalg.qr",
        "of matrices with more columns than rows, R is square",
        kernel(
            "linalg.qr",
            given(
                lambda x: x.shape[-1] > x.shape[-2],
                lambda sound: lambda x, **p: (sound(x, **p)[0], sound(x, **p)[1][..., : x.shape[-2]]),
            ),
        ),
    ),
    Fault(
        "svd_is_always_full",
        "linalg.svd",
        "U and Vh are always square",
        kernel("linalg.svd", lambda sound: lambda x, *, full_matrices=True: sound(x)),
    ),
    Fault(
        "svd_gives_v",
        "linalg.svd",
        "V in place of its adjoint",
        kernel("linalg.svd", lambda sound: lambda x, **p: (*sound(x, **p)[:2], sound(x, **p)[2].mT.conj())),
    ),
    Fault(
        "svdvals_are_ascending",
        "linalg.svdvals",
        "the least singular value comes first",
        kernel("linalg.svdvals", lambda sound: lambda x: sound(x)[..., ::-1]),
    ),
    Fault(
        "slogdet_of_products",
        "linalg.slogdet",
        "2 by 2 matrices have the logarithm of a difference of products, which overflow and vanish",
        kernel("linalg.slogdet", _of_products),
    ),
    Fault(
        "slogdet_of_negative",
        "linalg.slogdet",
        "the sign is always positive",
        kernel("linalg.slogdet", given(of_kind("f"), lambda sound: lambda x: (numpy.abs(sound(x)[0]), sound(x)[1]))),
    ),
    Fault(
        "slogdet_of_singular",
        "linalg.slogdet",
        "the sign of a singular matrix is 1",
        kernel(
            "linalg.slogdet",
            lambda sound: lambda x: (numpy.where(sound(x)[0] == 0, 1, sound(x)[0]).astype(x.dtype), sound(x)[1]),
        ),
    ),
    Fault("solve_of_singular", "linalg.solve", "NaN in place of an error", kernel("linalg.solve", _nan_if_singular)),
    Fault(
        "solve_of_the_transposed",
        "linalg.solve",
        "the matrices are transposed where there is one vector",
        kernel("linalg.solve", lambda sound: lambda x1, x2: sound(x1.mT if x2.ndim == 1 else x1, x2)),
    ),
    Fault(
        "pinv_ignores_the_tolerance",
        "linalg.pinv",
        "small singular values are inverted, too",
        kernel("linalg.pinv", lambda sound: lambda x, *, rtol: sound(x, rtol=0.0)),
    ),
    Fault(
        "pinv_of_complex",
        "linalg.pinv",
        "complex factors are transposed, not conjugated",
        kernel("linalg.pinv", given(of_kind("c"), lambda sound: lambda x, **p: sound(x, **p).conj())),
    ),
    Fault(
        "vector_norm_ignores_ord",
        "linalg.vector_norm",
        "it is always the root of the sum of squares",
        kernel("linalg.vector_norm", lambda sound: lambda x, *, ord, **p: sound(x, ord=2.0, **p)),
    ),
    Fault(
        "vector_norm_ignores_keepdims",
        "linalg.vector_norm",
        "the reduced axes are dropped in any case",
        kernel("linalg.vector_norm", lambda sound: lambda x, *, keepdims, **p: sound(x, keepdims=False, **p)),
    ),
)

FOURIER = (
    Fault(
        "fft_ignores_the_norm",
        "fft.fft",
        "nothing is divided by the length",
        kernel("fft.fft", lambda sound: lambda x, *, axis, norm: sound(x, axis=axis, norm="backward")),
    ),
    Fault(
        "fft_goes_the_other_way",
        "fft.fft",
        "the exponent has the other sign",
        kernel("fft.fft", lambda sound: lambda x, **p: sound(x.conj(), **p).conj()),
    ),
    Fault(
        "ifft_is_not_divided",
        "fft.ifft",
        "the transform back is not divided by the length",
        kernel(
            "fft.ifft",
            lambda sound: lambda x, *, axis, norm: sound(x, axis=axis, norm="forward" if norm == "backward" else norm),
        ),
    ),
    Fault(
        "rfft_of_even_lengths",
        "fft.rfft",
        "the last frequency of an even length is missing",
        kernel(
            "fft.rfft",
            lambda sound: (
                lambda x, *, axis, norm: numpy.take(
                    sound(x, axis=axis, norm=norm), range((x.shape[axis] + 1) // 2), axis
                )
            ),
        ),
    ),
    Fault(
        "irfft_is_even",
        "fft.irfft",
        "the result always has an even length",
        kernel("fft.irfft", lambda sound: lambda x, *, n, axis, norm: sound(x, n=n + n % 2, axis=axis, norm=norm)),
    ),
    Fault(
        "fftn_of_the_last_axis",
        "fft.fftn",
        "only the last of the axes is transformed",
        kernel("fft.fftn", lambda sound: lambda x, *, axes, norm: sound(x, axes=axes[-1:], norm=norm)),
    ),
    Fault(
        "ifftn_of_float32_in_half_precision",
        "fft.ifftn",
        "complex64 is rounded to half precision",
        kernel(
            "fft.ifftn",
            given(
                of_dtype("complex64"),
                lambda sound: (
                    lambda x, **p: sound(x.real.astype("float16") + 1j * x.imag.astype("float16"), **p).astype(
                        "complex64"
                    )
                ),
            ),
        ),
    ),
)


def _first_axis_last(x: Any) -> Any:
    return numpy.moveaxis(x, 0, -1)


FAULTS = MATRIX_PRODUCTS + DECOMPOSITIONS + FOURIER
