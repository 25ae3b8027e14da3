"""Uses of softmax, log_softmax, logsumexp and elementwise activations."""

from __future__ import annotations

from .statistical import (
    LONG,
    OF_SEVERAL_AXES,
    REPEATS,
    over_many,
)
from .use import (
    Operand,
    Use,
    between,
    fixed,
)

AWAY_FROM_ZERO = between(0.2, 2.0, signs=True)


def _along_an_axis(name: str) -> tuple[Use, ...]:
    return (
        Use(f"tp.{name}(x)", x=(2, 3)),
        Use(f"tp.{name}(x, axis=0)", x=(2, 3)),
        Use(f"tp.{name}(x, axis=-2)", x=(2, 3, 2, 2)),
        Use(f"tp.{name}(x, 1)", x=(2, 3)),
        Use(f"tp.{name}(x, axis=1)", x=(2, 1, 3)),
        Use(f"tp.{name}(x)", x=(3,)),
        Use(f"tp.{name}(x)", x=(0, 3)),
        Use(f"tp.{name}(x, axis=0)", x=(0, 3)),
        Use(f"tp.{name}(x, axis=0, dtype=tp.float64)", dtypes="f", x=(2, 3)),
        Use(f"tp.{name}(x * 400.0)", dtypes="f", smooth=False, x=fixed([[-1.0, 2.0, 1.0], [0.0, 0.0, -2.0]])),
        # With many elements each probability is small beside the operands.
        *over_many(f"{2 * REPEATS}.0 * tp.{name}" if name == "softmax" else f"tp.{name}", LONG[0]),
    )


def _activation(call: str, *others: str, smooth: bool = True) -> tuple[Use, ...]:
    """Uses of an elementwise activation."""
    away = Operand((2, 3), AWAY_FROM_ZERO)
    return (
        Use(f"tp.nn.functional.{call}", dtypes="f", elementwise=True, smooth=smooth, x=(2, 3)),
        *(Use(f"tp.nn.functional.{other}", dtypes="f", elementwise=True, x=away) for other in others),
        *(
            Use(f"tp.nn.functional.{call}", dtypes="f", elementwise=True, smooth=smooth, x=shape)
            for shape in ((), (0, 3), (2, 3, 2, 2))
        ),
        Use(
            f"tp.nn.functional.{call}",
            dtypes="f",
            elementwise=True,
            smooth=False,
            x=fixed([[-1000.0, -30.0, -0.0], [0.0, 30.0, 1000.0]]),
        ),
    )


def _in_place(name: str, arguments: str = "") -> str:
    return f"{name}(x.clone(){arguments}, inplace=True)"


USES: dict[str, tuple[Use, ...]] = {
    "softmax": _along_an_axis("softmax"),
    "log_softmax": _along_an_axis("log_softmax"),
    "logsumexp": (
        Use("tp.logsumexp(x, axis=-1)", x=(2, 3)),
        Use("tp.logsumexp(x)", x=(2, 3)),
        Use("tp.logsumexp(x, axis=0, keepdims=True)", x=(2, 3)),
        Use("tp.logsumexp(x, axis=(0, -1))", x=(2, 1, 3)),
        Use("tp.logsumexp(x, axis=(1, 3), keepdims=True)", x=(2, 3, 2, 2)),
        Use("tp.logsumexp(x, 1, True)", x=(2, 3)),
        Use("tp.logsumexp(x, axis=1)", x=(2, 1, 3)),
        Use("tp.logsumexp(x, axis=())", x=(2, 3)),
        Use("tp.logsumexp(x)", x=()),
        Use("tp.logsumexp(x, axis=1)", x=(0, 3)),
        # The result for no elements is negative infinity.
        Use("tp.logsumexp(x, axis=0)", smooth=False, x=(0, 3)),
        Use("tp.logsumexp(x, keepdims=True)", smooth=False, x=(0, 3)),
        Use("tp.logsumexp(x * 400.0, axis=1)", dtypes="f", smooth=False, x=fixed([[-1.0, 2.0, 1.0], [2.0, 2.0, -2.0]])),
        *over_many("tp.logsumexp", LONG[0], OF_SEVERAL_AXES[0]),
    ),
    "softmax_normalizer": (
        # Only shift and sum together are determined. There is no gradient.
        Use('(lambda n: tp.log(n[1]) + n[0])(OPERATIONS["softmax_normalizer"](x, axis=1))', smooth=False, x=(2, 3)),
        Use('(lambda n: tp.exp(x - n[0]) / n[1])(OPERATIONS["softmax_normalizer"](x, axis=0))', smooth=False, x=(2, 3)),
        Use(
            '(lambda n: tp.exp(x - n[0]) / n[1])(OPERATIONS["softmax_normalizer"](x, axis=1))',
            smooth=False,
            x=(2, 3, 2, 2),
        ),
        Use('(lambda n: tp.log(n[1]) + n[0])(OPERATIONS["softmax_normalizer"](x, axis=1))', smooth=False, x=(0, 3)),
    ),
    "softmax_gradient": tuple(
        Use(
            f'OPERATIONS["softmax_gradient"](g, out, axis={axis})',
            smooth=False,
            g=shape,
            out=Operand(shape, between(0.1, 0.9)),
        )
        for shape, axis in (((2, 3), 1), ((2, 3), 0), ((2, 3, 2, 2), 2), ((2, 1, 3), 1), ((0, 3), 1))
    ),
    "elu": _activation("elu(x)", "elu(x, 0.5)", _in_place("elu", ", alpha=2.0")),
    "leaky_relu": _activation("leaky_relu(x)", "leaky_relu(x, 0.25)", _in_place("leaky_relu")),
    **{
        name: (
            Use(f'OPERATIONS["{name}"](x)', dtypes="f", elementwise=True, x=(2, 3)),
            Use(
                f'OPERATIONS["{name}"](x)',
                dtypes="f",
                elementwise=True,
                smooth=False,
                x=fixed([[-40.0, -30.0, -8.0], [0.0, 8.0, 40.0]]),
            ),
            Use(f'OPERATIONS["{name}"](x)', dtypes="f", elementwise=True, smooth=False, x=(2, 3, 2, 2)),
            Use(f'OPERATIONS["{name}"](x * 10.0)', dtypes="f", elementwise=True, smooth=False, x=(0, 3)),
        )
        for name in ("logistic", "logistic_density")
    },
    "logsigmoid": _activation("logsigmoid(x)"),
    "silu": _activation("silu(x)", _in_place("silu")),
    "softplus": _activation("softplus(x)", "softplus(x, 2.0)", "softplus(x, beta=0.5, threshold=2.0)"),
    "celu": _activation("celu(x)", "celu(x, 0.5)", _in_place("celu")),
    "gelu": _activation("gelu(x)", 'gelu(x, approximate="tanh")'),
    "mish": _activation("mish(x)", _in_place("mish")),
    "selu": _activation("selu(x)", _in_place("selu")),
    "softsign": _activation("softsign(x)"),
    "tanhshrink": _activation("tanhshrink(x)"),
    "hardtanh": _activation("hardtanh(x)", "hardtanh(x, -0.1, 0.15)", smooth=False),
    "relu6": _activation("relu6(x)", _in_place("relu6"), smooth=False),
    "hardsigmoid": _activation("hardsigmoid(x)", _in_place("hardsigmoid"), smooth=False),
    "hardswish": _activation("hardswish(x)", _in_place("hardswish"), smooth=False),
    "hardshrink": _activation("hardshrink(x)", "hardshrink(x, 0.1)", smooth=False),
    "softshrink": _activation("softshrink(x)", "softshrink(x, 0.1)", smooth=False),
    "threshold": _activation("threshold(x, 0.5, 2.0)", "threshold(x, 0.1, -1.0, inplace=False)", smooth=False),
    "rrelu": _activation("rrelu(x, 0.25, 0.25)", "rrelu(x, lower=0.5, upper=0.5)", smooth=False),
    "prelu": (
        Use("tp.nn.functional.prelu(x, w)", dtypes="f", x=Operand((2, 3), AWAY_FROM_ZERO), w=(3,)),
        Use("tp.nn.functional.prelu(x, w)", dtypes="f", smooth=False, x=(2, 3, 2, 2), w=(1,)),
        Use("tp.nn.functional.prelu(x, w)", dtypes="f", x=Operand((3,), AWAY_FROM_ZERO), w=()),
    ),
    "glu": (
        Use("tp.nn.functional.glu(x)", dtypes="f", x=(3, 4)),
        Use("tp.nn.functional.glu(x, 1)", dtypes="f", x=(3, 2, 2)),
        Use("tp.nn.functional.glu(x, dim=0)", dtypes="f", x=(2, 0)),
    ),
    "dropout": (
        Use("tp.dropout(x, 0.0)", dtypes="fc", x=(2, 3)),
        Use("tp.dropout(x, p=1.0)", dtypes="fc", x=(2, 3)),
        Use("tp.dropout(x, 0.5, training=False)", dtypes="fc", x=(2, 3)),
        Use("tp.dropout(x.clone(), 0.0, inplace=True)", dtypes="fc", x=(2, 3)),
        Use("tp.dropout(x, 0.0)", dtypes="fc", x=()),
        Use("tp.dropout(x, 0.5)", dtypes="fc", x=(0, 3)),
    ),
}
