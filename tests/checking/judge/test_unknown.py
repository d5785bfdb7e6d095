"""What has no reference: how it is called, and what its report says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from tests.checking.adapt.asking import the_candidate


class LSTMCell:
    """An LSTM whose gates stand in another order, with one bias."""

    def __init__(self, w_x: Any, w_h: Any, b: Any) -> None:
        self.Wx, self.Wh, self.b = w_x, w_h, b

    def forward(self, x: Any, h: Any, c: Any) -> Any:
        i, f, o, g = np.split(x @ self.Wx + h @ self.Wh + self.b, 4, axis=1)
        i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
        new = f * c + i * g
        t = np.tanh(new)
        self.kept = x, h, c, i, f, o, g, t
        return o * t, new

    def backward(self, dh: Any, dc: Any) -> Any:
        x, h, c, i, f, o, g, t = self.kept
        dc = dc + dh * o * (1 - t * t)
        gates = [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g * g)]
        da = np.concatenate(gates, axis=1)
        self.dWx, self.dWh, self.db = x.T @ da, h.T @ da, da.sum(axis=0)
        return da @ self.Wx.T, da @ self.Wh.T, dc * f


class WrongCell(LSTMCell):
    def backward(self, dh: Any, dc: Any) -> Any:
        dx, dh, dc = super().backward(dh, dc)
        return dx, dh, 2 * dc


def test_a_cell_with_gates_in_an_order_of_its_own_is_judged_by_its_own_forward() -> None:
    judgement = bp.check(LSTMCell)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert judgement.reference is None
    assert "judged by its own forward" in judgement.reason
    assert "like=…" in judgement.reason


def test_it_is_accused_where_its_gradient_is_wrong() -> None:
    judgement = bp.check(WrongCell, name="LSTMCell")
    assert judgement.verdict is Verdict.FAIL, f"{judgement}"
    assert {f.evidence["argument"] for f in judgement.findings} == {"c"}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("np.float", Verdict.FAIL), ("scores.dtype", Verdict.PASS)],
)
def test_a_name_that_the_library_does_not_have_is_no_matter_of_how_it_is_called(
    name: str, verdict: Verdict
) -> None:
    text = f"""
    def lean_loss(scores, y):
        margin = 1 - y * scores
        active = (margin > 0).astype({name})
        return np.maximum(margin, 0).mean(), -y * active / y.size
    """
    judgement = judge(the_candidate(text))
    assert judgement.verdict is verdict
    assert [f.diagnosis for f in judgement.findings] == (["raises"] if verdict is Verdict.FAIL else [])
