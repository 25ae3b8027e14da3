"""Writes tutorial.json: what PyTorch makes of the calls in `surface`.

Run it with PyTorch 2.13 installed.
"""

from __future__ import annotations

import json
import pathlib
import sys
import warnings

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from surface import CALLS, run


def main() -> None:
    warnings.simplefilter("ignore")
    outcomes = {name: run(call, torch) for name, call in CALLS.items()}
    lines = (f"{json.dumps(name)}:{json.dumps(found, separators=(',', ':'))}" for name, found in outcomes.items())
    pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
