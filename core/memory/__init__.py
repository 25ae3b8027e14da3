"""Tensor, Storage and View: what makes tensors that share memory read the same on every backend.

View steps, views of arrays that cannot be written, writes, coercion of operands, and the few structural operations
that the mechanism itself needs. Imports `types` and `dispatch`.
"""
