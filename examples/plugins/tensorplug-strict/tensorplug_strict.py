"""array-api-strict as a backend: the array API standard and nothing else, computed by NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorplug.backends import Backend, hookimpl


class Strict(Backend):
    """array-api-strict, whose namespace follows the standard, so that the contract's defaults are enough."""

    name = "strict"
    contract = 1
    distribution = "array-api-strict"
    install = "pip install array-api-strict"

    def load(self) -> Any:
        """Import array-api-strict."""
        import array_api_strict

        return array_api_strict


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Strict()
