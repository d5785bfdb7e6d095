"""What an instance keeps: the parameters that its methods read, handed to a new instance at each call."""

from __future__ import annotations

import copy
import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.checking.adapt.filling.constructing import is_size
from backproof.checking.adapt.libraries import quiet
from backproof.checking.adapt.objectives.layouts import SIZES
from backproof.checking.adapt.objectives.leaves import PARAMETERS, Keys, role_of
from backproof.checking.adapt.recognition import constructor_of
from backproof.checking.adapt.words.names import is_gradient_of, means, split, word_set
from backproof.checking.adapt.words.signatures import Parameter, stored_attributes

__all__ = ["Keeping", "kept_by", "makings"]

#: The sizes of so many layers, one after another, as the layouts have them.
_SIZES: Mapping[int, list[int]] = {
    len(axes): [SIZES[axis] for axis in axes] for axes in ("D", "DC", "DHC", "DHJC")
}
_SEVERAL = word_set("dims layers sizes shape topology architecture units widths neurons structure")


@dataclass
class Keeping:
    """A class, a way to make an instance of it, and the parameters that this keeps.

    Unless it is ``fresh``, an instance goes on from one call to the next.
    """

    make: Callable[[], Any]
    names: Sequence[str]
    #: Of what those consist that are containers.
    keys: Keys
    #: How many axes each has, by the name of its leaf, where the constructor makes it.
    axes: Mapping[str, int]
    fresh: bool = True
    _last: Any = None

    def renew(self, *, fresh: bool) -> None:
        """Say whether the next call is made on a new instance."""
        self.fresh = fresh

    def opened(self, arguments: dict[str, Any]) -> Any:
        """Give an instance with the parameters that are among the arguments, and take them out."""
        instance = self._last = self.make() if self.fresh or self._last is None else self._last
        for name in self.names:
            setattr(instance, name, arguments.pop(name))
        for name in [name for name in vars(instance) if means(name, "lr")]:
            setattr(instance, name, 1.0)  # a step of the gradient itself
        return instance

    def gradients(self, instance: Any, backward: str) -> Callable[..., Any]:
        """Give the method, or what it leaves on the instance where it returns nothing."""

        def call(**named: Any) -> Any:
            before = {name: copy.deepcopy(getattr(instance, name)) for name in self.names}
            returned = getattr(instance, backward)(**named)
            if any(True for _ in _arrays(returned)):
                return returned
            left = {
                key: array
                for name, value in vars(instance).items()
                if is_gradient_of(name, self.names)
                for key, array in _named(name, value)
            }
            moved: dict[str, Any] = {}
            for name, old in before.items():
                now = dict(_named(name, getattr(instance, name)))
                moved |= {key: one - now[key] for key, one in _named(name, old) if np.any(one != now[key])}
            return moved or left

        return call

    def function(self, method: types.FunctionType) -> Callable[..., Any]:
        """Give a method as a function that takes the parameters as well."""

        def call(**named: Any) -> Any:
            return method(self.opened(named), **named)

        whole = inspect.signature(method)
        last = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in self.names]
        made: Any = call
        made.__signature__ = whole.replace(parameters=[*[*whole.parameters.values()][1:], *last])
        made.__doc__ = method.__doc__
        return call


def kept_by(
    cls: type, make: Callable[[], Any], used: Sequence[str], *, later: bool = False
) -> Keeping | None:
    """Find the parameters that methods of a class read; nothing where there are none.

    With ``later`` only those that others than the constructor make.
    """
    instance = make()
    own = {name: f for name, f in vars(cls).items() if isinstance(f, types.FunctionType)}
    read = _read(own, used)
    ready = {*stored_attributes(own.get("__init__")), *(dir(cls) if later else ())}
    made = dict.fromkeys(name for f in own.values() for name in stored_attributes(f))
    during = {name for one in used for name in stored_attributes(own[one])} - ready
    names, keys = [], {}
    for name in made:
        if name not in read or name in during or is_gradient_of(name, ()) or (later and name in ready):
            continue
        value = getattr(instance, name, None)
        if isinstance(value, list | tuple | dict):
            found = [key for key, one in _items(value) if _is_array(one)]
            if not found or len(found) < len(value):
                continue
            keys[name] = found
        elif not (_is_array(value) or value is None or role_of(name) in PARAMETERS):
            continue
        names.append(name)
    axes = {leaf: np.ndim(one) for name in names for leaf, one in _named(name, getattr(instance, name, None))}
    return Keeping(make, names, keys, axes) if names else None


def makings(cls: type, given: object = None) -> Iterator[Callable[[], Any]]:
    """Give the ways to make an instance of a class: a copy of the one that is ``given``, or constructed."""
    if given is not None:
        yield functools.partial(copy.deepcopy, given)
    asked = constructor_of(cls)
    for several, defaults in itertools.product((False, True), (True, False)):
        make = functools.partial(_made, cls, _filled(asked, several=several, defaults=defaults))
        try:
            with quiet():
                make()
        except Exception:  # noqa: S112  # it is not made this way
            continue
        yield make
        return


def _made(cls: type, given: Mapping[str, Any]) -> Any:
    return cls(**copy.deepcopy(given))


def _filled(asked: Sequence[Parameter], *, several: bool, defaults: bool) -> dict[str, Any]:
    """Fill what a constructor asks for with sizes, and what is a size of those that have ``defaults``."""
    sized = [p for p in asked if p.required or (defaults and is_size(p.name) and type(p.default) is int)]
    plural = [p.name for p in sized if several or _SEVERAL & set(split(p.name))]
    single = [p.name for p in sized if p.name not in plural]
    sizes = _SIZES.get(len(single), _SIZES[4] * len(single))
    return {**dict.fromkeys(plural, _SIZES[3]), **dict(zip(single, sizes, strict=False))}


def _read(own: Mapping[str, types.FunctionType], used: Sequence[str]) -> set[str]:
    """Give the names that methods, and those that they call, read or write."""
    waiting, read = [own[name] for name in used], set[str]()
    while waiting:
        names = set(waiting.pop().__code__.co_names) - read
        read |= names
        waiting += [own[name] for name in names if name in own]
    return read


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and 0 < value.ndim <= 2


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    yield from value.items() if isinstance(value, dict) else enumerate(value)


def _named(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Give the arrays that are kept under a name, by the names of the leaves that they are."""
    if isinstance(value, list | tuple | dict):
        for key, one in _items(value):
            if isinstance(one, np.ndarray | float):
                yield (key if isinstance(key, str) else f"{name}{key}"), one
    elif isinstance(value, np.ndarray | float):
        yield name, value


def _arrays(returned: Any) -> Iterator[Any]:
    if isinstance(returned, tuple | list | dict):
        for one in returned.values() if isinstance(returned, dict) else returned:
            yield from _arrays(one)
    elif returned is not None:
        yield returned
