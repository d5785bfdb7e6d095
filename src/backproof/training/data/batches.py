"""Batches: what a loop asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

__all__ = ["Batch", "Batches", "is_batch", "pair_apart"]

#: What a model is given, and what it should give.
Batch: TypeAlias = tuple[Any, Any]


@runtime_checkable
class Batches(Protocol):
    """Gives the batches of an epoch, as often as it is gone through: pairs of input and target."""

    def __iter__(self) -> Iterator[Batch]: ...

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0 on: its order depends on nothing else, so that it can be resumed."""
        ...


def is_batch(given: Any) -> bool:
    """Say whether it is a batch: a tuple of input and target."""
    return isinstance(given, tuple) and len(given) == 2


def pair_apart(given: Any) -> Batch | None:
    """Give the inputs and the targets of data for validation that is a pair ``(X, y)``; else ``None``.

    Examples
    --------
    >>> pair_apart([[1.0, 2.0], [0, 1]])
    ([1.0, 2.0], [0, 1])
    >>> pair_apart([([1.0], [0]), ([2.0], [1])]) is None  # two batches, each with its input and target
    True
    """
    is_pair = isinstance(given, tuple | list) and len(given) == 2
    if not is_pair or (isinstance(given, list) and all(map(is_batch, given))):
        return None
    return given[0], given[1]
