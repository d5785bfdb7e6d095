"""What has no reference, and asks for sizes and axes of its own: they are found, and it is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import backproof as bp
from backproof.checking.findings import Verdict


class Mixer(nn.Module):
    """Its sequences are as wide as its parts."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.keys, self.values = nn.Linear(embed_dim, embed_dim), nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Any) -> Any:
        _, steps, _ = x.shape
        return torch.tanh(self.keys(x) @ x.mT) @ self.values(x) / steps


class Excite(nn.Module):
    """Its images have as many channels as its part takes features."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.gate = nn.Linear(channel, channel)

    def forward(self, x: Any) -> Any:
        b, c, _, _ = x.shape
        return x * torch.sigmoid(self.gate(x.mean((2, 3)))).view(b, c, 1, 1)


class Quantizer(nn.Module):
    """Straight-through: holds an embedding, and takes numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(8, 4)

    def forward(self, z: Any) -> Any:
        q = self.table(torch.cdist(z, self.table.weight).argmin(-1))
        return z + (q - z).detach()


class Query:
    """A sequence, and one row for each."""

    def __init__(self, dim: int) -> None:
        self.w = np.sin(np.arange(dim * dim)).reshape(dim, dim)

    def forward(self, h: Any, s: Any) -> Any:
        self.h, self.s = h, s
        return np.einsum("btd,de,be->bt", h, self.w, s)

    def backward(self, g: Any) -> Any:
        self.dw = np.einsum("bt,btd,be->de", g, self.h, self.s)
        return np.einsum("bt,de,be->btd", g, self.w, self.s), np.einsum("bt,btd,de->be", g, self.h, self.w)


class NegatedQuery(Query):
    def backward(self, g: Any) -> Any:
        dh, ds = super().backward(g)
        return dh, -ds


class Shuffle:
    """Four channels become one of twice the sides."""

    def forward(self, x: Any) -> Any:
        n, c, h, w = x.shape
        return x.reshape(n, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // 4, 2 * h, 2 * w)

    def backward(self, g: Any) -> Any:
        n, c, h, w = g.shape
        g = g.reshape(n, c, h // 2, 2, w // 2, 2)
        return g.transpose(*self.back).reshape(n, 4 * c, h // 2, w // 2)

    back = (0, 1, 3, 5, 2, 4)


class WrongShuffle(Shuffle):
    back = (0, 1, 5, 3, 2, 4)


def side_by_side(x: Any, h: Any, wz: Any, wr: Any, wn: Any) -> Any:
    xh = np.concatenate([x, h], axis=1)
    return (xh @ wz) * np.tanh(xh @ wr) + xh @ wn, (xh, wz, wr, wn, x.shape[1])


def side_by_side_backward(g: Any, cache: Any) -> Any:
    xh, wz, wr, wn, n = cache
    t = np.tanh(xh @ wr)
    dz, dr = g * t, g * (xh @ wz) * (1 - t * t)
    dxh = dz @ wz.T + dr @ wr.T + g @ wn.T
    return dxh[:, :n], dxh[:, n:], xh.T @ dz, xh.T @ dr, xh.T @ g


@pytest.mark.parametrize(
    "candidate", [Mixer, Excite, Quantizer, Query, Shuffle, (side_by_side, side_by_side_backward)]
)
def test_what_is_right_passes(candidate: Any) -> None:
    judgement = bp.check(candidate, like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


@pytest.mark.parametrize(
    ("candidate", "name"), [(NegatedQuery, "gradient-sign"), (WrongShuffle, "gradient-value")]
)
def test_what_is_wrong_is_named(candidate: Any, name: str) -> None:
    judgement = bp.check(candidate, like=None)
    assert [f.diagnosis for f in judgement.findings] == [name], f"{judgement}"
