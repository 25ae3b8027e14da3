"""Tensors in files, in the format safetensors: data and a description of it, of which nothing is ever executed.

A file holds the tensors, under names that other programs understand, and beside them, as JSON, the structure whose
leaves they are, with a checksum of everything.
"""

from __future__ import annotations

import importlib
import json
import os
import zlib
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
"""The keys under which a file's metadata has the structure and the checksum."""

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
"""What the bytes of dtypes are read as that NumPy lacks, or that not every byte belongs to."""

_PLAIN = (bool, int, float, str)
"""The types of what may stand beside tensors, the narrower ones first."""


_UNEXPECTED = (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError)
"""What reading a structure raises that `save` has not written."""


class _Damaged(Exception):
    """Why a file cannot be read."""


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
        If something else is in there.
    ValueError
        If it holds itself.
    ImportError
        If safetensors, which the extra ``save`` brings, is not installed.

    Notes
    -----
    A tensor that stands in several places is written once, and read as one tensor. Tensors that share memory otherwise
    are written in full. Whether a tensor requires a gradient is kept, its history and its gradient are not. Complex
    numbers are written as pairs, in a last axis of length 2.

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
    """The library, imported at the first use."""
    require(operation, "save", "safetensors")
    importlib.import_module("safetensors.numpy")
    return importlib.import_module("safetensors")


class _Leaves:
    """The tensors of a structure, each once, by the names that they are given."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}

    def name(self, x: Tensor, path: str) -> str:
        """The name of a tensor that was found at a path."""
        if id(x) not in self._names:
            name = unique = path.lstrip(".").encode("utf-8", "replace").decode() or "tensor"
            number = 0
            # What metadata stands under is no name, and keys with dots may lead to one path.
            while unique in self.tensors or unique == "__metadata__":
                number += 1
                unique = f"{name}#{number}"
            self._names[id(x)] = unique
            self.tensors[unique] = x
        return self._names[id(x)]


def _described(obj: Any, path: str, leaves: _Leaves) -> Any:
    """A structure as JSON has it, with the names of its tensors."""
    if type(obj) is Tensor:
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
    """The values as the format has them: contiguous, and without complex numbers."""
    host = host_array(x)
    return numpy.stack([host.real, host.imag], axis=-1) if host.dtype.kind == "c" else numpy.array(host, order="C")


def _checksum(structure: str, tensors: Mapping[str, tuple[str, tuple[int, ...], numpy.ndarray]]) -> str:
    """A checksum of a structure, and of names, dtypes, shapes and values of its tensors."""
    total = zlib.crc32(structure.encode())
    for name, (dtype, shape, array) in sorted(tensors.items()):
        total = zlib.crc32(f"{name} {dtype} {tuple(shape)}".encode(), total)
        total = zlib.crc32(array.reshape(-1).view(numpy.uint8).data, total)
    return f"{total:08x}"


def load(file: File, map_location: Any = None, *, device: Any = None, weights_only: bool = True) -> Any:
    """What `save` has written, or any other safetensors file as a dict of tensors.

    Parameters
    ----------
    file : path or binary file
    map_location : device, optional
        PyTorch's name of `device`.
    device : device, optional
        Where the tensors are put, wherever they came from: the default device, unless one is given.
    weights_only : bool, default: True
        Accepted for PyTorch's sake. Nothing is executed in either case.

    Raises
    ------
    ValueError
        If the file is damaged, cut off, or no safetensors file.
    TypeError
        If the device has no such dtype.
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
    """The structure in the bytes of a file."""
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
    """The dtype of a tensor and whether it requires a gradient, if that fits what a file has for it."""
    dtype, requires_grad = DTYPES[described["dtype"]], bool(described["requires_grad"])
    stored, shape, _ = found
    fits = stored == real_dtype(dtype).name and (dtype.kind != "c" or shape[-1] == 2)
    if not fits or (requires_grad and not dtype.is_differentiable):
        raise ValueError(f"{described} for {stored} of shape {shape}")
    return dtype, requires_grad


def _bytes(entry: Mapping[str, Any]) -> tuple[str, tuple[int, ...], numpy.ndarray]:
    """The name of the dtype, the shape and the values of a tensor in a file, the latter perhaps in `_READ_AS`."""
    dtype, shape = _CODES[entry["dtype"]], tuple(entry["shape"])
    return dtype, shape, numpy.frombuffer(entry["data"], _READ_AS.get(dtype, dtype)).reshape(shape)


def _restored(array: numpy.ndarray, dtype: DType, device: Device) -> Tensor:
    """A tensor of the values that a file has for it."""
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
    """The object that a structure describes."""
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
