"""PyTorch's `torch.optim.lr_scheduler`: schedules of the learning rate."""

from ..nn.optim.lr_scheduler import *
from ..nn.optim.lr_scheduler import __all__ as __all__
