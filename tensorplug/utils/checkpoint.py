"""PyTorch's `torch.utils.checkpoint`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd import checkpoint as _checkpoint

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """Call a function and save only its arguments, as `autograd.checkpoint`.

    Parameters
    ----------
    function, *args, **kwargs
        As for `autograd.checkpoint`.
    use_reentrant : bool, optional
        Without effect; gradients reach all tensors that the function uses, as with PyTorch's ``False``.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.utils.checkpoint import checkpoint
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x * x).sum(), x, use_reentrant=False).backward()
    >>> x.grad
    tensor([2., 4.])
    """
    return _checkpoint(function, *args, **kwargs)


def checkpoint_sequential(
    functions: Iterable[Callable[[Any], Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Call functions one after the other, in segments of which each saves only its argument.

    Parameters
    ----------
    functions
        Functions of one argument, as in a `nn.Sequential`.
    segments : int
        How many; the last one, which may be longer, saves everything.
    input : Tensor
    use_reentrant, **kwargs
        As for `checkpoint`.

    Raises
    ------
    ValueError
        If there are not that many functions.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.utils.checkpoint import checkpoint_sequential
    >>> model = tp.nn.Sequential(tp.nn.Linear(2, 3), tp.nn.ReLU(), tp.nn.Linear(3, 1))
    >>> checkpoint_sequential(model, 2, tp.ones(4, 2)).shape
    (4, 1)
    """
    chain = list(functions)
    if not 1 <= segments <= len(chain):
        raise ValueError(f"checkpoint_sequential: segments is from 1 to {len(chain)}, the functions, got {segments}")
    size = len(chain) // segments
    for start in range(0, size * (segments - 1), size):
        input = _checkpoint(functools.partial(_chained, chain[start : start + size]), input, **kwargs)
    return _chained(chain[size * (segments - 1) :], input)


def _chained(functions: list[Callable[[Any], Any]], value: Any) -> Any:
    for function in functions:
        value = function(value)
    return value
