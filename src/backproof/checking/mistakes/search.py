"""The search for the mistake that reproduces the candidate's numbers on every case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import Yardstick, agrees, rounding_bound
from backproof.checking.candidate import Case
from backproof.checking.mistakes.forwards import FORWARD_MISTAKES
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import Mistake, Observation, Planted
from backproof.ops import Op

#: How many explanations of one finding are given at most.
_NAMED = 2

__all__ = ["explain_forward", "explain_gradient", "gradient_of", "output_of"]


def output_of(op: Op, case: Case, options: Mapping[str, object]) -> NDArray[Any]:
    """Evaluate an op on a case."""
    with np.errstate(all="ignore"):
        return np.asarray(op.evaluate(np, op.roles(case.inputs), **options).output)


def gradient_of(op: Op, case: Case, argument: str, options: Mapping[str, object]) -> NDArray[Any]:
    """Evaluate an op's gradient for one argument on a case."""
    with np.errstate(all="ignore"):
        inputs = op.roles(case.inputs)
        return np.asarray(op.gradients(np, case.grad_output, inputs, wrt=(argument,), **options)[argument])


def output_bound(
    op: Op, case: Case, options: Mapping[str, object], yardstick: Yardstick, value: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Bound what rounding may change in an op's output, which is ``value`` where it is known."""
    names = list(case.inputs)

    def function(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return output_of(op, Case(dict(zip(names, arrays, strict=True))), options)

    return rounding_bound(function, list(case.inputs.values()), yardstick, value)


def gradient_bound(
    op: Op,
    case: Case,
    argument: str,
    options: Mapping[str, object],
    yardstick: Yardstick,
    value: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Bound what rounding may change in an op's gradient, which is ``value`` where it is known."""
    names = list(case.inputs)

    def function(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        *inputs, upstream = arrays
        return gradient_of(op, Case(dict(zip(names, inputs, strict=True)), upstream), argument, options)

    return rounding_bound(function, [*case.inputs.values(), case.upstream], yardstick, value)


def explain_forward(
    op: Op, options: Mapping[str, object], seen: Sequence[Observation], yardstick: Yardstick
) -> list[Planted]:
    """Find the mistakes that turn the op's outputs into the candidate's, on every case."""
    ordinary = [o for o in seen if o.case.name == "ordinary"]

    def fits(planted: Planted) -> bool:
        for o in ordinary:
            predicted = output_of(planted.op, o.case, options)
            bound = output_bound(planted.op, o.case, options, yardstick, predicted)
            if not agrees(o.got, predicted, bound):
                return False
        return True

    return _explanations(FORWARD_MISTAKES, op, options, seen, fits)


def explain_gradient(
    op: Op, options: Mapping[str, object], argument: str, seen: Sequence[Observation], yardstick: Yardstick
) -> list[Planted]:
    """Find the mistakes that turn the op's gradient for one argument into the candidate's."""

    def fits(planted: Planted) -> bool:
        changed = False
        for o in seen:
            predicted = gradient_of(planted.op, o.case, argument, options)
            # Another shape first: a bound costs more than a look.
            if predicted.shape != o.got.shape:
                return False
            bound = gradient_bound(planted.op, o.case, argument, options, yardstick, predicted)
            if not agrees(o.got, predicted, bound):
                return False
            changed = (
                changed or predicted.shape != o.expected.shape or not np.allclose(predicted, o.expected, 1e-9)
            )
        return changed

    mistakes = [m for m in GRADIENT_MISTAKES if yardstick.exact or not m.needs_rules]
    return _explanations(mistakes, op, options, seen, fits)


def _explanations(
    mistakes: Iterable[Mistake],
    op: Op,
    options: Mapping[str, object],
    seen: Sequence[Observation],
    fits: Callable[[Planted], bool],
) -> list[Planted]:
    """Give the first form that fits of each diagnosis, and not more than a person will read."""
    found: dict[str, Planted] = {}
    for mistake in mistakes:
        for planted in mistake.plant(op, options, seen):
            if planted.diagnosis not in found and _fitting(fits, planted):
                found[planted.diagnosis] = planted
                if len(found) == _NAMED:
                    return list(found.values())
    return list(found.values())


def _fitting(fits: Callable[[Planted], bool], planted: Planted) -> bool:
    try:
        return fits(planted)
    except (ValueError, IndexError, TypeError, KeyError):
        # The mistake has no meaning for these shapes (an axis that is not there, a product that
        # cannot be formed): it does not explain anything.
        return False
