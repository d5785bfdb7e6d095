"""Gradients that are no derivatives, and are not meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.judge.directions import is_stepwise
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.gradients.probes import name_by_probe
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["examine_purpose"]

#: What is made of the incoming gradient without being linear in it.
_OF_UPSTREAM = "a gradient that is clipped"


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
    if not declared and not (exam.own and is_stepwise(exam, argument, [trial for trial, _ in came])):
        return False
    evidence: dict[str, Any] = {"argument": argument, "source": source}
    if declared != _OF_UPSTREAM and name_by_probe(exam, op, argument, source, part, evidence):
        return True
    why = (
        f"and its code says that it is {declared}: whether it is the one that is meant, no derivative tells."
        if declared
        else f"which is piecewise constant in {argument}: its derivative is 0 wherever there is one. It "
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
