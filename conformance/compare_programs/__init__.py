"""Run a user's function on several backends, compare the results, and find the operation where two of them diverge."""

from .compare import compare
from .comparison import Comparison, Difference
from .divergence import Divergence

__all__ = ["Comparison", "Difference", "Divergence", "compare"]
