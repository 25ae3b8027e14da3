"""``python -m tensorplug.conformance.standard_suite``."""

from .run import main

if __name__ == "__main__":
    raise SystemExit(main())
