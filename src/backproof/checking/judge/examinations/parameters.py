"""Parameters that a candidate holds and its reference has not: a slope that is learned, a gain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.checking.candidate import Convention, Signature
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.gradients.gradient import examine_gradients
from backproof.checking.judge.own import own_op
from backproof.checking.judge.preparing.unknown import drawn_held, unjudged, with_held

__all__ = ["examine_parameters"]

#: So many values are drawn for them.
_DRAWS = 2


def examine_parameters(exam: Examination) -> None:
    """Judge their gradients by the candidate's own forward, where it has other values of them.

    There the gradients of all arguments are judged again: one that is right at a slope of 1 only has
    forgotten the slope. Where some are wrong already, the parameters alone are.
    """
    if exam.own or exam.draws or exam.doubts:
        return
    shapes = {name: value.shape for name, value in exam.trials[0].case.inputs.items()}
    asked = Signature(exam.op.kind, shapes, {}, exam.op.name, within=exam.convention)
    for convention in exam.candidate.conventions(asked):
        if left := unjudged(convention):
            exam.remarks.append(f"not judged: {'; '.join(left)}")
        if "held" in convention:
            _examine(exam, convention)


def _examine(exam: Examination, convention: Convention) -> None:
    case = exam.trials[0].case
    arguments = with_held({name: exam.op.arguments[name] for name in case.inputs}, convention)
    op = own_op(exam.candidate, convention, arguments, exam.op.kind, exam.candidate.description.name)
    if exam.has_errors():
        op = op.replace(rules={name: rule for name, rule in op.rules.items() if name in convention["held"]})
    other = replace(exam, op=op, own=True, options={}, convention=convention, trials=[], findings=[])
    for index in range(_DRAWS):
        rng = np.random.default_rng([exam.seed, 43, index])
        inputs = {**case.inputs, **drawn_held(rng, convention)}
        values = replace(case, inputs=inputs, grad_output=None).astype(exam.dtype)
        output = other.call(values).output
        if output is None or not np.all(np.isfinite(output)):
            return
        whole = replace(values, grad_output=upstream(rng, output.shape).astype(exam.dtype))
        other.trials.append(Trial(whole, other.call(whole), exam.trials[0].sizes))
    examine_gradients(other, op)
    exam.cases = other.cases + 2 * _DRAWS
    exam.findings += other.findings
