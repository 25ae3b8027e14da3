"""Batching rules of single operations: structure, products, indexing by shape, creation."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ...backends import scan
from ..types.errors import VmapError
from .batching import (
    RULES,
    BatchedLibrary,
    MakeRule,
    Rule,
    along_axes,
    elementwise,
    leading,
    length_of,
    position,
    same_level,
    shifted,
)
from .proxy import Proxy


def rule(*names: str) -> Callable[[MakeRule], MakeRule]:
    """Enter what makes the batching rule of operations."""

    def enter(make: MakeRule) -> MakeRule:
        RULES.update(dict.fromkeys(names, make))
        return make

    return enter


rule(*"adjugate as_strided cast constant_pad diagonal imag matrix_transpose real tril triu".split())(leading)
rule("unfold", "view_dtype", "windows", "linalg.lu_factor", "linalg.matrix_exp", "linalg.permutation")(leading)
rule("argmax", "argmin")(position)
rule("linalg.cross", "vecdot")(elementwise)
rule("argsort", "roll", "sort")(along_axes)


@rule("matmul")
def _matmul(library: BatchedLibrary, kernel: Any) -> Rule:
    reshape = library.inner.ops.reshape

    def matmul(x1: Any, x2: Any) -> Proxy:
        x1, x2 = library.own(x1), library.own(x2)
        level = same_level(x1.level, x2.level)
        a, b = x1.array, x2.array
        is_vector1, is_vector2 = x1.ndim == 1, x2.ndim == 1
        if x2.ndim == 2 and length_of(x2) == 1 and x1.ndim <= 2 and a.shape[-1] == b.shape[-2]:
            # One matrix for all examples: their rows are put below each other.
            rows = reshape(a, (math.prod(a.shape[:-1]), a.shape[-1]))
            found = kernel(rows, reshape(b, b.shape[1:]))
            return Proxy(reshape(found, (*a.shape[:-1], b.shape[-1])), library, level)
        if is_vector1:
            a = reshape(a, (a.shape[0], 1, a.shape[1]))
        if is_vector2:
            b = reshape(b, (*b.shape, 1))
        (a, b), _ = library.aligned((Proxy(a, library), Proxy(b, library)))
        found = kernel(a, b)
        shape = found.shape
        if is_vector2:
            shape = shape[:-1]
        if is_vector1:
            shape = shape[:-1] if is_vector2 else (*shape[:-2], shape[-1])
        return Proxy(found if shape == found.shape else reshape(found, shape), library, level)

    return matmul


@rule("linalg.solve", "linalg.solve_triangular")
def _solve(library: BatchedLibrary, kernel: Any) -> Rule:
    reshape = library.inner.ops.reshape

    def solve(x1: Any, x2: Any, **parameters: Any) -> Proxy:
        x1, x2 = library.own(x1), library.own(x2)
        is_vector = x2.ndim == 1
        columns = Proxy(reshape(x2.array, (*x2.array.shape, 1)), library, x2.level) if is_vector else x2
        (a, b), level = library.aligned((x1, columns))
        length = max(a.shape[0], b.shape[0])
        found = kernel(*(library.expanded(Proxy(one, library), length) for one in (a, b)), **parameters)
        return Proxy(reshape(found, found.shape[:-1]) if is_vector else found, library, level)

    return solve


@rule("linear_recurrence", "softmax_gradient", "take_along_axis")
def _along_axis_of_all(library: BatchedLibrary, kernel: Any) -> Rule:
    """Several arrays with equally many axes, along one of them."""

    def along(*arrays: Any, axis: int = -1) -> Proxy:
        inner, level = library.full(arrays)
        return Proxy(kernel(*inner, axis=shifted(axis, len(inner[0].shape) - 1)), library, level)

    return along


@rule("softmax_normalizer")
def _softmax_normalizer(library: BatchedLibrary, kernel: Any) -> Rule:
    """Maximum and sum are in front of the result."""

    def normalizer(x: Any, *, axis: int) -> Proxy:
        x = library.own(x)
        found = kernel(x.array, axis=shifted(axis, x.ndim))
        return Proxy(_behind_first(library, found), library, x.level)

    return normalizer


def _behind_first(library: BatchedLibrary, array: Any) -> Any:
    """An array with its first two axes in the other order."""
    return library.inner.ops.permute_dims(array, (1, 0, *range(2, len(array.shape))))


@rule("cross_entropy", "cross_entropy_gradient")
def _cross_entropy(library: BatchedLibrary, kernel: Any) -> Rule:
    """Losses of samples along a first axis: those of a batch of samples are one long batch."""
    inner = library.inner.ops

    def cross_entropy(*arrays: Any, **parameters: Any) -> Proxy:
        full, level = library.full(arrays)
        length, samples = full[-2].shape[:2]
        flat = [inner.reshape(one, (length * samples, *one.shape[2:])) for one in full[:-1]]
        normalizer = _behind_first(library, full[-1])
        shape = (normalizer.shape[0], length * samples, *normalizer.shape[3:])
        found = kernel(*flat, inner.reshape(normalizer, shape), **parameters)
        return Proxy(inner.reshape(found, (length, samples, *found.shape[1:])), library, level)

    return cross_entropy


@rule("reshape")
def _reshape(library: BatchedLibrary, kernel: Any) -> Rule:
    def reshape(x: Any, shape: Any) -> Proxy:
        x = library.own(x)
        lengths = (shape,) if isinstance(shape, int) else tuple(shape)
        if -1 in lengths:
            known = math.prod(length for length in lengths if length != -1)
            lengths = tuple(x.size // max(known, 1) if length == -1 else length for length in lengths)
        return Proxy(kernel(x.array, (length_of(x), *lengths)), library, x.level)

    return reshape


@rule("broadcast_to")
def _broadcast_to(library: BatchedLibrary, kernel: Any) -> Rule:
    def broadcast_to(x: Any, shape: tuple[int, ...]) -> Proxy:
        x = library.own(x)
        return Proxy(kernel(library.with_axes(x, len(shape)), (length_of(x), *shape)), library, x.level)

    return broadcast_to


@rule("permute_dims")
def _permute_dims(library: BatchedLibrary, kernel: Any) -> Rule:
    def permute_dims(x: Any, axes: tuple[int, ...]) -> Proxy:
        x = library.own(x)
        return Proxy(kernel(x.array, (0, *(axis % x.ndim + 1 for axis in axes))), library, x.level)

    return permute_dims


@rule("redistribute")
def _redistribute(library: BatchedLibrary, kernel: Any) -> Rule:
    def redistribute(x: Any, *, mesh: Any, axes: Any) -> Proxy:
        x = library.own(x)
        found = kernel(x.array, mesh=mesh, axes=[axis if axis is None else axis + 1 for axis in axes])
        return Proxy(found, library, x.level)

    return redistribute


@rule("flip")
def _flip(library: BatchedLibrary, kernel: Any) -> Rule:
    def flip(x: Any, axis: Any = None) -> Proxy:
        x = library.own(x)
        axes = tuple(range(x.ndim)) if axis is None else axis
        return Proxy(kernel(x.array, axis=shifted(axes, x.ndim)), library, x.level)

    return flip


@rule("concat", "stack")
def _join(library: BatchedLibrary, kernel: Any) -> Rule:
    def join(arrays: Any, axis: int = 0) -> Proxy:
        full, level = library.full(arrays)
        return Proxy(kernel(full, axis=shifted(axis, 0)), library, level)

    return join


@rule("unstack")
def _unstack(library: BatchedLibrary, kernel: Any) -> Rule:
    def unstack(x: Any, *, axis: int = 0) -> tuple[Proxy, ...]:
        x = library.own(x)
        before = (slice(None),) * (axis % x.ndim)
        return tuple(library.ops.getitem(x, (*before, i, ...)) for i in range(x.shape[axis]))

    return unstack


@rule("diagonal_embed", "fold", "overlap_add", "strided_sum")
def _of_shape(library: BatchedLibrary, kernel: Any) -> Rule:
    """What is told the shape of its result."""

    def of_shape(x: Any, *, shape: tuple[int, ...], **parameters: Any) -> Proxy:
        x = library.own(x)
        return Proxy(kernel(x.array, shape=(length_of(x), *shape), **parameters), library, x.level)

    return of_shape


@rule("arange", "asarray", "empty", "eye", "linspace", "ones", "zeros")
def _created(library: BatchedLibrary, kernel: Any) -> Rule:
    """What has no operands: the same for all examples."""
    return lambda *arguments, **options: library.constant(kernel(*arguments, **options))


@rule("empty_like", "ones_like", "zeros_like")
def _like(library: BatchedLibrary, kernel: Any) -> Rule:
    def like(x: Any, **options: Any) -> Proxy:
        return library.constant(kernel(library.example(library.own(x), 0), **options))

    return like


@rule("full", "full_like")
def _filled(library: BatchedLibrary, kernel: Any) -> Rule:
    def filled(like: Any, value: Any, **options: Any) -> Proxy:
        is_array = type(like) is Proxy
        if type(value) is Proxy:
            found: Proxy = library.ops.broadcast_to(value, like.shape if is_array else like)
            return found
        return library.constant(kernel(library.example(like, 0) if is_array else like, value, **options))

    return filled


@rule("pointwise")
def _pointwise(library: BatchedLibrary, kernel: Any) -> Rule:
    def pointwise(formula: Any, arrays: Any, options: Any, summed: bool) -> Any:
        inner, level = library.aligned(arrays)
        if len({one.shape for one in inner}) == 1:
            found = Proxy(kernel(formula, tuple(inner), options, False), library, level)
        else:
            found = library.own(formula(library.ops, *arrays, *options))
        return library.ops.sum(found) if summed else found

    return pointwise


# How the gradient of a batch's leaf is divided is left to the backend.
RULES["redistribute_like"] = lambda library, kernel: lambda x, like: x
RULES["scan"] = lambda library, kernel: functools.partial(_scan, library)


def _scan(library: BatchedLibrary, step: Any, *arguments: Any) -> Any:
    return scan(step, library.ops, *arguments)


RULES["inspect"] = lambda library, kernel: library.backend.inspect
RULES["known"] = lambda library, kernel: library.backend.known


@rule("searchsorted")
def _searchsorted(library: BatchedLibrary, kernel: Any) -> Rule:
    loop = library.looped("searchsorted", kernel)

    def searchsorted(x1: Any, x2: Any, **parameters: Any) -> Any:
        x1, x2 = library.own(x1), library.own(x2)
        if length_of(x1) == 1 and x1.level is None:
            return Proxy(kernel(library.example(x1, 0), x2.array, **parameters), library, x2.level)
        return loop(x1, x2, **parameters)

    return searchsorted


@rule("nonzero", "unique_indices")
def _of_unknown_shape(library: BatchedLibrary, kernel: Any) -> Rule:
    """What has a shape that depends on values: of what is the same for all examples only."""

    def of_unknown_shape(x: Any, *arguments: Any, **parameters: Any) -> Any:
        x = library.own(x)
        if length_of(x) > 1:
            raise VmapError(
                "vmap: the shape of the result depends on values, which differ from example to example; use "
                "tensorplug.where, or a mask that is multiplied with, in place of selecting elements"
            )
        return library.owned(kernel(library.example(x, 0), *arguments, **parameters))

    return of_unknown_shape
