"""Trees (pytrees): nested tuples, lists and dicts of tensors, flattened and rebuilt."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable
from typing import Any

Rebuild = Callable[[list[Any]], Any]
"""Builds a tree of the same structure from leaves."""

_BRANCHES = (dict, tuple, list)
_NO_LEAVES = (*_BRANCHES, type(None))


def flatten(tree: Any) -> tuple[list[Any], Rebuild]:
    """The leaves of a tree, from left to right, and the function that rebuilds a tree from leaves."""
    if tree is None:
        return [], _nothing
    if not isinstance(tree, _BRANCHES):
        return [tree], _first
    if isinstance(tree, dict):
        keys = list(tree)
        leaves, rebuild = _flatten_all([tree[key] for key in keys])
        # A copy keeps the class and its attributes.
        empty = copy.copy(tree)
        empty.clear()
        return leaves, lambda found: _filled(empty, keys, rebuild(found))
    leaves, rebuild = _flatten_all(list(tree))
    sequence: Any = type(tree)
    if hasattr(tree, "_fields"):
        return leaves, lambda found: sequence(*rebuild(found))
    return leaves, sequence if rebuild is _same else lambda found: sequence(rebuild(found))


def _nothing(found: list[Any]) -> None:
    return None


def _first(found: list[Any]) -> Any:
    return found[0]


def _same(found: list[Any]) -> list[Any]:
    return found


def _filled(empty: dict[Any, Any], keys: list[Any], found: list[Any]) -> dict[Any, Any]:
    filled = copy.copy(empty)
    filled.update(zip(keys, found, strict=True))
    return filled


def _flatten_all(trees: list[Any]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    if _are_leaves(trees):
        return trees, _same
    parts = [flatten(tree) for tree in trees]
    counts = [len(leaves) for leaves, _ in parts]

    def rebuild(found: list[Any]) -> list[Any]:
        rest = iter(found)
        return [build([next(rest) for _ in range(n)]) for (_, build), n in zip(parts, counts, strict=True)]

    return [leaf for leaves, _ in parts for leaf in leaves], rebuild


def _are_leaves(trees: Iterable[Any]) -> bool:
    """Whether all of them are leaves."""
    return not any(map(_is_branch, map(type, trees)))


@functools.lru_cache
def _is_branch(type: type) -> bool:
    """Whether values of a class are not leaves."""
    return issubclass(type, _NO_LEAVES)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to each leaf of a tree."""
    leaves, rebuild = flatten(tree)
    return rebuild([function(leaf) for leaf in leaves])


def leaves_like(tree: Any, other: Any) -> list[Any] | None:
    """The leaves of a tree in the order of another's; None if the structures differ.

    Entries of dicts are matched by key.
    """
    found: list[Any] = []
    return found if _collect(tree, other, found) else None


def _collect(tree: Any, other: Any, found: list[Any]) -> bool:
    """Append the leaves of a tree to `found`; False if the structures differ."""
    if not isinstance(other, _BRANCHES):
        if other is None or tree is None or isinstance(tree, _BRANCHES):
            return other is None and tree is None
        found.append(tree)
        return True
    if isinstance(other, dict):
        if not isinstance(tree, dict) or tree.keys() != other.keys():
            return False
        tree, other = [tree[key] for key in other], other.values()
    elif type(tree) is not type(other) or len(tree) != len(other):
        return False
    if _are_leaves(tree) and _are_leaves(other):
        found += tree
        return True
    return all(_collect(one, another, found) for one, another in zip(tree, other, strict=True))
