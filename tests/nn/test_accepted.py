"""NumPy's modules refuse what PyTorch's refuse, take what they take, and go backward through that."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.nn.component import REFUSALS
from backproof.nn.generated import ACTIVATIONS, LOSSES
from backproof.ops import CATALOGUE
from tests.nn.models import LAYERS, PLAIN, Array
from tests.ops.examples import of
from tests.torch.nn.test_errors import wrongs

#: What only tensors can be, and what NumPy makes an array of, which PyTorch does not.
LEFT_OUT = ("on another device", "a list")
#: What is a dtype's alone: NumPy promotes and makes floats of whole numbers, where PyTorch mostly refuses.
OF_DTYPE = ("whole", "true or false", "in float32")


@dataclass(frozen=True)
class Given:
    """A module and inputs that it takes."""

    what: str
    make: Callable[[], nn.Module]
    inputs: tuple[Array, ...]

    def __str__(self) -> str:
        return self.what


def givens() -> Iterator[Given]:
    for made in LAYERS:
        make = functools.partial(made.make, dtype=np.float64)
        yield Given(made.what, make, tuple(made.draw(np.float64)))
    for made in PLAIN:
        yield Given(made.what, made.make, tuple(made.draw(np.float64)))
    for name in (*ACTIVATIONS, *LOSSES):
        example = next(iter(of(CATALOGUE[name])))
        kind: Any = getattr(nn, name)
        named: dict[str, Any] = dict(zip(example.op.arguments, example.inputs, strict=True))
        held = {argument: named.pop(argument) for argument in kind.held}
        make = functools.partial(kind, **held, **{**example.op.options, **example.options})
        yield Given(name, make, tuple(named.values()))


GIVENS = list(givens())


def changed(given: Given) -> Iterator[tuple[str, list[Any]]]:
    """Give the inputs of which one is wrong, in every way that is likely."""
    for place, array in enumerate(given.inputs):
        for way, wrong in wrongs(torch.tensor(np.asarray(array))).items():
            if way not in (*LEFT_OUT, *OF_DTYPE):
                yield f"{place} {way}", [*given.inputs[:place], wrong, *given.inputs[place + 1 :]]


def taken_by_torch(twin: Any, inputs: list[Any]) -> bool:
    try:
        twin(*[torch.tensor(value) if isinstance(value, np.ndarray) else value for value in inputs])
    except Exception:  # PyTorch's are of every kind
        return False
    return True


def taken(module: nn.Module, inputs: list[Any]) -> bool:
    """Call a module, and go backward through what it took."""
    try:
        output = module(*[value.numpy() if isinstance(value, torch.Tensor) else value for value in inputs])
    except REFUSALS:
        return False
    first = output[0] if isinstance(output, tuple) else output
    module.backward(np.ones_like(first))
    return True


@pytest.mark.filterwarnings("ignore")  # of what PyTorch, or NumPy, finds doubtful, and takes
@pytest.mark.parametrize("given", GIVENS, ids=str)
def test_what_torch_takes_is_taken_and_what_it_refuses_is_refused(given: Given) -> None:
    differing = {}
    for what, inputs in changed(given):
        module = given.make()
        ours, theirs = taken(module, inputs), taken_by_torch(module.to_torch(), inputs)
        if ours is not theirs:
            differing[what] = "taken here alone" if ours else "taken there alone"
    assert not differing
