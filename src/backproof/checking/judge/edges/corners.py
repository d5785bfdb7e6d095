"""The gradient at 0 of what has no reference, held against the slopes of its own forward beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backproof.checking.judge.examination import Examination
from backproof.diagnoses import Severity

__all__ = ["examine_corner"]

#: How far beside 0 the slopes are taken: where both give the same, they are the one-sided derivatives.
_BESIDE = (1e-5, 1e-6)
#: How near two slopes are that are the same, and two outputs of a function that does not jump.
_SAME, _JUMP = 1e-3, 1e-3


def examine_corner(exam: Examination) -> None:
    """See whether the gradient at 0 lies between the derivatives on its two sides, element by element.

    Only of what works element by element, does not jump at 0 and has a derivative on each side.
    """
    first, case = exam.op.first, exam.trials[0].case
    value = case.inputs[first]
    if exam.dtype != "float64" or exam.domain is not None or exam.op.arguments[first].domain != "real":
        return
    at = (np.arange(value.size) % 2 == 0).reshape(value.shape)
    here = replace(case, inputs={**case.inputs, first: np.where(at, 0.0, value)})
    slopes = [slope for side in (-1.0, 1.0) if (slope := _slope(exam, at, side)) is not None]
    answer = exam.call(here)
    exam.cases += 1
    if not slopes[1:] or answer.raised is not None:
        return
    low, high = np.min(slopes, axis=0), np.max(slopes, axis=0)
    for source, gradients in answer.gradients.items():
        got = gradients.get(first)
        if got is None or got.shape != value.shape:
            continue
        ratio = np.where(at, got / case.upstream, low)
        outside = (ratio < low - _slack(low)) | (ratio > high + _slack(high))
        if outside.any():
            index = tuple(int(i) for i in np.argwhere(outside)[0])
            _say(exam, source, index, float(ratio[index]) + 0.0, (float(low[index]), float(high[index])))


def _slack(slope: NDArray[np.float64]) -> NDArray[np.float64]:
    return _SAME * (1 + np.abs(slope))


def _slope(exam: Examination, at: NDArray[np.bool_], side: float) -> NDArray[np.float64] | None:
    """Give the one-sided derivative at 0 of each element; ``None`` where there is no such thing."""
    case, first = exam.trials[0].case, exam.op.first
    value = case.inputs[first]
    outputs = []
    for shift in (0.0, *(side * beside for beside in _BESIDE)):
        moved = {**case.inputs, first: np.where(at, shift, value)}
        output = exam.call(replace(case, inputs=moved, grad_output=None)).output
        exam.cases += 1
        if output is None or output.shape != value.shape or not np.all(np.isfinite(output)):
            return None
        outputs.append(np.asarray(output, float))
    here, *others = outputs
    jumps = any(np.abs(other - here).max() > _JUMP for other in others)
    if jumps or any(not np.array_equal(here[~at], other[~at]) for other in others):
        return None
    wide, near = ((other - here) / (side * beside) for other, beside in zip(others, _BESIDE, strict=True))
    return np.where(at, near, 0.0) if np.all(np.abs(wide - near)[at] <= _slack(near)[at]) else None


def _say(
    exam: Examination, source: str, index: tuple[int, ...], got: float, ends: tuple[float, float]
) -> None:
    between = sorted(float(f"{end:.4g}") + 0.0 for end in ends)
    exam.add(
        "gradient-at-kink",
        f"At {exam.op.first} = 0 the gradient is {got:.6g}; by its own forward it must lie between "
        f"{between[0]:g} and {between[1]:g}.",
        exam.part_of(source),
        # What autograd makes of pieces that are right each, nobody has written.
        Severity.WARNING if exam.by_autograd(source) else Severity.ERROR,
        argument=exam.op.first,
        source=source,
        index=index,
        got=got,
        between=between,
    )
