"""Randomness: what is drawn anew at each call, where nothing is to be drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Answer
from backproof.checking.judge.examination import Examination
from backproof.diagnoses import Severity

__all__ = ["examine_randomness"]


def examine_randomness(exam: Examination) -> None:
    """Call the first case again and again, with nothing reseeded in between.

    Other calls begin with the same seed, so that random components can be judged at all. One that is not
    to be random, and gives another output at each call in evaluation too, is not a function of its input. One
    that is has to be one in its evaluation mode, and its backward must not draw anew.
    """
    known = any(finding.diagnosis == "nondeterministic" for finding in exam.findings)
    if known or not exam.trials or exam.trials[0].answer.output is None:
        return
    _examine_backward(exam)
    if exam.fresh:
        return
    if not _draws(exam, {}):
        _examine_optional(exam)
        return
    exam.draws = True
    drawn = bool(exam.convention.get("drawn"))
    said = exam.convention.get("random") or exam.convention.get("random_inside", "")
    anew = _draws(exam, {"evaluate": True})
    if anew is False and not drawn and not exam.own:
        _judge_in_evaluation(exam)
        return
    if not drawn and not (exam.own and (said or anew is False)):
        less = "" if exam.own else f", which {exam.op.name} does not"
        exam.add(
            "nondeterministic",
            f"It draws random numbers{less}: the same input gives another output at every call.",
        )
        return
    if not drawn and exam.convention.get("random") == "dropout":
        _examine_expectation(exam)
    if anew:
        exam.add(
            "nondeterministic",
            "In its evaluation mode it still draws random numbers: the same input gives another output at "
            "every call, where training is switched off.",
            severity=None if drawn or said == "dropout" else Severity.WARNING,
        )
    if not drawn:
        exam.remarks.append("it draws random numbers: judged with the seed fixed before every call")


def _judge_in_evaluation(exam: Examination) -> None:
    """Judge what draws in training alone in its evaluation mode, in which it is a function of its input."""
    exam.convention = {**exam.convention, "evaluate": True}
    exam.trials = [replace(trial, answer=exam.call(trial.case)) for trial in exam.trials]
    exam.draws = False
    exam.remarks.append("it draws random numbers in training: judged in its evaluation mode")


def _examine_optional(exam: Examination) -> None:
    """Leave out the arrays that may be left out: a state that then is drawn is another at every call."""
    for name in exam.convention.get("optional", ()):
        call = {other: entry for other, entry in exam.convention["call"].items() if other != name}
        if _draws(exam, {"call": call}):
            exam.add(
                "nondeterministic",
                f"Where {name} is left out it is drawn at random: the same input gives another output at "
                "every call. Begin with zeros.",
                argument=name,
            )


def _examine_expectation(exam: Examination) -> None:
    """Hold what a dropout keeps in training against evaluation: it must not be the input in both."""
    case = replace(exam.trials[0].case, grad_output=None)
    x = case.inputs[exam.op.first]
    kept = exam.trials[0].answer.output
    whole = exam.candidate.call(case, {**exam.convention, "evaluate": True}).output
    exam.cases += 1
    if kept is None or whole is None or kept.shape != x.shape or not np.any((kept == 0) & (x != 0)):
        return
    if np.array_equal(whole, x) and np.array_equal(kept, np.where(kept == 0, 0, x)):
        exam.add(
            "forward-value",
            "What it keeps in training is not divided by 1 − p, and in evaluation nothing is multiplied by "
            "it: the mean of the output changes from the one to the other.",
        )


def _draws(exam: Examination, mode: dict[str, object]) -> bool | None:
    """Say whether an instance that has been called gives one output now and another then.

    ``None`` where it gives none: it has no such mode.
    """
    convention = {**exam.convention, "seed": None, **mode}
    case = replace(exam.trials[0].case, grad_output=None)
    _, first, second = (exam.candidate.call(case, convention).output for _ in range(3))
    exam.cases += 3
    return None if first is None or second is None else _differ(first, second)


def _examine_backward(exam: Examination) -> None:
    """Let the backward begin with one seed and with another: it is to use what the forward drew."""
    first, second = (
        exam.candidate.call(exam.trials[0].case, {**exam.convention, "seed_back": number})
        for number in (1, 2)
    )
    exam.cases += 2
    for source, argument in _changing(first, second):
        exam.add(
            "nondeterministic",
            f"The backward draws random numbers anew: the same forward gets another gradient for {argument} "
            "at every call. Keep what the forward drew, and use it again.",
            exam.part_of(source),
            argument=argument,
            source=source,
        )
        return


def _changing(first: Answer, second: Answer) -> list[tuple[str, str]]:
    return [
        (source, name)
        for source, gradients in first.gradients.items()
        for name, gradient in gradients.items()
        if _differ(gradient, second.gradients.get(source, {}).get(name))
    ]


def _differ(first: NDArray[np.generic] | None, second: NDArray[np.generic] | None) -> bool:
    if first is None or second is None:
        return False
    return first.shape != second.shape or not np.allclose(first, second, 1e-6, 1e-9, equal_nan=True)
