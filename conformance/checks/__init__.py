"""What is checked, and of what: a file an aspect."""
