"""Mistakes that gradient descent, RMSprop, Adam or its near relatives can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from backproof.checking.mistakes.planting import (
    PlantedRule,
    UpdateMistake,
    functions_of,
    in_namespace,
    override,
    part,
    with_options,
)
from backproof.diagnoses import Severity
from backproof.updates import State
from backproof.updates.adam import Adam
from backproof.updates.moments import MomentsRule
from backproof.updates.nadam import NAdam
from backproof.updates.radam import RAdam
from backproof.updates.rmsprop import RMSprop
from backproof.updates.sgd import SGD

__all__ = ["RULE_MISTAKES"]

_UNCORRECTED = (
    "The moments start at 0 and are too small in the first steps. Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ"
)


# --- Gradient descent ----------------------------------------------------------------------------


def _gradient_times_lr(self: Any, parameter: Any, gradient: Any) -> Any:
    return self.lr * SGD.prepared(self, parameter, gradient)


def _averaged(self: Any, velocity: Any, gradient: Any) -> Any:
    fresh = (1 - self.momentum) * gradient
    return fresh if velocity is None else self.momentum * velocity + fresh


def _other_direction(self: Any, velocity: Any, gradient: Any) -> Any:
    return SGD.direction(self.changed(nesterov=not self.nesterov), velocity, gradient)


def _old_velocity(rule: Any) -> Iterator[PlantedRule]:
    """Move by the velocity that was there before this gradient."""

    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        velocity = state.get("momentum_buffer", xp.zeros_like(parameter))
        moved, after = rule.update(self, xp, parameter, gradient, state)
        return (self.moved(xp, parameter, velocity) if self.momentum else moved), after

    if issubclass(rule, SGD):
        yield PlantedRule(
            "update-value",
            override(rule, update=update),
            "moves by the velocity of the step before: update the velocity first, then the parameter",
        )


def _dampenings(rule: Any) -> Iterator[PlantedRule]:
    def from_zero(self: Any, velocity: Any, gradient: Any) -> Any:
        return rule.velocity(self, 0 * gradient if velocity is None else velocity, gradient)

    if not issubclass(rule, SGD):
        return
    first = override(rule, velocity=from_zero)
    by_tau = "multiplies the gradient in the velocity by the dampening τ: it is 1 − τ"
    says = "begins with a velocity of 0 and dampens the first gradient too: in PyTorch v is g there"
    yield PlantedRule("update-value", first, says, severity=Severity.NOTE)
    turned = with_options(rule, lambda self: {"dampening": 1 - self.dampening if self.momentum else 0})
    everywhere = override(
        rule,
        prepared=lambda self, parameter, gradient: self.dampening * rule.prepared(self, parameter, gradient),
        velocity=lambda self, velocity, gradient: rule.velocity(
            self.changed(dampening=0.0), velocity, gradient
        ),
    )
    for wrong in (turned, everywhere):
        yield PlantedRule("update-value", wrong, by_tau)


_LR_INSIDE = (
    "folds the learning rate into the velocity: v ← μ v + η g, θ ← θ − v. That is the same as "
    "PyTorch's v ← μ v + g, θ ← θ − η v until the rate changes; after that the steps still to come "
    "from the old gradients keep the old rate. Multiply by the rate when the parameter is updated"
)

_DESCENT = (
    part(
        SGD,
        "velocity-holds-lr",
        _LR_INSIDE,
        prepared=_gradient_times_lr,
        moved=lambda self, xp, parameter, direction: parameter - direction,
    ),
    part(
        SGD,
        "momentum-averaged",
        "multiplies the gradient in the velocity by 1 − μ: v ← μ v + (1 − μ) g. PyTorch has v ← μ v + g",
        velocity=_averaged,
    ),
    part(
        SGD,
        "momentum-missing",
        "does not carry the velocity from step to step",
        velocity=lambda self, velocity, gradient: gradient,
    ),
    part(
        SGD,
        "nesterov-mismatch",
        "has plain momentum where Nesterov's is expected, or the reverse. (Plain momentum on gradients that "
        "are taken at the point looked ahead to is Nesterov's too; no optimizer can see where its gradients "
        "were taken)",
        direction=_other_direction,
    ),
    UpdateMistake("update-value", _old_velocity),
    UpdateMistake("update-value", _dampenings),
)


# --- RMSprop's momentum --------------------------------------------------------------------------


def _scaled(
    diagnosis: str, says: str, factor: Callable[[Any], float], *, whole: bool = False
) -> UpdateMistake:
    """Make a row in which RMSprop's velocity takes in ``factor`` times the scaled gradient."""

    def plant(rule: Any) -> Iterator[PlantedRule]:
        def scale(self: Any, *roles: Any) -> Any:
            return rule.scale(self, *roles) / (factor(self) if self.momentum else 1.0)

        def functions(self: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
            step = {"plain_step": lambda parameter, rate, direction: parameter - direction}
            return step if self.momentum else {}

        if issubclass(rule, RMSprop):
            wrong = override(rule, scale=scale)
            yield PlantedRule(diagnosis, in_namespace(wrong, functions) if whole else wrong, says)

    return UpdateMistake(diagnosis, plant)


def _rms_forgets(rule: Any) -> Iterator[PlantedRule]:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        if self.momentum:
            state = {**state, "momentum_buffer": xp.zeros_like(parameter)}
        return rule.update(self, xp, parameter, gradient, state)

    if issubclass(rule, RMSprop):
        says = "does not carry the velocity from step to step"
        yield PlantedRule("momentum-missing", override(rule, update=update), says)


def _mean_for_its_square(self: Any, xp: Any, square: Any, mean: Any) -> Any:
    return xp.sqrt(square if mean is None else square - mean) + self.eps


def _mean_added(self: Any, xp: Any, square: Any, mean: Any) -> Any:
    return xp.sqrt(square if mean is None else square + mean * mean) + self.eps


_RMS = (
    part(
        RMSprop,
        "update-value",
        "subtracts the mean m of the gradients from v: the variance is v − m²",
        scale=_mean_for_its_square,
    ),
    part(RMSprop, "update-value", "adds m² to v: the variance is v − m²", scale=_mean_added),
    _scaled("velocity-holds-lr", _LR_INSIDE, lambda self: self.lr, whole=True),
    _scaled(
        "momentum-averaged",
        "multiplies the scaled gradient in the velocity by 1 − μ, which PyTorch does not",
        lambda self: 1 - self.momentum,
    ),
    UpdateMistake("momentum-missing", _rms_forgets),
)


# --- Adam and its relatives ----------------------------------------------------------------------


def _second_uncorrected(self: Any, xp: Any, second: Any, step: float) -> Any:
    return xp.sqrt(second) + self.eps


def _first_uncorrected(self: Any, beta: float, step: float) -> float:
    return 1.0 if beta == self.betas[0] else MomentsRule.correction(self, beta, step)


def _other_beta(self: Any, beta: float, step: float) -> float:
    return MomentsRule.correction(self, self.betas[int(beta == self.betas[0])], step)


def _without_products(rule: Any, *, second: bool) -> Any:
    """Take the corrections from NAdam: that of m, by the products of the momenta, and that of v."""

    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        return rule.update(self, xp, parameter, gradient, {**state, "mu_product": 0.0})

    both = {"correction": lambda self, beta, step: 1.0} if second else {}
    return override(rule, update=update, **both)


def _corrected_kept(rule: Any) -> Iterator[PlantedRule]:
    for which, words in (({0}, "first"), ({1}, "second"), ({0, 1}, "first and the second")):

        def update(self: Any, xp: Any, *roles: Any, which: set[int] = which) -> Any:
            moved, after = rule.update(self, xp, *roles)
            kept = dict(after)
            for index in which:
                name = ("exp_avg", "exp_avg_sq")[index]
                kept[name] = after[name] / self.correction(self.betas[index], after["step"])
            return moved, kept

        if issubclass(rule, Adam):
            says = f"keeps the {words} moment with its correction: the next step corrects it again"
            yield PlantedRule("update-value", override(rule, update=update), says)


def _nadam(rule: Any) -> Iterator[PlantedRule]:
    if not issubclass(rule, NAdam):
        return
    missing = "bias-correction-missing"
    yield PlantedRule(
        missing,
        _without_products(rule, second=True),
        f"does not correct the moments for their bias. {_UNCORRECTED}",
    )
    yield PlantedRule(
        missing, _without_products(rule, second=False), "does not correct the first moment for its bias"
    )
    yield PlantedRule(
        missing,
        override(rule, correction=lambda self, beta, step: 1.0),
        "does not correct the second moment for its bias",
    )


def _momenta(rule: Any) -> Iterator[PlantedRule]:
    """NAdam with the momentum of another step, or with that of each step alone."""

    def alone(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        return rule.update(self, xp, parameter, gradient, {**state, "mu_product": 1.0})

    def same(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        now = self.momentum_at(state["step"] + 1)
        fixed = override(type(self), momentum_at=lambda self, step: now)
        other = fixed(**{name: getattr(self, name) for name in rule.hyperparameters()})
        return rule.update(other, xp, parameter, gradient, state)

    if issubclass(rule, NAdam):
        says = "does not carry the product of the momenta from step to step: it is μ₁ μ₂ … μₜ"
        yield PlantedRule("update-value", override(rule, update=alone), says)
        says = "has the momentum of this step, μₜ, before m, where that of the next, μₜ₊₁, belongs"
        yield PlantedRule("update-value", override(rule, update=same), says)


def _smallest(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    return {"maximum": xp.minimum}


def _rectified_uncorrected(self: Any, xp: Any, *roles: Any) -> Mapping[str, Callable[..., Any]]:
    state = roles[-1]
    root = self.correction(self.betas[1], state["step"] + 1) ** 0.5
    return {"scaled_step": lambda parameter, rate, mean, scale: parameter - rate / root * mean / scale}


_ADAM = (
    part(
        Adam,
        "bias-correction-missing",
        f"does not correct the second moment for its bias. {_UNCORRECTED}",
        scale=_second_uncorrected,
    ),
    part(
        (Adam, RAdam),
        "bias-correction-missing",
        f"does not correct the first moment for its bias. {_UNCORRECTED}",
        correction=_first_uncorrected,
    ),
    functions_of(
        RAdam,
        "bias-correction-missing",
        "does not correct the second moment for its bias: √(1 − β₂ᵗ) is missing in the rectified step",
        _rectified_uncorrected,
    ),
    part(
        Adam,
        "update-value",
        "corrects each moment by the decay rate of the other: m belongs to 1 − β₁ᵗ, v to 1 − β₂ᵗ",
        correction=_other_beta,
    ),
    part(
        Adam,
        "update-value",
        "corrects both moments by β₁: v belongs to 1 − β₂ᵗ",
        correction=lambda self, beta, step: MomentsRule.correction(self, self.betas[0], step),
    ),
    part(
        Adam,
        "update-value",
        "corrects both moments by β₂: m belongs to 1 − β₁ᵗ",
        correction=lambda self, beta, step: MomentsRule.correction(self, self.betas[1], step),
    ),
    part(
        Adam,
        "root-missing",
        "divides by the second moment itself, not by its root",
        scale=lambda self, xp, second, step: second / self.correction(self.betas[1], step) + self.eps,
    ),
    UpdateMistake("bias-correction-missing", _nadam),
    UpdateMistake("update-value", _momenta),
    functions_of(
        Adam,
        "update-value",
        "keeps the smallest second moment so far, where AMSGrad keeps the largest",
        _smallest,
    ),
    UpdateMistake("update-value", _corrected_kept),
    part(
        Adam,
        "update-value",
        "corrects the bias by 1 − β t: it is 1 − βᵗ, β to the power of t",
        correction=lambda self, beta, step: np.float64(1 - beta * step),  # its root is NaN, not complex
    ),
    part(
        RAdam,
        "update-value",
        "lacks the root of the rectification: r is √((ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ))",
        rectification=lambda self, length: RAdam.rectification(self, length) ** 2,
    ),
)


#: By rule, the likeliest first.
RULE_MISTAKES: tuple[UpdateMistake, ...] = (*_DESCENT, *_RMS, *_ADAM)
