"""Losses of a column of predictions and a row of targets: ``inp.squeeze() - targ``."""

from __future__ import annotations

from dataclasses import replace

from backproof.checking.adapt.filling.layouts import COLUMN
from backproof.checking.cases import SIZES, ordinary_cases
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.judge.preparing.convention import with_upstream
from backproof.ops import Op

__all__ = ["in_columns"]


def in_columns(exam: Examination) -> Examination:
    """Prepare with one prediction for each sample, where the gradient of several has an axis too many.

    Of a column of predictions, which the forward flattens, it has the right shape.
    """
    op, given = exam.op, [a for a in exam.op.arguments.values() if not a.optional]
    alike = all(a.axes == given[0].axes for a in given)
    if op.kind != "loss" or not alike or not exam.trials or not all(_is_deeper(op, t) for t in exam.trials):
        return exam
    rows = op.replace(arguments={name: replace(a, axes="N") for name, a in op.arguments.items()})
    layouts = {**exam.convention.get("layouts", {}), op.first: COLUMN}
    other = replace(exam, op=rows, convention={**exam.convention, "layouts": layouts}, trials=[], findings=[])
    for case, sizes in zip(ordinary_cases(rows, exam.seed, exam.options), SIZES, strict=True):
        fitting = with_upstream(other, case.astype(exam.dtype))
        answer = other.call(fitting)
        if answer.output is None or not forward_agrees(other, rows, other.options, fitting, answer.output):
            return exam
        other.trials.append(Trial(fitting, answer, {"N": sizes["N"]}))
    examine_state(other, other.trials[0].case)
    other.cases += len(other.trials)
    other.remarks.append("it takes a column of predictions: judged with one for each sample")
    return other


def _is_deeper(op: Op, trial: Trial) -> bool:
    """Say whether a gradient has its input's shape and an axis more."""
    came = [found.get(op.first) for found in trial.answer.gradients.values()]
    shape = (*trial.case.inputs[op.first].shape, 1)
    return any(gradient is not None and gradient.shape == shape for gradient in came)
