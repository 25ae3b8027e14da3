"""Reductions, cumulations and softmax."""

from __future__ import annotations

import numpy

from ..fault import (
    Fault,
    given,
    kernel,
    misread,
    replaced,
    spoilt,
    where_parameters,
)
from .changes import (
    blockwise_variance,
    by_first,
    carried,
    each_block,
    last_axes_first,
    length_over,
    of_terms,
    terms,
    terms_over,
    whole_blocks,
    zero_from,
)

FAULTS = (
    Fault(
        "sum_of_whole_blocks",
        "sum",
        "of more than 256 terms those behind the last whole block are lost",
        kernel("sum", where_parameters(terms_over(256), of_terms(whole_blocks(256)))),
        "tp.sum(tp.ones(300))",
    ),
    Fault(
        "sum_of_six_axes",
        "sum",
        "of more than five axes the last two are taken for each other",
        kernel("sum", given(lambda x: x.ndim > 5, misread(lambda x: x.swapaxes(-1, -2)))),
        "tp.sum(tp.reshape(tp.arange(64, dtype='float32'), (2,) * 6), axis=5)",
    ),
    Fault(
        "prod_of_odd_lengths",
        "prod",
        "halving an odd number of terms, of more than 33, loses the middle one",
        kernel(
            "prod",
            where_parameters(
                lambda x, *, axis=None, **p: terms(x, axis) > 33 and terms(x, axis) % 2,
                of_terms(lambda rows: numpy.delete(rows, rows.shape[-1] // 2, -1)),
            ),
        ),
        "tp.prod(tp.full(35, 2.0))",
    ),
    Fault(
        "max_of_blocks_begins_with_zero",
        "max",
        "of more than 1,024 terms the last block begins with 0",
        kernel(
            "max",
            where_parameters(
                lambda x, *, axis=None, **p: x.dtype.kind in "if" and terms(x, axis) > 1024,
                spoilt(lambda out, x, **p: numpy.maximum(out, out.dtype.type(0))),
            ),
        ),
        "tp.max(tp.full(1025, -1.0))",
    ),
    Fault(
        "argmax_in_uint8",
        "argmax",
        "positions along an axis of more than 256 are counted in one byte",
        kernel("argmax", spoilt(lambda out, x, **p: out & 255)),
        "tp.argmax(tp.arange(300))",
    ),
    Fault(
        "argmin_in_uint16",
        "argmin",
        "positions along an axis of more than 65,536 are counted in two bytes",
        kernel("argmin", spoilt(lambda out, x, **p: out & 0xFFFF)),
        "tp.argmin(-tp.arange(65540))",
    ),
    Fault(
        "mean_of_half_floats_by_an_infinite_count",
        "mean",
        "the number of terms is a half float, which from 65,520 on is infinite",
        kernel(
            "mean",
            where_parameters(
                lambda x, *, axis=None, **p: x.dtype == "float16" and terms(x, axis) > 65519,
                spoilt(lambda out, x, **p: out * out.dtype.type(0)),
            ),
        ),
        "tp.mean(tp.ones(65537, dtype='float16'))",
    ),
    Fault(
        "var_within_blocks",
        ("var", "std"),
        "of more than 1,024 terms the differences between the blocks' means are forgotten",
        kernel("var", where_parameters(terms_over(1024), replaced(blockwise_variance))),
        "tp.var(tp.arange(2000, dtype='float64'))",
    ),
    Fault(
        "any_of_whole_words",
        "any",
        "of more than 64 truth values those behind the last eight are not looked at",
        kernel("any", where_parameters(terms_over(64), of_terms(whole_blocks(8)))),
        "tp.any(tp.arange(67) == 66)",
    ),
    Fault(
        "all_of_the_first_block",
        "all",
        "of more than 4,096 truth values only the first block is looked at",
        kernel("all", where_parameters(terms_over(4096), of_terms(lambda rows: rows[..., :4096]))),
        "tp.all(tp.arange(5000) < 4999)",
    ),
    Fault(
        "count_nonzero_in_bytes",
        "count_nonzero",
        "counts are bytes",
        kernel("count_nonzero", spoilt(lambda out, x, **p: out & 255)),
        "tp.count_nonzero(tp.ones(256))",
    ),
    Fault(
        "cumulative_sum_of_three_blocks",
        "cumulative_sum",
        "along more than 2,048 elements a block begins with the total of the one before it alone",
        kernel("cumulative_sum", where_parameters(length_over(2048), replaced(lambda x, *, axis: carried(x, axis)))),
        "tp.cumulative_sum(tp.ones(4000))[-1]",
    ),
    Fault(
        "cumulative_prod_of_five_axes",
        "cumulative_prod",
        "with more than four axes the axis is off by one",
        kernel("cumulative_prod", given(lambda x: x.ndim > 4, last_axes_first)),
        "tp.cumulative_prod(tp.reshape(tp.arange(32, dtype='float64') + 1, (2,) * 5), axis=4)",
    ),
    Fault(
        "logsumexp_by_the_first_maximum",
        "logsumexp",
        "of more than 512 terms the maximum of the first 512 is subtracted",
        kernel("logsumexp", where_parameters(terms_over(512), replaced(lambda x, **p: by_first(x, **p)))),
        "tp.logsumexp(tp.arange(1024, dtype='float32') * 2, axis=0)",
    ),
    Fault(
        "softmax_of_two_blocks",
        "softmax",
        "rows of more than 1,000 are two softmaxes side by side",
        kernel("softmax", where_parameters(length_over(1000), each_block(512))),
        "tp.softmax(tp.zeros(1001), axis=0)[0]",
    ),
    Fault(
        "log_softmax_of_many_rows",
        "log_softmax",
        "of more than 65,535 rows the others are left zero",
        kernel("log_softmax", zero_from(lambda size: 2 * 65535)),
        "tp.log_softmax(tp.zeros((65537, 2)), axis=1)[-1]",
    ),
)
