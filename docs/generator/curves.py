"""What is drawn of an op: its value and its derivative along one number, the others held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.ops import Op
from backproof.ops.domain import Domain

__all__ = ["Curve", "View", "curves", "view_of"]

Numbers = NDArray[np.float64]

#: Points of a curve, besides those at its kinks.
_POINTS = 97
#: How near to a kink a curve is drawn, and the jump of value or slope there that parts it.
_NEAR, _JUMP = 1e-6, 1e-3

#: The stretch of each domain that is drawn.
_SPANS: dict[Domain, tuple[float, float]] = {
    "real": (-4, 4),
    "small": (-4, 4),
    "positive": (0.02, 4),
    "unit": (-0.995, 0.995),
    "probability": (0.004, 0.996),
    "log probability": (-4, -0.02),
}
#: What an argument is held at: some of its domain's values, each a curve.
_HELD: dict[Domain, tuple[float, ...]] = {
    "real": (0.0,),
    "small": (0.25,),
    "positive": (1.0,),
    "probability": (0.7,),
    "binary": (1.0, 0.7, 0.0),
    "sign": (1.0, -1.0),
}


@dataclass(frozen=True)
class View:
    """How to look at an op.

    Attributes
    ----------
    along
        The argument that is varied; the first that is not given otherwise.
    row
        Where the argument is a row, what follows the number that is varied.
    held
        For each curve, its name and what the other arguments are: numbers or rows, the same for every x,
        or an array that is given as it is.
    options
        What the op needs to be told.
    span
        From where to where; else by the domain.
    """

    held: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"": {}})
    row: tuple[float, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    span: tuple[float, float] | None = None


#: Where the domains do not say how to look at an op.
VIEWS: dict[str, View] = {
    "PReLU": View({"weight 0.25": {"weight": np.array([0.25])}}),
    "Threshold": View(options={"threshold": 1.0, "value": -1.0}),
    "Softmax": View(row=(0.0, 0.0)),
    "Softmin": View(row=(0.0, 0.0)),
    "LogSoftmax": View(row=(0.0, 0.0)),
    "tan": View(span=(-1.5, 1.5)),
    "CrossEntropyLoss": View(
        {"the class of x is the target": {"target": 0}, "another is": {"target": 1}}, row=(0.0, 0.0)
    ),
    "NLLLoss": View(
        {"the class of x is the target": {"target": 0}, "another is": {"target": 1}}, row=(-1.0, -1.0)
    ),
    "MultiMarginLoss": View(
        {"the class of x is the target": {"target": 0}, "another is": {"target": 1}}, row=(0.0, 0.0)
    ),
    "KLDivLoss": View({"target 0.7": {"target": 0.7}, "target 0.2": {"target": 0.2}}, span=(-4, 0)),
    "PoissonNLLLoss": View({"target 1": {"target": 1.0}, "target 4": {"target": 4.0}}),
    "GaussianNLLLoss": View(
        {"variance 1": {"target": 0.0, "var": 1.0}, "variance 0.25": {"target": 0.0, "var": 0.25}}
    ),
    "MarginRankingLoss": View(
        {"target 1": {"input2": 0.0, "target": 1.0}, "target −1": {"input2": 0.0, "target": -1.0}}
    ),
    "CosineEmbeddingLoss": View(
        {
            "target 1": {"input2": (1.0, 1.0), "target": 1.0},
            "target −1": {"input2": (1.0, 1.0), "target": -1.0},
        },
        row=(1.0,),
    ),
    "TripletMarginLoss": View({"": {"positive": (1.0, 0.0), "negative": (-1.0, 0.0)}}, row=(0.5,)),
}


@dataclass(frozen=True)
class Curve:
    """A value and its slope over x; not a number where the curve is parted."""

    label: str
    x: Numbers
    value: Numbers
    slope: Numbers


def view_of(op: Op) -> View | None:
    """Say how to look at an op; ``None`` if it is no function of one number beside others that are held.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> list(view_of(CATALOGUE["BCELoss"]).held)
    ['target 1', 'target 0.7', 'target 0']
    >>> view_of(CATALOGUE["Linear"]) is None
    True
    """
    if op.name in VIEWS:
        return VIEWS[op.name]
    first, *others = (argument for argument in op.arguments.values() if not argument.optional)
    if not op.elementwise or op.kind == "layer" or first.domain not in _SPANS:
        return None
    if op.kind == "elementary" and others:
        return None
    if any(argument.domain not in _HELD for argument in others):
        return None
    return View(_held(op))


def _held(op: Op) -> dict[str, dict[str, float]]:
    """Give the curves that the domains of the other arguments make."""
    held: dict[str, dict[str, float]] = {"": {}}
    for name, argument in list(op.arguments.items())[1:]:
        if not argument.optional:
            values = _HELD[argument.domain]
            held = {
                ", ".join(filter(None, [label, f"{name} {value:g}".replace("-", "−")])): {
                    **given,
                    name: value,
                }
                for label, given in held.items()
                for value in values
            }
    return held


def curves(op: Op) -> list[Curve]:
    """Compute the curves of an op.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> [curve] = curves(CATALOGUE["ReLU"])
    >>> float(curve.value[-1]), float(curve.slope[0])
    (4.0, 0.0)
    """
    view = view_of(op)
    if view is None:
        return []
    return [_curve(op, view, label, held) for label, held in view.held.items()]


def _curve(op: Op, view: View, label: str, held: Mapping[str, Any]) -> Curve:
    along, argument = next(iter(op.arguments.items()))
    low, high = view.span or _SPANS[argument.domain]
    kinks = sorted(
        {
            float(op.place(kink, held, view.options))
            for kink in op.kinks.get(along, ())
            if not isinstance(kink, str) or kink.removeprefix("-") in {**op.options, **held}
        }
    )
    inside = [kink for kink in kinks if low < kink < high]
    sides = [place for kink in inside for place in (kink - _NEAR, kink + _NEAR)]
    x = np.sort(np.array([*np.linspace(low, high, _POINTS), *sides]))
    x = x[~np.isin(x, inside)]
    value, slope = _evaluate(op, view, held, x)
    return Curve(label, *_parted(x, value, slope, inside))


def _evaluate(op: Op, view: View, held: Mapping[str, Any], x: Numbers) -> tuple[Numbers, Numbers]:
    """Give the values and slopes at each x."""
    row = view.row is not None
    count = len(x)
    inputs = [
        np.column_stack([x, *(np.full(count, other) for other in view.row or ())]) if row else x,
        *(_repeated(held[name], count) for name in list(op.arguments)[1:] if name in held),
    ]
    options = {**({"reduction": "none"} if op.reduction else {}), **view.options}
    value = op.evaluate(np, inputs, **options).output
    upstream = np.ones_like(value)
    if value.ndim > 1:  # the first output of each row
        upstream[:, 1:] = 0
        value = value[:, 0]
    along = next(iter(op.arguments))
    slope = op.gradients(np, upstream, inputs, wrt=[along], **options)[along]
    return value, slope[:, 0] if row else slope


def _repeated(value: Any, count: int) -> Any:
    return value if isinstance(value, np.ndarray) else np.array([value] * count)


def _parted(
    x: Numbers, value: Numbers, slope: Numbers, kinks: list[float]
) -> tuple[Numbers, Numbers, Numbers]:
    """Part the curves where they jump, and there only: with a point between the sides of the kink."""
    for kink in kinks:
        place = int(np.searchsorted(x, kink))
        x = np.insert(x, place, kink)
        value, slope = _between(value, place), _between(slope, place)
    return x, value, slope


def _between(curve: Numbers, place: int) -> Numbers:
    before, after = curve[place - 1], curve[place]
    return np.insert(curve, place, np.nan if abs(after - before) > _JUMP else after)
