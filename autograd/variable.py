"""`Variable`, PyTorch's deprecated name of a tensor."""

from __future__ import annotations

from typing import Any

from .protocol import is_tensor


class _Meta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return is_tensor(instance)


class Variable(metaclass=_Meta):
    """Make a Tensor that shares the memory of another, without its graph.

    Parameters
    ----------
    data : Tensor
    requires_grad : bool, default: False

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.autograd.Variable(tp.ones(2), requires_grad=True)
    >>> type(x) is tp.Tensor, isinstance(x, tp.autograd.Variable), x.requires_grad
    (True, True, True)
    """

    def __new__(cls, data: Any, requires_grad: bool = False) -> Any:
        if not is_tensor(data):
            raise TypeError(f"Variable: got {type(data).__name__}, wanted a Tensor; make one with tensorplug.tensor")
        shared = data.detach()
        return shared.requires_grad_() if requires_grad else shared
