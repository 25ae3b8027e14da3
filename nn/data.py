"""`tensorplug.utils.data`: datasets, and batches of them, as in PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy

from ..core import Tensor
from ..core.random.generator import Generator, randperm
from ..core.standard.creation import tensor
from ..core.standard.manipulation import stack
from ..core.types.errors import ArgumentError, ShapeError

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split"]


class Dataset:
    """Base class of datasets: a subclass defines ``__getitem__`` of an index and ``__len__``."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no method __getitem__")


class TensorDataset(Dataset):
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


class Subset(Dataset):
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


class DataLoader:
    """Batches of a dataset.

    Parameters
    ----------
    dataset
        With ``__getitem__`` of an index and a length.
    batch_size : int, default: 1
    shuffle : bool, default: False
        Whether the order is drawn anew each time.
    sampler : iterable of int, optional
        The indices in their order, in place of `shuffle`.
    num_workers
        Accepted for PyTorch's sake, and without effect: batches are made in this process.
    collate_fn : callable, optional
        It puts a list of examples together; `default_collate` by default.
    pin_memory
        Accepted for PyTorch's sake, and without effect.
    drop_last : bool, default: False
        Whether a last batch with fewer examples is left out.
    generator : Generator, optional
        The one that draws the order; by default the default generator.

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
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Iterable[int] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        *,
        generator: Generator | None = None,
    ) -> None:
        if batch_size < 1:
            raise ArgumentError(f"DataLoader: got batch_size {batch_size}, wanted a positive number")
        if shuffle and sampler is not None:
            raise ArgumentError("DataLoader: got shuffle and a sampler, wanted one of them")
        self.dataset, self.batch_size, self.shuffle, self.sampler = dataset, batch_size, shuffle, sampler
        self.collate_fn = collate_fn or default_collate
        self.drop_last, self.generator = drop_last, generator

    def __len__(self) -> int:
        count = len(self.dataset) if self.sampler is None else len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        indices: Iterable[int] = range(len(self.dataset)) if self.sampler is None else self.sampler
        if self.shuffle:
            indices = randperm(len(self.dataset), generator=self.generator).tolist()
        remaining = iter(indices)
        while chosen := list(itertools.islice(remaining, self.batch_size)):
            if self.drop_last and len(chosen) < self.batch_size:
                return
            if type(self.dataset) is TensorDataset and self.collate_fn is default_collate:
                # One index for the whole batch.
                yield list(self.dataset[tensor(chosen)])
            else:
                yield self.collate_fn([self.dataset[i] for i in chosen])
