"""The update rule of a group of parameters, which follows the group's hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backproof.updates.update import UpdateRule

__all__ = ["FollowingRule", "as_number"]


class FollowingRule:
    """A rule for a group whose hyperparameters may change from step to step.

    It is made anew only when they do, so that a step costs little. Their ranges are those at the start:
    what a schedule makes of them is taken as it is.

    Examples
    --------
    >>> from backproof.updates import CATALOGUE
    >>> group = {"lr": 0.1, "momentum": 0.9, "dampening": 0, "weight_decay": 0}
    >>> group |= {"nesterov": False, "maximize": False}
    >>> following = FollowingRule(CATALOGUE["SGD"])
    >>> first = following.at(group)
    >>> following.at(group) is first
    True
    >>> following.at({**group, "lr": 0.05}).lr
    0.05
    """

    def __init__(self, rule: type[UpdateRule]) -> None:
        self._names = tuple(rule.hyperparameters())
        self._rule = rule()
        self._values: list[object] = []

    def at(self, group: Mapping[str, Any]) -> UpdateRule:
        """Give the rule with the hyperparameters that the group has now."""
        values = [as_number(group[name]) for name in self._names]
        if values != self._values:
            self._rule = self._rule.changed(**dict(zip(self._names, values, strict=True)))
            self._values = values
        return self._rule


def as_number(value: Any) -> Any:
    """Give an array library's number as Python's, so that it does not change the dtype of an array."""
    if isinstance(value, tuple):
        return tuple(as_number(each) for each in value)
    return value.item() if hasattr(value, "item") else value
