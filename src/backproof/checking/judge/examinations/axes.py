"""Axes: a gradient has those of what it belongs to, also where the forward does not mind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination
from backproof.diagnoses import Severity

__all__ = ["examine_axes"]


def examine_axes(exam: Examination) -> None:
    """Look at gradients that have fewer axes than what they are the gradients of."""
    _examine_rows(exam)
    if exam.op.kind != "loss" and not exam.has_errors():
        _examine_flattened(exam)
        _examine_broadcast(exam)


def _examine_rows(exam: Examination) -> None:
    for name in sorted({name for trial in exam.trials for name in trial.answer.loose}):
        size = exam.trials[0].case.inputs[name].shape[0]
        exam.add(
            "gradient-shape",
            f"The gradient for {name} has the shape ({size},), {name} has (1, {size}). Added to it, it is "
            "repeated as it should be; kept beside it (in a momentum, in a file) it does not fit. Sum with "
            "keepdims=True.",
            "backward",
            Severity.WARNING,  # what trains with it is right
            argument=name,
            source="backward",
        )


def _examine_flattened(exam: Examination) -> None:
    """Give the input an axis more: where the forward flattens it, the gradient has to get it back."""
    case = exam.trials[0].case
    first, output = exam.op.first, exam.trials[0].answer.output
    value = case.inputs[first]
    if value.ndim != 2 or output is None or value.dtype.kind != "f":
        return
    for shape in ((value.shape[0], 1, value.shape[1]), (*value.shape, 1)):
        deeper = replace(case, inputs={**case.inputs, first: value.reshape(shape)})
        there = exam.call(replace(deeper, grad_output=None)).output
        exam.cases += 1
        if there is None or there.shape != output.shape or not np.allclose(there, output):
            continue
        answer = exam.call(deeper)
        for source, gradients in answer.gradients.items():
            got = gradients.get(first)
            if got is not None and got.shape != shape:
                exam.add(
                    "gradient-shape",
                    f"The forward flattens the axes of {first} behind the first, and its gradient does not "
                    f"get them back: it has the shape {got.shape}, {first} has {shape}. Reshape it to that.",
                    exam.part_of(source),
                    argument=first,
                    source=source,
                    shape_expected=shape,
                    shape_got=got.shape,
                )
        return


def _examine_broadcast(exam: Examination) -> None:
    """Give an operation of several arrays a row, then a column, for one: its gradient has to be summed to it.

    What sums for neither is written for arrays of one shape; what sums for one has forgotten the other.
    """
    case = exam.trials[0].case
    shapes = {value.shape for value in case.inputs.values()}
    alike = len(case.inputs) > 1 and len(shapes) == 1
    if not alike or not (exam.own or exam.op.kind == "elementary"):
        return
    for name, whole in reversed(case.inputs.items()):
        unsummed, summed = [], False
        for value in (whole[0], whole[:, :1]) if whole.ndim == 2 else ():
            got = _gradient_for(exam, case, name, value)
            summed |= got is not None and got.shape == value.shape
            if got is not None and got.shape == whole.shape:
                unsummed.append(value.shape)
        if unsummed and (summed or not exam.own):
            exam.add(
                "broadcast-not-reduced",
                f"Where {name} is repeated, because its shape is {unsummed[0]}, its gradient is not summed "
                f"over what it was repeated along: it has the shape {whole.shape}.",
                "backward",
                Severity.WARNING if summed else Severity.NOTE,
                argument=name,
                source="backward",
                shape_expected=unsummed[0],
                shape_got=whole.shape,
            )
            return


def _gradient_for(exam: Examination, case: Case, name: str, value: NDArray[Any]) -> NDArray[Any] | None:
    """Give a backward's gradient for an argument where the forward repeats it as NumPy does."""
    repeated = np.broadcast_to(value, case.inputs[name].shape).copy()
    answer = exam.call(replace(case, inputs={**case.inputs, name: value}))
    whole = exam.call(replace(case, inputs={**case.inputs, name: repeated}, grad_output=None)).output
    exam.cases += 2
    if answer.output is None or whole is None or answer.output.shape != whole.shape:
        return None
    same = np.allclose(answer.output, whole, 1e-9, 1e-9, equal_nan=True)
    return answer.gradients.get("backward", {}).get(name) if same else None
