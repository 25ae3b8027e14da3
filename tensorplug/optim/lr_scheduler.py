"""PyTorch's `torch.optim.lr_scheduler`: schedules of the learning rate."""

import typing as _typing

from ..nn.optim import cyclic_schedules as _cyclic_schedules
from ..nn.optim import lr_scheduler as _schedules
from ..nn.optim.cyclic_schedules import *
from ..nn.optim.lr_scheduler import *

if not _typing.TYPE_CHECKING:
    __all__ = _schedules.__all__ + _cyclic_schedules.__all__
