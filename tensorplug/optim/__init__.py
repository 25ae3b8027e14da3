"""PyTorch's `torch.optim`: optimisers, whose steps are written in place, and `lr_scheduler`."""

from ..nn.optim import ASGD as ASGD
from ..nn.optim import LBFGS as LBFGS
from ..nn.optim import SGD as SGD
from ..nn.optim import Adadelta as Adadelta
from ..nn.optim import Adagrad as Adagrad
from ..nn.optim import Adam as Adam
from ..nn.optim import Adamax as Adamax
from ..nn.optim import AdamW as AdamW
from ..nn.optim import NAdam as NAdam
from ..nn.optim import Optimizer as Optimizer
from ..nn.optim import RAdam as RAdam
from ..nn.optim import RMSprop as RMSprop
from ..nn.optim import Rprop as Rprop
from . import lr_scheduler as lr_scheduler
from . import swa_utils as swa_utils

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]
