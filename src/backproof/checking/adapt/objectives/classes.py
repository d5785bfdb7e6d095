"""Classes of a regression or a network, whose methods give a loss, and its gradients by their parameters."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from backproof.checking.adapt.objectives.keeping import Keeping, kept_by, makings
from backproof.checking.adapt.objectives.networks import Opening, Parts, is_forward, networks
from backproof.checking.adapt.objectives.objective import Functions
from backproof.checking.adapt.objectives.search import computes, recognise_fitted, recognise_network
from backproof.checking.adapt.recognition import Recognised, Site, constructor_of
from backproof.checking.adapt.words.names import LOSS_WORDS, split
from backproof.checking.adapt.words.pairing import is_backward
from backproof.checking.adapt.words.signatures import code_of
from backproof.checking.adapt.words.wrapping import returns_several

__all__ = ["recognise_regression"]

Place: TypeAlias = Callable[[Mapping[str, object]], Site]


@dataclass(frozen=True)
class _Class:
    name: str
    cls: type
    methods: Mapping[str, types.FunctionType]
    site: Place
    instance: object

    def keeping(self, used: Sequence[str], *, later: bool = False) -> Iterator[Keeping]:
        """Give the ways to have an instance, with the parameters that methods read of it."""
        for make in makings(self.cls, self.instance):
            keeping = kept_by(self.cls, make, used, later=later)
            if keeping is not None:
                yield keeping


def recognise_regression(name: str, cls: type, site: Place, instance: object = None) -> Recognised | None:
    """Recognise a class whose methods give a loss, and its gradients by the parameters that it keeps.

    These are handed to a new instance at each call: a copy of the ``instance``, where one is given and will
    do. A class with a method that gives both is one only if training makes its parameters: else it is judged
    as any other class.
    """
    own = {n: f for n, f in vars(cls).items() if isinstance(f, types.FunctionType)}
    methods = {n: f for n, f in own.items() if is_forward(n) or computes(n, f)}
    found = _Class(name, cls, methods, site, instance)
    for backward in filter(is_backward, methods):
        recognised = _network(found, backward)
        if recognised is not None:
            return recognised
    both = [n for n, f in methods.items() if LOSS_WORDS & set(split(n)) and returns_several(f)]
    fitted = (_both(found, n) for n in both if not constructor_of(cls))
    return next((one for one in fitted if one is not None), None)


def _network(found: _Class, backward: str) -> Recognised | None:
    """Recognise the network that a method is the backward of; one that keeps no parameters is none."""
    unbound = {name: _unbound(method) for name, method in found.methods.items()}
    for network in networks(Parts(unbound, lambda arguments: {}, shared=True), backward):
        used = [name for name in (network.forward, network.cost, backward) if isinstance(name, str) and name]
        parts = {"forward": found.methods.get(network.forward), "backward": found.methods[backward]}
        for keeping in found.keeping(used):
            opening = _opening(keeping, used, backward)
            kept = Parts(unbound, opening, True, keeping.names, keeping.keys, keeping.axes, keeping.renew)
            recognised = recognise_network(
                found.name, network.of(kept), found.site(parts), found.methods[backward], "numpy-class"
            )
            if recognised is not None:
                return recognised
    return None


def _opening(keeping: Keeping, used: Sequence[str], backward: str) -> Opening:
    def opening(arguments: dict[str, Any]) -> Mapping[str, Callable[..., Any]]:
        instance = keeping.opened(arguments)
        parts = {name: getattr(instance, name) for name in used}
        return {**parts, backward: keeping.gradients(instance, backward)}

    return opening


def _unbound(method: types.FunctionType) -> Callable[..., Any]:
    """Give a method as it is called: without the instance."""
    whole = inspect.signature(method)
    made: Any = functools.partial(method, None)
    made.__wrapped__ = method
    made.__signature__ = whole.replace(parameters=[*whole.parameters.values()][1:])
    made.__doc__ = method.__doc__
    return cast("Callable[..., Any]", made)


def _both(found: _Class, name: str) -> Recognised | None:
    method = found.methods[name]
    keeping = next(found.keeping([name], later=True), None)
    if keeping is None:
        return None
    function = keeping.function(method)
    place = found.site({"forward": method, "backward": method})
    functions = Functions(function, function, keeping.keys, keeping.axes, keeping.renew)
    return recognise_fitted(found.name, functions, place, code_of(method), "numpy-class")
