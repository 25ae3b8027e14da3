"""Find the operations whose kernels a block of code uses."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Iterator
from typing import Any

from tensorplug.core.dispatch.keys import Library, loaded_keys

from .wrapping import wrapped

METHODS = {"copy": "clone", "write": "put"}
"""Methods of the contract that compute an operation."""


@contextlib.contextmanager
def kernels_used(library: Library) -> Iterator[set[str]]:
    """A context manager that collects the operations whose kernels of a backend are used, in place or not.

    Kernels are looked up once and kept in tables, so the tables are emptied and lookups are recorded.
    """
    names: set[str] = set()

    def finding(find: Callable[..., Any]) -> Callable[..., Any]:
        def noting(asked: Library, name: str) -> Any:
            if asked is library:
                names.add(name.removesuffix("_"))
            return find(asked, name)

        return noting

    def calling(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any) -> Any:
            names.add(name)
            return method(*arguments)

        return noting

    empty_kernel_tables([library])
    backend = library.backend
    with contextlib.ExitStack() as stack:
        # The class has slots, so instances take no further attributes.
        stack.enter_context(wrapped(Library, "find", finding))
        for method, name in METHODS.items():
            stack.enter_context(wrapped(backend, method, functools.partial(calling, name)))
        yield names


def kernel_tables(libraries: Collection[Library]) -> list[dict[str, Any]]:
    """The tables that keep looked-up kernels of some backends."""
    return [
        *(vars(library.ops) for library in libraries),
        *(key.table for key in loaded_keys() if key.library in libraries),
    ]


def empty_kernel_tables(libraries: Collection[Library]) -> None:
    """Empty the tables, so that kernels of some backends are looked up again."""
    for table in kernel_tables(libraries):
        for name in list(table):
            # A backend's operations know it.
            if not isinstance(table[name], Library):
                del table[name]
