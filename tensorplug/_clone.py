"""Let a clone of the repository be imported, though its sub-packages are beside ``tensorplug/`` and not inside.

Imported first. In a wheel, where they are inside, it does nothing.
"""

from __future__ import annotations

import os.path
import sys

_folder = os.path.dirname(__file__)

if not os.path.exists(os.path.join(_folder, "core")):
    assert __package__
    # Searched before the paths of an installation, so that no module of another copy is imported.
    sys.modules[__package__].__path__.append(os.path.dirname(_folder))
    # That folder has this package too, which must not be imported twice.
    sys.modules[f"{__package__}.tensorplug"] = None  # type: ignore[assignment]
    try:
        import numpy  # noqa: F401
        import pluggy  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error}; Tensorplug was found in the clone {os.path.dirname(_folder)!r} and is not installed: "
            "pip install . in that folder installs its dependencies",
            name=error.name,
        ) from None
