"""Filling a candidate's arguments: the constructor's from sizes and options, a call's from roles.

What is filled is written as JSON: the name of a role (``"input"``), or one of ``{"value": 0.1}``,
``{"size": ["weight", 1]}`` (an axis of an argument of the case), ``{"array": "weight"}`` and
``{"roles": ["hx", "cx"]}`` (a tuple of them).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.names import canonical, means, normalise, target_score, word_set
from backproof.checking.adapt.signatures import Parameter
from backproof.checking.candidate import Signature

__all__ = [
    "Filled",
    "fill_call",
    "fill_constructor",
    "given_options",
    "option_for",
    "own_defaults",
    "written",
]

#: The arguments that are filled, by the candidate's names.
Filled: TypeAlias = dict[str, Any]

_AVERAGES: Mapping[object, bool] = {"mean": True, "sum": False}


def written(found: Sequence[Parameter]) -> str:
    """Write arguments for people: ``(x, dim)``."""
    return f"({', '.join('*' * p.variadic + p.name for p in found)})"


def option_for(parameter: Parameter, options: Mapping[str, object]) -> tuple[str, object] | None:
    """Find the option that an argument stands for, and the value it then takes."""
    name = canonical(parameter.name, options)
    if name is not None:
        return name, options[name]
    if "reduction" in options and means(parameter.name, "average"):
        how = options["reduction"]
        return ("reduction", _AVERAGES[how]) if how in _AVERAGES else None
    return None


def given_options(found: Iterable[Parameter], filled: Filled, options: Mapping[str, object]) -> list[str]:
    """Give the canonical names of the options that a filling hands over."""
    names = []
    for parameter in found:
        entry = filled.get(parameter.name)
        option = option_for(parameter, options) if isinstance(entry, dict) and "value" in entry else None
        if option is not None:
            names.append(option[0])
    return names


def own_defaults(found: Iterable[Parameter], options: Mapping[str, object]) -> dict[str, object]:
    """Give the candidate's own defaults for the options it has, by their canonical names."""
    defaults = {}
    for parameter in found:
        option = None if parameter.required else option_for(parameter, options)
        if option is not None and isinstance(parameter.default, bool | int | float | str | tuple):
            defaults[option[0]] = _json(parameter.default)
    return defaults


def _json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


# --- Constructors --------------------------------------------------------------------------------


#: Letters of a name that says nothing, and how many of them a layer's sizes are.
_SHORT, _TWO = 2, 2


def _says_nothing(name: str) -> bool:
    return len(name) <= _SHORT and not any(means(name, role) for role in ("weight", "bias"))


def fill_constructor(found: Sequence[Parameter], signature: Signature, *, model: bool = False) -> Filled:
    """Fill a constructor's arguments; those with defaults only where an option asks for them.

    Raises
    ------
    Obstacle
        If an argument that has no default stands for nothing known.
    """
    filled: Filled = {}
    sizes = _Sizes(signature, model)
    required = [parameter.name for parameter in found if parameter.required]
    if "weight" in signature.shapes and len(required) == _TWO and all(_says_nothing(n) for n in required):
        # Two letters for the sizes of a layer: how many go in, then how many come out.
        filled = {required[0]: {"size": ["weight", 1]}, required[1]: {"size": ["weight", 0]}}
        found = [parameter for parameter in found if parameter.name not in required]
    known = LAYER_SIZES.get(signature.reference, {})
    by_name = {canonical(parameter.name, signature.options) for parameter in found}
    for parameter in found:
        size = canonical(parameter.name, known)
        option = None if size else option_for(parameter, signature.options)
        if option and option[0] in by_name and not canonical(parameter.name, signature.options):
            option = None  # PyTorch's old ``size_average``, beside the ``reduction`` that is filled
        if size:
            filled[parameter.name] = {"size": list(known[size])}
        elif known and parameter.name in _LAYOUTS:
            filled[parameter.name] = {"value": _LAYOUTS[parameter.name]}
        elif option is not None:
            filled[parameter.name] = {"value": _json(option[1])}
        elif (entry := sizes.entry(parameter)) is not None:
            filled[parameter.name] = entry
        elif parameter.required or (parameter.variadic and parameter.name != "args"):
            entry = _usual(parameter) or _free(parameter, signature)
            if entry is None:
                raise Obstacle(
                    f"its constructor takes {written(found)}, and nothing known stands for {parameter.name}"
                )
            filled[parameter.name] = entry
    return filled


def _usual(parameter: Parameter) -> dict[str, object] | None:
    """Give a value for arguments that matter to no gradient."""
    if means(parameter.name, "reduction"):
        return {"value": "mean"}
    if means(parameter.name, "average"):
        return {"value": True}
    if means(parameter.name, "seed"):
        return {"value": 0}
    return {"value": "candidate"} if means(parameter.name, "name") else None


def _free(parameter: Parameter, signature: Signature) -> dict[str, object] | None:
    """Give a number for a coefficient of what has no reference: its own forward is what counts."""
    free = signature.reference is None and normalise(parameter.name) in _COEFFICIENTS
    return {"value": 0.7} if free else None


_COEFFICIENTS = word_set(
    "alpha beta gamma delta scale slope temperature temp tau lambda lambda_ lam threshold sigma factor coef "
    "coefficient margin a b c k s power theta mu negative_slope epsilon eps weight strength"
)


_CONVOLUTION = {"in_channels": ("input", 1), "out_channels": ("weight", 0), "kernel_size": ("weight", -1)}
_CELL = {"input_size": ("weight_ih", 1), "hidden_size": ("weight_hh", 1)}
#: For layers that are no linear map: what a constructor's argument is the size of.
LAYER_SIZES: Mapping[str | None, Mapping[str, tuple[str, int]]] = {
    "Conv1d": _CONVOLUTION,
    "Conv2d": _CONVOLUTION,
    "BatchNorm1d": {"num_features": ("input", 1)},
    "BatchNorm2d": {"num_features": ("input", 1)},
    "LayerNorm": {"normalized_shape": ("input", -1)},
    "RMSNorm": {"normalized_shape": ("input", -1)},
    "GroupNorm": {"num_channels": ("input", 1)},
    "PReLU": {"num_parameters": ("weight", 0)},
    "Embedding": {"num_embeddings": ("weight", 0), "embedding_dim": ("weight", 1)},
    "Bilinear": {
        "in1_features": ("input1", -1),
        "in2_features": ("input2", -1),
        "out_features": ("weight", 0),
    },
    "RNNCell": _CELL,
    "LSTMCell": _CELL,
    "GRUCell": _CELL,
    "MultiheadAttention": {"embed_dim": ("query", -1)},
}
#: What else a constructor needs for the layout of our cases.
_LAYOUTS: Mapping[str, object] = {"batch_first": True}
#: The states of a cell that are handed over together, under the name of the first.
_STATES: Mapping[str | None, tuple[str, ...]] = {"LSTMCell": ("hx", "cx")}


class _Sizes:
    """The sizes that a constructor asks for, as axes of the case's arguments."""

    #: Sizes inside a model, which no argument has: primes that occur nowhere else.
    INNER = (11, 13, 17, 19, 23)

    def __init__(self, signature: Signature, model: bool) -> None:
        self.shapes, self.kind = signature.shapes, signature.kind
        self.model = model
        self.inner = itertools.cycle(self.INNER)

    def entry(self, parameter: Parameter) -> dict[str, object] | None:
        if not parameter.required and not self._always(parameter):
            return None
        weight = "weight" if "weight" in self.shapes else None
        for role in ("weight", "bias"):
            if role in self.shapes and means(parameter.name, role) and parameter.default is None:
                return {"array": role} if parameter.required else None
        if parameter.name == "axis" or (parameter.name == "dim" and self.kind == "activation"):
            return {"value": -1}
        if means(parameter.name, "in_features") or parameter.name in ("dim", "size", "n", "d", "features"):
            return {"size": [weight, 1]} if weight else self._of_input()
        if means(parameter.name, "out_features"):
            return {"size": [weight, 0]} if weight else self._of_output()
        return {"value": next(self.inner)} if self.model and _looks_like_size(parameter.name) else None

    def _always(self, parameter: Parameter) -> bool:
        """Sizes are given even where they have defaults: the case's shapes go with them."""
        sized = means(parameter.name, "in_features") or means(parameter.name, "out_features")
        whole = isinstance(parameter.default, int) and not isinstance(parameter.default, bool)
        return sized and whole and not self.model and "weight" in self.shapes

    def _of_input(self) -> dict[str, object] | None:
        if self.model:
            return {"value": 5}
        return {"size": ["input", -1]} if self.shapes.get("input") else None

    def _of_output(self) -> dict[str, object] | None:
        return {"value": 3} if self.model else self._of_input()


def _looks_like_size(name: str) -> bool:
    return any(part in name.lower() for part in _SIZE_PARTS) or name in ("h", "d", "n", "k", "m", "o")


_SIZE_PARTS = ("hidden", "size", "dim", "units", "n_", "num", "width", "classes", "neurons", "features")


# --- Calls ---------------------------------------------------------------------------------------


def fill_call(
    found: Sequence[Parameter], signature: Signature, *, holds_parameters: bool = False
) -> list[Filled]:
    """Fill a forward's arguments with roles, the likeliest way first.

    The roles are the arguments of the case; those of a layer that stay unfilled are its parameters,
    where it ``holds_parameters``. A forward of ``*inputs`` takes them in order.

    Raises
    ------
    Obstacle
        If the arguments cannot be filled.
    """
    roles = list(signature.shapes)
    filled: Filled = {}
    data: list[Parameter] = []
    # As many arguments as there are roles are the roles, whatever they are called.
    all_data = sum(parameter.required for parameter in found) == len(roles)
    for parameter in found:
        data_by_name = parameter.name in roles or (all_data and parameter.required)
        option = None if data_by_name else option_for(parameter, signature.options)
        if option is not None:
            filled[parameter.name] = {"value": _json(option[1])}
        elif parameter.required and len(data) >= len(roles) and (free := _free(parameter, signature)):
            filled[parameter.name] = free
        elif parameter.required or canonical(parameter.name, roles) is not None:
            data.append(parameter)
    if not data and any(parameter.variadic for parameter in found):
        held = [role for role in roles if holds_parameters and any(part in role for part in _HELD)]
        return [_together({role: role for role in roles if role not in held}, signature)]
    ways = _assign(data, roles, found)
    return [_in_order(found, _together({**filled, **way}, signature)) for way in ways]


def _together(filled: Filled, signature: Signature) -> Filled:
    """Hand the states of a cell over as one, unless each has an argument of its own."""
    first, *others = _STATES.get(signature.reference, ("",))
    names = {role: name for name, role in filled.items() if isinstance(role, str)}
    variadic = all(names.get(role) == role for role in (first, *others))
    if first not in names or (set(others) & names.keys() and not variadic):
        return filled
    joined = {name: role for name, role in filled.items() if role not in others}
    return {**joined, names[first]: {"roles": [first, *others]}}


def _in_order(found: Sequence[Parameter], filled: Filled) -> Filled:
    return {p.name: filled[p.name] for p in found if p.name in filled}


def _assign(data: Sequence[Parameter], roles: Sequence[str], found: Sequence[Parameter]) -> list[Filled]:
    """Pair arguments with roles: by their own names, then by synonyms, then by order."""
    if list(roles) == ["input", "target"]:
        return _assign_loss(data, found)
    filled: Filled = {}
    for same in (True, False):
        for parameter in data:
            left = [role for role in roles if role not in filled.values()]
            role = canonical(parameter.name, left)
            exact = role == parameter.name
            if role is not None and parameter.name not in filled and exact >= same:
                filled[parameter.name] = role
    rest = [role for role in roles if role not in filled.values()]
    for parameter in data:
        if parameter.name not in filled and rest:
            filled[parameter.name] = rest.pop(0)
    if len(filled) < len(data) or roles[0] not in filled.values():
        raise Obstacle(f"its forward takes {written(found)}, where the reference takes ({', '.join(roles)})")
    return [filled]


def _assign_loss(data: Sequence[Parameter], found: Sequence[Parameter]) -> list[Filled]:
    required = [p for p in data if p.required]
    pair = required if len(required) >= len(_PAIR) else list(data)
    if len(pair) != len(_PAIR):
        raise Obstacle(f"its forward takes {written(found)}, where a loss takes (input, target)")
    first, second = pair
    straight: Filled = {first.name: "input", second.name: "target"}
    swapped: Filled = {first.name: "target", second.name: "input"}
    scores = target_score(first.name), target_score(second.name)
    if scores[0] == scores[1]:
        return [straight, swapped]
    return [straight] if scores[1] > scores[0] else [swapped]


_PAIR = ("input", "target")
#: Parts of the names of roles that a layer has itself: what it learns, and what it draws.
_HELD = ("weight", "bias", "mask")
