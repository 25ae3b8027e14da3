"""Uses of PyTorch's functions that are made of other operations: one or two each, as their parts have uses."""

from __future__ import annotations

from .use import Operand, Use, between, indices, mask

FLOATS, REAL = "f", "iuf"


def _of(code: str, *shapes: tuple[int, ...], dtypes: str = FLOATS, **operands: Operand | tuple[int, ...]) -> Use:
    """A use with operands named ``x``, ``y`` and ``z``, of these shapes, and others by name."""
    return Use.of(code, dict(zip("xyz", shapes, strict=False)) | operands, dtypes=dtypes)


_MATRIX = (2, 3)

USES: dict[str, tuple[Use, ...]] = {
    # Arithmetic.
    "addcdiv": (_of("tp.addcdiv(x, y, z, value=2)", _MATRIX, _MATRIX, z=Operand((3,), between(0.5, 2.0))),),
    "addcmul": (_of("tp.addcmul(x, y, z, value=0.5)", _MATRIX, (3,), _MATRIX),),
    "angle": (_of("tp.angle(x)", _MATRIX, dtypes="fc"),),
    "clamp_max": (_of("tp.clamp_max(x, 0.5)", _MATRIX),),
    "clamp_min": (_of("tp.clamp_min(x, y)", _MATRIX, (3,)),),
    "deg2rad": (_of("tp.deg2rad(x)", _MATRIX),),
    "div": (
        Use(
            "tp.div(x, y, rounding_mode='trunc')", dtypes=REAL, smooth=False, x=_MATRIX, y=Operand((3,), between(1, 3))
        ),
    ),
    "float_power": (_of("tp.float_power(x, 2)", _MATRIX, dtypes=REAL),),
    "frexp": (_of("tuple(tp.frexp(x))", _MATRIX),),
    "heaviside": (Use("tp.heaviside(x, y)", dtypes=REAL, smooth=False, x=_MATRIX, y=(3,)),),
    "isclose": (Use("tp.isclose(x, y, atol=1.0)", dtypes="iufc", smooth=False, x=_MATRIX, y=(3,)),),
    "isreal": (Use("tp.isreal(x)", dtypes="ifc", smooth=False, x=_MATRIX),),
    "ldexp": (_of("tp.ldexp(x, y)", _MATRIX, (3,)),),
    "lerp": (_of("tp.lerp(x, y, 0.25)", _MATRIX, (3,)), _of("tp.lerp(x, y, z)", _MATRIX, (3,), (3,))),
    "msort": (_of("tp.msort(x)", (4, 2)),),
    "nan_to_num": (
        Use("tp.nan_to_num(x / 0, 1.0, 9.0, -9.0)", dtypes=FLOATS, smooth=False, x=_MATRIX),
        _of("tp.nan_to_num(x)", _MATRIX),
    ),
    "polar": (_of("tp.polar(x, y)", _MATRIX, (3,)),),
    "rad2deg": (_of("tp.rad2deg(x)", _MATRIX),),
    "rsub": (_of("tp.rsub(x, y, alpha=2)", _MATRIX, (3,), dtypes="if"),),
    "special.multigammaln": (Use("tp.mvlgamma(x, 2)", dtypes=FLOATS, x=Operand(_MATRIX, between(1.0, 3.0))),),
    # Building and moving.
    **{f"atleast_{n}d": (_of(f"tp.atleast_{n}d(x)", (3,), dtypes="biufc"),) for n in (1, 2, 3)},
    "broadcast_tensors": (_of("tp.broadcast_tensors(x, y)", _MATRIX, (3,), dtypes="iufc"),),
    "fill of a copy": (_of("tp.fill(x, 2)", _MATRIX, dtypes="iufc"), _of("tp.fill(x, y)", _MATRIX, ())),
    "logspace": (Use("tp.logspace(0, 2, 5, base=2.0)", smooth=False),),
    "scalar_tensor": (Use("tp.scalar_tensor(3, dtype='float64')", smooth=False),),
    "tril_indices": (Use("tp.tril_indices(3, 2, -1)", smooth=False),),
    "triu_indices": (Use("tp.triu_indices(2, 3, 1)", smooth=False),),
    "block_diag": (_of("tp.block_diag(x, y)", _MATRIX, (3,), dtypes="iufc"),),
    "cartesian_prod": (_of("tp.cartesian_prod(x, y)", (2,), (3,), dtypes="iufc"),),
    "column_stack": (_of("tp.column_stack([x, y])", (2,), _MATRIX, dtypes="iufc"),),
    "combinations": (_of("tp.combinations(x)", (4,)), _of("tp.combinations(x, 3, True)", (3,))),
    "diag": (_of("tp.diag(x, 1)", (3,)), _of("tp.diag(x, -1)", (3, 3))),
    "diag_embed": (_of("tp.diag_embed(x, 1, 0, 2)", _MATRIX),),
    "diagflat": (_of("tp.diagflat(x)", (2, 2)),),
    "diagonal_scatter": (_of("tp.diagonal_scatter(x, y, 1)", (3, 3), (2,)),),
    "dsplit": (_of("tp.dsplit(x, [1])", (1, 2, 3)),),
    "dstack": (_of("tp.dstack([x, y])", (3,), (3,)),),
    "fliplr": (_of("tp.fliplr(x)", _MATRIX),),
    "flipud": (_of("tp.flipud(x)", _MATRIX),),
    "gradient": (_of("tp.gradient(x, spacing=0.5)", (3, 4)), _of("tp.gradient(x, dim=1, edge_order=2)", (2, 5))),
    "hsplit": (_of("tp.hsplit(x, 2)", (2, 4)),),
    "hstack": (_of("tp.hstack([x, y])", (3,), (2,), dtypes="biufc"),),
    "ravel": (_of("tp.ravel(x.mT)", _MATRIX, dtypes="biufc"),),
    "rot90": (_of("tp.rot90(x)", _MATRIX), _of("tp.rot90(x, 3, (0, 2))", (2, 1, 3))),
    "select": (_of("tp.select(x, 1, -1)", _MATRIX),),
    "select_scatter": (_of("tp.select_scatter(x, y, 1, 0)", _MATRIX, (2,)),),
    "slice_scatter": (_of("tp.slice_scatter(x, y, 1, 0, 3, 2)", _MATRIX, (2, 2)),),
    "split_with_sizes": (_of("tp.split_with_sizes(x, [1, 2], 1)", _MATRIX),),
    "tensor_split": (_of("tp.tensor_split(x, 2, 1)", _MATRIX),),
    "unflatten": (_of("tp.unflatten(x, 1, (2, -1))", (2, 6)),),
    "view_as_complex": (_of("tp.view_as_complex(x)", (3, 2)),),
    "view_as_real": (Use("tp.view_as_real(x)", dtypes="c", x=(3,)),),
    "vsplit": (_of("tp.vsplit(x, 2)", (4, 3)),),
    "vstack": (_of("tp.vstack([x, y])", (3,), _MATRIX),),
    # Memory with strides.
    "as_strided": (
        _of("tp.as_strided(x.clone(), (2, 2), (3, 1), 1)", _MATRIX, dtypes="biufc"),
        _of("tp.as_strided(x.clone(), (3, 2), (1, 1))", (4,)),
        _of("TENSOR_OPS.as_strided(x, ((3, 2), (1, 1), 0))", (4,)),
    ),
    "as_strided_scatter": (_of("tp.as_strided_scatter(x.clone(), y, (2, 2), (1, 3))", _MATRIX, (2, 2)),),
    "empty_permuted": (Use("tp.empty_permuted((2, 3), (1, 0)).zero_()", smooth=False),),
    "empty_strided": (Use("tp.empty_strided((2, 3), (1, 2)).zero_()", smooth=False),),
    "strided_sum": (_of('OPERATIONS["strided_sum"](x, shape=(4,), geometry=((3, 2), (1, 1), 0))', (3, 2)),),
    # Signals.
    **{
        f"{name}_window": (Use(f"tp.{name}_window(5), tp.{name}_window(4, False, dtype='float64')", smooth=False),)
        for name in ("bartlett", "blackman", "hamming", "hann", "kaiser")
    },
    "istft": (
        Use("tp.istft(x, 4, window=tp.hann_window(4, dtype=tp.real(x).dtype), length=9)", dtypes="c", x=(3, 9)),
        Use(
            "tp.istft(x, 4, 2, 3, tp.hamming_window(3, dtype=tp.real(x).dtype), normalized=True)",
            dtypes="c",
            x=(2, 3, 4),
        ),
    ),
    "stft": (
        _of("tp.stft(x, 4, window=y, return_complex=True)", (12,), y=Operand((4,), between(0.5, 1.0))),
        _of("tp.stft(x, 5, 2, 3, y, False, normalized=True, return_complex=False)", (2, 9), (3,)),
    ),
    # Statistics.
    "aminmax": (_of("tuple(tp.aminmax(x, dim=1))", _MATRIX),),
    "histogram": (
        Use("tuple(tp.histogram(x, 4, range=(-2, 2)))", dtypes="f", smooth=False, x=(2, 5)),
        Use("tp.histogram(x, tp.sort(y), weight=x, density=True)[0]", dtypes="f", smooth=False, x=(6,), y=(4,)),
    ),
    "histogramdd": (Use("tp.histogramdd(x, [2, 3], range=(-2, 2, -1, 1))[0]", dtypes="f", smooth=False, x=(5, 2)),),
    "bincount": (Use("tp.bincount(i, x)", dtypes="f", smooth=False, x=(4,), i=indices((4,), 0, 5)),),
    "bucketize": (Use("tp.bucketize(x, tp.sort(y))", dtypes=REAL, smooth=False, x=_MATRIX, y=(4,)),),
    "corrcoef": (_of("tp.corrcoef(x)", (2, 5)),),
    "cov": (_of("tp.cov(x)", (2, 4)), _of("tp.cov(x, correction=0)", (4,))),
    "cummax": (_of("tuple(tp.cummax(x, 1))", (2, 5)),),
    "cummin": (_of("tuple(tp.cummin(x, 0))", (5, 2)),),
    "cumulative_max": tuple(
        Use(f'OPERATIONS["cumulative_max"](x, axis={axis})', smooth=False, x=shape)
        for shape, axis in (((2, 5), 1), ((5, 2), 0), ((0, 3), 1), ((2, 1, 3), 1))
    ),
    "cumulative_trapezoid": (_of("tp.cumulative_trapezoid(x, dx=0.5)", (2, 4)),),
    "dist": (_of("tp.dist(x, y, 3)", _MATRIX, (3,)),),
    "histc": (Use("tp.histc(x, 4, -2, 2)", dtypes="f", smooth=False, x=(2, 5)),),
    "kthvalue": (_of("tuple(tp.kthvalue(x, 2))", _MATRIX),),
    "logcumsumexp": tuple(
        _of(f"tp.logcumsumexp(x, {axis})", shape)
        for shape, axis in (((2, 5), 1), ((5, 2), 0), ((0, 3), 1), ((2, 1, 3), 1))
    ),
    "median": (_of("tuple(tp.median(x, 1))", (2, 4)), _of("tp.median(x)", _MATRIX)),
    "mode": (_of("tuple(tp.mode(x, 0))", (5, 2)),),
    "nanmean": (_of("tp.nanmean(x, 1)", _MATRIX),),
    "nanmedian": (_of("tp.nanmedian(x)", _MATRIX),),
    "nanquantile": (Use("tp.nanquantile(x.double(), 0.3, 1)", dtypes="f", x=(2, 4)),),
    "nansum": (_of("tp.nansum(x, 0)", _MATRIX),),
    "quantile": (Use("tp.quantile(x.double(), 0.3, 1)", dtypes="f", x=(2, 4)),),
    "renorm": (_of("tp.renorm(x, 2, 0, 1.0)", (3, 4)),),
    "std_mean": (_of("tp.std_mean(x, 1)", (2, 4)),),
    "trapezoid": (_of("tp.trapezoid(x, y)", (2, 4), (4,)),),
    "var_mean": (_of("tp.var_mean(x, 1)", (2, 4)),),
    # Reads and writes by index.
    "argwhere": (Use("tp.argwhere(x)", dtypes="biufc", smooth=False, x=_MATRIX),),
    "index_put": (
        Use("tp.index_put(x, (i,), y)", smooth=False, dtypes="iufc", x=(4, 3), i=indices((1,), 0, 4), y=(3,)),
        Use("tp.index_put(x, (i,), y, True)", dtypes="if", x=(4, 3), i=indices((5,), 0, 4), y=(3,)),
    ),
    "index_reduce": tuple(
        Use(f"tp.index_reduce(x, 0, i, y, '{name}')", dtypes=FLOATS, x=(3, 2), i=indices((4,), 0, 3), y=(4, 2))
        for name in ("prod", "mean", "amax", "amin")
    ),
    "masked_scatter": (Use("tp.masked_scatter(x, m, y)", dtypes="iufc", x=_MATRIX, m=mask(_MATRIX), y=(6,)),),
    "scatter_reduce": tuple(
        Use(f"tp.scatter_reduce(x, 0, i, y, '{name}')", dtypes=FLOATS, x=(3, 2), i=indices((4, 2), 0, 3), y=(4, 2))
        for name in ("sum", "prod", "mean", "amax", "amin")
    ),
    "take_along_dim": (Use("tp.take_along_dim(x, i, 1)", dtypes="iufc", x=_MATRIX, i=indices((2, 2), 0, 3)),),
    "unique": (
        Use("tp.unique(x.round(), return_inverse=True, return_counts=True)", dtypes=FLOATS, smooth=False, x=_MATRIX),
        Use("tp.unique(tp.sign(x), dim=0)", dtypes="if", smooth=False, x=(5, 2)),
    ),
    "unique_consecutive": (Use("tp.unique_consecutive(tp.sign(x), True, True)", dtypes="if", smooth=False, x=(6,)),),
}
