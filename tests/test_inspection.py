"""Inspection of the namespace, and the functions of dtypes."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis.extra.array_api import make_strategies_namespace

import tensorplug as tp

STANDARD = {
    "bool": ["bool"],
    "signed integer": ["int8", "int16", "int32", "int64"],
    "unsigned integer": ["uint8", "uint16", "uint32", "uint64"],
    "real floating": ["float32", "float64"],
    "complex floating": ["complex64", "complex128"],
}


class TestInfo:
    def test_capabilities(self) -> None:
        found = tp.__array_namespace_info__().capabilities()
        assert found == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
        assert tp.ones((1,) * 64).ndim == 64

    def test_devices(self, backend: str) -> None:
        info = tp.__array_namespace_info__()
        assert isinstance(info.devices(), tuple)
        assert info.default_device() in info.devices()
        assert info.default_device().backend == backend
        for device in info.devices():
            assert tp.ones(2, device=device).device is device

    def test_default_dtypes(self, backend: str) -> None:
        info = tp.__array_namespace_info__()
        wanted = {
            "real floating": tp.float32,
            "complex floating": tp.complex64,
            "integral": tp.int64,
            "indexing": tp.int64,
        }
        assert info.default_dtypes() == info.default_dtypes(device=backend) == wanted
        assert (tp.ones(1).dtype, tp.asarray(1).dtype, tp.asarray(1j).dtype) == (tp.float32, tp.int64, tp.complex64)
        tp.set_default_dtype("float64")
        try:
            changed = info.default_dtypes()
            assert (changed["real floating"], changed["complex floating"]) == (tp.float64, tp.complex128)
        finally:
            tp.set_default_dtype("float32")

    def test_dtypes(self, backend: str) -> None:
        dtypes = tp.__array_namespace_info__().dtypes
        assert list(dtypes()) == [name for names in STANDARD.values() for name in names]
        for kind, names in STANDARD.items():
            assert dtypes(kind=kind) == {name: getattr(tp, name) for name in names}
        assert set(dtypes(kind=("bool", "integral"))) == {
            *STANDARD["bool"],
            *STANDARD["signed integer"],
            *STANDARD["unsigned integer"],
        }
        assert len(dtypes(kind="numeric")) == 12
        with pytest.raises(ValueError, match="unknown kind 'float'"):
            dtypes(kind="float")

    def test_a_device_that_lacks_dtypes(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        code = """
import tensorplug as tp
info = tp.__array_namespace_info__()
print(sorted(info.dtypes(device="jax", kind="numeric")), info.default_dtypes(device="jax")["indexing"])
print(tp.can_cast(tp.ones(2, dtype="int32", device="jax"), "int64"), tp.can_cast("int32", "int64"))
"""
        environment = os.environ | {"JAX_ENABLE_X64": "0"}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        names = ["complex64", "float32", "int16", "int32", "int8", "uint16", "uint32", "uint8"]
        assert ran.stdout.splitlines() == [f"{names} tensorplug.int32", "False True"]


class TestNamespace:
    def test_is_the_module(self, backend: str) -> None:
        x = tp.ones(2)
        assert x.__array_namespace__() is x.__array_namespace__(api_version="2025.12") is tp
        assert tp.__array_api_version__ == "2025.12"

    @pytest.mark.parametrize("version", ["2030.12", "latest", 2025])
    def test_unknown_versions(self, version: Any) -> None:
        with pytest.raises(ValueError, match="__array_namespace__: got version"):
            tp.ones(2).__array_namespace__(api_version=version)

    def test_hypothesis_knows_it(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert make_strategies_namespace(tp).api_version == "2025.12"

    def test_constants(self) -> None:
        assert (tp.e, tp.pi, tp.inf, tp.newaxis) == (math.e, math.pi, math.inf, None)
        assert math.isnan(tp.nan)


class TestLimits:
    @pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
    def test_finfo(self, backend: str, dtype: str) -> None:
        wanted = np.finfo(dtype)
        for given in (dtype, getattr(tp, dtype), tp.ones(2, dtype=dtype), np.dtype(dtype)):
            found = tp.finfo(given)
            assert found.dtype is getattr(tp, dtype)
            assert found.bits == wanted.bits
            for name in ("eps", "max", "min", "smallest_normal"):
                assert type(getattr(found, name)) is float
                assert getattr(found, name) == getattr(wanted, name)

    def test_finfo_of_bfloat16(self) -> None:
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="NumPy has bfloat16 through this package only")
        wanted = ml_dtypes.finfo("bfloat16")
        found = tp.finfo("bfloat16")
        assert [found.eps, found.max, found.smallest_normal] == [wanted.eps, wanted.max, wanted.smallest_normal]

    def test_finfo_of_complex_numbers_is_of_their_parts(self) -> None:
        assert tp.finfo("complex128") == tp.finfo("float64")
        assert tp.finfo(tp.ones(1, dtype="complex64")).dtype is tp.float32

    @pytest.mark.parametrize("dtype", STANDARD["signed integer"] + STANDARD["unsigned integer"])
    def test_iinfo(self, backend: str, dtype: str) -> None:
        wanted = np.iinfo(dtype)
        for given in (dtype, tp.ones(2, dtype=dtype)):
            found = tp.iinfo(given)
            assert (found.bits, found.min, found.max) == (wanted.bits, wanted.min, wanted.max)
            assert {type(one) for one in (found.bits, found.min, found.max)} == {int}
            assert found.dtype is getattr(tp, dtype)

    def test_other_dtypes(self) -> None:
        with pytest.raises(TypeError, match=r"finfo: got tensorplug\.int8, wanted a floating-point dtype"):
            tp.finfo("int8")
        for dtype in ("float32", "bool"):
            with pytest.raises(TypeError, match=f"iinfo: got tensorplug.{dtype}, wanted an integer dtype"):
                tp.iinfo(dtype)


class TestDTypes:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            (("int8", "int16", 1), "int16"),
            (("bool", True), "bool"),
            (("bool", 1, 2.0), "float32"),
            (("bool", 1, "uint8"), "uint8"),
            ((1.0, "float64", "float32"), "float64"),
            (("float32", 1j), "complex64"),
            (("float64", 1j), "complex128"),
            ((np.float64(1.0), "float32"), "float32"),
        ],
        ids=str,
    )
    def test_result_type(self, backend: str, given: tuple[Any, ...], wanted: str) -> None:
        assert tp.result_type(*given).name == wanted
        tensors = [tp.ones(2, dtype=one) if isinstance(one, str) else one for one in given]
        assert tp.result_type(*tensors).name == tp.result_type(*tensors[::-1]).name == wanted

    def test_result_type_needs_a_tensor_or_dtype(self) -> None:
        with pytest.raises(ValueError, match="result_type: got no tensor or dtype"):
            tp.result_type(1, 2.0)
        with pytest.raises(TypeError, match="int64 and uint64 have no common integer dtype"):
            tp.result_type("int64", "uint64")

    def test_can_cast(self, backend: str) -> None:
        assert tp.can_cast("int8", "int16")
        assert tp.can_cast(tp.ones(2), "float64")
        assert tp.can_cast("float32", tp.complex64)
        assert not tp.can_cast("uint8", "int8")
        assert not tp.can_cast("uint64", "int64")
        assert not tp.can_cast(tp.ones(2, dtype="complex64"), "float64")

    def test_isdtype(self) -> None:
        assert tp.isdtype(tp.float16, "real floating")
        assert tp.isdtype(tp.uint8, (tp.bool, "integral"))
        assert not tp.isdtype(tp.bool, "numeric")
        with pytest.raises(ValueError, match="isdtype: unknown kind 'float32'"):
            tp.isdtype(tp.float32, "float32")

    def test_astype(self, backend: str) -> None:
        x = tp.tensor([-1.5, 0.0, 2.0])
        assert tp.astype(x, "int8").tolist() == [-1, 0, 2]
        assert tp.astype(x, tp.bool).tolist() == [True, False, True]
        assert tp.astype(tp.tensor([0j, 1j]), tp.bool).tolist() == [False, True]
        assert tp.astype(tp.tensor([True]), "complex128").tolist() == [1 + 0j]
        assert tp.astype(x, "float32", copy=False) is x
        copied = tp.astype(x, "float32")
        copied += 1
        assert x.tolist() == [-1.5, 0.0, 2.0]

    def test_astype_drops_no_imaginary_part(self, backend: str) -> None:
        z = tp.tensor([1 + 2j])
        for dtype in ("float32", "int64"):
            with pytest.raises(TypeError, match=r"astype: got tensorplug.complex64.*real"):
                tp.astype(z, dtype)
        assert z.to("float32").tolist() == z.float().tolist() == [1.0]

    def test_astype_on_another_device(self) -> None:
        pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
        x = tp.astype(tp.ones(2, device="numpy"), "float64", device="jax")
        assert (x.backend, x.dtype) == ("jax", tp.float64)
