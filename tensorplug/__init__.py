"""One Tensor on every backend: the array API standard, PyTorch's methods, one automatic differentiation for all.

Functions follow the Python array API standard, methods PyTorch. Operations are done by the backend that holds a
tensor's data: NumPy, CuPy, JAX, or any that a plugin adds.
"""

import sys as _sys
import typing as _typing

from . import _clone as _clone
from . import autograd as autograd
from . import core as _core
from . import cuda as cuda
from . import fft as fft
from . import func as func
from . import linalg as linalg
from . import losses as losses
from . import nn as nn
from .autograd.modes import *
from .core.autodiff.leaves import *
from .core.interchange.interop import *
from .core.interchange.printing import *
from .core.interchange.saving import *
from .core.keywords import take_keywords as _take_keywords
from .core.memory.structure import *
from .core.memory.tensor import Tensor as Tensor
from .core.pytorch.comparison import *
from .core.pytorch.constructors import *
from .core.pytorch.distances import *
from .core.pytorch.einsum import *
from .core.pytorch.selection import *
from .core.pytorch.softmax import *
from .core.pytorch.spellings import *
from .core.random.generator import *
from .core.random.sampling import *
from .core.standard.constants import *
from .core.standard.creation import *
from .core.standard.data_types import *
from .core.standard.elementwise import *
from .core.standard.indexing import *
from .core.standard.inspection import *
from .core.standard.linear_algebra import *
from .core.standard.manipulation import *
from .core.standard.searching import *
from .core.standard.sets import *
from .core.standard.sorting import *
from .core.standard.statistical import *
from .core.standard.utility import *
from .core.types.absent import explain_absent as _explain_absent
from .core.types.devices import *
from .core.types.dtypes import *
from .losses.loss import *

__array_api_version__ = "2025.12"
__version__ = "0.1.0"

# Type checkers cannot read a list that is put together; to them a star import hands names on.
if not _typing.TYPE_CHECKING:
    __all__ = ["Tensor", "__array_api_version__", "autograd", "fft", "func", "linalg", "losses", "nn"]
    for _chapter in (
        autograd.modes,
        _core.autodiff.leaves,
        _core.interchange.interop,
        _core.interchange.printing,
        _core.interchange.saving,
        _core.memory.structure,
        _core.pytorch.comparison,
        _core.pytorch.constructors,
        _core.pytorch.distances,
        _core.pytorch.einsum,
        _core.pytorch.selection,
        _core.pytorch.softmax,
        _core.pytorch.spellings,
        _core.random.generator,
        _core.random.sampling,
        _core.standard.constants,
        _core.standard.creation,
        _core.standard.data_types,
        _core.standard.elementwise,
        _core.standard.indexing,
        _core.standard.inspection,
        _core.standard.linear_algebra,
        _core.standard.manipulation,
        _core.standard.searching,
        _core.standard.sets,
        _core.standard.sorting,
        _core.standard.statistical,
        _core.standard.utility,
        _core.types.devices,
        _core.types.dtypes,
        losses.loss,
    ):
        __all__ += _chapter.__all__

_explain_absent(_sys.modules[__name__], autograd, cuda, fft, func, linalg, losses, nn, nn.functional)
_take_keywords((_sys.modules[__name__], fft, linalg, nn.functional), vars(Tensor).values())
