"""Mistakes in forwards. Each keeps the gradient consistent: that of the wrong forward."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.mistakes.compositions import other_axes, other_functions, softmax_before
from backproof.checking.mistakes.gradients import factor_of
from backproof.checking.mistakes.mistake import Mistake, Observation, Planted
from backproof.checking.mistakes.options import other_epsilons, other_options, with_options
from backproof.checking.mistakes.rounded import rounded_constants
from backproof.checking.mistakes.substitutions import forward_changes
from backproof.checking.mistakes.variants import other_forms
from backproof.diagnoses import Severity
from backproof.ops import Op
from backproof.ops.reduction import Reduction

__all__ = [
    "FORMULA",
    "FORWARD_MISTAKES",
    "LARGEST_EPSILON",
    "fitted_epsilons",
    "takes_epsilon",
    "with_epsilon",
]

_Options = Mapping[str, object]
_Seen = Sequence[Observation]

#: The row that changes an operation of a forward.
FORMULA = "a change in the formula"
#: The least epsilon that is looked for in a probability, and how many halvings find it.
_SMALLEST_EPSILON, _BISECTIONS = 1e-300, 64
#: An epsilon above this is no safeguard but another function.
LARGEST_EPSILON = 1e-5


def _reductions(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    if op.reduction is None:
        return
    right = op.reduction
    how = options.get("reduction", op.options["reduction"])
    for other in right.ways:
        if other != how:
            planted = _reduction(
                op, _always(right, other), f"has the reduction {other!r} where {how!r} is expected"
            )
            of_samples = {how, other} == {"mean", "batchmean"}
            yield dataclasses.replace(planted, option="reduction") if of_samples else planted
    if how in ("mean", "batchmean"):
        for axis, name in ((0, "N, the first axis,"), (-1, "the size of the last axis")):
            # A mean over the samples is one, too, and what many call the mean: its name alone does not
            # promise the other.
            yield dataclasses.replace(
                _reduction(
                    op,
                    _divided_by(right, axis),
                    f"is the sum divided by {name} alone, not by the number of "
                    f"{'elements' if how == 'mean' else 'samples'}",
                ),
                option="reduction",
            )
            yield _reduction(
                op, _over_axis(axis), f"is the mean over axis {axis} alone, one value for each of the others"
            )


def _reduction(op: Op, reduction: Reduction, says: str) -> Planted:
    ways = op.reduction.ways if op.reduction else reduction.ways
    wrong = op.replace(reduction=dataclasses.replace(reduction, ways=ways))
    return Planted("reduction", wrong, says, convention=Severity.WARNING)


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
        columns = other == 0 and op.kind == "activation"
        unless = ", unless the examples are the columns" if columns else ""
        if other != dim:
            yield Planted(
                "wrong-axis",
                with_options(op, {"dim": other}),
                f"is taken over axis {other}, where axis {dim} is expected{unless}",
                {"axis_expected": dim, "axis": other},
                convention=Severity.WARNING if columns else None,
                option="dim",
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


def takes_epsilon(op: Op) -> bool:
    """Say whether an op takes the logarithm of a probability, beside which an epsilon may stand."""
    return op.likelihood != 0 or op.arguments[op.first].domain == "probability"


def fitted_epsilons(
    op: Op, options: _Options, case: Case, deepest: NDArray[Any], largest: float = LARGEST_EPSILON
) -> Iterator[Planted]:
    """Plant the epsilon that makes the deepest value of a log-likelihood what it is, in each form."""
    if not np.all(np.isfinite(deepest)):
        return
    if op.likelihood == 0:
        if op.arguments[op.first].domain == "probability":
            yield from _fitted_at_input(op, options, case, deepest, largest)
        return
    share = 1.0
    if op.reduction is not None:
        # What the reduction makes of a value that every element has: there all of them are equally deep.
        values = op.evaluate(np, op.roles(case.inputs), **options).values
        how = str(options.get("reduction", op.options["reduction"]))
        share = float(np.max(op.reduction.forward(np, np.ones_like(values), how)))
    depth = float(np.max(-op.likelihood * deepest)) / share
    epsilon = _rounded(math.exp(-depth)) if depth > 0 else 0.0
    if 0 < epsilon <= largest:
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

    def forward(xp: Any, *inputs: Any, **options: object) -> Any:
        p, _ = _biased(xp, probability(xp, op.forward(xp, *inputs, **options)), epsilon, form)
        return sign * xp.log(p)

    def with_bias(rule: Any) -> Any:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            *inputs, _ = roles
            values = op.forward(xp, *inputs, **options)
            p = probability(xp, values)
            shifted, slope = _biased(xp, p, epsilon, form)
            return rule(xp, grad_output * slope * p / shifted, *inputs, values, **options)

        return substituted

    return _with_bias(op, forward, with_bias, epsilon, form)


def _with_bias(op: Op, forward: Any, through: Callable[[Any], Any], epsilon: float, form: str) -> Planted:
    how = {"add": "added to the probability", "clamp": "below which the probability is clamped"}.get(
        form, "by which the probability is kept from 0 and from 1"
    )
    return Planted(
        "epsilon-bias",
        op.replace(forward=forward, rules={name: through(rule) for name, rule in op.rules.items()}),
        f"is changed by an epsilon of {epsilon:.3g}, {how}",
        {"epsilon": epsilon, "form": form},
    )


def _biased(xp: Any, p: Any, epsilon: float, form: str) -> tuple[Any, Any]:
    """Give the probability with the epsilon, and its derivative for the one without."""
    if form == "add":
        return p + epsilon, xp.ones_like(p)
    high = 1 - epsilon if form == "clamp both" else np.inf
    return xp.clip(p, epsilon, high), xp.astype((p >= epsilon) & (p <= high), p.dtype)


def _fitted_at_input(
    op: Op, options: _Options, case: Case, deepest: NDArray[Any], largest: float
) -> Iterator[Planted]:
    """Plant an epsilon into the probability that an op takes; at 0 it alone makes the output what it is."""
    for form in ("add", "clamp", "clamp both"):
        low, high = math.log(_SMALLEST_EPSILON), math.log(largest)
        depths = [_deepest(op, options, case, math.exp(end), form) for end in (low, high)]
        depth = float(np.sum(deepest))
        if not depths[1] < depth <= depths[0]:
            continue
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            deeper = _deepest(op, options, case, math.exp(middle), form) > depth
            low, high = (middle, high) if deeper else (low, middle)
        yield _into_input(op, _rounded(math.exp(high)), form)


def _deepest(op: Op, options: _Options, case: Case, epsilon: float, form: str) -> float:
    planted = _into_input(op, epsilon, form).op
    with np.errstate(all="ignore"):
        return float(np.sum(planted.evaluate(np, planted.roles(case.inputs), **options).output))


def _into_input(op: Op, epsilon: float, form: str) -> Planted:
    def forward(xp: Any, first: Any, *others: Any, **options: object) -> Any:
        return op.forward(xp, _biased(xp, first, epsilon, form)[0], *others, **options)

    def through(rule: Any) -> Any:
        def substituted(xp: Any, grad_output: Any, first: Any, *roles: Any, **options: object) -> Any:
            shifted, slope = _biased(xp, first, epsilon, form)
            return rule(xp, grad_output * slope, shifted, *roles, **options)

        return substituted

    return _with_bias(op, forward, through, epsilon, form)


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
        # Half a squared error has the plainer derivative; textbooks write it, and sum where others average.
        convention=Severity.WARNING
        if op.reduction and factor.number in (0.5, 1.0, 2.0) and not factor.over
        else None,
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
    Mistake("rounded constants", rounded_constants),
    Mistake("another function", other_functions),
    Mistake("epsilon-bias besides", _epsilons_besides),
    Mistake(FORMULA, forward_changes),
)
