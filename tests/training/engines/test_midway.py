"""What is changed by hand while the planned engine has the parameters is noticed, and all comes back."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from backproof import nn, optim
from backproof.training.engines.modules import ModulesEngine
from backproof.training.engines.planned import PlannedEngine
from backproof.training.engines.planning.recorded import NotPlanned
from tests.training.engines.cases import (
    OPTIMIZERS,
    Array,
    agree,
    batches,
    both,
    classes,
    frozen,
    mlp,
    same,
)


def lower_rate(engine: ModulesEngine) -> None:
    for group in engine.optimizer.param_groups:
        group["lr"] *= 0.5


def thaw(engine: ModulesEngine) -> None:
    for parameter in engine.model.parameters():
        parameter.requires_grad = True


def freeze(engine: ModulesEngine) -> None:
    next(iter(engine.model.parameters())).requires_grad = False


def write(engine: ModulesEngine) -> None:
    for parameter in engine.model.parameters():
        parameter.data[...] *= 0.5


def replace(engine: ModulesEngine) -> None:
    for parameter in engine.model.parameters():
        parameter.data = parameter.data * 0.5


def load(engine: ModulesEngine) -> None:
    engine.load({name: array * 0.5 for name, array in engine.parameters().items()})


def reload(engine: ModulesEngine) -> None:
    engine.sync()
    engine.optimizer.load_state_dict(copy.deepcopy(engine.optimizer.state_dict()))


def forget(engine: ModulesEngine) -> None:
    engine.sync()
    engine.optimizer.state.clear()


def remove(engine: ModulesEngine) -> None:
    del engine.optimizer.param_groups[0]["params"][0]


def zero(engine: ModulesEngine) -> None:
    engine.model.zero_grad()


def add(engine: ModulesEngine) -> None:
    first = next(iter(engine.model.parameters()))
    engine.optimizer.param_groups[0]["params"].remove(first)
    engine.optimizer.add_param_group({"params": [first], "lr": 0.5})


def narrow(engine: ModulesEngine) -> None:
    """Have numbers of another precision that NumPy finds equal."""
    group = engine.optimizer.param_groups[0]
    group |= {name: np.float16(group[name]) for name in ("lr", "weight_decay")}


def predict(engine: ModulesEngine) -> None:
    output = engine.predict(np.ones((2, 5), np.float32))
    engine.loss(output, np.zeros(2, int))


def save(engine: ModulesEngine) -> None:
    engine.sync()
    engine.model.state_dict(), engine.optimizer.state_dict()


MIDWAY = (
    lower_rate,
    thaw,
    freeze,
    write,
    replace,
    load,
    reload,
    forget,
    remove,
    zero,
    add,
    narrow,
    predict,
    save,
)


@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "Adam"])
@pytest.mark.parametrize("change", MIDWAY)
def test_changes_midway(change: Callable[[ModulesEngine], None], optimizer: str) -> None:
    """What a callback changes is noticed."""
    engines = both(frozen(), nn.CrossEntropyLoss, OPTIMIZERS[optimizer])

    def changing() -> Iterator[tuple[Array, Array]]:
        for number, batch in enumerate(batches(classes, np.float32)):
            if number == 6:
                for engine in engines:
                    change(engine)
            yield batch

    agree(*engines, changing())


def slowing(optimizer: optim.Optimizer, set_to_none: bool = True) -> None:
    optim.Optimizer.zero_grad(optimizer, set_to_none)
    optimizer.param_groups[0]["lr"] *= 0.9


def derived(optimizer: optim.Optimizer) -> None:
    kind = type("Slowing", (type(optimizer),), {"zero_grad": slowing})
    optimizer.__class__ = kind


def halved(thing: Any, name: str) -> None:
    """Put a method of its own over that of a module: it gives half of it."""
    method = getattr(thing, name)
    setattr(thing, name, lambda *arrays: method(*arrays) * np.float32(0.5))


def clipped(optimizer: optim.Optimizer) -> None:
    step = optimizer.step

    def clipping(closure: Any = None) -> Any:
        for parameter in optimizer.param_groups[0]["params"]:
            if parameter.grad is not None:
                parameter.grad = np.clip(parameter.grad, -0.01, 0.01)
        return step(closure)

    optimizer.step = clipping  # type: ignore[method-assign]


def unused(engine: ModulesEngine) -> None:
    """Let a layer have a parameter that it does not compute with: it gets no gradient, and is not moved."""
    engine.model[0].unused = parameter = nn.Parameter(np.ones(2, np.float32))
    engine.optimizer.add_param_group({"params": [parameter], "weight_decay": 0.1})


OWN: dict[str, Callable[[ModulesEngine], None]] = {
    "step": lambda engine: clipped(engine.optimizer),
    "zero_grad": lambda engine: setattr(
        engine.optimizer, "zero_grad", functools.partial(slowing, engine.optimizer)
    ),
    "zero_grad of a class": lambda engine: derived(engine.optimizer),
    "forward": lambda engine: halved(engine.model[0], "forward"),
    "backward": lambda engine: halved(engine.model[1], "backward"),
    "forward of the container": lambda engine: halved(engine.model, "forward"),
    "forward of the loss": lambda engine: halved(engine._loss, "forward"),
    "a parameter that is not used": unused,
    "backward of the loss": lambda engine: halved(engine._loss, "backward"),
}


@pytest.mark.parametrize("change", OWN.values(), ids=OWN)
def test_methods_of_its_own(change: Callable[[ModulesEngine], None]) -> None:
    """What computes or moves in a way of its own is not planned, and is noticed midway."""
    modules, planned = both(mlp(nn.Tanh()), nn.CrossEntropyLoss, OPTIMIZERS["SGD"])
    for number, (given, target) in enumerate(batches(classes, np.float32)):
        if number == 4:
            assert planned._plan is not None
            for engine in (modules, planned):
                engine.sync()
                change(engine)
        assert modules.step(given, target) == planned.step(given, target)
        assert same(modules.parameters(), planned.parameters())
    with pytest.raises(NotPlanned):
        PlannedEngine(planned.model, planned._loss, planned.optimizer)


@pytest.mark.parametrize("rule", ["SGD", "Adam"])
def test_groups(rule: str) -> None:
    """Groups with rates of their own; what the optimizer does not have stays."""

    def grouped(model: nn.Module) -> optim.Optimizer:
        first, *_, weight, bias = model.parameters()
        groups = [{"params": [first]}, {"params": [weight, bias], "lr": 0.1}]
        made: optim.Optimizer = getattr(optim, rule)(groups, lr=0.01)
        return made

    model = mlp()
    other = copy.deepcopy(model)
    loss = nn.CrossEntropyLoss()
    modules, planned = ModulesEngine(model, loss, grouped(model)), PlannedEngine(other, loss, grouped(other))
    for given, target in batches(classes, np.float32):
        assert modules.step(given, target) == planned.step(given, target)
        assert same(modules.parameters(), planned.parameters())
        assert same(modules.gradients(), planned.gradients())
    planned.close()
    assert same(modules.optimizer.state_dict(), planned.optimizer.state_dict())


def test_the_arrays_come_back() -> None:
    """After closing, the parameters have the arrays that they had, with the numbers of now."""
    model = mlp()
    arrays = [parameter.data for parameter in model.parameters()]
    engine = PlannedEngine(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()))
    for given, target in batches(classes, np.float32):
        engine.step(given, target)
    held = [parameter.data.copy() for parameter in model.parameters()]
    assert all(
        parameter.data is not array for parameter, array in zip(model.parameters(), arrays, strict=True)
    )
    engine.close()
    assert all(parameter.data is array for parameter, array in zip(model.parameters(), arrays, strict=True))
    assert same(held, arrays)
    engine.close()
    assert same(held, arrays)
