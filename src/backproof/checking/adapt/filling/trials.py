"""Trying a convention on a small case, to tell the way a candidate is meant to be called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Answer, Case, Signature

__all__ = ["Plan", "Score", "is_class_index", "score", "trial_case"]

#: Smaller is better: does it raise, how many gradients have wrong shapes, is the derivative wrong.
Score: TypeAlias = tuple[int, int, int]

#: The step of a difference, and how near the derivative then is, by the output's precision.
_STEPS = {"float64": (1e-5, 1e-4)}
_COARSE = (1e-2, 2e-2)
#: Two distinct primes that stand for equal sizes of a weight, so that its layout shows.
_OUT, _IN, _ROWS = 3, 5, 7


class Plan(Protocol):
    """A convention made ready: what the adapter runs."""

    def run(self, case: Case, *, fresh: bool) -> Answer:
        """Put a case to the candidate."""


def is_class_index(signature: Signature) -> bool:
    """Say whether the target of a loss is a class index for each row."""
    if signature.kind != "loss":
        return False
    target, values = signature.shapes.get("target"), signature.shapes.get("input")
    return target is not None and values is not None and len(target) == len(values) - 1


def trial_case(signature: Signature) -> Case:
    """Make a small case of the signature's shapes, all values between 0.2 and 0.8."""
    rng = np.random.default_rng(0)
    shapes = _distinct(signature)
    inputs: dict[str, NDArray[Any]] = {name: rng.uniform(0.2, 0.8, shape) for name, shape in shapes.items()}
    if is_class_index(signature):
        axis = min(1, len(shapes["input"]) - 1)
        inputs["target"] = rng.integers(0, shapes["input"][axis], shapes["target"])
    return Case(inputs, name="trial")


def _distinct(signature: Signature) -> dict[str, tuple[int, ...]]:
    shapes = dict(signature.shapes)
    weight = shapes.get("weight", ())
    if len(weight) == 2:  # a matrix
        batch = (_ROWS,) * (len(shapes["input"]) - 1)
        shapes |= {"weight": (_OUT, _IN), "input": (*batch, _IN)}
        if "bias" in shapes:
            shapes["bias"] = (_OUT,)
    return shapes


def score(plan: Plan, case: Case) -> Score:
    """Run a convention on a case, forward and backward, and hold its gradient against differences."""
    answer = plan.run(case, fresh=True)
    if answer.output is None:
        return (3, 0, 0)
    rng = np.random.default_rng(1)
    grad_output = rng.uniform(0.3, 1.7, answer.output.shape).astype(answer.output.dtype)
    whole = replace(case, grad_output=grad_output)
    answer = plan.run(whole, fresh=True)
    if answer.raised is not None:
        return (2, 0, 0)
    return (0, *_judge(plan, whole, answer))


def _judge(plan: Plan, case: Case, answer: Answer) -> tuple[int, int]:
    misshapen = wrong = 0
    for gradients in answer.gradients.values():
        for role, gradient in gradients.items():
            if gradient is None and role == "target":
                continue  # mostly nobody has to write it
            if gradient is None or gradient.shape != case.inputs[role].shape:
                misshapen += 1
            elif role == "input":
                wrong += not _is_derivative(plan, case, role, gradient)
    return misshapen, wrong


def _is_derivative(plan: Plan, case: Case, role: str, gradient: NDArray[Any]) -> bool:
    """Compare with a central difference of the candidate's own forward along one direction."""
    direction = np.random.default_rng(2).uniform(0.5, 1.0, gradient.shape)
    length, near = _STEPS.get(str(np.asarray(case.grad_output).dtype), _COARSE)
    sides = []
    for step in (length, -length):
        inputs = {**case.inputs, role: case.inputs[role] + step * direction}
        output = plan.run(Case(inputs), fresh=True).output
        if output is None or case.grad_output is None or output.shape != case.grad_output.shape:
            return False
        sides.append(float(np.sum(output * case.grad_output)))
    expected = (sides[0] - sides[1]) / (2 * length)
    return abs(float(np.sum(gradient * direction)) - expected) <= near * (1 + abs(expected))
