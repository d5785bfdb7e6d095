"""Equality: what is proven, what only holds, what is refuted, and what takes too long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pytest
import sympy

from backproof.graphs.deriving.prove import prove
from backproof.graphs.deriving.solver import SOLVER, NoAnswer, Solver
from backproof.graphs.deriving.wire import NoWord, pack, unpack

x, y = sympy.symbols("x y", real=True)

PROVEN: list[tuple[Any, Any]] = [
    (sympy.sin(x) ** 2 + sympy.cos(x) ** 2, sympy.S.One),
    (1 / (1 + sympy.exp(-x)), sympy.exp(x) / (1 + sympy.exp(x))),
    (sympy.tanh(x), 2 / (1 + sympy.exp(-2 * x)) - 1),
    (sympy.Max(0, x), (x + sympy.Abs(x)) / 2),
    (sympy.Heaviside(x), sympy.Piecewise((1, x > 0), (0, True))),
    (sympy.Max(x, y) + sympy.Min(x, y), x + y),
    (sympy.sqrt(x**2), sympy.Abs(x)),
]
REFUTED: list[tuple[Any, Any]] = [
    (x, x + 1),
    (sympy.sqrt(x**2), x),
    (sympy.exp(x), sympy.exp(x) + sympy.Rational(1, 10**15)),
    (sympy.log(x * y), sympy.log(x) * sympy.log(y)),
    (sympy.S.One, sympy.S.Zero),
    (sympy.Float(1.05) * x, sympy.Float(1.0501) * x),
]
#: More than SymPy does in the seconds that it gets.
HARD = sympy.Add(*(sympy.sin(x + n) ** n * sympy.cosh(y * n) for n in range(1, 60)))


@pytest.mark.parametrize("pair", PROVEN, ids=str)
def test_equal_formulas_are_proven(pair: tuple[Any, Any]) -> None:
    assert SOLVER.equal([pair], 10).kind == "proven"


@pytest.mark.parametrize("pair", REFUTED, ids=str)
def test_others_are_refuted_at_a_point(pair: tuple[Any, Any]) -> None:
    verdict = SOLVER.equal([pair], 10)
    assert verdict.kind == "refuted"
    at = {sympy.Symbol(name, real=True): sympy.Rational(str(value)) for name, value in verdict.at.items()}
    assert verdict.values == pytest.approx([float(part.subs(at).evalf(30)) for part in pair], rel=1e-12)


def test_logarithms_are_of_positive_numbers() -> None:
    verdict = SOLVER.equal([(sympy.log(x * y), sympy.log(x) + sympy.log(y))], 10)
    assert str(verdict) == "proven, for x, y > 0"


def test_what_has_no_proof_holds_at_points() -> None:
    # asin + acos = π/2, of which SymPy's simplification knows nothing.
    verdict = SOLVER.equal([(sympy.asin(x) + sympy.acos(x), sympy.pi / 2)], 10)
    assert str(verdict) == "holds at 12 points"


def test_what_is_nowhere_defined_is_undecided() -> None:
    pair = (sympy.log(-(x**2) - 1), sympy.log(-(x**2) - 2))
    assert SOLVER.equal([pair], 10).kind == "undecided"


def test_one_of_several_that_differs_is_named() -> None:
    assert SOLVER.equal([(x, x), (x, 2 * x)], 10).element == (1,)


def test_what_takes_too_long_is_ended_and_the_next_question_is_answered() -> None:
    solver = Solver()
    start = time.monotonic()
    verdict = solver.equal([(sympy.exp(HARD), sympy.exp(sympy.expand_trig(HARD)))], 1)
    assert verdict.kind in ("holds", "undecided", "proven")
    with pytest.raises(NoAnswer, match="found no answer in 0 seconds"):
        solver.ask("shorter", pack(HARD), 0.0)
    assert time.monotonic() - start < 60
    assert solver.equal([(x + x, 2 * x)], 10).kind == "proven"
    solver.end()


def test_the_time_is_the_one_that_was_given() -> None:
    solver, seconds = Solver(), 3.0
    solver.ask("hello", None, 60)  # to start a process takes time of its own
    start = time.monotonic()
    with pytest.raises(NoAnswer, match="in 3 seconds"):
        solver.ask("shorter", pack(HARD), seconds)
    assert time.monotonic() - start < 3 * seconds
    solver.end()


def test_a_fault_of_our_own_is_not_taken_for_a_formula_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(formula: Any) -> None:
        raise TypeError("our own")

    monkeypatch.setattr("backproof.graphs.deriving.solver.pack", wrong)
    for ask in (
        lambda: SOLVER.shorter(x, 1),
        lambda: SOLVER.slope(x, x, 1),
        lambda: SOLVER.equal([(x, x)], 1),
    ):
        with pytest.raises(TypeError, match="our own"):
            ask()


def test_an_answer_is_an_error_where_sympy_raises() -> None:
    with pytest.raises(NoAnswer, match="SymPy found no answer"):
        SOLVER.ask("shorter", ["os"], 10)


def test_a_program_without_a_main_guard_may_ask() -> None:
    program = """
from backproof.graphs.deriving.prove import prove
print(prove(["x + x", "2*x"]).kind)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, env=os.environ
    )
    assert (done.stdout, done.stderr) == ("proven\n", "")


@pytest.mark.parametrize("value", [1.0507009873554805, 0.1, -1e-300, 2.0])
def test_floats_cross_with_all_their_bits(value: float) -> None:
    crossed = unpack(pack(sympy.Float(value) * x))
    assert crossed == sympy.Float(value) * x
    assert {number._prec for number in crossed.atoms(sympy.Float)} == {53}


@pytest.mark.parametrize("pair", [*PROVEN, *REFUTED], ids=str)
def test_formulas_cross_as_they_are(pair: tuple[Any, Any]) -> None:
    for formula in pair:
        assert unpack(pack(formula)) == formula


def test_what_has_no_word_does_not_cross() -> None:
    with pytest.raises(NoWord, match="no word for Integral"):
        pack(sympy.Integral(x, x))


def test_the_start_of_sympy_is_no_thinking(monkeypatch: pytest.MonkeyPatch) -> None:
    start = SOLVER._start

    def late() -> None:
        if SOLVER._process is None:
            time.sleep(3)
        start()

    SOLVER.end()
    monkeypatch.setattr(SOLVER, "_start", late)
    assert prove("sin(x)^2 + cos(x)^2", None, "1", seconds=3).kind == "proven"
