"""The judgement of an optimizer's path: held against the update rule's, and explained where it leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.bounds import unit
from backproof.checking.candidate import Course, Trajectory
from backproof.checking.judge.examination import Inquiry
from backproof.checking.judge.optimizers.courses import FIXED, tries
from backproof.checking.mistakes.planting import PlantedRule
from backproof.checking.mistakes.update_search import (
    explain_by_pairs,
    explain_updates,
    other_rules,
    reproduces,
    step_factors,
)
from backproof.checking.mistakes.update_states import MISSING_CONVENTIONS
from backproof.checking.mistakes.walking import Rule, Runs, same_path, simulate
from backproof.diagnoses import Severity
from backproof.updates.adam import Adam
from backproof.updates.nadam import NAdam
from backproof.updates.sgd import SGD

__all__ = ["agrees_somewhere", "judge_missing", "judge_paths"]

Observed = Sequence[tuple[Course, Trajectory]]
_MEASURED = unit("float64") * 2**10
_DOUBLE, _SINGLE = unit("float64"), unit("float32")
#: With how many guesses at what is hidden pairs of mistakes are looked for.
_PAIRED = 6


def agrees_somewhere(rule: Rule, observed: Observed) -> bool:
    """Say whether the paths are the rule's, for any guess at what is hidden."""
    return any(_first_difference(runs, rule) is None for runs in tries(observed))


def judge_paths(
    exam: Inquiry, rule: Rule, observed: Observed, *, sure: bool = True
) -> tuple[Rule, Runs] | None:
    """Hold the paths against the rule's, and say what explains a difference.

    Where the reference is not ``sure``, a difference that nothing explains is no finding.

    Returns
    -------
    The rule whose paths they are, with the mistakes in it, and the runs with the options for which they
    are; ``None`` where there is none.
    """
    attempts = tries(observed)
    for runs in attempts:
        if _first_difference(runs, rule) is None:
            return rule, runs
    if found := explain_updates(rule, attempts, _DOUBLE):
        runs, explanations = found
        _say(exam, explanations, runs, rule)
        return explanations[0].rule, runs
    other = _another_rule(exam, rule, attempts) or (sure and _another_scaled(exam, rule, attempts))
    if other:
        return other
    if pair := explain_by_pairs(rule, attempts[:_PAIRED], _DOUBLE):
        runs, explanations = pair
        _say_pair(exam, explanations, runs, rule)
        return None
    if not any(_agrees_in_single(runs, rule) for runs in attempts):
        if rated := _own_rates(exam, attempts[0], rule):
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
        if reproduces(planted.rule, runs, _DOUBLE):
            _say(exam, [planted], runs, rule)
            return
    if not _agrees_in_single(runs, rule):
        _unexplained(exam, runs, rule, Severity.WARNING, " where a parameter has no gradient at some steps")


def _another_rule(exam: Inquiry, rule: Rule, attempts: Sequence[Runs]) -> tuple[Rule, Runs] | None:
    """Say that the path of the first course is that of another rule, if it is."""
    runs = attempts[0][:1]
    for other, options in other_rules(rule, runs[0][0], FIXED):
        there: Runs = [(options, course, path) for _, course, path in runs]
        if not reproduces(other, there, _DOUBLE):
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


def _own_rates(exam: Inquiry, runs: Runs, rule: Rule) -> tuple[Rule, Runs] | None:
    """Say that its steps are the rule's at learning rates of its own, if they are: a schedule inside.

    Where moments are corrected by the step, what looks like a schedule may as well be a wrong correction.
    """
    options, course, path = runs[0]
    if "betas" in rule.hyperparameters():
        return None
    right, start = simulate(rule, options, course), course.parameters
    index = next(i for i, gradient in enumerate(course.gradients[0]) if gradient is not None)
    rates, before = [], (start[index], start[index])
    for rate, expected, got in zip(course.rates, right, path, strict=True):
        moved = (got[index] - before[0]) / (expected[index] - before[1])
        rates.append(rate * float(np.median(moved)))
        before = got[index], expected[index]
    scheduled: Runs = [(options, replace(course, rates=tuple(rates)), path)]
    # The rates are measured, so that they have a few digits less.
    if min(rates) <= 0 or not reproduces(rule, scheduled, _MEASURED):
        return None
    shown = ", ".join(f"{rate:.3g}" for rate in rates)
    exam.add(
        "update-value",
        f"It takes the steps of {rule.__name__} at learning rates of its own: {shown}. That is a schedule "
        f"inside, or a rate that is not used as it is given.",
        "step",
        Severity.WARNING,
        **(_first_difference(runs, rule) or {}),
    )
    return rule, scheduled


def _another_scaled(exam: Inquiry, rule: Rule, attempts: Sequence[Runs]) -> tuple[Rule, Runs] | None:
    """Say that its steps are a fraction of another, plainer rule's, by a number of parameters or elements."""
    runs = attempts[0][:1]
    for other in (SGD,):
        if other is rule:
            continue
        for options in ({}, {"momentum": runs[0][0].get("momentum", 0.9)}):
            there: Runs = [(options, course, path) for _, course, path in runs]
            for planted in step_factors(other, there):
                if reproduces(planted.rule, there, _DOUBLE):
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
        also = {"also": [other.diagnosis]} if other.diagnosis != one.diagnosis else {}
        exam.add(one.diagnosis, f"It {one.says}.", "step", one.severity, **one.evidence, **also, **shown)


def _first_difference(runs: Runs, rule: Rule, one: float = _DOUBLE) -> dict[str, Any] | None:
    """Find where the paths first leave those of the rule; ``None`` if nowhere."""
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
