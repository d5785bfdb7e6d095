"""Cancellation: digits that are lost where another formula of the same function keeps them.

Two places where it happens are looked at, both in float32: inputs near 0, where exp(x) − 1 is made of
two numbers near 1, and inputs far from 0 that differ little, whose variance is not E[x²] − E[x]².
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination, instead
from backproof.checking.mistakes.search import output_of
from backproof.checking.mistakes.substitutions import takes_statistics
from backproof.ops import Op

__all__ = ["examine_precision"]

#: How near 0 the inputs come, and how far away their mean is.
_NEAR, _FAR = 1e-6, 1e3
#: A right formula is off by some units in the last place of its inputs: of 1e-6 that is 1e-13.
_LOST = 1e-2


def examine_precision(exam: Examination, op: Op) -> None:
    """Say where the output loses its digits though the true value is well-conditioned."""
    if exam.has_errors() or any(f.diagnosis == "precision-loss" for f in exam.findings):
        return
    for where, why, case in _cases(exam, op):
        answer = exam.call(case)
        exam.cases += 1
        expected = output_of(op, case.astype(np.float64), exam.options)
        got = answer.output
        if got is None or got.shape != expected.shape or not np.all(np.isfinite(got)):
            continue
        inputs = case.inputs[op.first]
        size = np.abs(expected)
        if inputs.shape == expected.shape:
            size = np.maximum(size, np.minimum(np.abs(inputs), 1.0))
        off = np.abs(got - expected) / size
        if off.max(initial=0.0) <= _LOST:
            continue
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
        exam.add(
            "precision-loss",
            f"Digits are lost {where}: in float32 the output is off by {off[place]:.2g} of itself there, "
            f"{instead(got[place], expected[place])}. {why}",
            input=inputs[place] if inputs.shape == expected.shape else None,
            expected=expected[place],
            got=got[place],
            dtype="float32",
        )


def _cases(exam: Examination, op: Op) -> Iterator[tuple[str, str, Case]]:
    """Give the cases, each with where it is and what mostly is the cause."""
    first = exam.trials[0].case
    value = first.inputs[op.first]
    domain = op.arguments[op.first].domain
    output = exam.trials[0].answer.output
    alike = exam.own and output is not None and output.shape == value.shape
    if (op.elementwise or alike) and len(first.inputs) == 1 and domain in ("real", "small", "unit"):
        near = {op.first: _NEAR * value}
        yield (
            "near 0",
            "Nearly equal numbers are subtracted. Use a form without the difference, such as expm1 or log1p.",
            replace(first, inputs=near, grad_output=None).astype(np.float32),
        )
    if (exam.own or takes_statistics(op, exam.options)) and _is_centred(op, first, exam):
        far = {**first.inputs, op.first: _FAR + value}
        yield (
            f"where the mean is large ({_FAR:g}) beside the spread",
            "E[x²] − E[x]² subtracts nearly equal numbers. Subtract the mean first, then square.",
            replace(first, inputs=far, grad_output=None).astype(np.float32),
        )


def _is_centred(op: Op, case: Case, exam: Examination) -> bool:
    """Say whether the output stays as it is when all inputs are moved: only then is it well-conditioned."""
    moved = {**case.inputs, op.first: case.inputs[op.first] + 1.0}
    here, there = (output_of(op, c, exam.options) for c in (case, replace(case, inputs=moved)))
    return bool(np.allclose(here, there, 1e-6, 1e-6))
