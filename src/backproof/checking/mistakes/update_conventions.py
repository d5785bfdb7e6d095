"""Forms of update rules that differ from PyTorch's and are right: each is said, and is no error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from backproof.checking.mistakes.planting import (
    PlantedRule,
    UpdateMistake,
    in_namespace,
    in_order,
    override,
    part,
    with_options,
)
from backproof.checking.mistakes.walking import Rule
from backproof.diagnoses import Severity
from backproof.updates import State
from backproof.updates.adadelta import Adadelta
from backproof.updates.adagrad import Adagrad
from backproof.updates.adam import Adam
from backproof.updates.adamax import Adamax
from backproof.updates.moments import MomentsRule
from backproof.updates.nadam import NAdam
from backproof.updates.radam import RAdam
from backproof.updates.rmsprop import RMSprop
from backproof.updates.rprop import Rprop
from backproof.updates.update import DecayingRule

__all__ = ["CONVENTIONS"]

_NOTE = Severity.NOTE


# --- Where epsilon stands ------------------------------------------------------------------------


def _adam(says: str, scale: Callable[[Any, Any, Any, float], Any]) -> UpdateMistake:
    """Make a row of Adam's scale, ``scale(xp, v, 1 − β₂ᵗ, ε)``."""

    def other(self: Any, xp: Any, second: Any, step: float) -> Any:
        return scale(xp, second, self.correction(self.betas[1], step), self.eps)

    return part(Adam, "epsilon-placement", says, scale=other)


def _root(
    of: Rule | tuple[Rule, ...], says: str, root: Callable[[Any, Any, float, float], Any]
) -> UpdateMistake:
    """Make a row of the root that others take: ``root(xp, value, 1 − β₂ᵗ, ε)`` stands for √value + ε."""

    def functions(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Mapping[str, Any]:
        correction = 1.0
        if isinstance(self, MomentsRule):
            correction = self.correction(self.betas[1], state["step"] + 1)
        return {"sqrt": lambda value: root(xp, value, correction, self.eps) - self.eps}

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, of):
            yield PlantedRule("epsilon-placement", in_namespace(rule, functions), says)

    return UpdateMistake("epsilon-placement", plant)


def _outside_the_root(rule: Rule) -> Iterator[PlantedRule]:
    def functions(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {"sqrt": lambda value: xp.sqrt(value - self.eps) + self.eps}

    if issubclass(rule, Adadelta):
        yield PlantedRule(
            "epsilon-placement",
            in_namespace(rule, functions),
            "has ε outside the roots where the paper and PyTorch have it inside: (√u + ε) / (√v + ε)",
        )


def _beside_the_norm(rule: Rule) -> Iterator[PlantedRule]:
    def outside(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {
            "abs": lambda value: xp.abs(value) - self.eps,
            "scaled_step": lambda parameter, rate, mean, scale: parameter - rate * mean / (scale + self.eps),
        }

    def floor(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {
            "abs": lambda value: xp.abs(value) - self.eps,
            "scaled_step": lambda parameter, rate, mean, scale: (
                parameter - rate * mean / xp.maximum(scale, self.eps)
            ),
        }

    if issubclass(rule, Adamax):
        says = "where PyTorch has max(β₂ u, |g| + ε)"
        yield PlantedRule("epsilon-placement", in_namespace(rule, outside), f"adds ε to the maximum, {says}")
        yield PlantedRule("epsilon-placement", in_namespace(rule, floor), f"has ε as the least norm, {says}")


_INSIDE = (
    "has ε inside the root: √(v + ε) where PyTorch has √v + ε. Both are in use; they differ where "
    "the gradient "
    "is small"
)
_ROOTED = (RMSprop, Adagrad, NAdam, RAdam)

_EPSILON = (
    _adam(
        "has ε inside the root: √(v̂ + ε) where PyTorch has √v̂ + ε. Both are in use; at ε = 1e-8 they "
        "differ where the gradient is small",
        lambda xp, v, c, eps: xp.sqrt(v / c + eps),
    ),
    _adam(
        "adds ε before the bias correction, as TensorFlow does: (√v + ε) / √(1 − β₂ᵗ) where PyTorch has "
        "√v̂ + ε. Both are in use; they differ in the first steps where the gradient is small",
        lambda xp, v, c, eps: (xp.sqrt(v) + eps) / np.sqrt(c),
    ),
    _adam(
        "adds ε to v before the bias correction, inside the root, where PyTorch has √v̂ + ε",
        lambda xp, v, c, eps: xp.sqrt((v + eps) / c),
    ),
    _adam(
        "has ε as the least value of the root, max(√v̂, ε), where PyTorch has √v̂ + ε",
        lambda xp, v, c, eps: xp.maximum(xp.sqrt(v / c), eps),
    ),
    _adam(
        "has ε² inside the root, √(v̂ + ε²), where PyTorch has √v̂ + ε",
        lambda xp, v, c, eps: xp.sqrt(v / c + eps * eps),
    ),
    _root(_ROOTED, _INSIDE, lambda xp, v, c, eps: xp.sqrt(v + eps)),
    _root(
        _ROOTED,
        "has ε as the least value of the root, max(√v, ε), where PyTorch has √v + ε",
        lambda xp, v, c, eps: xp.maximum(xp.sqrt(v), eps),
    ),
    _root(
        _ROOTED,
        "has ε as the least value under the root, √max(v, ε), where PyTorch has √v + ε",
        lambda xp, v, c, eps: xp.sqrt(xp.maximum(v, eps)),
    ),
    _root(
        NAdam,
        "adds ε before the bias correction, (√v + ε) / √(1 − β₂ᵗ), where PyTorch has √v̂ + ε",
        lambda xp, v, c, eps: xp.sqrt(v) + eps / c**0.5,
    ),
    _root(
        RAdam,
        "adds ε after the bias correction, √v̂ + ε, where PyTorch adds it before, (√v + ε) / √(1 − β₂ᵗ)",
        lambda xp, v, c, eps: xp.sqrt(v) + eps * c**0.5,
    ),
    UpdateMistake("epsilon-placement", _outside_the_root),
    UpdateMistake("epsilon-placement", _beside_the_norm),
)


# --- Weight decay --------------------------------------------------------------------------------


def _decay(
    of: Rule, says: str, change: Callable[[Any], float], *, decoupled: bool | None = None
) -> UpdateMistake:
    """Make a row in which λ has another factor."""

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        def options(self: Any) -> dict[str, float]:
            is_decoupled = getattr(self, "decoupled_weight_decay", False)
            return {"weight_decay": change(self)} if decoupled in (None, is_decoupled) else {}

        if issubclass(rule, of):
            yield PlantedRule("update-value", with_options(rule, options), says, severity=_NOTE)

    return UpdateMistake("update-value", plant, _NOTE)


def _decayed_after(rule: Any) -> Iterator[PlantedRule]:
    def update(self: Any, xp: Any, parameter: Any, *roles: Any) -> Any:
        if not self.decoupled_weight_decay:
            return rule.update(self, xp, parameter, *roles)
        moved, after = rule.update(self.changed(weight_decay=0.0), xp, parameter, *roles)
        return (1 - self.lr * self.weight_decay) * moved, after

    if issubclass(rule, MomentsRule):
        says = "lets the parameter decay after the step, where PyTorch does so before it"
        yield PlantedRule("update-value", override(rule, update=update), says, severity=_NOTE)


_DECAYS = (
    _decay(
        DecayingRule,
        "takes the weight decay for the factor of |θ|², whose derivative is 2 λ θ: PyTorch's is "
        "that of |θ|² / 2",
        lambda self: 2 * self.weight_decay,
        decoupled=False,
    ),
    _decay(
        MomentsRule,
        "lets the parameter decay by 1 − λ at each step, as in the paper: PyTorch's is 1 − η λ, so "
        "that its λ "
        "is larger by 1 / η",
        lambda self: self.weight_decay / self.lr,
        decoupled=True,
    ),
    UpdateMistake("update-value", _decayed_after, _NOTE),
)


# --- Forms of single rules -----------------------------------------------------------------------


def _nadam_by_betas(rule: Any) -> Iterator[PlantedRule]:
    """NAdam with one momentum for all steps, in the two forms in which it is written."""

    def both_now(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        first, step = self.betas[0], state["step"] + 1
        # With these momenta the rule's own factors are β₁ / (1 − β₁ᵗ) and (1 − β₁) / (1 − β₁ᵗ).
        now = 1 - (1 - first) / (1 - first**step)
        then = first / (1 - first**step)
        factor = in_order(lambda step: now, lambda step: then)
        alone = override(type(self), momentum_at=lambda self, step: factor(step))
        other = alone(**{name: getattr(self, name) for name in rule.hyperparameters()})
        moved, after = rule.update(other, xp, parameter, gradient, {**state, "mu_product": 0.0})
        return moved, {**after, "mu_product": 0.0}

    if issubclass(rule, NAdam):
        says = (
            "has the momentum β₁ in all steps, as NAdam is often written; PyTorch lets it grow to "
            "β₁ by the paper's "
            "schedule, 1 − ½ · 0.96^(t ψ)"
        )
        constant = override(rule, momentum_at=lambda self, step: self.betas[0])
        for wrong in (constant, override(rule, update=both_now)):
            yield PlantedRule("update-value", wrong, says, severity=_NOTE)


def _amsgrad_corrected(rule: Any) -> Iterator[PlantedRule]:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        if not self.amsgrad:
            return rule.update(self, xp, parameter, gradient, state)
        moments = rule.moments(self, xp, self.prepared(parameter, gradient), state)
        correction = self.correction(self.betas[1], moments["step"])
        corrected = moments["exp_avg_sq"] / correction
        largest = xp.maximum(state["max_exp_avg_sq"], corrected)
        # What the rule will find larger than the second moment, and divide by the correction again.
        at = {**state, "max_exp_avg_sq": largest * correction}
        moved, after = rule.update(self, xp, parameter, gradient, at)
        return moved, {**after, "max_exp_avg_sq": largest}

    if issubclass(rule, Adam):
        says = (
            "takes the largest of the corrected second moments; PyTorch takes the largest, then corrects it"
        )
        yield PlantedRule("update-value", override(rule, update=update), says, severity=_NOTE)


def _rprop_steps_on(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    def kept(condition: Any, zero: Any, gradient: Any) -> Any:
        return gradient

    return {"where": in_order(xp.where, xp.where, kept)}


def _rprop_forms(rule: Any) -> Iterator[PlantedRule]:
    def back(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        changed = self.prepared(parameter, gradient) * state["prev"] < 0
        moved, after = rule.update(self, xp, parameter, gradient, state)
        moved = xp.where(changed, parameter - state.get("moved", 0.0), moved)
        return moved, {**after, "moved": moved - parameter}

    if issubclass(rule, Rprop):
        yield PlantedRule(
            "update-value",
            in_namespace(rule, _rprop_steps_on),
            "makes a shorter step where the gradient changes its sign (Rprop⁻); PyTorch makes none there",
            severity=_NOTE,
        )
        yield PlantedRule(
            "update-value",
            override(rule, update=back),
            "goes back where the gradient changes its sign (Rprop⁺); PyTorch stays",
            severity=_NOTE,
        )


def _radam_forms(rule: Any) -> Iterator[PlantedRule]:
    def stays(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
        return {"plain_step": lambda parameter, rate, mean: parameter}

    if issubclass(rule, RAdam):
        yield PlantedRule(
            "update-value",
            override(
                rule,
                length=lambda self, step: rule.length(self, step) + 1,
                rectification=lambda self, length: rule.rectification(self, length - 1),
            ),
            "rectifies from ρ > 4 on, as in the paper; PyTorch does from ρ > 5 on",
            severity=_NOTE,
        )
        yield PlantedRule(
            "update-value",
            in_namespace(rule, stays),
            "makes no step as long as ρ is small; PyTorch steps by m̂ alone",
            severity=_NOTE,
        )


_FORMS = (
    UpdateMistake("update-value", _nadam_by_betas, _NOTE),
    UpdateMistake("update-value", _amsgrad_corrected, _NOTE),
    UpdateMistake("update-value", _rprop_forms, _NOTE),
    UpdateMistake("update-value", _radam_forms, _NOTE),
)

CONVENTIONS: tuple[UpdateMistake, ...] = (*_EPSILON, *_DECAYS, *_FORMS)
