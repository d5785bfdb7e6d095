"""Each step of a course notebook, a toy library with a backward by hand, in as few lines on our modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backproof import nn
from tests.test_golden import GOLDEN, assert_printed

SCORES = np.array([[0.4, 0.35, 0.71, 0.30], [0.01, 0.01, 0.01, 0.65]])
X = np.array([[0.1, -0.3, 0.5, 0.9, 0, -1.0], [0.2, -0.4, 1.1, 0.4, 0.3, 0]])


def drawn(random: np.random.RandomState, inputs: int, outputs: int) -> nn.Linear:
    """Give a layer with the notebook's numbers, which keeps its weights as (in, out)."""
    layer = nn.Linear(inputs, outputs, dtype=np.float64)
    layer.weight = 0.05 * random.randn(inputs, outputs).T
    layer.bias = 0.05 * random.randn(1, outputs)[0]
    return layer


def test_mean_squared_error() -> None:
    loss = nn.MSELoss()
    assert loss(np.array([0, 1, 2]), np.array([1, 3, 3])) == 2.0
    assert_printed(loss.grad(), [-0.66666667, -1.33333333, -0.66666667], 8)


def test_cross_entropy_of_one_hot_targets() -> None:
    loss = nn.CrossEntropyLoss()
    assert_printed(loss(SCORES, np.array([[0, 0, 1, 0], [0, 0, 0, 1]])), 1.0391157, 6)
    assert_printed(loss.grad()[0], [0.11849768, 0.11271848, -0.33843729, 0.10722113], 7)
    assert_printed(loss(SCORES, [2, 3]), 1.0391157, 6)


def test_linear() -> None:
    row = GOLDEN["linear"]
    random = np.random.RandomState(row["seed"])
    x = random.randn(4, 5)
    layer = drawn(random, 5, 2)
    assert_printed(layer(x), row["output"], row["decimals"])
    grad_weight, grad_input = layer.grad(np.ones((4, 2)))
    assert_printed(grad_weight.T, row["grad_weight"], row["decimals"])
    assert_printed(grad_input, [row["grad_input_row"]] * 4, row["decimals"])


@pytest.mark.parametrize(
    ("activation", "first", "gradient"),
    [
        (nn.Sigmoid(), [0.52497919, 0.42555748, 0.62245933], [0.24937604, 0.24445831, 0.23500371]),
        (nn.Tanh(), [0.09966799, -0.29131261, 0.46211716], [0.99006629, 0.91513696, 0.78644773]),
        (nn.ReLU(), [0.1, 0.0, 0.5], [1.0, 0.0, 1.0]),
        (nn.LeakyReLU(), [0.1, -0.003, 0.5], [1.0, 0.01, 1.0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_activations(activation: Any, first: list[float], gradient: list[float]) -> None:
    assert_printed(activation(X)[0, :3], first, 8)
    assert_printed(activation.grad(np.ones((2, 6)))[0, :3], gradient, 8)


@pytest.mark.parametrize("with_bias", [True, False])
def test_a_model_takes_a_step(with_bias: bool) -> None:
    row = GOLDEN["model"]
    random = np.random.RandomState(row["seed"])
    layer1, layer2 = drawn(random, 1000, 100), drawn(random, 100, 10)
    model, loss = nn.Sequential(layer1, nn.ReLU(), layer2, nn.ReLU()), nn.CrossEntropyLoss()
    x, target = random.randn(2, 1000), one_hot(row["targets"], 10)
    assert_printed(loss(model(x), target), row["loss_before"], row["decimals"])
    model.backward(loss.grad())
    if not with_bias:  # as the notebook does
        for layer in (layer1, layer2):
            layer.grads["bias"][...] = 0  # type: ignore[index]  # it is there
    model.update_parameters(0.001)
    after = row["loss_after_with_bias_updates" if with_bias else "loss_after_without_bias_updates"]
    assert_printed(loss(model(x), target), after, row["decimals"])


def one_hot(classes: list[int], count: int) -> NDArray[np.float64]:
    return np.eye(count)[classes]
