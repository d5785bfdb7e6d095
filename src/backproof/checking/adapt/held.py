"""The parameters of what has no reference: the arrays that an instance holds and has gradients for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.checking.adapt.execution import Failure
from backproof.checking.adapt.instances import Instances
from backproof.checking.adapt.layouts import SAME
from backproof.checking.adapt.libraries import Library, library
from backproof.checking.adapt.names import normalise
from backproof.checking.adapt.slots import Slot, slots
from backproof.checking.candidate import Case, Convention

if TYPE_CHECKING:
    from backproof.checking.adapt.base import Plan
    from backproof.checking.adapt.building import Blueprint

__all__ = ["with_parameters"]

_MOST = 12
#: Arrays that are kept beside the parameters: their gradients, statistics, moments, masks.
_NO_PARAMETERS = ("grad", "running", "moving", "delta", "velocity", "mask", "cache", "prev", "last")


def with_parameters(
    way: dict[str, Any],
    blueprint: Blueprint,
    compile_: Callable[[Convention], Plan],
    known: Mapping[str, list[int]] | None = None,
) -> dict[str, Any]:
    """Add to a convention the parameters that the candidate has gradients for, and fix the shapes.

    Their roles are their own names. Only a gradient that bears its parameter's name counts as one.
    ``known`` are the shapes of the case, where the convention has none of its own.
    """
    shapes = way.get("shapes") or known
    if shapes is None:
        return way
    values = _runnable(compile_(way), shapes)
    if values is None:
        return way
    try:
        instance = Instances(blueprint.make, way, library(way["library"]), blueprint.origin).get(Case(values))
    except Failure:
        return way
    taken = [tuple(place["path"]) for place in way.get("parameters", {}).values()]
    held = [slot for slot in _parameters(instance, library(way["library"])) if slot.path not in taken]
    names = Counter(_role(slot) for slot in held)
    found = [slot for slot in held if names[_role(slot)] == 1 and _role(slot) not in shapes][:_MOST]
    if not found:
        return way
    places = {_role(slot): {"path": list(slot.path), "layout": SAME, "strict": True} for slot in found}
    values |= {_role(slot): np.asarray(_values({"": slot.value.shape})[""]) for slot in found}
    full = {**way, "parameters": {**way.get("parameters", {}), **places}}
    kept = _with_gradients(compile_(full), values, list(places))
    if not kept:
        return way
    return {
        **way,
        "parameters": {**way.get("parameters", {}), **{role: places[role] for role in kept}},
        "shapes": {**shapes, **{role: list(values[role].shape) for role in kept}},
        "held": kept,
    }


def _values(shapes: Mapping[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {role: rng.uniform(0.2, 0.8, tuple(shape)) for role, shape in shapes.items()}


def _runnable(plan: Plan, shapes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give values with which a forward runs: its target may be class indices."""
    values = _values(shapes)
    tries = [values]
    if "target" in values:
        tries.append(
            {**values, "target": np.arange(values["target"].size).reshape(values["target"].shape) % 2}
        )
    return next((v for v in tries if plan.run(Case(v), fresh=True).output is not None), None)


def _role(slot: Slot) -> str:
    return ".".join(str(step) for step in slot.path)


def _parameters(instance: object, lib: Library) -> list[Slot]:
    """Give the arrays that may be parameters, each once."""
    found: dict[int, Slot] = {}
    for slot in slots(instance, lib):
        word = normalise(slot.name)
        gradient = any(part in word for part in _NO_PARAMETERS) or _is_differential(slot, instance)
        if lib.is_floating(slot.value) and slot.value.shape and not gradient:
            found.setdefault(id(slot.value), slot)
    return list(found.values())


def _is_differential(slot: Slot, instance: object) -> bool:
    """Say whether a name is that of another array behind a ``d``: ``dW`` beside ``W``."""
    word = normalise(slot.name)
    beside = {normalise(str(step)) for step in getattr(instance, "__dict__", {})}
    return word[:1] == "d" and (word[1:] in beside or len(word) == len("dW"))


def _with_gradients(plan: Plan, values: dict[str, Any], roles: list[str]) -> list[str]:
    output = plan.run(Case(values), fresh=True).output
    if output is None:
        return []
    answer = plan.run(replace(Case(values), grad_output=np.ones_like(output)), fresh=True)
    given = list(answer.gradients.values())
    return [role for role in roles if any(gradients.get(role) is not None for gradients in given)]
