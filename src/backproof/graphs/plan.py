"""Plans: a tape made ready to be evaluated, forward and backward, as often as one likes.

Two of them, with the same two methods. `Steps` goes node by node. `Levels` is for large graphs of single
numbers: the nodes of one op at one depth are one call on all their numbers together.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof._typing import Namespace
from backproof.graphs.tape import Tape
from backproof.nn.thin import THIN
from backproof.ops.op import Op
from backproof.ops.rule import Rule, take

__all__ = ["Levels", "Plan", "Steps", "Values", "jacobian", "planned", "units"]

Values: TypeAlias = Sequence[Any] | NDArray[np.float64]
#: From so many nodes on, single numbers are computed by levels.
_MANY = 64
#: A level costs as much as so many nodes one by one.
_WIDE = 2
#: What is computed as float64, as the numbers of levels are.
_NUMBERS: frozenset[type] = frozenset({float, np.float64, int})


class Plan(Protocol):
    """A graph made ready.

    Values and gradients are sequences in the order of the nodes.
    """

    @property
    def again(self) -> bool:
        """Whether it can be evaluated for other values."""
        ...

    def fits(self, given: Mapping[int, Any]) -> bool:
        """Say whether it is made for values such as these."""
        ...

    def forward(self, given: Mapping[int, Any]) -> Values:
        """Compute all values, from those of the inputs and constants by their places."""
        ...

    def backward(self, values: Values, upstream: Mapping[int, Any]) -> Values:
        """Compute the gradient for each node, from upstream gradients by the places of the outputs."""
        ...


def planned(tape: Tape, given: Mapping[int, Any]) -> Plan:
    """Choose the plan: by levels where there are many nodes, all of single numbers, and few are deep.

    ``given`` are the values of the inputs and constants, by their places.
    """
    if not _single(given) or len(tape) < _MANY:
        return Steps(tape)
    depths = np.fromiter(tape.depths, np.intp, len(tape))
    wide = len(tape) >= _WIDE * depths.max() and all(op is None or _is_plain(op) for op in set(tape.ops))
    if not wide or not all(
        isinstance(each, Hashable) for one in tape.options.values() for each in one.values()
    ):
        return Steps(tape)
    return Levels(tape, depths)


def _single(given: Mapping[int, Any]) -> bool:
    return _NUMBERS.issuperset(map(type, given.values()))


def _is_plain(op: Op) -> bool:
    """Say whether an op is a function of numbers, all of which are always given."""
    optional = any(argument.optional for argument in op.arguments.values())
    return op.elementwise and op.reduction is None and not op.outputs[1:] and not optional


# --- Node by node --------------------------------------------------------------------------------


class _Use:
    """A use of an op: with these options, and gradients for these of its arguments."""

    __slots__ = ("forward", "names", "op", "options", "rules", "summed", "wanted", "xp")

    def __init__(
        self, xp: Namespace, op: Op, options: Mapping[str, object], moving: tuple[bool, ...]
    ) -> None:
        self.xp, self.op, self.options = xp, op, options
        self.names = list(op.arguments)
        self.summed = op.broadcasting.gradient
        self.wanted = [
            name for name, moves in zip(self.names, moving, strict=False) if moves and name in op.rules
        ]
        known = {**op.options, **options}
        #: Of an op with one output and no reduction: its rules, with the arguments that they serve.
        self.rules: list[tuple[Rule, list[int], tuple[int, ...] | None]] | None = None
        self.forward: Callable[..., Any] = self._evaluated
        if op.reduction is None and not op.outputs[1:]:
            self.forward = functools.partial(op.forward, xp, **known)
            self.rules = [
                (
                    functools.partial(rule, xp, **known),
                    [self.names.index(name) for name in served],
                    shares,
                )
                for rule, served, shares in op.calls(self.wanted)
            ]

    def _evaluated(self, *inputs: Any) -> Any:
        return self.op.evaluate(self.xp, inputs, **self.options).output

    def backward(self, upstream: Any, inputs: list[Any], output: Any) -> list[tuple[int, Any]]:
        """Give what it contributes to the gradient of each argument, by the numbers of these."""
        if self.rules is None:
            gradients = self.op.gradients(self.xp, upstream, inputs, wrt=self.wanted, **self.options)
            return [(self.names.index(name), gradient) for name, gradient in gradients.items()]
        if len(inputs) < len(self.names):
            inputs = [*inputs, *[None] * (len(self.names) - len(inputs))]
        found = []
        for rule, served, shares in self.rules:
            result = rule(upstream, *inputs, output)
            results = (result,) if shares is None else take(result, shares)
            for which, gradient in zip(served, results, strict=True):
                shape = getattr(inputs[which], "shape", ())
                fits = getattr(gradient, "shape", ()) == shape
                found.append((which, gradient if fits else self.summed(self.xp, gradient, shape)))
        return found


class _Step(NamedTuple):
    """A node of an op: its place, its parents' places, and how to compute it and its gradients."""

    place: int
    parents: tuple[int, ...]
    use: _Use


class Steps:
    """Evaluates node by node, on the arrays of a namespace: NumPy's by default."""

    again = True

    def __init__(self, tape: Tape, xp: Namespace = THIN) -> None:
        moving: list[bool] = tape.moving().tolist()
        self._count = len(tape)
        self._steps: list[_Step] = []
        uses: dict[object, _Use] = {}
        for place, (op, parents) in enumerate(zip(tape.ops, tape.parents, strict=True)):
            if op is not None:
                options = tape.options.get(place)
                moves = tuple([moving[parent] for parent in parents])
                key = (id(op), moves) if options is None else place
                if key not in uses:
                    uses[key] = _Use(xp, op, options or {}, moves)
                self._steps.append(_Step(place, parents, uses[key]))
        self._back = [step for step in reversed(self._steps) if step.use.wanted]

    def fits(self, given: Mapping[int, Any]) -> bool:
        """Say that any values will do."""
        return True

    def forward(self, given: Mapping[int, Any]) -> list[Any]:
        """Compute all values."""
        values: list[Any] = [None] * self._count
        for place, value in given.items():
            values[place] = value
        for place, parents, use in self._steps:
            values[place] = use.forward(*[values[parent] for parent in parents])
        return values

    def backward(self, values: Values, upstream: Mapping[int, Any]) -> list[Any]:
        """Compute the gradient for each node; ``None`` for one that none reaches."""
        gradients: list[Any] = [None] * self._count
        for place, gradient in upstream.items():
            gradients[place] = gradient
        for place, parents, use in self._back:
            here = gradients[place]
            if here is not None:
                inputs = [values[parent] for parent in parents]
                for which, gradient in use.backward(here, inputs, values[place]):
                    parent = parents[which]
                    before = gradients[parent]
                    gradients[parent] = gradient if before is None else before + gradient
        return gradients


# --- Level by level ------------------------------------------------------------------------------


class _Kind:
    """An op with its options: how it is computed, for any number of nodes together."""

    __slots__ = ("arity", "known", "op", "rules")

    def __init__(self, op: Op, options: Mapping[str, object], arity: int) -> None:
        self.op, self.known, self.arity = op, {**op.options, **options}, arity
        names = list(op.arguments)
        self.rules = [
            (rule, [names.index(name) for name in served], shares)
            for rule, served, shares in op.calls(op.rules)
        ]


class _Level(NamedTuple):
    """The nodes of one kind at one depth: where their numbers lie, and those of their parents."""

    kind: _Kind
    part: slice
    parents: NDArray[np.intp]


class Levels:
    """Evaluates the nodes of one op at one depth together, each with a single number.

    The numbers lie in one array in the order of the levels; ``order`` says where each node's is.
    """

    again = True

    def __init__(self, tape: Tape, depths: NDArray[np.intp]) -> None:
        count = len(tape)
        keys: list[Any] = tape.ops.copy()
        for place, options in tape.options.items():
            keys[place] = (keys[place], *sorted(options.items()))
        numbers: dict[Any, int] = defaultdict(itertools.count().__next__)
        kind_of = np.fromiter(map(numbers.__getitem__, keys), np.intp, count)
        level_of = depths * len(numbers) + kind_of
        # Few are of 16 bits at most, which NumPy sorts in linear time.
        sequence = np.argsort(level_of.astype(np.min_scalar_type(level_of.max())), kind="stable")
        #: Where the number of each node lies.
        self.order = np.empty(count, dtype=np.intp)
        self.order[sequence] = np.arange(count)
        places = np.empty(len(numbers), dtype=np.intp)
        places[kind_of] = np.arange(count)  # of each kind one place
        kinds = [self._kind(tape, place) for place in places.tolist()]
        pairs = np.fromiter(tape.parents.row, np.intp, 2 * count).reshape(-1, 2)
        parents = self.order[pairs.T].take(sequence, axis=1)  # of what has fewer, some that nobody looks at
        #: What `_reached` found, by the outputs.
        self._known: dict[tuple[int, ...], list[NDArray[np.bool_] | None]] = {}
        self._levels: list[_Level] = []
        ends: list[int] = (np.flatnonzero(np.diff(level_of[sequence])) + 1).tolist()
        for start, stop in itertools.pairwise([0, *ends, count]):
            kind = kinds[kind_of[sequence[start]]]
            if kind is not None:
                part = slice(start, stop)
                rows = parents[: kind.arity, part]
                if kind.arity > len(rows):
                    rows = self.order[np.transpose([tape.parents[place] for place in sequence[part]])]
                self._levels.append(_Level(kind, part, rows))

    @staticmethod
    def _kind(tape: Tape, place: int) -> _Kind | None:
        """Give the kind of a node; of inputs and constants ``None``."""
        op = tape.ops[place]
        return None if op is None else _Kind(op, tape.options.get(place, {}), len(tape.parents[place]))

    def fits(self, given: Mapping[int, Any]) -> bool:
        """Say whether all are single numbers."""
        return _single(given)

    def forward(self, given: Mapping[int, Any]) -> NDArray[np.float64]:
        """Compute all values."""
        numbers = np.empty(len(self.order))
        numbers[self.order[list(given)]] = list(given.values())
        for kind, part, parents in self._levels:
            numbers[part] = kind.op.forward(np, *numbers[parents], **kind.known)
        return numbers[self.order]

    def backward(self, values: Values, upstream: Mapping[int, Any]) -> NDArray[np.float64]:
        """Compute the gradient for each node."""
        numbers = np.empty(len(self.order))
        numbers[self.order] = values
        gradients = np.zeros(len(self.order))
        gradients[self.order[list(upstream)]] = list(upstream.values())
        for (kind, part, parents), reached in zip(
            reversed(self._levels), self._reached(tuple(upstream)), strict=True
        ):
            if reached is not None and not reached.any():
                continue
            roles = numbers[parents]
            here = gradients[part].copy()  # a rule may give it as it is; NumPy would copy all gradients
            for rule, served, shares in kind.rules:
                result = rule(np, here, *roles, numbers[part], **kind.known)
                for which, gradient in zip(served, take(result, shares), strict=True):
                    flows = gradient if reached is None else np.where(reached, gradient, 0)
                    np.add.at(gradients, parents[which], flows)  # nodes may share a parent
        return gradients[self.order]

    def _reached(self, outputs: tuple[int, ...]) -> list[NDArray[np.bool_] | None]:
        """Say of the nodes of each level, the last first, whether an output depends on them (``None``: all).

        Through the others nothing flows, however infinite their local gradients are.
        """
        if outputs not in self._known:
            reached = np.zeros(len(self.order), dtype=bool)
            reached[self.order[list(outputs)]] = True
            found: list[NDArray[np.bool_] | None] = []
            for kind, part, parents in reversed(self._levels):
                found.append(None if reached[part].all() else reached[part].copy())
                for which in {which for _, served, _ in kind.rules for which in served}:
                    reached[parents[which][reached[part]]] = True
            self._known[outputs] = found
        return self._known[outputs]


def units(value: Any) -> Iterator[Any]:
    """Give for each element of an array the one that is 1 there and 0 elsewhere.

    Examples
    --------
    >>> list(units(np.array([0.5, 0.25])))
    [array([1., 0.]), array([0., 1.])]
    """
    for place in np.ndindex(np.shape(value)):
        unit = np.zeros_like(value)
        unit[place] = 1
        yield unit[()]


def jacobian(plan: Plan, values: Values, output: int, place: int) -> Any:
    """Give the derivative of each element of an output for each element of a node."""
    rows = []
    for unit in units(values[output]):
        found = plan.backward(values, {output: unit})[place]
        rows.append(np.zeros_like(values[place]) if found is None else found)
    found = np.reshape(rows, np.shape(values[output]) + np.shape(values[place]))
    return found if found.ndim else float(found)
