"""Every update rule against ``torch.optim``, step by step."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from typing import Any

import array_api_compat.torch
import array_api_strict
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from backproof.updates import CATALOGUE, UpdateRule
from tests.ops.examples import FLOATS, Shape, frozen, generator
from tests.ops.results import NUMPY, Library

STEPS = 16
#: Parameters of one run: a vector, a matrix, a number, none at all, and one whose gradient is zero.
SHAPES = ((5,), (3, 2), (), (0,), (2,))
STILL = (2,)
#: Each step rounds a few times on both sides, and the difference grows with the steps.
UNITS = 4 * STEPS

DECAY: tuple[dict[str, Any], ...] = ({"weight_decay": 0.1, "maximize": True},)
DECOUPLED: tuple[dict[str, Any], ...] = ({"weight_decay": 0.1, "decoupled_weight_decay": True},)
BETAS: tuple[dict[str, Any], ...] = ({"betas": (0.5, 0.7), "eps": 1e-2}, {"betas": (0.0, 0.9)})
#: What to try besides the defaults; a test demands that each hyperparameter is tried.
FURTHER: dict[str, tuple[dict[str, Any], ...]] = {
    "SGD": (
        *DECAY,
        {"momentum": 0.9},
        {"momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.3, "nesterov": True, "maximize": True},
    ),
    "Adam": (*DECAY, *DECOUPLED, *BETAS, {"amsgrad": True}, {"amsgrad": True, "betas": (0.5, 0.7)}),
    "AdamW": (*DECAY, *BETAS, {"weight_decay": 0.0}, {"amsgrad": True, "betas": (0.5, 0.7)}),
    "NAdam": (*DECAY, *DECOUPLED, *BETAS, {"momentum_decay": 0.1}),
    "RAdam": (*DECAY, *DECOUPLED, *BETAS, {"betas": (0.9, 0.99)}),
    "Adamax": (*DECAY, *BETAS),
    "Adagrad": (*DECAY, {"lr_decay": 0.3}, {"initial_accumulator_value": 0.5, "eps": 1e-2}),
    "Adadelta": (*DECAY, {"rho": 0.5, "eps": 1e-2}),
    "RMSprop": (*DECAY, {"alpha": 0.5, "eps": 1e-2}, {"momentum": 0.9}, {"momentum": 0.5, "centered": True}),
    "Rprop": ({"maximize": True}, {"etas": (0.3, 2.0)}, {"step_sizes": (0.05, 0.2)}),
    "ASGD": (*DECAY, {"lambd": 0.1, "alpha": 0.5}, {"t0": 6.0}),
}
CASES = [
    (name, {"lr": 0.1, **hyperparameters}) for name in CATALOGUE for hyperparameters in ({}, *FURTHER[name])
]
cases = pytest.mark.parametrize(("name", "hyperparameters"), CASES, ids=[f"{n}-{h}" for n, h in CASES])


def start(name: str, dtype: Any) -> tuple[list[NDArray[Any]], list[list[NDArray[Any]]]]:
    """Draw parameters, and a gradient of changing size for each at each step."""
    rng = generator(name)
    parameters = [frozen(np.asarray(rng.normal(size=shape), dtype=dtype)) for shape in SHAPES]

    def gradient(shape: Shape) -> NDArray[Any]:
        size = 0.0 if shape == STILL else 10.0 ** rng.uniform(-3, 1)
        return frozen(np.asarray(rng.normal(size=shape) * size, dtype=dtype))

    return parameters, [[gradient(shape) for shape in SHAPES] for _ in range(STEPS)]


def rate(lr: float, step: int) -> float:
    """Give the learning rate of a step: it changes midway."""
    return lr if step < STEPS // 2 else lr / 4


def of_torch(name: str, hyperparameters: dict[str, Any], dtype: Any) -> list[list[NDArray[Any]]]:
    parameters, gradients = start(name, dtype)
    tensors = [torch.nn.Parameter(torch.from_numpy(np.array(parameter))) for parameter in parameters]
    # So that torch keeps the numbers of its state in double precision, as Python does.
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        optimizer = getattr(torch.optim, name)(tensors, **hyperparameters)
        return course_of(optimizer, tensors, gradients, hyperparameters["lr"])
    finally:
        torch.set_default_dtype(before)


def course_of(
    optimizer: torch.optim.Optimizer,
    tensors: list[torch.nn.Parameter],
    gradients: list[list[NDArray[Any]]],
    lr: float,
) -> list[list[NDArray[Any]]]:
    course = []
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate(lr, step)
        for tensor, gradient in zip(tensors, gradients[step], strict=True):
            tensor.grad = torch.from_numpy(np.array(gradient))
        optimizer.step()
        course.append([tensor.detach().numpy().copy() for tensor in tensors])
    return course


def of_rule(
    name: str, hyperparameters: dict[str, Any], dtype: Any, library: Library = NUMPY
) -> list[list[NDArray[Any]]]:
    arrays, gradients = start(name, dtype)
    rule = CATALOGUE[name](**hyperparameters)
    parameters = [library.to(array) for array in arrays]
    states = [rule.start(library.xp, parameter) for parameter in parameters]
    course = []
    for step in range(STEPS):
        now = dataclasses.replace(rule, lr=rate(hyperparameters["lr"], step))
        for i, gradient in enumerate(gradients[step]):
            parameters[i], states[i] = now.update(library.xp, parameters[i], library.to(gradient), states[i])
        course.append([np.array(library.back(parameter)) for parameter in parameters])
    return course


def assert_same(got: list[list[NDArray[Any]]], expected: list[list[NDArray[Any]]]) -> None:
    for step, (ours, theirs) in enumerate(zip(got, expected, strict=True), 1):
        for parameter, other in zip(ours, theirs, strict=True):
            assert parameter.dtype == other.dtype
            assert parameter.shape == other.shape
            unit = UNITS * np.finfo(parameter.dtype).eps
            np.testing.assert_allclose(parameter, other, rtol=unit, atol=unit, err_msg=f"step {step}")


@cases
@pytest.mark.parametrize("dtype", FLOATS)
def test_every_step(name: str, hyperparameters: dict[str, Any], dtype: Any) -> None:
    assert_same(of_rule(name, hyperparameters, dtype), of_torch(name, hyperparameters, dtype))


LIBRARIES = {
    "strict": Library(array_api_strict, array_api_strict.asarray, np.asarray),
    "torch": Library(
        array_api_compat.torch, lambda array: torch.from_numpy(array.copy()), lambda tensor: tensor.numpy()
    ),
}


@cases
@pytest.mark.parametrize("library", LIBRARIES)
def test_other_namespaces(name: str, hyperparameters: dict[str, Any], library: str) -> None:
    other = of_rule(name, hyperparameters, np.float32, LIBRARIES[library])
    assert_same(other, of_rule(name, hyperparameters, np.float32))


@cases
def test_nothing_is_changed_in_place(name: str, hyperparameters: dict[str, Any]) -> None:
    """Parameters and gradients are read-only arrays all through these tests; the state is compared."""
    rule = CATALOGUE[name](**hyperparameters)
    parameter, gradient = frozen(np.ones(3)), frozen(np.array([1.0, -2.0, 0.0]))
    state = rule.start(np, parameter)
    for _ in range(2):
        before = copy.deepcopy(state)
        parameter, after = rule.update(np, parameter, gradient, state)
        for key, value in before.items():
            assert np.array_equal(state[key], value)
        state = after


#: What torch's optimizers take that says how to compute, not what.
NO_MATHEMATICS = ("params", "foreach", "fused", "capturable", "differentiable")


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)
def test_hyperparameters_are_torchs(rule: type[UpdateRule]) -> None:
    """The same names and defaults; and in the same order, those that torch takes by position."""
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(getattr(torch.optim, rule.__name__)).parameters.items()
        if name not in NO_MATHEMATICS
    }
    ours = rule.hyperparameters()
    assert ours == {name: parameter.default for name, parameter in parameters.items()}
    positional = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert list(ours)[: len(positional)] == positional


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)
def test_every_hyperparameter_is_tried(rule: type[UpdateRule]) -> None:
    assert set().union(*FURTHER[rule.__name__]) | {"lr"} == set(rule.hyperparameters())


@cases
def test_the_state_is_torchs(name: str, hyperparameters: dict[str, Any]) -> None:
    """The same names; what is a number here is a tensor without axes there."""
    rule = CATALOGUE[name](**hyperparameters)
    parameter = np.ones((2, 3))
    _, state = rule.update(np, parameter, parameter, rule.start(np, parameter))
    tensor = torch.nn.Parameter(torch.ones(2, 3))
    tensor.grad = torch.ones(2, 3)
    optimizer = getattr(torch.optim, name)([tensor], **hyperparameters)
    optimizer.step()
    theirs = optimizer.state[tensor]
    assert state.keys() == theirs.keys()
    assert {name for name, value in theirs.items() if value.ndim == 0} == set(rule.numbers)
