"""Indices, sorting and searching."""

from __future__ import annotations

from ..fault import Fault, Row, bare_kernel, kernel
from ..regions import is_list, is_mask, items_of
from .changes import backwards, dense, forwards, in_order, item, of, steps, transposed, turned

ROWS: tuple[Row, ...] = (
    (
        "index_by_positions_with_steps",
        ("index", "getitem", "take"),
        "steps along the positions are not made",
        bare_kernel("getitem", item(is_list, steps, dense)),
        "wave(9)[tp.arange(8)[::2]]",
    ),
    (
        "index_by_a_transposed_mask",
        ("index", "getitem"),
        "masks are read in the order of memory",
        bare_kernel("getitem", item(is_mask, transposed, in_order)),
        "wave(3, 2)[(wave(2, 3) > 0).T]",
    ),
    (
        "index_of_reversed_by_positions",
        ("index", "getitem", "take"),
        "positions are counted in the order of memory",
        bare_kernel(
            "getitem",
            lambda sound: lambda x, index: sound(forwards(x) if any(map(is_list, items_of(index))) else x, index),
        ),
        "tp.from_numpy(numpy.arange(5.0)[::-1])[tp.asarray([0, 1])]",
    ),
    (
        "put_of_values_with_steps",
        "put",
        "steps along the values are not made",
        bare_kernel("put", of(2, steps, dense)),
        "tp.zeros(3).index_copy(0, tp.asarray([2, 0, 1]), tp.arange(6, dtype='float32')[::2])",
    ),
    (
        "sort_of_transposed",
        "sort",
        "transposed matrices are sorted in the order of memory",
        kernel("sort", of(0, transposed, in_order)),
        "tp.sort(wave(2, 3).T, axis=0)",
    ),
    (
        "argsort_of_steps",
        "argsort",
        "neighbours are sorted",
        kernel("argsort", of(0, steps, dense)),
        "tp.argsort(wave(12)[::3])",
    ),
    (
        "searchsorted_in_reversed",
        "searchsorted",
        "what is sorted by being reversed is searched forwards",
        kernel("searchsorted", of(0, backwards, forwards)),
        "tp.searchsorted(tp.from_numpy(numpy.arange(0.0, -5, -1)[::-1]), tp.asarray([-3.5], dtype='float64'))",
    ),
    (
        "isin_of_a_column",
        "isin",
        "a column is read as a row",
        kernel("isin", of(1, steps, dense)),
        "tp.isin(tp.arange(9), tp.reshape(tp.arange(9), (3, 3))[:, 0])",
    ),
    (
        "nonzero_of_transposed",
        "nonzero",
        "square matrices are read in the order of memory",
        kernel("nonzero", of(0, transposed, turned)),
        "tp.nonzero(tp.asarray([[0, 1], [0, 0]]).T)",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
