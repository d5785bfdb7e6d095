"""Constants that are written with few digits: the output is right up to what is left out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.checking.mistakes.options import WORDS, with_options
from backproof.checking.mistakes.tracing import Recorder, plain
from backproof.checking.mistakes.variants import of_another_form
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["ROUNDED", "rounded_constants"]

#: Stands for the option that a constant is.
ROUNDED = "a constant"
#: A constant with no more digits than this is not one that people round.
_DIGITS = 4
#: What rounding may change: a constant, or an output, as a share of itself and of the largest.
_LARGEST = 1e-3
#: Below this it is nobody's concern.
_FELT = 1e-6
#: A constant that differs by less is the same.
_NONE = 1e-14
_STEP = 1e-4
_ROUNDS = 3

#: A constant's place: the number of the operation, and of the operand in it.
_Place = tuple[int, int]


def rounded_constants(
    op: Op, options: Mapping[str, object], seen: Sequence[Observation]
) -> Iterator[Planted]:
    """Plant other values of an op's own constants, fitted to the first case, in each form that it has."""
    if not seen or op.kind == "layer" or op.reduction is not None:
        return
    o = seen[0]
    for form, option, one in _forms(op, options):
        known = {**one.options, **options} if option is None else {**options, **one.options}
        places = _constants(one, o.case, known)
        shares = _fitted(one, o, known, tuple(places))
        changed = {place: share for place, share in shares.items() if abs(share) > _NONE}
        if not changed:
            continue
        off = float(np.max(np.abs(o.got - _evaluated(one, o.case, known, {}))) / np.max(np.abs(o.got)))
        stands = " and ".join(
            f"{places[place] * (1 + share):.12g} stands for {places[place]:.12g}"
            for place, share in changed.items()
        )
        yield Planted(
            "forward-value",
            one.replace(forward=_with(one, changed)),
            f"{form}has a constant with fewer digits: {stands}, which changes it by up to {off:.2g} of its "
            "largest",
            {"constants": stands, "relative": off},
            convention=Severity.NOTE if option or off <= _FELT else Severity.WARNING,
            option=option or ROUNDED,
            rules=False,
        )


def _forms(op: Op, options: Mapping[str, object]) -> Iterator[tuple[str, str | None, Op]]:
    """Give the op, with each other word that an option takes, and what else bears its name."""
    yield "", None, op
    for name in WORDS.keys() & op.options.keys():
        expected = options.get(name, op.options[name])
        for word in WORDS[name]:
            if word != expected:
                says = f"has {name}={word!r} where {name}={expected!r} is expected, and "
                yield says, name, with_options(op, {name: word})
    for words, other in of_another_form(op):
        yield f"is that of another definition of the name: {words}; it ", "definition", other


class _Constants(Recorder):
    """Changes constants by a share of themselves; notes those that are numbers of many digits."""

    def __init__(self, shares: Mapping[_Place, float]) -> None:
        super().__init__()
        self.shares = shares
        self.found: dict[_Place, float] = {}

    def do(self, name: str, operation: Any, operands: Sequence[Any], named: Any) -> Any:
        changed = []
        for index, operand in enumerate(operands):
            place = (self.count, index)
            if isinstance(operand, float) and float(f"{operand:.{_DIGITS}g}") != operand:
                self.found[place] = float(operand)
            share = self.shares.get(place, 0.0)
            changed.append(operand * (1 + share) if share else operand)
        return super().do(name, operation, changed, named)


def _run(op: Op, inputs: Sequence[Any], options: Mapping[str, object], recorder: Recorder) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return plain(op.forward(np, *(recorder.give(one) for one in inputs), **options))


def _constants(op: Op, case: Case, options: Mapping[str, object]) -> Mapping[_Place, float]:
    recorder = _Constants({})
    _run(op, op.roles(case.inputs), options, recorder)
    return recorder.found


def _evaluated(
    op: Op, case: Case, options: Mapping[str, object], shares: Mapping[_Place, float]
) -> NDArray[Any]:
    return _run(op, op.roles(case.inputs), options, _Constants(shares))


def _with(op: Op, shares: Mapping[_Place, float]) -> Any:
    def forward(xp: Any, *inputs: Any, **options: object) -> Any:
        return _run(op, inputs, {**op.options, **options}, _Constants(shares))

    return forward


def _fitted(
    op: Op, o: Observation, options: Mapping[str, object], places: tuple[_Place, ...]
) -> Mapping[_Place, float]:
    """Fit by how much constants differ, as shares of themselves: by least squares, for they are small."""
    shares = dict.fromkeys(places, 0.0)
    size = float(np.max(np.abs(o.got), initial=0.0))
    for _ in range(_ROUNDS if places and size else 0):
        here = _evaluated(op, o.case, options, shares)
        if here.shape != o.got.shape or not np.max(np.abs(here - o.got)) <= _LARGEST * size:
            return {}
        slopes = [
            (_evaluated(op, o.case, options, {**shares, place: shares[place] + _STEP}) - here).ravel() / _STEP
            for place in places
        ]
        moved = np.linalg.lstsq(np.stack(slopes, axis=1), (o.got - here).ravel(), rcond=1e-9)[0]
        shares = {place: shares[place] + float(by) for place, by in zip(places, moved, strict=True)}
    return shares if all(abs(share) <= _LARGEST for share in shares.values()) else {}
