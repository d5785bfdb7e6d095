"""The forward against the reference; gives the op whose gradient the candidate's must then be."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Case
from backproof.checking.cases import extreme_cases
from backproof.checking.judge.examination import Examination, apart, instead, worst
from backproof.checking.judge.measured import Difference, described
from backproof.checking.mistakes.forwards import takes_epsilon
from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.checking.mistakes.rounded import ROUNDED
from backproof.checking.mistakes.search import explain_forward, output_bound, output_of
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["examine_forward", "explained_by", "forward_agrees"]


def forward_agrees(exam: Examination, op: Op, options: Any, case: Case, output: Any) -> bool:
    """Say whether an output is the op's, up to rounding."""
    if output is None:
        return False
    return agrees(
        output, output_of(op, case, options), output_bound(op, case, options, exam.forward_yardstick)
    )


def explained_by(exam: Examination, rows: Container[str] | None = None) -> list[Planted]:
    """Find the mistakes (of some ``rows`` of the table) that turn the reference's outputs into those seen."""
    seen = [*_observations(exam), *_extreme_observation(exam)]
    return explain_forward(exam.op, exam.options, seen, exam.forward_yardstick, rows)


def _observations(exam: Examination) -> list[Observation]:
    return [
        Observation(t.case, output_of(exam.op, t.case, exam.options), np.asarray(t.answer.output), t.sizes)
        for t in exam.trials
    ]


def examine_forward(exam: Examination) -> Op | None:
    """Judge the outputs of the ordinary cases.

    Gives the op that explains them: the reference, or the reference with the mistake that was
    found; ``None`` where nothing does, and only the candidate's own forward is left to judge by.
    """
    if any(t.answer.output is None for t in exam.trials):
        exam.add(
            "forward-shape", "The forward returned nothing that is an array or a number.", case="ordinary"
        )
        return None
    observations = _observations(exam)
    if all(forward_agrees(exam, exam.op, exam.options, o.case, o.got) for o in observations):
        return exam.op
    if not _reference_is_sure(exam, observations):
        return None
    explanations = explained_by(exam)
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
    if not takes_epsilon(exam.op):
        return []
    _, case = extreme_cases(exam.op, exam.dtype)[-1]
    output = exam.call(case).output
    exam.cases += 1
    if output is None:
        return []
    return [Observation(case, output_of(exam.op, case, exam.options), output)]


def _explained(exam: Examination, observations: list[Observation], explanations: list[Planted]) -> Op | None:
    first = explanations[0]
    if first.besides is not None:
        _explained(exam, observations, [first.besides])
        exam.plain, exam.epsilon = first.besides.op, first
    elif first.diagnosis == "epsilon-bias" and first.rules:
        exam.plain, exam.epsilon = exam.op, first
    if exam.recognised and first.diagnosis == "reduction":
        return first.op if first.rules else None  # nobody has promised any
    severity = first.convention if first.convention and not _promised(exam, first) else None
    if exam.recognised:
        severity = severity or Severity.WARNING
    message = f"The output {first.says}."
    if severity is not None and first.option != ROUNDED:
        message += " Nothing in its name promises another; say --like to settle it."
    message += apart(explanations)
    o = observations[0]
    exam.add(
        first.diagnosis,
        message,
        severity=severity,
        expected=o.expected,
        got=o.got,
        also=_further(explanations, o) or None,
        **first.evidence,
    )
    return first.op if first.rules else None


def _further(explanations: list[Planted], o: Observation) -> list[str]:
    """Give what else names the finding: a reduction of another axis has another shape, too."""
    shape = ["forward-shape"] if o.got.shape != o.expected.shape else []
    names = [*(p.diagnosis for p in explanations[1:]), *shape]
    return [name for name in names if name != explanations[0].diagnosis]


def _promised(exam: Examination, planted: Planted) -> bool:
    """Say whether what a convention differs from has been promised."""
    if planted.option is None:
        return exam.promised
    if planted.option == ROUNDED:
        return False  # nobody has promised all digits
    if planted.option == "reduction":
        declared = exam.candidate.description.promised or exam.convention.get("reduces")
        return exam.asked or bool(declared)
    if planted.option == "dim" and (
        exam.convention.get("rows") or exam.candidate.description.style[:5] == "torch"
    ):
        return True  # the examples are the rows
    return exam.asked or planted.option in exam.convention.get("options", {})


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
    measured, shown = described(
        Difference(
            exam,
            exam.op,
            observations,
            lambda case: output_of(exam.op, case, exam.options),
            lambda case: exam.call(replace(case, grad_output=None)).output,
            is_gradient=False,
        )
    )
    elementwise = o.got.shape == o.case.inputs[exam.op.first].shape
    exam.add(
        "forward-value",
        f"The output differs from that of {exam.op.name}: {instead(o.got[place], o.expected[place])}."
        f"{measured}",
        index=place,
        input=o.case.inputs[exam.op.first][place] if elementwise else o.case.inputs[exam.op.first],
        target=o.case.inputs.get("target"),
        expected=o.expected[place],
        got=o.got[place],
        **shown,
    )
