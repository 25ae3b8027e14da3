"""The gradient rules, a file for each chapter of the standard."""

from . import activations, elementwise, indexing, linear_algebra, manipulation, searching, statistical

__all__ = ["activations", "elementwise", "indexing", "linear_algebra", "manipulation", "searching", "statistical"]
