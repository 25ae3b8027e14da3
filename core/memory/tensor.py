"""The Tensor, an array of some backend with its dispatch key, its node and its storage; Storage and View.

Operators and most methods are attached by `tensorplug.core.methods`, from the declared operations.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, final

from ...autograd.node import Leaf
from ..dispatch.keys import DispatchKey
from ..dispatch.registry import method
from ..types.absent import Absent
from ..types.devices import Device
from ..types.dtypes import DType
from ..types.errors import unsupported
from .steps import Step


@final
class Storage:
    """Memory that tensors share: its version, and the root array of which all others are views.

    Attributes
    ----------
    version : int
        The number of writes so far.
    layout : numpy.ndarray or None
        Shape and strides of the root, once there is a view; else None.
    root : array or None
        The root's current array, once there is a view.
    key : DispatchKey
        The root's key, once there is a view.
    replaceable : bool
        Whether the root was made by a write, so that no user can hold it.
    """

    __slots__ = ("key", "layout", "replaceable", "root", "version")

    version: int
    layout: Any
    root: Any
    key: DispatchKey
    replaceable: bool


@final
class View:
    """How a tensor views the memory of another.

    Attributes
    ----------
    base : Tensor or None
        The tensor whose history records writes through the view; None for a detached view.
    steps : tuple of Step
        From the storage's root to the view.
    depth : int
        The number of steps from the root to the base.
    layout : numpy.ndarray or None
        Shape and strides, once they are computed.
    seen : node, leaf or None
        The base's node when the view's own was last derived from it.
    may_overlap : bool
        Whether elements of the view may share memory.
    recorded : bool
        Whether it was made while operations were being recorded.
    """

    __slots__ = ("base", "depth", "layout", "may_overlap", "recorded", "seen", "steps")

    base: Tensor | None
    steps: tuple[Step, ...]
    depth: int
    layout: Any
    may_overlap: bool
    seen: Any
    recorded: bool


class Size(int):
    """The number of elements, as the standard's `size`; calling it gives PyTorch's ``size()`` and ``size(0)``."""

    _shape: tuple[int, ...]

    def __new__(cls, count: int, shape: tuple[int, ...]) -> Size:
        self = super().__new__(cls, count)
        self._shape = shape
        return self

    def __call__(self, dim: int | None = None) -> Any:
        if dim is None:
            return self._shape
        try:
            return self._shape[dim]
        except IndexError:
            raise IndexError(f"size: dim {dim} is out of range for a tensor of shape {self._shape}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


class _Constructed(type):
    """A metaclass that makes ``Tensor(2, 3)`` PyTorch's constructor, at no cost to tensors made internally."""

    def __call__(cls, *data: Any, **options: Any) -> Any:
        return cls._construct(*data, **options)  # type: ignore[attr-defined]

    def __dir__(cls) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(vars(cls).get(name), Absent)]


@final
class Tensor(metaclass=_Constructed):
    """A multi-dimensional array on any backend, with automatic differentiation.

    Create one with `tensorplug.tensor`, `asarray`, `zeros` and so on. Functions follow the array API standard, methods
    PyTorch.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    # _array, _key, _node and _storage are always set; _version and _view where there is a storage; _grad with a leaf.
    __slots__ = ("__weakref__", "_array", "_grad", "_key", "_node", "_storage", "_version", "_view")

    _array: Any
    _key: DispatchKey
    _node: Any
    _storage: Storage | None
    _version: int
    _view: View | None
    _grad: Tensor | None

    __array_priority__ = 1000

    if TYPE_CHECKING:
        # Methods and operators that `methods` derives from the declared operations.
        def __getattr__(self, name: str) -> Any: ...
        # Type checkers take no static method of a protocol for one that `__getattr__` gives.
        @staticmethod
        def _wrap(array: Any, key: Any, node: Any = None) -> Any: ...
        @staticmethod
        def _lift(array: Any, key: Any, node: Any = None, storage: Any = None, version: int = 0) -> Any: ...
        @staticmethod
        def _tensor_for_user(value: Any, key: Any, exposed: set[int] | None = None) -> Any: ...
        @staticmethod
        def _gradient_for_user(gradient: Any, key: Any) -> Any: ...
        @property
        def grad(self) -> Tensor | None: ...
        @grad.setter
        def grad(self, value: Tensor | None) -> None: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...

    __hash__ = object.__hash__

    def __dir__(self) -> list[str]:
        return dir(type(self))

    @property
    def dtype(self) -> DType:
        """The data type of the elements."""
        return self._key.dtype

    @property
    def device(self) -> Device:
        """The device of the tensor."""
        return self._key.device

    @property
    def backend(self) -> str:
        """The name of the tensor's backend."""
        return self._key.device.backend

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        shape: tuple[int, ...] = self._array.shape
        # PyTorch has a class of its own.
        return shape if type(shape) is tuple else tuple(shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._array.shape)

    @property
    def size(self) -> Size:
        """The number of elements; ``size()`` is the shape and ``size(dim)`` the length of an axis, as in PyTorch."""
        shape = self._array.shape
        count = 1
        for length in shape:
            count *= length
        return Size(count, shape)

    def numel(self) -> int:
        """The number of elements."""
        return int(self.size)

    def dim(self) -> int:
        """The number of axes."""
        return self.ndim

    def _make_storage(self) -> Storage:
        """Create the storage of a tensor that has none yet."""
        storage = Storage()
        storage.version = 0
        storage.layout = None
        self._version = 0
        self._view = None
        self._storage = storage
        return storage

    def __len__(self) -> int:
        if not self._array.shape:
            raise TypeError("len() of a 0-d tensor")
        return int(self._array.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.shape:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))


new_tensor: Callable[[], Tensor] = functools.partial(object.__new__, Tensor)
"""A tensor with no attribute set."""


@method("_wrap", static=True)
def wrap(array: Any, key: DispatchKey, node: Any = None) -> Tensor:
    """A new tensor of a raw array."""
    tensor = new_tensor()
    tensor._array = array
    tensor._key = key
    tensor._node = node
    tensor._storage = None
    return tensor


def make_leaf(tensor: Tensor) -> None:
    """Make a tensor a leaf, whose `grad` accumulates gradients."""
    tensor._grad = None
    tensor._node = Leaf(tensor, tensor._key)


def require_tensors(operation: str, *operands: Any) -> None:
    """Raise TypeError unless all operands are tensors."""
    for operand in operands:
        if not isinstance(operand, Tensor):
            raise unsupported(operation, operand)
