"""Reading the gradients that a backward returned, or left on the object."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from backproof.checking.adapt.filling.slots import GRADIENTS, HOLDERS, Path, value_at
from backproof.checking.adapt.libraries import Library, Native, take
from backproof.checking.adapt.words.names import gradient_names, means, normalise

__all__ = ["STORES", "Reader", "Wanted", "clear_gradients"]

Shape: TypeAlias = tuple[int, ...]
_MISSING = object()
#: Attributes that hold all gradients: a dictionary by name, or a list.
STORES = frozenset(
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
            items = [one for group in several for one in group]
            if not self._by_place(items, found):
                self._match(items, shapes, found)
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
        self._in_order(every, shapes, found)
        rest = [wanted.role for wanted in self.wanted if wanted.role not in found and not wanted.strict]
        found.update(zip(rest, items, strict=False))

    def _in_order(
        self, items: Sequence[object], shapes: Mapping[str, Shape], found: dict[str, object]
    ) -> None:
        """Give the gradients of several data arguments in the order of the call, whatever their shapes.

        Those of parameters are returned in any order; those of two inputs, exchanged, are a mistake.
        """
        asked = [w.role for w in self.wanted if not w.path and w.role in found]
        data = [role for role in asked if not _is_parameter(role, shapes.get(role, ()))]
        places = sorted(i for i, item in enumerate(items) if any(item is found[role] for role in data))
        if len(places) == len(data):
            found.update(zip(data, [items[i] for i in places], strict=True))

    def _by_place(self, items: Sequence[object], found: dict[str, object]) -> bool:
        """Where one stands for each argument, and ``None`` for some: nothing but their places tells whose."""
        data = [w.role for w in self.wanted if not w.path]
        whole = len(items) == len(data) == len(self.wanted) and not found
        if whole and any(item is None for item in items):
            found.update(zip(data, items, strict=True))
            return True
        return False

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


def _is_parameter(role: str, shape: Shape) -> bool:
    """Say whether an argument is a parameter by its name; a bias is one row."""
    row = sum(size > 1 for size in shape) <= 1
    bias = means(role, "bias") or role[:1] == "b"
    weight = means(role, "weight") or role[:1] in "WU"
    return weight or (bias and row) or any(known in role.lower() for known in ("weight", "bias"))


def _equal(shape: Shape, wanted: Shape | None) -> bool:
    return shape == wanted


def _permuted(shape: Shape, wanted: Shape | None) -> bool:
    return wanted is not None and len(shape) > 1 and sorted(shape) == sorted(wanted)


def _attributes(instance: object) -> dict[str, Any]:
    return dict(getattr(instance, "__dict__", {}))


def _named(wanted: Wanted, instance: object, attributes: Mapping[str, Any]) -> object:
    """Find a gradient by name: beside its parameter, as an attribute, or in a store of all gradients."""
    for beside in (_beside(wanted, instance), _alongside(wanted, instance)):
        if beside is not _MISSING:
            return beside
    known = wanted.names
    holder = value_at(instance, wanted.path[:-1]) if len(wanted.path) > 1 else None
    for name, value in (*_attributes(holder).items(), *attributes.items()):
        if normalise(name) in known and (holder is None or not wanted.strict or name not in attributes):
            return value
    for name, value in attributes.items():
        found = _with_key(value, wanted.is_key) if normalise(name) in STORES else _MISSING
        if found is not _MISSING:
            return found
    return _MISSING


def _beside(wanted: Wanted, instance: object) -> object:
    """Look at the ``grad`` of an object that holds a parameter, or of a tensor; it may be called ``g``."""
    if not wanted.path:
        return _MISSING
    inside = len(wanted.path) > 1 and wanted.path[-1] in HOLDERS
    holder = value_at(instance, wanted.path[:-1] if inside else wanted.path)
    given = [getattr(holder, name, _MISSING) for name in GRADIENTS]
    if not inside:  # a tensor has a place for one, also where it has none
        given = [value for value in given if value is not None]
    return next((value for value in given if value is not _MISSING), _MISSING)


def _alongside(wanted: Wanted, instance: object) -> object:
    """Look beside the list or dictionary of a parameter, at the same place: ``dW[0]`` for ``W[0]``."""
    for depth, step in enumerate(wanted.path[:-1]):
        owner = value_at(instance, wanted.path[:depth])
        beside: Mapping[Any, Any] = owner if isinstance(owner, Mapping) else _attributes(owner)
        known = STORES | gradient_names(str(step), str(step))
        for name, store in beside.items():
            if name != step and isinstance(name, str) and normalise(name) in known:
                found = _at_same_place(wanted, beside.get(step), store, wanted.path[depth + 1 :])
                if found is not _MISSING and take(found) is not None:
                    return found
    return _MISSING


def _at_same_place(wanted: Wanted, held: object, store: object, path: Path) -> object:
    """Follow a path into a store that is made like what holds the parameters; lists have to be as long."""
    step, *rest = path
    found: object = _MISSING
    if isinstance(held, Mapping):
        names = gradient_names(str(step), str(step)) | {normalise(str(step))}
        found = _with_key(store, wanted.is_key if not rest else lambda key: normalise(str(key)) in names)
    elif isinstance(held, list | tuple) and isinstance(store, list | tuple) and len(store) == len(held):
        found = store[-1 - int(step) if _is_turned(held, store) else int(step)]
    within = value_at(held, (step,))
    return _at_same_place(wanted, within, found, tuple(rest)) if rest and found is not _MISSING else found


def _is_turned(held: Sequence[object], store: Sequence[object]) -> bool:
    """Say whether the gradients stand in the order of the backward pass, as their shapes tell."""
    shapes = [[None if (a := take(one)) is None else a.shape for one in side] for side in (held, store)]
    return shapes[0] != shapes[1] == shapes[0][::-1]


def _with_key(store: object, is_key: Callable[[object], bool]) -> object:
    """Give what a dictionary holds under the first key that is meant."""
    pairs = store.items() if isinstance(store, Mapping) else ()
    return next((value for key, value in pairs if is_key(key)), _MISSING)


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
