"""Random numbers: generators, whose stream is the same on every backend, and distributions.

Imports `standard` and the floors below.
"""
