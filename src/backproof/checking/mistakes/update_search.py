"""The search for what explains the path of an optimizer: a mistake, a pair of them, another rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from backproof.checking.candidate import Course
from backproof.checking.mistakes.planting import PlantedRule, UpdateMistake, override
from backproof.checking.mistakes.updates import UPDATE_MISTAKES
from backproof.checking.mistakes.walking import Parameters, Rule, Runs, same_path, simulate, walk
from backproof.diagnoses import DIAGNOSES, Severity
from backproof.updates import CATALOGUE, State

__all__ = ["explain_by_pairs", "explain_updates", "other_rules", "reproduces", "step_factors"]

#: How many explanations are given where several fit.
_MOST = 3
_OPTIONAL = ("momentum", "nesterov", "weight_decay", "centered", "amsgrad")


def explain_updates(
    rule: Rule, tries: Iterable[Runs], one: float, table: Iterable[UpdateMistake] = UPDATE_MISTAKES
) -> tuple[Runs, list[PlantedRule]] | None:
    """Find the mistakes that reproduce the trajectories, and the try for which they do.

    Each of the ``tries`` holds for each course the options, which differ from try to try in what the
    candidate does not let itself be given, the course and the candidate's parameters after each step.
    A legitimate form that fits comes before an error that fits.
    """
    tries = list(tries)
    numbers = any(map(_has_numbers, tries))
    rows = [planted for row in table for planted in row.plant(rule) if numbers or planted.nowhere_finite]
    for is_error in (False, True):
        some = [planted for planted in rows if (_severity(planted) is Severity.ERROR) is is_error]
        for runs in tries:
            if found := [planted for planted in some if reproduces(planted.rule, runs, one)]:
                return runs, _distinct(found)
    for runs in tries:
        # Of those that a factor explains too, it is the less telling.
        if found := [planted for planted in step_factors(rule, runs) if reproduces(planted.rule, runs, one)]:
            return runs, found
    return None


def explain_by_pairs(
    rule: Rule, tries: Iterable[Runs], one: float, table: Iterable[UpdateMistake] = UPDATE_MISTAKES
) -> tuple[Runs, list[PlantedRule]] | None:
    """Find the pair of mistakes that reproduces the trajectories, as the two that it is made of.

    The rule of the second has the first in it too.
    """
    rows, tries = list(table), [runs for runs in tries if _has_numbers(runs)]
    firsts = [planted for row in rows for planted in row.plant(rule)]
    for runs in tries:
        for first in firsts:
            for row in rows:
                for second in row.plant(first.rule):
                    if second.says != first.says and reproduces(second.rule, runs, one):
                        return runs, sorted((first, second), key=_rank)
    return None


def _has_numbers(runs: Runs) -> bool:
    """Say whether a path keeps to numbers anywhere: NaN is like any other NaN, and confirms nothing."""
    return any(
        bool(np.any(np.isfinite(after)))
        for _, course, path in runs
        for after, *gradients in zip(path[-1], *course.gradients, strict=True)
        if any(gradient is not None for gradient in gradients)
    )


def _severity(planted: PlantedRule) -> Severity:
    return planted.severity or DIAGNOSES[planted.diagnosis].severity


def _rank(planted: PlantedRule) -> int:
    return [Severity.ERROR, Severity.WARNING, Severity.NOTE].index(_severity(planted))


def _distinct(found: Iterable[PlantedRule]) -> list[PlantedRule]:
    by_name: dict[str, PlantedRule] = {}
    for planted in found:
        by_name.setdefault(planted.diagnosis, planted)
    if len(by_name) > 1:
        by_name.pop("update-value", None)  # it says less than any other
    return list(by_name.values())[:_MOST]


def reproduces(rule: Rule, runs: Runs, one: float) -> bool:
    """Say whether a rule takes the paths of all runs."""
    try:
        with np.errstate(all="ignore"):
            # Walked only as far as the paths agree, and with the smallest parameter alone first: most
            # mistakes are out after a step of that.
            if not hasattr(rule, "walk") and not _follows(rule, runs[:1], one, smallest=True):
                return False
            return _follows(rule, runs, one)
    except (ZeroDivisionError, OverflowError, ValueError):
        return False  # Python's numbers raise where NumPy's become inf or NaN: the mistake is not possible


def _follows(rule: Rule, runs: Runs, one: float, *, smallest: bool = False) -> bool:
    return all(
        same_path(walk(rule, options, course), got, one) is None
        for options, course, got in (map(_of_the_smallest, runs) if smallest else runs)
    )


def _of_the_smallest(
    run: tuple[Mapping[str, Any], Course, Sequence[Parameters]],
) -> tuple[Mapping[str, Any], Course, Sequence[Parameters]]:
    options, course, got = run
    moved = [index for index, gradient in enumerate(course.gradients[0]) if gradient is not None]
    index = min(moved or [0], key=lambda index: course.parameters[index].size)
    return options, _only(course, index), [(parameters[index],) for parameters in got]


def _only(course: Course, index: int) -> Course:
    return Course(
        (course.parameters[index],),
        tuple((gradients[index],) for gradients in course.gradients),
        course.rates,
        course.hyperparameters,
        course.name,
    )


# --- A constant factor ---------------------------------------------------------------------------


#: The largest denominator of a fraction that a ratio is taken for.
_SIMPLEST = 100


def step_factors(rule: Rule, runs: Runs) -> Iterator[PlantedRule]:
    """Give the rule with longer steps, by the ratio of the first to the right one.

    The ratio has to be one number, or for each parameter one over a count of it.
    """
    options, course, got = runs[0]
    if not got:
        return
    right = simulate(rule, options, course)[0]
    moved = [(g - p, r - p) for g, r, p in zip(got[0], right, course.parameters, strict=True)]
    with np.errstate(all="ignore"):
        each = [(g[r != 0] / r[r != 0]).ravel() for g, r in moved if np.any(r != 0)]
    shapes = [g.shape for g, r in moved if np.any(r != 0)]
    if not each or not all(np.ptp(ratios) <= 1e-7 * abs(ratios[0]) for ratios in each):
        return
    ratios = np.array([float(np.median(ratios)) for ratios in each])
    if np.ptp(ratios) <= 1e-7 * abs(ratios[0]):
        if ratios[0] != 0 and not np.isclose(abs(ratios[0]), 1):
            yield _times(rule, _simple(float(ratios[0])), len(course.parameters))
        return
    for words, count in _COUNTS.items():
        if np.allclose(ratios * [count(shape) for shape in shapes], 1, rtol=1e-7, atol=0):
            says = (
                f"divides each step by {words} of the parameter: makes no more than a part of the right step"
            )
            yield _divided(rule, says, count)


def _simple(ratio: float) -> float:
    """Take the fraction or the decimal that a measured ratio stands for: its last digits are rounding."""
    fraction = float(Fraction(ratio).limit_denominator(_SIMPLEST))
    return fraction if np.isclose(fraction, ratio, rtol=1e-9, atol=0) else float(f"{ratio:.9g}")


#: Counts of a parameter that a step is divided by.
_COUNTS: Mapping[str, Callable[[tuple[int, ...]], float]] = {
    "the number of elements": math.prod,
    "the first size": lambda shape: shape[0],
    "the last size": lambda shape: shape[-1],
}


def _divided(rule: Any, says: str, count: Callable[[tuple[int, ...]], float]) -> PlantedRule:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        moved, state = rule.update(self, xp, parameter, gradient, state)
        return parameter + (moved - parameter) / count(parameter.shape), state

    return PlantedRule("update-scale", override(rule, update=update), says)


def _times(rule: Any, factor: float, count: int) -> PlantedRule:
    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        moved, state = rule.update(self, xp, parameter, gradient, state)
        return parameter + factor * (moved - parameter), state

    says = f"makes {factor:.6g} times the right step"
    # One of the course's parameters never has a gradient: it is counted, or left out.
    for number in (count, count - 1):
        if np.isclose(factor * number, 1):
            says += f": it divides by {number}, the number of parameters"
    return PlantedRule("update-scale", override(rule, update=update), says, {"factor": factor})


# --- Another rule --------------------------------------------------------------------------------


def other_rules(
    rule: Rule | None, known: Mapping[str, Any], fixed: Mapping[str, tuple[Any, ...]]
) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """Give the other rules, each with the hyperparameters that it may have.

    ``known`` are those of the candidate's course, ``fixed`` the usual values of those that are hidden.
    """
    for other in CATALOGUE.values():
        own = {name: value for name, value in other.hyperparameters().items() if name != "lr"}
        values = {name: _values(name, value, known, fixed) for name, value in own.items()}
        for chosen in itertools.product(*values.values()):
            options = dict(zip(values, chosen, strict=True))
            if options.get("nesterov") and not options["momentum"]:
                continue
            if other is not rule or any(
                options[name] != known.get(name) for name in _OPTIONAL if name in own
            ):
                yield other, options


def _values(
    name: str, default: Any, known: Mapping[str, Any], fixed: Mapping[str, tuple[Any, ...]]
) -> tuple[Any, ...]:
    """Give the values that a hyperparameter of another rule may have, each once."""
    first = [known[name]] if name in known else []
    if name in ("alpha", "rho") and "betas" in known:
        first.append(known["betas"][1])
    if name == "momentum" and "betas" in known:
        first.append(known["betas"][0])
    if name == "nesterov":
        first.append(True)
    usual = fixed.get(name, ()) if name in ("alpha", "rho", "momentum", "betas", "eps") else ()
    return tuple(dict.fromkeys((*first, default, *usual[:3])))
