"""Models, losses, optimizers and batches for engines, and what it means that two of them agree."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof import nn, optim
from backproof.training.engines.modules import ModulesEngine
from backproof.training.engines.planned import PlannedEngine

Array = NDArray[Any]


def classes(rows: int, rng: np.random.Generator) -> Array:
    return rng.integers(0, 3, rows)


def numbers(rows: int, rng: np.random.Generator) -> Array:
    return rng.standard_normal((rows, 3))


def shares(rows: int, rng: np.random.Generator) -> Array:
    return rng.random((rows, 3))


def signs(rows: int, rng: np.random.Generator) -> Array:
    return rng.choice([-1.0, 1.0], (rows, 3))


def mlp(*activations: nn.Module) -> nn.Sequential:
    middle = activations or (nn.ReLU(),)
    return nn.Sequential(nn.Linear(5, 7, rng=1), *middle, nn.Linear(7, 3, rng=2))


def tied() -> nn.Sequential:
    """A layer used twice: its gradients add up."""
    twice = nn.Linear(5, 5, rng=1)
    return nn.Sequential(twice, nn.Tanh(), twice, nn.Sigmoid(), nn.Linear(5, 3, rng=2))


def frozen() -> nn.Sequential:
    model = mlp(nn.Tanh())
    model[0].requires_grad_(False)
    return model


def images() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 2, (1, 3), rng=1),
        nn.ReLU(),
        nn.MaxPool2d((1, 2), 1),
        nn.Flatten(),
        nn.Linear(4, 3, rng=2),
    )


ACTIVATIONS = (
    "ELU",
    "GELU",
    "Hardswish",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "PReLU",
    "SELU",
    "SiLU",
    "Sigmoid",
)
MODELS: dict[str, Callable[[], nn.Module]] = {
    "mlp": mlp,
    "linear": lambda: nn.Linear(5, 3, rng=1),
    "without bias": lambda: nn.Sequential(nn.Linear(5, 3, bias=False, rng=1)),
    "nested": lambda: nn.Sequential(mlp(), nn.Identity(), nn.Sequential(nn.Tanh())),
    "normalized": lambda: nn.Sequential(nn.Linear(5, 7, rng=1), nn.LayerNorm(7), nn.Linear(7, 3, rng=2)),
    "frozen": frozen,
    "images": images,
    **{name: lambda name=name: mlp(getattr(nn, name)()) for name in (*ACTIVATIONS, "Softplus", "Tanh")},  # type: ignore[misc]
}
LOSSES: dict[str, tuple[Callable[[], Any], Callable[[int, np.random.Generator], Array]]] = {
    "CrossEntropyLoss": (nn.CrossEntropyLoss, classes),
    "weighted": (lambda: nn.CrossEntropyLoss(weight=np.array([1.0, 2.0, 0.5], np.float32)), classes),
    "smoothed": (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), classes),
    "soft targets": (nn.CrossEntropyLoss, shares),
    "NLLLoss": (nn.NLLLoss, classes),
    "MultiMarginLoss": (nn.MultiMarginLoss, classes),
    "MSELoss": (nn.MSELoss, numbers),
    "summed": (lambda: nn.MSELoss(reduction="sum"), numbers),
    "L1Loss": (nn.L1Loss, numbers),
    "SmoothL1Loss": (nn.SmoothL1Loss, numbers),
    "HuberLoss": (nn.HuberLoss, numbers),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, shares),
    "SoftMarginLoss": (nn.SoftMarginLoss, signs),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="batchmean"), shares),
    "PoissonNLLLoss": (nn.PoissonNLLLoss, shares),
}
OPTIMIZERS: dict[str, Callable[[Any], optim.Optimizer]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "Nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    **{
        name: lambda p, name=name: getattr(optim, name)(p)  # type: ignore[misc]
        for name in (
            "Adadelta",
            "Adagrad",
            "Adam",
            "AdamW",
            "Adamax",
            "ASGD",
            "NAdam",
            "RAdam",
            "RMSprop",
            "Rprop",
        )
    },
}
ROWS = (6, 6, 6, 6, 4, 6, 4, 6, 4)
SHAPES = {"images": (1, 1, 5)}


def batches(
    target: Callable[[int, np.random.Generator], Array], dtype: Any, shape: tuple[int, ...] = (5,)
) -> Iterator[tuple[Array, Array]]:
    rng = np.random.default_rng(0)
    for rows in ROWS:
        given = target(rows, rng)
        yield (
            rng.standard_normal((rows, *shape)).astype(dtype),
            given.astype(dtype) if given.dtype.kind == "f" else given,
        )


def both(
    model: nn.Module, loss: Any, optimizer: Callable[[Any], optim.Optimizer]
) -> tuple[ModulesEngine, PlannedEngine]:
    other = copy.deepcopy(model)
    return (
        ModulesEngine(model, loss(), optimizer(model.parameters())),
        PlannedEngine(other, loss(), optimizer(other.parameters())),
    )


def same(one: Any, other: Any) -> bool:
    """Say whether two are the same to the bit; mappings and lists within."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return bool(alike and one.tobytes() == other.tobytes())
    return bool(one == other)


def agree(modules: ModulesEngine, planned: PlannedEngine, batches: Any) -> None:
    """Take the same steps with both, and demand the same bits all the way."""
    for given, target in batches:
        assert modules.step(given, target) == planned.step(given, target)
        assert same(modules.parameters(), planned.parameters())
        assert same(modules.gradients(), planned.gradients())
    assert planned._plans
    assert all(planned._plans.values()), "it went through the modules"
    planned.close()
    assert same(modules.model.state_dict(), planned.model.state_dict())
    assert same(modules.optimizer.state_dict(), planned.optimizer.state_dict())
    assert same(modules.gradients(), planned.gradients())
