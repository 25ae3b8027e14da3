"""``python -m tensorplug.conformance.standard_suite``: run the array API standard's test suite."""

from .run import main

if __name__ == "__main__":
    raise SystemExit(main())
