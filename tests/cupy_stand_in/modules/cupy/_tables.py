"""What `build.py` read from an installed CuPy, and compiled."""

from __future__ import annotations

import ctypes
import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["CUPY_STAND_IN"])
"""Where `build.py` wrote to."""

DESCRIPTION: dict[str, Any] = json.loads((FOLDER / "cupy.json").read_text())
LOOPS = ctypes.CDLL(str(FOLDER / "loops.so"))
