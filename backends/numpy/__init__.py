"""The NumPy backend: `plugin` is what the manager loads, the other files are kernels.

Imports `common` and the contract; no other backend.
"""
