"""The comparison of programs: a user's own function on every backend, and where two of them part."""

from .compare import compare
from .comparison import Comparison, Difference
from .divergence import Parting

__all__ = ["Comparison", "Difference", "Parting", "compare"]
