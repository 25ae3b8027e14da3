"""`autograd.functional`: PyTorch's functions of a function and its inputs, by the transforms of `tensorplug.func`.

Each takes a tensor or a tuple of tensors, and returns tensors in the same structure. Results are detached unless
``create_graph=True`` and an input requires a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import transforms
from .protocol import is_tensor
from .trees import flatten, map_leaves

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_MODES = {"reverse-mode": transforms.jacrev, "forward-mode": transforms.jacfwd}


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """Compute a function's outputs and the product of a vector with its Jacobian.

    Parameters
    ----------
    func
    inputs : Tensor or tuple of Tensor
    v : Tensor or tuple of Tensor, optional
        Like the outputs; 1 by default, for an output of one element.
    create_graph : bool, default: False
        Whether the results are recorded.

    Returns
    -------
    tuple
        The outputs, and the product, which is like `inputs`.

    Raises
    ------
    RuntimeError
        If there is no `v` and the output has not one element.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.autograd.functional.vjp(lambda x: x * x, tp.tensor([1.0, 2.0]), tp.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    args = _args("vjp", inputs)
    outputs, pull = transforms.vjp(func, *args)
    return _finished((outputs, _like(inputs, pull(_vector("vjp", v, outputs)))), create_graph)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """Compute a function's outputs and the product of its Jacobian with a vector, in forward mode.

    Parameters
    ----------
    func, inputs, create_graph
        As for `vjp`.
    v : Tensor or tuple of Tensor, optional
        Like the inputs; 1 by default, for an input of one element.

    Returns
    -------
    tuple
        The outputs, and the product, which is like them.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.autograd.functional.jvp(lambda x: x * x, tp.tensor([1.0, 2.0]), tp.tensor([1.0, 0.5]))
    (tensor([1., 4.]), tensor([2., 2.]))
    """
    args = _args("jvp", inputs)
    return _finished(transforms.jvp(func, args, _args("jvp", _vector("jvp", v, inputs))), create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    *,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Compute a function's Jacobian: for each output, and in it for each input, a tensor of both shapes.

    Parameters
    ----------
    func, inputs, create_graph
        As for `vjp`.
    vectorize : bool, default: False
        Without effect: all rows are computed at once.
    strategy : {"reverse-mode", "forward-mode"}

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.autograd.functional.jacobian(lambda x: x * x, tp.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    args = _args("jacobian", inputs)
    if strategy not in _MODES:
        raise ValueError(f"jacobian: strategy is one of {', '.join(map(repr, _MODES))}, got {strategy!r}")
    return _finished(_MODES[strategy](func, _argnums(inputs))(*args), create_graph)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    *,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Compute the Hessian of a function that returns one element: for each input, and in it for each, a tensor.

    The parameters are those of `jacobian`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.autograd.functional.hessian(lambda x: (x**3).sum(), tp.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    gradient = transforms.grad(func, _argnums(inputs))
    return jacobian(gradient, inputs, create_graph, strategy=outer_jacobian_strategy)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """Compute the output of a function that returns one element, and the product of its Hessian with a vector.

    The parameters are those of `jvp`; the product is like `inputs`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.autograd.functional.hvp(lambda x: (x**3).sum(), tp.tensor([1.0, 2.0]), tp.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    args = _args("hvp", inputs)
    output, product = transforms.hvp(func, args, _args("hvp", _vector("hvp", v, inputs)))
    return _finished((output, _like(inputs, product)), create_graph)


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """Compute the output of a function that returns one element, and the product of a vector with its Hessian.

    The parameters are those of `jvp`; the product is like `inputs`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.autograd.functional.vhp(lambda x: (x**3).sum(), tp.tensor([1.0, 2.0]), tp.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    args = _args("vhp", inputs)
    gradient = transforms.grad_and_value(func, tuple(range(len(args))))
    _, pull, output = transforms.vjp(gradient, *args, has_aux=True)
    return _finished((output, _like(inputs, pull(_args("vhp", _vector("vhp", v, inputs))))), create_graph)


def _args(operation: str, inputs: Any) -> tuple[Any, ...]:
    args = inputs if isinstance(inputs, tuple) else (inputs,)
    for one in args:
        if not is_tensor(one):
            raise TypeError(f"{operation}: inputs and v are tensors or tuples of tensors, got {type(one).__name__}")
    return args


def _argnums(inputs: Any) -> int | tuple[int, ...]:
    return tuple(range(len(inputs))) if isinstance(inputs, tuple) else 0


def _like(inputs: Any, found: tuple[Any, ...]) -> Any:
    return found if isinstance(inputs, tuple) else found[0]


def _vector(operation: str, v: Any, like: Any) -> Any:
    """The vector, or 1 for a single element."""
    if v is not None:
        return v
    leaves, rebuild = flatten(like)
    if len(leaves) != 1 or leaves[0].size != 1:
        raise RuntimeError(f"{operation}: v can only be left out for a single tensor of one element")
    (one,) = leaves
    key = one._key
    ones = key.library.ops.ones(one.shape, dtype=key.native_dtype, device=key.native_device)
    return rebuild([one._lift(ones, key)])


def _finished(results: Any, create_graph: bool) -> Any:
    return results if create_graph else map_leaves(lambda one: one.detach() if is_tensor(one) else one, results)
