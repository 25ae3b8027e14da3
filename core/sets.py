"""Set functions (array API standard 2025.12, "Set Functions")."""
