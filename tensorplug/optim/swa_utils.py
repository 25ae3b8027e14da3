"""PyTorch's `torch.optim.swa_utils`: averages of a model's parameters over training."""

import typing as _typing

from ..nn.optim import swa_utils as _swa_utils
from ..nn.optim.swa_utils import *

if not _typing.TYPE_CHECKING:
    __all__ = _swa_utils.__all__
