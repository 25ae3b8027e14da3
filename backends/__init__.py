"""Backends: the contract with their plugins, the hooks, and the manager that finds and loads them."""

from .common.casts import convert
from .common.devices import device_of
from .common.loops import scan
from .common.philox import random_words
from .contract import (
    CONTRACT_VERSION,
    Backend,
    BackendUnavailable,
    ByKind,
    Kernel,
    PartialKernel,
    Region,
    Span,
)
from .hookspecs import hookimpl, hookspec
from .loaded import Entry, Loaded
from .manager import (
    forgetters,
    keep_compiled,
    listing,
    load,
    names,
    register,
    unregister,
)

__all__ = [
    "CONTRACT_VERSION",
    "Backend",
    "BackendUnavailable",
    "ByKind",
    "Entry",
    "Kernel",
    "Loaded",
    "PartialKernel",
    "Region",
    "Span",
    "convert",
    "device_of",
    "forgetters",
    "hookimpl",
    "hookspec",
    "keep_compiled",
    "listing",
    "load",
    "names",
    "random_words",
    "register",
    "scan",
    "unregister",
]
