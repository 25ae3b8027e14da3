"""`FunctionLayer`: layers without parameters of their own, each made from a function of `nn.functional`."""

from __future__ import annotations

import functools
import inspect
from typing import Any, ClassVar

from ..core.families.function import signature
from . import functional
from .module import Module


@functools.cache
def _signature(name: str) -> inspect.Signature:
    return signature(getattr(functional, name))


class FunctionLayer(Module):
    """Base class of layers that call one function: they store its options, and pass them with each input.

    Parameters
    ----------
    function : str
        Its name in `nn.functional`. What follows its first parameter is what the layer is made with, but for
        `training`, which is the layer's own.
    inputs : int, default: 1
        How many of the parameters are inputs.
    text : str, optional
        The format of what `repr` shows; by default the options, but for those that are left at False.
    """

    _function: ClassVar[str]
    _inputs: ClassVar[int]
    _text: ClassVar[str | None]

    def __init_subclass__(cls, function: str = "", inputs: int = 1, text: str | None = None) -> None:
        if function:
            cls._function, cls._inputs, cls._text = function, inputs, text

    @classmethod
    @functools.cache
    def _options(cls) -> inspect.Signature:
        given = list(_signature(cls._function).parameters.values())[cls._inputs :]
        unwanted = ("training", "_stacklevel", "_random_samples", "out", "dtype", "axis", "keepdims")
        return inspect.Signature([one for one in given if one.name not in unwanted])

    def __init__(self, *options: Any, **named: Any) -> None:
        try:
            given = self._options().bind(*options, **named)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}; its options are {self._options()}") from None
        given.apply_defaults()
        for name, value in given.arguments.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """Call the function with the layer's options."""
        options = {name: getattr(self, name) for name in self._options().parameters}
        if "training" in _signature(self._function).parameters:
            options["training"] = self.training
        return getattr(functional, self._function)(*inputs, **options)

    def extra_repr(self) -> str:
        """The options."""
        if self._text is not None:
            return self._text.format_map(vars(self))
        names = self._options().parameters
        return ", ".join(f"{name}={value}" for name in names if (value := getattr(self, name)) is not False)
