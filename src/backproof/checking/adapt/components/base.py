"""What all adapters share: conventions that are compiled once, and a ranking by trial."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backproof.checking.adapt.components.held import with_parameters
from backproof.checking.adapt.execution import Obstacle, Origin
from backproof.checking.adapt.filling.arguments import is_quantity, is_settings
from backproof.checking.adapt.filling.building import Blueprint
from backproof.checking.adapt.filling.layouts import says_rows
from backproof.checking.adapt.filling.modes import evaluating, says_random, says_random_inside
from backproof.checking.adapt.filling.trials import Plan, score, trial_case
from backproof.checking.adapt.libraries import quiet
from backproof.checking.adapt.words.intentions import (
    said_at,
    says_intention,
    says_reduction,
    says_scaled,
    tokens_at,
)
from backproof.checking.adapt.words.kinds import is_loss_by_arguments, is_penalty
from backproof.checking.adapt.words.names import canonical, side_of_bound
from backproof.checking.adapt.words.signatures import Method, Parameter
from backproof.checking.candidate import (
    Answer,
    Case,
    Convention,
    Course,
    Description,
    Raised,
    Signature,
    Trajectory,
)

__all__ = ["Adapter", "ClassAdapter", "ComponentAdapter"]


class Adapter(ABC):
    """A candidate of the user's, as `backproof.checking.candidate.Candidate` wants it.

    Attributes
    ----------
    obstacle
        After `conventions` gave nothing: what stood in the way, for people.
    """

    def __init__(self, description: Description) -> None:
        self._description = description
        self.obstacle = ""

    @property
    def description(self) -> Description:
        """What can be said of the candidate without calling it."""
        return self._description

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give the ways to construct and call it, the likeliest first.

        Where there is none the list is empty, and ``obstacle`` says why.
        """
        self.obstacle = ""
        try:
            with quiet():
                return self._conventions(signature)
        except Obstacle as obstacle:
            self.obstacle = str(obstacle)
            return []

    @abstractmethod
    def _conventions(self, signature: Signature) -> list[dict[str, Any]]: ...

    @abstractmethod
    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        """Run the forward, and the backward if the case has an upstream gradient."""

    @abstractmethod
    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run an optimizer over a course, always on a new instance."""


class ComponentAdapter(Adapter):
    """A candidate with a forward: anything but an optimizer."""

    #: Whether it is constructed before it is called.
    constructed = True
    #: Where its code stands.
    origin: Origin

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self._plans: list[tuple[Convention, Plan]] = []

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give the ways to call it; where the signature has no arguments, with those it runs with."""
        if signature.within is not None:
            shapes = {role: list(shape) for role, shape in signature.shapes.items()}
            return [self._with_parameters(dict(signature.within), shapes)]
        if signature.shapes:
            found = self._ways(signature)
        else:
            from backproof.checking.adapt.filling.templates import suggest_arguments

            suggested = suggest_arguments(*self._asked(), signature, self._ways, self._compile)
            found = [self._with_parameters(way) for way in suggested]
        return [{**way, **self._noted(way, signature)} for way in found]

    def _noted(self, way: Mapping[str, Any], signature: Signature) -> dict[str, Any]:
        """Note what the judge is to know of a candidate's arguments."""
        forward, constructor = self._asked()
        says = says_random(self._description.name, self._texts(), [*forward, *constructor])
        optional = {p.name for p in forward if not p.required and p.default is None}
        left = [name for name, entry in way["call"].items() if isinstance(entry, str) and name in optional]
        noted: dict[str, Any] = {**({"random": says} if says else {}), **({"optional": left} if left else {})}
        code = [token.string for token in tokens_at(self.origin)]
        if not says and (inside := says_random_inside(self._description.name, code)):
            noted["random_inside"] = inside
        if reduces := says_reduction(self._description.name, self._written()):
            noted["reduces"] = reduces
        if says_rows(self._written()):
            noted["rows"] = True
        if says_scaled(self._description.name, self._written()):
            noted["scaled"] = True
        if bounds := _bounds(way["call"]):
            noted["spread"] = {**bounds, **way.get("spread", {})}
        if is_loss_by_arguments(self._description.name, self._description.kind):
            noted["by_arguments"] = True
        if "as_output" in way and any("output" in (text or "").lower() for text in self._written()):
            noted["as_output"] = ""
        intended = says_intention(self._description.name, self._written(), said_at(self.origin))
        if intended:
            noted["intended"] = intended
        free = self._free(way)
        if not signature.reference:
            return {**noted, **free}
        more = {name: value for name, value in free["free"].items() if not canonical(name, signature.options)}
        return {**noted, "beyond": {**free, "free": more}} if more else noted

    def _texts(self) -> Sequence[str | None]:
        """Give the docstrings in which the candidate says what it is."""
        return ()

    def _written(self) -> Sequence[str | None]:
        """Give every docstring of the candidate, its methods' as well."""
        return self._texts()

    def _free(self, way: Mapping[str, Any]) -> dict[str, Any]:
        """Note the numbers that arguments have by default, and the parts of the convention that take them."""
        forward, constructor = self._asked()
        parts = {"construct": constructor, "call": forward, "backward": self._asked_back()}
        taking = {
            part: {p.name: p.default for p in found if p.name not in way.get(part, {}) and is_quantity(p)}
            | {p.name: way[part][p.name]["value"] for p in found if _is_set(p, way.get(part, {}))}
            for part, found in parts.items()
        }
        # A penalty may be in the gradient alone: what is trained with it is told elsewhere.
        free = {n: v for found in taking.values() for n, v in found.items() if not is_penalty(n)}
        every = {part: [p.name for p in found if p.name in free] for part, found in parts.items()}
        return {"free": free, "taking": {part: found for part, found in every.items() if found}}

    def _asked_back(self) -> Sequence[Parameter]:
        """Give the arguments of a backward of its own."""
        return ()

    @abstractmethod
    def _ways(self, signature: Signature) -> list[dict[str, Any]]: ...

    @abstractmethod
    def _asked(self) -> tuple[Sequence[Parameter], Sequence[Parameter]]:
        """Give the arguments of the forward, and those of the constructor."""

    def _with_parameters(
        self, way: dict[str, Any], shapes: Mapping[str, list[int]] | None = None
    ) -> dict[str, Any]:
        """Add the parameters that an instance holds and has gradients for, by their own names."""
        return way

    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        """Run the forward, and the backward if the case has an upstream gradient."""
        with quiet():
            try:
                return self._plan(convention).run(case, fresh=fresh)
            except Obstacle as obstacle:  # there is no such mode
                return Answer(raised=Raised("Obstacle", str(obstacle), "construct"))

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Refuse: only an optimizer is trained.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError(f"{self._description.name} is a {self._description.kind}: it is called, not trained")

    def _plan(self, convention: Convention) -> Plan:
        for known, plan in self._plans:
            if known is convention or known == convention:
                return plan
        plan = self._compile(self._in_mode(convention))
        self._plans.append((dict(convention), plan))
        return plan

    def _in_mode(self, convention: Convention) -> Convention:
        """Give the convention of the mode that it asks for."""
        if not convention.get("evaluate"):
            return convention
        call = evaluating(self._asked()[0], convention["call"])
        if call == convention["call"] and not self.constructed:
            raise Obstacle("it has no evaluation mode")
        return {**convention, "call": call, "evaluate": "call" if call != convention["call"] else "instance"}

    @abstractmethod
    def _compile(self, convention: Convention) -> Plan: ...

    def _rank(self, conventions: Sequence[dict[str, Any]], signature: Signature) -> list[dict[str, Any]]:
        """Order conventions by how they do on a small case; equals keep their order."""
        if len(conventions) <= 1:
            return list(conventions)
        case = trial_case(signature)
        return sorted(conventions, key=lambda convention: score(self._compile(convention), case))


def _bounds(call: Mapping[str, Any]) -> dict[str, list[float]]:
    """Say around which values bounds lie, of which there are a lower and an upper one: beside 0."""
    sides = {role: side_of_bound(name) for name, role in call.items() if isinstance(role, str)}
    if {-1, 1} - set(sides.values()):
        return {}
    return {role: [float(side), 0.5] for role, side in sides.items() if side}


class ClassAdapter(ComponentAdapter):
    """A candidate that is constructed, and may hold parameters; ``backward`` is one written by hand."""

    def __init__(
        self,
        description: Description,
        make: Callable[..., object],
        constructor: list[Parameter],
        forward: Method,
        backward: Method | None,
        origin: Origin,
    ) -> None:
        super().__init__(description)
        self.forward, self.backward, self.origin = forward, backward, origin
        self.blueprint = Blueprint(make, constructor, forward, origin, description.kind == "model")

    def _asked(self) -> tuple[Sequence[Parameter], Sequence[Parameter]]:
        return self.forward.parameters, self.blueprint.constructor

    def _asked_back(self) -> Sequence[Parameter]:
        return self.backward.parameters if self.backward else ()

    def _texts(self) -> Sequence[str | None]:
        return [self.origin.text]

    def _with_parameters(
        self, way: dict[str, Any], shapes: Mapping[str, list[int]] | None = None
    ) -> dict[str, Any]:
        return with_parameters(way, self.blueprint, self._compile, shapes)


def _is_set(parameter: Parameter, filled: Mapping[str, Any]) -> bool:
    """Say whether an argument has been given a dictionary of settings."""
    entry = filled.get(parameter.name)
    return is_settings(parameter) and isinstance(entry, dict) and isinstance(entry.get("value"), dict)
