"""Update rules written as functions: ``rule(w, dw, config)``, ``adam(params, grads, m, v, t, lr)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.hyperparameters import entry_for
from backproof.checking.adapt.names import normalise, word_set
from backproof.checking.adapt.numpy_optimizer import NumPyOptimizer
from backproof.checking.adapt.signatures import Method, Parameter, code_of, libraries_used, parameters
from backproof.checking.adapt.steps import step_role
from backproof.checking.candidate import Description
from backproof.checking.references import RuleReference, guess
from backproof.checking.rules_by_name import guess_rule
from backproof.updates import CATALOGUE

__all__ = ["recognise_rule"]

#: What a function is given to remember by, and gives back.
_CONFIGS = word_set(
    "config configs cfg optim_config opt_config hyperparams state cache memory opt_state states"
)
#: Every hyperparameter that an update rule can have.
_OPTIONS = {name: value for rule in CATALOGUE.values() for name, value in rule.hyperparameters().items()}


class _Rule:
    """A function as an optimizer: it keeps what the function is given to remember by."""

    def __init__(self, function: Callable[..., Any], roles: Mapping[str, str], **options: Any) -> None:
        self._function, self._roles = function, dict(roles)
        self.options = options
        self.config: dict[str, Any] = {}
        self._states: list[Any] | None = None
        if "config" in self._roles.values():
            self._learn()

    def _learn(self) -> None:
        """Find the hyperparameters that the function itself puts into an empty configuration."""
        trial: dict[str, Any] = {}
        returned = self._call(np.ones(2), np.ones(2), 1, trial)
        kept = (
            next((v for v in returned[1:] if isinstance(v, dict)), trial)
            if isinstance(returned, tuple)
            else trial
        )
        plain = {k: v for k, v in kept.items() if isinstance(v, bool | float | tuple)}
        self.config = {k: v for k, v in plain.items() if entry_for(k, _OPTIONS, v) is not None}

    def _call(self, params: Any, grads: Any, count: int, config: dict[str, Any]) -> Any:
        values = {"params": params, "grads": grads, "count": count, "config": config}
        states = iter(self._states or ())
        arguments = {
            name: next(states) if role == "state" else values[role] for name, role in self._roles.items()
        }
        return self._function(**arguments, **self.options)

    def step(self, params: Any, grads: Any, count: int) -> Any:
        """Make a step; give the parameters after it."""
        states = [name for name, role in self._roles.items() if role == "state"]
        if self._states is None:
            self._states = [_zeros(grads) for _ in states]
        returned = self._call(params, grads, count, self.config)
        if not isinstance(returned, tuple) or not returned:
            return returned
        after, *kept = returned
        if states and len(kept) >= len(states):
            self._states = kept[: len(states)]
        if "config" in self._roles.values() and kept and isinstance(kept[0], dict):
            self.config = kept[0]
        return after


def _zeros(like: Any) -> Any:
    if isinstance(like, dict):
        return {key: np.zeros_like(value) for key, value in like.items()}
    return [np.zeros_like(value) for value in like] if isinstance(like, list) else np.zeros_like(like)


def recognise_rule(
    name: str, function: Callable[..., Any], site: Callable[[Mapping[str, object]], Any]
) -> NumPyOptimizer | None:
    """Adapt a function that is called like an update rule and takes parameters and gradients."""
    known = guess(name)
    if (known is None and guess_rule(name) is None) or not isinstance(known, RuleReference | None):
        return None
    roles = _roles(parameters(function))
    if roles is None or "torch" in libraries_used([function]):
        return None
    place = site({"step": function})
    lines = {"definition": place.lines.get("step", 1), **place.lines}
    description = Description(name, "optimizer", "numpy-optimizer", place.file, place.cell, lines)
    options = [p for p in parameters(function) if p.name not in roles]

    def make(**given: Any) -> _Rule:
        return _Rule(function, roles, **given)

    code = code_of(function)
    own = {role: parameter for parameter, role in roles.items()}
    taken = (own["params"], own["grads"], "t")
    step = Method("step", function, tuple(Parameter(each, required=True) for each in taken), bound=True)
    origin = Origin(code.co_filename if code else None, lines)
    return NumPyOptimizer(description, make, options, step, origin)


def _roles(found: list[Parameter]) -> dict[str, str] | None:
    """Say what the arguments are that are no hyperparameters; ``None`` if it is no update rule."""
    roles: dict[str, str] = {}
    for parameter in found:
        if parameter.variadic:
            return None
        role = step_role(parameter)
        if role in ("params", "grads", "count") and role not in roles.values():
            roles[parameter.name] = role
        elif normalise(parameter.name) in _CONFIGS and "config" not in roles.values():
            roles[parameter.name] = "config"
        elif parameter.required and entry_for(parameter.name, {"lr": None, **_OPTIONS}) is None:
            roles[parameter.name] = "state"
    return roles if {"params", "grads"} <= set(roles.values()) else None
