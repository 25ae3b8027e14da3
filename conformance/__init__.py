"""The conformance suite, and the comparison of programs."""

from .compare_programs import Comparison, compare
from .engine.runner import run

__all__ = ["Comparison", "compare", "run"]
