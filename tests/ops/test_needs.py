"""A rule looks at no input or output but those that it says it needs, of which no others are kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backproof.ops import CATALOGUE, Op
from backproof.ops.rule import Share
from tests.ops.examples import Example, of


class Untouchable:
    """Raises whatever is done with it."""

    __array_ufunc__ = None

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"a rule looks at what it does not need, at its {name}")

    def _refuse(self, *_: Any) -> Any:
        raise AssertionError("a rule looks at what it does not need")

    __array__ = __bool__ = __eq__ = __ne__ = __getitem__ = __iter__ = __len__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # no use of it is meant


def without(op: Op, stand_in: Any) -> Op:
    """Let each rule see ``stand_in`` in the place of what it does not need."""

    def blinded(argument: str, rule: Callable[..., Any]) -> Callable[..., Any]:
        needs = op.needs.get(argument, (*op.arguments, *op.outputs))
        plain = op.rules[argument] if argument not in op.needs else unwrapped(rule)

        def seen(name: str, value: Any) -> Any:
            return value if value is None or name in needs else stand_in

        def substituted(xp: Any, grad_output: Any, *roles: Any, **options: Any) -> Any:
            *inputs, output = roles
            given = [seen(name, value) for name, value in zip(op.arguments, inputs, strict=True)]
            outputs = output if isinstance(output, tuple) else (output,)
            parts = tuple(seen(name, value) for name, value in zip(op.outputs, outputs, strict=True))
            return plain(xp, grad_output, *given, parts if isinstance(output, tuple) else parts[0], **options)

        return substituted

    return op.replace(rules={name: blinded(name, rule) for name, rule in op.rules.items()})


def unwrapped(rule: Any) -> Callable[..., Any]:
    """Take off what asserts the annotations, which a stand-in does not fit."""
    if not isinstance(rule, Share):
        plain: Callable[..., Any] = inspect.unwrap(rule)
        return plain
    return Share(inspect.unwrap(rule.rule), rule.index)


def gradients(op: Op, example: Example) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        output, values = op.evaluate(np, example.inputs, **example.options)
        several = isinstance(output, tuple)
        upstreams = example.upstreams(np.shape(part) for part in (output if several else (output,)))
        return op.gradients(
            np, tuple(upstreams) if several else upstreams[0], example.inputs, values, **example.options
        )


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
@pytest.mark.parametrize("make", [Untouchable, lambda: None], ids=["untouchable", "none"])
@pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)
def test_what_a_rule_does_not_need_it_does_not_look_at(op: Op, make: Callable[[], Any]) -> None:
    for example in of(op):
        expected = gradients(op, example)
        for name, gradient in gradients(without(op, make()), example).items():
            np.testing.assert_array_equal(gradient, expected[name], err_msg=f"{example}: {name}")


def test_a_rule_that_looks_at_more_is_caught() -> None:
    wrong = CATALOGUE["Tanh"].replace(needs={"input": ("input",)})
    example = next(of(wrong))
    with pytest.raises((AssertionError, TypeError), match=r"Untouchable|does not need"):
        gradients(without(wrong, Untouchable()), example)


def test_a_declaration_names_inputs_and_outputs() -> None:
    with pytest.raises(TypeError, match="has the arguments and outputs input, output; got needs='weight'"):
        CATALOGUE["Tanh"].replace(rules={}).rule("input", needs=("weight",))


def test_a_rule_in_the_place_of_another_may_look_at_everything() -> None:
    linear = CATALOGUE["Linear"]
    assert linear.kept == {"input", "weight"}
    wrong = linear.replace(rules={**linear.rules, "bias": lambda *roles, **options: None})
    assert wrong.needs.keys() == {"input", "weight"}
    assert wrong.kept == {"input", "weight", "bias", "output"}
