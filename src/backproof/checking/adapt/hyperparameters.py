"""The hyperparameters of an optimizer: how its constructor takes them, and where it keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling import Filled, written
from backproof.checking.adapt.names import canonical, means
from backproof.checking.adapt.signatures import Parameter

__all__ = ["Setting", "entry_for", "fill_optimizer", "own_settings", "resolve", "settings", "taken_by"]

_BETAS = ("beta1", "beta2")


def entry_for(name: str, options: Mapping[str, object]) -> dict[str, Any] | None:
    """Say which hyperparameter an argument or attribute stands for, as JSON.

    Examples
    --------
    >>> entry_for("learning_rate", {"lr": 0.1}), entry_for("b1", {"betas": (0.9, 0.999)})
    ({'hyper': 'lr'}, {'hyper': 'betas', 'index': 0})
    """
    found = canonical(name, options)
    if found is not None:
        return {"hyper": found}
    if "betas" in options:
        for index, beta in enumerate(_BETAS):
            if means(name, beta):
                return {"hyper": "betas", "index": index}
    return None


def fill_optimizer(
    found: Sequence[Parameter], options: Mapping[str, object], *, holds_parameters: bool
) -> Filled:
    """Fill the constructor of an optimizer with hyperparameters and the role ``params``.

    Where it ``holds_parameters`` and no argument is called so, the first that stands for nothing else
    takes them.

    Raises
    ------
    Obstacle
        If an argument that has no default stands for nothing known.
    """
    filled: Filled = {}
    unknown = []
    for parameter in found:
        entry = entry_for(parameter.name, {"lr": None, **options})
        role = _role(parameter.name) if entry is None else None
        if entry is not None:
            filled[parameter.name] = entry
        elif role is not None and role not in filled.values():
            filled[parameter.name] = role
        elif parameter.required and means(parameter.name, "weight_decay"):
            filled[parameter.name] = {"value": 0.0}
        elif parameter.required:
            unknown.append(parameter)
    if unknown and holds_parameters and not {"params", "model"} & set(_texts(filled)):
        filled[unknown.pop(0).name] = "params"
    if unknown:
        raise Obstacle(
            f"its constructor takes {written(found)}, and nothing known stands for {unknown[0].name}"
        )
    return {p.name: filled[p.name] for p in found if p.name in filled}


def _role(name: str) -> str | None:
    return next((role for role in ("params", "grads", "model") if means(name, role)), None)


def _texts(filled: Filled) -> list[str]:
    return [role for role in filled.values() if isinstance(role, str)]


def own_settings(found: Sequence[Parameter], options: Mapping[str, object]) -> dict[str, object]:
    """Give the constructor's own defaults for the hyperparameters it takes."""
    defaults: dict[str, Any] = {}
    for parameter in found:
        entry = None if parameter.required else entry_for(parameter.name, {"lr": None, **options})
        value = parameter.default
        if entry is None or not isinstance(value, bool | int | float | tuple | list):
            continue
        if "index" in entry:
            defaults.setdefault("betas", [None, None])[entry["index"]] = value
        else:
            defaults[entry["hyper"]] = list(value) if isinstance(value, tuple) else value
    return defaults


def resolve(filled: Filled, values: Mapping[str, Any], roles: Mapping[str, Any]) -> dict[str, Any]:
    """Give the constructor's arguments for the hyperparameters of a course."""
    arguments = {}
    for name, entry in filled.items():
        if isinstance(entry, str):
            arguments[name] = roles[entry]
        elif "value" in entry:
            arguments[name] = entry["value"]
        elif entry["hyper"] in values:
            value = values[entry["hyper"]]
            value = tuple(value) if isinstance(value, list) else value
            arguments[name] = value[entry["index"]] if "index" in entry else value
    return arguments


def taken_by(filled: Filled, values: Mapping[str, Any]) -> set[str]:
    """Give the hyperparameters of a course that a constructor is given."""
    entries = [entry for entry in filled.values() if isinstance(entry, dict) and "hyper" in entry]
    whole = {entry["hyper"] for entry in entries if "index" not in entry}
    halves = {entry["index"] for entry in entries if "index" in entry}
    if halves == {0, 1}:
        whole.add("betas")
    return whole & values.keys()


@dataclass(frozen=True)
class Setting:
    """A number that an optimizer keeps: its name, its value, and how to change it."""

    name: str
    value: Any
    put: Callable[[Any], None]


def settings(optimizer: object) -> Iterator[Setting]:
    """Give the numbers that an optimizer keeps: attributes, and entries of dictionaries and groups."""
    constants = {
        name: value
        for name, value in vars(type(optimizer)).items()
        if isinstance(value, int | float | tuple) and not name.startswith("__")
    }
    for name, value in {**constants, **getattr(optimizer, "__dict__", {})}.items():
        if isinstance(value, MutableMapping):
            yield from _entries(value)
        elif isinstance(value, list) and value and all(isinstance(v, MutableMapping) for v in value):
            for group in value:
                yield from _entries(group)
        elif isinstance(value, int | float | tuple):
            yield Setting(name, value, _attribute_setter(optimizer, name))


def _attribute_setter(owner: object, name: str) -> Callable[[Any], None]:
    return lambda value: setattr(owner, name, value)


def _entries(mapping: MutableMapping[Any, Any]) -> Iterator[Setting]:
    for key, value in mapping.items():
        if isinstance(key, str) and isinstance(value, int | float | tuple):
            yield Setting(key, value, _item_setter(mapping, key))


def _item_setter(mapping: MutableMapping[Any, Any], key: str) -> Callable[[Any], None]:
    return lambda value: mapping.__setitem__(key, value)
