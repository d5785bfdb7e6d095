"""Stopping when nothing is gained any more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from backproof.training.callbacks import Callback
from backproof.training.watching.keeping import Kept

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["EarlyStopping"]

#: Metrics of which more is better; of losses and errors less is.
_MORE = frozenset({"accuracy", "r2"})


class EarlyStopping(Callback):
    """Ends training when a column of the history has not become better for some epochs.

    Parameters
    ----------
    patience
        For how many epochs it may be no better.
    min_delta
        By how much it has to be better than the best so far to count.
    monitor
        The column: ``"validation"``, ``"loss"``, or the name of a metric. Of ``"accuracy"`` and ``"r2"`` more
        is better, of all others less.
    restore_best
        Whether the model gets the parameters back that were the best, when training is over.

    Attributes
    ----------
    best, best_epoch
        The best value, and its epoch; 0 before there is one.
    waited
        For how many epochs it has been no better.

    Raises
    ------
    TypeError
        If ``patience`` is no whole number.
    ValueError
        If ``patience`` is below 1 or ``min_delta`` below 0; and when training starts, if there is no such
        column.

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
    ) -> None:
        _require_whole(patience)
        if patience < 1 or not min_delta >= 0:
            raise ValueError(
                f"expected patience ≥ 1 and min_delta ≥ 0; got patience={patience!r}, min_delta={min_delta!r}"
            )
        self.patience, self.min_delta, self.monitor = patience, min_delta, monitor
        self.restore_best = restore_best
        self.best, self.best_epoch, self.waited = math.nan, 0, 0
        self._kept = Kept()

    def on_start(self, training: Training) -> None:
        """Refuse to wait for what will not come."""
        how = training.validation
        there = ["loss", *(["validation"] if how.is_apart else []), *how.metrics]
        if self.monitor not in there:
            more = "" if how.is_apart else "; with validation=0.2, say, there is validation, too"
            raise ValueError(
                f"expected EarlyStopping to monitor {' or '.join(there)}; got monitor={self.monitor!r}{more}"
            )
        if not training.epoch:
            self.best, self.best_epoch, self.waited, self._kept = math.nan, 0, 0, Kept()

    def on_epoch(self, training: Training) -> None:
        """Compare the epoch with the best one."""
        last = training.history[-1]
        value = last.metrics.get(self.monitor, getattr(last, self.monitor, math.nan))
        sign = -1.0 if self.monitor in _MORE else 1.0
        is_first = not self.best_epoch and not math.isnan(value)
        gain = math.inf if is_first else sign * (self.best - value)
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
        """Give how long it has waited, and what was best."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "kept": self._kept.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.best, self.best_epoch, self.waited = state["best"], state["best_epoch"], state["waited"]
        self._kept.load_state_dict(state["kept"])


def _require_whole(patience: Any) -> None:
    if isinstance(patience, bool) or not isinstance(patience, Integral):
        hint = f"; did you mean monitor={patience!r}?" if isinstance(patience, str) else ""
        raise TypeError(
            f"expected patience, a whole number of epochs; got patience={patience!r} "
            f"({type(patience).__name__}){hint}"
        )
