"""The gradient of an elementwise component along its input: what a picture of it is drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import CandidateLost, Case
from backproof.checking.findings import Curve
from backproof.checking.judge.examination import Examination
from backproof.checking.mistakes.search import gradient_of, output_of
from backproof.ops import Op

__all__ = ["follow"]

#: The upstream gradient of every point. Not 1: a gradient that ignores it has to look different.
_UPSTREAM = 2.0
_POINTS = 64


def follow(exam: Examination, op: Op) -> Curve | None:
    """Follow the candidate's gradient from the least input it was tried on to the greatest.

    ``op`` is what explains its forward. All other arguments have one value throughout. ``None`` where
    an element of the gradient does not depend on the input's element alone, or nothing comes back.
    """
    if exam.own or not exam.exact or not op.elementwise or op.first not in op.rules:
        return None
    inputs = _along(exam, op)
    upstream = np.full(output_of(op, Case(inputs), exam.options).shape, _UPSTREAM)
    case = Case(inputs, upstream, "curve").astype(exam.dtype)
    expected = gradient_of(op, case, op.first, exam.options)
    try:
        answers = exam.call(case).gradients
    except CandidateLost:
        return None  # its judgement stands: there is only no picture
    source = "backward" if "backward" in answers else "autograd"
    got = answers.get(source, {}).get(op.first)
    if got is None or got.shape != expected.shape:
        return None
    points = (tuple(map(float, values.ravel())) for values in (case.inputs[op.first], expected, got))
    return Curve(op.first, source, _UPSTREAM, *points)


def _along(exam: Examination, op: Op) -> dict[str, NDArray[Any]]:
    """Give inputs in which the first argument grows evenly, with the last axes of the first trial."""
    tried = [trial.case.inputs[op.first] for trial in exam.trials]
    last = tried[0].shape[1:]
    rows = -(-_POINTS // max(1, int(np.prod(last))))
    ends = min(float(x.min()) for x in tried), max(float(x.max()) for x in tried)
    shape = (rows, *last)
    x = np.linspace(*ends, int(np.prod(shape))).reshape(shape)
    others = {
        name: np.full(shape, value.ravel()[0], value.dtype)
        for name, value in exam.trials[0].case.inputs.items()
        if name != op.first
    }
    return {op.first: x, **others}
