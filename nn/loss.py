"""The losses as modules, whose weights are buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import losses
from ..core import Tensor
from ..losses import loss as _classes
from .module import Module

if TYPE_CHECKING:
    from ..losses.loss import *
else:
    __all__ = list(_classes.__all__)


class _LossModule(Module):
    """What losses have of modules."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Tensor) and name not in self._buffers:
            self.register_buffer(name, value)
        else:
            super().__setattr__(name, value)


for _name in _classes.__all__:
    _base = getattr(losses, _name)
    globals()[_name] = type(_name, (_base, _LossModule), {"__doc__": _base.__doc__, "__module__": __name__})
