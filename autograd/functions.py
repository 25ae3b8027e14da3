"""`autograd.grad`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .protocol import Differentiable, is_tensor


def grad(
    outputs: Differentiable | Sequence[Differentiable],
    inputs: Differentiable | Sequence[Differentiable],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """Compute the gradients of outputs with respect to inputs; no `grad` attribute changes.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensor
    grad_outputs : optional
        The gradient with respect to each output; 1 by default, for outputs of one element.
    retain_graph : bool, optional
        Whether the graph is kept for another pass; by default the value of `create_graph`.
    create_graph : bool, default: False
        Whether the gradients are recorded, so that they can be differentiated again.
    allow_unused : bool, default: False
        Whether an input that no output depends on gets None; otherwise it is an error.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    TypeError
        If outputs or inputs are not tensors.
    RuntimeError
        If an input requires no gradient, or no output depends on it.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor(3.0, requires_grad=True)
    >>> tp.autograd.grad(x * x, x)
    (tensor(6.),)
    """
    first: Any = outputs if is_tensor(outputs) else next(iter(outputs), None) if isinstance(outputs, Sequence) else None
    if not is_tensor(first) or (isinstance(inputs, Sequence) and not inputs):
        raise TypeError("grad: outputs and inputs are tensors, or tuples or lists of at least one of them")
    return first._gradients(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused)
