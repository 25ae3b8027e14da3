"""What CuPy adds to NumPy's functions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cupy import linalg as _linalg


@contextlib.contextmanager
def errstate(*, linalg: str) -> Iterator[None]:
    before = _linalg.errors.set(linalg)
    try:
        yield
    finally:
        _linalg.errors.reset(before)
