"""What the CuPy plugin computes out of functions that NumPy has too, with NumPy in CuPy's place."""

from __future__ import annotations

import numpy as np
import pytest

from tensorplug.backends.cupy.plugin import CuPy, _Located


@pytest.fixture
def plugin() -> CuPy:
    made = CuPy()
    made.cupy = made.namespace = made._functions = np
    made._index = lambda array, index: index  # type: ignore[method-assign]
    return made


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_division_is_exact(plugin: CuPy, dtype: str) -> None:
    x1 = np.asarray([1, -1, 7.3, -7.3, 5, -0.0, 6e4, 0.3, 3], dtype)
    x2 = np.asarray([[0.1], [-0.1], [0.7], [3], [1e-3]], dtype)
    kernels = plugin._corrected()
    with np.errstate(all="ignore"):
        assert kernels["floor_divide"](x1, x2).tolist() == np.floor_divide(x1, x2).tolist()
        assert kernels["remainder"](x1, x2).tolist() == np.remainder(x1, x2).tolist()


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint64", "float16", "float64", "complex64"])
def test_scattering_is_of_any_dtype(plugin: CuPy, dtype: str) -> None:
    values = np.asarray([1, 2, 3], dtype)
    wanted = np.zeros(2, dtype)
    np.add.at(wanted, [0, 1, 1], values)
    found = plugin._scatter_zeros(values, (2,), (np.asarray([0, 1, 1]),))
    assert (found.dtype, found.tolist()) == (wanted.dtype, wanted.tolist())


def test_a_located_namespace_wraps_functions_and_extensions_only() -> None:
    located = _Located(np, lambda function: (function,))  # type: ignore[arg-type,return-value]
    assert located.sin == (np.sin,)
    assert located.linalg.inv == (np.linalg.inv,)
    assert located.float32 is np.float32
    assert located.pi == np.pi
