"""Tensors in files, in the format safetensors: data and a description of it, of which nothing is ever executed.

A file holds the tensors, under names that other programs understand, and beside them, as JSON, the structure that they
are the leaves of, with a checksum of everything.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy

from .conversion import to
from .devices import Device, as_device
from .dtypes import DTYPES, as_dtype, bfloat16, real_dtype
from .interop import host_array
from .kinds import kind_for
from .tensor import Tensor, make_leaf, wrap

File = str | os.PathLike[str] | BinaryIO

_STRUCTURE = "tensorplug"
_CHECKSUM = "tensorplug.crc32"

_CODES = {
    "BOOL": "bool",
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "BF16": "bfloat16",
    "C64": "complex64",
}
"""The format's codes of dtypes and their names."""

_PLAIN = (bool, int, float, str)
"""The types of what may stand in a structure beside tensors and None; they are written as JSON has them."""


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
        If safetensors is not installed: ``pip install safetensors``.

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
    library = _safetensors("save")
    writer = _Writer()
    try:
        tree = writer.describe(obj, "")
    except RecursionError:
        raise ValueError("save: the object holds itself, or is nested too deeply") from None
    structure = json.dumps({"tree": tree, "tensors": writer.tensors}, separators=(",", ":"))
    metadata = {_STRUCTURE: structure, _CHECKSUM: _checksum(structure, writer.arrays)}
    data = library.numpy.save(writer.arrays, metadata=metadata)
    if isinstance(file, str | os.PathLike):
        with open(file, "wb") as opened:
            opened.write(data)
    else:
        file.write(data)


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
        If safetensors is not installed: ``pip install safetensors``.

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
    library = _safetensors("load")
    target = as_device(map_location if device is None else device)
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:
            data = opened.read()
    else:
        data = file.read()
    try:
        arrays, metadata = _parsed(library, data)
        reader = _described(arrays, metadata)
    except _Damaged as reason:
        name = file if isinstance(file, str | os.PathLike) else getattr(file, "name", type(file).__name__)
        raise ValueError(f"load: {os.fspath(name)} is damaged, or no safetensors file: {reason}") from None
    tensors = {name: reader.tensors[name](array, target) for name, array in arrays.items()}
    return reader.build(tensors)
