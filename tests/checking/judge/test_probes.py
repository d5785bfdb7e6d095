"""What is proven of a backward without a reference: which element follows which, and a transpose left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Verdict


class RunningSum:
    """No reference: of its Jacobian the last row is full, and the last column is not."""

    def forward(self, x: Any) -> Any:
        return np.cumsum(x, axis=-1)

    def backward(self, g: Any) -> Any:
        return np.flip(np.cumsum(np.flip(g, axis=-1), axis=-1), axis=-1)


class ForwardRunningSum(RunningSum):
    def backward(self, g: Any) -> Any:
        return np.cumsum(g, axis=-1)


class Turned:
    """No reference: every row turned on by one."""

    by = -1

    def forward(self, x: Any) -> Any:
        return np.roll(x, 1, axis=-1)

    def backward(self, g: Any) -> Any:
        return np.roll(g, self.by, axis=-1)


class TurnedOn(Turned):
    by = 1


class Mixed:
    """No reference: a matrix of its own from the left, whatever comes."""

    def matrix(self, x: Any) -> Any:
        return np.sin(1.0 + np.arange(len(x) ** 2)).reshape(len(x), len(x)).astype(x.dtype)

    def forward(self, x: Any) -> Any:
        return self.matrix(x) @ x

    def backward(self, g: Any) -> Any:
        return self.matrix(g).T @ g


class UntransposedMixed(Mixed):
    def backward(self, g: Any) -> Any:
        return self.matrix(g) @ g


class ElementMixed(Mixed):
    def backward(self, g: Any) -> Any:
        return np.diag(self.matrix(g))[:, None] * g


WRONG: dict[str, tuple[Any, str]] = {
    "summed from the same side": (ForwardRunningSum, "transposed-gradient"),
    "moved the same way": (TurnedOn, "transposed-gradient"),
    "a matrix as it is": (UntransposedMixed, "transposed-gradient"),
    "element by element": (ElementMixed, "diagonal-jacobian"),
}
RIGHT: dict[str, Any] = {"summed back": RunningSum, "moved back": Turned, "a transpose": Mixed}


@pytest.mark.parametrize("row", WRONG)
def test_it_is_caught_and_named(row: str) -> None:
    candidate, diagnosis = WRONG[row]
    judgement = bp.check(candidate, like=None)
    assert [f.diagnosis for f in judgement.findings] == [diagnosis], f"{judgement}"


@pytest.mark.parametrize("row", RIGHT)
def test_what_is_right_passes(row: str) -> None:
    judgement = bp.check(RIGHT[row], like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not judgement.findings, f"{judgement}"
