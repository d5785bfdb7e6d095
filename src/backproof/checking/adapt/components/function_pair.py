"""Two functions, one the forward and the other its gradient."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backproof.checking.adapt.components.backwards import Reading, Situation, fill_backward
from backproof.checking.adapt.components.base import ComponentAdapter
from backproof.checking.adapt.components.jax_functions import JAX
from backproof.checking.adapt.components.manual import ByHand
from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.filling.arguments import fill_call, given_options, own_defaults
from backproof.checking.adapt.filling.building import absent, target_forms
from backproof.checking.adapt.filling.calls import Call
from backproof.checking.adapt.filling.function_layouts import function_layouts
from backproof.checking.adapt.words.signatures import Parameter, libraries_used, parameters
from backproof.checking.candidate import Answer, Case, Convention, Description, Signature

__all__ = ["FunctionPair"]


class FunctionPair(ComponentAdapter):
    """A pair such as ``tanh`` and ``tanh_backward``, each on NumPy arrays or on tensors."""

    constructed = False

    def __init__(
        self,
        description: Description,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        origin: Origin,
        *,
        fused: bool = False,
    ) -> None:
        super().__init__(description)
        self.forward, self.backward, self.origin = forward, backward, origin
        #: Whether the backward takes the forward's arguments, and gives the gradients for 1.
        self.fused = fused
        self.forward_parameters = parameters(forward)
        self.backward_parameters = parameters(backward)

    def _ways(self, signature: Signature) -> list[dict[str, Any]]:
        ways = []
        for call in fill_call(self.forward_parameters, signature):
            named = {name: role for name, role in call.items() if isinstance(role, str)}
            lacking = absent(signature, set(named.values()))
            name, own = (getattr(function, "__name__", "") for function in (self.backward, self.forward))
            name = "" if name == own != "<lambda>" else name
            situation = Situation.after(self.forward_parameters, call, name, signature)
            ways += [
                {**libraries, "call": call, **lacking, **form, **layouts, "backward": reading.filled}
                | reading.notes
                for libraries in self._libraries()
                for form in target_forms(signature, call)
                for layouts in function_layouts(set(named.values()), signature)
                for reading in self._readings(call, situation)
            ]
        common = self._common(signature, ways[0]["call"])
        return self._rank([{**way, **common} for way in ways], signature)

    def _readings(self, call: dict[str, Any], situation: Situation) -> list[Reading]:
        if self.fused:
            return [Reading(call, {"upstream": False, "fused": True})]
        return fill_backward(self.backward_parameters, situation)

    def _common(self, signature: Signature, call: dict[str, Any]) -> dict[str, Any]:
        options = given_options(self.forward_parameters, call, signature.options)
        noted: dict[str, Any] = {"kind": signature.kind}
        noted["options"] = {name: signature.options[name] for name in options}
        defaults = own_defaults(self.forward_parameters, signature.options)
        return {**noted, "defaults": defaults} if defaults else noted

    def _libraries(self) -> list[dict[str, str]]:
        """Give the libraries of the two functions; both where their code does not tell."""
        forward, backward = _library_of(self.forward), _library_of(self.backward)
        if forward is None and backward is None:
            both = ["numpy", "torch"] if "torch" in sys.modules else ["numpy"]
            return [{"library": name} for name in both]
        libraries = {"library": forward or backward or "numpy"}
        if backward is not None and backward != libraries["library"]:
            libraries["backward_library"] = backward
        return [libraries]

    def _asked(self) -> tuple[Sequence[Parameter], Sequence[Parameter]]:
        return self.forward_parameters, ()

    def _asked_back(self) -> Sequence[Parameter]:
        return self.backward_parameters

    def _texts(self) -> Sequence[str | None]:
        return [getattr(function, "__doc__", None) for function in (self.forward, self.backward)]

    def _compile(self, convention: Convention) -> _Plan:
        return _Plan(self, convention)


class _Plan:
    def __init__(self, adapter: FunctionPair, convention: Convention) -> None:
        forward = Call(adapter.forward_parameters, convention["call"])
        backward = Call(adapter.backward_parameters, convention["backward"])
        self.by_hand = ByHand(convention, forward, backward, adapter.origin, adapter.description.sources[0])
        # The methods of one object share what it holds, and no other object is disturbed by a call between.
        owners = [getattr(function, "__self__", None) for function in (adapter.forward, adapter.backward)]
        self.between = bool(convention.get("between")) and (owners[0] is None or owners[0] is not owners[1])
        self.hands = (adapter.forward, adapter.backward, None)

    def run(self, case: Case, *, fresh: bool) -> Answer:  # functions have no instance that could be old
        if not self.between:
            return self.by_hand.run(case, self.hands)
        return self.by_hand.run(case, self.hands, lambda: self.by_hand.run(case.turned(), self.hands))


def _library_of(function: object) -> str | None:
    """Say which library a function is written in; ``None`` where its code names both or neither."""
    if isinstance(function, np.ufunc) or hasattr(function, JAX):
        return "numpy"
    used = libraries_used([function])
    return next(iter(used)) if len(used) == 1 else None
