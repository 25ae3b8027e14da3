"""CuPy's functions with SciPy's names."""
