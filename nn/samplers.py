"""Samplers: orders in which `DataLoader` takes the examples of a dataset, as in PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..core.random.generator import Generator, randint, randperm
from ..core.random.sampling import multinomial
from ..core.standard.creation import tensor
from ..core.types.errors import ArgumentError

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]


class Sampler:
    """Base class of samplers: a subclass defines ``__iter__``, over indices, and ``__len__``."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no method __iter__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no method __len__")


class SequentialSampler(Sampler):
    """The indices of a dataset in their order."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """The indices of a dataset in an order that is drawn anew each time.

    Parameters
    ----------
    data_source
        With a length.
    replacement : bool, default: False
        Whether an index may be drawn again.
    num_samples : int, optional
        The number of indices, by default that of the examples; of more, each permutation follows another.
    generator : Generator, optional

    Examples
    --------
    >>> import tensorplug as tp
    >>> sorted(tp.utils.data.RandomSampler(range(4)))
    [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if num_samples is not None and num_samples < 1:
            raise ArgumentError(f"RandomSampler: got num_samples {num_samples}, wanted a positive number")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples

    def __iter__(self) -> Iterator[int]:
        count = len(self.data_source)
        if self.replacement:
            return iter(randint(count, (len(self),), generator=self.generator).tolist())
        orders = (randperm(count, generator=self.generator).tolist() for _ in range(0, len(self), max(count, 1)))
        return itertools.islice(itertools.chain.from_iterable(orders), len(self))

    def __len__(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples


class SubsetRandomSampler(Sampler):
    """Given indices in an order that is drawn anew each time."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in randperm(len(self.indices), generator=self.generator).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Indices drawn with probabilities in proportion to `weights`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> list(tp.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Iterable[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        self.weights = tensor([float(one) for one in weights], dtype="float64")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        return iter(multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` indices of another sampler.

    Parameters
    ----------
    sampler : iterable of int
    batch_size : int
    drop_last : bool
        Whether a last list with fewer indices is left out.

    Raises
    ------
    ValueError
        If the batch size is not positive.

    Examples
    --------
    >>> import tensorplug as tp
    >>> list(tp.utils.data.BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if batch_size < 1:
            raise ArgumentError(f"BatchSampler: got batch_size {batch_size}, wanted a positive number")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        return batches(self.sampler, self.batch_size, self.drop_last)

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def batches(items: Iterable[Any], size: int, drop_last: bool) -> Iterator[list[Any]]:
    """Lists of `size` items; the last may be shorter, unless it is dropped."""
    remaining = iter(items)
    while chosen := list(itertools.islice(remaining, size)):
        if drop_last and len(chosen) < size:
            return
        yield chosen
