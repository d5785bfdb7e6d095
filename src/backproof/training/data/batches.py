"""Batches: what a loop asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

__all__ = ["Batch", "Batches"]

#: What a model is given, and what it should give.
Batch: TypeAlias = tuple[Any, Any]


@runtime_checkable
class Batches(Protocol):
    """Gives the batches of an epoch, as often as it is gone through: pairs of input and target."""

    def __iter__(self) -> Iterator[Batch]: ...

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0 on: its order depends on nothing else, so that it can be resumed."""
        ...
