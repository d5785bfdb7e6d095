"""Formulas with cases: as they are shown, and their conditions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import sympy

from backproof.graphs.deriving.cases import compared
from backproof.graphs.deriving.shown import Shown
from backproof.graphs.functions import needed
from backproof.graphs.graph import graph
from backproof.graphs.symbols import forward, local
from backproof.ops import CATALOGUE
from backproof.ops.op import Op

x, y = sympy.symbols("x y", real=True)
EVERY = {name: op if op.reduction else op.main for name, op in CATALOGUE.items()}
#: Every op of one number.
OPS = [op for op in EVERY.values() if op.elementwise and needed(op) == ["input"]]
_UNIT = 0.4


def _value(formula: Any, at: float) -> float:
    return float(formula.subs(x, sympy.Rational(at)).evalf(20))


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_what_is_shown_can_be_read_again(op: Op) -> None:
    formula = forward(op, [x], {})
    for each in (formula, local(op, "input", [x], formula, {})):
        for at in (_UNIT, *((-2.5, 0.0, 3.25, 50.0) if op.kind == "activation" else ())):
            found = graph(Shown.of(each).text, **({"x": at} if each.has(x) else {}))
            assert found.value == pytest.approx(_value(each, at), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_op_of_one_number_has_a_second_derivative(op: Op) -> None:
    g = graph(f"{op.name}(x)", x=_UNIT)
    derivation = g.derive("x", "x", seconds=60)
    assert derivation.value == pytest.approx(g.hessian()["x", "x"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("sign", [sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge])
@pytest.mark.parametrize("extreme", [sympy.Max, sympy.Min])
def test_an_extreme_is_compared_as_its_parts_are(extreme: Any, sign: Any) -> None:
    condition = sign(extreme(x, y), 1)
    assert not compared(condition).has(extreme)
    for at in np.ndindex(3, 3):
        point = dict(zip((x, y), at, strict=True))
        assert compared(condition).subs(point) == condition.subs(point)


def test_the_complementary_error_function_is_an_op() -> None:
    g = graph("erfc(x)", x=0.3)
    assert g.value == pytest.approx(math.erfc(0.3), rel=1e-15)
    assert g["x"].grad == pytest.approx(-2 / math.sqrt(math.pi) * math.exp(-0.09), rel=1e-14)
    assert g.check()
