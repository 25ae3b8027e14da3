"""Check backends by the conformance suite, and compare a program on several backends."""

from .compare_programs import Comparison, compare
from .engine.runner import run

__all__ = ["Comparison", "compare", "run"]
