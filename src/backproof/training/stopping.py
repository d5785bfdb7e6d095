"""Stopping when nothing is gained any more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from backproof._names import said
from backproof.training.callbacks import Callback
from backproof.training.data.arguments import flags, number, whole
from backproof.training.metrics import column_named
from backproof.training.watching.keeping import Kept

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["EarlyStopping"]


class EarlyStopping(Callback):
    """Ends training when a column of the history has not become better for some epochs.

    Parameters
    ----------
    patience
        For how many epochs it may be no better.
    min_delta
        By how much it has to be better than the best so far to count.
    monitor
        The column: ``"validation"``, ``"loss"``, or the name of a metric.
    restore_best
        Whether the model gets the parameters back that were the best, when training is over.
    mode
        Whether more of it is better, ``"max"``, or less, ``"min"``. It is known of losses, of which less is,
        and of ``"accuracy"`` and ``"r2"``, of which more is; of a function of your own it has to be said.

    Attributes
    ----------
    best, best_epoch
        The best value, and its epoch; 0 before there is one.
    waited
        For how many epochs it has been no better.

    Raises
    ------
    TypeError
        If ``patience`` is no whole number, ``min_delta`` no number, ``monitor`` no name, or ``restore_best``
        neither true nor false.
    ValueError
        If ``patience`` is below 1 or ``min_delta`` below 0, or there is no such mode; and when training
        starts, if there is no such column, or it has another mode, or none that is known.

    Examples
    --------
    >>> import numpy as np
    >>> from backproof import fit, nn, optim
    >>> x = np.array([[0.0], [1.0]])
    >>> model, until = nn.Linear(1, 1, rng=0), EarlyStopping(patience=3, min_delta=1e-4, monitor="loss")
    >>> history = fit(model, x, 2 * x, loss="mse", optimizer="sgd", lr=0.5, epochs=1000, callbacks=[until])
    >>> print(history.stopped)
    the loss has not become better by 0.0001 for 3 epochs
    """

    by_engine = True

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: str = "validation",
        restore_best: bool = True,
        mode: Literal["min", "max"] | None = None,
    ) -> None:
        _require_no_column(patience)
        whole("EarlyStopping", 1, patience=patience)
        number("EarlyStopping", 0, min_delta=min_delta)
        flags("EarlyStopping", restore_best=restore_best)
        if not isinstance(monitor, str):
            raise TypeError(
                f"EarlyStopping expects monitor to be the name of a column; got monitor={said(monitor)}"
            )
        if mode not in ("min", "max", None):
            raise ValueError(f"expected mode 'min' or 'max'; got mode={mode!r}")
        self.patience, self.min_delta, self.monitor = patience, min_delta, monitor
        self.restore_best, self.mode = restore_best, mode
        self._column, self._sign = monitor, 1.0
        self.best, self.best_epoch, self.waited = math.nan, 0, 0
        self._kept = Kept()

    def on_start(self, training: Training) -> None:
        """Refuse to wait for what will not come, or for nobody knows what."""
        how = training.validation
        there = ["loss", *(["validation"] if how.is_apart else []), *how.metrics]
        self._column = self.monitor if self.monitor in there else column_named(self.monitor)
        if self._column not in there:
            more = "" if how.is_apart else "; with validation=0.2, say, there is validation, too"
            raise ValueError(
                f"expected EarlyStopping to monitor {' or '.join(there)}; got monitor={self.monitor!r}{more}"
            )
        metric = how.metrics.get(self._column)
        self._sign = self._direction("min" if metric is None else getattr(metric, "mode", None))
        if not training.epoch:
            self.best, self.best_epoch, self.waited, self._kept = math.nan, 0, 0, Kept()

    def _direction(self, known: str | None) -> float:
        """Give 1 if less is better, else -1."""
        if known is None and self.mode is None:
            raise ValueError(
                f"EarlyStopping does not know whether more or less of {self.monitor} is better; got "
                "mode=None: say mode='max' or mode='min'"
            )
        if known is not None and self.mode not in (known, None):
            better = "less" if known == "min" else "more"
            raise ValueError(f"of {self.monitor} {better} is better; got mode={self.mode!r}: leave it out")
        return 1.0 if (known or self.mode) == "min" else -1.0

    def on_epoch(self, training: Training) -> None:
        """Compare the epoch with the best one."""
        last = training.history[-1]
        value = last.metrics.get(self._column, getattr(last, self._column, math.nan))
        is_first = not self.best_epoch and not math.isnan(value)
        gain = math.inf if is_first else self._sign * (self.best - value)
        self.waited = 0 if gain > self.min_delta else self.waited + 1
        if gain > 0:
            self.best, self.best_epoch = value, training.epoch
            if self.restore_best:
                self._kept.take(training)
        what = "the loss" if self.monitor == "loss" else self.monitor
        if not math.isfinite(value):
            training.stop(f"{what} is not finite")
        elif self.waited >= self.patience:
            by = f" by {self.min_delta:g}" if self.min_delta else ""
            training.stop(f"{what} has not become better{by} for {self.patience} epochs")

    def on_end(self, training: Training) -> None:
        """Bring the best parameters back."""
        if 0 <= self._kept.step < training.step:
            self._kept.put_back(training)

    def state_dict(self) -> dict[str, Any]:
        """Give how long it has waited, what was best, and of which column."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "kept": self._kept.state_dict(),
            "of": [self._column, "min" if self._sign > 0 else "max"],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there.

        Raises
        ------
        ValueError
            If it is of another column, or of the other mode.
        """
        here = self.state_dict()["of"]
        if state["of"] != here:
            (monitor, mode), (column, direction) = state["of"], here
            raise ValueError(
                f"the checkpoint is of EarlyStopping with monitor={monitor!r}, mode={mode!r}; got "
                f"monitor={column!r}, mode={direction!r}: make it as it was, or begin anew"
            )
        self.best, self.best_epoch, self.waited = state["best"], state["best_epoch"], state["waited"]
        self._kept.load_state_dict(state["kept"])


def _require_no_column(patience: Any) -> None:
    if isinstance(patience, str):
        raise TypeError(
            f"EarlyStopping expects patience to be a whole number; got patience={patience!r} (str); did you "
            f"mean monitor={patience!r}?"
        )
