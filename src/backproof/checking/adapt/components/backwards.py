"""Filling the arguments of a backward written by hand, and saying what it then gives.

Names decide. Where they leave a reading open (``backward(x)`` may be handed the input or the incoming
gradient) every reading is given, the likeliest first.
"""

from __future__ import annotations

import dis
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling.arguments import Filled, option_for, written
from backproof.checking.adapt.filling.slots import GRADIENTS
from backproof.checking.adapt.words import names
from backproof.checking.adapt.words.signatures import Parameter, code_of
from backproof.checking.candidate import Signature

__all__ = ["Reading", "Situation", "carried", "fill_backward"]

#: Methods that take the incoming gradient, whatever they call it.
_TAKES_UPSTREAM = frozenset({"backward", "backwardpass", "backprop", "bprop", "backwards", "vjp"})


@dataclass(frozen=True)
class Situation:
    """What is known of a backward beside its own arguments.

    Attributes
    ----------
    name
        What it is called; empty for a forward with a switch that makes it its own derivative.
    kind
        The kind that the judge takes the candidate for.
    forward
        The roles of the forward's arguments, by their names in the code.
    roles
        The arguments of the case.
    saves
        Whether the forward keeps something on the object, so that a backward can do without the input.
    options
        The reference's options.
    settings
        What the forward's other arguments are given, by their names; ``None`` for their own defaults.
    """

    name: str
    kind: str
    forward: Mapping[str, str]
    roles: Sequence[str]
    saves: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def after(
        cls,
        forward: Sequence[Parameter],
        call: Filled,
        name: str,
        signature: Signature,
        *,
        saves: bool = False,
    ) -> Situation:
        """Say what is known of the backward of that name after a forward that was called so."""
        roles = {one: role for one, role in call.items() if isinstance(role, str)}
        settings = {p.name: call.get(p.name) for p in forward if p.name not in roles and not p.variadic}
        shapes = list(signature.shapes)
        return cls(name, signature.kind, roles, shapes, saves, signature.options, settings)


@dataclass(frozen=True)
class Reading:
    """One way to call a backward: its arguments filled, and what is to be noted in the convention."""

    filled: Filled
    notes: dict[str, Any] = field(default_factory=dict)


def fill_backward(found: Sequence[Parameter], situation: Situation) -> list[Reading]:
    """Give the readings of a backward's arguments, the likeliest first.

    Raises
    ------
    Obstacle
        If a layer's backward takes no incoming gradient, or an argument stands for nothing known.
    """
    filled, unknown, notes = _by_name(found, situation)
    handed = (p for p in found if filled.get(p.name) == "grad_output" and not p.required)
    if of_one := [p.name for p in handed if not isinstance(p.default, bool) and p.default == 1]:
        notes["of_one"] = of_one[0]
    if situation.kind == "loss":
        return _loss(filled, unknown, found, notes, saves=situation.saves)
    if "grad_output" not in filled.values() and unknown:
        filled[unknown.pop(0).name] = "grad_output"
    if "grad_output" in filled.values():
        return _with_upstream(filled, unknown, found, notes)
    return _without_upstream(filled, found, situation)


def _by_name(
    found: Sequence[Parameter], situation: Situation
) -> tuple[Filled, list[Parameter], dict[str, Any]]:
    """Fill what names tell; give the arguments of which they do not, and what is to be noted."""
    filled: Filled = {}
    unknown, notes = [], {}
    for parameter in found:
        option = option_for(parameter, situation.options)
        if parameter.name in situation.settings:  # the forward's ``delta`` is no incoming gradient
            given = situation.settings[parameter.name] or (option and {"value": option[1]})
            if given is not None:
                filled[parameter.name] = given
                continue
            if not parameter.required:
                continue
        role = None if _is_constant(parameter) else _role(parameter.name, situation)
        if role == "grad_output" and role in filled.values():
            upstreams = sum(str(given).startswith("grad_output") for given in filled.values())
            filled[parameter.name] = f"grad_output_{upstreams}"  # of a further output
        elif role is not None and role not in filled.values():
            filled[parameter.name] = role
        elif option is not None:
            filled[parameter.name] = {"value": option[1]}
        elif "weight" in situation.roles and names.means(parameter.name, "lr"):
            filled[parameter.name] = {"value": 1.0}
            notes["rate"] = True
        elif parameter.required:
            unknown.append(parameter)
    return filled, unknown, notes


def _is_constant(parameter: Parameter) -> bool:
    """Say whether an argument's default is a number; of an incoming gradient it may be 1."""
    default = parameter.default
    number = isinstance(default, int | float) and not isinstance(default, bool)
    return not parameter.required and number and default != 1


def _role(name: str, situation: Situation) -> str | None:
    if situation.kind == "loss":
        return "cache" if names.is_cache(name) else _role_in_loss(name, situation)
    parameters = [role for role in ("weight", "bias") if role in situation.roles]
    guesses = (
        "cache" if names.is_cache(name) and name not in situation.forward else None,
        "grad_output" if names.is_upstream(name) else None,
        situation.forward.get(name),
        next((role for role in parameters if names.means(name, role)), None),
        "input" if names.is_input(name) else None,
        # ``softmax_grad(softmax)``: what the forward gave, called like it.
        "output" if names.is_output(name) or name.lower() in names.split(situation.name) else None,
    )
    return next((guess for guess in guesses if guess), None)


def _role_in_loss(name: str, situation: Situation) -> str | None:
    if name in situation.forward:
        return situation.forward[name]
    if names.is_upstream(name):
        return "grad_output"
    score = names.target_score(name)
    return None if not score else "target" if score > 0 else "input"


def _loss(
    filled: Filled,
    unknown: list[Parameter],
    found: Sequence[Parameter],
    notes: dict[str, Any],
    *,
    saves: bool,
) -> list[Reading]:
    """Fill the rest of a loss's backward: one unknown argument is the incoming gradient."""
    if len(unknown) == 1 and len(filled) != 1:
        filled[unknown.pop().name] = "grad_output"
    free = [role for role in ("input", "target") if role not in filled.values()]
    for parameter, role in zip(list(unknown), free, strict=False):
        filled[parameter.name] = role
        unknown.remove(parameter)
    if unknown:
        raise Obstacle(f"its backward takes {written(found)}, and nothing known stands for {unknown[0].name}")
    alone = {**notes, "upstream": False}
    upstream = [name for name, role in filled.items() if role == "grad_output"]
    if not upstream:
        return [Reading(filled, alone)]
    readings = [Reading(filled, notes)]
    if "target" in filled.values() and "input" not in filled.values():
        # ``backward(dvalues, y_true)``: what comes in may be the prediction, which nothing has saved.
        as_prediction = Reading({**filled, upstream[0]: "input"}, alone)
        # Or what the forward has saved: the probabilities that its softmax gave.
        as_saved = Reading({**filled, upstream[0]: "saved"}, {**alone, "as_saved": upstream[0]})
        readings[1 if saves else 0 :] = [as_saved, as_prediction] if saves else [as_prediction, *readings]
    return readings


def _with_upstream(
    filled: Filled, unknown: list[Parameter], found: Sequence[Parameter], notes: dict[str, Any]
) -> list[Reading]:
    free = [role for role in ("input", "output") if role not in filled.values()]
    for parameter in unknown:
        if not free:
            raise Obstacle(
                f"its backward takes {written(found)}, and nothing known stands for {parameter.name}"
            )
        filled[parameter.name] = free.pop(0)
    readings = [Reading(filled, notes)]
    if len(unknown) == 1:  # what bears no known name may be what the forward kept for it
        kept = Reading({**filled, unknown[0].name: "cache"}, notes)
        readings.insert(0 if filled[unknown[0].name] == "input" else 1, kept)
    doubtful = [
        name
        for name, role in filled.items()
        if role == "output" and not names.is_surely_output(name) and "input" not in filled.values()
    ]
    readings += [Reading({**filled, name: "input"}, notes) for name in doubtful]
    return readings


def _without_upstream(filled: Filled, found: Sequence[Parameter], situation: Situation) -> list[Reading]:
    """Read a backward that names no incoming gradient: a derivative, or one that calls it ``x``."""
    if situation.kind == "layer" and not filled:
        raise Obstacle(f"its {situation.name} takes {written(found)}, and no incoming gradient is among them")
    derivative = {"derivative": True}
    roles = [name for name, role in filled.items() if role in ("input", "output")]
    if len(roles) != 1:
        return [Reading(filled, derivative)]
    name = roles[0]
    other = "output" if filled[name] == "input" else "input"
    # ``gradient(x)`` beside ``forward(x)`` that is right for the output only.
    noted = {"as_output": name} if other == "output" and situation.name and name in situation.forward else {}
    readings = [Reading(filled, derivative), Reading({**filled, name: other}, {**derivative, **noted})]
    if situation.saves:
        takes = names.normalise(situation.name) in _TAKES_UPSTREAM
        readings.insert(0 if takes else len(readings), Reading({**filled, name: "grad_output"}))
    return readings


def carried(functions: Sequence[object], found: Sequence[Parameter]) -> list[Reading]:
    """Read a backward without arguments: the incoming gradient is found on the output, its own left there.

    ``inp.g = (inp > 0) * out.g``: whatever takes part carries its gradient with it. What never looks at
    one is the gradient of a last loss, or has forgotten it.
    """
    if found:
        return []
    steps = [step for one in functions if (code := code_of(one)) for step in dis.get_instructions(code)]
    left = [
        str(step.argval)
        for before, step in itertools.pairwise(steps)
        if step.opname == "STORE_ATTR" and step.argval in GRADIENTS and not _is_self(before)
    ]
    looked_at = any(step.opname == "LOAD_ATTR" and step.argval in left for step in steps)
    return [Reading({}, {"carried": left[0], "looked_at": looked_at})] if left else []


def _is_self(step: dis.Instruction) -> bool:
    return step.opname.startswith("LOAD_FAST") and step.argval == "self"
