"""Mistakes in forwards. Each keeps the gradient consistent: that of the wrong forward."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.mistakes.compositions import other_axes, other_functions, softmax_before
from backproof.checking.mistakes.gradients import Factor, factor_of
from backproof.checking.mistakes.mistake import Mistake, Observation, Planted
from backproof.checking.mistakes.options import other_epsilons, other_options, with_options
from backproof.checking.mistakes.substitutions import forward_changes
from backproof.checking.mistakes.variants import other_forms
from backproof.diagnoses import Severity
from backproof.ops import Op
from backproof.ops.reduction import Reduction

__all__ = ["FORMULA", "FORWARD_MISTAKES", "LARGEST_EPSILON", "fitted_epsilons", "with_epsilon"]

_Options = Mapping[str, object]
_Seen = Sequence[Observation]

#: The row that changes an operation of a forward.
FORMULA = "a change in the formula"
#: An epsilon above this is no safeguard but another function.
LARGEST_EPSILON = 1e-5


def _reductions(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    if op.reduction is None:
        return
    right = op.reduction
    how = options.get("reduction", op.options["reduction"])
    for other in ("sum", "mean", "none"):
        if other != how:
            yield _reduction(
                op, _always(right, other), f"has the reduction {other!r} where {how!r} is expected"
            )
    if how == "mean":
        for axis, name in ((0, "N, the first axis,"), (-1, "the size of the last axis")):
            # A mean over the samples is one, too, and what many call the mean: its name alone does not
            # promise the other.
            yield dataclasses.replace(
                _reduction(
                    op,
                    _divided_by(right, axis),
                    f"is the sum divided by {name} alone, not by the number of elements",
                ),
                option="reduction",
            )
            yield _reduction(
                op, _over_axis(axis), f"is the mean over axis {axis} alone, one value for each of the others"
            )


def _reduction(op: Op, reduction: Reduction, says: str) -> Planted:
    return Planted("reduction", op.replace(reduction=reduction), says, convention=Severity.WARNING)


def _always(right: Reduction, how: str) -> Reduction:
    return Reduction(
        lambda xp, values, *_: right.forward(xp, values, how),
        lambda xp, grad_output, values, *_: right.gradient(xp, grad_output, values, how),
    )


def _divided_by(right: Reduction, axis: int) -> Reduction:
    def count(values: Any) -> int:
        return int(values.shape[axis]) if values.ndim else 1

    return Reduction(
        lambda xp, values, *_: right.forward(xp, values, "sum") / count(values),
        lambda xp, grad_output, values, *_: right.gradient(xp, grad_output / count(values), values, "sum"),
    )


def _over_axis(axis: int) -> Reduction:
    def gradient(xp: Any, grad_output: Any, values: Any, *_: object) -> Any:
        return xp.broadcast_to(xp.expand_dims(grad_output, axis=axis) / values.shape[axis], values.shape)

    return Reduction(lambda xp, values, *_: xp.mean(values, axis=axis) if values.ndim else values, gradient)


def _other_axis(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    if "dim" not in op.options:
        return
    dim = options.get("dim", op.options["dim"])
    for other in (0, 1, -1):
        if other != dim:
            yield Planted(
                "wrong-axis",
                with_options(op, {"dim": other}),
                f"is taken over axis {other}, where axis {dim} is expected",
                {"axis_expected": dim, "axis": other},
            )


def _epsilons(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    """Fit an epsilon to a log-likelihood; at an extreme the value is the epsilon's logarithm."""
    extremes = [o for o in seen if o.case.name == "extreme"]
    if extremes:
        yield from fitted_epsilons(op, options, extremes[-1].case, extremes[-1].got)


def _epsilons_besides(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    """Fit an epsilon on top of another reduction."""
    for reduced in _reductions(op, options, seen) if op.likelihood else ():
        for biased in _epsilons(reduced.op, options, seen):
            yield dataclasses.replace(biased, besides=reduced)


def fitted_epsilons(op: Op, options: _Options, case: Case, deepest: NDArray[Any]) -> Iterator[Planted]:
    """Plant the epsilon that makes the deepest value of a log-likelihood what it is, in each form."""
    if op.likelihood == 0 or not np.all(np.isfinite(deepest)):
        return
    share = 1.0
    if op.reduction is not None:
        # What the reduction makes of a value that every element has: there all of them are equally deep.
        values = op.evaluate(np, op.roles(case.inputs), **options).values
        how = str(options.get("reduction", op.options["reduction"]))
        share = float(np.max(op.reduction.forward(np, np.ones_like(values), how)))
    depth = float(np.max(-op.likelihood * deepest)) / share
    epsilon = _rounded(math.exp(-depth)) if depth > 0 else 0.0
    if 0 < epsilon <= LARGEST_EPSILON:
        for form in ("add", "clamp", "clamp both"):
            yield with_epsilon(op, epsilon, form)


def _rounded(epsilon: float) -> float:
    """Take the nearest number of two digits, where it is as good as the same."""
    short = float(f"{epsilon:.1e}")
    return short if abs(short - epsilon) <= 1e-6 * epsilon else epsilon


def with_epsilon(op: Op, epsilon: float, form: str) -> Planted:
    """Plant an epsilon into a log-likelihood: into the probability that its logarithm is taken of."""
    sign = op.likelihood

    def probability(xp: Any, values: Any) -> Any:
        return xp.exp(sign * values)

    def biased(xp: Any, p: Any) -> tuple[Any, Any]:
        """Give the probability with the epsilon, and its derivative for the one without."""
        if form == "add":
            return p + epsilon, xp.ones_like(p)
        high = 1 - epsilon if form == "clamp both" else np.inf
        return xp.clip(p, epsilon, high), xp.astype((p >= epsilon) & (p <= high), p.dtype)

    def forward(xp: Any, *inputs: Any, **options: object) -> Any:
        p, _ = biased(xp, probability(xp, op.forward(xp, *inputs, **options)))
        return sign * xp.log(p)

    def with_bias(rule: Any) -> Any:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            *inputs, _ = roles
            values = op.forward(xp, *inputs, **options)
            p = probability(xp, values)
            shifted, slope = biased(xp, p)
            return rule(xp, grad_output * slope * p / shifted, *inputs, values, **options)

        return substituted

    how = {"add": "added to the probability", "clamp": "below which the probability is clamped"}.get(
        form, "by which the probability is kept from 0 and from 1"
    )
    return Planted(
        "epsilon-bias",
        op.replace(forward=forward, rules={name: with_bias(rule) for name, rule in op.rules.items()}),
        f"is changed by an epsilon of {epsilon:.3g}, {how}",
        {"epsilon": epsilon, "form": form},
    )


def _scaled(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    """Fit a factor: one number, or a count that the cases have in common."""
    factor = factor_of([o for o in seen if o.case.name == "ordinary"])
    if factor is None:
        return

    def scale(inputs: Sequence[Any]) -> float:
        axes = next(iter(op.arguments.values())).letters
        return factor.at(dict(zip(axes, inputs[0].shape, strict=False)))

    def forward(xp: Any, *inputs: Any, **known: object) -> Any:
        return scale(inputs) * op.forward(xp, *inputs, **known)

    def rule_of(rule: Any) -> Any:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **known: object) -> Any:
            *inputs, _ = roles
            return rule(xp, scale(inputs) * grad_output, *inputs, op.forward(xp, *inputs, **known), **known)

        return substituted

    counted = op.reduction is not None and bool(factor.axes)
    yield Planted(
        "reduction" if counted else "forward-value",
        op.replace(forward=forward, rules={name: rule_of(rule) for name, rule in op.rules.items()}),
        f"is {factor.text} times the expected one" + (": it is divided by another count" if counted else ""),
        factor.evidence([o for o in seen if o.case.name == "ordinary"]),
        # Half a squared error has the plainer derivative; textbooks write it.
        convention=Severity.WARNING if op.reduction and factor in (Factor(0.5), Factor(2.0)) else None,
    )


#: The table, the likeliest first.
FORWARD_MISTAKES: tuple[Mistake, ...] = (
    Mistake("reduction", _reductions),
    Mistake("wrong-axis", _other_axis),
    Mistake("epsilon-bias", _epsilons),
    Mistake("softmax-twice", softmax_before),
    Mistake("wrong-axis of what an op normalizes by", other_axes),
    Mistake("another epsilon", other_epsilons),
    Mistake("forward-scale", _scaled),
    Mistake("another option", other_options),
    Mistake("another form", other_forms),
    Mistake("another function", other_functions),
    Mistake("epsilon-bias besides", _epsilons_besides),
    Mistake(FORMULA, forward_changes),
)
