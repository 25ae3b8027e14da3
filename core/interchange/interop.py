"""Conversion of tensors from and to Python numbers, lists, NumPy arrays, DLPack and text; copies and pickling."""

from __future__ import annotations

import copy
import copyreg
import math
from collections.abc import Callable
from typing import Any

import numpy

from ...autograd.modes import set_grad_enabled
from ...autograd.rules.manipulation import inverse
from ...backends.common.dlpack import export, import_bfloat16
from ..dispatch.keys import DispatchKey, key_for, library_for
from ..dispatch.registry import method, public
from ..memory.steps import Step
from ..memory.structure import clone, to_device
from ..memory.tensor import (
    Storage,
    Tensor,
    make_leaf,
    wrap,
)
from ..memory.views import (
    array_of,
    base_of,
    can_wrap_shared,
    detach,
    has_valid_strides,
    keep_strides,
    make_view,
    wrap_shared,
)
from ..types.devices import (
    DEFAULT_BACKEND,
    Device,
    as_device,
    default_device,
    new_device,
)
from ..types.dtypes import as_dtype, get_default_dtype
from ..types.errors import CopyError, ProtocolError
from .printing import format_tensor

__all__ = ["from_dlpack", "from_numpy"]


def host_array(x: Tensor) -> numpy.ndarray:
    """The tensor's values as a NumPy array, for reading only."""
    array: numpy.ndarray = x._key.library.backend.to_numpy(array_of(x))
    return array


@method()
def item(x: Tensor) -> Any:
    """The element of a one-element tensor as a Python number.

    Raises
    ------
    ValueError
        If the tensor does not have exactly one element.
    """
    if x.numel() != 1:
        raise ValueError(f"item: a tensor of shape {x.shape} cannot be converted to a Python scalar")
    return host_array(x).item()


@method()
def tolist(x: Tensor) -> Any:
    """The elements as nested lists of Python numbers."""
    return host_array(x).tolist()


@method("numpy")
def numpy_array(x: Tensor, *, force: bool = False) -> numpy.ndarray:
    """The tensor as a NumPy array.

    On the NumPy backend the two share memory: a write to one is visible in the other. On all others the array is a
    read-only copy, as a write to it would be lost.

    Parameters
    ----------
    x
    force
        Whether to convert a tensor that requires a gradient, as ``x.detach().numpy()`` does.

    Raises
    ------
    RuntimeError
        If the tensor requires a gradient, which would be lost, unless `force`.
    """
    if not force:
        _require_no_grad("numpy", x)
    return _shared_or_read_only(x)


def _shared_or_read_only(x: Tensor) -> numpy.ndarray:
    """The tensor's own array if it is NumPy's, else its values in a read-only array."""
    array = array_of(x)
    if x._key.writable and isinstance(array, numpy.ndarray):
        keep_strides(x)
        return array
    # The result of a library with mutable arrays may change with later writes.
    host = numpy.array(host_array(x)) if x._key.writable else host_array(x).view()
    host.flags.writeable = False
    return host


def _require_no_grad(operation: str, x: Tensor) -> None:
    if x._node is not None or x.requires_grad:
        raise RuntimeError(
            f"{operation}: can't call {operation}() on a Tensor that requires grad; use x.detach().numpy()"
        )


@public("from_numpy")
def from_numpy(ndarray: numpy.ndarray) -> Tensor:
    """Convert a NumPy array to a tensor on the default device.

    On the NumPy backend the two share memory: a write to one is visible in the other. A read-only or byte-swapped array
    is copied, as is every array on the other backends.

    Raises
    ------
    TypeError
        If it is not a NumPy array, or has a dtype that tensors do not have.
    ValueError
        If its strides are not multiples of the itemsize, or two elements share memory.

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> a = numpy.zeros(2)
    >>> x = tp.from_numpy(a)
    >>> a += 1
    >>> x
    tensor([1., 1.], dtype=tensorplug.float64)
    """
    if not isinstance(ndarray, numpy.ndarray):
        raise TypeError(f"from_numpy: got {type(ndarray).__name__}, wanted a NumPy array; use tensorplug.tensor")
    if ndarray.dtype.hasobject:
        raise TypeError("from_numpy: an array of objects has no dtype that tensors have; convert it with array.astype")
    key = key_for(default_device(), as_dtype(ndarray.dtype.newbyteorder("=")))
    if ndarray.flags.writeable and not has_valid_strides(ndarray):
        raise ValueError(
            f"from_numpy: got strides {ndarray.strides}, which are no whole elements or lead to one element twice; "
            f"make a copy first, with array.copy()"
        )
    shared = isinstance(ndarray, key.library.array_types) and ndarray.flags.writeable and ndarray.dtype.isnative
    if not shared:
        return wrap(key.library.backend.from_numpy(ndarray, key.native_device), key)
    return wrap_shared(ndarray.view(numpy.ndarray), key)


_CPU = 1
"""DLPack's device type of CPUs."""


@public("from_dlpack")
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Convert any array that supports DLPack to a tensor.

    On the NumPy and CuPy backends it shares the memory of a writable array. On all other backends, whose arrays are
    immutable, it is a copy.

    Parameters
    ----------
    ext_tensor : object with ``__dlpack__`` and ``__dlpack_device__``
    device : device, optional
        By default the first that matches the array's, as for ``"cpu"`` and ``"cuda"``.
    copy : bool, optional
        True always copies; False never copies, but raises if it must; by default a copy is made if needed.

    Raises
    ------
    BufferError, ValueError
        If `copy` is False and a copy is needed (one error that is both), or `ext_tensor` requires a gradient.
    TypeError, AttributeError
        If `ext_tensor` does not support DLPack (one error that is both).

    Examples
    --------
    >>> import numpy
    >>> import tensorplug as tp
    >>> tp.from_dlpack(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if isinstance(ext_tensor, Tensor):
        return _from_tensor(ext_tensor, device, copy)
    if not (hasattr(ext_tensor, "__dlpack__") and hasattr(ext_tensor, "__dlpack_device__")):
        found = type(ext_tensor).__name__
        raise ProtocolError(f"from_dlpack: got {found}, which does not speak DLPack; use tensorplug.asarray")
    kind_of_device, number = ext_tensor.__dlpack_device__()
    on_cpu = int(kind_of_device) == _CPU
    target = as_device(device if device is not None else "cpu" if on_cpu else f"cuda:{number}")
    return _from_host(ext_tensor, target, copy) if on_cpu else _from_accelerator(ext_tensor, target, copy)


def _from_host(x: Any, device: Device, copy: bool | None) -> Tensor:
    """Convert a foreign array in CPU memory."""
    library = library_for(device.backend)
    native_device = library.devices[device.local_name]
    host = _numpy_view(x)
    if host is None:
        try:
            array = library.backend.from_dlpack(x, native_device, copy=True)
        except RuntimeError as error:
            raise BufferError(f"from_dlpack: {device} cannot take this {type(x).__name__}: {error}") from error
        return _copied(wrap(array, library.key_of(array)), copy)
    key = key_for(device, as_dtype(host.dtype))
    if copy is not True and can_wrap_shared(host, key):
        return wrap_shared(host.view(numpy.ndarray), key)
    return _copied(wrap(library.backend.from_numpy(host, native_device), key), copy)


def _numpy_view(x: Any) -> numpy.ndarray | None:
    """View a foreign array as a NumPy array; None if NumPy lacks the dtype."""
    try:
        return numpy.from_dlpack(x)
    except (BufferError, RuntimeError):
        pass
    try:
        return import_bfloat16(x)
    except (BufferError, RuntimeError, ImportError):
        return None


def _from_accelerator(x: Any, device: Device, copy: bool | None) -> Tensor:
    library = library_for(device.backend)
    shares = library.writable and copy is not True
    array = library.backend.from_dlpack(x, library.devices[device.local_name], copy=not shares)
    key = library.key_of(array)
    return wrap_shared(array, key) if shares else _copied(wrap(array, key), copy)


def _copied(tensor: Tensor, copy: bool | None) -> Tensor:
    if copy is False:
        raise CopyError(f"from_dlpack: got copy=False, but {tensor.device} cannot share this array's memory")
    return tensor


def _from_tensor(x: Tensor, device: Any, copy: bool | None) -> Tensor:
    if x.requires_grad:
        raise BufferError("from_dlpack: can't export a tensor that requires grad; use x.detach()")
    target = as_device(device, x.device)
    if target is not x.device:
        return _copied(to_device(x, target), copy)
    return clone(x) if copy else detach(x)


@method("__dlpack__")
def dlpack(
    self: Tensor,
    /,
    *,
    stream: Any = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[Any, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """Export the tensor as a DLPack capsule.

    On the NumPy and CuPy backends the consumer shares its memory. On backends with immutable arrays it gets the current
    values, and must not write.

    Parameters
    ----------
    stream : optional
        The consumer's stream, on devices that have streams; None on a CPU.
    max_version : tuple of int, optional
        The newest version of DLPack that the consumer supports.
    dl_device : tuple, optional
        The device that the consumer wants, in the form of `__dlpack_device__`: the tensor's own, or a CPU.
    copy : bool, optional
        True always copies; False never copies, but raises if it must; by default a copy is made if needed.

    Raises
    ------
    BufferError
        If the tensor requires a gradient, which would be lost; if the device is another; if `copy` is False and a copy
        is needed.
    """
    if self.requires_grad:
        raise BufferError("__dlpack__: can't export a tensor that requires grad; use x.detach()")
    own = dlpack_device(self)
    wanted = own if dl_device is None else (int(getattr(dl_device[0], "value", dl_device[0])), int(dl_device[1]))
    if stream is not None and wanted[0] == _CPU:
        raise BufferError(f"__dlpack__: got stream {stream!r} for a CPU, which has none; wanted None")
    # Versions before 1.0 have the unversioned form.
    version = None if max_version is None or max_version[0] < 1 else max_version
    if wanted != own:
        if wanted[0] != _CPU:
            raise BufferError(f"__dlpack__: got device {wanted} for a tensor on {own}, wanted that or a CPU, (1, 0)")
        return _host_capsule(self, version, copy)
    if self._key.writable:
        array_of(self)
        keep_strides(self)
    elif copy and own[0] == _CPU:
        # A copy is to be writable, and the library would mark its own as read-only.
        return _host_capsule(self, version, copy)
    asked = {"stream": stream, "max_version": version, "copy": copy}
    try:
        with self._key.library.scope(self._key.native_device):
            array = array_of(self)
            options = {name: value for name, value in asked.items() if value is not None}
            return export(array, **options) if isinstance(array, numpy.ndarray) else array.__dlpack__(**options)
    except (BufferError, RuntimeError, TypeError):
        # The library cannot export this, such as read-only memory.
        return _host_capsule(self, version, copy)


def _host_capsule(x: Tensor, version: Any, copy: bool | None) -> Any:
    """A capsule of a copy in CPU memory."""
    if copy is False:
        raise CopyError(f"__dlpack__: got copy=False, but to export this tensor from {x.device} takes a copy")
    return export(host_array(x), max_version=version, copy=True)


@method("__dlpack_device__")
def dlpack_device(self: Tensor) -> tuple[int, int]:
    """DLPack's device type and device number."""
    if self.device.mesh is not None:
        raise BufferError(
            f"__dlpack__: DLPack has no tensors on many devices, got one on {self.device}; use x.full_tensor()"
        )
    kind, number = array_of(self).__dlpack_device__()
    return int(kind), int(number)


@method("__array__")
def as_numpy(self: Tensor, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray:
    """The protocol of ``numpy.asarray(tensor)``: the result of `numpy_array`, or a copy if it is asked for or needed.

    Parameters
    ----------
    dtype : optional
        The array's dtype; another than the tensor's needs a copy.
    copy : bool, optional
        True always makes a writable copy; False never copies, but raises if it must; by default a copy is made if
        needed.

    Raises
    ------
    RuntimeError
        For a tensor that requires a gradient, which would be lost.
    ValueError
        If `copy` is False and a copy is needed.
    """
    _require_no_grad("__array__", self)
    host = host_array(self)
    wanted = host.dtype if dtype is None else numpy.dtype(dtype)
    if copy is False and (wanted != host.dtype or _is_copy(self, host)):
        raise ValueError("__array__: got copy=False, but another dtype, or an array on the host, is a copy")
    if copy or wanted != host.dtype:
        return numpy.array(host, wanted)
    return _shared_or_read_only(self)


def _is_copy(x: Tensor, host: numpy.ndarray) -> bool:
    """Whether NumPy gets a copy, not the tensor's memory."""
    if isinstance(x._array, numpy.ndarray):
        return False
    return x._key.writable or host.base is None


def _complex(value: Any) -> complex:
    """Convert to complex; both parts of NaN are NaN, by the standard."""
    return complex(value, value) if value != value and not isinstance(value, complex) else complex(value)


def _declare_number(name: str, convert: Callable[[Any], Any], kinds: str) -> None:
    """Declare the method, such as ``__float__``, that converts a tensor of one element and of some kinds of dtype."""
    function = name.strip("_")

    def number(self: Tensor) -> Any:
        if self.numel() != 1:
            raise ValueError(
                f"{function}() of a tensor of shape {self.shape} is ambiguous; it takes exactly one element"
            )
        if self.dtype.kind not in kinds:
            raise TypeError(f"{function}() of a {self.dtype} tensor")
        return convert(host_array(self).item())

    # Tracebacks and messages show the name.
    number.__code__ = number.__code__.replace(co_name=function)
    method(name)(number)


_declare_number("__bool__", bool, "biufc")
_declare_number("__int__", int, "biuf")
_declare_number("__float__", float, "biuf")
_declare_number("__complex__", _complex, "biufc")
_declare_number("__ceil__", math.ceil, "biuf")
_declare_number("__floor__", math.floor, "biuf")
_declare_number("__trunc__", math.trunc, "biuf")


@method("__index__")
def index(self: Tensor) -> int:
    """The element of a 0-d integer tensor, for use as an index."""
    if self.dtype.kind not in "iu" or self.ndim:
        raise TypeError(f"only a 0-d integer tensor can be used as an index, got {self.dtype} of shape {self.shape}")
    return int(host_array(self).item())


@method("__repr__")
def representation(self: Tensor) -> str:
    """The text of the tensor as in PyTorch, with the backend unless it is `DEFAULT_BACKEND`."""
    library, array = self._key.library, array_of(self)
    suffixes = [f"examples of shape {self.shape}"] if library.depth else []
    while library.depth:
        library, array = library.inner, array.array  # type: ignore[attr-defined]
    try:
        host = library.backend.to_numpy(array)
    except RuntimeError:
        if self.device.mesh is None:
            raise
        # Other processes have the rest.
        host = library.backend.to_numpy(library.backend.local_parts(array)[0])
        suffixes.append(f"part of shape {self.shape}")
    if self.device.backend != DEFAULT_BACKEND:
        suffixes.append(f"backend={self.device.backend!r}")
    if self.device.mesh is not None and not self._key.library.depth:
        suffixes.append(f"device={self.device.local_name!r}, placements={self.placements}")
    elif self.device.type != "cpu":
        suffixes.append(f"device={self.device.local_name!r}")
    implied = ("bool", "int64", get_default_dtype().name) if host.size else (get_default_dtype().name,)
    if self.dtype.name not in implied:
        suffixes.append(f"dtype={self.dtype}")
    if self._node is not None:
        name = None if self.is_leaf else self._node.name
        suffixes.append("requires_grad=True" if name is None else f"grad_fn=<{name}>")
    return format_tensor(host, suffixes)


@method("__format__")
def formatted(self: Tensor, spec: str) -> str:
    """Format a 0-d tensor as its number, and any other as `str` does."""
    return object.__format__(self, spec) if self.ndim else format(item(self), spec)


@method("__deepcopy__")
def deep_copy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """Copy a leaf and its gradient; in one `copy.deepcopy`, copies of tensors that share memory share theirs.

    Raises
    ------
    RuntimeError
        For a result of recorded operations, as in PyTorch.
    """
    if not self.is_leaf:
        raise RuntimeError("only leaf tensors can be deep-copied; use x.detach()")
    storage = self._storage
    if storage is not None and _is_in_order(storage) and self._view is None and id(storage) not in memo:
        # The copy is the root of the views that share the memory.
        result = memo[id(storage)] = wrap(self._key.library.backend.copy(array_of(self)), self._key)
    elif _shares(self):
        source, *how = _view_source(self)
        if type(source) is Storage and id(source) not in memo:
            memo[id(source)] = _copied_storage(source)
        result = _view_of(copy.deepcopy(source, memo), *how)
    else:
        result = wrap(self._key.library.backend.copy(array_of(self)), self._key)
    memo[id(self)] = result
    if self._node is not None:
        make_leaf(result)
        result._grad = copy.deepcopy(self.grad, memo)
    return result


def _is_in_order(storage: Storage) -> bool:
    """Whether a storage with views is C-contiguous, as a copy is."""
    return storage.layout is not None and bool(storage.layout.flags.c_contiguous)


def _shares(self: Tensor) -> bool:
    """Whether other tensors may share the tensor's memory."""
    return self._storage is not None and self._storage.layout is not None


def _view_source(self: Tensor) -> tuple[Any, ...]:
    """A view's base, or the storage, with the other arguments of `_view_of` that make the tensor from its copy."""
    view, base = self._view, base_of(self)
    if view is not None and base is not None and base.is_leaf:
        return base, view.steps[view.depth :], view.recorded
    return self._storage, () if view is None else view.steps, None


def _view_of(source: Tensor, steps: tuple[Step, ...], recorded: bool | None) -> Tensor:
    """A view by steps, made with recording on or off; detached if `recorded` is None."""
    with set_grad_enabled(bool(recorded)):
        for name, argument in steps:
            source = make_view(source, name, argument)
    return detach(source) if recorded is None else source


def _order(layout: numpy.ndarray) -> tuple[int, ...]:
    """The axes by stride, the largest first: transposed to this order, a C-contiguous copy keeps the layout."""
    return tuple(sorted(range(layout.ndim), key=lambda axis: -abs(layout.strides[axis])))


def _rebuilt(array: Any, key: DispatchKey, order: tuple[int, ...]) -> Tensor:
    """The root of a new storage, from an array with its axes in a given order."""
    if not key.writable:
        # Immutable arrays have no strides.
        return wrap(array, key)
    return wrap_shared(key.library.ops.permute_dims(array, inverse(order)), key)


def _copied_storage(storage: Storage) -> Tensor:
    """Copy a storage, in the layout of the original; return the new root."""
    order, library = _order(storage.layout), storage.key.library
    array = library.ops.permute_dims(storage.root, order) if storage.key.writable else storage.root
    return _rebuilt(library.backend.copy(array), storage.key, order)


def _reduced_storage(storage: Storage) -> tuple[Any, ...]:
    order = _order(storage.layout)
    host = host_array(wrap(storage.root, storage.key)).transpose(order)
    return _restored_storage, (numpy.array(host, order="C"), str(storage.key.device), order)


def _restored_storage(array: numpy.ndarray, device: str, order: tuple[int, ...]) -> Tensor:
    root = _restored(array, device, requires_grad=False)
    return _rebuilt(root._array, root._key, order)


@method("__copy__")
def shallow_copy(self: Tensor) -> Tensor:
    """A tensor that shares the memory; for a leaf that requires a gradient, a new leaf.

    Raises
    ------
    RuntimeError
        For a result of recorded operations.
    """
    if not self.is_leaf:
        raise RuntimeError(
            "copy: only leaf tensors can be copied; use x.detach() to leave the graph, or x.clone() to stay in it"
        )
    result = detach(self)
    if self._node is not None:
        make_leaf(result)
    return result


@method("__reduce__")
def reduced(self: Tensor) -> tuple[Any, ...]:
    """Pickle a leaf: its values or its storage, its device, and whether it requires a gradient.

    Raises
    ------
    RuntimeError
        For a result of recorded operations.
    """
    if not self.is_leaf:
        raise RuntimeError("only leaf tensors can be pickled; use x.detach()")
    if self.device.mesh is not None:
        return self._reduced_on_mesh()
    if _shares(self):
        return _restored_view, (*_view_source(self), self._node is not None)
    return _restored, (numpy.array(host_array(self)), str(self.device), self._node is not None)


def _restored(array: numpy.ndarray, device: str, requires_grad: bool) -> Tensor:
    key = key_for(new_device(device), as_dtype(array.dtype))
    result = wrap(key.library.backend.from_numpy(array, key.native_device), key)
    if requires_grad:
        make_leaf(result)
    return result


def _restored_view(source: Tensor, steps: tuple[Step, ...], recorded: bool | None, requires_grad: bool) -> Tensor:
    result = _view_of(source, steps, recorded)
    if requires_grad:
        make_leaf(result)
    return result


copyreg.pickle(Storage, _reduced_storage)
