"""What an update rule is: a pure function from parameter, gradient and state to parameter and state.

An update rule is a frozen dataclass whose fields are its hyperparameters, in the order of
``torch.optim``, and whose formula stands in small methods, so that a mistake is a subclass that
overrides one of them: the substitution that the checker plants. Every formula goes element by element
over its arrays, so that it can be run over blocks of them (`backproof.updates.apply`), and scalars
are Python's numbers, so that an array keeps its dtype.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from backproof._typing import Array, Float, Namespace

__all__ = [
    "CATALOGUE",
    "DecayingRule",
    "State",
    "UpdateRule",
    "plain_step",
    "running_average",
    "scaled_step",
    "update_rule",
]

#: What a rule remembers of one parameter from step to step, by PyTorch's names: arrays of its shape,
#: and the numbers that `UpdateRule.numbers` names.
State: TypeAlias = dict[str, Any]
_Rule = TypeVar("_Rule", bound="type[UpdateRule]")
_Made = TypeVar("_Made", bound="UpdateRule")


def running_average(
    xp: Namespace, mean: Float[Array, "*shape"], value: Float[Array, "*shape"], decay: float
) -> Float[Array, "*shape"]:
    """Give the running average, decay · mean + (1 − decay) · value. The mean is given up."""
    if "running_average" in vars(xp):
        return xp.running_average(mean, value, decay)
    return decay * mean + (1 - decay) * value


def plain_step(
    xp: Namespace, parameter: Float[Array, "*shape"], rate: float, direction: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """Give θ − rate · direction. The parameter is given up."""
    if "plain_step" in vars(xp):
        return xp.plain_step(parameter, rate, direction)
    return parameter - rate * direction


def scaled_step(
    xp: Namespace,
    parameter: Float[Array, "*shape"],
    rate: float,
    direction: Float[Array, "*shape"],
    scale: Float[Array, "*shape"],
) -> Float[Array, "*shape"]:
    """Give θ − rate · direction / scale. The parameter is given up."""
    if "scaled_step" in vars(xp):
        return xp.scaled_step(parameter, rate, direction, scale)
    return parameter - rate * (direction / scale)


@dataclass(frozen=True, kw_only=True)
class UpdateRule:
    """Base of the update rules; the fields are hyperparameters, named and set as in ``torch.optim``.

    Raises
    ------
    TypeError
        If a hyperparameter is no number.
    ValueError
        If a hyperparameter is out of its range.
    """

    #: Other words for the rule, lower case, with the hyperparameters that they mean.
    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    #: What of the state is a number, not an array.
    numbers: ClassVar[tuple[str, ...]] = ("step",)
    #: The hyperparameters that must not be below 0.
    not_negative: ClassVar[tuple[str, ...]] = ("lr", "eps", "weight_decay", "momentum")

    if TYPE_CHECKING:  # each rule lists its hyperparameters itself, in PyTorch's order
        lr: float = 1e-3
        maximize: bool = False

    def __post_init__(self) -> None:
        """Refuse hyperparameters that are no numbers or out of their range."""
        for name, default in self.hyperparameters().items():
            self._require_numbers(name, getattr(self, name), default)
        for name in self.not_negative:
            if not getattr(self, name, 0) >= 0:
                self.refuse(name, "at least 0")
        if not all(0 <= beta < 1 for beta in getattr(self, "betas", ())):
            self.refuse("betas", "two numbers, each at least 0 and below 1")

    def _require_numbers(self, name: str, value: Any, default: Any) -> None:
        count, expected, given = 1, "True or False" if isinstance(default, bool) else "a number", (value,)
        if isinstance(default, tuple):
            count, expected = len(default), f"{len(default)} numbers"
            given = tuple(value) if isinstance(value, (tuple, list)) else ()
        if len(given) != count or not all(isinstance(each, Real) for each in given):
            raise TypeError(
                f"{type(self).__name__} needs {name}, {expected}; got {name}={value!r} "
                f"({type(value).__name__})"
            )

    def refuse(self, name: str, expected: str) -> None:
        """Say that a hyperparameter is out of its range.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"{type(self).__name__} needs {name} {expected}; got {name}={getattr(self, name)!r}")

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Give the state before the first step."""
        raise NotImplementedError

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give the parameter and the state after one step.

        Nothing is changed, unless ``xp`` is a `backproof.updates.blocks.InPlace`: then what is given up,
        to the functions that say so, is written to, and must not be read again.
        """
        raise NotImplementedError

    def prepared(
        self, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Give the gradient that the formula is about: with ``maximize``, that of what falls, −g."""
        return -gradient if self.maximize else gradient

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Give the hyperparameters' names with their defaults, in the order of ``torch.optim``.

        Examples
        --------
        >>> CATALOGUE["Rprop"].hyperparameters()
        {'lr': 0.01, 'etas': (0.5, 1.2), 'step_sizes': (1e-06, 50), 'maximize': False}
        """
        return {field.name: field.default for field in dataclasses.fields(cls) if field.init}

    def changed(self: _Made, **hyperparameters: Any) -> _Made:
        """Give the rule with other hyperparameters, which are taken as they are.

        `dataclasses.replace` checks their ranges again; a schedule may end a rounding below 0.

        Examples
        --------
        >>> CATALOGUE["SGD"](lr=0.1).changed(lr=-1e-19).lr
        -1e-19
        """
        other = copy.copy(self)
        for name, value in hyperparameters.items():
            object.__setattr__(other, name, value)
        return other


@dataclass(frozen=True, kw_only=True)
class DecayingRule(UpdateRule):
    """Base of the update rules that let the parameters decay: an L² penalty of weight λ/2 on them."""

    if TYPE_CHECKING:
        weight_decay: float = 0.0

    def prepared(
        self, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Give g + λ θ, with g of what falls."""
        gradient = super().prepared(parameter, gradient)
        return gradient + self.weight_decay * parameter if self.weight_decay else gradient

    def square(self, gradient: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Give g²: what the rules that scale their steps add up or average."""
        return gradient * gradient


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
