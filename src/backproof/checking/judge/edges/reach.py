"""Far from 0: a gradient that is right where values are ordinary, and forgets a bound further out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.judge.gradients.gradient import accuse
from backproof.checking.judge.own import NoOutput, own_outputs
from backproof.checking.mistakes.mistake import Observation
from backproof.checking.mistakes.search import gradient_bound, gradient_of
from backproof.checking.oracles import along, directional
from backproof.ops import Op

__all__ = ["examine_reach"]

#: The sizes of the values, none of them a number at which people put a bound.
_MAGNITUDES = (0.13, 1.07, 3.2, 10.7, 31.0)
#: What a gradient may be off by there, as a share of the largest in the ordinary range: clamps that keep
#: an exponential from overflowing stay below it.
_FELT = 1e-3
#: The incoming gradient is larger there, too: a bound on x may be one that is put on it by mistake.
_LOUD = 16.0


def examine_reach(exam: Examination, op: Op) -> None:
    """Hold the gradient for the first argument against its derivative, out to where |x| is 31.

    Only what works on one array of real numbers, or is held against a reference whose forward it has there
    too: how a loss of one's own behaves where its logarithms saturate is a matter of its epsilons.
    """
    argument = op.first
    if (
        op.arguments[argument].domain != "real"
        or argument not in op.rules
        or exam.has_errors()
        or exam.plain
        or exam.on_purpose
    ):
        return
    if op.kind not in (("activation", "elementary") if exam.own else ("activation", "loss")):
        return
    first = exam.trials[0]
    if exam.own and (len(first.case.inputs) > 1 or first.answer.output is None):
        return
    for source, gradients in first.answer.gradients.items():
        usual = gradients.get(argument)
        if usual is None or exam.by_autograd(source):
            continue
        felt = _FELT * _LOUD * float(np.abs(usual).max(initial=0.0))
        wrong = next(_wrong(exam, op, source, felt), None)
        if wrong is not None:
            expected = gradient_of(op, first.case, argument, exam.options)
            seen = [Observation(first.case, expected, usual, first.sizes), wrong]
            accuse(exam, op, argument, source, exam.part_of(source), seen)


def _wrong(exam: Examination, op: Op, source: str, felt: float) -> Iterator[Observation]:
    for trial in _trials(exam, op):
        got = trial.answer.gradients.get(source, {}).get(op.first)
        if got is None or got.shape != trial.case.inputs[op.first].shape or not np.all(np.isfinite(got)):
            continue
        if exam.own and not _direction_is_off(exam, trial.case, op.first, got, felt):
            continue
        try:
            expected = gradient_of(op, trial.case, op.first, exam.options)
        except NoOutput:
            continue
        if not np.all(np.isfinite(expected)) or not np.any(np.abs(got - expected) > felt):
            continue
        bound = gradient_bound(op, trial.case, op.first, exam.options, exam.yardstick, expected)
        if not agrees(got, expected, bound):
            yield Observation(trial.case, expected, got, trial.sizes)


def _trials(exam: Examination, op: Op) -> Iterator[Trial]:
    """Give a trial for each magnitude at which the forward can be trusted."""
    ordinary = exam.trials[0]
    rng = np.random.default_rng([exam.seed, 31])
    shape = ordinary.case.inputs[op.first].shape
    for magnitude in _MAGNITUDES:
        values = magnitude * rng.choice([-1.0, 1.0], shape) * rng.uniform(0.97, 1.03, shape)
        inputs = {**ordinary.case.inputs, op.first: values}
        far = replace(
            ordinary.case, inputs=inputs, grad_output=np.asarray(_LOUD * ordinary.case.upstream), name="far"
        )
        case = far.astype(exam.dtype)
        answer = exam.call(case)
        exam.cases += 1
        output = answer.output
        if answer.raised or output is None or not np.all(np.isfinite(output)):
            continue
        if exam.own or forward_agrees(exam, op, exam.options, case, output):
            yield Trial(case, answer, ordinary.sizes)


def _direction_is_off(
    exam: Examination, case: Case, argument: str, got: NDArray[np.float64], felt: float
) -> bool:
    direction = np.random.default_rng([exam.seed, 37]).choice([-1.0, 1.0], got.shape)
    line = along(own_outputs(exam, case), list(case.inputs.values()), [direction], case.upstream)
    try:
        estimate = directional(line, exam.dtype)
    except NoOutput:
        return False
    slack = estimate.error + felt
    return bool(np.isfinite(slack)) and abs(estimate.value - float(np.sum(got * direction))) > slack
