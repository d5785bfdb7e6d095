"""Several outputs and several inputs: each gradient of each output is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Function

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class Moments(Function):
    two = 2.0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        mean = x.mean(0)
        ctx.save_for_backward(x, mean)
        return mean, ((x - mean) ** 2).mean(0), x.argmax(0)

    @classmethod
    def backward(cls, ctx: Any, *grads: Any) -> Any:
        x, mean = ctx.saved_tensors
        return (grads[0] + cls.two * grads[1] * (x - mean)) / len(x)


class MomentsOfHalf(Moments):
    two = 1.0


class Norm(Function):
    """The direction of each row, and its length."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        length = x.norm(dim=-1, keepdim=True)
        ctx.save_for_backward(x, length)
        return x / length, length

    @staticmethod
    def backward(ctx: Any, grad: Any, of_length: Any) -> Any:
        x, length = ctx.saved_tensors
        unit = x / length
        return (grad - unit * (unit * grad).sum(-1, keepdim=True)) / length + of_length * unit


class NormForgotten(Norm):
    @staticmethod
    def backward(ctx: Any, grad: Any, of_length: Any) -> Any:
        return Norm.backward(ctx, grad, 0 * of_length)


class NormLeftOut(Norm):
    @staticmethod
    def backward(ctx: Any, grad: Any, *_: Any) -> Any:
        return Norm.backward(ctx, grad, 0)


class NormMarked(Norm):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        unit, length = Norm.forward(ctx, x)
        ctx.mark_non_differentiable(length)
        return unit, length

    @staticmethod
    def backward(ctx: Any, grad: Any, of_length: Any) -> Any:
        return Norm.backward(ctx, grad, 0)


class Unmaterialized(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        return x.sin() * x, x**2

    @staticmethod
    def backward(ctx: Any, one: Any, other: Any) -> Any:
        (x,) = ctx.saved_tensors
        found = torch.zeros_like(x) if one is None else one * (x.cos() * x + x.sin())
        return found if other is None else found + 2 * other * x


class EitherAlone(Unmaterialized):
    @staticmethod
    def backward(ctx: Any, one: Any, other: Any) -> Any:
        return Unmaterialized.backward(ctx, one, None if one is not None else other)


class NoneForgotten(Unmaterialized):
    @staticmethod
    def backward(ctx: Any, one: Any, other: Any) -> Any:
        return Unmaterialized.backward(ctx, one * 1, other)


@dataclass
class Pair:
    mean: Any
    others: Any


class Statistics(nn.Module):
    function: Any = Moments

    def forward(self, x: Any) -> Any:
        mean, variance, _ = self.function.apply(x)
        return Pair(mean + 1, {"variance": variance, "list": [x * x]})


class StatisticsOfHalf(Statistics):
    function = MomentsOfHalf


class Recurrent(nn.Module):
    def __init__(self, d: int = 5) -> None:
        super().__init__()
        self.cell = nn.LSTM(d, 3, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.cell(x)


class WithWeights(nn.Module):
    kept = True

    def forward(self, q: Any, k: Any, v: Any) -> Any:
        weights = torch.softmax(q @ k.transpose(-1, -2), -1)
        return weights @ v, weights if self.kept else weights.detach()


class WithWeightsToLookAt(WithWeights):
    kept = False


class Ranked(nn.Module):
    """What stands first has no gradient."""

    def forward(self, x: Any) -> Any:
        return x.argmax(-1), 3 * x.sin(), (x > 0).to(x.dtype)


class Product(Function):
    """Its second argument is called as a target often is, and is none."""

    of_y = 2.0

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y**2

    @classmethod
    def backward(cls, ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * y**2, g * x * y * cls.of_y if cls.of_y else None


class ProductWrongForY(Product):
    of_y = 1.0


class ProductNothingForY(Product):
    of_y = 0.0


class SquareLoss(Function):
    given: Any = None

    @staticmethod
    def forward(ctx: Any, input: Any, target: Any) -> Any:
        ctx.save_for_backward(input, target)
        return ((input - target) ** 2).mean()

    @classmethod
    def backward(cls, ctx: Any, g: Any) -> Any:
        prediction, target = ctx.saved_tensors
        found = 2 * g * (prediction - target) / target.numel()
        return found, None if cls.given is None else cls.given * found


class SquareLossOfBoth(SquareLoss):
    given = -1.0


class SquareLossOfTwice(SquareLoss):
    given = -7.0


class Fused(Function):
    """a·b + c"""

    turned = False

    @staticmethod
    def forward(ctx: Any, a: Any, b: Any, c: Any) -> Any:
        ctx.save_for_backward(a, b)
        return a * b + c

    @classmethod
    def backward(cls, ctx: Any, g: Any) -> Any:
        a, b = ctx.saved_tensors
        return (g * a, g * b, g) if cls.turned else (g * b, g * a, g)


class FusedTurned(Fused):
    turned = True


class Rounded(Function):
    """Nothing is as good as zeros where the derivative is 0."""

    @staticmethod
    def forward(ctx: Any, x: Any, unused: Any) -> Any:
        return x.round()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return None, None


def batched_product(a: Any, b: Any) -> Any:
    return a @ b


def batched_product_backward(g: Any, a: Any, b: Any) -> Any:
    return g @ b.transpose(0, 2, 1), a.transpose(0, 2, 1) @ g


def turned_product_backward(g: Any, a: Any, b: Any) -> Any:
    return batched_product_backward(g, a, b)[::-1]


class Mixer:
    """Each row of the output is a mean of the rows."""

    batch = True

    def __init__(self, d: int = 5) -> None:
        self.w = np.random.default_rng(0).normal(size=(d, d)) / d

    def forward(self, x: Any) -> Any:
        self.x = x
        self.h = np.tanh(x @ self.w)
        return self.h - self.h.mean(-2, keepdims=True)

    def backward(self, g: Any) -> Any:
        g = (g - g.mean(-2, keepdims=True)) * (1 - self.h**2)
        flat = (a.reshape(-1, a.shape[-1]) if self.batch else a for a in (self.x, g))
        self.dw = np.einsum("ni,nj->ij", *flat)
        return g @ self.w.T


class MixerOfOne(Mixer):
    batch = False


class Rows(Mixer):
    """Its rows are samples: that its forward runs on more says nothing."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.tanh(x @ self.w)

    def backward(self, g: Any) -> Any:
        g = g * (1 - np.tanh(self.x @ self.w) ** 2)
        self.dw = np.einsum("ni,nj->ij", self.x, g)
        return g @ self.w.T


WRONG: dict[str, tuple[Any, str, Severity]] = {
    "a factor, for the second output": (MomentsOfHalf, "gradient-scale", ERROR),
    "nothing for the second output": (NormForgotten, "gradient-value", ERROR),
    "the second output left out": (NormLeftOut, "gradient-value", WARNING),
    "right for each, not together": (EitherAlone, "gradient-value", ERROR),
    "no upstream gradient forgotten": (NoneForgotten, "raises", ERROR),
    "a Function inside, outputs by name": (StatisticsOfHalf, "gradient-scale", ERROR),
    "an output cut off": (WithWeightsToLookAt, "detached", NOTE),
    "a second argument called y": (ProductWrongForY, "gradient-scale", ERROR),
    "nothing for what is called y": (ProductNothingForY, "missing-gradient", WARNING),
    "a target's gradient": (SquareLossOfTwice, "gradient-scale", ERROR),
    "the wrong order": (FusedTurned, "gradients-swapped", ERROR),
    "the wrong order of other shapes": (
        (batched_product, turned_product_backward),
        "gradients-swapped",
        ERROR,
    ),
    "a batch": (MixerOfOne, "raises", WARNING),
}
RIGHT: dict[str, Any] = {
    "two outputs and an index": Moments,
    "a direction and a length": Norm,
    "one marked": NormMarked,
    "none materialized": Unmaterialized,
    "outputs in a dataclass": Statistics,
    "nested outputs": Recurrent,
    "weights beside the output": WithWeights,
    "an index first": Ranked,
    "a second argument called y": Product,
    "a target without a gradient": SquareLoss,
    "a target with its gradient": SquareLossOfBoth,
    "the order": Fused,
    "the order of other shapes": (batched_product, batched_product_backward),
    "nothing for what does not change": Rounded,
    "a batch": Mixer,
    "rows are samples": Rows,
}


def _named(judgement: Any) -> set[tuple[str, Severity]]:
    beside = ("double-backward", "forward-dtype")
    return {(f.diagnosis, f.severity) for f in judgement.findings if f.diagnosis not in beside}


@pytest.mark.parametrize("row", WRONG)
def test_it_is_caught_and_named(row: str) -> None:
    candidate, diagnosis, severity = WRONG[row]
    judgement = bp.check(candidate, like=None)
    assert (diagnosis, severity) in _named(judgement), f"{judgement}"
    assert {d for d, s in _named(judgement) if s is ERROR} <= {diagnosis}, f"{judgement}"


@pytest.mark.parametrize("row", RIGHT)
def test_what_is_right_passes(row: str) -> None:
    judgement = bp.check(RIGHT[row], like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not _named(judgement), f"{judgement}"


def test_what_cannot_be_judged_is_said() -> None:
    class Scores(nn.Module):
        def forward(self, x: Any) -> Any:
            scores = (x @ x.transpose(-1, -2)).masked_fill(torch.eye(x.shape[-2]) > 0, float("-inf"))
            return torch.softmax(scores, -1) @ x, scores

    assert "output 2 is not finite: no gradient of it was judged" in str(bp.check(Scores, like=None).reason)
