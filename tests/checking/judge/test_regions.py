"""Where a gradient without a reference goes wrong, and from which x on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp


class Wobble:
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.sin(x) + x

    def slope(self) -> Any:
        return np.cos(self.x) + 1

    def backward(self, g: Any) -> Any:
        return g * self.slope()


class Late(Wobble):
    def backward(self, g: Any) -> Any:
        return g * np.where(self.x > 1.234, 0.3, self.slope())


class Low(Wobble):
    def backward(self, g: Any) -> Any:
        return g * np.where(self.x < -0.7, -0.3, self.slope())


class Both(Wobble):
    def backward(self, g: Any) -> Any:
        return g * np.where(abs(self.x) > 2.5, 0.3, self.slope())


class Far(Wobble):
    def backward(self, g: Any) -> Any:
        return g * np.where(self.x > 7, 0, self.slope())


class Mixed(Late):
    """Each output depends on a row: no element stands for itself."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) + np.sin(x).mean(axis=1, keepdims=True)

    def backward(self, g: Any) -> Any:
        return super().backward(g) + g.mean(axis=1, keepdims=True) * np.cos(self.x)


@pytest.mark.parametrize(
    ("component", "region"),
    [
        (Late, "for x above 1.234"),
        (Low, "for x below -0.7"),
        (Both, "where |x| is above 2.5"),
        (Far, "for x above 7"),
        (Mixed, None),
    ],
)
def test_the_region_is_told_of_what_has_no_reference(component: Any, region: str | None) -> None:
    judgement = bp.check(component)
    (finding,) = judgement.findings
    assert finding.diagnosis == "gradient-value", f"{judgement}"
    assert finding.evidence.get("region") == region, f"{judgement}"


def test_its_twin_is_right() -> None:
    assert bp.check(Wobble)
