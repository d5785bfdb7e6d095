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

STEPS = 30
#: Parameters of one run: a vector, a matrix, a number, none at all, and one whose gradient is zero.
SHAPES = ((5,), (3, 2), (), (0,), (2,))
STILL = (2,)
#: Each step rounds a few times on both sides, and the difference grows with the steps.
UNITS = 4 * STEPS

#: What to try besides the defaults. A rule without a row is tried with its defaults.
FURTHER: dict[str, tuple[dict[str, Any], ...]] = {
    "SGD": (
        {"momentum": 0.9},
        {"momentum": 0.5},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.3, "nesterov": True},
    ),
    "Adam": (
        {"betas": (0.5, 0.7)},
        {"betas": (0.0, 0.9)},
        {"eps": 1e-2},
        {"betas": (0.95, 0.99), "eps": 1e-3},
    ),
}
CASES = [
    (name, {"lr": lr, **hyperparameters})
    for name in CATALOGUE
    for hyperparameters in ({}, *FURTHER.get(name, ()))
    for lr in (0.1, 1e-3)
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
    optimizer = getattr(torch.optim, name)(tensors, **hyperparameters)
    course = []
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate(hyperparameters["lr"], step)
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
def test_thirty_steps(name: str, hyperparameters: dict[str, Any], dtype: Any) -> None:
    assert_same(of_rule(name, hyperparameters, dtype), of_torch(name, hyperparameters, dtype))


LIBRARIES = {
    "strict": Library(array_api_strict, array_api_strict.asarray, np.asarray),
    "torch": Library(
        array_api_compat.torch, lambda array: torch.from_numpy(array.copy()), lambda tensor: tensor.numpy()
    ),
}


@cases
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_other_namespaces(name: str, hyperparameters: dict[str, Any], library: str, dtype: Any) -> None:
    other = of_rule(name, hyperparameters, dtype, LIBRARIES[library])
    assert_same(other, of_rule(name, hyperparameters, dtype))


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


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=CATALOGUE)
def test_hyperparameters_have_torchs_names_and_defaults(rule: type[UpdateRule]) -> None:
    parameters = inspect.signature(getattr(torch.optim, rule.__name__)).parameters
    for name, default in rule.hyperparameters().items():
        assert parameters[name].default == default
