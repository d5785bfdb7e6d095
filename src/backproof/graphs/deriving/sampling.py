"""A solution in numbers: its lines, and the gradient by the rules, computed at points in float64."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graphs.deriving.domains import inside
from backproof.graphs.deriving.verdict import Verdict
from backproof.graphs.plan import Steps
from backproof.graphs.reading import Program
from backproof.graphs.symbols import NotSymbolic
from backproof.graphs.tape import exact

__all__ = ["Numbers"]

#: Where points are drawn from, one range after the other: near 0, positive, and far.
_RANGES = ((-2.0, 2.0), (0.0, 3.0), (0.0, 1.0), (-40.0, 40.0))
_POINTS, _TRIES = 24, 96
#: Numbers of float64 that differ by no more than this share are taken as the same …
_SAME = 1e-9
#: … and those that differ by more than this, and by far more than rounding moves them, as different.
_DIFFERENT = 1e-6
_FAR = 1e4


@dataclass(frozen=True)
class Numbers:
    """The lines of a solution in numbers.

    Attributes
    ----------
    program, outputs
        What was read, and the place of each line.
    wrt
        Where the first line is a gradient: the place that it is for.
    shapes
        Of the names that stand for arrays.

    Examples
    --------
    >>> from backproof.graphs.reading import read
    >>> program = read("f = x*x; 2*x")
    >>> lines = Numbers(program, [program.names["f"], program.output], program.names["x"], {})
    >>> [float(line) for line in lines.at({"x": 3.0})]
    [6.0, 6.0]
    """

    program: Program
    outputs: Sequence[int]
    wrt: int | None
    shapes: Mapping[str, tuple[int, ...]]

    @functools.cached_property
    def _plan(self) -> Steps:
        return Steps(self.program.tape)

    def at(self, point: Mapping[str, Any]) -> list[Any]:
        """Give the numbers of the lines at a point; that of no real number is NaN."""
        tape, plan = self.program.tape, self._plan
        given = {self.program.names[name]: np.asarray(value)[()] for name, value in point.items()}
        dtype = next((value.dtype for value in given.values()), np.dtype(float))
        whole = tape.exact()
        known = {
            place: value if place in whole or value is None else np.asarray(value, dtype)[()]
            for place, value in tape.given.items()
        }
        with np.errstate(all="ignore"):
            values = plan.forward({**known, **given})
            lines = [values[place] for place in self.outputs]
            if self.wrt is not None:
                upstream = {self.outputs[0]: np.ones_like(values[self.outputs[0]])}
                slope = plan.backward(values, upstream)[self.wrt]
                lines[0] = np.zeros_like(values[self.wrt]) if slope is None else slope
            real = all(
                bool(np.isfinite(values[place]).all())
                for place in tape.above(self.outputs)
                if np.asarray(values[place]).dtype.kind == "f"
            ) and all(
                inside(op, [values[parent] for parent in tape.parents[place]])
                for place, op in enumerate(tape.ops)
                if op is not None
            )
        return lines if real else [np.full(np.shape(line), np.nan) for line in lines]

    def points(self) -> Iterator[dict[str, Any]]:
        """Draw points: numbers for the inputs, and arrays where they are such."""
        draw, inputs = np.random.default_rng(0), self.program.inputs
        for attempt in range(_TRIES):
            low, high = _RANGES[attempt % len(_RANGES)]
            yield {name: draw.uniform(low, high, self.shapes.get(name, ())) for name in inputs}

    def unfit(self) -> dict[int, str]:
        """Say of the lines that cannot be computed, such as the product of matrices that do not fit, why.

        Raises
        ------
        NotSymbolic
            If a name stands for indices, which are not drawn.
        """
        tape, point = self.program.tape, next(self.points())
        values = {**tape.given, **{self.program.names[name]: value for name, value in point.items()}}
        failed: dict[int, str] = {}
        for place, op in enumerate(tape.ops):
            parents = tape.parents[place]
            before = next((failed[parent] for parent in parents if parent in failed), None)
            if before is not None:
                failed[place] = before
            if op is None or before is not None:
                continue
            inputs = [values[parent] for parent in parents]
            try:
                with np.errstate(all="ignore"):
                    values[place] = op.evaluate(np, inputs, **tape.options.get(place, {})).output
            except (ValueError, TypeError, IndexError) as error:
                if any(not tape.is_constant(parents[index]) for index in exact(op) if parents[index:]):
                    raise NotSymbolic(f"{op.name} takes indices, not names of them: {error}") from None
                shapes = " and ".join(str(np.shape(given)) for given in inputs)
                failed[place] = f"{op.name} of shapes {shapes} cannot be computed"
        return {number: failed[place] for number, place in enumerate(self.outputs) if place in failed}

    def verdicts(self, seconds: float) -> list[Verdict | None]:
        """Say of each line what its numbers tell beside those of the line before; ``None`` if nothing."""
        end = time.monotonic() + seconds
        counts = [0] * (len(self.outputs) - 1)
        found: dict[int, Verdict] = {}
        for point in self.points():
            lines, wide = self.at(point), self.at(_wide(point))
            for number in range(len(counts)):
                apart = _apart(lines[number : number + 2], wide[number : number + 2])
                if apart is None:
                    continue
                counts[number] += 1
                if apart[0] is not None:
                    at = {n: float(v) for n, v in point.items() if not np.shape(v)}
                    verdict = Verdict("refuted", counts[number], at, apart[1:], element=apart[0])
                    found.setdefault(number, verdict)
            if time.monotonic() > end or min(counts, default=_POINTS) >= _POINTS:
                break
        holds = (Verdict("holds", count, why="computed in float64") if count else None for count in counts)
        return [found.get(number, verdict) for number, verdict in enumerate(holds)]


def _wide(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value, np.longdouble) for name, value in point.items()}


def _apart(pair: Sequence[Any], wide: Sequence[Any]) -> tuple[tuple[int, ...] | None, float, float] | None:
    """Say which element of two arrays differs, and its two numbers; ``None`` where rounding may hide it."""
    try:
        one, other = np.broadcast_arrays(*pair)
        wider = np.broadcast_arrays(*wide)
    except ValueError:  # shapes that do not go together are the formulas' to refute
        return None
    moved = abs(one - wider[0]) + abs(other - wider[1])
    distance, scale = abs(one - other), abs(one) + abs(other)
    differ = (distance > _DIFFERENT * scale) & (distance > _FAR * moved) & (distance > 1e-12)
    if differ.any():
        which = tuple(map(int, np.unravel_index(np.argmax(differ), differ.shape)))
        return which, float(one[which]), float(other[which])
    same = distance <= _SAME * scale + _FAR * moved
    return (None, 0.0, 0.0) if same.all() else None
