"""Optimisers, a file a kind, and schedules of learning rates: `tensorplug.optim`."""

from .adaptive import Adagrad as Adagrad
from .adaptive import Adam as Adam
from .adaptive import AdamW as AdamW
from .adaptive import RMSprop as RMSprop
from .further import ASGD as ASGD
from .further import Adadelta as Adadelta
from .further import Adamax as Adamax
from .further import NAdam as NAdam
from .further import RAdam as RAdam
from .further import Rprop as Rprop
from .lbfgs import LBFGS as LBFGS
from .optimizer import Optimizer as Optimizer
from .sgd import SGD as SGD
