"""Optional dependencies: check whether they are installed, and name the extra that installs them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

DISTRIBUTIONS: Final = {"sklearn": "scikit-learn"}
"""Distributions by module, where the names differ."""


def install_command(extra: str) -> str:
    """The command that installs an extra.

    Examples
    --------
    >>> install_command("jax")
    'pip install ".[jax]" in a clone of Tensorplug'
    """
    # Once there is a distribution on PyPI: f'pip install "tensorplug[{extra}]"'.
    return f'pip install ".[{extra}]" in a clone of Tensorplug'


def require(what: str, extra: str, *modules: str) -> None:
    """Raise ModuleNotFoundError unless the modules of an extra are installed.

    Parameters
    ----------
    what : str
        What needs the modules, for the message.
    extra : str
    *modules : str

    Raises
    ------
    ModuleNotFoundError
        With one line that names the missing modules and the extra.
    """
    missing = [module for module in modules if not _is_installed(module)]
    if missing:
        names = ", ".join(DISTRIBUTIONS.get(module, module) for module in missing)
        raise ModuleNotFoundError(
            f"{what} needs {names}, not installed here; to install it: {install_command(extra)}", name=missing[0]
        )


def _is_installed(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return find_spec(module) is not None
