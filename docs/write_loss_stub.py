"""Write ``losses/loss.pyi``: the signatures of the classes of losses, for type checkers and editors.

Their signatures come from functions at runtime, which type checkers cannot see.
"""

from __future__ import annotations

import inspect
import pathlib
import re
from collections.abc import Iterable

from tensorplug.losses import loss

STUB = pathlib.Path(__file__).resolve().parents[1] / "losses" / "loss.pyi"

HEADER = """# Written by docs/write_loss_stub.py, which `make docs` runs.
from typing import Any

from ..core.memory.tensor import Tensor
from .distance import Distance

__all__ = {names}

class Loss:
    def forward(self, *tensors: Any, **named: Any) -> Tensor: ...
    def __call__(self, *tensors: Any, **named: Any) -> Tensor: ...
"""

CLASS = """
class {name}(Loss):
    def __init__({options}) -> None: ...
    def forward({tensors}) -> Tensor: ...
    def __call__({tensors}) -> Tensor: ...
"""


def stub() -> str:
    """The text of the stub."""
    written = [HEADER.format(names=loss.__all__)]
    for name in loss.__all__:
        found = getattr(loss, name)
        options = inspect.signature(found.__init__).parameters
        given = inspect.signature(found._function).parameters.values()
        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        tensors = [own, *(one for one in given if one.default is one.empty)]
        written.append(CLASS.format(name=name, options=_listed(options.values()), tensors=_listed(tensors)))
        attributes = [one for one in options.values() if one.name != "self"]
        written += [f"    {one.name}: {one.annotation}\n" for one in attributes]
    return "".join(written)


def _listed(parameters: Iterable[inspect.Parameter]) -> str:
    """Parameters as in the source of a definition."""
    listed = inspect.Signature([one.replace(kind=max(one.kind, one.POSITIONAL_OR_KEYWORD)) for one in parameters])
    return re.sub(r": '([^']*)'", r": \1", str(listed))[1:-1]


if __name__ == "__main__":
    STUB.write_text(stub())
