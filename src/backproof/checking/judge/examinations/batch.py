"""A batch of what mixes its rows: where the forward takes several sequences, the backward does too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Answer, Case
from backproof.checking.judge.examination import Examination
from backproof.diagnoses import Severity

__all__ = ["examine_batch"]

_NEAR = 1e-8


def examine_batch(exam: Examination) -> None:
    """Give a forward of matrices that mixes their rows two of them, where it has no reference.

    Rows that are not mixed are the samples themselves. Rows that are stand for steps or points: what then
    does for a stack what it does for each is meant for batches, and its gradients are each one's, those of
    its parameters the sum.
    """
    case, output = exam.trials[0].case, exam.trials[0].answer.output
    data = [name for name in case.inputs if name not in exam.convention.get("held", ())]
    matrices = all(case.inputs[n].ndim == 2 and case.inputs[n].dtype.kind == "f" for n in data)
    # Beside a matrix of another shape rows are mixed by weights, and the samples may be the columns.
    matrices = matrices and len({case.inputs[n].shape for n in data}) == 1
    by_hand = exam.trials[0].answer.handmade or "backward" in exam.trials[0].answer.gradients
    if not (exam.own and matrices and by_hand) or exam.has_errors() or exam.draws or exam.op.kind == "loss":
        return
    if output is None or not _mixes(exam, case, output):
        return
    one, other = (
        case,
        Case({**case.inputs, **{n: np.flip(case.inputs[n]).copy() for n in data}}, case.upstream),
    )
    both = {n: np.stack([one.inputs[n], other.inputs[n]]) if n in data else a for n, a in case.inputs.items()}
    stack = Case(both, np.stack([one.upstream, other.upstream]))
    exam.cases += 3
    answers = [exam.call(one), exam.call(other)]
    alone, together = [a.output for a in answers], exam.call(stack)
    if together.output is None or any(a is None or a.shape != output.shape for a in alone):
        return
    if together.output.shape == (2, *output.shape) and _is_same(together.output, np.stack(alone)):  # type: ignore[arg-type]
        _judge(exam, together, answers, data)


def _mixes(exam: Examination, case: Case, output: NDArray[Any]) -> bool:
    """Say whether a row of the first argument moves other rows of the output than its own."""
    value = case.inputs[exam.op.first]
    if output.shape[:1] != value.shape[:1]:
        return True
    for row in (0, -1):
        moved = value.copy()
        moved[row] += 0.25
        exam.cases += 1
        after = exam.call(Case({**case.inputs, exam.op.first: moved})).output
        if after is None or after.shape != output.shape:
            return False
        if not _is_same(np.delete(after, row, 0), np.delete(output, row, 0)):
            return True
    return False


def _judge(exam: Examination, together: Answer, alone: list[Answer], data: list[str]) -> None:
    """Hold what the backward makes of a stack against what it makes of each of the two."""
    if together.raised is not None:
        exam.add(
            "raises",
            "Its forward takes a batch, and gives for each of it what it gives alone; its backward raised "
            f"{together.raised.type}: {together.raised.message}",
            "backward",
            Severity.WARNING,
            exception=together.raised.type,
        )
        return
    for source, gradients in together.gradients.items():
        for name, got in gradients.items():
            parts = [answer.gradients.get(source, {}).get(name) for answer in alone]
            if got is None or any(part is None for part in parts):
                continue
            right = np.stack(parts) if name in data else np.sum(parts, axis=0)  # type: ignore[arg-type]
            if _is_same(got, right):
                continue
            exam.add(
                "gradient-value" if got.shape == right.shape else "gradient-shape",
                f"Its forward takes a batch, and gives for each of it what it gives alone; the gradient for "
                f"{name} is not {'that of each' if name in data else 'the sum of those of all'}.",
                exam.part_of(source),
                Severity.WARNING,
                argument=name,
                source=source,
            )


def _is_same(got: NDArray[Any], right: NDArray[Any]) -> bool:
    return got.shape == right.shape and bool(np.allclose(got, right, _NEAR, _NEAR, equal_nan=True))
