"""Gradients that do not come: due, or rightly left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.findings import Finding
from backproof.checking.judge.directions import agrees_along
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.gradients.purpose import examine_bypassed
from backproof.checking.judge.preparing.roles import is_given, is_learned, is_limit
from backproof.diagnoses import Severity
from backproof.ops.domain import BINARY, SIGN

__all__ = ["GIVEN", "LABELS", "as_warning", "examine_absent", "is_no_loss"]

#: What a loss is given beside predictions: mostly nobody writes its gradient, and nobody has to.
GIVEN = ("target", "var")
#: What labels are: nobody moves one along its gradient.
LABELS = (BINARY, SIGN)


def examine_absent(exam: Examination, argument: str, source: str, part: str, trials: Sequence[Trial]) -> None:
    """Judge that no gradient came: that is right where the forward does not change with the argument."""
    gradients = trials[0].answer.gradients.get(source, {}) if trials else {}
    if not _is_cut_off(exam, gradients, source) and not _is_flat(exam, argument, trials):
        _missing(exam, argument, source, part)


def as_warning(finding: Finding) -> Finding:
    """Give a finding that is no error."""
    return replace(finding, severity=Severity.WARNING) if finding.severity is Severity.ERROR else finding


def is_no_loss(exam: Examination) -> bool:
    """Say whether what is called a loss by its arguments' names alone gives as many numbers as it takes."""
    shapes = [(t.answer.output, t.case.inputs[exam.op.first].shape) for t in exam.trials]
    return (
        exam.own
        and bool(exam.convention.get("by_arguments"))
        and all(output is not None and output.ndim and output.shape == shape for output, shape in shapes)
    )


def _is_flat(exam: Examination, argument: str, trials: Sequence[Trial]) -> bool:
    """Say whether the forward does not change with an argument: then nothing is as good as zeros."""
    return bool(trials) and all(
        agrees_along(exam, t.case, argument, np.zeros_like(t.case.inputs[argument])) for t in trials
    )


def _is_cut_off(exam: Examination, gradients: Mapping[str, NDArray[Any] | None], source: str) -> bool:
    """Say that the output is cut off, where no gradient reaches anything though one is asked for."""
    if not exam.by_autograd(source) or any(g is not None for g in gradients.values()):
        return False
    exam.add(
        "detached",
        "No gradient reaches any argument: the output is a tensor of its own, cut off from the graph. "
        "Do not make it anew of .item(), .data, .detach() or NumPy on the way from input to output.",
        source=source,
    )
    return True


def _mixes_samples(exam: Examination, argument: str) -> bool:
    """Say whether an argument is a square matrix with a row and a column for each row of another."""
    inputs, held = exam.trials[0].case.inputs, exam.convention.get("held", ())
    shape = inputs[argument].shape
    others = [value.shape for name, value in inputs.items() if name not in (argument, *held)]
    return (
        len(shape) == 2
        and shape[0] == shape[1]
        and any(len(other) == 2 and other[0] == shape[0] != other[1] for other in others)
    )


def _missing(exam: Examination, argument: str, source: str, part: str) -> None:
    target = argument in GIVEN and is_no_loss(exam)
    kind = exam.candidate.description.kind
    if exam.own and is_given(argument, kind) and argument != exam.op.first and not target:
        exam.remarks.append(f"{argument} gets no gradient: by its name it is given, not learned")
        return
    if exam.own and is_limit(argument) and exam.trials[0].answer.handmade:
        exam.remarks.append(f"{argument} gets no gradient: by its name it is a number, which has none")
        return
    if exam.own and _mixes_samples(exam, argument):
        exam.remarks.append(f"{argument} gets no gradient: it mixes samples, as a graph does that is given")
        return
    if argument in exam.convention.get("held", ()) and examine_bypassed(exam, argument, source, part):
        return
    if argument in exam.convention.get("held", ()):
        message = (
            f"No gradient reaches {argument}, though the output depends on it. It is cut off from the graph "
            "(.item(), .data, .detach(), torch.no_grad(), a NumPy round trip), or a backward gives None."
        )
    elif part == "backward":
        message = f"The backward pass returns nothing where the gradient for {argument} is due. Return it."
    else:
        message = f"No gradient reaches {argument}: it is not used, or not connected to the output."
    doubtful = target  # it may be one all the same
    if exam.own and exam.trials[0].answer.handmade and not is_learned(argument):
        message += f" If {argument} is a number, or given, that it is None is right: a comment may say so."
        doubtful = True
    severity = Severity.WARNING if doubtful else None
    exam.add("missing-gradient", message, part, severity, argument=argument, source=source)
