"""Mistakes in gradient rules."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.mistakes.compositions import swapped
from backproof.checking.mistakes.mistake import (
    Mistake,
    Observation,
    Planted,
    exchange_results,
    exchange_roles,
)
from backproof.checking.mistakes.quantities import number as written
from backproof.checking.mistakes.substitutions import operation_names, rule_changes, single_exchanges
from backproof.ops import Op
from backproof.ops.broadcasting import Broadcasting

__all__ = ["GRADIENT_MISTAKES", "Factor", "factor_of"]

_Options = Mapping[str, object]
_Seen = Sequence[Observation]

#: How near two slopes are that are the same.
_SAME = 1e-12
#: A Jacobian is formed whole for outputs up to this size.
_FULL_JACOBIAN = 256


def _upstream_ignored(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    if op.reduction is not None:
        right = op.reduction

        def gradient(xp: Any, grad_output: Any, *roles: Any) -> Any:
            return right.gradient(xp, xp.ones_like(grad_output), *roles)

        wrong = op.replace(reduction=type(right)(right.forward, gradient))
    else:
        wrong = exchange_roles(op, lambda xp, g, inputs, output, _: (xp.ones_like(g), inputs, output))
    yield Planted(
        "upstream-ignored",
        wrong,
        "is the derivative alone: the incoming gradient is not multiplied in. Multiply the local derivative "
        "by it",
    )


def _upstream_as_input(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    says = (
        "takes its derivative at the incoming gradient instead of at the saved input. "
        "Save the input (or the output) in the forward and compute the derivative from it"
    )

    def at_upstream(keep: bool) -> Op:
        def change(xp: Any, g: Any, inputs: Sequence[Any], output: Any, known: dict[str, Any]) -> Any:
            moved = [g, *inputs[1:]]
            return (g if keep else xp.ones_like(g)), moved, op.forward(xp, *moved, **known)

        return exchange_roles(op, change)

    def as_output(xp: Any, g: Any, inputs: Sequence[Any], output: Any, _: dict[str, Any]) -> Any:
        return g, [g, *inputs[1:]], g

    if op.kind in ("activation", "elementary"):
        yield Planted("upstream-as-input", at_upstream(keep=True), says)
        yield Planted("upstream-as-input", at_upstream(keep=False), says)
        yield Planted("upstream-as-input", exchange_roles(op, as_output), says)


def _output_for_input(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    says = (
        "takes its derivative at f(x), where it belongs at x. Save the input, or write the derivative "
        "in terms of the output"
    )

    def change(xp: Any, g: Any, inputs: Sequence[Any], output: Any, known: dict[str, Any]) -> Any:
        moved = [output, *inputs[1:]]
        return g, moved, op.forward(xp, *moved, **known)

    if op.kind in ("activation", "elementary"):
        yield Planted("output-for-input", exchange_roles(op, change), says)
        return
    # A layer's: the new state of a cell where the old one belongs.
    for index, name in _states(op):

        def for_state(xp: Any, g: Any, inputs: Sequence[Any], output: Any, _: Any, index: int = index) -> Any:
            return g, [*inputs[:index], output, *inputs[index + 1 :]], output

        yield Planted(
            "output-for-input",
            exchange_roles(op, for_state),
            f"is computed from the output where {name} belongs, which has the same shape. Save {name}",
        )


def _input_for_output(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    if op.kind in ("activation", "elementary"):
        yield Planted(
            "input-for-output",
            exchange_roles(op, lambda xp, g, inputs, output, _: (g, inputs, inputs[0])),
            "puts x into the derivative where f(x) belongs. Save the output in the forward and use that",
        )
        return
    for index, name in _states(op):

        def for_output(
            xp: Any, g: Any, inputs: Sequence[Any], output: Any, _: Any, index: int = index
        ) -> Any:
            return g, inputs, inputs[index]

        yield Planted(
            "input-for-output",
            exchange_roles(op, for_output),
            f"puts {name} into the derivative where the output belongs, which has the same shape. "
            "Save the output",
        )


def _states(op: Op) -> list[tuple[int, str]]:
    """Give the arguments of a layer that have its output's axes: the state of a cell."""
    if op.kind != "layer" or "hx" not in op.arguments:
        return []
    axes = op.arguments["hx"].axes
    return [(i, n) for i, (n, a) in enumerate(op.arguments.items()) if a.axes == axes]


def _diagonal_jacobian(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    def only_diagonal(rule: Any) -> Any:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **known: object) -> Any:
            diagonal = np.zeros(grad_output.shape)
            for place in np.ndindex(grad_output.shape):
                one = np.zeros(grad_output.shape)
                one[place] = 1.0
                diagonal[place] = rule(xp, one, *roles, **known)[place]
            return grad_output * diagonal

        return substituted

    # Only where an output depends on other elements: elsewhere the Jacobian is diagonal, rightly.
    if op.kind == "activation" and all(o.got.size <= _FULL_JACOBIAN for o in seen):
        yield Planted(
            "diagonal-jacobian",
            op.replace(rules={name: only_diagonal(rule) for name, rule in op.rules.items()}),
            "treats the Jacobian as diagonal: each output also depends on the other inputs. "
            "Use the full vector-Jacobian product",
        )


def _transposed(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    yield Planted(
        "transposed-gradient",
        exchange_results(op, lambda gradient: gradient.T),
        "is the transpose of the right one. Exchange its axes, or the factors of the product it comes from",
    )


def _not_reduced(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    yield Planted(
        "broadcast-not-reduced",
        op.replace(broadcasting=Broadcasting(lambda xp, gradient, shape: gradient)),
        "is not summed over the axes along which the forward repeated the argument. "
        "Sum it over them, e.g. over the batch: grad_output.sum(0)",
    )


def _scaled(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    factor = factor_of(seen)
    if factor is None:
        return
    by_shape = {o.got.shape: factor.at(o.sizes) for o in seen}
    wrong = exchange_results(op, lambda gradient: by_shape.get(gradient.shape, 1.0) * gradient)
    negative = Planted("gradient-sign", wrong, "has the wrong sign", {"factor": -1.0})
    if factor == Factor(-1.0):
        yield negative
        return
    # A wrong sign and a wrong count are two mistakes.
    besides = negative if factor.number < 0 else None
    size = replace(factor, number=abs(factor.number))
    says = f"is {size.text} times the right one{factor.advice}"
    evidence = size.evidence(seen)
    yield Planted("gradient-scale", wrong, says, evidence, besides=besides)
    if not factor.axes:
        says = f"is {size.text} times the right one: a coefficient of the chain rule is lost, or too many"
        yield Planted("inner-derivative-missing", wrong, says, evidence, besides=besides)


def _coefficient_lost(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    """Let 1 come out where the derivative is an option: the slope of a line, of which the rest is right."""

    def without(rule: Any, size: float) -> Any:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **known: object) -> Any:
            slope = rule(xp, xp.ones_like(grad_output), *roles, **known)
            line = xp.abs(xp.abs(slope) - size) <= _SAME * size
            return grad_output * xp.where(line, slope / size, slope)

        return substituted

    for name, value in {**op.options, **options}.items():
        size = abs(value) if isinstance(value, float) and math.isfinite(value) else 0.0
        if op.elementwise and size not in (0.0, 1.0):
            yield Planted(
                "inner-derivative-missing",
                op.replace(rules={argument: without(rule, size) for argument, rule in op.rules.items()}),
                f"is 1 where the derivative is {name} = {written(size)}: that coefficient is lost there",
                {"option": name, "value": size},
            )


#: What an input is often the argument of: a logarithm's inverse, a logit's; with its derivative.
_WITHIN: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("exp(x)", np.exp),
    ("σ(x)", lambda x: 0.25 / np.cosh(x / 2) ** 2),
)


def _inner_lost(op: Op, options: _Options, seen: _Seen) -> Iterator[Planted]:
    """Take the derivative for what is made of the input, such as a rate of its logarithm."""

    def before(rule: Any, index: int, slope: Callable[[Any], Any]) -> Any:
        def substituted(xp: Any, grad_output: Any, *roles: Any, **known: object) -> Any:
            return rule(xp, grad_output, *roles, **known) / slope(roles[index])

        return substituted

    real = [name for name in op.rules if op.arguments[name].domain == "real"]
    within = op.kind == "loss" and op.elementwise and "exp" in operation_names(op, options)
    for text, slope in _WITHIN if within else ():
        rules = {name: before(op.rules[name], list(op.arguments).index(name), slope) for name in real}
        yield Planted(
            "inner-derivative-missing",
            op.replace(rules={**op.rules, **rules}),
            f"is the derivative for {text}, not for x: multiply by the derivative of {text}",
        )


@dataclass(frozen=True)
class Factor:
    """A number, or a number times or over the product of some counts of a case."""

    number: float
    axes: tuple[str, ...] = ()
    over: bool = False

    def at(self, sizes: Mapping[str, int]) -> float:
        """Give the factor for a case of these sizes."""
        count = math.prod(sizes[axis] for axis in self.axes)
        return self.number / count if self.over else self.number * count

    @property
    def text(self) -> str:
        """The factor as a formula, e.g. ``2/(N·D)``."""
        number = written(self.number)
        count = "·".join(self.axes)
        if not count:
            return number
        if self.over:
            return f"{number}/{count if len(self.axes) == 1 else f'({count})'}"
        return {"1": count, "-1": f"-{count}"}.get(number, f"{number}·{count}")

    @property
    def advice(self) -> str:
        """How to mend a factor that follows a count."""
        count = "·".join(self.axes)
        if not count:
            return ""
        return f": it is divided by {count} once too often" if self.over else f": divide it by {count}"

    def evidence(self, seen: _Seen) -> dict[str, Any]:
        """Give what shows the factor: its value in each case if it follows a count."""
        value = [self.at(o.sizes) for o in seen] if self.axes else self.number
        return {"factor": value, "equals": self.text}


def factor_of(seen: _Seen) -> Factor | None:
    """Find the factor by which what was seen is off: one number, or one that follows a count.

    Gives ``None`` where the ratio is not constant within a case, or follows neither.
    """
    factors: list[float] = []
    for o in seen:
        if o.got.shape != o.expected.shape or not np.all(np.isfinite(o.got)):
            return None
        size = float(np.sum(o.expected * o.expected))
        factor = float(np.sum(o.got * o.expected)) / size if size else np.nan
        if not np.isfinite(factor) or factor == 0 or not _proportional(o.got, factor * o.expected):
            return None
        factors.append(factor)
    if not factors:
        return None
    for known in _known_factors(seen):
        if np.allclose(factors, [known.at(o.sizes) for o in seen], rtol=1e-7, atol=0):
            return known
    return Factor(factors[0]) if np.ptp(factors) <= 1e-7 * abs(factors[0]) else None


def _proportional(got: NDArray[Any], scaled: NDArray[Any]) -> bool:
    return bool(np.max(np.abs(got - scaled), initial=0.0) <= 1e-6 * np.max(np.abs(scaled), initial=0.0))


def _known_factors(seen: _Seen) -> Iterator[Factor]:
    """Give the factors that people are off by: small numbers, and the counts of the cases."""
    for number in (-1.0, 2.0, 0.5, -2.0, -0.5, 3.0, 4.0, 0.25):
        yield Factor(number)
    # In the order of the arguments' axes: N·D, not D·N.
    axes = [a for a in seen[0].sizes if all(a in o.sizes for o in seen)]
    for count in (1, 2, 3):
        for chosen in itertools.combinations(axes, count):
            for number, over in itertools.product((1.0, -1.0, 2.0, -2.0, 0.5), (False, True)):
                yield Factor(number, chosen, over)


#: The table, the likeliest first.
GRADIENT_MISTAKES: tuple[Mistake, ...] = (
    Mistake("upstream-ignored", _upstream_ignored),
    Mistake("upstream-as-input", _upstream_as_input),
    Mistake("output-for-input", _output_for_input),
    Mistake("input-for-output", _input_for_output, needs_rules=True),
    Mistake("diagonal-jacobian", _diagonal_jacobian, needs_rules=True),
    Mistake("transposed-gradient", _transposed),
    Mistake("broadcast-not-reduced", _not_reduced),
    Mistake("gradient-scale", _scaled),
    Mistake("a coefficient lost", _coefficient_lost, needs_rules=True),
    Mistake("gradients-swapped", swapped),
    Mistake("an inner derivative lost", _inner_lost),
    Mistake("a role exchanged in one place", single_exchanges, needs_rules=True),
    Mistake("a change in a rule", rule_changes, needs_rules=True),
)
