"""Models by their sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof import nn
from backproof.training.models import network
from backproof.training.parts import activation_named


@pytest.mark.parametrize(
    ("sizes", "shapes"),
    [
        ((3, 1), [(1, 3)]),
        ((3, 2, (5,)), [(5, 3), (2, 5)]),
        ((1, 1, [2, 3]), [(2, 1), (3, 2), (1, 3)]),
        ((2, 1, np.array([4])), [(4, 2), (1, 4)]),
        ((np.int64(2), np.int32(1)), [(1, 2)]),
    ],
)
def test_layers_have_the_sizes(sizes: tuple[Any, ...], shapes: list[tuple[int, int]]) -> None:
    model = network(*sizes)
    layers = [module for module in model if isinstance(module, nn.Linear)]
    assert [layer.weight.shape for layer in layers] == shapes
    assert [type(module) for module in model][1::2] == [nn.ReLU] * (len(shapes) - 1)
    assert model(np.zeros((7, int(sizes[0])), np.float32)).shape == (7, int(sizes[1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_seed_gives_the_same_numbers(dtype: Any) -> None:
    first, again, other = (network(3, 2, (5,), seed=seed, dtype=dtype).state_dict() for seed in (1, 1, 2))
    assert all(array.dtype == dtype for array in first.values())
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in first)
    assert not np.array_equal(first["0.weight"][:2, :2], first["2.weight"][:2, :2])


def test_a_generator_goes_on() -> None:
    rng = np.random.default_rng(0)
    assert not np.array_equal(network(2, 1, seed=rng)[0].weight, network(2, 1, seed=rng)[0].weight)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tanh", nn.Tanh),
        ("ReLU", nn.ReLU),
        ("leaky-relu", nn.LeakyReLU),
        ("swish", nn.SiLU),
        ("identity", nn.Identity),
    ],
)
def test_activations_are_known_by_their_names(name: str, kind: type[nn.Module]) -> None:
    assert type(network(1, 1, (2, 2), name)[3]) is kind


def test_an_alias_has_its_options() -> None:
    assert repr(activation_named("gelu tanh")) == "GELU(approximate='tanh')"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((0, 1), ValueError, r"expected inputs to be at least 1; got inputs=0"),
        ((1, -1), ValueError, r"outputs=-1"),
        ((1.0, 1), TypeError, r"expected inputs to be a whole number; got inputs=1\.0 \(float\)"),
        ((1, 1, (4, 0)), ValueError, r"hidden\[1\]=0"),
        ((1, 1, (4, "5")), TypeError, r"hidden\[1\]='5' \(str\)"),
        ((1, 1, 4), TypeError, r"sizes of the hidden layers, such as \(16, 16\); got hidden=4 \(int\)"),
        ((1, 1, "16,16"), TypeError, r"hidden='16,16'"),
        ((1, 1, (2,), "rellu"), ValueError, r"name of an activation; got 'rellu'; did you mean ReLU\?"),
        ((1, 1, (), "softmax"), ValueError, r"name of an activation; got 'softmax'"),
        ((1, 1, (2,), "threshold"), ValueError, r"name of an activation; got 'threshold'"),
        ((1, 1, (2,), None), ValueError, r"name of an activation; got 'None'"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[Any, ...], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        network(*arguments)
