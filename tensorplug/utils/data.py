"""PyTorch's `torch.utils.data`: datasets, samplers, and batches of them."""

import typing as _typing

from ..nn import data as _data
from ..nn import samplers as _samplers
from ..nn.data import *
from ..nn.samplers import *

if not _typing.TYPE_CHECKING:
    __all__ = _data.__all__ + _samplers.__all__
