"""Reading the gradients that a backward returned, or left on the object."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from backproof.checking.adapt.filling.slots import HOLDERS, Path, value_at
from backproof.checking.adapt.libraries import Library, Native, take
from backproof.checking.adapt.words.names import gradient_names, means, normalise

__all__ = ["Reader", "Wanted", "clear_gradients"]

Shape: TypeAlias = tuple[int, ...]
_MISSING = object()
#: Attributes that hold all gradients: a dictionary by name, or a list.
_STORES = frozenset(
    {"grad", "grads", "gradient", "gradients", "gradparams", "dparams", "paramgrads", "gradcache"}
)


@dataclass(frozen=True)
class Wanted:
    """An argument whose gradient is looked for: its role, its name in the code, its place."""

    role: str
    own: str = ""
    path: Path = ()
    #: Whether only its name tells: nothing is matched to it by shape or order.
    strict: bool = False

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The normalised names its gradient may have."""
        return gradient_names(self.role, self.own)

    def is_key(self, key: object) -> bool:
        """Say whether a dictionary's key stands for this argument's gradient."""
        if not isinstance(key, str):
            return False
        own = normalise(key) == normalise(self.own) or means(key, self.role)
        return (
            own or normalise(key) in self.names or (self.role == "input" and normalise(key) in ("x", "input"))
        )


class Reader:
    """Matches what a backward gave to the arguments: by name, by shape, then by order, input first."""

    def __init__(self, wanted: Sequence[Wanted], library: Library, *, owed: bool = True) -> None:
        self.wanted, self.owed = list(wanted), owed
        self.library = library

    def read(
        self,
        returned: object,
        shapes: Mapping[str, Shape],
        instance: object = None,
        before: Mapping[str, object] | None = None,
        given: Iterable[object] = (),
    ) -> dict[str, object]:
        """Give the gradient of each argument as it came; an argument with no place for one is left out.

        ``shapes`` are those of the arguments as the candidate has them; ``before`` holds the
        instance's attributes before the call, ``given`` what the call was given, which is no gradient.
        """
        found: dict[str, object] = {}
        if isinstance(returned, Mapping):
            self._by_key(returned, found)
        elif isinstance(returned, tuple | list) and self._is_several(returned):
            # ``dx, {"W": dW, "b": db}``: what has a name is none of those that go by their shape.
            for item in returned:
                if isinstance(item, Mapping):
                    self._by_key(item, found)
            rest = [item for item in returned if not isinstance(item, Mapping)]
            # The gradients of a cell's states come as they went in: together.
            several = [item if self._is_group(item) else (item,) for item in rest]
            self._match([one for items in several for one in items], shapes, found)
        elif returned is not None:
            if instance is not None:
                self._claim_named(returned, shapes, instance, found)
            self._match([returned], shapes, found)
        if len(found) < len(self.wanted) and instance is not None:
            self._from_instance(instance, shapes, found, before or {}, given)
        parameters_alone = isinstance(returned, Mapping) or (returned is None and bool(found))
        if self.wanted and (self.owed or not parameters_alone):
            found.setdefault(self.wanted[0].role, None)
        return found

    def _is_several(self, returned: Sequence[object]) -> bool:
        return isinstance(returned, tuple) or any(self.library.is_array(r) or r is None for r in returned)

    def _is_group(self, item: object) -> bool:
        """Say whether an item holds gradients itself: ``dx, [dgamma, dbeta]``."""
        arrays = isinstance(item, list) and bool(item) and all(self.library.is_array(one) for one in item)
        return isinstance(item, tuple) or arrays

    def _by_key(self, returned: Mapping[Any, object], found: dict[str, object]) -> None:
        for wanted in self.wanted:
            for key, value in returned.items():
                if wanted.is_key(key):
                    found.setdefault(wanted.role, value)

    def _claim_named(
        self, returned: object, shapes: Mapping[str, Shape], instance: object, found: dict[str, object]
    ) -> None:
        """Take what is stored under its name, before a lone gradient is matched to that by its shape.

        Only where what is returned has not the shape that it should have: then the two may be exchanged.
        """
        came = take(returned)
        if not self.wanted or came is None or _equal(came.shape, shapes.get(self.wanted[0].role)):
            return
        attributes = _attributes(instance)
        for wanted in self.wanted[1:]:
            stored = take(_named(wanted, instance, attributes))
            if stored is None or not stored.any():
                continue  # nothing has been stored
            if np.array_equal(stored, came):
                found.clear()
                return  # it is returned, and stored besides
            found[wanted.role] = _named(wanted, instance, attributes)

    # --- by shape and order ---

    def _match(self, items: list[object], shapes: Mapping[str, Shape], found: dict[str, object]) -> None:
        every = list(items)
        for alike in (_equal, _permuted):
            left = []
            for item in items:
                shape = self._shape(item)
                role = None if shape is None else self._unclaimed(shape, shapes, found, alike)
                if role is None:
                    left.append(item)
                else:
                    found[role] = item
            items = left
        self._in_order(every, found)
        rest = [wanted.role for wanted in self.wanted if wanted.role not in found and not wanted.strict]
        found.update(zip(rest, items, strict=False))

    def _in_order(self, items: Sequence[object], found: dict[str, object]) -> None:
        """Give the gradients of several data arguments in the order of the call, whatever their shapes.

        Those of parameters are returned in any order; those of two inputs, exchanged, are a mistake.
        """
        data = [w.role for w in self.wanted if not w.path and not _is_parameter(w.role) and w.role in found]
        places = sorted(i for i, item in enumerate(items) if any(item is found[role] for role in data))
        if len(places) == len(data):
            found.update(zip(data, [items[i] for i in places], strict=True))

    def _shape(self, item: object) -> Shape | None:
        if self.library.is_array(item):
            return self.library.shape(item)
        array = None if item is None else take(item)
        return None if array is None else array.shape

    def _unclaimed(
        self, shape: Shape, shapes: Mapping[str, Shape], found: Mapping[str, object], alike: Any
    ) -> str | None:
        for wanted in self.wanted:
            if wanted.role not in found and not wanted.strict and alike(shape, shapes.get(wanted.role)):
                return wanted.role
        return None

    # --- on the object ---

    def _from_instance(
        self,
        instance: object,
        shapes: Mapping[str, Shape],
        found: dict[str, object],
        before: Mapping[str, object],
        given: Iterable[object],
    ) -> None:
        attributes = _attributes(instance)
        for wanted in self.wanted:
            if wanted.role not in found:
                value = _named(wanted, instance, attributes)
                if value is not _MISSING:
                    found[wanted.role] = value
        fresh = [
            (name, value)
            for name, value in attributes.items()
            if self.library.is_array(value)
            and value is not before.get(name)
            and not any(value is other for other in (*given, *found.values()))
        ]
        for wanted in self.wanted:
            if wanted.role in found or wanted.strict or wanted.role == "target":
                continue
            for index, (_, value) in enumerate(fresh):
                if self.library.shape(value) == shapes.get(wanted.role):
                    found[wanted.role] = value
                    del fresh[index]
                    break


def _is_parameter(role: str) -> bool:
    return (
        any(means(role, known) or known in role.lower() for known in ("weight", "bias")) or role[:1] in "WUb"
    )


def _equal(shape: Shape, wanted: Shape | None) -> bool:
    return shape == wanted


def _permuted(shape: Shape, wanted: Shape | None) -> bool:
    return wanted is not None and len(shape) > 1 and sorted(shape) == sorted(wanted)


def _attributes(instance: object) -> dict[str, Any]:
    return dict(getattr(instance, "__dict__", {}))


def _named(wanted: Wanted, instance: object, attributes: Mapping[str, Any]) -> object:
    """Find a gradient by name: beside its parameter, as an attribute, or in a store of all gradients."""
    beside = _beside(wanted, instance)
    if beside is not _MISSING:
        return beside
    known = wanted.names
    holder = value_at(instance, wanted.path[:-1]) if len(wanted.path) > 1 else None
    for name, value in (*_attributes(holder).items(), *attributes.items()):
        if normalise(name) in known and (holder is None or not wanted.strict or name not in attributes):
            return value
    for name, value in attributes.items():
        if normalise(name) in _STORES:
            stored = _in_store(wanted, value)
            if stored is not _MISSING:
                return stored
    return _MISSING


def _beside(wanted: Wanted, instance: object) -> object:
    """Look at the ``grad`` of an object that holds a parameter, or of a tensor."""
    if not wanted.path:
        return _MISSING
    inside = wanted.path[-1] in HOLDERS
    holder = value_at(instance, wanted.path[:-1] if inside else wanted.path)
    if not inside and getattr(holder, "grad", None) is None:
        return _MISSING
    return getattr(holder, "grad", _MISSING)


def _in_store(wanted: Wanted, store: object) -> object:
    if isinstance(store, Mapping):
        for key, value in store.items():
            if wanted.is_key(key):
                return value
    in_list = len(wanted.path) > 1 and isinstance(wanted.path[-1], int)
    if isinstance(store, list | tuple) and in_list and int(wanted.path[-1]) < len(store):
        return store[int(wanted.path[-1])]
    return _MISSING


def clear_gradients(wanted: Sequence[Wanted], instance: object, library: Library) -> None:
    """Set the gradients of parameters that an instance holds to zero, as is done before a backward.

    Code that adds to them (``self.dW += …``) then gives the gradient of this call alone; code that
    assigns them is not affected.
    """
    attributes = _attributes(instance)
    for one in wanted:
        value: Native = _named(one, instance, attributes) if one.path else None
        if library.is_array(value) and library.is_floating(value):
            library.clear(value)
