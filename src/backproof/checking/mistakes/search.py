"""The search for the mistake that reproduces the candidate's numbers on every case."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import Yardstick, agrees, rounding_bound
from backproof.checking.candidate import Case
from backproof.checking.mistakes.forwards import FORWARD_MISTAKES
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import GENERIC, Mistake, Observation, Planted
from backproof.ops import Op

#: How many explanations of one finding are given at most.
_NAMED = 2
#: How many pairs of mistakes are tried at most.
_PAIRS = 400
#: The row that changes an operation of a rule.
CHANGES = "a change in a rule"
#: Two arrays further apart than this are not the same in any precision.
_LOOSE = 1e-2
#: What a mistake that has no meaning for these shapes raises (an axis that is not there, a product that
#: cannot be formed): it does not explain anything.
_MEANINGLESS = (ValueError, IndexError, TypeError, KeyError, AttributeError, ZeroDivisionError)

__all__ = ["CHANGES", "explain_forward", "explain_gradient", "gradient_of", "output_of"]


def output_of(op: Op, case: Case, options: Mapping[str, object]) -> NDArray[Any]:
    """Evaluate an op on a case."""
    with np.errstate(all="ignore"):
        return np.asarray(op.evaluate(np, op.roles(case.inputs), **options).output)


def gradient_of(op: Op, case: Case, argument: str, options: Mapping[str, object]) -> NDArray[Any]:
    """Evaluate an op's gradient for one argument on a case."""
    with np.errstate(all="ignore"):
        inputs = op.roles(case.inputs)
        return np.asarray(op.gradients(np, case.grad_output, inputs, wrt=(argument,), **options)[argument])


def output_bound(
    op: Op, case: Case, options: Mapping[str, object], yardstick: Yardstick, value: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Bound what rounding may change in an op's output, which is ``value`` where it is known."""
    names = list(case.inputs)

    def function(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return output_of(op, Case(dict(zip(names, arrays, strict=True))), options)

    return rounding_bound(function, list(case.inputs.values()), yardstick, value)


def gradient_bound(
    op: Op,
    case: Case,
    argument: str,
    options: Mapping[str, object],
    yardstick: Yardstick,
    value: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Bound what rounding may change in an op's gradient, which is ``value`` where it is known."""
    names = list(case.inputs)

    def function(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        *inputs, upstream = arrays
        return gradient_of(op, Case(dict(zip(names, inputs, strict=True)), upstream), argument, options)

    return rounding_bound(function, [*case.inputs.values(), case.upstream], yardstick, value)


def explain_forward(
    op: Op,
    options: Mapping[str, object],
    seen: Sequence[Observation],
    yardstick: Yardstick,
    rows: Container[str] | None = None,
) -> list[Planted]:
    """Find the mistakes (of some ``rows``) that turn the op's outputs into the candidate's, on every case."""
    ordinary = [o for o in seen if o.case.name == "ordinary"]

    def predict(planted: Op, o: Observation) -> NDArray[Any]:
        return output_of(planted, o.case, options)

    def bound(planted: Op, o: Observation, value: NDArray[Any]) -> NDArray[Any]:
        return output_bound(planted, o.case, options, yardstick, value)

    search = _Search(ordinary, predict, bound)
    mistakes = [m for m in FORWARD_MISTAKES if rows is None or m.name in rows]
    return search.explanations(mistakes, op, options, seen)


def explain_gradient(
    op: Op,
    options: Mapping[str, object],
    argument: str,
    seen: Sequence[Observation],
    yardstick: Yardstick,
    *,
    pairs: bool = False,
) -> list[Planted]:
    """Find the mistakes, or the ``pairs`` of them, that turn an op's gradient into the candidate's."""
    seen = [replace(o, argument=argument) for o in seen]
    if not any(np.any(o.got) for o in seen):
        return []  # zeros come out of too much to prove anything

    def predict(planted: Op, o: Observation) -> NDArray[Any]:
        return gradient_of(planted, o.case, argument, options)

    def bound(planted: Op, o: Observation, value: NDArray[Any]) -> NDArray[Any]:
        return gradient_bound(planted, o.case, argument, options, yardstick, value)

    search = _Search(seen, predict, bound)
    mistakes = [m for m in GRADIENT_MISTAKES if yardstick.exact or not m.needs_rules]
    if pairs:
        return search.pairs(mistakes, op, options, seen) if yardstick.exact else []
    return search.explanations(mistakes, op, options, seen)


@dataclass
class _Search:
    """Holds what mistakes predict against what was seen."""

    seen: Sequence[Observation]
    predict: Callable[[Op, Observation], NDArray[Any]]
    bound: Callable[[Op, Observation, NDArray[Any]], NDArray[Any]]

    def explanations(
        self, mistakes: Iterable[Mistake], op: Op, options: Mapping[str, object], seen: Sequence[Observation]
    ) -> list[Planted]:
        """Give the first form that fits of each diagnosis, and not more than a person will read.

        A general name is given only where no other is.
        """
        found: dict[str, Planted] = {}
        for planted in self._planted(mistakes, op, options, seen):
            name = planted.diagnosis
            if name in found or (found and name in GENERIC) or not self.fits(planted):
                continue
            if set(found) <= set(GENERIC):
                found.clear()
            found[name] = planted
            if len(found) == _NAMED:
                break
        return list(found.values())

    def fits(self, planted: Planted) -> bool:
        """Say whether a mistake reproduces what was seen, on every case."""
        changed = False
        if any(np.count_nonzero(np.isfinite(o.got)) < o.got.size / 2 for o in self.seen):
            return False  # NaN comes out of too much to prove anything
        try:
            predicted = []
            # A look at all first: a bound costs more.
            for o in self.seen:
                value = self.predict(planted.op, o)
                if not _near(o.got, value):
                    return False
                predicted.append(value)
            for o, value in zip(self.seen, predicted, strict=True):
                bound = self.bound(planted.op, o, value)
                if not agrees(o.got, value, bound):
                    return False
                # Held against rounding, not a tolerance: an epsilon changes the tenth digit.
                changed = changed or not agrees(o.expected, value, bound)
        except _MEANINGLESS:
            return False
        return changed

    def pairs(
        self, mistakes: Iterable[Mistake], op: Op, options: Mapping[str, object], seen: Sequence[Observation]
    ) -> list[Planted]:
        """Give the first two mistakes that reproduce what was seen together.

        The second is planted in the op that has the first; where it is a factor, it is read off.
        """
        listed = list(mistakes)
        single = [m for m in listed if m.name not in ("gradient-scale", CHANGES)]
        tried = 0
        for first in self._planted(listed, op, options, seen):
            beside = [replace(o, expected=value) for o, value in self._predicted(first)]
            if not beside:
                continue
            seconds = [m for m in listed if m.name == "gradient-scale"]
            if first.diagnosis not in (*GENERIC, "inner-derivative-missing"):
                seconds = [*seconds, *single]
            for second in self._planted(seconds, first.op, options, beside):
                tried += 1
                if second.diagnosis != first.diagnosis and self.fits(second):
                    return _together(first, second)
                if tried == _PAIRS:
                    return []
        return []

    def _planted(
        self, mistakes: Iterable[Mistake], op: Op, options: Mapping[str, object], seen: Sequence[Observation]
    ) -> Iterator[Planted]:
        for mistake in mistakes:
            try:
                yield from mistake.plant(op, options, seen)
            except _MEANINGLESS:
                continue

    def _predicted(self, planted: Planted) -> list[tuple[Observation, NDArray[Any]]]:
        """Give what a mistake predicts for each case; nothing where that has no meaning."""
        try:
            return [(o, self.predict(planted.op, o)) for o in self.seen]
        except _MEANINGLESS:
            return []


def _near(got: NDArray[Any], predicted: NDArray[Any]) -> bool:
    """Say whether two arrays are of one shape and so near that it pays to ask how near."""
    if got.shape != predicted.shape:
        return False
    with np.errstate(all="ignore"):
        size = np.max(np.abs(got), initial=0.0) + np.max(np.abs(predicted), initial=0.0)
        return not np.isfinite(size) or bool(np.all(np.abs(got - predicted) <= _LOOSE * size + _LOOSE))


def _together(first: Planted, second: Planted) -> list[Planted]:
    """Give two mistakes as one, the one whose name says more before the other."""
    parts = sorted((*first.mistakes, *second.mistakes), key=lambda part: part.diagnosis in GENERIC)
    besides: Planted | None = None
    for part in reversed(parts):
        besides = replace(part, op=second.op, besides=besides)
    return [besides] if besides else []
