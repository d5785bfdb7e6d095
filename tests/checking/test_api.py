"""`backproof.check` for Python callers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof.checking.discover import NotACandidate
from backproof.checking.findings import Verdict
from backproof.checking.references import UnknownReference
from backproof.ops import CATALOGUE


class Mine:
    """A sum of squares under a name that says nothing."""

    def forward(self, prediction: Any, target: Any) -> Any:
        self.error = prediction - target
        return (self.error**2).sum()

    def backward(self) -> Any:
        return 2 * self.error


@pytest.mark.parametrize(
    ("like", "verdict"),
    [
        ("torch.nn.MSELoss(reduction='sum')", Verdict.PASS),
        (torch.nn.MSELoss(reduction="sum"), Verdict.PASS),
        (None, Verdict.PASS),
        ("mse", Verdict.FAIL),
        (torch.nn.MSELoss(), Verdict.FAIL),
        (torch.nn.MSELoss, Verdict.FAIL),
        (CATALOGUE["MSELoss"], Verdict.FAIL),
        (torch.nn.SmoothL1Loss(reduction="sum"), Verdict.FAIL),
    ],
    ids=["text", "module", "none", "name", "default", "class", "op", "other module"],
)
def test_like_takes_every_form(like: object, verdict: Verdict) -> None:
    assert bp.check(Mine, like=like).verdict is verdict


def test_any_module_of_torch_is_a_reference() -> None:
    class Softplus:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.logaddexp(0, x)

        def backward(self, g: Any) -> Any:
            return g / (1 + np.exp(-self.x))

    assert bp.check(Softplus, like=torch.nn.Softplus())
    assert bp.check(Softplus, like=torch.nn.GELU()).findings[0].diagnosis == "forward-value"


def test_torch_s_own_pass() -> None:
    for module in (
        torch.nn.Tanh,
        torch.nn.MSELoss,
        torch.nn.CrossEntropyLoss,
        torch.nn.Linear,
        torch.nn.ReLU,
    ):
        judgement = bp.check(module)
        assert judgement, f"{judgement}"
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        judgement = bp.check(optimizer)
        assert judgement, f"{judgement}"


def test_inputs_are_those_of_the_user() -> None:
    seen = []

    class Tanh:
        def forward(self, x: Any) -> Any:
            seen.append(np.shape(x))
            self.y = np.tanh(x)
            return self.y

        def backward(self, g: Any) -> Any:
            return g * (1 - self.y**2)

    assert bp.check(Tanh, inputs=[np.linspace(-1, 1, 24).reshape(2, 3, 4)])
    assert (2, 3, 4) in seen
    assert bp.check(Tanh, inputs={"input": [0.5, 1.5]})
    refused = bp.check(Tanh, inputs={"weight": [0.5, 1.5]})
    assert refused.verdict is Verdict.SKIPPED
    assert "weight" in refused.reason


def test_a_judgement_prints_and_is_true_only_for_pass() -> None:
    judgement = bp.check(Mine, like="mse")
    assert not judgement
    text = f"{judgement}"
    assert "reduction" in text
    assert "Mine" in text
    with pytest.raises(AssertionError, match="reduction"):
        bp.assert_correct(Mine, like="mse")
    bp.assert_correct(Mine, like=None)


@pytest.mark.parametrize(
    "thing",
    [3, "tanh", None, np.ones(3), [], (np.tanh,), dict, object()],
    ids=["number", "text", "none", "array", "list", "one function", "type", "object"],
)
def test_what_is_no_candidate_is_refused(thing: object) -> None:
    with pytest.raises(NotACandidate, match="expected"):
        bp.check(thing)


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(UnknownReference, match="did you mean"):
        bp.check(Mine, like="sofmax")


def test_an_unknown_name_of_the_package() -> None:
    with pytest.raises(AttributeError, match="chekc"):
        bp.chekc  # noqa: B018  # type: ignore[attr-defined]


def test_the_caller_s_random_numbers_go_on_as_if_nothing_had_been() -> None:
    import random

    def draw() -> list[float]:
        return [random.random(), float(np.random.random()), float(torch.rand(()))]  # noqa: S311  # no secret

    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    expected = draw()
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    bp.check(torch.nn.Tanh)
    assert draw() == expected


def test_a_layer_without_bias_is_judged_without() -> None:
    class Linear:
        def __init__(self, n_in: int, n_out: int) -> None:
            self.W = np.zeros((n_in, n_out))

        def forward(self, x: Any) -> Any:
            self.x = x
            return x @ self.W

        def backward(self, g: Any) -> Any:
            self.dW = self.x.T @ g
            return g @ self.W.T

    judgement = bp.check(Linear)
    assert judgement, f"{judgement}"


def test_what_stands_in_the_way_is_said() -> None:
    class Tanh:
        def __init__(self, knob: Any) -> None:
            self.gain = knob.level

        def forward(self, x: Any) -> Any:
            return np.tanh(x)

        def backward(self, g: Any) -> Any:
            return g

    judgement = bp.check(Tanh)
    assert judgement.verdict is Verdict.SKIPPED
    assert "knob" in judgement.reason


def test_a_name_that_begins_like_a_reference_gets_a_hint() -> None:
    class SoftmaxColumns:
        def forward(self, x: Any) -> Any:
            self.x = x
            return x**4

        def backward(self, g: Any) -> Any:
            return g * 4 * self.x**3

    judgement = bp.check(SoftmaxColumns)
    assert judgement.reference is None
    assert "--like SoftmaxColumns=Softmax" in judgement.reason


def test_what_has_the_numbers_of_a_hint_is_warned_and_accused_only_when_asked() -> None:
    class SoftmaxColumns:
        def forward(self, x: Any) -> Any:
            e = np.exp(x - x.max(0))
            self.y = e / e.sum(0)
            return self.y

        def backward(self, g: Any) -> Any:
            return self.y * (g - (g * self.y).sum(0))

    guessed, asked = bp.check(SoftmaxColumns), bp.check(SoftmaxColumns, like="softmax")
    assert guessed.findings[0].diagnosis == asked.findings[0].diagnosis == "wrong-axis"
    assert (guessed.verdict, asked.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert "--like SoftmaxColumns=" in guessed.reason


def test_a_layer_without_reference_is_judged_for_its_parameters_too() -> None:
    class Projection:
        def __init__(self, in_features: int, out_features: int) -> None:
            self.W = np.ones((in_features, out_features))

        def forward(self, x: Any) -> Any:
            self.x = x
            return x @ self.W

        def backward(self, g: Any) -> Any:
            self.dW = -3 * self.x.T @ g
            return g @ self.W.T

    judgement = bp.check(Projection)
    assert "for its input and for self.W" in judgement.reason
    found = [(f.diagnosis, f.evidence["argument"]) for f in judgement.findings]
    assert found == [("gradient-scale", "self.W"), ("gradient-sign", "self.W")]
