"""What is drawn of update rules and schedules: the first steps of each, all on one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from backproof import nn, optim
from backproof.updates import CATALOGUE, UpdateRule
from docs.generator.pictures import COLOURS, GREY, panels, svg

__all__ = ["descents", "path", "rates", "schedule_rates", "schedules"]

#: Steps down the valley (x² + s y²)/2, and where they start.
STEPS, STEEPNESS, START = 50, 20.0, (-2.0, 0.8)
#: Hyperparameters with which a rule gets somewhere in these steps; else a learning rate of 0.1.
HYPERPARAMETERS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.05, "momentum": 0.5},
    "ASGD": {"lr": 0.05},
    "Adadelta": {"lr": 20.0},
    "Adagrad": {"lr": 0.5},
    "Adamax": {"lr": 0.2},
    "RMSprop": {"lr": 0.05},
}
#: Steps of a schedule, and its arguments.
EPOCHS = 60
ARGUMENTS: dict[str, dict[str, Any]] = {
    "ConstantLR": {"factor": 0.5, "total_iters": 20},
    "CosineAnnealingLR": {"T_max": 60},
    "CosineAnnealingWarmRestarts": {"T_0": 10, "T_mult": 2},
    "ExponentialLR": {"gamma": 0.95},
    "LambdaLR": {"lr_lambda": lambda epoch: 1 / (1 + epoch / 10)},
    "LinearLR": {"start_factor": 0.1, "total_iters": 30},
    "MultiStepLR": {"milestones": [15, 40], "gamma": 0.4},
    "OneCycleLR": {"max_lr": 1.0, "total_steps": 60},
    "ReduceLROnPlateau": {"factor": 0.5, "patience": 9},
    "StepLR": {"step_size": 15, "gamma": 0.5},
}


def path(rule: UpdateRule) -> NDArray[np.float64]:
    """Give the parameter before each step down the valley, and after the last.

    Examples
    --------
    >>> path(CATALOGUE["SGD"](lr=0.01)).shape
    (51, 2)
    """
    parameter = np.array(START)
    state, places = rule.start(np, parameter), [parameter]
    for _ in range(STEPS):
        gradient = parameter * np.array([1.0, STEEPNESS])
        parameter, state = rule.update(np, parameter, gradient, state)
        places.append(parameter)
    return np.array(places)


def descents() -> str:
    """Draw the first steps of every update rule."""
    with panels(len(CATALOGUE), columns=4, size=(1.6, 1.15)) as (figure, grid):
        for axes, name in zip(grid, sorted(CATALOGUE), strict=True):
            hyperparameters = HYPERPARAMETERS.get(name, {"lr": 0.1})
            for height in (0.2, 1.0, 4.0):
                size = (2 * (2 * height) ** 0.5, 2 * (2 * height / STEEPNESS) ** 0.5)
                axes.add_patch(Ellipse((0, 0), *size, fill=False, edgecolor=GREY, alpha=0.5, linewidth=0.5))
            axes.plot(*path(CATALOGUE[name](**hyperparameters)).T, color=COLOURS[0], linewidth=1.1)
            axes.plot(0, 0, ".", color=COLOURS[1], markersize=4)
            axes.set_title(f"{name} {_written(hyperparameters)}", fontsize=9)
            axes.set_axis_off()
        grid[0].set(xlim=(-2.3, 1.3), ylim=(-1.0, 1.0))
        return svg(figure)


def _written(hyperparameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in hyperparameters.items())


def schedules() -> list[str]:
    """Give the names of the schedules, except that of their base."""
    return [name for name in optim.lr_scheduler.__all__ if name != "LRScheduler"]


def schedule_rates(name: str) -> list[float]:
    """Give the learning rates of a schedule, from 1 on."""
    optimizer = optim.SGD([nn.Parameter([0.0])], lr=1.0, momentum=0.9)
    schedule: Any = getattr(optim.lr_scheduler, name)(optimizer, **ARGUMENTS[name])
    step: Callable[[], None] = (lambda: schedule.step(1.0)) if name == "ReduceLROnPlateau" else schedule.step
    found = []
    for _ in range(EPOCHS):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        step()
    return found


def rates() -> str:
    """Draw the learning rates of every schedule."""
    names = schedules()
    with panels(len(names), columns=4, size=(1.6, 1.15)) as (figure, grid):
        for axes, name in zip(grid, names, strict=True):
            axes.plot(schedule_rates(name), color=COLOURS[0], linewidth=1.3, drawstyle="steps-post")
            axes.set_title(name.replace("AnnealingWarm", "Annealing\nWarm"), fontsize=9)
        grid[0].set(ylim=(0, 1.05), xlim=(0, EPOCHS))
        return svg(figure)
