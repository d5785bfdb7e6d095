"""A constant of few digits is told, with what it changes, and is no error; another number is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.diagnoses import Severity


def _gelu(kappa: float, cubic: float = 0.044715) -> Any:
    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + np.tanh(kappa * (x + cubic * x**3)))

    def slope(x: Any) -> Any:
        t = np.tanh(kappa * (x + cubic * x**3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kappa * (1 + 3 * cubic * x * x)

    return gelu, slope


def _selu(scale: float, alpha: float) -> Any:
    def selu(x: Any) -> Any:
        return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))

    def slope(x: Any) -> Any:
        return scale * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))

    return selu, slope


ROWS: dict[str, tuple[Any, str, Severity]] = {
    "a constant as it is often written": (_gelu(0.7978845608), "gelu", Severity.NOTE),
    "fewer digits": (_gelu(0.79788), "gelu", Severity.NOTE),
    "asked for the same form": (_gelu(0.79788), "GELU(approximate='tanh')", Severity.NOTE),
    "another number": (_gelu(0.7678), "gelu", Severity.ERROR),
    "two constants": (_selu(1.0507, 1.67326), "selu", Severity.WARNING),
    "two others": (_selu(1.08, 1.67326), "selu", Severity.ERROR),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_is_left_out_of_a_constant_is_weighed(row: str) -> None:
    (forward, slope), like, severity = ROWS[row]

    def backward(x: Any, g: Any) -> Any:
        return g * slope(x)

    asked: dict[str, Any] = {"like": like} if "(" in like else {}
    judgement = bp.check((forward, backward), name=like.partition("(")[0], **asked)
    told = {f.severity for f in judgement.findings if f.diagnosis == "forward-value"}
    assert told == {severity}, f"{judgement}"
