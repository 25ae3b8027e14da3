"""Functions of PyTorch that the standard lacks: activations, selection, constructors, distances, other spellings.

Imports `standard` and the floors below.
"""
