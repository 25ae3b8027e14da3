"""Optional dependencies: whether they are installed, and what installs them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

DISTRIBUTIONS: Final = {"sklearn": "scikit-learn"}
"""Distributions of modules that have another name."""


def install(extra: str) -> str:
    """The command that installs an extra.

    Examples
    --------
    >>> install("jax")
    'pip install ".[jax]" in a clone of Tensorplug'
    """
    # Once there is a distribution on PyPI: f'pip install "tensorplug[{extra}]"'.
    return f'pip install ".[{extra}]" in a clone of Tensorplug'


def require(what: str, extra: str, *modules: str) -> None:
    """Refuse to go on without the modules of an extra.

    Parameters
    ----------
    what : str
        What needs them.
    extra : str
    *modules : str

    Raises
    ------
    ModuleNotFoundError
        If some are not installed, with one line that names them and the extra.
    """
    missing = [module for module in modules if not _is_there(module)]
    if missing:
        names = ", ".join(DISTRIBUTIONS.get(module, module) for module in missing)
        raise ModuleNotFoundError(
            f"{what} needs {names}, not installed here; to install it: {install(extra)}", name=missing[0]
        )


def _is_there(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return find_spec(module) is not None
