"""Recognising functions that are candidates alone, without a backward beside them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from backproof.checking.adapt.autograd_function import AutogradFunction
from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.kinds import arguments_of, kind_of, promised_by
from backproof.checking.adapt.names import split, word_set
from backproof.checking.adapt.recognition import Recognised, Site, recognise_pair
from backproof.checking.adapt.signatures import code_of, libraries_used, namespace, parameters
from backproof.checking.adapt.wrapping import fused_pair, jax_pair, returns_several
from backproof.checking.candidate import Description
from backproof.checking.references import OpReference, guess

__all__ = ["helpers_of", "recognise_function"]

_LOSSES = word_set("loss criterion cost objective")
_TWO = 2


def recognise_function(
    name: str, value: Any, site: Callable[[Mapping[str, object]], Site], *, asked: bool = False
) -> Recognised | None:
    """Say what a function is that stands alone; ``None`` for one that is no candidate.

    A ``jax.custom_vjp``, a ``torch.library.custom_op``, a loss that gives its gradients with its value,
    and code on tensors that has the name of an activation or a loss, or any name where it is ``asked`` for.
    """
    pair = jax_pair(value)
    if pair is not None:
        place = site({"forward": value.fun, "backward": value.bwd})
        adapter = recognise_pair(name, *pair, lambda _: place)
        return Recognised(adapter.description, adapter)
    if _is_operator(value):
        return _operator(name, value, site)
    if not isinstance(value, types.FunctionType):
        built_in = asked and isinstance(value, types.BuiltinFunctionType)
        return _on_tensors(name, value, site, asked=True) if built_in else None
    found = parameters(value)
    if _LOSSES & set(split(name)) and len(arguments_of(found)) == _TWO and returns_several(value):
        adapter = recognise_pair(name, *fused_pair(value), site, fused=True)
        return Recognised(adapter.description, adapter)
    return _on_tensors(name, value, site, asked)


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


def _on_tensors(
    name: str, value: Callable[..., Any], site: Callable[[Mapping[str, object]], Site], asked: bool
) -> Recognised | None:
    found = parameters(value)
    reference = guess(name)
    known = isinstance(reference, OpReference) and reference.kind in ("activation", "loss")
    if not asked and not (known and reference is not None and kind_of(name, found) == reference.kind):
        return None
    used = libraries_used([value])
    if str(getattr(value, "__module__", "")).partition(".")[0] == "torch":
        used |= {"torch"}
    # ``x[x < 0] = 0`` names no library; beside PyTorch it is meant for tensors.
    if not found or not ("torch" in used or (not used and not asked and _stands_beside_torch(value))):
        return None
    description = _describe(name, value, "torch-function", site({"forward": value}))
    origin = _origin(value, description)
    return Recognised(description, AutogradFunction(description, value, found, origin, by_hand=False))


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
    jax: Any = sys.modules.get("jax")
    helpers: set[int] = set()
    for value in values.values():
        if jax is not None and isinstance(value, jax.custom_vjp):
            helpers |= {id(value.fwd), id(value.bwd)}
        if _is_operator(value):
            helpers |= {id(getattr(value, name, None)) for name in ("_backward_fn", "_setup_context_fn")}
    return helpers
