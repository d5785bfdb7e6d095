"""Classes with a forward and a backward written by hand, on NumPy arrays or plain tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from backproof.checking.adapt.components.backwards import Situation, carried, fill_backward
from backproof.checking.adapt.components.base import ClassAdapter
from backproof.checking.adapt.components.manual import ByHand, Hands
from backproof.checking.adapt.execution import Failure, Obstacle, Origin
from backproof.checking.adapt.filling.building import class_conventions
from backproof.checking.adapt.filling.calls import Call
from backproof.checking.adapt.filling.instances import Instances
from backproof.checking.adapt.filling.shapes import suggest_shapes
from backproof.checking.adapt.libraries import library
from backproof.checking.adapt.words.names import is_upstream, target_score
from backproof.checking.adapt.words.signatures import (
    Method,
    Parameter,
    libraries_used,
    returns_nothing,
    stored_attributes,
)
from backproof.checking.adapt.words.wrapping import another_call
from backproof.checking.candidate import Answer, Case, Convention, Description, Signature

__all__ = ["NumPyClass", "backward_conventions", "libraries_for"]


class NumPyClass(ClassAdapter):
    """A class whose instances compute with one method and give gradients with another."""

    backward: Method

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
        super().__init__(description, make, constructor, forward, backward, origin)
        #: All methods of the class: their code tells which library it is written in.
        self.functions = [*functions, forward.function, backward.function]

    def _ways(self, signature: Signature) -> list[dict[str, Any]]:
        self._refuse_hidden_loss()
        found, obstacles = [], []
        for name in libraries_for(self.functions):
            try:
                for way in class_conventions(self.blueprint, signature, library(name)):
                    found += backward_conventions(
                        way, self.forward, self.backward, signature, self.functions if name == "torch" else ()
                    )
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

    def _refuse_hidden_loss(self) -> None:
        """Refuse a model whose backward takes the target alone: of which loss it is the gradient nobody says.

        Raises
        ------
        Obstacle
            Where it does.
        """
        asked = [p.name for p in self.backward.parameters if p.required]
        given = {p.name for p in self.forward.parameters}
        hidden = [name for name in asked if target_score(name) > 0 and name not in given]
        fitted = self.description.kind in ("layer", "model", "function")
        if fitted and hidden and not any(map(is_upstream, asked)):
            raise Obstacle(
                f"its {self.backward.name} takes the target ({hidden[0]}), and no method gives the loss that "
                "it is the gradient of"
            )

    def _written(self) -> Sequence[str | None]:
        methods = (self.forward.function, self.backward.function)
        return [*self._texts(), *(getattr(function, "__doc__", None) for function in methods)]

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: NumPyClass, convention: Convention) -> None:
        self.adapter = adapter
        origin = adapter.blueprint.origin
        forward = Call(adapter.forward.parameters, convention["call"])
        backward = Call(adapter.backward.parameters, convention["backward"])
        self.by_hand = ByHand(convention, forward, backward, origin)
        self.between = bool(convention.get("between"))
        self.instances = Instances(adapter.blueprint.make, convention, self.by_hand.library, origin)

    def run(self, case: Case, *, fresh: bool) -> Answer:
        try:
            instance = self.instances.get(case, fresh=fresh)
        except Failure as failure:
            return Answer(raised=failure.raised)
        if not self.between:
            answer = self.by_hand.run(case, self._hands(instance))
            grown = answer.output is None and not fresh and self.instances.outgrown(case)
            return self.run(case, fresh=False) if grown else answer
        other = self._hands(self.instances.get(case, fresh=True))
        turned = case.turned(keep=self.by_hand.places)  # instances may share what they were given

        def between() -> None:
            with another_call(self.adapter.forward.function):
                self.by_hand.run(turned, other)

        return self.by_hand.run(case, self._hands(instance), between)

    def _hands(self, instance: object) -> Hands:
        return self.adapter.forward.of(instance), self.adapter.backward.of(instance), instance


def backward_conventions(
    way: dict[str, Any],
    forward: Method,
    backward: Method,
    signature: Signature,
    functions: Sequence[object] = (),
) -> list[dict[str, Any]]:
    """Give a convention for each reading of the backward's arguments.

    ``functions`` are those of a class of tensors, on which gradients may be left as attributes.
    """
    saves = bool(stored_attributes(forward.function))
    name = "" if backward.name == forward.name else backward.name
    situation = Situation.after(forward.parameters, way["call"], name, signature, saves=saves)
    if backward.fused:
        fused = {"backward": way["call"], "upstream": False, "fused": True}
        return [{**way, **fused}]
    readings = carried(functions, backward.parameters)
    if readings and signature.kind == "loss" and not readings[0].notes["looked_at"]:
        readings = [replace(readings[0], notes={**readings[0].notes, "upstream": False})]
    readings = readings or fill_backward(backward.parameters, situation)
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
