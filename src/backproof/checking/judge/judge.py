"""The judgement of a candidate, whatever it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, CandidateLost, Description
from backproof.checking.cases import ordinary_cases
from backproof.checking.findings import Finding, Judgement, Verdict
from backproof.checking.judge.component import examine_component
from backproof.checking.judge.examination import Examination, Inquiry
from backproof.checking.judge.optimizers.optimizer import OptimizerInquiry, examine_optimizer
from backproof.checking.judge.preparing.prepare import Skipped
from backproof.checking.references import OpReference, Reference, RuleReference, UnfitReference, guess
from backproof.checking.rules_by_name import guess_rule
from backproof.diagnoses import Severity

__all__ = ["GUESS", "judge", "settle"]


class _Guess:
    """The reference is to be worked out from the candidate's name."""

    def __repr__(self) -> str:
        return "GUESS"


GUESS = _Guess()


#: What is said of a module's own backward, and of one whose forward is cut off from the graph.
_NEVER_CALLED = {
    False: "PyTorch never calls a method named backward of a Module: what trains is autograd's gradient of "
    "the forward. To make it count, write a torch.autograd.Function.",
    True: "Its output is cut off from the graph, so that it is trained by its own backward alone, which you "
    "call: loss.backward() does not reach it. To be part of the graph, write a torch.autograd.Function.",
}


def judge(
    candidate: Candidate,
    *,
    like: Reference | _Guess | None = GUESS,
    seed: int = 0,
    inputs: Mapping[str, NDArray[Any]] | None = None,
    domain: tuple[float, float] | None = None,
) -> Judgement:
    """Judge a candidate against a reference, or against its own forward alone (``like=None``).

    ``inputs`` are arrays to judge it on, ``domain`` says between which values its input lies.

    Raises
    ------
    UnfitReference
        If ``like`` is of another kind, or has no value on ordinary inputs.
    """
    description = candidate.description
    asked = not isinstance(like, _Guess)
    if not isinstance(like, _Guess) and like is not None:
        _demand_kind(like, description)
    reference = guess(description.name) if isinstance(like, _Guess) else like
    if not asked and reference is not None and not _suits(reference, description.kind):
        reference = None
    sure = True
    if not asked and reference is None and description.kind == "optimizer":
        reference, sure = guess_rule(description.name) or (None, True)
    began = time.perf_counter()
    judgement = Judgement(
        description.name,
        _kind(reference, description.kind),
        description.style,
        Verdict.SKIPPED,
        reference=str(reference) if reference else None,
        seed=seed,
        file=description.file,
        cell=description.cell,
        line=description.lines.get("definition"),
    )
    try:
        # Overflow is looked for at the edges, and reported as a finding, not as a warning.
        with np.errstate(all="ignore"):
            exam = _examine(candidate, reference, seed, asked, inputs, domain, sure=sure)
        _conclude(judgement, exam)
    except Skipped as error:
        judgement.reason = str(error)
    except CandidateLost as error:
        judgement.verdict = Verdict.FAIL
        message = f"{error}"
        judgement.findings.append(
            Finding(error.diagnosis, f"{message[:1].upper()}{message[1:]}.", {}, judgement.line)
        )
    except (ArithmeticError, IndexError, TypeError, ValueError):
        if asked and isinstance(reference, OpReference):
            _demand_values(reference, seed)  # else the mistake is ours
        raise
    judgement.seconds = time.perf_counter() - began
    return judgement


def _examine(
    candidate: Candidate,
    reference: Reference | None,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None,
    *,
    sure: bool,
) -> Inquiry:
    if candidate.description.kind == "optimizer" or isinstance(reference, RuleReference):
        rule = reference if isinstance(reference, RuleReference) else None
        return examine_optimizer(candidate, rule, seed=seed, sure=sure, asked=asked)
    return examine_component(candidate, reference, seed=seed, asked=asked, inputs=inputs, domain=domain)


def _suits(reference: Reference, kind: str) -> bool:
    """Say whether a guess from the name goes with what the code is."""
    if isinstance(reference, RuleReference) or kind == "optimizer":
        return isinstance(reference, RuleReference) and kind == "optimizer"
    return kind in (reference.kind, "function")


def _demand_kind(reference: Reference, description: Description) -> None:
    """Refuse an optimizer as the reference of what is none, and the other way round."""
    if isinstance(reference, RuleReference) != (description.kind == "optimizer"):
        raise UnfitReference(
            f"{reference} is {_article(reference.kind)}, {description.name} {_article(description.kind)}: "
            "give the reference that it is meant to be"
        )


def _demand_values(reference: OpReference, seed: int) -> None:
    """Refuse a reference whose options leave it without a value."""
    try:
        for case in ordinary_cases(reference.op, seed, reference.options):
            reference.op.evaluate(np, reference.op.roles(case.inputs), **reference.options)
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise UnfitReference(
            f"{reference} cannot be computed, so nothing is held against it: {error}"
        ) from error


def _article(noun: str) -> str:
    noun = {"elementary": "elementary function"}.get(noun, noun)
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _kind(reference: Reference | None, kind: str) -> str:
    """Give the kind of what a candidate is held against; elementary ops have none of their own."""
    if reference is None or reference.kind == "elementary":
        return kind
    return reference.kind


def _conclude(judgement: Judgement, exam: Inquiry) -> None:
    description = exam.candidate.description
    if description.style == "torch-module-manual-backward":
        exam.add("backward-never-called", _NEVER_CALLED[getattr(exam, "stands_alone", False)], "backward")
    judgement.findings = exam.findings
    judgement.cases = exam.cases
    if "earlier" in description.lines:
        exam.remarks.append("its name is defined more than once: what is judged is the last definition")
    judgement.reason = "; ".join(exam.remarks)
    if isinstance(exam, OptimizerInquiry):
        judgement.reference = str(exam.reference) if exam.reference else None
    if isinstance(exam, Examination):
        judgement.curve = exam.curve
    if isinstance(exam, Examination) and exam.own:
        judgement.reference = None
    if isinstance(exam, Examination) and exam.recognised:
        judgement.reference = str(OpReference(exam.op, exam.options))
    if isinstance(exam, Examination) and exam.options and not exam.own and judgement.reference:
        judgement.reference = str(OpReference(exam.op, exam.options))
    if exam.doubts and not exam.has_errors():
        judgement.verdict, judgement.reason = Verdict.UNSURE, exam.doubts[0]
        return
    settle(judgement)


def settle(judgement: Judgement) -> None:
    """Set the verdict that the findings call for."""
    wrong = any(f.severity is Severity.ERROR for f in judgement.findings)
    judgement.verdict = Verdict.FAIL if wrong else Verdict.PASS
