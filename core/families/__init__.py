"""What all elementwise functions, all reductions, and all in-place and ``out=`` forms have in common.

A family turns the declaration of an operation into the function that users call. Imports `interchange` and the floors
below.
"""
