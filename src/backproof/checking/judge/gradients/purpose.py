"""Gradients that are no derivatives, and are not meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.judge.directions import is_stepwise
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.gradients.probes import name_by_probe
from backproof.checking.mistakes.search import gradient_of
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["examine_bypassed", "examine_purpose"]

#: What is made of the incoming gradient without being linear in it.
_OF_UPSTREAM = "a gradient that is clipped"
#: What passes the incoming gradient on, and what multiplies it, with the sign that it then has.
_PASSED_ON = ("a straight-through estimator", "quantisation")
_MULTIPLIED = {"gradient reversal": -1.0, "a gradient that is scaled": 1.0}
#: An incoming gradient so small is clipped by nobody.
_TINY = 2.0**-20
#: Of more elements than this finite differences take too long.
_MANY = 300
#: How near two gradients are, as a share of the largest element, that are the same.
_SAME = {"float64": 1e-5}
_ROUGH = 1e-2


def examine_purpose(
    exam: Examination,
    op: Op,
    argument: str,
    source: str,
    part: str,
    came: Sequence[tuple[Trial, NDArray[Any]]],
) -> bool:
    """Say whether a gradient, which is not the derivative, is so on purpose; add the finding that says so.

    The code declares it: a note. Or the forward goes in steps (`round`, `sign`), so that with its derivative
    nothing could be learned: a warning. The incoming gradient has to be multiplied in all the same.
    """
    if any(got.shape != t.case.inputs[argument].shape or not np.all(np.isfinite(got)) for t, got in came):
        return False
    declared = str(exam.convention.get("intended", ""))
    if declared in _PASSED_ON and _is_turned(argument, came):
        _say_turned(exam, argument, source, part, declared)
        return True
    if declared and not _has_form(exam, op, argument, source, came[0], declared):
        return False
    # What a parameter does beside steps in the input (a range, a width) no derivative tells either.
    trials = [trial for trial, _ in came]
    steps = [
        one
        for one in (argument, exam.op.first)
        if exam.own and not declared and is_stepwise(exam, one, trials)
    ]
    if not declared and not steps:
        return False
    evidence: dict[str, Any] = {"argument": argument, "source": source}
    if declared != _OF_UPSTREAM and name_by_probe(exam, op, argument, source, part, evidence):
        return True
    why = (
        f"and its code says that it is {declared}: whether it is the one that is meant, no derivative tells."
        if declared
        else f"which is piecewise constant in {steps[0]}: its derivative is 0 wherever there is one. It "
        "stands in for another's, as a straight-through estimator does; a comment may say so."
    )
    exam.on_purpose = True
    exam.add(
        "gradient-value",
        f"The gradient for {argument} is not the derivative of the forward, {why}",
        part,
        Severity.NOTE if declared else Severity.WARNING,
        **evidence,
    )
    return True


def _has_form(
    exam: Examination,
    op: Op,
    argument: str,
    source: str,
    came: tuple[Trial, NDArray[Any]],
    declared: str,
) -> bool:
    """Say whether a gradient can be what its code says: a word alone does not excuse it.

    What is clipped is right, or 0, where the incoming gradient is small; what is reversed or scaled is a
    multiple of the derivative.
    """
    (trial, got), sign = came, _MULTIPLIED.get(declared)
    inside = exam.candidate.description.style.startswith("torch-module")  # in some part of it, or on some way
    if (declared != _OF_UPSTREAM and (sign is None or inside)) or got.size > _MANY:
        return True
    true = gradient_of(op, trial.case, argument, exam.options)
    if not np.all(np.isfinite(true)):
        return True
    if sign is not None:
        return _is_multiple(exam, got, true, sign)
    small = exam.call(replace(trial.case, grad_output=_TINY * trial.case.upstream))
    exam.cases += 1
    unclipped = small.gradients.get(source, {}).get(argument)
    if unclipped is None or unclipped.shape != true.shape:
        return True
    unclipped = unclipped / _TINY
    kept = np.where(unclipped == 0, 0.0, true)
    return _is_multiple(exam, unclipped, kept if np.any(unclipped) else true, 1.0)


def _is_multiple(exam: Examination, got: NDArray[Any], true: NDArray[Any], sign: float) -> bool:
    """Say whether a gradient is the derivative times one number of a sign."""
    size = float((true * true).sum())
    factor = float((got * true).sum()) / size if size else 0.0
    near = _SAME.get(exam.dtype, _ROUGH) * float(np.abs(got).max(initial=0.0))
    return factor * sign > 0 and bool(np.all(np.abs(got - factor * true) <= near))


def _is_turned(argument: str, came: Sequence[tuple[Trial, NDArray[Any]]]) -> bool:
    """Say whether a gradient is let through where the forward stands still, and held back where it moves.

    On both sides of a range the forward has one value each, and there alone the gradient is not 0.
    """
    outputs = [np.asarray(t.answer.output) for t, _ in came]
    if any(o.shape != got.shape for o, (_, got) in zip(outputs, came, strict=True)):
        return False
    x = np.concatenate([t.case.inputs[argument].ravel() for t, _ in came])
    y = np.concatenate([o.ravel() for o in outputs])
    through = np.concatenate([got.ravel() for _, got in came]) != 0
    held = x[~through]
    if not through.any() or not held.size:
        return False
    below, above = through & (x < held.min()), through & (x > held.max())
    ends = [np.unique(y[side]).size for side in (below, above)]
    return bool(np.all(below | above | ~through)) and ends == [1, 1] and np.unique(y[~through]).size > 1


def _say_turned(exam: Examination, argument: str, source: str, part: str, declared: str) -> None:
    exam.add(
        "gradient-value",
        f"The gradient for {argument} is not what its code says, {declared}: the incoming gradient is let "
        f"through where {argument} lies outside of the range of the forward, and held back inside. Turn the "
        "mask around.",
        part,
        argument=argument,
        source=source,
    )


def examine_bypassed(exam: Examination, argument: str, source: str, part: str) -> bool:
    """Note that no gradient reaches a parameter that a straight-through estimate passes by, if it does.

    It does where the code says so, or where another argument was found to get what is no derivative.
    """
    declared = exam.convention.get("intended")
    if declared not in _PASSED_ON and (declared or not exam.on_purpose):
        return False
    exam.add(
        "missing-gradient",
        f"No gradient reaches {argument}: what stands in for the derivative passes it by. It is not learned "
        "from the output; see that something else, such as a term of the loss, moves it.",
        part,
        Severity.NOTE,
        argument=argument,
        source=source,
    )
    return True
