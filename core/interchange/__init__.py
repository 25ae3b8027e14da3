"""Tensors from and to others: NumPy, DLPack, Python numbers and lists, files, text.

Imports `autodiff` and the floors below.
"""
