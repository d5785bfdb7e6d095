"""Where a component is not finite, though what it computes is: held against its own limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Answer, Case
from backproof.checking.judge.examination import Examination

__all__ = ["examine_limits"]

_Arrays: TypeAlias = dict[str, NDArray[Any]]
#: How far beside an edge it is looked, in turn.
_BESIDE = (1e-3, 1e-5, 1e-7)
#: A value has a limit where each step changes it by less than this much of the change before it.
_SHRINKS = 0.5
#: A gradient is bounded where its largest element does not grow by more than this.
_GROWS = 1.1
#: How near limits along different directions are, for one that is the function's.
_ALIKE = 1e-3
#: Far from 0: what overflows in float32 there, and not in float64, is computed in a way that overflows.
_FAR = 100.0
#: What is larger is not held by a float32.
_LARGEST = 1e37
_KINDS = ("activation", "loss", "function")
_BETWEEN = ("probability", "binary")


@dataclass(frozen=True)
class _Edge:
    """Inputs at an edge, what is said of them, and on which side of it the function is (0: on each)."""

    says: str
    inputs: _Arrays
    name: str
    side: int = 0


def examine_limits(exam: Examination) -> None:
    """Look for inputs where it is inf or NaN, and right beside them, or in float64, it is not.

    Zeros, equal arguments, probabilities of 0 and 1: there a function has a value if it comes near to one
    from every side. Large inputs: there it has in float32 the value that it has in float64.
    """
    plain = exam.candidate.description.kind in _KINDS and exam.domain is None and not exam.draws
    if not plain or exam.dtype != "float64" or exam.has_errors():
        return
    if any(f.diagnosis in ("not-finite", "epsilon-bias") for f in exam.findings):
        return
    for edge in _edges(exam):
        if _say_undefined(exam, edge):
            break
    if exam.own and exam.op.arguments[exam.op.first].domain == "real":
        _say_overflow(exam)


def _edges(exam: Examination) -> Iterator[_Edge]:
    case, first = exam.trials[0].case, exam.op.first
    floating = {name: array for name, array in case.inputs.items() if array.dtype.kind == "f"}
    if exam.own and first in floating and exam.op.arguments[first].domain == "real":
        for name, other in floating.items():
            if name != first and other.shape == floating[first].shape:
                yield _Edge(f"{first} equals {name}", {**case.inputs, first: other.copy()}, first)
        yield _Edge(f"{first} is 0", {**case.inputs, first: np.zeros_like(floating[first])}, first)
    for name, array in floating.items():
        # What the reference's own edges are has been looked at.
        if exam.op.arguments[name].domain in _BETWEEN and array.ndim and (exam.own or name != first):
            for value, side in ((0.0, 1), (1.0, -1)):
                placed = array.copy()
                placed[..., 0] = value
                yield _Edge(f"{name} is {value:g}", {**case.inputs, name: placed}, name, side)


def _say_undefined(exam: Examination, edge: _Edge) -> bool:
    """Say what is inf or NaN at an edge though near it there is a value; say whether there is any."""
    case = replace(exam.trials[0].case, inputs=edge.inputs)
    at = _called(exam, case)
    if at is None or at.output is None:
        return False
    broken = [s for s, g in _gradients(at, edge.name).items() if not np.all(np.isfinite(g))]
    bad = ~np.isfinite(at.output)
    if not bad.any() and not broken:
        return False
    ways = [_approach(exam, case, edge, seed) for seed in (0, 1)]
    limits = [limit for way in ways if (limit := _limit(way)) is not None]
    if len(limits) < len(ways) or not np.allclose(limits[0], limits[1], _ALIKE, _ALIKE):
        return False
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        exam.add(
            "not-finite",
            f"The output is {at.output[place]:.6g} where {edge.says}; right beside it is "
            f"{limits[0][place]:.6g}.",
            "forward",
            argument=edge.name,
            expected=limits[0][place],
            got=at.output[place],
        )
        return True
    known = [s for s in broken if all(_is_bounded(way, s, edge.name) for way in ways)]
    for source in known:
        exam.add(
            "not-finite",
            f"The gradient for {edge.name} is inf or NaN where {edge.says}; right beside, it is finite. "
            "A root or a quotient has no derivative there: keep it away from 0, by a small term inside.",
            exam.part_of(source),
            argument=edge.name,
            source=source,
        )
    return bool(known)


def _called(exam: Examination, case: Case) -> Answer | None:
    exam.cases += 1
    answer = exam.call(case)
    return None if answer.raised is not None or answer.output is None else answer


def _gradients(answer: Answer, name: str) -> dict[str, NDArray[Any]]:
    return {s: g for s, found in answer.gradients.items() if (g := found.get(name)) is not None}


def _approach(exam: Examination, case: Case, edge: _Edge, seed: int) -> list[Answer]:
    """Give what it answers nearer and nearer to an edge, along one direction."""
    rng = np.random.default_rng([exam.seed, 29, seed])
    value = case.inputs[edge.name]
    direction = rng.uniform(0.5, 1.0, value.shape) * (edge.side or rng.choice([-1.0, 1.0], value.shape))
    near = [{**case.inputs, edge.name: value + step * direction} for step in _BESIDE]
    if edge.side:  # only what lies at the edge is moved away from it
        moved = value == (0.0 if edge.side > 0 else 1.0)
        near = [{**case.inputs, edge.name: value + step * direction * moved} for step in _BESIDE]
    found = (_called(exam, replace(case, inputs=inputs)) for inputs in near)
    return [answer for answer in found if answer is not None]


def _limit(way: list[Answer]) -> NDArray[Any] | None:
    """Give what outputs come near to; ``None`` where they do not."""
    known = [a.output for a in way if a.output is not None and np.all(np.isfinite(a.output))]
    if len(known) < len(_BESIDE):
        return None
    before, after = (np.abs(known[i + 1] - known[i]) for i in (0, 1))
    return known[-1] if np.all(after <= _SHRINKS * before + _ALIKE * _BESIDE[0]) else None


def _is_bounded(way: list[Answer], source: str, name: str) -> bool:
    found = [_gradients(answer, name) for answer in way]
    sizes = [float(np.max(np.abs(g[source]), initial=0.0)) for g in found if source in g]
    return len(sizes) == len(way) and bool(np.all(np.isfinite(sizes))) and sizes[-1] <= _GROWS * sizes[-2]


def _say_overflow(exam: Examination) -> None:
    case, first = exam.trials[0].case, exam.op.first
    value = case.inputs[first]
    far = replace(case, inputs={**case.inputs, first: np.copysign(_FAR, value)})
    wide, single = _called(exam, far), _called(exam, far.astype(np.float32))
    if wide is None or single is None:
        return
    parts: list[tuple[str, str, Any, Any]] = [("The output", "forward", wide.output, single.output)]
    of_single = _gradients(single, first)
    for source, right in _gradients(wide, first).items():
        parts.append((f"The gradient for {first}", exam.part_of(source), right, of_single.get(source)))
    for what, part, right, got in parts:
        if got is None or got.shape != right.shape:
            continue
        bad = np.isfinite(right) & (np.abs(right) < _LARGEST) & ~np.isfinite(got)
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            exam.add(
                "not-finite",
                f"{what} is {got[place]:.6g} in float32 for inputs of ±{_FAR:g}, where {right[place]:.6g} is "
                "right: something on the way overflows.",
                part,
                argument=first,
                expected=right[place],
                got=got[place],
            )
            return
