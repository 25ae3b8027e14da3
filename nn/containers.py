"""Containers of modules and of parameters: `Sequential`, lists and dicts."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core import Tensor
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class _Listed(Module):
    """Modules named by their positions."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        values = list(self._modules.values())
        if isinstance(index, slice):
            return self._like(values[index])
        return values[operator.index(index)]

    def _like(self, modules: list[Any]) -> Any:
        made: Any = type(self)
        return made(modules)

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(self._name(index), module)

    def __delitem__(self, index: Any) -> None:
        kept = list(self._modules.values())
        del kept[index]
        self._modules.clear()
        self._modules.update({str(i): module for i, module in enumerate(kept)})

    def _name(self, index: int) -> str:
        names = list(self._modules)
        try:
            return names[operator.index(index)]
        except IndexError:
            raise IndexError(f"{type(self).__name__}: index {index} is out of range for {len(names)} modules") from None

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before a position."""
        modules: list[Any] = list(self._modules.values())
        modules.insert(index, module)
        self._modules.clear()
        self.extend(modules)


class Sequential(_Listed):
    """Modules called one after another, each with the result of the one before.

    Parameters
    ----------
    *modules : Module
        Or one dict of them by name.

    Examples
    --------
    >>> import tensorplug as tp
    >>> network = tp.nn.Sequential(tp.nn.Linear(4, 8), tp.nn.ReLU(), tp.nn.Linear(8, 2))
    >>> network
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=2, bias=True)
    )
    >>> network(tp.zeros(3, 4)).shape
    (3, 2)
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.register_module(name, module)
        else:
            self.extend(modules)

    def _like(self, modules: list[Any]) -> Sequential:
        return Sequential(*modules)

    def forward(self, input: Any) -> Any:
        """Call the modules one after another."""
        for module in self:
            input = module(input)
        return input


class ModuleList(_Listed):
    """A list of modules, which are registered.

    Parameters
    ----------
    modules : iterable of Module, optional

    Examples
    --------
    >>> import tensorplug as tp
    >>> layers = tp.nn.ModuleList(tp.nn.Linear(4, 4) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def _inner_reprs(self) -> list[str]:
        """Equal modules after each other are one."""
        found = []
        for text, group in itertools.groupby(enumerate(self), lambda pair: repr(pair[1])):
            (first, _), *others = group
            end = first + len(others)
            found.append(f"({first}-{end}): {len(others) + 1} x {text}" if others else f"({first}): {text}")
        return found


class ModuleDict(Module):
    """A dict of modules, which are registered.

    Parameters
    ----------
    modules : mapping of str to Module, optional

    Examples
    --------
    >>> import tensorplug as tp
    >>> heads = tp.nn.ModuleDict({"mean": tp.nn.Linear(4, 1), "scale": tp.nn.Linear(4, 1)})
    >>> heads["mean"](tp.zeros(2, 4)).shape
    (2, 1)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        self.update(modules or {})

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.register_module(name, module)

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add modules, in place of those of the same name."""
        for name, module in modules.items():
            self[name] = module

    def pop(self, name: str) -> Any:
        """Remove a module, and return it."""
        return self._modules.pop(name)


class _Parameters(Module):
    def __len__(self) -> int:
        return len(self._parameters)

    def _inner_reprs(self) -> list[str]:
        found = (
            (name, one, "x".join(map(str, one.shape))) for name, one in self._parameters.items() if one is not None
        )
        return [f"({name}): Parameter containing: [{one.dtype} of size {size}]" for name, one, size in found]


class ParameterDict(_Parameters):
    """A dict of parameters, which are registered.

    Parameters
    ----------
    parameters : mapping of str to Parameter, optional

    Examples
    --------
    >>> import tensorplug as tp
    >>> weights = tp.nn.ParameterDict({"scale": tp.nn.Parameter(tp.ones(2))})
    >>> weights["scale"], "shift" in weights
    (tensor([1., 1.], requires_grad=True), False)
    """

    def __init__(self, parameters: Mapping[str, Tensor] | None = None) -> None:
        self.update(parameters or {})

    def __getitem__(self, name: str) -> Any:
        return self._parameters[name]

    def __setitem__(self, name: str, parameter: Tensor) -> None:
        self.register_parameter(name, parameter)

    def __delitem__(self, name: str) -> None:
        del self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Iterable[Any]:
        """The parameters."""
        return self._parameters.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and parameters."""
        return self._parameters.items()

    def update(self, parameters: Mapping[str, Tensor]) -> None:
        """Add parameters, in place of those of the same name."""
        for name, parameter in parameters.items():
            self[name] = parameter

    def pop(self, name: str) -> Any:
        """Remove a parameter, and return it."""
        return self._parameters.pop(name)


class ParameterList(_Parameters):
    """A list of parameters, which are registered.

    Parameters
    ----------
    values : iterable of Parameter, optional

    Examples
    --------
    >>> import tensorplug as tp
    >>> weights = tp.nn.ParameterList([tp.nn.Parameter(tp.ones(2)), tp.nn.Parameter(tp.zeros(3))])
    >>> [tuple(weight.shape) for weight in weights]
    [(2,), (3,)]
    """

    def __init__(self, values: Iterable[Tensor] = ()) -> None:
        for value in values:
            self.append(value)

    def append(self, value: Tensor) -> ParameterList:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), value)
        return self

    def __getitem__(self, index: int) -> Any:
        return list(self._parameters.values())[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())
