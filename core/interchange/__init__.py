"""Conversion of tensors from and to NumPy, DLPack, Python numbers, lists, files and text.

Imports `autodiff` and the floors below.
"""
