"""The judgement of an activation, a loss, a layer, a model or a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import Yardstick, agrees
from backproof.checking.candidate import Candidate
from backproof.checking.judge.curve import follow
from backproof.checking.judge.discipline import examine_dtypes, examine_mutation
from backproof.checking.judge.edges import examine_extremes, examine_kinks
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import examine_forward
from backproof.checking.judge.gradient import examine_gradients
from backproof.checking.judge.own import NoOutput, own_op
from backproof.checking.judge.precision import examine_precision
from backproof.checking.judge.prepare import prepare
from backproof.checking.judge.second import examine_second
from backproof.checking.mistakes.search import gradient_bound, gradient_of, output_bound, output_of
from backproof.checking.references import OpReference
from backproof.ops import Op

__all__ = ["examine_component"]


def examine_component(
    candidate: Candidate,
    reference: OpReference | None,
    *,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None = None,
    domain: tuple[float, float] | None = None,
) -> Examination:
    """Judge a component; the findings are in the examination that is given back.

    Raises
    ------
    Skipped
        If no way to construct or call it was found.
    CandidateLost
        If its process is gone.
    """
    exam = prepare(candidate, reference, seed, asked, inputs, domain)
    exam.asked = asked
    if not exam.trials:
        return exam
    try:
        _examine(exam)
    except NoOutput as error:
        exam.doubts.append(f"its forward stopped giving outputs: {error}")
    return exam


def _examine(exam: Examination) -> None:
    if any(f.diagnosis == "nondeterministic" for f in exam.findings):
        return
    examine_mutation(exam)
    raised = [t.answer.raised for t in exam.trials if t.answer.raised]
    if raised:
        exam.add_raised(raised[0])
    if any(t.answer.output is None for t in exam.trials) and raised:
        return
    op = exam.op if exam.own else examine_forward(exam)
    if op is None and exam.doubts:
        return
    if op is None:
        # A wrong forward nobody can explain: its gradient is judged by itself.
        description = exam.candidate.description
        op = own_op(exam.candidate, exam.convention, exam.op.arguments, exam.op.kind, description.name)
        own = replace(exam, op=op, own=True)
        examine_gradients(own, op)
        exam.cases = own.cases
        return
    examine_gradients(exam, op)
    exam.curve = follow(exam, op)
    examine_second(exam)
    if exam.exact and not exam.own:
        examine_kinks(exam)
        if exam.domain is None:
            examine_extremes(exam, op)
        _examine_single(exam, op)
        if exam.domain is None:
            examine_precision(exam, op)


def _examine_single(exam: Examination, op: Op) -> None:
    """Judge one ordinary case again in float32."""
    if exam.dtype == "float32" or exam.has_errors():
        return
    first = exam.trials[0]
    if any(op.arguments[name].domain == "mask" for name in first.case.inputs):
        return  # a mask that the candidate draws is another one in float32
    case = first.case.astype(np.float32)
    trial = Trial(case, exam.call(case), first.sizes)
    exam.cases += 1
    if trial.answer.raised or trial.answer.output is None:
        return
    examine_dtypes(exam, trial)
    exact, single = case.astype(np.float64), Yardstick.of("float32", exact=True)
    bound = output_bound(op, exact, exam.options, single)
    if not agrees(trial.answer.output, output_of(op, exact, exam.options), bound):
        exam.add("precision-loss", "Right in float64, the output loses digits in float32.", dtype="float32")
        return
    argument = next(name for name in op.rules if name in case.inputs)
    for source, gradients in trial.answer.gradients.items():
        got = gradients.get(argument)
        right = gradient_of(op, exact, argument, exam.options)
        bound = gradient_bound(op, exact, argument, exam.options, single)
        if got is not None and got.shape == right.shape and not agrees(got, right, bound):
            exam.add(
                "precision-loss",
                f"Right in float64, the gradient for {argument} loses digits in float32.",
                exam.part_of(source),
                dtype="float32",
                source=source,
            )
