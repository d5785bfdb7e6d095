"""Recognising functions that are candidates alone, without a backward beside them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backproof.checking.adapt.components.autograd_function import AutogradFunction
from backproof.checking.adapt.components.function_pair import FunctionPair
from backproof.checking.adapt.components.jax_functions import custom_rule, jax_pair, jax_pulled, parts_of_rule
from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.objectives.search import recognise_objective
from backproof.checking.adapt.recognition import Recognised, Site, recognise_pair
from backproof.checking.adapt.words.kinds import arguments_of, is_loss_of_target, kind_of, promised_by
from backproof.checking.adapt.words.names import split, target_score
from backproof.checking.adapt.words.pullbacks import pullback_of, pulled_pair
from backproof.checking.adapt.words.signatures import (
    Parameter,
    code_of,
    libraries_used,
    namespace,
    parameters,
)
from backproof.checking.adapt.words.wrapping import (
    fused_pair,
    returns_several,
    switch_of,
    switched_pair,
)
from backproof.checking.candidate import Description
from backproof.checking.references import OpReference, guess

__all__ = ["helpers_of", "recognise_function"]


#: How the arguments of an attention begin: query, key and value.
_ATTENDS = ("q", "k", "v")


def recognise_function(
    name: str, value: Any, site: Callable[[Mapping[str, object]], Site], *, asked: bool = False
) -> Recognised | None:
    """Say what a function is that stands alone; ``None`` for one that is no candidate.

    A function of JAX with a rule of its own, a ``torch.library.custom_op``, a loss that gives its gradients
    with its value, and code on tensors or on JAX's arrays that has the name of an activation, a loss or a
    layer, or any name where it is ``asked`` for.
    """
    rule = custom_rule(value)
    if rule is not None:
        return _of_jax(name, value, site, parts_of_rule(rule))
    if _is_operator(value):
        return _operator(name, value, site)
    if not isinstance(value, types.FunctionType):
        built_in = asked and isinstance(value, types.BuiltinFunctionType)
        return _on_tensors(name, value, site, asked=True) if built_in else None
    objective = recognise_objective(name, value, site) if asked else None
    if objective is not None:
        return objective
    both = _with_gradient(name, value, site)
    return _on_tensors(name, value, site, asked) if both is None else Recognised(both.description, both)


def _with_gradient(
    name: str, value: Callable[..., Any], site: Callable[[Mapping[str, object]], Site]
) -> FunctionPair | None:
    """Adapt a function that gives its gradient too: as a function, by a switch, or with the value."""
    found = parameters(value)
    pullback = pullback_of(value)
    if pullback is not None and (pullback.is_sure(name) or isinstance(guess(name), OpReference)):
        in_jax = "jax" in libraries_used([value], ("jax",))
        pair = pulled_pair(*jax_pulled(value)) if in_jax else pulled_pair(value)
        return recognise_pair(name, *pair, site, line=pullback.line)
    switch = switch_of(found)
    if switch is not None and any(p.required for p in found):
        return recognise_pair(name, *switched_pair(value, switch), site)
    if is_loss_of_target(name, found) and returns_several(value):
        return recognise_pair(name, *fused_pair(value), site, fused=True)
    return None


def _is_operator(value: object) -> bool:
    torch: Any = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch.library, "CustomOpDef", ()))


def _operator(name: str, value: Any, site: Callable[[Mapping[str, object]], Site]) -> Recognised:
    """Recognise a custom operator, whose backward was registered with ``register_autograd``."""
    function, backward = value._init_fn, getattr(value, "_backward_fn", None)
    description = _describe(
        name, function, "torch-autograd-function", site({"forward": function, "backward": backward})
    )
    if backward is None:
        return Recognised(description, None, "it has no backward: nothing was given to register_autograd")
    return Recognised(
        description,
        AutogradFunction(description, value, parameters(function), _origin(function, description)),
    )


def _of_jax(
    name: str,
    value: Callable[..., Any],
    site: Callable[[Mapping[str, object]], Site],
    parts: Mapping[str, object],
) -> Recognised:
    """Recognise a function of JAX, with the ``parts`` of its own rule or, without, with JAX's gradient."""
    by_hand = len(parts) > 1
    forward, backward = jax_pair(value)
    description = _describe(name, forward, "function-pair" if by_hand else "jax-function", site(parts))
    if by_hand:
        description = replace(description, sources=("backward",))
    origin = _origin(parts["forward"], description)
    return Recognised(description, FunctionPair(description, forward, backward, origin))


def _on_tensors(
    name: str, value: Callable[..., Any], site: Callable[[Mapping[str, object]], Site], asked: bool
) -> Recognised | None:
    found = parameters(value)
    if not found or not (asked or _is_named(name, found)):
        return None
    used = libraries_used([value], ("numpy", "torch", "jax"))
    if str(getattr(value, "__module__", "")).partition(".")[0] == "torch":
        used |= {"torch"}
    if "jax" in used and "torch" not in used:
        return _of_jax(name, value, site, {"forward": value})
    # ``x[x < 0] = 0`` names no library; beside PyTorch it is meant for tensors.
    if not ("torch" in used or (not used and not asked and _stands_beside_torch(value))):
        return None
    description = _describe(name, value, "torch-function", site({"forward": value}))
    origin = _origin(value, description)
    return Recognised(description, AutogradFunction(description, value, found, origin, by_hand=False))


def _is_named(name: str, found: Sequence[Parameter]) -> bool:
    """Say whether a function alone is a component by its name, and takes what such a one takes."""
    reference, taken = guess(name), arguments_of(found)
    if tuple(one.lower()[:1] for one in taken[:3]) == _ATTENDS and "attention" in split(name):
        return True
    if isinstance(reference, OpReference):
        if reference.kind in ("activation", "loss"):
            return kind_of(name, found) == reference.kind
        due = [one for one, argument in reference.op.arguments.items() if not argument.optional]
        return reference.kind == "layer" and len(due) <= len(taken) <= len(reference.op.arguments)
    scores = [target_score(one) for one in taken]
    return split(name)[-1:] == ["loss"] and len(taken) == 2 and max(scores) > 0 and min(scores) <= 0


def _stands_beside_torch(function: object) -> bool:
    torch: Any = sys.modules.get("torch")
    return torch is not None and any(value is torch for value in namespace(function).values())


def _describe(name: str, function: Callable[..., Any], style: str, place: Site) -> Description:
    found = parameters(function)
    return Description(
        name,
        kind_of(name, found),
        style,
        place.file,
        place.cell,
        place.lines,
        arguments_of(found),
        promised_by(found),
        ("autograd",),
    )


def _origin(function: object, description: Description) -> Origin:
    code = code_of(function)
    return Origin(code.co_filename if code else None, description.lines)


def helpers_of(values: Mapping[str, Any]) -> set[int]:
    """Give the identities of functions that are parts of others: the rules of JAX and of operators."""
    helpers: set[int] = set()
    for value in values.values():
        rule = custom_rule(value)
        if rule is not None:
            helpers |= {id(part) for part in parts_of_rule(rule).values()}
        if _is_operator(value):
            helpers |= {id(getattr(value, name, None)) for name in ("_backward_fn", "_setup_context_fn")}
    return helpers
