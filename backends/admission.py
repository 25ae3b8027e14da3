"""Validation of plugins and their backends, with the reasons for which one is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pluggy import HookImpl, PluginManager

from .contract import (
    CONTRACT_VERSION,
    DTYPE_NAMES,
    Backend,
    BackendUnavailable,
    Kernel,
)

FAILURES = (Exception, SystemExit)
"""Exceptions of plugins that do not end the program."""

NAME = re.compile("[a-z][a-z0-9_]*")
RESERVED = frozenset(("cpu", "cuda", *DTYPE_NAMES))
"""Names that ``x.to("...")`` reads as a device or a dtype."""

REQUIRED = ("__array_namespace_info__", "asarray", "empty")
"""Functions of the namespace that the defaults of `Backend` need."""


class Refused(ValueError):
    """A plugin or a backend cannot be used; the message is the whole reason."""


class Conflict(RuntimeError):
    """Two plugins give a kernel for one operation."""


def describe(error: BaseException) -> str:
    """An error as a reason in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    if text and isinstance(error, (Refused, Conflict, BackendUnavailable, ImportError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def check_contract(declaring: object) -> None:
    """Raise `Refused` if a plugin or a backend was written for a newer contract."""
    contract = getattr(declaring, "contract", CONTRACT_VERSION)
    if isinstance(contract, int) and contract > CONTRACT_VERSION:
        raise Refused(
            f"it needs version {contract} of the backend contract, and this Tensorplug has {CONTRACT_VERSION}; "
            "upgrade tensorplug"
        )


def check_backend(backend: object, taken: Mapping[str, str]) -> Backend:
    """Return the backend; raise `Refused` if it is none, or has a name that is invalid or taken by another plugin's."""
    if not isinstance(backend, Backend):
        raise Refused(f"tensorplug_backends gave {backend!r}, which is no instance of Backend")
    check_contract(backend)
    name = getattr(backend, "name", None)
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise Refused(
            f"{name!r} cannot name a backend: lower-case letters, digits and underscores can, a letter first, "
            "unless it names a device or a dtype"
        )
    if name in taken:
        of_plugin = f", of plugin {taken[name]}" if taken[name] else ""
        raise Refused(f"there is another backend {name!r}{of_plugin}, which came first")
    return backend


def check_namespace(namespace: object) -> None:
    """Raise `Refused` if a namespace lacks functions of the array API that are always needed."""
    if missing := [name for name in REQUIRED if not hasattr(namespace, name)]:
        raise Refused(f"its load() returned {namespace!r}, which lacks {', '.join(missing)} of the array API")


def hooks_of(plugin: object, plugins: PluginManager) -> dict[str, list[HookImpl]]:
    """The hook implementations of a registered plugin, by the name of the hook."""
    found: dict[str, list[HookImpl]] = {"tensorplug_backends": [], "tensorplug_kernels": []}
    for caller in plugins.get_hookcallers(plugin) or ():
        for hook in caller.get_hookimpls():
            if hook.plugin is not plugin:
                continue
            if hook.wrapper or hook.hookwrapper:
                raise Refused(f"its {caller.name} is a hook wrapper, and these hooks take none")
            if caller.name in found:
                found[caller.name].append(hook)
            elif not hook.optionalhook:
                raise Refused(f"it implements {caller.name!r}; the hooks are {' and '.join(found)}")
    if not any(found.values()):
        raise Refused(f"it has no hooks: mark {' or '.join(found)} with tensorplug.backends.hookimpl")
    return found


def backends_of(hook: HookImpl) -> list[object]:
    """The backends that a plugin supplies, unchecked."""
    return list(_call(hook) or ())


def kernels_of(hook: HookImpl, backend: Backend) -> dict[str, Kernel]:
    """The kernels that a plugin supplies for a backend."""
    try:
        given = dict(_call(hook, backend=backend) or {})
    except FAILURES as error:
        raise Refused(f"its kernels for backend {backend.name!r}: {describe(error)}") from error
    if wrong := [operation for operation, kernel in given.items() if not callable(kernel)]:
        raise Refused(f"its kernels for backend {backend.name!r}: {wrong} cannot be called")
    return given


def _call(hook: HookImpl, **arguments: Any) -> Any:
    return hook.function(*(arguments[name] for name in hook.argnames))
