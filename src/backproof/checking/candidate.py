"""The one narrow call between the checker and a candidate: a case in, arrays out.

The judge sees a candidate only through `Candidate`. In process it is an adapter around the user's
object (`backproof.checking.adapt`); across processes it is `backproof.checking.processes.remote`, which sends
the same requests to an adapter in another process. Everything that crosses is built from JSON
values and NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = [
    "Answer",
    "Candidate",
    "CandidateLost",
    "Case",
    "Convention",
    "Course",
    "Description",
    "Raised",
    "Signature",
    "Slip",
    "Trajectory",
]

#: One way to construct and call a candidate. Its adapter makes it and understands it; the judge
#: only chooses among those that the adapter offers.
Convention: TypeAlias = Mapping[str, Any]
Arrays: TypeAlias = dict[str, NDArray[Any]]


class CandidateLost(Exception):
    """The candidate's process is gone: it ran out of time, or ended itself.

    ``diagnosis`` is ``time-out`` or ``raises``.
    """

    def __init__(self, diagnosis: str, message: str) -> None:
        super().__init__(message)
        self.diagnosis = diagnosis


@dataclass(frozen=True)
class Description:
    """What can be said of a candidate without calling it.

    Attributes
    ----------
    kind
        activation, loss, layer, optimizer, model or function.
    style
        torch-module, torch-module-manual-backward, torch-autograd-function, numpy-class,
        function-pair, torch-optimizer or numpy-optimizer.
    lines
        Where its parts stand: ``definition``, ``forward``, ``backward``, ``step``, ``zero_grad``,
        each that it has (within its cell, for a notebook); ``earlier`` is the line of a definition of
        the same name that it replaces.
    arguments
        The names of the forward's own arguments, as written.
    promised
        The names of ``reduction``-like arguments that the constructor or forward takes.
    sources
        Where its gradients come from: ``autograd``, ``backward``, or both.
    """

    name: str
    kind: str
    style: str
    file: str = ""
    cell: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signature:
    """What the judge is going to ask for: enough for an adapter to say how it would be called.

    ``shapes`` gives the shape of each argument in the cases, ``options`` the reference's options
    (constructor arguments are filled from them by name), ``kind`` the reference's kind. ``within`` is a
    convention that has been chosen: it alone is given back, with the parameters that it leaves out.
    """

    kind: str
    shapes: Mapping[str, tuple[int, ...]]
    options: Mapping[str, object] = field(default_factory=dict)
    reference: str | None = None
    within: Convention | None = None


@dataclass(frozen=True)
class Case:
    """One set of inputs.

    Attributes
    ----------
    inputs
        The value of each argument, by the reference's names (``input``, ``target``, ``weight`` …).
    grad_output
        The upstream gradient, of the output's shape; ``None`` asks for the forward only.
    name
        For people: ``ordinary``, ``kink``, ``extreme`` …
    tangents
        For some arguments a direction v: then the gradients of ⟨v, gradient⟩ are asked for as well, where
        gradients come from autograd. They are in the answer's ``gradients`` as ``twice``; an argument
        has ``None`` where the gradient is cut off from the graph. There are none at all where the code
        says that there is no second derivative (``once_differentiable``).
    direction
        Asks for nothing but how the forward changes along it: as it is, and as it seems where one step of
        the chain rule is wrong (`Answer.slips`).
    slips
        The keys of the slips that are asked for; where there are none, all are.
    """

    inputs: Arrays
    grad_output: NDArray[Any] | None = None
    name: str = "ordinary"
    tangents: Mapping[str, NDArray[Any]] | None = None
    direction: Mapping[str, NDArray[Any]] | None = None
    slips: tuple[str, ...] = ()

    @property
    def upstream(self) -> NDArray[Any]:
        """The upstream gradient of a case that has one."""
        if self.grad_output is None:
            raise ValueError(f"expected a case with an upstream gradient, got name={self.name!r} without")
        return self.grad_output

    def turned(self, keep: Container[str] = ()) -> Case:
        """Give the forward of another case: each array of real numbers turned around, but those to keep.

        Examples
        --------
        >>> Case({"input": np.array([1.0, 2.0])}).turned().inputs["input"].tolist()
        [2.0, 1.0]
        """
        return Case(
            {
                name: np.flip(array).copy() if array.dtype.kind == "f" and name not in keep else array
                for name, array in self.inputs.items()
            }
        )

    def astype(self, dtype: DTypeLike) -> Case:
        """Give the case with every floating array in another dtype."""

        def cast(array: NDArray[Any]) -> NDArray[Any]:
            return array.astype(dtype) if array.dtype.kind == "f" else array

        grad = None if self.grad_output is None else cast(self.grad_output)
        return Case({name: cast(array) for name, array in self.inputs.items()}, grad, self.name)


@dataclass(frozen=True)
class Raised:
    """An exception in the candidate, and the line of the user's own source nearest to it.

    ``phase`` is construct, forward, backward, autograd, step or zero_grad; reading, where nothing was raised
    but what came of a step is nothing to go on with.
    """

    type: str
    message: str
    phase: str
    line: int | None = None


@dataclass(frozen=True)
class Slip:
    """What the derivative of a forward comes to where one step of the chain rule is wrong.

    Attributes
    ----------
    diagnosis, says
        How the mistake is called, and what completes "The gradient …"; empty for the derivative as it is.
    key
        The step and what is done with it, the same on every case.
    tangent
        The derivative of the output along the direction that was asked for.
    """

    diagnosis: str
    says: str
    key: str
    tangent: NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """What came back from a case.

    Attributes
    ----------
    output
        The forward's result; ``None`` where it raised or returned nothing.
    gradients
        For each source (``autograd``, ``backward``) the gradient of each argument, ``None`` where
        none came. An argument for which the style has no place to hold a gradient is left out.
    outputs
        Where autograd can be asked for several outputs: where each stands in what was returned.
    mutated
        The arguments, or ``grad_output``, that the call changed in place.
    detached
        The output is cut off from PyTorch's graph.
    loose
        The arguments that the candidate has as a row of shape (1, n) and whose gradient is of shape (n,).
    handmade
        Where gradients come from autograd: a Function that somebody has written is on the way.
    lifted
        To which narrower precision casts were made to the precision of the case instead; or empty.
    slips
        For `Case.direction`: the derivative along it, then what it comes to by each slip. None where the
        forward cannot be followed.
    """

    output: NDArray[Any] | None = None
    gradients: Mapping[str, Mapping[str, NDArray[Any] | None]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    detached: bool = False
    loose: tuple[str, ...] = ()
    handmade: bool = False
    lifted: str = ""
    raised: Raised | None = None
    slips: tuple[Slip, ...] = ()


@dataclass(frozen=True)
class Course:
    """A run of an optimizer: parameters, the gradients and the learning rate of each step.

    ``gradients[step][i]`` is ``None`` where the parameter has no gradient at that step.
    ``hyperparameters`` have the names of ``torch.optim``.
    """

    parameters: tuple[NDArray[Any], ...]
    gradients: tuple[tuple[NDArray[Any] | None, ...], ...]
    rates: tuple[float, ...]
    hyperparameters: Mapping[str, object] = field(default_factory=dict)
    name: str = "ordinary"

    def astype(self, dtype: DTypeLike) -> Course:
        """Give the course with parameters and gradients of a dtype.

        Examples
        --------
        >>> course = Course((np.ones(2),), ((np.ones(2),), (None,)), (0.1, 0.1)).astype("float32")
        >>> course.parameters[0].dtype, course.gradients[0][0].dtype, course.gradients[1][0]
        (dtype('float32'), dtype('float32'), None)
        """
        return replace(
            self,
            parameters=tuple(p.astype(dtype) for p in self.parameters),
            gradients=tuple(
                tuple(None if g is None else g.astype(dtype) for g in at_step) for at_step in self.gradients
            ),
        )


@dataclass(frozen=True)
class Trajectory:
    """What an optimizer did: the parameters after each step.

    Attributes
    ----------
    parameters
        ``parameters[step][i]``; shorter than the course where it raised.
    taken
        The hyperparameters, ``lr`` among them, that the candidate could be given.
    rate_followed
        Whether there was a way to change the learning rate midway.
    cleared
        Whether ``zero_grad`` cleared the gradients; ``None`` where it has no such method.
    rebound
        The parameters for which the optimizer made a new array or tensor instead of changing the
        one it was given.
    own
        The values that it had for the hyperparameters that no argument of its constructor takes.
    """

    parameters: tuple[tuple[NDArray[Any], ...], ...] = ()
    taken: tuple[str, ...] = ()
    rate_followed: bool = True
    cleared: bool | None = None
    rebound: tuple[int, ...] = ()
    raised: Raised | None = None
    own: Mapping[str, object] = field(default_factory=dict)


class Candidate(Protocol):
    """The user's implementation under check, seen through one narrow call.

    Every method may raise `CandidateLost`; nothing that the candidate itself raises comes through,
    it is in the answer.
    """

    @property
    def description(self) -> Description:
        """What can be said of it without calling it."""

    @property
    def obstacle(self) -> str:
        """Why the last search for conventions found none."""

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give the ways to construct and call it, the likeliest first; empty where there is none."""

    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        """Run the forward, and the backward if the case has an upstream gradient.

        The same instance serves every call of a convention, unless ``fresh`` asks for a new one.
        """

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run an optimizer over a course, always on a new instance."""
