"""Gradients of linear algebra."""

from __future__ import annotations

from typing import Any

from ..rule import rule

Shape = tuple[int, ...]


def _matmul_x1(ops: Any, g: Any, x2: Any, x1_shape: Shape, x2_shape: Shape) -> Any:
    if len(x2_shape) == 1:
        return ops.expand_dims(g, axis=-1) * x2
    if len(x1_shape) == 1:
        row = ops.matmul(ops.expand_dims(g, axis=-2), ops.matrix_transpose(x2))
        return ops.reshape(row, (*row.shape[:-2], row.shape[-1]))
    return ops.matmul(g, ops.matrix_transpose(x2))


def _matmul_x2(ops: Any, g: Any, x1: Any, x1_shape: Shape, x2_shape: Shape) -> Any:
    if len(x1_shape) == 1:
        # A vector on the left is one row, and g one row for each matrix on the right.
        column = ops.expand_dims(x1, axis=-1)
        return column * ops.expand_dims(g, axis=-2) if len(x2_shape) > 1 else x1 * g
    if len(x2_shape) == 1:
        column = ops.matmul(ops.matrix_transpose(x1), ops.expand_dims(g, axis=-1))
        return ops.reshape(column, column.shape[:-1])
    return ops.matmul(ops.matrix_transpose(x1), g)


rule("matmul", x1=_matmul_x1, x2=_matmul_x2)
rule("matrix_transpose", x=lambda ops, g: ops.matrix_transpose(g))
