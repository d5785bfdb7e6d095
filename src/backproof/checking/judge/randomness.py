"""Randomness: what is drawn anew at each call, where nothing is to be drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.checking.judge.examination import Examination

__all__ = ["examine_randomness"]

#: Another seed than that of every other call.
_OTHER = 1


def examine_randomness(exam: Examination) -> None:
    """Call the first case again with other random numbers.

    Every call begins with the same seed, so that random components can be judged at all. One that is
    not to be random, and gives another output with another seed, is not a function of its input.
    """
    known = any(finding.diagnosis == "nondeterministic" for finding in exam.findings)
    if known or not exam.trials or exam.trials[0].answer.output is None:
        return
    drawn = exam.convention.get("drawn")
    case = replace(exam.trials[0].case, grad_output=None)
    seeded = {**exam.convention, "seed": _OTHER}
    other = exam.candidate.call(case, seeded, fresh=True).output
    first = exam.candidate.call(case, exam.convention, fresh=True).output
    exam.cases += 2
    if other is None or first is None or np.array_equal(other, first, equal_nan=True):
        return
    if drawn or exam.own:
        exam.remarks.append("it draws random numbers: judged with the seed fixed before every call")
        return
    exam.add(
        "nondeterministic",
        f"It draws random numbers, which {exam.op.name} does not: the same input gives another output at "
        "every call.",
    )
