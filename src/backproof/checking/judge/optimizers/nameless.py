"""The judgement of an optimizer whose name does not say what it is: by its numbers, or by its discipline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.candidate import Candidate, Course, Signature, Trajectory
from backproof.checking.findings import Finding
from backproof.checking.judge.examination import Inquiry
from backproof.checking.judge.optimizers.courses import courses, tries, unit_of
from backproof.checking.mistakes.update_search import reproduces
from backproof.checking.mistakes.update_states import STATE_MISTAKES
from backproof.checking.mistakes.updates import UPDATE_MISTAKES, UpdateMistake
from backproof.checking.references import RuleReference, guess, suggest
from backproof.diagnoses import DIAGNOSES, Severity
from backproof.updates import CATALOGUE
from backproof.updates.sgd import SGD

__all__ = ["judge_discipline", "recognise", "softened", "told"]

#: What is an error only where somebody has promised the other: nobody has.
_PROMISED = frozenset({"momentum-averaged", "nesterov-mismatch"})
#: The forms in which a rule is known by its path though nobody says which it is.
_FORMS = [
    row
    for row in UPDATE_MISTAKES
    if row.name in _PROMISED or (row.severity or DIAGNOSES[row.name].severity) is not Severity.ERROR
]
#: What no rule is, whatever it is called: each of its parameters has a state and a step count of its own.
_NO_RULE = [row for row in STATE_MISTAKES if row.name in ("state-shared", "bias-correction-step")]
#: What is said of a path by holding it against a rule's.
_OF_PATHS = {row.name for row in UPDATE_MISTAKES} - {"not-finite", "state-shared"}
#: Parts of names that say of an optimizer that it is meant to go uphill.
_CLIMBER = re.compile("ascen|climb|maxim|uphill|reward")
#: How far a gradient is turned to see what else it moves.
_TURNED = -10.0
#: From which part of a step on two are apart; how many steps are the last; to which part it has faded then.
_APART, _LAST, _FADED = 1e-6, 4, 4


def forms_of(name: str) -> Iterator[RuleReference]:
    """Give every rule in the forms that a name may hide, the one that it begins or ends like first."""
    momentum = {"momentum": 0.9}
    every = [RuleReference(SGD, momentum), RuleReference(SGD, {**momentum, "nesterov": True})]
    every += [RuleReference(rule, {}) for rule in CATALOGUE.values()]
    like = guess(suggest(name)) if suggest(name) else None
    rule = like.rule if isinstance(like, RuleReference) else None
    yield from sorted(every, key=lambda form: form.rule is not rule)


def recognise(candidate: Candidate, seed: int) -> tuple[RuleReference | None, bool]:
    """Find the rule whose path the optimizer takes.

    Where it is the rule as it is, in a legitimate form, or but for a state that parameters share, that is
    exact. Else it is the rule that its name begins or ends like, which it may be with a mistake.
    """
    observed: list[tuple[RuleReference, tuple[Course, Trajectory]]] = []
    for form in forms_of(candidate.description.name):
        course = next(courses(form.rule, form.options, seed))
        options = {"lr": course.rates[0], **course.hyperparameters}
        for convention in candidate.conventions(Signature("optimizer", {}, options, form.rule.__name__))[:2]:
            trajectory = candidate.train(course, convention)
            if trajectory.raised is not None:
                continue
            observed.append((form, (course, trajectory)))
            if _takes(form, _FORMS, observed[-1][1], as_it_is=True):
                return form, True
    for form, path in observed:
        if _takes(form, _NO_RULE, path):
            return form, True
    like = guess(suggest(candidate.description.name) or "none")
    return (like if isinstance(like, RuleReference) else None), False


def _takes(
    form: RuleReference,
    rows: Sequence[UpdateMistake],
    observed: tuple[Course, Trajectory],
    *,
    as_it_is: bool = False,
) -> bool:
    """Say whether a path is a rule's with one of the changes, or as it is."""
    rules = [planted.rule for row in rows for planted in row.plant(form.rule)]
    return any(
        reproduces(rule, runs, unit_of(runs))
        for runs in tries([observed])
        for rule in ([form.rule] * as_it_is + rules)
    )


def told(name: str, form: RuleReference, *, exact: bool) -> str:
    """Say what an optimizer was judged as."""
    why = f"its path is that of {form}" if exact else f"{form} comes nearest to it"
    return (
        f"its name does not say which update rule it is; {why}, and it was judged as that: if it is meant "
        f"to be another, say so with --like {name}=REF, or # backproof: like=REF at its definition"
    )


def softened(findings: Sequence[Finding], *, exact: bool, of: frozenset[str] = _PROMISED) -> list[Finding]:
    """Give findings in which what nobody has promised is a note, or a warning where the rule is a guess."""
    soft, diagnoses = (Severity.NOTE, of) if exact else (Severity.WARNING, _OF_PATHS)
    return [replace(one, severity=soft) if one.diagnosis in diagnoses else one for one in findings]


# --- What can be seen without a reference ----------------------------------------------------------


def judge_discipline(
    exam: Inquiry, course: Course, convention: dict[str, Any], trajectory: Trajectory, *, tried: bool
) -> None:
    """Judge what holds for every rule: finite numbers, a state for each parameter, the dtype kept."""
    _finite(exam, course, trajectory)
    _separate(exam, course, convention, trajectory)
    if not exam.has_errors():
        _alike(exam, course, convention)
    _keeps_dtype(exam, course, convention)
    name = exam.candidate.description.name
    judged = (
        "judged was only whether it moves the parameters it was given, keeps a state for each, leaves those "
        "without a gradient alone, moves two that are alike in the same way, stays finite where a gradient "
        "is 0, and repeats itself"
    )
    if not tried:
        exam.remarks.append(f"it has no reference: {judged}")
        return
    _climbs(exam, course, convention)
    rules = ", ".join(dict.fromkeys(form.rule.__name__ for form in forms_of(name)))
    like = suggest(name) or "REF"
    exam.remarks.append(
        f"no update rule of that name is known, and its path is that of none: tried were {rules} in their "
        f"usual forms; {judged}, and goes downhill. To have its path judged say what it is with "
        f"--like {name}={like}, or # backproof: like={like} at its definition"
    )


def _finite(exam: Inquiry, course: Course, trajectory: Trajectory) -> None:
    for index, (start, after) in enumerate(zip(course.parameters, trajectory.parameters[-1], strict=True)):
        bad = ~np.isfinite(after)
        if not bad.any():
            continue
        gradients = [g[index] for g in course.gradients]
        unused = np.all([g is None or g == 0 for g in gradients], axis=0) & np.ones(start.shape, bool)
        only_there = not np.any(bad & ~unused)
        exam.add(
            "not-finite",
            "The parameter becomes NaN or inf where its gradient is 0 (a unit that never fires): it divides "
            "by something that is 0 there. Add a small ε to what it divides by."
            if only_there
            else "The parameter becomes NaN or inf on ordinary gradients.",
            "step",
            Severity.ERROR if only_there else Severity.WARNING,
            parameter=index,
            got=after,
        )
        return


def _separate(exam: Inquiry, course: Course, convention: dict[str, Any], trajectory: Trajectory) -> None:
    """See whether the gradient of one parameter moves another only because it comes before it.

    What depends on all gradients at once, such as their norm, lets each move the other in the same step.
    """
    at_once, later = zip(
        *(_moved_by(exam, course, convention, trajectory, *pair) for pair in ((0, 1), (1, 0))), strict=True
    )
    if at_once[0] != at_once[1] and any(later):
        exam.add(
            "state-shared",
            "The gradient of one parameter moves another one, and which moves which depends on their order: "
            "they share what is remembered. Keep one state for each parameter, by its place in the list or, "
            "in PyTorch, in self.state[p].",
            "step",
        )


def _moved_by(
    exam: Inquiry, course: Course, convention: dict[str, Any], trajectory: Trajectory, one: int, other: int
) -> tuple[bool, bool]:
    """Say whether ``one``'s gradient of the first step moves the ``other`` in that step, and ever."""
    first = list(course.gradients[0])
    first[one] = _TURNED * np.asarray(first[one])
    turned = replace(course, gradients=(tuple(first), *course.gradients[1:]))
    moved = exam.candidate.train(turned, convention)
    exam.cases += 1
    differs = [
        not np.array_equal(a[other], b[other], equal_nan=True)
        for a, b in zip(moved.parameters, trajectory.parameters, strict=False)
    ]
    return bool(differs) and differs[0], any(differs)


def _alike(exam: Inquiry, course: Course, convention: dict[str, Any]) -> None:
    """See whether of two parameters that are alike the second moves otherwise, and less so with each step.

    A rate for each layer would keep them apart, and noise would come again: what fades is a correction by a
    step count that every parameter advances.
    """
    first, _, *others = course.parameters
    gradient, _, *rest = course.gradients[0]
    twins = replace(
        course,
        parameters=(first, first, *others),
        gradients=((gradient, gradient, *rest),) * len(course.gradients),
    )
    moved = exam.candidate.train(twins, convention)
    exam.cases += 1
    if moved.raised is not None:
        return
    steps = np.diff([twins.parameters[:2], *(after[:2] for after in moved.parameters)], axis=0)
    largest = np.max(np.abs(steps[:, 0]), axis=(1, 2))
    if not np.all(np.isfinite(steps)) or not np.all(largest):
        return
    apart = np.max(np.abs(steps[:, 1] - steps[:, 0]), axis=(1, 2)) / largest
    if apart[0] > _APART and np.mean(apart[-_LAST:]) < apart[0] / _FADED:
        exam.add(
            "bias-correction-step",
            "Of two parameters with the same values and the same gradients the second moves otherwise than "
            "the first, and less so with every step: a step count, or a power of β, advances with each "
            "parameter. Advance it once a step, before the loop over the parameters.",
            "step",
            first_step=[float(np.max(np.abs(step))) for step in steps[0]],
        )


def _climbs(exam: Inquiry, course: Course, convention: dict[str, Any]) -> None:
    """See whether gradients that stay the same lead uphill, where nothing says that it is meant to climb."""
    if _CLIMBER.search(exam.candidate.description.name.lower()):
        return
    moved = exam.candidate.train(
        replace(course, gradients=course.gradients[:1] * len(course.gradients)), convention
    )
    exam.cases += 1
    if moved.raised is not None:
        return
    along = np.concatenate(
        [
            (np.sign(after - start) * np.sign(gradient)).ravel()
            for start, after, gradient in zip(
                course.parameters, moved.parameters[-1], course.gradients[0], strict=True
            )
            if gradient is not None
        ]
    )
    if np.all(along >= 0) and np.any(along):
        exam.add(
            "update-sign",
            "Gradients that stay the same lead each parameter uphill. Subtract the step where it is added.",
            "step",
        )


def _keeps_dtype(exam: Inquiry, course: Course, convention: dict[str, Any]) -> None:
    single = replace(
        course,
        parameters=tuple(p.astype(np.float32) for p in course.parameters),
        gradients=tuple(
            tuple(None if g is None else g.astype(np.float32) for g in step) for step in course.gradients
        ),
    )
    found = exam.candidate.train(single, convention)
    exam.cases += 1
    if found.raised is None and any(p.dtype != np.float32 for p in found.parameters[-1]):
        exam.add(
            "forward-dtype",
            "Parameters of float32 become float64 by a step. Make what is remembered with zeros_like.",
            "step",
        )
