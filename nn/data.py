"""`tensorplug.utils.data`: datasets, and batches of them, as in PyTorch."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy

from ..core import Tensor
from ..core.random.generator import Generator, randperm
from ..core.standard.creation import tensor
from ..core.standard.manipulation import stack
from ..core.types.errors import ArgumentError, ShapeError
from .samplers import BatchSampler, RandomSampler, SequentialSampler, batches

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]

Example = TypeVar("Example")


class Dataset(Generic[Example]):
    """Base class of datasets: a subclass defines ``__getitem__`` of an index and ``__len__``; ``+`` joins two."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no method __getitem__")

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Example]):
    """Base class of datasets without indices: a subclass defines ``__iter__`` over examples."""

    def __iter__(self) -> Iterator[Example]:
        raise NotImplementedError(f"{type(self).__name__} has no method __iter__")


class ConcatDataset(Dataset[Example]):
    """Several datasets, one after the other.

    Examples
    --------
    >>> import tensorplug as tp
    >>> joined = tp.utils.data.ConcatDataset([range(3), range(10, 12)])
    >>> len(joined), joined[3], joined[-1]
    (5, 10, 11)
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        self.cumulative_sizes = list(itertools.accumulate(len(one) for one in self.datasets))

    def __getitem__(self, index: int) -> Any:
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range for {len(self)} examples")
        number = bisect.bisect_right(self.cumulative_sizes, position)
        return self.datasets[number][position - (self.cumulative_sizes[number] - len(self.datasets[number]))]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1] if self.datasets else 0


class ChainDataset(IterableDataset[Example]):
    """Several iterable datasets, one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(map(len, self.datasets))


class StackDataset(Dataset[Any]):
    """Several datasets of one length: an example is a tuple, or a dict, of an example of each.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.utils.data.StackDataset(image=[5, 6], label=["a", "b"])[1]
    {'image': 6, 'label': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.datasets: Any = args or kwargs
        if len({len(one) for one in (*args, *kwargs.values())}) != 1 or (args and kwargs):
            raise ArgumentError("StackDataset: wants datasets of one length, all by position or all by name")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: one[index] for name, one in self.datasets.items()}
        return tuple(one[index] for one in self.datasets)

    def __len__(self) -> int:
        return len(self.datasets[0] if isinstance(self.datasets, tuple) else next(iter(self.datasets.values())))


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """A dataset of tensors: an example is a tuple of their parts at one index along the first axis.

    Parameters
    ----------
    *tensors : Tensor
        Equally long along the first axis.

    Raises
    ------
    ValueError
        If they are not.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.utils.data.TensorDataset(tp.arange(3), tp.zeros(3))[1]
    (tensor(1), tensor(0.))
    """

    def __init__(self, *tensors: Tensor) -> None:
        shapes = [one.shape for one in tensors]
        if not all(shapes) or len({shape[0] for shape in shapes}) != 1:
            raise ShapeError(f"TensorDataset: got shapes {shapes}, wanted tensors of one length along the first axis")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(one[index] for one in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class Subset(Dataset[Example]):
    """The examples of a dataset at given indices."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset]:
    """Split a dataset at random into parts.

    Parameters
    ----------
    dataset
        With a length.
    lengths : sequence of int or of float
        The lengths of the parts, or their shares of the whole, which sum to 1; what is left goes to the first parts,
        one each.
    generator : Generator, optional

    Raises
    ------
    ValueError
        If the lengths do not sum to that of the dataset.

    Examples
    --------
    >>> import tensorplug as tp
    >>> [len(part) for part in tp.utils.data.random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    count = len(dataset)
    sizes = [int(one) for one in lengths]
    if abs(sum(lengths) - 1) < 1e-9 and not all(isinstance(one, int) for one in lengths):
        sizes = [int(one * count) for one in lengths]
        for i in range(count - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != count or min(sizes) < 0:
        raise ArgumentError(f"random_split: got lengths {list(lengths)} for a dataset of {count} examples")
    order = randperm(count, generator=generator).tolist()
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def default_collate(batch: Sequence[Any]) -> Any:
    """Put examples together: tensors are stacked, numbers become tensors, within tuples, lists and dicts.

    Examples
    --------
    >>> import tensorplug as tp
    >>> tp.utils.data.default_collate([(tp.zeros(2), 1), (tp.ones(2), 2)])
    [tensor([[0., 0.],
            [1., 1.]]), tensor([1, 2])]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, numpy.ndarray):
        return tensor(numpy.stack(batch))
    if isinstance(first, bool | int | float | complex | numpy.generic):
        return tensor(list(batch), dtype="float64" if isinstance(first, float) else None)
    if isinstance(first, str):
        return list(batch)
    if isinstance(first, Mapping):
        return {name: default_collate([one[name] for one in batch]) for name in first}
    if isinstance(first, Sequence):
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(f"default_collate: got {type(first).__name__}, wanted tensors, numbers, or tuples or dicts of them")


def default_convert(data: Any) -> Any:
    """Make tensors of arrays, within tuples, lists and dicts.

    Examples
    --------
    >>> import numpy, tensorplug as tp
    >>> tp.utils.data.default_convert([numpy.ones(2), "a"])
    [tensor([1., 1.], dtype=tensorplug.float64), 'a']
    """
    if isinstance(data, numpy.ndarray | numpy.generic):
        return tensor(data)
    if isinstance(data, Mapping):
        return {name: default_convert(one) for name, one in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        parts = [default_convert(one) for one in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data


def get_worker_info() -> None:
    """None, as in PyTorch outside of workers: batches are made in the process itself."""


class DataLoader:
    """Batches of a dataset.

    Parameters
    ----------
    dataset
        With ``__getitem__`` of an index and a length, or an `IterableDataset`.
    batch_size : int or None, default: 1
        None for examples instead of batches.
    shuffle : bool, default: False
        Whether the order is drawn anew each time.
    sampler : iterable of int, optional
        The indices in their order, in place of `shuffle`.
    batch_sampler : iterable of list of int, optional
        The indices of each batch, in place of all options so far.
    num_workers
        Accepted for PyTorch's sake, and without effect: batches are made in this process.
    collate_fn : callable, optional
        It puts a list of examples together; `default_collate` by default.
    pin_memory
        Accepted for PyTorch's sake, and without effect.
    drop_last : bool, default: False
        Whether a last batch with fewer examples is left out.
    timeout, worker_init_fn, multiprocessing_context
        Accepted for PyTorch's sake, and without effect.
    generator : Generator, optional
        The one that draws the order; by default the default generator.
    prefetch_factor, persistent_workers, pin_memory_device, in_order
        Accepted for PyTorch's sake, and without effect.

    Raises
    ------
    ValueError
        If the batch size is not positive, or there are both `shuffle` and `sampler`.

    Examples
    --------
    >>> import tensorplug as tp
    >>> loader = tp.utils.data.DataLoader(tp.utils.data.TensorDataset(tp.arange(5)), batch_size=2)
    >>> [x.tolist() for x, in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise ArgumentError(f"DataLoader: got batch_size {batch_size}, wanted a positive number")
        if shuffle and sampler is not None:
            raise ArgumentError("DataLoader: got shuffle and a sampler, wanted one of them")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ArgumentError("DataLoader: a batch_sampler excludes batch_size, shuffle, sampler and drop_last")
        if isinstance(dataset, IterableDataset) and (shuffle or sampler is not None or batch_sampler is not None):
            raise ArgumentError("DataLoader: an IterableDataset has its own order, and takes no shuffle or sampler")
        self.dataset, self.batch_size, self.drop_last, self.generator = dataset, batch_size, drop_last, generator
        self.num_workers, self.collate_fn = num_workers, collate_fn or default_collate
        self.sampler, self.batch_sampler = sampler, batch_sampler
        if sampler is None and not isinstance(dataset, IterableDataset):
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and self.sampler is not None and batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            size = self.batch_size or 1
            count = len(self.dataset)  # type: ignore[arg-type]
            return count // size if self.drop_last else -(-count // size)
        return len(self.batch_sampler or self.sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        if self.batch_sampler is not None:
            return map(self._batch, self.batch_sampler)
        examples = iter(self.dataset) if self.sampler is None else map(self.dataset.__getitem__, self.sampler)
        if self.batch_size is None:
            return examples if self.collate_fn is default_collate else map(self.collate_fn, examples)
        return map(self.collate_fn, batches(examples, self.batch_size, self.drop_last))

    def _batch(self, indices: list[int]) -> Any:
        """The examples at indices, put together."""
        dataset = self.dataset
        while type(dataset) is Subset:
            indices, dataset = [dataset.indices[i] for i in indices], dataset.dataset
        if type(dataset) is TensorDataset and self.collate_fn is default_collate:
            # One index for the whole batch.
            return list(dataset[tensor(indices, device=dataset.tensors[0].device)])
        if hasattr(dataset, "__getitems__"):
            return self.collate_fn(dataset.__getitems__(indices))
        return self.collate_fn([dataset[i] for i in indices])
