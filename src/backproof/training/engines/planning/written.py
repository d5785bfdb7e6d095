"""A model with its loss written down, or refused where a step cannot be planned with it."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof import nn, optim
from backproof.graphs import of_model
from backproof.nn.losses import Loss
from backproof.nn.requirements import REQUIREMENTS
from backproof.training.engines.planning.recorded import NotPlanned

__all__ = ["Written", "are_one", "require_fit"]

Array: TypeAlias = NDArray[Any]
#: What an optimizer may not do in another way.
_STEPS = ("step", "zero_grad")


class Written:
    """A model with its loss on a tape.

    Raises
    ------
    NotPlanned
        If there is no tape of them.
    """

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        empty = np.empty(0)
        try:
            self.tape, self.output, _ = of_model(model, empty, empty, loss)
        except TypeError as error:
            raise NotPlanned(f"there is no tape of the model: {error}") from error
        places = {name: place for place, name in self.tape.names.items()}
        self.input, self.target = places.pop("input"), places.pop("target")
        for place in (self.input, self.target):
            del self.tape.names[place]  # as constants: nobody wants their gradients
        self.prediction = self.tape.parents[self.output][0]
        named = dict(model.named_parameters())
        unused = named.keys() - places.keys()
        if unused:  # they get no gradient, and so are not moved: not by decay either
            raise NotPlanned(f"expected parameters that are used; got {', '.join(sorted(unused))}")
        self.parameters = {place: named[name] for name, place in places.items()}
        self.require, self.rules = REQUIREMENTS.get(loss.op.name), loss.op.rules
        self.exact = self.tape.exact()

    def is_like(self, other: Written) -> bool:
        """Say whether the same is computed with the same parameters."""
        ours, theirs = self.tape, other.tape
        return (
            are_one(ours.ops, theirs.ops)
            and list(ours.parents) == list(theirs.parents)
            and ours.options == theirs.options
            and self.parameters.keys() == other.parameters.keys()
            and are_one([*self.parameters.values()], [*other.parameters.values()])
            and ours.given.keys() == theirs.given.keys()
            and all(np.array_equal(value, theirs.given[place]) for place, value in ours.given.items())
        )

    def input_dtype(self, given: Array) -> np.dtype[Any]:
        """Say in which dtype the first module takes the input."""
        if self.input in self.exact or given.dtype.kind == "f":
            return self._require_kind(given, "f" if self.input not in self.exact else "iu")
        self._require_kind(given, "iub")
        first = next(parents for parents in self.tape.parents if self.input in parents)
        held = [self.parameters[place].data.dtype for place in first if place in self.parameters]
        return held[0] if held else np.dtype(np.float64)

    def target_dtype(self, given: Array, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Say in which dtype the loss takes the target of a prediction."""
        shares = "target" in self.rules and given.shape == shape
        if self.target in self.exact and not shares:
            return self._require_kind(given, "iu")
        self._require_kind(given, "fiub")
        return dtype

    def require_alike(self, values: list[Any], gradients: list[Any]) -> None:
        """Refuse a gradient that the modules would round on its way, or at each use of its parameter."""
        uses = Counter(itertools.chain.from_iterable(self.tape.parents))
        for place, gradient in enumerate(gradients):
            rounded = self.tape.ops[place] is not None or uses[place] > 1
            if gradient is not None and rounded and gradient.dtype != values[place].dtype:
                raise NotPlanned(f"expected a gradient of {values[place].dtype}; got {gradient.dtype}")

    @staticmethod
    def _require_kind(given: Array, kinds: str) -> np.dtype[Any]:
        if given.dtype.kind not in kinds or not given.dtype.isnative:
            raise NotPlanned(f"expected an array of a kind in {kinds!r}; got dtype={given.dtype}")
        return given.dtype


def require_fit(model: object, loss: object, optimizer: object) -> None:
    """Refuse what is no model and loss of ours, or another thing at every step."""
    if not (isinstance(model, nn.Module) and isinstance(loss, Loss)):
        raise NotPlanned(f"expected a model and a loss of backproof.nn; got {model!r} and {loss!r}")
    for name in _STEPS:
        method = getattr(optimizer, name, None)
        if getattr(method, "__func__", None) is not getattr(optim.Optimizer, name):
            raise NotPlanned(f"expected the {name} of optimizers of backproof.optim; got {method!r}")
    for module in model.modules():
        if isinstance(module, nn.Dropout) or any(True for _ in module.buffers(recurse=False)):
            raise NotPlanned(f"expected modules that are the same at every step; got {module!r}")


def are_one(some: list[Any], others: list[Any]) -> bool:
    """Say whether these are the very same things as the others."""
    return len(some) == len(others) and all(map(operator.is_, some, others))
