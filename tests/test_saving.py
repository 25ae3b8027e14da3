"""`save` and `load`: what comes back, and which files are refused."""

from __future__ import annotations

import collections
import importlib
import io
import json
import math
import pathlib
import sys
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorplug as tp
from tensorplug.core.interchange import saving
from tensorplug.core.types.dtypes import DTYPES

safetensors = pytest.importorskip("safetensors", reason="safetensors belongs to the extra save")


def written(obj: Any) -> bytes:
    file = io.BytesIO()
    tp.save(obj, file)
    return file.getvalue()


def read(data: bytes, **options: Any) -> Any:
    return tp.load(io.BytesIO(data), **options)


def same(found: Any, wanted: Any) -> bool:
    """Whether two structures are of the same types, with the same tensors to the bit."""
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, tp.Tensor):
        agree = found.dtype is wanted.dtype and found.shape == wanted.shape
        bits = [numpy.asarray(x.detach()).tobytes() for x in (found, wanted)]
        return agree and bits[0] == bits[1] and found.requires_grad == wanted.requires_grad
    if isinstance(wanted, dict):
        return list(found) == list(wanted) and all(same(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return bool(found == wanted) or (found != found and wanted != wanted)


VALUES = [0.0, 1.0, -2.5, math.inf, -math.inf, math.nan, -0.0]


def example(name: str, shape: tuple[int, ...] = (2, 3)) -> tp.Tensor:
    """A tensor of a dtype, with its special values."""
    count, dtype = math.prod(shape), DTYPES[name]
    values = (VALUES if dtype.kind in "fc" else [0, 1, 100])[: count or None]
    host = numpy.resize(numpy.asarray(values), shape)
    return tp.asarray(host * (1 + 2j) if dtype.kind == "c" else host).to(name)


@pytest.mark.parametrize("name", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(2, 3), (), (0,), (2, 0, 3)])
def test_every_dtype_and_shape(backend: str, name: str, shape: tuple[int, ...]) -> None:
    with numpy.errstate(all="ignore"):
        x = example(name, shape)
    found = read(written(x))
    assert same(found, x)
    assert found.backend == backend


def test_structures(backend: str) -> None:
    x = tp.tensor([1.0, 2.0], requires_grad=True)
    obj = {
        "model": {"layer.0": x, "layer": {"0": x * 2 + 1, "": tp.tensor(3)}, 'ключ\n"\\': [x.detach(), ()]},
        "epoch": 3,
        4: (None, True, 1.5, math.inf, "text"),
        "\ud800": {"__metadata__": tp.tensor([True])},
        "__metadata__": tp.tensor([1]),
        "empty": {},
    }
    found = read(written(obj))
    # A result comes back as a leaf.
    obj["model"]["layer"]["0"] = (x * 2 + 1).detach().requires_grad_()
    assert same(found, obj)
    assert found["model"]["layer"]["0"].is_leaf


def test_a_tensor_in_two_places_is_one_tensor_again(backend: str) -> None:
    x = tp.tensor([1.0, 2.0])
    found = read(written({"a": x, "b": [x], "view": x[:1]}))
    assert found["a"] is found["b"][0]
    found["a"].zero_()
    assert found["b"][0].tolist() == [0.0, 0.0]
    assert found["view"].tolist() == [1.0]


def test_views_are_written_as_they_read(backend: str) -> None:
    x = tp.arange(6.0).reshape(2, 3)
    for view in (x.t(), x[:, ::-1], x[0].expand(2, 3), x[:, 1]):
        assert same(read(written(view)), view)


def test_what_is_no_plain_container_comes_back_as_one() -> None:
    pair = collections.namedtuple("pair", "first second")
    found = read(written(collections.OrderedDict(a=pair(tp.ones(1), numpy.float64(2.0)))))
    assert same(found, {"a": (tp.ones(1), 2.0)})


def test_files_by_path_and_opened(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "weights"
    tp.save([tp.ones(2)], path)
    assert same(tp.load(str(path), weights_only=True), [tp.ones(2)])
    with open(path, "rb") as file:
        assert same(tp.load(file), [tp.ones(2)])
    with pytest.raises(FileNotFoundError):
        tp.load(tmp_path / "missing")


def test_another_backend_reads_what_one_has_written() -> None:
    pytest.importorskip("jax", reason="JAX is an extra, which may not be installed")
    with tp.backend("jax"):
        data = written({name: example(name) for name in ("float64", "bfloat16", "complex128", "uint64", "bool")})
    for found in (read(data), read(data, device="numpy")):
        assert {x.backend for x in found.values()} == {"numpy"}
    there = read(data, map_location="jax")
    assert {x.backend for x in there.values()} == {"jax"}
    with tp.backend("jax"):
        assert same(read(written(there)), there)


def test_a_device_that_lacks_the_dtype_says_so() -> None:
    strict = pytest.importorskip("array_api_strict")
    from tensorplug import backends

    class Strict(backends.Backend):
        name, contract = "strict_saving", 1

        def load(self) -> Any:
            return strict

    class Plugin:
        @backends.hookimpl
        def tensorplug_backends(self) -> Any:
            yield Strict()

    plugin = Plugin()
    backends.register(plugin)
    try:
        with pytest.raises(TypeError, match="does not support float16"):
            read(written(example("float16")), device="strict_saving")
        assert read(written(example("float64")), device="strict_saving").backend == "strict_saving"
    finally:
        backends.unregister(plugin)


def test_other_programs_read_it_and_it_reads_theirs(tmp_path: pathlib.Path) -> None:
    from safetensors.numpy import load as load_numpy
    from safetensors.numpy import save as save_numpy

    found = load_numpy(written({"a": {"b": tp.ones(2)}, "c": [tp.zeros(1, dtype="int8")]}))
    assert {name: x.tolist() for name, x in found.items()} == {"a.b": [1.0, 1.0], "c.0": [0]}
    theirs = read(save_numpy({"w": numpy.ones((2, 2), "float32"), "b": numpy.asarray([True])}, metadata={"by": "me"}))
    assert same(theirs, {"b": tp.tensor([True]), "w": tp.ones(2, 2)})


TREES = st.recursive(
    st.one_of(
        st.builds(example, st.sampled_from(sorted(DTYPES)), st.sampled_from([(), (3,), (0, 2), (2, 1, 2)])),
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=4), st.integers()), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_any_structure_comes_back(tree: Any) -> None:
    assert same(read(written(tree)), tree)


SAMPLE = {"a": tp.arange(6.0).reshape(2, 3), "b": [tp.tensor([1, 2], dtype="int8"), (tp.tensor(1j), "text", 2.5)]}


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_is_refused(data: Any) -> None:
    """Any byte changed, some cut off or some added: it is refused, or it makes no difference."""
    good = written(SAMPLE)
    position = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(1, 255))
    how = data.draw(st.sampled_from(["change", "cut", "add", "repeat"]))
    bad = {
        "change": good[:position] + bytes([good[position] ^ byte]) + good[position + 1 :],
        "cut": good[:position],
        "add": good + bytes([byte]),
        "repeat": good[:position] + good[max(0, position - 4) :],
    }[how]
    try:
        found = read(bad)
    except ValueError:
        return
    assert same(found, SAMPLE)


def test_each_bit_of_the_data_and_of_the_structure_counts() -> None:
    good = written(SAMPLE)
    header = int.from_bytes(good[:8], "little")
    spaces = len(good[8 : 8 + header]) - len(good[8 : 8 + header].rstrip())
    for position in (*range(8, 8 + header - spaces), *range(8 + header, len(good))):
        bad = bytearray(good)
        bad[position] ^= 1
        with pytest.raises(ValueError):
            read(bytes(bad))


def test_the_error_names_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(written(SAMPLE)[:-1])
    with pytest.raises(ValueError, match=r"broken\.safetensors is damaged, cut off, or no safetensors file"):
        tp.load(path)


def test_nothing_is_executed() -> None:
    import pickle

    for hostile in (pickle.dumps(SAMPLE), b"import os; os.abort()"):
        with pytest.raises(ValueError, match="no safetensors file"):
            read(hostile)


def forged(tree: Any, tensors: Any) -> bytes:
    """A file with a right checksum and a structure that `save` does not write."""
    from safetensors.numpy import save as save_numpy

    arrays = {"x": numpy.ones((2, 3), "float32")}
    structure = tree if isinstance(tree, str) else json.dumps({"tree": tree, "tensors": tensors})
    described = {name: (array.dtype.name, array.shape, array) for name, array in arrays.items()}
    checksum = saving._checksum(structure, described)
    return save_numpy(arrays, metadata={"tensorplug": structure, "tensorplug.crc32": checksum})


X = {"dtype": "float32", "requires_grad": False}


@pytest.mark.parametrize(
    ("tree", "tensors"),
    [
        ({"tensor": "y"}, {"x": X}),
        ({"code": "x"}, {"x": X}),
        ({"tensor": "x", "list": []}, {"x": X}),
        ({"tensor": "x"}, {}),
        ({"tensor": "x"}, {"x": X, "y": X} | {"x": {"dtype": "float32"}}),
        ({"tensor": "x"}, {"x": {"dtype": "int64", "requires_grad": False}}),
        ({"tensor": "x"}, {"x": {"dtype": "complex64", "requires_grad": False}}),
        ({"tensor": "x"}, {"x": {"dtype": "object", "requires_grad": False}}),
        ({"dict": [[[], 1]]}, {"x": X}),
        ({"dict": 3}, {"x": X}),
        ([1], {"x": X}),
        ({"tensor": "x"}, [X]),
    ],
)
def test_a_forged_structure_is_refused(tree: Any, tensors: Any) -> None:
    with pytest.raises(ValueError, match="its structure makes no sense"):
        read(forged(tree, tensors))


def test_a_structure_nested_without_end_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="holds itself"):
        tp.save(loop, io.BytesIO())
    deep = 100_000
    structure = '{"tree":' + '{"list":[' * deep + "]}" * deep + ',"tensors":{"x":' + json.dumps(X) + "}}"
    with pytest.raises(ValueError, match="its structure makes no sense"):
        read(forged(structure, None))


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({"a": [object()]}, r"save: got object at a\.0, wanted tensors"),
        (numpy.ones(2), r"save: got ndarray at the top"),
        ({1.5: tp.ones(1)}, r"save: the keys of dicts are strings or integers, got 1\.5, of float"),
        ({True: tp.ones(1)}, r"got True, of bool"),
        ({"a": {1, 2}}, r"save: got set at a"),
    ],
)
def test_what_cannot_be_saved_is_refused(tmp_path: pathlib.Path, obj: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tp.save(obj, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_without_the_library_the_command_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for call in (lambda: tp.save(tp.ones(1), io.BytesIO()), lambda: tp.load(io.BytesIO())):
        with pytest.raises(ImportError, match=r"safetensors.*\[save\]"):
            call()
    monkeypatch.undo()
    assert importlib.import_module("safetensors.numpy")
