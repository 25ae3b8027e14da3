"""A Tensor on every backend, with the functions of the array API standard, PyTorch's methods, and gradients.

The backend that holds a tensor's data computes its operations: NumPy, CuPy, JAX, or one that a plugin adds.
"""

import sys as _sys
import typing as _typing

from . import _clone as _clone
from . import accelerator as accelerator
from . import autograd as autograd
from . import cuda as cuda
from . import distributed as distributed
from . import fft as fft
from . import func as func
from . import linalg as linalg
from . import losses as losses
from . import nn as nn
from . import onnx as onnx
from . import optim as optim
from . import special as special
from . import testing as testing
from . import utils as utils
from .autograd.modes import *
from .core.autodiff.leaves import *
from .core.interchange.interop import *
from .core.interchange.native import *
from .core.interchange.printing import *
from .core.interchange.saving import *
from .core.interchange.wrapping import *
from .core.memory.structure import *
from .core.memory.tensor import Tensor as Tensor
from .core.pytorch.arithmetic import *
from .core.pytorch.comparison import *
from .core.pytorch.constructors import *
from .core.pytorch.creation import *
from .core.pytorch.decompositions import *
from .core.pytorch.differences import *
from .core.pytorch.distances import *
from .core.pytorch.einsum import *
from .core.pytorch.histograms import *
from .core.pytorch.low_rank import *
from .core.pytorch.moments import *
from .core.pytorch.order_statistics import *
from .core.pytorch.parts import *
from .core.pytorch.products import *
from .core.pytorch.scattering import *
from .core.pytorch.selection import *
from .core.pytorch.shapes import *
from .core.pytorch.signal_windows import *
from .core.pytorch.softmax import *
from .core.pytorch.spectrograms import *
from .core.pytorch.spellings import *
from .core.pytorch.stacking import *
from .core.pytorch.strided import *
from .core.pytorch.uniques import *
from .core.random.generator import *
from .core.random.sampling import *
from .core.standard.bisection import *
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
from .core.transforms.compile import *
from .core.transforms.vmap import *
from .core.types.absent import explain_absent as _explain_absent
from .core.types.devices import *
from .core.types.dtypes import *
from .core.types.memory_formats import *
from .losses.loss import *
from .nn.functional import adaptive_avg_pool1d as adaptive_avg_pool1d
from .nn.functional import adaptive_max_pool1d as adaptive_max_pool1d
from .nn.functional import alpha_dropout as alpha_dropout
from .nn.functional import avg_pool1d as avg_pool1d
from .nn.functional import batch_norm as batch_norm
from .nn.functional import bilinear as bilinear
from .nn.functional import celu as celu
from .nn.functional import channel_shuffle as channel_shuffle
from .nn.functional import constant_pad_nd as constant_pad_nd
from .nn.functional import conv1d as conv1d
from .nn.functional import conv2d as conv2d
from .nn.functional import conv3d as conv3d
from .nn.functional import conv_transpose1d as conv_transpose1d
from .nn.functional import conv_transpose2d as conv_transpose2d
from .nn.functional import conv_transpose3d as conv_transpose3d
from .nn.functional import embedding as embedding
from .nn.functional import feature_alpha_dropout as feature_alpha_dropout
from .nn.functional import group_norm as group_norm
from .nn.functional import hardshrink as hardshrink
from .nn.functional import instance_norm as instance_norm
from .nn.functional import layer_norm as layer_norm
from .nn.functional import max_pool1d as max_pool1d
from .nn.functional import max_pool2d as max_pool2d
from .nn.functional import max_pool3d as max_pool3d
from .nn.functional import pixel_shuffle as pixel_shuffle
from .nn.functional import pixel_unshuffle as pixel_unshuffle
from .nn.functional import prelu as prelu
from .nn.functional import rms_norm as rms_norm
from .nn.functional import rrelu as rrelu
from .nn.functional import selu as selu
from .nn.functional import threshold as threshold
from .notebook import load_ipython_extension as load_ipython_extension
from .notebook import unload_ipython_extension as unload_ipython_extension

__array_api_version__ = "2025.12"
__version__ = "0.1.0"

# Type checkers cannot evaluate this list; a star import re-exports names for them.
if not _typing.TYPE_CHECKING:
    _hidden = {
        "accelerator", "backends", "core", "cuda", "extras", "notebook",
        "load_ipython_extension", "unload_ipython_extension",
    }  # fmt: skip
    __all__ = [name for name in dir() if not name.startswith("_") and name not in _hidden]
    __all__ += ["__array_api_version__", "__array_namespace_info__"]

_explain_absent(_sys.modules[__name__], autograd, cuda, fft, func, linalg, losses, nn, nn.functional, special)
