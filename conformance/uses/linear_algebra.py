"""Uses of matrix, vector and tensor products, and of linear recurrences."""

from __future__ import annotations

from .use import Use, fixed

NUMERIC = "iufc"

NAN, INF = float("nan"), float("inf")

PRODUCTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((2, 3), (3, 3)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3, 3), (3, 2)),
    ((2, 3), (2, 3, 3)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
    ((2, 3, 2, 2), (2, 3, 2, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((0,), (0,)),
    ((3, 1), (1, 3)),
    ((2, 3), (3, 1)),
    ((1, 3), (3, 2)),
)
"""Shapes of two factors."""

DOTS: tuple[tuple[tuple[int, ...], tuple[int, ...], int], ...] = (
    ((2, 3), (2, 3), -1),
    ((3,), (3,), -1),
    ((2, 3), (3,), -1),
    ((2, 1, 3), (2, 3), -1),
    ((3, 2), (3, 1), -2),
    ((3, 2), (3, 2), 0),
    ((2, 3, 2, 2), (3, 1, 2), -3),
    ((2, 0), (2, 0), -1),
    ((0, 3), (3,), -1),
    ((2, 1), (2, 1), -1),
)
"""Shapes of two operands, and the axis of the vectors."""


NOT_SKIPPED = {"x": fixed([[0.0, 0.0], [1.0, 2.0]]), "y": fixed([[NAN, 1.0], [INF, 2.0]])}
"""Operands whose products by zero are NaN."""

CANCELLING = {"x": fixed([300.0, 300.0], "float16"), "y": fixed([300.0, -299.0], "float16")}
"""Operands whose products overflow half precision, though their sums do not."""


def _of_two(call: str, *shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[Use, ...]:
    return tuple(Use(call, dtypes=NUMERIC, x=x, y=y) for x, y in shapes)


USES: dict[str, tuple[Use, ...]] = {
    "matmul": (
        *_of_two("tp.matmul(x, y)", *PRODUCTS),
        Use.of("tp.matmul(x, y)", NOT_SKIPPED, dtypes="f", smooth=False),
        Use.of("tp.matmul(x, y)", CANCELLING, dtypes="f", smooth=False),
        Use("x @ y.mT", dtypes=NUMERIC, x=(2, 3), y=(2, 3)),
        Use("x.mT @ y[::-1]", dtypes=NUMERIC, x=(3, 3), y=(3, 3)),
        Use("tp.linalg.matmul(x, y)", dtypes=NUMERIC, x=(2, 3), y=(3, 3)),
        Use("tp.matmul(x, y, out=z.clone())", dtypes=NUMERIC, smooth=False, x=(2, 3), y=(3, 3), z=(2, 3)),
    ),
    "mm": _of_two("tp.mm(x, y)", ((2, 3), (3, 3)), ((0, 3), (3, 3)), ((2, 0), (0, 3))),
    "mv": _of_two("tp.mv(x, y)", ((2, 3), (3,)), ((0, 3), (3,)), ((2, 0), (0,))),
    "bmm": _of_two("tp.bmm(x, y)", ((2, 2, 3), (2, 3, 3)), ((0, 2, 3), (0, 3, 2)), ((2, 1, 3), (2, 3, 1))),
    "dot": _of_two("tp.dot(x, y)", ((3,), (3,)), ((0,), (0,)), ((1,), (1,))),
    "vecdot": (
        *(Use(f"tp.vecdot(x, y, axis={axis})", dtypes=NUMERIC, x=x, y=y) for x, y, axis in DOTS),
        Use.of("tp.vecdot(x, y)", NOT_SKIPPED, dtypes="f", smooth=False),
        Use.of("tp.vecdot(x, y)", CANCELLING, dtypes="f", smooth=False),
        Use("tp.linalg.vecdot(x, y)", dtypes=NUMERIC, x=(2, 3), y=(2, 3)),
        Use("tp.vecdot(x, y, dim=-2)", dtypes=NUMERIC, x=(3, 2), y=(3, 2)),
    ),
    "outer": (
        *_of_two("tp.outer(x, y)", ((3,), (2,)), ((0,), (3,)), ((3,), (0,)), ((1,), (3,))),
        Use("tp.linalg.outer(x[::-1], y)", dtypes=NUMERIC, x=(3,), y=(3,)),
        Use("tp.outer(x, y, out=z.clone())", dtypes=NUMERIC, smooth=False, x=(3,), y=(3,), z=(3, 3)),
        Use("tp.ger(x, y)", dtypes=NUMERIC, x=(3,), y=(3,)),
    ),
    "tensordot": (
        Use("tp.tensordot(x, y, axes=1)", dtypes=NUMERIC, x=(2, 3), y=(3, 3)),
        Use("tp.tensordot(x, y)", dtypes=NUMERIC, x=(2, 3, 2), y=(3, 2, 2)),
        Use("tp.tensordot(x, y, axes=0)", dtypes=NUMERIC, x=(2, 3), y=(3,)),
        Use("tp.tensordot(x, y, axes=((1,), (0,)))", dtypes=NUMERIC, x=(2, 3), y=(3, 2)),
        Use("tp.tensordot(x, y, axes=((-1, 0), (1, -1)))", dtypes=NUMERIC, x=(2, 3, 2, 2), y=(3, 2, 2)),
        Use("tp.tensordot(x, y, axes=0)", dtypes=NUMERIC, x=(), y=(2, 3)),
        Use("tp.tensordot(x, y, axes=1)", dtypes=NUMERIC, x=(3,), y=(3,)),
        Use("tp.tensordot(x, y, axes=1)", dtypes=NUMERIC, x=(0, 3), y=(3, 2)),
        Use("tp.tensordot(x, y, axes=1)", dtypes=NUMERIC, x=(2, 0), y=(0, 3)),
        Use("tp.tensordot(x, y, dims=([0], [1]))", dtypes=NUMERIC, x=(2, 3), y=(3, 2)),
        Use("tp.linalg.tensordot(x.mT, y, axes=1)", dtypes=NUMERIC, x=(2, 3), y=(2, 3)),
    ),
    "linear": (
        Use("tp.linear(x, w, b)", dtypes=NUMERIC, x=(2, 3), w=(3, 3), b=(3,)),
        Use("tp.linear(x, w)", dtypes=NUMERIC, x=(2, 3), w=(3, 3)),
        Use("tp.linear(x, w, b)", dtypes=NUMERIC, x=(2, 1, 3), w=(2, 3), b=(2,)),
        Use("tp.linear(x, w)", dtypes=NUMERIC, x=(2, 3), w=(3,)),
        Use("tp.linear(x, w, bias=b)", dtypes=NUMERIC, x=(3,), w=(2, 3), b=()),
        Use("tp.linear(x, w, b)", dtypes=NUMERIC, x=(2, 3, 2, 2), w=(3, 2), b=(3,)),
        Use("tp.linear(x, w, b)", dtypes=NUMERIC, x=(0, 3), w=(2, 3), b=(2,)),
        Use("tp.linear(x, w, b)", dtypes=NUMERIC, x=(2, 0), w=(3, 0), b=(3,)),
    ),
    "addmm": (
        Use("tp.addmm(x, y, z)", dtypes=NUMERIC, x=(2, 3), y=(2, 3), z=(3, 3)),
        Use("tp.addmm(x, y, z, beta=2, alpha=3)", dtypes=NUMERIC, x=(3,), y=(2, 3), z=(3, 3)),
        Use("tp.addmm(x, y, z, beta=0)", dtypes=NUMERIC, x=(), y=(2, 3), z=(3, 3)),
        Use("tp.addmm(x, y, z)", dtypes=NUMERIC, x=(2, 1), y=(2, 0), z=(0, 3)),
    ),
    "einsum": (
        Use('tp.einsum("ij,jk->ik", x, y)', dtypes=NUMERIC, x=(2, 3), y=(3, 3)),
        Use('tp.einsum("ij->ji", x)', dtypes=NUMERIC, x=(2, 3)),
        Use('tp.einsum("ij->", x)', dtypes=NUMERIC, x=(2, 3)),
        Use('tp.einsum("ii->i", x)', dtypes=NUMERIC, x=(3, 3)),
        Use('tp.einsum("iij->ji", x)', dtypes=NUMERIC, x=(2, 2, 3)),
        Use('tp.einsum("ji,j", x, y)', dtypes=NUMERIC, x=(2, 3), y=(2,)),
        Use('tp.einsum("b...j,bj->b...", x, y)', dtypes=NUMERIC, x=(2, 3, 2, 2), y=(2, 2)),
        Use('tp.einsum("ij,j,ik->k", x, y, z)', dtypes=NUMERIC, x=(2, 3), y=(3,), z=(2, 2)),
        Use('tp.einsum("...,...->...", x, y)', dtypes=NUMERIC, x=(2, 3), y=(3,)),
        Use('tp.einsum("ij,jk", x, y)', dtypes=NUMERIC, x=(0, 3), y=(3, 3)),
        Use('tp.einsum("ij,jk", x, y)', dtypes=NUMERIC, x=(2, 0), y=(0, 3)),
        Use('tp.einsum(",i->i", x, y)', dtypes=NUMERIC, x=(), y=(3,)),
    ),
    "linear_recurrence": (
        Use('OPERATIONS["linear_recurrence"](x, y, axis=1)', dtypes="fc", x=(2, 3), y=(2, 3)),
        Use('OPERATIONS["linear_recurrence"](x, y, axis=0)', dtypes="fc", x=(2, 3), y=(2, 3)),
        Use('OPERATIONS["linear_recurrence"](x, y, axis=0)', dtypes="fc", x=(7,), y=(7,)),
        Use('OPERATIONS["linear_recurrence"](x, y, axis=1)', dtypes="fc", x=(2, 3, 2, 2), y=(2, 3, 2, 2)),
        Use('OPERATIONS["linear_recurrence"](x, y, axis=1)', dtypes="fc", x=(2, 1, 3), y=(2, 1, 3)),
        Use('OPERATIONS["linear_recurrence"](x, y, axis=1)', dtypes="fc", x=(0, 3), y=(0, 3)),
        Use('OPERATIONS["linear_recurrence"](x, y, axis=0)', dtypes="fc", x=(0, 3), y=(0, 3)),
    ),
    "addmv": (Use("tp.addmv(x, y, z, beta=2, alpha=3)", dtypes=NUMERIC, x=(2,), y=(2, 3), z=(3,)),),
    "addr": (Use("tp.addr(x, y, z, beta=2, alpha=3)", dtypes=NUMERIC, x=(2, 3), y=(2,), z=(3,)),),
    "baddbmm": (Use("tp.baddbmm(x, y, z, beta=2)", dtypes="fc", x=(2, 1, 3), y=(2, 2, 3), z=(2, 3, 3)),),
    "addbmm": (Use("tp.addbmm(x, y, z, alpha=2)", dtypes="fc", x=(2, 3), y=(2, 2, 3), z=(2, 3, 3)),),
    "inner": _of_two("tp.inner(x, y)", ((2, 3), (2, 2, 3)), ((3,), (3,)), ((), (2, 3)), ((2, 0), (0,))),
    "vdot": _of_two("tp.vdot(x, y)", ((3,), (3,)), ((0,), (0,))),
    "kron": _of_two("tp.kron(x, y)", ((2, 3), (3, 2)), ((2,), (2, 1, 3)), ((), (3,)), ((0, 2), (2, 2))),
    "cross": (
        Use("tp.cross(x, y)", dtypes=NUMERIC, x=(2, 3), y=(2, 3)),
        Use("tp.cross(x, y, dim=0)", dtypes=NUMERIC, x=(3, 3), y=(3, 1)),
    ),
    "chain_matmul": (Use("tp.chain_matmul(x, y, z)", dtypes=NUMERIC, x=(2, 3), y=(3, 1), z=(1, 2)),),
    "linalg.multi_dot": (
        Use("tp.linalg.multi_dot([x, y, z])", dtypes=NUMERIC, x=(2, 3), y=(3, 1), z=(1, 2)),
        Use("tp.linalg.multi_dot([x, y, y, z])", dtypes=NUMERIC, x=(2,), y=(2, 2), z=(2,)),
    ),
    "linalg.vander": (
        Use("tp.linalg.vander(x)", dtypes=NUMERIC, x=(3,)),
        Use("tp.linalg.vander(x, N=4)", dtypes=NUMERIC, x=(2, 3)),
    ),
}
