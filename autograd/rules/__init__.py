"""The gradient rules, a file for each chapter of the standard."""

from . import elementwise, indexing, linear_algebra, manipulation, searching, statistical

__all__ = ["elementwise", "indexing", "linear_algebra", "manipulation", "searching", "statistical"]
