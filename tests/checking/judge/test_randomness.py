"""What draws in training alone may; what draws in evaluation is told by how much its code says of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

import backproof as bp
from backproof.diagnoses import Severity


class Block(nn.Module):
    def __init__(self, d: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, d), nn.Tanh(), nn.Dropout(0.1))

    def forward(self, x: Any) -> Any:
        return x + self.net(x)


class Residual(nn.Module):
    def __init__(self, d: int) -> None:
        super().__init__()
        self.inner = Block(d)

    def forward(self, x: Any) -> Any:
        return torch.tanh(self.inner(x))


class Linear(nn.Module):
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(out_features))
        self.drop = nn.Dropout(0.3)

    def forward(self, x: Any) -> Any:
        return self.drop(x @ self.weight.T + self.bias)


class Switched(Block):
    def forward(self, x: Any) -> Any:
        return x + functional.dropout(self.net[0](x), 0.1, training=self.training)


class Unswitched(Block):
    def forward(self, x: Any) -> Any:
        return x + functional.dropout(self.net[0](x), 0.1)


class VAE(nn.Module):
    def __init__(self, d: int, z: int) -> None:
        super().__init__()
        self.e, self.d = nn.Linear(d, 2 * z), nn.Linear(z, d)

    def forward(self, x: Any) -> Any:
        mu, spread = self.e(x).chunk(2, -1)
        return self.d(mu + torch.randn_like(mu) * (spread / 2).exp())


class DoubledLinear(Linear):
    def forward(self, x: Any) -> Any:
        return self.drop(2 * x @ self.weight.T + self.bias)


class HalfDetached(Block):
    def forward(self, x: Any) -> Any:
        return x + self.net(x.detach())


#: The component, and what is found of it.
ROWS: dict[str, tuple[Any, dict[str, Any], set[tuple[str, Severity]]]] = {
    "a dropout inside": (Block, {}, set()),
    "one inside of that": (Residual, {}, set()),
    "an instance of PyTorch's": (
        nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(0.3)),
        {},
        set(),
    ),
    "beside a reference that draws nothing": (Linear, {}, set()),
    "by a function, switched": (Switched, {}, set()),
    "by a function, not switched": (Unswitched, {}, {("nondeterministic", Severity.ERROR)}),
    "a reparametrisation": (VAE, {}, {("nondeterministic", Severity.WARNING)}),
    "and a wrong forward": (DoubledLinear, {"like": "linear"}, {("forward-value", Severity.ERROR)}),
    "and a part cut off": (HalfDetached, {}, {("detached", Severity.ERROR)}),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_draws_is_judged_as_what_it_is(row: str) -> None:
    component, settings, found = ROWS[row]
    judgement = bp.check(component, **settings)
    told = {(f.diagnosis, f.severity) for f in judgement.findings}
    assert found <= told if found else not told, f"{judgement}"
