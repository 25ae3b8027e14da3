"""Which operations' kernels a block of code uses."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tensorplug.core.kinds import Library, loaded_kinds

METHODS = {"copy": "clone", "write": "put"}
"""Methods of the contract that do the work of an operation."""


@contextlib.contextmanager
def kernels_used(library: Library) -> Iterator[set[str]]:
    """The names of the operations whose kernels of one backend are used in a ``with`` block, in place or not.

    Kernels are looked up once and kept in tables. So the tables are emptied, and what is looked up again is noted.
    """
    names: set[str] = set()

    def finding(find: Callable[..., Any]) -> Callable[..., Any]:
        def noting(asked: Library, name: str) -> Any:
            if asked is library:
                names.add(name.removesuffix("_"))
            return find(asked, name)

        return noting

    def calling(method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def noting(*arguments: Any) -> Any:
            names.add(name)
            return method(*arguments)

        return noting

    _empty_tables(library)
    backend = library.backend
    with contextlib.ExitStack() as stack:
        # A class with slots takes no attributes of its instances' own.
        stack.enter_context(_replaced(Library, "find", finding(Library.find)))
        for method, name in METHODS.items():
            stack.enter_context(_replaced(backend, method, calling(getattr(backend, method), name)))
        yield names


def _empty_tables(library: Library) -> None:
    for kind in loaded_kinds():
        if kind.library is library:
            kind.table.clear()
    ops = vars(library.ops)
    for name in [name for name, value in ops.items() if value is not library]:
        del ops[name]


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Another attribute of an object for a while."""
    own = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        # What an object has from its class is found there again.
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
