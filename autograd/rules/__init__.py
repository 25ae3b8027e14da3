"""Gradient rules, a file for each chapter of the standard."""

from . import (
    activations,
    elementwise,
    fft,
    indexing,
    linalg,
    linalg_pytorch,
    linear_algebra,
    manipulation,
    networks,
    recurrent,
    searching,
    sorting,
    special,
    statistical,
    tangents,
)

__all__ = [
    "activations",
    "elementwise",
    "fft",
    "indexing",
    "linalg",
    "linalg_pytorch",
    "linear_algebra",
    "manipulation",
    "networks",
    "recurrent",
    "searching",
    "sorting",
    "special",
    "statistical",
    "tangents",
]
