"""Which step of the chain rule a backward gets wrong, found in the candidate's own forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.candidate import Case, Slip
from backproof.checking.judge.examination import Examination
from backproof.checking.mistakes.mistake import GENERIC, Observation, Planted

__all__ = ["explain_by_slips"]

#: How many directions each case is followed along: what agrees along random ones is the same.
_DIRECTIONS = 2
#: How far rounding may put the two sides apart, as a share of what they are the sums of.
_EXACT, _ROUGH = {"float64": 1e-9, "float32": 5e-6}, {"float64": 1e-4, "float32": 1e-2}
#: How many explanations of one finding are given at most.
_NAMED = 2
#: What completes "The gradient …" of one that is the incoming one.
_PASSED_ON = (
    "is the incoming gradient as it came: the derivative of the forward is missing altogether. Multiply it in"
)
#: The names that say most come first; where one of them fits, the general one is not given.
_ORDER = (
    "input-for-output",
    "output-for-input",
    "diagonal-jacobian",
    "statistics-constant",
    "inner-derivative-missing",
    *GENERIC,
)


def explain_by_slips(exam: Examination, argument: str, seen: Sequence[Observation]) -> list[Planted]:
    """Find the steps that make the gradient, where the derivative of one of them is wrong.

    The forward is followed along random directions. A slip explains a gradient that gives, along each,
    what the derivative of the output with that slip gives.
    """
    if any(o.got.shape != o.expected.shape for o in seen):
        return []
    if not any(np.any(o.got) for o in seen):
        return []
    # What has made another argument's gradient is likely to make this one.
    fits = _fits(exam, argument, seen, exam.slips) if exam.slips else {}
    fits = fits or _fits(exam, argument, seen, ())
    exam.slips = tuple(fits) or exam.slips
    named: dict[str, Slip] = {}
    for slip in sorted(fits.values(), key=lambda slip: _ORDER.index(slip.diagnosis)):
        if slip.diagnosis not in named and not (named and slip.diagnosis in GENERIC):
            named[slip.diagnosis] = slip
    if "inner-derivative-missing" in named and all(np.array_equal(o.got, o.case.upstream) for o in seen):
        # The whole derivative is missing, not that of a step alone.
        return [Planted("inner-derivative-missing", exam.op, _PASSED_ON)]
    return [Planted(slip.diagnosis, exam.op, slip.says) for slip in list(named.values())[:_NAMED]]


def _fits(
    exam: Examination, argument: str, seen: Sequence[Observation], keys: tuple[str, ...]
) -> dict[str, Slip]:
    """Give the slips that explain a gradient on every case, of those with a key, or of all."""
    rng = np.random.default_rng([exam.seed, 17])
    fits: dict[str, Slip] = {}
    for o in sorted(seen, key=lambda o: o.got.size):
        for _ in range(_DIRECTIONS):
            direction = rng.uniform(0.5, 1.0, o.got.shape) * rng.choice([-1.0, 1.0], o.got.shape)
            fits = _fitting(exam, argument, o, direction, keys)
            if not fits:
                return {}
            keys = tuple(fits)
    return fits


def _fitting(
    exam: Examination, argument: str, o: Observation, direction: Any, keys: tuple[str, ...]
) -> dict[str, Slip]:
    """Give the slips that a gradient agrees with along a direction, on one case."""
    case = Case(o.case.inputs, o.case.grad_output, direction={argument: direction}, slips=keys)
    answer = exam.candidate.call(case, exam.convention, fresh=True)
    exam.cases += 1
    if not answer.slips or answer.slips[0].tangent.shape != o.case.upstream.shape:
        return {}
    right, *others = answer.slips
    size = float(np.abs(o.got * direction).sum() + np.abs(o.expected * direction).sum())
    wanted, expected = float((o.got * direction).sum()), float((o.expected * direction).sum())

    def along(slip: Slip) -> float:
        return float((o.case.upstream * slip.tangent).sum())

    if abs(along(right) - expected) > _ROUGH[exam.dtype] * size:
        return {}  # something on the way carried no tangent
    return {
        slip.key: _of_a_bound(slip, right)
        for slip in others
        if abs(along(slip) - wanted) <= _EXACT[exam.dtype] * size < abs(along(slip) - along(right))
    }


def _of_a_bound(slip: Slip, right: Slip) -> Slip:
    """Name what lacks a factor that is 1 or 0, however many steps make it: a bound, no inner derivative."""
    masked = (right.tangent == 0) | (right.tangent == slip.tangent)
    if slip.diagnosis != "inner-derivative-missing" or not np.all(masked):
        return slip
    says = (
        "forgets a bound: where the forward takes it, the derivative is 0. Multiply by the mask of what lies "
        "within"
    )
    return replace(slip, diagnosis="gradient-value", says=says)
