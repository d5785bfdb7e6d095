"""The judgement of an activation, a loss, a layer, a model or a function."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import Yardstick, agrees
from backproof.checking.candidate import Candidate
from backproof.checking.judge.discipline import (
    examine_dtypes,
    examine_interleaving,
    examine_mutation,
    examine_narrowing,
)
from backproof.checking.judge.edges.corners import examine_corner
from backproof.checking.judge.edges.extremes import examine_extremes, examine_kinks
from backproof.checking.judge.edges.limits import examine_limits
from backproof.checking.judge.edges.precision import examine_precision
from backproof.checking.judge.edges.reach import examine_reach
from backproof.checking.judge.edges.ties import examine_ties
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.examinations.axes import examine_axes
from backproof.checking.judge.examinations.batch import examine_batch
from backproof.checking.judge.examinations.curve import follow
from backproof.checking.judge.examinations.customs import (
    examine_handed_output,
    examine_last,
    examine_number,
    examine_saved_output,
    soften_averages,
)
from backproof.checking.judge.examinations.further import examine_further
from backproof.checking.judge.examinations.ignored import examine_ignored
from backproof.checking.judge.examinations.otherwise import examine_beyond_reference, examine_options
from backproof.checking.judge.examinations.parameters import examine_parameters
from backproof.checking.judge.examinations.randomness import examine_randomness
from backproof.checking.judge.forward import examine_forward
from backproof.checking.judge.gradients.gradient import examine_gradients
from backproof.checking.judge.gradients.second import examine_second
from backproof.checking.judge.own import NoOutput, own_op
from backproof.checking.judge.preparing.prepare import prepare
from backproof.checking.mistakes.search import gradient_bound, gradient_of, output_bound, output_of
from backproof.checking.references import OpReference
from backproof.diagnoses import Severity
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


def _is_disciplined(exam: Examination) -> bool:
    """Judge how it is called; say whether there is a function of its inputs to be judged further."""
    examine_randomness(exam)
    if any(f.diagnosis == "nondeterministic" and f.severity is Severity.ERROR for f in exam.findings):
        return False
    examine_interleaving(exam)
    examine_mutation(exam)
    raised = [t.answer.raised for t in exam.trials if t.answer.raised]
    if raised:
        exam.add_raised(raised[0])
    return not raised or all(t.answer.output is not None for t in exam.trials)


def _examine(exam: Examination) -> None:
    if not _is_disciplined(exam):
        return
    examine_last(exam)
    op = exam.op if exam.own else examine_forward(exam)
    if op is None and exam.doubts:
        return
    if op is None:
        # A wrong forward nobody can explain: its gradient is judged by itself.
        description = exam.candidate.description
        given = {n: a for n, a in exam.op.arguments.items() if n in exam.trials[0].case.inputs}
        op = own_op(exam.candidate, exam.convention, given, exam.op.kind, description.name)
        own = replace(exam, op=op, own=True, options={})
        examine_gradients(own, op)
        exam.cases = own.cases
        examine_parameters(exam)
        return
    examine_gradients(exam, op)
    examine_further(exam)
    examine_parameters(exam)
    soften_averages(exam)
    examine_narrowing(exam)
    if exam.on_purpose:  # of the derivative nothing more is to be held against it
        return
    _examine_beyond(exam, op)
    soften_averages(exam)  # with other values of its options it averages as well
    examine_handed_output(exam)
    examine_saved_output(exam)
    exam.curve = follow(exam, op)
    examine_second(exam)
    if exam.exact and not exam.own:
        examine_kinks(exam)
        if exam.domain is None:
            examine_extremes(exam, op)
        _examine_single(exam, op)
        if exam.domain is None:
            examine_precision(exam, op)
    if exam.own:
        _examine_own(exam)
    with contextlib.suppress(NoOutput):
        examine_limits(exam)


def _examine_beyond(exam: Examination, op: Op) -> None:
    """Judge the gradients on what the ordinary cases do not hold."""
    examine_axes(exam)
    examine_batch(exam)
    if exam.domain is None:
        examine_reach(exam, op)
        examine_ties(exam, op)
    if op is exam.op:
        examine_options(exam)
        examine_beyond_reference(exam)
        examine_ignored(exam)


def _examine_own(exam: Examination) -> None:
    """Judge what has no reference beyond the ordinary cases."""
    examine_number(exam)
    if not exam.has_errors() and not exam.draws:
        examine_corner(exam)
    _examine_own_single(exam)


def _examine_own_single(exam: Examination) -> None:
    """Put one ordinary case again in float32: dtypes, and digits that its own float64 has and it has not."""
    if exam.dtype == "float32" or exam.has_errors() or "domains" in exam.convention:
        return  # nobody fits a regression of his own in float32
    case = exam.trials[0].case.astype(np.float32)
    if not exam.candidate.description.style.startswith("torch"):
        # NumPy makes float64 of float32 and int64, and float32 of float32 and int16.
        narrow = {n: a.astype(np.int16) if a.dtype.kind in "iu" else a for n, a in case.inputs.items()}
        case = replace(case, inputs=narrow)
    answer = exam.call(case)
    exam.cases += 1
    if answer.raised is not None or answer.output is None:
        return
    examine_dtypes(exam, Trial(case, answer, {}))
    with contextlib.suppress(NoOutput):  # its forward may be one for smaller inputs only
        if exam.domain is None and not exam.draws:
            examine_precision(exam, exam.op)


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
