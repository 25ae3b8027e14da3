"""Uses of functions of networks: padding, sliding windows, convolutions, pooling, norms, attention and so on."""

from __future__ import annotations

from dataclasses import replace

from .use import ANY, Operand, Use, between, fixed, indices

GEOMETRY = "((2, 1), ((1, 0), (-1, 1)), (1, 2), 2)"
"""Of an image of 3 x 5 and kernels of 2 x 2, of which there are 2 x 3."""

WINDOW = "((2, 1, 2), (3, 2, 1))"
"""Of images of 4 x 5, in which there are 2 x 2."""


def _function(call: str, dtypes: str = "f", **shapes: tuple[int, ...]) -> Use:
    return Use.of(f"tp.nn.functional.{call}", shapes, dtypes=dtypes)


def _of_shape(*shape: int) -> Operand:
    """An operand whose shape the parameters fit alone."""
    return Operand(shape, replace(ANY, any_shape=False))


def _recurrence(kind: str, gates: int, states: int, reverse: bool = False) -> Use:
    return Use(
        f'OPERATIONS["recurrence"](x, y, w, z, kind="{kind}", reverse={reverse})',
        dtypes="f",
        x=_of_shape(3, 1, gates * 2),
        y=_of_shape(states, 1, 2),
        w=_of_shape(gates * 2, 2),
        z=_of_shape(gates * 2),
    )


USES: dict[str, tuple[Use, ...]] = {
    "recurrence": (
        _recurrence("tanh", 1, 1),
        _recurrence("relu", 1, 1, reverse=True),
        _recurrence("lstm", 4, 2),
        _recurrence("gru", 3, 1),
    ),
    "constant_pad": (
        Use('OPERATIONS["constant_pad"](x, padding=((1, 2),), value=0)', x=(2, 3)),
        Use('OPERATIONS["constant_pad"](x, padding=((-1, 0), (2, -1)), value=1)', x=(2, 3)),
    ),
    "pad": (
        _function("pad(x, (1, 2))", "biufc", x=(2, 3)),
        _function('pad(x, (1, 2, -1, 0), "constant", 1)', "iufc", x=(2, 3)),
        _function('pad(x, (1, 2), mode="reflect")', x=(2, 3)),
        _function('pad(x, (3, -1), mode="replicate")', x=(2, 3)),
        _function('pad(x, (1, -1, 2, 0), mode="circular")', x=(2, 3)),
    ),
    "constant_pad_nd": (_function("constant_pad_nd(x, (1, 2), 1)", "iufc", x=(2, 3)),),
    "windows": (
        Use(f'OPERATIONS["windows"](x, window={WINDOW})', x=(2, 4, 5)),
        Use('OPERATIONS["windows"](x, window=((2, 1, 1),))', x=(2, 3)),
    ),
    "overlap_add": (
        Use(f'OPERATIONS["overlap_add"](x, shape=(1, 4, 5), window={WINDOW})', dtypes="fc", x=(1, 2, 3, 2, 2)),
        Use('OPERATIONS["overlap_add"](x, shape=(2, 3), window=((2, 1, 1),))', dtypes="fc", x=(2, 2, 2)),
    ),
    "nn.functional.unfold": (
        _function("unfold(x, 2)", x=(2, 1, 3, 2)),
        _function("unfold(x, (2, 1), dilation=(1, 2), padding=1, stride=(2, 1))", x=(2, 3, 2)),
    ),
    "nn.functional.fold": (
        _function("fold(x, (2, 3), 2)", x=(2, 4, 2)),
        _function("fold(x, 2, (2, 1), dilation=(1, 2), padding=1, stride=(2, 1))", x=(4, 8)),
    ),
    "convolution": (
        Use(f'OPERATIONS["convolution"](x, y, geometry={GEOMETRY})', dtypes="f", x=_of_shape(1, 2, 3, 5),
            y=_of_shape(2, 1, 2, 2)),
    ),
    "convolution_transpose": (
        Use(f'OPERATIONS["convolution_transpose"](x, y, geometry={GEOMETRY})', dtypes="f", x=_of_shape(1, 2, 2, 3),
            y=_of_shape(2, 1, 2, 2)),
    ),
    "convolution_weight": (
        Use(f'OPERATIONS["convolution_weight"](x, y, size=(2, 2), geometry={GEOMETRY})', dtypes="f",
            x=_of_shape(1, 2, 3, 5), y=_of_shape(1, 2, 2, 3)),
    ),
    "conv1d": (
        _function("conv1d(x, w, b, padding=1)", x=(2, 1, 3), w=(2, 1, 2), b=(2,)),
        _function("conv1d(x, w, stride=2, dilation=2)", x=(1, 5), w=(1, 1, 2)),
    ),
    "conv2d": (
        _function('conv2d(x, w, padding="same")', x=(2, 1, 3, 2), w=(1, 1, 2, 2)),
        _function("conv2d(x, w, None, (1, 2), (1, 0), groups=2)", x=(2, 2, 3), w=(2, 1, 2, 1)),
    ),
    "conv3d": (_function("conv3d(x, w)", x=(1, 1, 2, 2, 3), w=(1, 1, 1, 2, 2)),),
    "conv_transpose1d": (
        _function("conv_transpose1d(x, w, b, stride=2, padding=1, output_padding=1)", x=(2, 1, 3), w=(1, 2, 2), b=(2,)),
    ),
    "conv_transpose2d": (
        _function("conv_transpose2d(x, w)", x=(2, 1, 3, 2), w=(1, 1, 2, 2)),
        _function("conv_transpose2d(x, w, None, (1, 2), dilation=2, groups=2)", x=(2, 2, 3), w=(2, 1, 2, 1)),
    ),
    "conv_transpose3d": (_function("conv_transpose3d(x, w)", x=(1, 1, 2, 2, 2), w=(1, 1, 1, 2, 2)),),
    "max_positions": (
        Use('OPERATIONS["max_positions"](x, ranges=tuple((range(0, n, 2), range(n // 2, n)) for n in x.shape[-2:]))',
            dtypes="f", smooth=False, x=(2, 3, 4)),
    ),
    "fractional_positions": (
        Use('OPERATIONS["fractional_positions"](tp.sigmoid(y), x, sizes=(1, 2), counts=(2, 2))', dtypes="f",
            smooth=False, x=(2, 1, 3, 5), y=(2, 1, 2)),
    ),
    "max_pool1d": (
        _function("max_pool1d(x, 2, padding=1, return_indices=True)", x=(2, 3)),
        _function("max_pool1d(x, 2, 2, ceil_mode=True)", x=(1, 2, 3)),
    ),
    "max_pool2d": (
        _function("max_pool2d(x, 2)", x=(2, 1, 3, 4)),
        _function("max_pool2d(x, (2, 1), 1, dilation=(1, 2), return_indices=True)", x=(2, 3, 3)),
    ),
    "max_pool3d": (_function("max_pool3d(x, 2)", x=(1, 2, 2, 4)),),
    "avg_pool1d": (_function("avg_pool1d(x, 2, 1, 1, count_include_pad=False)", x=(2, 3)),),
    "avg_pool2d": (
        _function("avg_pool2d(x, 2)", x=(2, 1, 3, 4)),
        _function("avg_pool2d(x, 2, padding=1, ceil_mode=True, divisor_override=3)", x=(2, 3, 3)),
    ),
    "avg_pool3d": (_function("avg_pool3d(x, 2)", x=(1, 2, 2, 4)),),
    "lp_pool1d": (Use("tp.nn.functional.lp_pool1d(tp.abs(x) + 0.5, 2.0, 2)", dtypes="f", x=(2, 4)),),
    "lp_pool2d": (Use("tp.nn.functional.lp_pool2d(tp.abs(x) + 0.5, 3.0, 2, 1)", dtypes="f", x=(2, 3, 3)),),
    "lp_pool3d": (Use('tp.nn.functional.lp_pool3d(x, float("inf"), 2)', dtypes="f", x=(1, 2, 2, 2)),),
    "fractional_max_pool2d": (_function("fractional_max_pool2d(x, (2, 1), output_size=(2, 1))", x=(2, 1, 4, 2)),),
    "fractional_max_pool3d": (_function("fractional_max_pool3d(x, 1, output_ratio=(0.7, 0.5, 0.5))", x=(1, 3, 2, 2)),),
    "adaptive_max_pool1d": (_function("adaptive_max_pool1d(x, 2, True)", x=(2, 3)),),
    "adaptive_max_pool2d": (_function("adaptive_max_pool2d(x, (2, None))", x=(2, 1, 3, 2)),),
    "adaptive_max_pool3d": (_function("adaptive_max_pool3d(x, 1)", x=(1, 2, 2, 2)),),
    "adaptive_avg_pool1d": (_function("adaptive_avg_pool1d(x, 2)", x=(2, 3)),),
    "adaptive_avg_pool2d": (
        _function("adaptive_avg_pool2d(x, (2, 1))", x=(2, 1, 3, 2)),
        _function("adaptive_avg_pool2d(x, (2, None))", x=(2, 4, 3)),
    ),
    "adaptive_avg_pool3d": (_function("adaptive_avg_pool3d(x, 1)", x=(1, 2, 2, 2)),),
    "max_unpool1d": (
        Use("tp.nn.functional.max_unpool1d(*tp.nn.functional.max_pool1d(x, 2, return_indices=True), 2)", dtypes="f",
            x=(2, 4)),
    ),
    "max_unpool2d": (
        Use("tp.nn.functional.max_unpool2d(*tp.nn.functional.max_pool2d(x, 2, return_indices=True), 2)", dtypes="f",
            x=(2, 2, 4)),
    ),
    "max_unpool3d": (
        Use("tp.nn.functional.max_unpool3d(x, i, 2)", dtypes="f", x=(1, 1, 1, 1), i=fixed([[[[7]]]], "int64")),
    ),
    "standardize": (
        Use('OPERATIONS["standardize"](x, axis=(1,), eps=0.5)', dtypes="f", x=(2, 3)),
        Use('OPERATIONS["standardize"](x, axis=(0, 2), eps=0.5)', dtypes="f", x=(2, 3, 2)),
    ),
    "sums_of_rows": (
        Use('OPERATIONS["sums_of_rows"](i, j, w, x, count=4)', dtypes="f",
            i=indices((5,), 0, 3), j=indices((5,), 0, 4), w=(5,), x=(3, 2)),
        Use('OPERATIONS["sums_of_rows"](i, j, w, x, count=4)', dtypes="f",
            i=indices((0,), 0, 3), j=indices((0,), 0, 4), w=(0,), x=(3, 2)),
    ),
    "standardize_gradient": tuple(
        Use(
            f'OPERATIONS["standardize_gradient"](g, x, out, axis={axis}, eps=0.5)', dtypes="f", smooth=False,
            g=shape, x=shape, out=shape,
        )
        for shape, axis in (((2, 3), (1,)), ((2, 3, 2), (0, 2)), ((2, 3, 2), (1, 2)), ((0, 3), (1,)))
    ),
    "batch_norm": (
        _function("batch_norm(x, None, None, w, b, True, eps=0.5)", x=(2, 3, 2), w=(3,), b=(3,)),
        _function("batch_norm(x, m, tp.abs(m), eps=0.5)", x=(2, 3), m=(3,)),
    ),
    "instance_norm": (_function("instance_norm(x, weight=w, eps=0.5)", x=(2, 3, 2), w=(3,)),),
    "layer_norm": (
        _function("layer_norm(x, 3, w, b, eps=0.5)", x=(2, 3), w=(3,), b=(3,)),
        _function("layer_norm(x, (2, 3), eps=0.5)", x=(2, 2, 3)),
    ),
    "rms_norm": (_function("rms_norm(x, 3, w, eps=0.5)", x=(2, 3), w=(3,)),),
    "group_norm": (_function("group_norm(x, 2, w, b, eps=0.5)", x=(2, 4, 2), w=(4,), b=(4,)),),
    "local_response_norm": (_function("local_response_norm(x, 2, 0.5)", x=(2, 3, 2)),),
    "embedding": (
        Use.of("tp.nn.functional.embedding(i, w)", {"i": indices((2, 2), 0, 3), "w": (3, 2)}, dtypes="f"),
        # The row of padding_idx has no gradient, though the result depends on it.
        Use("tp.nn.functional.embedding(i, w, 1)", dtypes="f", smooth=False, i=indices((3,), 0, 3), w=(3, 2)),
    ),
    "embedding_bag": (
        Use.of("tp.nn.functional.embedding_bag(i, w)", {"i": indices((2, 2), 0, 3), "w": (3, 2)}, dtypes="f"),
        Use.of('tp.nn.functional.embedding_bag(i, w, o, mode="sum", padding_idx=0)',
               {"i": indices((3,), 0, 3), "w": (3, 2), "o": fixed([0, 2], "int64")}, dtypes="f"),
    ),
    "bilinear": (_function("bilinear(x, y, w, b)", x=(2, 3), y=(2, 2), w=(2, 3, 2), b=(2,)),),
    "scaled_dot_product_attention": (
        _function("scaled_dot_product_attention(q, k, v)", q=(2, 3, 2), k=(2, 2, 2), v=(2, 2, 3)),
        _function("scaled_dot_product_attention(q, k, k, is_causal=True, scale=0.5)", q=(3, 2), k=(3, 2)),
        Use.of("tp.nn.functional.scaled_dot_product_attention(q, k, k, m)",
               {"q": (3, 2), "k": (2, 2), "m": fixed([[True, False], [False, False], [True, True]], "bool")},
               dtypes="f"),
    ),
    "multi_head_attention_forward": (
        _function(
            "multi_head_attention_forward(q, k, k, 2, 1, w, b, q[:1, :1], k[:1, :1], True, 0.0, k[:, 0], b[:2])[0]",
            q=(3, 2, 2), k=(2, 2, 2), w=(6, 2), b=(6,),
        ),
        _function(
            "multi_head_attention_forward(q, k, k, 2, 2, None, None, None, None, False, 0.0, k, None,"
            " attn_mask=q @ k.mT, use_separate_proj_weight=True, q_proj_weight=k, k_proj_weight=k, v_proj_weight=k,"
            " key_padding_mask=k[0], average_attn_weights=False)",
            q=(3, 2), k=(2, 2),
        ),
    ),
    "softmin": (_function("softmin(x, 1)", x=(2, 3)),),
    "upsample": (_function("upsample(x, 4)", x=(1, 2, 2)),),
    "upsample_bilinear": (_function("upsample_bilinear(x, (1, 3))", x=(1, 1, 2, 2)),),
    "upsample_nearest": (_function("upsample_nearest(x, scale_factor=2)", x=(1, 2, 2)),),
    "pixel_shuffle": (_function("pixel_shuffle(x, 2)", "biufc", x=(1, 4, 2, 1)),),
    "pixel_unshuffle": (_function("pixel_unshuffle(x, 2)", "biufc", x=(1, 4, 2)),),
    "channel_shuffle": (_function("channel_shuffle(x, 2)", "biufc", x=(1, 4, 2)),),
    "interpolate": (
        _function("interpolate(x, 3)", x=(1, 2, 2)),
        _function('interpolate(x, scale_factor=1.5, mode="bilinear", align_corners=True)', x=(1, 1, 2, 3)),
        _function('interpolate(x, (3, 2), mode="bicubic", align_corners=False)', x=(1, 1, 2, 3)),
    ),
    "grid_sample": (
        Use('tp.nn.functional.grid_sample(x, g)', dtypes="f", x=(1, 1, 2, 3),
            g=Operand((1, 2, 2, 2), between(0.1, 0.9))),
        Use('tp.nn.functional.grid_sample(x, g, "bicubic", "reflection", True)', dtypes="f", x=(1, 1, 2, 3),
            g=Operand((1, 1, 2, 2), between(0.1, 0.9))),
    ),
    "affine_grid": (_function("affine_grid(x, (1, 1, 2, 3))", x=(1, 2, 3)),),
    **{
        name: (
            _function(f"{name}(x, 0.0)", x=shape), _function(f"{name}(x, 0.5, training=False)", x=shape),
            _function(f"{name}(x, 1.0)", x=shape),
        )
        for name, shape in (
            ("dropout1d", (2, 3)), ("dropout2d", (1, 2, 2, 2)), ("dropout3d", (1, 2, 2, 2)), ("alpha_dropout", (2, 3)),
            ("feature_alpha_dropout", (2, 3)),
        )
    },
}  # fmt: skip
