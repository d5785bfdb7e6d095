"""Other values of the options: what is right at alpha = 1 only has forgotten alpha.

What the candidate makes of them must be understood: with a reference its forward has to be the reference's
with the same values, or what one change in its formula makes of it; by its own forward, it has to run. Where
it does not, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from backproof.checking.candidate import Candidate, Convention, Signature
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import explained_by, forward_agrees
from backproof.checking.judge.gradients.gradient import examine_gradients
from backproof.checking.judge.own import own_op
from backproof.checking.judge.preparing.prepare import Skipped, prepare
from backproof.checking.mistakes.forwards import FORMULA
from backproof.checking.mistakes.search import output_of
from backproof.checking.references import OpReference, words
from backproof.diagnoses import Severity

__all__ = ["examine_beyond_reference", "examine_options", "other_value"]

#: What is smaller keeps something from being 0, and is no part of what is computed.
_GUARD = 1e-3
_PADDINGS = ("pad", "padding")
_FRACTION, _FURTHER, _SMALLER = 0.3, 0.6, 0.7


def other_value(value: object) -> Any:
    """Give another value of an option, of the same sort; ``None`` where it is no quantity.

    Of a dictionary of settings the padding is another.

    Examples
    --------
    >>> [other_value(v) for v in (0, 1.0, 0.5, 0.0, 1e-5, -1, True, "mean", {"pad": 0, "stride": 1})]
    [1, 0.7, 0.3, 0.3, None, -2, None, None, {'pad': 1, 'stride': 1}]
    """
    if isinstance(value, Mapping):
        return {**value, **{key: 1 for key in _PADDINGS if value.get(key) == 0}}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return value + 1 if value >= 0 else value - 1
    if value and abs(value) < _GUARD:
        return None
    if abs(value) < 1:
        return _FRACTION if abs(value - _FRACTION) > _GUARD else _FURTHER
    return _SMALLER * value


def examine_options(exam: Examination) -> None:
    """Judge the gradients at other values of the options: all of them changed at once, else each alone."""
    if exam.has_errors() or exam.doubts or exam.convention.get("rate"):
        return
    offered = exam.convention.get("free", {}) if exam.own else exam.convention.get("options", {})
    others = {name: other_value(value) for name, value in offered.items()}
    changed = {
        name: value
        for name, value in others.items()
        if value is not None and not name.startswith("dropout")  # whose mask is drawn
    }
    alone = [{name: value} for name, value in changed.items()] if len(changed) > 1 else []
    for values in (changed, *alone) if changed else ():
        other = (_own if exam.own else _like)(exam, values)
        if other is not None:
            _judge(exam, other, values)
            if values is changed and (exam.own or _is_alike(other)):
                return


def examine_beyond_reference(exam: Examination) -> None:
    """Judge by its own forward what a candidate takes beyond its reference: the temperature of a softmax."""
    beyond = exam.convention.get("beyond")
    if exam.own or not beyond or exam.has_errors() or exam.doubts:
        return
    taken = exam.trials[0].case.inputs
    given = {name: argument for name, argument in exam.op.arguments.items() if name in taken}
    op = replace(exam.op, arguments=given)
    own = replace(exam, op=op, own=True, options={}, convention={**exam.convention, **beyond}, cases=0)
    examine_options(own)
    exam.cases += own.cases


def _judge(exam: Examination, other: Examination, values: Mapping[str, object]) -> None:
    if exam.own or _is_alike(other):
        examine_gradients(other, other.op)
    elif len(values) == 1:
        _judge_forward(exam, other, *values)
    exam.cases += other.cases
    said = {"padding" if isinstance(v, Mapping) else name: v for name, v in values.items()}
    said |= {"padding": 1} if "padding" in said else {}
    written = ", ".join(f"{name}={value:g}" for name, value in said.items())
    for finding in other.findings:
        exam.findings.append(
            replace(
                finding,
                message=f"With {written}: {finding.message}",
                evidence={**finding.evidence, "options": said},
            )
        )


def _like(exam: Examination, values: Mapping[str, object]) -> Examination | None:
    """Prepare with other options of the reference, where the candidate takes them."""
    options = {**exam.options, **values}
    try:
        reference = OpReference(exam.op, options, exact=exam.exact)
        handed = cast("Candidate", _Handed(exam.candidate, exam.convention, values))
        other = prepare(handed, reference, exam.seed, asked=True, inputs=None, domain=exam.domain)
    except (Skipped, ValueError):
        return None
    if other.own or any(other.options.get(name) != value for name, value in values.items()):
        return None
    return replace(other, findings=[])


class _Handed:
    """A candidate as a convention calls it, with other values of its options, and in no other way."""

    def __init__(self, candidate: Candidate, convention: Convention, values: Mapping[str, object]) -> None:
        self._candidate, self._way, self._values = candidate, _way(convention), values

    def __getattr__(self, name: str) -> Any:
        return getattr(self._candidate, name)

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give those of its conventions that are this one, and hand the options over."""
        every = self._candidate.conventions(signature)
        return [
            c for c in every if self._values.keys() <= c.get("options", {}).keys() and _way(c) == self._way
        ]


def _way(convention: Convention) -> dict[str, Any]:
    """Give a convention without the values that it hands over."""
    way = {part: known for part, known in convention.items() if part not in ("options", "defaults")}
    for part in ("construct", "call", "backward"):
        given = convention.get(part, {})
        way[part] = {name: e for name, e in given.items() if not isinstance(e, dict) or "value" not in e}
    return way


def _is_alike(other: Examination) -> bool:
    """Say whether the forward is the reference's."""
    return all(forward_agrees(other, other.op, other.options, t.case, t.answer.output) for t in other.trials)


def _judge_forward(exam: Examination, other: Examination, name: str) -> None:
    """Say that the forward is not the reference's, where that is promised or one change explains it.

    Promised it is where candidate and option are called as the reference and its option, by their whole
    names. What is as much larger all over may be a convention.
    """
    if any(t.answer.output is None for t in other.trials):
        return
    handed = {**other.convention.get("construct", {}), **other.convention.get("call", {})}
    promised = name in handed and words(exam.candidate.description.name) == words(exam.op.name)
    explanations = explained_by(other, {FORMULA})
    pairs = [(output_of(other.op, t.case, other.options), np.asarray(t.answer.output)) for t in other.trials]
    if not (explanations or promised) or any(one.shape != two.shape for one, two in pairs):
        return
    expected, got = (np.concatenate([side.ravel() for side in sides]) for sides in zip(*pairs, strict=True))
    scaled = np.allclose(got * np.dot(expected, expected), expected * np.dot(expected, got))
    says = explanations[0].says if explanations else f"is not that of {exam.op.name}, as it is by default"
    other.add(
        "forward-value",
        f"The output {says}.",
        severity=Severity.WARNING if scaled or exam.recognised else None,
        expected=pairs[0][0],
        got=pairs[0][1],
    )


def _own(exam: Examination, values: Mapping[str, object]) -> Examination | None:
    """Put the cases again, with other values of arguments that have defaults."""
    convention = _with_values(exam.convention, values)
    description = exam.candidate.description
    op = own_op(exam.candidate, convention, exam.op.arguments, exam.op.kind, description.name)
    other = replace(exam, op=op, convention=convention, findings=[], doubts=[], trials=[], cases=0)
    rng = np.random.default_rng([exam.seed, 41])
    for trial in exam.trials:
        output = other.call(replace(trial.case, grad_output=None)).output
        if output is None or not np.all(np.isfinite(output)):
            return None
        case = replace(trial.case, grad_output=upstream(rng, output.shape).astype(exam.dtype))
        answer = other.call(case)
        if answer.raised is not None:
            return None
        other.trials.append(Trial(case, answer, trial.sizes))
    other.cases = 2 * len(other.trials)
    return other


def _with_values(convention: Convention, values: Mapping[str, object]) -> dict[str, Any]:
    """Hand values over in every part of a convention that takes an argument of that name."""
    changed = dict(convention)
    for part, names in convention["taking"].items():
        given = {name: {"value": value} for name, value in values.items() if name in names}
        changed[part] = {**convention.get(part, {}), **given}
    return changed
