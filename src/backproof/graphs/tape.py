"""The tape: what a computation consists of, in columns, each node behind those that it is computed from.

A node is a place on the tape. So no graph is too deep to be walked, and a large one costs a few numbers a
node.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.graphs.functions import key, keyed
from backproof.ops.domain import CLASS, MASK
from backproof.ops.op import Op

__all__ = ["Parents", "Tape", "exact", "fitting"]

_NO_OPTIONS: Mapping[str, object] = {}


class Parents:
    """For each place those that the op there is applied to, in the order of its arguments.

    They are kept as numbers in one row, two a node: a tuple for each would be most of the work and memory.

    Attributes
    ----------
    row
        Of each node the first two, and ``-1`` for each that it has less.
    more
        Of the nodes that have more: all.

    Examples
    --------
    >>> parents = Parents()
    >>> for given in ((), (0,), (0, 1), (2, 1, 0)):
    ...     parents.append(given)
    >>> parents.row, parents.more, list(parents)
    ([-1, -1, 0, -1, 0, 1, 2, 1], {3: (2, 1, 0)}, [(), (0,), (0, 1), (2, 1, 0)])
    """

    __slots__ = ("more", "row")

    def __init__(self) -> None:
        self.row: list[int] = []
        self.more: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.row) // 2

    def __getitem__(self, place: int) -> tuple[int, ...]:
        one, two = self.row[2 * place : 2 * place + 2]
        return self._parents(place, one, two)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return map(self._parents, itertools.count(), self.row[::2], self.row[1::2])

    def _parents(self, place: int, one: int, two: int) -> tuple[int, ...]:
        if place in self.more:
            return self.more[place]
        return (one, two) if two >= 0 else (one,) if one >= 0 else ()

    def append(self, parents: tuple[int, ...]) -> None:
        """Add those of the next place."""
        if len(parents) > 2:
            self.more[len(self)] = parents
        self.row += parents[:2]
        if len(parents) < 2:
            self.row += (-1, -1)[len(parents) :]


class Tape:
    """The nodes of a computation.

    Attributes
    ----------
    ops
        For each place the op that is applied there; ``None`` for an input or a constant.
    parents
        For each place those that the op is applied to: a tuple of places.
    depths
        For each place how many ops lie on the longest way to it.
    options
        For the places whose op has options: these.
    given
        The values of the constants, and those that inputs have to begin with, by their places.
    names
        The names of the inputs, and those that steps were given, by their places.
    shapes
        Of the inputs that a function was traced for the shape of: what it was, by their places.
    literals
        Of the constants that stand in a text how they are written there, arrays as nothing, by their places.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> tape = Tape()
    >>> x = tape.variable("x")
    >>> y = tape.apply(CATALOGUE["multiply"], (x, tape.constant(2.0)))
    >>> tape.parents[y], tape.depths[y], tape.is_input(x)
    ((0, 1), 1, True)
    """

    __slots__ = ("depths", "given", "literals", "names", "ops", "options", "parents", "shapes")

    def __init__(self) -> None:
        self.ops: list[Op | None] = []
        self.parents = Parents()
        self.depths: list[int] = []
        self.options: dict[int, Mapping[str, object]] = {}
        self.given: dict[int, Any] = {}
        self.names: dict[int, str] = {}
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.literals: dict[int, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in self.__slots__}
        return kept | {"ops": [None if op is None else key(op) for op in self.ops]}

    def __setstate__(self, kept: Mapping[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, kept[name])
        self.ops = [None if name is None else keyed(name) for name in kept["ops"]]

    def __len__(self) -> int:
        return len(self.ops)

    def variable(self, name: str, given: Any = None) -> int:
        """Add an input, with a value if it has one already, and give its place."""
        place = self._leaf()
        self.names[place] = name
        if given is not None:
            self.given[place] = given
        return place

    def constant(self, value: Any) -> int:
        """Add a number or an array that stays as it is, and give its place."""
        place = self._leaf()
        self.given[place] = value
        return place

    def apply(self, op: Op, parents: tuple[int, ...], options: Mapping[str, object] = _NO_OPTIONS) -> int:
        """Add an op that is applied to the nodes at some places, and give its own."""
        place, depths, deepest = len(self.ops), self.depths, -1
        for parent in parents:
            if depths[parent] > deepest:  # noqa: PLR1730 - max takes three times as long
                deepest = depths[parent]
        self.ops.append(op)
        self.parents.append(parents)
        depths.append(deepest + 1)
        if options:
            self.options[place] = options
        return place

    def arranged(self, op: Op, given: Mapping[str, int]) -> tuple[int, ...]:
        """Bring places, by the names of the arguments, into their order; ``None`` is what is left out.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> tape = Tape()
        >>> x, target, factor = (tape.variable(name) for name in "xtf")
        >>> loss = CATALOGUE["BCEWithLogitsLoss"]
        >>> tape.arranged(loss, {"input": x, "target": target, "pos_weight": factor}), tape.given
        ((0, 1, 3, 2), {3: None})
        """
        names = list(op.arguments)
        last = max(names.index(name) for name in given)
        return tuple(given[name] if name in given else self.constant(None) for name in names[: last + 1])

    def _leaf(self) -> int:
        place = len(self.ops)
        self.ops.append(None)
        self.parents.row += (-1, -1)
        self.depths.append(0)
        return place

    def is_input(self, place: int) -> bool:
        """Say whether a value is given from outside: it has a name and no op."""
        return self.ops[place] is None and place in self.names

    def is_constant(self, place: int) -> bool:
        """Say whether it is a number, or an array of numbers, that stands in the computation."""
        return self.ops[place] is None and place not in self.names

    def exact(self) -> dict[int, bool]:
        """Give the places of what ops take as indices or as true and false, and which are indices alone."""
        found: dict[int, bool] = {}
        places = {op: exact(op) for op in set(self.ops) if op is not None and exact(op)}
        if not places:
            return found
        for op, parents in zip(self.ops, self.parents, strict=True):
            for position, index in places[op].items() if op in places else ():
                if position < len(parents):
                    found[parents[position]] = index or found.get(parents[position], False)
        return found

    def settle(self) -> None:
        """Bring the constants, once all ops are there, into the types that these take.

        Raises
        ------
        ValueError
            If one is taken as indices, and is none.
        """
        known = self.exact()
        for place, value in self.given.items():
            self.given[place] = fitting(value, known.get(place))

    def above(self, outputs: Iterable[int]) -> list[int]:
        """Give the places of all that the outputs are computed from, and theirs, in order.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> tape = Tape()
        >>> x, y = tape.variable("x"), tape.variable("y")
        >>> tape.above([tape.apply(CATALOGUE["exp"], (x,))])
        [0, 2]
        """
        found = set(outputs)
        waiting = list(found)
        while waiting:
            for parent in self.parents[waiting.pop()]:
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return sorted(found)

    def between(self, start: int, end: int) -> list[int]:
        """Give the places on the ways from one to another, both among them, in order.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> tape = Tape()
        >>> x, y = tape.variable("x"), tape.variable("y")
        >>> tape.between(x, tape.apply(CATALOGUE["exp"], (x,)))
        [0, 2]
        """
        reaching = {start}
        for place in self.above([end]):
            if reaching.intersection(self.parents[place]):
                reaching.add(place)
        return sorted(reaching) if end in reaching else []

    def moving(self) -> NDArray[np.bool_]:
        """Say of each place whether it depends on an input."""
        moves = [place in self.names and op is None for place, op in enumerate(self.ops)]
        for place, parents in enumerate(self.parents):
            if parents:
                moves[place] = any(moves[parent] for parent in parents)
        return np.array(moves, dtype=bool)


def exact(op: Op) -> dict[int, bool]:
    """Say which of an op's arguments are indices, or true and false; and of each whether it is indices alone.

    The target of the cross-entropy may be probabilities too, for which it has a gradient rule.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> exact(CATALOGUE["where"]), exact(CATALOGUE["NLLLoss"]), exact(CATALOGUE["CrossEntropyLoss"])
    ({0: False}, {1: True}, {1: False})
    """
    return {
        place: argument.domain == CLASS and name not in op.rules
        for place, (name, argument) in enumerate(op.arguments.items())
        if argument.domain in (CLASS, MASK)
    }


def fitting(value: Any, index: bool | None) -> Any:
    """Give a value in the type that is taken: floating; or, where `Tape.exact` knows its place, as it is.

    ``index`` is what that says of the place, ``None`` where it says nothing. Indices are whole numbers.

    Raises
    ------
    ValueError
        If one that is taken as indices is none.

    Examples
    --------
    >>> fitting(np.array([0, 1]), None), fitting(np.array([0.0, 1.0]), True)
    (array([0., 1.]), array([0, 1]))
    """
    array = np.asarray(value)
    if index is None and array.dtype.kind in "iub":
        return array.astype(float)[()]
    if index and array.dtype.kind == "f":
        if not np.array_equal(array, np.round(array)):
            raise ValueError(f"indices are whole numbers; got {array}")
        return array.astype(np.int64)[()]
    return value
