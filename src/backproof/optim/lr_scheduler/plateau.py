"""A schedule by what was achieved."""

from __future__ import annotations

import math
from typing import Literal, SupportsFloat

from backproof.optim.lr_scheduler.schedule import LRScheduler, for_each_group
from backproof.optim.optimizer import Group, Optimizer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Lower the rate when a figure, such as the loss on held-out data, has not become better for long.

    Better means beyond the best so far by ``threshold``, as a share of it (``rel``) or as it is (``abs``).
    After more than ``patience`` epochs in a row that are not, η ← max(factor · η, min_lr), unless that is
    less than ``eps`` below η; then nothing is counted for ``cooldown`` epochs.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = ReduceLROnPlateau(optim.SGD([nn.Parameter([1.0])], lr=1.0), factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1:
            raise ValueError(f"expected factor below 1; got factor={factor!r}")
        if mode not in ("min", "max"):
            raise ValueError(f"expected mode 'min' or 'max'; got mode={mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"expected threshold_mode 'rel' or 'abs'; got threshold_mode={threshold_mode!r}")
        self.min_lrs = for_each_group("min_lr", min_lr, optimizer)
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.eps = threshold, threshold_mode, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0
        super().__init__(optimizer)

    def rate(self, group: Group) -> float:
        """Give the rate as it is: it is lowered in `step`."""
        return float(group["lr"])

    def step(self, metrics: SupportsFloat) -> None:  # type: ignore[override]  # it goes by the figure
        """Take the figure of an epoch, and lower the rate if it is time."""
        self.last_epoch += 1
        current = float(metrics)
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._lower()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self.set_rates()

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            margin = self.best * (1 - sign * self.threshold)
        else:
            margin = self.best - sign * self.threshold
        return sign * current < sign * margin

    def _lower(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lowered = max(group["lr"] * self.factor, least)
            if group["lr"] - lowered > self.eps:
                group["lr"] = lowered
