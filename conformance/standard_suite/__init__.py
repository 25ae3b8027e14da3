"""The array API standard's own test suite, run against every available backend, and its table."""
