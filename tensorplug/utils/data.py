"""PyTorch's `torch.utils.data`: datasets, and batches of them."""

from ..nn.data import *
from ..nn.data import __all__ as __all__
