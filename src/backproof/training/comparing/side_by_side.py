"""Two trainings side by side: the same batches, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from backproof.training.comparing.judging import Judge, Parting
from backproof.training.comparing.rounding import gaps, largest
from backproof.training.comparing.twins import Parts
from backproof.training.data.batches import Batch, Batches
from backproof.training.engines.engine import Engine
from backproof.training.engines.torch import TorchEngine

__all__ = ["Row", "Run", "Thinned", "run"]

#: So many rows are kept; of a longer training every second, every fourth, and so on.
_MOST = 2000


class Row(NamedTuple):
    """A step: the losses, how far the parameters are apart after it, and how it was judged.

    The share is the largest difference from PyTorch that this step alone has made, as a part of what rounding
    explains: above 1 it is none of rounding.
    """

    step: int
    ours: float
    torch: float
    difference: float
    share: float


@dataclass
class Run:
    """What came of two trainings in a dtype.

    Attributes
    ----------
    dtype
        Its name.
    steps, telling
        How many steps both made, and in how many of them a parameter moved by more than rounding explains.
    rows
        The steps: all, or the first and last and some in between.
    parting
        Where they part; ``None`` if they do not.
    ended
        Why it ended early; empty if it did not.
    """

    dtype: str
    steps: int = 0
    telling: int = 0
    rows: list[Row] = field(default_factory=list)
    parting: Parting | None = None
    ended: str = ""


def run(
    ours: Engine,
    twin: Callable[[], Parts],
    batches: Batches,
    epochs: int,
    dtype: np.dtype[Any],
    look_on: Callable[[Engine, Engine], object] = lambda ours, theirs: None,
) -> Run:
    """Train both, and judge each step of ours.

    ``look_on`` is called with both engines before the first step and after each.
    """
    found, rows = Run(str(dtype)), Thinned()
    parts = twin()
    theirs, judge = TorchEngine(parts.model, parts.loss, parts.optimizer), Judge(ours, twin, dtype)
    look_on(ours, theirs)
    with np.errstate(over="ignore", invalid="ignore"):  # what came of it is judged
        for given, target in _all(batches, epochs):
            loss, other = judge.step(given, target), theirs.step(given, target)
            here = judge.parting is not None and judge.parting.step == judge.steps
            rows.add(Row(judge.steps, loss, other, _apart(ours, theirs), judge.share), parts=here)
            look_on(ours, theirs)
            if not math.isfinite(loss):
                found.ended = f"the loss is not finite any more at step {judge.steps}"
                break
    found.steps, found.telling, found.parting = judge.steps, judge.telling, judge.parting
    found.rows = rows.rows
    return found


def _apart(ours: Engine, theirs: Engine) -> float:
    """Give the largest difference of the parameters."""
    reference = theirs.parameters()
    return max(
        (largest(gaps(array, reference[name])) for name, array in ours.parameters().items()), default=0.0
    )


def _all(batches: Batches, epochs: int) -> Iterator[Batch]:
    for epoch in range(epochs):
        batches.set_epoch(epoch)
        count = 0
        for count, batch in enumerate(batches, 1):  # noqa: B007 - counted
            yield batch
        if not count:
            raise ValueError("expected at least one batch an epoch; got none: the data is empty or used up")


class Thinned:
    """Keeps rows, at even distances if there are many, and always the last, and the one where they part.

    Parameters
    ----------
    most
        How many there are at even distances, at most.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._apart = most, 1
        self._rows: list[Row] = []
        self._last: Row | None = None
        self._parted: Row | None = None

    def add(self, row: Row, *, parts: bool) -> None:
        """Add a row, and say whether they part there."""
        self._last = row
        if parts:
            self._parted = row
        if (row.step - 1) % self._apart == 0:
            self._rows.append(row)
        if len(self._rows) > self._most:
            self._apart *= 2
            self._rows = [each for each in self._rows if (each.step - 1) % self._apart == 0]

    @property
    def rows(self) -> list[Row]:
        """The rows that are kept."""
        kept = {each.step: each for each in (*self._rows, self._parted, self._last) if each is not None}
        return [kept[step] for step in sorted(kept)]
