"""The loader gives PyTorch's batches, and an order that the seed and the epoch decide alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils import data as theirs

from backproof import data
from backproof.training.data.reading import AT_ONCE

COUNT = 23
X, Y = np.arange(2.0 * COUNT).reshape(COUNT, 2), np.arange(COUNT)


class Samples(data.Dataset):
    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return X[index], int(Y[index])


class Foreign:
    """A dataset of nobody's class."""

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return X[index], int(Y[index])


DATASETS: dict[str, Any] = {
    "arrays": data.TensorDataset(X, Y),
    "samples": Samples(),
    "foreign": Foreign(),
    "PyTorch's": theirs.TensorDataset(torch.tensor(X), torch.tensor(Y)),
    "a subset": data.Subset(data.TensorDataset(X[::-1], Y[::-1]), range(COUNT)[::-1]),
}
WAYS: dict[str, dict[str, Any]] = {
    "one by one": {},
    "in fives": {"batch_size": 5},
    "whole fives": {"batch_size": 5, "drop_last": True},
    "all": {"batch_size": COUNT},
    "more than all": {"batch_size": 2 * COUNT},
    "more than all, whole": {"batch_size": 2 * COUNT, "drop_last": True},
    "a sampler": {"batch_size": 4, "sampler": [3, 1, 4, 1, 5]},
    "a sampler, whole": {"batch_size": 4, "sampler": [3, 1, 4, 1, 5], "drop_last": True},
    "collated": {"batch_size": 4, "collate_fn": lambda batch: (len(batch), sum(int(y) for _, y in batch))},
}


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
@pytest.mark.parametrize("how", WAYS.values(), ids=WAYS)
def test_as_pytorch(dataset: Any, how: dict[str, Any]) -> None:
    mine = data.DataLoader(dataset, **how)
    other = theirs.DataLoader(DATASETS["PyTorch's"], **how)
    assert len(mine) == len(other)
    for batch, expected in itertools.zip_longest(mine, other):
        for part, of_torch in zip(batch, expected, strict=True):
            np.testing.assert_array_equal(part, of_torch)


def targets(loader: Any) -> list[int]:
    return list(np.concatenate([target for _, target in loader]).tolist())


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_an_epoch_has_all_samples_in_an_order_of_its_own(dataset: Any) -> None:
    loader = data.DataLoader(dataset, 4, shuffle=True)
    first, second = targets(loader), targets(loader)
    assert first != second
    assert sorted(first) == sorted(second) == Y.tolist()
    again = data.DataLoader(dataset, 7, shuffle=True)
    assert [targets(again), targets(again)] == [first, second]
    again.set_epoch(0)
    assert targets(again) == first


def test_the_order_is_that_of_the_seed_and_the_epoch() -> None:
    orders = []
    for seed, epoch in itertools.product(range(4), range(4)):
        loader = data.DataLoader(DATASETS["arrays"], 4, shuffle=True, seed=seed)
        loader.set_epoch(epoch)
        orders.append(tuple(targets(loader)))
    assert len(set(orders)) == 16


def test_inputs_and_targets_stay_together() -> None:
    for given, target in data.DataLoader(DATASETS["arrays"], 4, shuffle=True):
        np.testing.assert_array_equal(given, X[target])


def test_every_order_is_as_likely() -> None:
    # 6 orders of 3 samples, 1000 each in the mean: a standard deviation is 29.
    loader = data.DataLoader(data.TensorDataset(np.arange(3), np.arange(3)), 3, shuffle=True)
    orders = [tuple(targets(loader)) for _ in range(6000)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert max(abs(count - 1000) for count in counts) < 5 * 29


def test_many_batches_are_read_at_once_and_none_is_lost() -> None:
    count = AT_ONCE // 8 + 1000  # more rows than are read at once
    rows = np.arange(count)
    for how in ({}, {"shuffle": True}, {"sampler": rows[::-1]}):
        loader = data.DataLoader(data.TensorDataset(rows, rows), 97, **how)
        sizes = [len(target) for _, target in loader]
        assert sizes == [97] * (count // 97) + [count % 97]
        assert sorted(targets(loader)) == rows.tolist()


def test_slices_are_views_and_shuffled_rows_are_not() -> None:
    for shuffle in (False, True):
        for given, _ in data.DataLoader(DATASETS["arrays"], 4, shuffle=shuffle):
            assert np.shares_memory(given, X) is not shuffle


def test_a_generator_is_a_seed() -> None:
    made = data.DataLoader(Samples(), generator=torch.Generator().manual_seed(5), shuffle=True)
    assert targets(made) == targets(data.DataLoader(Samples(), shuffle=True, seed=5))
    first, second = (
        data.DataLoader(Samples(), generator=np.random.default_rng(2), shuffle=True) for _ in range(2)
    )
    assert targets(first) == targets(second)


def test_a_sampler_is_told_of_the_epoch() -> None:
    sampler: Any = theirs.distributed.DistributedSampler(
        DATASETS["PyTorch's"], num_replicas=1, rank=0, seed=0
    )
    loader = data.DataLoader(DATASETS["arrays"], 4, sampler=sampler)
    loader.set_epoch(2)
    sampler.set_epoch(2)
    assert targets(loader) == list(sampler)


REFUSED: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "no batch": (X, {"batch_size": 0}, ValueError, "at least 1; got batch_size=0"),
    "half a batch": (X, {"batch_size": 0.5}, TypeError, "batch_size=0.5"),
    "no batches": (X, {"batch_size": None}, TypeError, "batch_size=None"),
    "a truth": (X, {"batch_size": True}, TypeError, "batch_size=True"),
    "no dataset": (7, {}, TypeError, "got int"),
    "a generator of samples": ((x for x in X), {}, TypeError, "got generator"),
    "two orders": (X, {"sampler": [1], "shuffle": True}, ValueError, "each is an order"),
    "workers": (X, {"num_workers": 4}, ValueError, "num_workers=0 alone"),
    "pinned": (X, {"pin_memory": True}, ValueError, "pin_memory=False alone"),
    "a sampler of batches": (X, {"batch_sampler": [[1]]}, ValueError, "batch_sampler=None alone"),
    "a slip": (X, {"batchsize": 4}, TypeError, "did you mean batch_size"),
    "nonsense": (X, {"zzz": 4}, TypeError, "no argument zzz"),
    "a seed below 0": (X, {"seed": -1}, ValueError, "seed=-1"),
    "a seed that is a text": (X, {"seed": "a"}, TypeError, "seed='a'"),
}


@pytest.mark.parametrize(("dataset", "how", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(dataset: Any, how: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        data.DataLoader(dataset, **how)


def test_what_pytorch_has_by_default_is_taken() -> None:
    loader = data.DataLoader(X, 4, num_workers=0, pin_memory=False, timeout=0, persistent_workers=False)
    assert loader.batch_size == 4
