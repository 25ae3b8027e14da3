"""Random numbers: generators, the stream that is the same on every backend, and distributions.

Imports `standard` and the floors below.
"""
