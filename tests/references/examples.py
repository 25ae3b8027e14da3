"""Writes examples.json: loss curves of the example networks under PyTorch's imports.

Run it with PyTorch 2.13 and scikit-learn installed.
"""

from __future__ import annotations

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from curves import PROGRAMS, curve


def main() -> None:
    stored = {name: curve(name, "torch", "cpu") for name in PROGRAMS}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
