"""Utility functions (array API standard 2025.12, "Utility Functions")."""
