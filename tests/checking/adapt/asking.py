"""Candidates as their authors write them, and what PyTorch itself says they should answer."""

from __future__ import annotations

import itertools
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from backproof.checking.candidate import Answer, Candidate, Case, Course, Signature, Trajectory
from backproof.checking.discover import Found, discover
from backproof.checking.reading.source import Unit
from backproof.ops import CATALOGUE

HEAD = """
import numpy as np
import torch
import torch.nn as nn
"""
_NUMBERS = itertools.count()

#: PyTorch's own functions, by the names of the references.
FUNCTIONS: Mapping[str, Any] = {
    "ReLU": functional.relu,
    "LeakyReLU": functional.leaky_relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Softmax": functional.softmax,
    "LogSoftmax": functional.log_softmax,
    "L1Loss": functional.l1_loss,
    "MSELoss": functional.mse_loss,
    "BCELoss": functional.binary_cross_entropy,
    "BCEWithLogitsLoss": functional.binary_cross_entropy_with_logits,
    "CrossEntropyLoss": functional.cross_entropy,
    "Linear": functional.linear,
}


def run(text: str) -> tuple[types.ModuleType, list[Unit]]:
    """Run a script as a module of its own, and give its units."""
    name = f"user_code_{next(_NUMBERS)}"
    code = dedent(text)
    module = types.ModuleType(name)
    sys.modules[name] = module
    unit = Unit(f"{name}.py", None, 1, code, f"/home/user/{name}.py")
    exec(compile(code, unit.filename, "exec"), module.__dict__)  # noqa: S102  # it is what is tested
    return module, [unit]


def found_in(text: str) -> list[Found]:
    return discover(*run(HEAD + dedent(text)))


def the_candidate(text: str) -> Candidate:
    """Give the last candidate of a script."""
    found = found_in(text)[-1]
    assert found.candidate is not None, found.reason
    return found.candidate


@dataclass
class Asked:
    """A candidate that was put a case, with what is expected."""

    candidate: Candidate
    conventions: Sequence[Mapping[str, Any]]
    case: Case
    answer: Answer
    output: NDArray[Any]
    gradients: Mapping[str, NDArray[Any]]

    @property
    def convention(self) -> Mapping[str, Any]:
        return self.conventions[0]


def case_for(reference: str, sizes: Mapping[str, int] | None = None, seed: int = 0) -> Case:
    """Make a case of a reference's arguments, without an upstream gradient."""
    rng = np.random.default_rng(seed)
    sizes = sizes or {"N": 7, "D": 5, "C": 5, "I": 5, "O": 3}
    inputs: dict[str, NDArray[Any]] = {}
    for name, argument in CATALOGUE[reference].arguments.items():
        if argument.optional:
            continue
        shape = argument.shape(dict(sizes))
        if argument.domain == "class":
            inputs[name] = rng.integers(0, sizes["C"], shape)
        elif argument.domain == "binary":
            inputs[name] = rng.integers(0, 2, shape).astype(float)
        else:
            low = 0.1 if argument.domain == "probability" else -2.0
            inputs[name] = rng.uniform(low, 0.9, shape)
    return Case(inputs)


def expected(
    reference: str, case: Case, options: Mapping[str, Any], seed: int = 1
) -> tuple[NDArray[Any], NDArray[Any], dict[str, NDArray[Any]]]:
    """Give an upstream gradient, and PyTorch's output and gradients for it."""
    tensors = {name: torch.from_numpy(array.copy()) for name, array in case.inputs.items()}
    free = [n for n, t in tensors.items() if t.is_floating_point() and n != "target"]
    for name in free:
        tensors[name].requires_grad_()
    if reference in ("Softmax", "LogSoftmax"):
        options = {"dim": -1, **options}
    output = FUNCTIONS[reference](*tensors.values(), **options)
    grad_output = np.random.default_rng(seed).uniform(0.5, 2.0, tuple(output.shape))
    grads = torch.autograd.grad(output, [tensors[n] for n in free], torch.from_numpy(grad_output))
    gradients = {n: g.numpy() for n, g in zip(free, grads, strict=True)}
    return grad_output, output.detach().numpy(), gradients


def signature_for(reference: str, case: Case, options: Mapping[str, Any] | None = None) -> Signature:
    op = CATALOGUE[reference]
    shapes = {name: array.shape for name, array in case.inputs.items()}
    return Signature(op.kind, shapes, {**op.options, **(options or {})}, reference)


def ask(text: str | Candidate, reference: str, **options: Any) -> Asked:
    """Put a case to the last candidate of a script, by the convention that its adapter gives first."""
    candidate = the_candidate(text) if isinstance(text, str) else text
    case = case_for(reference)
    conventions = candidate.conventions(signature_for(reference, case, options))
    assert conventions, getattr(candidate, "obstacle", "")
    grad_output, output, gradients = expected(reference, case, options)
    whole = Case(case.inputs, grad_output)
    return Asked(candidate, conventions, whole, candidate.call(whole, conventions[0]), output, gradients)


def assert_right(asked: Asked, source: str, wanted: Sequence[str] | None = None) -> None:
    """Demand the output and the gradients of PyTorch, in float64."""
    answer = asked.answer
    assert answer.raised is None, answer.raised
    assert answer.mutated == ()
    assert answer.output is not None
    np.testing.assert_allclose(answer.output, asked.output, rtol=1e-10, atol=1e-12)
    assert answer.output.shape == asked.output.shape
    gradients = answer.gradients[source]
    for name in asked.gradients if wanted is None else wanted:
        gradient = gradients[name]
        assert gradient is not None, name
        assert gradient.shape == asked.gradients[name].shape, name
        np.testing.assert_allclose(gradient, asked.gradients[name], rtol=1e-8, atol=1e-10, err_msg=name)


# --- Optimizers ----------------------------------------------------------------------------------

SHAPES = ((3, 5), (7,), (2, 3))


def course(steps: int = 6, *, missing: bool = True, **hyperparameters: object) -> Course:
    """Make a run of an optimizer; the last of its parameters has no gradient if any are ``missing``."""
    rng = np.random.default_rng(3)
    parameters = tuple(rng.uniform(-1, 1, shape) for shape in SHAPES)
    gradients: list[tuple[NDArray[Any] | None, ...]] = []
    for _ in range(steps):
        one: list[NDArray[Any] | None] = [rng.uniform(-1, 1, shape) for shape in SHAPES]
        if missing:
            one[-1] = None
        gradients.append(tuple(one))
    rates = (0.1,) * (steps // 2) + (0.03,) * (steps - steps // 2)
    return Course(parameters, tuple(gradients), rates, hyperparameters)


def torch_path(optimizer: Any, run: Course, **hyperparameters: Any) -> list[list[NDArray[Any]]]:
    """Run an optimizer of ``torch.optim`` over a course."""
    tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in run.parameters]
    made = optimizer(tensors, lr=run.rates[0], **hyperparameters)
    path = []
    for rate, gradients in zip(run.rates, run.gradients, strict=True):
        for group in made.param_groups:
            group["lr"] = rate
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = None if gradient is None else torch.from_numpy(gradient.copy())
        made.step()
        path.append([tensor.detach().numpy().copy() for tensor in tensors])
    return path


def train(text: str, run: Course, reference: str) -> Trajectory:
    """Run the last candidate of a script over a course."""
    candidate = the_candidate(text)
    options = {"lr": run.rates[0], **run.hyperparameters}
    conventions = candidate.conventions(Signature("optimizer", {}, options, reference))
    assert conventions, getattr(candidate, "obstacle", "")
    return candidate.train(run, conventions[0])


def assert_path(trajectory: Trajectory, path: Sequence[Sequence[NDArray[Any]]]) -> None:
    assert trajectory.raised is None, trajectory.raised
    assert len(trajectory.parameters) == len(path)
    for step, (got, right) in enumerate(zip(trajectory.parameters, path, strict=True)):
        for one, other in zip(got, right, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12, err_msg=f"step {step}")
