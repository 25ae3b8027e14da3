"""Cases of the gradients of the chapter "sorting"."""

from __future__ import annotations

from .case import Case

CASES: dict[str, list[Case]] = {}
