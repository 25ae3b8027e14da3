"""A module with CuPy's names on the CPU, to run the plugin without a GPU; `tests/cupy_stand_in/build.py` says how.

Elementwise functions have CuPy's tables of dtypes and are CuPy's own C++, compiled for the CPU. All other functions are
NumPy's, of which there are those that CuPy has, with CuPy's parameters. What CuPy does otherwise is imitated: arrays of
NumPy are refused, positions out of range wrap around, singular matrices give NaN, operands must lie on the current
device, of which there are several, and what waits for the device is counted (`cupy.cuda.waits`).
"""

from __future__ import annotations

import numpy
from numpy import (  # noqa: F401
    bool_,
    complex64,
    complex128,
    dtype,
    e,
    euler_gamma,
    finfo,
    float16,
    float32,
    float64,
    iinfo,
    inf,
    int8,
    int16,
    int32,
    int64,
    integer,
    intp,
    nan,
    newaxis,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
)

from . import _creation, cuda, fft, lib, linalg  # noqa: F401
from ._array import ndarray  # noqa: F401
from ._functions import functions
from ._tables import DESCRIPTION
from ._ufunc import ufunc

__version__ = DESCRIPTION["version"]

globals().update(functions("cupy", numpy))
globals().update({name: ufunc(name) for name in DESCRIPTION["ufuncs"] if "." not in name})
# NumPy's functions of these names know nothing of the stand-in's arrays.
globals().update({name: getattr(_creation, name) for name in _creation.__all__})
