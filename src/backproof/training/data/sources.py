"""What people have for data, and the batches of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from backproof._names import said
from backproof.training.data.arrays import array_of, is_frame, way_to_array
from backproof.training.data.batches import Batch, Batches, pair_apart
from backproof.training.data.dataset import Dataset, TensorDataset, set_apart
from backproof.training.data.intake import Intake
from backproof.training.data.loader import DataLoader
from backproof.training.data.reading import is_mapped
from backproof.training.parts import is_torch

__all__ = ["Sources", "Taken", "samples_of", "sources"]

#: Predictions cost no memory for a backward, and are quicker together.
_MEASURED_TOGETHER = 256
_VALIDATION = ("X of validation", "y of validation")
#: How many samples are put into a batch, unless it is said.
_BATCH_SIZE = 32
_OF_A_BATCH = ("the input of a batch", "the target of a batch")


@dataclass(frozen=True)
class Sources:
    """The batches of a training.

    Attributes
    ----------
    training
        What is trained on.
    seen
        The same samples in their order, to measure on.
    apart
        What is measured on and not trained on; ``None`` if there is none.
    """

    training: Batches
    seen: Batches
    apart: Batches | None

    def require_again(self, epochs: int, *, is_measured: bool) -> None:
        """Refuse an iterator where it would have to be gone through more than once.

        Raises
        ------
        ValueError
            If there are more epochs than one, or what is trained on is measured besides.
        """
        training = epochs + (is_measured and self.apart is None)
        for batches, name, times in ((self.training, "X", training), (self.apart, "validation", epochs)):
            if times > 1 and isinstance(batches, Taken) and isinstance(batches.given, Iterator):
                raise _used_up(name, batches.given)


class Taken:
    """Batches that people have, each brought into the form that the model and the loss take.

    Parameters
    ----------
    given
        An iterable of pairs of input and target, or a function that makes one for each epoch.
    intake
        What decides the form of each kind of batch.
    """

    def __init__(self, given: Any, intake: Intake) -> None:
        #: What they were given as.
        self.given = given
        self._intake = intake
        self._used_up = False
        generator = getattr(given, "generator", None)
        self._generator = generator if is_torch(generator) else None
        self._seed = 0 if self._generator is None else self._generator.initial_seed()

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes to what has an order; seed the generator that it is drawn from."""
        for each in (self.given, getattr(self.given, "sampler", None)):
            tell = getattr(each, "set_epoch", None)
            if tell is not None:
                tell(epoch)
        if self._generator is not None:
            self._generator.manual_seed(self._seed + epoch)

    def __len__(self) -> int:
        """Count the batches of an epoch, if that is known: a ``TypeError`` says that it is not."""
        return len(self.given)

    def __iter__(self) -> Iterator[Batch]:
        for given in self._started():
            pair = _pair(given)
            batch = array_of(pair[0], _OF_A_BATCH[0]), array_of(pair[1], _OF_A_BATCH[1])
            yield self._intake.form(batch, _OF_A_BATCH)(batch)

    def _started(self) -> Iterator[Any]:
        """Begin with the first batch."""
        given = self.given() if callable(self.given) and not _is_iterable(self.given) else self.given
        batches: Iterator[Any] = iter(given)
        if batches is self.given:
            if self._used_up:
                raise _used_up("the data", given)
            self._used_up = True
        return batches


def _used_up(name: str, given: Any) -> ValueError:
    return ValueError(
        f"expected {name} to be batches that can be gone through again, in each epoch and to measure; got a "
        f"{type(given).__name__}, which is used up: pass the function that makes it, or a list"
    )


def _pair(batch: Any) -> tuple[Any, Any]:
    if isinstance(batch, tuple | list) and len(batch) == 2:
        return batch[0], batch[1]
    what = f"one of {len(batch)} parts" if isinstance(batch, tuple | list) else type(batch).__name__
    raise TypeError(f"expected each batch to be a pair of input and target; got {what}")


@dataclass(frozen=True)
class _Samples:
    """Data that has samples by their numbers, in its form already or else to be brought into it."""

    dataset: Any
    intake: Intake | None

    def batches(self, batch_size: int | None, *, shuffle: bool = False, seed: int = 0) -> Batches:
        """Give batches; ``None`` stands for all samples in one, in their order."""
        shuffle, size = shuffle and batch_size is not None, batch_size
        if size is None:
            size = len(self.dataset)
        loader = DataLoader(self.dataset, size, shuffle, seed=seed)
        return loader if self.intake is None else Taken(loader, self.intake)


@dataclass(frozen=True)
class _Ready:
    """Data that comes in batches."""

    given: Batches

    def batches(self, batch_size: int | None, *, shuffle: bool = False, seed: int = 0) -> Batches:
        """Give them as they come."""
        return self.given


def sources(
    X: Any,
    y: Any,
    validation: Any,
    intake: Intake,
    *,
    batch_size: int | None = _BATCH_SIZE,
    shuffle: bool = True,
    seed: int = 0,
) -> Sources:
    """Give the batches of data that people have, in the form that the model and the loss take.

    Arrays in memory are converted and looked through here, once. Arrays that are mapped to files are
    converted batch by batch, and so is what gives its samples or batches itself; they are not looked through.

    Raises
    ------
    TypeError, ValueError
        If it is no data for the model and the loss, a share of it cannot be set apart, or it comes in batches
        of another size than is said.
    """
    data = _samples(X, y, intake, ("X", "y"))
    if isinstance(data, _Ready):
        _require_own(X, batch_size)
    apart: _Samples | _Ready | None = None
    if isinstance(validation, Real):
        if isinstance(data, _Ready):
            raise TypeError(
                f"expected validation to be batches, too, or a pair (X, y), where the data comes in batches; "
                f"got validation={validation!r}, a share, which needs arrays or a dataset"
            )
        kept, other = set_apart(data.dataset, validation, seed)
        data, apart = _Samples(kept, data.intake), _Samples(other, data.intake)
    elif validation is not None:
        first, second = pair_apart(validation) or (validation, None)
        apart = _samples(first, second, intake, _VALIDATION)
    together = None if batch_size is None else max(batch_size, _MEASURED_TOGETHER)
    return Sources(
        data.batches(batch_size, shuffle=shuffle, seed=seed),
        data.batches(together),
        None if apart is None else apart.batches(together),
    )


def _samples(X: Any, y: Any, intake: Intake, names: tuple[str, str]) -> _Samples | _Ready:
    """Find out what data there is."""
    if type(X).__name__ == "TensorDataset" and y is None and hasattr(X, "tensors"):
        if len(X.tensors) != 2:
            raise ValueError(
                f"expected a dataset of inputs and targets; got a TensorDataset of {len(X.tensors)} arrays"
            )
        X, y = X.tensors
    if y is not None:
        return _of_arrays(X, y, intake, names)
    if _is_dataset(X):
        return _Samples(X, intake)
    _require_batches(X, names)
    return _Ready(Taken(X, intake))


def _require_own(batches: Any, batch_size: int | None) -> None:
    """Refuse to say how large batches are that come as they are, unless it is so."""
    if batch_size not in (_BATCH_SIZE, getattr(batches, "batch_size", _BATCH_SIZE)):
        raise ValueError(
            f"expected batch_size with arrays or a dataset; got batch_size={batch_size!r} with a "
            f"{type(batches).__name__}, which makes its batches in its own way: say it there, and not here"
        )


def samples_of(data: Any) -> tuple[Any, Any] | None:
    """Give the inputs and the targets of all samples of a dataset, or of that of a loader.

    ``None`` for what is neither: arrays, and what gives one batch after the other.

    Examples
    --------
    >>> from backproof.training.data.dataset import Subset
    >>> samples_of(Subset(TensorDataset([5.0, 6.0, 7.0], [0, 1, 2]), [2, 0]))
    (array([7., 5.]), array([2, 0]))
    """
    dataset: Any = data if _is_dataset(data) else getattr(data, "dataset", None)
    if not _is_dataset(dataset):
        return None
    if type(dataset).__name__ == "TensorDataset":
        return _pair(tuple(dataset.tensors))
    return _pair(next(iter(DataLoader(dataset, len(dataset)))))


def _of_arrays(X: Any, y: Any, intake: Intake, names: tuple[str, str]) -> _Samples:
    if _is_dataset(X) or (_is_iterable(X) and hasattr(X, "dataset")):
        raise TypeError(f"a {type(X).__name__} has the targets already: pass no {names[1]} besides")
    given = array_of(X, names[0]), array_of(y, names[1])
    if any(map(is_mapped, given)):
        intake.form(given, names)  # of files nothing else is looked at before they are gone through
        return _Samples(TensorDataset(*given), intake)
    return _Samples(TensorDataset(*intake.whole(X, y, names)), None)


def _is_iterable(given: Any) -> bool:
    return hasattr(given, "__iter__")


def _is_dataset(given: Any) -> bool:
    """Say whether it has samples by their numbers: a dataset of ours, or one of PyTorch."""
    if isinstance(given, Dataset):
        return True
    known = is_torch(given) and not hasattr(given, "detach")
    return known and all(hasattr(given, name) for name in ("__getitem__", "__len__"))


def _require_batches(given: Any, names: tuple[str, str]) -> None:
    """Refuse what has no batches: data without targets, and other things."""
    if any(base.__name__ == "IterableDataset" for base in type(given).__mro__):
        raise TypeError(
            f"expected batches; got {type(given).__name__}, which gives samples one by one: pass "
            "torch.utils.data.DataLoader of it, with a batch_size"
        )
    if isinstance(given, np.ndarray) or is_frame(given) or hasattr(given, "detach"):
        raise TypeError(f"expected {names[1]}, the targets that go with {names[0]}; got None")
    is_other = not (_is_iterable(given) or callable(given))
    numbered = all(hasattr(given, name) for name in ("__getitem__", "__len__"))
    if is_other and numbered and not isinstance(given, Mapping):
        raise TypeError(
            f"expected {names[0]} to be a dataset or batches; got {type(given).__name__}, which has samples, "
            "or batches, by their numbers: derive it from backproof.data.Dataset if it has samples, or pass "
            f"backproof.data.DataLoader({names[0]}, batch_size=32); of batches make a list"
        )
    if isinstance(given, str | bytes | Mapping) or is_other:
        raise TypeError(
            f"expected {names[0]} to be an array, a frame, a dataset, batches of (input, target), or a "
            f"function that makes them; got {said(given)}{way_to_array(given, names[0])}"
        )
