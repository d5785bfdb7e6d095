"""What a schedule is: a learning rate for each epoch, written into the optimizer's groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar

from backproof.optim.optimizer import Group, Optimizer

__all__ = ["LRScheduler", "for_each_group", "require_above_zero"]


class LRScheduler:
    """Base of the schedules; each says in `rate` what the learning rate of an epoch is.

    Made, it sets the rate of epoch 0; `step`, after the optimizer's steps of an epoch, that of the next.
    The rate a group had at first is kept in it as ``initial_lr``.

    Parameters
    ----------
    optimizer
        The optimizer whose rate is set.
    last_epoch
        The epoch that was finished last; −1 at the start.

    Raises
    ------
    TypeError
        If ``optimizer`` is none of `backproof.optim`.
    ValueError
        If ``last_epoch`` is below −1.
    KeyError
        If it goes on from an epoch, and the groups do not know their ``initial_lr``.
    """

    #: Whether the rate stays what it is when a schedule is made to go on from an epoch, as in PyTorch.
    resumes_unchanged: ClassVar[bool] = False
    #: What `state_dict` leaves out.
    not_saved: ClassVar[tuple[str, ...]] = ("optimizer",)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = _checked(optimizer)
        if last_epoch < -1:
            raise ValueError(
                f"expected last_epoch from 0 on, or -1 at the start; got last_epoch={last_epoch!r}"
            )
        if last_epoch == -1:
            for group in optimizer.param_groups:
                group.setdefault("initial_lr", group["lr"])
        for index, group in enumerate(optimizer.param_groups):
            if "initial_lr" not in group:
                raise KeyError(
                    f"to go on from last_epoch={last_epoch}, param_groups[{index}] needs its initial_lr: "
                    "load the optimizer's state_dict first"
                )
        self.last_epoch = last_epoch
        if last_epoch >= 0 and self.resumes_unchanged:
            self.last_epoch += 1
            self._last_lr = [group["lr"] for group in optimizer.param_groups]
        else:
            LRScheduler.step(self)

    def rate(self, group: Group) -> float:
        """Give a group's learning rate in the epoch `last_epoch`."""
        raise NotImplementedError

    def step(self) -> None:
        """Go on to the next epoch and set its learning rate."""
        self.last_epoch += 1
        self.set_rates()

    def set_rates(self) -> None:
        """Set the learning rate of the epoch `last_epoch` in every group."""
        for group in self.optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = self.rate(group)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    @property
    def base_lrs(self) -> list[float]:
        """The rate that each group had at first."""
        return [group["initial_lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """Give the learning rate of each group that was set last."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """Give all that the schedule remembers, but not the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name not in self.not_saved}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises
        ------
        ValueError
            If it is not of this schedule: a part of its state is missing.
        """
        own = self.state_dict().keys()
        if missing := sorted(own - state_dict.keys()):
            raise ValueError(f"expected the state of a {type(self).__name__}; it lacks {', '.join(missing)}")
        self.__dict__.update({name: state_dict[name] for name in own})


def _checked(optimizer: object) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"a schedule needs an optimizer of backproof.optim; got {type(optimizer).__name__}. For those of "
            "torch use torch.optim.lr_scheduler"
        )
    return optimizer


def require_above_zero(name: str, value: Any) -> None:
    """Refuse what is no number above 0.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not (isinstance(value, Real) and float(value) > 0):
        raise ValueError(f"expected {name}, a number above 0; got {name}={value!r}")


def for_each_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Give a value for each group: those given, or the one for all.

    Raises
    ------
    ValueError
        If there are not as many as groups.
    """
    groups = len(_checked(optimizer).param_groups)
    if not isinstance(value, Sequence):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"expected {name} for each of {groups} groups, got {len(value)}: {name}={value!r}")
    return list(value)
