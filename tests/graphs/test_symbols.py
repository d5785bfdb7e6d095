"""Symbols: the formulas of ops and of their rules have the numbers of these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from backproof.graphs.symbols import NotSymbolic, forward, local, number, real
from backproof.ops import CATALOGUE, Op
from tests.ops.examples import of

#: Their rules are written with sides that no formula of real numbers has.
WITHOUT: dict[str, str] = {
    "HingeEmbeddingLoss": "its target is 1 or another number",
}
OPS = [op for op in CATALOGUE.values() if op.elementwise and not op.outputs[1:] and op.name not in WITHOUT]


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_formulas_have_the_numbers_of_the_op(op: Op) -> None:
    example = next(iter(of(op)))
    options = {name: value for name, value in example.options.items() if name != "reduction"}
    inputs = [
        np.ravel(np.broadcast_arrays(*(one for one in example.inputs if one is not None))[i])[:5]
        for i in range(sum(one is not None for one in example.inputs))
    ]
    output = op.forward(np, *inputs, **{**_known(op), **options})
    names = [real(f"x{number}") for number in range(len(inputs))]
    formula = forward(op, names, options)
    at = [dict(zip(names, map(_plain, row), strict=True)) for row in zip(*inputs, strict=True)]
    np.testing.assert_allclose([_value(formula, point) for point in at], output, rtol=1e-9, atol=1e-12)
    for argument in list(op.arguments)[: len(inputs)]:
        if argument in op.rules:
            _, known = op._split({**options, **({"reduction": "none"} if op.reduction else {})})
            padded = [*inputs, *[None] * (len(op.arguments) - len(inputs))]
            slopes = op.rules[argument](np, np.ones_like(output), *padded, output, **known)
            slope = local(op, argument, names, formula, options)
            np.testing.assert_allclose([_value(slope, point) for point in at], slopes, rtol=1e-9, atol=1e-12)


def _known(op: Op) -> dict[str, Any]:
    return {name: value for name, value in op.options.items() if name != "reduction"}


def _plain(value: Any) -> Any:
    return sympy.sympify(bool(value)) if isinstance(value, np.bool_) else float(value)


def _value(formula: Any, at: Any) -> float:
    return float(sympy.sympify(formula).subs(at))


@pytest.mark.parametrize("name", WITHOUT)
def test_those_left_out_say_so(name: str) -> None:
    op = CATALOGUE[name]
    with pytest.raises(NotSymbolic, match=f"{name} has no formula"):
        forward(op, [real(argument) for argument in op.arguments], {})


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_tie_is_shared(name: str) -> None:
    op, x, y = CATALOGUE[name], real("x"), real("y")
    for argument in op.arguments:
        assert local(op, argument, [x, x], x, {}) == sympy.Rational(1, 2)
        slope = local(op, argument, [x, y], real("f"), {})
        for at in ((1.0, 2.0), (2.0, 1.0), (2.0, 2.0)):
            numbers = [*map(np.float64, at)]
            expected = op.rules[argument](np, np.float64(1), *numbers, op.forward(np, *numbers))
            assert float(slope.subs({x: at[0], y: at[1]})) == expected


def test_an_op_of_arrays_has_none() -> None:
    with pytest.raises(NotSymbolic, match="does not go element by element"):
        forward(CATALOGUE["Softmax"], [real("x")], {})


def test_numbers_are_what_was_meant() -> None:
    rounded = [0.1, 1 / 3, np.pi, np.sqrt(0.5), np.sqrt(2 / np.pi), -np.sqrt(2)]
    half = sympy.Rational(1, 2)
    exact = [
        sympy.Rational(1, 10),
        sympy.Rational(1, 3),
        sympy.pi,
        sympy.sqrt(half),
        sympy.sqrt(2 / sympy.pi),
        -sympy.sqrt(2),
    ]
    assert [sympy.simplify(number(one) - other) for one, other in zip(rounded, exact, strict=True)] == [0] * 6
    assert number(1.0507009873554805).is_Float
