"""The smallest case that shows a mistake which nobody listed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.candidate import Case
from backproof.checking.judge.smallest import shrunk


def test_elements_go_first_then_numbers() -> None:
    rng = np.random.default_rng(0)
    case = Case(
        {"input": rng.normal(size=(7, 3)), "weight": rng.normal(size=(5, 3))}, rng.normal(size=(7, 5))
    )
    small = shrunk(
        case, lambda case: case.inputs["input"].shape[1] > 1, {"input": "real", "weight": "positive"}
    )
    assert small is not None
    assert {name: array.tolist() for name, array in small.inputs.items()} == {
        "input": [[1, 1]],
        "weight": [[1, 1]],
    }
    assert small.upstream.tolist() == [[1]]


def test_what_no_smaller_case_shows_has_none() -> None:
    case = Case({"input": np.ones((7, 3))}, np.ones((7, 3)))
    assert shrunk(case, lambda case: False, {"input": "real"}) is None


def test_the_search_ends() -> None:
    asked: list[Case] = []

    def is_wrong(case: Case) -> bool:
        asked.append(case)
        return False

    assert shrunk(Case({"input": np.ones((97, 89))}, np.ones((97, 89))), is_wrong, {"input": "real"}) is None
    assert len(asked) <= 60


def by_hand(forward: Any, backward: Any) -> Any:
    class Mixing:
        def forward(self, x: Any) -> Any:
            self.x = x
            return forward(x)

        def backward(self, g: Any) -> Any:
            return backward(g, self.x)

    return Mixing


def _mean(x: Any) -> Any:
    return x.mean(-1, keepdims=True)


@pytest.mark.parametrize(
    ("forward", "backward", "smallest"),
    [
        (  # one element shows it
            lambda x: x * x.sum(-1, keepdims=True),
            lambda g, x: g * x.sum(-1, keepdims=True) + 1.5 * (g * x).sum(-1, keepdims=True),
            {"input": 1, "expected": 2, "got": 2.5},
        ),
        (  # only two show it: with one alone both are 0
            lambda x: x - _mean(x),
            lambda g, x: (g - _mean(g)) * (1 + 0.3 * (x - _mean(x)) ** 2),
            {"input": [1, -1], "grad_output": [1, -1], "expected": [1, -1], "got": [1.3, -1.3]},
        ),
        (  # only from 2 on
            lambda x: np.where(x > 1.5, x**3, x**2),
            lambda g, x: g * 2 * x,
            {"input": 2, "expected": 12, "got": 4},
        ),
    ],
    ids=["one", "two", "from a threshold on"],
)
def test_the_smallest_case_is_shown(forward: Any, backward: Any, smallest: dict[str, Any]) -> None:
    judged = bp.check(by_hand(forward, backward), like=None)
    (finding,) = judged.findings
    smallest_shown: Any = finding.evidence["smallest"]
    assert smallest_shown.keys() == smallest.keys()
    for name, value in smallest.items():
        np.testing.assert_allclose(np.squeeze(smallest_shown[name]), value, rtol=1e-6)
