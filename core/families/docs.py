"""Docstrings of families of operations, put together from what each declares."""

from __future__ import annotations

import textwrap
from typing import Any

_RESULT = {
    "same": "The dtype of the operands",
    "bool": "bool",
    "real": "The dtype of the real part",
    "complex": "The complex dtype of that precision",
    "int64": "int64",
}


def elementwise_doc(operation: Any, summary: str, notes: str, example: str) -> str:
    """The docstring of an elementwise function."""
    names = ", ".join(operation.operands)
    two = len(operation.operands) > 1
    broadcast = "; they are broadcast and promoted to a common dtype, and one may be a Python scalar" if two else ""
    parameters = f"""
{names} : Tensor
    Of a {operation.accepts} dtype{broadcast}.
out : Tensor, optional
    Where the result is written, as in PyTorch."""
    returns = f"""
Tensor
    {_RESULT[operation.result]}; {"the broadcast shape" if two else "the shape of the operand"}."""
    raises = """
TypeError
    For another dtype."""
    if two:
        raises += """
ShapeError
    If the shapes cannot be broadcast together.
DeviceError
    If the operands are on different devices."""
    return assemble(summary, notes, example, Parameters=parameters, Returns=returns, Raises=raises)


def reduction_doc(operation: Any, summary: str, notes: str, example: str, accumulates: bool) -> str:
    """The docstring of a reduction."""
    parameters = f"""
x : Tensor
    Of a {operation.accepts} dtype.
dim, keepdim
    PyTorch's spelling of `axis` and `keepdims`.
axis : int or tuple of int, optional
    The axes to reduce; all by default.
keepdims : bool, default: False
    Whether they are kept with length 1."""
    if accumulates:
        parameters += """
dtype : dtype, optional
    What to compute in; by default integers in 64 bits, and other dtypes in their own."""
    returns = f"""
Tensor
    {_RESULT[operation.result]}; the shape without the reduced axes."""
    raises = """
IndexError
    If an axis is out of range.
TypeError
    For another dtype."""
    return assemble(summary, notes, example, Parameters=parameters, Returns=returns, Raises=raises)


def assemble(summary: str, notes: str, example: str, **sections: str) -> str:
    """A NumPy-style docstring."""
    parts = [summary]
    parts += [f"{title}\n{'-' * len(title)}{body}" for title, body in sections.items()]
    if notes:
        parts.append(f"Notes\n-----\n{textwrap.dedent(notes).strip()}")
    shown = textwrap.dedent(example).strip()
    parts.append(f"Examples\n--------\n>>> import tensorplug as tp\n{shown}\n")
    return "\n\n".join(parts)


def published(operation: Any, function: Any, doc: str) -> Any:
    """Give a made function the name, module and documentation of its operation, which it becomes the function of."""
    # Functions are pickled by the name of their module.
    function.__module__ = operation.module
    function.__name__ = operation.name.rpartition(".")[2]
    function.__qualname__ = function.__name__
    function.__doc__ = doc
    function.operation = operation
    operation.function = function
    return function
