"""PyTorch's `torch.nn`: layers, containers, classes of losses, `functional`, `init` and `utils`.

A layer is its parameters and one call of a function. `nn` imports `core` and `losses` alone.
"""

import typing as _typing

from . import activation as _activation
from . import attention as _attention
from . import containers as _containers
from . import convolution as _convolution
from . import distance as _distance
from . import dropout as _dropout
from . import functional as functional
from . import imaging as _imaging
from . import init as init
from . import lazy as _lazy
from . import linear as _linear
from . import loss as _loss
from . import modules as modules
from . import normalization as _normalization
from . import padding as _padding
from . import pooling as _pooling
from . import recurrent as _recurrent
from . import transformer as _transformer
from . import utils as utils
from .activation import *
from .attention import *
from .containers import *
from .convolution import *
from .distance import *
from .dropout import *
from .imaging import *
from .lazy import *
from .linear import *
from .loss import *
from .module import Module as Module
from .normalization import *
from .padding import *
from .parameter import Parameter as Parameter
from .pooling import *
from .recurrent import *
from .transformer import *

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not _typing.TYPE_CHECKING:
    _layers = (
        *(_activation, _attention, _containers, _convolution, _distance, _dropout, _linear, _loss),
        *(_imaging, _lazy, _normalization, _padding, _pooling, _recurrent, _transformer),
    )
    __all__ = ["Module", "Parameter", "functional", "init", "modules", "utils"] + [
        name for chapter in _layers for name in chapter.__all__
    ]
