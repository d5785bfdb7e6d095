"""How parameters start: PyTorch's names, and its distributions."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.nn import init

DRAWN: dict[str, dict[str, Any]] = {
    "uniform_": {"a": -0.5, "b": 2.0},
    "normal_": {"mean": 1.0, "std": 0.5},
    "trunc_normal_": {"mean": 0.5, "std": 2.0},
    "xavier_uniform_": {"gain": 1.5},
    "xavier_normal_": {},
    "kaiming_uniform_": {"a": 2.0, "mode": "fan_out"},
    "kaiming_normal_": {"nonlinearity": "relu"},
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_distribution_is_that_of_torch(name: str) -> None:
    ours = getattr(init, name)(np.empty((40, 50, 9)), **DRAWN[name], rng=0)
    torch.manual_seed(0)
    theirs = getattr(torch.nn.init, name)(
        torch.empty((40, 50, 9), dtype=torch.float64), **DRAWN[name]
    ).numpy()
    spread = theirs.std()
    assert abs(ours.mean() - theirs.mean()) < 0.03 * spread
    assert abs(ours.std() - spread) < 0.02 * spread
    assert abs(ours.max() - theirs.max()) < 0.6 * spread
    if "uniform" in name:
        np.testing.assert_allclose([ours.min(), ours.max()], [theirs.min(), theirs.max()], rtol=0.01)


@pytest.mark.parametrize("name", [name for name in init.__all__ if name.endswith("_")])
def test_the_arguments_are_those_of_torch(name: str) -> None:
    ours = inspect.signature(getattr(init, name)).parameters.values()
    theirs = inspect.signature(getattr(torch.nn.init, name)).parameters.values()
    pairs = [(p.name, p.default) for p in list(ours)[1:] if p.name != "rng"]
    assert pairs == [(p.name, p.default) for p in list(theirs)[1:] if p.name != "generator"]


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 2, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    matrix = init.orthogonal_(np.empty(shape), gain=2.0, rng=0).reshape(shape[0], -1)
    product = matrix @ matrix.T if shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_plain_fills() -> None:
    assert init.eye_(np.empty((2, 3))).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert init.ones_(np.empty(2)).tolist() == [1, 1]
    assert init.zeros_(np.empty(2)).tolist() == [0, 0]


@pytest.mark.parametrize("shape", [(6, 2, 3), (6, 3, 3, 5), (4, 5, 2, 2, 2)])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac(shape: tuple[int, ...], groups: int) -> None:
    theirs = torch.nn.init.dirac_(torch.empty(shape), groups).numpy()
    np.testing.assert_array_equal(init.dirac_(np.empty(shape), groups), theirs)
    for wrong in ((np.empty((4, 2)), 1), (np.empty((4, 2, 3)), 3)):
        with pytest.raises(ValueError, match="groups divides; got array of shape"):
            init.dirac_(*wrong)


def test_sparse() -> None:
    matrix = init.sparse_(np.empty((50, 40)), 0.3, std=2.0, rng=0)
    assert ((matrix == 0).sum(axis=0) == 15).all()
    assert abs(matrix[matrix != 0].std() - 2) < 0.1
    with pytest.raises(ValueError, match=r"expected a matrix; got array of shape=\(3,\)"):
        init.sparse_(np.empty(3), 0.5)


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(name: str) -> None:
    theirs: Any = torch.nn.init.calculate_gain
    assert init.calculate_gain(name) == theirs(name)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValueError, match="nonlinearity='swish'"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match=r"shape=\(3,\)"):
        init.xavier_uniform_(np.empty(3))
    with pytest.raises(ValueError, match="mode='in'"):
        init.kaiming_normal_(np.empty((3, 3)), mode="in")  # type: ignore[arg-type]  # that is what is wrong
    with pytest.raises(ValueError, match="a=3"):
        init.trunc_normal_(np.empty(3), a=3, b=2)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (nn.Linear(50, 40, rng=0), torch.nn.Linear(50, 40)),
        (nn.Bilinear(20, 10, 15, rng=0), torch.nn.Bilinear(20, 10, 15)),
        (nn.Conv2d(8, 16, 3, rng=0), torch.nn.Conv2d(8, 16, 3)),
        (nn.Embedding(50, 40, rng=0), torch.nn.Embedding(50, 40)),
        (nn.GRUCell(30, 20, rng=0), torch.nn.GRUCell(30, 20)),
        (nn.MultiheadAttention(32, 4, rng=0), torch.nn.MultiheadAttention(32, 4)),
        (nn.BatchNorm2d(7), torch.nn.BatchNorm2d(7)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_layers_start_as_those_of_torch(ours: nn.Module, theirs: torch.nn.Module) -> None:
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    for name, array in ours.state_dict().items():
        other = state[name].numpy()
        assert (array.shape, array.dtype) == (other.shape, other.dtype)
        if array.size > 500:
            assert abs(array.std() - other.std()) < 0.1 * other.std()
