"""The CuPy backend, for CUDA: `plugin` is what the manager loads.

Imports `common` and the contract; no other backend.
"""
