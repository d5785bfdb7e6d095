"""How arrays are laid out, and of what shapes they must be: channels last, axes of size 1, pairs, squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp


class MaxPool2D:
    """Channels last."""

    def __init__(self, pool_size: int = 2) -> None:
        self.p = pool_size

    def forward(self, x: Any) -> Any:
        n, h, w, c = self.shape = x.shape
        p, rows, columns = self.p, h // self.p, w // self.p
        windows = x[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p, c)
        out = self.pooled(windows)
        self.mask = windows == out[:, :, None, :, None]
        return out

    def pooled(self, windows: Any) -> Any:
        return windows.max(axis=(2, 4))

    def share(self, g: Any) -> Any:
        return self.mask * g[:, :, None, :, None]

    def backward(self, g: Any) -> Any:
        n, rows, columns, c = g.shape
        d = np.zeros(self.shape)
        d[:, : rows * self.p, : columns * self.p] = self.share(g).reshape(
            n, rows * self.p, columns * self.p, c
        )
        return d


class MinPool2D(MaxPool2D):
    def pooled(self, windows: Any) -> Any:
        return windows.min(axis=(2, 4))


class HalfPool2D(MaxPool2D):
    def share(self, g: Any) -> Any:
        return super().share(g) / 4


class ColdPool2D(MaxPool2D):
    def share(self, g: Any) -> Any:
        return self.mask * np.ones_like(g)[:, :, None, :, None]


class BatchNorm2D:
    """Channels last."""

    through = 1.0

    def __init__(self, c: int, eps: float = 1e-5) -> None:
        self.gamma, self.beta, self.eps = np.ones(c), np.zeros(c), eps

    def forward(self, x: Any) -> Any:
        mu, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        self.inv = 1 / np.sqrt(var + self.eps)
        self.xh = (x - mu) * self.inv
        return self.gamma * self.xh + self.beta

    def backward(self, g: Any) -> Any:
        self.dgamma, self.dbeta = (g * self.xh).sum((0, 1, 2)), g.sum((0, 1, 2))
        d = g * self.gamma
        return self.inv * (d - self.through * (d.mean((0, 1, 2)) + self.xh * (d * self.xh).mean((0, 1, 2))))


class ConstantBatchNorm2D(BatchNorm2D):
    through = 0.0


class GroupNorm(torch.nn.Module):
    unbiased = False

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.groups, self.eps = num_groups, eps
        self.weight = torch.nn.Parameter(torch.ones(1, num_channels, 1, 1))
        self.bias = torch.nn.Parameter(torch.zeros(1, num_channels, 1, 1))

    def forward(self, x: Any) -> Any:
        n, c, h, w = x.size()
        parts = x.view(n, self.groups, -1)
        var = parts.var(-1, keepdim=True, unbiased=self.unbiased)
        parts = (parts - parts.mean(-1, keepdim=True)) / (var + self.eps).sqrt()
        return parts.view(n, c, h, w) * self.weight + self.bias


class UnbiasedGroupNorm(GroupNorm):
    unbiased = True


class Shift:
    """A bias among axes of size 1, whose gradient may have lost them."""

    keep = True

    def __init__(self, c: int) -> None:
        self.gamma, self.beta = np.ones((1, c, 1, 1)), np.zeros((1, c, 1, 1))

    def forward(self, x: Any) -> Any:
        mu, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        self.inv = 1 / np.sqrt(var + 1e-5)
        self.xh = (x - mu) * self.inv
        return self.gamma * self.xh + self.beta

    def backward(self, g: Any) -> Any:
        axes = (0, 2, 3)
        self.dgamma = (g * self.xh).sum(axes, keepdims=self.keep)
        self.dbeta = g.sum(axes, keepdims=self.keep)
        d = g * self.gamma
        means = d.mean(axes, keepdims=True), (d * self.xh).mean(axes, keepdims=True)
        return self.inv * (d - means[0] - self.xh * means[1])


class Lost(Shift):
    keep = False


@pytest.mark.parametrize(
    ("candidate", "like", "found"),
    [
        (MaxPool2D, "MaxPool2d", set()),
        (MinPool2D, "MaxPool2d", {"forward-value"}),
        (HalfPool2D, "MaxPool2d", {"gradient-scale"}),
        (ColdPool2D, "MaxPool2d", {"upstream-ignored"}),
        (BatchNorm2D, "BatchNorm2d", set()),
        (ConstantBatchNorm2D, "BatchNorm2d", {"statistics-constant"}),
        (GroupNorm, "GroupNorm", set()),
        (UnbiasedGroupNorm, "GroupNorm", {"forward-value"}),
        (Shift, "BatchNorm2d", set()),
        (Lost, "BatchNorm2d", {"gradient-shape"}),
    ],
)
def test_layouts_of_data_and_weights(candidate: type, like: str, found: set[str]) -> None:
    judged = bp.check(candidate, like=like)
    assert {f.diagnosis for f in judged.findings if f.severity.value == "error"} == found, f"{judged}"


class Reshape:
    def __init__(self, shape: Any = (-1,)) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        self.old = x.shape
        return x.reshape((x.shape[0], *self.shape))

    def backward(self, g: Any) -> Any:
        return g.reshape(self.old)


class View(torch.nn.Module):
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape or (-1,)

    def forward(self, x: Any) -> Any:
        return x.view(x.shape[0], *self.shape)


class Doubled(Reshape):
    def backward(self, g: Any) -> Any:
        return 2 * super().backward(g)


class Lying(Reshape):
    def backward(self, g: Any) -> Any:
        return g


@pytest.mark.parametrize(
    ("candidate", "name", "found"),
    [
        (Reshape, "Reshape", set()),
        (View, "View", set()),
        (Doubled, "Reshape", {"gradient-scale"}),
        (Lying, "ReshapeLayer", {"gradient-shape"}),
    ],
)
def test_what_reshapes_in_its_own_way(candidate: type, name: str, found: set[str]) -> None:
    judged = bp.check(type(name, (candidate,), {}))
    assert {f.diagnosis for f in judged.findings} == found, f"{judged}"


def _pairs(a: Any, b: Any) -> Any:
    real, imaginary = (
        a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1],
        a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0],
    )
    return np.stack([real, imaginary], -1)


def _conjugate(a: Any) -> Any:
    return np.stack([a[..., 0], -a[..., 1]], -1)


def _length(x: Any) -> Any:
    return np.sqrt(x[..., 0] ** 2 + x[..., 1] ** 2 + 1)


def _length_back(g: Any, x: Any) -> Any:
    return np.stack([g * x[..., 0], g * x[..., 1]], -1) / _length(x)[..., None]


def _of_inverse(a: Any) -> Any:
    return np.trace(i := np.linalg.inv(a)), i


def _log_det(a: Any) -> Any:
    return np.linalg.slogdet(a)[1], a


class GCNLayer:
    turned = True

    def __init__(self, n_in: int, n_out: int) -> None:
        self.W = np.random.default_rng(6).normal(size=(n_in, n_out)) * 0.4

    def forward(self, A: Any, H: Any) -> Any:  # noqa: N803  # as in the papers
        self.A, self.mixed = A, A @ H
        self.Z = self.mixed @ self.W
        return np.maximum(self.Z, 0)

    def backward(self, g: Any) -> Any:
        d = g * (self.Z > 0)
        self.dW = self.mixed.T @ d
        return (self.A.T if self.turned else self.A) @ (d @ self.W.T)


class Straight(GCNLayer):
    turned = False


@pytest.mark.parametrize(
    ("candidate", "found"),
    [
        (
            (_pairs, lambda g, a, b: (_pairs(g, _conjugate(b)), _pairs(g, _conjugate(a)))),
            set(),
        ),
        ((_pairs, lambda g, a, b: (_pairs(g, b), _pairs(g, a))), {"transposed-gradient"}),
        ((_length, _length_back), set()),
        ((_length, lambda g, x: -_length_back(g, x)), {"gradient-sign"}),
        ((_of_inverse, lambda g, i: -g * (i @ i).T), set()),
        ((_of_inverse, lambda g, i: -g * (i @ i)), {"transposed-gradient"}),
        ((_log_det, lambda g, a: g * np.linalg.inv(a).T), set()),
        ((_log_det, lambda g, a: g * np.linalg.inv(a)), {"transposed-gradient"}),
        (GCNLayer, set()),
        (Straight, {"gradient-value"}),
    ],
)
def test_what_takes_pairs_or_square_matrices(candidate: Any, found: set[str]) -> None:
    judged = bp.check(candidate, like=None) if isinstance(candidate, tuple) else bp.check(candidate)
    assert {f.diagnosis for f in judged.findings if f.severity.value == "error"} == found, f"{judged}"


def test_a_threshold_is_the_simple_number_that_it_stands_for() -> None:
    def elu(z: Any) -> Any:
        return np.where(z > 0, z, np.exp(z) - 1)

    judged = bp.check((elu, lambda g, z: g * np.where(z > 0, 1, np.exp(z) - 1)), like="elu")
    assert [f.evidence.get("threshold") for f in judged.findings] == [0.0], f"{judged}"


def test_numbers_that_differ_look_different() -> None:
    class MSELoss:
        def forward(self, prediction: Any, target: Any) -> Any:
            self.difference = prediction - target
            return np.mean(self.difference**2) * (1 + 1e-9 * np.sin(prediction).sum())

        def backward(self) -> Any:
            return 2 * self.difference / self.difference.size

    message = next(f.message for f in bp.check(MSELoss).findings if " where " in f.message)
    got, expected = message.partition(": ")[2].split(" is expected")[0].split(" where ")
    assert got != expected, message
