"""A loss of its own data and parameters that gives its gradients as well: regressions, losses of words."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import signal
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.components.base import ComponentAdapter
from backproof.checking.adapt.components.manual import ByHand
from backproof.checking.adapt.components.returned import Reader
from backproof.checking.adapt.execution import Obstacle, Origin
from backproof.checking.adapt.filling.calls import Call
from backproof.checking.adapt.libraries import quiet, take
from backproof.checking.adapt.objectives.costs import FACTORS
from backproof.checking.adapt.objectives.layouts import SIZES, Layout, layouts, said_axes, samples
from backproof.checking.adapt.objectives.leaves import PARAMETERS, Keys, Taken, readings
from backproof.checking.adapt.objectives.places import Places, left_over, picked, placements
from backproof.checking.adapt.words.signatures import Parameter
from backproof.checking.candidate import Answer, Case, Convention, Description, Signature

__all__ = ["Fit", "Functions", "Objective", "fit", "fit_assumed"]

#: So long the ways to call one are tried, in seconds.
_PATIENCE = 1.0
_STEP = 1e-6
#: After so many calls that gave no number it is no loss.
_NUMBERLESS = 16
#: A gradient that differs so little from the derivative is right; one that goes so much its way is meant to.
_RIGHT, _PROVEN, _MEANT, _LIKELY = 1e-4, 0.9999, 0.6, 0.3


class _NoLoss(Exception):
    """What came back holds no number."""


@dataclass(frozen=True)
class Functions:
    """What gives the value, and what gives the gradients; one function may give both."""

    value: Callable[..., Any]
    gradients: Callable[..., Any]
    #: Of what containers of parameters consist, where their code does not tell.
    keys: Keys = field(default_factory=dict)
    #: How many axes parameters have, where that is known.
    axes: Mapping[str, int] = field(default_factory=dict)
    #: Of methods, says whether the next call is on a new instance.
    renew: Callable[..., None] | None = None

    def parted(self, taken: Taken, layout: Layout, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """Give the value, and what was returned of gradients; ``None`` for what is not there."""
        found = self.value(**_arguments(taken, layout, values))
        if self.gradients is not self.value:
            return _number(found), self.gradients(**_arguments(taken, layout, values))
        return _parted(found)

    def number(self, taken: Taken, layout: Layout, values: Mapping[str, Any]) -> Any:
        """Give the value alone."""
        found = self.value(**_arguments(taken, layout, values))
        return _number(found) if self.gradients is not self.value else _parted(found)[0]


def _arguments(taken: Taken, layout: Layout, values: Mapping[str, Any]) -> dict[str, Any]:
    return taken.assemble({name: form.hand_over(values[name]) for name, form in layout.items()})


def _parted(found: Any) -> tuple[Any, Any]:
    """Part what one function returned: a number, the gradients before it or behind it."""
    if not isinstance(found, tuple) or len(found) < 2:
        return None, None
    first, last = _number(found[0]), _number(found[-1])
    if first is None and last is not None and isinstance(found[0], Mapping):
        found, first = found[::-1], last
    return first, found[1] if len(found) == 2 else found[1:]


def _number(value: Any) -> Any:
    """Give a value that is one number, without the axes that a product of matrices left; else ``None``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if getattr(value, "size", 0) != 1 or not hasattr(value, "reshape"):
        return None
    return value.reshape(()) if value.ndim else value


@dataclass(frozen=True)
class Fit:
    """A way to call the functions with which they give a number, and gradients for some leaves."""

    taken: Taken
    layout: Layout
    places: Places
    #: How many gradients have not their leaf's shape, and how near each is to the derivative.
    misshapen: int
    likeness: tuple[float, ...]
    #: How many arrays of a leaf's shape are no gradient of this reading.
    left: int = 0
    #: How many times the derivative the gradient is that lies nearest to its line.
    factor: float = 1.0

    @property
    def is_right(self) -> bool:
        """Whether every gradient is the derivative."""
        return not self.misshapen and not self.left and min(self.likeness) > 1

    @property
    def is_complete(self) -> bool:
        """Whether there is a gradient for each parameter; or for none, but for a weighted prediction."""
        learned = [leaf.name in self.places for leaf in self.taken.leaves if leaf.role in PARAMETERS]
        given = any(leaf.role == "unknown" and leaf.name in self.places for leaf in self.taken.leaves)
        return all(learned) or (given and not any(learned))

    @property
    def takes_data(self) -> bool:
        """Whether it is the loss of parameters on data, by the names of its arguments."""
        roles = {leaf.role for leaf in self.taken.leaves}
        return bool(roles & {"data", "target"}) and bool(roles & {*PARAMETERS})

    @property
    def is_likely(self) -> bool:
        """Whether what is called a gradient has something of one."""
        return max(self.likeness) >= _LIKELY

    @property
    def is_proven(self) -> bool:
        """Whether several are derivatives but for a factor, or one is right: that is not by chance."""
        return len(self.likeness) > 1 and (min(self.likeness) >= _PROVEN or max(self.likeness) > 1)

    @property
    def is_near(self) -> bool:
        """Whether a gradient is the derivative but for a factor."""
        return max(self.likeness) >= _PROVEN

    @property
    def is_meant(self) -> bool:
        """Whether the numbers show that what is returned is meant for gradients."""
        return max(self.likeness) >= _MEANT


def fit(functions: Functions) -> Fit | None:
    """Find the way to call a loss with its gradients: one in which they are right, else the nearest to it."""
    best: Fit | None = None
    with quiet(), _limited():
        for taken in readings(functions.value, functions.keys):
            said = said_axes(f"{functions.value.__doc__}\n{functions.gradients.__doc__}", taken.leaves)
            for found in _fits(functions, taken, {**said, **functions.axes}):
                if best is None or _rank(found) < _rank(best):
                    best = found
                if best.is_right:
                    return best
    return best


def _rank(found: Fit) -> tuple[float, ...]:
    return found.misshapen, found.left, -round(sum(found.likeness), 2)


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Stop what takes too long, where the system can."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: types.FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2 * _PATIENCE)
    try:
        with contextlib.suppress(TimeoutError):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fits(functions: Functions, taken: Taken, said: Mapping[str, int]) -> Iterator[Fit]:
    until = time.monotonic() + _PATIENCE
    every, wanted = itertools.tee(layouts(taken.leaves))
    agreeing = [way for way in wanted if all(len(way[n].axes.split()) == count for n, count in said.items())]
    patience = _NUMBERLESS
    for layout in agreeing or every:
        if time.monotonic() > until or not patience:
            return
        try:
            found = _try(functions, taken, layout)
        except TimeoutError:
            return
        except _NoLoss:
            patience -= 1
            continue
        except Exception:  # noqa: S112  # this is not how the user's function is called
            continue
        if found is not None:
            yield found


def _try(functions: Functions, taken: Taken, layout: Layout) -> Fit | None:
    values = samples(layout)
    value, returned = functions.parted(taken, layout, {n: v.copy() for n, v in values.items()})
    if value is None:
        raise _NoLoss
    if not np.isfinite(value):
        return None
    right = functools.cache(lambda name: _derivative(functions, taken, layout, values, name))
    fits = []
    for places in placements(returned, taken.leaves, values):
        given = picked(returned, places)
        misshapen, likeness, factors = 0, [], {}
        for name in places:
            gradient, shape = take(given[name]), values[name].shape
            if gradient is not None and gradient.shape != shape and gradient.shape == shape[::-1]:
                gradient, misshapen = gradient.T, misshapen + 1
            if gradient is None or gradient.shape != shape:
                misshapen += 1
            else:
                likeness.append(_likeness(gradient, right(name)))
                factors[likeness[-1] * (gradient.size > 1)] = _factor(gradient, right(name))
        if likeness:
            left = left_over(returned, places, values)
            factor = factors[max(factors)]
            fits.append(Fit(taken, layout, places, misshapen, tuple(likeness), left, factor))
    return min(fits, key=_rank, default=None)


def _derivative(
    functions: Functions, taken: Taken, layout: Layout, values: Mapping[str, NDArray[Any]], name: str
) -> NDArray[Any]:
    found = np.zeros(values[name].shape)
    for index in np.ndindex(found.shape):
        sides = []
        for step in (_STEP, -_STEP):
            moved = {n: v.copy() for n, v in values.items()}
            moved[name][index] += step
            sides.append(float(functions.number(taken, layout, moved)))
        found[index] = (sides[0] - sides[1]) / (2 * _STEP)
    return found


def _likeness(gradient: NDArray[Any], right: NDArray[Any]) -> float:
    """Give 2 for the derivative itself, else how far a gradient lies on its line: the size of a cosine."""
    scale = float(np.linalg.norm(right))
    if float(np.linalg.norm(gradient - right)) <= _RIGHT * max(scale, _RIGHT):
        return 2.0
    sizes = scale * float(np.linalg.norm(gradient))
    return min(1.0, abs(float(np.sum(gradient * right))) / sizes) if sizes and gradient.size > 1 else 0.0


def _factor(gradient: NDArray[Any], right: NDArray[Any]) -> float:
    square = float(np.sum(right * right))
    return float(np.sum(gradient * right)) / square if square else 0.0


def fit_assumed(made: Callable[[float], Functions]) -> tuple[Functions, Fit] | None:
    """Fit a cost that is nowhere written, times the usual factor that the gradients show; else nothing.

    One gradient at least has then to be its derivative: that is what tells which cost was meant.
    """
    plain = made(1.0)
    found = fit(plain)
    if found is None or max(found.likeness) < _PROVEN:
        return None
    counts = {SIZES[axis] for form in found.layout.values() for axis in form.drawn.split() if axis in "NC"}
    usual = [number / count for number in FACTORS for count in (1, *counts, math.prod(counts))]
    factor = min(usual, key=lambda one: abs(one - found.factor))
    if abs(factor - found.factor) > _RIGHT * factor:
        return None
    scaled = made(factor)
    again = _try(scaled, found.taken, found.layout)
    return (scaled, again) if again is not None and max(again.likeness) > 1 else None


# --- The adapter ---------------------------------------------------------------------------------


class Objective(ComponentAdapter):
    """A loss with its gradients, called in the way that was found."""

    constructed = False

    def __init__(
        self, description: Description, functions: Functions, found: Fit, origin: Origin, assumed: str = ""
    ) -> None:
        super().__init__(description)
        self.functions, self.found, self.origin = functions, found, origin
        #: What the cost was taken to be, where none is written.
        self.assumed = assumed

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        layout = self.found.layout
        if signature.shapes and signature.shapes.keys() != layout.keys():
            raise Obstacle(f"it takes ({', '.join(layout)}), data and parameters, and gives their gradients")
        call = {name: name for name in layout}
        way = {
            "library": "numpy",
            "kind": signature.kind,
            "call": call,
            "backward": call,
            "upstream": False,
            "fused": True,
            "shapes": {name: list(form.shape) for name, form in layout.items()},
            "domains": {name: [form.domain, form.drawn.replace("1", "U")] for name, form in layout.items()},
        }
        noted = {"assumed": self.assumed} if self.assumed else {}
        return [{**way, **noted, **self._noted(way, signature)}]

    def _ways(self, signature: Signature) -> list[dict[str, Any]]:
        return self._conventions(signature)

    def _asked(self) -> tuple[Sequence[Parameter], Sequence[Parameter]]:
        return [Parameter(name) for name in self.found.layout], ()

    def _texts(self) -> Sequence[str | None]:
        return [self.functions.value.__doc__, self.functions.gradients.__doc__]

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: Objective, convention: Convention) -> None:
        asked = adapter._asked()[0]
        call = Call(asked, convention["call"])
        source = adapter.description.sources[0]
        self.by_hand = ByHand(convention, call, call, adapter.origin, source)
        self.by_hand.reader = _Read([], self.by_hand.library)
        functions, found = adapter.functions, adapter.found
        self.renew = functions.renew

        def named(values: Sequence[Any]) -> dict[str, Any]:
            return dict(zip(found.layout, values, strict=True))

        self.hands = (
            lambda *values: functions.number(found.taken, found.layout, named(values)),
            lambda *values: picked(
                functions.parted(found.taken, found.layout, named(values))[1], found.places
            ),
            None,
        )

    def run(self, case: Case, *, fresh: bool) -> Answer:
        if self.renew is not None:
            self.renew(fresh=fresh)
        return self.by_hand.run(case, self.hands)


class _Read(Reader):
    """Reads gradients that stand under the names of what they are the gradients of."""

    def read(self, returned: Any, *others: Any, **named: Any) -> dict[str, object]:
        return dict(returned)
