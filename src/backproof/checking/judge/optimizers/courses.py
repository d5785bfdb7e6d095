"""The courses that an optimizer is run over, and what of its hyperparameters has to be guessed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import unit
from backproof.checking.candidate import Course, Trajectory
from backproof.checking.cases import upstream
from backproof.checking.mistakes.walking import Parameters, Runs
from backproof.updates import UpdateRule

__all__ = [
    "CHANGE",
    "FIXED",
    "courses",
    "hidden",
    "is_single",
    "now_and_then",
    "of_parameters",
    "tries",
    "unit_of",
]

#: Two parameters of one shape, one of another, and one that never has a gradient.
_SHAPES = ((3, 5), (3, 5), (7,), (2,))
#: The parameter whose first element has a gradient of zero at every step.
_UNUSED = 2
_STEPS = 12
#: The step, from 0, from which on the learning rate is another.
CHANGE = 6
_RATES = (0.1, 0.03)
#: Values that stand in code where the constructor does not take them, beside PyTorch's defaults.
FIXED: Mapping[str, tuple[Any, ...]] = {
    "momentum": (0.9, 0.5, 0.8, 0.95, 0.99),
    "betas": ((0.9, 0.999), (0.9, 0.99), (0.9, 0.9), (0.5, 0.999), (0.9, 0.95)),
    "eps": (1e-8, 1e-7, 1e-6, 1e-5, 1e-10, 1e-12, 1e-4, 1e-3),
    "alpha": (0.99, 0.9, 0.95, 0.999),
    "rho": (0.9, 0.95, 0.99),
    "initial_accumulator_value": (0.0, 0.1),
}
#: Learning rates that stand in code which cannot be given one; the paper's Adadelta has none.
_HIDDEN_RATES = (1.0, 0.1, 0.01, 0.001)
#: What is tried where the constructor takes it and the ordinary course has it off.
_SWITCHED_ON: Mapping[str, Any] = {
    "momentum": 0.9,
    "weight_decay": 0.08,
    "amsgrad": True,
    "centered": True,
    "maximize": True,
    "lr_decay": 0.07,
}


def courses(rule: type[UpdateRule], options: Mapping[str, object], seed: int) -> Iterator[Course]:
    """Give the runs: the options as they are; then each with one that the ordinary course cannot show.

    A course has the name of the hyperparameter that it needs to be given.
    """
    rng = np.random.default_rng([seed, 5])
    parameters = tuple(upstream(rng, shape) for shape in _SHAPES)
    rates = (_RATES[0],) * CHANGE + (_RATES[1],) * (_STEPS - CHANGE)
    gradients = tuple((*_gradients(rng), None) for _ in rates)
    known: dict[str, object] = {**rule.hyperparameters(), **options}
    known.pop("lr")
    ordinary = Course(parameters, gradients, rates, known)
    yield ordinary
    # Large enough to be seen: where it stands makes no difference to the digits else.
    if "eps" in known:
        yield replace(ordinary, hyperparameters={**known, "eps": 1e-2}, name="eps")
    for name, value in _SWITCHED_ON.items():
        if name in known and not known[name]:
            yield replace(ordinary, hyperparameters={**known, name: value}, name=name)
    for name, value in {"nesterov": True, "dampening": 0.2}.items():
        if name in known and not known["nesterov"] and not known["dampening"]:
            yield replace(ordinary, hyperparameters={**known, "momentum": 0.9, name: value}, name=name)


def _gradients(rng: np.random.Generator) -> list[NDArray[Any]]:
    """Draw one step's gradients, for all parameters but the last."""
    drawn = [upstream(rng, shape) * rng.uniform(0.2, 1.5, shape) for shape in _SHAPES[:-1]]
    # One element is never used: what divides by it alone divides by zero.
    drawn[_UNUSED][0] = 0.0
    return drawn


def unit_of(runs: Runs) -> float:
    """Give the unit of the precision that parameters are kept in."""
    return unit(runs[0][1].parameters[0].dtype.name)


def is_single(course: Course, path: Sequence[Parameters]) -> bool:
    """Say whether parameters come back in float32 that were given in float64."""
    return course.parameters[0].dtype == np.float64 and all(
        np.array_equal(p, p.astype(np.float32), equal_nan=True) for p in path[-1]
    )


def now_and_then(course: Course, *, changes: bool = True) -> Course:
    """Give a course in which each parameter has no gradient at some steps, another at each.

    Where the learning rate cannot be changed, it ``changes`` never.
    """
    gradients = tuple(
        tuple(None if step % 4 == index else gradient for index, gradient in enumerate(at_step))
        for step, at_step in enumerate(course.gradients)
    )
    rates = course.rates if changes else (course.rates[0],) * len(course.rates)
    return replace(course, gradients=gradients, rates=rates, name="now and then")


def of_parameters(course: Course, kept: Sequence[int]) -> Course:
    """Give a course of some of the parameters."""
    return replace(
        course,
        parameters=tuple(course.parameters[i] for i in kept),
        gradients=tuple(tuple(g[i] for i in kept) for g in course.gradients),
    )


def hidden(known: Mapping[str, Any], taken: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Give the values that hyperparameters may have in code that does not take them."""
    names = [name for name in known if name in FIXED and name not in taken]
    usual = [(known[name], *(v for v in FIXED[name] if v != known[name])) for name in names]
    if "momentum" in names and not known["momentum"]:
        # Plain gradient descent has no momentum to hide.
        usual[names.index("momentum")] = (0.0,)
    yield from (dict(zip(names, values, strict=True)) for values in itertools.product(*usual))


def tries(observed: Sequence[tuple[Course, Trajectory]]) -> list[Runs]:
    """Give what the paths are compared with: for each guess at what is hidden, all courses.

    Where the learning rate could not be changed, they end at its change. A parameter that never has a
    gradient is not compared: whether it may move is judged elsewhere.
    """
    taken, followed = observed[0][1].taken, all(t.rate_followed for _, t in observed)
    runs = [(course, _with_gradients(course, t.parameters)) for course, t in observed]
    if not followed and "lr" not in taken:
        rates = [[(_at_rate(course, rate), path) for course, path in runs] for rate in _HIDDEN_RATES]
    elif not followed:
        rates = [[(_until_change(course), path[:CHANGE]) for course, path in runs]]
    else:
        rates = [runs]
    return [
        [({**course.hyperparameters, **fixed}, course, path) for course, path in at_rate]
        for at_rate in rates
        for fixed in hidden(runs[0][0].hyperparameters, taken)
    ]


def _with_gradients(course: Course, path: Sequence[Parameters]) -> list[Parameters]:
    """Put the parameters that never have a gradient where they were at the start."""
    moved = {i for at_step in course.gradients for i, g in enumerate(at_step) if g is not None}
    return [
        tuple(p if i in moved else course.parameters[i] for i, p in enumerate(at_step)) for at_step in path
    ]


def _at_rate(course: Course, rate: float) -> Course:
    return replace(course, rates=(rate,) * len(course.rates))


def _until_change(course: Course) -> Course:
    return replace(course, gradients=course.gradients[:CHANGE], rates=course.rates[:CHANGE])
