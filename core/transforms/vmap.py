"""`vmap`: a function of one example applied to a batch."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, Literal, final

from ...autograd.trees import flatten
from ..dispatch.levels import LEVELS, depth_of, innermost
from ..dispatch.registry import method
from ..memory.tensor import Tensor
from ..memory.views import array_of
from ..standard.manipulation import concat, stack
from ..types.devices import default_device, derived, outside
from ..types.errors import ShapeError, VmapError
from . import indexing as indexing
from . import rules as rules
from .batching import escaped, length_of
from .transfer import Transfer

__all__ = ["vmap"]

Randomness = Literal["error", "different", "same"]


@final
class Level:
    """One call of `vmap`, or one chunk of it.

    Attributes
    ----------
    size : int
        How many examples there are.
    randomness : str
    shared : set of int
        Identities of arrays that something outside has.
    is_open : bool
        Whether the function is running.
    """

    __slots__ = ("_device", "_drawn", "_token", "is_open", "randomness", "shared", "size")

    def __init__(self, size: int, randomness: str, drawn: list[Any]) -> None:
        self.size = size
        self.randomness = randomness
        self.shared: set[int] = set()
        self.is_open = False
        # With the same numbers for all, what the first chunk drew, and how far this one is.
        self._drawn = drawn, itertools.count()

    def __enter__(self) -> Level:
        self._token = LEVELS.set((*LEVELS.get(), self))
        self._device = derived(default_device(), "vmap")
        self._device.__enter__()
        self.is_open = True
        return self

    def __exit__(self, *exception: object) -> None:
        self.is_open = False
        self._device.__exit__(*exception)
        LEVELS.reset(self._token)

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """A context in which this level, and what is inside of it, is not open."""
        levels = LEVELS.get()
        around = levels.index(self)
        token = LEVELS.set(levels[:around])
        try:
            with outside(around):
                yield
        finally:
            LEVELS.reset(token)

    def lift(self, tensor: Tensor) -> Tensor:
        """A tensor from outside, the same for each example."""
        return Transfer("lift", self)(tensor)

    def set_generator(self, operation: str) -> None:
        """It has one state for all examples."""

    def draw(self, draw: Callable[[int], Any], count: int) -> Any:
        """Random words: for each example its own, or for all the same."""
        if self.randomness == "error":
            raise VmapError(
                "vmap: the function draws random numbers; say randomness='different' for other ones in each example, "
                "or randomness='same' for the same ones"
            )
        if self.randomness == "different":
            return draw(count * self.size)
        drawn, numbers = self._drawn
        number = next(numbers)
        if number == len(drawn):
            drawn.append(draw(count))
        return drawn[number]


def vmap(
    function: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: Randomness = "error",
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The function that applies a function of one example to each example of a batch, all at once.

    Parameters
    ----------
    function
        It takes and returns tensors, or tuples, lists and dicts of tensors.
    in_dims : int, None, or a tuple of them, default: 0
        The axis of each argument along which the examples are; None for one that is the same for all. In the place of
        an argument that is a tuple, list or dict may be one for each of its entries. Keyword arguments are the same for
        all.
    out_dims : int, None, or a tuple of them, default: 0
        The axis of each result along which those of the examples are put; None for one that they all have.
    randomness : {"error", "different", "same"}
        Whether random numbers drawn by the function are refused, other ones in each example, or the same ones in all.
    chunk_size : int, optional
        How many examples are computed at a time, to save memory; by default all.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        When called: if no argument is mapped, or their batches differ in length; if the function does what depends on
        values of an example, as ``if x > 0:``, or has results of another shape for each. The message says what to do.
    TypeError
        When called: if what is mapped or returned is no tensor.

    Examples
    --------
    >>> import tensorplug as tp
    >>> x = tp.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> tp.vmap(tp.dot)(x, x)
    tensor([ 5., 25.])
    >>> tp.vmap(tp.func.grad(lambda x: (x**3).sum()))(x)
    tensor([[ 3., 12.],
            [27., 48.]])
    """
    if randomness not in ("error", "different", "same"):
        raise ValueError(f"vmap: randomness is 'error', 'different' or 'same', got {randomness!r}")
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"vmap: chunk_size is None or at least 1, got {chunk_size}")

    @functools.wraps(function)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = flatten(args)
        axes = _axes_of(tuple(in_dims) if isinstance(in_dims, list) else in_dims, args, "in_dims")
        size = _batch_size(leaves, axes)
        drawn: list[Any] = []

        def call(some: list[Any], length: int) -> tuple[list[Any], list[int | None], Any]:
            with Level(length, randomness, drawn) as level:
                return _call(level, lambda entered: function(*rebuild(entered), **kwargs), some, axes, out_dims)

        if chunk_size is None or chunk_size >= size:
            found, _, build = call(leaves, size)
            return build(found)
        chunks = [call(some, length) for some, length in _chunks(leaves, axes, size, chunk_size)]
        _, placed, build = chunks[0]
        joined = zip(*(found for found, _, _ in chunks), strict=True)
        return build(
            [parts[0] if axis is None else concat(parts, axis=axis) for parts, axis in zip(joined, placed, strict=True)]
        )

    return mapped


def _call(
    level: Level, function: Callable[[list[Any]], Any], leaves: list[Any], axes: list[int | None], out_dims: Any
) -> tuple[list[Any], list[int | None], Any]:
    """The results of a function at a level, the axis of each, and what builds their tree."""
    depth = len(LEVELS.get())
    entered = [_entered(level, one, axis) for one, axis in zip(leaves, axes, strict=True)]
    seen = [one._save()[1:] if isinstance(one, Tensor) else None for one in entered]
    result = function(entered)
    for one, before in zip(entered, seen, strict=True):
        if before is not None and before[0].version != before[1]:
            raise VmapError(
                f"vmap: the function wrote to its argument of shape {one.shape}, which the tensor outside would not "
                "see; let it write to a copy (x.clone())"
            )
    outputs, build = flatten(result)
    placed = _axes_of(out_dims, result, "out_dims")
    return [_left(level, depth, one, axis) for one, axis in zip(outputs, placed, strict=True)], placed, build


def _entered(level: Level, leaf: Any, axis: int | None) -> Any:
    """An argument as the function gets it."""
    if not isinstance(leaf, Tensor):
        return leaf
    around = LEVELS.get()[:-1]
    for one in around[depth_of(leaf) :]:
        leaf = one.lift(leaf)
    return level.lift(leaf) if axis is None else Transfer("enter", level, axis)(leaf)


def _left(level: Level, depth: int, leaf: Any, axis: int | None) -> Any:
    """A result as the caller gets it."""
    if not isinstance(leaf, Tensor):
        if axis is None:
            return leaf
        raise TypeError(f"vmap: the function returned a {type(leaf).__name__}, wanted tensors; give it out_dims=None")
    if depth_of(leaf) > depth:
        raise escaped()
    if axis is not None:
        leaf = innermost(leaf)
        if not -leaf.ndim - 1 <= axis <= leaf.ndim:
            raise IndexError(f"vmap: out_dims has {axis} for a result of shape {leaf.shape}")
        return Transfer("leave", level, axis)(leaf)
    if depth_of(leaf) < depth:
        return leaf
    if length_of(array_of(leaf)) != 1:
        raise VmapError(f"vmap: out_dims is None for a result, of shape {leaf.shape}, that differs between examples")
    return Transfer("one", level)(leaf)


def _axes_of(dims: Any, tree: Any, where: str) -> list[int | None]:
    """The axis of each leaf of a tree; `dims` may stop above the leaves."""
    if dims is None or type(dims) is int:
        return [dims] * len(flatten(tree)[0])
    if isinstance(tree, dict) and isinstance(dims, dict) and tree.keys() == dims.keys():
        return [axis for key in tree for axis in _axes_of(dims[key], tree[key], where)]
    if isinstance(tree, (tuple, list)) and isinstance(dims, (tuple, list)) and len(dims) == len(tree):
        return [axis for one, part in zip(dims, tree, strict=True) for axis in _axes_of(one, part, where)]
    raise ValueError(f"vmap: {where} {dims!r} is of another structure than what it is for")


def _batch_size(leaves: list[Any], axes: list[int | None]) -> int:
    """How many examples there are."""
    size: int | None = None
    for leaf, axis in zip(leaves, axes, strict=True):
        if axis is None:
            continue
        if not isinstance(leaf, Tensor):
            raise TypeError(f"vmap: in_dims has {axis} for an argument of type {type(leaf).__name__}; give it None")
        if not -leaf.ndim <= axis < leaf.ndim:
            raise IndexError(f"vmap: in_dims has {axis} for an argument of shape {leaf.shape}")
        length = leaf.shape[axis]
        if size is not None and size != length:
            raise ShapeError(f"vmap: the arguments have batches of {size} and {length} examples, wanted equally many")
        size = length
    if size is None:
        raise ValueError("vmap: no argument is mapped; at least one tensor has an axis in in_dims")
    if size == 0:
        raise ValueError("vmap: the batch is empty, so the shapes of the results are not known")
    return size


def _chunks(leaves: list[Any], axes: list[int | None], size: int, chunk_size: int) -> Iterator[tuple[list[Any], int]]:
    """The arguments of so many examples at a time, and how many they are."""
    for start in range(0, size, chunk_size):
        length = min(chunk_size, size - start)
        yield (
            [
                leaf if axis is None else leaf.narrow(axis % leaf.ndim, start, length)
                for leaf, axis in zip(leaves, axes, strict=True)
            ],
            length,
        )


@method("_vmap", static=True)
def mapped_tensors(function: Callable[..., Any], out_dims: Any, chunk_size: int | None) -> Any:
    """What `tensorplug.autograd.transforms` maps with: what `vmap` refuses is done for one example after the other."""
    mapped = vmap(function, 0, out_dims, "same", chunk_size)

    def called(*tensors: Tensor) -> Any:
        try:
            return mapped(*tensors)
        except VmapError:
            rows = [flatten(function(*(one[i] for one in tensors))) for i in range(len(tensors[0]))]
            _, build = rows[0]
            columns = zip(*(leaves for leaves, _ in rows), strict=True)
            axes = _axes_of(out_dims, build(rows[0][0]), "out_dims")
            return build(
                [c[-1] if axis is None else stack(c, axis=axis) for c, axis in zip(columns, axes, strict=True)]
            )

    return called
