"""Bunches: parameters that lie in one array, one after the other, and are moved by one call."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.nn.parameter import Parameter
from backproof.optim.states import States
from backproof.training.engines.planning.number import Diverged, Number, Numbers
from backproof.training.engines.planning.program import program
from backproof.training.engines.planning.recorded import NotPlanned
from backproof.training.engines.planning.recorder import Recorder
from backproof.updates import State, UpdateRule, apply
from backproof.updates.blocks import BLOCK, InPlace
from backproof.updates.following import FollowingRule

__all__ = ["Bunch", "bunches"]

Array = NDArray[Any]
#: What cannot be changed in its place.
_PLAIN = frozenset({int, float, bool, str, tuple, type(None)})

#: NumPy's functions find their way to arrays that are noted by themselves.
_IN_PLACE = InPlace(np)


class Bunch:
    """Parameters of one dtype and one group of the optimizer, with their gradients and their state.

    While the bunch has them, their arrays are views of its own. An update rule goes element by element,
    so it moves all of them at once.

    Parameters
    ----------
    parameters
        The parameters.
    group
        Their group; ``None`` if the optimizer does not have them.
    rule
        The optimizer's update rule.
    """

    def __init__(
        self, parameters: list[Parameter], group: dict[str, Any] | None, rule: type[UpdateRule]
    ) -> None:
        self.parameters, self.group = parameters, group
        self._following = FollowingRule(rule)
        sizes = [parameter.data.size for parameter in parameters]
        dtype = parameters[0].data.dtype
        self._ends = [*itertools.accumulate(sizes)]
        self.data, self.grad = np.empty(sum(sizes), dtype), np.zeros(sum(sizes), dtype)
        self.views = self._parts(self.data)
        self.grads = self._parts(self.grad)
        self._originals: list[Array] = []
        #: What the rule remembers, of all of them; ``None`` before the first step.
        self.state: State | None = None
        self._forget()

    def _parts(self, flat: Array) -> list[Array]:
        shapes = [parameter.data.shape for parameter in self.parameters]
        starts = [0, *self._ends]
        parts = zip(starts, self._ends, shapes, strict=False)
        return [flat[start:end].reshape(shape) for start, end, shape in parts]

    def _forget(self) -> None:
        #: The group as it was in the last step, and the calls that make a step with it.
        self._group: Mapping[str, Any] | None = None
        self._calls: list[Callable[[], object]] | None = None
        #: What the calls read: the numbers of the state, which they count further, and the learning rate.
        self._numbers: dict[str, Number] = {}
        self._rate: Number | None = None
        self._refused = False

    @property
    def gradients(self) -> Iterator[tuple[Parameter, Array]]:
        """The parameters, each with the part of the memory that is for its gradient."""
        return zip(self.parameters, self.grads, strict=True)

    # Taking and giving back.

    def take(self, states: States) -> None:
        """Take the parameters over, and their state."""
        self._forget()
        first = states.get(self.parameters[0])
        state = None if first is None else dict(first)
        for name, value in (first or {}).items():
            if state is not None and isinstance(value, np.ndarray):
                state[name] = np.empty_like(self.data)
                for parameter, part in zip(self.parameters, self._parts(state[name]), strict=True):
                    part[...] = states[parameter][name]
        self.state, self._originals = state, [parameter.data for parameter in self.parameters]
        for parameter, view, grad in zip(self.parameters, self.views, self.grads, strict=True):
            view[...], grad[...] = parameter.data, 0 if parameter.grad is None else parameter.grad
            parameter.data, parameter.grad = view, grad

    def give_back(self, states: States) -> None:
        """Give the parameters their arrays back, with the numbers of now, and the optimizer its state."""
        self._stop_counting()
        state, self.state = self.state, None
        for place, (parameter, original) in enumerate(zip(self.parameters, self._originals, strict=True)):
            if parameter.data is self.views[place]:
                original[...] = parameter.data
                parameter.data = original
            if parameter.grad is self.grads[place]:
                parameter.grad = parameter.grad.copy()
        kept_of = [] if state is None else [states.setdefault(each, {}) for each in self.parameters]
        for name, value in (state or {}).items():
            is_array = isinstance(value, np.ndarray)
            parts = self._parts(value) if is_array else [value] * len(kept_of)
            for kept, part in zip(kept_of, parts, strict=True):
                if is_array and name in kept:
                    kept[name][...] = part
                else:
                    kept[name] = part.copy() if is_array else part

    # Moving.

    def move(self) -> None:
        """Make a step of the update rule."""
        group = self.group
        if group is None:
            return
        steady = self._is_as_before(group)
        if steady and self._calls is not None:
            try:
                for call in self._calls:
                    call()
            except Diverged:  # before anything was changed: the numbers come first
                pass
            else:
                return
        self._stop_counting()
        rule = self._following.at(group)
        if self.state is None:
            self.state = rule.start(np, self.data)
        if steady and not self._refused and self.data.size <= BLOCK:
            self._calls = self._noted(rule, self.state)
            if self._calls is not None:
                return
        self.state = apply(np, rule, self.data, self.grad, self.state)
        plain = all(type(value) in _PLAIN for name, value in group.items() if name != "params")
        self._group = dict(group) if plain else None

    def _is_as_before(self, group: dict[str, Any]) -> bool:
        """Say whether the group has the objects that it had: what is equal may be of another precision.

        Its learning rate may be another number, which is then taken over.
        """
        before = self._group
        if before is None or len(before) != len(group):
            return False
        if all(map(operator.is_, group.values(), before.values())):
            return True
        rate: Any = group.get("lr")
        if type(rate) not in (int, float) or any(
            group.get(name) is not value for name, value in before.items() if name != "lr"
        ):
            return False
        self._group = dict(group)
        if self._rate is not None:
            self._rate.value = rate
            try:
                for call in self._rate.numbers.rarely:
                    call()
            except Diverged:
                self._stop_counting()
        return True

    def _stop_counting(self) -> None:
        """Let go of the calls, and have the numbers of the state in it."""
        if self.state is not None:
            self.state.update({name: number.value for name, number in self._numbers.items()})
        self._calls, self._numbers, self._rate = None, {}, None

    def _noted(self, rule: UpdateRule, state: State) -> list[Callable[[], object]] | None:
        """Make a step and note how; ``None`` if it cannot be noted: then none is made."""
        arrays = [self.data, *[value for name, value in state.items() if name not in rule.numbers]]
        before = [array.copy() for array in arrays]
        recorder, numbers = Recorder(), Numbers()
        data, grad, *_ = watched = [recorder.watch(array) for array in (self.data, self.grad, *arrays[1:])]
        names = [name for name in state if name not in rule.numbers]
        counted = {name: numbers.given(state[name]) for name in state if name in rule.numbers}
        given: State = {**dict(zip(names, watched[2:], strict=True)), **counted}
        try:
            rate = numbers.given(rule.lr, rarely=True)
            after = apply(_IN_PLACE, rule.changed(lr=rate), data, grad, given)
            if not all(after[name] is given.get(name) for name in after if name not in rule.numbers):
                raise NotPlanned("the state has arrays that it had not before")
            calls = program(recorder.instructions, [self.grad, *arrays], arrays)
            counts = [counted[name].follow(after[name]) for name in counted]
        except (TypeError, AttributeError):  # of a rule that does what numbers and arrays noted cannot
            self._refused = True
            for array, kept in zip(arrays, before, strict=True):
                array[...] = kept
            return None
        for count in counts:
            count()
        self._numbers, self._rate = counted, rate
        return [*numbers.calls, *calls, *counts]


def bunches(
    learned: Iterable[Parameter], groups: Iterable[dict[str, Any]], states: States
) -> list[tuple[dict[str, Any] | None, list[Parameter]]]:
    """Say what can be moved together: what is of a group and a dtype, with the same numbers in its state."""
    waiting = {id(parameter): parameter for parameter in learned}
    found: dict[object, tuple[dict[str, Any] | None, list[Parameter]]] = {}
    for place, group in enumerate(groups):
        for parameter in group["params"]:
            if waiting.pop(id(parameter), None) is not None:
                state = states.get(parameter)
                kinds = (
                    None if state is None else tuple((name, _number(each)) for name, each in state.items())
                )
                found.setdefault((place, parameter.data.dtype, kinds), (group, []))[1].append(parameter)
    for parameter in waiting.values():
        found.setdefault(parameter.data.dtype, (None, []))[1].append(parameter)
    return list(found.values())


def _number(value: Any) -> Any:
    return None if isinstance(value, np.ndarray) else value
