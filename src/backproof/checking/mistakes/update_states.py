"""Mistakes in what an optimizer keeps from step to step: whose state it is, and how it counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Course
from backproof.checking.mistakes.planting import PlantedRule, UpdateMistake, override, part
from backproof.checking.mistakes.walking import Rule, Walk
from backproof.diagnoses import Severity
from backproof.updates import State, UpdateRule
from backproof.updates.moments import MomentsRule

__all__ = ["MISSING_CONVENTIONS", "STATE_MISTAKES"]


class _ByShape(Walk):
    def key(self, index: int, parameter: NDArray[Any]) -> Hashable:
        return parameter.shape


class _ByShapeCountedBySteps(_ByShape):
    def state(self, rule: UpdateRule, index: int, parameter: NDArray[Any], step: int) -> State:
        state = super().state(rule, index, parameter, step)
        return {**state, "step": step} if "step" in state else state


class _CountedByParameters(Walk):
    """One step count, which every parameter advances."""

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.count = 0

    def state(self, rule: UpdateRule, index: int, parameter: NDArray[Any], step: int) -> State:
        self.count += 1
        return {**super().state(rule, index, parameter, step), "step": self.count - 1}


class _CountedAcross(_CountedByParameters):
    """The same, which the parameters that stay advance too: it is counted before they are left out."""

    def state(self, rule: UpdateRule, index: int, parameter: NDArray[Any], step: int) -> State:
        self.count = step * self.course_size + index
        return super().state(rule, index, parameter, step)

    @property
    def course_size(self) -> int:
        return len(self.course.parameters)


class _CountedByLayers(Walk):
    """One step count, which every layer advances: two parameters, a weight and a bias."""

    def state(self, rule: UpdateRule, index: int, parameter: NDArray[Any], step: int) -> State:
        moved = [i for i, gradient in enumerate(self.course.gradients[0]) if gradient is not None]
        layers, layer = (len(moved) + 1) // 2, sum(i < index for i in moved) // 2
        return {**super().state(rule, index, parameter, step), "step": step * layers + layer}


class _CountedBySteps(Walk):
    """One step count for all parameters, those without a gradient at some steps among them.

    With it goes what is made of the count alone, such as NAdam's product of momenta: what a parameter of
    one element, which never moves, would have.
    """

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self.clocks: list[State] = []

    def state(self, rule: UpdateRule, index: int, parameter: NDArray[Any], step: int) -> State:
        still = np.zeros(1)
        self.clocks = self.clocks or [rule.start(np, still)]
        while len(self.clocks) <= step:
            self.clocks.append(rule.update(np, still, still, self.clocks[-1])[1])
        counted = {name: self.clocks[step][name] for name in rule.numbers}
        return {**super().state(rule, index, parameter, step), **counted}


class _ZeroForMissing(Walk):
    """A gradient of zeros where there is none, once there has been one."""

    def gradient(self, index: int, step: int) -> NDArray[Any] | None:
        gradient = super().gradient(index, step)
        if gradient is None and index in self.states:
            return np.zeros_like(self.course.parameters[index])
        return gradient


class _FirstRate(Walk):
    def rate(self, step: int) -> float:
        return self.course.rates[0]


def _counted(diagnosis: str, says: str, kept: type[Walk], severity: Severity | None = None) -> UpdateMistake:
    """Make a row for the rules that correct the bias by the count of their steps."""

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if "betas" in rule.hyperparameters():
            yield PlantedRule(diagnosis, override(rule, walk=kept), says, severity=severity)

    return UpdateMistake(diagnosis, plant, severity)


def _one_for_both(self: MomentsRule, xp: Any, gradient: Any, state: State) -> State:
    first, second = self.betas
    mean = first * state["exp_avg"] + (1 - first) * gradient
    both = second * mean + (1 - second) * self.square(gradient)
    return {**state, "step": state["step"] + 1, "exp_avg": both, "exp_avg_sq": both}


_SHARED = (
    "keeps one state for parameters of the same shape: what it remembers of one moves the other. "
    "Keep one for "
    "each parameter, by its place in the list or, in PyTorch, in self.state[p]"
)
_PER_PARAMETER = (
    "counts t up for every parameter, not once a step: the bias is corrected as if many more steps had been "
    "made. Count before the loop over the parameters"
)

STATE_MISTAKES: tuple[UpdateMistake, ...] = (
    part(UpdateRule, "state-shared", _SHARED, walk=_ByShape),
    part(UpdateRule, "state-shared", _SHARED, walk=_ByShapeCountedBySteps),
    _counted("bias-correction-step", _PER_PARAMETER, _CountedByParameters),
    _counted("bias-correction-step", _PER_PARAMETER, _CountedAcross),
    _counted(
        "bias-correction-step",
        "counts t up for every layer, not once a step: count after all layers are updated",
        _CountedByLayers,
    ),
    part(
        MomentsRule,
        "update-value",
        "keeps both moments in one place: m and v are the same array (self.m = self.v = …). Make two",
        moments=_one_for_both,
    ),
    part(
        UpdateRule,
        "update-value",
        "keeps the learning rate that it was constructed with: a schedule that changes the rate has "
        "no effect",
        severity=Severity.WARNING,
        walk=_FirstRate,
    ),
)

#: What may happen to a parameter that has no gradient at some steps, each of them legitimate.
MISSING_CONVENTIONS: tuple[UpdateMistake, ...] = (
    _counted(
        "bias-correction-step",
        "has one step count for all parameters: one that has no gradient at some steps is corrected "
        "as if it had "
        "made them. PyTorch counts for each parameter",
        _CountedBySteps,
        Severity.NOTE,
    ),
    part(
        UpdateRule,
        "gradient-none",
        "takes a missing gradient for one of zeros, and moves on by what it remembers. PyTorch leaves a "
        "parameter without a gradient, and its state, as they are",
        severity=Severity.NOTE,
        walk=_ZeroForMissing,
    ),
)
