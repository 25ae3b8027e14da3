"""The tensor's side of automatic differentiation: lifting, leaves, hooks and the backward pass.

Nodes, rules and the engine are in `tensorplug.autograd`, which knows no Tensor. Imports `memory` and the floors below.
"""
