"""Families of operations, which decide their error bounds and examples."""

from __future__ import annotations

from tensorplug.core import Operation

CHAPTERS = {
    "bisection": "search",
    "activations": "activation",
    "comparison": "composite",
    "convolution": "composite",
    "distances": "composite",
    "embedding": "composite",
    "fft": "transform",
    "fractional_pooling": "search",
    "generator": "composite",
    "indexing": "indexing",
    "lifting": "composite",
    "linalg": "linear algebra",
    "linear_algebra": "matrix product",
    "losses": "loss",
    "manipulation": "manipulation",
    "normalization": "composite",
    "moments": "activation",
    "order_statistics": "search",
    "padding": "manipulation",
    "pooling": "search",
    "positions": "indexing",
    "recurrent": "composite",
    "scattering": "composite",
    "searching": "search",
    "selection": "composite",
    "sets": "search",
    "softmax": "activation",
    "sorting": "sorting",
    "statistical": "cumulation",
    "strided": "manipulation",
    "structure": "indexing",
    "utility": "composite",
    "windows": "manipulation",
    "writes": "in place",
}
"""Families, by chapter, of operations that are neither elementwise nor reductions nor views."""

NAMES = {
    "adjugate": "linear algebra",
    "clone": "conversion",
    "linalg.diagonal": "composite",
    "nonzero": "searching",
    "softmax_gradient": "composite",
    "unique_indices": "set",
}
"""Families of operations that differ from their chapter's."""


def family_of(operation: Operation) -> str:
    """The family of an operation: ``"elementwise"``, ``"reduction"``, ``"view"``, ``"sorting"`` ..."""
    if operation.name in NAMES:
        return NAMES[operation.name]
    if operation.elementwise:
        return "elementwise"
    if "keepdims" in operation.parameters:
        return "reduction"
    return "view" if operation.shares else CHAPTERS[operation.chapter]
