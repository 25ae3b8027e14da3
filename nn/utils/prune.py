"""Pruning: elements of parameters that are set to zero, by masks."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...autograd.modes import no_grad
from ...core import Tensor
from ...core.random.generator import rand
from ...core.standard.creation import ones_like, zeros_like
from ...core.standard.linalg import vector_norm
from ...core.standard.manipulation import concat
from ...core.types.errors import ArgumentError
from ..hooks import find_hook
from ..module import Module

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


class BasePruningMethod(abc.ABC):
    """Base class of methods of pruning: a subclass defines `compute_mask`.

    Attributes
    ----------
    PRUNING_TYPE : {"unstructured", "structured", "global"}
        Whether, of a parameter that is pruned already, it is given the elements that are left, the slices along its
        `dim` that are left, or all.
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abc.abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of elements to keep, by their importance and the mask so far."""

    def apply_mask(self, module: Module) -> Tensor:
        """The parameter, with zeros for what is pruned."""
        original = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter of a module, which goes on as `name_orig` beside the buffer `name_mask`.

        Parameters
        ----------
        module : Module
        name : str
        *args, **kwargs
            Those of the class.
        importance_scores : Tensor, optional
            In place of the parameter's own elements.
        """
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        tensor = getattr(module, name)
        scores = tensor if importance_scores is None else importance_scores
        if scores.shape != tensor.shape:
            raise ArgumentError(f"prune: got scores of shape {scores.shape} for a parameter of {tensor.shape}")
        number, earlier = find_hook(module, "forward_pre", BasePruningMethod, name)
        mask = getattr(module, f"{name}_mask") if earlier else ones_like(tensor.detach())
        if earlier:
            container = earlier if isinstance(earlier, PruningContainer) else PruningContainer(earlier)
            container.add_pruning_method(method)
            method = container
        with no_grad():
            mask = method.compute_mask(scores.detach(), default_mask=mask.detach().clone())
        if earlier:
            del module._hooks["forward_pre"].functions[number]
        else:
            delattr(module, name)
            module.register_parameter(f"{name}_orig", tensor)
        module._buffers.pop(f"{name}_mask", None)
        module.register_buffer(f"{name}_mask", mask)
        method(module, ())
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A tensor with zeros for what this method prunes."""
        mask = ones_like(t.detach()) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, default_mask=mask)

    def remove(self, module: Module) -> None:
        """Write the zeros into the parameter, which gets its name back."""
        name = self._tensor_name
        original, pruned = getattr(module, f"{name}_orig"), self.apply_mask(module)
        original.data = pruned.detach()
        for old in (name, f"{name}_orig", f"{name}_mask"):
            delattr(module, old)
        module.register_parameter(name, original)


class PruningContainer(BasePruningMethod):
    """Several methods, of which each prunes what those before it left."""

    def __init__(self, *methods: BasePruningMethod) -> None:
        self._methods: list[BasePruningMethod] = []
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method, of the same parameter."""
        name = getattr(self, "_tensor_name", method._tensor_name)
        if method._tensor_name != name:
            raise ArgumentError(f"PruningContainer: got a method of {method._tensor_name!r}, wanted one of {name!r}")
        self._tensor_name = name
        self._methods.append(method)

    def __len__(self) -> int:
        return len(self._methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._methods)

    def __getitem__(self, index: int) -> BasePruningMethod:
        return self._methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the last method, which prunes what the ones before it left."""
        method: Any = self._methods[-1]
        kept: Any = ...
        if method.PRUNING_TYPE == "unstructured":
            kept = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = method.dim % t.ndim
            kept = default_mask.movedim(dim, 0).flatten(1).sum(1) != 0
            kept = (slice(None),) * dim + (kept,)
        found = default_mask.to(t.dtype)
        found[kept] = method.compute_mask(t[kept], default_mask=default_mask[kept]).to(t.dtype)
        return found


class Identity(BasePruningMethod):
    """Prunes nothing, but has the parameters and buffers of pruning."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far."""
        return default_mask


class _Amount(BasePruningMethod):
    def __init__(self, amount: float) -> None:
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise TypeError(f"prune: got an amount of type {type(amount).__name__}, wanted a number")
        if amount < 0 or (isinstance(amount, float) and amount > 1):
            raise ArgumentError(f"prune: got amount={amount}, wanted a share from 0.0 to 1.0 or a number of elements")
        self.amount = amount

    def _count(self, size: int) -> int:
        """How many of so many are pruned."""
        if isinstance(self.amount, int) and self.amount > size:
            raise ArgumentError(f"prune: got amount={self.amount}, and there are {size}")
        return self.amount if isinstance(self.amount, int) else round(self.amount * size)


class _Unstructured(_Amount):
    @abc.abstractmethod
    def _scores(self, t: Tensor) -> Tensor:
        """The importance of each element."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        mask = default_mask.clone()
        lowest = self._scores(t).flatten().topk(self._count(t.numel()), largest=False).indices
        flat = mask.flatten()
        flat[lowest] = 0
        return flat.reshape(mask.shape)


class RandomUnstructured(_Unstructured):
    """Prunes elements at random."""

    def _scores(self, t: Tensor) -> Tensor:
        return rand(t.shape, device=t.device)


class L1Unstructured(_Unstructured):
    """Prunes the elements of the least absolute values."""

    def _scores(self, t: Tensor) -> Tensor:
        return t.abs()


class _Structured(_Amount):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    @abc.abstractmethod
    def _scores(self, slices: Tensor) -> Tensor:
        """The importance of each slice, a row of a matrix."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if t.ndim < 2:
            raise ArgumentError(f"prune: got a tensor of shape {t.shape}, whose slices are elements: prune these")
        slices = t.movedim(self.dim, 0)
        kept = slices.shape[0] - self._count(slices.shape[0])
        mask = zeros_like(slices)
        mask[self._scores(slices.flatten(1)).topk(kept).indices] = 1
        return default_mask * mask.movedim(0, self.dim)


class RandomStructured(_Structured):
    """Prunes slices along an axis at random."""

    def _scores(self, slices: Tensor) -> Tensor:
        return rand(slices.shape[0], device=slices.device)


class LnStructured(_Structured):
    """Prunes the slices along an axis of the least norms."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _scores(self, slices: Tensor) -> Tensor:
        return vector_norm(slices, axis=1, ord=2.0 if self.n == "fro" else float(self.n))


class CustomFromMask(BasePruningMethod):
    """Prunes what a mask tells."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The given mask, on top of the one so far."""
        return default_mask * self.mask.to(device=default_mask.device, dtype=default_mask.dtype)


def identity(module: Module, name: str) -> Module:
    """Give a parameter the form of pruned ones, and prune nothing.

    Examples
    --------
    >>> import tensorplug as tp
    >>> list(tp.nn.utils.prune.identity(tp.nn.Linear(2, 2), "bias").state_dict())
    ['weight', 'bias_orig', 'bias_mask']
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune elements of a parameter at random.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many of them, or what share.

    Returns
    -------
    Module
        The same one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> int((tp.nn.utils.prune.random_unstructured(tp.nn.Linear(2, 4), "weight", 3).weight == 0).sum())
    3
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prune the elements of a parameter that have the least absolute values.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many of them, or what share.
    importance_scores : Tensor, optional
        In place of the parameter's own elements.

    Returns
    -------
    Module
        The same one.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.Linear(2, 1)
    >>> layer.weight.data = tp.tensor([[3.0, -1.0]])
    >>> tp.nn.utils.prune.l1_unstructured(layer, "weight", 0.5).weight
    tensor([[3., -0.]], grad_fn=<multiply>)
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune slices of a parameter along an axis at random.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many of them, or what share.
    dim : int
        The axis.

    Returns
    -------
    Module
        The same one.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the slices of a parameter along an axis that have the least norms.

    Parameters
    ----------
    module : Module
    name : str
    amount : int or float
        How many of them, or what share.
    n : float or "fro"
        The order of the norm.
    dim : int
        The axis.
    importance_scores : Tensor, optional
        In place of the parameter's own elements.

    Returns
    -------
    Module
        The same one.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune the elements of a parameter where a mask is 0.

    Examples
    --------
    >>> import tensorplug as tp
    >>> layer = tp.nn.utils.prune.custom_from_mask(tp.nn.Linear(2, 2), "weight", tp.eye(2))
    >>> layer.weight == 0
    tensor([[False,  True],
            [ True, False]])
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune elements of several parameters, which are compared with one another.

    Parameters
    ----------
    parameters : iterable of (Module, str)
    pruning_method : type
        `L1Unstructured` or `RandomUnstructured`, or another class that prunes elements.
    importance_scores : dict, optional
        Tensors in place of the elements of some of the parameters.
    **kwargs
        Those of the class, such as `amount`.

    Raises
    ------
    TypeError
        If the class does not prune elements.
    """
    places = list(parameters)
    tensors = [getattr(module, name) for module, name in places]
    given = importance_scores or {}
    scores = [given.get(place, tensor).detach() for place, tensor in zip(places, tensors, strict=True)]
    masks: list[Any] = [getattr(module, f"{name}_mask", None) for module, name in places]
    masks = [ones_like(x.detach()) if mask is None else mask for mask, x in zip(masks, tensors, strict=True)]
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(f"global_unstructured: {pruning_method.__name__} does not prune elements")
    flat = (concat([one.flatten() for one in given]) for given in (scores, masks))
    found = PruningContainer(method).compute_mask(*flat)
    for (module, name), mask in zip(places, found.split([one.numel() for one in tensors]), strict=True):
        custom_from_mask(module, name, mask.reshape(getattr(module, name).shape))


def remove(module: Module, name: str) -> Module:
    """Write the zeros of a pruned parameter into it, and end its pruning.

    Raises
    ------
    ValueError
        If it is not pruned.
    """
    number, method = find_hook(module, "forward_pre", BasePruningMethod, name)
    if method is None:
        raise ArgumentError(f"prune.remove: {name!r} of {type(module).__name__} is not pruned")
    method.remove(module)
    del module._hooks["forward_pre"].functions[number]
    return module


def is_pruned(module: Module) -> bool:
    """Whether a parameter of a module, or of one within it, is pruned.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.nn.utils.prune.is_pruned(tp.nn.Linear(2, 2))
    False
    """
    return any(find_hook(one, "forward_pre", BasePruningMethod)[1] is not None for one in module.modules())
