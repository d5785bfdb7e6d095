"""Recurrent cells whose gates stand in another order than PyTorch's."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.judge.own import own_op

__all__ = ["in_other_order"]

#: How many gates a cell's parameters hold, one below the other.
_GATES: Mapping[str, int] = {"LSTMCell": 4, "GRUCell": 3}


def in_other_order(exam: Examination) -> Examination | None:
    """Judge a cell by its own forward, where the reference with its gates in another order gives that."""
    if exam.op.name not in _GATES:
        return None
    trial = exam.trials[0]
    if not any(
        forward_agrees(exam, exam.op, exam.options, case, trial.answer.output)
        for case in _reordered(trial.case, _GATES[exam.op.name])
    ):
        return None
    given = {name: argument for name, argument in exam.op.arguments.items() if name in trial.case.inputs}
    name = exam.candidate.description.name
    op = own_op(exam.candidate, exam.convention, given, exam.op.kind, name)
    said = "its gates stand in another order than PyTorch's: judged by its own forward"
    return replace(exam, op=op, own=True, options={}, remarks=[*exam.remarks, said])


def _reordered(case: Case, gates: int) -> Iterator[Case]:
    for order in itertools.permutations(range(gates)):
        inputs = {
            name: np.concatenate([np.split(array, gates)[gate] for gate in order])
            if name.startswith(("weight", "bias"))
            else array
            for name, array in case.inputs.items()
        }
        yield Case(inputs)
