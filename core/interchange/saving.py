"""`save` and `load`: tensors in files, in the format safetensors, from which no code is ever executed.

A file has the tensors by name, for other programs too, and as metadata the structure of the saved object, in JSON, and
a checksum.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy

from ...extras import require
from ..dispatch.keys import key_for
from ..memory.structure import cast
from ..memory.tensor import Tensor, make_leaf, wrap
from ..types.devices import Device, as_device
from ..types.dtypes import (
    DTYPES,
    DType,
    bfloat16,
    bool_,
    float32,
    real_dtype,
)
from ..types.errors import DTypeError
from .interop import host_array

__all__ = ["load", "save"]

File = str | os.PathLike[str] | BinaryIO

_STRUCTURE, _CHECKSUM = "tensorplug", "tensorplug.crc32"
"""The keys of the structure and the checksum in a file's metadata."""

_CODES = {
    "BOOL": "bool",
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "BF16": "bfloat16",
    "C64": "complex64",
}
"""The names of dtypes by the format's codes."""

_READ_AS = {"bool": "uint8", "bfloat16": "uint16"}
"""The NumPy dtypes as which bytes are read of dtypes that NumPy lacks, or for which not every byte is valid."""

_PLAIN = (bool, int, float, str)
"""The types that may be saved besides tensors; subclasses come first."""


_UNEXPECTED = (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError)
"""The exceptions of a structure that `save` has not written."""


class _Damaged(Exception):
    """A file that cannot be read, and why."""


def save(obj: Any, file: File) -> None:
    """Write tensors to a file, in the format safetensors.

    Parameters
    ----------
    obj
        A tensor, or dicts, lists and tuples of them, nested in any way. The keys of dicts are strings or integers;
        numbers, strings and None may stand beside the tensors.
    file : path or binary file
        Where to write.

    Raises
    ------
    TypeError
        If the object has anything else in it.
    ValueError
        If the object contains itself.
    ImportError
        If safetensors, which the extra ``save`` brings, is not installed.

    Notes
    -----
    A tensor that occurs several times is written once, and read as one tensor. Other tensors that share memory are
    written in full. `requires_grad` is saved, but not the graph and the gradient. Complex numbers are written as pairs,
    in a last axis of length 2.

    Examples
    --------
    >>> import io
    >>> import tensorplug as tp
    >>> file = io.BytesIO()
    >>> tp.save({"weight": tp.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> tp.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    import json

    library = _library("save")
    leaves = _Leaves()
    try:
        tree = _described(obj, "", leaves)
    except RecursionError:
        raise ValueError("save: the object holds itself, or is nested too deeply") from None
    tensors = {name: {"dtype": x.dtype.name, "requires_grad": x.requires_grad} for name, x in leaves.tensors.items()}
    structure = json.dumps({"tree": tree, "tensors": tensors}, separators=(",", ":"))
    arrays = {name: _stored(x) for name, x in leaves.tensors.items()}
    described = {name: (array.dtype.name, array.shape, array) for name, array in arrays.items()}
    data = library.numpy.save(arrays, metadata={_STRUCTURE: structure, _CHECKSUM: _checksum(structure, described)})
    if isinstance(file, str | os.PathLike):
        with open(file, "wb") as opened:
            opened.write(data)
    else:
        file.write(data)


def _library(operation: str) -> Any:
    """Import safetensors, at the first use."""
    require(operation, "save", "safetensors")
    importlib.import_module("safetensors.numpy")
    return importlib.import_module("safetensors")


class _Leaves:
    """The distinct tensors of a structure, by name."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}

    def name(self, x: Tensor, path: str) -> str:
        """The name of a tensor, by its path in the structure."""
        if id(x) not in self._names:
            name = unique = path.lstrip(".").encode("utf-8", "replace").decode() or "tensor"
            number = 0
            # The name of the metadata is reserved, and keys with dots may give one path twice.
            while unique in self.tensors or unique == "__metadata__":
                number += 1
                unique = f"{name}#{number}"
            self._names[id(x)] = unique
            self.tensors[unique] = x
        return self._names[id(x)]


def _described(obj: Any, path: str, leaves: _Leaves) -> Any:
    """A structure as JSON data, with tensors by name."""
    if isinstance(obj, Tensor):
        return {"tensor": leaves.name(obj, path)}
    if obj is None:
        return None
    for plain in _PLAIN:
        if isinstance(obj, plain):
            return plain(obj)
    if isinstance(obj, Mapping):
        for key in obj:
            if type(key) not in (str, int):
                raise TypeError(
                    f"save: the keys of dicts are strings or integers, got {key!r}, of {type(key).__name__}"
                )
        return {"dict": [[key, _described(value, f"{path}.{key}", leaves)] for key, value in obj.items()]}
    if isinstance(obj, list | tuple):
        kind = "list" if isinstance(obj, list) else "tuple"
        return {kind: [_described(value, f"{path}.{i}", leaves) for i, value in enumerate(obj)]}
    raise TypeError(
        f"save: got {type(obj).__name__} at {path.lstrip('.') or 'the top'}, wanted tensors, numbers, strings, None, "
        f"or dicts, lists and tuples of them"
    )


def _stored(x: Tensor) -> numpy.ndarray:
    """The values in the form of the format: contiguous, complex numbers as pairs."""
    host = host_array(x)
    return numpy.stack([host.real, host.imag], axis=-1) if host.dtype.kind == "c" else numpy.array(host, order="C")


def _checksum(structure: str, tensors: Mapping[str, tuple[str, tuple[int, ...], numpy.ndarray]]) -> str:
    """The checksum of a structure and of the names, dtypes, shapes and values of its tensors."""
    import zlib

    total = zlib.crc32(structure.encode())
    for name, (dtype, shape, array) in sorted(tensors.items()):
        total = zlib.crc32(f"{name} {dtype} {tuple(shape)}".encode(), total)
        total = zlib.crc32(array.reshape(-1).view(numpy.uint8).data, total)
    return f"{total:08x}"


def load(file: File, map_location: Any = None, *, device: Any = None, weights_only: bool = True) -> Any:
    """Read an object that `save` has written, or any other safetensors file as a dict of tensors.

    Parameters
    ----------
    file : path or binary file
    map_location : device, optional
        PyTorch's name of `device`.
    device : device, optional
        The device of the tensors, whatever it was when they were saved; by default the default device.
    weights_only : bool, default: True
        Accepted for PyTorch's sake. Nothing is executed in either case.

    Raises
    ------
    ValueError
        If the file is damaged, truncated, or not a safetensors file.
    TypeError
        If the device does not support a dtype.
    ImportError
        If safetensors, which the extra ``save`` brings, is not installed.

    Examples
    --------
    >>> import io
    >>> import tensorplug as tp
    >>> file = io.BytesIO()
    >>> tp.save([tp.zeros(2), (tp.ones(1),)], file)
    >>> _ = file.seek(0)
    >>> tp.load(file)
    [tensor([0., 0.]), (tensor([1.]),)]
    """
    library = _library("load")
    target = as_device(map_location if device is None else device)
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:
            data = opened.read()
    else:
        data = file.read()
    try:
        return _read(library, data, target)
    except _Damaged as reason:
        name = os.fspath(file) if isinstance(file, str | os.PathLike) else getattr(file, "name", "the file")
        raise ValueError(f"load: {name} is damaged, cut off, or no safetensors file: {reason}") from None


def _read(library: Any, data: bytes, device: Device) -> Any:
    """Read the object in the bytes of a file."""
    import json

    try:
        entries = dict(library.deserialize(data))
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except (library.SafetensorError, ValueError, RecursionError) as error:
        raise _Damaged(error) from None
    metadata = header.get("__metadata__", {})
    foreign = _STRUCTURE not in metadata and _CHECKSUM not in metadata
    for name, entry in entries.items():
        if entry["dtype"] not in _CODES:
            message = f"its tensor {name} is of {entry['dtype']}, which tensors here don't have"
            raise DTypeError(f"load: of this file, {message}") if foreign else _Damaged(message)
    stored = {name: _bytes(entry) for name, entry in entries.items()}
    if foreign:
        return {name: _restored(array, DTYPES[dtype], device) for name, (dtype, _, array) in sorted(stored.items())}
    structure = metadata.get(_STRUCTURE, "")
    if metadata.get(_CHECKSUM) != _checksum(structure, stored):
        raise _Damaged("its checksum is not that of its contents")
    try:
        described = json.loads(structure)
        about = {name: _about(found, described["tensors"][name]) for name, found in stored.items()}
        _built(described["tree"], dict.fromkeys(about))
    except _UNEXPECTED as error:
        raise _Damaged(f"its structure makes no sense: {error!r}") from None
    tensors = {name: _restored(array, about[name][0], device) for name, (_, _, array) in stored.items()}
    for name, x in tensors.items():
        if about[name][1]:
            make_leaf(x)
    return _built(described["tree"], tensors)


def _about(found: tuple[str, tuple[int, ...], numpy.ndarray], described: Mapping[str, Any]) -> tuple[DType, bool]:
    """The dtype of a tensor and whether it requires a gradient, checked against its stored data."""
    dtype, requires_grad = DTYPES[described["dtype"]], bool(described["requires_grad"])
    stored, shape, _ = found
    fits = stored == real_dtype(dtype).name and (dtype.kind != "c" or shape[-1] == 2)
    if not fits or (requires_grad and not dtype.is_differentiable):
        raise ValueError(f"{described} for {stored} of shape {shape}")
    return dtype, requires_grad


def _bytes(entry: Mapping[str, Any]) -> tuple[str, tuple[int, ...], numpy.ndarray]:
    """The dtype's name, the shape and the values of a stored tensor, these perhaps in a dtype of `_READ_AS`."""
    dtype, shape = _CODES[entry["dtype"]], tuple(entry["shape"])
    return dtype, shape, numpy.frombuffer(entry["data"], _READ_AS.get(dtype, dtype)).reshape(shape)


def _restored(array: numpy.ndarray, dtype: DType, device: Device) -> Tensor:
    """A tensor of stored values."""
    if dtype is bfloat16:
        # As the upper half of float32, which every library has.
        wide = (array.astype(numpy.uint32) << 16).view(numpy.float32)
        return cast(_restored(wide, float32, device), bfloat16)
    if dtype is bool_:
        array = array != 0
    elif dtype.kind == "c" and array.dtype.kind != "c":
        array = array.view(dtype.name)[..., 0]
    key = key_for(device, dtype)
    return wrap(key.library.backend.from_numpy(numpy.asarray(array), key.native_device), key)


def _built(tree: Any, tensors: Mapping[str, Any]) -> Any:
    """Build the object of a structure."""
    if tree is None or isinstance(tree, _PLAIN):
        return tree
    ((kind, content),) = tree.items()
    return _BUILDERS[kind](content, tensors)


_BUILDERS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "tensor": lambda name, tensors: tensors[name],
    "dict": lambda items, tensors: {key: _built(value, tensors) for key, value in items},
    "list": lambda items, tensors: [_built(value, tensors) for value in items],
    "tuple": lambda items, tensors: tuple(_built(value, tensors) for value in items),
}
