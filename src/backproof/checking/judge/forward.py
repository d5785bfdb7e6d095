"""The forward against the reference; gives the op whose gradient the candidate's must then be."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Case
from backproof.checking.cases import extreme_cases
from backproof.checking.judge.examination import Examination, worst
from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.checking.mistakes.search import explain_forward, output_bound, output_of
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["examine_forward", "forward_agrees"]


def forward_agrees(exam: Examination, op: Op, options: Any, case: Case, output: Any) -> bool:
    """Say whether an output is the op's, up to rounding."""
    if output is None:
        return False
    return agrees(
        output, output_of(op, case, options), output_bound(op, case, options, exam.forward_yardstick)
    )


def examine_forward(exam: Examination) -> Op | None:
    """Judge the outputs of the ordinary cases.

    Gives the op that explains them: the reference, or the reference with the mistake that was
    found; ``None`` where nothing does, and only the candidate's own forward is left to judge by.
    """
    observations = []
    for trial in exam.trials:
        output = trial.answer.output
        if output is None:
            exam.add(
                "forward-shape", "The forward returned nothing that is an array or a number.", case="ordinary"
            )
            return None
        observations.append(
            Observation(trial.case, output_of(exam.op, trial.case, exam.options), output, trial.sizes)
        )
    if all(forward_agrees(exam, exam.op, exam.options, o.case, o.got) for o in observations):
        return exam.op
    if not _reference_is_sure(exam, observations):
        return None
    seen = [*observations, *_extreme_observation(exam)]
    explanations = explain_forward(exam.op, exam.options, seen, exam.forward_yardstick)
    if explanations:
        return _explained(exam, observations, explanations)
    _unexplained(exam, observations)
    return None


def _reference_is_sure(exam: Examination, observations: list[Observation]) -> bool:
    """Hold the reference against itself in extended precision, before anybody is accused by it."""
    for o in observations if exam.exact else ():
        exact = output_of(exam.op, o.case.astype(np.longdouble), exam.options)
        if not agrees(o.expected, exact, output_bound(exam.op, o.case, exam.options, exam.forward_yardstick)):
            exam.doubts.append("the reference is not the same in extended precision: its cases prove nothing")
            return False
    return True


def _extreme_observation(exam: Examination) -> list[Observation]:
    """See what the candidate makes of the deepest extreme: there an epsilon shows its size."""
    if exam.op.likelihood == 0:
        return []
    _, case = extreme_cases(exam.op, exam.dtype)[-1]
    output = exam.call(case).output
    exam.cases += 1
    if output is None:
        return []
    return [Observation(case, output_of(exam.op, case, exam.options), output)]


def _explained(exam: Examination, observations: list[Observation], explanations: list[Planted]) -> Op:
    first = explanations[0]
    if first.besides is not None:
        _explained(exam, observations, [first.besides])
        exam.plain, exam.epsilon = first.besides.op, first
    elif first.diagnosis == "epsilon-bias":
        exam.plain, exam.epsilon = exam.op, first
    also = [p.diagnosis for p in explanations[1:]] or None
    severity = None
    message = f"The output {first.says}."
    if first.convention and not exam.promised:
        severity = Severity.WARNING
        message += " Nothing in its name promises another; say --like to settle it."
    o = observations[0]
    exam.add(
        first.diagnosis,
        message,
        severity=severity,
        expected=o.expected,
        got=o.got,
        also=also,
        **first.evidence,
    )
    return first.op


def _unexplained(exam: Examination, observations: list[Observation]) -> None:
    for o in observations:
        if o.got.shape != o.expected.shape:
            exam.add(
                "forward-shape",
                f"The output has the shape {o.got.shape} where {o.expected.shape} is expected.",
                shape_expected=o.expected.shape,
                shape_got=o.got.shape,
                input_shape=o.case.inputs[exam.op.first].shape,
            )
            return
    o = next(o for o in observations if not forward_agrees(exam, exam.op, exam.options, o.case, o.got))
    place = worst(o.got, o.expected, output_bound(exam.op, o.case, exam.options, exam.forward_yardstick))
    elementwise = o.got.shape == o.case.inputs[exam.op.first].shape
    exam.add(
        "forward-value",
        f"The output differs from that of {exam.op.name}: {o.got[place]:.6g} where {o.expected[place]:.6g} "
        f"is expected.",
        index=place,
        input=o.case.inputs[exam.op.first][place] if elementwise else o.case.inputs[exam.op.first],
        target=o.case.inputs.get("target"),
        expected=o.expected[place],
        got=o.got[place],
    )
