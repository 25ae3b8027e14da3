"""PyTorch's `torch.optim`: optimisers, whose steps are written in place, and `lr_scheduler`."""

from ..nn.optim import LBFGS as LBFGS
from ..nn.optim import SGD as SGD
from ..nn.optim import Adagrad as Adagrad
from ..nn.optim import Adam as Adam
from ..nn.optim import AdamW as AdamW
from ..nn.optim import Optimizer as Optimizer
from ..nn.optim import RMSprop as RMSprop
from . import lr_scheduler as lr_scheduler

__all__ = ["LBFGS", "SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
