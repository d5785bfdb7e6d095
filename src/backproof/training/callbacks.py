"""Callbacks: what looks on while training runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from backproof._names import said

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["Callback", "EveryEpoch", "callback"]


class Callback:
    """Base of what looks on: it is told of what it has a method for.

    `Training` says where training is; ``training.stop("why")`` ends it. One that remembers something has
    ``state_dict`` and ``load_state_dict``: a checkpoint keeps what the first gives, and the second gets it,
    after `on_start`, when training goes on from there.

    Whenever one is told, the model and the optimizer are up to date, and what it changes in them counts from
    the next step on. One whose class says ``by_engine = True`` spares that: it looks at parameters and
    gradients through ``training.engine`` alone, or calls its `sync` itself. It holds for that class, not for
    those derived from it.
    """

    by_engine: ClassVar[bool] = False

    def on_start(self, training: Training) -> None:
        """Be told before the first step."""

    def on_step(self, training: Training, loss: float) -> None:
        """Be told after each step; a loss that is not finite has moved nothing."""

    def on_epoch(self, training: Training) -> None:
        """Be told after each epoch, which is then the history's last."""

    def on_end(self, training: Training) -> None:
        """Be told after the last step, also if that raised an error."""


class EveryEpoch(Callback):
    """Calls a function after each epoch."""

    def __init__(self, function: Callable[[Training], object]) -> None:
        self.function = function

    def on_epoch(self, training: Training) -> None:
        """Call it."""
        self.function(training)


def callback(given: Any) -> Callback:
    """Give a callback as one: a function is called after each epoch.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(given, Callback):
        return given
    if callable(given) and not isinstance(given, type):
        return EveryEpoch(given)
    raise TypeError(
        f"expected callbacks: a backproof.Callback, or a function that takes the training; got {said(given)}"
    )
