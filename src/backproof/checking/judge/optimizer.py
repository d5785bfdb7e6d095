"""The judgement of an optimizer: its trajectory against that of the update rule, step by step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import unit
from backproof.checking.candidate import Candidate, Course, Signature, Trajectory
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Inquiry
from backproof.checking.judge.prepare import Skipped
from backproof.checking.mistakes.updates import Runs, explain_updates, same_path, simulate
from backproof.checking.references import RuleReference, suggest
from backproof.diagnoses import Severity
from backproof.updates import UpdateRule

__all__ = ["courses", "examine_optimizer"]

#: Two parameters of one shape, one of another, and one that never has a gradient.
_SHAPES = ((3, 5), (3, 5), (7,), (2,))
#: The parameter whose first element has a gradient of zero at every step.
_UNUSED = 2
_STEPS, _CHANGE = 12, 6
_RATES = (0.1, 0.03)
#: Values that stand in code where the constructor does not take them, beside PyTorch's defaults.
_FIXED: Mapping[str, tuple[Any, ...]] = {
    "momentum": (0.9, 0.5, 0.8, 0.95, 0.99),
    "betas": ((0.9, 0.999), (0.9, 0.99), (0.9, 0.9), (0.5, 0.999), (0.9, 0.95)),
    "eps": (1e-8, 1e-7, 1e-6, 1e-5, 1e-10, 1e-12),
    "alpha": (0.99, 0.9, 0.95, 0.999),
    "rho": (0.9, 0.95, 0.99),
}


def courses(rule: type[UpdateRule], options: Mapping[str, object], seed: int) -> Iterator[Course]:
    """Give the runs: the options as they are; then with an epsilon large enough to be seen."""
    rng = np.random.default_rng([seed, 5])
    parameters = tuple(upstream(rng, shape) for shape in _SHAPES)
    rates = (_RATES[0],) * _CHANGE + (_RATES[1],) * (_STEPS - _CHANGE)
    gradients = tuple((*_gradients(rng), None) for _ in rates)
    known: dict[str, object] = {**rule.hyperparameters(), **options}
    known.pop("lr")
    yield Course(parameters, gradients, rates, known)
    # Each under the name of the hyperparameter that it needs to be given.
    if "eps" in known:
        yield Course(parameters, gradients, rates, {**known, "eps": 1e-2}, "eps")
    if "momentum" in known and not known["momentum"]:
        yield Course(parameters, gradients, rates, {**known, "momentum": 0.9}, "momentum")
    if "weight_decay" in known and not known["weight_decay"]:
        yield Course(parameters, gradients, rates, {**known, "weight_decay": 0.1}, "weight_decay")
    if known.get("nesterov") is False:
        yield Course(parameters, gradients, rates, {**known, "momentum": 0.9, "nesterov": True}, "nesterov")


def _gradients(rng: np.random.Generator) -> list[NDArray[Any]]:
    """Draw one step's gradients, for all parameters but the last."""
    drawn = [upstream(rng, shape) * rng.uniform(0.2, 1.5, shape) for shape in _SHAPES[:-1]]
    # One element is never used: what divides by it alone divides by zero.
    drawn[_UNUSED][0] = 0.0
    return drawn


def examine_optimizer(candidate: Candidate, reference: RuleReference | None, *, seed: int) -> Inquiry:
    """Judge an optimizer.

    Raises
    ------
    Skipped
        If no reference is known, or no way to construct and run it was found.
    CandidateLost
        If its process is gone.
    """
    if reference is None:
        name = candidate.description.name
        like = f"--like {name}={suggest(name) or 'REF'}"
        raise Skipped(f"no update rule of that name is known; say what it is with {like}")
    exam = Inquiry(candidate=candidate, seed=seed)
    runs = list(courses(reference.rule, reference.options, seed))
    signature = Signature(
        "optimizer", {}, {"lr": _RATES[0], **runs[0].hyperparameters}, reference.rule.__name__
    )
    conventions = candidate.conventions(signature)
    if not conventions:
        raise Skipped(f"no way was found to construct and run it: {candidate.obstacle or 'none fits'}")
    first, trajectory = _first_run(exam, conventions, runs[0])
    if trajectory.raised is not None:
        return exam
    _discipline(exam, runs[0], trajectory, none_given=first.get("gradient_none", True))
    if trajectory.rebound:
        return exam
    observed = [(runs[0], trajectory)]
    for course in runs[1:]:
        needed = {course.name, "momentum"} if course.name == "nesterov" else {course.name}
        if needed <= set(trajectory.taken):
            observed.append((course, candidate.train(course, first)))
            exam.cases += 1
    _judge_paths(exam, reference, observed)
    return exam


def _first_run(
    exam: Inquiry, conventions: Sequence[dict[str, Any]], course: Course
) -> tuple[dict[str, Any], Trajectory]:
    """Run the first course by the first convention that works; say what is raised where none does."""
    ended = []
    for convention in conventions:
        trajectory = exam.candidate.train(course, convention)
        exam.cases += 1
        if trajectory.raised is None:
            return convention, trajectory
        ended.append(trajectory)
    trajectory = ended[0]
    raised = trajectory.raised
    if raised is None:
        raise ValueError("expected a trajectory that ended early")
    if raised.type == "NotImplementedError":
        raise Skipped(f"not implemented: it raises NotImplementedError in {raised.phase}")
    all_there = Course(
        course.parameters[:-1], tuple(g[:-1] for g in course.gradients), course.rates, course.hyperparameters
    )
    again = exam.candidate.train(all_there, conventions[0])
    if again.raised is None:
        exam.add(
            "gradient-none",
            f"It raises {raised.type} ({raised.message}) for a parameter that has no gradient. Leave such a "
            "parameter out.",
            "step",
        )
    else:
        exam.add_raised(raised)
    return conventions[0], trajectory


def _discipline(exam: Inquiry, course: Course, trajectory: Trajectory, *, none_given: bool) -> None:
    if trajectory.rebound:
        exam.add(
            "parameter-rebound",
            "step() makes a new array or tensor and keeps that: the model still holds the old one and does "
            "not change. Update in place, e.g. with param.data -= … or param.sub_(…) under torch.no_grad().",
            "step",
            parameters=list(trajectory.rebound),
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


def _judge_paths(
    exam: Inquiry, reference: RuleReference, observed: Sequence[tuple[Course, Trajectory]]
) -> None:
    rule, one = reference.rule, unit("float64")
    taken = observed[0][1].taken
    followed = all(t.rate_followed for _, t in observed)
    runs = [(course, t.parameters) for course, t in observed]
    if not followed:
        runs = [(_until_change(course), parameters[:_CHANGE]) for course, parameters in runs]
    kept = [i for i, g in enumerate(runs[0][0].gradients[0]) if g is not None]
    tries: list[Runs] = []
    for fixed in _hidden(runs[0][0].hyperparameters, taken):
        tries.append(
            [
                (
                    {**course.hyperparameters, **fixed},
                    _only(course, kept),
                    [tuple(p[i] for i in kept) for p in path],
                )
                for course, path in runs
            ]
        )
        if _first_difference(tries[-1], rule) is None:
            return
    for attempt in tries:
        if explanations := explain_updates(rule, attempt, one):
            _say(exam, explanations, attempt, rule)
            return
    if explanations := explain_updates(rule, tries[0], one, pairs=True):
        _say(exam, explanations, tries[0], rule)
        return
    if any(_first_difference(attempt, rule, unit("float32")) is None for attempt in tries):
        # Its state is float32, whatever the parameters are: right to the digits of that.
        return
    _unexplained(exam, tries[0], rule)


def _hidden(known: Mapping[str, Any], taken: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Give the values that hyperparameters may have in code that does not take them."""
    names = [name for name in known if name in _FIXED and name not in taken]
    usual = [(known[name], *(v for v in _FIXED[name] if v != known[name])) for name in names]
    if "momentum" in names and not known["momentum"]:
        # Plain gradient descent has no momentum to hide.
        usual[names.index("momentum")] = (0.0,)
    yield from (dict(zip(names, values, strict=True)) for values in itertools.product(*usual))


def _until_change(course: Course) -> Course:
    return Course(
        course.parameters,
        course.gradients[:_CHANGE],
        course.rates[:_CHANGE],
        course.hyperparameters,
        course.name,
    )


def _only(course: Course, kept: Sequence[int]) -> Course:
    return Course(
        tuple(course.parameters[i] for i in kept),
        tuple(tuple(g[i] for i in kept) for g in course.gradients),
        course.rates,
        course.hyperparameters,
        course.name,
    )


def _say(
    exam: Inquiry,
    explanations: Sequence[Any],
    runs: Runs,
    rule: type[UpdateRule],
) -> None:
    first = explanations[0]
    also = sorted({p.diagnosis for p in explanations[1:]} - {first.diagnosis})
    evidence = dict(first.evidence)
    if also:
        evidence["also"] = also
    exam.add(
        first.diagnosis, f"It {first.says}.", "step", **evidence, **(_first_difference(runs, rule) or {})
    )
    for second in first.evidence.get("also", []):
        exam.add(second, f"It {first.says.partition('Besides, it ')[2]}.", "step")


def _first_difference(
    runs: Runs, rule: type[UpdateRule], one: float = unit("float64")
) -> dict[str, Any] | None:
    """Find where the paths first leave those of the rule; ``None`` if nowhere."""
    for options, course, path in runs:
        right = simulate(rule, options, course)
        differs = same_path(right, path, one)
        if differs is not None:
            step, index = differs
            place = np.unravel_index(
                int(np.argmax(np.abs(path[step][index] - right[step][index]))), path[step][index].shape
            )
            return {
                "step": step + 1,
                "parameter": index,
                "expected": right[step][index][place],
                "got": path[step][index][place],
                "lr": course.rates[step],
            }
    return None


def _unexplained(
    exam: Inquiry,
    runs: Runs,
    rule: type[UpdateRule],
) -> None:
    evidence = _first_difference(runs, rule)
    if evidence is None:
        raise ValueError("expected paths that differ")
    exam.add(
        "update-value",
        f"Its path leaves that of {rule.__name__} at step {evidence['step']}: {evidence['got']:.9g} where "
        f"{evidence['expected']:.9g} is expected.",
        "step",
        Severity.ERROR,
        **evidence,
    )
