"""The Tensor, its dtypes and devices, and the operations, a file for each chapter of the standard.

Other packages import from here what they need to declare an operation with its gradient rule.
"""

# Rules come first: an operation is declared together with the function that records it.
from ..autograd import rules
from ..autograd.modes import is_grad_enabled
from ..autograd.rule import reduction, rule, tangent
from . import methods
from .dispatch.operation import Operation
from .dispatch.registry import FUNCTIONS, MEMBERS, OPERATIONS
from .memory.tensor import Tensor

methods.attach_all()

__all__ = [
    "FUNCTIONS",
    "MEMBERS",
    "OPERATIONS",
    "Operation",
    "Tensor",
    "is_grad_enabled",
    "reduction",
    "rule",
    "rules",
    "tangent",
]
