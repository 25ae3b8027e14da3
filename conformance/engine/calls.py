"""Which operations' kernels a block of code uses."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Iterator
from typing import Any

from tensorplug.core.dispatch.keys import Library, loaded_keys

from .wrapping import wrapped

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

    def calling(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any) -> Any:
            names.add(name)
            return method(*arguments)

        return noting

    empty_kernel_tables([library])
    backend = library.backend
    with contextlib.ExitStack() as stack:
        # A class with slots takes no attributes of its instances' own.
        stack.enter_context(wrapped(Library, "find", finding))
        for method, name in METHODS.items():
            stack.enter_context(wrapped(backend, method, functools.partial(calling, name)))
        yield names


def kernel_tables(libraries: Collection[Library]) -> list[dict[str, Any]]:
    """The tables in which kernels of some backends are kept once they were looked up."""
    return [
        *(vars(library.ops) for library in libraries),
        *(key.table for key in loaded_keys() if key.library in libraries),
    ]


def empty_kernel_tables(libraries: Collection[Library]) -> None:
    """Let the kernels of some backends be looked up anew."""
    for table in kernel_tables(libraries):
        for name in list(table):
            # A backend's operations know it.
            if not isinstance(table[name], Library):
                del table[name]
