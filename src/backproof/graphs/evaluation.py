"""Evaluating: a tape with values for its inputs. What follows from them is computed when it is asked for."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from backproof.graphs.computing import backward, forward, owned, weakened
from backproof.graphs.edges import plain
from backproof.graphs.inputs.sources import number
from backproof.graphs.plan import Plan, Values, planned
from backproof.graphs.tape import Tape

__all__ = ["Evaluation"]

_Self = TypeVar("_Self", bound="Evaluation")


class Evaluation:
    """One evaluation of a tape, by the places of its nodes.

    Attributes
    ----------
    tape
        The nodes.
    outputs
        The places of the outputs; gradients are those of the last.
    inputs
        The values of the inputs, by their names.
    """

    def __init__(
        self, tape: Tape, outputs: Sequence[int], inputs: Mapping[str, Any], plan: Plan | None = None
    ) -> None:
        self.tape, self.outputs = tape, list(outputs)
        self.inputs = dict(inputs)
        self._plan = plan
        lacking = [name for name in self.input_places if name not in self.inputs]
        unknown = [name for name in self.inputs if name not in self.input_places]
        if unknown:
            has = ", ".join(self.input_places) or "none"
            raise ValueError(
                f"expected values for the inputs, which are {has}; got {', '.join(unknown)} as well"
            )
        if lacking:
            raise ValueError(f"expected a value for each input; got none for {', '.join(lacking)}")
        for name, place in self.input_places.items():
            try:
                self.inputs[name] = owned(self.inputs[name], self._exact.get(place))
            except ValueError as error:
                raise ValueError(f"{name} is taken as indices: {error}") from None
        for place, shape in tape.shapes.items():
            name = tape.names[place]
            if shape != (given := np.shape(self.inputs[name])):
                raise ValueError(
                    f"the function was traced with {name} of shape {shape}, which it looks at; "
                    f"make its graph again for {name} of shape={given}"
                )

    # --- copies

    def __copy__(self: _Self) -> _Self:
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, outputs=list(self.outputs), inputs=dict(self.inputs))
        return other

    def __deepcopy__(self: _Self, memo: object) -> _Self:
        return copy.copy(self)  # the tape and the numbers do not change

    def __getstate__(self) -> dict[str, Any]:
        return {"tape": self.tape, "outputs": self.outputs, "inputs": self.inputs, "_plan": None}

    @functools.cached_property
    def input_places(self) -> dict[str, int]:
        """The place of each input, by its name."""
        return {name: place for place, name in self.tape.names.items() if self.tape.ops[place] is None}

    @functools.cached_property
    def _exact(self) -> dict[int, bool]:
        return self.tape.exact()

    def at(self: _Self, /, **inputs: ArrayLike) -> _Self:
        """Evaluate for other values of some inputs; the graph is not built again.

        Examples
        --------
        >>> from backproof.graphs.graph import graph
        >>> graph("x**2", x=3.0).at(x=4.0)["x"].grad
        8.0
        """
        if inputs:
            self.require_again()
        changed = {**self.inputs, **{name: number(name, value) for name, value in inputs.items()}}
        other = type(self).__new__(type(self))
        other.__dict__.update({k: v for k, v in self.__dict__.items() if k not in ("values", "gradients")})
        Evaluation.__init__(other, self.tape, self.outputs, changed, self._plan)
        return other

    def require_again(self) -> None:
        """Refuse what has to be evaluated for other values, where it cannot be.

        Raises
        ------
        ValueError
            If it is the graph of a tensor of PyTorch.
        """
        if self._plan is not None and not self._plan.again:
            raise ValueError(
                "what PyTorch keeps of a computation cannot be evaluated again; make the graph of the "
                "function: graph(f, x=…)"
            )

    @property
    def leaves(self) -> dict[int, Any]:
        """The values of the inputs and of the constants, by their places."""
        return {place: self.values[place] for place, op in enumerate(self.tape.ops) if op is None}

    @functools.cached_property
    def values(self) -> Values:
        """The value of each place of the tape."""
        places = self.input_places
        given = {places[name]: value for name, value in self.inputs.items()}
        with np.errstate(all="ignore"):  # what is infinite, or no number, is shown as that
            if self._plan is not None and not self._plan.again:
                return self._plan.forward(self.tape.given | given)
            given = weakened(self.tape, given)
            if self._plan is None or not self._plan.fits(given):
                self._plan = planned(self.tape, given)
            return forward(self._plan, self.tape, given)

    @property
    def value(self) -> Any:
        """The value of the output."""
        return plain(self.values[self.outputs[-1]])

    @functools.cached_property
    def gradients(self) -> Values:
        """The gradient of the output for each place; of an array, that of the sum of its elements."""
        return self.back(self.outputs[-1])

    def back(self, output: int) -> Values:
        """Give what flows back from an output, or a step, to each place."""
        values = self.values
        assert self._plan is not None  # noqa: S101 - made with the values
        with np.errstate(all="ignore"):
            return backward(self._plan, self.tape, values, output)
