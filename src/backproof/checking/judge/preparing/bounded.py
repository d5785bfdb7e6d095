"""Which arguments a forward takes for probabilities: it holds them between bounds, and is steep there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination
from backproof.ops.domain import Domain

__all__ = ["bounded"]

#: How near an end is looked at: what is smooth there has slopes that come nearer to each other.
_BESIDE = (1e-2, 1e-3, 1e-4)
#: By how much the slope changes first, as a share of itself, and then, as a share of the change before.
_STEEPENS, _GOES_ON = 0.1, 0.5
#: Below which of these an ε may lie; between two of them a logarithm moves by more than this.
_TINY, _LEAPS = (1e-17, 1e-33), 1.0


def bounded(exam: Examination) -> Mapping[str, Domain]:
    """Give the arguments that a candidate holds above 0, or between 0 and 1, and so their domains.

    Of a logarithm, a root or a quotient such a bound is the end of what it is defined on:
    ``p = clip(p, ε, 1 − ε)`` says that p is a probability. Where the forward is smooth at the bound, as a
    ramp is, the bound is a part of the function, and nothing is said of its domain.
    """
    if all(exam.by_autograd(source) for source in exam.trials[0].answer.gradients):
        return {}  # autograd knows of every bound
    return {
        name: domain
        for name, argument in exam.op.arguments.items()
        if argument.domain == "real"
        and name in exam.trials[0].case.inputs
        and (domain := _domain(exam, name))
    }


def _domain(exam: Examination, name: str) -> Domain | None:
    above, below = _is_held(exam, name, 0.0, np.inf), _is_held(exam, name, -np.inf, 1.0)
    if (
        not above
        or not _is_kept_from(exam, name)
        or not any(_is_steep(exam, name, end) for end in ((0.0, 1.0) if below else (0.0,)))
    ):
        return None
    return "probability" if below else "positive"


def _is_held(exam: Examination, name: str, low: float, high: float) -> bool:
    """Say whether values beyond an end do what the end itself does."""
    beyond = False
    for trial in exam.trials:
        value = trial.case.inputs[name]
        held = np.clip(value, low, high)
        if np.array_equal(held, value):
            continue
        beyond = True
        output = _output(exam, trial.case, name, held)
        if output is None or not np.array_equal(output, np.asarray(trial.answer.output)):
            return False
    return beyond


def _is_kept_from(exam: Examination, name: str) -> bool:
    """Say whether an argument is kept away from 0: a root is not, and has to mind its gradient."""
    case = exam.trials[0].case
    zeros = np.zeros_like(case.inputs[name])
    at = _output(exam, case, name, zeros)
    for tiny in _TINY if at is not None else ():
        near = _output(exam, case, name, zeros + tiny)
        if near is None or np.array_equal(near, np.asarray(at)):
            return near is not None
        if np.max(np.abs(near - np.asarray(at)), initial=0.0) <= _LEAPS:
            return False
    return False


def _is_steep(exam: Examination, name: str, end: float) -> bool:
    """Say whether the slope of the forward changes the more, the nearer it comes to an end."""
    case = exam.trials[0].case
    shape = case.inputs[name].shape
    spread = np.random.default_rng([exam.seed, 67]).uniform(0.8, 1.2, shape)
    slopes = []
    for step in _BESIDE:
        near = [_output(exam, case, name, np.abs(end - k * step * spread)) for k in (1.0, 2.0)]
        if any(output is None or output.shape != case.upstream.shape for output in near):
            return False
        slopes.append(float(np.sum(case.upstream * (np.asarray(near[1]) - np.asarray(near[0])))) / step)
    first, then = slopes[1] - slopes[0], slopes[2] - slopes[1]
    return abs(first) > _STEEPENS * abs(slopes[0]) and abs(then) > _GOES_ON * abs(first)


def _output(exam: Examination, case: Case, name: str, value: NDArray[Any]) -> NDArray[Any] | None:
    moved = replace(
        case, inputs={**case.inputs, name: value.astype(case.inputs[name].dtype)}, grad_output=None
    )
    exam.cases += 1
    return exam.call(moved).output
