"""Running an optimizer over a course, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.execution import Failure, Origin, attempt
from backproof.checking.adapt.filling.arguments import Filled
from backproof.checking.adapt.filling.slots import Path, value_at
from backproof.checking.adapt.libraries import seed
from backproof.checking.adapt.optimizers.hyperparameters import (
    Setting,
    entry_for,
    resolve,
    resting,
    settings,
    taken_by,
)
from backproof.checking.adapt.words.names import normalise, split
from backproof.checking.candidate import Course, Trajectory
from backproof.checking.intervals import is_number

__all__ = ["Run", "first_method"]

_DEEPEST = 4
_BEFORE = ("pre_update_params", "pre_update", "before_update", "pre_step")
_AFTER = ("post_update_params", "post_update", "after_update", "post_step")
_ZERO_GRADS = ("zero_grad", "zero_grads", "zero_gradients", "clear_grad", "clear_grads", "reset_grad")


def first_method(owner: object, names: Sequence[str]) -> str | None:
    """Give the first of the names that an object has as a method."""
    return next((name for name in names if callable(getattr(owner, name, None))), None)


class Run(ABC):
    """One optimizer on its way along a course."""

    #: Whether parameters without a gradient are usual in the library.
    may_lack_gradients = False
    #: What each step is given: the role of each of its arguments.
    filled_step: Filled

    def __init__(
        self, make: Callable[..., object], filled: Filled, step: str, origin: Origin, course: Course
    ) -> None:
        self.make, self.filled, self.step_name, self.origin = make, filled, step, origin
        self.course = course
        self.values: dict[str, Any] = {**course.hyperparameters, "lr": course.rates[0]}
        self.path: list[tuple[NDArray[Any], ...]] = []
        self.taken: set[str] = set()
        self.own: dict[str, Any] = {}
        self.followed = True
        self.cleared: bool | None = None
        self.rebound: tuple[int, ...] = ()
        self.optimizer: Any = None

    # --- what differs between libraries ---

    @abstractmethod
    def roles(self) -> Mapping[str, Any]:
        """Give what the constructor gets for ``params``, ``grads`` and ``model``."""

    @abstractmethod
    def give_gradients(self, gradients: Sequence[NDArray[Any] | None]) -> None:
        """Put the gradients of a step where the optimizer looks for them."""

    @abstractmethod
    def step(self, count: int) -> None:
        """Make a step."""

    @abstractmethod
    def now(self) -> tuple[NDArray[Any], ...]:
        """Copy the parameters as they are now."""

    @abstractmethod
    def all_cleared(self) -> bool | None:
        """Say whether no gradient is left; ``None`` where the optimizer does not hold them."""

    @abstractmethod
    def originals(self) -> Sequence[object]:
        """Give the arrays or tensors that the optimizer was given."""

    # --- the course ---

    def trajectory(self) -> Trajectory:
        """Run the course; what is raised on the way ends it."""
        failure = None
        try:
            self._construct()
            self._walk()
            self._probe_zero_grad()
        except Failure as caught:
            failure = caught
        return Trajectory(
            parameters=tuple(self.path),
            taken=tuple(sorted(self.taken)),
            own=self.own,
            rate_followed=self.followed,
            cleared=self.cleared,
            rebound=self.rebound,
            raised=failure.raised if failure else None,
        )

    def _construct(self) -> None:
        seed()
        arguments = resolve(self.filled, self.values, self.roles())
        self.optimizer = attempt(self.origin, "construct", self.make, **arguments)
        self.taken = taken_by(self.filled, self.values)
        self._set_attributes()

    def _set_attributes(self) -> None:
        """Set the hyperparameters that the constructor does not take but the object keeps."""
        wanted = {name: value for name, value in self.values.items() if name not in self.taken}
        given = {normalise(name) for name in self.filled}
        halves: set[tuple[str, int]] = set()
        for setting in list(settings(self.optimizer)):
            entry = (
                None if normalise(setting.name) in given else entry_for(setting.name, wanted, setting.value)
            )
            if entry is None:
                self._rest(setting, given)
                continue
            name, index = entry["hyper"], entry.get("index")
            value = wanted[name]
            is_pair = index is None and isinstance(value, list | tuple)
            if isinstance(setting.value, tuple) != is_pair:
                continue
            self._note_own(setting.value, name, index)
            setting.put(tuple(value) if is_pair else value if index is None else value[index])
            if index is None:
                self.taken.add(name)
            else:
                halves.add((name, index))
        self.taken |= {name for name, _ in halves if {(name, 0), (name, 1)} <= halves}

    def _rest(self, setting: Setting, given: set[str]) -> None:
        """Switch off what the rule does not have, where it is an attribute and no argument."""
        at_rest = None if normalise(setting.name) in given else resting(setting.name, setting.value)
        if at_rest is not None:
            setting.put(at_rest)

    def _note_own(self, value: Any, name: str, index: int | None) -> None:
        """Note the value that a hyperparameter had before it was set."""
        if index is None:
            self.own.setdefault(name, list(value) if isinstance(value, tuple) else value)
        else:
            self.own.setdefault(name, [None, None])[index] = value

    def _walk(self) -> None:
        held = list(_holders(self.optimizer, self.originals()))
        self.followed = self.steps_with_rate() or bool(self._rates())
        for count, (rate, gradients) in enumerate(
            zip(self.course.rates, self.course.gradients, strict=True), start=1
        ):
            if count > 1 and rate != self.course.rates[count - 2]:
                self._set_rate(rate)
            self.give_gradients(gradients)
            self._hook(_BEFORE)
            self.step(count)
            self._hook(_AFTER)
            self.path.append(self.now())
        last = self.path[-1] if self.path else self.course.parameters
        still = {i for i, p in enumerate(self.course.parameters) if np.array_equal(last[i], p)}
        moved_on = {i for i, path in held if value_at(self.optimizer, path) is not self.originals()[i]}
        self.rebound = tuple(sorted(still & moved_on & self._with_gradients()))

    def _hook(self, names: Sequence[str]) -> None:
        """Call what is there to be called before or after the parameters are updated."""
        name = first_method(self.optimizer, names)
        if name is not None:
            attempt(self.origin, "step", getattr(self.optimizer, name))

    def _with_gradients(self) -> set[int]:
        """Give the parameters that have a gradient at some step."""
        gradients = self.course.gradients
        return {i for i in range(len(self.course.parameters)) if any(g[i] is not None for g in gradients)}

    def steps_with_rate(self) -> bool:
        """Say whether each step is given the learning rate."""
        return "lr" in self.filled_step.values()

    def _rates(self) -> list[Any]:
        """Give where the learning rate is kept: by name, and by its present value."""
        rate = self.values["lr"]
        kept = [s for s in settings(self.optimizer) if is_number(s.value) and s.value == rate]
        named = [s for s in kept if _names_rate(s.name)]
        return named or (kept if len(kept) == 1 else [])

    def _set_rate(self, rate: float) -> None:
        for setting in self._rates():
            setting.put(rate)
        self.values["lr"] = rate

    def _probe_zero_grad(self) -> None:
        name = first_method(self.optimizer, _ZERO_GRADS)
        if name is None or self.all_cleared() is None:
            return
        zero_grad = getattr(self.optimizer, name)
        ones: list[NDArray[Any] | None] = [np.ones_like(p) for p in self.course.parameters]
        self.give_gradients(ones)
        attempt(self.origin, "zero_grad", zero_grad)
        self.cleared = self.all_cleared()
        if self.may_lack_gradients:
            # Before the first backward no parameter has a gradient, and loops begin with zero_grad().
            self.give_gradients([None] * len(ones))
            attempt(self.origin, "zero_grad", zero_grad)


def _names_rate(name: str) -> bool:
    """Say whether an attribute is called like a learning rate, the present one included."""
    words = set(split(name)) - {"current", "present", "now", "base", "initial", "init", "used", "effective"}
    return entry_for("_".join(split(name)), {"lr": None}) is not None or words in (
        {"lr"},
        {"learning", "rate"},
    )


def _holders(optimizer: object, originals: Sequence[object]) -> Iterator[tuple[int, Path]]:
    """Find where an optimizer holds the very parameters it was given."""
    waiting: list[tuple[Path, Any]] = [((name,), v) for name, v in getattr(optimizer, "__dict__", {}).items()]
    while waiting:
        path, value = waiting.pop()
        index = next((i for i, original in enumerate(originals) if value is original), None)
        if index is not None:
            yield index, path
        elif len(path) < _DEEPEST and isinstance(value, dict):
            waiting += [((*path, key), part) for key, part in value.items() if isinstance(key, str | int)]
        elif len(path) < _DEEPEST and isinstance(value, list | tuple):
            waiting += [((*path, key), part) for key, part in enumerate(value)]
