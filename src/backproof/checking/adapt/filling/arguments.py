"""Filling the arguments of a call, from the roles of a case and the options of a reference.

What is filled is written as JSON: the name of a role (``"input"``), or one of ``{"value": 0.1}``,
``{"size": ["weight", 1]}`` (an axis of an argument of the case), ``{"array": "weight"}`` and
``{"roles": ["hx", "cx"]}`` (a tuple of them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.words.names import canonical, means, normalise, split, target_score, word_set
from backproof.checking.adapt.words.signatures import Chosen, Parameter
from backproof.checking.candidate import Signature
from backproof.checking.references import guess

__all__ = [
    "Filled",
    "coefficient",
    "fill_call",
    "given_options",
    "is_quantity",
    "is_settings",
    "option_for",
    "own_defaults",
    "plain_value",
    "randomness",
    "usual",
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
    if "p" in options and "keep" in parameter.name.lower():
        return "p", 1 - float(str(options["p"]))
    if "reduction" in options and means(parameter.name, "average"):
        how = options["reduction"]
        return ("reduction", _AVERAGES[how]) if how in _AVERAGES else None
    return None


def given_options(found: Iterable[Parameter], filled: Filled, options: Mapping[str, object]) -> list[str]:
    """Give the canonical names of the options that a filling hands over."""
    names = []
    for parameter in found:
        entry = filled.get(parameter.name)
        if isinstance(entry, dict) and is_settings(parameter):
            held = entry.get("value", {})
            names += [name for name, value in options.items() if name in held and held[name] == value]
            continue
        option = option_for(parameter, options) if isinstance(entry, dict) and "value" in entry else None
        if option is not None:
            names.append(option[0])
        elif isinstance(entry, dict) and "option" in entry:
            names.append(entry["option"])
    return names


def own_defaults(found: Iterable[Parameter], options: Mapping[str, object]) -> dict[str, object]:
    """Give the candidate's own defaults for the options it has, by their canonical names."""
    defaults = {}
    for parameter in found:
        owed = parameter.required or isinstance(parameter.default, Chosen)
        option = None if owed else option_for(parameter, options)
        if option is not None and isinstance(parameter.default, bool | int | float | str | tuple):
            defaults[option[0]] = plain_value(_meant(parameter, option[0], options))
    return defaults


def _meant(parameter: Parameter, option: str, options: Mapping[str, object]) -> object:
    """Give the value of an option that an argument's default stands for: ``average=True`` is a mean."""
    default = parameter.default
    if canonical(parameter.name, options) is None and option == "p":
        return 1 - float(str(default))
    if canonical(parameter.name, options) is None and option == "reduction":
        return "mean" if default else "sum"
    return default


def plain_value(value: object) -> object:
    """Write a value as JSON has it: a tuple is a list."""
    return list(value) if isinstance(value, tuple) else value


# --- What matters to no gradient -------------------------------------------------------------------


def usual(parameter: Parameter, signature: Signature) -> dict[str, object] | None:
    """Give a value for arguments that matter to no gradient, and a dictionary of settings."""
    word = normalise(parameter.name)
    if means(parameter.name, "seed") and "seed" not in word:
        return {"random": "numpy"}
    if is_settings(parameter):
        return {"value": _settings(signature)}
    parts = set(split(parameter.name))
    window = parts & _WINDOWS and parts <= _WINDOWS | _SIDES  # ``pool_h``, ``kernel_width``
    if word in _USUAL or window:
        return {"value": _USUAL.get(word, _USUAL["kernel"])}
    texts = parameter.texts if parts & _FUNCTIONS else ()
    known: list[object] = [text for text in texts if _is_activation(text)]
    known += [value for role, value in _HARMLESS.items() if means(parameter.name, role)]
    return {"value": known[0]} if known else None


def randomness(parameter: Parameter) -> dict[str, object] | None:
    """Give a seed, or a generator: one that is made once for all instances goes on from each to the next."""
    if isinstance(parameter.default, np.random.Generator):
        return {"random": "numpy"}
    if not means(parameter.name, "seed") or not (parameter.required or parameter.default is None):
        return None
    whole = "seed" in parameter.name.lower() or "state" in parameter.name.lower()
    return {"value": 0} if whole else {"random": "numpy"}


def is_settings(parameter: Parameter) -> bool:
    """Say whether an argument is a dictionary of settings (``conv_param``)."""
    return normalise(parameter.name).endswith(("param", "config", "cfg", "hparams"))


#: By what an argument means, a value with which nothing is lost.
_HARMLESS: Mapping[str, object] = {"reduction": "mean", "average": True, "seed": 0, "name": "candidate"}
_TRAINING = word_set("training train is_training train_flag train_flg train_mode is_train")
#: What layers are usually given: training, and small whole numbers.
_USUAL: Mapping[str, object] = {
    **dict.fromkeys(_TRAINING, True),
    "mode": "train",
    **dict.fromkeys(word_set("stride strides step"), 1),
    **dict.fromkeys(word_set("pad padding pads"), 0),
    **dict.fromkeys(word_set("kernel_size k ksize pool_size window kernel pool pool_height pool_width"), 2),
    **dict.fromkeys(word_set("groups num_groups n_groups heads num_heads n_heads dilation"), 1),
}


_WINDOWS, _SIDES = word_set("pool pooling kernel filter window"), word_set("h w size height width x y")


#: What an argument is called that names an activation.
_FUNCTIONS = word_set("activation act nonlinearity function func fn kind type name")


def _is_activation(text: str) -> bool:
    """Say whether a text is the name of an activation."""
    reference = guess(text) if text.isidentifier() else None
    return reference is not None and reference.kind == "activation"


def _settings(signature: Signature) -> dict[str, object]:
    """Give a dictionary of settings that answers to what layers look up in one (``conv_param["stride"]``)."""
    options = {name: value for name, value in signature.options.items() if value is not None}
    stride = options.get("stride", options.get("kernel_size", 1))
    size = options.get("kernel_size", 2)
    return {
        "mode": "train",
        "stride": stride,
        "pad": options.get("padding", 0),
        "padding": options.get("padding", 0),
        "pool_height": size,
        "pool_width": size,
        "kernel_size": size,
        "p": options.get("p", 0.5),
        "seed": 0,
        "eps": options.get("eps", 1e-5),
        "momentum": 0.9,
    }


def coefficient(parameter: Parameter, signature: Signature) -> dict[str, object] | None:
    """Give a number for a coefficient of what has no reference: its own forward is what counts."""
    free = signature.reference is None and normalise(parameter.name) in _COEFFICIENTS
    return {"value": 0.7} if free else None


_COEFFICIENTS = word_set(
    "alpha beta gamma delta scale slope temperature temp tau lambda lambda_ lam threshold sigma factor coef "
    "coefficient margin a b c s power theta mu negative_slope epsilon eps weight strength reg p rate"
)
#: The states of a cell that are handed over together, under the name of the first.
_STATES: Mapping[str | None, tuple[str, ...]] = {"LSTMCell": ("hx", "cx")}


def is_quantity(parameter: Parameter) -> bool:
    """Say whether an argument's default is a number that the result depends on smoothly, or a small count.

    Axes, seeds, switches and learning rates are none.
    """
    default, word = parameter.default, normalise(parameter.name)
    if parameter.required or isinstance(default, bool) or not isinstance(default, int | float):
        return False
    setting = word in _NO_QUANTITY or means(parameter.name, "seed")
    return not setting and (isinstance(default, float) or default in (0, 1, 2))


_NO_QUANTITY = word_set(
    "axis axes dim dims dim0 dim1 training train is_training mode verbose debug seed random_state lr eta "
    "learning_rate momentum ignore_index n_classes num_classes ndim"
)


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
    filled = _by_order(found, signature)
    data: list[Parameter] = []
    # As many arguments as there are roles are the roles, whatever they are called.
    # What may be drawn inside is an argument only by its name.
    all_data = sum(parameter.required for parameter in found) == len(
        [role for role in roles if role != "mask"]
    )
    for parameter in found:
        data_by_name = parameter.name in roles or (all_data and parameter.required)
        option = None if data_by_name else option_for(parameter, signature.options)
        if option is not None:
            if option[1] is not None or parameter.default is None:
                filled[parameter.name] = {"value": plain_value(option[1])}
        elif parameter.required and (extra := _extra(parameter, signature, len(data) - len(roles))):
            filled[parameter.name] = extra
        elif parameter.required or canonical(parameter.name, roles) is not None:
            data.append(parameter)
        elif drawn := randomness(parameter):
            filled[parameter.name] = drawn
    if not data and any(parameter.variadic for parameter in found):
        held = [role for role in roles if holds_parameters and any(part in role for part in _HELD)]
        return [_together({role: role for role in roles if role not in held}, signature)]
    ways = _assign(data, roles, found, signature.kind)
    return [_in_order(found, _together({**filled, **way}, signature)) for way in ways]


def _by_order(found: Sequence[Parameter], signature: Signature) -> Filled:
    """Fill numbers that have no default with the reference's options, whatever they are called.

    Raises
    ------
    Obstacle
        If the reference has not as many options.
    """
    if signature.reference is None:
        return {}
    taken = {p.name: option[0] for p in found if (option := option_for(p, signature.options))}
    unknown = [p.name for p in found if isinstance(p.default, Chosen) and p.name not in taken]
    left = {
        name: value
        for name, value in signature.options.items()
        if type(value) in (int, float) and name not in taken.values()
    }
    if unknown and len(unknown) != len(left):
        raise Obstacle(f"its forward takes {written(found)}, where the reference has no such number")
    pairs = zip(unknown, left.items(), strict=False)
    return {name: {"value": value, "option": option} for name, (option, value) in pairs}


def _extra(parameter: Parameter, signature: Signature, surplus: int) -> dict[str, object] | None:
    """Fill an argument that is no data: one of settings, and whatever comes behind the last role."""
    if parameter.name in signature.shapes:
        return None
    if is_settings(parameter) or normalise(parameter.name) in _TRAINING:
        return usual(parameter, signature)
    if surplus < 0:
        return None
    if signature.reference and "mask" in split(parameter.name):
        return {"value": None}  # of a reference that has none
    return usual(parameter, signature) or coefficient(parameter, signature)


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


def _assign(
    data: Sequence[Parameter], roles: Sequence[str], found: Sequence[Parameter], kind: str
) -> list[Filled]:
    """Pair arguments with roles: by their own names, then by synonyms, then by order."""
    if list(roles) == ["input", "target"]:
        return _assign_loss(data, found, sure=kind != "loss")
    filled: Filled = {}
    for same in (True, False):
        for parameter in data:
            left = [role for role in roles if role not in filled.values()]
            role = canonical(parameter.name, left)
            exact = role == parameter.name
            if role is not None and parameter.name not in filled and exact >= same:
                filled[parameter.name] = role
    unnamed = [parameter for parameter in data if parameter.name not in filled]
    likely = max(unnamed, key=lambda parameter: target_score(parameter.name), default=None)
    if likely and target_score(likely.name) > 0 and "target" in set(roles) - set(filled.values()):
        filled[likely.name] = "target"
    rest = [role for role in roles if role not in filled.values()]
    for parameter in data:
        if parameter.name not in filled and rest:
            filled[parameter.name] = rest.pop(0)
    if len(filled) < len(data) or roles[0] not in filled.values():
        raise Obstacle(f"its forward takes {written(found)}, where the reference takes ({', '.join(roles)})")
    return [filled]


def _assign_loss(data: Sequence[Parameter], found: Sequence[Parameter], *, sure: bool) -> list[Filled]:
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
    likely, other = (straight, swapped) if scores[1] > scores[0] else (swapped, straight)
    # One letter says little beside a name that says nothing: ``(log_q, p)``.
    told = (
        sure
        or (scores[0] and scores[1])
        or any(len(p.name) > 1 for p, n in zip(pair, scores, strict=True) if n)
    )
    return [likely] if told else [likely, other]


_PAIR = ("input", "target")
#: Parts of the names of roles that a layer has itself: what it learns, and what it draws.
_HELD = ("weight", "bias", "mask")
