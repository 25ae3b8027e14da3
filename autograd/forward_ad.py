"""`autograd.forward_ad`: PyTorch's dual tensors, whose tangents are computed with their values inside a level.

`tensorplug.func.jvp` does the same for a function, without a level.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import Any, NamedTuple

from .captured import reaches_beyond, within_function
from .forward import Level
from .modes import is_grad_enabled
from .observers import observing_outside
from .transforms import require_differentiation, require_like, require_tensors

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

_current: ContextVar[tuple[Level, contextlib.ExitStack] | None] = ContextVar("tensorplug_dual_level", default=None)


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's value and tangent."""

    primal: Any
    tangent: Any


def enter_dual_level() -> int:
    """Enter a level of forward mode and return its number, 0; see `dual_level`."""
    if _current.get() is not None:
        raise RuntimeError("enter_dual_level: dual levels do not nest; use tensorplug.func.jvp, which nests")
    require_differentiation("enter_dual_level")
    level = Level(recorded=True, alone=False)
    stack = contextlib.ExitStack()
    stack.enter_context(within_function(level.began, is_grad_enabled()))
    stack.enter_context(level)
    _current.set((level, stack))
    return 0


def _entered(function: str, level: int | None) -> tuple[Level, contextlib.ExitStack] | None:
    """The level of a number, 0 by default, which may not have been entered.

    Raises
    ------
    RuntimeError
        For another number.
    """
    if level not in (None, 0):
        raise RuntimeError(f"{function}: there is no dual level {level}; the only one is 0, as levels do not nest")
    return _current.get()


def exit_dual_level(*, level: int | None = None) -> None:
    """Leave the level of forward mode; its dual tensors keep their values only."""
    entered = _entered("exit_dual_level", level)
    if entered is None:
        raise RuntimeError("exit_dual_level: there is no dual level; enter one by enter_dual_level()")
    _current.set(None)
    entered[1].close()


class dual_level(contextlib.ContextDecorator):
    """A context manager in which tensors of `make_dual` carry tangents through all operations.

    Under `no_grad` within it the results of operations have none.

    Raises
    ------
    RuntimeError
        Inside of another one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> import tensorplug.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(tp.tensor([1.0, 2.0]), tp.tensor([1.0, 0.5]))
    ...     fwAD.unpack_dual(x * x)
    UnpackedDualTensor(primal=tensor([1., 4.]), tangent=tensor([2., 2.]))
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exception: object) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """Return a tensor that shares the memory of another one and has a tangent.

    Parameters
    ----------
    tensor : Tensor
        Of floating-point or complex numbers.
    tangent : Tensor
        Of the same shape, dtype and device.
    level : int, optional
        0, the only one.

    Raises
    ------
    RuntimeError
        Outside of a `dual_level`, or for another level.
    TypeError, ValueError
        If the tensors do not fit.
    """
    entered = _entered("make_dual", level)
    if entered is None:
        raise RuntimeError("make_dual: there is no dual level; enter one by `with forward_ad.dual_level():`")
    require_tensors("make_dual", "the tensor", [tensor])
    require_like("make_dual", "tangent", [tangent], [tensor])
    dual = tensor._variable()
    entered[0].set(dual._node, tangent)
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """Return the value and the tangent of a tensor; the tangent is None if the tensor depends on no dual tensor.

    Raises
    ------
    RuntimeError
        For another level than 0.
    """
    entered = _entered("unpack_dual", level)
    require_tensors("unpack_dual", "the tensor", [tensor], any_dtype=True)
    if entered is None or not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    level_now, _ = entered
    tangent = level_now.get(tensor._node)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    with observing_outside(level_now):
        found = UnpackedDualTensor(tensor._variable(), tensor._tensor_for_user(tangent, tensor._key))
    return UnpackedDualTensor(*(_constant(level_now, one) for one in found))


def _constant(level: Level, tensor: Any) -> Any:
    """A tensor without a tangent, recorded if it was before the level."""
    if not reaches_beyond([tensor], level.began):
        return tensor.detach()
    level.set_constant(tensor._node)
    return tensor
