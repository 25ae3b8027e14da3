"""`distribute_tensor`, `full_tensor`, `redistribute` and so on: tensors taken to a mesh, around on it, and back."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, final

from ..autodiff.leaves import requires_grad_
from ..dispatch.keys import DispatchKey, key_for
from ..dispatch.levels import depth_of, open_levels
from ..dispatch.registry import attribute, method
from ..memory.structure import carried
from ..memory.tensor import Tensor, require_tensors, wrap
from ..memory.views import array_of, detach
from ..types.axes import normalize_axis
from ..types.errors import DeviceError, ShapeError
from .mesh import DeviceMesh, mesh_or_default
from .placements import Partial, Placement, Replicate, Shard

__all__ = ["distribute_tensor", "from_local"]

Axes = tuple[int | None, ...]
"""For each axis of a mesh the axis of a tensor that is divided along it; None for copies."""


@final
class _Map:
    """A linear map between a mesh and devices, of raw arrays and of tensors, with its adjoint as the gradient."""

    __slots__ = ("adjoint", "function", "source", "target")

    def __init__(
        self, function: Callable[[Any], Any], adjoint: Callable[[Any], Any], source: DispatchKey, target: DispatchKey
    ) -> None:
        self.function, self.adjoint = function, adjoint
        self.source, self.target = source, target

    def __call__(self, x: Any) -> Any:
        if isinstance(x, Tensor):
            return carried(self.function(array_of(x)), self.target, x, self._back())
        return self.function(x)

    def again(self, t: Any) -> Any:
        """The map that this one is the adjoint of."""
        return self._back()(t)

    def _back(self) -> _Map:
        return _Map(self.adjoint, self.function, self.target, self.source)


def distribute_tensor(
    tensor: Tensor,
    device_mesh: DeviceMesh | None = None,
    placements: Sequence[Placement] | None = None,
    *,
    src_data_rank: int | None = 0,
) -> Tensor:
    """Divide a tensor over a mesh of devices.

    Operations on the result are computed by all devices, each its part, and give tensors on the mesh.

    Parameters
    ----------
    tensor : Tensor
        The whole tensor, on any device and backend; with several processes, in each of them.
    device_mesh : DeviceMesh, optional
        By default the one in whose ``with`` block this is.
    placements : sequence of Shard or Replicate, optional
        One for each axis of the mesh; by default each device gets a copy.
    src_data_rank : int or None, default: 0
        With 0 the first process's values count; with None each process takes its part from its own.

    Returns
    -------
    Tensor
        A leaf that requires a gradient if `tensor` does.

    Raises
    ------
    RuntimeError
        If the tensor is the result of recorded operations.
    ShapeError
        If an axis cannot be divided into equal parts.
    ValueError
        If there are not as many placements as the mesh has axes.
    DeviceError
        If the tensor is on another mesh.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.distributed import Shard, distribute_tensor, init_device_mesh
    >>> mesh = init_device_mesh("jax:cpu", (1,))
    >>> x = distribute_tensor(tp.ones(2, 3), mesh, [Shard(0)])
    >>> (x * 2).sum().full_tensor()
    tensor(12., backend='jax')
    """
    require_tensors("distribute_tensor", tensor)
    _require_outside("distribute_tensor", tensor)
    mesh = mesh_or_default("distribute_tensor", device_mesh)
    axes = _axes("distribute_tensor", mesh, placements, tensor.shape)
    if src_data_rank not in (0, None):
        raise ValueError(f"distribute_tensor: got src_data_rank={src_data_rank}, wanted 0 or None")
    if not tensor.is_leaf:
        raise RuntimeError(
            "distribute_tensor: wanted a leaf, got the result of recorded operations; distribute what it is computed "
            "of, or x.detach()"
        )
    if tensor.device.mesh is mesh and tensor.placements == _placements(axes):
        return tensor
    key = key_for(mesh.device, tensor.dtype)
    array, backend = array_of(tensor), key.library.backend
    if tensor.device.mesh is mesh:
        divided = backend.redistribute(array, key.native_device, axes)
    elif tensor.device.mesh is not None:
        raise DeviceError(
            f"distribute_tensor: the tensor is on {tensor.device.mesh}, wanted on {mesh}; distribute x.full_tensor()"
        )
    else:
        if tensor._key.library is not key.library:
            array = tensor._key.library.backend.to_numpy(array)
        divided = backend.distribute(array, key.native_device, axes, src_data_rank == 0)
    found = wrap(divided, key)
    return requires_grad_(found) if tensor.requires_grad else found


def from_local(
    local_tensor: Tensor, device_mesh: DeviceMesh | None = None, placements: Sequence[Placement] | None = None
) -> Tensor:
    """The tensor on a mesh of which each process gives the part that its devices hold; differentiable.

    A process that has one device of the mesh gives what `to_local` would return. With one process alone, that is the
    whole tensor.

    Parameters
    ----------
    local_tensor : Tensor
    device_mesh, placements
        As for `distribute_tensor`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.distributed import Shard, init_device_mesh
    >>> mesh = init_device_mesh("jax:cpu", (1,))
    >>> tp.distributed.from_local(tp.ones(2), mesh, [Shard(0)]).placements
    (Shard(dim=0),)
    """
    require_tensors("from_local", local_tensor)
    _require_outside("from_local", local_tensor)
    mesh = mesh_or_default("from_local", device_mesh)
    axes = _axes("from_local", mesh, placements, local_tensor.shape, False)
    plain = key_for(mesh.home, local_tensor.dtype)
    key = key_for(mesh.device, local_tensor.dtype)
    try:
        return _of_parts(key, plain, axes)(local_tensor.to(mesh.home))
    except ValueError as error:
        raise ShapeError(
            f"from_local: parts of shape {local_tensor.shape} do not make a tensor on {mesh}: {error}"
        ) from None


def _of_parts(key: DispatchKey, plain: DispatchKey, axes: Axes) -> _Map:
    """The map of this process's part to the tensor on the mesh."""
    backend, native = key.library.backend, key.native_device

    def together(array: Any) -> Any:
        return backend.from_local(array, native, axes)

    def part(array: Any) -> Any:
        parts = backend.local_parts(backend.redistribute(array, native, axes))
        if len(parts) > 1:
            raise RuntimeError(
                f"to_local: this process has {len(parts)} devices of {key.device.mesh}, so there is no one part; use "
                "x.full_tensor(), or start a process for each device"
            )
        return backend.copy(parts[0])

    return _Map(together, part, plain, key)


@attribute("device_mesh")
def device_mesh(self: Tensor) -> DeviceMesh:
    """The mesh of devices that the tensor is divided over."""
    mesh: DeviceMesh | None = self.device.mesh
    if mesh is None:
        raise AttributeError(
            f"a tensor on {self.device} is on no mesh of devices: see tensorplug.distributed.distribute_tensor"
        )
    return mesh


@attribute("placements")
def placements(self: Tensor) -> tuple[Placement, ...]:
    """How the tensor is divided over its mesh: `Shard` or `Replicate` for each axis of the mesh."""
    device_mesh(self)
    if depth_of(self):
        raise _undecided("placements")
    return _placements(self._key.library.backend.divided_axes(array_of(self), self._key.native_device))


@method()
def redistribute(
    self: Tensor, device_mesh: DeviceMesh | None = None, placements: Sequence[Placement] | None = None, **unused: Any
) -> Tensor:
    """Divide a tensor that is on a mesh in another way; differentiable.

    Parameters
    ----------
    device_mesh : DeviceMesh, optional
        That of the tensor.
    placements : sequence of Shard or Replicate
        One for each axis of the mesh.
    **unused
        PyTorch's `async_op`, which has no effect.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.distributed import Replicate, Shard, distribute_tensor, init_device_mesh
    >>> x = distribute_tensor(tp.ones(2, 3), init_device_mesh("jax:cpu", (1,)), [Shard(0)])
    >>> x.redistribute(placements=[Shard(1)]).placements
    (Shard(dim=1),)
    """
    mesh = _mesh_of("redistribute", self)
    if unused.keys() - {"async_op"}:
        raise TypeError(f"redistribute: got an unexpected argument {next(iter(unused))!r}")
    if device_mesh not in (None, mesh):
        raise DeviceError(
            f"redistribute: the tensor is on {mesh}, got {device_mesh}; use distribute_tensor(x.full_tensor(), ...)"
        )
    if placements is None:
        raise ValueError(f"redistribute: got no placements, wanted {mesh.ndim}, one for each axis of {mesh}")
    key = self._key
    axes = _axes("redistribute", mesh, placements, self.shape)
    divide = functools.partial(key.library.ops.redistribute, mesh=key.native_device, axes=axes)
    return _Map(divide, _same, key, key)(self)


def _same(array: Any) -> Any:
    return array


@method()
def full_tensor(self: Tensor, *, grad_placements: Any = None) -> Tensor:
    """The whole tensor on this process's first device of the mesh's type; differentiable.

    All processes must call it. PyTorch's `grad_placements` has no effect.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.distributed import Shard, distribute_tensor, init_device_mesh
    >>> x = distribute_tensor(tp.ones(2), init_device_mesh("jax:cpu", (1,)), [Shard(0)])
    >>> x.full_tensor()
    tensor([1., 1.], backend='jax')
    """
    mesh = _mesh_of("full_tensor", self)
    _require_outside("full_tensor", self)
    key = self._key
    backend, native = key.library.backend, key.native_device
    copies = (None,) * mesh.ndim

    def gather(array: Any) -> Any:
        return backend.copy(backend.local_parts(backend.redistribute(array, native, copies))[0])

    def spread(array: Any) -> Any:
        return backend.distribute(array, native, copies, False)

    return _Map(gather, spread, key, key_for(mesh.home, self.dtype))(self)


@method("_reduced_on_mesh")
def reduced_on_mesh(self: Tensor) -> tuple[Any, ...]:
    """Pickle the whole tensor, its mesh and its placements."""
    whole = detach(self).full_tensor().to("cpu")
    return distribute_tensor, (requires_grad_(whole, self.requires_grad), self.device_mesh, self.placements)


@method()
def to_local(self: Tensor, *, grad_placements: Any = None) -> Tensor:
    """This process's part of the tensor, on its device; differentiable. PyTorch's `grad_placements` has no effect.

    Raises
    ------
    RuntimeError
        If the process has several devices of the mesh.

    Examples
    --------
    >>> import tensorplug as tp
    >>> from tensorplug.distributed import Shard, distribute_tensor, init_device_mesh
    >>> x = distribute_tensor(tp.ones(2), init_device_mesh("jax:cpu", (1,)), [Shard(0)])
    >>> x.to_local()
    tensor([1., 1.], backend='jax')
    """
    mesh = _mesh_of("to_local", self)
    _require_outside("to_local", self)
    plain = key_for(mesh.home, self.dtype)
    axes = self._key.library.backend.divided_axes(array_of(self), self._key.native_device)
    parts = _of_parts(self._key, plain, axes)
    return _Map(parts.adjoint, parts.function, self._key, plain)(self)


def _mesh_of(operation: str, x: Tensor) -> DeviceMesh:
    mesh: DeviceMesh | None = x.device.mesh
    if mesh is None:
        raise DeviceError(f"{operation}: a tensor on {x.device} is on no mesh of devices; use distribute_tensor first")
    return mesh


def _require_outside(operation: str, x: Tensor) -> None:
    """Refuse what an array within a transform does not tell."""
    if depth_of(x) or open_levels():
        raise _undecided(operation)


def _undecided(operation: str) -> RuntimeError:
    return RuntimeError(
        f"{operation}: within vmap and compile the backend decides how tensors are divided; do it outside of the "
        "function, or use x.redistribute(placements=...)"
    )


def _axes(
    operation: str, mesh: DeviceMesh, placements: Sequence[Placement] | None, shape: tuple[int, ...],
    is_whole: bool = True,
) -> Axes:  # fmt: skip
    """Placements as axes of a tensor, checked against its shape; that of a part need not be divided equally."""
    if isinstance(placements, Placement) or not isinstance(placements, Iterable | None):
        raise TypeError(
            f"{operation}: got placements={placements!r}, wanted a sequence, with a placement for each axis of {mesh}"
        )
    given = [Replicate()] * mesh.ndim if placements is None else list(placements)
    if len(given) != mesh.ndim:
        raise ValueError(f"{operation}: got {len(given)} placements, wanted {mesh.ndim}, one for each axis of {mesh}")
    axes = tuple(_axis(operation, one, len(shape)) for one in given)
    for axis in {axis for axis in axes if axis is not None and is_whole}:
        count = math.prod(length for length, one in zip(mesh.shape, axes, strict=True) if one == axis)
        if shape[axis] % count:
            raise ShapeError(
                f"{operation}: axis {axis} of shape {shape} has length {shape[axis]}, which {count} devices of {mesh} "
                f"can't divide equally; pad it to {-(-shape[axis] // count) * count}, or use Replicate()"
            )
    return axes


def _axis(operation: str, placement: Any, ndim: int) -> int | None:
    if isinstance(placement, Replicate):
        return None
    if isinstance(placement, Shard):
        return normalize_axis(operation, placement.dim, ndim)
    if isinstance(placement, Partial):
        raise ValueError(
            f"{operation}: got {placement}, but no tensor is left in unfinished parts: each operation finishes its "
            "sums; use Replicate(), or Shard(dim) for a part of the sum on each device"
        )
    raise TypeError(f"{operation}: got a placement of type {type(placement).__name__}, wanted Shard or Replicate")


def _placements(axes: Axes) -> tuple[Placement, ...]:
    return tuple(Replicate() if axis is None else Shard(axis) for axis in axes)
