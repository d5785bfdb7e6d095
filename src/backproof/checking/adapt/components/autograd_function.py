"""Functions on tensors: subclasses of ``torch.autograd.Function``, custom operators, and plain code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from backproof.checking.adapt.components.autograd import Autograd
from backproof.checking.adapt.components.base import ComponentAdapter
from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.filling.arguments import fill_call, given_options, own_defaults
from backproof.checking.adapt.filling.building import absent, target_forms
from backproof.checking.adapt.filling.calls import Call
from backproof.checking.adapt.filling.function_layouts import function_layouts
from backproof.checking.adapt.words.signatures import Parameter, parameters
from backproof.checking.candidate import Answer, Case, Convention, Description, Signature

__all__ = ["AutogradFunction", "forward_parameters"]


class AutogradFunction(ComponentAdapter):
    """A function that autograd differentiates.

    The ``apply`` of an ``autograd.Function``, a custom operator, or plain code on tensors. In the last
    nobody has written a backward (``by_hand``): what raises there is autograd's.
    """

    constructed = False

    def __init__(
        self,
        description: Description,
        apply: Callable[..., Any],
        found: Sequence[Parameter],
        origin: Origin,
        *,
        by_hand: bool = True,
    ) -> None:
        super().__init__(description)
        self.apply, self.origin, self.by_hand = apply, origin, by_hand
        self.parameters = list(found)

    def _ways(self, signature: Signature) -> list[dict[str, Any]]:
        ways = []
        for call in fill_call(self.parameters, signature):
            called = {role for role in call.values() if isinstance(role, str)}
            ways += [
                {"kind": signature.kind, "call": call, **absent(signature, called), **form, **layouts}
                for form in target_forms(signature, call)
                for layouts in function_layouts(called, signature)
            ]
        call = ways[0]["call"]
        options = given_options(self.parameters, call, signature.options)
        noted: dict[str, Any] = {"options": {name: signature.options[name] for name in options}}
        defaults = own_defaults(self.parameters, signature.options)
        if defaults:
            noted["defaults"] = defaults
        upstreams = self._upstreams() if self.by_hand else None
        if upstreams is not None:
            noted["upstreams"] = upstreams
        return self._rank([{**way, **noted} for way in ways], signature)

    def _upstreams(self) -> list[str] | None:
        """Give the places of the outputs for which the backward takes an upstream gradient by a name.

        ``None`` where it takes whatever comes (``*grads``). What it calls ``_`` it leaves out.
        """
        owner = getattr(self.apply, "__self__", None)
        backward = getattr(self.apply, "_backward_fn", None) if owner is None else owner.backward
        found = parameters(backward)[1:] if callable(backward) else []
        if not found or found[0].variadic:
            return None
        return [str(n) for n, p in enumerate(found, 1) if not p.variadic and not p.name.startswith("_")]

    def _asked(self) -> tuple[Sequence[Parameter], Sequence[Parameter]]:
        return self.parameters, ()

    def _texts(self) -> Sequence[str | None]:
        owner = getattr(self.apply, "__self__", None)
        return [getattr(self.apply if owner is None else owner, "__doc__", None)]

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: AutogradFunction, convention: Convention) -> None:
        call = Call(adapter.parameters, convention["call"], positional=adapter.by_hand)
        phase = "backward" if adapter.by_hand else "autograd"
        self.autograd = Autograd(convention, call, adapter.origin, phase=phase)
        self.apply = adapter.apply
        self.between = bool(convention.get("between"))

    def run(self, case: Case, *, fresh: bool) -> Answer:  # a Function has no instance that could be old
        if not self.between:
            return self.autograd.run(case, self.apply)
        return self.autograd.run(
            case, self.apply, between=lambda: self.autograd.run(case.turned(), self.apply)
        )


def forward_parameters(function: Any) -> list[Parameter]:
    """Give the arguments of ``apply``: those of the forward, without ``ctx`` where it has that."""
    import torch

    found = parameters(function.forward)
    raw = inspect.getattr_static(function, "setup_context", None)
    own = raw is not inspect.getattr_static(torch.autograd.Function, "setup_context", None)
    return found if own else found[1:]
