"""Which engine runs what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof import nn, optim
from backproof.training.engines.choice import engine_for
from backproof.training.engines.modules import ModulesEngine
from backproof.training.engines.planned import PlannedEngine
from tests.training.engines.cases import OPTIMIZERS, batches, classes, mlp


class Doubled(nn.Module):
    def __init__(self) -> None:
        self.inner = nn.Linear(5, 3, rng=1)

    def forward(self, input: Any) -> Any:
        return 2 * self.inner(input)

    def backward(self, grad_output: Any) -> Any:
        return self.inner.backward(2 * grad_output)


class Residual(nn.Sequential):
    def forward(self, input: Any) -> Any:
        return input + super().forward(input)

    def backward(self, grad_output: Any) -> Any:
        return grad_output + super().backward(grad_output)


class Slow(optim.SGD):  # type: ignore[misc,valid-type]  # made from its rule
    def step(self, closure: Any = None) -> Any:
        return super().step(closure)


CHOSEN: dict[str, tuple[Callable[[], nn.Module], Callable[[Any], optim.Optimizer], type[ModulesEngine]]] = {
    "ops": (mlp, OPTIMIZERS["SGD"], PlannedEngine),
    "dropout": (lambda: mlp(nn.Dropout()), OPTIMIZERS["SGD"], ModulesEngine),
    "running statistics": (lambda: mlp(nn.BatchNorm1d(7)), OPTIMIZERS["SGD"], ModulesEngine),
    "a module of one's own": (Doubled, OPTIMIZERS["SGD"], ModulesEngine),
    "a container of one's own": (lambda: mlp(Residual(nn.Tanh())), OPTIMIZERS["SGD"], ModulesEngine),
    "an optimizer of one's own": (mlp, lambda p: Slow(p, lr=0.1), ModulesEngine),
}


@pytest.mark.parametrize(("model", "optimizer", "engine"), CHOSEN.values(), ids=CHOSEN)
def test_choice(
    model: Callable[[], nn.Module], optimizer: Callable[[Any], optim.Optimizer], engine: type[ModulesEngine]
) -> None:
    made = model()
    chosen = engine_for(None, made, nn.CrossEntropyLoss(), optimizer(made.parameters()))
    assert type(chosen) is engine
    for batch in batches(classes, np.float32):
        chosen.step(*batch)


class Half:
    """An engine that lacks what is needed at the end."""

    name = "half"
    step = predict = loss = parameters = gradients = load = lambda self, *given: None

    def __init__(self, *parts: Any) -> None:
        pass


REFUSED: dict[str, tuple[Any, str]] = {
    "a name": ("numpy", r"expected engine to be what makes one of a model, .*; got engine='numpy' \(str\)"),
    "half of one": (Half, r"got engine=<class '.*Half'> \(type\), which made a Half without sync, close"),
    "a function that makes none": (lambda *parts: None, "which made a NoneType without step, "),
}


@pytest.mark.parametrize(("engine", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_engine_is_refused(engine: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        bp.fit(nn.Linear(1, 1, rng=0), [[1.0]], [2.0], loss="mse", optimizer="sgd", engine=engine)
