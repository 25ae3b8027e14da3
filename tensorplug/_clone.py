"""Makes a clone of the repository a working package, in which the sub-packages stand beside ``tensorplug/``.

Imported before all else. In a wheel, where they stand inside, it does nothing.
"""

from __future__ import annotations

import os.path
import sys

_folder = os.path.dirname(__file__)

if not os.path.exists(os.path.join(_folder, "core")):
    assert __package__
    # Found before anything that an installation adds, so that no module of another copy is mixed in.
    sys.modules[__package__].__path__.append(os.path.dirname(_folder))
    # That folder holds the front door, too, which must not be imported twice.
    sys.modules[f"{__package__}.tensorplug"] = None  # type: ignore[assignment]
    try:
        import numpy  # noqa: F401
        import pluggy  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error}; Tensorplug was found in the clone {os.path.dirname(_folder)!r} and is not installed: "
            "pip install . in that folder brings what it needs",
            name=error.name,
        ) from None
