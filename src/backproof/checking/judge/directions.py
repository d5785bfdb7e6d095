"""A candidate's own forward along random directions: what costs the same whatever the number of elements."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import unit
from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination, Trial, instead
from backproof.checking.judge.own import NoOutput, own_outputs
from backproof.checking.oracles import Estimate, along, directional

__all__ = ["accuse_along", "agrees_along", "is_stepwise", "suspected"]

#: An estimate for all arguments together is trusted where it is this good, as a share of the slope.
_GOOD = 1e-6
#: How many directions a gradient is looked at along where it has too many elements to look at each.
_DIRECTIONS = 4
#: Where the numbers of their directions begin.
_LAST = 61
#: A move so small that no step of a piecewise constant forward is taken.
_TINY = {"float64": 2.0**-30, "float32": 2.0**-14}
#: What moves by so many roundings stands still: ``x + (step - x)`` is not quite the step.
_STILL = 16
_SAME = 1e-6
#: Of more elements than this, in all that is wrong, finite differences take too long.
_MANY = 1_000
#: Of more arguments than this the gradients are first looked at together, and so many wrong ones are named.
_FEW, _NAMED = 2, 6


def agrees_along(
    exam: Examination, case: Case, argument: str, got: NDArray[Any], *, loose: float = 0.0
) -> bool:
    """Hold a gradient against differences of the forward along one direction.

    A ``loose`` share of it may be wrong besides what rounding is.
    """
    if got.shape != case.inputs[argument].shape or not np.all(np.isfinite(got)):
        return False
    estimate, slope = _slopes(exam, case, {argument: got}, 11)
    slack = (loose + exam.yardstick_for(got).one) * (1 + float(np.abs(got).sum()))
    return abs(estimate.value - slope) <= estimate.error + slack


def suspected(exam: Examination, source: str, due: Sequence[str]) -> Sequence[str]:
    """Give the arguments whose gradients are to be looked at one by one: none where all agree at once.

    Of many wrong ones, which one mistake may have made, it is the smallest; the others are said.
    """
    if not exam.own or len(due) <= _FEW:
        return due
    if _agree_together(exam, source, due):
        return ()
    wrong = [name for name in due if not _is_right(exam, source, name)]
    sizes = {name: exam.trials[0].case.inputs[name].size for name in wrong}
    if len(wrong) > _NAMED or sum(sizes.values()) > _MANY:
        wrong.sort(key=sizes.__getitem__)
    total = itertools.accumulate(sizes[name] for name in wrong)
    looked = [
        n for n, (_, t) in enumerate(zip(wrong, total, strict=True)) if not n or (n < _NAMED and t <= _MANY)
    ]
    if wrong[len(looked) :]:
        exam.remarks.append(f"wrong as well: the gradients for {', '.join(wrong[len(looked) :])}")
    return wrong[: len(looked)]


def _is_right(exam: Examination, source: str, argument: str) -> bool:
    """Say whether an argument's gradient agrees along one direction on every case, or has no place at all."""
    given = [(t.case, t.answer.gradients.get(source, {})) for t in exam.trials]
    came = [(case, gradients[argument]) for case, gradients in given if argument in gradients]
    return all(agrees_along(exam, case, argument, _or_zeros(g, case.inputs[argument])) for case, g in came)


def _or_zeros(gradient: NDArray[Any] | None, value: NDArray[Any]) -> NDArray[Any]:
    """Read a gradient that has not come as zeros, which is right where the output does not change."""
    return np.zeros_like(value) if gradient is None else gradient


def _agree_together(exam: Examination, source: str, arguments: Sequence[str]) -> bool:
    """Hold all gradients of a source at once against differences along one direction of all arguments.

    Where that cannot be told well, or where any has not come in its argument's shape, they do not agree.
    """
    for trial in exam.trials:
        given = trial.answer.gradients.get(source, {})
        gradients = {n: _or_zeros(given[n], trial.case.inputs[n]) for n in arguments if n in given}
        if len(gradients) < len(arguments) or (source == "autograd" and trial.answer.detached):
            return False
        if any(
            g.shape != trial.case.inputs[n].shape or not np.all(np.isfinite(g)) for n, g in gradients.items()
        ):
            return False
        estimate, slope = _slopes(exam, trial.case, gradients, 53)
        slack = estimate.error + exam.yardstick.one * (1 + abs(slope))
        if not slack <= _GOOD * (1 + abs(slope)) or abs(estimate.value - slope) > slack:
            return False
    return True


def _slopes(
    exam: Examination, case: Case, gradients: Mapping[str, NDArray[Any]], number: int
) -> tuple[Estimate, float]:
    """Give the derivative along a random direction of some arguments: the forward's, and the gradients'."""
    rng = np.random.default_rng([exam.seed, number])
    directions: dict[str, NDArray[Any]] = {}
    for name, got in gradients.items():
        directions[name] = rng.choice([-1.0, 1.0], got.shape) * rng.uniform(0.5, 1.0, got.shape)
    moved = [directions.get(name) for name in case.inputs]
    line = along(own_outputs(exam, case), list(case.inputs.values()), moved, case.upstream)
    estimate = directional(line, exam.dtype)
    return estimate, sum(float(np.sum(got * directions[name])) for name, got in gradients.items())


def is_stepwise(exam: Examination, argument: str, trials: Sequence[Trial]) -> bool:
    """Say whether the forward is piecewise constant in an argument: it changes, but not by a small move."""
    rng = np.random.default_rng([exam.seed, 59])
    for trial in trials:
        value = trial.case.inputs[argument]
        direction = rng.choice([-1.0, 1.0], value.shape) * rng.uniform(0.5, 1.0, value.shape)
        outputs = own_outputs(exam, trial.case)

        def at(
            step: float, case: Case = trial.case, direction: Any = direction, outputs: Any = outputs
        ) -> Any:
            moved = {
                n: np.asarray(a + step * direction, a.dtype) if n == argument else a
                for n, a in case.inputs.items()
            }
            return outputs(list(moved.values()))

        tiny = _TINY[exam.dtype]
        try:
            here = at(0.0)
            slack = _STILL * unit(exam.dtype) * float(np.abs(here).max(initial=0.0))
            near, far = (
                [float(np.abs(at(step) - here).max(initial=0.0)) > slack for step in steps]
                for steps in ((tiny, -tiny), (0.5, -0.5, 2.0, -2.0))
            )
            if any(near) or not any(far):
                return False
        except NoOutput:
            return False
    return bool(trials)


def accuse_along(
    exam: Examination, argument: str, source: str, part: str, came: Sequence[tuple[Trial, NDArray[Any]]]
) -> bool:
    """Say what is wrong with a gradient of very many elements, by what it gives along random directions.

    False where there are few enough to look at each.
    """
    case, got = min(((t.case, g) for t, g in came), key=lambda pair: pair[0].inputs[argument].size)
    shape = case.inputs[argument].shape
    if case.inputs[argument].size <= _MANY:
        return False
    if got.shape != shape:
        message = f"The gradient for {argument} has the shape {got.shape}; {argument} has {shape}."
        shapes: dict[str, Any] = {"shape_expected": shape, "shape_got": got.shape}
        exam.add("gradient-shape", message, part, argument=argument, source=source, **shapes)
        return True
    slopes = [_slopes(exam, case, {argument: got}, _LAST + n) for n in range(_DIRECTIONS)]
    expected, along_got = slopes[0][0].value, slopes[0][1]
    diagnosis, says = _proportion(np.array([slope / estimate.value for estimate, slope in slopes]))
    exam.add(
        diagnosis,
        f"The gradient for {argument} {says}: along a random direction it gives "
        f"{instead(along_got, expected)}." + ("" if np.any(got) else " It is 0 everywhere."),
        part,
        argument=argument,
        source=source,
        expected=expected,
        got=along_got,
    )
    return True


def _proportion(ratios: NDArray[Any]) -> tuple[str, str]:
    """Name what is off by the same factor along every direction."""
    factor = float(ratios.mean())
    if not factor or not np.all(np.abs(ratios - factor) <= _SAME * abs(factor)):
        return "gradient-value", "is not the derivative of the forward"
    if abs(factor + 1) <= _SAME:
        return "gradient-sign", "has the wrong sign"
    return "gradient-scale", f"is {factor:.6g} times the right one"
