"""Batches: what a loop asks for, and the arrays that they are most often taken from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["ArrayBatches", "Batch", "Batches"]

#: What a model is given, and what it should give.
Batch: TypeAlias = tuple[Any, Any]


@runtime_checkable
class Batches(Protocol):
    """Gives the batches of an epoch, as often as it is gone through: pairs of input and target."""

    def __iter__(self) -> Iterator[Batch]: ...

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0 on: its order depends on nothing else, so that it can be resumed."""
        ...


class ArrayBatches:
    """Batches of arrays: slices of them, or in an order that is drawn for each epoch.

    Parameters
    ----------
    input, target
        The arrays, one sample a row; as many of each.
    batch_size
        Samples a batch; the last one may have fewer. ``None`` for all at once, in their order.
    shuffle
        Whether each epoch has an order of its own.
    seed
        What the orders are drawn from.

    Examples
    --------
    >>> batches = ArrayBatches(np.arange(3.0), np.arange(3.0), batch_size=2, shuffle=False)
    >>> [input.tolist() for input, target in batches]
    [[0.0, 1.0], [2.0]]
    """

    def __init__(
        self,
        input: NDArray[Any],
        target: NDArray[Any],
        batch_size: int | None = 32,
        *,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        self.input, self.target = input, target
        self.batch_size = batch_size
        self.shuffle, self.seed, self._epoch = shuffle, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes."""
        self._epoch = epoch

    def __len__(self) -> int:
        return 1 if self.batch_size is None else -(-len(self.input) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        size = self.batch_size
        if size is None:
            yield self.input, self.target
            return
        count = len(self.input)
        order = np.random.default_rng([self.seed, self._epoch]).permutation(count) if self.shuffle else None
        for start in range(0, count, size):
            here = slice(start, start + size) if order is None else order[start : start + size]
            yield self.input[here], self.target[here]
