"""How checks are run: trials of random examples, workers, levels, bounds, the reference and the outcome.

Knows no single check; `checks` and `uses` say what is tried.
"""
