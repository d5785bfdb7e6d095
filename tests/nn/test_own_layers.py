"""Layers of the user's own: parameters get their gradients by public names, and can be frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn, optim
from tests.nn.models import Array, convnet
from tests.ops.examples import generator


class Own(nn.Module):
    """A linear layer as people write it; the gradients are added, or set under their names."""

    w: Any
    b: Any

    def __init__(self, rows: int, columns: int, how: str = "add") -> None:
        rng = generator(f"own {rows} {columns}")
        self.how = how
        self.w = nn.Parameter(rng.standard_normal((rows, columns)))
        self.b = nn.Parameter(np.zeros(rows))

    def forward(self, x: Array) -> Array:
        self.x = x
        output: Array = x @ self.w.T + self.b
        return output

    def backward(self, grad_output: Array) -> Array:
        for name, gradient in (("w", grad_output.T @ self.x), ("b", grad_output.sum(axis=0))):
            if self.how == "add":
                self.add_grad(name, gradient)
            else:
                self.grads[name] = gradient
        grad_input: Array = grad_output @ self.w
        return grad_input


@pytest.mark.parametrize("how", ["add", "set"])
def test_it_is_trained_as_a_layer_of_ours_is(how: str) -> None:
    own, ours = (nn.Sequential(Own(5, 3, how), nn.Tanh(), nn.Linear(5, 2, rng=0)) for _ in range(2))
    ours[0] = nn.Linear(3, 5, dtype=np.float64)
    ours[0].weight, ours[0].bias = own[0].w, own[0].b
    x, target, losses = generator("own").standard_normal((7, 3)), np.arange(7) % 2, []
    for model in (own, ours):
        loss, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.1)
        for _ in range(5):
            losses.append(float(loss(model(x), target)))
            optimizer.zero_grad()
            model.backward(loss.backward())
            optimizer.step()
    np.testing.assert_allclose(losses[:5], losses[5:], rtol=1e-5)
    assert losses[4] < 0.9 * losses[0]


def test_gradients_are_read_and_written_by_name() -> None:
    model = nn.Sequential(Own(2, 3), nn.Tanh())
    assert model.grads == {"0.w": None, "0.b": None}
    model.grads["0.b"] = given = np.array([1, 2])
    grads: Any = model.grads
    grads["0.b"] += 1
    model[0].add_grad("b", [1.0, 1.0])
    model.add_grad("0.b", np.ones(2, np.float32))
    np.testing.assert_array_equal(model.grads["0.b"], [4, 5])
    assert given.tolist() == [1, 2]
    assert repr(model.grads) == "{'0.w': None, '0.b': array([4., 5.])}"
    del model.grads["0.b"]
    model.grads["0.w"] = None
    assert list(model.grads.values()) == [None, None]
    said = r"parameter's shape \(2,\); got shape=\(3,\)"
    with pytest.raises(ValueError, match=said):
        model.add_grad("0.b", np.ones(3))
    with pytest.raises(ValueError, match=said):
        model.grads["0.b"] = np.ones(3)
    with pytest.raises(KeyError, match=r"name of a parameter \(0.w, 0.b\); got name='b'"):
        model.grads["b"]


def test_what_is_frozen_stays() -> None:
    model, whole, x = convnet(), convnet(), generator("frozen").standard_normal((5, 1, 8, 8))
    model.features.requires_grad_(False)
    own = Own(3, 4)
    own.requires_grad_(False)
    for trained in (model, whole):
        trained(x)
        trained.backward(np.ones((5, 4)))
    own(np.ones((2, 4)))
    own.backward(np.ones((2, 3)))
    assert [name for name, gradient in model.grads.items() if gradient is not None] == [
        "head.weight",
        "head.bias",
    ]
    np.testing.assert_array_equal(model.grads["head.weight"], whole.grads["head.weight"])
    assert own.grads == {"w": None, "b": None}
    before = model.state_dict()
    optim.AdamW(model.parameters()).step()
    changed = [name for name, array in model.state_dict().items() if not np.array_equal(array, before[name])]
    assert changed == ["head.weight", "head.bias"]
    model.requires_grad_()
    model(x)
    assert model.backward(np.ones((5, 4))).shape == x.shape
    assert all(gradient is not None for gradient in model.grads.values())


@pytest.mark.parametrize(
    ("make", "inputs"),
    [(lambda: nn.GRUCell(3, 2, rng=0), 2), (lambda: nn.LayerNorm(3), 1), (lambda: nn.Bilinear(3, 3, 2), 2)],
)
def test_frozen_layers_pass_the_gradient_on(make: Any, inputs: int) -> None:
    free, frozen = make(), make().requires_grad_(False)
    frozen.load_state_dict(free.state_dict())
    x = [generator("on").standard_normal((5, size)) for size in (3, 2 if isinstance(free, nn.GRUCell) else 3)]
    output = free(*x[:inputs])
    np.testing.assert_array_equal(output, frozen(*x[:inputs]))
    got, expected = frozen.backward(output), free.backward(output)
    for mine, theirs in zip(*(g if isinstance(g, tuple) else (g,) for g in (got, expected)), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not any(gradient is not None for gradient in frozen.grads.values())


def test_modules_are_walked_as_in_torch() -> None:
    model = convnet()
    twin = model.to_torch()
    seen: list[str] = []
    others: list[str] = []
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    twin.apply(lambda module: others.append(type(module).__name__))
    assert seen == others
    assert [name for name, _ in model.named_buffers()] == [name for name, _ in twin.named_buffers()]
    assert len(list(model.buffers())) == 3
    assert model.get_submodule("features.1") is model.features[1]
    assert model.get_submodule("") is model
    with pytest.raises(AttributeError, match=r"features\.0, .*got target='features.9'"):
        model.get_submodule("features.9")
    model.add_module("last", nn.Identity(54, unused=True))
    assert model.last.backward(model.last(3)) == 3
    assert isinstance(model.to_torch().last, torch.nn.Identity)
    with pytest.raises(TypeError, match=r"Sequential holds modules; expected a module, got int for name='n'"):
        model.add_module("n", 3)  # type: ignore[arg-type]  # that is what is wrong


def test_a_name_that_is_nearly_right() -> None:
    for name, said in (
        ("Relu", "did you mean ReLU?"),
        ("Conv3D", "did you mean Conv"),
        ("Zzz", "it has AvgP"),
    ):
        with pytest.raises(AttributeError, match=said):
            getattr(nn, name)
