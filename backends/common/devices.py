"""The device of an array, also of libraries whose arrays do not tell it."""

from __future__ import annotations

from typing import Any


def device_of(array: Any) -> Any:
    """The library's device object that holds an array; None while JAX traces it."""
    found = getattr(array, "device", None)
    if found is not None:
        return found
    # Dask's arrays have no such attribute.
    import array_api_compat

    return array_api_compat.device(array)
