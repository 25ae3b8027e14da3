"""Reverse-mode automatic differentiation on nodes and raw arrays, for all backends."""

from . import forward_ad, functional, graph
from .anomaly import detect_anomaly
from .checkpoint import checkpoint
from .draw import draw
from .function import Function, FunctionContext, once_differentiable
from .functions import grad
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .variable import Variable

__all__ = [
    "Function",
    "FunctionContext",
    "GradcheckError",
    "Variable",
    "checkpoint",
    "detect_anomaly",
    "draw",
    "enable_grad",
    "forward_ad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "once_differentiable",
    "set_grad_enabled",
]
