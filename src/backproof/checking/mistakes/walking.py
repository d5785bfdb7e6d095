"""Running an update rule over a course: the path of the parameters, and where two paths part.

How a rule's state is kept belongs to the run, not to the rule. A mistake in it (one state for two
parameters, a step count that every parameter advances) is another `Walk`, which a rule names as its
``walk``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Course
from backproof.updates import State, UpdateRule

__all__ = ["Parameters", "Rule", "Runs", "Walk", "same_path", "simulate", "walk"]

Rule: TypeAlias = type[UpdateRule]
Parameters: TypeAlias = tuple[NDArray[Any], ...]
#: For each course the options, the course, and the candidate's parameters after each step.
Runs: TypeAlias = Sequence[tuple[Mapping[str, Any], Course, Sequence[Parameters]]]


class Walk:
    """What is kept from step to step: a state for each parameter, each with its own step count."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.states: dict[Hashable, State] = {}

    def rate(self, step: int) -> float:
        """Give the learning rate of a step, the first being 0."""
        return self.course.rates[step]

    def gradient(self, index: int, step: int) -> NDArray[Any] | None:
        """Give what a parameter is moved by; ``None`` where it stays."""
        return self.course.gradients[step][index]

    def key(self, index: int, parameter: NDArray[Any]) -> Hashable:
        """Say whose state a parameter has: its own."""
        return index

    def state(self, rule: UpdateRule, index: int, parameter: NDArray[Any], step: int) -> State:
        """Give the state that a parameter's step starts from."""
        key = self.key(index, parameter)
        if key not in self.states:
            self.states[key] = rule.start(np, parameter)
        return self.states[key]

    def keep(self, index: int, parameter: NDArray[Any], state: State) -> None:
        """Keep the state after a parameter's step."""
        self.states[self.key(index, parameter)] = state


def simulate(rule: Rule, options: Mapping[str, Any], course: Course) -> list[Parameters]:
    """Run an update rule over a course; give the parameters after each step."""
    return list(walk(rule, options, course))


def walk(rule: Rule, options: Mapping[str, Any], course: Course) -> Iterator[Parameters]:
    """Run an update rule over a course, as far as it is asked for."""
    kept: Walk = getattr(rule, "walk", Walk)(course)
    parameters = list(course.parameters)
    at_rate = rule(**{**options, "lr": course.rates[0]})
    for step in range(len(course.rates)):
        at_rate = at_rate.changed(lr=kept.rate(step))
        for index, parameter in enumerate(parameters):
            gradient = kept.gradient(index, step)
            if gradient is not None:
                state = kept.state(at_rate, index, parameter, step)
                parameters[index], after = at_rate.update(np, parameter, gradient, state)
                kept.keep(index, parameter, after)
        yield tuple(parameters)


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
