"""Deriving: the chain rule along each path, local derivatives by the rules, and what comes of them."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from backproof.graphs.deriving.derivation import Derivation, Note, Step
from backproof.graphs.deriving.domains import conditions
from backproof.graphs.deriving.elements import constants, symbols, values
from backproof.graphs.deriving.meant import shortened
from backproof.graphs.deriving.shown import Shown, as_written, partial, product, same, total
from backproof.graphs.deriving.solver import SOLVER, require_seconds
from backproof.graphs.deriving.taped import taped
from backproof.graphs.deriving.verdict import Verdict
from backproof.graphs.drawing import writing
from backproof.graphs.edges import Edge
from backproof.graphs.names import letters
from backproof.graphs.paths import Path, paths_between
from backproof.graphs.symbols import NotSymbolic, forward, local, real
from backproof.ops.op import Op

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["derive"]

#: More paths than this are written out by nobody.
_MOST_PATHS = 24
_RULES = {
    "add": "sum rule",
    "subtract": "difference rule",
    "multiply": "product rule",
    "divide": "quotient rule",
    "power": "power rule",
    "negative": "derivative of a negative",
}
_COUNTED = ("first", "second", "third", "fourth")


def derive(graph: Graph, wrt: Sequence[str], to: str | None = None, seconds: float = 10.0) -> Derivation:
    """Derive the output of a graph, for one name after the other.

    Of f along the paths from y the chain rule says ∂f/∂y = Σ ∂f/∂e · ∂e/∂d ⋯ ∂a/∂y. Each factor is what the
    op's own gradient rule gives on symbols. A second name derives the result once more, by the same rules.

    Parameters
    ----------
    wrt
        The names to derive for: of two, the second derivative.
    to
        What is derived; by default the output.
    seconds
        How long SymPy may think about all steps.

    Raises
    ------
    NotSymbolic
        If an op between them has no formula for single numbers.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> print(derive(graph("a = w*x; f = tanh(a)", w=0.5, x=2.0), ["w"]))
    a = w*x
    f = tanh(a)
    ∂f/∂w
      = ∂f/∂a · ∂a/∂w
          chain rule: proven
      = (1 - f**2) · x
          local derivatives: proven
            ∂f/∂a = 1 - f**2  (derivative of tanh)
            ∂a/∂w = x  (product rule)
      = x*(1 - tanh(w*x)**2)
          substitution: proven
      = 0.839948683228
    """
    if not wrt:
        raise TypeError(
            'expected the name of an input or a step to derive for, as in derive("x"); for all inputs there '
            "is formulas.grad()"
        )
    require_seconds(seconds)
    SOLVER.ready()
    places = {name: graph.place(name) for name in wrt}  # which says what there is, where there is no such
    end = graph.outputs[-1] if to is None else graph.place(to)
    of, each = graph.names[end], seconds / len(wrt)
    found = _Derived(graph, places[wrt[0]], end, (of, wrt[:1]), each).derivation()
    for count in range(2, len(wrt) + 1):
        found = _further(graph, found, of, wrt[:count], each)
    return found


def _further(graph: Graph, before: Derivation, of: str, wrt: Sequence[str], seconds: float) -> Derivation:
    """Derive what was derived once more, for the last of the names."""
    from backproof.graphs.graph import Graph

    name, last = f"{of}_{''.join(wrt[:-1])}", wrt[-1]
    inputs = {str(symbol) for symbol in before.formula.free_symbols}
    if last not in inputs:
        step = _settled(partial(of, *wrt), f"{name} does not depend on {last}")
        return Derivation((*before.steps, step), sympy.S.Zero, 0.0)
    tape, output = taped(before.formula, name)
    taken = {*graph.names.values(), *(note.left.text for note in before.given)}
    for place, letter in zip((p for p, op in enumerate(tape.ops) if op), letters(taken), strict=False):
        tape.names.setdefault(place, letter)
    values = {key: graph.values[graph.place(key)] for key in (*graph.input_places, *wrt)}
    numbers = {
        str(symbol): number
        for key, value in values.items()
        for symbol, number in zip(np.ravel(symbols(key, np.shape(value))), np.ravel(value), strict=True)
    }
    following = Graph(tape, [output], {key: numbers[key] for key in inputs})
    after = _Derived(following, following.place(last), output, (of, wrt), seconds).derivation()
    return Derivation((*before.steps, *after.steps), after.formula, after.value)


def _settled(left: Shown, rule: str) -> Step:
    return Step(left, Shown.of(sympy.S.Zero), rule, sympy.S.Zero, Verdict("proven"))


_UNKNOWN = Verdict("undecided", why="SymPy found no derivative to compare it with in time")


class _Derived:
    """The derivation of one node for another."""

    def __init__(
        self, graph: Graph, start: int, end: int, left: tuple[str, Sequence[str]], seconds: float
    ) -> None:
        self.graph, self.tape, self.start, self.end = graph, graph.tape, start, end
        self.left, self.until = partial(left[0], *left[1]), time.monotonic() + seconds
        self.paths = self._paths()
        self.places = [place for place in self.tape.above([end]) if place <= end]
        self._require_numbers()
        shapes = {place: np.shape(graph.values[place]) for place in self.places}
        given = {p: symbols(graph.names[p], shapes[p]) for p in self.places if self.tape.is_input(p)}
        known = {**constants(self.tape, self.places), **given, start: real(graph.names[start])}
        #: Each node as a formula of the inputs, and of the start.
        self.full: dict[int, Any] = values(self.tape, self.places, known, self.until)
        #: What must be real numbers wherever the steps are compared.
        self.domain = conditions(self.tape, self.places, self.full)
        #: … and by its own name; constants are what they are.
        self.named = {
            place: known[place] if self.tape.is_constant(place) else real(graph.names[place])
            for place in self.places
        }

    def _paths(self) -> list[Path]:
        paths = list(itertools.islice(paths_between(self.graph, self.start, self.end), _MOST_PATHS + 1))
        if len(paths) > _MOST_PATHS:
            raise NotSymbolic(
                f"there are more than {_MOST_PATHS} paths from {self.graph.names[self.start]} to "
                f"{self.graph.names[self.end]}: derive for a step on the way, or a part, derive(name, to=…)"
            )
        return paths

    def _require_numbers(self) -> None:
        """Refuse arrays: their derivatives are shown as numbers."""
        for edge in (factor.edge for path in self.paths for factor in path.factors):
            for place in (edge.child, edge.parent):
                shape = np.shape(self.graph.values[place])
                if shape:
                    raise NotSymbolic(
                        "a derivation is written out for single numbers; "
                        f"{self.graph.names[place]} has shape={shape}: formulas.grad and "
                        "formulas.jacobian of the graph give formulas element by element"
                    )

    # --- the factors of the chain rule

    def _op(self, edge: Edge) -> tuple[Op, str, Mapping[str, object]]:
        op = self.tape.ops[edge.child]
        assert op is not None  # noqa: S101 - an edge ends in an op
        return op, list(op.arguments)[edge.position], self.tape.options.get(edge.child, {})

    def by_rule(self, edge: Edge, known: Mapping[int, Any]) -> Any:
        """Give what the op's gradient rule says, with these formulas for the nodes."""
        op, argument, options = self._op(edge)
        inputs = [known[parent] for parent in self.tape.parents[edge.child]]
        return local(op, argument, inputs, known[edge.child], options)

    def by_sympy(self, edge: Edge) -> Any:
        """Give what SymPy says of the op's formula, which is another source than the rule."""
        op, _, options = self._op(edge)
        parents = self.tape.parents[edge.child]
        dummies = [sympy.Dummy(real=True) for _ in parents]
        slope = sympy.diff(forward(op, dummies, options), dummies[edge.position])
        return slope.xreplace({d: self.full[p] for d, p in zip(dummies, parents, strict=True)})

    def total(self, factor: Any) -> Any:
        """Sum over the paths the product of a function of their edges."""
        if time.monotonic() > self.until:
            raise NotSymbolic("the derivation takes too long to write out: give it more seconds, or a part")
        return sympy.Add(*(sympy.Mul(*(factor(one.edge) for one in path.factors)) for path in self.paths))

    # --- the steps

    def derivation(self) -> Derivation:
        """Write the steps, and check each against the one before."""
        end = self.until
        start = self.full[self.start]
        steps: list[Step] = []
        if not self.paths:
            names = self.graph.names
            steps.append(_settled(self.left, f"{names[self.end]} does not depend on {names[self.start]}"))
            return Derivation(tuple(steps), sympy.S.Zero, 0.0)
        before = SOLVER.slope(self.full[self.end], start, (end - time.monotonic()) / 4)
        for right, rule, formula, checked, notes in self._written():
            one = checked if checked is not None else formula
            verdict = _UNKNOWN
            if before is not None:
                verdict = SOLVER.equal([(before, one)], (end - time.monotonic()) / 2, self.domain)
            steps.append(Step(self.left, right, rule, shortened(formula), verdict, notes))
            before = formula
        short = SOLVER.shorter(before, (end - time.monotonic()) / 2)
        if Shown.of(short).text != Shown.of(before).text:
            verdict = SOLVER.equal([(before, short)], end - time.monotonic(), self.domain)
            if verdict.holds:
                steps.append(Step(self.left, Shown.of(short), "simplification", shortened(short), verdict))
                before = short
        value = sum(float(path.product) for path in self.paths)
        steps[0] = dataclasses.replace(steps[0], given=self._given())
        return Derivation(tuple(steps), shortened(before), value)

    def _written(self) -> list[tuple[Shown, str, Any, Any, tuple[Note, ...]]]:
        """Give each step: what is shown, the rule, the formula, what is held against the step before."""
        found: list[tuple[Shown, str, Any, Any, tuple[Note, ...]]] = []
        factors = [[one.edge for one in path.factors] for path in self.paths]
        if any(edges[1:] for edges in factors):
            written = total([product([*map(self._partial, edges)]) for edges in factors if edges])
            found.append((written, "chain rule", self.total(self.by_sympy), None, ()))
        notes = tuple(self._note(edge) for edge in dict.fromkeys(itertools.chain.from_iterable(factors)))
        if not notes:
            return [(Shown.of(sympy.S.One), "derivative of a thing for itself", sympy.S.One, None, ())]
        inputs = self.total(lambda edge: self.by_rule(edge, self.full))
        written = total([product([*map(Shown.of, self._readable(edges))]) for edges in factors])
        rule = "local derivatives" if found else self._rule(factors[0][0])
        found.append((written, rule, inputs, None, notes if found else ()))
        named = self.total(lambda edge: self.by_rule(edge, self.named))
        right = Shown.of(inputs)
        if right.text != written.text.replace(" · ", "*"):
            rule = "substitution" if named != inputs else "put together"
            found.append((right, rule, inputs, self._substituted(named), ()))
        return found

    def _readable(self, edges: Sequence[Edge]) -> list[Any]:
        """Give the factors along a path, without those that are 1; one alone, if all are."""
        found = [self.by_rule(edge, self.named) for edge in edges]
        return [factor for factor in found if factor != 1] or [sympy.S.One]

    def _substituted(self, formula: Any) -> Any:
        """Put in for each name what it stands for, the last one first."""
        for place in reversed(self.places):
            op = self.tape.ops[place]
            if op is not None and place != self.start and not np.shape(self.full[place]):
                formula = formula.xreplace({self.named[place]: self._made(op, place)})
        return formula

    def _partial(self, edge: Edge) -> Shown:
        return partial(self.graph.names[edge.child], self.graph.names[edge.parent])

    def _note(self, edge: Edge) -> Note:
        rule, parents = self._rule(edge), self.tape.parents[edge.child]
        if parents.count(edge.parent) > 1:
            which = _COUNTED[parents[: edge.position].count(edge.parent)]
            rule = f"{rule}, for the {which} {self.graph.names[edge.parent]}"
        return Note(self._partial(edge), Shown.of(self.by_rule(edge, self.named)), rule)

    def _rule(self, edge: Edge) -> str:
        name = self._op(edge)[0].name
        return _RULES.get(name, f"derivative of {name}")

    def _given(self) -> tuple[Note, ...]:
        found = []
        for place in self.places:
            op = self.tape.ops[place]
            if op is not None and place != self.start and not np.shape(self.full[place]):
                found.append(Note(Shown.of(self.named[place]), self._defined(op, place)))
        return tuple(found)

    def _defined(self, op: Op, place: int) -> Shown:
        """Show what a node is, as it was written, and as a formula where that is another."""
        parents, options = self.tape.parents[place], self.tape.options.get(place, {})
        written = writing.formula(op, [self.graph.names[parent] for parent in parents], {}, options)
        made = self._made(op, place)
        if op.name in _RULES:
            return as_written(op.name, [self.named[parent] for parent in parents], written)
        return same(written, made, alone=op.kind == "elementary" and op.elementwise)

    def _made(self, op: Op, place: int) -> Any:
        """Give what a node is, by the names of those that it is computed from, or elements of arrays."""
        parents = self.tape.parents[place]
        if not op.elementwise or any(np.shape(self.full[parent]) for parent in parents):
            return self.full[place]
        return forward(op, [self.named[parent] for parent in parents], self.tape.options.get(place, {}))
