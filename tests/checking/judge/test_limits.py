"""What is inf or NaN where the function has a value is said; where it has none, nothing is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import backproof as bp
from backproof.checking.findings import Verdict


def _contrastive(distance: Any) -> type[torch.nn.Module]:
    class ContrastiveLoss(torch.nn.Module):
        def forward(self, a: Any, b: Any, same: Any) -> Any:
            d = distance((a - b).pow(2).sum(1))
            return (same * d**2 + (1 - same) * torch.relu(1 - d) ** 2).mean()

    return ContrastiveLoss


def _of_two(function: Any) -> type[torch.nn.Module]:
    class OwnLoss(torch.nn.Module):
        def forward(self, prediction: Any, target: Any) -> Any:
            return function(prediction, target)

    return OwnLoss


def _of_one(function: Any) -> type[torch.nn.Module]:
    class Bend(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return function(x)

    return Bend


def _divergence(p: Any, q: Any) -> Any:
    middle = (p + q) / 2
    return (p * (p / middle).log() + q * (q / middle).log()).sum(1).mean()


BROKEN = {
    "the root of a distance of 0": (_contrastive(torch.sqrt), "gradient for input"),
    "0 times the logarithm of 0": (_of_two(_divergence), "nan where input is 0"),
    "an overflow on the way": (_of_two(lambda p, t: (p - t).cosh().log().mean()), "inf in float32"),
    "0 divided by 0": (_of_one(lambda x: torch.sin(x) / x), "right beside it is 1"),
}
FINITE = {
    "a term inside the root": _contrastive(lambda square: (square + 1e-8).sqrt()),
    "a stable form": _of_two(lambda p, t: (p - t + torch.nn.functional.softplus(-2 * (p - t))).mean()),
    "a true pole": _of_two(lambda p, t: (1 / (p - t) ** 2).mean()),
    "another limit from each side": _of_one(lambda x: x / x.abs()),
    "a true infinity": _of_one(lambda x: -(x**2).log()),
}


@pytest.mark.parametrize(("component", "says"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_where_it_has_a_value_is_warned_of(component: Any, says: str) -> None:
    judgement = bp.check(component, like=None)
    assert judgement.verdict is Verdict.PASS
    (found,) = [f for f in judgement.findings if f.diagnosis == "not-finite"]
    assert found.severity == "warning"
    assert says in found.message


@pytest.mark.parametrize("component", FINITE.values(), ids=FINITE)
def test_nothing_is_said_of_what_is_finite_or_has_no_value(component: Any) -> None:
    judgement = bp.check(component, like=None)
    assert judgement.verdict is Verdict.PASS
    assert not [f for f in judgement.findings if f.diagnosis == "not-finite"]


def test_a_gradient_that_a_branch_makes_nan_is_said_to_be_not_finite() -> None:
    component = _of_one(lambda x: torch.where(x > 0, x.sqrt(), torch.zeros_like(x)))
    judgement = bp.check(component, like=None)
    assert [f.diagnosis for f in judgement.findings if f.severity == "error"] == ["not-finite"]
