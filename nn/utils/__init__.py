"""`tensorplug.nn.utils`: gradients clipped, parameters as one vector, parametrized, normalized and pruned weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ...autograd.modes import no_grad
from ...core import Tensor
from ...core.standard.creation import tensor
from ...core.standard.elementwise import clip
from ...core.standard.linalg import vector_norm
from ...core.standard.manipulation import concat, stack
from ...core.types.errors import ShapeError
from . import by_hooks as _by_hooks
from . import fusion as _fusion
from . import parametrizations as parametrizations
from . import parametrize as parametrize
from . import prune as prune
from . import rnn as rnn
from .by_hooks import *
from .fusion import *

M = TypeVar("M")

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "prune",
    "rnn",
    "skip_init",
    "vector_to_parameters",
]
__all__ += _by_hooks.__all__ + _fusion.__all__


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    return [one.grad for one in given if one.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale the gradients of parameters, in place, so that the norm of all together is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    max_norm : float
    norm_type : float, default: 2
        The order of the norm, `math.inf` too.
    error_if_nonfinite : bool, default: False
        Whether a norm that is infinite or NaN is an error.

    Returns
    -------
    Tensor, shape ()
        The norm before.

    Raises
    ------
    RuntimeError
        If the norm is not finite and that is an error.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> tp.nn.utils.clip_grad_norm_(x, 1.0)
    tensor(10.)
    >>> x.grad
    tensor([0.6000, 0.8000])
    """
    found = list(parameters) if not isinstance(parameters, Tensor) else [parameters]
    total = get_total_norm(_gradients(found), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(found, max_norm, total)
    return total


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """The norm of all elements of several tensors together.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
    norm_type : float, default: 2
        The order of the norm, `math.inf` too.
    error_if_nonfinite : bool, default: False
        Whether a norm that is infinite or NaN is an error.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.get_total_norm([tp.tensor([3.0]), tp.tensor([[4.0]])])
    tensor(5.)
    """
    found = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not found:
        return tensor(0.0)
    with no_grad():
        norms = stack([vector_norm(one, ord=norm_type).to(found[0].device) for one in found])
        total = vector_norm(norms, ord=norm_type)
        if error_if_nonfinite and not math.isfinite(total.item()):
            raise RuntimeError(f"get_total_norm: the norm of the gradients is {total.item()}")
    return total


def clip_grads_with_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor) -> None:
    """Scale the gradients of parameters, in place, by ``max_norm / total_norm`` if that is less than 1."""
    with no_grad():
        factor = clip(max_norm / (total_norm + 1e-6), max=1.0)
        for one in _gradients(parameters):
            one.mul_(factor.to(one.device))


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Clip the gradients of parameters, in place, to ``[-clip_value, clip_value]``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([3.0, 0.1], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> tp.nn.utils.clip_grad_value_(x, 1.0)
    >>> x.grad
    tensor([1.0000, 0.2000])
    """
    with no_grad():
        for one in _gradients(parameters):
            one.clamp_(min=-clip_value, max=clip_value)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters as one vector; differentiable.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.parameters_to_vector([tp.ones(2, 1), tp.zeros(1)])
    tensor([1., 1., 0.])
    """
    return concat([one.reshape(-1) for one in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write the elements of a vector into parameters: the reverse of `parameters_to_vector`.

    Raises
    ------
    ValueError
        If they have not as many elements; nothing is written then.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.zeros(2)
    >>> tp.nn.utils.vector_to_parameters(tp.ones(2), [x])
    >>> x
    tensor([1., 1.])
    """
    given = list(parameters)
    count = sum(one.numel() for one in given)
    if vec.numel() != count:
        raise ShapeError(f"vector_to_parameters: got {vec.numel()} elements for parameters of {count}")
    begin = 0
    with no_grad():
        for one in given:
            one.copy_(vec[begin : begin + one.numel()].reshape(one.shape))
            begin += one.numel()


def skip_init(module_cls: Callable[..., M], *args: Any, **kwargs: Any) -> M:
    """Make a module whose parameters may have any values, as those that `load_state_dict` replaces."""
    return module_cls(*args, **kwargs)
