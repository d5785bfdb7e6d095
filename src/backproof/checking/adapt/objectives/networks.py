"""Networks: a forward, what it costs, and a backward that takes the target, as one loss with its gradients.

The three are functions of a module, or methods of a class. Where each of their arguments comes from is told
by names: the data and parameters that the forward takes, what it returned, what it kept. Where no cost is
written the usual ones are tried: that which a gradient is the derivative of is the one that was meant.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from backproof.checking.adapt.objectives.costs import COSTS
from backproof.checking.adapt.objectives.leaves import CONTAINERS, Keys, role_of
from backproof.checking.adapt.words.kinds import is_strength
from backproof.checking.adapt.words.names import (
    LOSS_WORDS,
    is_cache,
    is_output,
    is_upstream,
    means,
    normalise,
    split,
    target_score,
    word_set,
)
from backproof.checking.adapt.words.pairing import is_backward, stem
from backproof.checking.adapt.words.signatures import Parameter, parameters
from backproof.checking.adapt.words.wrapping import returned_names, returns_several

__all__ = ["Network", "Opening", "Parts", "is_forward", "networks"]

#: Gives the parts of one run by their names; takes those of the arguments that are kept elsewhere.
Opening: TypeAlias = Callable[[dict[str, Any]], Mapping[str, Callable[..., Any]]]
#: A cost of ours, of a prediction and its target.
Cost: TypeAlias = Callable[[Any, Any], Any]
#: Gives an argument from all arguments, what the forward returned, and whether it returned several things.
Source: TypeAlias = Callable[[Mapping[str, Any], Any], Any]

_FORWARDS = word_set(
    "forward fwd predict prediction propagate propagation prop feed feedforward hypothesis model net "
    "network call"
)


@dataclass(frozen=True)
class Parts:
    """The functions, or methods, that may go together; and how they are had for one run."""

    functions: Mapping[str, Callable[..., Any]]
    opening: Opening
    #: Whether they share an instance, on which the forward may keep what the backward needs.
    shared: bool = False
    #: The parameters that an instance keeps.
    kept: Sequence[str] = ()
    #: Of what containers of parameters consist.
    keys: Keys = field(default_factory=dict)
    #: How many axes parameters have, where that is known.
    axes: Mapping[str, int] = field(default_factory=dict)
    #: Of methods, says whether the next call is on a new instance.
    renew: Callable[..., None] | None = None

    def taken(self, name: str) -> list[Parameter]:
        """Give what one of them takes."""
        return parameters(self.functions[name])


@dataclass(frozen=True)
class Network:
    """A forward, a cost and a backward, and where their arguments come from."""

    parts: Parts
    backward: str
    #: Empty where the cost takes the data itself.
    forward: str
    #: The name of one of the parts; or else a cost of ours, of the prediction and its target.
    cost: str | Cost
    target: str
    sources: Mapping[str, Mapping[str, Source]]
    #: What they take together.
    asked: Sequence[inspect.Parameter]
    #: What the cost is called that is ours.
    assumed: str = ""

    def of(self, parts: Parts) -> Network:
        """Give the same network of other parts, which may keep parameters."""
        last = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in parts.kept]
        return replace(self, parts=parts, asked=[*self.asked, *last])

    def value(self, factor: float = 1.0) -> Callable[..., Any]:
        """Give the function of all arguments that gives the cost, times a factor if it is one of ours."""

        def run(**arguments: Any) -> Any:
            parts = self.parts.opening(arguments)
            cost = self._cost(parts, arguments, self._forward(parts, arguments))
            return cost if isinstance(self.cost, str) else factor * cost

        return self._called(run)

    def gradients(self) -> Callable[..., Any]:
        """Give the function of all arguments that gives the gradients."""

        def run(**arguments: Any) -> Any:
            parts = self.parts.opening(arguments)
            returned = self._forward(parts, arguments)
            if isinstance(self.cost, str) and self.parts.kept:
                self._cost(parts, arguments, returned)  # it may keep what the backward needs
            return parts[self.backward](**self._filled(self.backward, arguments, returned))

        return self._called(run)

    def _forward(self, parts: Mapping[str, Callable[..., Any]], arguments: Mapping[str, Any]) -> Any:
        if not self.forward:
            return None
        return parts[self.forward](**self._filled(self.forward, arguments, None))

    def _cost(
        self, parts: Mapping[str, Callable[..., Any]], arguments: Mapping[str, Any], returned: Any
    ) -> Any:
        if isinstance(self.cost, str):
            return parts[self.cost](**self._filled(self.cost, arguments, returned))
        return self.cost(self.sources[""]["prediction"](arguments, returned), arguments[self.target])

    def _filled(self, part: str, arguments: Mapping[str, Any], returned: Any) -> dict[str, Any]:
        return {name: source(arguments, returned) for name, source in self.sources[part].items()}

    def _called(self, run: Callable[..., Any]) -> Callable[..., Any]:
        made: Any = run
        # What it takes out of a container stands in the code of the first that is called.
        made.__wrapped__ = self.parts.functions[self.forward or self.backward]
        made.__signature__ = inspect.Signature(self.asked)
        made.__doc__ = self.parts.functions[self.backward].__doc__
        return cast("Callable[..., Any]", made)


# --- Which go together -----------------------------------------------------------------------------


def networks(parts: Parts, backward: str) -> Iterator[Network]:
    """Give the networks that a part may be the backward of, the likeliest first; those of our costs last."""
    taken = parts.taken(backward)
    targets = [p.name for p in taken if p.required and target_score(p.name) > 0]
    if not targets or any(is_upstream(p.name) for p in taken):
        return
    target = max(targets, key=target_score)
    own = [name for name in parts.functions if LOSS_WORDS & set(split(name)) and not is_backward(name)]
    forwards = _forwards(parts, backward)
    ways: Iterator[tuple[str, str, str | Cost]] = itertools.chain(
        (("", forward, cost) for cost in own for forward in (*forwards, "")),
        ((name, forward, cost) for forward in forwards for name, cost in COSTS.items()),
    )
    for assumed, forward, cost in ways:
        found = _network(parts, backward, forward, cost, target)
        if found is not None:
            yield replace(found, assumed=assumed)


def is_forward(name: str) -> bool:
    """Say whether a function is by its name the forward of a network.

    Examples
    --------
    >>> is_forward("forward_propagation"), is_forward("predict"), is_forward("backprop")
    (True, True, False)
    """
    return bool(_FORWARDS & set(split(name))) and not is_backward(name)


def _forwards(parts: Parts, backward: str) -> list[str]:
    """Give what may be the forward: by its name, of the backward's stem first; it takes no target."""
    about = set(stem(backward))
    found = [
        name
        for name in parts.functions
        if is_forward(name)
        and not any(target_score(p.name) > 0 for p in parts.taken(name) if p.required)
        and any(p.required for p in parts.taken(name))
    ]
    return sorted(found, key=lambda name: (-len(about & set(stem(name))), "forward" not in name))


def _network(parts: Parts, backward: str, forward: str, cost: str | Cost, target: str) -> Network | None:
    """Bind the arguments of the three; nothing where one of them comes from nowhere."""
    asked = [p.name for p in parts.taken(backward) if p.required]
    data = [p.name for p in parts.taken(forward) if p.required] if forward else []
    if not forward:
        data = [name for name in asked if name != target]
        if any((target_score(name) < 0 and role_of(name) != "data") or is_cache(name) for name in data):
            return None
    elif not parts.shared and not any(_among(name, data) or is_cache(name) for name in asked):
        return None  # it is the gradient for the prediction alone
    ways = _Ways(data, target, _returned(parts.functions[forward]) if forward else {}, {})
    ways.known.update({p.name: p.default for p in parts.taken(forward) if not p.required} if forward else {})
    sources: dict[str, Mapping[str, Source]] = {forward: {name: _argument(name) for name in data}}
    strengths: list[str] = []
    for part in [backward, *([cost] if isinstance(cost, str) else [])]:
        taken = parts.taken(part)
        strengths += [p.name for p in taken if p.required and is_strength(p.name)]
        bound = {p.name: ways.source(p.name) or _strength(p) for p in taken}
        if any(bound[p.name] is None for p in taken if p.required):
            return None
        sources[part] = {name: source for name, source in bound.items() if source is not None}
    if not isinstance(cost, str):
        sources[""] = {"prediction": _prediction(ways.returned)}
    elif not any(name == target or target_score(name) > 0 for name in sources[cost]):
        return None
    every = dict.fromkeys([*data, target, *strengths])
    called = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in every]
    return Network(parts, backward, forward, cost, target, sources, called)


@dataclass(frozen=True)
class _Ways:
    """What arguments of a cost or a backward may be."""

    data: Sequence[str]
    target: str
    #: What the forward returned, by name, with its place.
    returned: Mapping[str, int | None]
    #: What has a default.
    known: dict[str, Any]

    def source(self, name: str) -> Source | None:
        """Say where an argument comes from; ``None`` for nowhere."""
        same = [one for one in self.data if normalise(one) == normalise(name)]
        if name == self.target or (target_score(name) > 0 and not same and name not in self.returned):
            return _argument(self.target)
        if same:
            return _argument(same[0])
        if name in self.returned:
            return _result(self.returned[name])
        if name in self.known or means(name, "lr"):
            return _constant(self.known.get(name, 1.0))  # with that rate a step is the gradient itself
        return None if is_strength(name) else self._alike(name)

    def _alike(self, name: str) -> Source | None:
        """Say the same of an argument whose name is nowhere else, by what it is."""
        if is_cache(name) and self.returned:
            return _result(-1) if len(self.returned) > 1 else None
        alike = _among(name, self.data)
        if len(alike) == 1:
            return _argument(alike[0])
        predicts = is_output(name) or target_score(name) < 0 or role_of(name) == "unknown"
        return _prediction(self.returned) if self.returned and predicts else None


def _among(name: str, data: Sequence[str]) -> list[str]:
    """Give the arguments that one of another function may be: by its name, as data, or as all parameters."""
    return [
        one
        for one in data
        if normalise(one) == normalise(name)
        or role_of(one) == role_of(name) == "data"
        or {one, name} <= CONTAINERS
    ]


def _strength(parameter: Parameter) -> Source | None:
    return _argument(parameter.name) if parameter.required and is_strength(parameter.name) else None


def _argument(name: str) -> Source:
    return lambda arguments, returned: arguments[name]


def _constant(value: Any) -> Source:
    return lambda arguments, returned: value


def _result(index: int | None) -> Source:
    return lambda arguments, returned: returned if index is None else returned[index]


def _returned(forward: Callable[..., Any]) -> dict[str, int | None]:
    """Give the names of what a forward returns, with their places; ``None`` for all that there is."""
    names = returned_names(forward)
    if not returns_several(forward):
        return {names[-1] if names else "output": None}
    return {name: index - len(names) for index, name in enumerate(names)} or {"output": 0, "cache": -1}


def _prediction(returned: Mapping[str, int | None]) -> Source:
    """Give the place of the prediction: by its name, or the first of two, or the last of many."""
    named = [name for name in returned if target_score(name) < 0]
    places = list(returned.values())
    if named:
        return _result(returned[named[0]])
    return _result(places[0] if len(places) <= 2 else places[-1])
