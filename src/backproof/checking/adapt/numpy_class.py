"""Classes with a forward and a backward written by hand, on NumPy arrays or plain tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backproof.checking.adapt.backwards import Situation, fill_backward
from backproof.checking.adapt.base import ComponentAdapter
from backproof.checking.adapt.building import Blueprint, class_conventions
from backproof.checking.adapt.calls import Call
from backproof.checking.adapt.execution import Failure, Obstacle, Origin
from backproof.checking.adapt.held import with_parameters
from backproof.checking.adapt.instances import Instances
from backproof.checking.adapt.libraries import library
from backproof.checking.adapt.manual import ByHand
from backproof.checking.adapt.shapes import suggest_shapes
from backproof.checking.adapt.signatures import (
    Method,
    Parameter,
    libraries_used,
    returns_nothing,
    stored_attributes,
)
from backproof.checking.candidate import Answer, Case, Convention, Description, Signature

__all__ = ["NumPyClass", "backward_conventions", "libraries_for"]


class NumPyClass(ComponentAdapter):
    """A class whose instances compute with one method and give gradients with another."""

    def __init__(
        self,
        description: Description,
        make: Callable[..., object],
        constructor: list[Parameter],
        forward: Method,
        backward: Method,
        origin: Origin,
        functions: Sequence[object] = (),
    ) -> None:
        super().__init__(description)
        self.forward, self.backward = forward, backward
        #: All methods of the class: their code tells which library it is written in.
        self.functions = [*functions, forward.function, backward.function]
        model = description.kind == "model"
        self.blueprint = Blueprint(make, constructor, forward, origin, model)

    def _ways(self, signature: Signature) -> list[dict[str, Any]]:
        found, obstacles = [], []
        for name in libraries_for(self.functions):
            try:
                for way in class_conventions(self.blueprint, signature, library(name)):
                    found += backward_conventions(way, self.forward, self.backward, signature)
            except Obstacle as obstacle:
                obstacles.append(obstacle)
        if not found:
            raise obstacles[0]
        ranked = self._rank(found, signature)
        if signature.reference is not None:
            return ranked
        if self.blueprint.model:
            ranked = suggest_shapes(ranked, signature, self._compile, self.blueprint)
        shapes = {role: list(shape) for role, shape in signature.shapes.items()}
        if list(shapes) == ["input"] or self.backward.fused:
            return [self._with_parameters(way, shapes) for way in ranked]
        return ranked

    def _asked(self) -> tuple[Sequence[Parameter], Sequence[Parameter]]:
        return self.forward.parameters, self.blueprint.constructor

    def _with_parameters(
        self, way: dict[str, Any], shapes: Mapping[str, list[int]] | None = None
    ) -> dict[str, Any]:
        return with_parameters(way, self.blueprint, self._compile, shapes)

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: NumPyClass, convention: Convention) -> None:
        self.adapter = adapter
        origin = adapter.blueprint.origin
        forward = Call(adapter.forward.parameters, convention["call"])
        backward = Call(adapter.backward.parameters, convention["backward"])
        self.by_hand = ByHand(convention, forward, backward, origin)
        self.instances = Instances(adapter.blueprint.make, convention, self.by_hand.library, origin)

    def run(self, case: Case, *, fresh: bool) -> Answer:
        try:
            instance = self.instances.get(case, fresh=fresh)
        except Failure as failure:
            return Answer(raised=failure.raised)
        hands = (self.adapter.forward.of(instance), self.adapter.backward.of(instance), instance)
        return self.by_hand.run(case, hands)


def backward_conventions(
    way: dict[str, Any], forward: Method, backward: Method, signature: Signature
) -> list[dict[str, Any]]:
    """Give a convention for each reading of the backward's arguments."""
    roles: Mapping[str, Any] = way["call"]
    situation = Situation(
        backward.name,
        signature.kind,
        {name: role for name, role in roles.items() if isinstance(role, str)},
        list(signature.shapes),
        saves=bool(stored_attributes(forward.function)),
        options=signature.options,
    )
    if backward.fused:
        fused = {"backward": way["call"], "upstream": False, "fused": True}
        return [{**way, **fused}]
    readings = fill_backward(backward.parameters, situation)
    # A forward that returns nothing beside a backward that returns something has forgotten to.
    left = returns_nothing(forward.function) and returns_nothing(backward.function)
    noted = {"left": True} if left else {}
    return [{**way, "backward": reading.filled, **reading.notes, **noted} for reading in readings]


def libraries_for(functions: list[Any]) -> list[str]:
    """Give the libraries that functions may be written in, NumPy first where their code does not tell."""
    used = libraries_used(functions)
    if used == {"torch"}:
        return ["torch"]
    if used == {"numpy"} or "torch" not in sys.modules:
        return ["numpy"]
    return ["numpy", "torch"]
