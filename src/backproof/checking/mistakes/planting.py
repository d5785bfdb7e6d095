"""Planting a mistake in an update rule: a subclass in which one part of the formula is another.

Where the rule has a method for the part, the mistake overrides it. Where the part is a function of the
namespace that the rule calls (a root, a running average, the step itself), the mistake runs the rule in
a namespace in which that function is another: so it applies to every rule that calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from backproof.checking.mistakes.walking import Rule, Walk
from backproof.diagnoses import Severity
from backproof.updates import State

__all__ = [
    "Plant",
    "PlantedRule",
    "UpdateMistake",
    "called",
    "functions_of",
    "in_namespace",
    "in_order",
    "override",
    "part",
    "with_options",
]


@dataclass(frozen=True)
class PlantedRule:
    """An update rule with one mistake in it; ``says`` completes the sentence "The optimizer …".

    ``severity`` is the diagnosis's own, unless it is a convention. ``nowhere_finite`` says that it makes NaN
    or inf of everything at once: of a path without any number only such a mistake can be the cause.
    """

    diagnosis: str
    rule: Rule
    says: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None
    nowhere_finite: bool = False


Plant: TypeAlias = Callable[[Rule], Iterator[PlantedRule]]


@dataclass(frozen=True)
class UpdateMistake:
    """A row of the table; ``plant(rule)`` gives the wrong rules, none where the rule cannot have it."""

    name: str
    plant: Plant
    severity: Severity | None = None


class _Namespace:
    """A namespace with some functions of its own."""

    def __init__(self, xp: Any, **others: Callable[..., Any]) -> None:
        own = vars(xp) if isinstance(xp, _Namespace) else {"beneath": xp}
        vars(self).update({**own, **others})

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["beneath"], name)


def override(rule: Any, **attributes: Any) -> Any:
    """Give a rule with other methods or attributes, under its own name."""
    return type(rule.__name__, (rule,), attributes)


def in_namespace(rule: Any, functions: Callable[..., Mapping[str, Callable[..., Any]]]) -> Any:
    """Give a rule that runs in another namespace.

    ``functions(self, xp, parameter, gradient, state)`` gives the functions that are others there, anew
    for each update, so that they can count how often they are called.
    """

    def update(self: Any, xp: Any, parameter: Any, gradient: Any, state: State) -> Any:
        others = functions(self, xp, parameter, gradient, state)
        return rule.update(self, _Namespace(xp, **others), parameter, gradient, state)

    return override(rule, update=update)


def called(usual: Callable[..., Any], other: Callable[..., Any], nth: int | None) -> Callable[..., Any]:
    """Give a function that is ``other`` at its nth call, or always, and ``usual`` else."""
    count = 0

    def function(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return (other if nth in (None, count) else usual)(*arguments)

    return function


def in_order(*functions: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function that is each of some in turn, and then the last."""
    waiting = list(functions)

    def function(*arguments: Any) -> Any:
        return (waiting.pop(0) if len(waiting) > 1 else waiting[0])(*arguments)

    return function


def with_options(rule: Any, options: Callable[[Any], Mapping[str, Any]]) -> Any:
    """Give a rule whose update has other hyperparameters than it was given."""

    def update(self: Any, *roles: Any) -> Any:
        return rule.update(self.changed(**options(self)), *roles)

    return override(rule, update=update)


def part(
    of: Rule | tuple[Rule, ...],
    diagnosis: str,
    says: str,
    *,
    severity: Severity | None = None,
    name: str | None = None,
    walk: type[Walk] | None = None,
    **methods: Callable[..., Any],
) -> UpdateMistake:
    """Make a row of parts that some rules and those made from them have."""
    kept = {} if walk is None else {"walk": walk}

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, of):
            yield PlantedRule(diagnosis, override(rule, **methods, **kept), says, severity=severity)

    return UpdateMistake(name or diagnosis, plant, severity)


def functions_of(
    of: Rule | tuple[Rule, ...],
    diagnosis: str,
    says: str,
    functions: Callable[..., Mapping[str, Callable[..., Any]]],
    severity: Severity | None = None,
) -> UpdateMistake:
    """Make a row of functions that some rules call, as `in_namespace` takes them."""

    def plant(rule: Rule) -> Iterator[PlantedRule]:
        if issubclass(rule, of):
            yield PlantedRule(diagnosis, in_namespace(rule, functions), says, severity=severity)

    return UpdateMistake(diagnosis, plant, severity)
