"""What all adapters share: conventions that are compiled once, and a ranking by trial."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.libraries import quiet
from backproof.checking.adapt.signatures import Parameter
from backproof.checking.candidate import (
    Answer,
    Case,
    Convention,
    Course,
    Description,
    Signature,
    Trajectory,
)

__all__ = ["Adapter", "ComponentAdapter", "Plan"]


class Plan(Protocol):
    """A convention made ready: what the adapter runs."""

    def run(self, case: Case, *, fresh: bool) -> Answer:
        """Put a case to the candidate."""


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

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self._plans: list[tuple[Convention, Plan]] = []

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give the ways to call it; where the signature has no arguments, with those it runs with."""
        if signature.shapes:
            return self._ways(signature)
        from backproof.checking.adapt.templates import suggest_arguments

        found = suggest_arguments(*self._asked(), signature, self._ways, self._compile)
        return [self._with_parameters(way) for way in found]

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
            return self._plan(convention).run(case, fresh=fresh)

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
        plan = self._compile(convention)
        self._plans.append((dict(convention), plan))
        return plan

    @abstractmethod
    def _compile(self, convention: Convention) -> Plan: ...

    def _rank(self, conventions: Sequence[dict[str, Any]], signature: Signature) -> list[dict[str, Any]]:
        """Order conventions by how they do on a small case; equals keep their order."""
        from backproof.checking.adapt.trials import score, trial_case

        if len(conventions) <= 1:
            return list(conventions)
        case = trial_case(signature)
        return sorted(conventions, key=lambda convention: score(self._compile(convention), case))
