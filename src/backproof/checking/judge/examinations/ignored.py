"""Targets that are ignored: what is left out of a loss is left out of its mean and its gradient as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.checking.bounds import agrees
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import examine_forward, forward_agrees
from backproof.checking.judge.gradients.gradient import examine_gradients
from backproof.checking.judge.preparing.convention import own_options
from backproof.checking.mistakes.search import output_bound, output_of
from backproof.diagnoses import Severity

__all__ = ["examine_ignored"]

_OPTION = "ignore_index"
#: Every third target is ignored.
_EVERY = 3


def examine_ignored(exam: Examination) -> None:
    """Judge a loss of classes that has an ``ignore_index`` with targets that are ignored."""
    value = {**own_options(exam.convention), **exam.convention.get("options", {})}.get(_OPTION)
    known = not exam.own and _OPTION in exam.op.options and isinstance(value, int)
    if not known or exam.has_errors() or exam.convention.get("target", "indices") != "indices":
        return
    options = {**exam.options, _OPTION: value}
    other = replace(exam, options=options, findings=[], doubts=[], trials=[], cases=0)
    for trial in exam.trials:
        target = trial.case.inputs["target"].copy()
        target[::_EVERY] = value
        case = replace(trial.case, inputs={**trial.case.inputs, "target": target})
        answer = exam.call(case)
        exam.cases += 1
        if answer.raised is not None or answer.output is None:
            return
        other.trials.append(Trial(case, answer, trial.sizes))
    if all(forward_agrees(exam, exam.op, options, t.case, t.answer.output) for t in other.trials):
        examine_gradients(other, other.op)
    elif all(_is_of_every_target(other, trial, value) for trial in other.trials):
        _say_of_every_target(other)
    elif not exam.recognised:
        examine_forward(other)
    for finding in other.findings:
        message = f"Where targets are {_OPTION}={value}: {finding.message}"
        exam.findings.append(replace(finding, message=message))


def _is_of_every_target(exam: Examination, trial: Trial, value: object) -> bool:
    """Say whether an output is the mean over every target, whether it is ignored or not."""
    target, got = trial.case.inputs["target"], np.asarray(trial.answer.output)
    expected = output_of(exam.op, trial.case, exam.options) * np.mean(target != value)
    bound = output_bound(exam.op, trial.case, exam.options, exam.forward_yardstick)
    return got.shape == expected.shape and agrees(got, expected, bound)


def _say_of_every_target(exam: Examination) -> None:
    trial = exam.trials[0]
    exam.add(
        "reduction",
        "The output is the sum over the kept targets, divided by the number of all. The mean is over those "
        "that are kept.",
        severity=Severity.WARNING if exam.recognised else None,  # nobody has promised any
        expected=output_of(exam.op, trial.case, exam.options),
        got=trial.answer.output,
    )
