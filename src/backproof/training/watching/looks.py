"""What a look at a training sees: the loss, the gradients through the layers, some of the data."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.training.data.batches import Batch
from backproof.training.data.dataset import Subset, TensorDataset
from backproof.training.data.loader import DataLoader
from backproof.training.data.reading import is_mapped
from backproof.training.watching.keeping import Kept

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["Look", "Rows", "mean_of"]

#: A loss is judged on so many samples, at most, and on no fewer.
_MOST, _LEAST = 64, 16
#: The looks at which there is time for what takes long.
_PROBES = frozenset(2 * 4**power for power in range(16))


class Rows:
    """Some of the samples that are trained on.

    Where all are in memory they are taken from there, evenly, else from the last batches that were looked at.
    """

    def __init__(self) -> None:
        self._fixed: Batch | None = None
        self._batches: deque[Batch] = deque()
        self._count = 0

    def begin(self, training: Training) -> None:
        """Take them, if they are in memory."""
        self._fixed = _in_memory(training.batches)

    def add(self, batch: Batch) -> None:
        """Keep a batch, and let the oldest go that are more than enough."""
        if self._fixed is not None or not all(isinstance(each, np.ndarray) for each in batch):
            return
        self._batches.append(batch)
        self._count += len(batch[0])
        while self._count - len(self._batches[0][0]) >= _MOST:
            self._count -= len(self._batches.popleft()[0])

    def taken(self) -> Batch | None:
        """Give them as one batch; ``None`` if they are too few to judge by."""
        if self._fixed is not None or not self._batches:
            return self._fixed
        shapes = [each.shape[1:] for each in self._batches[-1]]
        like = [batch for batch in self._batches if [each.shape[1:] for each in batch] == shapes]
        if sum(len(given) for given, _ in like) < _LEAST:
            return None
        given, target = (np.concatenate(parts)[-_MOST:] for parts in zip(*like, strict=True))
        return given, target


def _in_memory(batches: Any) -> Batch | None:
    dataset = batches.dataset if isinstance(batches, DataLoader) else None
    inner = dataset.dataset if isinstance(dataset, Subset) else dataset
    if not isinstance(inner, TensorDataset) or any(map(is_mapped, inner.tensors)):
        return None
    assert isinstance(dataset, TensorDataset | Subset)  # noqa: S101 - one of them has the inner one
    count = len(dataset)
    evenly = np.linspace(0, count - 1, _MOST).astype(np.int64) if count > _MOST else slice(0, count)
    given, target = dataset.take(evenly)
    return given, target


@dataclass
class Look:
    """A look at a training.

    Attributes
    ----------
    training
        What is looked at.
    number
        How many looks there were before: 0 is after the first step, and before the first epoch's end.
    loss
        The loss of the present batch, before the step; as all losses here the mean of its samples.
    mean
        The mean loss of the present epoch, or of the last one if the present has only begun.
    first, best
        The loss of the first step, and the least mean of all looks before.
    layers
        How large the gradients of each layer are; empty if nobody measured them at this step.
    rows
        Samples that were trained on.
    kept
        The last parameters that were good.
    grown
        By which share of it the loss of the present batch is larger than it is with those; ``None`` where
        there is no reason to compute it.
    """

    training: Training
    number: int
    loss: float
    mean: float
    first: float
    best: float
    layers: Mapping[str, float] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    kept: Kept = field(default_factory=Kept)
    grown: float | None = None

    @property
    def step(self) -> int:
        """How many steps are done."""
        return self.training.step

    @property
    def is_probe(self) -> bool:
        """Whether it is time for what takes long: at looks 2, 8, 32, and so on."""
        return self.number in _PROBES


def mean_of(training: Training, loss: float) -> float:
    """Give the mean loss of the present epoch, or of the last one if the present has only begun."""
    if training.position >= 20 or not training.history.epochs:
        return training.total / training.samples if training.samples else loss
    return training.history.epochs[-1].loss
