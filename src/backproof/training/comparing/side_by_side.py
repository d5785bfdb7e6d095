"""Two trainings side by side: the same batches, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from backproof.training.callbacks import Callback
from backproof.training.comparing.judging import Judge, Parting
from backproof.training.comparing.rounding import gaps, largest
from backproof.training.comparing.twins import Parts
from backproof.training.data.batches import Batches
from backproof.training.engines.engine import Engine
from backproof.training.engines.torch import TorchEngine
from backproof.training.training import Training

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
    parts: Parts,
    twin: Callable[[], Parts],
    batches: Batches,
    epochs: int,
    dtype: np.dtype[Any],
    look_on: Callable[[Engine, Engine], object] = lambda ours, theirs: None,
    showing: Sequence[Callback] = (),
    lr_lambda: Callable[[int], float] | None = None,
) -> Run:
    """Train both, and judge each step of ours, which is the engine of the parts.

    ``look_on`` is called with both engines before the first step and after each; ``showing`` is told of how
    the training of ours goes; ``lr_lambda`` says which share of its rate an epoch has.
    """
    beside = _Beside(ours, twin, dtype, look_on)
    if lr_lambda is not None:
        showing = [_Rates([parts.optimizer, *beside.optimizers], lr_lambda), *showing]
    with np.errstate(over="ignore", invalid="ignore"):  # what came of it is judged
        Training(
            ours,
            batches,
            epochs=epochs,
            model=parts.model,
            loss=parts.loss,
            optimizer=parts.optimizer,
            callbacks=[beside, *showing],
        ).run()
    return beside.found


class _Beside(Callback):
    """Trains PyTorch's beside ours, and has each step of ours judged."""

    by_engine = True

    def __init__(
        self,
        ours: Engine,
        twin: Callable[[], Parts],
        dtype: np.dtype[Any],
        look_on: Callable[[Engine, Engine], object],
    ) -> None:
        parts = twin()
        self.found = Run(str(dtype))
        self._ours, self._theirs = ours, TorchEngine(parts.model, parts.loss, parts.optimizer)
        self._judge, self._rows, self._look_on = Judge(ours, twin, dtype), Thinned(), look_on

    @property
    def optimizers(self) -> list[Any]:
        """The optimizers of PyTorch."""
        return [self._theirs.optimizer, *self._judge.optimizers]

    def on_start(self, training: Training) -> None:
        """Look on before the first step."""
        self._look_on(self._ours, self._theirs)

    def on_step(self, training: Training, loss: float) -> None:
        """Judge the step, and let PyTorch make its own."""
        judge = self._judge
        judge.judge(loss, *training.batch)
        other = self._theirs.step(*training.batch)
        here = judge.parting is not None and judge.parting.step == judge.steps
        self._rows.add(Row(judge.steps, loss, other, self._apart(), judge.share), parts=here)
        self._look_on(self._ours, self._theirs)
        if not math.isfinite(loss):
            self.found.ended = f"the loss is not finite any more at step {judge.steps}"
            training.stop(self.found.ended)

    def on_end(self, training: Training) -> None:
        """Write down what came of it."""
        judge, found = self._judge, self.found
        found.steps, found.telling, found.parting = judge.steps, judge.telling, judge.parting
        found.rows = self._rows.rows

    def _apart(self) -> float:
        """Give the largest difference of the parameters."""
        reference = self._theirs.parameters()
        return max(
            (largest(gaps(array, reference[name])) for name, array in self._ours.parameters().items()),
            default=0.0,
        )


class _Rates(Callback):
    """Gives all optimizers the rate of each epoch, as `LambdaLR` gives it to one."""

    by_engine = True

    def __init__(self, optimizers: Sequence[Any], lr_lambda: Callable[[int], float]) -> None:
        self._groups = [(group, group["lr"]) for each in optimizers for group in each.param_groups]
        self._share = lr_lambda

    def on_start(self, training: Training) -> None:
        """Set that of the first epoch."""
        self.on_epoch(training)

    def on_epoch(self, training: Training) -> None:
        """Set that of the next one."""
        for group, rate in self._groups:
            group["lr"] = rate * self._share(training.epoch)


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
