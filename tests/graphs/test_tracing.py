"""Tracing: what users write in NumPy becomes a graph with PyTorch's gradients; what cannot be says why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from backproof.graphs.graph import graph
from backproof.graphs.tracing import TracingError
from tests.ops.examples import generator

RNG = generator("tracing")
X, W, V = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=4)

#: A function of NumPy, the same of PyTorch, and the inputs.
FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]] = {
    "signs": (lambda x, v: (x + v) * v - x / 2 - 1, lambda x, v: (x + v) * v - x / 2 - 1, {"x": X, "v": V}),
    "from the right": (lambda x: 2 ** (1 - (3 * (1 / x))), lambda x: 2 ** (1 - 3 / x), {"x": X}),
    "powers": (lambda x: x**2 - (-x) ** 3 + abs(+x), lambda x: x**2 + x**3 + abs(x), {"x": X}),
    "product": (lambda x, w: x @ w, lambda x, w: x @ w, {"x": X, "w": W}),
    "constant product": (lambda w: X @ w, lambda w: torch.tensor(X) @ w, {"w": W}),
    "dot": (lambda x, v: 2 * np.dot(x, v), lambda x, v: 2 * x @ v, {"x": X, "v": V}),
    "functions": (
        lambda x: np.exp(np.sin(x)) + np.log1p(np.square(x)) + np.tanh(x) + np.arctan(x) + np.abs(x),
        lambda x: x.sin().exp() + x.square().log1p() + x.tanh() + x.atan() + x.abs(),
        {"x": X},
    ),
    "choices": (
        lambda x, v: np.maximum(x, v) + np.minimum(x, 0) + np.where(x > v, x, v / 9) + np.clip(x, -0.5, None),
        lambda x, v: torch.maximum(x, v) + x.clamp(max=0) + torch.where(x > v, x, v / 9) + x.clamp(min=-0.5),
        {"x": X, "v": V},
    ),
    "sums": (
        lambda x: np.sum(x**2, axis=1, keepdims=True) * x.mean(axis=0) + np.mean(x) + x.sum(0),
        lambda x: (x**2).sum(1, keepdim=True) * x.mean(0) + x.mean() + x.sum(0),
        {"x": X},
    ),
    "statistics": (
        lambda x: (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + 1e-5) + x.std() + np.linalg.norm(x),
        lambda x: (
            (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt() + x.std(unbiased=False) + x.norm()
        ),
        {"x": X},
    ),
    "shapes": (
        lambda x: x.reshape(2, 6).T.ravel() * np.reshape(x, (12,)) + x.flatten() + x.reshape((-1,)),
        lambda x: x.reshape(2, 6).T.reshape(-1) * x.reshape(12) + 2 * x.reshape(-1),
        {"x": X},
    ),
    "axes": (
        lambda x: np.transpose(x[None], (2, 0, 1)) + np.squeeze(np.expand_dims(x, 0), 0).T[:, None],
        lambda x: x[None].permute(2, 0, 1) + x.T[:, None],
        {"x": X},
    ),
    "indices": (
        lambda x: x[0, 1] * x[1:, ::2] + x[..., -1][1] + x[[0, 1]][:, :2],
        lambda x: x[0, 1] * x[1:, ::2] + x[..., -1][1] + x[[0, 1]][:, :2],
        {"x": X},
    ),
    "broadcasting": (
        lambda x, v: x[:, None, :] - v[None, :, None],
        lambda x, v: x[:, None, :] - v[None, :, None],
        {"x": X, "v": V},
    ),
    "a loop": (lambda x: sum(row * len(x) for row in x), lambda x: 3 * x.sum(0), {"x": X}),
    "the shape": (lambda x: x.sum() / x.shape[0] / x.ndim / x.size, lambda x: x.sum() / 72, {"x": X}),
    "like": (
        lambda x: np.where(x > 0, np.zeros_like(x), x) + np.ones_like(x),
        lambda x: torch.where(x > 0, 0, x) + 1,
        {"x": X},
    ),
    "logarithms": (
        lambda x: np.logaddexp(x, 1) + np.log2(x * x) + np.log10(np.exp2(x)) + np.hypot(x, 2) + 1 / x,
        lambda x: x.logaddexp(x * 0 + 1) + (x * x).log2() + x.exp2().log10() + (x**2 + 4).sqrt() + 1 / x,
        {"x": X},
    ),
    "ops as methods": (
        lambda x: x.relu().softmax(axis=1) + x.leaky_relu(0.2) + x.gelu(approximate="tanh"),
        lambda x: (
            x.relu().softmax(1)
            + torch.nn.functional.leaky_relu(x, 0.2)
            + torch.nn.functional.gelu(x, approximate="tanh")
        ),
        {"x": X},
    ),
    "a loss": (
        lambda x, w: (x @ w).cross_entropy(np.array([0, 1, 1])),
        lambda x, w: torch.nn.functional.cross_entropy(x @ w, torch.tensor([0, 1, 1])),
        {"x": X, "w": W},
    ),
    "outer": (
        lambda v: np.outer(v, v) + np.swapaxes(np.outer(v, v**2), 0, 1),
        lambda v: v.outer(v) + v.outer(v**2).T,
        {"v": V},
    ),
    "by place alone": (lambda x, /, v: x * v, lambda x, v: x * v, {"x": X, "v": V}),
    "any": (lambda **given: given["x"] * given["v"], lambda x, v: x * v, {"x": X, "v": V}),
    "numbers": (
        lambda x: x * np.float64(2) + np.array([1, 2, 3, 4]) + [1, 0, 0, 1],
        lambda x: 2 * x + torch.tensor([2, 2, 3, 5]),
        {"x": X},
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_numpy_computes_has_pytorchs_gradient(name: str) -> None:
    ours, theirs, inputs = FUNCTIONS[name]
    made = graph(ours, **inputs)
    tensors = {key: torch.tensor(value, requires_grad=True) for key, value in inputs.items()}
    output = theirs(**tensors)
    output.sum().backward()
    np.testing.assert_allclose(made.value, output.detach().numpy(), rtol=1e-12)
    for key, tensor in tensors.items():
        assert tensor.grad is not None
        np.testing.assert_allclose(made[key].grad, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)


def _written(x: Any) -> Any:
    array = np.zeros(3)
    array[0] = x[0, 0]
    return array


#: What cannot be traced, and what is said.
ERRORS: dict[str, tuple[Callable[..., Any], str]] = {
    "a branch": (lambda x: x if x[0, 0] > 0 else -x, "one way through a function"),
    "equality": (lambda x: x == 0, "whether numbers are equal"),
    "math": (lambda x: math.sin(x) + 1, "in the place of math's"),
    "a largest element": (lambda x: np.max(x, axis=0), "np.maximum and np.minimum take two"),
    "an unknown function": (lambda x: np.cumsum(x, axis=0), "no op for cumsum; did you mean sum"),
    "an unknown ufunc": (lambda x: np.floor(x) + 1, "no op for floor"),
    "a reduction of a ufunc": (lambda x: np.add.reduce(x) + 1, "np.add.reduce"),
    "a buffer": (lambda x: np.sin(x, out=np.empty((3, 4))), "np.sin with out"),
    "an array of values": (lambda x: np.array([x[0], x[1]]), "no numbers yet"),
    "a list of values": (lambda x: x * [x[0], 1], "expected"),
    "joined": (lambda x: np.concatenate([x, x]), "compute with the parts"),
    "a computed index": (lambda x: x[x > 0], "an index that is computed"),
    "writing": (lambda x: x.__setitem__(0, 1), "not written to"),
    "writing into an array": (_written, "put into no array"),
    "a dictionary": (lambda x: {"y": x}, "got {'y'.*several values are a tuple"),
    "nothing": (lambda x: None, "returns what it computes, got None"),
    "a text": (lambda x: x + "a", "expected numbers, got 'a'"),
    "a missing input": (lambda x, y: x, "takes x, y; got x"),
    "an unknown input": (lambda: 1, "takes nothing; got x"),
    "too much": (lambda x: x.relu(1), "ReLU takes input; got 2"),
    "an unknown option": (lambda x: x.softmax(foo=1), "the options dim, each once; got foo"),
    "an option twice": (lambda x: x.softmax(1, dim=1), "each once; got dim"),
    "no target": (lambda x: x.mse_loss(), "got no target"),
    "wrong axes": (lambda x: x.transpose(0, 0), "each of 2 axes once"),
    "a length of none": (lambda x: len(x.sum()), "a single number"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_traced_says_why(name: str) -> None:
    function, said = ERRORS[name]
    with pytest.raises(TracingError, match=said.replace("(", r"\(")):
        graph(function, x=X)


@pytest.mark.usefixtures("not_enforced")  # NumPy multiplies with what is true and false
def test_a_condition_is_a_factor() -> None:
    made = graph(lambda x: x * (x >= 0.1), x=np.array([0.0, 2.0]))
    assert (made.value.tolist(), made["x"].grad.tolist()) == ([0, 2], [0, 1])


def test_an_unknown_method_says_what_is_near() -> None:
    with pytest.raises(AttributeError, match="did you mean tanh"):
        graph(lambda x: x.tanhh(), x=X)


def test_values_of_two_functions_do_not_mix() -> None:
    kept: list[Any] = []
    graph(lambda x: (kept.append(x), x)[1], x=X)  # type: ignore[func-returns-value]  # the list is wanted
    with pytest.raises(TracingError, match="of another that is traced"):
        graph(lambda x: x + kept[0], x=X)


def test_a_shape_that_was_looked_at_stays() -> None:
    made = graph(lambda x: x.sum() / len(x), x=X)
    with pytest.raises(ValueError, match=r"traced with x of shape \(3, 4\).*shape=\(2, 4\)"):
        made.at(x=X[:2])
    free = graph(lambda x: x.mean(), x=X)
    assert free.at(x=X[:2]).value == pytest.approx(X[:2].mean())


def test_an_array_of_the_function_may_be_changed_later() -> None:
    factor, index = np.ones(2), np.array([0, 1])
    made = graph(lambda x: (factor * x)[index], x=np.array([2.0, 3.0]))
    factor[:], index[:] = 7, 1
    assert made.value.tolist() == [2, 3]


def test_a_shape_that_cannot_be_computed_says_where() -> None:
    with pytest.raises(ValueError, match=r"^b = x @ a cannot be computed from x of shape \(3,\), a of shape"):
        graph(lambda x: (x @ x[:2]).shape, x=np.ones(3))


def test_inputs_of_a_function_have_names() -> None:
    with pytest.raises(TypeError, match="by their names"):
        graph(lambda x: x, X)
