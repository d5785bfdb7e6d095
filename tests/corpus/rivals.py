"""What other ways of checking a gradient say of a component: PyTorch's `gradcheck`, and a probe with ones.

Both are put to a candidate as the checker has found out to call it, on the first of its cases, and judge
every gradient that it judges. They look at gradients only: a wrong forward, an optimizer and an edge are
nothing to them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.candidate import Candidate, CandidateLost, Case
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.preparing.prepare import Skipped, prepare
from backproof.checking.references import OpReference, guess

__all__ = ["RIVALS", "accusations"]

#: What a loss is given beside predictions: mostly nobody writes its gradient.
_GIVEN = ("target", "var")
#: The step and the tolerances of `torch.autograd.gradcheck`, for the probe as well.
_STEP, _ABSOLUTE, _RELATIVE = 1e-6, 1e-5, 1e-3


def accusations(candidate: Candidate) -> Mapping[str, bool]:
    """Say for each rival that applies to a candidate whether it finds something wrong.

    What cannot be called at all, or gives no gradient, is nothing to them; what raises, they find.
    """
    if candidate.description.kind == "optimizer":
        return {}
    try:
        with np.errstate(all="ignore"):
            exam = _prepared(candidate)
            return {name: rival(exam) for name, (applies, rival) in RIVALS.items() if applies(exam)}
    except (CandidateLost, Skipped):
        return {}


def _prepared(candidate: Candidate) -> Examination:
    description = candidate.description
    reference = guess(description.name)
    if not isinstance(reference, OpReference) or description.kind not in (reference.kind, "function"):
        reference = None
    return prepare(candidate, reference, 0, False, None)


def _has_gradients(exam: Examination) -> bool:
    return bool(exam.trials and exam.candidate.description.sources)


def _is_torch(exam: Examination) -> bool:
    """Say whether autograd gives the gradients: not of a module that does without, for its own backward."""
    sources = exam.candidate.description.sources
    if not _has_gradients(exam) or "autograd" not in sources:
        return False
    return not ("backward" in sources and exam.trials[0].answer.detached)


def _due(exam: Examination, came: Mapping[str, Any]) -> list[str]:
    """Give the arguments whose gradients are judged, of those that the candidate's style has a place for."""
    given = exam.trials[0].case.inputs
    beside = _GIVEN if exam.op.kind == "loss" else ()
    return [name for name in exam.op.rules if name in given and name in came and name not in beside]


def _probe(exam: Examination) -> bool:
    """Hold one element of each gradient, for an upstream gradient of ones, against a central difference."""
    trial = exam.trials[0]
    if trial.answer.output is None:
        return True
    source = exam.candidate.description.sources[-1]  # its own backward, where it has one
    answer = exam.call(replace(trial.case, grad_output=np.ones_like(trial.answer.output)))
    if answer.raised is not None:
        return True
    got = answer.gradients.get(source, {})
    return any(_differs(exam, name, got[name]) for name in _due(exam, got))


def _differs(exam: Examination, argument: str, gradient: Any) -> bool:
    case = exam.trials[0].case
    value = case.inputs[argument]
    if gradient is None or gradient.shape != value.shape:
        return True
    place = (0,) * value.ndim

    def moved(step: float) -> float:
        array = value.copy()
        array[place] += step
        output = exam.call(Case({**case.inputs, argument: array})).output
        return float("nan") if output is None else float(np.sum(output))

    slope = (moved(_STEP) - moved(-_STEP)) / (2 * _STEP)
    return not abs(float(gradient[place]) - slope) <= _ABSOLUTE + _RELATIVE * abs(slope)


def _gradcheck(exam: Examination) -> bool:
    """Put `torch.autograd.gradcheck` to the candidate, as a function of all that has a gradient."""
    import torch

    trial = exam.trials[0]
    due = _due(exam, trial.answer.gradients.get("autograd", {}))
    if trial.answer.output is None or not due:
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for float64, where a candidate takes float32 alone
        try:
            inputs = [torch.tensor(trial.case.inputs[name], requires_grad=True) for name in due]
            return not torch.autograd.gradcheck(_as_function(exam, due), inputs, raise_exception=False)
        except RuntimeError:
            return True


def _as_function(exam: Examination, names: list[str]) -> Callable[..., Any]:
    """Make a function of tensors of a candidate: its forward, and what autograd gives for it."""
    import torch

    case = exam.trials[0].case

    def put(tensors: Any, grad_output: Any = None) -> Any:
        arrays = {name: t.detach().numpy() for name, t in zip(names, tensors, strict=True)}
        upstream = None if grad_output is None else grad_output.numpy()
        answer = exam.call(Case({**case.inputs, **arrays}, upstream))
        if answer.raised is not None:
            raise RuntimeError(f"{answer.raised.type}: {answer.raised.message}")
        return answer

    class Component(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.tensor(put(tensors).output)

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            gradients = put(ctx.saved_tensors, grads[0]).gradients["autograd"]
            return tuple(None if gradients[n] is None else torch.tensor(gradients[n]) for n in names)

    return Component.apply


#: For each rival, to what it applies, and whether it finds something wrong there.
RIVALS: Mapping[str, tuple[Callable[[Examination], bool], Callable[[Examination], bool]]] = {
    "torch.autograd.gradcheck": (_is_torch, _gradcheck),
    "one element, upstream of ones": (_has_gradients, _probe),
}
