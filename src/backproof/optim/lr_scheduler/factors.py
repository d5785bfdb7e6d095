"""Schedules by a factor: the learning rate is the initial one times a function of the epoch."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable
from typing import ClassVar

from backproof.optim.lr_scheduler.schedule import LRScheduler, require_above_zero
from backproof.optim.optimizer import Group, Optimizer

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "FactorLR",
    "LinearLR",
    "MultiStepLR",
    "StepLR",
]


class FactorLR(LRScheduler):
    """Base of the schedules by a factor f(t) of the epoch t.

    Each step multiplies what the rate is by f(t) / f(t − 1), so that several schedules on one optimizer
    multiply, and a rate that was changed by hand stays changed.
    """

    #: What the factor works above: the rate is this plus the factor times the rest.
    eta_min: float = 0.0

    def factor(self, epoch: int) -> float:
        """Give f(t)."""
        raise NotImplementedError

    def rate(self, group: Group) -> float:
        """Give the rate of before, changed as the factor changes."""
        now = self.factor(self.last_epoch)
        before = self.factor(self.last_epoch - 1) if self.last_epoch else 1.0
        if now == before:
            return float(group["lr"])
        above, ratio = group["lr"] - self.eta_min, now
        if before:
            ratio = now / before
        else:  # from 0 there is no way back but from the start
            above = group["initial_lr"] - self.eta_min
        return float(self.eta_min + above * ratio)


class StepLR(FactorLR):
    """Multiply the rate by γ every so many epochs: f(t) = γ^⌊t / step_size⌋.

    Raises
    ------
    ValueError
        If ``step_size`` is not above 0.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = StepLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), step_size=3, gamma=0.5)
    >>> [schedule.factor(epoch) for epoch in range(7)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        require_above_zero("step_size", step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Give γ^⌊t / step_size⌋."""
        return math.pow(self.gamma, epoch // self.step_size)


class MultiStepLR(FactorLR):
    """Multiply the rate by γ at each milestone: f(t) = γ^(milestones up to t).

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = MultiStepLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), milestones=[1, 4], gamma=0.5)
    >>> [schedule.factor(epoch) for epoch in range(6)]
    [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Give γ^(milestones up to t)."""
        return math.pow(self.gamma, bisect.bisect_right(self.milestones, epoch))


class ExponentialLR(FactorLR):
    """Multiply the rate by γ in every epoch: f(t) = γᵗ.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = ExponentialLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), gamma=0.5)
    >>> [schedule.factor(epoch) for epoch in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    resumes_unchanged: ClassVar[bool] = True

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Give γᵗ."""
        return math.pow(self.gamma, epoch)


class CosineAnnealingLR(FactorLR):
    """Let the rate fall to ``eta_min`` by half a cosine: f(t) = (1 + cos(π t / T_max)) / 2.

    The factor is of what the rate is above ``eta_min``. After T_max epochs it rises again.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017,
    equation 5, without the restarts.

    Raises
    ------
    ValueError
        If ``T_max`` is not above 0.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = CosineAnnealingLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), T_max=4)
    >>> [round(schedule.factor(epoch), 3) for epoch in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.146]
    """

    resumes_unchanged: ClassVar[bool] = True

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 - PyTorch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        require_above_zero("T_max", T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Give (1 + cos(π t / T_max)) / 2."""
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2


class LinearLR(FactorLR):
    """Let the rate go on a straight line from one factor to another, and stay there.

    f(t) = start + (end − start) · min(t, total) / total.

    Raises
    ------
    ValueError
        If a factor is not between 0 and 1, or the first is 0.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> [schedule.factor(epoch) for epoch in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """

    resumes_unchanged: ClassVar[bool] = True

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"expected start_factor above 0, at most 1; got start_factor={start_factor!r}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"expected end_factor from 0 to 1; got end_factor={end_factor!r}")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Give start + (end − start) · min(t, total) / total."""
        if epoch >= self.total_iters:
            return self.end_factor
        return self.start_factor + (self.end_factor - self.start_factor) * epoch / self.total_iters


class ConstantLR(FactorLR):
    """Lower the rate for the first epochs: f(t) = factor if t < total, 1 afterwards.

    Raises
    ------
    ValueError
        If the factor is not between 0 and 1.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = ConstantLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), factor=0.5, total_iters=2)
    >>> [schedule.factor(epoch) for epoch in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"expected factor from 0 to 1; got factor={factor!r}")
        self.first_factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Give the factor of the first epochs, then 1."""
        return self.first_factor if epoch < self.total_iters else 1.0
