"""Losses and optimizers by their names, and what goes with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from backproof import nn, optim
from backproof.ops import CATALOGUE
from backproof.training.parts import (
    is_torch,
    loss_for,
    loss_named,
    model_for,
    optimizer_for,
    optimizer_named,
    schedule_for,
)
from backproof.updates import CATALOGUE as UPDATES


@pytest.fixture
def model() -> nn.Module:
    return nn.Linear(2, 1, rng=0)


NAMES = {
    "mse": nn.MSELoss,
    "MSE": nn.MSELoss,
    "MSELoss": nn.MSELoss,
    "mean squared error": nn.MSELoss,
    "mae": nn.L1Loss,
    "l1": nn.L1Loss,
    "cross_entropy": nn.CrossEntropyLoss,
    "cross-entropy": nn.CrossEntropyLoss,
    "bce": nn.BCELoss,
    "BCEWithLogitsLoss": nn.BCEWithLogitsLoss,
    "bce_with_logits": nn.BCEWithLogitsLoss,
    "binary_cross_entropy": nn.BCELoss,
    "nll": nn.NLLLoss,
    "huber": nn.HuberLoss,
    "smooth_l1": nn.SmoothL1Loss,
    "poisson": nn.PoissonNLLLoss,
}


@pytest.mark.parametrize(("name", "kind"), NAMES.items(), ids=NAMES)
def test_losses_by_name(name: str, kind: type) -> None:
    assert type(loss_named(name)) is kind
    other = loss_named(name, home=torch.nn)
    assert type(other) is getattr(torch.nn, kind.__name__)


def test_every_loss_of_a_prediction_and_a_target_has_its_name() -> None:
    for op in CATALOGUE.values():
        if op.kind == "loss" and "target" in list(op.arguments)[1:2] and op.name != "GaussianNLLLoss":
            assert type(loss_named(op.name)).__name__ == op.name


def test_a_name_may_mean_options() -> None:
    assert loss_named("sse").reduction == "sum"
    parameters = list(nn.Linear(1, 1).parameters())
    made = optimizer_named("nesterov", parameters, lr=0.5)
    assert type(made).__name__ == "SGD"
    assert made.param_groups[0]["nesterov"]
    assert made.param_groups[0]["lr"] == 0.5
    assert optimizer_named("nesterov", parameters, momentum=0.5).param_groups[0]["momentum"] == 0.5


@pytest.mark.parametrize("name", UPDATES)
def test_optimizers_by_name(name: str) -> None:
    for spelled in (name, name.lower(), name.upper()):
        made = optimizer_named(spelled, nn.Linear(1, 1).parameters())
        assert type(made).__name__ == name
    torchs = optimizer_named(name, torch.nn.Linear(1, 1).parameters(), home=torch.optim)
    assert type(torchs) is getattr(torch.optim, name)


def test_a_name_is_of_the_models_library(model: nn.Module) -> None:
    other = torch.nn.Linear(2, 1)
    assert type(loss_for("mse", model)) is nn.MSELoss
    assert type(loss_for("mse", other)) is torch.nn.MSELoss
    assert type(optimizer_for("adam", model, 0.5)).__module__ == "backproof.optim"
    made = optimizer_for("adam", other, 0.5)
    assert type(made) is torch.optim.Adam
    assert made.param_groups[0]["lr"] == 0.5


def test_what_is_right_is_taken_as_it_is(model: nn.Module) -> None:
    class Own:
        def __call__(self, prediction: Any, target: Any) -> float:
            return 0.0

        def backward(self) -> Any: ...

    loss, optimizer = nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1)
    own = Own()
    assert model_for(model) is model
    assert loss_for(loss, model) is loss
    assert loss_for(own, model) is own
    assert optimizer_for(optimizer, model) is optimizer
    assert schedule_for(None, optimizer) is None
    schedule = optim.lr_scheduler.StepLR(optimizer, 2)
    assert schedule_for(schedule, optimizer) is schedule
    some = optim.SGD([next(model.parameters())], lr=0.1)  # the others stay as they are
    assert optimizer_for(some, model) is some
    function = torch.nn.functional.mse_loss
    assert loss_for(function, torch.nn.Linear(1, 1)) is function


def test_what_is_pytorchs() -> None:
    assert is_torch(torch.nn.MSELoss())
    assert is_torch(torch.ones(1))
    assert is_torch(type("Own", (torch.nn.Module,), {})())
    assert not is_torch(nn.MSELoss())
    assert not is_torch(3)


MODEL, TORCH = nn.Linear(2, 1, rng=0), torch.nn.Linear(2, 1)
SGD, TORCHS = optim.SGD(MODEL.parameters()), torch.optim.SGD(torch.nn.Linear(1, 1).parameters())
REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a class of models": (lambda: model_for(nn.Linear), TypeError, "model to be an object.* class Linear"),
    "no model": (lambda: model_for(lambda x: x), TypeError, "backproof.nn or of torch.nn"),
    "a tensor": (lambda: model_for(torch.ones(1)), TypeError, "backproof.nn or of torch.nn"),
    "a slip in a loss": (lambda: loss_for("mse_los", MODEL), ValueError, "did you mean MSELoss"),
    "no loss of that name": (lambda: loss_for("zzzz", MODEL), ValueError, "there are BCELoss, "),
    "a class of losses": (lambda: loss_for(nn.MSELoss, MODEL), TypeError, "the class MSELoss"),
    "a function": (lambda: loss_for(lambda y, t: 0.0, MODEL), TypeError, r"has a backward\(\)"),
    "no loss": (lambda: loss_for(3, MODEL), TypeError, r"got 3 \(int\)"),
    "a loss of PyTorch": (
        lambda: loss_for(torch.nn.MSELoss(), MODEL),
        TypeError,
        "take it from backproof.nn",
    ),
    "a loss for NumPy": (lambda: loss_for(nn.MSELoss(), TORCH), TypeError, "take it from torch.nn"),
    "a loss of three": (lambda: loss_for(nn.TripletMarginLoss(), MODEL), ValueError, "anchor, positive, neg"),
    "a loss of three by name": (
        lambda: loss_for("triplet", MODEL),
        ValueError,
        "expected the name of a loss",
    ),
    "many losses": (lambda: loss_for(nn.MSELoss(reduction="none"), MODEL), ValueError, "one number"),
    "many losses of PyTorch": (
        lambda: loss_for(torch.nn.MSELoss(reduction="none"), TORCH),
        ValueError,
        "one number",
    ),
    "a slip in an optimizer": (lambda: optimizer_for("adamm", MODEL), ValueError, "did you mean Adam"),
    "no optimizer of that name": (lambda: optimizer_for("zzzz", MODEL), ValueError, "there are ASGD, "),
    "a class of optimizers": (lambda: optimizer_for(optim.Adam, MODEL), TypeError, "the class Adam"),
    "no optimizer": (lambda: optimizer_for(0.1, MODEL), TypeError, r"got 0.1 \(float\)"),
    "an optimizer of PyTorch": (
        lambda: optimizer_for(torch.optim.SGD(TORCH.parameters(), lr=0.1), MODEL),
        TypeError,
        "optimizer=SGD of torch: take it from backproof.optim",
    ),
    "an optimizer for NumPy": (
        lambda: optimizer_for(optim.SGD(MODEL.parameters(), lr=0.1), TORCH),
        TypeError,
        "take it from torch.optim",
    ),
    "an optimizer of another model": (
        lambda: optimizer_for(optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1), MODEL),
        ValueError,
        "moves none of them",
    ),
    "a rate besides an optimizer": (
        lambda: optimizer_for(optim.SGD(MODEL.parameters(), lr=0.1), MODEL, 0.2),
        ValueError,
        "lr=0.2 and SGD, which has its own",
    ),
    "a rate below 0": (lambda: optimizer_for("adam", MODEL, -0.1), ValueError, "lr"),
    "a model without parameters": (lambda: optimizer_for("adam", nn.Tanh()), ValueError, "empty"),
    "no hyperparameter": (lambda: optimizer_named("adam", MODEL.parameters(), zzz=1), TypeError, "zzz"),
    "a class of schedules": (
        lambda: schedule_for(optim.lr_scheduler.StepLR, None),
        TypeError,
        "the class StepLR",
    ),
    "no schedule": (lambda: schedule_for(0.9, None), TypeError, r"got 0.9 \(float\)"),
    "a schedule of another optimizer": (
        lambda: schedule_for(
            optim.lr_scheduler.StepLR(optim.SGD(MODEL.parameters()), 2), optim.SGD(MODEL.parameters())
        ),
        ValueError,
        "StepLR of another",
    ),
    "a plateau of more": (
        lambda: schedule_for(optim.lr_scheduler.ReduceLROnPlateau(SGD, "max"), SGD),
        ValueError,
        "fit tells it the loss; got mode='max'",
    ),
    "a plateau of more in PyTorch": (
        lambda: schedule_for(torch.optim.lr_scheduler.ReduceLROnPlateau(TORCHS, "max"), TORCHS),
        ValueError,
        "fit tells it the loss; got mode='max'",
    ),
}


@pytest.mark.parametrize(("make", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(make: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make()
