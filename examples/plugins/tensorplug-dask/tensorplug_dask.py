"""Dask arrays as a backend, through array-api-compat: NumPy in chunks, computed when values are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy

from tensorplug.backends import Backend, Kernel, hookimpl, load, random_words

ON_HOST = (
    "argsort cumulative_prod eye isin max min nonzero prod sort take tril triu unique_all unique_counts unique_inverse "
    "unique_values linalg.cholesky linalg.det linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.inv "
    "linalg.lu_factor linalg.permutation linalg.qr linalg.slogdet linalg.solve linalg.solve_triangular linalg.svd "
    "linalg.svdvals"
).split()
"""Functions that Dask lacks, or whose results have a shape or values that it does not know: NumPy computes them."""


POOL = ThreadPoolExecutor(initializer=numpy.seterr, initargs=("ignore",))
"""Threads without NumPy's floating-point warnings, which are Dask's to raise when values are read."""


def words(seed: int, offset: int, block_info: Any) -> numpy.ndarray:
    """The random words of one chunk."""
    ((start, stop),) = block_info[None]["array-location"]
    return random_words(seed, offset + start, stop - start)


def joined(array: Any) -> Any:
    """A small array in one chunk, since there would be more after each call that joins arrays."""
    return array.rechunk(-1) if array.nbytes < 1 << 20 else array


class Dask(Backend):
    """Dask arrays."""

    name = "dask"
    contract = 1
    distribution = "dask"
    install = 'pip install "dask[array]"'

    def load(self) -> Any:
        """Import Dask's arrays in the clothes of the standard."""
        import array_api_compat.dask.array

        return array_api_compat.dask.array

    def kernels(self) -> Mapping[str, Kernel]:
        """What is computed on the host."""
        host = load("numpy")
        on_host = {name: self.on_host(kernel) for name in ON_HOST if (kernel := host.find(name)) is not None}
        joining = {
            "concat": lambda arrays, **parameters: joined(self.namespace.concat(arrays, **parameters)),
            "stack": lambda arrays, **parameters: joined(self.namespace.stack(arrays, **parameters)),
        }
        return {"matmul": self.matmul, **joining, **on_host}

    def matmul(self, x1: Any, x2: Any) -> Any:
        """The matrix product. Dask would stretch an axis of length 1, and fail when values are read."""
        if x1.shape[-1] != x2.shape[-2:][0]:
            raise ValueError("the contracted axes differ in length")
        return self.namespace.matmul(x1, x2)

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """Compute the array: on a cluster if the program has one, and at once if little is in several chunks."""
        import dask

        graph, (finish, arguments) = array.dask, array.__dask_postcompute__()
        if len(graph) > 3 * len(graph.layers) or dask.base.get_scheduler():
            return numpy.asarray(array.compute(pool=POOL))
        with numpy.errstate(all="ignore"):
            return numpy.asarray(finish(dask.core.get(dict(graph), array.__dask_keys__()), *arguments))

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Any:
        """Many words in chunks, which are made where they are needed."""
        chunks = self.namespace.empty((count,), dtype="uint64").chunks
        if len(chunks[0]) == 1:
            return super().random_bits(seed, offset, count, device)
        random_words(seed, offset + count, 0)  # raises if they exceed the stream
        meta = numpy.empty(0, "uint64")
        return self.namespace.map_blocks(words, seed, offset, chunks=chunks, meta=meta)

    def library_index(self, array: Any, index: Any) -> Any:
        """The index with NumPy's arrays and numbers: by Dask's own, shapes would be unknown."""
        return tuple(item[()] if isinstance(item, numpy.ndarray) else item for item in self.to_host(index))

    def getitem(self, array: Any, index: Any) -> Any:
        """The elements at an index; those of a mask are counted, so that the shape is known."""
        found = super().getitem(array, index)
        return found.compute_chunk_sizes() if math.isnan(sum(found.shape)) else found


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Dask()
