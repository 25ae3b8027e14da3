"""The engine that runs checks: trials of random examples, workers, levels, error bounds, the reference, outcomes.

It is independent of single checks and uses, which are in `checks` and `uses`.
"""
