"""Tensor, Storage and View; views and in-place writes, alike on every backend; promotion and transfer of operands.

The structural operations that these need are here too, such as `cast` and `reshape`. Imports `types` and `dispatch`.
"""
