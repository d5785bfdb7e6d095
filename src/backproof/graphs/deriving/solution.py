"""A solution as formulas, which SymPy's process makes once and is then asked about, line by line."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graphs.deriving.domains import conditions
from backproof.graphs.deriving.elements import backward, constants, symbols, values
from backproof.graphs.deriving.equality import Pair, compare, prove_zero
from backproof.graphs.deriving.mistakes import Claim, mistakes
from backproof.graphs.deriving.sampling import Numbers
from backproof.graphs.deriving.wire import pack
from backproof.graphs.reading import Program, is_empty, read

__all__ = ["QUESTIONS", "Task", "written"]

#: The gradient's formula and the numbers of the rules are held against one another at so many points.
_POINTS = 6
#: A formula of exact numbers and float64 differ by rounding, of which much may come together.
_CLOSE = 1e-6


@dataclass(frozen=True)
class Task:
    """What is to be proven, as `prove` was given it.

    Attributes
    ----------
    lines, where
        The lines of the solution, and the steps that they use.
    wrt
        The name that the first line is differentiated for.
    shapes
        Of the names that stand for arrays.
    """

    lines: Sequence[str]
    where: str
    wrt: str | None
    shapes: Mapping[str, Sequence[int]]

    def numbers(self) -> Numbers:
        """Read all lines onto one tape, so that later ones may use the names of those before.

        Raises
        ------
        ExpressionError
            If one is not understood.
        ValueError
            If a name does not occur.
        """
        steps = () if is_empty(self.where) else (self.where,)
        program = read(*steps, *self.lines)
        outputs = program.outputs[len(steps) :]
        for name in (*((self.wrt,) if self.wrt else ()), *self.shapes):
            if name not in program.names:
                raise ValueError(f"the names are {', '.join(program.names) or 'none'}; got {name!r}")
        shapes = {name: tuple(shape) for name, shape in self.shapes.items()}
        return Numbers(program, outputs, program.names[self.wrt] if self.wrt else None, shapes)

    def words(self) -> str:
        """Write it for another process."""
        return json.dumps(
            [list(self.lines), self.where, self.wrt, {k: list(v) for k, v in self.shapes.items()}]
        )


@dataclass(frozen=True)
class _Formulas:
    """The formula of each node, and of each line: of one with axes an array of them."""

    program: Program
    numbers: Numbers
    found: Mapping[int, Any]
    lines: Sequence[Any]

    def pairs(self, number: int) -> list[Pair]:
        """Give what a line is claimed to be equal to, and the line, element by element."""
        both = (np.asarray(line, dtype=object) for line in self.lines[number : number + 2])
        one, other = np.broadcast_arrays(*both)
        return list(zip(one.flat, other.flat, strict=True))

    def asked(self, number: int) -> tuple[list[Pair], list[Any]]:
        """Give what is asked of a line: which formulas are to be equal, and where."""
        return self.pairs(number), self.domain(number)

    def domain(self, number: int) -> list[Any]:
        """Give what must be real numbers, wherever a line is compared: roots, which may have gone since."""
        outputs = self.numbers.outputs
        places = self.program.tape.above([outputs[0], *outputs[number : number + 2]])
        return conditions(self.program.tape, places, self.found)


@functools.lru_cache(maxsize=1)
def _formulas(words: str) -> _Formulas:
    numbers = Task(*json.loads(words)).numbers()
    program, outputs, wrt = numbers.program, numbers.outputs, numbers.wrt
    tape = program.tape
    places = tape.above(outputs if wrt is None else [*outputs, wrt])
    given = {
        place: symbols(name, numbers.shapes.get(name, ()))
        for name, place in program.names.items()
        if tape.is_input(place) or place == wrt
    }
    found = values(tape, places, {**constants(tape, places), **given})
    first = found[outputs[0]] if wrt is None else backward(tape, found, outputs[0], wrt)
    return _Formulas(program, numbers, found, [first, *(found[place] for place in outputs[1:])])


def written(words: str) -> dict[str, Any]:
    """Write the formulas of a solution.

    Returns
    -------
    dict
        ``lines``, of each single number its formula, of arrays ``None``; their ``shapes``; and where the
        gradient's formula has other numbers than the rules: there, in ``doubt``.
    """
    solution = _formulas(words)
    return {
        "lines": [None if np.shape(line) else pack(np.asarray(line, object)[()]) for line in solution.lines],
        "shapes": [np.shape(line) for line in solution.lines],
        "doubt": _doubt(solution),
    }


def _doubt(solution: _Formulas) -> str:
    """Say where the formula of the gradient has other numbers than the gradient rules give."""
    numbers = solution.numbers
    if numbers.wrt is None or not solution.program.tape.is_input(numbers.wrt):
        return ""
    names = {name: place for name, place in solution.program.names.items() if place in solution.found}
    compared = 0
    for point in numbers.points():
        known = {
            symbol: float(value)
            for name in point
            if name in names
            for symbol, value in zip(
                np.ravel(np.asarray(solution.found[names[name]], object)), np.ravel(point[name]), strict=True
            )
        }
        ours = np.ravel(numbers.at(point)[0]).astype(float)
        formulas = np.ravel(np.asarray(solution.lines[0], object))
        theirs = np.array([_number(formula, known) for formula in formulas])
        if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
            continue
        compared += 1
        if np.any(abs(ours - theirs) > _CLOSE * (1 + abs(ours) + abs(theirs))):
            return "the formula of the gradient has not the numbers that the gradient rules give"
        if compared == _POINTS:
            break
    return ""


def _number(formula: Any, at: Mapping[Any, float]) -> float:
    value = formula.subs(at).evalf(15)
    return float(value) if value.is_Number and value.is_real else np.nan


def _mistakes(words: str, number: int, apart: tuple[float, float] | None) -> list[tuple[str, str]]:
    solution = _formulas(words)
    right, claimed = solution.lines[number : number + 2]
    first, wrt = solution.numbers.outputs[0], solution.numbers.wrt
    return mistakes(Claim(solution.program, solution.found, first, wrt, right, claimed, apart))


#: What may be asked of a solution, each with its words.
QUESTIONS: dict[str, Callable[..., Any]] = {
    "written": written,
    "compare line": lambda words, number: compare(*_formulas(words).asked(number)),
    "prove line": lambda words, number: prove_zero(*_formulas(words).asked(number)),
    "mistakes": _mistakes,
}
