"""Every gradient rule against central finite differences of its own forward.

For an upstream gradient g and a direction v, φ(s) = ⟨g, f(x + s v)⟩ has the derivative
φ'(0) = ⟨∂L/∂x, v⟩. The difference quotient D(h) = (φ(h) − φ(−h)) / 2h is φ'(0) + c h² + O(h⁴), so
(4 D(h/2) − D(h)) / 3 is better, and its distance from the same at half the step bounds its error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backproof.ops import CATALOGUE
from tests.ops.examples import Example, examples, row_of

STEP = 1e-2


@dataclass(frozen=True)
class Estimate:
    """A derivative and how far from the truth it may be."""

    value: float
    error: float


def derivative(phi: Callable[[float], float]) -> Estimate:
    """Estimate φ'(0), with the error of the rule and of rounding."""

    def quotient(step: float) -> float:
        return (phi(step) - phi(-step)) / (2 * step)

    coarse, middle, fine = (quotient(STEP / 2**k) for k in range(3))
    better, best = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
    rounding = 64 * np.finfo(float).eps * max(abs(phi(STEP)), abs(phi(-STEP)), 1) / STEP
    return Estimate(best, abs(best - better) + rounding)


def away_from_kinks(example: Example) -> Example:
    """Move values that are nearer to a kink, or to one another, than the steps go."""
    inputs = dict(zip(example.op.arguments, example.inputs, strict=True))
    for name, kinks in example.op.kinks.items():
        for kink in kinks:
            at = example.op.place(kink, inputs, example.options)
            value: Any = inputs[name]
            inputs[name] = np.where(np.abs(value - at) < 0.2, at + 0.5, value)
    if row_of(example.op).apart:
        first = next(iter(inputs))
        values: Any = inputs[first]
        inputs[first] = np.argsort(values, axis=None).reshape(values.shape) * 0.1
    return replace(example, inputs=tuple(inputs.values()))


def distance(example: Example, argument: str, rules: dict[str, Any] | None = None) -> tuple[float, float]:
    """Give how far the rule's derivative is from the estimate, and how far it may be."""
    example = away_from_kinks(example)
    op, rng = example.op, example.rng
    place = list(op.arguments).index(argument)
    x: Any = example.inputs[place]
    direction = np.asarray(rng.uniform(-1, 1, size=x.shape))

    def outputs(inputs: Sequence[Any]) -> tuple[Any, ...]:
        output = op.evaluate(np, inputs, **example.options).output
        return output if isinstance(output, tuple) else (output,)

    upstreams = tuple(
        None if name in op.constant else np.asarray(rng.normal(size=np.shape(output)))
        for name, output in zip(op.outputs, outputs(example.inputs), strict=False)
    )

    def phi(step: float) -> float:
        moved = [*example.inputs]
        moved[place] = np.asarray(x + step * direction)
        products = zip(upstreams, outputs(moved), strict=True)
        return float(sum(np.sum(upstream * output) for upstream, output in products if upstream is not None))

    tried = op.replace(rules=rules) if rules else op
    grad_output = upstreams if len(upstreams) > 1 else upstreams[0]
    gradient: NDArray[Any] = tried.gradients(np, grad_output, example.inputs, **example.options)[argument]
    estimate = derivative(phi)
    return abs(float(np.sum(gradient * direction)) - estimate.value), estimate.error


CASES = [
    (example, argument)
    for example in examples()
    if not row_of(example.op).stopped.keys() & example.options.keys()
    for argument, value in zip(example.op.arguments, example.inputs, strict=True)
    if argument in example.op.rules and value is not None and value.dtype.kind == "f" and value.size
]


@pytest.mark.parametrize(("example", "argument"), CASES, ids=[f"{e}-{a}" for e, a in CASES])
def test_rule_is_the_derivative_of_the_forward(example: Example, argument: str) -> None:
    off, allowed = distance(example, argument)
    assert allowed < 1e-3
    assert off <= allowed


RULES = [(name, argument) for name, op in CATALOGUE.items() for argument in op.rules]


@pytest.mark.parametrize(("name", "argument"), RULES)
def test_a_gradient_wrong_by_a_thousandth_is_seen(name: str, argument: str) -> None:
    op = CATALOGUE[name]

    def wrong(*roles: Any, **options: Any) -> Any:
        return op.rules[argument](*roles, **options) * 1.001

    example = next(e for e, a in CASES if e.op is op and a == argument)
    off, allowed = distance(example, argument, {**op.rules, argument: wrong})
    assert off > allowed
