"""What is wrong in a line that is refuted: the known ways to be wrong are tried, and held against it.

A name is given only where the line has, at all points that are tried, the values of the right gradient with
exactly that mistake in it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from backproof.graphs.deriving.elements import Slope, backward
from backproof.graphs.deriving.equality import same_at
from backproof.graphs.deriving.shown import Shown
from backproof.graphs.reading import Program
from backproof.graphs.symbols import NotSymbolic, local
from backproof.ops.op import Op

__all__ = ["GENERIC", "Claim", "mistakes"]

#: What is wrong with a gradient that no mistake explains.
GENERIC = {
    "gradient-value": "it is not the gradient, nor the gradient with one of the known mistakes",
    "gradient-shape": "it has not the shape of the gradient",
}
#: So many ways to be wrong are tried.
_MOST = 200
#: A formula in a sentence has no more signs.
_LONGEST = 60


@dataclass(frozen=True)
class Claim:
    """A line that is refuted.

    Attributes
    ----------
    program, found
        What was read, and the formula of each node.
    output, wrt
        Of what and for what the first line is the gradient; ``wrt`` is ``None`` where it is none.
    right, claimed
        The formulas of the line before and of the line.
    values
        Where they differ: the two values there.
    """

    program: Program
    found: Mapping[int, Any]
    output: int
    wrt: int | None
    right: Any
    claimed: Any
    values: tuple[float, float] | None


@dataclass(frozen=True)
class _Tried:
    diagnosis: str
    says: str
    formulas: Any


def mistakes(claim: Claim) -> list[tuple[str, str]]:
    """Give what the line does wrong, by diagnosis ("" for none) and in words: each way that fits."""
    is_gradient = claim.wrt is not None
    left_out = [] if claim.wrt is None else _fitting(claim, _left_out(claim, claim.wrt))
    found = [*left_out, *_fitting(claim, _ways(claim))]
    explained = {"gradient-scale", "inner-derivative-missing"} if left_out else {"gradient-scale"}
    if len(found) > 1:  # a factor that another mistake explains
        found = [one for one in found if one.diagnosis not in explained]
    said = [(one.diagnosis if is_gradient else "", one.says) for one in found]
    if not found and is_gradient:
        generic = "gradient-value" if np.shape(claim.claimed) == np.shape(claim.right) else "gradient-shape"
        said = [(generic, GENERIC[generic])]
    euler = claim.program.inputs.get("e")
    return [*said, ("", "e is a name here; Euler's number is exp(1)")] if euler in claim.found else said


def _fitting(claim: Claim, ways: Iterable[_Tried]) -> list[_Tried]:
    """Give those ways, of each diagnosis the first, that have the values of the line."""
    shape = np.shape(claim.claimed)
    claimed = list(np.asarray(claim.claimed, dtype=object).flat)
    found: dict[str, _Tried] = {}
    for one in itertools.islice(ways, _MOST):
        if one.diagnosis not in found and np.shape(one.formulas) == shape:
            [fits] = same_at(claimed, [list(np.asarray(one.formulas, dtype=object).flat)])
            found |= {one.diagnosis: one} if fits else {}
    return list(found.values())


def _left_out(claim: Claim, wrt: int) -> Iterator[_Tried]:
    """Give, where several paths lead to the output, the gradient without those along one edge."""
    tape, found = claim.program.tape, claim.found
    places = tape.between(wrt, claim.output)
    edges = [
        (place, argument, parent)
        for place in places[1:]
        for argument, parent in zip(_arguments(tape.ops[place]), tape.parents[place], strict=False)
        if parent in places
    ]
    if len(edges) < len(places):  # there is one path
        return
    for place, argument, parent in edges:
        try:
            without = backward(tape, found, claim.output, wrt, _replaced(place, argument, sympy.S.Zero))
        except NotSymbolic:
            continue
        inner = place if parent == wrt else parent
        through = f"{'straight into' if inner == claim.output else 'through'} {_written(found[inner])}"
        term = "" if np.shape(without) else f": {_written(sympy.expand(claim.right - without))} is not added"
        says = f"{tape.names[wrt]} leads to the output along several paths; that {through} is left out{term}"
        yield _Tried("gradient-value", says, without)


def _arguments(op: Op | None) -> Sequence[str]:
    """Give the arguments along which another local derivative can be put."""
    return list(op.arguments) if op is not None and op.elementwise and not op.outputs[1:] else ()


def _ways(claim: Claim) -> Iterator[_Tried]:
    if claim.wrt is not None:
        yield from _within(claim, claim.wrt)
        yield from _swapped(claim, claim.wrt)
        if np.ndim(claim.right) == 2:
            yield _Tried("transposed-gradient", "it is the transpose of the gradient", claim.right.T)
    yield _Tried("gradient-sign", "the sign is the opposite", -claim.right)
    factor = _factor(claim)
    if factor is not None:
        yield _Tried("gradient-scale", f"it is {factor} times what it should be", claim.right * factor)


def _factor(claim: Claim) -> Any:
    """Give the factor between the two where they differ, if there is one."""
    if claim.values is None or 0 in claim.values:
        return None
    right, claimed = claim.values
    ratio = sympy.Rational(str(claimed / right)).limit_denominator(1000)
    return None if ratio in (0, 1, -1) else ratio


def _swapped(claim: Claim, wrt: int) -> Iterator[_Tried]:
    tape = claim.program.tape
    for name, place in claim.program.inputs.items():
        if place != wrt and place in claim.found:
            says = f"it is the gradient for {name}, not for {tape.names[wrt]}"
            yield _Tried("gradients-swapped", says, backward(tape, claim.found, claim.output, place))


def _within(claim: Claim, wrt: int) -> Iterator[_Tried]:
    """Give the gradient with one slip in the chain rule: a factor lost, or the wrong quantity in one."""
    tape, found = claim.program.tape, claim.found
    places = tape.between(wrt, claim.output)[1:]
    name = tape.names[wrt]

    def gradient(place: int, slopes: Slope | None = None) -> Any:
        try:
            return backward(tape, found, claim.output, place, slopes)
        except NotSymbolic:
            return None

    for place in places:
        op = tape.ops[place]
        if op is None:
            continue
        if place != claim.output and np.shape(found[place]) == np.shape(found[wrt]) and _is_cut(claim, place):
            inner = f"{_written(found[place])} for {name}{_is(place, wrt, claim)}"
            says = f"the derivative of {inner}, is not multiplied in"
            yield _Tried("inner-derivative-missing", says, gradient(place))
        if not op.elementwise or op.outputs[1:]:
            continue
        of = _written(found[place])
        for argument, parent in zip(op.arguments, tape.parents[place], strict=False):
            if not (parent == wrt or parent in places):
                continue
            yield _Tried(
                "inner-derivative-missing",
                f"the derivative of {of} for {_written(found[parent])}{_slope(op, argument, place, claim)}, "
                "is not multiplied in",
                gradient(wrt, _replaced(place, argument, sympy.S.One)),
            )
            for diagnosis, swap in (("output-for-input", True), ("input-for-output", False)):
                there, here = ("the output", "the input") if swap else ("the input", "the output")
                yield _Tried(
                    diagnosis,
                    f"in the derivative of {op.name}, at {of}, stands {there} where {here} belongs",
                    gradient(wrt, _exchanged(place, argument, to_output=swap)),
                )


def _written(formula: Any) -> str:
    text = "an array" if np.shape(formula) else Shown.of(formula).text
    return text if len(text) <= _LONGEST else "an inner part"


def _is(place: int, wrt: int, claim: Claim) -> str:
    """Say what the inner derivative is, where that is a single number."""
    if np.shape(claim.found[place]):
        return ""
    return f", which is {_written(backward(claim.program.tape, claim.found, place, wrt))}"


def _slope(op: Op, argument: str, place: int, claim: Claim) -> str:
    tape, found = claim.program.tape, claim.found
    inputs = [found[parent] for parent in tape.parents[place]]
    if any(np.shape(given) for given in (*inputs, found[place])):
        return ""
    slope = local(op, argument, inputs, found[place], tape.options.get(place, {}))
    return f", which is {_written(slope)}"


def _is_cut(claim: Claim, place: int) -> bool:
    """Say whether each path to the output goes through a place: what is lost before it is a factor."""
    tape, wrt = claim.program.tape, claim.wrt
    reached = {wrt}
    for each in tape.between(wrt, claim.output)[1:] if wrt is not None else ():
        if each != place and reached & set(tape.parents[each]):
            reached.add(each)
    return claim.output not in reached


def _replaced(place: int, argument: str, by: Any) -> Slope:
    """Put another local derivative along one edge: 1 where a factor is lost, 0 where a path is."""
    return lambda at, name, known: by if (at, name) == (place, argument) else known(None)


def _exchanged(place: int, argument: str, *, to_output: bool) -> Slope:
    """Put, along one edge, the output in the place of the input, or the reverse."""

    def slope(at: int, name: str, known: Any) -> Any:
        if (at, name) != (place, argument):
            return known(None)
        return known("output" if to_output else "input")

    return slope
