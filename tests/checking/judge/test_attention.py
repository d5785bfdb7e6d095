"""Scaled dot-product attention is judged by its op where it is that; the many others by their own forward."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Function

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity


def attend(
    q: Any, k: Any, v: Any, *, factor: float | None = None, dim: int = -1, causal: bool = False
) -> Any:
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if factor is None else factor)
    if causal:
        scores = scores.masked_fill(~torch.ones_like(scores, dtype=torch.bool).tril(), -math.inf)
    return scores.softmax(dim) @ v


def module(name: str, doc: str | None = None, **how: Any) -> Any:
    def forward(self: Any, q: Any, k: Any, v: Any) -> Any:
        return attend(q, k, v, **how)

    return type(name, (nn.Module,), {"forward": forward, "__doc__": doc})


def attention(query: Any, key: Any, value: Any, mask: Any = None, dropout: Any = None) -> Any:
    scores = query @ key.mT / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, -1)
    return (weights if dropout is None else dropout(weights)) @ value, weights


class WithDropout(nn.Module):
    """Scaled dot-product attention."""

    def __init__(self, temperature: float, attn_dropout: float = 0.1) -> None:
        super().__init__()
        self.temperature, self.dropout = temperature, nn.Dropout(attn_dropout)

    def forward(self, q: Any, k: Any, v: Any) -> Any:
        return self.dropout((q / self.temperature @ k.mT).softmax(-1)) @ v


class WithParameters(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x: Any) -> Any:
        return attend(*self.qkv(x).chunk(3, -1))


class AttentionFunction(Function):
    @staticmethod
    def forward(ctx: Any, q: Any, k: Any, v: Any) -> Any:
        ctx.save_for_backward(q, k, v)
        return attend(q, k, v)

    @staticmethod
    def weights_and_scale(ctx: Any) -> Any:
        q, k, _ = ctx.saved_tensors
        return (q @ k.mT / math.sqrt(q.size(-1))).softmax(-1), 1 / math.sqrt(q.size(-1))

    @classmethod
    def scores(cls, weights: Any, g: Any) -> Any:
        return weights * (g - (g * weights).sum(-1, keepdim=True))

    @classmethod
    def backward(cls, ctx: Any, g: Any) -> Any:
        q, k, v = ctx.saved_tensors
        weights, scale = cls.weights_and_scale(ctx)
        scores = cls.scores(weights, g @ v.mT) * scale
        return scores @ k, scores.mT @ q, weights.mT @ g


class Diagonal(AttentionFunction):
    @classmethod
    def scores(cls, weights: Any, g: Any) -> Any:
        return weights * (1 - weights) * g


class Attention:
    """Of NumPy; true in the mask where a place counts."""

    unscaled = False

    def forward(self, q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        if mask is not None:
            scores = np.where(mask, scores, -np.inf)
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        self.saved = q, k, v, powers / powers.sum(-1, keepdims=True)
        return self.saved[-1] @ v

    def backward(self, g: Any) -> Any:
        q, k, v, weights = self.saved
        through = g @ v.swapaxes(-1, -2)
        scores = weights * (through - (through * weights).sum(-1, keepdims=True))
        if not self.unscaled:
            scores = scores / np.sqrt(q.shape[-1])
        return scores @ k, scores.swapaxes(-1, -2) @ q, weights.swapaxes(-1, -2) @ g


def masked(self: Attention, q: Any, k: Any, v: Any, attn_mask: Any) -> Any:
    return Attention.forward(self, q, k, v, attn_mask)


#: Those that the name, a docstring or the numbers tell to be the op.
RIGHT: dict[str, Any] = {
    "a module": module("ScaledDotProductAttention"),
    "a function that gives the weights as well": attention,
    "a Function": type("Attention", (AttentionFunction,), {}),
    "of NumPy": Attention,
    "of NumPy, where a mask must be given": type("Attention", (Attention,), {"forward": masked}),
    "a name that says causal": module("CausalAttention", causal=True),
}
WRONG: dict[str, tuple[Any, str]] = {
    "over the queries": (module("ScaledDotProductAttention", dim=-2), "wrong-axis"),
    "over the queries, named anything": (module("Attention", dim=1), "wrong-axis"),
    "not scaled": (module("ScaledDotProductAttention", factor=1.0), "forward-value"),
    "scaled by another, says the docstring": (
        module("Attention", "Scaled dot-product attention.", factor=0.1),
        "forward-value",
    ),
    "a diagonal Jacobian": (type("Attention", (Diagonal,), {}), "diagonal-jacobian"),
    "a gradient that is not scaled": (
        type("Attention", (Attention,), {"unscaled": True}),
        "inner-derivative-missing",
    ),
}
#: Attentions of other kinds, which nobody may hold against the scaled one.
OTHERS: dict[str, Any] = {
    "not scaled": module("DotProductAttention", factor=1.0),
    "causal": module("Attention", causal=True),
    "with dropout": type("ScaledDotProductAttention", (WithDropout,), {}),
    "with parameters": type("Attention", (WithParameters,), {}),
}


@pytest.mark.parametrize("candidate", RIGHT.values(), ids=RIGHT)
def test_right(candidate: Any) -> None:
    judgement = bp.check(candidate)
    assert str(judgement.reference).startswith("torch.nn.functional.scaled_dot_product_attention(")
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


@pytest.mark.parametrize(("candidate", "name"), WRONG.values(), ids=WRONG)
def test_wrong(candidate: Any, name: str) -> None:
    judgement = bp.check(candidate)
    assert judgement.verdict is Verdict.FAIL
    errors = {f.diagnosis for f in judgement.findings if f.severity is Severity.ERROR}
    assert errors == {name}, f"{judgement}"


@pytest.mark.parametrize("candidate", OTHERS.values(), ids=OTHERS)
def test_others_are_judged_by_their_own_forward(candidate: Any) -> None:
    judgement = bp.check(candidate)
    assert judgement.reference is None
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
