"""Sorting functions (array API standard 2025.12, "Sorting Functions")."""
