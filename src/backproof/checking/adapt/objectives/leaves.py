"""The arguments of a loss that comes with its gradients: data, targets, parameters, and numbers given.

What is handed over in a dictionary or a tuple of parameters is looked at one by one, as a *leaf*.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from backproof.checking.adapt.words.kinds import is_strength
from backproof.checking.adapt.words.names import is_input, normalise, split, target_score, word_set
from backproof.checking.adapt.words.signatures import Parameter, code_of, parameters

__all__ = ["CONTAINERS", "PARAMETERS", "Keys", "Leaf", "Taken", "readings", "role_of"]

Key: TypeAlias = str | int | None
#: Of what a container of parameters consists, by the container's name.
Keys: TypeAlias = Mapping[str, Sequence[str | int]]

#: Numbers beside the strengths of penalties, if they are no arrays.
_NUMBERS = word_set("margin delta eps mu coef temp temperature")
_INDICES = word_set("idx index indices ix ids")
_DATA = word_set("data features feats inputs input images phi samples")
_BIAS = re.compile(r"[bB](_?\w{1,2})?$|bias\w{0,3}$|biases$|intercept$|vi[eé]s$|biais$", re.ASCII)
_WEIGHT = re.compile(
    r"[wW](_?\w{1,3})?$|[UV](_?\w{1,2})?$|C$|(?i:theta\w?|beta|coefs?|weights?\d?|params?|omega)$"
)
#: Arguments that may hold all parameters.
CONTAINERS = frozenset({"params", "parameters", "weights", "theta", "model", "network", "net"})
#: Roles of leaves that are learned.
PARAMETERS = ("weight", "bias")
#: The number that stands for a coefficient: neither 0, with which a term would vanish, nor 1.
_GIVEN = 0.3


@dataclass(frozen=True)
class Leaf:
    """One array that a function takes: by itself, or under a ``key`` of one of its arguments."""

    name: str
    argument: str
    role: str
    key: Key = None


@dataclass(frozen=True)
class Taken:
    """What a function takes: the leaves, the kinds of its containers, and numbers that stay as they are."""

    leaves: tuple[Leaf, ...]
    containers: Mapping[str, type] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)

    def assemble(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments for these values of the leaves."""
        named: dict[str, Any] = dict(self.numbers)
        for leaf in self.leaves:
            value = values[leaf.name]
            if leaf.key is None:
                named[leaf.argument] = value
            else:
                named.setdefault(leaf.argument, {})[leaf.key] = value
        for argument, made in self.containers.items():
            if made is not dict:
                named[argument] = made(named[argument].values())
        return named


def readings(function: Callable[..., Any], known: Keys | None = None) -> list[Taken]:
    """Say what a function may take: what is called like a number is one, or else an array as others are.

    Nothing where its arguments cannot be told, or two have one name. Of what containers consist is ``known``,
    or else told by the code.
    """
    every = parameters(function)
    doubtful = any(p.required and _is_number(p) and not is_strength(p.name) for p in every)
    ways = (False, True) if doubtful else (False,)
    found = [_taken(function, every, known or {}, sure=sure) for sure in ways]
    return [taken for taken in found if taken is not None]


def _taken(
    function: Callable[..., Any], every: Sequence[Parameter], known: Keys, *, sure: bool
) -> Taken | None:
    """Say what a function takes; only what is ``sure`` to be a number, or else what may be, is one."""
    leaves: list[Leaf] = []
    containers: dict[str, type] = {}
    numbers: dict[str, float] = {}
    for parameter in every:
        if parameter.variadic:
            return None
        if _is_number(parameter) and not (sure and parameter.required and not is_strength(parameter.name)):
            numbers |= {parameter.name: _GIVEN} if parameter.required or parameter.default == 0 else {}
        elif parameter.required:
            name = parameter.name
            keys = [_held(name, key) for key in known[name]] if name in known else [*_keys(function, name)]
            if keys:
                kind = list if name in known else tuple
                containers[name] = dict if isinstance(keys[0].key, str) else kind
            leaves += keys or [Leaf(parameter.name, parameter.name, role_of(parameter.name))]
    names = {normalise(leaf.name) for leaf in leaves}
    return Taken(tuple(leaves), containers, numbers) if len(names) == len(leaves) > 0 else None


def _held(container: str, key: str | int) -> Leaf:
    name = key if isinstance(key, str) else f"{container}{key}"
    return Leaf(name, container, role_of(name), key)


def _is_number(parameter: Parameter) -> bool:
    """Say whether an argument is a coefficient, by its name; or by its default, where it has one."""
    default = parameter.default
    if not parameter.required and (isinstance(default, bool) or not isinstance(default, int | float)):
        return False
    return normalise(parameter.name) in _NUMBERS or is_strength(parameter.name)


def role_of(name: str) -> str:
    """Say what an argument is by its name: data, target, weight, bias, index or unknown.

    Examples
    --------
    >>> [role_of(name) for name in ("X", "y_true", "W1", "b1", "idx", "q")]
    ['data', 'target', 'weight', 'bias', 'index', 'unknown']
    """
    if _INDICES & set(split(name)):
        return "index"
    if target_score(name) > 0:
        return "target"
    if _BIAS.match(name):
        return "bias"
    if _WEIGHT.match(name):
        return "weight"
    if re.match(r"x(_?\w{1,5})?$", name, re.IGNORECASE) or _DATA & set(split(name)) or is_input(name):
        return "data"
    return "unknown"


def _keys(function: Callable[..., Any], argument: str) -> Iterator[Leaf]:
    """Give what a function takes out of an argument: ``W, b = params``, ``params["W1"]``."""
    code = code_of(function)
    steps = [i for i in dis.get_instructions(code) if i.opname not in ("CACHE", "NOP")] if code else []
    seen: set[str] = set()
    for place, step in enumerate(steps[:-2]):
        if not (step.opname.startswith("LOAD_FAST") and step.argval == argument):
            continue
        following, then = steps[place + 1], steps[place + 2]
        if following.opname == "UNPACK_SEQUENCE" and not seen:
            names = _stored(steps[place + 2 :], int(following.arg or 0))
            yield from (Leaf(name, argument, role_of(name), index) for index, name in enumerate(names))
            return
        subscript = then.opname == "BINARY_SUBSCR" or (then.opname == "BINARY_OP" and "[]" in then.argrepr)
        key = following.argval
        if following.opname == "LOAD_CONST" and isinstance(key, str) and subscript and key not in seen:
            seen.add(key)
            yield Leaf(key, argument, role_of(key), key)


def _stored(steps: Sequence[dis.Instruction], count: int) -> list[str]:
    """Give the names that so many values are stored under."""
    names: list[str] = []
    for step in steps:
        if len(names) >= count or not step.opname.startswith("STORE_FAST"):
            break
        names += [step.argval] if isinstance(step.argval, str) else list(step.argval)
    return names[:count] if len(names) >= count else [str(index) for index in range(count)]
