"""Building the conventions of a class: constructor, call, parameters and forms of the target together."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from backproof.checking.adapt.execution import Failure, Obstacle, Origin, attempt
from backproof.checking.adapt.filling.arguments import Filled, fill_call, given_options, own_defaults
from backproof.checking.adapt.filling.calls import Call, Laying
from backproof.checking.adapt.filling.constructing import fill_constructor
from backproof.checking.adapt.filling.function_layouts import data_layouts
from backproof.checking.adapt.filling.instances import Instances
from backproof.checking.adapt.filling.layouts import COLUMN, SAME, TRANSPOSED
from backproof.checking.adapt.filling.slots import Place, find_parameters, slots, value_at
from backproof.checking.adapt.filling.trials import is_class_index, trial_case
from backproof.checking.adapt.libraries import Library
from backproof.checking.adapt.words.names import split
from backproof.checking.adapt.words.signatures import Method, Parameter
from backproof.checking.candidate import Signature

__all__ = ["Blueprint", "absent", "class_conventions", "run_once", "target_forms"]

#: What a layer draws itself, unless it is handed over.
_DRAWN = "mask"
#: More ways than this are not tried.
_MOST = 24
#: What else is tried for sizes whose names say nothing.
_SMALL = (2, 4)


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
    _refuse_numberless(blueprint, construct, signature, library)
    ways = []
    free = {parameter.name for parameter in blueprint.constructor if not parameter.required}
    for call, built in itertools.product(calls, list(_constructed(construct, signature, free))):
        called = set(Call(blueprint.forward.parameters, call).roles)
        roles = [role for role in signature.shapes if role not in called and role != _DRAWN]
        for places in _places(blueprint, signature, {"construct": built, "call": call}, roles, library):
            lacking = absent(signature, called | places.keys())
            ways += [
                {"construct": built, "call": call, **laid, **_layouts(places), **lacking, **form}
                for form in target_forms(signature, call)
                for laid in data_layouts(signature)
            ]
    return [
        {"library": library.name, "kind": signature.kind, **way, **_common(blueprint, signature, way)}
        for way in ways[:_MOST]
    ]


def _refuse_numberless(
    blueprint: Blueprint, construct: Filled, signature: Signature, library: Library
) -> None:
    """Refuse what holds complex numbers, whose gradients are a convention of their own, or none at all.

    Raises
    ------
    Obstacle
        Where it does; the message names them.
    """
    if library.device == "meta":
        raise Obstacle("its parameters are on the device meta, which holds no numbers: give it another first")
    case = trial_case(signature)
    try:
        instance = Instances(blueprint.make, {"construct": construct}, library, blueprint.origin).get(case)
    except Failure:
        return  # the call that is judged will raise the same
    found = [slot.name for slot in slots(instance, library) if "complex" in str(slot.value.dtype)]
    if found:
        raise Obstacle(f"it holds complex numbers ({', '.join(found[:3])}): only real functions are judged")


def absent(signature: Signature, present: set[str]) -> dict[str, Any]:
    """Note which arguments the candidate does not have.

    Raises
    ------
    Obstacle
        If it lacks more than a bias.
    """
    drawn = {"drawn": [_DRAWN]} if _DRAWN in signature.shapes and _DRAWN not in present else {}
    lacking = [role for role in signature.shapes if role not in present and role != _DRAWN]
    essential = [role for role in lacking if not role.startswith("bias")]
    if essential:
        raise Obstacle(
            f"none of its arguments and none of the arrays it holds could be the {' and '.join(essential)} "
            f"of a {signature.reference or signature.kind}"
        )
    return {"absent": lacking, **drawn} if lacking else dict(drawn)


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


def _constructed(construct: Filled, signature: Signature, free: Set[str]) -> Iterator[Filled]:
    """Give the layouts of a weight that a constructor takes as an array, and its own defaults (``free``)."""
    turned = {
        name: {**entry, "layout": TRANSPOSED}
        for name, entry in construct.items()
        if "weight" in entry.get("array", "") and len(signature.shapes[entry["array"]]) == 2
    }
    yield construct
    if turned:
        yield {**construct, **turned}
    guessed = [name for name, entry in construct.items() if entry.get("guessed")]
    for size in _SMALL if guessed else ():
        yield {**construct, **{name: {"value": size} for name in guessed}}
    # What is handed over may be refused, where another is the candidate's own default.
    own = {name: entry for name, entry in construct.items() if "value" not in entry or name not in free}
    if own != construct:
        yield own
    # Where no reference says so, samples may be columns.
    columns = {
        name: {"size": ["input", 0]} for name, e in construct.items() if e.get("size") == ["input", -1]
    }
    alone = list(signature.shapes) == ["input"] and len(signature.shapes["input"]) == 2
    if columns and alone and signature.reference is None:
        yield {**construct, **columns}


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
        if any(role not in found[0] for role in roles if not role.startswith("bias")):
            given = run_once(blueprint, way, case, instance, library)  # some make theirs in the first call
            found = find_parameters(instance, shapes, library, given)
    except Failure:
        return [{role: {"path": [role], "layout": SAME} for role in roles}]
    if not blueprint.constructor:
        for role, place in ((role, place) for way in found for role, place in way.items()):
            if len(shapes[role]) == 1 and "size" not in place:
                place["own"] = [math.prod(library.shape(value_at(instance, tuple(place["path"]))))]
    return found


def run_once(
    blueprint: Blueprint, way: dict[str, Any], case: Any, instance: object, library: Library
) -> list[object]:
    """Call the forward; give what it was called with, which it may keep and is no parameter."""
    call = Call(blueprint.forward.parameters, way["call"])
    arrays = Laying(way).arrays(case)
    args, named = call.arguments({role: library.give(array) for role, array in arrays.items()})
    with contextlib.suppress(Failure):  # the call that is judged will raise the same
        attempt(blueprint.origin, "forward", blueprint.forward.of(instance), *args, **named)
    return [*args, *named.values()]


def _layouts(places: dict[str, Place]) -> dict[str, Any]:
    """Note the parameters; a bias that is a column goes with data whose columns are the rows of a batch."""
    if not places:
        return {}
    noted: dict[str, Any] = {"parameters": places}
    for said, note in (("size", "cut"), ("own", "own")):
        found = {role: place.pop(said) for role, place in places.items() if said in place}
        if found:
            noted[note] = found
    if places.get("bias", {}).get("layout") == COLUMN:
        noted["layouts"] = {"input": TRANSPOSED, "output": TRANSPOSED}
    return noted


def _common(blueprint: Blueprint, signature: Signature, way: dict[str, Any]) -> dict[str, Any]:
    """Note the options that are handed over, and the candidate's own defaults for those it has."""
    arguments = [*blueprint.constructor, *blueprint.forward.parameters]
    options = given_options(arguments, {**way["construct"], **way["call"]}, signature.options)
    defaults = own_defaults(arguments, signature.options) or _settings(blueprint, signature)
    noted: dict[str, Any] = {"options": {name: signature.options[name] for name in options}}
    if defaults:
        noted["defaults"] = defaults
    return noted


def _settings(blueprint: Blueprint, signature: Signature) -> dict[str, object]:
    """Give the options of an instance that the user made: what it keeps under their names."""
    if blueprint.constructor:
        return {}
    try:
        instance = attempt(blueprint.origin, "construct", blueprint.make)
    except Failure:
        return {}
    kept = {name: inspect.getattr_static(instance, name, None) for name in signature.options}
    return {name: value for name, value in kept.items() if isinstance(value, bool | int | float | str)}
