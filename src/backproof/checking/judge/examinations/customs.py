"""Customs: what is right if it is used as those who write it so do, which the code alone does not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.checking.findings import Finding
from backproof.checking.judge.examination import Examination
from backproof.diagnoses import Severity

__all__ = [
    "examine_handed_output",
    "examine_last",
    "examine_number",
    "examine_saved_output",
    "soften_averages",
]

_SAID = (
    " So are those of all parameters, and that of the input is not: that is right where the gradient of the "
    "loss has not been divided by the number of examples, as some courses write it; else it is divided twice."
)


def soften_averages(exam: Examination) -> None:
    """Make warnings of the errors of a layer that averages the gradients of all its parameters.

    A loss that is summed and a layer that averages give the same step as a loss that is averaged. What has
    the axis of the batch itself must not be scaled, and what has not must be, all of it.
    """
    wrong = [f for f in exam.findings if f.severity is Severity.ERROR]
    if exam.asked or not wrong or any(f.diagnosis != "gradient-scale" for f in wrong):
        return
    scaled = {str(f.evidence.get("argument")) for f in wrong}
    if not all(_is_average(exam, finding, scaled) for finding in wrong):
        return
    exam.findings = [
        replace(f, severity=Severity.WARNING, message=f.message + _SAID) if f in wrong else f
        for f in exam.findings
    ]


def _is_average(exam: Examination, finding: Finding, scaled: set[str]) -> bool:
    """Say whether a factor is one over the size of an axis that the arguments not ``scaled`` all have."""
    factors = np.broadcast_to(np.asarray(finding.evidence.get("factor"), float), len(exam.trials))
    for factor, trial in zip(factors, exam.trials, strict=True):
        given = next(iter(trial.answer.gradients.values()), {})
        count = round(1 / factor) if factor > 0 else 0
        if count <= 1 or abs(count * factor - 1) > 1e-6 or exam.op.first not in {*given} - scaled:  # rounding
            return False
        if any((count in trial.case.inputs[name].shape) == (name in scaled) for name in given):
            return False
    return True


def examine_last(exam: Examination) -> None:
    """Warn of a loss of one number that ignores its incoming gradient, of which the default is 1.

    Nothing stands behind it then: it is judged as it is called, without one.
    """
    name, case = exam.convention.get("of_one"), exam.trials[0].case
    if not name or any(t.answer.output is None or t.answer.output.ndim for t in exam.trials):
        return
    given = [exam.call(replace(case, grad_output=factor * case.upstream)).gradients for factor in (1.0, 2.0)]
    came, again = (g.get("backward", {}).get(exam.op.first) for g in given)
    exam.cases += 2
    if came is None or again is None or not came.any() or not np.array_equal(came, again):
        return
    exam.add(
        "upstream-ignored",
        f"The gradient for {exam.op.first} does not change when the incoming gradient does: {name} is not "
        "multiplied in. Where the loss is the last, and is called without one as the default 1 is meant, "
        "that is no matter; in a sum of losses it is.",
        "backward",
        severity=Severity.WARNING,
        argument=exam.op.first,
        source="backward",
    )
    left = {one: role for one, role in exam.convention["backward"].items() if one != name}
    exam.convention = {**exam.convention, "backward": left, "upstream": False}
    exam.trials = [replace(trial, answer=exam.call(trial.case)) for trial in exam.trials]


def examine_handed_output(exam: Examination) -> None:
    """Warn of a derivative that is one only if it is handed the output, and does not say so."""
    name = exam.convention.get("as_output")
    if name and not exam.has_errors():
        exam.add(
            "input-for-output",
            f"It is the derivative if it is handed the output of the forward. Its argument is called {name}, "
            "as is the forward's: handed the input, it is wrong. Call it what it is, such as y.",
            "backward",
            severity=Severity.WARNING,
            argument=exam.op.first,
        )


def examine_saved_output(exam: Examination) -> None:
    """Note a loss whose backward is right if it is handed what the forward has saved of its prediction."""
    name = exam.convention.get("as_saved")
    if name and not exam.has_errors():
        exam.add(
            "upstream-ignored",
            f"It is the derivative if {name} is handed what the forward has saved as its output, as in "
            f"loss.backward(loss.output, y): {name} is no incoming gradient, and none is multiplied in.",
            "backward",
            severity=Severity.NOTE,
            argument=exam.op.first,
        )


def examine_number(exam: Examination) -> None:
    """Warn of a loss without a reference that is one number and has axes."""
    outputs = [trial.answer.output for trial in exam.trials]
    several = all(trial.case.inputs[exam.op.first].ndim > 1 for trial in exam.trials)
    if exam.op.kind != "loss" or not exam.own or not several:
        return
    shapes = [output.shape for output in outputs if output is not None and output.size == 1]
    if len(shapes) == len(outputs) and all(shapes):
        shape = shapes[0]
        exam.add(
            "forward-shape",
            f"The output is one number, and has the shape {shape}: a loss has no axes. Leave keepdims out, "
            "or sum over all axes at once.",
            severity=Severity.WARNING,
            shape_expected=(),
            shape_got=shape,
        )
