"""Uses of indexing: reading and writing by slices, index arrays and masks."""

from __future__ import annotations

from .use import (
    Operand,
    Use,
    fixed,
    indices,
    mask,
)

ROWS = indices((3,), -2, 2)
"""Indices into a first axis of length 2."""

COLUMNS = indices((2, 2), -3, 3)
"""Indices into a last axis of length 3."""

DISTINCT = fixed([[2, 0], [1, 2]], "int64")
"""Indices into rows of three, none repeated within a row."""

NUMERIC = "iufc"


def _written(region: str, x: tuple[int, ...], value: tuple[int, ...], **index: Operand) -> Use:
    """Assignment of a value to a region of a copied tensor."""
    code = f"(lambda y: (y.__setitem__({region}, v), y)[1])(x.clone())"
    return Use.of(code, {"x": x, "v": value, **index})


USES: dict[str, tuple[Use, ...]] = {
    "getitem": (
        Use("x[1]", x=(2, 3)),
        Use("x[None, ::-1, ::2]", x=(2, 3)),
        Use("x[-1, 0]", x=(2, 3)),
        Use("x[::-1, ::2]", x=(2, 3)),
        Use("x[-1:0:-2]", x=(3,)),
        Use("x[None, 1:]", x=(2, 3)),
        Use("x[::2]", x=(3,)),
        Use("x[:, 1:]", x=(2, 3)),
        Use("x[..., ::-1]", x=(2, 3)),
        Use("x[-9:9]", x=(3,)),
        Use("x[2:1]", x=(3,)),
        Use("x[:, None, ..., None]", x=(2, 3)),
        Use("x[0, ..., 1]", x=(2, 3, 2, 2)),
        Use("x[1, :, ::-1, 0]", x=(2, 3, 2, 2)),
        Use("x[...]", x=()),
        Use("x[()]", x=()),
        Use("x[None]", x=()),
        Use("x[1:]", x=(0, 3)),
        Use("x[:, 0]", x=(0, 3)),
        Use("x[:, 0]", x=(2, 1, 3)),
        Use("x[:, ::-1].mT[1:]", x=(2, 3)),
        Use("TENSOR_OPS.getitem(x, (0, slice(1, None)))", x=(2, 3)),
    ),
    "index": (
        Use("x[i]", x=(2, 3), i=ROWS),
        Use("x[i, j]", x=(2, 3), i=indices((2,), -2, 2), j=indices((2,), -3, 3)),
        Use("x[i]", x=(3,), i=indices((2,), -3, 3)),
        Use("x[i, j]", x=(2, 3), i=indices((2, 1), -2, 2), j=indices((3,), -3, 3)),
        Use("x[:, j]", x=(2, 3), j=COLUMNS),
        Use("x[..., j]", x=(2, 3), j=indices((), -3, 3)),
        Use("x[i]", x=(2, 3), i=indices((0,), 0, 2)),
        Use("x[[1, -1, 0]]", x=(2, 3)),
        Use("x[1, j]", x=(2, 3), j=indices((2,), -3, 3)),
        Use("x[i, None, ::-1]", x=(2, 3), i=ROWS),
        Use("x[i, :, 1:, k]", x=(2, 3, 2, 2), i=indices((3,), -2, 2), k=indices((3,), -2, 2)),
        Use("x[:, j, k]", x=(2, 3, 2, 2), j=indices((2, 1), -3, 3), k=indices((2,), -2, 2)),
        Use("x[:, j, ..., 0]", x=(2, 3, 2, 2), j=indices((2,), -3, 3)),
        Use("x[i]", x=(2, 3), i=Operand((3,), indices((3,), 0, 2).values, "uint8")),
        Use("x[i]", x=(2, 3), i=Operand((3,), indices((3,), -2, 2).values, "int32")),
        Use("x[m]", x=(2, 3), m=mask((2, 3))),
        Use("x[m]", x=(2, 3), m=mask((2,))),
        Use("x[:, m]", x=(2, 3), m=mask((3,))),
        Use("x[m]", x=(2, 3, 2, 2), m=mask((2, 3))),
        Use("x[m, 1:]", x=(2, 3, 2, 2), m=mask((2, 3))),
        Use("x[m, j]", x=(2, 3), m=fixed([True, True], "bool"), j=indices((2,), -3, 3)),
        Use("x[m]", x=(), m=mask(())),
        Use("x[True]", x=(2, 3)),
        Use("x[m]", x=(0, 3), m=mask((0, 3))),
        Use("x[x != x]", x=(2, 3)),
        Use("x[:, ::-1].mT[j]", x=(2, 3), j=indices((2,), -3, 3)),
        Use("TENSOR_OPS.index(x, (slice(None), j._array))", x=(2, 3), j=indices((2, 2), 0, 3)),
    ),
    "put": (
        Use("TENSOR_OPS.put(x, v, (0, slice(1, None)))", x=(2, 3), v=(2,)),
        Use('OPERATIONS["put"](x, v, index=(slice(None), slice(None, None, -1)))', x=(2, 3), v=(2, 3)),
        Use('OPERATIONS["put"](x, v, index=(j._array,))', x=(3,), v=(2,), j=fixed([2, 0], "int64")),
        Use('OPERATIONS["put"](x, v, index=(m._array,))', x=(2, 3), v=(), m=mask((2, 3))),
        _written("1", (2, 3), (3,)),
        _written("(slice(None), -1)", (2, 3), (2,)),
        _written("(..., slice(None, None, -1))", (2, 3), (3,)),
        _written("(slice(None), slice(0, 2))", (2, 3), ()),
        _written("(None, slice(1, None))", (2, 3), (1, 1, 3)),
        _written("(0, ..., 1)", (2, 3, 2, 2), (3, 2)),
        _written("()", (), ()),
        _written("slice(1, None)", (0, 3), (3,)),
        _written("i", (3, 3), (2, 3), i=fixed([2, -3], "int64")),
        _written("(i, j)", (2, 3), (2,), i=fixed([0, -1], "int64"), j=fixed([-1, 0], "int64")),
        _written("(slice(None), j)", (2, 3), (2, 2), j=fixed([2, 0], "int64")),
        _written("(slice(None), j, 0)", (2, 3, 2, 2), (2,), j=fixed([2, 0], "int64")),
        _written("m", (2, 3), (), m=mask((2, 3))),
        _written("m", (2, 3), (3,), m=mask((2,))),
        _written("m", (2, 3), (4,), m=fixed([[True, False, True], [True, True, False]], "bool")),
        _written("i", (2, 3), (0, 3), i=fixed([], "int64")),
        Use("(lambda y: (y.mT.__setitem__(1, v), y)[1])(x.clone())", x=(2, 3), v=(2,)),
        Use("(lambda y: (y.__setitem__(0, 1), y)[1])(x.clone())", x=(2, 3)),
    ),
    "embed": (
        Use("TENSOR_OPS.embed(x, (2, 3), (1,))", x=(3,)),
        Use("TENSOR_OPS.embed(x, (3, 3), (slice(1, None), slice(None)))", x=(2, 3)),
        Use("TENSOR_OPS.embed(x, (3, 5), (slice(None, 0, -1), slice(None, None, 2)))", x=(2, 3)),
        Use("TENSOR_OPS.embed(x, (3,), (0,))", x=()),
        Use("TENSOR_OPS.embed(x, (2, 3), (slice(0, 0),))", x=(0, 3)),
        Use("TENSOR_OPS.embed(x, (2, 4), (slice(None), None, slice(1, None)))", x=(2, 1, 3)),
        Use("TENSOR_OPS.embed(x, (2, 3, 2, 2, 2), (..., 1))", x=(2, 3, 2, 2)),
    ),
    "gather_flat": (
        Use(
            'OPERATIONS["gather_flat"](i, x, axis=1, count=2)',
            dtypes=NUMERIC,
            x=(2, 2, 3, 2),
            i=indices((2, 4, 2), 0, 6),
        ),
        Use('OPERATIONS["gather_flat"](i, x, axis=1, count=1)', dtypes=NUMERIC, x=(2, 3), i=indices((2,), 0, 3)),
        Use('OPERATIONS["gather_flat"](i, x, axis=0, count=2)', dtypes=NUMERIC, x=(2, 3), i=indices((2, 2, 2), 0, 6)),
    ),
    "reduce_along": tuple(
        Use(
            f'OPERATIONS["reduce_along"](i, y, x, axis=0, reduce="{name}")',
            dtypes="if",
            smooth=False,
            x=(3, 2),
            y=(4, 2),
            i=indices((4, 2), 0, 3),
        )
        for name in ("prod", "amax", "amin")
    ),
    "scatter_flat": (
        Use(
            'OPERATIONS["scatter_flat"](i, x, shape=(2, 2, 3, 2), axis=1, count=2)',
            dtypes=NUMERIC,
            x=(2, 4, 2),
            i=indices((2, 4, 2), 0, 6),
        ),
        Use(
            'OPERATIONS["scatter_flat"](i, x, shape=(2, 3), axis=0, count=1)',
            dtypes=NUMERIC,
            x=(3, 2),
            i=indices((3, 2), 0, 2),
        ),
    ),
    "scatter_zeros": (
        Use("TENSOR_OPS.scatter_zeros(x, (3,), (i._array,))", dtypes=NUMERIC, x=(2,), i=indices((2,), 0, 3)),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (2, 3), (i._array,))",
            dtypes=NUMERIC,
            x=(3, 3),
            i=indices((3,), -2, 2),
        ),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (2, 3), (slice(None), j._array))",
            dtypes=NUMERIC,
            x=(2, 2, 2),
            j=indices((2, 2), 0, 3),
        ),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (2, 3), (i._array, j._array))",
            dtypes=NUMERIC,
            x=(2, 3),
            i=indices((2, 1), 0, 2),
            j=indices((3,), 0, 3),
        ),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (2, 3), (m._array,))",
            dtypes=NUMERIC,
            x=(4,),
            m=fixed([[True, False, True], [True, True, False]], "bool"),
        ),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (2, 3), (i._array,))",
            dtypes=NUMERIC,
            x=(0, 3),
            i=fixed([], "int64"),
        ),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (3, 2, 3, 2, 2), (i._array,))",
            dtypes=NUMERIC,
            x=(2, 2, 3, 2, 2),
            i=indices((2,), 0, 3),
        ),
        Use(
            "TENSOR_OPS.scatter_zeros(x, (1,), (i._array,))",
            dtypes="f",
            smooth=False,
            every_dtype=True,
            x=fixed([2048.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
            i=indices((7,), 0, 1),
        ),
    ),
    "take_view": (
        Use('OPERATIONS["take_view"](x, steps=(("getitem", (slice(None), 1)),))', smooth=False, x=(2, 3)),
        Use('OPERATIONS["take_view"](x, steps=(("permute_dims", (1, 0)), ("getitem", (0,))))', smooth=False, x=(2, 3)),
        Use('OPERATIONS["take_view"](x, steps=(("reshape", (3, 2)), ("diagonal", -1)))', smooth=False, x=(2, 3)),
        Use(
            'OPERATIONS["take_view"](x, steps=(("broadcast_to", (2, 3)), ("getitem", (..., 0))))', smooth=False, x=(3,)
        ),
        Use('OPERATIONS["take_view"](x, steps=(("unfold", (2, 1)),))', smooth=False, x=(2, 3)),
    ),
    "put_view": (
        Use('OPERATIONS["put_view"](x, v, steps=(("getitem", (slice(None), 1)),))', x=(2, 3), v=(2,)),
        Use('OPERATIONS["put_view"](x, v, steps=(("permute_dims", (1, 0)), ("getitem", (0,))))', x=(2, 3), v=(2,)),
        Use('OPERATIONS["put_view"](x, v, steps=(("reshape", (3, 2)), ("diagonal", -1)))', x=(2, 3), v=(2,)),
        Use(
            'OPERATIONS["put_view"](x, v, steps=(("unfold", (2, 1)), ("getitem", (slice(None), 0))))',
            x=(2, 3),
            v=(2, 2),
        ),
        Use(
            'OPERATIONS["put_view"](x, v, steps=(("getitem", (0,)), ("getitem", (slice(None, None, -1),))))',
            x=(2, 3, 2, 2),
            v=(3, 2, 2),
        ),
        Use('OPERATIONS["put_view"](x, v, steps=(("getitem", (slice(1, None),)),))', x=(0, 3), v=(0, 3)),
    ),
    "take": (
        Use("tp.take(x, i, axis=0)", x=(2, 3), i=ROWS),
        Use("tp.take(x, i)", x=(3,), i=indices((2,), -3, 3)),
        Use("tp.take(x, i, axis=-1)", x=(2, 3), i=indices((3,), -3, 3)),
        Use("tp.take(x, i, axis=2)", x=(2, 3, 2, 2), i=indices((3,), -2, 2)),
        Use("tp.take(x, i, axis=1)", x=(2, 1, 3), i=indices((2,), -1, 1)),
        Use("tp.take(x, i, axis=1)", x=(0, 3), i=indices((2,), -3, 3)),
        Use("tp.take(x, i, axis=0)", x=(2, 3), i=indices((0,), 0, 1)),
        Use("x.take(i)", x=(2, 3), i=indices((2, 2), -6, 6)),
    ),
    "take_along_axis": (
        Use("tp.take_along_axis(x, i)", x=(2, 3), i=indices((2, 2), -3, 3)),
        Use("tp.take_along_axis(x, i, axis=1)", x=(2, 3), i=indices((2, 3), -3, 3)),
        # The kernel that gradient rules call: the result has the last operand's dtype.
        *(
            Use(
                f'OPERATIONS["take_along_axis"](x, i, axis={axis})',
                smooth=False,
                x=indices(shape, -9, 9),
                i=indices(shape, 0, 3),
            )
            for shape, axis in (((4, 3), 1), ((4, 3, 5), 1), ((3, 5), 0))
        ),
        Use("tp.take_along_axis(x, i, axis=0)", x=(2, 3), i=indices((3, 3), -2, 2)),
        Use("tp.take_along_axis(x, i, axis=1)", x=(2, 3), i=indices((1, 2), -3, 3)),
        Use("tp.take_along_axis(x, i, axis=-2)", x=(2, 3, 2, 2), i=indices((2, 3, 2, 2), -2, 2)),
        Use("tp.take_along_axis(x, i)", x=(3,), i=indices((2,), -3, 3)),
        Use("tp.take_along_axis(x, i, axis=1)", x=(0, 3), i=indices((0, 2), 0, 3)),
        Use("tp.take_along_axis(x, i, axis=1)", x=(2, 3), i=indices((2, 0), 0, 3)),
    ),
    "gather": (
        Use("tp.gather(x, 1, i)", x=(2, 3), i=indices((2, 2), 0, 3)),
        Use("tp.gather(x, 0, i)", x=(2, 3), i=indices((3, 2), 0, 2)),
        Use("tp.gather(x, -2, i)", x=(2, 3, 2, 2), i=indices((1, 2, 2, 1), 0, 2)),
        Use("tp.gather(x, 0, i)", x=(3,), i=indices((2,), 0, 3)),
        Use("tp.gather(x, 0, i)", x=(2, 3), i=indices((0, 3), 0, 2)),
        Use("tp.gather(x, 1, i, out=y.clone())", smooth=False, x=(2, 3), i=indices((2, 2), 0, 3), y=(2, 2)),
        Use("x.gather(1, i)", x=(2, 3), i=indices((1, 2), 0, 3)),
    ),
    "scatter": (
        Use("tp.scatter(x, 1, i, y)", x=(2, 3), i=DISTINCT, y=(2, 3)),
        Use("tp.scatter(x, 1, i, True)", x=(2, 3), i=indices((2, 2), 0, 3)),
        Use("tp.scatter(x, 0, i, y)", x=(3, 3), i=fixed([[0, 2, 1], [1, 0, 2]], "int64"), y=(2, 3)),
        Use('tp.scatter(x, 1, i, y, reduce="add")', dtypes=NUMERIC, x=(2, 3), i=indices((2, 2), 0, 3), y=(2, 2)),
        Use("tp.scatter(x, -1, i, value=3)", dtypes=NUMERIC, x=(2, 3), i=indices((1, 2), 0, 3)),
        Use("tp.scatter(x, 0, i, y)", x=(3,), i=fixed([2, 0], "int64"), y=(2,)),
        Use("tp.scatter(x, 1, i, y)", x=(0, 3), i=indices((0, 2), 0, 3), y=(0, 2)),
        Use("x.clone().scatter_(1, i, y)", x=(2, 3), i=DISTINCT, y=(2, 2)),
    ),
    "scatter_add": (
        Use("tp.scatter_add(x, 1, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((2, 2), 0, 3), y=(2, 3)),
        Use("tp.scatter_add(x, 0, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((3, 3), 0, 2), y=(3, 3)),
        Use("tp.scatter_add(x, -1, i, y)", dtypes=NUMERIC, x=(3,), i=indices((3,), 0, 3), y=(3,)),
        Use(
            "tp.scatter_add(x, 1, i, y)",
            dtypes=NUMERIC,
            x=(2, 3, 2, 2),
            i=indices((2, 2, 2, 2), 0, 3),
            y=(2, 3, 2, 2),
        ),
        Use("tp.scatter_add(x, 1, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((2, 0), 0, 3), y=(2, 3)),
        Use("x.clone().scatter_add_(1, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((2, 2), 0, 3), y=(2, 2)),
    ),
    "index_select": (
        Use("tp.index_select(x, 0, i)", x=(2, 3), i=indices((3,), 0, 2)),
        Use("tp.index_select(x, -1, i)", x=(2, 3), i=indices((2,), 0, 3)),
        Use("tp.index_select(x, 2, i)", x=(2, 3, 2, 2), i=indices((3,), 0, 2)),
        Use("tp.index_select(x, 0, i)", x=(2, 3), i=indices((), 0, 2)),
        Use("tp.index_select(x, 1, i)", x=(0, 3), i=indices((2,), 0, 3)),
        Use("tp.index_select(x, 0, i)", x=(2, 3), i=indices((0,), 0, 2)),
        Use("tp.index_select(x, 0, i, out=y.clone())", smooth=False, x=(2, 3), i=indices((3,), 0, 2), y=(3, 3)),
    ),
    "index_add": (
        Use("tp.index_add(x, 0, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((3,), 0, 2), y=(3, 3)),
        Use("tp.index_add(x, 1, i, y, alpha=3)", dtypes=NUMERIC, x=(2, 3), i=indices((2,), 0, 3), y=(2, 2)),
        Use("tp.index_add(x, -2, i, y)", dtypes=NUMERIC, x=(2, 3, 2, 2), i=indices((3,), 0, 2), y=(2, 3, 3, 2)),
        Use("tp.index_add(x, 0, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((0,), 0, 2), y=(0, 3)),
        Use("x.clone().index_add_(0, i, y)", dtypes=NUMERIC, x=(2, 3), i=indices((3,), 0, 2), y=(3, 3)),
    ),
    "index_copy": (
        Use("tp.index_copy(x, 0, i, y)", x=(3, 3), i=fixed([2, 0], "int64"), y=(2, 3)),
        Use("tp.index_copy(x, -1, i, y)", x=(2, 3), i=fixed([1, 2], "int64"), y=(2, 2)),
        Use("tp.index_copy(x, 0, i, y)", x=(3,), i=fixed(1, "int64"), y=(1,)),
        Use("tp.index_copy(x, 1, i, y)", x=(0, 3), i=fixed([1, 2], "int64"), y=(0, 2)),
        Use("x.clone().index_copy_(0, i, y)", x=(3, 3), i=fixed([2, 0], "int64"), y=(2, 3)),
    ),
    "index_fill": (
        Use("tp.index_fill(x, 0, i, 1)", dtypes=NUMERIC, x=(3, 3), i=indices((2,), 0, 3)),
        Use("tp.index_fill(x, -1, i, False)", x=(2, 3), i=indices((2,), 0, 3)),
        Use("tp.index_fill(x, 1, i, v)", x=(2, 3, 2, 2), i=fixed([2, 0], "int64"), v=()),
        Use("tp.index_fill(x, 1, i, 0)", dtypes=NUMERIC, x=(0, 3), i=indices((2,), 0, 3)),
        Use("x.clone().index_fill_(0, i, 2)", dtypes=NUMERIC, x=(3, 3), i=indices((2,), 0, 3)),
    ),
    "masked_select": (
        Use("tp.masked_select(x, m)", x=(2, 3), m=mask((2, 3))),
        Use("tp.masked_select(x, m)", x=(2, 3), m=mask((3,))),
        Use("tp.masked_select(x, m)", x=(3,), m=mask((2, 3))),
        Use("tp.masked_select(x, m)", x=(), m=mask((2, 3))),
        Use("tp.masked_select(x, m)", x=(2, 3, 2, 2), m=mask((2, 3, 2, 2))),
        Use("tp.masked_select(x, m)", x=(0, 3), m=mask((0, 3))),
        Use("tp.masked_select(x, m)", x=(), m=mask(())),
        Use("tp.masked_select(x.mT, m)", x=(2, 3), m=mask((3, 2))),
    ),
}
