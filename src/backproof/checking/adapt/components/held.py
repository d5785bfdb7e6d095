"""The parameters of what has no reference: the arrays that an instance holds and has gradients for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.components.returned import STORES
from backproof.checking.adapt.execution import Failure
from backproof.checking.adapt.filling.building import Blueprint, run_once
from backproof.checking.adapt.filling.instances import Instances
from backproof.checking.adapt.filling.layouts import SAME
from backproof.checking.adapt.filling.slots import Path, Slot, every_slot, slots, value_at
from backproof.checking.adapt.filling.trials import Plan
from backproof.checking.adapt.libraries import NUMPY, Library, library, take
from backproof.checking.adapt.words.names import normalise
from backproof.checking.candidate import Case, Convention

__all__ = ["with_parameters"]

#: So many parameters are judged, and so many numbers in all: they cross between processes with each case.
_MOST, _MOST_NUMBERS = 100, 200_000
#: What is no further from 0 may as well be on its other side.
_NAUGHT = 1e-2
#: Arrays that are kept beside the parameters: their gradients, statistics, moments, masks.
_NO_PARAMETERS = ("grad", "running", "moving", "delta", "velocity", "mask", "cache", "prev", "last")


def with_parameters(
    way: dict[str, Any],
    blueprint: Blueprint,
    compile_: Callable[[Convention], Plan],
    known: Mapping[str, list[int]] | None = None,
) -> dict[str, Any]:
    """Add to a convention the parameters that the candidate has gradients for, and fix the shapes.

    Their roles are what stands in the code: ``self.W``, ``self.params["W1"]``, ``self.net.0.weight``. Where
    gradients are kept by hand, only one that bears its parameter's name counts; where autograd gives them,
    one that does not come is due where the output depends on the parameter. ``spread`` says around which
    value, and how far, a parameter may lie; ``unjudged`` why some are left out. ``known`` are the shapes of
    the case, where the convention has none of its own.
    """
    shapes = way.get("shapes") or known
    values = (
        None if shapes is None or "held" in way else _runnable(compile_(way), shapes, indices="target" in way)
    )
    if shapes is None or values is None:
        return way
    lib = library(way["library"])
    try:
        instance = Instances(blueprint.make, way, lib, blueprint.origin).get(Case(values))
    except Failure:
        return way
    built = _built_by_calls(instance, blueprint, way, Case(values), lib)
    taken = [tuple(place["path"]) for place in way.get("parameters", {}).values()]
    held = [slot for slot in _parameters(instance, lib) if built is None or id(slot.value) in built]
    held = [slot for slot in [*held, *_numbers(instance, lib)] if slot.path not in taken]
    every = {role: slot for slot in held if (role := _role(instance, slot.path)) not in shapes}
    found, left = _within_reach(every)
    if not found:
        return {**way, **_noted(left)}
    places = {role: {"path": list(slot.path), "layout": SAME, "strict": True} for role, slot in found.items()}
    spread = {role: _spread(slot.value) for role, slot in found.items()}
    rng = np.random.default_rng(0)
    values |= {role: _drawn(rng, slot.value.shape, *spread[role]) for role, slot in found.items()}
    full = {**way, "parameters": {**way.get("parameters", {}), **places}}
    kept, more = _with_gradients(compile_(full), values, list(places))
    noted = _noted({**left, **more})
    if not kept:
        return {**way, **noted}
    return {
        **way,
        "parameters": {**way.get("parameters", {}), **{role: places[role] for role in kept}},
        "shapes": {**shapes, **{role: list(values[role].shape) for role in kept}},
        "held": kept,
        "spread": {role: spread[role] for role in kept},
        **noted,
    }


def _noted(left: Mapping[str, str]) -> dict[str, Any]:
    return {"unjudged": dict(left)} if left else {}


def _within_reach(every: Mapping[str, Slot]) -> tuple[dict[str, Slot], dict[str, str]]:
    """Part what can be judged from what is too much of it, with the reason; the smaller ones come first."""
    found: dict[str, Slot] = {}
    left: dict[str, str] = {}
    numbers = 0
    for role, slot in sorted(every.items(), key=lambda item: _count(item[1])):
        numbers += _count(slot)
        within = len(found) < _MOST and numbers <= _MOST_NUMBERS
        if within:
            found[role] = slot
        else:
            left[role] = "too many numbers" if numbers > _MOST_NUMBERS else "too many parameters"
    return {role: found[role] for role in every if role in found}, left


def _count(slot: Slot) -> int:
    return int(np.prod(slot.value.shape, dtype=int))


def _built_by_calls(
    instance: object, blueprint: Blueprint, way: dict[str, Any], case: Case, lib: Library
) -> set[int] | None:
    """Call one without arrays yet, or a lazy one; say which it has from then on, and does not save anew."""
    made = [slot for slot in every_slot(instance, lib) if lib.is_floating(slot.value)]
    if made and all(lib.is_made(slot.value) for slot in made):
        return None
    every: list[list[object]] = []
    for _ in range(2):
        given = run_once(blueprint, way, case, instance, lib)
        found = [slot.value for slot in slots(instance, lib)]
        every.append([value for value in found if all(value is not one for one in given)])
    return {id(value) for value in every[1] if any(value is one for one in every[0])}


# --- The values that parameters have ---------------------------------------------------------------


def _spread(value: Any) -> list[float]:
    """Say around which value a parameter may lie, and how far: as it was made, of one sign or of both."""
    made = np.asarray(take(value), dtype=float)
    centre = float(made.mean()) if made.size else 0.0
    if made.size and (np.all(made > _NAUGHT) or np.all(made < -_NAUGHT)):
        return [centre, 0.5 * abs(centre)]
    rows = made.shape[0] if made.ndim > 1 else 1
    return [0.0, min(1.0, float(np.sqrt(3 / max(rows, made.size // max(rows, 1), 1))))]


def _drawn(rng: np.random.Generator, shape: Sequence[int], centre: float, width: float) -> NDArray[Any]:
    return np.asarray(centre + width * rng.uniform(-1.0, 1.0, tuple(shape)))


def _values(shapes: Mapping[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {role: rng.uniform(0.2, 0.8, tuple(shape)) for role, shape in shapes.items()}


def _runnable(plan: Plan, shapes: Mapping[str, Any], *, indices: bool) -> dict[str, Any] | None:
    """Give values with which a forward runs: its target may be class ``indices``, or has to be."""
    values = _values(shapes)
    tries = [] if indices else [values]
    if "target" in values:
        target = np.arange(values["target"].size).reshape(values["target"].shape) % 2
        tries.append({**values, "target": target})
    return next((v for v in tries if plan.run(Case(v), fresh=True).output is not None), None)


# --- What may be a parameter -----------------------------------------------------------------------


def _role(instance: object, path: Path) -> str:
    """Write a path as it stands in the code."""
    text, owner = "self", instance
    for index, step in enumerate(path):
        plain = isinstance(step, str) and not isinstance(owner, dict)
        text += f".{step}" if plain else f'["{step}"]' if isinstance(step, str) else f"[{step}]"
        owner = value_at(instance, path[: index + 1])
    return text


def _parameters(instance: object, lib: Library) -> list[Slot]:
    """Give the arrays that may be parameters, each once."""
    registered = _registered(instance) if lib is not NUMPY else []
    found: dict[int, Slot] = {id(slot.value): slot for slot in registered if slot.value.requires_grad}
    known = {id(slot.value) for slot in registered}
    for slot in slots(instance, lib):
        word = normalise(slot.name)
        stored = any(normalise(str(step)) in STORES for step in slot.path)
        gradient = stored or any(part in word for part in _NO_PARAMETERS) or _is_differential(slot, instance)
        computed = not getattr(slot.value, "is_leaf", True)
        if id(slot.value) in known or gradient or computed:
            continue
        if lib.is_floating(slot.value):
            found.setdefault(id(slot.value), slot)
    return list(found.values())


def _registered(instance: object) -> list[Slot]:
    """Give what a module of PyTorch has registered, at any depth: parameters and buffers, each once."""
    if not hasattr(instance, "_parameters"):
        return []
    from torch.nn.parameter import is_lazy

    module: Any = instance
    every: Iterator[tuple[str, Any]] = (*module.named_parameters(), *module.named_buffers())  # type: ignore[assignment]
    return [
        Slot(tuple(name.split(".")), value)
        for name, value in every
        if value.is_floating_point() and not is_lazy(value)
    ]


def _numbers(instance: object, lib: Library) -> list[Slot]:
    """Give the numbers that an instance holds: one unit's bias is no array."""
    held = getattr(instance, "__dict__", {}).items() if lib is NUMPY else ()
    return [Slot((name,), np.asarray(v)) for name, v in held if isinstance(v, float | np.floating)]


def _is_differential(slot: Slot, instance: object) -> bool:
    """Say whether a name is that of another array behind a ``d``: ``dW`` beside ``W``."""
    word = normalise(slot.name)
    beside = {normalise(str(step)) for step in getattr(instance, "__dict__", {})}
    return word[:1] == "d" and (word[1:] in beside or len(word) == len("dW"))


def _with_gradients(plan: Plan, values: dict[str, Any], roles: list[str]) -> tuple[list[str], dict[str, str]]:
    """Part the parameters whose gradients come, or are due, from those that have no place for one."""
    output = plan.run(Case(values), fresh=True).output
    if output is None or not np.all(np.isfinite(output)):
        return [], dict.fromkeys(roles, "it does not run with other values")
    if any(not _same(plan.run(Case(values), fresh=False).output, output) for _ in range(2)):
        return [], dict.fromkeys(roles, "its state changes with every call")
    answer = plan.run(replace(Case(values), grad_output=np.ones_like(output)), fresh=True)
    given = list(answer.gradients.values())
    kept, left = [], {}
    for role in roles:
        if any(gradients.get(role) is not None for gradients in given):
            kept.append(role)
        elif _moves(plan, values, role, output):
            if role in answer.gradients.get("autograd", {}):
                kept.append(role)
            elif values[role].shape:
                left[role] = "no gradient of its name was found"
    return kept, left


def _same(a: NDArray[Any] | None, b: NDArray[Any]) -> bool:
    """Say whether two outputs are the same but for the order of their sums."""
    return a is not None and a.shape == b.shape and bool(np.allclose(a, b, 1e-12, 1e-12, equal_nan=True))


def _moves(plan: Plan, values: dict[str, Any], role: str, output: NDArray[Any]) -> bool:
    """Say whether the output depends on a parameter."""
    turned = plan.run(Case({**values, role: 0.9 * values[role] + 0.05}), fresh=True).output
    return turned is not None and turned.shape == output.shape and not np.array_equal(turned, output)
