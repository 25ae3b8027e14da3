"""Fourier transforms (array API standard 2025.12, "Fourier transform Functions")."""
