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
from backproof.checking.judge.directions import accuse_along, agrees_along, suspected
from backproof.checking.judge.examination import Examination, Trial, apart, instead, worst
from backproof.checking.judge.gradients.absent import GIVEN, LABELS, as_warning, examine_absent, is_no_loss
from backproof.checking.judge.gradients.exchanged import is_exchanged
from backproof.checking.judge.gradients.probes import name_by_probe
from backproof.checking.judge.gradients.purpose import examine_purpose
from backproof.checking.judge.gradients.slips import explain_by_slips
from backproof.checking.judge.measured import Difference, described
from backproof.checking.judge.own import own_outputs, within_budget
from backproof.checking.mistakes.mistake import GENERIC, Observation, Planted
from backproof.checking.mistakes.search import explain_gradient, gradient_bound, gradient_of
from backproof.checking.oracles import along, directional
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["accuse", "examine_gradients"]

#: Finite differences of more elements than this take too long.
_MANY = 300
#: What is off by less than this, as a share of the largest, is what an epsilon or a rounded constant makes.
_NEARLY = 1e-5


def examine_gradients(exam: Examination, op: Op) -> None:
    """Judge every gradient that came, from each source, for each argument that is due one."""
    present = exam.trials[0].case.inputs
    every = [n for n in exam.op.rules if n in present]
    due = [n for n in every if exam.op.kind != "loss" or n not in GIVEN or is_no_loss(exam)]
    trusted = _trusted(exam, op, due)
    if not trusted:
        exam.doubts.append(
            "finite differences of its own forward do not agree with the reference's derivative"
        )
        return
    for source in exam.candidate.description.sources:
        for argument in suspected(exam, source, due):
            _examine(exam, op, source, argument, trusted)
        if not exam.has_errors():  # what is wrong with the others is wrong with these, too
            for argument in (n for n in every if n not in due and _came(exam, source, n)):
                before = len(exam.findings)
                _examine(exam, op, source, argument, _trusted(exam, op, [argument]))
                if op.arguments[argument].domain in LABELS:
                    exam.findings[before:] = [as_warning(f) for f in exam.findings[before:]]


def _trusted(exam: Examination, op: Op, due: Sequence[str]) -> list[Trial]:
    """Give the trials on which the oracles agree; its own forward is an oracle by itself."""
    return [t for t in exam.trials if exam.own or _oracles_agree(exam, op, t, due)]


def _came(exam: Examination, source: str, argument: str) -> bool:
    """Say whether a gradient that is not due has been given all the same: zeros stand for none."""
    given = [t.answer.gradients.get(source, {}).get(argument) for t in exam.trials]
    return all(g is not None and np.any(g) for g in given)


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
            examine_absent(exam, argument, source, part, trials)
            return
        came.append((trial, got))
    if exam.own:  # element by element only where a direction has found a difference
        came = [(t, got) for t, got in came if not agrees_along(exam, t.case, argument, got)]
        if not came or _is_settled(exam, op, argument, source, part, came):
            return
    observations = _observed(exam, op, argument, came)
    if not observations or all(_right(exam, op, argument, o) for o in observations):
        return
    if all(_is_of_the_mean(exam, op, argument, o) for o in observations):
        exam.take_as_mean()
        return
    if exam.plain and all(_right(exam, exam.plain, argument, o, exam.plain) for o in observations):
        # A forward that carries an epsilon, beside the gradient of the one without: the same bias.
        return
    accuse(exam, op, argument, source, part, observations)


def _is_settled(
    exam: Examination,
    op: Op,
    argument: str,
    source: str,
    part: str,
    came: Sequence[tuple[Trial, NDArray[Any]]],
) -> bool:
    """Say what can be said of a wrong gradient of its own forward without looking at single elements."""
    on_purpose = examine_purpose(exam, op, argument, source, part, came)
    exchanged = on_purpose or is_exchanged(exam, argument, source, part, came)
    return exchanged or accuse_along(exam, argument, source, part, came)


def _observed(
    exam: Examination, op: Op, argument: str, came: Sequence[tuple[Trial, NDArray[Any]]]
) -> list[Observation]:
    """Put the op's gradient beside each that came; of large cases, where that is dear, only the smallest."""
    if not exam.own:
        return [
            Observation(t.case, gradient_of(op, t.case, argument, exam.options), got, t.sizes)
            for t, got in came
        ]
    if sum(t.case.inputs[argument].size for t, _ in came) > _MANY:
        came = [min(came, key=lambda pair: pair[0].case.inputs[argument].size)]
    observed = [
        Observation(t.case, gradient_of(op, t.case, argument, exam.options), got, t.sizes) for t, got in came
    ]
    return [o for o in observed if np.all(np.isfinite(o.expected))]


def _is_of_the_mean(exam: Examination, op: Op, argument: str, o: Observation) -> bool:
    """Say whether a backward that takes no incoming gradient is right for the mean of several outputs."""
    if exam.convention.get("upstream", True) or not o.case.upstream.ndim:
        return False
    return _right(exam, op, argument, replace(o, got=o.got * o.case.upstream.size))


def _right(exam: Examination, op: Op, argument: str, o: Observation, instead: Op | None = None) -> bool:
    expected = gradient_of(instead, o.case, argument, exam.options) if instead else o.expected
    if o.got.shape != expected.shape:
        return False
    bound = gradient_bound(op, o.case, argument, exam.options, exam.yardstick_for(o.got), expected)
    return agrees(o.got, expected, bound)


def _explanations(
    exam: Examination, op: Op, argument: str, observations: Sequence[Observation]
) -> list[Planted]:
    """Find what explains a gradient: a single mistake first, whatever the forward carries."""
    sides = [(within_budget(exam, op, argument, observations) if exam.own else op, observations)]
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


def accuse(
    exam: Examination, op: Op, argument: str, source: str, part: str, observations: Sequence[Observation]
) -> None:
    """Say what is wrong with a gradient: by its name, where a mistake or a probe explains it."""
    o = next(o for o in observations if not _right(exam, op, argument, o))
    came = [(Trial(o.case, exam.trials[0].answer, o.sizes), o.got) for o in observations]
    evidence = {"argument": argument, "source": source, **_shown(exam, op, argument, o)}
    if examine_purpose(exam, op, argument, source, part, came) or _say_not_finite(exam, o, part, evidence):
        return
    if _say_nearly(exam, observations, part, evidence):
        return
    explanations = _explanations_for(exam, op, argument, source, observations)
    # Autograd makes none of the mistakes that a probe proves.
    general = all(p.diagnosis in GENERIC for p in explanations) and not exam.by_autograd(source)
    fits = o.got.shape == o.expected.shape
    if general and fits and name_by_probe(exam, op, argument, source, part, evidence):
        return
    if explanations:
        _name(exam, argument, part, explanations, evidence)
    elif fits:
        _say_measured(exam, part, evidence, described(_difference(exam, op, argument, source, observations)))
    else:
        _say_shape(exam, o, part, evidence)


def _explanations_for(
    exam: Examination, op: Op, argument: str, source: str, observations: Sequence[Observation]
) -> list[Planted]:
    """Find what explains a gradient, with what is known of where it came from."""
    found = [
        planted
        for planted in _explanations(exam, op, argument, observations)
        if planted.diagnosis != "gradients-swapped" or _is_wrong_too(exam, op, argument, source, planted)
    ]
    if not exam.by_autograd(source) and all(p.diagnosis in GENERIC for p in found):
        return explain_by_slips(exam, argument, observations) or found
    if found and exam.by_autograd(source) and found[0].diagnosis in GENERIC:
        # Autograd is right about all that it sees.
        cut = f"{found[0].says}: that part of the way is cut off from the graph"
        return [replace(found[0], diagnosis="detached", says=cut)]
    return found


def _say_shape(exam: Examination, o: Observation, part: str, evidence: Mapping[str, Any]) -> None:
    argument, axes = evidence["argument"], _unsummed(o)
    if not axes:
        exam.add(
            "gradient-shape",
            f"The gradient for {argument} has the shape {o.got.shape}; {argument} has {o.expected.shape}.",
            part,
            **evidence,
        )
        return
    exam.add(
        "broadcast-not-reduced",
        f"The gradient for {argument} is not summed over all axes along which the forward repeated "
        f"{argument}: summed over its {'axes' if axes[1:] else 'axis'} "
        f"{', '.join(map(str, axes))} as well, it is right.",
        part,
        axes=axes,
        **evidence,
    )


def _say_measured(
    exam: Examination, part: str, evidence: Mapping[str, Any], measured: tuple[str, Mapping[str, Any]]
) -> None:
    """Say how far off a gradient is that nothing explains, and what was measured of the difference."""
    said, shown = measured
    argument, seen = evidence["argument"], {**evidence, **shown}
    differs = f"{instead(seen['got'], seen['expected'])}."
    if exam.by_autograd(str(evidence["source"])):
        # Autograd is right about all that it sees.
        exam.add(
            "detached",
            f"Autograd's gradient for {argument} is not the derivative of the forward: {differs} A part of "
            f"the way from {argument} to the output is cut off from the graph: look for .detach(), .data, "
            ".item(), torch.no_grad(), a NumPy round trip, or an autograd.Function whose backward is wrong.",
            part,
            also=["gradient-value"],
            **seen,
        )
        return
    bent = "" if seen.get("linear", True) else " It is not linear in the incoming gradient."
    exam.add(
        "gradient-value",
        f"The gradient for {argument} is not the derivative of the forward: {differs}{bent}{said}",
        part,
        **seen,
    )


def _say_nearly(
    exam: Examination, observations: Sequence[Observation], part: str, evidence: Mapping[str, Any]
) -> bool:
    """Warn of what is nearly the derivative on every case; say whether it is."""
    if any(o.got.shape != o.expected.shape or not np.any(o.expected) for o in observations):
        return False
    off = max(float(np.abs(o.got - o.expected).max() / np.abs(o.expected).max()) for o in observations)
    if not off <= _NEARLY:
        return False
    exam.add(
        "gradient-value",
        f"The gradient for {evidence['argument']} is the derivative but for {off:.2g} of its largest: an "
        "epsilon stands in the forward or in the backward alone, or a constant has fewer digits there.",
        part,
        Severity.WARNING,
        relative=off,
        **evidence,
    )
    return True


def _say_not_finite(exam: Examination, o: Observation, part: str, evidence: Mapping[str, Any]) -> bool:
    """Say that autograd's gradient is inf or NaN where the derivative is not; say whether it is so."""
    if not exam.by_autograd(str(evidence["source"])) or np.all(np.isfinite(o.got)):
        return False
    exam.add(
        "not-finite",
        f"Autograd's gradient for {evidence['argument']} is "
        f"{instead(evidence['got'], evidence['expected'])}. What is multiplied by 0 behind it, as by the "
        "branch of a where that is not taken, must be finite too: bound what goes into a root, a logarithm "
        "or a quotient first.",
        part,
        Severity.ERROR,
        **evidence,
    )
    return True


def _is_wrong_too(exam: Examination, op: Op, argument: str, source: str, planted: Planted) -> bool:
    """Say whether that of the argument with which this gradient is said to be exchanged is wrong as well."""
    trial = exam.trials[0]
    others = (name for name in planted.evidence.get("arguments", ()) if name != argument)
    for other in others:
        got = trial.answer.gradients.get(source, {}).get(other)
        expected = gradient_of(op, trial.case, other, exam.options)
        if got is not None and _right(exam, op, other, Observation(trial.case, expected, got, trial.sizes)):
            return False
    return True


def _shown(exam: Examination, op: Op, argument: str, o: Observation) -> dict[str, Any]:
    """Show the element that is furthest off, or the shapes."""
    if o.got.shape != o.expected.shape:
        return {"shape_expected": o.expected.shape, "shape_got": o.got.shape}
    place = worst(o.got, o.expected, gradient_bound(op, o.case, argument, exam.options, exam.yardstick))
    upstream = np.asarray(o.case.grad_output)
    return {
        "index": place,
        "expected": o.expected[place],
        "got": o.got[place],
        "input": o.case.inputs[argument][place],
        "grad_output": upstream[place] if upstream.shape == o.got.shape else upstream,
    }


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
    for other in first.mistakes[1:]:
        exam.add(
            other.diagnosis,
            f"Besides, the gradient for {argument} {other.says}.",
            part,
            argument=argument,
            source=evidence["source"],
            **other.evidence,
        )
