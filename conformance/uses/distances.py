"""Uses of distances and normalisation."""

from __future__ import annotations

from dataclasses import replace

from .use import (
    ANY,
    Operand,
    Use,
    between,
    fixed,
)

SMALL = Operand((2, 3), between(0.2, 2.0, signs=True))

USES: dict[str, tuple[Use, ...]] = {
    "cdist": (
        Use("tp.cdist(x, y)", dtypes="f", x=(2, 3), y=(4, 3)),
        Use("tp.cdist(x, y, p=1.0)", dtypes="f", x=(2, 2, 3), y=(1, 3)),
    ),
    "pdist": (Use("tp.pdist(x)", dtypes="f", x=(3, 2)), Use("tp.pdist(x, 3.0)", dtypes="f", x=(2, 3))),
    "pair_distances": (
        Use('OPERATIONS["pair_distances"](x)', dtypes="f", x=Operand((3, 2), replace(ANY, any_shape=False))),
    ),
    "pair_distances_gradient": (
        Use(
            'OPERATIONS["pair_distances_gradient"](g, x, OPERATIONS["pair_distances"](x))',
            dtypes="f",
            smooth=False,
            g=Operand((3,), replace(ANY, any_shape=False)),
            x=Operand((3, 2), replace(ANY, any_shape=False)),
        ),
    ),
    "pairwise_distance": (
        Use("tp.pairwise_distance(x, y)", dtypes="f", x=(2, 3), y=(2, 3)),
        Use("tp.pairwise_distance(x, y)", dtypes="f", x=(2, 3), y=(3,)),
        Use("tp.pairwise_distance(x, y, keepdim=True)", dtypes="f", x=(2, 1, 3), y=(2, 3)),
        Use("tp.pairwise_distance(x, y, p=1.0)", dtypes="f", x=(2, 3), y=(2, 3)),
        Use("tp.pairwise_distance(x, y, p=3, eps=0.5)", dtypes="f", x=(2, 3), y=(2, 3)),
        Use('tp.pairwise_distance(x, y, p=float("inf"))', dtypes="f", x=(2, 3), y=(2, 3)),
        Use("tp.pairwise_distance(x, y)", dtypes="f", x=(3,), y=(3,)),
        Use("tp.pairwise_distance(x, y)", dtypes="f", x=(0, 3), y=(0, 3)),
        Use("tp.pairwise_distance(x, y)", dtypes="f", x=(2, 3, 2, 2), y=(2, 3, 2, 2)),
    ),
    "cosine_similarity": (
        Use("tp.cosine_similarity(x, y)", dtypes="f", x=SMALL, y=SMALL),
        Use("tp.cosine_similarity(x, y, dim=0)", dtypes="f", x=SMALL, y=SMALL),
        Use("tp.cosine_similarity(x, y, dim=-1)", dtypes="f", x=SMALL, y=fixed([0.5, -1.0, 2.0])),
        Use("tp.cosine_similarity(x, y, dim=0)", dtypes="f", x=fixed([1.0, -2.0, 0.5]), y=fixed([0.5, -1.0, 2.0])),
        Use("tp.cosine_similarity(tp.astype(x, tp.float32) * 1e30, y)", dtypes="f", smooth=False, x=SMALL, y=SMALL),
        # The gradient ignores the clamp by `eps`.
        Use("tp.cosine_similarity(x, y, eps=100.0)", dtypes="f", smooth=False, x=SMALL, y=SMALL),
        # In half precision the least divisor is zero.
        Use(
            "tp.cosine_similarity(tp.astype(x, tp.result_type(x, tp.float32)), y)",
            dtypes="f",
            smooth=False,
            x=fixed([[0.0, 0.0, 0.0]]),
            y=SMALL,
        ),
        Use("tp.cosine_similarity(x, y)", dtypes="f", x=(0, 3), y=(0, 3)),
        Use("tp.cosine_similarity(x, y)", dtypes="f", x=(2, 3, 2, 2), y=(2, 3, 2, 2)),
    ),
    "normalize": (
        Use("tp.normalize(x)", dtypes="fc", x=SMALL),
        Use("tp.normalize(x, dim=0)", dtypes="fc", x=SMALL),
        Use("tp.normalize(x, p=1.0)", dtypes="fc", x=SMALL),
        Use("tp.normalize(x, 3.0, dim=(0, 1))", dtypes="fc", x=SMALL),
        Use('tp.normalize(x, p=float("inf"), dim=-1)', dtypes="f", x=SMALL),
        Use("tp.normalize(x, eps=100.0)", dtypes="fc", x=SMALL),
        Use(
            "tp.normalize(tp.astype(x, tp.result_type(x, tp.float32)))",
            dtypes="fc",
            smooth=False,
            x=fixed([[0.0, 0.0, 0.0]]),
        ),
        Use("tp.normalize(x, dim=0)", dtypes="fc", x=fixed([1.0, -2.0, 0.5])),
        Use("tp.normalize(x)", dtypes="fc", x=(0, 3)),
        Use("tp.normalize(x, dim=1)", dtypes="fc", x=(2, 3, 2, 2)),
        Use("tp.normalize(x, out=y.clone())", dtypes="fc", smooth=False, x=SMALL, y=(2, 3)),
    ),
}
