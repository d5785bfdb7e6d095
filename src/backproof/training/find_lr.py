"""The verb: find_lr."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.callbacks import Callback
from backproof.training.data.arguments import in_batches, number, whole
from backproof.training.data.intake import Intake
from backproof.training.data.sources import sources
from backproof.training.engines.choice import engine_for
from backproof.training.parts import loss_for, model_for, optimizer_for
from backproof.training.showing.characters import curves
from backproof.training.training import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RateSweep", "find_lr"]

#: A loss that is so many times as far above the least as that is below the first one does not return.
_DIVERGED = 4.0
#: Steps before the loss can be said to diverge; and over how many to each side it is smoothed.
_FIRST, _BESIDE = 5, 3
#: By which share of it the loss has to fall somewhere.
_FALL = 0.01


@dataclass(frozen=True)
class RateSweep:
    """The losses of a training whose learning rate rises, and the rate that they suggest.

    Attributes
    ----------
    rates
        The learning rates, one a step.
    losses
        The mean loss of each step's samples, with the parameters that the rates before have led to.
    lr
        The rate that is suggested: that at which half of the fall of the smoothed loss is made, about where
        it is steepest; but at most a tenth of the rate where it is least. NaN if it falls nowhere.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """The losses, each the mean of it with the three before and the three after."""
        sums = np.cumsum(np.concatenate([[0.0], self.losses]))
        places = np.arange(len(self.losses))
        first, last = np.maximum(places - _BESIDE, 0), np.minimum(places + _BESIDE + 1, len(places))
        return np.asarray((sums[last] - sums[first]) / (last - first))

    @property
    def level(self) -> float:
        """The loss before it falls: the median of the first fifth, smoothed."""
        return float(np.median(self.smoothed[: self._begun]))

    @property
    def _begun(self) -> int:
        return max(1, len(self.losses) // 5)

    @property
    def _least(self) -> int:
        """The place of the least loss, smoothed, after the first fifth."""
        rest = self.smoothed[self._begun :]
        return self._begun + int(rest.argmin()) if rest.size else 0

    @property
    def lr(self) -> float:
        """The rate that is suggested; NaN if the loss falls nowhere."""
        smooth, level, least = self.smoothed, self.level, self._least
        # What the means of so many losses differ by without falling: the median is no matter of the ends.
        noise = float(np.median(np.abs(np.diff(self.losses)))) / math.sqrt(2 * _BESIDE + 1) if least else 0.0
        if level - smooth[least] <= max(_FALL * abs(level), 4 * noise):
            return math.nan
        middle = (level + smooth[least]) / 2
        above = np.flatnonzero(smooth[:least] > middle)
        return float(min(self.rates[above[-1] + 1 if above.size else 0], self.rates[least] / 10))

    @property
    def why(self) -> str:
        """The rule behind the suggestion."""
        lr = self.lr
        if math.isnan(lr) and not self.losses.any():
            return "the loss is 0 already, and cannot fall: the model fits the data exactly"
        if math.isnan(lr):
            return (
                "the loss falls nowhere by more than chance: try a larger batch_size, more steps, other ends"
            )
        tenth = self.rates[self._least] / 10
        return "a tenth of the rate with the least loss" if lr == tenth else "where half of the fall is made"

    @property
    def ceiling(self) -> float:
        """What is drawn goes as far above the level as the loss falls below, not up to where it ends."""
        return max(
            2 * self.level - float(self.smoothed.min()),
            float(self.smoothed[: len(self.losses) // 2 + 1].max()),
        )

    def __str__(self) -> str:
        rates, shown = self.rates, np.minimum(self.smoothed, self.ceiling)
        drawn = curves({"loss": shown}, 72, 8, ends=(f"lr {rates[0]:.1g}", f"{rates[-1]:.1g}"))
        return f"lr={self.lr:.2g}: {self.why}\n\n{drawn}"

    def plot(self, **how: Any) -> Figure:
        """Draw the loss against the learning rate, with the one that is suggested.

        ``path=`` saves the picture, ``ax=`` draws on axes of your own, ``background=`` is a colour.
        """
        from backproof.training.plots.rates import rates

        return rates(self, **how)


class _Sweep(Callback):
    """Lets the rate rise from step to step, until the loss diverges."""

    by_engine = True

    def __init__(self, rates: NDArray[np.float64]) -> None:
        self.rates, self.losses = rates.tolist(), list[float]()
        self._shares: list[float] = []
        self._mean, self._least = 0.0, math.inf

    def on_start(self, training: Training) -> None:
        """Take the first rate; groups keep the ratios of theirs."""
        found = [float(group["lr"]) for group in training.optimizer.param_groups]
        self._shares = [rate / found[0] if found[0] else 1.0 for rate in found]
        self._take(training)

    def on_step(self, training: Training, loss: float) -> None:
        """Write the loss down, and take the next rate."""
        if not math.isfinite(loss):
            training.stop("the loss is not finite")
            return
        loss = training.per_sample(loss, len(training.batch[0]))
        self.losses.append(loss)
        # The mean of all so far, in which the latest count the most, without the zero that it starts from.
        self._mean = 0.8 * self._mean + 0.2 * loss
        mean = self._mean / (1 - 0.8 ** len(self.losses))
        self._least = min(self._least, mean)
        scale = max(abs(self._least), abs(self.losses[0] - self._least))
        if len(self.losses) > _FIRST and mean - self._least > (_DIVERGED - 1) * scale:
            training.stop("the loss diverges")
        elif len(self.losses) == len(self.rates):
            training.stop("all rates are done")
        else:
            self._take(training)

    def _take(self, training: Training) -> None:
        rate = self.rates[len(self.losses)]
        for group, share in zip(training.optimizer.param_groups, self._shares, strict=True):
            group["lr"] = rate * share


def find_lr(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Any,
    optimizer: Any,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int | None = 32,
    seed: int = 0,
) -> RateSweep:
    """Find a learning rate: train with one that rises from step to step, and see where the loss falls.

    The rate is multiplied by the same factor after each step. While it is too low the loss hardly moves;
    then it falls, faster and faster, and where the rate is too high it rises, which ends it. All this
    happens to copies: the model and the optimizer stay as they are.

    Source: Smith, Cyclical Learning Rates for Training Neural Networks, 2017, section 3.3.

    Parameters
    ----------
    model, X, y, loss, optimizer, batch_size, seed
        As `fit` takes them.
    low, high
        The first rate, and the last.
    steps
        How many steps there are at most.

    Returns
    -------
    RateSweep
        The rate that is suggested is its ``lr``; it prints, and ``plot()`` draws it.

    Raises
    ------
    TypeError, ValueError
        If not 0 < low < high, or there are fewer than 10 steps, or the first loss is not finite.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> model = nn.Linear(1, 1, rng=0)
    >>> found = find_lr(model, x, 3 * x + 1, loss="mse", optimizer=optim.SGD(model.parameters()))
    >>> 0.01 < found.lr < 1
    True
    """
    whole("find_lr", 10, steps=steps)
    in_batches("find_lr", batch_size, seed)
    number("find_lr", 0, above=True, low=low, high=high)
    if not low < high < math.inf:
        raise ValueError(f"find_lr expects 0 < low < high; got low={low!r}, high={high!r}")
    model, loss = model_for(model), loss_for(loss, model)
    given = optimizer_for(optimizer, model)
    model, loss, given = copy.deepcopy((model, loss, given))
    if not model.training:  # as `fit` does
        model.train()
    sweep = _Sweep(np.geomspace(low, high, steps))
    runs = engine_for(None, model, loss, given)
    try:
        intake = Intake(runs.predict, model, loss)
        data = sources(X, y, None, intake, batch_size=batch_size, shuffle=True, seed=seed)
    except BaseException:
        runs.close()
        raise
    parts = {"model": model, "loss": loss, "optimizer": given}
    # An epoch has a step, at least.
    training = Training(runs, data.training, epochs=steps, callbacks=[sweep], **parts)
    training.quiet()  # that it diverges is meant
    training.run()
    if not sweep.losses:
        raise ValueError(
            "find_lr expects a model with a finite loss; the first one is not: fit says why, with the same "
            "model and data"
        )
    count = len(sweep.losses)
    return RateSweep(np.array(sweep.rates[:count]), np.array(sweep.losses))
