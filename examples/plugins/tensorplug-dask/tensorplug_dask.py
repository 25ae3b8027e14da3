"""Dask arrays as a backend, through array-api-compat: NumPy in chunks, computed when values are read."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy

from tensorplug.backends import Backend, Kernel, hookimpl, random_words

ON_HOST = (
    "argsort cumulative_prod eye isin max min nonzero prod sort take tril triu unique_all unique_counts unique_inverse "
    "unique_values linalg.cholesky linalg.det linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.inv "
    "linalg.pinv linalg.matrix_rank linalg.qr linalg.slogdet linalg.solve linalg.svd linalg.svdvals"
).split()
"""Functions that Dask lacks, or whose results have a shape or values that it does not know: NumPy computes them."""


@functools.cache
def pool() -> ThreadPoolExecutor:
    """Threads without NumPy's floating-point warnings, which are Dask's to raise when values are read."""
    return ThreadPoolExecutor(initializer=numpy.seterr, initargs=("ignore",))


def words(seed: int, offset: int, block_info: Any) -> numpy.ndarray:
    """The random words of one chunk."""
    ((start, stop),) = block_info[None]["array-location"]
    return random_words(seed, offset + start, stop - start)


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
        import array_api_compat.numpy as host

        return {name: self.on_host(operator.attrgetter(name)(host)) for name in ON_HOST}

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """Compute the array, on a cluster if the program has one."""
        return numpy.asarray(array.compute(pool=pool()))

    def random_bits(self, seed: int, offset: int, count: int, device: Any) -> Any:
        """Many words in chunks, which are made where they are needed."""
        chunks = self.namespace.empty((count,), dtype="uint64").chunks
        if len(chunks[0]) == 1:
            return super().random_bits(seed, offset, count, device)
        random_words(seed, offset + count, 0)  # raises if they exceed the stream
        meta = numpy.empty(0, "uint64")
        return self.namespace.map_blocks(words, seed, offset, chunks=chunks, meta=meta)

    def library_index(self, array: Any, index: Any) -> Any:
        """The index with NumPy arrays: by Dask's own, shapes would be unknown."""
        return self.to_host(index)

    def getitem(self, array: Any, index: Any) -> Any:
        """The elements at an index; those of a mask are counted, so that the shape is known."""
        found = super().getitem(array, index)
        return found.compute_chunk_sizes() if math.isnan(sum(found.shape)) else found


@hookimpl
def tensorplug_backends() -> Iterator[Backend]:
    """Supply the backend."""
    yield Dask()
