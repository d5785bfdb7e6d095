"""What comes of a forward's derivative where one step of the chain rule is wrong: the slips of a backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from backproof.checking.adapt.execution import Failure, Origin, attempt
from backproof.checking.adapt.filling.calls import Call, Laying
from backproof.checking.adapt.filling.layouts import straighten
from backproof.checking.adapt.filling.slots import exchange, set_parameters, value_at
from backproof.checking.adapt.following.arrays import Duals
from backproof.checking.adapt.following.tangents import Follower, Turn, Untraceable, words
from backproof.checking.adapt.libraries import Library, seed
from backproof.checking.adapt.words.signatures import namespace
from backproof.checking.candidate import Answer, Case, Slip

__all__ = ["slips"]

#: How many steps are followed at most, over all slips; PyTorch's take longer.
_MOST = {"numpy": 20_000, "torch": 4_000}
#: What is raised where a forward does something with arrays that cannot be followed.
_LOST = (Untraceable, Failure, AttributeError, TypeError, ValueError, IndexError, RuntimeError)


class _Plan(Protocol):
    """What is asked of a convention made ready: how arrays are handed to the forward."""

    origin: Origin
    library: Library
    laying: Laying
    places: Mapping[str, Any]
    number: int | None

    def choose(self, returned: object) -> Any:
        """Give the output that is judged, of what the forward returned."""


def slips(plan: _Plan, call: Call, case: Case, function: Callable[..., Any], instance: object) -> Answer:
    """Follow a forward along the case's direction, and once more for each way to slip."""

    def run(turn: Turn | None = None) -> tuple[Follower, NDArray[Any] | None]:
        follower = Follower(plan.origin.filename, turn)
        try:
            return follower, _followed(plan, call, case, function, instance, follower)
        except _LOST:
            return follower, None

    first, right = run()
    if right is None:
        return Answer()
    found = [Slip("", "", "", right)]
    turns = {f"{turn.form} {turn.of} {turn.place}": turn for turn in first.turns}
    if case.slips:
        turns = {key: turn for key, turn in turns.items() if key in case.slips}
    for key, turn in list(turns.items())[: _MOST[plan.library.name] // max(1, first.count)]:
        _, tangent = run(turn)
        if tangent is not None:
            found.append(Slip(*_named(turn), key, tangent))
    return Answer(slips=tuple(found))


def _followed(
    plan: _Plan, call: Call, case: Case, function: Callable[..., Any], instance: object, follower: Follower
) -> NDArray[Any] | None:
    """Run a forward with tangents, and give that of its output; ``None`` where it was lost."""
    originals = plan.laying.arrays(case)
    values = {role: plan.library.give(array) for role, array in originals.items() if role not in plan.places}

    def blind() -> object:
        args, named = call.arguments(values)
        return attempt(plan.origin, "forward", function, *args, **named)

    if plan.places:
        set_parameters(instance, plan.places, originals, plan.library, blind)
    paths = {role: tuple(place["path"]) for role, place in plan.places.items()}
    kept: dict[str, Any] = {}
    along = plan.laying.arrays(Case(dict(case.direction or {})))
    with following(plan.library.name, follower) as carrier:
        for role, array in originals.items():
            if array.dtype.kind != "f":
                continue
            carried = carrier.carry(array, along.get(role))
            if role in paths:
                kept[role] = value_at(instance, paths[role])
                exchange(instance, paths[role], carried, plan.library)
            else:
                values[role] = carried
        try:
            if plan.number is not None:
                seed(plan.number, (instance, namespace(function)))
            found = carrier.tangent(plan.choose(blind()))
        finally:
            for role, value in kept.items():
                exchange(instance, paths[role], value, plan.library)
    return None if found is None else straighten(found, plan.laying.output)


def following(name: str, follower: Follower) -> Any:
    """Give the context in which arrays of a library carry tangents."""
    if name == "torch":
        from backproof.checking.adapt.following.tensors import Following

        return Following(follower)
    return Duals(follower)


#: Functions whose derivative is 1 or 0.
_BOUNDS = words("clip clamp minimum maximum fmin fmax relu relu6 relu_ hardtanh threshold where")
#: How each slip is called, and what completes "The gradient …" of it.
_NAMES: dict[str, tuple[str, str]] = {
    "of input": (
        "input-for-output",
        (
            "takes the derivative of {function}{at} by its argument, as if that were its value. Save the "
            "value in the forward and use that"
        ),
    ),
    "of output": (
        "output-for-input",
        "applies {function} once more to its value{at}, where the derivative needs the argument",
    ),
    "bounds": (
        "gradient-value",
        (
            "forgets the bounds of {name}{at}: where it takes the bound, the derivative is 0. Multiply by"
            " the mask of what lies within"
        ),
    ),
    "one": (
        "inner-derivative-missing",
        (
            "is what comes out where the derivative of {name}{at} is taken as 1. Each step from the "
            "output back to the input multiplies its own derivative in"
        ),
    ),
    "minus one": (
        "inner-derivative-missing",
        (
            "is what comes out where the derivative of {name}{at} is taken as −1: its coefficient is lost. "
            "Each step from the output back to the input multiplies its own derivative in"
        ),
    ),
    "norm": (
        "diagonal-jacobian",
        (
            "is what comes out where the divisor of {name}{at} is held constant: it is a norm of all "
            "elements, so that each of them moves all outputs. Add the term of the chain rule that goes "
            "through it"
        ),
    ),
    "diagonal": (
        "diagonal-jacobian",
        (
            "treats the Jacobian of the softmax{at} as diagonal: each of its outputs also depends on the "
            "other inputs. Use the full vector-Jacobian product, s · (g − Σ g s)"
        ),
    ),
    "no sum": (
        "diagonal-jacobian",
        (
            "lacks the sum of the softmax{at}: each of its outputs also depends on the other inputs. Use "
            "the full vector-Jacobian product, s · (g − Σ g s)"
        ),
    ),
    "statistics": (
        "statistics-constant",
        (
            "is what comes out where {name}{at} is held constant: it depends on every value that it is "
            "taken over. Add the terms of the chain rule that go through it"
        ),
    ),
    "left out": (
        "gradient-value",
        "leaves out a path: what goes through operand {operand} of {name}{at}",
    ),
    "sign": (
        "gradient-value",
        "has the wrong sign on a path: what goes through operand {operand} of {name}{at}",
    ),
    "power": (
        "inner-derivative-missing",
        "lacks the exponent as a factor, in the derivative of the power{at}: that of x² is 2x",
    ),
    "factor": (
        "inner-derivative-missing",
        "lacks a factor of the chain rule, the other operand of {name}{at}",
    ),
}


def _named(turn: Turn) -> tuple[str, str]:
    """Name a slip, and complete the sentence "The gradient …"."""
    function, _, of = turn.form.rpartition(" of ")
    form = f"of {of}" if function else turn.form
    if form == "one" and turn.name.rpartition(".")[2] in _BOUNDS:
        form = "bounds"
    diagnosis, says = _NAMES[form]
    return diagnosis, says.format(
        function=function,
        name=turn.name or "each mean and variance",
        at="" if turn.line is None else f" in line {turn.line}",
        operand=turn.of + 1 if isinstance(turn.of, int) else "",
    )
