"""The arrays that an instance holds: finding a layer's parameters, setting them, casting them."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.filling.layouts import by_axes, layouts_for
from backproof.checking.adapt.libraries import Library, Native
from backproof.checking.adapt.words.names import means, normalise

__all__ = [
    "GRADIENTS",
    "HOLDERS",
    "Path",
    "Place",
    "Slot",
    "cast",
    "every_slot",
    "exchange",
    "find_parameters",
    "set_parameters",
    "slots",
    "store",
    "value_at",
]

#: The way from an instance to one of its arrays: attributes, keys and indices.
Path: TypeAlias = tuple[str | int, ...]
#: Where a parameter is and how it is laid out, as JSON.
Place: TypeAlias = dict[str, Any]

_DEEPEST = 6
_MOST_ITEMS = 64
#: Attributes in which modules keep what they have by name.
_REGISTRIES = ("_parameters", "_buffers", "_modules", "_children")
#: Attributes under which an object that stands for a parameter holds its array.
HOLDERS = ("data", "value", "values", "val", "array", "v")
#: And its gradient.
GRADIENTS = ("grad", "g")
_PLAIN = (str, bytes, int, float, complex, type(None), type, types.ModuleType)
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, np.ufunc)


@dataclass(frozen=True)
class Slot:
    """An array held by an instance, and its name there."""

    path: Path
    value: Native

    @property
    def name(self) -> str:
        """The last attribute or key on the way that says something."""
        texts = [step for step in self.path if isinstance(step, str)]
        telling = [step for step in texts if step not in HOLDERS]
        return (telling or texts)[-1]


def slots(instance: object, library: Library) -> list[Slot]:
    """Give every array that an instance holds, the nearest first."""
    found = [slot for slot in every_slot(instance, library) if library.is_made(slot.value)]
    return sorted(found, key=lambda slot: len(slot.path))


def every_slot(instance: object, library: Library) -> Iterator[Slot]:
    """Give those, too, that get their numbers in the first call."""
    return _walk(instance, (), library, {id(instance)}, 0)


def _walk(owner: object, path: Path, library: Library, seen: set[int], depth: int) -> Iterator[Slot]:
    if depth >= _DEEPEST:
        return
    depth += "_modules" not in getattr(owner, "__dict__", {})  # modules stand in one another however deep
    for step, value in _parts(owner):
        if library.is_array(value):
            yield Slot((*path, step), value)
        elif not isinstance(value, _PLAIN + _FUNCTIONS) and id(value) not in seen:
            seen.add(id(value))
            yield from _walk(value, (*path, step), library, seen, depth)


def _parts(owner: object) -> Iterator[tuple[str | int, Any]]:
    if isinstance(owner, dict):
        yield from ((key, value) for key, value in owner.items() if isinstance(key, str | int))
    elif isinstance(owner, list | tuple):
        yield from enumerate(owner[:_MOST_ITEMS])
    else:
        for name, value in getattr(owner, "__dict__", {}).items():
            if name in _REGISTRIES and isinstance(value, Mapping):
                # A torch module's are its attributes too; elsewhere an attribute may be what a holder holds.
                own = all(getattr(owner, str(key), None) is held for key, held in value.items())
                yield from value.items() if own else [(name, value)]
            elif not (name.startswith("_") and hasattr(owner, "_parameters")):
                yield name, value
        for name in getattr(type(owner), "__slots__", ()):
            if isinstance(name, str) and hasattr(owner, name):
                yield name, getattr(owner, name)


def value_at(instance: object, path: Path) -> Any:
    """Follow a path; ``None`` where it ends early."""
    value: Any = instance
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, str):
            value = getattr(value, step, None)
        else:
            value = value[step] if isinstance(value, list | tuple) and step < len(value) else None
    return value


def _put_at(instance: object, path: Path, value: Native) -> None:
    owner: Any = value_at(instance, path[:-1])
    if isinstance(owner, dict | list):
        owner[path[-1]] = value  # type: ignore[index]  # a path's step is what its owner takes
    elif isinstance(owner, tuple):
        changed = (*owner[: int(path[-1])], value, *owner[int(path[-1]) + 1 :])
        _put_at(instance, path[:-1], changed)
    else:
        setattr(owner, str(path[-1]), value)


def store(instance: object, path: Path, array: NDArray[Any], library: Library) -> None:
    """Set a parameter: in place where that works, else everywhere the instance holds the old array."""
    current = value_at(instance, path)
    if library.is_array(current) and library.overwrite(current, array):
        return
    exchange(instance, path, library.give(array), library)


def exchange(instance: object, path: Path, replacement: Native, library: Library) -> None:
    """Put another array in the place of one, everywhere the instance holds it."""
    current = value_at(instance, path)
    for slot in slots(instance, library):
        if slot.value is current and slot.path != path:
            _put_at(instance, slot.path, replacement)
    _put_at(instance, path, replacement)


def set_parameters(
    instance: object,
    places: Mapping[str, Place],
    arrays: Mapping[str, NDArray[Any]],
    library: Library,
    first_call: Callable[[], object],
) -> None:
    """Set the parameters of an instance; one that makes them in its first call is called before."""
    held = [value_at(instance, tuple(place["path"])) for place in places.values()]
    if any(value is None or (library.is_array(value) and not library.is_made(value)) for value in held):
        first_call()
    for role, place in places.items():
        if role in arrays:
            store(instance, tuple(place["path"]), arrays[role], library)


def cast(instance: object, dtype: np.dtype[Any], library: Library) -> None:
    """Bring every floating array that an instance holds to a dtype, as ``module.to(dtype)`` does."""
    done: dict[int, Native] = {}
    for slot in every_slot(instance, library):
        if not library.is_floating(slot.value) or library.dtype(slot.value) == dtype:
            continue
        if library.cast_in_place(slot.value, dtype):
            continue
        if id(slot.value) not in done:
            done[id(slot.value)] = slot.value.astype(dtype)
        _put_at(instance, slot.path, done[id(slot.value)])


# --- A layer's parameters ------------------------------------------------------------------------


def find_parameters(
    instance: object,
    shapes: Mapping[str, tuple[int, ...]],
    library: Library,
    given: Sequence[object] = (),
) -> list[dict[str, Place]]:
    """Find which arrays of an instance are the parameters asked for, and how they are laid out.

    By name and shape, else by shape, else by name alone (an instance of sizes of its own). Where its
    shape leaves a matrix's layout open, both are given. What a call was ``given`` is none of them.
    """
    held = [
        slot
        for slot in slots(instance, library)
        if library.is_floating(slot.value) and not any(slot.value is one for one in given)
    ]
    ways: list[dict[str, Place]] = [{}]
    for role, straight in shapes.items():
        # The other bias of a cell is what is left where the first has been found.
        family = role.partition("_")[0]
        done = {other for other in ways[0] if other.startswith(family)}
        found = _find(held, role, straight, shapes.keys() - done - {role}, library)
        if found is None:
            continue
        slot, layouts = found
        shape = library.shape(slot.value)
        # One number where the reference has one a channel: it is the candidate's own choice.
        single: dict[str, Any] = {}
        if shape == (1,) != straight and len(straight) == 1:
            single = {"size": [1]}
        held = [other for other in held if other.value is not slot.value]
        ways = [
            {**way, role: {"path": list(slot.path), "layout": layout, **single}}
            for way in ways
            for layout in layouts
        ]
    return ways


def _find(
    held: list[Slot], role: str, straight: tuple[int, ...], others: AbstractSet[str], library: Library
) -> tuple[Slot, list[str]] | None:
    whole = [slot for slot in held if means("_".join(map(str, reversed(slot.path[-2:]))), role)]
    named = [slot for slot in held if means(slot.name, role) or normalise(slot.name).endswith(role)]
    named = list({slot.path: slot for slot in (*whole, *named)}.values())
    nameless = [slot for slot in held if not any(means(slot.name, other) for other in others)]
    for slot in (*named, *nameless):
        layouts = layouts_for(library.shape(slot.value), straight)
        if layouts:
            return slot, layouts
    for slot in named:
        layouts = by_axes(library.shape(slot.value), len(straight))
        if layouts:
            return slot, layouts
    return None
