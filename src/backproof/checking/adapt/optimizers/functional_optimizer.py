"""Update rules written as functions: ``rule(w, dw, config)``, ``adam(params, grads, m, v, t, lr)``."""

from __future__ import annotations

import dis
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.optimizers.hyperparameters import entry_for
from backproof.checking.adapt.optimizers.memories import beginnings, copied, differ, keys_used
from backproof.checking.adapt.optimizers.numpy_optimizer import SINGULAR, NumPyOptimizer
from backproof.checking.adapt.optimizers.steps import COUNTS, step_role
from backproof.checking.adapt.optimizers.torch_optimizer import OptimizerAdapter, TorchOptimizer
from backproof.checking.adapt.words.names import normalise, split, word_set
from backproof.checking.adapt.words.signatures import (
    Method,
    Parameter,
    code_of,
    codes_in,
    libraries_used,
    parameters,
)
from backproof.checking.candidate import Description, Signature
from backproof.checking.references import RuleReference, guess
from backproof.checking.rules_by_name import guess_rule
from backproof.updates import CATALOGUE

__all__ = ["copied_into", "means_rule", "recognise_rule"]

#: What a function is given its hyperparameters in, and what it remembers by.
_CONFIGS = word_set("config configs cfg optim_config opt_config hyperparams hyperparameters hp hparams")
_MEMORIES = word_set("state states cache memory opt_state optimizer_state optim_state buffers")
_ONES = word_set("batch_size batchsize bs batch n_samples num_samples n_examples num_examples")
#: Words of functions that make a step, whatever the rule.
_STEPPING = word_set("update step apply optimize optimise descent optimizer optimiser")
#: What is kept from step to step where the parameters hold their gradients: anything else may be data.
_KEPT = word_set(
    "m v s u h t velocity velocities moment moments momentums first_moment second_moment exp_avg exp_avgs "
    "exp_avg_sq exp_avg_sqs square_avg square_avgs sums sum_sq accumulators accumulator sq_grads delta deltas"
)
#: Every hyperparameter that an update rule can have.
_OPTIONS = {name: value for rule in CATALOGUE.values() for name, value in rule.hyperparameters().items()}


class _Rule:
    """A function as an optimizer: it keeps what the function is given to remember by."""

    def __init__(self, function: Callable[..., Any], roles: Mapping[str, str], **options: Any) -> None:
        self._function, self._roles = function, dict(roles)
        self.options = options
        self._memories = [name for name, role in self._roles.items() if role == "state"]
        self._held: dict[str, Any] | None = None
        self.config: dict[str, Any] = {}
        if "config" in self._roles.values():
            self.config = self._learned() or self._named()

    def _learned(self) -> dict[str, Any]:
        """Find the hyperparameters that the function itself puts into an empty configuration."""
        trial: dict[str, Any] = {}
        try:
            returned = self._call(np.ones(2), np.ones(2), 1, dict.fromkeys(self._memories), trial)
        except Exception:  # whatever the user's code raises: the keys are read from the code
            return {}
        several = returned[1:] if isinstance(returned, tuple) else ()
        kept = next((value for value in several if isinstance(value, dict)), trial)
        plain = {k: v for k, v in kept.items() if isinstance(v, bool | float | tuple)}
        return {k: v for k, v in plain.items() if entry_for(k, _OPTIONS, v) is not None}

    def _named(self) -> dict[str, Any]:
        """Give a value to each hyperparameter that the function looks up; the course's take its place."""
        wanted = {"lr": None, **_OPTIONS}
        keys = keys_used(self._function)
        counts = {key: 1 for key in keys if normalise(key) in COUNTS}
        return {key: 0.9 for key in keys if entry_for(key, wanted) is not None} | counts

    def _call(
        self, params: Any, grads: Any, count: int, held: Mapping[str, Any], config: dict[str, Any]
    ) -> Any:
        values = {"params": params, "grads": grads, "count": count, "config": config, "one": 1}
        arguments = {
            name: held[name] if role == "state" else values[role] for name, role in self._roles.items()
        }
        return self._function(**arguments, **self.options)

    def _begin(self, params: Any, grads: Any) -> dict[str, Any]:
        """Find what it can first be given to remember by: with which two steps move the parameters."""
        if not self._memories:
            return {}
        ways = list(beginnings(self._function, self._memories, params, grads))
        for index, way in enumerate(ways):
            moved = copied(params)
            try:
                for count in (1, 2):
                    after = self._made(moved, copied(grads), count, way, dict(self.config))
                    moved = moved if after is None else after
            except Exception:  # noqa: S112  # whatever the user's code raises: another way may be meant
                continue
            if differ(moved, params):
                # Made anew: the trial has written into it.
                return list(beginnings(self._function, self._memories, params, grads))[index]
        return ways[0]

    def _made(self, params: Any, grads: Any, count: int, held: dict[str, Any], config: dict[str, Any]) -> Any:
        """Make a step with what is ``held``, which is changed; give the parameters if they are new."""
        before = copied(params)
        returned = self._call(params, grads, count, held, config)
        if not isinstance(returned, tuple):
            in_place = held and returned is not None and returned is not params and differ(before, params)
            if in_place and len(held) == 1:
                held.update(dict.fromkeys(held, returned))
            return None if in_place else returned
        if not held and "config" not in self._roles.values() and _is_whole(returned, params):
            return list(returned)
        after, *kept = _parameters_first(returned, params, held)
        if held and len(kept) >= len(held):
            held.update(zip(held, kept, strict=False))
        if kept and isinstance(kept[0], dict) and "config" in self._roles.values():
            self.config = config = kept[0]
        return after

    def step(self, params: Any, grads: Any, t: int) -> Any:
        """Make a step; give the parameters after it."""
        if self._held is None:
            self._held = self._begin(params, grads)
        after = self._made(params, grads, t, self._held, self.config)
        return copied_into(params, after)


def _is_whole(returned: Sequence[Any], params: Any) -> bool:
    return isinstance(params, list) and len(returned) == len(params)


def _parameters_first(returned: tuple[Any, ...], params: Any, held: Mapping[str, Any]) -> tuple[Any, ...]:
    """Put the parameters first where what comes before them is what the rule remembers by."""
    kinds = {type(value) for value in held.values()} - {type(params)}
    here = next((i for i, value in enumerate(returned) if type(value) not in kinds), 0)
    return (returned[here], *returned[:here], *returned[here + 1 :])


def copied_into(params: Any, after: Any) -> Any:
    """Put new tensors into those that were given; NumPy's arrays are followed where they lie."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return after
    if isinstance(params, torch.Tensor) and isinstance(after, torch.Tensor):
        params, after = [params], [after]
    if not isinstance(params, list) or not isinstance(after, list | tuple):
        return after
    if len(after) == len(params) and all(isinstance(p, torch.Tensor) for p in (*params, *after)):
        with torch.no_grad():
            for parameter, moved in zip(params, after, strict=True):
                parameter.copy_(moved)
    return after


# --- Recognising them ------------------------------------------------------------------------------


class _TensorRule(TorchOptimizer):
    """A function of tensors; it is given those that have a gradient."""

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        return [{**way, "gradient_none": False} for way in super()._conventions(signature)]


def means_rule(name: str) -> bool:
    """Say whether a name is that of an update rule, and of no other thing."""
    known = guess(name)
    return isinstance(known, RuleReference) or (known is None and guess_rule(name) is not None)


def recognise_rule(
    name: str, function: Callable[..., Any], site: Callable[[Mapping[str, object]], Any]
) -> OptimizerAdapter | None:
    """Adapt a function that is called like an update rule and takes parameters and gradients."""
    found = parameters(function)
    roles = _roles(found, function)
    if roles is None or not (means_rule(name) or _steps(name, found, roles)):
        return None
    of_tensors = "torch" in libraries_used([function])
    place = site({"step": function})
    lines = {"definition": place.lines.get("step", 1), **place.lines}
    style = "torch-optimizer" if of_tensors else "numpy-optimizer"
    description = Description(name, "optimizer", style, place.file, place.cell, lines)
    options = [p for p in found if p.name not in roles]

    code = code_of(function)
    own = {role: parameter for parameter, role in roles.items()}
    kind = _ForEach if of_tensors and normalise(own["params"]) in SINGULAR else _Rule

    def make(**given: Any) -> Any:
        rule = kind(function, roles, **given)
        return rule if "grads" in own else _WithoutGradients(rule)

    # NumPy's are called by order: by its own names one sees whether it takes one array or several.
    taken = tuple(
        Parameter(role if of_tensors else own[role], required=True)
        for role in ("params", "grads")
        if role in own
    )
    step = Method("step", function, (*taken, Parameter("t", required=True)), bound=True)
    origin = Origin(code.co_filename if code else None, lines, function.__doc__)
    adapter = _TensorRule if of_tensors else NumPyOptimizer
    return adapter(description, make, options, step, origin)


class _ForEach:
    """A function of one tensor as an optimizer of several: each has what it is remembered by."""

    def __init__(self, function: Callable[..., Any], roles: Mapping[str, str], **options: Any) -> None:
        self.options: dict[str, Any] = options
        self._make: Callable[[], _Rule] = lambda: _Rule(function, roles, **self.options)
        self._rules: list[_Rule] = []

    def step(self, params: Any, grads: Any, t: int) -> None:
        """Make a step of each tensor."""
        self._rules = self._rules or [self._make() for _ in params]
        for rule, parameter, gradient in zip(self._rules, params, grads or [None] * len(params), strict=True):
            rule.options.update(self.options)
            rule.step(parameter, gradient, t)


class _WithoutGradients:
    """A function whose parameters hold their gradients."""

    def __init__(self, rule: Any) -> None:
        self._rule = rule
        vars(self).update({name: value for name, value in vars(rule).items() if isinstance(value, dict)})

    def step(self, params: Any, t: int) -> Any:
        """Make a step by the gradients that the parameters hold."""
        return self._rule.step(params, None, t)


def _steps(name: str, found: Sequence[Parameter], roles: Mapping[str, str]) -> bool:
    """Say whether a function makes steps though its name tells no rule: it takes a rate with the rest."""
    rated = any(entry_for(p.name, {"lr": None}) is not None for p in found if p.name not in roles)
    return rated and guess(name) is None and bool(_STEPPING & set(split(name)))


def _roles(found: Sequence[Parameter], function: object) -> dict[str, str] | None:
    """Say what the arguments are that are no hyperparameters; ``None`` if it is no update rule."""
    roles: dict[str, str] = {}
    for parameter in found:
        if parameter.variadic:
            return None
        role, word = step_role(parameter), normalise(parameter.name)
        if role in ("params", "grads", "count") and role not in roles.values():
            roles[parameter.name] = role
        elif word in _CONFIGS and "config" not in roles.values():
            roles[parameter.name] = "config"
        elif word in _ONES and parameter.required:
            roles[parameter.name] = "one"
        elif word in _MEMORIES or (
            parameter.required and entry_for(parameter.name, {"lr": None, **_OPTIONS}) is None
        ):
            roles[parameter.name] = "state"
    if "params" not in roles.values() or _called(function) & roles.keys():
        return None
    if "grads" in roles.values():
        return roles
    kept = {normalise(name) for name, role in roles.items() if role == "state"} <= _MEMORIES | _KEPT
    return roles if kept and _reads(function, "grad") else None


def _called(function: object) -> set[str]:
    """Give the arguments that a function calls: a gradient that is called is a function itself."""
    code = code_of(function)
    doing = [(i.opname, i.argval) for i in dis.get_instructions(code)] if code else []
    pairs = [*itertools.pairwise(doing), *((b, a) for a, b in itertools.pairwise(doing))]
    return {name for (one, _), (other, name) in pairs if (one, other) == ("PUSH_NULL", "LOAD_FAST")}


def _reads(function: object, attribute: str) -> bool:
    code = code_of(function)
    own = [part for part in codes_in(code) if part is code or part.co_name.startswith("<")] if code else []
    doing = (i for part in own for i in dis.get_instructions(part))
    return any(i.opname == "LOAD_ATTR" and i.argval == attribute for i in doing)
