"""The outputs behind the first: what comes back from each has its part in every gradient."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backproof.checking.candidate import Convention
from backproof.checking.cases import upstream
from backproof.checking.findings import Finding
from backproof.checking.judge.directions import agrees_along
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.gradients.absent import as_warning
from backproof.checking.judge.gradients.gradient import examine_gradients
from backproof.checking.judge.own import own_op
from backproof.diagnoses import Severity

__all__ = ["examine_further"]

#: So many outputs behind the first are judged one by one; the rest together with them.
_FEW = 4


@dataclass(frozen=True)
class _Output:
    """An output behind the first, or all of them together: how it is asked for, and called."""

    asked: Convention
    name: str
    #: Whether the backward takes what comes in for it; else it says that it leaves that out.
    taken: bool = True


def examine_further(exam: Examination) -> None:
    """Judge the gradients of each further output for which something can come in.

    A cell gives its new state and its memory, and gets a gradient for both. Each alone is judged by the
    candidate's own forward, the upstream gradients of the others being 0; then all together, where autograd
    gives the gradients: there a backward is handed what comes in for all of them.
    """
    before = len(exam.findings) + len(exam.remarks)
    for output in _outputs(exam):
        together = output.asked.get("part") == "all"
        if exam.has_errors() or (together and len(exam.findings) + len(exam.remarks) > before):
            return
        _examine(exam, output)


def _outputs(exam: Examination) -> Iterator[_Output]:
    """Give the outputs for which a backward takes something, and those that autograd can be asked for."""
    back = set(map(str, exam.convention.get("backward", {}).values()))
    for which in itertools.takewhile(lambda index: f"grad_output_{index}" in back, itertools.count(1)):
        yield _Output({"which": which}, f"output {which + 1}")
    places = exam.trials[0].answer.outputs
    upstreams = exam.convention.get("upstreams")
    for index, place in enumerate(places[: _FEW + 1]):
        if index:
            yield _Output({"part": index}, f"output {place}", upstreams is None or place in upstreams)
    if places:
        yield _Output({"part": "all"}, "all outputs together")


def _examine(exam: Examination, output: _Output) -> None:
    other = _asked_for(exam, output)
    if other is None:
        return
    answers = [trial.answer for trial in other.trials]
    if any(answer.detached for answer in answers):
        _say_cut_off(exam, other, output)
        return
    raised = next((answer.raised for answer in answers if answer.raised), None)
    if raised is not None:
        other.add_raised(raised)
    else:
        examine_gradients(other, other.op)
    came = [g for answer in answers for found in answer.gradients.values() for g in found.values()]
    if raised is None and other.has_errors() and not any(g is not None and np.any(g) for g in came):
        _say_lost(exam, output)
        return
    exam.findings += [_about(other, finding, output) for finding in other.findings]


def _asked_for(exam: Examination, output: _Output) -> Examination | None:
    """Put the cases again and ask for another output; ``None`` where that cannot be judged."""
    convention = {**exam.convention, **output.asked}
    given = {name: exam.op.arguments[name] for name in exam.trials[0].case.inputs}
    op = own_op(exam.candidate, convention, given, exam.op.kind, exam.candidate.description.name)
    other = replace(exam, op=op, own=True, options={}, convention=convention, trials=[], findings=[])
    for index, trial in enumerate(exam.trials):
        first = other.call(replace(trial.case, grad_output=None)).output
        if first is None:
            return None
        if first.dtype == np.float32:
            other.dtype = "float32"
        grad_output = upstream(np.random.default_rng([exam.seed, 37, index]), first.shape)
        case = replace(trial.case, grad_output=grad_output).astype(other.dtype)
        answer = other.call(case)
        other.trials.append(Trial(case, answer, trial.sizes))
        other.cases += 2
        exam.cases = other.cases
        reason = "is not finite" if not np.all(np.isfinite(first)) else ""
        if not reason and answer.output is not None and not np.allclose(answer.output, first, 1e-5, 1e-8):
            reason = "changes from call to call"
        if reason:
            exam.remarks.append(f"{output.name} {reason}: no gradient of it was judged")
            return None
    return other


def _say_lost(exam: Examination, output: _Output) -> None:
    """Say that nothing comes back for an output: a mistake where the backward takes what comes in for it."""
    said = (
        "reaches no argument: it has to be added to what comes in for the outputs before it. Each output has "
        "its part in every gradient."
        if output.taken
        else "is left out by the backward. Say so with ctx.mark_non_differentiable, so that nobody takes its "
        "gradient of 0 for the derivative."
    )
    exam.add(
        "gradient-value",
        f"What comes in for {output.name} {said}",
        "backward",
        None if output.taken else Severity.WARNING,
        output=output.name.removeprefix("output "),
    )


def _say_cut_off(exam: Examination, other: Examination, output: _Output) -> None:
    """Note an output that depends on the input, and is cut off from the graph: it may be for looking at."""
    for trial in other.trials:
        nothing = {n: np.zeros_like(a) for n, a in trial.case.inputs.items() if n in other.op.rules}
        if not all(agrees_along(other, trial.case, name, zeros) for name, zeros in nothing.items()):
            exam.add(
                "detached",
                f"No gradient comes from {output.name}: it is cut off from the graph. That is right for "
                "what is only looked at or handed on, and wrong for what a loss is made of.",
                "forward",
                Severity.NOTE,
                output=output.name.removeprefix("output "),
            )
            return


def _about(other: Examination, finding: Finding, output: _Output) -> Finding:
    """Say of which output a finding is; what autograd's gradient lacks may be left out on purpose."""
    evidence: dict[str, Any] = {**finding.evidence, "output": output.name.removeprefix("output ")}
    if other.by_autograd("autograd"):
        finding = as_warning(finding)
    message = (
        f"{finding.message} That is so of {output.name}; the gradients of the first output alone are right."
    )
    return replace(finding, message=message, evidence=evidence)
