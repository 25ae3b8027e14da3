"""Whether SciPy is installed: kernels that need it are left out otherwise."""

from __future__ import annotations

import importlib.util

HAS_SCIPY = importlib.util.find_spec("scipy") is not None
