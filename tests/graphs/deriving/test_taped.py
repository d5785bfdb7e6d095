"""Formulas onto a tape: they have the same values there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from backproof.graphs.deriving.taped import taped
from backproof.graphs.graph import Graph
from backproof.graphs.plan import Steps
from backproof.graphs.symbols import NotSymbolic

x, y = sympy.symbols("x y", real=True)
FORMULAS: list[Any] = [
    x,
    sympy.Integer(3) + x,
    -x / 3 - y * sympy.pi,
    sympy.exp(-(x**2)) / sympy.sqrt(y),
    (x + y) ** -3 * sympy.tan(x) ** 2,
    sympy.Abs(x - y) + sympy.Max(x, y) - sympy.Min(x, 2),
    x**y - y ** sympy.Rational(2, 3),
    sympy.log(y) * sympy.atan(x) * sympy.sinh(x) / sympy.cosh(y),
    -sympy.exp(-x) * sympy.exp(-y),
]


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_values_are_the_same(formula: Any) -> None:
    tape, output = taped(formula, "f")
    at = {
        name: value
        for name, value in {"x": np.float64(0.7), "y": np.float64(1.3)}.items()
        if sympy.Symbol(name, real=True) in formula.free_symbols
    }
    found = Graph(tape, [output], at)
    expected = float(formula.subs({x: 0.7, y: 1.3}))
    assert found["f"].value == pytest.approx(expected, rel=1e-12)


CASES = {
    "where": sympy.Piecewise((x**2, x > 1), (sympy.exp(x), True)),
    "both": sympy.Piecewise((x**2, (x > -1) & (x < 1)), (2, True)),
    "either": sympy.Piecewise((x**2, (x < -1) | (x > 1)), (2, True)),
    "equal": sympy.Piecewise((7, sympy.Eq(x, 0.5)), (x, sympy.Ne(x, 3)), (1, True)),
    "several": sympy.Piecewise((0, x < -1), (x, x <= 1), (1, True)),
    "a sign": sympy.sign(x) * x,
    "a choice": sympy.Max(x, 1, -x) - sympy.Min(x, 2),
}


@pytest.mark.parametrize("case", CASES)
def test_cases_have_their_numbers(case: str) -> None:
    tape, output = taped(CASES[case], "f")
    place = next(place for place in range(len(tape)) if tape.is_input(place))
    for at in (-2.5, -0.5, 0.0, 0.5, 1.5, 3.0):
        values = Steps(tape).forward({**tape.given, place: np.float64(at)})
        assert float(values[output]) == pytest.approx(float(CASES[case].subs(x, at)), rel=1e-15)


def test_other_cases_cannot_be_taped() -> None:
    with pytest.raises(NotSymbolic, match="expected cases of one being less than another"):
        taped(sympy.Piecewise((1, sympy.Not(sympy.Symbol("b"))), (0, True)), "f")
