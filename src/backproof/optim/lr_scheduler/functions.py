"""A schedule by a function of the user's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from backproof.optim.lr_scheduler.schedule import LRScheduler, for_each_group
from backproof.optim.optimizer import Group, Optimizer

__all__ = ["LambdaLR"]


class LambdaLR(LRScheduler):
    """Multiply the initial rate by a function of the epoch, one for all groups or one for each.

    The functions are not part of `state_dict`.

    Raises
    ------
    TypeError
        If what should be a function is none.
    ValueError
        If there are not as many functions as groups.

    Examples
    --------
    >>> from backproof import nn, optim
    >>> schedule = LambdaLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), lambda epoch: 1 / (1 + epoch))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    not_saved: ClassVar[tuple[str, ...]] = (*LRScheduler.not_saved, "lr_lambdas")

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambdas = for_each_group("lr_lambda", lr_lambda, optimizer)
        if not all(callable(function) for function in self.lr_lambdas):
            raise TypeError(f"expected lr_lambda, a function of the epoch; got lr_lambda={lr_lambda!r}")
        super().__init__(optimizer, last_epoch)

    def rate(self, group: Group) -> float:
        """Give the initial rate times the group's function of the epoch."""
        index = next(i for i, other in enumerate(self.optimizer.param_groups) if other is group)
        return float(group["initial_lr"] * self.lr_lambdas[index](self.last_epoch))
