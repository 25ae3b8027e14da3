"""The conformance suite, and the comparison of programs."""

from .comparison import Comparison, compare
from .runner import run

__all__ = ["Comparison", "compare", "run"]
