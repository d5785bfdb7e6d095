"""Subclasses of ``torch.autograd.Function``."""

from __future__ import annotations

import inspect
from typing import Any

from backproof.checking.adapt.autograd import Autograd
from backproof.checking.adapt.base import ComponentAdapter
from backproof.checking.adapt.building import absent, target_forms
from backproof.checking.adapt.calls import Call
from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.filling import fill_call, given_options, own_defaults
from backproof.checking.adapt.function_layouts import function_layouts
from backproof.checking.adapt.signatures import Parameter, parameters
from backproof.checking.candidate import Answer, Case, Convention, Description, Signature

__all__ = ["AutogradFunction", "forward_parameters"]


class AutogradFunction(ComponentAdapter):
    """A function that autograd calls: its forward with ``ctx``, or with ``setup_context`` beside it."""

    def __init__(self, description: Description, function: Any, origin: Origin) -> None:
        super().__init__(description)
        self.function, self.origin = function, origin
        self.parameters = forward_parameters(function)

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        ways = []
        for call in fill_call(self.parameters, signature):
            called = {role for role in call.values() if isinstance(role, str)}
            ways += [
                {"kind": signature.kind, "call": call, **absent(signature, called), **form, **layouts}
                for form in target_forms(signature, call)
                for layouts in function_layouts(called)
            ]
        call = ways[0]["call"]
        options = given_options(self.parameters, call, signature.options)
        noted: dict[str, Any] = {"options": {name: signature.options[name] for name in options}}
        defaults = own_defaults(self.parameters, signature.options)
        if defaults:
            noted["defaults"] = defaults
        return self._rank([{**way, **noted} for way in ways], signature)

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: AutogradFunction, convention: Convention) -> None:
        call = Call(adapter.parameters, convention["call"], positional=True)
        self.autograd = Autograd(convention, call, adapter.origin, phase="backward")
        self.function = adapter.function

    def run(self, case: Case, *, fresh: bool) -> Answer:  # a Function has no instance that could be old
        return self.autograd.run(case, self.function.apply)


def forward_parameters(function: Any) -> list[Parameter]:
    """Give the arguments of ``apply``: those of the forward, without ``ctx`` where it has that."""
    import torch

    found = parameters(function.forward)
    raw = inspect.getattr_static(function, "setup_context", None)
    own = raw is not inspect.getattr_static(torch.autograd.Function, "setup_context", None)
    return found if own else found[1:]
