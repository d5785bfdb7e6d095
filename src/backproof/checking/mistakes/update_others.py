"""Mistakes that Adadelta, Adamax, Rprop or ASGD can have, and squares that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from backproof.checking.mistakes.planting import (
    PlantedRule,
    UpdateMistake,
    called,
    functions_of,
    in_namespace,
    in_order,
    override,
    part,
)
from backproof.checking.mistakes.walking import Rule
from backproof.updates import State
from backproof.updates.adadelta import Adadelta
from backproof.updates.adagrad import Adagrad
from backproof.updates.adamax import Adamax
from backproof.updates.asgd import ASGD
from backproof.updates.moments import MomentsRule
from backproof.updates.rmsprop import RMSprop
from backproof.updates.rprop import Rprop
from backproof.updates.update import running_average

__all__ = ["FURTHER_MISTAKES", "SCALED", "UNSQUARED"]

#: The rules that divide by the root of an average, or a sum, of squares.
SCALED = (MomentsRule, RMSprop, Adagrad, Adadelta)

# --- Adamax, Rprop, ASGD ----------------------------------------------------------------------------------


def _signed(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    return {"abs": lambda value: value}


def _signed_scaled(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    """Give the same with ε outside the maximum, as it is mostly written."""
    eps = self.eps
    return {
        "abs": lambda value: value - eps,
        "scaled_step": lambda parameter, rate, mean, scale: parameter - rate * mean / (scale + eps),
    }


def _adamax_forgets(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    return {"maximum": lambda past, size: size}


def _etas_exchanged(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    """Exchange the first two choices by the sign, which make the step longer or shorter."""
    shorter, longer = self.etas

    def changed(condition: Any, size: Any, other: Any) -> Any:
        return xp.where(condition, size * longer / shorter, other)

    def agreed(condition: Any, size: Any, other: Any) -> Any:
        return xp.where(condition, size * shorter / longer, other)

    # Called for a change of sign first, then for agreement, then for the gradient that is kept.
    return {"where": in_order(changed, agreed, xp.where)}


def _step_by_gradient(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    return {"sign": lambda value: value}


def _decayed_by_lambda(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    def step(parameter: Any, rate: float, gradient: Any) -> Any:
        return parameter * (1 - self.lambd) / (1 - self.lambd * rate) - rate * gradient

    return {"plain_step": step}


def _not_decayed(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    def step(parameter: Any, rate: float, gradient: Any) -> Any:
        return parameter / (1 - self.lambd * rate) - rate * gradient

    return {"plain_step": step}


def _constant_eta(rule: Any) -> Iterator[PlantedRule]:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        return rule.update(self, xp, parameter, gradient, {**state, "eta": self.lr})

    if issubclass(rule, ASGD):
        says = "does not let the learning rate fall: η ← η₀ / (1 + λ η₀ t)^α"
        yield PlantedRule("update-value", override(rule, update=update), says)


# --- Adadelta ------------------------------------------------------------------------------------


def _steps_averaged(rule: Rule) -> Iterator[PlantedRule]:
    """Average something else than the squares of the steps, which is the second average."""
    others: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("moment-not-squared", "averages the steps Δ, not their squares: u ← ρ u + (1 − ρ) Δ²", _rooted),
        ("moment-not-squared", "averages |Δ|, not the squares of the steps: u ← ρ u + (1 − ρ) Δ²", _size),
        ("update-value", "averages g² in both places: u averages the squares of the steps", _gradient),
        ("update-value", "has the learning rate in the average of Δ²: u ← ρ u + (1 − ρ) Δ²", _with_rate),
    )
    if not issubclass(rule, Adadelta):
        return
    for diagnosis, says, value in others:

        def functions(
            self: Any, xp: Any, parameter: Any, gradient: Any, state: State, value: Callable[..., Any] = value
        ) -> Mapping[str, Callable[..., Any]]:
            square = running_average(xp, state["square_avg"], self.square(gradient), self.rho)
            delta = xp.sqrt(state["acc_delta"] + self.eps) / xp.sqrt(square + self.eps) * gradient

            def other(mean: Any, _: Any, decay: float) -> Any:
                return running_average(xp, mean, value(self, gradient, delta), decay)

            return {"running_average": called(partial(running_average, xp), other, 2)}

        yield PlantedRule(diagnosis, in_namespace(rule, functions), says)


def _rooted(self: Any, gradient: Any, delta: Any) -> Any:
    return delta


def _size(self: Any, gradient: Any, delta: Any) -> Any:
    return abs(delta)


def _gradient(self: Any, gradient: Any, delta: Any) -> Any:
    return self.square(gradient)


def _with_rate(self: Any, gradient: Any, delta: Any) -> Any:
    return (self.lr * delta) ** 2


FURTHER_MISTAKES: tuple[UpdateMistake, ...] = (
    functions_of(Adamax, "update-value", "has g where |g| belongs: the norm is of the size of g", _signed),
    functions_of(
        Adamax, "update-value", "has g where |g| belongs: the norm is of the size of g", _signed_scaled
    ),
    functions_of(
        Adamax,
        "update-value",
        "does not carry the norm on: u ← max(β₂ u, |g|) needs the old u",
        _adamax_forgets,
    ),
    functions_of(
        Rprop,
        "update-value",
        "exchanges η⁻ and η⁺: a step grows where the gradient keeps its sign, and shrinks where it changes",
        _etas_exchanged,
    ),
    functions_of(
        Rprop, "update-value", "multiplies the step by the gradient: only its sign counts", _step_by_gradient
    ),
    functions_of(
        ASGD, "update-value", "decays by 1 − λ, without the learning rate: it is 1 − λ η", _decayed_by_lambda
    ),
    functions_of(ASGD, "update-value", "does not let the parameters decay: θ ← (1 − λ η) θ", _not_decayed),
    UpdateMistake("update-value", _constant_eta),
    UpdateMistake("update-value", _steps_averaged),
)


# --- Squares ---------------------------------------------------------------------------------------


def _guarded(words: str, guard: Callable[[Any], Any]) -> UpdateMistake:
    """Make a row that has no square either, and keeps the root of what is negative from being NaN."""

    def functions(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {"sqrt": lambda value: xp.sqrt(guard(value))}

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, SCALED):
            wrong = in_namespace(override(rule, square=_itself), functions)
            yield PlantedRule("moment-not-squared", wrong, f"has g where g² belongs, and takes {words}")

    return UpdateMistake("moment-not-squared", plant)


def _itself(self: Any, gradient: Any) -> Any:
    return gradient


UNSQUARED: tuple[UpdateMistake, ...] = (
    part(
        SCALED,
        "moment-not-squared",
        "has the gradient where its square belongs: v is made of g, and its root is NaN where that "
        "is negative",
        square=_itself,
    ),
    part(
        SCALED,
        "moment-not-squared",
        "has |g| where g² belongs",
        square=lambda self, gradient: abs(gradient),
    ),
    _guarded("the root of |v|", abs),
    _guarded("the root of v only where that is positive", lambda value: value * (value > 0)),
)
