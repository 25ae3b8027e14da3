"""Dispatch of operations to kernels: the declaration, the loaded library, the dispatch key with its table, recording.

Imports `types`; the class of tensors is on the floor above, here a protocol.
"""
