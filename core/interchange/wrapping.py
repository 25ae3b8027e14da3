"""Functions of Tensors for the arrays of other libraries, with gradients that these libraries can ask for."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy

from ...autograd.transforms import vjp
from ...autograd.trees import flatten
from ..dispatch.keys import Library, library_for
from ..dispatch.registry import public
from ..memory.structure import to_device
from ..memory.tensor import Tensor
from ..memory.views import detach
from ..types.devices import Placement, default_backend
from .native import from_native, library_of_array, to_native
from .pytorch import PyTorch, between_graphs, is_compiling

__all__ = ["array_namespace", "wrap_native"]

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")
"""The versions of the standard whose functions the namespace has; the last is the one that it follows."""


@public("array_namespace")
def array_namespace(*arrays: Any, api_version: str | None = None) -> Any:
    """The array API namespace of some arrays, for code that is written to the standard: tensorplug for Tensors.

    For arrays of another library it is that library's, as `array_api_compat.array_namespace` gives it.

    Parameters
    ----------
    *arrays
        Arrays of one library. Python numbers and None among them are passed over.
    api_version : str, optional
        A version of the standard, such as ``"2025.12"``; by default the latest.

    Raises
    ------
    TypeError
        If there is no array, or arrays of several libraries.
    ValueError
        If it is none of the standard's versions.

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> tp.array_namespace(tp.ones(2), 3.0) is tp
    True
    >>> tp.array_namespace(numpy.ones(2)).__name__
    'array_api_compat.numpy'
    """
    import array_api_compat

    if api_version is not None and api_version not in VERSIONS:
        raise ValueError(f"array_namespace: got version {api_version!r}, wanted one of {', '.join(VERSIONS)}")
    numbers = (bool, int, float, complex, type(None))
    found: list[Any] = [one for one in arrays if isinstance(one, numpy.generic) or not isinstance(one, numbers)]
    if found and all(isinstance(one, Tensor) for one in found):
        return found[0].__array_namespace__(api_version=api_version)
    try:
        return array_api_compat.array_namespace(*found, api_version=api_version)
    except TypeError:
        raise TypeError(f"array_namespace: got {_described(found)}; wanted arrays of one library") from None


class Bridge(Protocol):
    """How arrays of one library become tensors, and back."""

    def to_tensor(self, array: Any) -> Tensor:
        """A tensor of an array, on its device; the two share memory if they can."""

    def to_array(self, x: Tensor) -> Any:
        """An array of the library with the values of a tensor."""

    def call(self, pullback: Pullback, arrays: Sequence[Any]) -> Sequence[Any]:
        """Call the function, so that the library's differentiation finds the gradients."""


class Native(NamedTuple):
    """The bridge of a backend's own arrays."""

    library: Library

    def to_tensor(self, array: Any) -> Tensor:
        return from_native(array, backend=self.library.name)

    def to_array(self, x: Tensor) -> Any:
        own = x if x._key.library is self.library else to_device(x, self.library.name)
        return to_native(detach(own))

    def call(self, pullback: Pullback, arrays: Sequence[Any]) -> Sequence[Any]:
        found: Sequence[Any] = self.library.backend.differentiable(pullback, pullback.pull, tuple(arrays))
        return found


class Pullback:
    """A function of arrays, and its vector-Jacobian product, which is such a function again.

    Parameters
    ----------
    bridge : Bridge
    function : callable
        A function of tensors that returns a tuple of tensors.
    """

    def __init__(self, bridge: Bridge, function: Callable[..., tuple[Tensor, ...]]) -> None:
        self._bridge = bridge
        self._function = function

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        """The results as arrays, without gradients."""
        tensors = [self._bridge.to_tensor(array) for array in arrays]
        with Placement(tensors[0].device):
            return tuple(map(self._bridge.to_array, self._function(*tensors)))

    def pull(self, arrays: Sequence[Any], cotangents: Sequence[Any]) -> Sequence[Any]:
        """Gradients of the floating-point arrays, which can be differentiated again.

        `cotangents` are those of the floating-point results. The function is called once more.
        """
        count = len(arrays)

        def gradients(*tensors: Tensor) -> tuple[Tensor, ...]:
            return self._linearize(tensors[:count])[1](tensors[count:])

        return self._bridge.call(Pullback(self._bridge, gradients), (*arrays, *cotangents))

    def linearized(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], Callable[[Sequence[Any]], tuple[Any, ...]]]:
        """The results, and a function like `pull` of the cotangents alone, which does not call the function again."""
        tensors = [self._bridge.to_tensor(array) for array in arrays]
        with Placement(tensors[0].device):
            results, pull = self._linearize(tensors)

        def pulled(cotangents: Sequence[Any]) -> tuple[Any, ...]:
            with Placement(tensors[0].device):
                return tuple(map(self._bridge.to_array, pull([self._bridge.to_tensor(one) for one in cotangents])))

        return tuple(map(self._bridge.to_array, results)), pulled

    def _linearize(
        self, tensors: Sequence[Tensor]
    ) -> tuple[tuple[Tensor, ...], Callable[[Sequence[Tensor]], tuple[Tensor, ...]]]:
        places = [i for i, one in enumerate(tensors) if one.dtype.is_differentiable]

        def of_variables(*variables: Tensor) -> Any:
            operands = list(tensors)
            for i, one in zip(places, variables, strict=True):
                operands[i] = one
            results = self._function(*operands)
            return [one for one in results if one.dtype.is_differentiable], results

        _, pull, results = vjp(of_variables, *(tensors[i] for i in places), has_aux=True)
        return results, lambda cotangents: pull(list(cotangents))


@public("wrap_native")
def wrap_native(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make of a function of Tensors a function of NumPy, JAX, CuPy or PyTorch arrays, whichever the caller has.

    Arrays among the arguments, in tuples, lists and dicts too, reach the function as tensors on their device, which is
    the default device meanwhile; the tensors that it returns are arrays of the caller's library again. Memory is shared
    where the libraries can. Everything else is passed on as it is, and so are tensors, if all arrays are tensors.

    JAX and PyTorch differentiate the result: `jax.grad` and `jax.vjp`, also within `jax.jit` and `jax.vmap`, by
    `jax.custom_vjp`, and PyTorch's `backward` by `torch.autograd.Function`, any number of times. The gradients are
    Tensorplug's.

    Parameters
    ----------
    function
        It must not write to its arguments if it is differentiated.

    Returns
    -------
    callable
        With arrays of one library among its arguments; without any, it returns arrays of the default backend's library.

    Raises
    ------
    TypeError
        In a call: if the arguments have arrays of several libraries, or of one that is neither a backend's nor PyTorch.

    Notes
    -----
    PyTorch's arrays are computed by the default backend; NumPy's shares their memory. A function that `jax.jit` or
    `jax.grad` traces has no values, so it cannot branch on them or draw random numbers; forward mode (`jax.jvp`) is
    not supported.

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> @tp.wrap_native
    ... def normalize(x):
    ...     return (x - x.mean()) / x.std()
    >>> normalize(numpy.asarray([1.0, 2.0, 3.0]))
    array([-1.,  0.,  1.])
    """

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if is_compiling():
            return between_graphs(wrapped)(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if _is_array(leaf)]
        if places and all(isinstance(leaves[i], Tensor) for i in places):
            return function(*args, **kwargs)
        arrays = [leaves[i] for i in places]
        bridge = _bridge_of(function, arrays)
        structure: list[Any] = []

        def of_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
            operands = list(leaves)
            for i, tensor in zip(places, tensors, strict=True):
                operands[i] = tensor
            given, keywords = rebuild(operands)
            structure[:] = flatten(function(*given, **keywords))
            return tuple(one for one in structure[0] if isinstance(one, Tensor))

        results = bridge.call(Pullback(bridge, of_tensors), arrays) if arrays else map(bridge.to_array, of_tensors())
        rest = iter(results)
        found, build = structure
        return build([next(rest) if isinstance(one, Tensor) else one for one in found])

    return wrapped


def _is_array(leaf: Any) -> bool:
    import array_api_compat

    # A matrix is an array here too.
    return isinstance(leaf, numpy.ndarray) or (
        not isinstance(leaf, numpy.generic) and array_api_compat.is_array_api_obj(leaf)
    )


def _bridge_of(function: Callable[..., Any], arrays: list[Any]) -> Bridge:
    """The bridge of the arrays' library; the default backend's for no arrays."""
    if not arrays:
        return Native(library_for(default_backend()))
    name = getattr(function, "__name__", "wrap_native")
    bridges = {_bridge(array) for array in arrays}
    found = bridges.pop()
    if bridges or found is None:
        wanted = "one library" if bridges else "a backend or PyTorch"
        raise TypeError(f"{name}: got {_described(arrays)}; wanted arrays of {wanted}")
    return found


def _bridge(array: Any) -> Bridge | None:
    for library, make in FOREIGN.items():
        if any(one.__module__.partition(".")[0] == library for one in type(array).__mro__):
            return make(sys.modules[library])
    found = library_of_array(array)
    return None if found is None else Native(found)


FOREIGN: dict[str, Callable[[Any], Bridge]] = {"torch": PyTorch}
"""Bridges of libraries that need be no backend, by the root of their classes' modules."""


def _described(arrays: Sequence[Any]) -> str:
    """The types of some arrays, with those of several libraries."""
    kinds = dict.fromkeys(f"{type(one).__module__.partition('.')[0]}.{type(one).__name__}" for one in arrays)
    return " and ".join(kinds) or "no array"
