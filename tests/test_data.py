"""`tensorplug.utils.data`: datasets and batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import tensorplug as tp
from tensorplug.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    random_split,
)


class Pair(NamedTuple):
    x: Any
    y: Any


def test_batches(backend: str) -> None:
    dataset = TensorDataset(tp.arange(7), tp.arange(7) * 2.0)
    loader = DataLoader(dataset, batch_size=3)
    assert len(loader) == 3
    assert [[part.tolist() for part in batch] for batch in loader][-1] == [[6], [12.0]]
    assert [len(x) for x, _ in DataLoader(dataset, 3, drop_last=True)] == [3, 3]
    assert [x.tolist() for x, _ in DataLoader(dataset, 2, sampler=[5, 1, 0])] == [[5, 1], [0]]


def test_the_order_is_that_of_the_generator() -> None:
    dataset = TensorDataset(tp.arange(20))

    def order(seed: int) -> list[int]:
        generator = tp.Generator().manual_seed(seed)
        loader = DataLoader(dataset, 20, shuffle=True, generator=generator)
        return [x for _ in range(2) for (batch,) in loader for x in batch.tolist()]

    assert order(0) == order(0)
    assert order(0) != order(1)
    assert sorted(order(0)[:20]) == list(range(20))
    assert order(0)[:20] != order(0)[20:]


def test_what_examples_become() -> None:
    batch = default_collate([Pair({"a": 1}, "one"), Pair({"a": 2}, "two")])
    assert type(batch) is Pair
    assert batch.x["a"].tolist() == [1, 2]
    assert batch.y == ["one", "two"]
    with pytest.raises(TypeError, match="default_collate: got object"):
        default_collate([object()])


def test_parts_at_random() -> None:
    tp.manual_seed(0)
    first, second = random_split(range(10), [7, 3])
    assert sorted([*first, *second]) == list(range(10))
    with pytest.raises(ValueError, match=r"random_split: got lengths \[7, 4\] for a dataset of 10 examples"):
        random_split(range(10), [7, 4])


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"TensorDataset: got shapes \[\(2,\), \(3,\)\]"):
        TensorDataset(tp.zeros(2), tp.zeros(3))
    with pytest.raises(ValueError, match="DataLoader: got batch_size 0"):
        DataLoader([1], 0)
    with pytest.raises(ValueError, match="DataLoader: got shuffle and a sampler"):
        DataLoader([1], shuffle=True, sampler=[0])


def test_orders() -> None:
    tp.manual_seed(0)
    ten = range(10)
    assert sorted(RandomSampler(ten)) == list(ten)
    assert len(list(RandomSampler(ten, num_samples=25))) == 25
    assert sorted(itertools.islice(RandomSampler(ten, num_samples=25), 10)) == list(ten)
    assert set(RandomSampler(ten, replacement=True, num_samples=40)) <= set(ten)
    assert sorted(SubsetRandomSampler([3, 5, 8])) == [3, 5, 8]
    drawn = list(WeightedRandomSampler([0, 3, 1], 400))
    assert drawn.count(0) == 0
    assert 250 < drawn.count(1) < 350
    assert sorted(WeightedRandomSampler([1, 1, 1], 3, replacement=False)) == [0, 1, 2]
    sampler = BatchSampler(SequentialSampler(ten), 4, drop_last=True)
    assert (list(sampler), len(sampler)) == ([[0, 1, 2, 3], [4, 5, 6, 7]], 2)


def test_datasets_one_after_the_other() -> None:
    joined: Any = TensorDataset(tp.arange(3)) + TensorDataset(tp.arange(10, 12))
    assert isinstance(joined, ConcatDataset)
    assert [x.tolist() for (x,) in DataLoader(joined, 2)] == [[0, 1], [2, 10], [11]]
    assert joined[-5][0].item() == 0
    for index in (5, -6):
        with pytest.raises(IndexError, match=rf"ConcatDataset: index {index} is out of range for 5 examples"):
            joined[index]


class Words(Dataset[str]):
    def __getitem__(self, index: int) -> str:
        return "abcd"[index]

    def __getitems__(self, indices: list[int]) -> list[str]:
        return ["abcd"[index] for index in indices] + ["read at once"]

    def __len__(self) -> int:
        return 4


class Counting(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(5))

    def __len__(self) -> int:
        return 5


def test_ways_to_load() -> None:
    assert list(DataLoader(Words(), batch_size=None)) == list("abcd")
    assert list(DataLoader(Words(), 2, collate_fn="".join)) == ["abread at once", "cdread at once"]
    assert list(DataLoader(Words(), batch_sampler=[[3, 0]])) == [["d", "a", "read at once"]]
    loader = DataLoader(Counting(), batch_size=2)
    assert ([x.tolist() for x in loader], len(loader)) == ([[0, 1], [2, 3], [4]], 3)
    assert [x.tolist() for x in DataLoader(Counting(), 2, drop_last=True)] == [[0, 1], [2, 3]]


def test_a_subset_of_tensors_is_read_at_once(backend: str) -> None:
    subset, _ = random_split(TensorDataset(tp.arange(10)), [6, 4])
    (whole,) = next(iter(DataLoader(subset, batch_size=6)))
    assert whole.tolist() == [x.item() for (x,) in subset]
    assert whole.backend == backend


@pytest.mark.parametrize(
    ("message", "make"),
    [
        (r"batch_size 0, wanted a positive number", lambda: DataLoader(range(3), 0)),
        (r"got shuffle and a sampler", lambda: DataLoader(range(3), shuffle=True, sampler=[0])),
        (r"a batch_sampler excludes batch_size", lambda: DataLoader(range(3), 2, batch_sampler=[[0]])),
        (r"an IterableDataset has its own order", lambda: DataLoader(Counting(), shuffle=True)),
        (r"RandomSampler: got num_samples 0", lambda: RandomSampler(range(3), num_samples=0)),
        (r"BatchSampler: got batch_size -1", lambda: BatchSampler(range(3), -1, False)),
    ],
)
def test_options_that_exclude_each_other(message: str, make: Any) -> None:
    with pytest.raises(ValueError, match=message):
        make()
