"""The judgement of an optimizer: how it treats what it is given, then its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.checking.candidate import Candidate, Course, Raised, Signature, Trajectory
from backproof.checking.judge.courses import courses, now_and_then, of_parameters
from backproof.checking.judge.examination import Inquiry
from backproof.checking.judge.paths import agrees_somewhere, judge_missing, judge_paths, rule_of
from backproof.checking.judge.prepare import Skipped
from backproof.checking.references import RuleReference, suggest
from backproof.updates.adam import Adam

__all__ = ["courses", "examine_optimizer"]

#: How many of the conventions that work are compared with the reference.
_COMPARED = 8


def examine_optimizer(
    candidate: Candidate, reference: RuleReference | None, *, seed: int, sure: bool = True
) -> Inquiry:
    """Judge an optimizer.

    ``sure`` says that the reference is meant: else a path that is not its, and that nothing explains, is
    taken for that of another optimizer.

    Raises
    ------
    Skipped
        If no reference is known, or no way to construct and run it was found.
    CandidateLost
        If its process is gone.
    """
    exam = Inquiry(candidate=candidate, seed=seed)
    rule, given = (Adam, {}) if reference is None else (reference.rule, reference.options)
    runs = list(courses(rule, given, seed))
    options = {"lr": runs[0].rates[0], **runs[0].hyperparameters}
    conventions = candidate.conventions(Signature("optimizer", {}, options, rule.__name__))
    if not conventions:
        raise Skipped(_no_way(candidate))
    first, trajectory = _first_run(exam, conventions, runs[0], reference)
    if reference is None:
        raise Skipped(_no_reference(candidate, runs[0], trajectory))
    if trajectory.raised is not None:
        return exam
    _discipline(exam, runs[0], trajectory, none_given=first.get("gradient_none", True))
    if (
        not trajectory.rebound
        and _moves(runs[0], trajectory)
        and _starts_anew(exam, runs[0], first, trajectory)
    ):
        _follow(exam, reference, runs, first, trajectory, sure=sure)
    return exam


def _no_way(candidate: Candidate) -> str:
    name = candidate.description.name
    return (
        f"no way was found to construct and run it: {candidate.obstacle or 'none fits'}. What is understood: "
        f"{name}(params, lr).step() over objects with data (or value) and grad, or tensors; .step(grads); "
        ".step(params, grads) and .update(params, grads) over lists, dictionaries or single arrays; "
        ".update_params(layer). Leave it out with # backproof: ignore"
    )


def _no_reference(candidate: Candidate, course: Course, trajectory: Trajectory) -> str:
    name = candidate.description.name
    found = None if trajectory.raised else rule_of([(course, trajectory)])
    if found is not None:
        rule, _ = found
        return (
            "its name does not say which update rule it is; it takes the path of "
            f"{rule.__name__}: say so, with --like {name}={rule.__name__}, or "
            f"# backproof: like={rule.__name__} at its definition"
        )
    like = suggest(name) or "REF"
    return (
        f"no update rule of that name is known; say what it is with --like {name}={like}, or "
        f"# backproof: like={like} at its definition"
    )


def _follow(
    exam: Inquiry,
    reference: RuleReference,
    runs: Sequence[Course],
    convention: dict[str, Any],
    trajectory: Trajectory,
    *,
    sure: bool,
) -> None:
    """Judge the paths over all courses that the candidate can be put to."""
    observed = [(runs[0], trajectory)]
    for course in runs[1:]:
        needed = {course.name, "momentum"} if course.name == "nesterov" else {course.name}
        if needed <= set(trajectory.taken):
            observed.append((course, exam.candidate.train(course, convention)))
            exam.cases += 1
            raised = observed[-1][1].raised
            if raised is not None:
                exam.add_raised(raised)
                return
    found = judge_paths(exam, reference.rule, observed, sure=sure)
    if exam.doubts:
        raise Skipped(_no_reference(exam.candidate, *observed[0]))
    said = any(finding.diagnosis == "gradient-none" for finding in exam.findings)
    if found is not None and convention.get("gradient_none", True) and not said:
        rule, (first, *_) = found
        course = now_and_then(runs[0])
        exam.cases += 1
        judge_missing(exam, rule, first[0], course, exam.candidate.train(course, convention))


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
    if raised.type == "NotImplementedError":
        raise Skipped(f"not implemented: it raises NotImplementedError in {raised.phase}")
    _say_raised(exam, raised, conventions[0], course)
    return conventions[0], ended[0]


def _say_raised(exam: Inquiry, raised: Raised, convention: dict[str, Any], course: Course) -> None:
    """Say what is raised, and whether a parameter without a gradient or of another shape does it."""
    every = range(len(course.parameters))
    used = [i for i in every if any(g[i] is not None for g in course.gradients)]
    alike = [i for i in used if course.parameters[i].shape == course.parameters[0].shape]
    if exam.candidate.train(of_parameters(course, used), convention).raised is None:
        exam.add(
            "gradient-none",
            f"It raises {raised.type} ({raised.message}) for a parameter that has no gradient. Leave such a "
            "parameter out.",
            "step",
        )
    elif exam.candidate.train(of_parameters(course, alike), convention).raised is None:
        exam.add(
            "state-shared",
            f"It works only where all parameters have one shape, and raises {raised.type} "
            f"({raised.message}) else: "
            "it keeps one state for all of them. Keep one for each parameter.",
            "step",
            exception=raised.type,
        )
    else:
        exam.add_raised(raised)


# --- Discipline ----------------------------------------------------------------------------------


def _moves(course: Course, trajectory: Trajectory) -> bool:
    return any(
        not np.array_equal(p, start)
        for p, start in zip(trajectory.parameters[-1], course.parameters, strict=True)
    )


def _discipline(exam: Inquiry, course: Course, trajectory: Trajectory, *, none_given: bool) -> None:
    if trajectory.rebound or not _moves(course, trajectory):
        how: Mapping[str, Any] = {"parameters": list(trajectory.rebound)} if trajectory.rebound else {}
        exam.add(
            "parameter-rebound",
            "step() leaves the parameters as they were. It makes a new array or tensor and keeps "
            "that, mostly by "
            "p = p - …: the model still holds the old one and does not change. Update in place, e.g. with "
            "p -= … on an array, p.data -= … or p.sub_(…) under torch.no_grad().",
            "step",
            **how,
        )
        return
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
