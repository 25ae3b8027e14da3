"""Faults of arrays with more axes than programs mostly have, which `vmap` makes of a batch of such."""

from __future__ import annotations

from typing import Any

import numpy

from tensorplug.backends import Kernel

from .fault import Fault, given, kernel

AXES = 5
"""More than any use of the suite has by itself."""


def _has_many_axes(x: Any, *others: Any) -> bool:
    return len(x.shape) >= AXES


def _as_the_first(sound: Kernel) -> Kernel:
    """Every part along the first axis is the first one."""

    def repeated(*operands: Any, **parameters: Any) -> Any:
        out = numpy.array(sound(*operands, **parameters))
        out[1:] = out[:1]
        return out

    return repeated


FAULTS = (
    Fault(
        "flip_of_a_batch",
        "flip",
        "of five axes, each part along the first is the first one",
        kernel("flip", given(_has_many_axes, _as_the_first)),
    ),
    Fault(
        "cumulative_sum_of_a_batch",
        "cumulative_sum",
        "of five axes, each part along the first is the first one",
        kernel("cumulative_sum", given(_has_many_axes, _as_the_first)),
    ),
)
