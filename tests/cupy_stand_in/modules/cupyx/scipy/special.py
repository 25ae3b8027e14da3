"""CuPy's special functions."""

from __future__ import annotations

from cupy._tables import DESCRIPTION
from cupy._ufunc import ufunc

globals().update({name.removeprefix("special."): ufunc(name) for name in DESCRIPTION["ufuncs"] if "." in name})
