"""Whatever people have for data, the same batches come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from torch.utils import data as theirs

from backproof import data, nn
from backproof.training.data.intake import Intake
from backproof.training.data.sources import Sources, sources

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(23, 2)), RNG.normal(size=23)
COLUMNS = ["a", "b"]
FRAME = pd.DataFrame(X, columns=COLUMNS)


class Samples(data.Dataset):
    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return X[index], Y[index]


class TorchSamples(theirs.Dataset[Any]):
    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return torch.tensor(X[index]), Y[index]


def torch_arrays() -> Any:
    return theirs.TensorDataset(torch.tensor(X), torch.tensor(Y))


#: Data with samples by their numbers, made in a folder.
SAMPLES: dict[str, Callable[[Path], tuple[Any, Any]]] = {
    "arrays": lambda _: (X, Y),
    "targets in a column": lambda _: (X, Y[:, None]),
    "float32": lambda _: (X.astype(np.float32), Y.astype(np.float32)),
    "extended precision": lambda _: (X.astype(np.longdouble), Y.astype(np.longdouble)),
    "other bytes": lambda _: (X.astype(">f8"), Y.astype(">f8")),
    "in columns": lambda _: (np.asfortranarray(X), Y),
    "not contiguous": lambda _: (np.repeat(X, 2, axis=0)[::2], np.repeat(Y, 3)[::3]),
    "read-only": lambda _: (np.broadcast_to(X, X.shape), Y),
    "nothing masked": lambda _: (np.ma.array(X), Y),
    "lists": lambda _: (X.tolist(), Y.tolist()),
    "tuples": lambda _: (tuple(map(tuple, X)), tuple(Y)),
    "pandas": lambda _: (FRAME, pd.Series(Y)),
    "pandas of one column": lambda _: (FRAME, pd.DataFrame({"y": Y})),
    "pandas with its own dtypes": lambda _: (FRAME.astype("Float64"), pd.Series(Y, dtype="Float64")),
    "pandas of objects with numbers": lambda _: (FRAME.astype({"a": "Float64"}), Y),
    "polars": lambda _: (pl.DataFrame(X, schema=COLUMNS), pl.Series(Y)),
    "polars of one column": lambda _: (pl.DataFrame(X, schema=COLUMNS), pl.DataFrame({"y": Y})),
    "tensors": lambda _: (torch.tensor(X), torch.tensor(Y)),
    "tensors that are learned": lambda _: (torch.tensor(X, requires_grad=True), torch.tensor(Y)),
    "our arrays": lambda _: (data.TensorDataset(X, Y), None),
    "our samples": lambda _: (Samples(), None),
    "our subset": lambda _: (data.Subset(data.TensorDataset(X, Y), range(23)), None),
    "PyTorch's arrays": lambda _: (torch_arrays(), None),
    "PyTorch's samples": lambda _: (TorchSamples(), None),
    "PyTorch's subset": lambda _: (theirs.Subset(torch_arrays(), range(23)), None),
    "mapped": lambda folder: (mapped(folder, "x", X), mapped(folder, "y", Y)),
    "mapped inputs": lambda folder: (mapped(folder, "x", X), Y),
    "mapped in columns": lambda folder: (mapped(folder, "x", np.asfortranarray(X)), Y),
}


def mapped(folder: Path, name: str, array: Any) -> Any:
    np.save(folder / f"{name}.npy", array)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def batches() -> Iterator[tuple[Any, Any]]:
    for start in range(0, 23, 5):
        yield X[start : start + 5], Y[start : start + 5]


#: Data that comes in batches of 5.
BATCHES: dict[str, Callable[[], Any]] = {
    "a list": lambda: list(batches()),
    "a function": lambda: batches,
    "our loader": lambda: data.DataLoader(data.TensorDataset(X, Y), 5),
    "our loader of samples": lambda: data.DataLoader(Samples(), 5),
    "PyTorch's loader": lambda: theirs.DataLoader(torch_arrays(), batch_size=5),
    "lists of lists": lambda: [[x.tolist(), y.tolist()] for x, y in batches()],
    "frames": lambda: [(pd.DataFrame(x), pd.Series(y)) for x, y in batches()],
}


def made(x: Any, y: Any = None, validation: Any = None, **how: Any) -> Sources:
    model = nn.Linear(2, 1, rng=0)
    return sources(x, y, validation, Intake(model, model, nn.MSELoss()), **how)


def joined(given: Any) -> tuple[Any, Any]:
    inputs, targets = zip(*given, strict=True)
    return np.concatenate(inputs), np.concatenate(targets)


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("how", [{"shuffle": True}, {"batch_size": None}], ids=str)
def test_the_same_batches_come_of_it(make: Callable[[Path], Any], how: Any, tmp_path: Path) -> None:
    expected, found = (made(x, y, 0.3, **how) for x, y in ((X, Y), make(tmp_path)))
    for name in ("training", "seen", "apart"):
        for _ in range(2):
            one, other = list(getattr(expected, name)), list(getattr(found, name))
            assert len(one) == len(other)
            for pair, same in zip(one, other, strict=True):
                for part, expected_part in zip(same, pair, strict=True):
                    assert type(part) is np.ndarray
                    np.testing.assert_array_equal(part, expected_part, strict=True)


@pytest.mark.parametrize("make", BATCHES.values(), ids=BATCHES)
def test_batches_are_taken_as_they_come(make: Callable[[], Any]) -> None:
    found = made(make(), validation=make())
    assert found.apart is not None
    for each in (found.training, found.seen, found.apart):
        for _ in range(2):
            assert [len(target) for _, target in each] == [5, 5, 5, 5, 3]
            inputs, targets = joined(each)
            np.testing.assert_array_equal(inputs, X.astype(np.float32), strict=True)
            np.testing.assert_array_equal(targets, Y.astype(np.float32)[:, None], strict=True)


LATER = {
    "targets in a column": (X[5:], Y[5:, None]),
    "another dtype": (X[5:].astype(np.longdouble), Y[5:].astype(np.longdouble)),
    "one row": (X[5:6], Y[5:6, None]),
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_each_batch_is_brought_into_the_form(later: tuple[Any, Any]) -> None:
    """Also one that is given otherwise than the first."""
    found = made([(X[:5], Y[:5]), later], validation=[(X[:5], Y[:5]), later])
    for each in (found.training, found.apart):
        inputs, targets = joined(each)
        np.testing.assert_array_equal(inputs, X[: len(inputs)].astype(np.float32), strict=True)
        np.testing.assert_array_equal(targets, Y[: len(inputs), None].astype(np.float32), strict=True)


def of_classes(later: Any) -> list[Any]:
    model, classes = nn.Linear(2, 3, rng=0), np.arange(5) % 3
    intake = Intake(model, model, nn.CrossEntropyLoss())
    return list(sources([(X[:5], classes), (X[5:10], later)], None, None, intake).training)


def test_probabilities_after_classes_stay_what_they_are() -> None:
    probabilities = RNG.dirichlet(np.ones(3), 5)
    (_, classes), (_, found) = of_classes(probabilities)
    assert classes.dtype == np.int64
    np.testing.assert_array_equal(found, probabilities.astype(np.float32), strict=True)


def test_what_is_there_as_it_should_be_is_not_copied() -> None:
    x, y = X.astype(np.float32), Y.astype(np.float32)
    for inputs, targets in made(x, y, batch_size=None).training:
        assert np.shares_memory(inputs, x)
        assert np.shares_memory(targets, y)


def test_nothing_is_lost_and_nothing_is_on_both_sides() -> None:
    found = made(np.stack([Y, Y], 1), Y, 0.3, batch_size=4)
    parts = [np.sort(joined(each)[1].ravel()) for each in (found.training, found.seen, found.apart)]
    np.testing.assert_array_equal(parts[0], parts[1])
    assert len(parts[2]) == 7
    np.testing.assert_array_equal(np.sort(np.concatenate(parts[1:])), np.sort(Y.astype(np.float32)))


def test_the_share_is_that_of_the_seed() -> None:
    shares = [joined(made(X, Y, 0.3, seed=seed).apart)[1].ravel().tolist() for seed in (0, 0, 1)]
    assert shares[0] == shares[1] != shares[2]


def test_a_generator_is_gone_through_once() -> None:
    found = made(batches())
    assert len(list(found.training)) == 5
    with pytest.raises(ValueError, match="got a generator, which is used up: pass the function"):
        list(found.training)


AGAIN: dict[str, tuple[tuple[Any, Any], int, bool, str]] = {
    "more epochs": ((batches, None), 2, False, "X"),
    "metrics": ((batches, None), 1, True, "X"),
    "more epochs to validate": ((list, batches), 2, False, "validation"),
}


@pytest.mark.parametrize(("make", "epochs", "is_measured", "name"), AGAIN.values(), ids=AGAIN)
def test_what_is_used_up_is_refused_before(make: Any, epochs: int, is_measured: bool, name: str) -> None:
    data, validation = ([*batches()] if each is list else each and each() for each in make)
    found = made(data, validation=validation)
    with pytest.raises(
        ValueError, match=f"expected {name} to be batches .* got a generator, which is used up"
    ):
        found.require_again(epochs, is_measured=is_measured)
    assert len(list(data)) == 5  # it was not begun
    made(batches(), validation=batches()).require_again(1, is_measured=True)


def test_a_loader_of_pytorch_with_a_generator_is_shuffled_by_the_epoch() -> None:
    def loader() -> Any:
        generator = torch.Generator().manual_seed(42)
        return theirs.DataLoader(torch_arrays(), batch_size=5, shuffle=True, generator=generator)

    found = made(loader()).training
    orders: dict[int, list[Any]] = {}
    for epoch in (0, 1, 2, 1, 0):
        found.set_epoch(epoch)
        orders.setdefault(epoch, []).append(joined(found)[1].ravel().tolist())
    assert orders[0][0] == orders[0][1]
    assert orders[1][0] == orders[1][1]
    assert orders[0][0] != orders[1][0] != orders[2][0]
    # The first epoch is the one that the loader has by itself.
    np.testing.assert_array_equal(orders[0][0], np.float32(joined(loader())[1]))


def test_a_mapped_file_is_not_read_before_it_is_gone_through(tmp_path: Path) -> None:
    bad = X.copy()
    bad[-1] = np.nan
    with pytest.raises(ValueError, match="row 22, column 0"):
        made(bad, Y)
    made(mapped(tmp_path, "x", bad), Y)


class Stream(theirs.IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(zip(X, Y, strict=True))


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no targets": (lambda: made(X), TypeError, "expected y, the targets that go with X"),
    "a frame without targets": (lambda: made(FRAME), TypeError, "expected y"),
    "a tensor without targets": (lambda: made(torch.tensor(X)), TypeError, "expected y"),
    "a path": (lambda: made("data.csv"), TypeError, "got 'data.csv'"),
    "a dictionary": (lambda: made({"x": X}), TypeError, "expected X to be an array"),
    "a number": (lambda: made(5), TypeError, "got 5"),
    "a plan of a frame": (lambda: made(pl.LazyFrame({"a": [1.0]})), TypeError, r": pass X.collect\(\)$"),
    "a large dictionary": (lambda: made({"x": X}), TypeError, r"^.{,300}$"),
    "targets twice": (lambda: made(data.TensorDataset(X, Y), Y), TypeError, "has the targets already"),
    "a loader and targets": (
        lambda: made(theirs.DataLoader(torch_arrays()), Y),
        TypeError,
        "DataLoader has the targets already",
    ),
    "three arrays": (lambda: made(data.TensorDataset(X, Y, Y)), ValueError, "of 3 arrays"),
    "batches of three": (lambda: list(made([(X, Y, Y)]).training), TypeError, "one of 3 parts"),
    "batches of inputs": (lambda: list(made([X, X]).training), TypeError, "got ndarray"),
    "batches of dictionaries": (lambda: list(made([{"x": X}]).training), TypeError, "got dict"),
    "a later batch with a target for all": (
        lambda: list(made([(X[:5], Y[:5]), (X[5:], Y[5:6])]).training),
        ValueError,
        "the input of a batch of 18 rows and the target of a batch of 1",
    ),
    "a later batch of other features": (
        lambda: list(made([(X[:5], Y[:5]), (X[5:, :1], Y[5:])]).training),
        ValueError,
        "takes 2 features",
    ),
    "a later batch with other targets": (
        lambda: list(made([(X[:5], Y[:5]), (X[5:], X[5:])]).training),
        ValueError,
        r"with rows of shape \(2,\)",
    ),
    "floats after classes": (lambda: of_classes(np.arange(5) + 0.7), TypeError, r"astype\(int\)"),
    "samples for batches": (lambda: made(Stream()), TypeError, "gives samples one by one"),
    "a share of batches": (lambda: made(list(batches()), None, 0.2), TypeError, "validation=0.2, a share"),
    "a share of all": (lambda: made(X, Y, 1.0), ValueError, "between 0 and 1"),
    "a share of none": (lambda: made(X, Y, 0), ValueError, "between 0 and 1"),
    "a truth for a share": (lambda: made(X, Y, True), TypeError, "validation=True"),
    "a share that is empty": (lambda: made(X, Y, 0.01), ValueError, "leaves 0 and 23"),
    "a share that leaves nothing": (lambda: made(X, Y, 0.99), ValueError, "leaves 23 and 0"),
    "a part of one sample": (lambda: made(X[:1], Y[:1], 0.5), ValueError, "of 1 sample, which"),
    "validation of other features": (
        lambda: made(X, Y, (X[:, :1], Y)),
        ValueError,
        "X of validation of shape .* takes 2 features",
    ),
    "validation with NaN": (lambda: made(X, Y, (X * np.nan, Y)), ValueError, "X of validation .row 0"),
    "validation that is empty": (lambda: made(X, Y, (X[:0], Y[:0])), ValueError, "X of validation of shape"),
    "validation without targets": (lambda: made(X, Y, X), TypeError, "expected y of validation"),
}


@pytest.mark.usefixtures("not_enforced")
@pytest.mark.parametrize(("make", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(make: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make()
