"""The judgement of an optimizer's path: held against the update rule's, and explained where it leaves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.bounds import unit
from backproof.checking.candidate import Course, Trajectory
from backproof.checking.judge.examination import Inquiry
from backproof.checking.judge.optimizers.courses import FIXED, tries, unit_of
from backproof.checking.mistakes.planting import PlantedRule
from backproof.checking.mistakes.update_search import (
    explain_by_pairs,
    explain_updates,
    other_rules,
    reproduces,
    step_factors,
)
from backproof.checking.mistakes.update_states import MISSING_CONVENTIONS
from backproof.checking.mistakes.walking import Parameters, Rule, Runs, same_path, simulate
from backproof.diagnoses import Severity
from backproof.updates.adam import Adam
from backproof.updates.nadam import NAdam
from backproof.updates.sgd import SGD

__all__ = ["agrees_somewhere", "judge_missing", "judge_paths"]

Observed = Sequence[tuple[Course, Trajectory]]
Train = Callable[[Course], Trajectory]
#: By how much a rate that was measured is less exact than the path.
_MEASURED = 2**10
_SINGLE = unit("float32")
#: With how many guesses at what is hidden pairs of mistakes are looked for.
_PAIRED = 6
#: As far from the usual ones as makes a difference to a correction.
_OTHER_BETAS = (0.7, 0.95)


def agrees_somewhere(rule: Rule, observed: Observed) -> bool:
    """Say whether the paths are the rule's, for any guess at what is hidden."""
    return any(_first_difference(runs, rule) is None for runs in tries(observed))


def judge_paths(
    exam: Inquiry, rule: Rule, observed: Observed, train: Train, *, sure: bool = True
) -> tuple[Rule, Runs] | None:
    """Hold the paths against the rule's, and say what explains a difference.

    ``train`` runs the candidate over another course. Where the reference is not ``sure``, a difference that
    nothing explains is no finding.

    Returns
    -------
    The rule whose paths they are, with the mistakes in it, and the runs with the options for which they
    are; ``None`` where there is none.
    """
    attempts = tries(observed)
    for runs in attempts:
        if _first_difference(runs, rule) is None:
            return rule, runs
    if found := explain_updates(rule, attempts, unit_of(attempts[0])):
        runs, explanations = found
        _say(exam, explanations, runs, rule)
        return explanations[0].rule, runs
    other = _another_rule(exam, rule, attempts) or (sure and _another_scaled(exam, rule, attempts))
    if other:
        return other
    if pair := explain_by_pairs(rule, attempts[:_PAIRED], unit_of(attempts[0])):
        runs, explanations = pair
        _say_pair(exam, explanations, runs, rule)
        return None
    if not any(_agrees_in_single(runs, rule) for runs in attempts):
        for runs in attempts[:_PAIRED]:
            if rated := _own_rates(exam, runs, rule, train):
                return rated
        _say_unexplained(exam, attempts[0], rule, sure=sure)
    return None


def _say_unexplained(exam: Inquiry, runs: Runs, rule: Rule, *, sure: bool) -> None:
    if sure:
        _unexplained(exam, runs, rule)
    else:
        exam.doubts.append("its path is not that of the update rule that its name may mean")


def judge_missing(
    exam: Inquiry, rule: Rule, options: Mapping[str, Any], course: Course, trajectory: Trajectory
) -> None:
    """Judge what happens to parameters that have no gradient at some steps, all else being explained."""
    raised = trajectory.raised
    if raised is not None:
        exam.add(
            "gradient-none",
            f"It raises {raised.type} ({raised.message}) for a parameter that has no gradient at some steps. "
            "Leave such a parameter out, and keep the state of each by its place among all.",
            "step",
            Severity.WARNING,
        )
        return
    runs: Runs = [(options, course, trajectory.parameters)]
    if _first_difference(runs, rule) is None or hasattr(rule, "walk"):
        return
    rows = [planted for row in MISSING_CONVENTIONS for planted in row.plant(rule)]
    for planted in rows:
        if reproduces(planted.rule, runs, unit_of(runs)):
            _say(exam, [planted], runs, rule)
            return
    if not _agrees_in_single(runs, rule):
        _unexplained(exam, runs, rule, Severity.WARNING, " where a parameter has no gradient at some steps")


def _another_rule(exam: Inquiry, rule: Rule, attempts: Sequence[Runs]) -> tuple[Rule, Runs] | None:
    """Say that the path of the first course is that of another rule, if it is."""
    runs = attempts[0][:1]
    for other, options in other_rules(rule, runs[0][0], FIXED):
        there: Runs = [(options, course, path) for _, course, path in runs]
        if not reproduces(other, there, unit_of(there)):
            continue
        written = ", ".join(f"{name}={value!r}" for name, value in _telling(other, options).items())
        nesterov = (rule, other) in ((Adam, NAdam), (NAdam, Adam))
        same = other is rule is SGD
        exam.add(
            "nesterov-mismatch" if nesterov else "update-value",
            f"It takes the path of {other.__name__}({written}), not that of {rule.__name__}"
            f"({_written_rest(rule, runs[0][0])}). Name what it is to be judged by, with "
            f"# backproof: like={other.__name__}, or mend it.",
            "step",
            # Gradient descent by its plain name may well have a momentum.
            Severity.WARNING if same else None,
            path_of=other.__name__,
            **(_first_difference(runs, rule) or {}),
        )
        return other, there
    return None


def _own_rates(exam: Inquiry, runs: Runs, rule: Rule, train: Train) -> tuple[Rule, Runs] | None:
    """Say that its steps are the rule's at learning rates of its own, if they are: a schedule inside."""
    options, course, path = runs[0]
    scheduled = _scheduled(rule, options, course, path)
    if scheduled is None or not _is_schedule(rule, scheduled, options, course, train):
        return None
    shown = ", ".join(f"{rate:.3g}" for rate in scheduled.rates)
    exam.add(
        "update-value",
        f"It takes the steps of {rule.__name__} at learning rates of its own: {shown}. That is a schedule "
        f"inside, or a rate that is not used as it is given.",
        "step",
        Severity.WARNING,
        **(_first_difference(runs, rule) or {}),
    )
    return rule, [(options, scheduled, path)]


def _scheduled(
    rule: Rule, options: Mapping[str, Any], course: Course, path: Sequence[Parameters]
) -> Course | None:
    """Give the course at the learning rates with which the rule takes a path, if there are such."""
    rates: list[float] = []
    index = next(i for i, gradient in enumerate(course.gradients[0]) if gradient is not None)
    with np.errstate(all="ignore"):
        for step, rate in enumerate(course.rates):
            so_far = replace(course, rates=(*rates, rate), gradients=course.gradients[: step + 1])
            before, after = [course.parameters, *simulate(rule, options, so_far)][-2:]
            part = (path[step][index] - before[index]) / (after[index] - before[index])
            rates.append(rate * float(np.median(part)))
            if not 0 < rates[-1] < np.inf:
                return None
    scheduled = replace(course, rates=tuple(rates))
    runs: Runs = [(options, scheduled, path)]
    # The rates are measured, so that they have a few digits less.
    return scheduled if reproduces(rule, runs, _MEASURED * unit_of(runs)) else None


def _is_schedule(
    rule: Rule, scheduled: Course, options: Mapping[str, Any], course: Course, train: Train
) -> bool:
    """Say whether the rates are a schedule's, where moments are corrected: they may be a wrong correction's.

    That changes with β. Where β cannot be given, a schedule begins with the rate given, and only falls.
    """
    if "betas" not in rule.hyperparameters():
        return True
    other = replace(course, hyperparameters={**course.hyperparameters, "betas": _OTHER_BETAS})
    found = train(other)
    if "betas" not in found.taken or found.raised is not None:
        rates = np.array(scheduled.rates)
        return bool(np.isclose(rates[0], course.rates[0]) and np.all(np.diff(rates) <= 1e-9 * rates[0]))
    again = _scheduled(rule, {**options, "betas": _OTHER_BETAS}, other, found.parameters)
    return again is not None and np.allclose(again.rates, scheduled.rates, rtol=1e-9, atol=0)


def _another_scaled(exam: Inquiry, rule: Rule, attempts: Sequence[Runs]) -> tuple[Rule, Runs] | None:
    """Say that its steps are a fraction of another, plainer rule's, by a number of parameters or elements."""
    runs = attempts[0][:1]
    for other in (SGD,):
        if other is rule:
            continue
        for options in ({}, {"momentum": runs[0][0].get("momentum", 0.9)}):
            there: Runs = [(options, course, path) for _, course, path in runs]
            for planted in step_factors(other, there):
                if reproduces(planted.rule, there, unit_of(there)):
                    _say(exam, [planted], there, other)
                    return planted.rule, there
    return None


def _telling(rule: Rule, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options that are not the rule's defaults."""
    defaults = rule.hyperparameters()
    return {name: value for name, value in options.items() if value != defaults.get(name)}


def _written_rest(rule: Rule, options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in _telling(rule, options).items())


def _say(exam: Inquiry, explanations: Sequence[PlantedRule], runs: Runs, rule: Rule) -> None:
    first, *others = explanations
    evidence = dict(first.evidence)
    also = sorted({p.diagnosis for p in others} - {first.diagnosis})
    if also:
        evidence["also"] = also
    message = f"It {first.says}."
    if also:
        message += f" What fits as well: it {others[0].says}."
    shown = _first_difference(runs, rule) or {}
    exam.add(first.diagnosis, message, "step", first.severity, **evidence, **shown)


def _say_pair(exam: Inquiry, pair: Sequence[PlantedRule], runs: Runs, rule: Rule) -> None:
    shown = _first_difference(runs, rule) or {}
    first, second = pair
    for one, other in ((first, second), (second, first)):
        evidence = {**one.evidence, **shown, "together": [other.diagnosis]}
        exam.add(one.diagnosis, f"It {one.says}.", "step", one.severity, **evidence)


def _first_difference(runs: Runs, rule: Rule, one: float | None = None) -> dict[str, Any] | None:
    """Find where the paths first leave those of the rule; ``None`` if nowhere."""
    one = one or unit_of(runs)
    for options, course, path in runs:
        right = simulate(rule, options, course)
        differs = same_path(right, path, one)
        if differs is None:
            continue
        step, index = differs
        expected, got = right[step][index], path[step][index]
        if expected.shape != got.shape:
            return {"step": step + 1, "parameter": index, "expected": expected.shape, "got": got.shape}
        off = np.abs(got - expected)
        place = np.unravel_index(int(np.argmax(np.where(np.isnan(off), np.inf, off))), got.shape)
        where = {"step": step + 1, "parameter": index, "expected": expected[place], "got": got[place]}
        with_option = {} if course.name == "ordinary" else {"course": course.name}
        return {**where, "lr": course.rates[step], **with_option}
    return None


def _agrees_in_single(runs: Runs, rule: Rule) -> bool:
    """Say whether the paths are the rule's to the digits of float32.

    Parameters in float32 are off by the roundings of themselves; a state in float32, whatever the
    parameters are, only by those of the steps that it makes.
    """
    if _first_difference(runs, rule, _SINGLE) is not None:
        return False
    if all(np.array_equal(p, p.astype("float32")) for _, _, path in runs for p in path[-1]):
        return True
    for options, course, path in runs:
        start: Sequence[Any] = course.parameters
        length = [0.0] * len(start)
        for step, (right, got) in enumerate(zip(simulate(rule, options, course), path, strict=True)):
            for index, (expected, mine) in enumerate(zip(right, got, strict=True)):
                length[index] += float(np.max(np.abs(expected - start[index])))
                if not np.all(np.abs(mine - expected) <= 64 * (step + 1) * _SINGLE * length[index]):
                    return False
            start = right
    return True


def _unexplained(
    exam: Inquiry, runs: Runs, rule: Rule, severity: Severity = Severity.ERROR, where: str = ""
) -> None:
    evidence = _first_difference(runs, rule)
    if evidence is None:
        raise ValueError("expected paths that differ")
    course = evidence.get("course")
    for options, one, _ in runs:
        if not where and course == one.name and course in options:
            where = f" with {course}={options[course]!r}"
    exam.add(
        "update-value",
        f"Its path leaves that of {rule.__name__} at step {evidence['step']}{where}: "
        f"{_short(evidence['got'])} "
        f"where {_short(evidence['expected'])} is expected.",
        "step",
        severity,
        **evidence,
    )


def _short(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
