"""Decorators that declare functions of tensors: `unary`, `binary`, `scaled`, `reduction`, `function`.

Each makes the function that users call, its methods and its in-place and ``out=`` forms. Imports `interchange` and the
floors below.
"""
