"""Making the instances that a convention calls, and keeping one for each dtype and set of sizes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backproof.checking.adapt.execution import Origin, attempt
from backproof.checking.adapt.filling.calls import dtype_of, plain
from backproof.checking.adapt.filling.layouts import lay_out
from backproof.checking.adapt.filling.modes import evaluate
from backproof.checking.adapt.filling.slots import HOLDERS, cast, value_at
from backproof.checking.adapt.libraries import Library, Native, seed
from backproof.checking.candidate import Case, Convention

__all__ = ["Instances", "duplicate"]


class Instances:
    """The instances of one convention.

    ``make`` is the class, or a function that copies an instance the user gave. An instance is brought
    to the case's dtype when it is made; cases of other sizes have instances of their own where the
    constructor takes sizes, or where one fails for a case after it was made for others (`outgrown`).
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
        #: What is made from the nodes before it is made for each call anew.
        self._once = any("parents" in entry for entry in self._construct.values())
        self._mode = convention.get("evaluate")
        self._kept: dict[object, object] = {}
        self._shapes: dict[object, object] = {}
        self._by_shape = False

    def get(self, case: Case, *, fresh: bool = False) -> object:
        """Give the instance for a case; ``fresh`` makes a new one and keeps the old.

        Raises
        ------
        Failure
            If the constructor raises.
        """
        dtype = dtype_of(case)
        if fresh or self._once:
            return self._new(case, dtype)
        key = self._key(case, dtype)
        if key not in self._kept:
            self._kept[key], self._shapes[key] = self._new(case, dtype), _shapes(case)
        return self._kept[key]

    def outgrown(self, case: Case) -> bool:
        """Say whether a case's instance was made for other shapes; if so each has its own from now on.

        Layers that are built by their first call take the sizes of its input.
        """
        if self._by_shape or self._shapes.get(self._key(case, dtype_of(case))) in (None, _shapes(case)):
            return False
        self._by_shape = True
        return True

    def _key(self, case: Case, dtype: np.dtype[Any] | None) -> object:
        sizes = [case.inputs[role].shape[axis] for role, axis in self._sizes]
        given = (case.inputs[role].shape for role in self._arrays)
        return (dtype, *sizes, *given, _shapes(case) if self._by_shape else ())

    def _new(self, case: Case, dtype: np.dtype[Any] | None) -> object:
        seed()
        arguments = {name: self._argument(entry, case) for name, entry in self._construct.items()}
        args: list[object] = []
        for name in list(arguments) if self._once else ():
            one = arguments.pop(name)
            if "parents" in self._construct[name]:
                args += one
                break
            args.append(one)
        instance = attempt(self._origin, "construct", self._make, *args, **arguments)
        if dtype is not None:
            cast(instance, dtype, self._library)
        if self._mode:
            evaluate(instance, called=self._mode == "call")
        return instance

    def _argument(self, entry: Mapping[str, Any], case: Case) -> Any:
        if "parents" in entry:
            return [_Parent(self._library.give(case.inputs[role])) for role in entry["parents"]]
        if "size" in entry:
            role, axis = entry["size"]
            return case.inputs[role].shape[axis]
        if "array" in entry:
            return self._library.give(lay_out(case.inputs[entry["array"]], entry.get("layout", "same")))
        if "random" in entry:
            return np.random.default_rng(0)
        return plain(entry["value"])


class _Parent:
    """What stands for a node of a graph that another is made from: its array, by whatever name."""

    def __init__(self, data: Native) -> None:
        self.data = data
        self.grad: object = None
        self.requires_grad = True

    def __getattr__(self, name: str) -> Any:
        held = vars(self).get("data")
        return held if name in HOLDERS and held is not None else getattr(held, name)


def _shapes(case: Case) -> tuple[tuple[int, ...], ...]:
    return tuple(array.shape for array in case.inputs.values())


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
