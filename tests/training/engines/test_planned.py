"""The planned engine does to the bit what the modules do, and nothing more in memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn, optim
from backproof.nn.generated import ACTIVATIONS
from backproof.training.engines.planned import PlannedEngine
from backproof.training.engines.planning.recorded import NotPlanned
from backproof.updates.blocks import BLOCK
from tests.training.engines.cases import (
    LOSSES,
    MODELS,
    OPTIMIZERS,
    SHAPES,
    agree,
    batches,
    both,
    classes,
    mlp,
    numbers,
    same,
    tied,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("model", MODELS)
def test_models(model: str, dtype: Any) -> None:
    given = batches(classes, dtype, SHAPES.get(model, (5,)))
    agree(*both(MODELS[model](), nn.CrossEntropyLoss, OPTIMIZERS["SGD"]), given)


def test_a_layer_used_twice() -> None:
    agree(*both(tied(), nn.CrossEntropyLoss, OPTIMIZERS["SGD"]), batches(classes, np.float32))


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble], ids=["float16", "longdouble"])
def test_rare_dtypes(dtype: Any) -> None:
    """NumPy takes means of float16 in float32. Some bits of a longdouble are no part of its value."""
    model = MODELS["normalized"]()._cast(dtype)
    modules, planned = both(model, nn.SmoothL1Loss, OPTIMIZERS["momentum"])
    for given, target in batches(numbers, dtype):
        value = planned.step(given, target)
        assert type(value) is float
        assert modules.step(given, target) == value
        for name, array in modules.parameters().items():
            np.testing.assert_array_equal(planned.parameters()[name], array)
    assert all(planned._plans.values())


@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss: str) -> None:
    make, target = LOSSES[loss]
    model = mlp(nn.Tanh()) if loss != "NLLLoss" else nn.Sequential(mlp(), nn.LogSoftmax(dim=1))
    agree(*both(model, make, OPTIMIZERS["momentum"]), batches(target, np.float32))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(optimizer: str) -> None:
    agree(*both(mlp(), nn.MSELoss, OPTIMIZERS[optimizer]), batches(numbers, np.float32))


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_against_torch(optimizer: str) -> None:
    """The same steps in PyTorch, to rounding."""
    model = mlp(nn.Tanh())
    twin = model.to_torch()
    theirs = getattr(torch.optim, optimizer)(twin.parameters(), lr=0.05)
    engine = PlannedEngine(
        model, nn.CrossEntropyLoss(), getattr(optim, optimizer)(model.parameters(), lr=0.05)
    )
    for given, target in batches(classes, np.float32):
        value = torch.nn.CrossEntropyLoss()(twin(torch.from_numpy(given)), torch.from_numpy(target))
        theirs.zero_grad()
        value.backward()
        theirs.step()
        assert engine.step(given, target) == pytest.approx(value.item(), rel=1e-5)
    engine.close()
    for name, tensor in twin.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name], tensor.numpy(), rtol=1e-4, atol=1e-6)


# --- Memory ----------------------------------------------------------------------------------------------


def memory_of_a_step(engine: PlannedEngine, given: Any, target: Any) -> tuple[int, int]:
    """Give how much memory a step leaves behind, and how much it takes at most."""
    for _ in range(5):
        engine.step(given, target)
    tracemalloc.start()
    try:
        engine.step(given, target)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        engine.step(given, target)
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before, most - before


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_allocates_nothing(optimizer: str) -> None:
    """A step is done in its buffers. NumPy's own iterators take 8192 elements for a while, of any array."""
    model = nn.Sequential(nn.Linear(300, 400, rng=1), nn.ReLU(), nn.Linear(400, 10, rng=2))
    engine = PlannedEngine(model, nn.CrossEntropyLoss(), OPTIMIZERS[optimizer](model.parameters()))
    rng = np.random.default_rng(0)
    given, target = rng.standard_normal((64, 300)).astype(np.float32), rng.integers(0, 10, 64)
    left, most = memory_of_a_step(engine, given, target)
    assert left < 1000
    assert most < 8192 * 4 + 2000  # the hidden units alone are 102400


def test_many_parameters_are_moved_in_blocks() -> None:
    """A step then takes some arrays of a block's size, however many parameters there are."""
    model = nn.Linear(1024, 1024, rng=1)
    engine = PlannedEngine(model, nn.MSELoss(), optim.Adam(model.parameters()))
    rows = np.random.default_rng(0).standard_normal((4, 1024)).astype(np.float32)
    left, most = memory_of_a_step(engine, rows, rows)
    assert left < 1000
    assert most < 4 * BLOCK * 4  # the parameters are 8 blocks


# --- Numbers that change ---------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_rate_may_change_at_each_step(optimizer: str) -> None:
    """Also for RAdam, whose sixth step is another than those before."""
    engines = both(mlp(), nn.MSELoss, OPTIMIZERS[optimizer])
    rows = np.random.default_rng(0).standard_normal((12, 6, 5)).astype(np.float32)
    for number, given in enumerate(rows):
        for engine in engines:
            engine.optimizer.param_groups[0]["lr"] = 0.01 / (1 + number)
        losses = [engine.step(given, given[:, :3]) for engine in engines]
        assert losses[0] == losses[1]
        assert same(engines[0].parameters(), engines[1].parameters())
    assert all(bunch._calls for bunch in engines[1]._bunches), "it was not noted"
    engines[1].close()
    assert same(engines[0].optimizer.state_dict(), engines[1].optimizer.state_dict())


@pytest.mark.filterwarnings("ignore:Softm")  # made without dim, as PyTorch's
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_planned_or_has_no_tape(name: str) -> None:
    """A fault in planning raises: it is not hidden by a way through the modules."""
    made = getattr(nn, name)(*((1.0, 0.0) if name == "Threshold" else ()))
    model = nn.Sequential(nn.Linear(4, 4, rng=0), made, nn.Linear(2 if name == "GLU" else 4, 2, rng=1))
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    if getattr(made, "dim", 0) is None:
        with pytest.raises(NotPlanned, match="made without dim"):
            PlannedEngine(model, nn.MSELoss(), optimizer)
        return
    engine = PlannedEngine(model, nn.MSELoss(), optimizer)
    for _ in range(3):
        engine.step(np.eye(4, dtype=np.float32), np.ones((4, 2), np.float32))
    assert [plan is not None for plan in engine._plans.values()] == [True]
    engine.close()
