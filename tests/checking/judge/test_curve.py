"""The curve of a gradient: of whom there is one, and that it is theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import CandidateLost
from backproof.checking.judge import judge
from backproof.ops import CATALOGUE
from tests.checking.planted import OpCandidate

ELEMENTWISE = [
    op
    for op in CATALOGUE.values()
    if op.elementwise
    and op.kind != "elementary"
    and op.first in op.rules
    and op.arguments[op.first].axes == "N D"
]


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_of_a_right_one_both_are_the_same(op: Any) -> None:
    curve = judge(OpCandidate(op)).curve
    assert curve is not None
    assert len(curve.x) == len(curve.expected) == len(curve.got) >= 60
    assert list(curve.x) == sorted(curve.x)
    np.testing.assert_allclose(curve.got, curve.expected)


def test_it_is_the_derivative_times_the_upstream_gradient() -> None:
    curve = judge(OpCandidate(CATALOGUE["Tanh"])).curve
    assert curve is not None
    np.testing.assert_allclose(curve.expected, curve.upstream * (1 - np.tanh(curve.x) ** 2))
    assert curve.upstream != 1


@pytest.mark.parametrize("name", ["Softmax", "Linear", "CrossEntropyLoss"])
def test_where_elements_depend_on_one_another_there_is_none(name: str) -> None:
    assert judge(OpCandidate(CATALOGUE[name])).curve is None


def test_one_that_ignores_the_upstream_gradient_shows_it() -> None:
    op = CATALOGUE["Tanh"]
    wrong = op.replace(rules={"input": lambda xp, g, x, y: 1 - y * y})
    curve = judge(OpCandidate(wrong)).curve
    assert curve is not None
    np.testing.assert_allclose(np.multiply(curve.got, 2), curve.expected)


def test_a_candidate_that_is_lost_over_it_is_judged_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    call = OpCandidate.call

    def lost(self: OpCandidate, case: Any, *rest: Any, **named: Any) -> Any:
        if case.name == "curve":
            raise CandidateLost("time-out", "too late")
        return call(self, case, *rest, **named)

    monkeypatch.setattr(OpCandidate, "call", lost)
    judgement = judge(OpCandidate(CATALOGUE["Tanh"]))
    assert judgement
    assert judgement.curve is None
