"""What an op is: its registration, what it refuses, and the roles of its rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from backproof.ops import CATALOGUE, Op
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

ARGUMENTS = {"input": Argument(REAL, "N"), "target": Argument(REAL, "N")}


@pytest.fixture
def scaled() -> Iterator[Op]:
    """Register an op of two arguments and an option, for the time of a test."""

    @op("Scaled", kind="loss", arguments=ARGUMENTS)
    def scaled(xp: Any, input: Any, target: Any, *, factor: float = 2.0) -> Any:
        """Multiply the difference by a factor."""
        return factor * (input - target)

    yield scaled
    del CATALOGUE["Scaled"]


def rule(xp: Any, grad_output: Any, input: Any, target: Any, output: Any, *, factor: float) -> Any:
    return grad_output * factor


def register(scaled: Op, argument: str = "input", rule: Callable[..., Any] = rule) -> None:
    scaled.rule(argument)(rule)


def test_registration(scaled: Op) -> None:
    assert CATALOGUE["Scaled"] is scaled
    assert scaled.__doc__ == "Multiply the difference by a factor."
    assert scaled.options == {"factor": 2.0, "reduction": "mean"}
    register(scaled)
    upstream, ones = np.array(3.0), np.ones(6)
    assert scaled.gradients(np, upstream, (ones, ones)).keys() == {"input"}
    assert (scaled.gradients(np, upstream, (ones, ones), factor=5.0)["input"] == 2.5).all()


# --- Misuse: what is called, and what the message must say --------------------------------------


def twice(scaled: Op) -> None:
    register(scaled)
    register(scaled)


def taken(scaled: Op) -> None:
    op("Scaled", kind="loss", arguments=ARGUMENTS)(scaled.forward)


def other_forward(scaled: Op) -> None:
    @op("Other", kind="loss", arguments=ARGUMENTS)
    def other(xp: Any, input: Any, label: Any, *, factor: float = 1.0) -> Any:
        return input


def rule_without_the_option(scaled: Op) -> None:
    @scaled.rule("input")
    def _(xp: Any, grad_output: Any, input: Any, target: Any, output: Any) -> Any:
        return grad_output


def rule_with_roles_exchanged(scaled: Op) -> None:
    @scaled.rule("input")
    def _(xp: Any, input: Any, grad_output: Any, target: Any, output: Any, *, factor: float) -> Any:
        return grad_output


def unknown_option(scaled: Op) -> None:
    scaled.evaluate(np, (np.ones(2), np.ones(2)), factr=3)


def reduction_of_an_activation(scaled: Op) -> None:
    CATALOGUE["Tanh"].evaluate(np, (np.ones(2),), reduction="sum")


def unknown_wrt(scaled: Op) -> None:
    scaled.gradients(np, np.array(1.0), (np.ones(2), np.ones(2)), wrt=("inputs",))


MISUSE: dict[str, tuple[Callable[[Op], object], str]] = {
    "a rule for no argument": (
        lambda scaled: scaled.rule("weight"),
        "Scaled has the arguments input, target; got argument='weight'",
    ),
    "a second rule": (twice, "Scaled takes one gradient rule an argument; got a second for argument='input'"),
    "a rule without the option": (
        rule_without_the_option,
        "rule of Scaled for 'input' takes (xp, grad_output, input, target, output, *, factor); got rule=",
    ),
    "a rule with roles exchanged": (
        rule_with_roles_exchanged,
        "got rule=(xp, input, grad_output, target, output, *, factor)",
    ),
    "a name that is taken": (
        taken,
        "an op's name is its own in the catalogue; got name='Scaled', which is taken",
    ),
    "a forward with another argument": (
        other_forward,
        "forward of Other takes (xp, input, target, *, factor); got forward=(xp, input, label, *, factor)",
    ),
    "an unknown option": (unknown_option, "Scaled has the options factor, reduction; got option='factr'"),
    "a reduction where there is none": (
        reduction_of_an_activation,
        "Tanh has the options none; got option='reduction'",
    ),
    "a gradient for no argument": (unknown_wrt, "Scaled has the arguments input, target; got wrt='inputs'"),
}


@pytest.mark.parametrize(("use", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(scaled: Op, use: Callable[[Op], object], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        use(scaled)
    assert "Other" not in CATALOGUE


# --- What gradients are given --------------------------------------------------------------------

LINEAR = CATALOGUE["Linear"]
X, W, B, G = (
    np.arange(1.0, 1 + n).reshape(shape) for n, shape in ((6, (2, 3)), (12, (4, 3)), (4, 4), (8, (2, 4)))
)


def test_wrt_chooses() -> None:
    assert LINEAR.gradients(np, G, (X, W, B), wrt=["weight"]).keys() == {"weight"}
    assert LINEAR.gradients(np, G, (X, W, B), wrt=iter(["bias", "input"])).keys() == {"input", "bias"}
    assert LINEAR.gradients(np, G, (X, W, B), wrt=()) == {}


@pytest.mark.parametrize("inputs", [(X, W), (X, W, None)], ids=["left out", "None"])
def test_an_optional_argument_may_be_missing(inputs: tuple[Any, ...]) -> None:
    gradients = LINEAR.gradients(np, G, inputs)
    assert gradients.keys() == {"input", "weight"}
    assert (gradients["weight"] == G.T @ X).all()


def test_class_indices_have_no_gradient() -> None:
    gradients = CATALOGUE["CrossEntropyLoss"].gradients(np, np.array(1.0), (G, np.array([1, 3])))
    assert gradients.keys() == {"input"}


def test_values_given_are_not_computed_again() -> None:
    tanh = CATALOGUE["Tanh"]

    def forward(*roles: Any) -> Any:
        raise AssertionError("the forward was run")

    stingy = tanh.replace(forward=forward)
    assert stingy.gradients(np, np.ones(2), (np.zeros(2),), values=np.zeros(2))["input"].tolist() == [1, 1]


def test_replace_plants_a_mistake_in_a_copy() -> None:
    mse = CATALOGUE["MSELoss"]
    wrong = mse.replace(
        rules={**mse.rules, "input": lambda xp, grad_output, x, t, output: grad_output * (x - t)}
    )
    given = (np.array([1.0]), np.array([0.0]))
    assert wrong.gradients(np, np.array(1.0), given)["input"] == 1
    assert mse.gradients(np, np.array(1.0), given)["input"] == 2


def test_replace_of_what_an_op_has_not() -> None:
    with pytest.raises(TypeError, match="backward"):
        CATALOGUE["Tanh"].replace(backward=None)


# --- Several outputs, rules that serve several arguments ------------------------------------------


@pytest.fixture
def polar() -> Iterator[Op]:
    """Register an op of two outputs whose rule serves both arguments, for the time of a test."""

    @op("Polar", kind="elementary", arguments=ARGUMENTS, outputs=("x", "y", "turns"), constant=("turns",))
    def polar(xp: Any, input: Any, target: Any) -> Any:
        """Give x = r cos φ, y = r sin φ and the full turns in φ."""
        return input * xp.cos(target), input * xp.sin(target), xp.floor(target / (2 * xp.pi))

    @polar.rule("input", "target")
    def _(xp: Any, grad_output: Any, input: Any, target: Any, output: Any) -> Any:
        (grad_x, grad_y, _), (x, y, _) = grad_output, output
        return grad_x * xp.cos(target) + grad_y * xp.sin(target), grad_y * x - grad_x * y

    yield polar
    del CATALOGUE["Polar"]


R, PHI = np.array([2.0, 3.0]), np.array([0.5, 7.0])


def test_outputs(polar: Op) -> None:
    x, y, turns = polar.evaluate(np, (R, PHI)).output
    assert np.allclose(x**2 + y**2, R**2)
    assert turns.tolist() == [0, 1]


def test_an_upstream_gradient_that_is_missing_is_zero(polar: Op) -> None:
    gradients = polar.gradients(np, (np.array([5.0, 7.0]), None, None), (R, PHI))
    assert np.allclose(gradients["input"], [5, 7] * np.cos(PHI))
    assert np.allclose(gradients["target"], [-5, -7] * R * np.sin(PHI))


def test_a_shared_rule_is_called_once_for_what_is_wanted(polar: Op) -> None:
    calls = []

    def counting(xp: Any, grad_output: Any, input: Any, target: Any, output: Any) -> Any:
        calls.append(input)
        return 10 * R, 20 * R

    shared = polar.replace(rules={})
    shared.rule("target", "input")(counting)
    upstream = (R, R, None)
    assert {n: g.tolist() for n, g in shared.gradients(np, upstream, (R, PHI)).items()} == {
        "input": [40, 60],
        "target": [20, 30],
    }
    assert len(calls) == 1
    assert shared.gradients(np, upstream, (R, PHI), wrt=["input"]).keys() == {"input"}


def test_a_mistake_takes_one_argument_out_of_a_shared_rule(polar: Op) -> None:
    right = polar.rules["target"]
    wrong = polar.replace(rules={**polar.rules, "target": lambda *roles: 2 * right(*roles)})
    upstream = (np.array([5.0, 7.0]), np.array([1.0, 2.0]), None)
    got, expected = (tried.gradients(np, upstream, (R, PHI)) for tried in (wrong, polar))
    assert (got["input"] == expected["input"]).all()
    assert (got["target"] == 2 * expected["target"]).all()


# --- What a value counts in the mean, and result buffers --------------------------------------------


def test_counts(scaled: Op) -> None:
    register(scaled)
    weighted = scaled.replace(counts=lambda xp, difference, weight, *, factor: weight)
    given = (np.array([5.0, 9.0]), np.array([1.0, 3.0]))
    assert weighted.evaluate(np, given).output == 2 * (4 + 6) / 4
    assert weighted.evaluate(np, given, reduction="sum").output == 20
    assert weighted.gradients(np, np.array(8.0), given)["input"].tolist() == [4, 4]


def test_of_a_loss_the_first_output_is_the_result() -> None:
    loss, inputs = CATALOGUE["CrossEntropyLoss"], (np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([1, 1]))
    output, (values, log_probability) = loss.evaluate(np, inputs)
    assert output == values.mean()
    assert np.allclose(np.exp(log_probability).sum(axis=1), 1)
    assert (loss.main.evaluate(np, inputs).values == values).all()
    upstream = np.array(3.0)
    expected = loss.gradients(np, upstream, inputs, (values, log_probability))["input"]
    assert np.allclose(loss.main.gradients(np, upstream, inputs)["input"], expected)


def test_a_rule_may_take_a_result_buffer(scaled: Op) -> None:
    @scaled.rule("input")
    def _(
        xp: Any, grad_output: Any, input: Any, target: Any, output: Any, *, factor: float, out: Any = None
    ) -> Any:
        return xp.multiply(grad_output, factor, out=out)

    ones, buffer = np.ones(2), np.zeros(2)
    assert "out" not in scaled.options
    assert scaled.rules["input"](np, ones, ones, ones, ones, factor=3.0, out=buffer) is buffer
    assert scaled.gradients(np, np.array(2.0), (ones, ones), factor=3.0)["input"].tolist() == [3, 3]


def test_the_place_of_a_kink(scaled: Op) -> None:
    assert scaled.place(1.5, {}, {}) == 1.5
    assert scaled.place("-factor", {}, {}) == -2
    assert scaled.place("-factor", {}, {"factor": 3.0}) == -3
    assert scaled.place("target", {"target": R}, {}) is R
