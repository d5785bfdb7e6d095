"""The hyperparameters of an optimizer: how its constructor takes them, and where it keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling.arguments import Filled, written
from backproof.checking.adapt.words.names import means, normalise, word_set
from backproof.checking.adapt.words.signatures import Parameter

__all__ = [
    "Setting",
    "entry_for",
    "fill_optimizer",
    "own_settings",
    "resolve",
    "resting",
    "role_means",
    "settings",
    "taken_by",
]

#: What the parts of a pair of hyperparameters are called.
_HALVES = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_min", "step_max"),
}
_AVERAGING = "alpha rho beta gamma decay decay_rate rms_decay smoothing forgetting_factor discount momentum"
#: What hyperparameters are called in code, beside the names that components' arguments have too.
_WORDS = {
    "lr": word_set("alpha eta lr_rate learning_rate_init initial_lr initial_learning_rate"),
    "momentum": word_set("alpha friction beta1 momentum_rate"),
    "alpha": word_set(f"{_AVERAGING} beta2 beta_2 square_decay avg_decay"),
    "rho": word_set(f"{_AVERAGING} beta2 beta_2 square_decay avg_decay"),
    "beta1": word_set("momentum mu beta_m gamma1 gamma_1 alpha1 first_decay decay_1 beta_first m_decay"),
    "beta2": word_set(
        "rho decay_rate gamma2 gamma_2 alpha2 second_decay decay_2 beta_second v_decay rms_decay"
    ),
    "eta_minus": word_set(
        "etaminus eta_neg eta_negative eta_down eta_dec minus shrink decrease factor_minus dec_factor "
        "decrease_factor eta1 down n_minus nminus eta_m"
    ),
    "eta_plus": word_set(
        "etaplus eta_pos eta_positive eta_up eta_inc plus grow increase factor_plus inc_factor "
        "increase_factor eta2 up n_plus nplus eta_p"
    ),
    "step_min": word_set(
        "min_step step_size_min min_step_size delta_min min_delta stepmin lower d_min min_size smallest"
    ),
    "step_max": word_set(
        "max_step step_size_max max_step_size delta_max max_delta upper d_max max_size largest"
    ),
    "weight_decay": word_set(
        "l2_lambda weight_decay_rate reg lam lambda lambda_ lmbda lmbd lambd regularization"
    ),
    "initial_accumulator_value": word_set("initial_accumulator init_acc initial_value initial_sum"),
    "lr_decay": word_set("learning_rate_decay"),
    "lambd": word_set("lambda lambda_ lam lmbda decay"),
    "momentum_decay": word_set("schedule_decay psi momentum_schedule_decay"),
    "amsgrad": word_set("use_amsgrad ams_grad"),
    "centered": word_set("centred use_centered"),
    "dampening": word_set("damping dampen"),
}
#: An exponential average keeps at least this much, or it is none.
_LEAST_KEPT = 0.5
_KEPT = frozenset({"momentum", "alpha", "rho", "betas"})
_MOST_EPSILON = 1
#: What may be asked for without a default, and switches nothing on.
_OFF = word_set("weight_decay decay wd l1 l2 l2_penalty l2_reg lr_decay dampening momentum clip")
_OFF_FLAGS = word_set("nesterov amsgrad centered maximize verbose")
#: What a rule does not have and an optimizer may: at this value it does nothing.
_RESTING: Mapping[str, float] = {
    **dict.fromkeys(
        word_set("decay lr_decay learning_rate_decay rate_decay l1 l1_reg l1_lambda warmup warmup_steps"), 0.0
    ),
    **dict.fromkeys(
        word_set(
            "clip clip_value clip_norm clip_threshold clipping max_norm max_grad_norm grad_clip "
            "gradient_clip clip_grad clip_grad_norm grad_clip_norm"
        ),
        1e9,
    ),
}


def resting(name: str, value: object) -> float | None:
    """Give the value at which a schedule or a clipping inside an optimizer does nothing, if it is on.

    Examples
    --------
    >>> resting("max_norm", 1.0), resting("decay", 0.01), resting("decay", 0.0), resting("lr", 0.1)
    (1000000000.0, 0.0, None, None)
    """
    at_rest = _RESTING.get(normalise(name))
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return at_rest if number and value and value != at_rest else None


def entry_for(name: str, options: Mapping[str, object], value: object = None) -> dict[str, Any] | None:
    """Say which hyperparameter an argument or attribute stands for, as JSON.

    ``value`` is what it has, or its default: no rate of 1e-8 is meant where 0.9 stands.

    Examples
    --------
    >>> entry_for("learning_rate", {"lr": 0.1}), entry_for("b1", {"betas": (0.9, 0.999)})
    ({'hyper': 'lr'}, {'hyper': 'betas', 'index': 0})
    >>> entry_for("alpha", {"lr": 0.1, "alpha": 0.99}, 0.001)
    {'hyper': 'lr'}
    """
    return next((entry for entry in _entries_for(name, options) if _plausible(entry, value)), None)


def _entries_for(name: str, options: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Give what a name may stand for, the likeliest first."""
    word = normalise(name)
    places: dict[str, dict[str, Any]] = {}
    for option in options:
        places[option] = {"hyper": option}
        for index, half in enumerate(_HALVES.get(option, ())):
            places[half] = {"hyper": option, "index": index}
    exact = [place for place in places if normalise(place) == word]
    special = [place for place in places if word in _WORDS.get(place, ())]
    # A plain ``decay`` is that of the weights only where nothing else decays, and the rule has one.
    general = [
        place
        for place in places
        if means(name, place) and (word != "decay" or (not special and options.get(place)))
    ]
    # A rule that has an average of squares always has its rate, and a momentum only where it is asked for.
    others = sorted((*general, *special), key=lambda place: place == "momentum")
    yield from (places[place] for place in dict.fromkeys((*exact, *others)))


def _plausible(entry: Mapping[str, Any], value: object) -> bool:
    """Say whether a hyperparameter may have a value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    if entry["hyper"] in _KEPT:
        return (value == 0 and entry["hyper"] == "momentum") or _LEAST_KEPT <= value < 1
    return entry["hyper"] != "eps" or 0 < value <= _MOST_EPSILON


def _assign(found: Sequence[Parameter], options: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Say for each argument what it stands for; no two stand for the same.

    ``alpha`` is a learning rate to one and a decay rate to the other: an optimizer has a learning rate
    first of all.
    """
    wanted = {"lr": None, **options}
    offered = {
        p.name: [e for e in _entries_for(p.name, wanted) if _plausible(e, None if p.required else p.default)]
        for p in found
    }
    chosen = _choose(offered)
    rates = [name for name, entries in offered.items() if {"hyper": "lr"} in entries]
    if rates and {"hyper": "lr"} not in chosen.values():
        offered[rates[0]] = [{"hyper": "lr"}]
        chosen = _choose(offered)
    return chosen


def _choose(offered: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Choose among what each may stand for: those of the very name first, then those with one meaning."""
    chosen: dict[str, dict[str, Any]] = {}
    for name in sorted(offered, key=lambda name: ({"hyper": name} not in offered[name], len(offered[name]))):
        free = [entry for entry in offered[name] if entry not in chosen.values()]
        if free:
            chosen[name] = free[0]
    return chosen


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
    chosen = _assign([p for p in found if not _is_role(p)], options)
    for parameter in found:
        role = _role(parameter.name)
        word = normalise(parameter.name)
        if parameter.name in chosen:
            filled[parameter.name] = chosen[parameter.name]
        elif role is not None and role not in filled.values():
            filled[parameter.name] = role
        elif parameter.required and not parameter.variadic and word in _OFF | _OFF_FLAGS:
            filled[parameter.name] = {"value": 0.0 if word in _OFF else False}
        elif parameter.required:
            unknown.append(parameter)
        elif (at_rest := resting(parameter.name, parameter.default)) is not None:
            filled[parameter.name] = {"value": at_rest}
    if unknown and holds_parameters and not {"params", "model", "layers"} & set(_texts(filled)):
        filled[unknown.pop(0).name] = "params"
    if unknown:
        raise Obstacle(
            f"its constructor takes {written(found)}, and nothing known stands for {unknown[0].name}; "
            "give it a default"
        )
    return {p.name: filled[p.name] for p in found if p.name in filled}


def _is_role(parameter: Parameter) -> bool:
    return _role(parameter.name) is not None


def _role(name: str) -> str | None:
    return next(
        (role for role in ("params", "grads", "model", "layers", "shapes") if role_means(name, role)), None
    )


_ROLES = {
    "layers": word_set("layers layer_list"),
    "shapes": word_set("shapes param_shapes"),
    "grads": word_set(
        "grad_w grad_wrt_w grad_theta grad_param w_grad param_grad weight_grad grad_weight gw d_w"
    ),
    "params": word_set(
        "model_weights trainable_params trainable_parameters trainable_variables trainable_vars"
    ),
}


def role_means(name: str, role: str) -> bool:
    """Say whether an argument of an optimizer stands for a role."""
    return means(name, role) or normalise(name) in _ROLES.get(role, ())


def _texts(filled: Filled) -> list[str]:
    return [role for role in filled.values() if isinstance(role, str)]


def own_settings(found: Sequence[Parameter], options: Mapping[str, object]) -> dict[str, object]:
    """Give the constructor's own defaults for the hyperparameters it takes."""
    defaults: dict[str, Any] = {}
    chosen = _assign([p for p in found if not _is_role(p)], options)
    for parameter in found:
        entry = None if parameter.required else chosen.get(parameter.name)
        value = parameter.default
        if entry is None or not isinstance(value, bool | int | float | tuple | list):
            continue
        if "index" in entry:
            defaults.setdefault(entry["hyper"], [None, None])[entry["index"]] = value
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
    halves = {(entry["hyper"], entry["index"]) for entry in entries if "index" in entry}
    whole |= {name for name in _HALVES if {(name, 0), (name, 1)} <= halves}
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
