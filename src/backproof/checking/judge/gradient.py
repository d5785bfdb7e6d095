"""Each gradient against the derivative of the candidate's own forward."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination, Trial, apart, worst
from backproof.checking.judge.measured import Difference, described
from backproof.checking.judge.own import own_outputs
from backproof.checking.judge.probes import name_by_probe
from backproof.checking.mistakes.mistake import GENERIC, Observation, Planted
from backproof.checking.mistakes.search import explain_gradient, gradient_bound, gradient_of
from backproof.checking.oracles import along, directional
from backproof.ops import Op

__all__ = ["examine_gradients"]

#: What a loss is given beside predictions: mostly nobody writes its gradient.
_GIVEN = ("target", "var")
#: Finite differences of more elements than this take too long.
_MANY = 300


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
    came: list[tuple[Trial, NDArray[Any]]] = []
    for trial in trials:
        gradients = trial.answer.gradients.get(source)
        cut = source == "autograd" and trial.answer.detached
        if gradients is None or trial.answer.raised or cut or argument not in gradients:
            continue
        got = gradients[argument]
        if got is None:
            if not _cut_off(exam, gradients, source):
                _missing(exam, argument, source, part)
            return
        came.append((trial, got))
    observations = _observed(exam, op, argument, came)
    if not observations or all(_right(exam, op, argument, o) for o in observations):
        return
    if exam.plain and all(_right(exam, exam.plain, argument, o, exam.plain) for o in observations):
        # A forward that carries an epsilon, beside the gradient of the one without: the same bias.
        return
    _accuse(exam, op, argument, source, part, observations)


def _observed(
    exam: Examination, op: Op, argument: str, came: Sequence[tuple[Trial, NDArray[Any]]]
) -> list[Observation]:
    """Put the op's gradient beside each that came.

    The op's own forward is differentiated element by element only where a direction has found a
    difference, and of large cases only for the smallest.
    """
    if not exam.own:
        return [
            Observation(t.case, gradient_of(op, t.case, argument, exam.options), got, t.sizes)
            for t, got in came
        ]
    wrong = [(t, got) for t, got in came if not _direction_agrees(exam, t.case, argument, got)]
    if sum(t.case.inputs[argument].size for t, _ in wrong) > _MANY:
        wrong = [min(wrong, key=lambda pair: pair[0].case.inputs[argument].size)]
    observed = [
        Observation(t.case, gradient_of(op, t.case, argument, exam.options), got, t.sizes) for t, got in wrong
    ]
    return [o for o in observed if np.all(np.isfinite(o.expected))]


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
    expected = gradient_of(instead, o.case, argument, exam.options) if instead else o.expected
    if o.got.shape != expected.shape:
        return False
    bound = gradient_bound(op, o.case, argument, exam.options, exam.yardstick, expected)
    return agrees(o.got, expected, bound)


def _cut_off(exam: Examination, gradients: Mapping[str, NDArray[Any] | None], source: str) -> bool:
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


def _missing(exam: Examination, argument: str, source: str, part: str) -> None:
    if part == "backward":
        message = f"The backward pass returns nothing where the gradient for {argument} is due. Return it."
    else:
        message = f"No gradient reaches {argument}: it is not used, or not connected to the output."
    exam.add("missing-gradient", message, part, argument=argument, source=source)


def _explanations(
    exam: Examination, op: Op, argument: str, observations: Sequence[Observation]
) -> list[Planted]:
    """Find what explains a gradient: a single mistake first, whatever the forward carries."""
    sides = [(op, observations)]
    if exam.plain:
        # The forward carries an epsilon; the backward may be that of the forward without, and wrong.
        plain = exam.plain
        beside = [
            replace(o, expected=gradient_of(plain, o.case, argument, exam.options)) for o in observations
        ]
        sides.append((plain, beside))
    for pairs in (False, True):
        tried = [
            explain_gradient(side, exam.options, argument, seen, exam.yardstick, pairs=pairs)
            for side, seen in sides
        ]
        found = sorted(filter(None, tried), key=lambda planted: planted[0].diagnosis in GENERIC)
        if found:
            return found[0]
    return []


def _accuse(
    exam: Examination, op: Op, argument: str, source: str, part: str, observations: Sequence[Observation]
) -> None:
    explanations = _explanations(exam, op, argument, observations)
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
    if explanations and exam.by_autograd(source) and explanations[0].diagnosis in GENERIC:
        # Autograd is right about all that it sees.
        cut = f"{explanations[0].says}: that part of the way is cut off from the graph"
        explanations = [replace(explanations[0], diagnosis="detached", says=cut)]
    if explanations:
        _name(exam, argument, part, explanations, evidence)
        return
    if o.got.shape != o.expected.shape:
        axes = _unsummed(o)
        if axes:
            exam.add(
                "broadcast-not-reduced",
                f"The gradient for {argument} is not summed over all axes along which the forward repeated "
                f"{argument}: summed over its {'axes' if axes[1:] else 'axis'} "
                f"{', '.join(map(str, axes))} as well, it is right.",
                part,
                axes=axes,
                **evidence,
            )
            return
        exam.add(
            "gradient-shape",
            f"The gradient for {argument} has the shape {o.got.shape}; {argument} has {o.expected.shape}.",
            part,
            **evidence,
        )
        return
    if name_by_probe(exam, op, argument, source, part, evidence):
        return
    measured, shown = described(_difference(exam, op, argument, source, observations))
    evidence |= shown
    if exam.by_autograd(source):
        # Autograd is right about all that it sees.
        exam.add(
            "detached",
            f"Autograd's gradient for {argument} is not the derivative of the forward: "
            f"{evidence['got']:.6g} where {evidence['expected']:.6g} is expected. A part of the way from "
            f"{argument} to the output is cut off from the graph: look for .detach(), .data, .item(), "
            "torch.no_grad(), a NumPy round trip, or an autograd.Function whose backward is wrong.",
            part,
            also=["gradient-value"],
            **evidence,
        )
        return
    exam.add(
        "gradient-value",
        f"The gradient for {argument} is not the derivative of the forward: {evidence['got']:.6g} where "
        f"{evidence['expected']:.6g} is expected."
        + ("" if evidence.get("linear", True) else " It is not linear in the incoming gradient.")
        + measured,
        part,
        **evidence,
    )


def _difference(
    exam: Examination, op: Op, argument: str, source: str, observations: Sequence[Observation]
) -> Difference:
    def got(case: Case) -> NDArray[Any] | None:
        answer = exam.call(case)
        return None if answer.raised else answer.gradients.get(source, {}).get(argument)

    def expected(case: Case) -> NDArray[Any]:
        return gradient_of(op, case, argument, exam.options)

    return Difference(exam, op, observations, expected, got, is_gradient=True)


def _unsummed(o: Observation) -> tuple[int, ...]:
    """Give the axes over which a gradient that is too large is still to be summed to be right."""
    long = [axis for axis, size in enumerate(o.got.shape) if size > 1]
    for count in range(1, len(long) + 1):
        for axes in itertools.combinations(long, count):
            summed = o.got.sum(axis=axes)
            if summed.size == o.expected.size and np.allclose(summed.ravel(), o.expected.ravel(), 1e-6, 1e-9):
                return axes
    return ()


def _name(
    exam: Examination, argument: str, part: str, explanations: Sequence[Planted], evidence: dict[str, Any]
) -> None:
    """Give the finding its name; two mistakes together are two findings."""
    first = explanations[0]
    together = first.besides is not None
    message = f"The gradient for {argument} {first.says}." + apart(explanations)
    exam.add(
        first.diagnosis,
        message + (" It is one of two mistakes that give these numbers together." if together else ""),
        part,
        also=[p.diagnosis for p in explanations[1:]] or None,
        **evidence,
        **first.evidence,
    )
    if first.besides is not None:
        exam.add(
            first.besides.diagnosis,
            f"Besides, the gradient for {argument} {first.besides.says}.",
            part,
            argument=argument,
            source=evidence["source"],
            **first.besides.evidence,
        )
