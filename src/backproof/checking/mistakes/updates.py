"""Mistakes in update rules: each overrides one part of the formula, or one function that it calls.

The rows that many rules can have stand here; those of single rules in `update_rules`, those of what is
kept from step to step in `update_states`, and what is no mistake but a legitimate form in
`update_conventions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from backproof.checking.mistakes.planting import (
    PlantedRule,
    UpdateMistake,
    called,
    in_namespace,
    override,
    part,
    with_options,
)
from backproof.checking.mistakes.update_conventions import CONVENTIONS
from backproof.checking.mistakes.update_others import FURTHER_MISTAKES, SCALED, UNSQUARED
from backproof.checking.mistakes.update_rules import RULE_MISTAKES
from backproof.checking.mistakes.update_states import STATE_MISTAKES
from backproof.checking.mistakes.walking import Rule, Runs, same_path, simulate
from backproof.diagnoses import Severity
from backproof.updates import State, UpdateRule
from backproof.updates.adadelta import Adadelta
from backproof.updates.adam import Adam
from backproof.updates.adamax import Adamax
from backproof.updates.moments import MomentsRule
from backproof.updates.rmsprop import RMSprop
from backproof.updates.update import DecayingRule, running_average

__all__ = ["UPDATE_MISTAKES", "PlantedRule", "Runs", "UpdateMistake", "same_path", "simulate"]

_UNCORRECTED = (
    "The moments start at 0 and are too small in the first steps. Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ"
)
#: So many steps that nothing is left to correct.
_AGES = 10**9


def _everywhere(
    diagnosis: str, says: str, change: Callable[[Rule], Rule], name: str | None = None
) -> UpdateMistake:
    """Make a row that every rule can have; where it changes nothing, it explains nothing."""

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        yield PlantedRule(diagnosis, change(rule), says)

    return UpdateMistake(name or diagnosis, plant)


def _climbing(rule: Any) -> Any:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        moved, state = rule.update(self, xp, parameter, gradient, state)
        return 2 * parameter - moved, state

    return override(rule, update=update)


def _forgetting(rule: Any) -> Any:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        begun = {**rule.start(self, xp, parameter), **{k: state[k] for k in self.numbers if k in state}}
        return rule.update(self, xp, parameter, gradient, begun)

    return override(rule, update=update)


# --- The step count ------------------------------------------------------------------------------


def _counting(diagnosis: str, says: str, count: Callable[[int], int]) -> UpdateMistake:
    """Make a row in which another number stands for the step, where the step corrects a bias."""

    def plant(rule: Any) -> Iterator[PlantedRule]:
        def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
            # 1 − β⁰ is 0: NumPy's number divides by it as an array would, Python's raises.
            exact = self.changed(betas=tuple(np.float64(beta) for beta in self.betas))
            at = {**state, "step": count(state["step"] + 1) - 1}
            moved, after = rule.update(exact, xp, parameter, gradient, at)
            return moved, {**after, "step": state["step"] + 1}

        def correction(self: Any, beta: float, step: float) -> Any:
            return np.float64(rule.correction(self, beta, step))

        if issubclass(rule, Adam | Adamax):
            parts: dict[str, Any] = {"update": update}
            if issubclass(rule, MomentsRule):
                parts["correction"] = correction
            yield PlantedRule(diagnosis, override(rule, **parts), says, nowhere_finite=count(1) == 0)

    return UpdateMistake(diagnosis, plant)


# --- The options ---------------------------------------------------------------------------------

_IGNORED_AS = {"nesterov": "nesterov-mismatch", "momentum": "momentum-missing"}


def _option(
    diagnosis: str, option: str, says: str, change: Callable[[Any], Any], of: Rule = UpdateRule
) -> UpdateMistake:
    """Make a row in which an option has another value than it was given."""

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, of) and option in rule.hyperparameters():
            yield PlantedRule(diagnosis, with_options(rule, lambda self: {option: change(self)}), says)

    return UpdateMistake(diagnosis, plant)


def _without(options: Mapping[str, Any], rule: UpdateRule) -> Mapping[str, Any]:
    return options


def _ignoring(rule: Rule) -> Iterator[PlantedRule]:
    """Give the rule without each of its options.

    One that is off by default may stand in the arguments for other classes of the family alone.
    """
    without = {"nesterov": False, "momentum": 0.0, "weight_decay": 0.0, "centered": False, "amsgrad": False}
    without |= {"maximize": False, "lr_decay": 0.0, "initial_accumulator_value": 0.0, "dampening": 0.0}
    for option in (name for name in rule.hyperparameters() if name in without):  # always in one order
        diagnosis = _IGNORED_AS.get(option, "update-value")
        wrong = with_options(rule, partial(_without, {option: without[option]}))
        severity = None if option in _IGNORED_AS else Severity.WARNING
        yield PlantedRule(diagnosis, wrong, f"makes no use of {option}", {"option": option}, severity)


# --- What is averaged ----------------------------------------------------------------------------


#: What keeps the average of the gradients first, and what keeps that of their squares first.
_FIRST_MOMENT, _SQUARES_FIRST = (MomentsRule, Adamax), (RMSprop, Adadelta)


def _averaging(
    diagnosis: str,
    says: str,
    other: Callable[[Any, Any, float], Any],
    nth: int | None = None,
    of: tuple[Rule, ...] = (*_FIRST_MOMENT, *_SQUARES_FIRST),
) -> UpdateMistake:
    """Make a row in which a running average, the nth or each, is another: ``other(mean, value, decay)``."""

    def functions(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {"running_average": called(partial(running_average, xp), other, nth)}

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, of):
            yield PlantedRule(diagnosis, in_namespace(rule, functions), says)

    return UpdateMistake(diagnosis, plant)


def _begun_anew(mean: Any, value: Any, decay: float) -> Any:
    return (1 - decay) * value


def _averages() -> Iterator[UpdateMistake]:
    yield _averaging(
        "momentum-missing",
        "does not carry the first running average from step to step: it begins anew each time",
        _begun_anew,
        1,
        _FIRST_MOMENT,
    )
    yield _averaging(
        "update-value",
        "does not carry the running average of the squares from step to step: it begins anew each time",
        _begun_anew,
        1,
        _SQUARES_FIRST,
    )
    which: tuple[tuple[int | None, str], ...] = ((1, "the first"), (2, "the second"), (None, "every"))
    for nth, words in which:
        if nth != 1:
            yield _averaging(
                "update-value",
                f"does not carry {words} running average from step to step: it begins anew each time",
                _begun_anew,
                nth,
            )
        yield _averaging(
            "update-value",
            f"exchanges β and 1 − β in {words} running average: m ← β m + (1 − β) g keeps most of m",
            lambda mean, value, decay: (1 - decay) * mean + decay * value,
            nth,
        )
        yield _averaging(
            "update-value",
            f"adds the new value to {words} running average without the factor 1 − β: β m + g grows to "
            "1 / (1 − β) times the average",
            lambda mean, value, decay: decay * mean + value,
            nth,
        )
    yield _averaging(
        "update-value",
        "never updates the second running average: it stays what it was at the start",
        lambda mean, value, decay: mean,
        2,
    )


# --- Roots and squares ---------------------------------------------------------------------------


def _rootless(nth: int | None, words: str) -> UpdateMistake:
    def functions(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {"sqrt": called(xp.sqrt, lambda value: value, nth)}

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, SCALED) and not issubclass(rule, Adam):
            yield PlantedRule("root-missing", in_namespace(rule, functions), words)

    return UpdateMistake("root-missing", plant)


def _one_for_all() -> Iterator[UpdateMistake]:
    """Give the rows in which all elements of a parameter have one scale."""
    for words, over in (("mean", np.mean), ("sum", np.sum), ("largest", np.max)):
        yield part(
            SCALED,
            "update-value",
            f"takes the {words} of g² over the whole parameter: each element has a scale of its own",
            square=lambda self, gradient, over=over: np.full_like(gradient, over(gradient * gradient)),
        )


def _without_epsilon(rule: Rule) -> Iterator[PlantedRule]:
    if "eps" in rule.hyperparameters():
        yield PlantedRule(
            "not-finite",
            with_options(rule, lambda self: {"eps": 0.0}),
            "divides without ε: where all gradients so far were 0 (a unit that never fires) that is 0 / 0, "
            "and the parameter becomes NaN. Add ε, usually 1e-8, to the root",
            severity=Severity.ERROR,
        )


# --- Weight decay --------------------------------------------------------------------------------


def _decay_coupled(rule: Any) -> Iterator[PlantedRule]:
    says = (
        "lets the weight decay pass through the moments where it should shrink the parameter itself, "
        "or the reverse: Adam adds λ θ to the gradient, AdamW multiplies θ by 1 − η λ before the step"
    )

    apart = "it belongs either into the gradient or, as in AdamW, to the parameter itself"

    def exchanged(self: Any) -> dict[str, Any]:
        return {"decoupled_weight_decay": not self.decoupled_weight_decay}

    def prepared(self: Any, parameter: Any, gradient: Any) -> Any:
        return UpdateRule.prepared(self, parameter, gradient)

    def update(self: Any, xp: Any, parameter: Any, *roles: Any) -> Any:
        return rule.update(self, xp, (1 - self.lr * self.weight_decay) * parameter, *roles)

    if issubclass(rule, MomentsRule):
        yield PlantedRule("weight-decay-coupled", with_options(rule, exchanged), says)
        yield PlantedRule(
            "weight-decay-coupled", _decay_scaled(rule), f"divides the weight decay by √v̂: {apart}"
        )
    elif issubclass(rule, DecayingRule):
        says = (
            "lets the parameter decay by itself, θ ← (1 − η λ) θ, where PyTorch adds λ θ to the gradient: "
            "what is remembered of the gradients then lacks it"
        )
        decoupled = override(rule, prepared=prepared, update=update)
        yield PlantedRule("weight-decay-coupled", decoupled, says)
        without_rate = with_options(decoupled, lambda self: {"weight_decay": self.weight_decay / self.lr})
        yield PlantedRule(
            "weight-decay-coupled",
            without_rate,
            f"{says}. Nor does it multiply the decay by the learning rate",
        )


def _decay_scaled(rule: Any) -> Any:
    """Put λ θ beside the first moment: it is divided by the root as that is."""

    def functions(self: Any, xp: Any, parameter: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        decay = self.lr * self.weight_decay * parameter

        def step(parameter: Any, rate: float, direction: Any, scale: Any) -> Any:
            return parameter - (rate * direction + decay) / scale

        return {"scaled_step": step}

    return in_namespace(with_options(rule, lambda self: {"weight_decay": 0.0}), functions)


_STEPS = (
    _counting(
        "bias-correction-missing",
        f"does not correct the moments for their bias. {_UNCORRECTED}",
        lambda step: _AGES,
    ),
    _counting(
        "bias-correction-step",
        "corrects the bias always as in the first step: the step count does not advance. Count t up by 1 "
        "in every step",
        lambda step: 1,
    ),
    _counting(
        "bias-correction-step",
        "corrects the bias with a step count that is one ahead: t is 2 in the first step, where it "
        "should be 1",
        lambda step: step + 1,
    ),
    _counting(
        "bias-correction-step",
        "corrects the bias with a step count that starts at 0: in the first step that divides by 0. "
        "Count t up before it is used",
        lambda step: step - 1,
    ),
    _counting(
        "bias-correction-step",
        "corrects the bias with a step count that advances by 2",
        lambda step: 2 * step,
    ),
)

_OPTIONS = (
    _option(
        "betas-swapped",
        "betas",
        "exchanges the two decay rates: β₁ belongs to the mean, β₂ to the square",
        lambda self: self.betas[::-1],
    ),
    _option(
        "update-scale",
        "lr",
        "does not multiply by the learning rate",
        lambda self: 1.0,
    ),
    _option(
        "update-scale",
        "lr",
        "multiplies by the learning rate twice",
        lambda self: self.lr**2,
    ),
    _option(
        "update-value",
        "weight_decay",
        "has the weight decay with the wrong sign: the parameters grow. Add λ θ to the gradient, or subtract "
        "η λ θ from the parameter",
        lambda self: -self.weight_decay,
    ),
)

#: The table, the likeliest first.
UPDATE_MISTAKES: tuple[UpdateMistake, ...] = (
    _everywhere("update-sign", "climbs: it adds the step where it should subtract it", _climbing),
    *RULE_MISTAKES,
    *FURTHER_MISTAKES,
    *_STEPS,
    *UNSQUARED,
    *_one_for_all(),
    _rootless(None, "divides by the average of the squares itself, not by its root"),
    _rootless(1, "lacks the root that it should take first"),
    _rootless(2, "lacks the root that it should take second"),
    *_OPTIONS,
    UpdateMistake("weight-decay-coupled", _decay_coupled),
    UpdateMistake("not-finite", _without_epsilon),
    *STATE_MISTAKES,
    _everywhere(
        "update-value",
        "forgets at each step what it should remember: sums, averages and velocities begin anew. Keep them "
        "on the optimizer, not in a local name",
        _forgetting,
    ),
    *_averages(),
    UpdateMistake("update-value", _ignoring),
    *CONVENTIONS,
)
