"""Searching and set functions return indices and booleans, which have no gradient."""

from __future__ import annotations

from ..rule import no_gradient

no_gradient("argmax", "argmin", "count_nonzero", "isin", "nonzero", "searchsorted", "unique_indices")
