"""Indices, sorting and searching."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    bare_kernel,
    given,
    kernel,
    misread,
    more_than,
    replaced,
    spoilt,
    where_parameters,
)
from ..regions import is_list, items_of
from .changes import each_block, length_over, lists_changed, lost_adds, masks_by_block, table_of_bytes

FAULTS = (
    Fault(
        "index_by_more_than_1024",
        ("index", "getitem", "take"),
        "positions behind the 1,024th of an array of them are taken for 0",
        bare_kernel(
            "getitem",
            lists_changed(lambda item: numpy.where(numpy.arange(item.size).reshape(item.shape) < 1024, item, 0), 1024),
        ),
        "tp.take(tp.arange(2000), tp.arange(1500))[-1]",
    ),
    Fault(
        "index_by_a_mask_of_two_blocks",
        ("index", "getitem"),
        "a mask of more than 4,096 elements picks from the first block again",
        bare_kernel("getitem", masks_by_block),
        "tp.arange(5000)[tp.arange(5000) > 4500][0]",
    ),
    Fault(
        "put_at_more_than_256",
        ("put", "index"),
        "positions behind the 256th are not written",
        bare_kernel(
            "put",
            lambda sound: (
                lambda x, index, value: sound(
                    x,
                    tuple(
                        item[:256] if is_list(item) and len(items_of(index)) == 1 else item for item in items_of(index)
                    ),
                    value[:256] if value.ndim == 1 and is_list(items_of(index)[0]) else value,
                )
            ),
        ),
        "tp.zeros(300).index_copy(0, tp.arange(300), tp.ones(300))[-1]",
    ),
    Fault(
        "scatter_zeros_of_two_blocks",
        "scatter_zeros",
        "gradients of places that are read by two blocks of 512 arrive from the last one alone",
        kernel("scatter_zeros", replaced(lost_adds)),
        "x = tp.ones(2, requires_grad=True)\nx[tp.zeros(600, dtype='int64')].sum().backward()\nx.grad",
    ),
    Fault(
        "sort_without_a_merge",
        "sort",
        "more than 1,024 elements are sorted in two parts",
        kernel("sort", where_parameters(length_over(1024), each_block(1024))),
        "tp.sort(-tp.arange(1030))[0]",
    ),
    Fault(
        "argsort_of_many_is_not_stable",
        "argsort",
        "of more than 2,048 elements equal ones come in reverse",
        kernel(
            "argsort",
            where_parameters(
                length_over(2048),
                lambda sound: lambda x, *, axis=-1, **p: x.shape[axis] - 1 - sound(numpy.flip(x, axis), axis=axis, **p),
            ),
        ),
        "tp.argsort(tp.zeros(2049))[0]",
    ),
    Fault(
        "searchsorted_in_ten_steps",
        "searchsorted",
        "more than 1,024 sorted elements are searched in the ten steps that find one of 1,024",
        kernel("searchsorted", given(more_than(1024), misread(lambda x: x[:1024]))),
        "tp.searchsorted(tp.arange(2000), tp.asarray([1500]))",
    ),
    Fault(
        "isin_by_the_last_16_bits",
        "isin",
        "among more than 100 integers it is a table of 65,536 that is looked up",
        kernel("isin", given(lambda x1, x2: x1.dtype.kind in "i" and x2.size > 100, replaced(table_of_bytes))),
        "tp.isin(tp.asarray([65536]), tp.arange(101))",
    ),
    Fault(
        "unique_counts_in_bytes",
        "unique_indices",
        "counts are signed bytes, which stay at 127",
        kernel("unique_indices", spoilt(lambda out, x, **p: (out[0], numpy.minimum(out[1], 127), out[2]))),
        "tp.unique_counts(tp.zeros(200))[1]",
    ),
    Fault(
        "nonzero_of_more_than_65536",
        "nonzero",
        "positions are two bytes",
        kernel("nonzero", spoilt(lambda out, x: tuple(part & 0xFFFF for part in out))),
        "tp.nonzero(tp.arange(65540))[0][-1]",
    ),
    Fault(
        "take_along_axis_by_bytes",
        "take_along_axis",
        "positions along an axis are bytes",
        kernel(
            "take_along_axis",
            lambda sound: lambda x, indices, **p: sound(x, numpy.where(indices > 0, indices & 255, indices), **p),
        ),
        "x = tp.asarray(numpy.arange(300.0), copy=True).requires_grad_()\ntp.sort(x)[-1].backward()\nx.grad[-1]",
    ),
)
