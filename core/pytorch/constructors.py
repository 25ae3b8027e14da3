"""PyTorch's old types as constructors: ``FloatTensor(2, 3)``, ``LongTensor([1, 2])``, and `Tensor` itself."""

from __future__ import annotations

import operator
from typing import Any

import numpy

from ..dispatch.registry import method
from ..families.function import function
from ..interchange.interop import host_array
from ..memory.structure import cast, reshape
from ..memory.tensor import Tensor
from ..memory.values import in_range, inspect
from ..memory.views import detach
from ..standard.creation import arange, asarray, empty
from ..standard.data_types import astype
from ..standard.elementwise import equal
from ..types.axes import as_integer
from ..types.dtypes import DType, as_dtype, get_default_dtype, int64
from ..types.errors import ClassIndexError, DTypeError

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "one_hot",
]


@method("_construct", static=True)
def construct(*data: Any, device: Any = None) -> Tensor:
    """Create a tensor of the default dtype, uninitialised of given sizes, or from given numbers.

    Parameters
    ----------
    *data : int, or one sequence, array or Tensor
        Integers are the lengths of the axes; nothing gives an empty tensor. Sequences and arrays are converted and
        copied, a tensor shares its memory.
    device : device, optional
        By default the default device.

    Raises
    ------
    TypeError
        For a number that is no integer, or a tensor of another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.Tensor(5, 3).shape, tp.Tensor([5, 3])
    ((5, 3), tensor([5., 3.]))
    """
    return _constructed("Tensor", get_default_dtype(), data, device)


def _constructed(name: str, dtype: DType, data: tuple[Any, ...], device: Any) -> Tensor:
    if not data:
        return empty((0,), dtype=dtype, device=device)
    first = data[0]
    if isinstance(first, Tensor) and len(data) == 1:
        if first.dtype is not dtype:
            raise TypeError(
                f"{name}: got a {first.dtype} tensor, wanted {dtype}; convert it, as in x.to({dtype.name!r})"
            )
        return detach(first)
    if len(data) == 1 and (isinstance(first, list | tuple | numpy.ndarray) or hasattr(first, "__array__")):
        return astype(asarray(first, device=device, copy=True), dtype, copy=False)
    try:
        shape = tuple(operator.index(length) for length in data)
    except TypeError:
        listed = ", ".join(type(one).__name__ for one in data)
        raise TypeError(f"{name}: got {listed}; wanted integers, the lengths of the axes, or one sequence") from None
    return empty(shape, dtype=dtype, device=device)


class _OldType(type):
    """A metaclass that makes ``isinstance(x, FloatTensor)`` check the dtype."""

    dtype: DType

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.device.type == "cpu"


def _old_type(name: str, dtype: str) -> Any:
    def make(cls: Any, *data: Any, device: Any = None) -> Tensor:
        return _constructed(name, cls.dtype, data, device)

    doc = f"""A {dtype} tensor, as PyTorch's type of this name; the parameters are those of `Tensor`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.{name}([1, 0]).dtype
    tensorplug.{dtype}
    """
    return _OldType(name, (), {"__new__": make, "__doc__": doc, "dtype": as_dtype(dtype), "__module__": __name__})


OLD_TYPES = {
    "BFloat16Tensor": "bfloat16",
    "BoolTensor": "bool",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "DoubleTensor": "float64",
    "FloatTensor": "float32",
    "HalfTensor": "float16",
    "IntTensor": "int32",
    "LongTensor": "int64",
    "ShortTensor": "int16",
}
"""The dtype of each of PyTorch's types."""

(
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
) = (_old_type(name, dtype) for name, dtype in OLD_TYPES.items())


@method("type")
def type_of(self: Tensor, dtype: Any = None) -> Any:
    """The name of the tensor's type, or the tensor converted to another: a dtype, or one of PyTorch's types.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.ones(2).type(), tp.ones(2).type(tp.LongTensor)
    ('tensorplug.FloatTensor', tensor([1, 1]))
    """
    if dtype is None:
        names = {name: old for old, name in OLD_TYPES.items()}
        return f"tensorplug.{names.get(self.dtype.name, self.dtype.name)}"
    if isinstance(dtype, str):
        dtype = OLD_TYPES.get(dtype.rpartition(".")[2], dtype)
    old = getattr(dtype, "dtype", None)
    return astype(self, old if type(old) is DType else dtype, copy=False)


@function()
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """One-hot vectors of class indices, as in PyTorch.

    Parameters
    ----------
    tensor : Tensor, shape (...)
        Of an integer dtype.
    num_classes : int, default: -1
        How long the vectors are; by default as long as the largest index asks for.

    Returns
    -------
    Tensor, shape (..., num_classes), dtype int64

    Raises
    ------
    IndexError
        If an index is negative, or not less than the number of classes.
    ValueError
        If there is no index that says how many classes there are, or none of them is asked for.
    TypeError
        For another dtype.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.one_hot(tp.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor.dtype.kind not in "iu":
        raise DTypeError(f"one_hot: got {tensor.dtype}, wanted class indices, of an integer dtype")
    count = as_integer("one_hot", "num_classes", num_classes)
    if count < -1 or count == 0 or (count == -1 and not tensor.size):
        raise ValueError(
            f"one_hot: got num_classes {count} for a tensor of shape {tensor.shape}, wanted the number of classes, or "
            f"-1 where the indices say it"
        )
    count = int(host_array(tensor).max()) + 1 if count == -1 else count
    inspect(_require_classes, tensor, count=count)
    indices = reshape(cast(tensor, int64), (*tensor.shape, 1))
    return cast(equal(indices, arange(count, device=tensor.device)), int64)


def _require_classes(host: numpy.ndarray, count: int) -> None:
    if not in_range(host, count):
        wrong = host.min() if host.min() < 0 else host.max()
        raise ClassIndexError(f"one_hot: class index {wrong} is out of range for {count} classes")
