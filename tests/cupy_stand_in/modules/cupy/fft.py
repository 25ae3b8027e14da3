"""CuPy's Fourier transforms, which compute in the precision of their operand."""

from __future__ import annotations

import numpy

from ._functions import functions

globals().update(functions("cupy.fft", numpy.fft))
