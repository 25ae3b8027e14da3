"""Loaded backends, and the entries of the list of all backends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .contract import Backend, Kernel


class Loaded(NamedTuple):
    """A loaded backend: its namespace, kernels, devices and dtypes.

    Attributes
    ----------
    name : str
    backend : Backend
    namespace
        Its array API namespace.
    kernels : dict of str to Kernel
        Kernels by operation: other plugins' in front of the backend's own.
    devices : dict
        The library's devices by name, the default one first.
    dtypes : dict
        The library's dtypes by Tensorplug's names.
    sources : dict of str to str
        The plugin that supplied a kernel, for kernels that are not the backend's own.
    plugin : str or None
        The plugin that supplied the backend; None if it is built in.
    """

    name: str
    backend: Backend
    namespace: Any
    kernels: dict[str, Kernel]
    devices: dict[str, Any]
    dtypes: dict[str, Any]
    sources: dict[str, str]
    plugin: str | None = None

    def plugin_of(self, operation: str) -> str | None:
        """The plugin that supplied the kernel of an operation; None if it is built in or the namespace's function."""
        return self.sources.get(operation) or (self.plugin if operation in self.kernels else None)

    def find(self, operation: str) -> Kernel | None:
        """Look up the function that computes an operation: a kernel, else the namespace's function, else None.

        A dotted name such as ``"linalg.qr"`` is looked up in the namespace's extension.
        """
        if operation in self.kernels:
            return self.kernels[operation]
        return self.backend.standard_kernel(operation)


class Entry(NamedTuple):
    """One line of `listing`.

    Attributes
    ----------
    name : str
        The backend's name, or that of a plugin that was set aside.
    distribution, version : str or None
        The distribution package of the backend's library, or of the plugin.
    devices : sequence of str
    status : str
        ``"available"``, ``"unavailable"`` or ``"set aside"``.
    reason : str
        Why it cannot be used, with the command that would install it. For a backend that is available, the kernels
        that other plugins gave it, if any.
    """

    name: str
    distribution: str | None = None
    version: str | None = None
    devices: Sequence[str] = ()
    status: str = "available"
    reason: str = ""
