"""The hook specifications for plugins: `tensorplug_backends` and `tensorplug_kernels`.

A plugin is a module, or any object, with functions that are marked `hookimpl` and named as the hooks below. It takes
part in one of two ways:

- **Installed**: its distribution names it in the entry-point group ``tensorplug``. In its ``pyproject.toml``::

      [project.entry-points.tensorplug]
      mine = "tensorplug_mine"

  Nothing else is needed: the plugin is found at the first use of any backend.
- **In the process**: `tensorplug.backends.register` is given the module or object.

Plugins are loaded and called one by one, each by itself. One that raises (or calls ``sys.exit``) is set aside: it does
not take part, ``tensorplug backends`` shows its reason, and everything else works. So are plugins that were written
for a newer version of the contract, that have a hook which Tensorplug does not know, or that have none at all.

Both hooks are plain calls: a plugin gets nothing from the results of others, so hook wrappers are refused. Declare as
few of a hook's parameters as you need; more may be added to a hook without breaking the plugins that exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pluggy

from .contract import Backend, Kernel

PROJECT = "tensorplug"
"""The project name of the markers, which is also the group of the entry points."""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks a function as the specification of a hook; used in this module only."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook whose name it has."""


@hookspec
def tensorplug_backends() -> Iterable[Backend]:  # type: ignore[empty-body]
    """Supply backends.

    Called once, when backends are first looked for, and so in every program that uses Tensorplug, whichever backend it
    uses: it must be quick and must not import the array library. `Backend.load` does that, at the backend's first use.

    Returns
    -------
    iterable of Backend
        Instances, not classes; usually the hook is a generator function. Of two backends with one name the first
        stays, built-in ones before all others, and the later one is set aside.

    Examples
    --------
    >>> from tensorplug.backends import Backend, hookimpl
    >>> class Strict(Backend):
    ...     name = "strict"
    ...     contract = 1
    ...     distribution = "array-api-strict"
    ...     install = "pip install array-api-strict"
    ...
    ...     def load(self):
    ...         import array_api_strict
    ...
    ...         return array_api_strict
    >>> @hookimpl
    ... def tensorplug_backends():
    ...     yield Strict()
    """


@hookspec
def tensorplug_kernels(backend: Backend) -> Mapping[str, Kernel] | None:
    """Add or replace kernels of a backend, whoever supplied it.

    Called once for every backend that is loaded, at its first use. The kernels stand before the backend's own and
    before its namespace, and must keep what `Backend.kernels` demands of a kernel.

    Two plugins that give a kernel for the same operation of one backend are an error when the backend is loaded,
    unless they are ordered: ``@hookimpl(tryfirst=True)`` wins over a plain ``@hookimpl``, and that over
    ``@hookimpl(trylast=True)``. The plugin that supplied the backend never conflicts: its kernels come last.

    Parameters
    ----------
    backend : Backend
        A backend that has just been loaded: ``backend.namespace`` is set. Leave it as it is.

    Returns
    -------
    mapping of str to Kernel, or None
        Kernels by the name of their operation, as in `Backend.kernels`. None or an empty mapping if the plugin has
        none for that backend.

    Examples
    --------
    >>> @hookimpl
    ... def tensorplug_kernels(backend):
    ...     if backend.name == "numpy":
    ...         return {"expm1": lambda x: backend.namespace.expm1(x)}
    """
