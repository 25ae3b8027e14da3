"""Parametrizations: parameters and buffers of a module that are computed from others at each use."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from ...autograd.modes import no_grad
from ...core import Tensor
from ...core.types.errors import ArgumentError
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "type_before_parametrizations",
]

_cache: ContextVar[dict[tuple[Module, str], Any] | None] = ContextVar("cache", default=None)


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once within this context, and use it again.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.utils.parametrizations.weight_norm(tp.nn.Linear(2, 2))
    >>> with tp.nn.utils.parametrize.cached():
    ...     layer.weight is layer.weight
    True
    >>> layer.weight is layer.weight
    False
    """
    outer = _cache.get()
    token = _cache.set({} if outer is None else outer)
    try:
        yield
    finally:
        _cache.reset(token)


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor of a module, and the tensors that it is computed from.

    Attributes
    ----------
    original : Tensor
        What the first parametrization takes; where it takes several, they are `original0`, `original1` and so on.
    is_tensor : bool
        Whether it takes one.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        value: Any = original.detach()
        with no_grad():
            for module in reversed(modules):
                with suppress(NotImplementedError):  # As of one that has no inverse with its options.
                    value = module.right_inverse(value) if hasattr(module, "right_inverse") else value
        self.is_tensor = isinstance(value, Tensor)
        if self.is_tensor:
            # The same tensor, as optimisers may hold it.
            original.data = value.detach()
        found = [original] if self.is_tensor else list(value)
        self._names = ["original"] if self.is_tensor else [f"original{i}" for i in range(len(found))]
        for name, tensor in zip(self._names, found, strict=True):
            if not isinstance(original, Parameter):
                self.register_buffer(name, tensor)
            else:
                wanted = original.requires_grad
                self.register_parameter(name, tensor if tensor is original else Parameter(tensor, wanted))

    def right_inverse(self, value: Tensor) -> None:
        """Set the tensors that it is computed from to those that give `value`."""
        found: Any = value
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse")
                found = module.right_inverse(found)
            found = [found] if self.is_tensor else list(found)
            for name, tensor in zip(self._names, found, strict=True):
                own = getattr(self, name)
                if not self.unsafe and (own.shape, own.dtype) != (tensor.shape, tensor.dtype):
                    raise ArgumentError(
                        f"right_inverse: {name} is of shape {own.shape} and {own.dtype}, and would get one of "
                        f"{tensor.shape} and {tensor.dtype}; unsafe=True allows it"
                    )
                own.data = tensor.detach()

    def forward(self) -> Tensor:
        """Compute the tensor."""
        first, *others = self
        found: Tensor = first(*(getattr(self, name) for name in self._names))
        for module in others:
            found = module(found)
        return found


_classes: weakref.WeakValueDictionary[Any, type[Module]] = weakref.WeakValueDictionary()


def _parametrized_class(kind: type[Module], names: frozenset[str]) -> type[Module]:
    """A subclass in which tensors are properties; one for all modules that need it, so that copies are independent."""
    known = _classes.get((kind, names))
    if known is not None:
        return known

    def set_attribute(self: Module, name: str, value: Any) -> None:
        # A Parameter, too, which would be registered.
        (object if name in names else kind).__setattr__(self, name, value)

    members: dict[str, Any] = {name: _property(name) for name in names}
    members.update(__setattr__=set_attribute, __module__=kind.__module__, _unparametrized=kind)
    made: type[Module] = type(f"Parametrized{kind.__name__}", (kind,), members)
    _classes[kind, names] = made
    return made


def _property(name: str) -> property:
    def compute(self: Module) -> Tensor:
        cache, key = _cache.get(), (self, name)
        if cache is None:
            return self.parametrizations[name]()
        if key not in cache:
            cache[key] = self.parametrizations[name]()
        return cache[key]

    return property(compute, lambda self, value: self.parametrizations[name].right_inverse(value))


def _update_class(module: Module) -> None:
    """Make the parametrized tensors of a module, and no others, properties."""
    kind, names = type_before_parametrizations(module), frozenset(module._modules.get("parametrizations") or ())
    module.__class__ = _parametrized_class(kind, names) if names else kind


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of the tensor of that name."""
    found = module.__dict__["_modules"].get("parametrizations")
    return isinstance(found, ModuleDict) and (tensor_name in found if tensor_name is not None else len(found) > 0)


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class of a module without its parametrizations."""
    return type(module).__dict__.get("_unparametrized", type(module))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Have a tensor of a module computed by ``parametrization(original)`` at each use.

    The module gets `parametrizations`, a dict of a `ParametrizationList` for each name. Assigning to the tensor sets
    what it is computed from, by the method `right_inverse` of the parametrization, which may return several tensors:
    `forward` takes these then. A second parametrization takes the result of the first.

    Parameters
    ----------
    module : Module
    tensor_name : str
        A parameter or buffer.
    parametrization : Module
    unsafe : bool, default: False
        Whether shape and dtype may change.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    ValueError
        If there is no such tensor, or shape or dtype change.

    Examples
    --------
    >>> import tensorplug as tp
    >>> class Symmetric(tp.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    ...     def right_inverse(self, x):
    ...         return x.triu()
    >>> layer = tp.nn.Linear(2, 2)
    >>> tp.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    ParametrizedLinear(
      in_features=2, out_features=2, bias=True
      (parametrizations): ModuleDict(
        (weight): ParametrizationList(
          (0): Symmetric()
        )
      )
    )
    >>> layer.weight = tp.tensor([[1.0, 2.0], [2.0, 3.0]])
    >>> layer.parametrizations.weight.original
    tensor([[1., 2.],
            [0., 3.]], requires_grad=True)
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        parametrizations: Any = module.parametrizations[tensor_name]
        with no_grad():
            _require_fit(parametrization(getattr(module, tensor_name)), getattr(module, tensor_name), unsafe)
        parametrizations.append(parametrization)
        parametrizations.unsafe |= unsafe
        return module
    original = module._parameters.get(tensor_name, module._buffers.get(tensor_name))
    if original is None:
        raise ArgumentError(f"register_parametrization: {type(module).__name__} has no tensor {tensor_name!r}")
    before = original.detach()
    parametrizations = ParametrizationList([parametrization], original, unsafe)
    try:
        with no_grad():
            _require_fit(parametrizations(), before, unsafe)
    except BaseException:
        original.data = before
        raise
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.register_module("parametrizations", ModuleDict())
    module._modules["parametrizations"][tensor_name] = parametrizations  # type: ignore[index]
    _update_class(module)
    return module


def _require_fit(found: Any, wanted: Tensor, unsafe: bool) -> None:
    if not isinstance(found, Tensor):
        raise ArgumentError(f"register_parametrization: a parametrization returns a Tensor, got {type(found).__name__}")
    if not unsafe and (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        raise ArgumentError(
            f"register_parametrization: a tensor of shape {wanted.shape} and {wanted.dtype} would become one of shape "
            f"{found.shape} and {found.dtype}; unsafe=True allows it"
        )


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a tensor a parameter or buffer of its own again.

    Parameters
    ----------
    module : Module
    tensor_name : str
    leave_parametrized : bool, default: True
        Whether it keeps the value that was computed; else it is the original again.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    ValueError
        If it has no parametrization, or several originals, none of which could be left.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"remove_parametrizations: {type(module).__name__} has none of {tensor_name!r}")
    parametrizations: Any = module._modules["parametrizations"][tensor_name]  # type: ignore[index]
    original: Tensor = getattr(parametrizations, parametrizations._names[0])
    is_parameter = isinstance(original, Parameter)
    if not parametrizations.is_tensor and not leave_parametrized:
        raise ArgumentError(f"remove_parametrizations: {tensor_name!r} is computed from several tensors")
    if leave_parametrized:
        with no_grad():
            value = getattr(module, tensor_name).detach()
        if not parametrizations.is_tensor:
            original = Parameter(value, original.requires_grad) if is_parameter else value
        original.data = value
    del module.parametrizations[tensor_name]
    _update_class(module)
    if not module.parametrizations:
        del module.parametrizations
    register = module.register_parameter if is_parameter else module.register_buffer
    register(tensor_name, original)
    return module
