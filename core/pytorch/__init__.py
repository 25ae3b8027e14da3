"""What PyTorch has beside the standard: spellings, activations, selection, constructors, distances.

Imports `standard` and the floors below.
"""
