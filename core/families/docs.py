"""Docstrings of elementwise functions and reductions, with sections that follow from their declarations."""

from __future__ import annotations

import inspect
import re
from typing import Any

_RESULT = {
    "same": "The dtype of the operands",
    "bool": "bool",
    "real": "The dtype of the real part",
    "complex": "The complex dtype of that precision",
    "int64": "int64",
}


def elementwise_doc(operation: Any, docstring: str) -> str:
    """The docstring of an elementwise function, from its summary, notes and examples."""
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
    return with_sections(docstring, Parameters=parameters, Returns=returns, Raises=raises)


def reduction_doc(operation: Any, docstring: str, accumulates: bool) -> str:
    """The docstring of a reduction, from its summary, notes and examples."""
    parameters = f"""
x : Tensor
    Of a {operation.accepts} dtype.
dim, keepdim
    PyTorch's spelling of `axis` and `keepdims`.
axis : int or tuple of int, optional
    The axes to reduce; all by default.
keepdims : bool, default: False
    Whether reduced axes stay, with length 1."""
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
    return with_sections(docstring, Parameters=parameters, Returns=returns, Raises=raises)


def with_sections(docstring: str, **sections: str) -> str:
    """Insert sections into a NumPy-style docstring, before its notes and examples."""
    doc = inspect.cleandoc(docstring)
    first = re.search(r"^\w+\n-+$", doc, re.MULTILINE)
    at = first.start() if first else len(doc)
    parts = [doc[:at].strip(), *(f"{title}\n{'-' * len(title)}{body}" for title, body in sections.items()), doc[at:]]
    return "\n\n".join(part for part in parts if part) + "\n"


def document(function: Any, definition: Any, name: str, doc: str) -> None:
    """Give a function its name, docstring and the module of its definition, by which it is pickled."""
    function.__module__ = definition.__module__
    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    function.__doc__ = doc
