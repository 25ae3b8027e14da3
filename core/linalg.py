"""The linear algebra extension (array API standard 2025.12, "Linear Algebra Extension")."""
