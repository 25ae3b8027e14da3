"""Uses of the extension ``linalg``; factors that are unique up to signs or phases are multiplied again."""

from __future__ import annotations

from dataclasses import replace

from .statistical import LONG, over_many
from .use import (
    Operand,
    Use,
    between,
    fixed,
    hermitian,
    matrix,
)

FLOATS = "fc"

SQUARES = ((3, 3), (2, 2), (2, 3, 3), (1, 1), (2, 3, 2, 2), (0, 3, 3), (0, 0))
"""Shapes of square matrices; the first are typical, the last empty."""

SHAPES = ((3, 3), (3, 2), (2, 3), (2, 3, 3), (2, 1, 3), (2, 3, 2, 2), (0, 3, 2), (3, 1))

EMPTY = ((0, 3), (3, 0))


def _of(code: str, *shapes: tuple[int, ...], smooth: bool = True) -> tuple[Use, ...]:
    """Uses of an expression of well-conditioned matrices `x`."""
    return tuple(Use(code, dtypes=FLOATS, smooth=smooth, x=matrix(shape)) for shape in shapes)


def _symmetric(code: str, *shapes: tuple[int, ...], positive: bool = False) -> tuple[Use, ...]:
    """Uses of an expression of Hermitian matrices, made Hermitian inside for finite differences by element."""
    return tuple(
        Use(code.replace("(x)", "((x + x.mT.conj()) / 2)"), dtypes=FLOATS, x=hermitian(shape, positive))
        for shape in shapes
    )


GENERAL = fixed([[1.0, 2.0, 0.0], [-1.0, 2.0, 1.0], [0.5, 0.0, 4.0]])
"""A matrix with a pair of complex eigenvalues and a real one."""

SINGULAR = fixed([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])

LARGER_SINGULAR = fixed([[1.0, 2.0, 3.0, 0.0], [2.0, 4.0, 6.0, 0.0], [1.0, 0.0, 1.0, 2.0], [0.0, 1.0, -1.0, 3.0]])
"""A singular matrix with more rows than explicit cofactor formulas have."""

CANCELLING = fixed([[1000.01, 1000.0, 1000.0], [1000.0, 1000.01, 1000.0], [1000.0, 1000.0, 1000.01]])
"""Of which a sum of six products of three leaves no digit; elimination with pivots leaves some in single precision."""

# Computed in float32 or wider.
_ADJUGATE = 'tp.astype(OPERATIONS["adjugate"](tp.astype(x, tp.result_type(x, tp.float32))), x.dtype)'

# Of eigenvalues, in whatever order they are found.
_POWER_SUMS = "tp.stack([(({0})**k).sum(axis=-1) for k in (1, 2, 3)])"

_FROM_EIG = "(lambda e: (e[1] * e[0][..., None, :]) @ tp.linalg.inv(e[1]))(tp.linalg.eig(x))"

_FROM_EIGH = "(lambda e: (e[1] * e[0][..., None, :]) @ e[1].mT.conj())(tp.linalg.eigh(x))"

_FROM_SVD = "(lambda d: ((d[0][..., :{k}] * d[1][..., None, :]) @ d[2][..., :{k}, :], d[1]))(tp.linalg.svd(x{full}))"


def _svd(*shapes: tuple[int, ...], full: bool) -> tuple[Use, ...]:
    arguments = "" if full else ", full_matrices=False"
    return tuple(use for shape in shapes for use in _of(_FROM_SVD.format(k=min(shape[-2:]), full=arguments), shape))


def _norms(*options: tuple[tuple[int, ...], str]) -> tuple[Use, ...]:
    return tuple(Use(f"tp.linalg.vector_norm(x{arguments})", dtypes=FLOATS, x=shape) for shape, arguments in options)


TRIANGULAR = ("upper=True", "upper=False", "upper=True, unitriangular=True", "upper=False, left=False")

# Of the pivots only what they do with the rows is determined where two elements have equal size.
_FROM_LU = "(lambda f: (f[0] @ f[1] @ f[2], tp.abs(tp.linalg.det(f[0]))))(tp.linalg.lu(x))"

_DEFINITE = "tp.linalg.cholesky((x + x.mT.conj()) / 2)"


USES: dict[str, tuple[Use, ...]] = {
    "linalg.cholesky": (
        *_symmetric("tp.linalg.cholesky(x)", *SQUARES, positive=True),
        *(
            Use("tp.linalg.cholesky((x + x.mT.conj()) / 2, upper=True)", dtypes=FLOATS, x=hermitian(shape))
            for shape in ((3, 3), (2, 3, 3), (0, 3, 3))
        ),
        Use("tp.linalg.cholesky(tp.tril(x))", dtypes=FLOATS, smooth=False, x=hermitian((3, 3))),
        Use("tp.linalg.cholesky(tp.triu(x), upper=True)", dtypes=FLOATS, smooth=False, x=hermitian((3, 3))),
        Use("tp.linalg.cholesky(((x + x.mT.conj()) / 2)[::-1, ::-1])", dtypes=FLOATS, x=hermitian((3, 3))),
    ),
    "linalg.cross": tuple(
        Use(f"tp.linalg.cross(x, y{arguments})", dtypes="iufc", x=x, y=y)
        for x, y, arguments in (
            ((2, 3), (2, 3), ""),
            ((3,), (3,), ""),
            ((2, 3), (3,), ""),
            ((2, 1, 3), (2, 3), ", axis=-1"),
            ((3, 2), (3, 1), ", axis=-2"),
            ((3, 2), (3, 2), ", axis=0"),
            ((2, 3, 2, 2), (2, 3, 2, 2), ", axis=1"),
            ((0, 3), (0, 3), ""),
            ((3, 3), (3, 3), ", dim=-2"),
        )
    ),
    "linalg.det": (
        *_of("tp.linalg.det(x)", SQUARES[0]),
        Use("tp.linalg.det(x)", dtypes=FLOATS, smooth=False, x=CANCELLING),
        *_of("tp.linalg.det(x)", *SQUARES[1:]),
        *_of("tp.linalg.det(x)", (4, 4), (2, 4, 4)),
        *(Use("tp.linalg.det(x)", dtypes=FLOATS, x=x) for x in (SINGULAR, LARGER_SINGULAR)),
        # The product of the first pivots overflows float32.
        Use(
            "tp.linalg.det(tp.eye(4) * tp.astype(x, tp.float32) * tp.asarray([2.0**45] * 3 + [2.0**-70]))",
            dtypes="f",
            smooth=False,
            x=Operand((4,), between(1, 2)),
        ),
        Use("tp.linalg.det(x.mT[::-1])", dtypes=FLOATS, x=matrix((3, 3))),
        Use("tp.det(x)", dtypes=FLOATS, x=matrix((3, 3))),
    ),
    "adjugate": (
        *_of(_ADJUGATE, (4, 4), (3, 3), (2, 2), (2, 4, 4), (1, 1), (2, 3, 2, 2), (0, 4, 4)),
        # It has one derivative there, det two (docs/autograd.md).
        *(Use(_ADJUGATE, dtypes=FLOATS, smooth=False, x=x) for x in (SINGULAR, LARGER_SINGULAR)),
    ),
    "linalg.eig": (
        *_of(_FROM_EIG, *SQUARES),
        *_of("tp.abs(tp.linalg.eig(x)[1] ** 2).sum(axis=-2)", (3, 3), (2, 3, 3), smooth=False),
        Use(_FROM_EIG, dtypes=FLOATS, x=GENERAL),
        Use(_FROM_EIG.replace("eig(x)", "eig(x.mT)"), dtypes=FLOATS, x=GENERAL),
    ),
    "linalg.eigvals": (
        *_of(_POWER_SUMS.format("tp.linalg.eigvals(x)"), *SQUARES),
        Use(_POWER_SUMS.format("tp.linalg.eigvals(x)"), dtypes=FLOATS, x=GENERAL),
        Use("tp.sort(tp.linalg.eigvals(x).real)", dtypes=FLOATS, x=fixed([[3.0, 1.0], [0.5, -1.0]])),
        Use("tp.sort(tp.linalg.eigvals(x).imag)", dtypes="f", x=fixed([[0.0, 1.0], [-2.0, 0.5]])),
    ),
    "linalg.eigh": (
        *_symmetric(_FROM_EIGH, *SQUARES),
        *_symmetric("tp.linalg.eigh(x)[0]", (3, 3), (2, 3, 3)),
        Use('tp.linalg.eigh(tp.triu(x), UPLO="U")[0]', dtypes=FLOATS, smooth=False, x=hermitian((3, 3))),
        *_symmetric("tp.abs(tp.linalg.eigh(x)[1])", (3, 3), (2, 3, 3)),
        Use("tp.linalg.eigh(tp.tril(x))[0]", dtypes=FLOATS, smooth=False, x=hermitian((3, 3), positive=False)),
        Use("tp.abs(tp.linalg.eigh(tp.tril(x))[1])", dtypes=FLOATS, smooth=False, x=hermitian((3, 3))),
    ),
    "linalg.eigvalsh": (
        *_symmetric("tp.linalg.eigvalsh(x)", *SQUARES),
        Use("tp.linalg.eigvalsh(tp.tril(x))", dtypes=FLOATS, smooth=False, x=hermitian((3, 3), positive=False)),
    ),
    "linalg.inv": (
        *_of("tp.linalg.inv(x)", *SQUARES),
        Use("tp.linalg.inv(x.mT[::-1])", dtypes=FLOATS, x=matrix((3, 3))),
        Use("tp.inverse(x)", dtypes=FLOATS, x=matrix((3, 3))),
    ),
    "linalg.solve": tuple(
        Use("tp.linalg.solve(x, y)", dtypes=FLOATS, x=matrix(x), y=y)
        for x, y in (
            ((3, 3), (3, 2)),
            ((3, 3), (3,)),
            ((2, 3, 3), (3,)),
            ((2, 3, 3), (2, 3, 2)),
            ((3, 3), (2, 3, 3)),
            ((2, 1, 2, 2), (3, 2, 1)),
            ((2, 3, 2, 2), (2, 3, 2, 2)),
            ((0, 3, 3), (0, 3, 2)),
            ((0, 0), (0, 2)),
            ((3, 3), (3, 0)),
            ((1, 1), (1, 3)),
            ((2, 3, 3), (2, 3)),
        )
    ),
    "linalg.slogdet": (
        *_of("tuple(tp.linalg.slogdet(x))", *SQUARES),
        Use("tuple(tp.linalg.slogdet(x))", dtypes="f", smooth=False, x=fixed([[0.0, 2.0], [1.0, 0.0]])),
        Use("tuple(tp.linalg.slogdet(x))", dtypes=FLOATS, smooth=False, x=fixed([[0.0, 0.0], [1.0, 2.0]])),
        Use("tp.slogdet(x)[1]", dtypes=FLOATS, x=matrix((3, 3))),
        # The products overflow or underflow float32.
        *(
            Use(f"tuple(tp.linalg.slogdet(tp.astype(x, tp.float32) * {unit}))", dtypes="f", smooth=False, x=x)
            for unit in ("1e20", "1e-30")
            for x in (fixed([[1.0, 2.0], [3.0, 4.0]]), fixed([[1.0, 2.0, 0.5], [3.0, 4.0, 1.0], [0.25, 1.0, 3.0]]))
        ),
    ),
    "linalg.qr": (
        *_of("(lambda q, r: q @ r)(*tp.linalg.qr(x))", *SHAPES, *EMPTY),
        *_of("tp.abs(tp.linalg.qr(x)[1])", (3, 3), (3, 2), (2, 3), (2, 3, 3)),
        *_of("(lambda q: q @ q.mT.conj())(tp.linalg.qr(x)[0])", (3, 3), (3, 2), (2, 3), (2, 3, 3)),
        *_of('(lambda q, r: q @ r)(*tp.linalg.qr(x, mode="complete"))', (3, 3), (2, 3), (2, 2, 3)),
        *_of('(lambda q, r: q @ r)(*tp.linalg.qr(x, mode="complete"))', (3, 2), (3, 0), (0, 3, 2), smooth=False),
        *_of('(lambda q, r: (q @ q.mT.conj(), tp.abs(r)))(*tp.linalg.qr(x, "complete"))', (3, 2), smooth=False),
    ),
    "linalg.svd": (
        *_svd(*SHAPES, *EMPTY, full=False),
        *_svd((3, 3), (3, 2), (2, 3), (2, 3, 3), (0, 3, 2), full=True),
        *_of("(lambda d: (tp.abs(d[0]), d[1], tp.abs(d[2])))(tp.linalg.svd(x, False))", (3, 3), (3, 2), (2, 3)),
        *_of(
            "(lambda d: (d[0] @ d[0].mT.conj(), d[2].mT.conj() @ d[2]))(tp.linalg.svd(x))", (3, 2), (2, 3), smooth=False
        ),
    ),
    "linalg.svdvals": (
        *_of("tp.linalg.svdvals(x)", *SHAPES, *EMPTY),
        Use("tp.linalg.svdvals(x)", dtypes=FLOATS, smooth=False, x=SINGULAR),
    ),
    "linalg.pinv": (
        *_of("tp.linalg.pinv(x)", *SHAPES, *EMPTY),
        # Gradients are defined at constant rank; a cut-off changes the rank.
        *_of("tp.linalg.pinv(x, rtol=0.5)", (3, 3), (3, 2), smooth=False),
        Use(
            "tp.linalg.pinv(x, rtol=r)",
            dtypes=FLOATS,
            smooth=False,
            x=matrix((2, 3, 3)),
            r=fixed([0.1, 0.5], "float64"),
        ),
        *_of("tp.linalg.pinv(x, atol=1.5)", (3, 3), (3, 2), smooth=False),
        Use("tp.linalg.pinv(x, rtol=0.01)", dtypes=FLOATS, smooth=False, x=SINGULAR),
        Use("tp.pinverse(x)", dtypes=FLOATS, x=matrix((3, 2))),
    ),
    "linalg.matrix_rank": (
        *_of("tp.linalg.matrix_rank(x)", *SHAPES, *EMPTY, smooth=False),
        *_of("tp.linalg.matrix_rank(x, rtol=0.5)", (3, 3), (3, 2), smooth=False),
        Use(
            "tp.linalg.matrix_rank(x, rtol=r)",
            dtypes=FLOATS,
            smooth=False,
            x=matrix((2, 3, 3)),
            r=fixed([0.1, 0.5], "float64"),
        ),
        *_of("tp.linalg.matrix_rank(x, atol=1.5)", (3, 3), (3, 2), smooth=False),
        Use("tp.linalg.matrix_rank(x, hermitian=True)", dtypes=FLOATS, smooth=False, x=hermitian((3, 3))),
        Use("tp.linalg.matrix_rank(x, rtol=0.01)", dtypes=FLOATS, smooth=False, x=SINGULAR),
        Use("tp.linalg.matrix_rank(x)", dtypes=FLOATS, smooth=False, x=fixed([[0.0, 0.0], [0.0, 0.0]])),
    ),
    "linalg.matrix_norm": (
        *_of("tp.linalg.matrix_norm(x)", *SHAPES, *EMPTY),
        *(
            use
            for order in ('"fro"', '"nuc"', "1", "-1", "2", "-2", 'float("inf")', '-float("inf")')
            for use in _of(f"tp.linalg.matrix_norm(x, ord={order})", (2, 3), (2, 3, 3))
        ),
        *(
            use
            for order in ('"nuc"', "1", "2", 'float("inf")')
            for use in _of(f"tp.linalg.matrix_norm(x, ord={order})", (0, 3), smooth=False)
        ),
        *_of("tp.linalg.matrix_norm(x, keepdims=True)", (2, 3), (2, 3, 2, 2)),
        *_of("tp.linalg.matrix_norm(x, ord=2, keepdims=True)", (2, 3, 3)),
        *_of("tp.linalg.matrix_norm(x, 1, (0, 2), True)", (2, 3, 3)),
    ),
    "linalg.vector_norm": (
        # The squares overflow or underflow float32.
        *(
            Use(f"tp.linalg.vector_norm(tp.astype(x, tp.float32) * {unit}{ord})", dtypes="f", smooth=False, x=(2, 3))
            for unit, ord in (("1e30", ""), ("1e-30", ", ord=3"))
        ),
        # The reciprocal of the largest element is subnormal.
        *(
            Use(
                f"tp.linalg.vector_norm(tp.astype(x, tp.float32) * 1e38{ord}, axis=1)",
                dtypes="f",
                smooth=False,
                x=fixed([[1.0, -2.0, 0.5], [3.0, 0.0, -0.25]]),
            )
            for ord in ("", ", ord=3")
        ),
        *_norms(
            ((2, 3), ""),
            ((2, 3), ", axis=1"),
            ((2, 3), ", axis=-2, keepdims=True"),
            ((2, 3, 2, 2), ", axis=(0, -1)"),
            ((2, 1, 3), ", axis=(1, 2), keepdims=True"),
            ((2, 3), ", ord=1, axis=0"),
            ((2, 3), ", ord=3"),
            ((2, 3), ", ord=1.5, axis=0"),
            ((2, 3), ", ord=0.5, axis=1"),
            ((2, 3), ', ord=float("inf"), axis=1'),
            ((2, 3), ', ord=-float("inf"), axis=1'),
            ((), ""),
            ((3,), ""),
            ((0, 3), ", axis=1"),
            ((0, 3), ", axis=0"),
            ((0, 3), ", ord=1"),
            ((2, 3), ", axis=()"),
            ((2, 1, 3), ", axis=1"),
            ((2, 3), ", 3, 1, True"),
        ),
        Use("tp.linalg.vector_norm(x, ord=0, axis=1)", dtypes=FLOATS, smooth=False, x=(2, 3)),
        Use(
            "tp.linalg.vector_norm(x, ord=-1, axis=1)",
            dtypes=FLOATS,
            x=fixed([[1.0, -2.0, 0.5], [3.0, 1.5, -1.0]]),
        ),
        Use(
            "tp.linalg.vector_norm(x, ord=-2, axis=-1, keepdims=True)",
            dtypes=FLOATS,
            x=fixed([[1.0, -2.0, 0.5], [3.0, 1.5, -1.0]]),
        ),
        *over_many("tp.linalg.vector_norm", *LONG[:2]),
    ),
    "norm": (
        Use("tp.norm(x)", dtypes=FLOATS, x=(2, 3)),
        Use("tp.norm(x, 2, 1)", dtypes=FLOATS, x=(2, 3)),
        Use('tp.norm(x, "fro", dim=(0, 1), keepdim=True)', dtypes=FLOATS, x=(2, 3)),
        Use("tp.norm(x, p=1, dim=0)", dtypes=FLOATS, x=(2, 3)),
    ),
    "linalg.matrix_power": tuple(
        use
        for power, shapes in (
            (3, SQUARES),
            (0, ((3, 3), (2, 3, 3), (0, 3, 3))),
            (1, ((3, 3),)),
            (-2, ((3, 3), (2, 3, 3))),
            (5, ((2, 3, 2, 2),)),
        )
        for use in _of(f"tp.linalg.matrix_power(x, {power})", *shapes)
    ),
    "linalg.trace": (
        Use("tp.linalg.trace(x)", dtypes="iufc", x=(2, 3)),
        Use("tp.linalg.trace(x, offset=1)", dtypes="iufc", x=(2, 3)),
        Use("tp.linalg.trace(x, offset=-1)", dtypes="iufc", x=(2, 3, 2, 2)),
        Use("tp.linalg.trace(x, dtype=tp.float64)", dtypes="iuf", x=(3, 3)),
        Use("tp.linalg.trace(x, offset=9)", dtypes="iufc", x=(3, 3)),
        Use("tp.linalg.trace(x)", dtypes="iufc", x=(0, 3)),
        Use("tp.linalg.trace(x)", dtypes="iufc", x=(2, 1, 3)),
        Use("tp.trace(x)", dtypes="iufc", x=(3, 3)),
    ),
    "linalg.diagonal": (
        Use("tp.linalg.diagonal(x)", x=(2, 3)),
        Use("tp.linalg.diagonal(x, offset=1)", x=(2, 3)),
        Use("tp.linalg.diagonal(x, offset=-1)", x=(2, 3, 2, 2)),
        Use("tp.linalg.diagonal(x, dim1=0, dim2=2)", x=(2, 1, 3)),
        Use("tp.linalg.diagonal(x, offset=9)", x=(3, 3)),
        Use("tp.linalg.diagonal(x)", x=(0, 3)),
    ),
    "linalg.solve_triangular": (
        *(
            Use(f"tp.linalg.solve_triangular(x, y, {options})", dtypes=FLOATS, x=hermitian(x), y=y)
            for options in TRIANGULAR
            for x, y in (((3, 3), (3, 3)), ((2, 3, 3), (3, 3)), ((0, 3, 3), (0, 3, 3)))
        ),
    ),
    "triangular_solve": (
        Use("tp.triangular_solve(y, x, transpose=True)[0]", dtypes=FLOATS, x=hermitian((3, 3)), y=(3, 2)),
    ),
    "linalg.lu_factor": (
        *_of(_FROM_LU, (3, 3), (3, 2), (2, 2, 3), (0, 3, 2), (3, 0)),
        *_of("tuple(tp.linalg.lu_factor_ex(x))", (3, 3), (2, 3, 2)),
        Use("tp.linalg.lu(x)[2]", dtypes=FLOATS, smooth=False, x=SINGULAR),
    ),
    "linalg.permutation": (
        Use('OPERATIONS["linalg.permutation"](x, size=4)', x=fixed([[2, 2, 4], [1, 3, 3]], "int32")),
        Use("tp.lu_unpack(*tp.linalg.lu_factor(x))[0]", smooth=False, x=replace(matrix((3, 3)), dtype="float64")),
    ),
    "lu_unpack": _of("tuple(tp.lu_unpack(*tp.linalg.lu_factor(x)))[1:]", (3, 3), (2, 3), (3, 2)),
    "linalg.lu_solve": tuple(
        Use(f"tp.linalg.lu_solve(*tp.linalg.lu_factor(x), y{options})", dtypes=FLOATS, x=matrix((2, 3, 3)), y=(3, 3))
        for options in ("", ", left=False", ", adjoint=True")
    ),
    "linalg.matrix_exp": (
        *_of("tp.linalg.matrix_exp(x)", (3, 3), (2, 3, 3), (1, 1), (0, 3, 3), (0, 0)),
        Use("tp.linalg.matrix_exp(x)", dtypes=FLOATS, x=GENERAL),
        Use("tp.linalg.matrix_exp(x - x.mT.conj())", dtypes=FLOATS, x=matrix((2, 3, 3), 40.0)),
    ),
    "linalg.householder_product": (
        Use("tp.linalg.householder_product(x, y)", dtypes=FLOATS, x=(3, 2), y=(2,)),
        Use("tp.linalg.householder_product(x, y)", dtypes=FLOATS, x=(2, 3, 3), y=(2, 2)),
    ),
    "linalg.norm": (
        Use("tp.linalg.norm(x)", dtypes=FLOATS, x=(2, 3)),
        Use("tp.linalg.norm(x, 1)", dtypes=FLOATS, x=(2, 3)),
        Use('tp.linalg.norm(x, "fro", dim=(0, 2), keepdim=True)', dtypes=FLOATS, x=(2, 3, 2)),
    ),
    "linalg.cond": (
        *_of("tp.linalg.cond(x)", (3, 3), (2, 3)),
        *_of("tp.linalg.cond(x, 1)", (3, 3)),
        # A singular value of which roundings leave zero.
        Use("tp.linalg.cond(x, 1)", dtypes=FLOATS, smooth=False, x=fixed([[2.0, 0.0], [0.0, 0.0]])),
    ),
    "linalg.lstsq": tuple(
        Use(f"tp.linalg.lstsq(x, y{options})[0]", dtypes=FLOATS, x=matrix(x), y=y)
        for x, y, options in (((3, 2), (3, 2), ""), ((2, 3), (2,), ""), ((2, 3, 2), (2, 3), ', driver="gelsd"'))
    ),
    "linalg.inv_ex": (
        *_of("tuple(tp.linalg.inv_ex(x))", (2, 3, 3)),
        Use("tp.linalg.inv_ex(x)[1]", dtypes=FLOATS, smooth=False, x=fixed([[1.0, 2.0], [2.0, 4.0]])),
    ),
    "linalg.solve_ex": (
        Use("tuple(tp.linalg.solve_ex(x, y))", dtypes=FLOATS, x=matrix((2, 3, 3)), y=(2, 3)),
        Use("tp.linalg.solve_ex(x, x)[1]", dtypes=FLOATS, smooth=False, x=fixed([[1.0, 2.0], [2.0, 4.0]])),
    ),
    "linalg.cholesky_ex": (
        *_symmetric("tuple(tp.linalg.cholesky_ex(x))", (3, 3), positive=True),
        Use("tp.linalg.cholesky_ex(x)[1]", dtypes=FLOATS, smooth=False, x=fixed([[1.0, 2.0], [2.0, 1.0]])),
    ),
    "cholesky_solve": (
        Use(f"tp.cholesky_solve(y, {_DEFINITE})", dtypes=FLOATS, x=hermitian((2, 3, 3)), y=(3, 2)),
        Use(f"tp.cholesky_solve(y, {_DEFINITE}.mT.conj(), upper=True)", dtypes=FLOATS, x=hermitian((3, 3)), y=(3, 2)),
    ),
    "cholesky_inverse": (Use(f"tp.cholesky_inverse({_DEFINITE})", dtypes=FLOATS, x=hermitian((2, 3, 3))),),
    "linalg.tensorinv": _of("tp.linalg.tensorinv(x.reshape(2, 3, 6))", (6, 6)),
    "linalg.tensorsolve": (
        Use("tp.linalg.tensorsolve(x.reshape(2, 3, 6), y)", dtypes=FLOATS, x=matrix((6, 6)), y=(2, 3)),
    ),
    "logdet": _symmetric("tp.logdet(x)", (3, 3), (2, 2, 2), positive=True),
    "svd": _of("(lambda d: (d[0] * d[1][..., None, :]) @ d[2].mT.conj())(tp.svd(x))", (3, 2), (2, 3, 3)),
    "qr": _of("(lambda q, r: q @ r)(*tp.qr(x))", (3, 2)),
}
