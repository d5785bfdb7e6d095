"""The outputs behind the first: what comes back from each has its part in every gradient."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.gradients.gradient import examine_gradients
from backproof.checking.judge.own import own_op

__all__ = ["examine_further"]


def examine_further(exam: Examination) -> None:
    """Judge the gradients of each further output for which the backward takes an upstream gradient.

    A cell gives its new state and its memory, and gets a gradient for both. Each alone is judged by the
    candidate's own forward, the upstream gradients of the others being 0.
    """
    taken = set(map(str, exam.convention.get("backward", {}).values()))
    for which in itertools.takewhile(lambda index: f"grad_output_{index}" in taken, itertools.count(1)):
        if not exam.has_errors():
            _examine(exam, which)


def _examine(exam: Examination, which: int) -> None:
    convention = {**exam.convention, "which": which}
    given = {name: exam.op.arguments[name] for name in exam.trials[0].case.inputs}
    op = own_op(exam.candidate, convention, given, exam.op.kind, exam.candidate.description.name)
    other = replace(exam, op=op, own=True, options={}, convention=convention, trials=[])
    for index, trial in enumerate(exam.trials):
        output = other.call(replace(trial.case, grad_output=None)).output
        if output is None:
            return
        grad_output = upstream(np.random.default_rng([exam.seed, 37, index]), output.shape)
        case = replace(trial.case, grad_output=grad_output.astype(exam.dtype))
        other.trials.append(Trial(case, other.call(case), trial.sizes))
        other.cases += 2
    other.findings = []
    examine_gradients(other, op)
    exam.cases = other.cases
    came = [g for trial in other.trials for found in trial.answer.gradients.values() for g in found.values()]
    if other.has_errors() and not any(g is not None and np.any(g) for g in came):
        exam.add(
            "gradient-value",
            f"What comes in for output {which + 1} reaches no argument: it has to be added to what comes in "
            "for the outputs before it. Each output has its part in every gradient.",
            "backward",
            output=which + 1,
        )
        return
    exam.findings += other.findings
