"""The checks of the suite, a file for each aspect."""
