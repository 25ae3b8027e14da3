"""Searching and sorting functions whose results are positions have no gradient."""

from __future__ import annotations

from ..rule import no_gradient

no_gradient("argmax", "argmin", "argsort", "nonzero")
