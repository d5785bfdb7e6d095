"""Schedules that rise and fall: cosines with restarts, and the one cycle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from backproof.optim.lr_scheduler.schedule import LRScheduler, for_each_group
from backproof.optim.optimizer import Group, Optimizer

__all__ = ["CosineAnnealingWarmRestarts", "OneCycleLR"]


def _between(start: float, end: float, share: float, strategy: str = "cos") -> float:
    """Give the value a share of the way from one to the other, by half a cosine or a straight line."""
    if strategy == "linear":
        return start + (end - start) * share
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Let the rate fall by half a cosine, again and again, each time over more epochs.

    In a cycle of Tᵢ epochs, T of them done: η = η_min + (η₀ − η_min) (1 + cos(π T / Tᵢ)) / 2, with the
    first cycle of T₀ epochs and each next one ``T_mult`` times as long.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.

    Raises
    ------
    ValueError
        If ``T_0`` or ``T_mult`` is no whole number from 1 on.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = CosineAnnealingWarmRestarts(optim.SGD([nn.Parameter([1.0])], lr=1.0), T_0=2)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(3):
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> [round(rate, 3) for rate in rates]
    [1.0, 0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - PyTorch's name
        T_mult: int = 1,  # noqa: N803 - PyTorch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if type(value) is not int or value < 1:
                raise ValueError(f"expected {name}, a whole number from 1 on; got {name}={value!r}")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self.T_i, self.T_cur = T_0, 0.0
        super().__init__(optimizer, last_epoch)
        self.step(self.last_epoch)

    def rate(self, group: Group) -> float:
        """Give η."""
        return _between(group["initial_lr"], self.eta_min, self.T_cur / self.T_i)

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to the one given, which may be a fraction: ``epoch + batch / batches``.

        Raises
        ------
        ValueError
            If the epoch is negative.
        """
        epoch = self.last_epoch + 1 if epoch is None else epoch
        if epoch < 0:
            raise ValueError(f"expected an epoch from 0 on; got epoch={epoch!r}")
        start, self.T_i = 0, self.T_0
        if self.T_mult == 1:
            start = int(epoch // self.T_0) * self.T_0
        while epoch >= start + self.T_i:
            start, self.T_i = start + self.T_i, self.T_i * self.T_mult
        self.T_cur = epoch - start
        self.last_epoch = math.floor(epoch)
        self.set_rates()


class _Phase(NamedTuple):
    """A part of the one cycle: where it ends, and between which of a group's values it goes."""

    end: float
    rates: tuple[str, str]
    momenta: tuple[str, str]


class OneCycleLR(LRScheduler):
    """Let the rate rise to ``max_lr`` and fall far below where it began, and the momentum the other way.

    The rate begins at max_lr / ``div_factor`` and ends at that over ``final_div_factor``. `step` belongs
    after every batch. Where the optimizer has ``betas``, the first is the momentum.

    Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", 2018; of two phases as in fast.ai, of three as in the paper.

    Raises
    ------
    ValueError
        If the number of steps is not known, an argument is out of its range, or the optimizer has no
        momentum to cycle; from `step`, if it is called more often than there are steps.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0, momentum=0.9)
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> round(optimizer.param_groups[0]["lr"], 3), round(optimizer.param_groups[0]["momentum"], 3)
    (1.0, 0.85)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"expected pct_start from 0 to 1; got pct_start={pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"expected anneal_strategy 'cos' or 'linear'; got anneal_strategy={anneal_strategy!r}"
            )
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        self.pct_start, self.three_phase = pct_start, three_phase
        rates = for_each_group("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                first = rate / div_factor
                group.update(initial_lr=first, max_lr=rate, min_lr=first / final_div_factor)
        if cycle_momentum:
            self._start_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _start_momentum(self, optimizer: Optimizer, low: Any, high: Any, last_epoch: int) -> None:
        if not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"{type(optimizer).__name__} has no momentum to cycle; give cycle_momentum=False"
            )
        smallest = for_each_group("base_momentum", low, optimizer)
        largest = for_each_group("max_momentum", high, optimizer)
        if last_epoch == -1:
            for group, base, top in zip(optimizer.param_groups, smallest, largest, strict=True):
                group.update(base_momentum=base, max_momentum=top)

    def rate(self, group: Group) -> float:
        """Give the rate of the step, and set the group's momentum.

        Raises
        ------
        ValueError
            If there are no more steps.
        """
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"the cycle has total_steps={self.total_steps}; got step {self.last_epoch}. Make a new one"
            )
        phase, share = self._place()
        if self.cycle_momentum:
            momentum = self._value(group, phase.momenta, share)
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum
        return self._value(group, phase.rates, share)

    def _place(self) -> tuple[_Phase, float]:
        """Give the phase that the step is in, and what share of it has passed."""
        start, phases = 0.0, _phases(self.total_steps, self.pct_start, self.three_phase)
        for phase in phases[:-1]:
            if self.last_epoch <= phase.end:
                break
            start = phase.end
        else:
            phase = phases[-1]
        length = phase.end - start
        return phase, (self.last_epoch - start) / length if length else 1.0

    def _value(self, group: Group, ends: tuple[str, str], share: float) -> float:
        return _between(group[ends[0]], group[ends[1]], share, self.anneal_strategy)


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """Give the number of steps, however it was said."""
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ValueError(
                "expected total_steps, or both epochs and steps_per_epoch; "
                f"got epochs={epochs!r}, steps_per_epoch={steps_per_epoch!r}"
            )
        total_steps = epochs * steps_per_epoch
    if type(total_steps) is not int or total_steps <= 0:
        raise ValueError(f"expected a whole number of steps above 0; got total_steps={total_steps!r}")
    return total_steps


def _phases(total: int, rising: float, three: bool) -> Sequence[_Phase]:
    up = _Phase(rising * total - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three:
        return (up, _Phase(total - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum")))
    return (
        up,
        _Phase(2 * rising * total - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum")),
        _Phase(total - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    )
