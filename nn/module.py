"""`Module`: the base class of layers and networks, as in PyTorch."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from ..autograd.hooks import Hooks, RemovableHandle
from ..core import Tensor
from ..core.autodiff.leaves import zero_grad
from ..core.standard.creation import asarray, empty_like
from ..core.types.errors import ShapeError
from .hooks import ALL_MODULES, add_hook, call_with_hooks, hooks_of
from .parameter import Parameter

__all__ = ["Module"]

M = TypeVar("M", bound="Module")


class _IncompatibleKeys(NamedTuple):
    """The names in which a state differs from a module's, which `load_state_dict` returns."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module:
    """A layer or a network: parameters, buffers and other modules by name, and the function `forward` of them.

    A `Parameter`, a module, or a buffer given to `register_buffer` is registered under the name of its attribute. A
    subclass defines `forward`, and is called as a function.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout do what they do in training; set by `train` and `eval`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> class Network(tp.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = tp.nn.Linear(4, 8)
    ...         self.out = tp.nn.Linear(8, 2)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> network = Network()
    >>> network(tp.zeros(3, 4)).shape
    (3, 2)
    >>> [name for name, _ in network.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    training: bool
    _parameters: dict[str, Tensor | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]
    _hooks: dict[str, Hooks]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        # Here rather than in __init__, which a subclass may call late.
        made = super().__new__(cls)
        made.__dict__.update({kind: {} for kind in _KINDS}, training=True)
        made.__dict__.update(_transient=set(), _hooks={})
        return made

    def __init__(self) -> None:
        pass

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no method forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooks or ALL_MODULES._hooks:
            return call_with_hooks(self, args, kwargs)
        return self.forward(*args, **kwargs)

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        held = self._kind_of(name)
        kind = "_parameters" if isinstance(value, Parameter) else "_modules" if isinstance(value, Module) else held
        if kind is None:
            object.__setattr__(self, name, value)
            return
        if value is not None and not isinstance(value, _KINDS[kind]):
            raise TypeError(
                f"{type(self).__name__}: {name!r} is a {_KINDS[kind].__name__}, and can't be set to "
                f"{type(value).__name__}; delete it first, or set it to None"
            )
        if held not in (None, kind):
            delattr(self, name)
        self.__dict__.pop(name, None)
        self.__dict__[kind][name] = value

    def _kind_of(self, name: str) -> str | None:
        """The dict in which a name is registered."""
        return next((kind for kind in _KINDS if name in self.__dict__[kind]), None)

    def __getattr__(self, name: str) -> Any:
        kind = self._kind_of(name)
        if kind is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        return self.__dict__[kind][name]

    def __delattr__(self, name: str) -> None:
        kind = self._kind_of(name)
        if kind is None:
            object.__delattr__(self, name)
        else:
            del self.__dict__[kind][name]
            self._transient.discard(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for kind in _KINDS for name in self.__dict__[kind])]

    def register_parameter(self, name: str, param: Tensor | None) -> None:
        """Register a parameter, or with None the absence of one."""
        self._register("register_parameter", "_parameters", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Register a tensor that is no parameter but part of the state, such as a running mean.

        Parameters
        ----------
        name : str
        tensor : Tensor or None
        persistent : bool, default: True
            Whether it is part of `state_dict`.
        """
        self._register("register_buffer", "_buffers", name, tensor)
        if not persistent:
            self._transient.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Register a module, or with None the absence of one; also called `add_module`."""
        self._register("register_module", "_modules", name, module)

    add_module = register_module

    def _register(self, operation: str, kind: str, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, _KINDS[kind]):
            raise TypeError(f"{operation}: {name!r} is a {_KINDS[kind].__name__} or None, got {type(value).__name__}")
        if not name or "." in name:
            raise KeyError(f"{operation}: {name!r} is no name of an attribute, which has no dot")
        if name not in self.__dict__[kind] and hasattr(self, name):
            raise KeyError(f"{operation}: {type(self).__name__} has an attribute {name!r} already")
        self.__dict__[kind][name] = value

    # What it consists of

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module, named `prefix`, and those within it, with dotted names; each once unless told otherwise."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and those within it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within it, with their names."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly within it."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The parameters of this module, and with `recurse` of those within it, with dotted names."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Tensor]:
        """The parameters of this module, and with `recurse` of those within it."""
        return (tensor for _, tensor in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers of this module, and with `recurse` of those within it, with dotted names."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module, and with `recurse` of those within it."""
        return (tensor for _, tensor in self.named_buffers(recurse=recurse))

    def _named(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Tensor]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else iter([(prefix, self)])
        for place, module in modules:
            for name, tensor in getattr(module, kind).items():
                if tensor is not None and not (once and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield f"{place}.{name}" if place else name, tensor

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name."""
        found = self
        for name in filter(None, target.split(".")):
            child = found._modules.get(name)
            if child is None:
                raise AttributeError(f"{type(found).__name__} has no module {name!r}")
            found = child
        return found

    def set_submodule(self, target: str, module: Module) -> None:
        """Replace the module of a dotted name."""
        place, _, name = target.rpartition(".")
        self.get_submodule(target)
        self.get_submodule(place).register_module(name, module)

    def get_parameter(self, target: str) -> Tensor:
        """The parameter of a dotted name."""
        return self._tensor("_parameters", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name."""
        return self._tensor("_buffers", target)

    def _tensor(self, kind: str, target: str) -> Tensor:
        place, _, name = target.rpartition(".")
        found: Tensor | None = getattr(self.get_submodule(place), kind).get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no {kind[1:-1]} {target!r}")
        return found

    # State

    def state_dict(
        self, *, destination: dict[str, Tensor] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """The parameters and persistent buffers by dotted name, which share their memory with the module.

        Parameters
        ----------
        destination : dict, optional
            Which they are added to.
        prefix : str
            Put in front of each name.
        keep_vars : bool, default: False
            Whether they are the parameters themselves, which record gradients.
        """
        found: Any = OrderedDict() if destination is None else destination
        for hook in hooks_of(self, "state_dict_pre"):
            hook.function(self, prefix, keep_vars)
        for name, tensor in itertools.chain(self._parameters.items(), self._buffers.items()):
            if tensor is not None and name not in self._transient:
                found[prefix + name] = tensor if keep_vars else tensor.detach()
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in hooks_of(self, "state_dict"):
            changed = hook.function(self, found, prefix, {})
            found = found if changed is None else changed
        return found

    def load_state_dict(
        self, state_dict: Mapping[str, Tensor], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy a state into the parameters and buffers.

        Parameters
        ----------
        state_dict
            What `state_dict` returned, PyTorch's too, or `load` read from a file: tensors, or NumPy's arrays.
        strict : bool, default: True
            Whether the names must be the same.
        assign : bool, default: False
            Whether the tensors become the module's own, with their dtypes and devices, in place of being copied.

        Returns
        -------
        missing_keys, unexpected_keys
            A named tuple of lists of names.

        Raises
        ------
        RuntimeError
            If the names differ, or a shape, or a value is not an array; nothing is changed then.
        """
        name, places, given = type(self).__name__, list(self.named_modules(remove_duplicate=False)), dict(state_dict)
        missing, unexpected, errors = [], [], []  # type: ignore[var-annotated]
        for place, module in places:
            for hook in hooks_of(module, "load_state_dict_pre"):
                hook.function(module, given, f"{place}." if place else "", {}, strict, missing, unexpected, errors)
        own: dict[str, tuple[Any, str]] = {
            f"{place}.{key}" if place else key: (tensors, key)
            for place, module in places
            for tensors in (module._parameters, module._buffers)
            for key, tensor in tensors.items()
            if tensor is not None and key not in module._transient
        }
        missing += [key for key in own if key not in given]
        unexpected += [key for key in given if key not in own]
        keys = _IncompatibleKeys(missing, unexpected)
        if errors or (strict and any(keys)):
            raise RuntimeError(
                f"load_state_dict: the state does not fit {name}: missing {missing}, unexpected {unexpected}"
                + "".join(f", {error}" for error in errors)
                + "; strict=False loads the others"
            )
        found = {key: (*own[key], _as_tensor(key, given[key])) for key in own if key in given}
        for key, (tensors, last, tensor) in found.items():
            if tensor.shape != tensors[last].shape:
                raise ShapeError(
                    f"load_state_dict: {key} has shape {tensor.shape}, and {tensors[last].shape} in {name}"
                )
        for tensors, last, tensor in found.values():
            before = tensors[last]
            if not assign:
                before.detach().copy_(tensor.detach().to(before.device))
            else:
                is_parameter = isinstance(before, Parameter)
                tensors[last] = Parameter(tensor, before.requires_grad) if is_parameter else tensor
        for _, module in places:
            for hook in hooks_of(module, "load_state_dict_post"):
                hook.function(module, keys)
        return keys

    def train(self: M, mode: bool = True) -> M:
        """Set `training` of this module and those within it."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Set `training` to False."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Set whether the parameters require gradients."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the accumulated gradients of the parameters to None, or to zeros."""
        zero_grad(self.parameters(), set_to_none)

    def apply(self: M, fn: Callable[[Module], None]) -> M:
        """Call a function with each module within it, and then with this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self: M, *targets: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False) -> M:
        """Move parameters and buffers to a device, and convert those of a floating-point dtype to another one.

        Parameters
        ----------
        *targets
            Those of `Tensor.to`.
        dtype, device
            They by name.
        non_blocking
            Accepted for PyTorch's sake, and without effect.
        """

        def moved(tensor: Tensor) -> Tensor:
            found = tensor.to(*targets, dtype=dtype, device=device)
            is_float = tensor.dtype.is_floating_point or tensor.dtype.is_complex
            return found if is_float else tensor.to(found.device)

        return self._convert(moved)

    def _convert(self: M, convert: Callable[[Tensor], Tensor]) -> M:
        """Replace the data of parameters and buffers; the tensors stay themselves, for optimisers that hold them."""
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            tensor.data = convert(tensor.detach())
            if tensor.grad is not None:
                tensor.grad = convert(tensor.grad.detach())
        return self

    def to_empty(self: M, *, device: Any) -> M:
        """Move parameters and buffers to a device, without their values."""
        return self._convert(lambda tensor: empty_like(tensor, device=device))

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers to a dtype."""
        return self._convert(lambda tensor: tensor.to(dtype=dst_type))

    def cpu(self: M) -> M:
        """Move parameters and buffers to the CPU."""
        return self._convert(lambda tensor: tensor.cpu())

    def cuda(self: M, device: Any = None) -> M:
        """Move parameters and buffers to a CUDA device."""
        return self._convert(lambda tensor: tensor.cuda(device))

    def float(self: M) -> M:
        """Convert floating-point parameters and buffers to float32."""
        return self.to(dtype="float32")

    def double(self: M) -> M:
        """Convert floating-point parameters and buffers to float64."""
        return self.to(dtype="float64")

    def half(self: M) -> M:
        """Convert floating-point parameters and buffers to float16."""
        return self.to(dtype="float16")

    def bfloat16(self: M) -> M:
        """Convert floating-point parameters and buffers to bfloat16."""
        return self.to(dtype="bfloat16")

    # Hooks

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Register ``hook(module, args)``, called before `forward`; what it returns, unless None, replaces `args`.

        Parameters
        ----------
        hook
        prepend : bool, default: False
            Whether it is called before those that were registered earlier.
        with_kwargs : bool, default: False
            Whether it is called as ``hook(module, args, kwargs)``, and returns ``(args, kwargs)``.
        """
        return add_hook(self, "forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Register ``hook(module, args, output)``, called after `forward`; a result replaces `output`, unless None.

        Parameters
        ----------
        hook
        prepend : bool, default: False
            Whether it is called before those that were registered earlier.
        with_kwargs : bool, default: False
            Whether it is called as ``hook(module, args, kwargs, output)``.
        always_call : bool, default: False
            Whether it is called after an error, too.
        """
        return add_hook(self, "forward", hook, prepend, with_kwargs, always_call)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Register ``hook(module, grad_input, grad_output)``, called in the backward pass with two tuples.

        They have the gradients of the arguments by position and of the results; None for what is no tensor or has no
        gradient. What the hook returns, unless None, replaces `grad_input`.

        Examples
        --------
        >>> import tensorplug as tp
        >>> layer = tp.nn.Linear(2, 3)
        >>> handle = layer.register_full_backward_hook(lambda module, before, after: print(before, after))
        >>> layer(tp.ones(1, 2)).sum().backward()
        (None,) (tensor([[1., 1., 1.]]),)
        """
        return add_hook(self, "backward", hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Register ``hook(module, grad_output)``, called in the backward pass; a result replaces it, unless None."""
        return add_hook(self, "backward_pre", hook, prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Register ``hook(module, prefix, keep_vars)``, called before `state_dict`."""
        return add_hook(self, "state_dict_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Register ``hook(module, state_dict, prefix, local_metadata)``, called after `state_dict`."""
        return add_hook(self, "state_dict", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Register a function to be called before `load_state_dict`, which may change the state.

        It is called as ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)``.
        """
        return add_hook(self, "load_state_dict_pre", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Register ``hook(module, incompatible_keys)``, called after `load_state_dict`."""
        return add_hook(self, "load_state_dict_post", hook)

    # Text

    def extra_repr(self) -> str:
        """What `repr` shows between the parentheses."""
        return ""

    def __repr__(self) -> str:
        inner = self._inner_reprs()
        extra = self.extra_repr()
        if not inner:
            return f"{type(self).__name__}({extra})"
        lines = "\n".join([extra, *inner] if extra else inner).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {lines}\n)"

    def _inner_reprs(self) -> list[str]:
        """A text for each module within it."""
        return [f"({name}): {module!r}" for name, module in self._modules.items()]


def _as_tensor(key: str, value: Any) -> Tensor:
    """A value of a state, which may be another library's parameter."""
    try:
        return asarray(value if isinstance(value, Tensor) or not hasattr(value, "detach") else value.detach())
    except Exception as error:
        raise RuntimeError(f"load_state_dict: {key} is not an array: {error}") from error


_KINDS: dict[str, type] = {"_parameters": Parameter, "_buffers": Tensor, "_modules": Module}
"""What a module registers, by the attribute that holds it by name."""
