"""The plugin manager: finds plugins, sets broken ones aside, and loads a backend at its first use.

pluggy registers the plugins, checks their hooks against the specifications and orders them. The hooks are called one
plugin at a time, because a plugin that raises would end a common call.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import pluggy

from . import hookspecs
from .admission import (
    FAILURES,
    Conflict,
    Refused,
    backends_of,
    check_backend,
    check_contract,
    check_namespace,
    describe,
    hooks_of,
    kernels_of,
)
from .contract import Backend, BackendUnavailable, Kernel
from .loaded import Entry, Loaded

BUILT_IN = ("numpy", "cupy", "jax")
"""Folders beside this file with a plugin each, in the order in which their backends are preferred."""


CACHE_VARIABLE = "TENSORPLUG_CACHE"
"""The environment variable with the folder of `keep_compiled`, or 1 for the default one."""


def _folder_of(given: str) -> str:
    if given != "1":
        return os.path.abspath(os.path.expanduser(given)) if given not in ("", "0") else ""
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "tensorplug")


class _Origin(NamedTuple):
    """Where a plugin comes from."""

    name: str
    distribution: str | None = None
    version: str | None = None
    built_in: bool = False

    def __str__(self) -> str:
        return f"{self.name!r} of {self.distribution} {self.version}" if self.distribution else repr(self.name)


class _Supplied(NamedTuple):
    """A backend and the plugin that supplied it."""

    backend: Backend
    plugin: object
    origin: _Origin


class Manager:
    """The plugins of this process. The functions of this module are the methods of its only instance."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._pending: deque[tuple[_Origin, Callable[[], object]]] = deque(_built_in())
        self._scanned = False
        self._origins: dict[str, _Origin] = {}
        self._supplied: dict[str, _Supplied] = {}
        self._loaded: dict[str, Loaded] = {}
        self._failed: dict[str, tuple[type[RuntimeError], str]] = {}
        self._aside: list[Entry] = []
        self._cache_folder = _folder_of(os.environ.get(CACHE_VARIABLE, ""))
        self.forgetters: list[Callable[[str], None]] = []

    def load(self, name: str) -> Loaded:
        """Return the backend of that name; load it at its first use.

        Raises
        ------
        ValueError
            If no plugin supplies such a backend. The message lists the names that exist.
        BackendUnavailable
            If its library is missing or does not work here. It is tried once; the outcome is remembered.
        RuntimeError
            If two plugins give a kernel for one of its operations and are not ordered.
        """
        if (loaded := self._loaded.get(name)) is not None:
            return loaded
        with self._lock:
            self._discover()
            if name not in self._supplied:
                aside = "".join(f"; {entry.name!r} was set aside: {entry.reason}" for entry in self._aside)
                raise ValueError(f"unknown backend {name!r}; known are {', '.join(self.names())}{aside}")
            cause: BaseException | None = None
            if name not in self._loaded and name not in self._failed:
                try:
                    self._loaded[name] = self._load(self._supplied[name])
                except FAILURES as error:
                    cause = None if isinstance(error, Conflict) else error
                    self._failed[name] = _failure(self._supplied[name].backend, error)
            if name in self._failed:
                kind, reason = self._failed[name]
                raise kind(f"backend {name!r} is unavailable: {reason}") from cause
            return self._loaded[name]

    def keep_compiled(self, folder: str | os.PathLike[str] | None = None) -> str:
        """Keep what backends compile in a folder, so that later processes need not compile it again.

        JAX compiles each operation for each shape, in some 50 ms; a program that ran before finds them all. With the
        variable ``TENSORPLUG_CACHE`` set to a folder, or to ``1`` for the default one, no call is needed. Processes may
        share a folder, and it may be deleted at any time.

        Parameters
        ----------
        folder : path, optional
            By default ``tensorplug`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.

        Returns
        -------
        str
            The folder.

        Examples
        --------
        >>> import tempfile
        >>> from tensorplug.backends import keep_compiled
        >>> with tempfile.TemporaryDirectory() as folder:  # or keep_compiled() for the default one
        ...     keep_compiled(folder) == folder
        True
        """
        with self._lock:
            self._cache_folder = _folder_of("1" if folder is None else os.fspath(folder))
            for loaded in self._loaded.values():
                loaded.backend.keep_compiled(self._cache_folder)
            return self._cache_folder

    def names(self) -> list[str]:
        """The names of all backends, available or not: the built-in ones first, then the others sorted."""
        with self._lock:
            self._discover()
            return sorted(self._supplied, key=lambda name: "" if self._supplied[name].origin.built_in else name)

    def listing(self) -> list[Entry]:
        """List all backends, and after them the plugins that were set aside, with the reasons.

        Each backend is loaded, to find out whether it is available.
        """
        with self._lock:
            return [self._entry(name) for name in self.names()] + self._aside

    def register(self, plugin: object) -> None:
        """Register a plugin: a module or object with functions that are marked `hookimpl`.

        Its kernels reach backends that are loaded afterwards; it is refused if it has kernels for a loaded one.

        Raises
        ------
        ValueError
            If the plugin is refused, with the reason. Nothing of it stays registered.
        """
        with self._lock:
            self._admit_pending()
            origin = _Origin(getattr(plugin, "__name__", None) or repr(plugin))
            try:
                self._admit(plugin, origin, strict=True)
            except FAILURES as error:
                raise ValueError(f"cannot register plugin {origin}: {describe(error)}") from error
            self._failed.clear()

    def unregister(self, plugin: object) -> None:
        """Unregister a plugin and its backends. Kernels that it gave to a loaded backend stay in use there.

        Tensors of its backends keep working, on devices that are no longer found by name. A backend that is registered
        later under the same name has devices of its own.

        Raises
        ------
        ValueError
            If the plugin is not registered.
        """
        with self._lock:
            if not self._pluggy.is_registered(plugin):
                raise ValueError(f"plugin {plugin!r} is not registered")
            del self._origins[str(self._pluggy.get_name(plugin))]
            self._pluggy.unregister(plugin)
            for name in [name for name, supplied in self._supplied.items() if supplied.plugin is plugin]:
                del self._supplied[name]
                if self._loaded.pop(name, None) is not None:
                    for forget in self.forgetters:
                        forget(name)
            self._failed.clear()

    def _discover(self) -> None:
        """Find all plugins at the first call. Entry points are scanned here only."""
        if not self._scanned:
            self._scanned = True
            try:
                self._pending.extend(_installed())
            except Exception as error:
                self._set_aside(_Origin("entry points"), error)
        self._admit_pending()

    def _admit_pending(self) -> None:
        # Popped first: importing a plugin may use a backend, which enters this loop again.
        while self._pending:
            origin, find = self._pending.popleft()
            try:
                self._admit(find(), origin)
            except FAILURES as error:
                self._set_aside(origin, error)
            except BaseException:
                self._pending.appendleft((origin, find))
                raise

    def _admit(self, plugin: object, origin: _Origin, strict: bool = False) -> None:
        """Register a plugin and its backends; if strict, all of them or none."""
        check_contract(plugin)
        if self._pluggy.is_registered(plugin) or self._pluggy.has_plugin(str(origin)):
            raise Refused("it is registered already")
        accepted: dict[str, _Supplied] = {}
        refused: list[tuple[str, Refused]] = []
        taken = {name: "" if one.origin.built_in else str(one.origin) for name, one in self._supplied.items()}
        try:
            self._pluggy.register(plugin, name=str(origin))
            hooks = hooks_of(plugin, self._pluggy)
            for given in [given for hook in hooks["tensorplug_backends"] for given in backends_of(hook)]:
                try:
                    backend = check_backend(given, taken)
                    accepted[backend.name] = _Supplied(backend, plugin, origin)
                    taken[backend.name] = str(origin)
                except Refused as error:
                    if strict:
                        raise
                    refused.append((str(getattr(given, "name", origin.name)), error))
            for loaded in self._loaded.values():
                if any(kernels_of(hook, loaded.backend) for hook in hooks["tensorplug_kernels"]):
                    raise Refused(f"it has kernels for backend {loaded.name!r}, which is in use; register it earlier")
        except BaseException:
            self._pluggy.unregister(name=str(origin))
            raise
        self._origins[str(origin)] = origin
        self._supplied |= accepted
        for name, refusal in refused:
            self._set_aside(origin, refusal, name)

    def _load(self, supplied: _Supplied) -> Loaded:
        backend = supplied.backend
        namespace = backend.load()
        check_namespace(namespace)
        backend.namespace = namespace
        if self._cache_folder:
            backend.keep_compiled(self._cache_folder)
        devices, dtypes = dict(backend.devices()), dict(backend.dtypes())
        if not devices:
            raise Refused("it has no device")
        kernels, sources = self._collect(supplied)
        own, plugin = dict(backend.kernels()), None if supplied.origin.built_in else str(supplied.origin)
        return Loaded(backend.name, backend, namespace, own | kernels, devices, dtypes, sources, plugin)

    def _collect(self, supplied: _Supplied) -> tuple[dict[str, Kernel], dict[str, str]]:
        """The kernels that plugins supply for a backend, and the plugin of each."""
        kernels: dict[str, Kernel] = {}
        sources: dict[str, tuple[int, str]] = {}
        for hook in reversed(self._pluggy.hook.tensorplug_kernels.get_hookimpls()):
            rank = 3 if hook.plugin is supplied.plugin else 0 if hook.tryfirst else 2 if hook.trylast else 1
            try:
                given = kernels_of(hook, supplied.backend)
            except Refused as error:
                self._set_aside(self._origins[hook.plugin_name], error)
                continue
            for operation, kernel in given.items():
                best, other = sources.get(operation, (4, ""))
                if rank == best:
                    raise Conflict(
                        f"plugins {other} and {hook.plugin_name} both have a kernel for {operation!r}; uninstall one, "
                        "or order them with @hookimpl(tryfirst=True) or @hookimpl(trylast=True)"
                    )
                if rank < best:
                    kernels[operation], sources[operation] = kernel, (rank, hook.plugin_name)
        return kernels, {operation: plugin for operation, (_, plugin) in sources.items()}

    def _entry(self, name: str) -> Entry:
        backend, origin = self._supplied[name].backend, self._supplied[name].origin
        distribution, version = origin.distribution, origin.version
        if backend.distribution:
            distribution, version = backend.distribution, _version(backend.distribution)
        try:
            loaded = self.load(name)
        except RuntimeError:
            return Entry(name, distribution, version, [], "unavailable", self._failed[name][1])
        replaced: dict[str, list[str]] = {}
        for operation, plugin in loaded.sources.items():
            replaced.setdefault(plugin, []).append(operation)
        reason = "; ".join(f"kernels of plugin {plugin}: {', '.join(replaced[plugin])}" for plugin in replaced)
        return Entry(name, distribution, version, list(loaded.devices), "available", reason)

    def _set_aside(self, origin: _Origin, error: BaseException, name: str | None = None) -> None:
        reason = describe(error)
        entry = Entry(name or origin.name, origin.distribution, origin.version, [], "set aside", reason)
        if entry not in self._aside:
            self._aside.append(entry)


def _built_in() -> Iterator[tuple[_Origin, Callable[[], object]]]:
    for name in BUILT_IN:
        yield _Origin(name, built_in=True), partial(importlib.import_module, f".{name}.plugin", __package__)


def _installed() -> list[tuple[_Origin, Callable[[], object]]]:
    import importlib.metadata

    found: list[tuple[_Origin, Callable[[], object]]] = []
    for point in importlib.metadata.entry_points(group=hookspecs.PROJECT):
        distribution = (point.dist.name, point.dist.version) if point.dist else ()
        found.append((_Origin(point.name, *distribution), point.load))
    return found


def _version(distribution: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _failure(backend: Backend, error: BaseException) -> tuple[type[RuntimeError], str]:
    """The type of the error that loading the backend raises from now on, and the reason."""
    reason = describe(error)
    if isinstance(error, Conflict):
        return RuntimeError, reason
    return BackendUnavailable, f"{reason}; to install it: {backend.install}" if backend.install else reason


_manager = Manager()
keep_compiled = _manager.keep_compiled
load = _manager.load
names = _manager.names
listing = _manager.listing
register = _manager.register
unregister = _manager.unregister
forgetters = _manager.forgetters
"""Callbacks with the name of a loaded backend that is unregistered, which clear caches by that name."""
