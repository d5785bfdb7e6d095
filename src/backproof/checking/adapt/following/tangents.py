"""Following a forward along a direction: each step's part of the derivative, and what comes of a wrong one.

The user's own forward is run on arrays that carry a tangent, what they change by along the direction. Every
step says how the tangents of its operands go into its own (`Follower.step`); the last gives the derivative
of the forward along the direction. Run again with one step done in another way (a `Turn`), it gives what a
backward comes to that makes this mistake. Nothing need be known of the forward: a place in the code is what
a mistake is made at, however often a loop comes by.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

__all__ = ["Follower", "Node", "Part", "Turn", "Untraceable", "words"]

#: So many steps back a derivative that is lost may begin.
_LONGEST = 12
#: Two tangents nearer than this, as a share of the largest, are the same.
_SAME = 1e-9
#: Steps that take statistics of an array: of these a normalization is made.
_STATISTICS = frozenset({"mean", "var", "std", "var_mean", "std_mean"})
#: Powers: a square as a product of an array with itself, too.
_POWERS = frozenset({"power", "float_power", "square", "multiply", "pow", "mul"})
_REDUCTIONS = frozenset({"sum", "max", "amax", "min", "amin", "logsumexp"})
#: Steps that make a norm of an array's elements, and quotients.
_NORMS = frozenset({"sum", "norm", "linalg_norm", "linalg_vector_norm", "einsum"})
_QUOTIENTS = frozenset({"divide", "true_divide", "div", "truediv"})
#: Functions whose derivative people write by the output: that derivative, and the function.
_BY_OUTPUT: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "tanh": (lambda y: 1 - y * y, lambda x: 1 - 2 / (1 + math.e ** (2 * x))),
    "sigmoid": (lambda y: y * (1 - y), lambda x: 1 / (1 + math.e**-x)),
    "exp": (lambda y: y, lambda x: math.e**x),
}


def words(text: str) -> frozenset[str]:
    """Give the words of a text, for a set that is read more easily so."""
    return frozenset(text.split())


class Untraceable(Exception):
    """A step was met of which it is not known how tangents go through it."""


@dataclass(frozen=True)
class Turn:
    """One step done in another way: at a place in the code, from another place on or for one operand."""

    place: str
    form: str
    of: str | int = ""
    line: int | None = None
    name: str = ""


@dataclass(eq=False)
class Node:
    """What an array is as a step of the forward: its value, its tangent, and what all of it came through.

    ``chain`` holds the steps before it that everything has passed, the nearest first, each with whether
    it is a function of that step element by element.
    """

    value: Any
    tangent: Any
    place: str = ""
    chain: tuple[tuple[Node, bool], ...] = ()


class Part(NamedTuple):
    """An operand of a step, what its tangent adds to that of the step, and which operand it is."""

    node: Node
    tangent: Any
    position: int


class Follower:
    """One run of a forward; with a ``turn``, one step of it is done in another way.

    ``turns`` are those that could be made, met on a run without one.
    """

    def __init__(self, filename: str | None, turn: Turn | None = None) -> None:
        self.filename, self.turn = filename, turn
        self.turns: dict[Turn, None] = {}
        self.count = 0
        self.outermost = sys._getframe(1)

    def step(self, name: str, value: Any, parts: Sequence[Part], *, elementwise: bool) -> Node:
        """Note a step, and give its node."""
        self.count += 1
        chain = _common([part.node for part in parts], value, elementwise=elementwise)
        place, called, line = self._place(name)
        node = Node(value, _sum([part.tangent for part in parts]), place, chain)
        if self.turn is None:
            if name in _STATISTICS:
                self.turns[Turn("", "statistics")] = None
            for form, of in _forms(name, node, parts):
                self.turns[Turn(place, form, of, line, called)] = None
        elif self.turn.place == place or (not self.turn.place and name in _STATISTICS):
            _turned(self.turn, node, parts)
        return node

    def _place(self, name: str) -> tuple[str, str, int | None]:
        """Give the place in the code that is being run, with all calls on the way.

        For people it is the line of the forward, and the function that is called there.
        """
        frame: FrameType | None = sys._getframe(2)
        way, names, line = [name], [name], None
        while frame is not None and frame is not self.outermost:
            way.append(f"{frame.f_code.co_name}:{frame.f_lasti}")
            if frame.f_code.co_filename == self.filename:
                names.append(frame.f_code.co_name)
                line = frame.f_lineno
            frame = frame.f_back
        return "/".join(way), names[max(0, len(names) - 2)], line


def _sum(tangents: Sequence[Any]) -> Any:
    total = tangents[0]
    for tangent in tangents[1:]:
        total = total + tangent
    return total


def _common(operands: Sequence[Node], value: Any, *, elementwise: bool) -> tuple[tuple[Node, bool], ...]:
    """Give the steps that every operand came through."""
    ways = []
    for operand in operands:
        pure = elementwise and operand.value.shape == value.shape
        ways.append({operand: pure} | {before: so and pure for before, so in operand.chain})
    shared = [node for node in ways[0] if all(node in way for way in ways[1:])]
    return tuple((node, all(way[node] for way in ways)) for node in shared[:_LONGEST])


def _forms(name: str, node: Node, parts: Sequence[Part]) -> Iterator[tuple[str, str | int]]:
    """Give the ways in which a step's part of the derivative may be wrong."""
    yield from _of_operands(name, node, parts)
    if name in _STATISTICS:
        yield "statistics", ""
    elif name in _REDUCTIONS:
        yield "left out", parts[0].position
    for before, pure in node.chain:
        if before.value.shape != node.value.shape or not before.place:
            continue
        yield "one", before.place
        if pure and _is_negative(node.tangent, before.tangent):
            yield "minus one", before.place
        for function, (slope, _) in _BY_OUTPUT.items():
            if pure and _equal(node.tangent, slope(node.value) * before.tangent):
                yield f"{function} of input", before.place
                yield f"{function} of output", before.place
        if not pure and node.value.ndim and _is_softmax(node, before):
            yield "diagonal", before.place
            yield "no sum", before.place


def _of_operands(name: str, node: Node, parts: Sequence[Part]) -> Iterator[tuple[str, str | int]]:
    """Give those that concern single operands, and the exponent of a power."""
    if _exponent(name, node, parts) is not None:
        yield "power", ""
    for operand, tangent, position in parts if len(parts) > 1 else ():
        if position and name in _QUOTIENTS and _is_norm(operand):
            yield "norm", position
        yield "left out", position
        yield "sign", position
        if operand.value.shape == node.value.shape and not _equal(tangent, operand.tangent):
            yield "factor", position


def _turned(turn: Turn, node: Node, parts: Sequence[Part]) -> None:
    """Do a step as a turn says."""
    if isinstance(turn.of, int):
        node.tangent = _sum([_other(turn.form, p) if p.position == turn.of else p.tangent for p in parts])
        return
    if turn.form == "power":
        node.tangent = node.tangent / (_exponent("power", node, parts) or 1)
        return
    if turn.form == "statistics":
        node.tangent = node.tangent * 0.0
        return
    before = next((b for b, _ in node.chain if b.place == turn.of), None)
    if before is None:
        return
    if turn.form in ("one", "minus one"):
        node.tangent = before.tangent * (1.0 if turn.form == "one" else -1.0) + node.tangent * 0.0
    elif turn.form in ("diagonal", "no sum"):
        diagonal = 1 - node.value if turn.form == "diagonal" else 1
        node.tangent = node.value * diagonal * before.tangent
    else:
        function, _, of = turn.form.split()
        slope, again = _BY_OUTPUT[function]
        node.tangent = slope(before.value if of == "input" else again(node.value)) * before.tangent


def _exponent(name: str, node: Node, parts: Sequence[Part]) -> float | None:
    """Give the exponent of a power of one operand, which its derivative has as a factor."""
    if name not in _POWERS or any(part.node is not parts[0].node for part in parts):
        return None
    value, tangent = node.value * parts[0].node.tangent, node.tangent * parts[0].node.value
    place = abs(value).argmax() if value.size else None
    if place is None or not value.reshape(-1)[place]:
        return None
    return float(tangent.reshape(-1)[place] / value.reshape(-1)[place]) or None


def _other(form: str, part: Part) -> Any:
    """Give what an operand adds where its part is left out, has the wrong sign, or lacks its factor."""
    if form == "factor":
        return part.node.tangent
    return part.tangent * (-1.0 if form == "sign" else 0.0)


def _is_norm(node: Node) -> bool:
    """Say whether an array came through a sum over elements, all of it."""
    return any(one.place.partition("/")[0] in _NORMS for one in (node, *(before for before, _ in node.chain)))


def _is_negative(tangent: Any, before: Any) -> bool:
    """Say whether a tangent is another's times one negative number, which is not −1."""
    size = (before * before).sum()
    ratio = float((tangent * before).sum() / size) if size else 0.0
    return ratio < 0 and abs(ratio + 1) > _SAME and _equal(tangent, ratio * before)


def _equal(a: Any, b: Any) -> bool:
    return bool((abs(a - b)).max() <= _SAME * (abs(a).max() + abs(b).max())) if a.shape == b.shape else False


def _is_softmax(node: Node, before: Node) -> bool:
    """Say whether a step's derivative is a softmax's, over whatever axis."""
    y, direction = node.value, before.tangent
    for axis in range(y.ndim):
        total = (y * direction).sum(axis)
        total = total[(slice(None),) * axis + (None,)]
        if _equal(node.tangent, y * (direction - total)):
            return True
    return False
