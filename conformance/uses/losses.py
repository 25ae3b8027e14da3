"""Uses of loss functions, and of the operations and gradients they are made of."""

from __future__ import annotations

from tensorplug.core import OPERATIONS

from .use import (
    Operand,
    Use,
    Values,
    between,
    fixed,
    indices,
)

SCORES = between(0.213, 1.97, signs=True)
PROBABILITIES = between(0.1, 0.9)
FAR = between(2.5, 4.0, signs=True)
"""Targets larger than the scores, so that differences are away from the kink at zero."""
RATES = between(1.1, 3.0)

REDUCTIONS = ("mean", "sum", "none")

SHAPES = ((), (0, 3), (2, 3, 2, 2))

Options = tuple[str, ...]
"""Parameters of a loss, as source code of tuples."""

POINTWISE: dict[str, tuple[Values, Values, Options]] = {
    "l1_loss": (SCORES, FAR, ("()",)),
    "mse_loss": (SCORES, SCORES, ("()",)),
    "smooth_l1_loss": (SCORES, FAR, ("(1.0,)", "(3.1,)")),
    "huber_loss": (SCORES, FAR, ("(1.0,)", "(3.1,)")),
    "poisson_nll_loss": (RATES, RATES, ("(True, False, 1e-8)", "(True, True, 1e-8)", "(False, True, 0.1)")),
    "kl_div": (SCORES, PROBABILITIES, ("(False,)", "(True,)")),
    "binary_cross_entropy": (PROBABILITIES, PROBABILITIES, ("()",)),
    "binary_cross_entropy_slope": (PROBABILITIES, PROBABILITIES, ("()",)),
    "binary_cross_entropy_with_logits": (SCORES, SCORES, ("()",)),
    "soft_margin_loss": (SCORES, SCORES, ("()",)),
    "multilabel_soft_margin_loss": (SCORES, SCORES, ("()",)),
}
"""Values of input and target, and options, by operation."""


def _pointwise(name: str) -> tuple[Use, ...]:
    """Uses of the operation that computes an elementwise loss, or its sum."""
    first, second, options = POINTWISE[name]

    def use(shape: tuple[int, ...], chosen: str, summed: bool) -> Use:
        code = f'OPERATIONS["{name}"](x, y, options={chosen}, summed={summed})'
        return Use(code, dtypes="f", elementwise=not summed, x=Operand(shape, first), y=Operand(shape, second))

    return (
        *(use((2, 3), chosen, summed) for chosen in options for summed in (False, True)),
        *(use(shape, options[0], False) for shape in SHAPES),
        use((0, 3), options[0], True),
    )


def _gradients(name: str) -> dict[str, tuple[Use, ...]]:
    """Uses of the operations that compute the gradients of a loss."""
    first, second, options = POINTWISE[name]

    def uses(operation: str) -> tuple[Use, ...]:
        def use(upstream: tuple[int, ...], shape: tuple[int, ...], chosen: str) -> Use:
            code = f'OPERATIONS["{operation}"](g, x, y, options={chosen})'
            x, y = Operand(shape, first), Operand(shape, second)
            return Use(code, dtypes="f", smooth=False, g=upstream, x=x, y=y)

        return (
            *(use((2, 3), (2, 3), chosen) for chosen in options),
            use((), (2, 3), options[0]),
            *(use(shape, shape, options[0]) for shape in SHAPES),
        )

    gradients = (f"{name}_input_gradient", f"{name}_target_gradient")
    return {operation: uses(operation) for operation in gradients if operation in OPERATIONS}


def _slopes(name: str) -> dict[str, tuple[Use, ...]]:
    """Uses of the operations that compute and use a loss's slope, saved if only the input requires a gradient."""
    first, second, _ = POINTWISE[name]
    loss = f"tp.losses.functional.{name}"

    operands = {"x": Operand((2, 3), first), "y": Operand((2, 3), second)}
    parameter = {"smooth_l1_loss": ", beta=3.1", "huber_loss": ", delta=3.1"}.get(name)
    found = tuple(
        Use.of(
            f'tp.func.value_and_grad(lambda x: {loss}(x, y{given}, reduction="{reduction}"))(x)',
            operands,
            dtypes="f",
            rounded_once=True,
        )
        for given in ("", parameter)
        if given is not None
        for reduction in ("mean", "sum")
    )
    return {f"{name}_with_slope": found, f"{name}_gradient_from_slope": found}


def _each(call: str, **operands: Operand | tuple[int, ...]) -> tuple[Use, ...]:
    """Uses of a public loss function with every reduction."""
    return tuple(_one(f'{call[:-1]}, reduction="{reduction}")', **operands) for reduction in REDUCTIONS)


def _one(call: str, **operands: Operand | tuple[int, ...]) -> Use:
    return Use.of(f"tp.losses.functional.{call}", operands, dtypes="f", rounded_once=True)


def _in_every_dtype(call: str, **operands: Operand | tuple[int, ...]) -> Use:
    """Uses to try in every dtype."""
    return Use.of(f"tp.losses.functional.{call}", operands, dtypes="f", rounded_once=True, every_dtype=True)


def _of_pair(name: str, *calls: str) -> tuple[Use, ...]:
    """Uses of a public loss whose input and target have one shape."""
    first, second, _ = POINTWISE[name]
    x, y = Operand((2, 3), first), Operand((2, 3), second)
    w = Operand((3,), between(0.5, 2.0))
    return (
        _in_every_dtype(f"{name}(x, y)", x=x, y=y),
        *_each(f"{name}(x, y)", x=x, y=y),
        *(_one(f"{name}({call})", x=x, y=y, **({"w": w} if "w" in call else {})) for call in calls),
        *(
            _one(f'{name}(x, y, reduction="none")', x=Operand(shape, first), y=Operand(shape, second))
            for shape in SHAPES
            if shape or name != "multilabel_soft_margin_loss"
        ),
        _one(f'{name}(x, y, reduction="sum")', x=Operand((0, 3), first), y=Operand((0, 3), second)),
    )


LOGITS = Operand((2, 3), SCORES)
CLASSES = indices((2,), 0, 3)
WEIGHTS = Operand((3,), between(0.5, 2.0))
SIGNS = fixed([1, -1], "int64")

_NORMALIZER = 'OPERATIONS["softmax_normalizer"](x, axis=1)'
_LINEAR = "tp.losses.functional.linear_cross_entropy"

CROSS_ENTROPY: dict[str, tuple[Use, ...]] = {
    "linear_cross_entropy": (
        Use(f"{_LINEAR}(x, v, t)", dtypes="f", x=(2, 4), v=(3, 4), t=CLASSES),
        Use(f"{_LINEAR}(x, v, t, linear_bias=b, weight=b)", dtypes="f", x=(2, 4), v=(3, 4), b=WEIGHTS, t=CLASSES),
    ),
    "cross_entropy": (
        *(
            Use(
                f'OPERATIONS["cross_entropy"](x, t, {_NORMALIZER}, label_smoothing={smoothing})',
                dtypes="f",
                x=Operand(shape, SCORES),
                t=indices((*shape[:1], *shape[2:]), 0, 3),
            )
            for smoothing in (0.0, 0.25)
            for shape in ((2, 3), (2, 3, 2, 2), (0, 3))
        ),
        _in_every_dtype("cross_entropy(x, t)", x=LOGITS, t=CLASSES),
        *_each("cross_entropy(x, t)", x=LOGITS, t=CLASSES),
        *_each("cross_entropy(x, t, w)", x=LOGITS, t=CLASSES, w=WEIGHTS),
        *_each("cross_entropy(x, t, label_smoothing=0.25)", x=LOGITS, t=CLASSES),
        *_each("cross_entropy(x, t, w, label_smoothing=0.25)", x=LOGITS, t=CLASSES, w=WEIGHTS),
        *_each("cross_entropy(x, t, ignore_index=1)", x=LOGITS, t=fixed([1, 2], "int64")),
        *_each("cross_entropy(x, t, w)", x=LOGITS, t=fixed([2, -100], "int64"), w=WEIGHTS),
        *_each("cross_entropy(x, p)", x=LOGITS, p=Operand((2, 3), PROBABILITIES)),
        *_each("cross_entropy(x, p, w, label_smoothing=0.25)", x=LOGITS, p=Operand((2, 3), PROBABILITIES), w=WEIGHTS),
        _one("cross_entropy(x, t)", x=Operand((3,), SCORES), t=indices((), 0, 3)),
        _one("cross_entropy(x, t)", x=Operand((2, 3, 2, 2), SCORES), t=indices((2, 2, 2), 0, 3)),
        _one("cross_entropy(x, t)", x=Operand((2, 3, 3), SCORES), t=indices((2, 3), 0, 3)),
        _one('cross_entropy(x, t, reduction="none")', x=(0, 3), t=indices((0,), 0, 3)),
    ),
    "cross_entropy_gradient": tuple(
        Use(
            f'OPERATIONS["cross_entropy_gradient"](g, x, t, {_NORMALIZER}, label_smoothing={smoothing})',
            dtypes="f",
            g=(*shape[:1], *shape[2:]),
            x=Operand(shape, SCORES),
            t=indices((*shape[:1], *shape[2:]), 0, 3),
        )
        for smoothing in (0.0, 0.25)
        for shape in ((2, 3), (2, 3, 2, 2), (0, 3))
    ),
}

PATHS: tuple[tuple[str, Operand, str], ...] = (
    ("t, (3, 2), (2, 1)", fixed([[1, 2], [1, 0]], "int64"), ""),
    ("t, (3, 3), (2, 1)", fixed([1, 1, 2], "int64"), ""),
    ("t, (3, 3), (1, 0)", fixed([[2, 2], [1, 1]], "int64"), ""),
    ("t, (3, 3), (2, 2)", fixed([[1, 0], [0, 0]], "int64"), ", blank=2"),
)
"""CTC targets of two samples of three frames and three classes, lengths, and further arguments."""


SPOILED: tuple[tuple[str, str], ...] = (
    ("tp.concat([x[:, :1], x[:, 1:] / 0.0 * 0.0], axis=1)", "t, (3, 3), (2, 1)"),
    ("tp.concat([x[:, :1] / 0.0 * 0.0, x[:, 1:]], axis=1)", "t, (3, 3), (2, 1)"),
    ("tp.concat([x[:2], x[2:] / 0.0 * 0.0])", "t, (2, 2), (2, 1)"),
)
"""CTC targets and lengths for NaN in one of two samples, and in a frame after the end of both."""


def _ctc(rest: str, scores: str = "x") -> str:
    return f"tp.losses.functional.ctc_loss(tp.log_softmax({scores}), {rest})"


CTC: dict[str, tuple[Use, ...]] = {
    "ctc": (
        *(
            Use(_ctc(f'{rest}{options}, reduction="none"'), dtypes="f", x=Operand((3, 2, 3), SCORES), t=targets)
            for rest, targets, options in PATHS
        ),
        *(
            Use(
                _ctc(f'{PATHS[0][0]}, reduction="{reduction}"'), dtypes="f", x=Operand((3, 2, 3), SCORES), t=PATHS[0][1]
            )
            for reduction in REDUCTIONS
        ),
        # As many frames as samples, and the scores themselves as they lie in memory.
        Use(
            'tp.losses.functional.ctc_loss(x, t, (3, 3, 3), (2, 1, 1), reduction="none")',
            dtypes="f",
            smooth=False,
            x=Operand((3, 3, 4), SCORES),
            t=fixed([[1, 2], [3, 0], [2, 0]], "int64"),
        ),
        Use(_ctc("t, 3, 2"), dtypes="f", x=Operand((3, 3), SCORES), t=fixed([2, 1], "int64")),
        # Two equal labels need a blank between them, and so three frames.
        Use(
            _ctc('t, (2, 3), (2, 2), reduction="none"'),
            dtypes="f",
            smooth=False,
            x=(3, 2, 3),
            t=fixed([[1, 1], [2, 2]], "int64"),
        ),
        Use(
            _ctc("t, (2, 3), (2, 2), zero_infinity=True"),
            dtypes="f",
            x=Operand((3, 2, 3), SCORES),
            t=fixed([[1, 1], [2, 2]], "int64"),
        ),
        *(
            Use(
                _ctc(f'{rest}, reduction="none"', scores),
                dtypes="f",
                smooth=False,
                x=Operand((3, 2, 3), SCORES),
                t=PATHS[0][1],
            )
            for scores, rest in SPOILED
        ),
    ),
    "ctc_gradient": (
        *(
            Use(
                f"tp.func.grad(lambda x: {_ctc(rest + options)})(x)",
                dtypes="f",
                x=Operand((3, 2, 3), SCORES),
                t=targets,
            )
            for rest, targets, options in PATHS
        ),
        *(
            Use(
                f"tp.func.grad(lambda x: {_ctc(rest)})({scores})",
                dtypes="f",
                smooth=False,
                x=Operand((3, 2, 3), SCORES),
                t=PATHS[0][1],
            )
            for scores, rest in SPOILED
        ),
    ),
}

FUNCTIONS: dict[str, tuple[Use, ...]] = {
    "nll_loss": (
        *_each("nll_loss(x, t)", x=LOGITS, t=CLASSES),
        *_each("nll_loss(x, t, w)", x=LOGITS, t=CLASSES, w=WEIGHTS),
        *_each("nll_loss(x, t, ignore_index=1)", x=LOGITS, t=fixed([1, 2], "int64")),
        _one("nll_loss(x, t)", x=(3,), t=indices((), 0, 3)),
        _one("nll_loss(x, t, w)", x=(2, 3, 2, 2), t=indices((2, 2, 2), 0, 3), w=WEIGHTS),
        _one('nll_loss(x, t, reduction="none")', x=(0, 3), t=indices((0,), 0, 3)),
    ),
    "gaussian_nll_loss": (
        *_each("gaussian_nll_loss(x, y, v)", x=(2, 3), y=(2, 3), v=Operand((2, 3), between(0.5, 2.0))),
        _one("gaussian_nll_loss(x, y, v, full=True)", x=(2, 3), y=(2, 3), v=Operand((2, 1), between(0.5, 2.0))),
        _one("gaussian_nll_loss(x, y, v)", x=(2, 3), y=(2, 3), v=Operand((2,), between(0.5, 2.0))),
        _one("gaussian_nll_loss(x, y, 1.5)", x=(2, 3), y=(2, 3)),
        _one('gaussian_nll_loss(x, y, v, reduction="none")', x=(0, 3), y=(0, 3), v=(0, 3)),
    ),
    "cosine_embedding_loss": (
        *_each("cosine_embedding_loss(x, y, t)", x=LOGITS, y=LOGITS, t=SIGNS),
        _one("cosine_embedding_loss(x, y, t, margin=-0.97)", x=LOGITS, y=LOGITS, t=SIGNS),
        _one("cosine_embedding_loss(x, y, t)", x=Operand((3,), SCORES), y=Operand((3,), SCORES), t=fixed(1, "int64")),
        _one('cosine_embedding_loss(x, y, t, reduction="none")', x=(0, 3), y=(0, 3), t=indices((0,), 0, 2)),
    ),
    "triplet_margin_loss": (
        *_each("triplet_margin_loss(x, y, z)", x=LOGITS, y=Operand((2, 3), FAR), z=Operand((2, 3), RATES)),
        _one(
            "triplet_margin_loss(x, y, z, margin=9.0, p=3, eps=0.1)",
            x=LOGITS,
            y=Operand((2, 3), FAR),
            z=Operand((2, 3), RATES),
        ),
        _one(
            "triplet_margin_loss(x, y, z, margin=9.0, swap=True)",
            x=LOGITS,
            y=Operand((2, 3), FAR),
            z=Operand((2, 3), RATES),
        ),
        _one("triplet_margin_loss(x, y, z)", x=Operand((3,), SCORES), y=Operand((3,), FAR), z=Operand((3,), RATES)),
        _one('triplet_margin_loss(x, y, z, reduction="none")', x=(0, 3), y=(0, 3), z=(0, 3)),
    ),
    "triplet_margin_with_distance_loss": (
        *_each(
            "triplet_margin_with_distance_loss(x, y, z)",
            x=LOGITS,
            y=Operand((2, 3), FAR),
            z=Operand((2, 3), RATES),
        ),
        _one(
            "triplet_margin_with_distance_loss(x, y, z, margin=9.0, swap=True, "
            "distance_function=lambda a, b: tp.square(a - b).sum(axis=-1))",
            x=LOGITS,
            y=Operand((2, 3), FAR),
            z=Operand((2, 3), RATES),
        ),
    ),
    "margin_ranking_loss": (
        *_each("margin_ranking_loss(x, y, t)", x=LOGITS, y=Operand((2, 3), FAR), t=fixed([[1, -1, 1]] * 2, "int64")),
        _one("margin_ranking_loss(x, y, t, margin=7.0)", x=(3,), y=Operand((3,), FAR), t=fixed([1, -1, 1], "int64")),
        _one('margin_ranking_loss(x, y, t, reduction="none")', x=(0, 3), y=(0, 3), t=indices((0, 3), 0, 2)),
    ),
    "hinge_embedding_loss": (
        *_each("hinge_embedding_loss(x, t)", x=LOGITS, t=fixed([[1, -1, 1], [-1, -1, 1]], "int64")),
        _one("hinge_embedding_loss(x, t, margin=2.5)", x=Operand((3,), SCORES), t=fixed([1, -1, 1], "int64")),
        _one('hinge_embedding_loss(x, t, reduction="none")', x=(0, 3), t=indices((0, 3), 0, 2)),
    ),
    "multi_margin_loss": (
        *_each("multi_margin_loss(x, t)", x=LOGITS, t=CLASSES),
        *_each("multi_margin_loss(x, t, weight=w)", x=LOGITS, t=CLASSES, w=WEIGHTS),
        _one("multi_margin_loss(x, t, p=2, margin=3.9)", x=LOGITS, t=CLASSES),
        _one("multi_margin_loss(x, t)", x=Operand((3,), SCORES), t=indices((), 0, 3)),
        _one('multi_margin_loss(x, t, reduction="none")', x=(0, 3), t=indices((0,), 0, 3)),
    ),
    "multilabel_margin_loss": (
        *_each("multilabel_margin_loss(x, t)", x=LOGITS, t=fixed([[2, -1, 0], [0, 1, -1]], "int64")),
        _one("multilabel_margin_loss(x, t)", x=Operand((3,), SCORES), t=fixed([1, -1, -1], "int64")),
        _one('multilabel_margin_loss(x, t, reduction="none")', x=(0, 3), t=indices((0, 3), 0, 3)),
    ),
    "l1_loss": _of_pair("l1_loss", "x, y, weight=tp.broadcast_to(w, (2, 3))"),
    "mse_loss": _of_pair("mse_loss", "x, y, weight=tp.broadcast_to(w, (2, 3))"),
    "smooth_l1_loss": _of_pair("smooth_l1_loss", "x, y, beta=3.1", "x, y, beta=0.0"),
    "huber_loss": _of_pair("huber_loss", "x, y, delta=3.1", "x, y, weight=tp.broadcast_to(w, (2, 3))"),
    "poisson_nll_loss": _of_pair(
        "poisson_nll_loss", "x, y, full=True", "x, y, log_input=False", "x, y, False, True, eps=0.1"
    ),
    "kl_div": _of_pair("kl_div", "x, y, log_target=True", 'x, y, reduction="batchmean"'),
    "binary_cross_entropy": _of_pair("binary_cross_entropy", "x, y, w", 'x, y, w, reduction="none"'),
    "binary_cross_entropy_with_logits": _of_pair(
        "binary_cross_entropy_with_logits", "x, y, w", "x, y, pos_weight=w", 'x, y, w, pos_weight=w, reduction="none"'
    ),
    "soft_margin_loss": _of_pair("soft_margin_loss"),
    "multilabel_soft_margin_loss": _of_pair("multilabel_soft_margin_loss", "x, y, w", 'x, y, w, reduction="none"'),
}

TIES = fixed([[0.0, 1.0, -1.0], [2.0, 0.5, 0.0]]), fixed([[0.0, 0.0, -1.0], [1.0, 0.5, 3.0]])
"""Input and target with some differences at kinks."""


KINKED = ("l1_loss", "smooth_l1_loss", "huber_loss")


def _tied(name: str) -> tuple[Use, ...]:
    if name not in KINKED:
        return ()
    x, y = TIES
    loss = f"tp.losses.functional.{name}"
    lines = f'{loss}(x, y, reduction="none")', f'tp.func.value_and_grad(lambda x: {loss}(x, y, reduction="sum"))(x)'
    return tuple(Use(line, dtypes="f", smooth=False, x=x, y=y) for line in lines)


GREAT = fixed([[-30000.0, -100.0, 0.0], [30.0, 100.0, 30000.0]])
"""Inputs near the greatest number of half precision; exponentials of logits overflow, or vanish beside 1."""

LINEAR = (
    *KINKED,
    "binary_cross_entropy_with_logits",
    "soft_margin_loss",
    "multilabel_soft_margin_loss",
    "cross_entropy",
)
"""Losses that grow as their input."""


def _great(name: str) -> tuple[Use, ...]:
    if name not in LINEAR:
        return ()
    y = fixed([0, 1], "int64") if name == "cross_entropy" else fixed([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    return (Use(f'tp.losses.functional.{name}(x, y, reduction="none")', dtypes="f", smooth=False, x=GREAT, y=y),)


_INTERNAL = {
    **{name: _pointwise(name) for name in POINTWISE},
    **{operation: uses for name in POINTWISE for operation, uses in _gradients(name).items()},
    **{
        operation: uses
        for name in POINTWISE
        if f"{name}_with_slope" in OPERATIONS
        for operation, uses in _slopes(name).items()
    },
}

USES: dict[str, tuple[Use, ...]] = {
    **{name: (*uses, *_great(name)) for name, uses in CROSS_ENTROPY.items()},
    **CTC,
    **_INTERNAL,
    **{name: (*_INTERNAL.get(name, ()), *uses, *_tied(name), *_great(name)) for name, uses in FUNCTIONS.items()},
}
