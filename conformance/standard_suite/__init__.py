"""Run the array API standard's test suite on every available backend, and write a table of the results."""
