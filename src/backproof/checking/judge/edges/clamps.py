"""A clamp of the input: beyond it the output stays as it is, and the gradient is 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.checking.candidate import Case
from backproof.checking.cases import extreme_case
from backproof.checking.judge.examination import Examination
from backproof.checking.mistakes.search import gradient_of, output_of

__all__ = ["say_clamps"]

#: Where a clamp is looked for, and a value far beyond it that no formula takes to its limit but by one.
_WITHIN, _BEYOND = 60.0, 80.0
_HALVINGS = 40
#: How near the output comes to the reference's at the clamp, and what of the gradient counts as none.
_NEAR, _NONE = 1e-4, 1e-6
#: How far beyond the clamp its gradient is looked at.
_FURTHER = 1.1


def say_clamps(exam: Examination) -> bool:
    """Say from which input on the output of an elementwise activation stays as it is; whether any does."""
    if exam.op.kind != "activation" or not exam.op.elementwise or list(exam.op.arguments) != [exam.op.first]:
        return False
    if exam.op.arguments[exam.op.first].domain != "real":
        return False
    found = list(_clamps(exam))
    for side, start, value in found:
        where = f"{'above' if side > 0 else 'below'} {side * start:.6g}"
        exam.add(
            "epsilon-bias",
            f"Its input is clamped at {side * start:.6g}: for x {where} the output stays {value:.6g}, and "
            f"{float(output_of(exam.op, _case(exam, side * _BEYOND), exam.options).flat[0]):.6g} is expected "
            f"at {side * _BEYOND:g}.",
            clamp=side * start,
            limit=value,
        )
        _say_gradients(exam, side * start * _FURTHER, where)
    return bool(found)


def _case(exam: Examination, x: float) -> Case:
    return extreme_case(exam.op, x, exam.dtype, (1.0,) * 5)


def _at(exam: Examination, x: float) -> float:
    exam.cases += 1
    output = exam.call(_case(exam, x)).output
    return np.nan if output is None or not output.size else float(output.flat[0])


def _clamps(exam: Examination) -> Iterator[tuple[int, float, float]]:
    """Give the side, the magnitude of the input from which on, and the output that stays."""
    for side in (-1, 1):
        value = _at(exam, side * _BEYOND)
        true = float(output_of(exam.op, _case(exam, side * _BEYOND), exam.options).flat[0])
        if not np.isfinite(value) or abs(value - true) <= _NEAR * abs(true) + _NONE:
            continue
        if _at(exam, side * _WITHIN) != value:
            continue
        good, bad = 0.0, _WITHIN
        for _ in range(_HALVINGS):
            middle = (good + bad) / 2
            good, bad = (good, middle) if _at(exam, side * middle) == value else (middle, bad)
        start = float(f"{bad:.6g}")
        there = float(output_of(exam.op, _case(exam, side * start), exam.options).flat[0])
        if start and abs(there - value) <= _NEAR * abs(value):
            yield side, start, value


def _say_gradients(exam: Examination, x: float, where: str) -> None:
    plain = _case(exam, x)
    shape = output_of(exam.op, plain, exam.options).shape
    case = Case(plain.inputs, np.ones(shape, dtype=exam.dtype), "extreme")
    expected = float(gradient_of(exam.op, case, exam.op.first, exam.options).flat[0])
    exam.cases += 1
    for source, gradients in exam.call(case).gradients.items():
        got = gradients.get(exam.op.first)
        if got is not None and got.size and abs(float(got.flat[0])) < _NONE * abs(expected):
            exam.add(
                "clamped-gradient",
                f"For x {where}, where the input is clamped, the gradient is 0, and the true one is not: at "
                f"{x:.6g} it is {expected:.6g}.",
                exam.part_of(source),
                source=source,
                expected=expected,
                got=float(got.flat[0]),
            )
