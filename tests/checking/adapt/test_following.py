"""Arrays that carry a tangent through a forward: the derivative that comes out is that of differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from backproof.checking.adapt.following.arrays import Duals
from backproof.checking.adapt.following.tangents import Follower, Turn
from backproof.checking.adapt.following.tensors import Following
from backproof.checking.adapt.libraries import quiet


def _stored(x: Any) -> Any:
    kept = np.zeros((x.shape[0] + 1, x.shape[1]))
    for row in range(x.shape[0]):
        kept[row + 1] = np.tanh(x[row] + kept[row])
    kept *= 2.0
    return kept[1:].copy()


def _summed(x: Any) -> Any:
    total = np.zeros(x.shape[1])
    for row in x:
        total += row**2
    return total


NUMPY: dict[str, Callable[[Any], Any]] = {
    "exponentials": lambda x: np.exp(x) + np.log1p(x * x) + np.log(x + 4) + np.expm1(x) + 2.0**x,
    "roots and powers": lambda x: np.sqrt(x + 4) * np.square(x) / (x**3 + 20) + np.reciprocal(x + 5),
    "trigonometric": lambda x: np.sin(x) * np.cos(x) - np.arctan(x) + np.sinh(x) / np.cosh(x),
    "choices": lambda x: np.maximum(x, 0.1) + np.minimum(x, 0.2) + np.where(x > 0, x * x, -x) + np.abs(x),
    "clip": lambda x: np.clip(x, -0.5, 0.5) + x.clip(0.0, 1.0),
    "softmax": lambda x: (
        np.exp(x - x.max(1, keepdims=True)) / np.exp(x - x.max(1, keepdims=True)).sum(1)[:, None]
    ),
    "norm": lambda x: (
        (x - x.mean(0)) / np.sqrt(x.var(axis=0) + 1e-3) / np.linalg.norm(x, axis=1, keepdims=True)
    ),
    "spread": lambda x: x / x.std(axis=1, keepdims=True) + np.var(x, ddof=1),
    "parts": lambda x: np.hstack([a * a for a in np.split(x, 2, axis=1)]) + np.stack([x[:, 0]] * 4, axis=1),
    "products": lambda x: np.einsum("ij,kj->ik", x, x) @ np.outer(x[:, 0], x[0]) + x @ x.T @ x.dot(np.eye(4)),
    "shapes": lambda x: np.swapaxes(x.reshape(3, 2, 2), 0, 1).transpose(2, 0, 1).astype(float)[..., ::-1] * 2,
    "stored": _stored,
    "summed": _summed,
    "listed": lambda x: np.array([row.sum() for row in x]) + np.asarray(x)[:, 0],
}
TORCH: dict[str, Callable[[Any], Any]] = {
    "functions": lambda x: (
        torch.sigmoid(x) * torch.tanh(x).exp() + x.abs().sqrt() + 2 - (1 - x) / (3 + x * x)
    ),
    "normalization": lambda x: torch.softmax(x, -1) + (x - x.mean(0)) / x.var(0, keepdim=True).sqrt(),
    "parts": lambda x: torch.cat([a * a for a in x.chunk(2, dim=1)], dim=1) @ x.T + x.max(dim=1).values,
    "cut off": lambda x: x.data * x.detach() + torch.nn.functional.gelu(x.clone()),
}
X = np.random.default_rng(5).uniform(0.3, 1.3, (3, 4)) * np.random.default_rng(6).choice([-1.0, 1.0], (3, 4))
V = np.random.default_rng(7).normal(size=(3, 4))


def _differences(forward: Callable[[Any], Any]) -> Any:
    return (np.asarray(forward(X + 1e-6 * V)) - np.asarray(forward(X - 1e-6 * V))) / 2e-6


def _tangent(kind: Any, forward: Callable[[Any], Any], turn: Turn | None = None) -> tuple[Follower, Any]:
    follower = Follower(__file__, turn)
    with quiet(), kind(follower) as carrier:
        found = carrier.tangent(forward(carrier.carry(X, V)))
    return follower, found


@pytest.mark.parametrize("name", NUMPY)
def test_numpy_is_followed(name: str) -> None:
    np.testing.assert_allclose(_tangent(Duals, NUMPY[name])[1], _differences(NUMPY[name]), 1e-6, 1e-8)


@pytest.mark.parametrize("name", TORCH)
def test_torch_is_followed(name: str) -> None:
    def plain(x: Any) -> Any:
        return TORCH[name](torch.from_numpy(x)).numpy()

    with torch.no_grad():
        found = _tangent(Following, TORCH[name])[1]
    np.testing.assert_allclose(found, _differences(plain), 1e-6, 1e-8)


def test_what_numpy_makes_is_numpys_own_again_afterwards() -> None:
    _tangent(Duals, _stored)
    assert type(np.zeros(2)) is np.ndarray
    assert type(np.asarray([1.0])) is np.ndarray


def test_a_turn_is_made_wherever_its_place_comes_by() -> None:
    follower, right = _tangent(Duals, _stored)
    ones = [turn for turn in follower.turns if turn.form == "one" and turn.name == "tanh"]
    slopes = [turn for turn in ones if str(turn.of).startswith("add/")]
    assert len(slopes) == 1, "three times through the loop are one place"
    _, wrong = _tangent(Duals, _stored, slopes[0])
    np.testing.assert_allclose(wrong, 2 * np.cumsum(V, axis=0))
    assert not np.allclose(wrong, right)
