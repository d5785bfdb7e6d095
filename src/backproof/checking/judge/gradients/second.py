"""The second derivative: autograd through the gradient, against differences of the gradient itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Answer, Case
from backproof.checking.judge.examination import Examination

__all__ = ["examine_second"]

#: The step of the differences; they are extrapolated once.
_STEP = 2.0**-10
#: What the differences may be off by, as a share of the largest second derivative.
_OFF = 1e-5


def examine_second(exam: Examination) -> None:
    """Judge the gradient of ⟨v, gradient⟩ for a random direction v, where PyTorch gives the gradients.

    It is the derivative of the gradient along v, which differences of the candidate's own gradient give:
    that has been judged already, and is right.
    """
    description = exam.candidate.description
    if "autograd" not in description.sources or description.style == "jax-function" or exam.has_errors():
        return
    if exam.on_purpose or (exam.own and exam.by_autograd("autograd")):
        return  # no derivative of its forward, or PyTorch's own all the way
    case = exam.trials[0].case
    gradients = exam.trials[0].answer.gradients.get("autograd", {})
    given = {"target"} if exam.op.kind == "loss" else set()
    moved = [
        n
        for n, g in gradients.items()
        if g is not None and n not in given and g.shape == case.inputs[n].shape
    ]
    if exam.dtype != "float64" or not moved:
        return
    rng = np.random.default_rng([exam.seed, 23])
    tangents = {n: rng.choice([-1.0, 1.0], case.inputs[n].shape) for n in moved}
    expected = _differences(exam, case, tangents)
    size = max((float(np.abs(e).max(initial=0.0)) for e in expected.values()), default=0.0)
    if size <= _OFF or not np.isfinite(size):
        return
    answer = exam.call(replace(case, tangents=tangents))
    exam.cases += 1
    _judge(exam, answer, expected, size)


def _differences(exam: Examination, case: Case, tangents: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    def gradients(step: float) -> dict[str, NDArray[Any]]:
        inputs = {n: a + step * tangents[n] if n in tangents else a for n, a in case.inputs.items()}
        exam.cases += 1
        found = exam.call(replace(case, inputs=inputs)).gradients.get("autograd", {})
        return {name: g for name, g in found.items() if g is not None}

    def central(step: float) -> dict[str, NDArray[Any]]:
        above, below = gradients(step), gradients(-step)
        return {n: (above[n] - below[n]) / (2 * step) for n in tangents if n in above and n in below}

    wide, narrow = central(_STEP), central(_STEP / 2)
    return {n: (4 * narrow[n] - wide[n]) / 3 for n in narrow if n in wide}


def _judge(exam: Examination, answer: Answer, expected: dict[str, NDArray[Any]], size: float) -> None:
    part = exam.part_of("autograd")
    if answer.raised is not None:
        exam.add(
            "double-backward",
            f"It cannot be differentiated twice: PyTorch raises {answer.raised.type}: "
            f"{answer.raised.message.splitlines()[0] if answer.raised.message else ''}. Write the backward "
            "with PyTorch's operations on saved tensors.",
            part,
            exception=answer.raised.type,
        )
        return
    twice = answer.gradients.get("twice", {})
    for name, right in expected.items():
        came = twice.get(name)
        got = np.zeros_like(right) if came is None else came
        if got.shape == right.shape and np.abs(got - right).max(initial=0.0) <= _OFF * size:
            continue
        if came is None and name not in twice:
            continue
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(got - right))), right.shape))
        silent = "silently 0" if not np.any(got) else f"{got[place]:.6g}"
        exam.add(
            "double-backward",
            f"The second derivative for {name} is {silent} where {right[place]:.6g} is expected. What the "
            "backward uses has been computed outside the graph: save inputs and outputs with "
            "save_for_backward, and compute the derivative from them in the backward.",
            part,
            argument=name,
            index=place,
            expected=right[place],
            got=got[place],
        )
        return
