"""Gradients of matrix products."""

from __future__ import annotations

import math
from typing import Any

from ..rule import rule

Shape = tuple[int, ...]


def _column(ops: Any, x: Any) -> Any:
    return ops.reshape(x, (*x.shape, 1))


def _row(ops: Any, x: Any) -> Any:
    return ops.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def _matmul_x1(ops: Any, g: Any, x2: Any, x1_shape: Shape, x2_shape: Shape) -> Any:
    if len(x2_shape) == 1:
        return _column(ops, g) * x2
    if len(x1_shape) == 1:
        row = ops.matmul(_row(ops, g), ops.matrix_transpose(x2))
        return ops.reshape(row, (*row.shape[:-2], row.shape[-1]))
    return ops.matmul(g, ops.matrix_transpose(x2))


def _matmul_x2(ops: Any, g: Any, x1: Any, x1_shape: Shape, x2_shape: Shape) -> Any:
    if len(x1_shape) == 1:
        # A vector on the left is one row, and g has one row for each matrix on the right.
        return _column(ops, x1) * _row(ops, g) if len(x2_shape) > 1 else x1 * g
    if len(x2_shape) == 1:
        column = ops.matmul(ops.matrix_transpose(x1), _column(ops, g))
        return ops.reshape(column, column.shape[:-1])
    if len(x2_shape) == 2 and len(x1_shape) > 2:
        # One product of all rows takes less time and memory than a sum of products.
        rows = math.prod(x1_shape[:-1])
        x1, g = ops.reshape(x1, (rows, x2_shape[0])), ops.reshape(g, (rows, x2_shape[1]))
    return ops.matmul(ops.matrix_transpose(x1), g)


rule("matmul", x1=_matmul_x1, x2=_matmul_x2)
rule("matrix_transpose", x=lambda ops, g: ops.matrix_transpose(g))
rule(
    "vecdot",
    x1=lambda ops, g, x2: ops.conj(_column(ops, g) * x2),
    x2=lambda ops, g, x1: _column(ops, g) * ops.conj(x1),
)
