"""`Parameter`: a tensor that a module trains."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from ..core import Tensor

__all__ = ["Parameter"]

_PARAMETERS: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()
"""The tensors that `Parameter` made, by `id`."""


class _ParameterType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return instance is not None and _PARAMETERS.get(id(instance)) is instance


if TYPE_CHECKING:

    class Parameter(Tensor):  # type: ignore[misc]
        def __new__(cls, data: Tensor, requires_grad: bool = True) -> Parameter: ...

else:

    class Parameter(metaclass=_ParameterType):
        """A leaf that requires a gradient and that a module registers when it is assigned to an attribute.

        It is a `Tensor`, which ``isinstance(x, Parameter)`` tells from others.

        Parameters
        ----------
        data : Tensor
            Whose memory it shares.
        requires_grad : bool, default: True

        Raises
        ------
        TypeError
            If `data` is no tensor, or of a dtype that has no gradients.

        Examples
        --------
        >>> import tensorplug as tp
        >>> layer = tp.nn.Module()
        >>> layer.scale = tp.nn.Parameter(tp.ones(2))
        >>> list(layer.parameters())
        [tensor([1., 1.], requires_grad=True)]
        """

        def __new__(cls, data: Any, requires_grad: bool = True) -> Tensor:
            if not isinstance(data, Tensor):
                raise TypeError(f"Parameter: got {type(data).__name__}, wanted a Tensor")
            made = data.detach().requires_grad_(requires_grad)
            _PARAMETERS[id(made)] = made
            return made
