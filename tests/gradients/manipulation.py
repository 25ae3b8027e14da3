"""Cases of the gradients of the chapter "manipulation"."""

from __future__ import annotations

from .case import Case

CASES: dict[str, list[Case]] = {}
