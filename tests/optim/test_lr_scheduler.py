"""Schedules of the learning rate against PyTorch's, epoch by epoch."""

from __future__ import annotations

import inspect
import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from backproof import optim
from backproof.optim import lr_scheduler
from tests.optim.parameters import parameters, tensors

EPOCHS = 60
theirs = torch.optim.lr_scheduler
#: What each schedule is tried with.
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "StepLR": ({"step_size": 7}, {"step_size": 1, "gamma": 0.9}, {"step_size": 5, "gamma": 0.0}),
    "MultiStepLR": ({"milestones": [3, 20, 20, 41]}, {"milestones": [10, 5], "gamma": 0.5}),
    "ExponentialLR": ({"gamma": 0.9}, {"gamma": 1.1}),
    "CosineAnnealingLR": ({"T_max": 60}, {"T_max": 7, "eta_min": 0.01}, {"T_max": 1}),
    "LinearLR": ({}, {"start_factor": 0.3, "end_factor": 0.0, "total_iters": 20}, {"total_iters": 100}),
    "ConstantLR": ({}, {"factor": 0.25, "total_iters": 30}),
    "LambdaLR": (
        {"lr_lambda": lambda epoch: 0.95**epoch},
        {"lr_lambda": [lambda epoch: 1 / (1 + epoch), lambda epoch: float(epoch % 3)]},
    ),
    "CosineAnnealingWarmRestarts": ({"T_0": 10}, {"T_0": 4, "T_mult": 2, "eta_min": 0.001}, {"T_0": 1}),
    "OneCycleLR": (
        {"max_lr": 0.3, "total_steps": EPOCHS + 1},
        {"max_lr": [0.3, 0.1], "epochs": 7, "steps_per_epoch": 9, "anneal_strategy": "linear"},
        {"max_lr": 0.3, "total_steps": 80, "three_phase": True, "pct_start": 0.2, "base_momentum": 0.5},
        {"max_lr": 0.3, "total_steps": 70, "cycle_momentum": False, "div_factor": 3.0},
    ),
    "ReduceLROnPlateau": (
        {},
        {"mode": "max", "patience": 2, "factor": 0.5, "cooldown": 3},
        {"threshold_mode": "abs", "threshold": 0.1, "patience": 0, "min_lr": [0.01, 0.001]},
        {"mode": "max", "threshold_mode": "abs", "patience": 4, "eps": 0.02},
    ),
}
CASES = {
    # By number where an option is a function, whose text is another in each process.
    f"{name}-{number if name == 'LambdaLR' else options}": (name, options)
    for name, rows in OPTIONS.items()
    for number, options in enumerate(rows)
}
cases = pytest.mark.parametrize(("name", "options"), CASES.values(), ids=CASES)


def pair(name: str = "SGD") -> tuple[Any, Any]:
    """Make an optimizer of each library, with two groups."""

    def groups(given: list[Any]) -> list[dict[str, Any]]:
        return [{"params": given[:1], "lr": 0.5}, {"params": given[1:]}]

    ours = parameters((1,), (2,))
    return getattr(optim, name)(groups(ours), lr=0.1), getattr(torch.optim, name)(
        groups(tensors(ours)), lr=0.1
    )


def settings(optimizer: Any) -> list[float]:
    """Give what a schedule sets, of each group."""
    return [
        value
        for group in optimizer.param_groups
        for value in (group["lr"], group.get("momentum", 0), *group.get("betas", ()))
    ]


def step(schedule: Any, epoch: int) -> None:
    if "Plateau" in type(schedule).__name__:
        # Falls, stays, rises, jumps about.
        schedule.step(math.cos(epoch / 9) + 0.3 * math.cos(epoch * 1.7) * (epoch > 30))
    else:
        schedule.optimizer.step()
        schedule.step()


def run(*schedules: Any, epochs: int = EPOCHS) -> None:
    """Step schedules of both libraries, ours first, and compare all they set."""
    for epoch in range(epochs):
        got, expected = (settings(s.optimizer) for s in schedules[:2])
        # After sixty products, a rounding each.
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15, err_msg=f"epoch {epoch}")
        assert schedules[0].get_last_lr() == [group["lr"] for group in schedules[0].optimizer.param_groups]
        for schedule in schedules:
            step(schedule, epoch)


@cases
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_every_epoch(name: str, options: dict[str, Any], optimizer: str) -> None:
    mine, other = pair(optimizer)
    run(getattr(lr_scheduler, name)(mine, **options), getattr(theirs, name)(other, **options))


@cases
def test_goes_on_from_what_was_saved(name: str, options: dict[str, Any]) -> None:
    mine, other = pair()
    schedule, reference = (
        getattr(lr_scheduler, name)(mine, **options),
        getattr(theirs, name)(other, **options),
    )
    run(schedule, reference, epochs=17)
    saved = pickle.dumps((mine.state_dict(), schedule.state_dict()))
    resumed, _ = pair()
    again = getattr(lr_scheduler, name)(resumed, **options)
    for each, state in zip((resumed, again), pickle.loads(saved), strict=True):  # noqa: S301 - its own
        each.load_state_dict(state)
    for epoch in range(17, 47):
        step(schedule, epoch)
        step(again, epoch)
        assert settings(resumed) == settings(mine)
        assert again.get_last_lr() == schedule.get_last_lr()
        assert again.last_epoch == schedule.last_epoch


@pytest.mark.parametrize(
    "name", [name for name in OPTIONS if name not in ("ReduceLROnPlateau", "OneCycleLR")]
)
def test_made_to_go_on_from_an_epoch(name: str) -> None:
    """What a rate made anew at epoch 9 is; for the later epochs schedules of both libraries are alike."""
    made = []
    for optimizer, module in zip(pair(), (lr_scheduler, theirs), strict=True):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        made.append(getattr(module, name)(optimizer, **OPTIONS[name][0], last_epoch=9))
    if name == "CosineAnnealingLR":
        # PyTorch goes on as if the rate were that of the epoch after.
        assert made[0].get_last_lr() == [0.5, 0.1]
        return
    run(*made, epochs=5)


def test_schedules_on_one_optimizer_multiply() -> None:
    mine, other = pair()
    made = [
        (module.LinearLR(o, total_iters=10), module.ExponentialLR(o, 0.9), module.StepLR(o, 4))
        for module, o in ((lr_scheduler, mine), (theirs, other))
    ]
    for _ in range(20):
        np.testing.assert_allclose(settings(mine), settings(other), rtol=1e-12)
        for optimizer, schedules in zip((mine, other), made, strict=True):
            optimizer.step()
            for schedule in schedules:
                schedule.step()


def test_schedules_on_one_optimizer_go_on_together() -> None:
    def made() -> tuple[optim.Optimizer, list[lr_scheduler.LRScheduler]]:
        optimizer, _ = pair()
        return optimizer, [
            lr_scheduler.ConstantLR(optimizer, 0.25, total_iters=3),
            lr_scheduler.CosineAnnealingLR(optimizer, 12, eta_min=0.01),
            lr_scheduler.MultiStepLR(optimizer, [2, 9]),
        ]

    (mine, schedules), (resumed, others) = made(), made()
    for epoch in range(15):
        if epoch == 5:
            resumed.load_state_dict(mine.state_dict())
            for schedule, other in zip(schedules, others, strict=True):
                other.load_state_dict(schedule.state_dict())
        for schedule in [*schedules, *(others if epoch >= 5 else ())]:
            schedule.step()
        assert epoch < 5 or settings(resumed) == settings(mine)


def test_the_one_cycle_made_to_go_on_from_a_step() -> None:
    """The groups know its ends, so nothing of the schedule's own is needed."""
    options: dict[str, Any] = OPTIONS["OneCycleLR"][0]
    mine, other = pair()
    made = [m.OneCycleLR(o, **options) for m, o in ((lr_scheduler, mine), (theirs, other))]
    run(*made, epochs=9)
    made = [m.OneCycleLR(o, **options, last_epoch=8) for m, o in ((lr_scheduler, mine), (theirs, other))]
    assert made[0].last_epoch == 9
    run(*made, epochs=9)


@pytest.mark.parametrize("name", ["StepLR", "ExponentialLR", "CosineAnnealingWarmRestarts"])
def test_a_state_of_torchs_is_taken_over(name: str) -> None:
    (mine, other), options = pair(), OPTIONS[name][0]
    schedule, reference = (
        getattr(lr_scheduler, name)(mine, **options),
        getattr(theirs, name)(other, **options),
    )
    for epoch in range(9):
        step(reference, epoch)
    mine.load_state_dict(other.state_dict())
    schedule.load_state_dict(reference.state_dict())
    run(schedule, reference, epochs=9)


def test_a_rate_changed_by_hand_stays_changed() -> None:
    optimizer, _ = pair()
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.param_groups[0]["lr"] = 8.0
    schedule.step()
    assert schedule.get_last_lr() == [4.0, 0.05]


def test_warm_restarts_take_a_fraction_of_an_epoch() -> None:
    mine, other = pair()
    schedules = [m.CosineAnnealingWarmRestarts(o, 3, 2) for m, o in ((lr_scheduler, mine), (theirs, other))]
    for epoch in np.arange(0, 30, 0.25):
        for schedule in schedules:
            schedule.step(float(epoch))
        np.testing.assert_allclose(settings(mine), settings(other), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", OPTIONS)
def test_arguments_are_torchs(name: str) -> None:
    ours = inspect.signature(getattr(lr_scheduler, name)).parameters
    expected = inspect.signature(getattr(theirs, name)).parameters
    assert [(n, p.default) for n, p in ours.items()] == [(n, p.default) for n, p in expected.items()]


def test_every_schedule_is_tried() -> None:
    assert {*OPTIONS, "LRScheduler"} == set(lr_scheduler.__all__)


def _sgd() -> optim.Optimizer:
    return optim.SGD(parameters((1,)), lr=0.1)


def _one_step_too_many() -> None:
    schedule = lr_scheduler.OneCycleLR(_sgd(), 0.1, total_steps=2)
    for _ in range(3):
        schedule.step()


MISUSE: dict[str, tuple[type[Exception], Callable[[], object], str]] = {
    "no optimizer": (
        TypeError,
        lambda: lr_scheduler.StepLR(torch.optim.SGD([torch.ones(1)]), 3),  # type: ignore[arg-type]
        "a schedule needs an optimizer of backproof.optim; got SGD. For those of torch use torch.optim",
    ),
    "on from an epoch without the rate": (
        KeyError,
        lambda: lr_scheduler.StepLR(_sgd(), 3, last_epoch=5),
        "to go on from last_epoch=5, param_groups[0] needs its initial_lr",
    ),
    "before the start of all": (
        ValueError,
        lambda: lr_scheduler.StepLR(_sgd(), 3, last_epoch=-3),
        "expected last_epoch from 0 on, or -1 at the start; got last_epoch=-3",
    ),
    "no epochs": (
        ValueError,
        lambda: lr_scheduler.StepLR(_sgd(), 0),
        "expected step_size, a number above 0; got step_size=0",
    ),
    "epochs in quotes": (
        ValueError,
        lambda: lr_scheduler.StepLR(_sgd(), "3"),  # type: ignore[arg-type]
        "got step_size='3'",
    ),
    "no half a cosine": (ValueError, lambda: lr_scheduler.CosineAnnealingLR(_sgd(), 0), "got T_max=0"),
    "no function": (
        TypeError,
        lambda: lr_scheduler.LambdaLR(_sgd(), 0.5),  # type: ignore[arg-type]
        "expected lr_lambda, a function of the epoch; got lr_lambda=0.5",
    ),
    "a state of another": (
        ValueError,
        lambda: lr_scheduler.StepLR(_sgd(), 3).load_state_dict(
            lr_scheduler.ExponentialLR(_sgd(), 0.9).state_dict()
        ),
        "expected the state of a StepLR; it lacks step_size",
    ),
    "a start of 0": (ValueError, lambda: lr_scheduler.LinearLR(_sgd(), 0.0), "got start_factor=0.0"),
    "an end above 1": (
        ValueError,
        lambda: lr_scheduler.LinearLR(_sgd(), end_factor=2.0),
        "got end_factor=2.0",
    ),
    "a factor above 1": (ValueError, lambda: lr_scheduler.ConstantLR(_sgd(), 2.0), "got factor=2.0"),
    "functions for other groups": (
        ValueError,
        lambda: lr_scheduler.LambdaLR(_sgd(), [float, float]),
        "expected lr_lambda for each of 1 groups, got 2",
    ),
    "half a cycle": (
        ValueError,
        lambda: lr_scheduler.CosineAnnealingWarmRestarts(_sgd(), 0.5),  # type: ignore[arg-type]
        "expected T_0, a whole number from 1 on; got T_0=0.5",
    ),
    "before the start": (
        ValueError,
        lambda: lr_scheduler.CosineAnnealingWarmRestarts(_sgd(), 5).step(-1),
        "expected an epoch from 0 on; got epoch=-1",
    ),
    "steps unknown": (
        ValueError,
        lambda: lr_scheduler.OneCycleLR(_sgd(), 0.1, epochs=3),
        "expected total_steps",
    ),
    "no steps": (ValueError, lambda: lr_scheduler.OneCycleLR(_sgd(), 0.1, 0), "got total_steps=0"),
    "a share above 1": (
        ValueError,
        lambda: lr_scheduler.OneCycleLR(_sgd(), 0.1, 9, pct_start=1.5),
        "expected pct_start from 0 to 1; got pct_start=1.5",
    ),
    "another strategy": (
        ValueError,
        lambda: lr_scheduler.OneCycleLR(_sgd(), 0.1, 9, anneal_strategy="cubic"),  # type: ignore[arg-type]
        "expected anneal_strategy 'cos' or 'linear'",
    ),
    "no momentum": (
        ValueError,
        lambda: lr_scheduler.OneCycleLR(optim.Rprop(parameters((1,))), 0.1, 9),
        "Rprop has no momentum to cycle; give cycle_momentum=False",
    ),
    "a step too many": (ValueError, _one_step_too_many, "the cycle has total_steps=2; got step 3"),
    "a factor that does not lower": (
        ValueError,
        lambda: lr_scheduler.ReduceLROnPlateau(_sgd(), factor=1.0),
        "expected factor below 1",
    ),
    "another mode": (
        ValueError,
        lambda: lr_scheduler.ReduceLROnPlateau(_sgd(), "least"),  # type: ignore[arg-type]
        "expected mode 'min' or 'max'; got mode='least'",
    ),
    "another threshold": (
        ValueError,
        lambda: lr_scheduler.ReduceLROnPlateau(_sgd(), threshold_mode="log"),  # type: ignore[arg-type]
        "expected threshold_mode 'rel' or 'abs'",
    ),
}


@pytest.mark.parametrize(("error", "use", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(error: type[Exception], use: Callable[[], object], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        use()
