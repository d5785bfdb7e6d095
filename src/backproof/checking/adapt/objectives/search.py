"""Finding the functions that give a loss with its gradients, and those beside a loss that give them."""

from __future__ import annotations

import dis
import re
import types
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.following.tangents import words
from backproof.checking.adapt.objectives.networks import Network, Parts, networks
from backproof.checking.adapt.objectives.objective import Fit, Functions, Objective, fit, fit_assumed
from backproof.checking.adapt.recognition import Recognised, Site
from backproof.checking.adapt.words.kinds import arguments_of, is_loss_of_target
from backproof.checking.adapt.words.names import (
    LOSS_WORDS,
    is_cache,
    is_gradient_of,
    is_upstream,
    split,
    target_score,
    word_set,
)
from backproof.checking.adapt.words.pairing import BACKWARD_WORDS, Pair, find_pairs, is_backward, stem
from backproof.checking.adapt.words.signatures import code_of, libraries_used, parameters
from backproof.checking.adapt.words.wrapping import returned_names, returns_several
from backproof.checking.candidate import Description

__all__ = ["computes", "find_objectives", "recognise_fitted", "recognise_network", "recognise_objective"]

#: Names of what does more than to compute: it trains, draws, reads or tests.
_DOINGS = word_set(
    "train training fit run plot main load save read test check numerical numeric approx approximate split "
    "descent optimize optimise optimizer step update epoch minimize minimise search evaluate predict fetch "
    "download demo entrainer treinar ajustar trainieren"
)
#: Arguments of what trains.
_COURSES = word_set(
    "epochs epoch n_epochs num_epochs iterations n_iter n_iters num_iters max_iter iters steps n_steps lr "
    "learning_rate optimizer"
)
#: What code reaches out with.
_REACHES = words(
    "open savefig show figure input system sleep exit urlopen urlretrieve loadtxt genfromtxt read_csv imread "
    "save savetxt dump makedirs remove Popen"
)
_CHANGES = frozenset({"STORE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL"})
#: How the variable is called that holds a loss; an error may be what it is made from.
_VALUES = LOSS_WORDS - word_set("err error errors erro erreur errore") | {"j"}
#: What a docstring says of a gradient.
_GRADIENT = re.compile(r"\b(gradients?|grads?|derivatives?)\b", re.IGNORECASE)


def recognise_objective(
    name: str, function: Any, site: Callable[[Mapping[str, object]], Site]
) -> Recognised | None:
    """Recognise a function that gives a loss and its gradients; what only looks like one is none.

    Its name tells, or its numbers: something that it gives lies along the derivative of what it gives first.
    """
    if not returns_several(function) or not _may_be_called(name, function):
        return None
    found, parts = parameters(function), set(split(name))
    asked = arguments_of(found)
    if len(asked) <= 2 and is_loss_of_target(name, found) and not BACKWARD_WORDS & parts:
        return None
    handed = any(map(is_cache, asked)) or (is_upstream(asked[0]) and not LOSS_WORDS & parts)
    if handed and is_backward(name):
        return None
    functions = Functions(function, function)
    return _recognised(name, functions, site({"forward": function, "backward": function}))


def find_objectives(
    functions: Mapping[str, Any], site: Callable[[Pair], Callable[[Mapping[str, object]], Site]]
) -> dict[str, Recognised]:
    """Find the losses with their gradients in a module, by the name of what gives the gradients."""
    found = {}
    forwards = {pair.forward for pair in find_pairs(functions, {})}  # what these keep is for their backward
    for name, function in functions.items():
        one = _beside(name, functions, site)
        if one is None:
            one = _network_of(name, functions, site)
        if one is None and name not in forwards:
            one = recognise_objective(name, function, site(Pair(name, name, name)))
        if one is not None:
            found[name] = one
    return found


def _beside(
    backward: str,
    functions: Mapping[str, Any],
    site: Callable[[Pair], Callable[[Mapping[str, object]], Site]],
) -> Recognised | None:
    """Recognise the loss of the same arguments that a function gives the gradients of."""
    gradients = functions[backward]
    asked = arguments_of(parameters(gradients))
    if len(asked) <= 2 or not is_backward(backward) or not any(target_score(one) > 0 for one in asked):
        return None
    if not _may_be_called(backward, gradients):
        return None
    about = set(stem(backward))
    losses = [
        name
        for name, function in functions.items()
        if name != backward
        and arguments_of(parameters(function)) == asked
        and LOSS_WORDS & set(split(name))
        and _may_be_called(name, function)
    ]
    for name in sorted(losses, key=lambda name: -len(about & set(split(name)))):
        parts = functions[name], gradients
        place = site(Pair(name, backward, name))(dict(zip(("forward", "backward"), parts, strict=True)))
        found = _recognised(backward, Functions(*parts), place)
        if found is not None:
            return found
    return None


def _network_of(
    backward: str,
    functions: Mapping[str, Any],
    site: Callable[[Pair], Callable[[Mapping[str, object]], Site]],
) -> Recognised | None:
    """Recognise the backward of a network, whose forward and cost are functions beside it."""
    if not is_backward(backward) or not _may_be_called(backward, functions[backward]):
        return None
    able = {
        name: one
        for name, one in functions.items()
        if one is functions[backward] or _may_be_called(name, one)
    }
    parts = Parts(able, lambda arguments: able)
    for network in networks(parts, backward):
        both = {"forward": able.get(network.forward), "backward": able[backward]}
        place = site(Pair(network.forward, backward, backward))(both)
        found = recognise_network(backward, network, place, able[backward], "function-pair")
        if found is not None:
            return found
    return None


def recognise_network(
    name: str, network: Network, place: Site, backward: Callable[..., Any], style: str
) -> Recognised | None:
    """Recognise a network where a way to call it is found and its gradients are something like its cost's."""

    def made(factor: float) -> Functions:
        parts = network.parts
        return Functions(network.value(factor), network.gradients(), parts.keys, parts.axes, parts.renew)

    if not network.assumed:
        return recognise_fitted(name, made(1.0), place, code_of(backward), style)
    fitted = fit_assumed(made)
    return (
        None
        if fitted is None
        else _described(name, *fitted, place, code_of(backward), style, network.assumed)
    )


def _recognised(name: str, functions: Functions, place: Site) -> Recognised | None:
    return recognise_fitted(name, functions, place, code_of(functions.gradients), "function-pair")


def recognise_fitted(
    name: str, functions: Functions, place: Site, code: types.CodeType | None, style: str
) -> Recognised | None:
    """Recognise a loss and its gradients where a way to call them is found, and name or numbers tell."""
    found = fit(functions)
    parts = set(split(name))
    one = functions.gradients is functions.value
    told = not one or bool(BACKWARD_WORDS & parts)
    if found is None or (one and not told and not _is_meant(parts, functions.value, found)):
        return None
    if not (found.is_meant or (told and found.is_likely)):
        return None
    if one and not LOSS_WORDS & parts and not found.is_complete:
        return None  # the number it gives may be the gradient of one parameter
    return _described(name, functions, found, place, code, style)


def _described(
    name: str,
    functions: Functions,
    found: Fit,
    place: Site,
    code: types.CodeType | None,
    style: str,
    assumed: str = "",
) -> Recognised:
    kind, arguments = "model", tuple(found.layout)  # a loss of its own parameters
    lines = place.lines
    description = Description(
        name, kind, style, place.file, place.cell, lines, arguments=arguments, sources=("backward",)
    )
    origin = Origin(code.co_filename if code else None, lines)
    return Recognised(description, Objective(description, functions, found, origin, assumed))


def _is_meant(parts: AbstractSet[str], function: Callable[..., Any], found: Fit) -> bool:
    """Say whether what a function returns beside a number is meant for gradients; its name does not say so.

    What a loss of data and parameters gives beside its value usually is; of anything else the numbers have to
    prove it, or its own words. ``return loss, error`` says that it is none.
    """
    if found.is_right:
        return True
    asked = tuple(found.layout)
    returned = [one for one in returned_names(function) if not _VALUES & set(split(one))]
    if returned and not any(is_gradient_of(name, asked) for name in returned):
        return False
    code = code_of(function)
    said = any(
        is_gradient_of(name, asked) for name in (code.co_varnames if code else ()) if name not in asked
    )
    if said or found.takes_data or _GRADIENT.search(function.__doc__ or ""):
        return True
    return bool(LOSS_WORDS & parts and (found.is_near or len(asked) > 2)) or found.is_proven


def _may_be_called(name: str, function: object) -> bool:
    """Say whether a function computes and does nothing else, by its name, its arguments and its code."""
    if not isinstance(function, types.FunctionType) or _DOINGS & set(split(name)):
        return False
    taken = parameters(function)
    if not arguments_of(taken) or any(_COURSES & {p.name.lower()} for p in taken):
        return False
    if libraries_used([function], ("numpy", "torch", "jax", "tensorflow", "matplotlib")) - {"numpy"}:
        return False
    return not any(_does_more(code, _CHANGES) for code in _codes(function))


def computes(name: str, method: types.FunctionType) -> bool:
    """Say the same of a method, which may keep things on its instance."""
    libraries = libraries_used([method], ("numpy", "torch", "jax", "tensorflow", "matplotlib"))
    reaches = any(_does_more(code, _CHANGES - {"STORE_ATTR"}) for code in _codes(method))
    return not (_DOINGS & set(split(name)) or libraries - {"numpy"} or reaches)


def _codes(function: types.FunctionType, seen: set[int] | None = None) -> Iterable[types.CodeType]:
    """Give the code of a function, and of those of its module that it calls."""
    seen = set() if seen is None else seen
    if id(function) in seen:
        return
    seen.add(id(function))
    yield function.__code__
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, types.FunctionType):
            yield from _codes(value, seen)


def _does_more(code: types.CodeType, changes: frozenset[str]) -> bool:
    return bool(_REACHES & set(code.co_names)) or any(
        step.opname in changes for step in dis.get_instructions(code)
    )
