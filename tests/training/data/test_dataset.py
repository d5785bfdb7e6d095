"""Datasets give the samples that those of PyTorch do, and batches of them without going through each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils import data as theirs

from backproof import data

X, Y = np.arange(22.0).reshape(11, 2), np.arange(11)


class Squares(data.Dataset):
    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return X[index], int(Y[index]) ** 2


class Doubled(data.TensorDataset):
    """Derived from a dataset of arrays, with samples of its own."""

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        x, y = super().__getitem__(index)
        return 2 * x, y


def torch_arrays() -> Any:
    return theirs.TensorDataset(torch.tensor(X), torch.tensor(Y))


def arrays() -> data.TensorDataset:
    return data.TensorDataset(X, Y)


PICK = [7, 0, 7, -1]
DATASETS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "arrays": (arrays, torch_arrays),
    "subset": (lambda: data.Subset(arrays(), PICK), lambda: theirs.Subset(torch_arrays(), PICK)),
    "subset of a subset": (
        lambda: data.Subset(data.Subset(arrays(), PICK), [2, 1]),
        lambda: theirs.Subset(theirs.Subset(torch_arrays(), PICK), [2, 1]),
    ),
    "one after the other": (lambda: arrays() + arrays(), lambda: torch_arrays() + torch_arrays()),
    "a subset after arrays": (
        lambda: data.ConcatDataset([arrays(), data.Subset(arrays(), PICK)]),
        lambda: theirs.ConcatDataset([torch_arrays(), theirs.Subset(torch_arrays(), PICK)]),
    ),
    "samples of one's own": (Squares, lambda: theirs.TensorDataset(torch.tensor(X), torch.tensor(Y) ** 2)),
    "derived": (lambda: Doubled(X, Y), lambda: theirs.TensorDataset(2 * torch.tensor(X), torch.tensor(Y))),
    "a subset of the derived": (
        lambda: data.Subset(Doubled(X, Y), PICK),
        lambda: theirs.Subset(theirs.TensorDataset(2 * torch.tensor(X), torch.tensor(Y)), PICK),
    ),
    "a mixture": (
        lambda: arrays() + Doubled(X, Y),
        lambda: torch_arrays() + theirs.TensorDataset(2 * torch.tensor(X), torch.tensor(Y)),
    ),
}


@pytest.mark.parametrize(("ours", "torchs"), DATASETS.values(), ids=DATASETS)
def test_samples_are_those_of_pytorch(ours: Callable[[], Any], torchs: Callable[[], Any]) -> None:
    mine, other = ours(), torchs()
    assert len(mine) == len(other)
    for index in (0, 1, len(other) - 1):
        for part, expected in zip(mine[index], other[index], strict=True):
            np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize(("ours", "torchs"), DATASETS.values(), ids=DATASETS)
@pytest.mark.parametrize("indices", [np.array([1, 0, 1]), slice(0, 2), slice(1, None)], ids=str)
def test_a_batch_is_its_samples(ours: Callable[[], Any], torchs: Callable[[], Any], indices: Any) -> None:
    mine, other = ours(), torchs()
    numbers = np.arange(len(other))[indices].tolist()
    expected = theirs.default_collate([other[number] for number in numbers])
    for part, of_torch in zip(mine.take(indices), expected, strict=True):
        np.testing.assert_array_equal(part, of_torch)


SPLITS: dict[str, list[float]] = {
    "numbers": [7, 4],
    "shares": [0.7, 0.3],
    "thirds": [1 / 3, 1 / 3, 1 / 3],
    "all of one": [11],
    "shares that leave some over": [0.5, 0.25, 0.25],
}


@pytest.mark.parametrize("lengths", SPLITS.values(), ids=SPLITS)
def test_a_split_has_the_sizes_of_pytorch_and_loses_nothing(lengths: list[float]) -> None:
    parts = data.random_split(arrays(), lengths, seed=3)
    assert [len(part) for part in parts] == [
        len(part) for part in theirs.random_split(torch_arrays(), lengths)
    ]
    together = np.concatenate([part.take(slice(None))[1] for part in parts])
    np.testing.assert_array_equal(np.sort(together), Y)
    again = data.random_split(arrays(), lengths, seed=3)
    assert all((one.indices == other.indices).all() for one, other in zip(parts, again, strict=True))


def test_a_split_depends_on_its_seed_and_on_a_generator() -> None:
    found = [data.random_split(arrays(), [6, 5], seed=seed)[0].indices.tolist() for seed in range(5)]
    assert len({tuple(each) for each in found}) == 5
    first, second = (
        data.random_split(arrays(), [6, 5], np.random.default_rng(1))[0].indices.tolist() for _ in range(2)
    )
    assert first == second
    assert (
        data.random_split(arrays(), [6, 5], torch.Generator().manual_seed(4))[0].indices.tolist() == found[4]
    )


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no arrays": (data.TensorDataset, ValueError, "as many rows each"),
    "lengths that differ": (lambda: data.TensorDataset(X, Y[:-1]), ValueError, r"\(10,\)"),
    "a number": (lambda: data.TensorDataset(1.0), ValueError, r"\(\)"),
    "an index beyond": (lambda: data.Subset(arrays(), [11]), IndexError, "the 11 samples; got 11"),
    "indices of floats": (lambda: data.Subset(arrays(), np.array([0.5])), TypeError, "float64"),
    "indices of two axes": (lambda: data.Subset(arrays(), np.array([[1]])), TypeError, r"\(1, 1\)"),
    "no datasets": (lambda: data.ConcatDataset([]), ValueError, "got none"),
    "beyond the last": (lambda: (arrays() + arrays())[22], IndexError, "index=22"),
    "a split that is too large": (lambda: data.random_split(arrays(), [7, 5]), ValueError, r"\[7, 5\]"),
    "a split that is empty": (lambda: data.random_split(arrays(), [11, 0]), ValueError, "at least one"),
    "a share that is empty": (
        lambda: data.random_split(arrays(), [0.99, 0.01, 0.0]),
        ValueError,
        "at least one",
    ),
    "no split": (lambda: data.random_split(arrays(), []), ValueError, r"lengths=\[\]"),
    "halves of samples": (lambda: data.random_split(arrays(), [5.5, 5.5]), TypeError, "whole number"),
    "a seed and a generator": (
        lambda: data.random_split(arrays(), [6, 5], np.random.default_rng(), seed=1),
        ValueError,
        "a seed or a generator",
    ),
    "a generator that is none": (lambda: data.random_split(arrays(), [6, 5], 7), TypeError, "generator=7"),
    "no samples": (lambda: data.Dataset()[0], NotImplementedError, "def __getitem__"),
    "no length": (lambda: len(data.Dataset()), NotImplementedError, "def __len__"),
}


@pytest.mark.parametrize(("made", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(made: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        made()
