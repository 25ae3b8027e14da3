"""Attach the declared methods, operators and properties to Tensor; importing the chapters declares them."""

from __future__ import annotations

from ..autograd.rule import RULES
from . import numpy_protocols
from .autodiff import backward
from .dispatch.registry import MEMBERS, OPERATIONS
from .distributed import tensors
from .interchange import display, interop, native
from .memory.tensor import Tensor
from .pytorch import (
    activations,
    adaptive_pooling,
    arithmetic,
    attention,
    comparison,
    constructors,
    conversion,
    convolution,
    decompositions,
    differences,
    distances,
    dropout,
    einsum,
    embedding,
    fractional_pooling,
    histograms,
    interpolation,
    logic,
    low_rank,
    moments,
    multi_head_attention,
    normalization,
    order_statistics,
    padding,
    parts,
    piecewise,
    pooling,
    products,
    recurrent,
    sampling_grids,
    scattering,
    selection,
    shapes,
    shuffling,
    signal_windows,
    softmax,
    spectrograms,
    stacking,
    strided,
    uniques,
    unpooling,
    windows,
)
from .pytorch import creation as pytorch_creation
from .pytorch import fft as pytorch_fft
from .pytorch import linalg as pytorch_linalg
from .random import generator, sampling
from .special import bessel_functions, error_functions, gamma_functions, incomplete_gamma, logarithmic, zeta_function
from .standard import (
    bisection,
    creation,
    data_types,
    elementwise,
    fft,
    indexing,
    inspection,
    linalg,
    linear_algebra,
    manipulation,
    searching,
    sets,
    sorting,
    statistical,
    utility,
)
from .transforms import vmap as vmap
from .types.absent import explain_absent_methods


def attach_all() -> None:
    """Attach all declared members to Tensor; called once, when every operation has been declared.

    Raises
    ------
    TypeError
        If there is a gradient rule of no operation.
    """
    if unknown := RULES.keys() - OPERATIONS.keys():
        raise TypeError(f"rule of {', '.join(map(repr, sorted(unknown)))}: there is no operation of that name")
    for name, member in MEMBERS.items():
        setattr(Tensor, name, member)
    explain_absent_methods(Tensor)
