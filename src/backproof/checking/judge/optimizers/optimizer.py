"""The judgement of an optimizer: how it treats what it is given, then its path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.checking.candidate import Candidate, Course, Raised, Signature, Trajectory
from backproof.checking.judge.examination import Inquiry
from backproof.checking.judge.optimizers.courses import FIXED, courses, is_single, now_and_then, of_parameters
from backproof.checking.judge.optimizers.nameless import judge_discipline, recognise, softened, told
from backproof.checking.judge.optimizers.paths import agrees_somewhere, judge_missing, judge_paths
from backproof.checking.judge.preparing.prepare import Skipped
from backproof.checking.references import RuleReference
from backproof.updates.adam import Adam

__all__ = ["OptimizerInquiry", "courses", "examine_optimizer"]

#: What is said where the checker's own stand-ins lack something that the user's objects may have.
_OURS = re.compile(r"'(_Model|Module)' object has no attribute|a (layer|parameter) here has")
#: How many of the conventions that work are compared with the reference.
_COMPARED = 8


@dataclass(kw_only=True)
class OptimizerInquiry(Inquiry):
    """An optimizer under judgement, and what it is held against; nothing where only its discipline is."""

    reference: RuleReference | None


def examine_optimizer(
    candidate: Candidate,
    reference: RuleReference | None,
    *,
    seed: int,
    sure: bool = True,
    asked: bool = False,
) -> OptimizerInquiry:
    """Judge an optimizer.

    ``sure`` says that the reference is meant: else a path that is not its, and that nothing explains, is
    taken for that of another optimizer. Where no reference is known, nor ``asked`` for, the rule is
    recognised by its path; what has the path of none is judged by its discipline.

    Raises
    ------
    Skipped
        If no way to construct and run it was found.
    CandidateLost
        If its process is gone.
    """
    if reference is None and not asked:
        found, exact = recognise(candidate, seed)
        exam = _examine(candidate, found, seed, sure=False, asked=asked)
        if found is not None and exam.reference is not None:
            exam.findings = softened(exam.findings, exact=exact)
            exact = exact and not exam.has_errors()
            exam.remarks.append(told(candidate.description.name, found, exact=exact))
        return exam
    return _examine(candidate, reference, seed, sure=sure, asked=asked)


def _examine(
    candidate: Candidate, reference: RuleReference | None, seed: int, *, sure: bool, asked: bool
) -> OptimizerInquiry:
    exam = OptimizerInquiry(candidate=candidate, seed=seed, reference=reference)
    rule, given = (Adam, {}) if reference is None else (reference.rule, reference.options)
    runs = list(courses(rule, given, seed))
    options = {"lr": runs[0].rates[0], **runs[0].hyperparameters}
    conventions = candidate.conventions(Signature("optimizer", {}, options, rule.__name__))
    if not conventions:
        raise Skipped(_no_way(candidate))
    first, trajectory = _first_run(exam, conventions, runs[0], reference)
    if trajectory.raised is not None:
        return exam
    if is_single(runs[0], trajectory.parameters):
        runs = [course.astype(np.float32) for course in runs]
        first, trajectory = _first_run(exam, conventions, runs[0], reference)
    if trajectory.rebound or not _moves_ever(exam, runs, first, trajectory):
        _say_rebound(exam, trajectory)
        return exam
    _discipline(exam, runs[0], trajectory, none_given=first.get("gradient_none", True))
    if reference is not None:
        _judge_defaults(exam, reference, {**trajectory.own, **first.get("defaults", {})})
    if not _starts_anew(exam, runs[0], first, trajectory):
        return exam
    if reference is None or not _follow(exam, reference, runs, first, trajectory, sure=sure):
        exam.reference = None
        judge_discipline(exam, runs[0], first, trajectory, tried=not asked)
    if first.get("averages"):
        exam.findings = softened(exam.findings, exact=True, of=frozenset({"momentum-averaged"}))
    return exam


def _no_way(candidate: Candidate) -> str:
    name = candidate.description.name
    return (
        f"no way was found to construct and run it: {candidate.obstacle or 'none fits'}. What is understood: "
        f"{name}(params, lr).step() over objects with data (or value) and grad, or tensors; .step(grads); "
        ".step(params, grads) and .update(params, grads) over lists, dictionaries or single arrays; "
        ".update_params(layer). Leave it out with # backproof: ignore"
    )


def _follow(
    exam: Inquiry,
    reference: RuleReference,
    runs: Sequence[Course],
    convention: dict[str, Any],
    trajectory: Trajectory,
    *,
    sure: bool,
) -> bool:
    """Judge the paths over all courses that the candidate can be put to; say whether they could be."""
    observed = [(runs[0], trajectory)]
    for course in runs[1:]:
        if _needed(course) <= set(trajectory.taken):
            observed.append((course, exam.candidate.train(course, convention)))
            exam.cases += 1
            raised = observed[-1][1].raised
            if raised is not None:
                exam.add_raised(raised)
                return True
    # A name that only may mean the rule does, where the ordinary path is the rule's.
    sure = sure or agrees_somewhere(reference.rule, observed[:1])

    def train(course: Course) -> Trajectory:
        exam.cases += 1
        return exam.candidate.train(course, convention)

    found = judge_paths(exam, reference.rule, observed, train, sure=sure)
    if exam.doubts:
        exam.doubts.clear()
        return False
    said = any(finding.diagnosis == "gradient-none" for finding in exam.findings)
    if found is not None and convention.get("gradient_none", True) and not said:
        rule, (first, *_) = found
        course = now_and_then(runs[0], changes=trajectory.rate_followed)
        exam.cases += 1
        judge_missing(exam, rule, first[0], course, exam.candidate.train(course, convention))
    return True


# --- The first run -------------------------------------------------------------------------------


def _first_run(
    exam: Inquiry, conventions: Sequence[dict[str, Any]], course: Course, reference: RuleReference | None
) -> tuple[dict[str, Any], Trajectory]:
    """Run the first course by the first convention that takes the reference's path, or else that works.

    Where none works, say what is raised.
    """
    worked, ended = [], []
    for convention in conventions[:_COMPARED]:
        trajectory = exam.candidate.train(course, convention)
        exam.cases += 1
        if trajectory.raised is not None:
            ended.append(trajectory)
            continue
        worked.append((convention, trajectory))
        if reference and len(conventions) > 1 and agrees_somewhere(reference.rule, [(course, trajectory)]):
            return convention, trajectory
        if reference is None:
            break
    if worked:
        return next((w for w in worked if _moves(course, w[1])), worked[0])
    raised = ended[0].raised
    if raised is None:
        raise ValueError("expected a trajectory that ended early")
    _pass_over(exam, raised, reference)
    if not _say_why(exam, list(zip(conventions, ended, strict=False)), course):
        exam.add_raised(raised)
    return conventions[0], ended[0]


def _pass_over(exam: Inquiry, raised: Raised, reference: RuleReference | None) -> None:
    """Skip what is not there to be judged, or cannot be."""
    if raised.phase == "reading":
        raise Skipped(f"its path cannot be read: {raised.message}")
    if raised.type == "NotImplementedError":
        raise Skipped(f"not implemented: it raises NotImplementedError in {raised.phase}")
    lacking = f"{exam.candidate.description.name!r} object has no attribute"
    if reference is None and raised.type == "AttributeError" and lacking in raised.message:
        raise Skipped(f"it is no update rule yet, but a base for others: {raised.message}")
    if raised.type == "AttributeError" and _OURS.match(raised.message):
        raise Skipped(f"what stands here for its model is none of its own: {raised.message}")


def _say_why(exam: Inquiry, ended: Sequence[tuple[dict[str, Any], Trajectory]], course: Course) -> bool:
    """Say whether a parameter without a gradient or of another shape makes it raise, and that it does."""
    every = range(len(course.parameters))
    used = [i for i in every if any(g[i] is not None for g in course.gradients)]
    alike = [i for i in used if course.parameters[i].shape == course.parameters[0].shape]
    for convention, trajectory in ended:
        told = "" if trajectory.raised is None else f"{trajectory.raised.type} ({trajectory.raised.message})"
        if exam.candidate.train(of_parameters(course, used), convention).raised is None:
            exam.add(
                "gradient-none",
                f"It raises {told} for a parameter that has no gradient. Leave such a parameter out.",
                "step",
            )
            return True
        if exam.candidate.train(of_parameters(course, alike), convention).raised is None:
            exam.add(
                "state-shared",
                f"It works only where all parameters have one shape, and raises {told} else: it keeps one "
                "state for all of them. Keep one for each parameter.",
                "step",
                exception=told.partition(" ")[0],
            )
            return True
    return False


# --- Discipline ----------------------------------------------------------------------------------


def _moves(course: Course, trajectory: Trajectory) -> bool:
    return any(
        not np.array_equal(p, start)
        for p, start in zip(trajectory.parameters[-1], course.parameters, strict=True)
    )


def _moves_ever(
    exam: Inquiry, runs: Sequence[Course], convention: dict[str, Any], trajectory: Trajectory
) -> bool:
    """Say whether it moves a parameter, in another course where not in the first."""
    if _moves(runs[0], trajectory):
        return True
    others = (course for course in runs[1:] if _needed(course) <= set(trajectory.taken))
    return any(_moves(course, exam.candidate.train(course, convention)) for course in others)


def _needed(course: Course) -> set[str]:
    """Give the hyperparameters without which a course shows nothing."""
    return {course.name, "momentum"} if course.name in ("nesterov", "dampening") else {course.name}


def _say_rebound(exam: Inquiry, trajectory: Trajectory) -> None:
    how: Mapping[str, Any] = {"parameters": list(trajectory.rebound)} if trajectory.rebound else {}
    exam.add(
        "parameter-rebound",
        "step() leaves the parameters as they were. It makes a new array or tensor and keeps that, mostly by "
        "p = p - …: the model still holds the old one and does not change. Update in place, e.g. with "
        "p -= … on an array, p.data -= … or p.sub_(…) under torch.no_grad().",
        "step",
        **how,
    )


def _judge_defaults(exam: Inquiry, reference: RuleReference, own: Mapping[str, Any]) -> None:
    """See whether the two values of a pair are exchanged where nobody gives them."""
    for name, usual in reference.rule.hyperparameters().items():
        pair = own.get(name)
        if not isinstance(usual, tuple) or not isinstance(pair, list | tuple) or None in pair:
            continue
        known = {tuple(usual), *FIXED.get(name, ())}
        if tuple(pair) not in known and tuple(pair[::-1]) in known:
            exam.add(
                "betas-swapped" if name == "betas" else "update-value",
                f"Where nobody gives {name} it has {tuple(pair)!r}: the two are exchanged, usual is "
                f"{tuple(pair[::-1])!r}.",
                "definition",
                expected=list(usual),
                got=list(pair),
            )


def _discipline(exam: Inquiry, course: Course, trajectory: Trajectory, *, none_given: bool) -> None:
    last = trajectory.parameters[-1]
    still = [i for i, g in enumerate(course.gradients[0]) if g is None]
    # A gradient of zeros, where there is no notion of none, may well move a parameter: weight decay does.
    if none_given and any(not np.array_equal(last[i], course.parameters[i]) for i in still):
        exam.add("gradient-none", "It changes a parameter that has no gradient.", "step")
    if trajectory.cleared is False:
        exam.add(
            "gradients-kept",
            "zero_grad() leaves the gradients as they were: the next backward adds to them.",
            "zero_grad",
        )


def _starts_anew(exam: Inquiry, course: Course, convention: dict[str, Any], trajectory: Trajectory) -> bool:
    """Say whether a new instance on the same course takes the same path."""
    again = exam.candidate.train(course, convention)
    exam.cases += 1
    if again.raised is None and all(
        np.array_equal(a, b, equal_nan=True)
        for one, other in zip(trajectory.parameters, again.parameters, strict=True)
        for a, b in zip(one, other, strict=True)
    ):
        return True
    exam.add(
        "stale-state",
        "A second optimizer of the class takes another path with the same gradients: it goes on "
        "with what the "
        "first one remembered, from an attribute of the class or a default argument. Make the state "
        "in __init__.",
        "definition",
        also=["state-shared"],
    )
    return False
