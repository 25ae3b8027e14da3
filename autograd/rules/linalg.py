"""Gradients of the linear algebra extension."""
