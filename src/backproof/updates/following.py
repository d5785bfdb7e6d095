"""The update rule of groups of parameters, which follows each group's hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backproof.updates.update import UpdateRule

__all__ = ["FollowingRule", "as_number"]


class FollowingRule:
    """A rule for groups, which may come and go, and whose hyperparameters may change from step to step.

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
        #: The values that each group had last, by its identity, with the rule made of them.
        self._made: dict[int, tuple[list[object], UpdateRule]] = {}

    def at(self, group: Mapping[str, Any]) -> UpdateRule:
        """Give the rule with the hyperparameters that the group has now."""
        values = [as_number(group[name]) for name in self._names]
        # A group that has the identity of one that is gone cannot be told from it, and need not be.
        then, rule = self._made.get(id(group), (None, self._rule))
        if values != then:
            rule = self._rule.changed(**dict(zip(self._names, values, strict=True)))
            self._made[id(group)] = values, rule
        return rule


def as_number(value: Any) -> Any:
    """Give an array library's number as Python's, so that it does not change the dtype of an array."""
    if isinstance(value, tuple):
        return tuple(as_number(each) for each in value)
    return value.item() if hasattr(value, "item") else value
