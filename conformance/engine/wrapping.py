"""Putting another attribute in the place of an object's own for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def wrapped(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> Iterator[None]:
    """Put what a wrapper makes of an object's attribute in its place."""
    own = vars(owner).get(name)
    setattr(owner, name, wrapper(getattr(owner, name)))
    try:
        yield
    finally:
        # What an object has from its class is found there again.
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
