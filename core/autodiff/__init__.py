"""Automatic differentiation of Tensors: `backward`, `grad`, hooks, and the lifting of saved arrays to tensors.

Nodes, rules and the engine are in `tensorplug.autograd`, which knows no Tensor. Imports `memory` and the floors below.
"""
