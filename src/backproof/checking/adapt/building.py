"""Building the conventions of a class: constructor, call, parameters and forms of the target together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.checking.adapt.calls import Call, Laying
from backproof.checking.adapt.execution import Failure, Obstacle, Origin, attempt
from backproof.checking.adapt.filling import (
    Filled,
    fill_call,
    fill_constructor,
    given_options,
    own_defaults,
)
from backproof.checking.adapt.instances import Instances
from backproof.checking.adapt.layouts import COLUMN, SAME, TRANSPOSED
from backproof.checking.adapt.libraries import Library
from backproof.checking.adapt.names import split
from backproof.checking.adapt.signatures import Method, Parameter
from backproof.checking.adapt.slots import Place, find_parameters
from backproof.checking.adapt.trials import is_class_index, trial_case
from backproof.checking.candidate import Signature

__all__ = ["Blueprint", "absent", "class_conventions", "target_forms"]

#: More ways than this are not tried.
_MOST = 24


@dataclass(frozen=True)
class Blueprint:
    """What conventions of a class are built from.

    ``make`` gives an instance, ``constructor`` has its arguments (none for an instance that the user
    made), ``forward`` is the method that computes.
    """

    make: Callable[..., object]
    constructor: Sequence[Parameter]
    forward: Method
    origin: Origin
    model: bool = False


def class_conventions(blueprint: Blueprint, signature: Signature, library: Library) -> list[dict[str, Any]]:
    """Give every way to construct and call a class that its names and arrays allow.

    Raises
    ------
    Obstacle
        If an argument cannot be filled, or a layer holds no array that could be its weight.
    """
    construct = fill_constructor(blueprint.constructor, signature, model=blueprint.model)
    calls = fill_call(blueprint.forward.parameters, signature, holds_parameters=True)
    ways = []
    for call, built in itertools.product(calls, _constructed(construct, signature)):
        called = set(Call(blueprint.forward.parameters, call).roles)
        roles = [role for role in signature.shapes if role not in called]
        for places in _places(blueprint, signature, {"construct": built, "call": call}, roles, library):
            lacking = absent(signature, called | places.keys())
            ways += [
                {"construct": built, "call": call, **_layouts(places), **lacking, **form}
                for form in target_forms(signature, call)
            ]
    common = _common(blueprint, signature, construct, calls[0])
    return [{"library": library.name, "kind": signature.kind, **way, **common} for way in ways[:_MOST]]


def absent(signature: Signature, present: set[str]) -> dict[str, Any]:
    """Note which arguments the candidate does not have.

    Raises
    ------
    Obstacle
        If it lacks more than a bias.
    """
    lacking = [role for role in signature.shapes if role not in present]
    essential = [role for role in lacking if role != "bias"]
    if essential:
        raise Obstacle(
            f"none of its arguments and none of the arrays it holds could be the {' and '.join(essential)} "
            f"of a {signature.reference or signature.kind}"
        )
    return {"absent": lacking} if lacking else {}


def target_forms(signature: Signature, call: Filled) -> Iterator[dict[str, Any]]:
    """Give the forms of a class-index target, that which its argument's name tells first."""
    if not is_class_index(signature):
        yield {}
        return
    name = next((name for name, role in call.items() if role == "target"), "")
    forms = ["indices", "one-hot", "column"]
    if {"hot", "onehot"} & set(split(name)):
        forms = ["one-hot", "indices", "column"]
    yield from ({"target": form} for form in forms)


def _constructed(construct: Filled, signature: Signature) -> Iterator[Filled]:
    """Give the layouts of a weight that the constructor takes as an array."""
    arrays = [name for name, entry in construct.items() if entry.get("array") == "weight"]
    yield construct
    for name in arrays:
        yield {**construct, name: {"array": "weight", "layout": TRANSPOSED}}


def _places(
    blueprint: Blueprint, signature: Signature, way: dict[str, Any], roles: Sequence[str], library: Library
) -> list[dict[str, Place]]:
    """Find the parameters on an instance; one that raises is not asked, its call will say so."""
    if not roles:
        return [{}]
    case = trial_case(signature)
    shapes = {role: case.inputs[role].shape for role in roles}
    try:
        instance = Instances(blueprint.make, way, library, blueprint.origin).get(case)
        found = find_parameters(instance, shapes, library)
        if len(found[0]) < len(roles):
            _run_once(blueprint, way, case, instance, library)  # some make their arrays in the first call
            found = find_parameters(instance, shapes, library)
    except Failure:
        return [{role: {"path": [role], "layout": SAME} for role in roles}]
    return found


def _run_once(
    blueprint: Blueprint, way: dict[str, Any], case: Any, instance: object, library: Library
) -> None:
    call = Call(blueprint.forward.parameters, way["call"])
    arrays = Laying(way).arrays(case)
    args, named = call.arguments({role: library.give(array) for role, array in arrays.items()})
    try:
        attempt(blueprint.origin, "forward", blueprint.forward.of(instance), *args, **named)
    except Failure:
        return  # the call that is judged will raise the same


def _layouts(places: dict[str, Place]) -> dict[str, Any]:
    """Note the parameters; a bias that is a column goes with data whose columns are the rows of a batch."""
    if not places:
        return {}
    noted: dict[str, Any] = {"parameters": places}
    if places.get("bias", {}).get("layout") == COLUMN:
        noted["layouts"] = {"input": TRANSPOSED, "output": TRANSPOSED}
    return noted


def _common(blueprint: Blueprint, signature: Signature, construct: Filled, call: Filled) -> dict[str, Any]:
    """Note the options that are handed over, and the candidate's own defaults for those it has."""
    arguments = [*blueprint.constructor, *blueprint.forward.parameters]
    options = given_options(arguments, {**construct, **call}, signature.options)
    defaults = own_defaults(arguments, signature.options)
    noted: dict[str, Any] = {"options": {name: signature.options[name] for name in options}}
    if defaults:
        noted["defaults"] = defaults
    return noted
