"""Formulas on either side of their kinks."""

from __future__ import annotations

import sympy

from backproof.graphs.deriving.kinks import sides

x = sympy.Symbol("x", real=True)


def test_what_is_0_everywhere_is_no_kink() -> None:
    nothing = sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1
    assert list(sides(sympy.Abs(nothing) + x)) == [x]
