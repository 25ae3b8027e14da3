"""Values of many elements with exact results, and uses of many elements that no use of few is extended to."""

from __future__ import annotations

import math

import numpy

from ..engine.arrays import Array
from ..engine.levels import PRECISE
from ..engine.reference import PERIOD
from ..uses import Use
from ..uses.conversion import OUTSIDE
from ..uses.statistical import FACTORS, FAR
from ..uses.use import ANY, Operand, Values, between, fixed, indices, integers

LONGEST = 131101
"""A prime above 2**17."""


def _whole(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Whole numbers of which sums, and sums of products, are exact in every dtype but the narrowest; of doubles thirds,
    which no narrower dtype holds.
    """
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    low = 0 if dtype.startswith("uint") else -4
    found = rng.integers(low, 5, shape).astype(complex if dtype.startswith("complex") else float)
    if dtype.startswith("complex"):
        found += 1j * rng.integers(-4, 5, shape)
    return found / 3 if dtype in PRECISE else found


def _powers(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers of which products along any axes are exact: 2 and 1/2 in turn, and odd integers, with signs."""
    signs = rng.choice([1, -1], shape)
    if dtype.startswith(("int", "uint", "bool")):
        return rng.choice([1, 3], shape) * (signs if dtype.startswith("int") else 1)
    places = numpy.indices(shape).sum(axis=0) if shape else numpy.zeros(())
    return signs * numpy.where(places % 2, 0.5, 2.0)


def _different(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers in any order, of which only narrow dtypes hold some twice."""
    if dtype.startswith(("int8", "uint8", "bool")):
        return rng.integers(0, 2 if dtype == "bool" else 127, shape)
    count = math.prod(shape)
    values = (rng.permutation(count) - (0 if dtype.startswith("uint") else count // 2)).reshape(shape)
    if dtype.startswith(("float", "complex")):
        # At times all of one sign, so that a zero is out of place.
        return (values + count * rng.integers(-1, 2)) / 4
    return values % (1 << 15) if "16" in dtype else values


def _rare(odd: bool) -> Values:
    """Elements that are zero or not, of which a few at the ends of rows and columns are `odd`."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        found = numpy.full(shape, not odd)
        if shape:
            found[..., -1] ^= rng.integers(0, 2, shape[:-1]).astype(bool)
            found[-1] ^= rng.integers(0, 2, shape[1:]).astype(bool)
        return found

    return Values(draw, draw)


def in_turn(values: Values) -> Values:
    """Some values again and again: of as many as there are elements, one would be where a library is inaccurate."""

    def draw(rng: numpy.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
        return numpy.resize(values.draw(rng, (min(PERIOD, math.prod(shape)),), dtype), shape)

    return Values(draw, draw)


WHOLE, POWERS, DIFFERENT = (Values(draw, draw) for draw in (_whole, _powers, _different))

OF_NAME = {"any": _rare(True), "all": _rare(False)}
"""Operations of which other values show everything."""

_CTC = "tp.losses.functional.ctc_loss(tp.log_softmax(x), t, (301,) * 5, (67,) * 5)"

_WITH_ZEROS = "tp.flip(tp.eye(37) + tp.triu(x, k=1) / 20, axis=-2)"
"""A well-conditioned matrix of which elimination has to choose pivots, as its first elements are zero."""


def _with_pivots(code: str, **operands: Operand | tuple[int, ...]) -> tuple[Use, ...]:
    x = Operand((37, 37), between(0.1, 0.5, signs=True))
    return (Use.of(code.format(_WITH_ZEROS), {"x": x, **operands}, dtypes="fc"),)


BY_ITSELF: dict[str, tuple[Use, ...]] = {
    "cast": tuple(
        Use(f"tp.astype(x, tp.{target})", dtypes="iu", x=Operand((131, 1031), integers(-(2**40), 2**40), "int64"))
        for target in ("int8", "uint8", "int16", "uint32", "bool", "float32", "float64")
    )
    + tuple(
        Use(f"tp.astype(x, tp.{target})", dtypes="f", x=Operand((131, 1031), in_turn(OUTSIDE.values)))
        for target in ("int8", "uint8", "int32", "bool", "float16")
    ),
    "ctc": (Use(_CTC, dtypes="f", x=Operand((301, 5, 37), between(0.2, 2.0)), t=indices((5, 67), 1, 37)),),
    "ctc_gradient": (
        Use(
            f"tp.func.grad(lambda x: {_CTC})(x)",
            dtypes="f",
            x=Operand((301, 5, 37), between(0.2, 2.0)),
            t=indices((5, 67), 1, 37),
        ),
    ),
    "hinge_embedding_loss": (
        Use(
            "tp.losses.functional.hinge_embedding_loss(x, 2 * t - 1)",
            dtypes="f",
            x=Operand((131, 1031), between(0.2, 2.0, signs=True)),
            t=indices((131, 1031), 0, 2),
        ),
    ),
    "index_copy": (
        Use("tp.index_copy(x, 0, tp.argsort(z), y)", dtypes="iuf", x=(1031, 131), y=(1031, 131), z=(1031,)),
        Use("tp.index_copy(x, -1, tp.argsort(z), y)", dtypes="iuf", x=(131, 1031), y=(131, 1031), z=(1031,)),
    ),
    "index_fill": (Use("tp.index_fill(x, -1, i, True)", x=(3, LONGEST), i=indices((131,), 0, LONGEST)),),
    "isin": (Use("tp.isin(x1, x2)", x1=Operand((3, LONGEST), DIFFERENT), x2=Operand((301,), DIFFERENT)),),
    "strided_sum": (
        Use.of(
            f'OPERATIONS["strided_sum"](x, shape=({LONGEST + 2},), geometry=(({LONGEST}, 3), (1, 1), 0))',
            {"x": Operand((LONGEST, 3), WHOLE)},
        ),
    ),
    "linear_recurrence": tuple(
        Use(
            f'OPERATIONS["linear_recurrence"](x, y, axis={axis})',
            dtypes="fc",
            x=Operand(shape, between(0.1, 0.5, signs=True)),
            y=Operand(shape, WHOLE),
        )
        for shape, axis in (((3, LONGEST), 1), ((7001, 37), 0), ((2, 3, 2, 1, 2), 2))
    ),
    "recurrence": tuple(
        Use(
            f'OPERATIONS["recurrence"](x, y, w, z, kind="{kind}", reverse={reverse})',
            dtypes="f",
            x=Operand((67, 9, gates * 37), between(0.1, 2.0, signs=True)),
            y=Operand((states, 9, 37), between(0.1, 1.0, signs=True)),
            # Weights so small that an error of one step fades at the next ones.
            w=Operand((gates * 37, 37), between(0.001, 0.02, signs=True)),
            z=Operand((gates * 37,), between(0.1, 1.0, signs=True)),
        )
        for kind, gates, states, reverse in (("tanh", 1, 1, True), ("lstm", 4, 2, False), ("gru", 3, 1, False))
    ),
    "arange": (Use(f"tp.arange({LONGEST})", dtypes="f"), Use("tp.arange(70001.0, -3.5, -0.5)", dtypes="f")),
    "diagonal_embed": (
        Use('OPERATIONS["diagonal_embed"](x, shape=(2, 301, 302), offset=1)', dtypes="iufc", x=(2, 301)),
    ),
    "embed": (Use("TENSOR_OPS.embed(x, (1031, 131), (slice(1, None, 2),))", x=(515, 131)),),
    "eye": (Use("tp.eye(131, 1031, k=-3)", dtypes="f"),),
    "fold": (
        Use('OPERATIONS["fold"](x, shape=(3, 7001), window=(5, 2))', dtypes="iufc", x=Operand((3, 3499, 5), WHOLE)),
    ),
    **{name: _with_pivots(f"tp.{name}({{}})") for name in ("linalg.inv", "linalg.det", "linalg.slogdet")},
    "fractional_positions": (
        Use(
            'OPERATIONS["fractional_positions"](tp.sigmoid(y), x, sizes=(2, 3), counts=(7, 31))',
            dtypes="f",
            x=Operand((3, 5, 33, 131), DIFFERENT),
            y=(3, 5, 2),
        ),
    ),
    "linalg.solve": _with_pivots("tp.linalg.solve({}, y)", y=(37, 3)),
    "linalg.tensorsolve": _with_pivots("tp.linalg.tensorsolve({}, y)", y=(37,)),
    "linspace": (Use(f"tp.linspace(-1, 3, {LONGEST}, dtype=tp.float64)", dtypes="f"),),
    "margin_ranking_loss": (
        Use(
            "tp.losses.functional.margin_ranking_loss(x, y, 2 * t - 1)",
            dtypes="f",
            x=Operand((131, 1031), between(0.2, 2.0, signs=True)),
            y=Operand((131, 1031), between(0.2, 2.0, signs=True)),
            t=indices((131, 1031), 0, 2),
        ),
    ),
    "multilabel_margin_loss": (
        Use(
            "tp.losses.functional.multilabel_margin_loss(x, t)",
            dtypes="f",
            x=Operand((301, 37), between(0.2, 2.0, signs=True)),
            t=fixed([[(i + 7 * j) % 37 if j < 5 else -1 for j in range(37)] for i in range(301)], "int64"),
        ),
    ),
    "matmul": (
        Use("tp.matmul(x, y)", dtypes="iufc", x=Operand((70001, 2, 2), WHOLE), y=Operand((70001, 2, 2), WHOLE)),
    ),
    "one_hot": (Use("tp.one_hot(x, 301)", x=Operand((1031,), integers(0, 301), "int64")),),
    "permute_dims": (
        Use("tp.permute_dims(x, (5, 0, 3, 1, 4, 2))", x=(2, 3, 2, 1, 2, 3)),
        Use("tp.permute_dims(x, (3, 0, 4, 1, 2))", x=(2, 3, 2, 1, 7)),
    ),
    "put": (
        Use('OPERATIONS["put"](x, v, index=(tp.argsort(z)._array,))', dtypes="iuf", x=(70001,), v=(70001,), z=(70001,)),
        Use(
            "(lambda y: (y.__setitem__(tp.argsort(z), v), y)[1])(x.clone())",
            dtypes="iuf",
            x=(1031, 131),
            v=(1031, 131),
            z=(1031,),
        ),
    ),
    "rand": (Use(f"tp.rand(3, {LONGEST}, generator=tp.Generator(5))", dtypes="f"),),
    "randn": (Use(f"tp.randn(3, {LONGEST}, generator=tp.Generator(5), dtype=tp.float64)", dtypes="f"),),
    "randint": (Use(f"tp.randint(0, 2**40, (3, {LONGEST}), generator=tp.Generator(5))", dtypes="f"),),
    "randperm": (Use(f"tp.randperm({LONGEST}, generator=tp.Generator(5))", dtypes="f"),),
    "reduce_along": (
        Use(
            'OPERATIONS["reduce_along"](i, y, x, axis=0, reduce="amax")',
            dtypes="if",
            x=(1031,),
            y=(7001,),
            i=indices((7001,), 0, 1031),
        ),
    ),
    "scatter_flat": (
        Use(
            'OPERATIONS["scatter_flat"](i, x, shape=(1031,), axis=0, count=1)',
            dtypes="iufc",
            x=Operand((70001,), WHOLE),
            i=indices((70001,), 0, 1031),
        ),
    ),
    "scatter_zeros": (
        Use(
            "TENSOR_OPS.scatter_zeros(x, (1031,), (i._array,))",
            dtypes="iufc",
            x=Operand((70001,), WHOLE),
            i=indices((70001,), 0, 1031),
        ),
    ),
    "pair_distances": (Use('OPERATIONS["pair_distances"](x)', dtypes="f", x=(131, 135)),),
    "pair_distances_gradient": (
        Use(
            'OPERATIONS["pair_distances_gradient"](g, x, OPERATIONS["pair_distances"](x))',
            dtypes="f",
            smooth=False,
            g=(131 * 130 // 2,),
            x=(131, 135),
        ),
    ),
    "standardize": (Use('OPERATIONS["standardize"](x, axis=(1,), eps=0.5)', dtypes="f", x=(131, 1031)),),
    "standardize_gradient": tuple(
        Use(
            f'OPERATIONS["standardize_gradient"](g, x, out, axis={axis}, eps=0.5)',
            dtypes="f",
            smooth=False,
            g=(131, 1031),
            x=(131, 1031),
            out=(131, 1031),
        )
        for axis in ((0,), (1,))
    ),
    "rms_norm": (Use("tp.nn.functional.rms_norm(x, 1031, eps=0.5)", dtypes="f", x=(131, 1031)),),
    "pixel_unshuffle": (Use("tp.nn.functional.pixel_unshuffle(x, 2)", x=(3, 130, 62)),),
    "grid_sample": (
        Use(
            "tp.nn.functional.grid_sample(x, g)",
            dtypes="f",
            x=(1, 3, 33, 35),
            g=Operand((1, 31, 37, 2), between(0.1, 0.9)),
        ),
    ),
    "affine_grid": (Use("tp.nn.functional.affine_grid(x, (1, 1, 131, 67))", dtypes="f", x=(1, 2, 3)),),
    "windows": (Use('OPERATIONS["windows"](x, window=((3, 2, 5),))', x=Operand((3, 1031), WHOLE)),),
    "overlap_add": (
        Use(
            'OPERATIONS["overlap_add"](x, shape=(3, 1031), window=((3, 1, 1),))',
            dtypes="fc",
            x=Operand((3, 3, 1029), WHOLE),
        ),
    ),
    "max_positions": (
        Use(
            'OPERATIONS["max_positions"](x, ranges=(tuple(range(i, i + 3) for i in range(0, 1029, 2)),))',
            dtypes="f",
            x=Operand((3, 1031), DIFFERENT),
        ),
    ),
    "convolution": (
        Use(
            'OPERATIONS["convolution"](x, y, geometry=((2,), ((1, 1),), (1,), 1))',
            dtypes="f",
            x=Operand((2, 33, 1031), WHOLE),
            y=Operand((3, 33, 3), WHOLE),
        ),
    ),
    "convolution_transpose": (
        Use(
            'OPERATIONS["convolution_transpose"](x, y, geometry=((2,), ((1, 1),), (1,), 1))',
            dtypes="f",
            x=Operand((2, 33, 516), WHOLE),
            y=Operand((33, 3, 3), WHOLE),
        ),
    ),
    "convolution_weight": (
        Use(
            'OPERATIONS["convolution_weight"](x, y, size=(3,), geometry=((2,), ((1, 1),), (1,), 1))',
            dtypes="f",
            x=Operand((33, 3, 1031), WHOLE),
            y=Operand((33, 2, 516), WHOLE),
        ),
    ),
    "searchsorted": (
        Use("tp.searchsorted(tp.sort(x1), x2)", dtypes="iuf", x1=(LONGEST,), x2=(1031,)),
        Use('tp.searchsorted(tp.sort(x1), x2, side="right")', dtypes="iuf", x1=(1031,), x2=(3, 1031)),
    ),
    "uniform_": (Use(f"tp.empty({LONGEST}).uniform_(-1, 3, generator=tp.Generator(5))", dtypes="f"),),
}
"""Uses of many elements that are not extended from uses of few."""

EXACT = {ANY: WHOLE, FAR: WHOLE, FACTORS: POWERS}
"""In place of some values others, of which results are exact, however many are added up or multiplied."""
