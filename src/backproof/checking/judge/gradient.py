"""Each gradient against the derivative of the candidate's own forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination, Trial, worst
from backproof.checking.judge.own import own_outputs
from backproof.checking.judge.probes import name_by_probe
from backproof.checking.mistakes.mistake import Observation
from backproof.checking.mistakes.search import explain_gradient, gradient_bound, gradient_of
from backproof.checking.oracles import along, directional
from backproof.ops import Op

__all__ = ["examine_gradients"]

#: What a loss is given beside predictions: mostly nobody writes its gradient.
_GIVEN = ("target", "var")


def examine_gradients(exam: Examination, op: Op) -> None:
    """Judge every gradient that came, from each source, for each argument that is due one."""
    present = exam.trials[0].case.inputs
    due = [n for n in exam.op.rules if n in present and (exam.op.kind != "loss" or n not in _GIVEN)]
    trusted = None if exam.own else [t for t in exam.trials if _oracles_agree(exam, op, t, due)]
    if trusted == []:
        exam.doubts.append(
            "finite differences of its own forward do not agree with the reference's derivative"
        )
        return
    for source in exam.candidate.description.sources:
        for argument in due:
            _examine(exam, op, source, argument, exam.trials if trusted is None else trusted)


def _oracles_agree(exam: Examination, op: Op, trial: Trial, due: Sequence[str]) -> bool:
    """Hold the op's gradients against finite differences of the candidate's own forward."""
    case = trial.case
    rng = np.random.default_rng([exam.seed, 7])
    directions: list[NDArray[Any] | None] = []
    slope, bound = 0.0, 0.0
    for name, value in case.inputs.items():
        if name not in due:
            directions.append(None)
            continue
        direction = rng.choice([-1.0, 1.0], value.shape) * rng.uniform(0.5, 1.0, value.shape)
        directions.append(direction)
        gradient = gradient_of(op, case, name, exam.options)
        slack = gradient_bound(op, case, name, exam.options, exam.yardstick, gradient)
        slope += float(np.sum(gradient * direction))
        bound += float(np.sum(slack * np.abs(direction)))
    line = along(own_outputs(exam, case), list(case.inputs.values()), directions, case.upstream)
    estimate = directional(line, exam.dtype)
    return abs(estimate.value - slope) <= estimate.error + bound


def _examine(exam: Examination, op: Op, source: str, argument: str, trials: Sequence[Trial]) -> None:
    part = exam.part_of(source)
    observations = []
    for trial in trials:
        gradients = trial.answer.gradients.get(source)
        cut = source == "autograd" and trial.answer.detached
        if gradients is None or trial.answer.raised or cut or argument not in gradients:
            continue
        got = gradients[argument]
        if got is None:
            _missing(exam, argument, source, part)
            return
        expected = _expected(exam, op, trial, argument, got)
        observations.append(Observation(trial.case, expected, got, trial.sizes))
    if not observations or all(_right(exam, op, argument, o) for o in observations):
        return
    if exam.plain and all(_right(exam, exam.plain, argument, o, exam.plain) for o in observations):
        # A forward that carries an epsilon, beside the gradient of the one without: the same bias.
        return
    if exam.own:
        # What a direction has found is now looked at element by element.
        observations = [
            Observation(o.case, gradient_of(op, o.case, argument, exam.options), o.got, o.sizes)
            for o in observations
        ]
        if all(_right(exam, op, argument, o) for o in observations):
            return
    _accuse(exam, op, argument, source, part, observations)


def _expected(exam: Examination, op: Op, trial: Trial, argument: str, got: NDArray[Any]) -> NDArray[Any]:
    """Give the op's gradient; by differences only where a direction shows that it is needed."""
    if exam.own and _direction_agrees(exam, trial.case, argument, got):
        return got
    return gradient_of(op, trial.case, argument, exam.options)


def _direction_agrees(exam: Examination, case: Case, argument: str, got: NDArray[Any]) -> bool:
    value = case.inputs[argument]
    if got.shape != value.shape or not np.all(np.isfinite(got)):
        return False
    rng = np.random.default_rng([exam.seed, 11])
    direction = rng.choice([-1.0, 1.0], value.shape) * rng.uniform(0.5, 1.0, value.shape)
    directions = [direction if name == argument else None for name in case.inputs]
    line = along(own_outputs(exam, case), list(case.inputs.values()), directions, case.upstream)
    estimate = directional(line, exam.dtype)
    slope = float(np.sum(got * direction))
    return abs(estimate.value - slope) <= estimate.error + exam.yardstick.one * (1 + abs(slope))


def _right(exam: Examination, op: Op, argument: str, o: Observation, instead: Op | None = None) -> bool:
    if o.got is o.expected:
        return True
    expected = gradient_of(instead, o.case, argument, exam.options) if instead else o.expected
    if o.got.shape != expected.shape:
        return False
    bound = gradient_bound(op, o.case, argument, exam.options, exam.yardstick, expected)
    return agrees(o.got, expected, bound)


def _missing(exam: Examination, argument: str, source: str, part: str) -> None:
    if part == "backward":
        message = f"The backward pass returns nothing where the gradient for {argument} is due. Return it."
    else:
        message = f"No gradient reaches {argument}: it is not used, or not connected to the output."
    exam.add("missing-gradient", message, part, argument=argument, source=source)


def _accuse(
    exam: Examination, op: Op, argument: str, source: str, part: str, observations: Sequence[Observation]
) -> None:
    explanations = explain_gradient(op, exam.options, argument, observations, exam.yardstick)
    if not explanations and exam.plain:
        # The forward carries an epsilon; the backward may be that of the forward without, and wrong.
        plain = exam.plain
        beside = [
            replace(o, expected=gradient_of(plain, o.case, argument, exam.options)) for o in observations
        ]
        explanations = explain_gradient(plain, exam.options, argument, beside, exam.yardstick)
    o = next(o for o in observations if not _right(exam, op, argument, o))
    evidence: dict[str, Any] = {"argument": argument, "source": source}
    if o.got.shape == o.expected.shape:
        place = worst(o.got, o.expected, gradient_bound(op, o.case, argument, exam.options, exam.yardstick))
        evidence |= {"index": place, "expected": o.expected[place], "got": o.got[place]}
        evidence["input"] = o.case.inputs[argument][place]
        upstream = np.asarray(o.case.grad_output)
        evidence["grad_output"] = upstream[place] if upstream.shape == o.got.shape else upstream
    else:
        evidence |= {"shape_expected": o.expected.shape, "shape_got": o.got.shape}
    if explanations:
        first = explanations[0]
        also = [p.diagnosis for p in explanations[1:]] or None
        exam.add(
            first.diagnosis,
            f"The gradient for {argument} {first.says}.",
            part,
            also=also,
            **evidence,
            **first.evidence,
        )
        return
    if o.got.shape != o.expected.shape:
        exam.add(
            "gradient-shape",
            f"The gradient for {argument} has the shape {o.got.shape}; {argument} has {o.expected.shape}.",
            part,
            **evidence,
        )
        return
    if name_by_probe(exam, op, argument, source, part, evidence):
        return
    exam.add(
        "gradient-value",
        f"The gradient for {argument} is not the derivative of the forward: {evidence['got']:.6g} where "
        f"{evidence['expected']:.6g} is expected."
        + ("" if evidence.get("linear", True) else " It is not linear in the incoming gradient."),
        part,
        **evidence,
    )
