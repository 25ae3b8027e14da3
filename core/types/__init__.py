"""Errors, dtypes, devices and axes.

The lowest floor of `core`: it imports `tensorplug.autograd` and `tensorplug.backends` alone.
"""
