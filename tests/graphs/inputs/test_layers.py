"""Models as graphs: the gradients for the parameters are those of PyTorch's twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.graphs.graph import graph
from tests.ops.examples import generator

RNG = generator("layers")


def inner() -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm1d(4, dtype=float), nn.Dropout(0.3), nn.Identity())


MODELS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "linear": (nn.Linear(3, 2, rng=0, dtype=float), (5, 3)),
    "activation": (nn.LeakyReLU(0.3), (5, 3)),
    "network": (
        nn.Sequential(
            nn.Linear(3, 4, rng=0, dtype=float),
            nn.ReLU(),
            inner(),
            nn.Linear(4, 2, bias=False, rng=1, dtype=float),
        ).eval(),
        (5, 3),
    ),
    "batch statistics": (nn.Sequential(nn.BatchNorm1d(3, dtype=float), nn.Tanh()), (5, 3)),
    "convolution": (
        nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1, rng=0, dtype=float), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
        ),
        (2, 2, 4, 4),
    ),
    "normalised": (
        nn.Sequential(nn.LayerNorm(3, dtype=float), nn.PReLU(dtype=float), nn.Softmax(dim=1)),
        (5, 3),
    ),
}


@pytest.mark.parametrize("from_torch", [False, True], ids=["ours", "PyTorch's"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_pytorchs_gradients(name: str, from_torch: bool) -> None:
    model, shape = MODELS[name]
    x = RNG.normal(size=shape)
    twin = model.to_torch()
    made = graph(twin, torch.tensor(x)) if from_torch else graph(model, x)
    leaf = torch.tensor(x, requires_grad=True)
    output = twin(leaf)
    output.sum().backward()
    np.testing.assert_allclose(made.value, output.detach().numpy(), rtol=1e-10, atol=1e-12)
    named = {**dict(twin.named_parameters()), "input": leaf}
    assert set(made.inputs) == set(named)
    for key, tensor in named.items():
        np.testing.assert_allclose(made[key].grad, tensor.grad.numpy(), rtol=1e-8, atol=1e-9)


def test_a_loss_is_the_last_node() -> None:
    model, shape = MODELS["network"]
    x, target = RNG.normal(size=shape), [0, 1, 1, 0, 1]
    made = graph(
        model, x, loss=nn.CrossEntropyLoss(reduction="sum", weight=np.array([1.0, 2.0])), target=target
    )
    twin = model.to_torch()
    loss = torch.nn.CrossEntropyLoss(reduction="sum", weight=torch.tensor([1.0, 2.0], dtype=torch.float64))
    value = loss(twin(torch.tensor(x)), torch.tensor(target))
    value.backward()
    assert made.value == pytest.approx(value.item())
    np.testing.assert_allclose(made["0.weight"].grad, twin[0].weight.grad.numpy(), rtol=1e-9)


def test_a_shared_layer_is_one_input() -> None:
    shared = nn.Linear(2, 2, rng=0, dtype=float)
    made = graph(nn.Sequential(shared, nn.Tanh(), shared), [[1.0, 2.0]])
    assert list(made.inputs) == ["input", "0.weight", "0.bias"]
    assert len(made.paths("0.bias")) == 2


class Own(nn.Module):
    def forward(self, input: Any) -> Any:
        return input


class Changed(nn.Tanh):
    def forward(self, input: Any) -> Any:
        return input


class Twice(nn.Identity):
    def forward(self, input: Any) -> Any:
        return 2 * input


class Residual(nn.Sequential):
    def forward(self, input: Any) -> Any:
        return input + super().forward(input)


def changed() -> nn.Module:
    model = nn.Sequential(nn.Tanh())
    model[0].forward = np.exp  # type: ignore[method-assign]
    return model


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "drops": (nn.Sequential(nn.Dropout(0.3)), {}, "Dropout at '0' drops other elements.*eval"),
    "own": (nn.Sequential(nn.Tanh(), Own()), {}, "one op each; got Own at '1'"),
    "changed": (Changed(), {}, "one op each; got Changed"),
    "changed identity": (nn.Sequential(Twice()), {}, "one op each; got Twice at '0'"),
    "changed container": (Residual(nn.Tanh()), {}, "one op each; got Residual"),
    "changed itself": (changed(), {}, "one op each; got Tanh at '0', with methods of its own"),
    "several inputs": (nn.RNNCell(3, 2), {}, "takes input, hx; got 1"),
    "no target": (nn.Tanh(), {"loss": nn.MSELoss()}, "got no target"),
    "no loss": (nn.Tanh(), {"target": 1}, "got no loss"),
    "no loss but a layer": (nn.Tanh(), {"target": 1, "loss": nn.ReLU()}, "expected a loss"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_op_is_refused(name: str) -> None:
    model, given, said = REFUSED[name]
    with pytest.raises(TypeError, match=said):
        graph(model, np.ones((5, 3)), **given)


def test_a_softmax_without_its_axis_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Softmax at '0' was made without dim; .*: Softmax\(dim=…\)"):
        graph(nn.Sequential(nn.Softmax()), np.ones((2, 3)))
