"""Proving: each line of a solution against the one before, and of a derivative against the gradient rules."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.diagnoses import DIAGNOSES
from backproof.graphs.deriving.mistakes import GENERIC
from backproof.graphs.deriving.proof import Line, Mistaken, Proof
from backproof.graphs.deriving.shown import Shown
from backproof.graphs.deriving.solution import Task
from backproof.graphs.deriving.solver import SOLVER, NoAnswer, require_seconds
from backproof.graphs.deriving.verdict import Verdict
from backproof.graphs.deriving.wire import unpack
from backproof.graphs.reading import is_empty, symbol
from backproof.graphs.symbols import NotSymbolic

__all__ = ["prove"]

#: A written solution has no more lines.
_MOST_LINES = 100
#: This share of the time is for numbers, which take little.
_NUMBERS = 0.2


def prove(
    f: str | Sequence[str],
    wrt: str | None = None,
    claim: str | Sequence[str] = (),
    where: str = "",
    seconds: float = 5.0,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Proof:
    """Say of each line of a solution whether it is equal to the one before.

    Parameters
    ----------
    f
        An expression, or the lines of a solution. A line may begin with an equals sign.
    wrt
        The name that the first line is differentiated for, by the gradient rules; the lines behind it are
        claims about that gradient. Without it they are claims about the first line itself.
    claim
        Further lines.
    where
        Steps that the lines use: ``y = 1/(1 + exp(-x))``.
    seconds
        How long SymPy may think about all lines.
    shapes
        For names that stand for arrays their shapes: these are compared element by element.

    Raises
    ------
    ExpressionError
        If an expression is not understood; it points at the place.
    NotSymbolic
        If there is something in it that has no formula, or the first line cannot be computed.
    TypeError
        If ``wrt`` is no name.
    ValueError
        If there is nothing to prove, a line is empty, a name does not occur, or the time is none.

    Examples
    --------
    >>> proof = prove("1/(1 + exp(-x))", wrt="x", claim="y*(1 - y)", where="y = 1/(1 + exp(-x))")
    >>> print(proof)
    ∂/∂x 1/(1 + exp(-x))
      = y*(1 - y)
          proven
    >>> print(prove("exp(2*x + 3)", wrt="x", claim="exp(2*x + 3)").lines[0].mistakes[0])
    inner-derivative-missing: the derivative of 2*x for x, which is 2, is not multiplied in
    """
    if wrt is not None and not isinstance(wrt, str):
        raise TypeError(
            f"expected the name that the first line is differentiated for, or None; got wrt={wrt!r}: "
            "prove one gradient after the other"
        )
    require_seconds(seconds)
    lines = _lines(f, claim)
    task = Task(lines, where, wrt and symbol(wrt), {symbol(x): shape for x, shape in (shapes or {}).items()})
    unfit = task.numbers().unfit()
    if 0 in unfit:
        raise NotSymbolic(f"the first line cannot be computed: {unfit[0]}")
    SOLVER.ready()
    end = time.monotonic() + seconds
    sound = [number for number in range(len(lines)) if number not in unfit]
    task = dataclasses.replace(task, lines=[lines[number] for number in sound])
    solution = _Asked(task, end, task.numbers().verdicts(_NUMBERS * seconds))
    found = {number: solution.line(place) for place, number in enumerate(sound[1:])}
    found |= {number: _unfit(lines, number, why, wrt) for number, why in unfit.items()}
    first = f"∂/∂{wrt} {lines[0]}" if wrt else lines[0]
    return Proof(first, tuple(found[number] for number in sorted(found)), None if wrt else solution.shown(0))


def _unfit(lines: Sequence[str], number: int, why: str, wrt: str | None) -> Line:
    """Refute a line that cannot be computed; the next is judged beside the one before it."""
    says = "what it is made of does not fit together"
    wrong = (Mistaken(DIAGNOSES["gradient-shape"] if wrt else None, says),)
    return Line(lines[number], lines[number - 1], Verdict("refuted", why=why), wrong)


def _lines(f: str | Sequence[str], claim: str | Sequence[str]) -> list[str]:
    given = [line for part in (f, claim) for line in ([part] if isinstance(part, str) else part)]
    lines = [line.strip().removeprefix("=").strip() for line in given]
    if not 1 < len(lines) <= _MOST_LINES:
        raise ValueError(
            f"expected a line and what it is claimed to be equal to, at most {_MOST_LINES} lines in all; "
            f"got {len(lines)}"
        )
    for number, line in enumerate(lines, 1):
        if is_empty(line):
            raise ValueError(f"expected an expression in each line; line {number} of {len(lines)} is empty")
    return lines


class _Asked:
    """A solution that SymPy's process is asked about; without an answer the numbers tell."""

    def __init__(self, task: Task, end: float, numbers: Sequence[Verdict | None]) -> None:
        self.task, self.words, self.end, self.numbers = task, task.words(), end, numbers
        count = len(task.lines)
        self.formulas: list[Any] = [None] * count
        self.shapes: list[tuple[int, ...]] | None = None
        try:
            found = SOLVER.ask("written", [self.words], self._left())
        except NoAnswer as error:
            self.why = str(error)
            return
        self.why = found["doubt"]
        self.shapes = [tuple(shape) for shape in found["shapes"]]
        self.formulas = [None if line is None else unpack(line) for line in found["lines"]]

    def _left(self, share: float = 1.0) -> float:
        return max((self.end - time.monotonic()) * share, 0.0)

    def line(self, number: int) -> Line:
        """Judge a line beside the one before."""
        before, text = self.task.lines[number : number + 2]
        verdict = self._verdict(number)
        wrong = self._mistakes(number, verdict) if verdict.kind == "refuted" else ()
        return Line(text, before, verdict, wrong, self.shown(number + 1))

    def _verdict(self, number: int) -> Verdict:
        told = self.numbers[number]
        if self.shapes is None or self.why:
            return self._told(number, self.why)
        one, other = self.shapes[number : number + 2]
        if one != other and one and other:
            return Verdict("refuted", why=f"shape {one} ≠ {other}")
        share = 1 / (len(self.task.lines) - 1 - number)
        questions = ("compare line", "prove line")
        shape = np.broadcast_shapes(one, other)
        verdict = SOLVER.judged(questions, [self.words, number], self._left(share), shape)
        if verdict.kind == "undecided" and told is not None:
            return self._told(number, verdict.why)
        return verdict

    def _told(self, number: int, why: str) -> Verdict:
        """Give what the numbers tell; they accuse nobody where the formula of the gradient is in doubt."""
        told = self.numbers[number]
        if told is None or (self.shapes is not None and told.kind == "refuted"):
            return Verdict("undecided", why=why)
        return dataclasses.replace(told, why=why)

    def _mistakes(self, number: int, verdict: Verdict) -> tuple[Mistaken, ...]:
        """Ask what is wrong; without an answer a gradient is just wrong."""
        try:
            found = SOLVER.ask("mistakes", [self.words, number, verdict.values], self._left())
        except NoAnswer:
            name = "gradient-value" if verdict.values else "gradient-shape"
            found = [(name, GENERIC[name])] if self.task.wrt else []
        return tuple(Mistaken(DIAGNOSES[name] if name else None, says) for name, says in found)

    def shown(self, number: int) -> Shown | None:
        """Show a single number; of an array the line as it was written says more."""
        formula = self.formulas[number]
        return None if formula is None else Shown.of(formula)
