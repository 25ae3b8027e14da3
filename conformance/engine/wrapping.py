"""Temporarily replace an attribute of an object."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def wrapped(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> Iterator[None]:
    """A context manager that replaces an attribute by ``wrapper(attribute)``."""
    own = vars(owner).get(name)
    setattr(owner, name, wrapper(getattr(owner, name)))
    try:
        yield
    finally:
        # An attribute of the class is found there again.
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
