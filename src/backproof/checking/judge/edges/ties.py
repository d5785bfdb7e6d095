"""Ties: where several elements are the same maximum, their gradients together are that of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.checking.candidate import Case
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.own import NoOutput, own_outputs
from backproof.checking.oracles import along, directional
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["examine_ties"]

#: The value of every element: no place at which anything else has a kink.
_VALUE = 0.7
#: What the sums may be off by, as a share of the sum of their magnitudes.
_OFF = 1e-6


def examine_ties(exam: Examination, op: Op) -> None:
    """Give all elements one value: the gradients must add up to the derivative along all of them.

    Moved together they stay alike, so that the derivative along that direction is there, whatever a
    subgradient chooses among them.
    """
    first = op.first
    case = exam.trials[0].case
    if op.kind == "loss" or op.elementwise or case.inputs[first].dtype.kind != "f" or exam.has_errors():
        return
    tied = replace(case, inputs={**case.inputs, first: np.full_like(case.inputs[first], _VALUE)}, name="kink")
    output = exam.call(replace(tied, grad_output=None)).output
    if output is None or not np.all(np.isfinite(output)):
        return
    rng = np.random.default_rng([exam.seed, 43])
    tied = replace(tied, grad_output=upstream(rng, output.shape).astype(exam.dtype))
    answer = exam.call(tied)
    exam.cases += 2
    for source, gradients in answer.gradients.items():
        got = gradients.get(first)
        if got is None or got.shape != case.inputs[first].shape or exam.by_autograd(source):
            continue
        slope = float(np.sum(got))
        expected = _along_ones(exam, tied, first, _OFF * float(np.sum(np.abs(got))))
        if expected is None or not np.isfinite(slope) or abs(slope - expected[0]) <= expected[1]:
            continue
        exam.add(
            "gradient-at-kink",
            f"Where all elements of {first} are {_VALUE:g}, so that several are the same maximum, the "
            f"gradients add up to {slope:.6g}, and {expected[0]:.6g} is the derivative along all of them: "
            "equal elements each get the whole gradient, or none does. Give it to one, or share it.",
            exam.part_of(source),
            Severity.WARNING,
            argument=first,
            source=source,
            expected=expected[0],
            got=slope,
        )


def _along_ones(exam: Examination, case: Case, first: str, slack: float) -> tuple[float, float] | None:
    """Estimate the derivative along ones, and what it may be off by; ``None`` where that says nothing."""
    directions = [np.ones_like(a) if name == first else None for name, a in case.inputs.items()]
    line = along(own_outputs(exam, case), list(case.inputs.values()), directions, case.upstream)
    try:
        estimate = directional(line, exam.dtype)
    except NoOutput:
        return None
    if not np.isfinite(estimate.value) or not np.isfinite(estimate.error):
        return None
    return estimate.value, estimate.error + slack
