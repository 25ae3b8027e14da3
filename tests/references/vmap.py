"""Writes vmap.json: what PyTorch makes of the programs of `vmap_programs.py`.

Run it with PyTorch 2.13 installed.
"""

from __future__ import annotations

import json
import pathlib
import sys

import numpy
import torch
from torch.utils import _pytree

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from vmap_programs import PROGRAMS


def make(data: numpy.ndarray) -> torch.Tensor:
    """A tensor of its own memory."""
    return torch.tensor(data)


if __name__ == "__main__":
    answers = {
        name: [leaf.detach().tolist() for leaf in _pytree.tree_leaves(function(torch, make))]
        for name, function in PROGRAMS.items()
    }
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(answers) + "\n")
    print(f"{len(answers)} programs")
