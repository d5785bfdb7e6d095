"""The loop: epochs of steps, each run by the engine, with whoever looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from backproof.training.callbacks import Callback
from backproof.training.data.batches import Batch, Batches
from backproof.training.engines.engine import Engine
from backproof.training.history import Epoch, History
from backproof.training.parts import goes_by_loss

__all__ = ["Training", "Validation"]


@dataclass(frozen=True)
class Validation:
    """What is measured at the end of an epoch, and on what.

    Attributes
    ----------
    batches
        The data: input and target; ``None`` for none.
    is_apart
        Whether it is other data than that for training.
    metrics
        Functions of prediction and target, by their names.
    """

    batches: Batches | None = None
    is_apart: bool = False
    metrics: Mapping[str, Callable[[Any, Any], float]] = field(default_factory=dict)


class Training:
    """One training, and where it is.

    Attributes
    ----------
    engine
        What runs the steps.
    model, loss, optimizer
        What is trained, and by what; `Engine.sync` brings model and optimizer up to date.
    batches
        The data.
    history
        What happened so far.
    epoch
        How many epochs are done.
    position
        How many steps of the present epoch are done.
    step
        How many steps are done in all.
    epochs
        How many epochs there are to be.
    batch
        The input and the target of the present step.
    stopped
        Why it ends early; empty while it goes on.
    """

    def __init__(
        self,
        engine: Engine,
        batches: Batches,
        *,
        epochs: int,
        model: Any,
        loss: Any,
        optimizer: Any,
        schedule: Any = None,
        validation: Validation | None = None,
        callbacks: Sequence[Callback] = (),
        history: History | None = None,
    ) -> None:
        self.engine, self.batches, self.epochs = engine, batches, epochs
        self.model, self.loss, self.optimizer, self.schedule = model, loss, optimizer, schedule
        self.validation = validation or Validation()
        self.callbacks = list(callbacks)
        self.history = History() if history is None else history
        self.epoch = self.position = self.step = 0
        self.batch: Batch = (None, None)
        self.stopped = ""
        #: Of the present epoch so far: the losses of all samples, added up; the samples; and the seconds.
        self.total, self.samples, self.seconds = 0.0, 0, 0.0
        #: Whether the loss of a batch is the sum of its samples' losses, not their mean.
        self._sums = getattr(loss, "reduction", None) == "sum"
        #: Whether NumPy is not to warn of what the engine computes.
        self._is_quiet = False

        #: Who is told of each step and of each epoch.
        self._on_step: list[Callable[..., None]] = []
        self._on_epoch: list[Callable[..., None]] = []

    def stop(self, why: str) -> None:
        """End training after the present step; the first reason is kept."""
        self.stopped = self.history.stopped = self.stopped or why

    @property
    def lr(self) -> float:
        """The learning rate of the first group."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1; to the batch, if it is known how many there are."""
        known: Any = self.batches
        try:
            batches = len(known)
        except TypeError:
            batches = 0
        within = min(self.position / batches, 1.0) if batches else 0.0
        return min((self.epoch + within) / self.epochs, 1.0) if self.epochs else 1.0

    def per_sample(self, loss: float, count: int) -> float:
        """Give the loss of so many samples as their mean, which it is unless the loss sums."""
        return loss / count if self._sums else loss

    def quiet(self) -> None:
        """Let NumPy not warn of what the engine computes, for whoever calls this says better what is wrong.

        Data, metrics and callbacks are not the engine's: there all is as it was.
        """
        self._is_quiet = True

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Give a method of the engine as it is to be called."""
        return np.errstate(all="ignore")(method) if self._is_quiet else method

    def run(self) -> History:
        """Run what is left of it, and give the history."""
        with ExitStack() as ends:  # of which each comes, whatever the others raise
            ends.callback(self.engine.close)
            for each in reversed(self.callbacks):
                ends.callback(self._teller(each, "on_end"), self)
            for each in self.callbacks:
                self._teller(each, "on_start")(self)
            self.history.stopped = self.stopped
            self._on_step, self._on_epoch = self._told("on_step"), self._told("on_epoch")
            while self.epoch < self.epochs and not self.stopped:
                self._run_epoch()
        return self.history

    def _run_epoch(self) -> None:
        self.batches.set_epoch(self.epoch)
        before, start = self.seconds, time.perf_counter()
        step, told, sums = self._called(self.engine.step), self._on_step, self._sums
        for batch in self._remaining():
            given, target = self.batch = batch
            loss = step(given, target)
            count = len(given)
            self.total += loss if sums else loss * count
            self.samples += count
            self.position += 1
            self.step += 1
            self.seconds = before + time.perf_counter() - start
            for tell in told:
                tell(self, loss)
            if self.stopped:
                return
        if not self.position:
            raise ValueError("expected at least one batch an epoch; got none: the data is empty or used up")
        self._end_epoch(before, start)

    def _told(self, what: str) -> list[Callable[..., None]]:
        """Give the methods of that name of those who have one of their own."""
        own = [each for each in self.callbacks if getattr(type(each), what) is not getattr(Callback, what)]
        return [self._teller(each, what) for each in own]

    def _teller(self, each: Callback, what: str) -> Callable[..., None]:
        """Give a method of a callback; one that may look at anything finds model and optimizer up to date."""
        tell: Callable[..., None] = getattr(each, what)
        if vars(type(each)).get("by_engine", False):  # a class derived from it may do anything again
            return tell

        def synced(*arguments: Any) -> None:
            self.engine.sync()
            tell(*arguments)

        return synced

    def _remaining(self) -> Iterator[Batch]:
        """Give the batches of the epoch that are not done."""
        batches = iter(self.batches)
        return islice(batches, self.position, None) if self.position else batches

    def _end_epoch(self, before: float, start: float) -> None:
        validation, metrics = self._measured()
        lr = self.lr
        if self.schedule is not None:
            self._step_schedule(validation)
        self.epoch += 1
        mean = self.total / self.samples
        seconds = before + time.perf_counter() - start
        self.history.epochs.append(Epoch(self.epoch, self.step, mean, lr, seconds, validation, metrics))
        self.position, self.total, self.samples, self.seconds = 0, 0.0, 0, 0.0
        for tell in self._on_epoch:
            tell(self)

    def _step_schedule(self, validation: float | None) -> None:
        """Let the schedule go on; one that waits for a plateau is told the loss."""
        if goes_by_loss(self.schedule):
            self.schedule.step(self.total / self.samples if validation is None else validation)
        else:
            self.schedule.step()

    def _measured(self) -> tuple[float | None, dict[str, float]]:
        """Give the loss on the validation data, the mean of its samples' losses, and the metrics."""
        how = self.validation
        if how.batches is None:
            return None, {}
        predict, loss = self._called(self.engine.predict), self._called(self.engine.loss)
        total, samples = 0.0, 0
        outputs, targets = [], []
        for given, target in how.batches:
            output, count = predict(given), len(given)
            if how.is_apart:
                value = loss(output, target)
                total += value if self._sums else value * count
            if how.metrics:
                outputs.append(np.array(output))  # an engine may use its own again
                targets.append(target)
            samples += count
        if not samples:
            raise ValueError("expected validation data; got none: it is empty or used up")
        # Not every metric is a mean over samples: each sees all of them.
        whole = [np.concatenate(each) for each in (outputs, targets)] if how.metrics else []
        metrics = {name: float(metric(*whole)) for name, metric in how.metrics.items()}
        return (total / samples if how.is_apart else None), metrics
