"""Making the instances that a convention calls, and keeping one for each dtype and set of sizes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backproof.checking.adapt.calls import dtype_of, plain
from backproof.checking.adapt.execution import Origin, attempt
from backproof.checking.adapt.layouts import lay_out
from backproof.checking.adapt.libraries import Library, seed
from backproof.checking.adapt.slots import cast, value_at
from backproof.checking.candidate import Case, Convention

__all__ = ["Instances", "duplicate"]


class Instances:
    """The instances of one convention.

    ``make`` is the class, or a function that copies an instance the user gave. An instance is brought
    to the case's dtype when it is made; cases of other sizes have instances of their own where the
    constructor takes sizes.
    """

    def __init__(
        self, make: Callable[..., object], convention: Convention, library: Library, origin: Origin
    ) -> None:
        self._make = make
        self._construct: Mapping[str, Any] = convention.get("construct", {})
        self._library = library
        self._origin = origin
        self._sizes = [
            (entry["size"][0], entry["size"][1]) for entry in self._construct.values() if "size" in entry
        ]
        self._arrays = [entry["array"] for entry in self._construct.values() if "array" in entry]
        self._kept: dict[object, object] = {}

    def get(self, case: Case, *, fresh: bool = False) -> object:
        """Give the instance for a case; ``fresh`` makes a new one and keeps the old.

        Raises
        ------
        Failure
            If the constructor raises.
        """
        dtype = dtype_of(case)
        if fresh:
            return self._new(case, dtype)
        sizes = [case.inputs[role].shape[axis] for role, axis in self._sizes]
        key = (dtype, *sizes, *(case.inputs[role].shape for role in self._arrays))
        if key not in self._kept:
            self._kept[key] = self._new(case, dtype)
        return self._kept[key]

    def _new(self, case: Case, dtype: np.dtype[Any] | None) -> object:
        seed()
        arguments = {name: self._argument(entry, case) for name, entry in self._construct.items()}
        instance = attempt(self._origin, "construct", self._make, **arguments)
        if dtype is not None:
            cast(instance, dtype, self._library)
        return instance

    def _argument(self, entry: Mapping[str, Any], case: Case) -> object:
        if "size" in entry:
            role, axis = entry["size"]
            return case.inputs[role].shape[axis]
        if "array" in entry:
            return self._library.give(lay_out(case.inputs[entry["array"]], entry.get("layout", "same")))
        if "random" in entry:
            return np.random.default_rng(0)
        return plain(entry["value"])


def duplicate(instance: object) -> object:
    """Copy an instance that the user gave, so that judging it leaves it as it is.

    Tensors that were computed from others, which PyTorch does not copy, are copied without their graph.
    """
    memo: dict[int, object] = {}
    for value in _computed_tensors(instance):
        memo[id(value)] = value.detach().clone()
    return copy.deepcopy(instance, memo)


def _computed_tensors(instance: object) -> list[Any]:
    found = []
    modules = getattr(instance, "modules", None)
    owners = list(modules()) if callable(modules) and hasattr(instance, "_parameters") else [instance]
    for owner in owners:
        for name in getattr(owner, "__dict__", {}):
            value = value_at(owner, (name,))
            items = value if isinstance(value, list | tuple) else [value]
            found += [item for item in items if getattr(item, "is_leaf", True) is False]
    return found
