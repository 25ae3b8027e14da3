"""`tensorplug.utils.data`: datasets and batches."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

import tensorplug as tp
from tensorplug.utils.data import DataLoader, TensorDataset, default_collate, random_split


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
