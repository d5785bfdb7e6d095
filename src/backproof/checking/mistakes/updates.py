"""Mistakes in update rules: each a subclass that overrides one part of the formula."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Course
from backproof.updates import State, UpdateRule
from backproof.updates.adam import Adam
from backproof.updates.moments import MomentsRule
from backproof.updates.sgd import SGD

__all__ = [
    "UPDATE_MISTAKES",
    "Parameters",
    "PlantedRule",
    "Runs",
    "UpdateMistake",
    "explain_updates",
    "same_path",
    "simulate",
]

Rule: TypeAlias = type[UpdateRule]
Parameters: TypeAlias = tuple[NDArray[Any], ...]
#: For each course the options, the course, and the candidate's parameters after each step.
Runs: TypeAlias = Sequence[tuple[Mapping[str, Any], Course, Sequence[Parameters]]]


def simulate(rule: Rule, options: Mapping[str, Any], course: Course) -> list[Parameters]:
    """Run an update rule over a course; give the parameters after each step."""
    return list(_walk(rule, options, course))


def _walk(rule: Rule, options: Mapping[str, Any], course: Course) -> Iterator[Parameters]:
    parameters = list(course.parameters)
    states: list[State | None] = [None] * len(parameters)
    for gradients, rate in zip(course.gradients, course.rates, strict=True):
        at_rate = rule(**{**options, "lr": rate})
        for index, gradient in enumerate(gradients):
            if gradient is not None:
                state = states[index] or at_rate.start(np, parameters[index])
                parameters[index], states[index] = at_rate.update(np, parameters[index], gradient, state)
        yield tuple(parameters)


@dataclass(frozen=True)
class PlantedRule:
    """An update rule with one mistake in it; ``says`` completes the sentence "The optimizer …"."""

    diagnosis: str
    rule: Rule
    says: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UpdateMistake:
    """A row of the table; ``plant(rule)`` gives the wrong rules, none where the rule cannot have it."""

    name: str
    plant: Callable[[Rule], Iterator[PlantedRule]]


def _override(rule: Any, **methods: Callable[..., Any]) -> Any:
    return type(rule.__name__, (rule,), methods)


def _sign(rule: Rule) -> Iterator[PlantedRule]:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        moved, state = rule.update(self, xp, parameter, gradient, state)
        return 2 * parameter - moved, state

    yield PlantedRule(
        "update-sign", _override(rule, update=update), "climbs: it adds the step where it should subtract it"
    )


def _sgd(diagnosis: str, says: str, **methods: Callable[..., Any]) -> UpdateMistake:
    """Make a row of parts of SGD's formula."""
    return _part(SGD, diagnosis, says, **methods)


def _adam(diagnosis: str, says: str, **methods: Callable[..., Any]) -> UpdateMistake:
    """Make a row of parts of Adam's formula."""
    return _part(Adam, diagnosis, says, **methods)


def _part(of: Rule, diagnosis: str, says: str, **methods: Callable[..., Any]) -> UpdateMistake:
    """Make a row of parts that a rule and those made from it have."""

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, of):
            yield PlantedRule(diagnosis, _override(rule, **methods), says)

    return UpdateMistake(diagnosis, plant)


def _gradient_times_lr(self: Any, parameter: Any, gradient: Any) -> Any:
    return self.lr * SGD.prepared(self, parameter, gradient)


def _averaged(self: Any, velocity: Any, gradient: Any) -> Any:
    fresh = (1 - self.momentum) * gradient
    return fresh if velocity is None else self.momentum * velocity + fresh


def _other_direction(self: Any, velocity: Any, gradient: Any) -> Any:
    return SGD.direction(self.changed(nesterov=not self.nesterov), velocity, gradient)


def _second_uncorrected(self: Any, xp: Any, second: Any, step: float) -> Any:
    return xp.sqrt(second) + self.eps


def _first_uncorrected(self: Any, beta: float, step: float) -> float:
    return 1.0 if beta == self.betas[0] else Adam.correction(self, beta, step)


def _step_behind(self: Any, beta: float, step: float) -> Any:
    # 1 − β⁰ is 0: NumPy's number divides by it as an array would, Python's raises.
    return np.float64(Adam.correction(self, beta, step - 1))


def _corrected(self: Any, second: Any, step: float) -> Any:
    return second / self.correction(self.betas[1], step)


def _inside_root(self: Any, xp: Any, second: Any, step: float) -> Any:
    return xp.sqrt(_corrected(self, second, step) + self.eps)


def _before_correction(self: Any, xp: Any, second: Any, step: float) -> Any:
    return (xp.sqrt(second) + self.eps) / np.sqrt(self.correction(self.betas[1], step))


def _inside_root_before_correction(self: Any, xp: Any, second: Any, step: float) -> Any:
    return xp.sqrt(_corrected(self, second + self.eps, step))


def _betas_swapped(rule: Rule) -> Iterator[PlantedRule]:
    def update(self: Any, *roles: Any) -> Any:
        return rule.update(self.changed(betas=self.betas[::-1]), *roles)

    if "betas" in rule.hyperparameters():
        yield PlantedRule(
            "betas-swapped",
            _override(rule, update=update),
            "exchanges the two decay rates: β₁ belongs to the mean, β₂ to the square",
        )


def _decay_coupled(rule: Rule) -> Iterator[PlantedRule]:
    def update(self: Any, *roles: Any) -> Any:
        other = self.changed(decoupled_weight_decay=not self.decoupled_weight_decay)
        return rule.update(other, *roles)

    if issubclass(rule, MomentsRule):
        yield PlantedRule(
            "weight-decay-coupled",
            _override(rule, update=update),
            "lets the weight decay pass through the moments where it should shrink the parameter itself, "
            "or the reverse: Adam adds λ θ to the gradient, AdamW multiplies θ by 1 − η λ before the step",
        )


_UNCORRECTED = (
    "The moments start at 0 and are too small in the first steps. Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ"
)

#: The table, the likeliest first.
UPDATE_MISTAKES: tuple[UpdateMistake, ...] = (
    UpdateMistake("update-sign", _sign),
    _sgd(
        "velocity-holds-lr",
        "folds the learning rate into the velocity: v ← μ v + η g, θ ← θ − v. That is the same as "
        "PyTorch's v ← μ v + g, θ ← θ − η v until the rate changes; after that the steps still to come "
        "from the old gradients keep the old rate. Multiply by the rate when the parameter is updated",
        prepared=_gradient_times_lr,
        moved=lambda self, xp, parameter, direction: parameter - direction,
    ),
    _sgd(
        "momentum-averaged",
        "multiplies the gradient in the velocity by 1 − μ: v ← μ v + (1 − μ) g. PyTorch has v ← μ v + g",
        velocity=_averaged,
    ),
    _sgd(
        "momentum-missing",
        "does not carry the velocity from step to step",
        velocity=lambda self, velocity, gradient: gradient,
    ),
    _sgd(
        "nesterov-mismatch",
        "has plain momentum where Nesterov's is expected, or the reverse",
        direction=_other_direction,
    ),
    _adam(
        "bias-correction-missing",
        f"does not correct the moments for their bias. {_UNCORRECTED}",
        correction=lambda self, beta, step: 1.0,
    ),
    _adam(
        "bias-correction-missing",
        f"does not correct the second moment for its bias. {_UNCORRECTED}",
        scale=_second_uncorrected,
    ),
    _adam(
        "bias-correction-missing",
        f"does not correct the first moment for its bias. {_UNCORRECTED}",
        correction=_first_uncorrected,
    ),
    _adam(
        "bias-correction-step",
        "corrects the bias always as in the first step: the step count does not advance. Count t up by 1 "
        "in every step",
        correction=lambda self, beta, step: Adam.correction(self, beta, 1),
    ),
    _adam(
        "bias-correction-step",
        "corrects the bias with a step count that is one ahead: t is 2 in the first step, where it "
        "should be 1",
        correction=lambda self, beta, step: Adam.correction(self, beta, step + 1),
    ),
    _adam(
        "bias-correction-step",
        "corrects the bias with a step count that starts at 0: in the first step that divides by 0. "
        "Count t up before it is used",
        correction=_step_behind,
    ),
    _adam(
        "epsilon-placement",
        "has ε inside the root: √(v̂ + ε) where PyTorch has √v̂ + ε. Both are in use; at ε = 1e-8 they "
        "differ where the gradient is small",
        scale=_inside_root,
    ),
    _adam(
        "epsilon-placement",
        "adds ε before the bias correction, as TensorFlow does: (√v + ε) / √(1 − β₂ᵗ) where PyTorch has "
        "√v̂ + ε. Both are in use; they differ in the first steps where the gradient is small",
        scale=_before_correction,
    ),
    _adam(
        "epsilon-placement",
        "adds ε to v before the bias correction, inside the root, where PyTorch has √v̂ + ε",
        scale=_inside_root_before_correction,
    ),
    _part(
        MomentsRule,
        "moment-not-squared",
        "averages the gradient in the second moment, not its square",
        square=lambda self, gradient: gradient,
    ),
    _adam(
        "root-missing",
        "divides by the second moment itself, not by its root",
        scale=lambda self, xp, second, step: _corrected(self, second, step) + self.eps,
    ),
    UpdateMistake("betas-swapped", _betas_swapped),
    UpdateMistake("weight-decay-coupled", _decay_coupled),
)


def _factor(rule: Rule, factor: float) -> Iterator[PlantedRule]:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        moved, state = rule.update(self, xp, parameter, gradient, state)
        return parameter + factor * (moved - parameter), state

    yield PlantedRule(
        "update-scale",
        _override(rule, update=update),
        f"makes {factor:.6g} times the right step",
        {"factor": factor},
    )


def explain_updates(rule: Rule, runs: Runs, one: float, *, pairs: bool = False) -> list[PlantedRule]:
    """Find the mistakes, or with ``pairs`` the pairs of mistakes, that reproduce the trajectories.

    ``runs`` holds for each course the options, the course and the candidate's parameters after
    each step.
    """
    singles = [planted for mistake in UPDATE_MISTAKES for planted in mistake.plant(rule)]
    if not pairs:
        singles += [p for factor in _step_factors(rule, runs) for p in _factor(rule, factor)]
        return [planted for planted in singles if _reproduces(planted.rule, runs, one)][:2]
    both = (
        PlantedRule(
            first.diagnosis,
            second.rule,
            f"{first.says}. Besides, it {second.says}",
            {"also": [second.diagnosis]},
        )
        for first in singles
        for mistake in UPDATE_MISTAKES
        for second in mistake.plant(first.rule)
        if second.diagnosis != first.diagnosis
    )
    return list(itertools.islice((pair for pair in both if _reproduces(pair.rule, runs, one)), 1))


def _step_factors(rule: Rule, runs: Runs) -> Iterator[float]:
    """Give the ratio of the first step to the right one, where it is one number."""
    options, course, got = runs[0]
    if not got:
        return
    right = simulate(rule, options, course)[0]
    moved = [(g - p, r - p) for g, r, p in zip(got[0], right, course.parameters, strict=True)]
    ratios = np.concatenate([(g[r != 0] / r[r != 0]).ravel() for g, r in moved])
    if ratios.size and np.ptp(ratios) <= 1e-7 * abs(ratios[0]) and not np.isclose(abs(ratios[0]), 1):
        yield float(f"{ratios[0]:.9g}")


def _reproduces(rule: Rule, runs: Runs, one: float) -> bool:
    with np.errstate(all="ignore"):
        # Walked only as far as the paths agree: most mistakes are out after a step.
        return all(same_path(_walk(rule, options, course), got, one) is None for options, course, got in runs)


def same_path(
    expected: Iterable[Parameters], got: Sequence[Parameters], one: float
) -> tuple[int, int] | None:
    """Give the first step and parameter at which two trajectories differ; ``None`` if nowhere."""
    for step, (right, mine) in enumerate(zip(expected, got, strict=True)):
        for index, (r, m) in enumerate(zip(right, mine, strict=True)):
            # Each step adds a few roundings to those before it.
            bound = 64 * (step + 1) * one * (1 + np.abs(r))
            if not agrees(m, r, bound):
                return step, index
    return None
