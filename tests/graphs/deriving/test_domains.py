"""Domains of arguments: what is only a guard of them is left out of formulas, and no kink is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from backproof.graphs.deriving.domains import conditions, drawn, inside, unguarded
from backproof.graphs.deriving.precise import evaluated
from backproof.graphs.reading import read
from backproof.ops import CATALOGUE

x, y, p, t = sympy.symbols("x y p t", real=True)
#: A formula of real numbers, and what is left of it.
REAL = {
    sympy.exp(-(sympy.Max(-40, sympy.Min(40, x)) ** 2)): sympy.exp(-(x**2)),
    sympy.Piecewise((x, x > 20), (sympy.log(1 + sympy.exp(x)), True)): sympy.log(1 + sympy.exp(x)),
    sympy.Piecewise((1, x > 0), (sympy.exp(sympy.Min(0, x)), True)): sympy.Piecewise(
        (1, x > 0), (sympy.exp(x), True)
    ),
    **{
        kept: kept
        for kept in (
            sympy.Min(1, sympy.Max(-1, x)),
            sympy.Min(1000, x),
            sympy.exp(-(sympy.Min(5, x) ** 2)),
            sympy.Piecewise((x, x > 1), (sympy.log(1 + sympy.exp(x)), True)),
        )
    },
}


@pytest.mark.parametrize("formula", REAL, ids=str)
def test_guards_are_left_out_and_kinks_are_not(formula: Any) -> None:
    assert unguarded(CATALOGUE["Tanh"], formula, [x]) == REAL[formula]


def test_a_kink_of_two_stays() -> None:
    assert unguarded(CATALOGUE["maximum"], sympy.Max(x, y), [x, y]) == sympy.Max(x, y)


def test_a_guard_of_probabilities_is_one_of_them_only() -> None:
    guarded = sympy.Max(-100, sympy.log(p))
    assert unguarded(CATALOGUE["BCELoss"], guarded, [p]) == sympy.log(p)
    assert unguarded(CATALOGUE["Tanh"], sympy.Max(-100, x), [x]) == sympy.Max(-100, x)


@pytest.mark.parametrize(
    ("at", "fits"), [((0.3, 0.2), True), ((-0.3, 0.2), False), ((1.3, 0.2), False), ((0.3, 1.2), False)]
)
def test_conditions_are_real_where_numbers_are_inside(at: tuple[float, float], fits: bool) -> None:
    tape = read("bce_loss(p, t)").tape
    point = {p: sympy.Rational(str(at[0])), t: sympy.Rational(str(at[1]))}
    every = conditions(tape, [2], {0: p, 1: t})
    assert all(evaluated(each, point) is not None for each in every) == fits
    assert inside(CATALOGUE["BCELoss"], [np.float64(part) for part in at]) == fits


@pytest.mark.parametrize("name", ["BCELoss", "KLDivLoss", "PoissonNLLLoss", "log"])
def test_what_is_drawn_is_inside(name: str) -> None:
    op = CATALOGUE[name]
    assert inside(op, drawn(op, len(op.arguments)))
