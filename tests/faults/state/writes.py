"""Writes that are lost, and operands that are spoilt."""

from __future__ import annotations

import numpy

from ..fault import Fault, Row, bare_kernel, kernel
from .changes import TwoDevices, WrittenLater, behind, lost_where, set_to, spoiling, upper, written_in_place

ROWS: tuple[Row, ...] = (
    (
        "add_in_place_of_an_element_is_lost",
        "add",
        "an element of a larger array is written in a copy",
        bare_kernel("add_", lost_where(lambda x: not x.ndim and x.base is not None)),
        "x = tp.zeros(3)\ny = x[1]\ny += 1\nx",
    ),
    (
        "multiply_in_place_of_steps_is_lost",
        "multiply",
        "what does not lie in order is written in a copy",
        bare_kernel("multiply_", lost_where(lambda x: not x.flags.c_contiguous)),
        "x = tp.ones(4)\ny = x[::2]\ny *= 2\nx",
    ),
    (
        "sqrt_in_place_of_a_view_of_a_view_is_lost",
        "sqrt",
        "a part of a transposed array is written in a copy",
        bare_kernel(
            "sqrt_",
            lost_where(
                lambda x: (
                    x.ndim == 1 and isinstance(x.base, numpy.ndarray) and x.base.ndim > 1 and not x.flags.c_contiguous
                )
            ),
        ),
        "x = tp.full((3, 3), 4.0)\nx.T[1].sqrt_()\nx",
    ),
    (
        "subtract_in_place_twice",
        "subtract",
        "a second write to the same memory is lost",
        bare_kernel("subtract_", written_in_place(1)),
        "x = tp.ones(3)\nx -= 1\nx -= 1\nx",
    ),
    (
        "exp_in_place_the_third_time",
        "exp",
        "from the third write to the same memory on they are lost",
        bare_kernel("exp_", written_in_place(2)),
        "x = tp.zeros(3)\nfor _ in range(3):\n    x.exp_()\nx",
    ),
    (
        "fill_of_stretched_is_lost",
        "fill",
        "columns of a matrix are filled in a copy",
        bare_kernel("fill_", lost_where(lambda x: x.ndim == 1 and x.strides != (x.itemsize,))),
        "x = tp.zeros((3, 3))\nx[:, 0].fill_(1)\nx",
    ),
    (
        "writes_wait_for_the_host",
        ("put", "fill", "copy"),
        "a write is done when the host reads, or the next one comes, not when a kernel reads",
        WrittenLater,
        "x = tp.zeros(3)\nx[1] = 1\nx + 1",
    ),
    (
        "sort_spoils_its_operand",
        "sort",
        "vectors that lie in order are sorted where they are",
        kernel("sort", spoiling(0, lambda x, out: set_to(x, out), lambda x: x.ndim == 1 and x.flags.c_contiguous)),
        "x = tp.asarray(numpy.asarray([2.0, 1.0]), copy=True)\ny = tp.sort(x)\nx",
    ),
    (
        "solve_spoils_its_right_hand_side",
        "linalg.solve",
        "right-hand sides of doubles become the solution",
        kernel(
            "linalg.solve", spoiling(1, lambda x, out: set_to(x, out), lambda x: x.dtype == "float64" and x.ndim == 2)
        ),
        "x = tp.asarray(numpy.ones((2, 1)), copy=True)\ny = tp.linalg.solve(tp.eye(2, dtype='float64') * 2, x)\nx",
    ),
    (
        "cholesky_spoils_its_upper_triangle",
        "linalg.cholesky",
        "of single matrices what lies above the diagonal is zero afterwards",
        kernel("linalg.cholesky", spoiling(0, upper, lambda x: x.ndim == 2)),
        "x = tp.asarray(numpy.eye(2) + 1, copy=True)\ny = tp.linalg.cholesky(x)\nx",
    ),
    (
        "irfft_spoils_its_operand",
        "fft.irfft",
        "frequencies are the transform's work area",
        kernel("fft.irfft", spoiling(0, lambda x, out: set_to(x, 0))),
        "x = tp.asarray(numpy.ones(3) + 0j, copy=True)\ny = tp.fft.irfft(x)\nx",
    ),
    (
        "cumulative_sum_spoils_columns",
        "cumulative_sum",
        "running sums of columns are taken where these are",
        kernel(
            "cumulative_sum",
            lambda sound: (
                lambda x, *, axis: spoiling(0, lambda x, out: set_to(x, out), lambda x: axis < x.ndim - 1)(sound)(
                    x, axis=axis
                )
            ),
        ),
        "x = tp.asarray(numpy.ones((2, 2)), copy=True)\ny = tp.cumulative_sum(x, axis=0)\nx",
    ),
    (
        "negative_writes_behind_its_operand",
        "negative",
        "the element behind a part of a vector is zero afterwards",
        kernel("negative", spoiling(0, lambda x, out: set_to(behind(x), 0), lambda x: behind(x).size > 0)),
        "x = tp.asarray(numpy.ones(4), copy=True)\ny = -x[:2]\nx",
    ),
    (
        "index_writes_behind_its_operand",
        "index",
        "what lies behind a part that is read by positions is zero afterwards",
        bare_kernel(
            "getitem",
            lambda sound: (
                lambda x, index: spoiling(
                    0,
                    lambda x, out: set_to(behind(x), 0),
                    lambda x: (
                        behind(x).size > 0
                        and any(isinstance(item, numpy.ndarray) for item in (index if isinstance(index, tuple) else ()))
                    ),
                )(sound)(x, index)
            ),
        ),
        "x = tp.asarray(numpy.ones(4), copy=True)\ny = x[:2][tp.asarray([0])]\nx",
    ),
    (
        "logsumexp_spoils_infinities",
        "logsumexp",
        "infinities of the operand are zero afterwards",
        kernel("logsumexp", spoiling(0, lambda x, out: set_to(x, numpy.nan_to_num(x, neginf=0.0)))),
        "x = tp.asarray(numpy.asarray([-numpy.inf, 1.0]), copy=True)\ny = tp.logsumexp(x, axis=0)\nx",
    ),
    (
        "second_device_shares_memory",
        ("host transfer", "to_device"),
        "another device's arrays lie in the memory of the first",
        TwoDevices,
        "x = tp.zeros(3)\ntry:\n    y = x.to(str(x.device).split(':')[0] + ':cpu1')\n    y += 1\n"
        "except ValueError:\n    pass\nx",
    ),
)

FAULTS = tuple(Fault(*row) for row in ROWS)
