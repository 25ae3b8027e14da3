"""Arrays of other libraries on the host, where NumPy computes."""

from __future__ import annotations

from typing import Any

import numpy


def comparable(x: Any) -> Any:
    """The array in a dtype that NumPy sorts with NaN last: bfloat16 as float32."""
    return x.astype(numpy.float32) if x.dtype.kind == "V" else x
