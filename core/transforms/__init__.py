"""Transforms of functions: a transform is a library whose arrays stand for those of another one.

A `Proxy` is such an array, a `DerivedLibrary` its library, so tensors, views, writes and gradients work unchanged. In
`vmap` a proxy is a batch that looks like one example. Imports all floors below.
"""
