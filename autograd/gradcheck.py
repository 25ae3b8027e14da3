"""`gradcheck` and `gradgradcheck`: compare gradients with finite differences."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .functions import grad
from .modes import enable_grad
from .protocol import is_tensor
from .transforms import units


class GradcheckError(RuntimeError):
    """A gradient that differs from the finite difference."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    chunk_size: int | None = None,
) -> bool:
    """Compare a function's gradients with central differences, as in PyTorch.

    Parameters
    ----------
    func
        A function that returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple
        The arguments. Those that require a gradient are checked; they should be float64 or complex128.
    eps : float, default: 1e-6
        The step of the differences.
    atol, rtol : float, default: 1e-5, 1e-3
        Tolerances for a gradient g and a difference d: ``|g - d| <= atol + rtol * |d|``.
    raise_exception : bool, default: True
        Whether a wrong gradient raises; otherwise the result is False.
    chunk_size : int, optional
        How many rows of a Jacobian one backward pass computes, by `vmap`; by default all. With 1 each row has a pass of
        its own, without `vmap`.

    Returns
    -------
    bool
        Whether all gradients are right.

    Raises
    ------
    GradcheckError
        A RuntimeError that names the input and the output, and shows both Jacobians.
    ValueError
        If no input requires a gradient.

    Warns
    -----
    UserWarning
        If inputs are too coarse.

    Notes
    -----
    The rows of a Jacobian are computed in one backward pass by `vmap`. Where `vmap` refuses it, as a pass that reads
    values, each row has a pass of its own.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([0.5, 1.5], dtype=tp.float64, requires_grad=True)
    >>> tp.autograd.gradcheck(tp.exp, x)
    True
    """
    arguments = inputs if isinstance(inputs, tuple | list) else (inputs,)
    checked = [i for i, one in enumerate(arguments) if is_tensor(one) and one.requires_grad]
    if not checked:
        raise ValueError("gradcheck: no input requires a gradient, so there is nothing to check")
    for i in checked:
        if arguments[i].dtype.itemsize < (16 if arguments[i].dtype.kind == "c" else 8):
            warnings.warn(
                f"gradcheck: input {i} is of {arguments[i].dtype}, too coarse for finite differences; use float64 or "
                f"complex128",
                stacklevel=2,
            )
    with enable_grad():
        outputs = _tuple(func(*arguments))
    for position, output in enumerate(outputs):
        if not is_tensor(output) or not output.dtype.is_differentiable:
            continue
        jacobians = _analytical(output, [arguments[i] for i in checked], chunk_size)
        for i, found in zip(checked, jacobians, strict=True):
            with enable_grad():
                wanted = _numerical(func, arguments, i, position, eps)
            if not _close(found, wanted, atol, rtol):
                if not raise_exception:
                    return False
                raise GradcheckError(
                    f"gradcheck: Jacobian mismatch for output {position} with respect to input {i}\n"
                    f"numerical: {wanted}\nanalytical: {found}\n"
                    f"(a row for each real part of the output, a column for each of the input)"
                )
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    chunk_size: int | None = None,
) -> bool:
    """Compare a function's second derivatives with central differences of its gradients, as in PyTorch.

    Parameters
    ----------
    grad_outputs : Tensor or tuple, optional
        The gradients with respect to the outputs; by default fixed numbers.
    func, inputs, eps, atol, rtol, raise_exception, chunk_size
        As for `gradcheck`.

    Returns
    -------
    bool

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([0.5, 1.5], dtype=tp.float64, requires_grad=True)
    >>> tp.autograd.gradgradcheck(tp.exp, x)
    True
    """
    arguments = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    with enable_grad():
        outputs = [one for one in _tuple(func(*arguments)) if is_tensor(one) and one.requires_grad]
    if not outputs:
        raise ValueError("gradgradcheck: no input requires a gradient, or no output depends on it")
    if grad_outputs is None:
        seeds = tuple(_seed_like(one).requires_grad_() for one in outputs)
    else:
        seeds = _tuple(grad_outputs)

    def gradients(*everything: Any) -> tuple[Any, ...]:
        some, given = everything[: len(arguments)], everything[len(arguments) :]
        wanted = [one for one in some if is_tensor(one) and one.requires_grad]
        with enable_grad():
            results = [one for one in _tuple(func(*some)) if is_tensor(one) and one.requires_grad]
            found = grad(results, wanted, list(given), create_graph=True, allow_unused=True)
        return tuple(one for one in found if one is not None)

    return gradcheck(
        gradients,
        (*arguments, *seeds),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        chunk_size=chunk_size,
    )


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _seed_like(tensor: Any) -> Any:
    """A tensor of distinct neighbouring numbers between 0.5 and 1.5, of the shape of another."""
    numbers = tensor.detach() * 0
    for place, index in enumerate(_indices(tensor)):
        numbers[index] = 0.5 + (place * 0.381966) % 1.0
    return numbers


def _indices(tensor: Any) -> Iterator[tuple[int, ...]]:
    return itertools.product(*map(range, tensor.shape))


def _parts(tensor: Any) -> list[Any]:
    """A real tensor, or the real and imaginary parts of a complex one."""
    return [tensor.real, tensor.imag] if tensor.dtype.kind == "c" else [tensor]


def _numbers(tensor: Any) -> list[float]:
    """The real numbers of a tensor: the real part, then the imaginary part."""
    return [float(number) for part in _parts(tensor) for number in _flat(part.tolist())]


def _flat(nested: Any) -> Iterator[float]:
    if isinstance(nested, list):
        for one in nested:
            yield from _flat(one)
    else:
        yield nested


def _analytical(output: Any, wanted: list[Any], chunk_size: int | None) -> list[list[list[float]]]:
    """The Jacobian for each wanted tensor by backward passes, a row for each real number of the output."""
    rows: list[Any] = []
    for part in _parts(output):

        def pull(seed: Any, part: Any = part) -> list[Any]:
            found: Sequence[Any] = [None] * len(wanted)
            if part.requires_grad:
                found = grad(part, wanted, seed, retain_graph=True, allow_unused=True)
            return [one.detach() * 0 if g is None else g for one, g in zip(wanted, found, strict=True)]

        if chunk_size == 1:
            rows += map(pull, *units([part]))
        elif 0 not in part.shape:
            rows += zip(*part._vmap(pull, 0, chunk_size)(*units([part])), strict=True)
    return [[_numbers(row[i]) for row in rows] for i in range(len(wanted))]


def _numerical(
    func: Callable[..., Any], arguments: Sequence[Any], i: int, position: int, eps: float
) -> list[list[float]]:
    """The Jacobian by central differences."""
    columns = []
    parts = (1.0, 1.0j) if arguments[i].dtype.kind == "c" else (1.0,)
    for unit in parts:
        for place in _indices(arguments[i]):
            ends = []
            for step in (unit * eps, -unit * eps):
                shifted = arguments[i].detach().clone()
                shifted[place] = shifted[place] + step
                some = [shifted.requires_grad_() if j == i else one for j, one in enumerate(arguments)]
                ends.append(_numbers(_tuple(func(*some))[position].detach()))
            columns.append([(high - low) / (2 * eps) for high, low in zip(*ends, strict=True)])
    return [list(row) for row in zip(*columns, strict=True)]


def _close(found: list[list[float]], wanted: list[list[float]], atol: float, rtol: float) -> bool:
    return all(
        abs(g - d) <= atol + rtol * abs(d)
        for row, expected in zip(found, wanted, strict=False)
        for g, d in zip(row, expected, strict=True)
    )
