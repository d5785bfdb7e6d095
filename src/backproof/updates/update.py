"""What an update rule is: a pure function from parameter, gradient and state to parameter and state.

An update rule is a frozen dataclass whose fields are its hyperparameters, so that changing the
learning rate is `dataclasses.replace`, and whose formula stands in small methods, so that a mistake
is a subclass that overrides one of them: the substitution that the checker plants.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from backproof._typing import Array, Float, Namespace

__all__ = ["CATALOGUE", "State", "UpdateRule", "update_rule"]

#: What a rule remembers of one parameter from step to step: arrays of its shape, and the step count.
State: TypeAlias = dict[str, Any]
_Rule = TypeVar("_Rule", bound="type[UpdateRule]")


@dataclass(frozen=True, kw_only=True)
class UpdateRule:
    """Base of the update rules; the fields are hyperparameters, named and set as in ``torch.optim``."""

    #: Other words for the rule, lower case, with the hyperparameters that they mean.
    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {}

    lr: float = 1e-3

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Give the state before the first step."""
        raise NotImplementedError

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give the parameter and the state after one step. Nothing is changed in place."""
        raise NotImplementedError

    @classmethod
    def hyperparameters(cls) -> dict[str, object]:
        """Give the hyperparameters' names with their defaults.

        Examples
        --------
        >>> CATALOGUE["Adam"].hyperparameters()
        {'lr': 0.001, 'betas': (0.9, 0.999), 'eps': 1e-08}
        """
        return {field.name: field.default for field in dataclasses.fields(cls)}


#: Every update rule by its name in ``torch.optim``.
CATALOGUE: dict[str, type[UpdateRule]] = {}


def update_rule(rule: _Rule) -> _Rule:
    """Put an update rule into the catalogue under its class's name.

    Raises
    ------
    TypeError
        If the name is taken.
    """
    if rule.__name__ in CATALOGUE:
        raise TypeError(
            f"an update rule's name is its own in the catalogue; got name={rule.__name__!r}, which is taken"
        )
    CATALOGUE[rule.__name__] = rule
    return rule
