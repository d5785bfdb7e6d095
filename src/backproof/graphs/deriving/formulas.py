"""Gradients, Jacobians and Hessians as formulas of the inputs, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from backproof.graphs.deriving.elements import backward, constants, symbols, values
from backproof.graphs.deriving.hessians import require_inputs
from backproof.graphs.deriving.meant import shortened
from backproof.graphs.deriving.taped import taped
from backproof.graphs.symbols import real

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["Formulas"]


class Formulas:
    """The formulas of a graph, SymPy's, by the gradient rules: what `Graph` gives as numbers.

    Of what has axes it is an array of formulas; the elements of an input are symbols, ``x[0, 1]``.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> formulas = Formulas(graph("y = x**2*w; y[0] + y[1]", x=[1.0, 2.0], w=3.0))
    >>> formulas.grad()
    {'x': array([2*w*x[0], 2*w*x[1]], dtype=object), 'w': x[0]**2 + x[1]**2}
    >>> formulas.jacobian("x", to="y")
    array([[2*w*x[0], 0],
           [0, 2*w*x[1]]], dtype=object)
    >>> formulas.hessian("x", "w")["x", "w"]
    array([2*x[0], 2*x[1]], dtype=object)
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def value(self, to: str | int | None = None) -> Any:
        """Give the formula of the output, or of a step.

        Raises
        ------
        NotSymbolic
            If there is none.
        """
        end = self.graph.end(to)
        return _short(self._found(end)[end])

    def grad(self, *names: str, to: str | int | None = None) -> dict[str, Any]:
        """Give the gradients for some inputs or steps, or for all inputs; of an array those of its sum.

        Raises
        ------
        NotSymbolic
            If there is no formula.
        """
        end = self.graph.end(to)
        return {
            name: _short(self._backward(end, name).sum(axis=0)) for name in names or self.graph.input_places
        }

    def jacobian(self, name: str, to: str | int | None = None) -> Any:
        """Give the Jacobian of the output for an input or a step: its shape is both of theirs together.

        Raises
        ------
        NotSymbolic
            If there is no formula.
        """
        end = self.graph.end(to)
        rows = self._backward(end, name)
        return _short(rows.reshape(np.shape(self.graph.values[end]) + rows.shape[1:]))

    def hessian(self, *names: str, to: str | int | None = None) -> dict[tuple[str, str], Any]:
        """Give the second derivatives of the output for each pair of inputs.

        Each has the shapes of the output, of the one and of the other input, one after the other.

        Raises
        ------
        NotSymbolic
            If there is no formula.
        """
        chosen = require_inputs(self.graph, names)
        first = {x: np.asarray(self.jacobian(x, to), dtype=object) for x in chosen}
        known = {y: np.asarray(self._symbols(self.graph.place(y)), dtype=object) for y in chosen}
        return {
            (x, y): _short(
                _array([_slopes(each, list(known[y].flat)) for each in first[x].flat]).reshape(
                    first[x].shape + known[y].shape
                )
            )
            for x in chosen
            for y in chosen
        }

    def _symbols(self, place: int) -> Any:
        return symbols(self.graph.names[place], np.shape(self.graph.values[place]))

    def _found(self, end: int, start: int | None = None) -> dict[int, Any]:
        """Give the formula of each node, of the inputs and of the node that is derived for."""
        tape = self.graph.tape
        places = [place for place in tape.above([end]) if place <= end]
        given = [place for place in places if tape.is_input(place)] + ([] if start is None else [start])
        return values(
            tape, places, {**constants(tape, places), **{place: self._symbols(place) for place in given}}
        )

    def _backward(self, end: int, name: str) -> Any:
        """Give the gradient of each element of a node, one after the other."""
        start = self.graph.place(name)
        found, shape = self._found(end, start), np.shape(self.graph.values[end])
        rows = []
        for element in np.ndindex(shape):
            unit = np.full(shape, sympy.S.Zero)
            unit[element] = sympy.S.One
            rows.append(backward(self.graph.tape, found, end, start, upstream=unit[()]))
        return _array(rows)


def _array(rows: Sequence[Any]) -> Any:
    return np.stack([np.asarray(row, dtype=object) for row in rows])


def _short(formulas: Any) -> Any:
    """Give formulas with the digits of float64 in the numbers that are rounded."""
    return np.frompyfunc(shortened, 1, 1)(formulas)


def _slopes(formula: Any, names: Sequence[Any]) -> list[Any]:
    """Derive a formula for symbols, by the same rules."""
    if not formula.free_symbols.intersection(names):
        return [sympy.S.Zero] * len(names)
    tape, output = taped(formula, "slope")
    places = tape.above([output])
    inputs = {tape.names[place]: place for place in places if tape.is_input(place)}
    known = {place: real(name) for name, place in inputs.items()}
    found = values(tape, places, {**constants(tape, places), **known})
    return [
        backward(tape, found, output, inputs[name.name]) if name.name in inputs else sympy.S.Zero
        for name in names
    ]
