"""Writes module_programs.json: what PyTorch gives for the programs in `module_programs`.

Run it with PyTorch 2.13 installed.
"""

from __future__ import annotations

import json
import pathlib
import sys
import warnings

import torch
import torch.nn.utils.prune  # PyTorch does not import it itself.
import torch.optim.swa_utils

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from module_programs import PROGRAMS, plain

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    lines = (f"{json.dumps(name)}:{json.dumps(plain(run(torch)))}" for name, run in PROGRAMS.items())
    pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
