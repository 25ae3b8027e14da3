"""From an operation to its kernel: the loaded library, the dispatch key with its table, and the declaration.

A dispatch key is backend, device and dtype. An `Operation` is declared once, here is what that means; recording makes
the node of its result. Imports `types`; tensors are known by their private methods only.
"""
